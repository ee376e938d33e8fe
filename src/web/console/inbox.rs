//! The inbox: who waits, by what is urgent.

use std::collections::HashMap;

use axum::{
    extract::{Query, State as From},
    response::Response,
};
use chrono::{DateTime, Utc};
use minijinja::{Value, context};
use serde::Deserialize;

use super::{oops::Oops, page::Page, shown, visit::Visitor};
use crate::{
    desk::OwnerAct,
    knowledge::{ContentKind, ShopId, Speaker},
    service::switchboard::ShopState,
    store::inbox::{Listed, MOST, View},
    web::State,
};

/// Characters of the last words that are shown, and of names.
const SNIPPET: usize = 60;
const NAME: usize = 30;

/// Which conversations.
#[derive(Deserialize)]
pub(super) struct Which {
    /// `waiting`, `mine`, `recent`.
    #[serde(default)]
    of: String,
    /// Only of this shop.
    #[serde(default)]
    shop: String,
    /// A customer, an order, a case.
    #[serde(default)]
    q: String,
}

pub(super) async fn show(
    From(state): From<State>,
    visitor: Visitor,
    Query(which): Query<Which>,
) -> Result<Response, Oops> {
    let shops = state.switchboard.shops(visitor.shops().clone()).await?;
    let now = state.switchboard.now();
    let wanted = match which.shop.as_str() {
        "" => visitor.shops().clone(),
        shop => {
            let shop = ShopId::from(shop);
            match crate::service::switchboard::may(visitor.shops(), &shop) {
                true => Some(vec![shop]),
                false => return Err(Oops::NOT_FOUND),
            }
        }
    };
    let q = which.q.trim();
    let (view, of) = match (q, which.of.as_str()) {
        ("", "recent") => (View::Recent, "recent"),
        ("", "mine") => (View::Waiting, "mine"),
        ("", _) => (View::Waiting, "waiting"),
        (q, _) => (View::Search(q.to_owned()), "search"),
    };
    let mut listed = state.talk.inbox(wanted, view).await?;
    let me = visitor.colleague.name.as_str();
    if of == "mine" {
        listed.retain(|one| owner(one) == Some(me));
    }
    let by_id: HashMap<&ShopId, &ShopState> =
        shops.iter().map(|shop| (&shop.shop.id, shop)).collect();
    let mut groups: [Vec<Value>; 3] = Default::default();
    for one in &listed {
        let state = by_id.get(&one.shop).copied();
        let row = row(one, state, me, now);
        let group = match group(one, state) {
            Group::Needed => 0,
            Group::Left => 1,
            Group::Other => 2,
        };
        if let Some(rows) = groups.get_mut(group) {
            rows.push(row);
        }
    }
    let count = listed.len();
    let names = ["needed", "left", "other"];
    // What was looked for stands in one list.
    let groups: Vec<Value> = match of {
        "waiting" | "mine" => names
            .iter()
            .zip(groups)
            .filter(|(_, rows)| !rows.is_empty())
            .map(|(name, rows)| context! { name => *name, rows })
            .collect(),
        _ => {
            let rows: Vec<Value> = listed
                .iter()
                .map(|one| row(one, by_id.get(&one.shop).copied(), me, now))
                .collect();
            match rows.is_empty() {
                true => Vec::new(),
                false => vec![context! { name => "found", rows }],
            }
        }
    };
    let choices: Vec<Value> = shops
        .iter()
        .map(|shop| context! { id => shop.shop.id.to_string(), name => shop.shop.name.clone() })
        .collect();
    let context = context! {
        groups, count, of, q, shop => which.shop, shops => choices,
        more => count >= MOST, most => MOST,
    };
    Page::of(&visitor, "inbox.html", context)
        .live(["inbox".to_owned()])
        .write()
}

/// Why a conversation stands where it stands.
enum Group {
    /// A human is needed.
    Needed,
    /// The customer wrote while nobody was in (留言).
    Left,
    /// The rest, by their waits.
    Other,
}

fn group(one: &Listed, state: Option<&ShopState>) -> Group {
    if one.queued.is_some() {
        return Group::Needed;
    }
    let left = match (one.waiting_since, state) {
        (Some(since), Some(state)) => {
            !state.coverage.cover.is_staffed() || since < state.coverage.since
        }
        _ => false,
    };
    match left {
        true => Group::Left,
        false => Group::Other,
    }
}

/// Whose it is, as far as anybody said or showed.
pub(super) fn owner(one: &Listed) -> Option<&str> {
    let spoke = one.human.as_ref();
    let said = one.ownership.as_ref();
    match (said, spoke) {
        (Some(said), Some((_, at))) if *at > said.at && said.act != OwnerAct::Pin => {
            spoke.and_then(|(name, _)| name.as_deref())
        }
        (Some(said), _) => match said.act {
            OwnerAct::Take | OwnerAct::Pin => Some(&said.agent),
            OwnerAct::HandBack | OwnerAct::End => None,
        },
        (None, Some((name, _))) => name.as_deref(),
        (None, None) => None,
    }
}

fn row(one: &Listed, state: Option<&ShopState>, me: &str, now: DateTime<Utc>) -> Value {
    let zone = state.map_or(chrono_tz::Tz::Asia__Shanghai, |state| state.shop.zone);
    let since = one
        .waiting_since
        .or_else(|| one.queued.as_ref().map(|(_, at)| *at));
    let clocked = state.is_some_and(|state| state.coverage.cover.is_staffed());
    let owner = owner(one);
    let (speaker, kind, text) = match &one.last {
        Some((speaker, kind, text)) => (said_by(*speaker), *kind, snippet(text, SNIPPET)),
        None => ("system", ContentKind::Text, String::new()),
    };
    context! {
        id => one.id,
        customer => snippet(one.customer.as_deref().unwrap_or_default(), NAME),
        external => snippet(&one.external, NAME),
        order => snippet(one.order.as_deref().unwrap_or_default(), NAME),
        shop => state.map_or_else(|| one.shop.to_string(), |state| state.shop.name.clone()),
        platform => shown::platform(one.platform),
        mode => one.lowered.or_else(|| state.map(ShopState::mode)).map(shown::mode).unwrap_or_default(),
        stopped => state.is_some_and(ShopState::stopped),
        reason => one.queued.as_ref().map(|(reason, _)| reason.code()).unwrap_or_default(),
        wait => since.map(|since| shown::wait(since, now)),
        clocked,
        at => shown::moment(one.last_at, now, zone),
        owner => owner.unwrap_or_default(),
        mine => owner == Some(me),
        pinned => one.ownership.as_ref().is_some_and(|said| said.act == OwnerAct::Pin),
        decided => one.decided,
        speaker, kind => kind.code(), text,
    }
}

/// Who spoke, as the words name him (`speaker.…`).
pub(super) fn said_by(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::Customer => "customer",
        Speaker::Human => "human",
        Speaker::BotAuto => "bot_auto",
        Speaker::BotAssist => "bot_assist",
        Speaker::Welcome => "welcome",
        Speaker::Notice => "notice",
        Speaker::System => "system",
    }
}

pub(super) fn snippet(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}
