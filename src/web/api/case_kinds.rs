//! The kinds of cases: what each asks for, who does it, who reviews it, and until when.

use std::collections::BTreeMap;

use axum::{Json, extract::State as From};
use serde::Serialize;
use utoipa::ToSchema;

use super::insider::Insider;
use crate::{
    knowledge::{
        Post,
        case_kind::{Approval, Level},
        money::yuan,
    },
    service::switchboard::casework::Known,
    web::{State, problem::Problem},
};

/// A kind of case.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseKindShown {
    /// Its name, such as 漏发: what `kind` says when a case is opened.
    name: String,
    /// What opens the numbers of its cases.
    prefix: String,
    /// Every field of its form, in order.
    fields: Vec<FieldShown>,
    /// What is done, in order.
    steps: Vec<String>,
    /// What the customer is asked for, once, as one list.
    evidence: Vec<String>,
    /// Who does it.
    handler: String,
    /// Who reviews it.
    reviewer: String,
    /// `none`, `first` (somebody else must say yes), `money` (the same, and amounts, limits and doubles are looked at).
    approval: &'static str,
    /// Up to how much a role may settle without a reviewer, in yuan.
    free: BTreeMap<&'static str, String>,
    /// Up to how much a role may approve, in yuan; empty: any amount.
    limits: BTreeMap<&'static str, String>,
    /// The roles that see it, besides those that lead; empty: everybody who works on cases.
    seen_by: Vec<&'static str>,
    /// When the first action is due, as it is written: `30分钟`.
    first: String,
    /// When it should be finished, as it is written: `16:00前当天，否则下个工作日10:00`.
    finish: String,
    /// The platform's own countdown in minutes, by the wall clock.
    platform_minutes: Option<u32>,
    /// Its clock runs at any hour; else while the shop is staffed.
    any_hour: bool,
    /// `normal`, `urgent` or `safety`.
    level: &'static str,
    /// In these shops its cases are not done before their order carries a note.
    needs_note_in: Vec<String>,
}

/// A field of a form.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FieldShown {
    name: String,
    /// Before what it must be filled in: `open`, `review`, `close`; nothing: never.
    needed_to: Option<&'static str>,
}

impl CaseKindShown {
    fn of(Known { kind, note_in }: Known) -> Self {
        let needed_to = |name: &str| {
            [
                ("open", &kind.needs),
                ("review", &kind.to_review),
                ("close", &kind.to_close),
            ]
            .into_iter()
            .find(|(_, list)| list.iter().any(|needed| needed == name))
            .map(|(step, _)| step)
        };
        let amounts = |of: &BTreeMap<Post, i64>| {
            let amounts = of.iter();
            amounts
                .map(|(post, fen)| (post.code(), yuan(*fen)))
                .collect()
        };
        let fields = kind.form().into_iter().map(|name| FieldShown {
            name: name.to_owned(),
            needed_to: needed_to(name),
        });
        let fields = fields.collect();
        Self {
            name: kind.id.to_string(),
            prefix: kind.prefix,
            fields,
            steps: kind.steps,
            evidence: kind.evidence,
            handler: kind.handler,
            reviewer: kind.reviewer,
            approval: match kind.approval {
                Approval::None => "none",
                Approval::First => "first",
                Approval::Money => "money",
            },
            free: amounts(&kind.free),
            limits: amounts(&kind.limits),
            seen_by: kind.seen_by.iter().map(|post| post.code()).collect(),
            first: kind.first.to_string(),
            finish: kind.finish.to_string(),
            platform_minutes: kind.platform,
            any_hour: kind.any_hour,
            level: match kind.level {
                Level::Normal => "normal",
                Level::Urgent => "urgent",
                Level::Safety => "safety",
            },
            needs_note_in: note_in.into_iter().map(|shop| shop.to_string()).collect(),
        }
    }
}

/// The kinds of cases that I may see, by their names.
#[utoipa::path(get, path = "/v1/case-kinds", tag = "cases", responses((status = 200, body = Vec<CaseKindShown>)))]
pub(super) async fn list(
    From(state): From<State>,
    insider: Insider,
) -> Result<Json<Vec<CaseKindShown>>, Problem> {
    let kinds = state.switchboard.case_kinds(&insider.hand());
    Ok(Json(kinds.into_iter().map(CaseKindShown::of).collect()))
}
