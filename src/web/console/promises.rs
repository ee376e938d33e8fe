//! What the house has promised: what is due first, and how it ended.

use axum::{
    extract::{Form, MatchedPath, Path, Query, State as From},
    http::StatusCode,
    response::Response,
};
use chrono::{DateTime, Utc};
use minijinja::{Value, context};
use serde::Deserialize;

use super::{
    cases::shops,
    coverage::local,
    inbox::snippet,
    live::WORK,
    oops::Oops,
    page::{Page, done},
    refusing, shown,
    visit::Visitor,
};
use crate::{
    desk::case::State as CaseStands,
    knowledge::{Knowledge, ShopId},
    service::switchboard::{Look, Refused, may},
    store::promises::{Asked, Outcome, Promise, State as Stands},
    web::{
        State,
        api::roles::{CASES, DESK, DOERS},
    },
};

/// Promises on one page.
const PAGE: usize = 25;
/// Characters of the words that are shown, and of names.
const WORDS: usize = 200;
const NAME: usize = 30;

/// Which promises.
#[derive(Deserialize, Default)]
pub(super) struct Which {
    /// `open`, `overdue`, `kept`, `broken`.
    #[serde(default)]
    of: String,
    /// Only of this shop.
    #[serde(default)]
    shop: String,
    /// The last one of the page before.
    after: Option<i64>,
}

pub(super) async fn show(
    From(state): From<State>,
    visitor: Visitor,
    Query(which): Query<Which>,
) -> Result<Response, Oops> {
    page(&state, &visitor, which, None).await
}

/// What was refused, about which promise, with what was typed.
struct Held {
    id: i64,
    act: String,
    refused: Refused,
    settled: Settled,
}

async fn page(
    state: &State,
    visitor: &Visitor,
    which: Which,
    held: Option<Held>,
) -> Result<Response, Oops> {
    let shop = match which.shop.as_str() {
        "" => None,
        shop => Some(ShopId::from(shop)),
    };
    if let Some(shop) = &shop
        && !may(visitor.shops(), shop)
    {
        return Err(Oops::NOT_FOUND);
    }
    let (of, stands) = match which.of.as_str() {
        "overdue" => ("overdue", Stands::Overdue),
        "kept" => ("kept", Stands::Kept),
        "broken" => ("broken", Stands::Broken),
        _ => ("open", Stands::Open),
    };
    let look = Look {
        shop,
        state: stands,
        asked: Asked::All,
        due_before: None,
        after: which.after,
        limit: PAGE,
    };
    let found = state
        .switchboard
        .promises(visitor.shops().clone(), look)
        .await?;
    let knowledge = state.switchboard.shelf.knowledge();
    let next = found
        .promises
        .last()
        .filter(|_| found.promises.len() >= PAGE)
        .map(|last| last.id);
    let rows: Vec<Value> = found
        .promises
        .iter()
        .map(|one| row(one, &knowledge, visitor, found.at))
        .collect();
    let refused = held.as_ref().map(|held| {
        let sentence = refusing::sentence(&held.refused, visitor.visit.lang);
        context! {
            id => held.id, act => held.act.clone(), sentence => sentence.unwrap_or_default(),
            chinese => matches!(held.refused, Refused::Wrong { .. }) && visitor.visit.lang.code() != "zh",
            reason => held.settled.reason.clone(), due => held.settled.due.clone(),
        }
    });
    let status = match held {
        Some(_) => StatusCode::CONFLICT,
        None => StatusCode::OK,
    };
    let context = context! {
        rows, of, next, later => which.after.is_some(), shop => which.shop, shops => shops(state, visitor).await?,
        does => visitor.may(DOERS), leads => visitor.may(DESK), refused,
    };
    Page::of(visitor, "promises.html", context)
        .at("/console/promises")
        .live([WORK.to_owned()])
        .status(status)
        .write()
}

fn row(one: &Promise, knowledge: &Knowledge, visitor: &Visitor, now: DateTime<Utc>) -> Value {
    let sight = visitor.sight();
    let shop = knowledge.shop_or_default(&one.shop);
    let at = |moment| shown::moment(moment, now, shop.zone);
    let case = one.case.as_ref().map(|case| {
        let state = CaseStands::CODES
            .iter()
            .copied()
            .find(|known| *known == case.state);
        context! { number => case.number.clone(), kind => case.kind.clone(), state => state.unwrap_or("closed") }
    });
    let settled = one
        .settled
        .as_ref()
        .map(|settled| context! { by => settled.by.clone(), at => at(settled.at), reason => sight.text(&settled.reason) });
    let order = one.order.as_deref().unwrap_or_default();
    context! {
        id => one.id, kind => one.kind.clone(), text => snippet(&sight.text(&one.text), WORDS), agent => one.agent.clone().unwrap_or_default(),
        order => match order { "" => String::new(), order => snippet(&sight.value("订单号", order), NAME) },
        customer => snippet(&one.customer.as_deref().map(|name| sight.name(name)).unwrap_or_default(), NAME),
        shop => shop.name.clone(), conversation => one.conversation.filter(|_| visitor.may(DESK)), message => one.message,
        case => case.filter(|_| visitor.may(CASES)), made => at(one.made_at), due => at(one.due), moves => one.moves, overdue => one.is_overdue(now),
        looks_kept => one.looks_kept(), settled,
    }
}

/// How it ended, or until when it holds now.
#[derive(Deserialize, Default)]
pub(super) struct Settled {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    due: String,
}

/// Does what the address says.
pub(super) async fn settle(
    From(state): From<State>,
    visitor: Visitor,
    Path(id): Path<i64>,
    matched: MatchedPath,
    Form(settled): Form<Settled>,
) -> Result<Response, Oops> {
    let act = matched.as_str().rsplit('/').next().unwrap_or_default();
    let board = &state.switchboard;
    let shops = visitor.shops().clone();
    let (who, reason) = (visitor.who(DOERS), settled.reason.clone());
    let (result, word) = match act {
        "keep" => (
            board
                .settle_promise(who, shops, id, Outcome::Kept, reason)
                .await,
            "done.promise-kept",
        ),
        "break" => (
            board
                .settle_promise(who, shops, id, Outcome::Broken, reason)
                .await,
            "done.promise-broken",
        ),
        _ => {
            let found = board.promise(shops.clone(), id).await?;
            let shop = found.promises.first().map(|promise| promise.shop.clone());
            let shop = shop.ok_or(Oops::NOT_FOUND)?;
            let moved = match local(&state, &shop, &settled.due) {
                Ok(Some(due)) => board.move_promise(who, shops, id, due, reason).await,
                Ok(None) => Err(Refused::Wrong {
                    field: "due",
                    what: "写上新的时间".to_owned(),
                }),
                Err(refused) => Err(refused),
            };
            (moved, "done.promise-moved")
        }
    };
    match result {
        Ok(_) => Ok(done("/console/promises", word)),
        Err(refused) if refusing::sentence(&refused, visitor.visit.lang).is_some() => {
            let held = Held {
                id,
                act: act.to_owned(),
                refused,
                settled,
            };
            page(&state, &visitor, Which::default(), Some(held)).await
        }
        Err(refused) => Err(refused.into()),
    }
}
