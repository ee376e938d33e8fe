//! The shipped folder, and short words to speak of cases with.

use std::{collections::BTreeSet, path::Path, sync::LazyLock};

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use chrono_tz::Asia::Shanghai;
use jieban::{
    desk::case::{Actor, Case, Form, State},
    knowledge::{Knowledge, Post, case_kind::CaseKind},
    service::shelf::read_folder,
};

/// The shipped folder.
pub(crate) fn house() -> &'static Knowledge {
    static HOUSE: LazyLock<Knowledge> = LazyLock::new(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge");
        let files = read_folder(&root).unwrap();
        Knowledge::load(&files)
            .unwrap_or_else(|problems| panic!("{problems:#?}"))
            .0
    });
    &HOUSE
}

/// A moment in Shanghai.
pub(crate) fn at(text: &str) -> DateTime<Utc> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M")
        .unwrap()
        .and_local_timezone(Shanghai)
        .unwrap()
        .to_utc()
}

pub(crate) fn now() -> DateTime<Utc> {
    at("2026-11-20 15:00")
}

/// As a clock in Shanghai shows it.
pub(crate) fn shown(at: DateTime<Utc>) -> String {
    at.with_timezone(&Shanghai)
        .format("%m-%d %H:%M")
        .to_string()
}

pub(crate) fn actor(name: &str, posts: &[Post]) -> Actor {
    Actor {
        name: name.to_owned(),
        posts: posts.to_vec(),
    }
}

/// A form with every field of a kind.
pub(crate) fn full(kind: &CaseKind, amount: &str) -> Form {
    Form::of(kind.form().into_iter().map(|name| {
        let value = if name == "金额" {
            amount
        } else if name == "订单金额" {
            "999"
        } else if name.ends_with("金额") {
            "1"
        } else {
            "有"
        };
        (name, value)
    }))
}

/// A case of a kind, opened by 小青, full and not overdue.
pub(crate) fn case(kind: &CaseKind, state: State, amount: &str) -> Case {
    Case {
        kind: kind.id.clone(),
        form: full(kind, amount),
        steps: BTreeSet::new(),
        author: "小青".to_owned(),
        proposers: BTreeSet::from(["小青".to_owned()]),
        reviewer: kind.reviewer.clone(),
        state,
        person: None,
        held_until: None,
        finish_due: now() + Duration::days(2),
    }
}
