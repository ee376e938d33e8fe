//! Notes on orders: four channels, flags, and who has seen them.

use axum::{Json, extract::State as From, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    asked::{Asked, Id, Params},
    insider::Insider,
};
use crate::{
    config::Role,
    desk::notes::{self, Channel, Flag},
    knowledge::{CaseKindId, ShopId, mask::mask},
    service::switchboard::{NOTES, Refused},
    store::order_notes::{Kept, New, Wanted},
    web::{State, problem::Problem},
};

/// How many notes one page holds unless it is said.
const PAGE: usize = 100;

/// Whose note it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ChannelCode {
    /// 买家留言.
    Buyer,
    /// 卖家备注.
    Seller,
    /// 平台备注.
    Platform,
    /// 内部便签.
    Internal,
}

/// The order's flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum FlagCode {
    /// 红旗.
    Red,
    /// 黄旗.
    Yellow,
    /// 绿旗.
    Green,
    /// 蓝旗.
    Blue,
    /// 紫旗.
    Purple,
    /// 灰旗.
    Grey,
}

impl std::convert::From<ChannelCode> for Channel {
    fn from(code: ChannelCode) -> Self {
        match code {
            ChannelCode::Buyer => Self::Buyer,
            ChannelCode::Seller => Self::Seller,
            ChannelCode::Platform => Self::Platform,
            ChannelCode::Internal => Self::Internal,
        }
    }
}

impl std::convert::From<Channel> for ChannelCode {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::Buyer => Self::Buyer,
            Channel::Seller => Self::Seller,
            Channel::Platform => Self::Platform,
            Channel::Internal => Self::Internal,
        }
    }
}

impl std::convert::From<FlagCode> for Flag {
    fn from(code: FlagCode) -> Self {
        match code {
            FlagCode::Red => Self::Red,
            FlagCode::Yellow => Self::Yellow,
            FlagCode::Green => Self::Green,
            FlagCode::Blue => Self::Blue,
            FlagCode::Purple => Self::Purple,
            FlagCode::Grey => Self::Grey,
        }
    }
}

impl std::convert::From<Flag> for FlagCode {
    fn from(flag: Flag) -> Self {
        match flag {
            Flag::Red => Self::Red,
            Flag::Yellow => Self::Yellow,
            Flag::Green => Self::Green,
            Flag::Blue => Self::Blue,
            Flag::Purple => Self::Purple,
            Flag::Grey => Self::Grey,
        }
    }
}

/// A note on an order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderNoteShown {
    id: String,
    shop: String,
    /// Masked for who does not need it.
    order: String,
    channel: ChannelCode,
    flag: Option<FlagCode>,
    /// Masked for who does not need it.
    text: String,
    /// The kind of the case that forced it.
    kind: Option<String>,
    conversation: Option<String>,
    author: String,
    written_at: DateTime<Utc>,
    /// By when the order-checker must have seen it.
    cutoff: DateTime<Utc>,
    /// Seconds until then; below 0 when it has passed, `null` when it was seen.
    left: Option<i64>,
    seen_at: Option<DateTime<Utc>>,
    seen_by: Option<String>,
    missed_at: Option<DateTime<Utc>>,
    /// The number of the case it became when nobody had seen it in time.
    missed_case: Option<String>,
}

impl OrderNoteShown {
    fn to(insider: &Insider, kept: Kept, now: DateTime<Utc>) -> Self {
        let needs = |role: &Role| {
            matches!(
                role,
                Role::Agent | Role::Supervisor | Role::Reviewer | Role::Warehouse
            )
        };
        let open = insider.roles.iter().any(needs);
        let text = match open {
            true => kept.note.text,
            false => notes::shown(kept.note.kind.as_ref(), &kept.note.text),
        };
        let order = match open {
            true => kept.note.order,
            false => mask(&kept.note.order),
        };
        Self {
            id: kept.id.to_string(),
            shop: kept.shop.to_string(),
            order,
            channel: kept.note.channel.into(),
            flag: kept.note.flag.map(Into::into),
            text,
            kind: kept.note.kind.map(|kind| kind.to_string()),
            conversation: kept.note.conversation.map(|id| id.to_string()),
            author: kept.author,
            written_at: kept.written_at,
            left: match kept.seen_at {
                Some(_) => None,
                None => Some((kept.cutoff - now).num_seconds()),
            },
            cutoff: kept.cutoff,
            seen_at: kept.seen_at,
            seen_by: kept.seen_by,
            missed_at: kept.missed_at,
            missed_case: kept.missed_case,
        }
    }
}

/// Which notes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only of this shop.
    shop: Option<String>,
    /// Only of this order.
    order: Option<String>,
    /// Also those that were seen, newest first; else those that nobody has seen, the first cut-off first.
    #[serde(default)]
    all: bool,
    /// With `all`: older than the note with this id.
    before: Option<i64>,
    /// How many, 1 to 500; 100 unless it is said.
    limit: Option<usize>,
}

/// The notes of my shops.
#[utoipa::path(get, path = "/v1/order-notes", tag = "order notes", params(Which), responses((status = 200, body = Vec<OrderNoteShown>)))]
pub(super) async fn list(
    From(state): From<State>,
    insider: Insider,
    Params(which): Params<Which>,
) -> Result<Json<Vec<OrderNoteShown>>, Problem> {
    let shops = insider.narrowed(which.shop)?;
    let wanted = Wanted {
        shops,
        unseen: !which.all,
        order: which.order,
        before: which.before.filter(|_| which.all),
    };
    let limit = which.limit.unwrap_or(PAGE).min(NOTES);
    let notes = state.switchboard.order_notes(wanted, limit).await?;
    let now = state.switchboard.now();
    let shown = |kept| OrderNoteShown::to(&insider, kept, now);
    Ok(Json(notes.into_iter().map(shown).collect()))
}

/// A note that is to be written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderNoteAsked {
    shop: String,
    order: String,
    channel: ChannelCode,
    flag: Option<FlagCode>,
    text: String,
    /// The kind of the case that forces it.
    kind: Option<String>,
    /// The conversation it came from.
    conversation: Option<String>,
}

/// Writes a note on an order, to be seen before its cut-off. The same asked for again is the same.
#[utoipa::path(
    post, path = "/v1/order-notes", tag = "order notes", request_body = OrderNoteAsked,
    responses((status = 201, body = OrderNoteShown))
)]
pub(super) async fn write(
    From(state): From<State>,
    insider: Insider,
    Asked(asked): Asked<OrderNoteAsked>,
) -> Result<(StatusCode, Json<OrderNoteShown>), Problem> {
    let conversation = match asked.conversation {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| Refused::Wrong {
            field: "conversation",
            what: "用接口返回的会话编号".to_owned(),
        })?),
    };
    let new = New {
        order: asked.order,
        channel: asked.channel.into(),
        flag: asked.flag.map(Into::into),
        text: asked.text,
        kind: asked.kind.map(CaseKindId::from),
        conversation,
    };
    let shop = ShopId::from(asked.shop);
    let shops = insider.shops.clone();
    let kept = state
        .switchboard
        .note_order(insider.who(), shops, shop, new);
    let kept = kept.await?;
    let now = state.switchboard.now();
    Ok((
        StatusCode::CREATED,
        Json(OrderNoteShown::to(&insider, kept, now)),
    ))
}

/// I have seen a note while checking orders.
#[utoipa::path(
    post, path = "/v1/order-notes/{id}/seen", tag = "order notes", params(("id" = String, Path)),
    responses((status = 200, body = OrderNoteShown), (status = 404, description = "no such note"))
)]
pub(super) async fn seen(
    From(state): From<State>,
    insider: Insider,
    Id(id): Id,
) -> Result<Json<OrderNoteShown>, Problem> {
    let shops = insider.shops.clone();
    let kept = state.switchboard.see_note(insider.who(), shops, id).await?;
    let now = state.switchboard.now();
    Ok(Json(OrderNoteShown::to(&insider, kept, now)))
}
