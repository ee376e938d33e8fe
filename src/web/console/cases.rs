//! Lists of cases: by when they are due, of a kind or state, found by what is known of them; and those that wait for
//! a reviewer.

use std::collections::BTreeMap;

use axum::{
    extract::{Query, State as From},
    response::Response,
};
use chrono::{DateTime, Duration, Utc};
use minijinja::{Value, context};
use serde::Deserialize;

use super::{inbox::snippet, live::WORK, oops::Oops, page::Page, shown, visit::Visitor};
use crate::{
    desk::case::State as Stands,
    knowledge::{CaseKindId, Knowledge, ShopId, money::yuan},
    service::switchboard::{casework::Shown, may},
    store::case_list::{After, By},
    web::State,
};

/// Cases on one page.
const PAGE: usize = 50;
/// Cases that wait for a reviewer, looked through at once.
const REVIEW: usize = 200;
/// Characters of a note, and of names.
const SNIPPET: usize = 60;
const NAME: usize = 30;
/// A case that is due within this time is marked.
const SOON: Duration = Duration::hours(2);

/// Which cases.
#[derive(Deserialize)]
pub(super) struct Which {
    /// `due`, `mine`, `newest`.
    #[serde(default)]
    of: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    state: String,
    /// Only of this shop.
    #[serde(default)]
    shop: String,
    /// A number, an order, a customer, the end of a phone.
    #[serde(default)]
    q: String,
    /// Where the page before ended.
    #[serde(default)]
    after: String,
}

pub(super) async fn show(
    From(state): From<State>,
    visitor: Visitor,
    Query(which): Query<Which>,
) -> Result<Response, Oops> {
    let knowledge = state.switchboard.shelf.knowledge();
    let now = state.switchboard.now();
    let shop = match which.shop.as_str() {
        "" => None,
        shop => Some(ShopId::from(shop)),
    };
    if let Some(shop) = &shop
        && !may(visitor.shops(), shop)
    {
        return Err(Oops::NOT_FOUND);
    }
    let q = which.q.trim();
    let filtered = !which.kind.is_empty() || !which.state.is_empty();
    let (of, ways) = match (q, which.of.as_str()) {
        ("", "mine") => ("mine", vec![By::Person(visitor.colleague.name.clone())]),
        ("", of) if filtered || of == "newest" => {
            let kind = (!which.kind.is_empty()).then(|| CaseKindId::from(which.kind.as_str()));
            let state = (!which.state.is_empty()).then(|| which.state.clone());
            ("newest", vec![By::Newest { kind, state }])
        }
        ("", _) => ("due", vec![By::Due]),
        (q, _) => ("search", ways(q)),
    };
    let by_due = ways.first().is_some_and(By::is_by_due);
    let after = cursor(&which.after).filter(|after| after.due.is_some() == by_due);
    let mut found: Vec<Shown> = Vec::new();
    let mut full = false;
    for by in ways {
        let page = state
            .switchboard
            .cases(visitor.hand(), shop.clone(), by, after, PAGE)
            .await?;
        full |= page.len() >= PAGE;
        for one in page {
            if found.iter().all(|other| other.kept.id != one.kept.id) {
                found.push(one);
            }
        }
    }
    let next = found.last().filter(|_| full && of != "search").map(|last| {
        let id = last.kept.id;
        match by_due {
            true => format!("{}.{id}", last.kept.case.finish_due.timestamp_millis()),
            false => id.to_string(),
        }
    });
    let rows: Vec<Value> = found
        .iter()
        .map(|one| row(one, &knowledge, &visitor, now))
        .collect();
    let hand = visitor.hand();
    let kinds: Vec<String> = knowledge
        .case_kinds()
        .iter()
        .filter(|kind| kind.is_seen_by(&hand.actor.posts))
        .map(|kind| kind.id.to_string())
        .collect();
    // What is void counts as closed.
    let states: Vec<&str> = Stands::CODES
        .iter()
        .copied()
        .filter(|code| *code != "void")
        .collect();
    let context = context! {
        rows, of, q, kind => which.kind, state => which.state, shop => which.shop, kinds, states,
        shops => shops(&state, &visitor).await?, next, later => after.is_some(), more => full, most => PAGE,
    };
    Page::of(&visitor, "cases.html", context)
        .live([WORK.to_owned()])
        .write()
}

/// Ways to look for what was typed.
fn ways(q: &str) -> Vec<By> {
    let number = q.to_uppercase();
    let digits = q.chars().all(|c| c.is_ascii_digit());
    let lettered = q.starts_with(|c: char| c.is_ascii_alphabetic()) && q.contains('-');
    match (lettered, digits, q.len()) {
        (true, ..) => vec![By::Number(number), By::Customer(q.to_owned())],
        (_, true, 4) => vec![By::PhoneTail(q.to_owned()), By::Order(q.to_owned())],
        _ => vec![By::Order(q.to_owned()), By::Customer(q.to_owned())],
    }
}

/// `due.id` in milliseconds, or `id`.
fn cursor(text: &str) -> Option<After> {
    let (due, id) = match text.split_once('.') {
        Some((due, id)) => (
            Some(DateTime::from_timestamp_millis(due.parse().ok()?)?),
            id,
        ),
        None => (None, text),
    };
    let id = id.parse().ok()?;
    Some(After { due, id })
}

/// The shops somebody can choose from.
pub(super) async fn shops(state: &State, visitor: &Visitor) -> Result<Vec<Value>, Oops> {
    let shops = state.switchboard.shops(visitor.shops().clone()).await?;
    Ok(shops
        .iter()
        .map(|shop| context! { id => shop.shop.id.to_string(), name => shop.shop.name.clone() })
        .collect())
}

/// A case as it stands in a list.
fn row(one: &Shown, knowledge: &Knowledge, visitor: &Visitor, now: DateTime<Utc>) -> Value {
    let (kept, case) = (&one.kept, &one.kept.case);
    let sight = visitor.sight();
    let shop = knowledge.shop_or_default(&kept.shop);
    let name = match shop.name.is_empty() {
        true => kept.shop.to_string(),
        false => shop.name.clone(),
    };
    let order = kept.order().map(|order| sight.value("订单号", order));
    let customer = kept.customer.as_deref().map(|name| sight.name(name));
    // Its first line says the kind and the order again.
    let note = kept
        .note
        .split_once('\n')
        .map_or(kept.note.as_str(), |(_, rest)| rest);
    context! {
        number => kept.number.clone(), kind => case.kind.to_string(), state => case.state.code(),
        order => snippet(&order.unwrap_or_default(), NAME), customer => snippet(&customer.unwrap_or_default(), NAME),
        note => snippet(&sight.text(note), SNIPPET), shop => name, person => case.person.clone().unwrap_or_default(),
        mine => case.person.as_deref() == Some(visitor.colleague.name.as_str()),
        amount => case.amount().map(yuan).unwrap_or_default(), reviewer => case.reviewer.clone(),
        due => shown::moment(case.finish_due, now, shop.zone),
        overdue => case.is_overdue(now),
        soon => case.state.is_living() && !case.state.is_done() && case.finish_due - now <= SOON,
    }
}

/// Where a page of the review ended.
#[derive(Deserialize)]
pub(super) struct Rest {
    #[serde(default)]
    after: String,
}

/// Cases that wait for this reviewer, the next due first; what he said yes to by word of mouth and must sign; and what
/// he proposed himself, which waits for others.
pub(super) async fn review(
    From(state): From<State>,
    visitor: Visitor,
    Query(which): Query<Rest>,
) -> Result<Response, Oops> {
    let knowledge = state.switchboard.shelf.knowledge();
    let now = state.switchboard.now();
    let hand = visitor.hand();
    let me = visitor.colleague.name.as_str();
    let list = async |code: &str, after: Option<After>| {
        let by = By::Newest {
            kind: None,
            state: Some(code.to_owned()),
        };
        state
            .switchboard
            .cases(visitor.hand(), None, by, after, REVIEW)
            .await
    };
    let after = cursor(&which.after).filter(|after| after.due.is_none());
    let page = list("review", after).await?;
    let next = page
        .last()
        .filter(|_| page.len() >= REVIEW)
        .map(|last| last.kept.id);
    let mut groups: BTreeMap<&str, Vec<Shown>> = BTreeMap::new();
    for one in page {
        let case = &one.kept.case;
        let his = case.author == me || case.proposers.contains(me);
        let may = one.kind.is_reviewed_by(&case.reviewer, &hand.actor.posts);
        match (his, may) {
            (true, _) => groups.entry("own").or_default().push(one),
            (false, true) => groups.entry("mine").or_default().push(one),
            (false, false) => {}
        }
    }
    if after.is_none() {
        for code in ["approved", "in_hand", "waiting", "done"] {
            let signs = list(code, None).await?.into_iter().filter(|one| {
                let consent = one.kept.case.state.consent();
                consent.is_some_and(|consent| consent.oral.is_some() && consent.by == me)
            });
            groups.entry("sign").or_default().extend(signs);
        }
    }
    let mut more = false;
    let mut room = PAGE;
    let groups: Vec<Value> = ["mine", "sign", "own"]
        .into_iter()
        .filter_map(|name| {
            let mut cases = groups.remove(name).filter(|cases| !cases.is_empty())?;
            cases.sort_by_key(|one| (one.kept.case.finish_due, one.kept.id));
            more |= cases.len() > room;
            let rows: Vec<Value> = cases
                .iter()
                .take(room)
                .map(|one| row(one, &knowledge, &visitor, now))
                .collect();
            room -= rows.len();
            Some(context! { name, rows })
        })
        .collect();
    Page::of(
        &visitor,
        "review.html",
        context! { groups, next, more, most => PAGE },
    )
    .live([WORK.to_owned()])
    .write()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn what_is_typed_is_looked_for_where_it_can_stand() {
        let text = |q: &str| q.to_owned();
        for (q, expected) in [
            (
                "lf-2611-0301",
                vec![
                    By::Number(text("LF-2611-0301")),
                    By::Customer(text("lf-2611-0301")),
                ],
            ),
            (
                "1380",
                vec![By::PhoneTail(text("1380")), By::Order(text("1380"))],
            ),
            (
                "2871234567890123456",
                vec![
                    By::Order(text("2871234567890123456")),
                    By::Customer(text("2871234567890123456")),
                ],
            ),
            (
                "小周",
                vec![By::Order(text("小周")), By::Customer(text("小周"))],
            ),
        ] {
            assert_eq!(ways(q), expected, "{q}");
        }
    }

    #[test]
    fn a_page_goes_on_where_the_one_before_ended() {
        assert_eq!(cursor("12"), Some(After { due: None, id: 12 }));
        assert_eq!(cursor("1000.12").unwrap().due.unwrap().timestamp(), 1);
        for odd in ["", "x", "1.x", "9999999999999999999.1"] {
            assert_eq!(cursor(odd), None, "{odd}");
        }
    }
}
