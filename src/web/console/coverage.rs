//! Who answers now and this week, and every switch: lunch, mode, kill switch, arrangements, announcements.

use axum::{
    extract::{Form, Query, State as From},
    http::StatusCode,
    response::Response,
};
use chrono::{DateTime, Duration, NaiveDateTime, TimeZone, Utc};
use minijinja::{Value, context};
use serde::Deserialize;

use super::{
    oops::{Oops, said},
    page::{Page, done},
    shown,
    visit::Visitor,
    week,
};
use crate::{
    config::Role,
    knowledge::{
        Mode, ShopId,
        arrangement::{Arranged, Arrangement},
    },
    service::switchboard::{LONGEST_LUNCH, LUNCH, Refused, ShopState, may},
    store::{announcements, arrangements},
    web::{
        State,
        api::roles::{LEAD, OpensTo, STOP},
    },
};

const PATH: &str = "/console/coverage";
const DESK: OpensTo = OpensTo::Roles(&[Role::Agent, Role::Supervisor, Role::Admin]);

/// More shops than this are shown in a line each, and one of them whole.
const WHOLE: usize = 6;

/// Which shop is shown whole.
#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    shop: String,
}

pub(super) async fn show(
    From(state): From<State>,
    visitor: Visitor,
    Query(which): Query<Which>,
) -> Result<Response, Oops> {
    page(&state, &visitor, &which.shop, None).await
}

/// The page; with why the last step was refused.
async fn page(
    state: &State,
    visitor: &Visitor,
    whole: &str,
    refused: Option<Refused>,
) -> Result<Response, Oops> {
    let shops = state.switchboard.shops(visitor.shops().clone()).await?;
    let lunches = state
        .switchboard
        .at_lunch(visitor.colleague.name.clone())
        .await?;
    let now = state.switchboard.now();
    let knowledge = state.switchboard.shelf.knowledge();
    let lunch = lunches.kept.first().map(|kept| {
        let zone = knowledge.shop_or_default(&kept.shop).zone;
        let until = kept.arrangement.until;
        context! {
            until => shown::moment(until, now, zone), left => (until - now).num_minutes() + 1,
        }
    });
    let announced = state
        .switchboard
        .announcements(visitor.shops().clone())
        .await?;
    let announced: Vec<Value> = announced
        .iter()
        .map(|kept| announcement(kept, &shops, visitor, now))
        .collect();
    let rows: Vec<Value> = shops
        .iter()
        .map(|shop| {
            let whole = shops.len() <= WHOLE || shop.shop.id.as_str() == whole;
            row(state, shop, whole)
        })
        .collect();
    let everywhere = shops.iter().any(|shop| shop.turned.everywhere);
    let status = match &refused {
        Some(_) => StatusCode::CONFLICT,
        None => StatusCode::OK,
    };
    let (refused_key, refused_why) = match &refused {
        None => ("", String::new()),
        Some(Refused::NotOnDuty) => ("not-on-duty", String::new()),
        Some(Refused::NotAtLunch) => ("not-at-lunch", String::new()),
        Some(refused @ Refused::MustStay(_)) => ("must-stay", said(refused)),
        Some(refused @ Refused::Forbidden(_)) => ("forbidden", said(refused)),
        Some(other) => ("other", said(other)),
    };
    let intents: Vec<Value> = match visitor.may(LEAD) {
        true => knowledge
            .intents()
            .iter()
            .map(|intent| context! { id => intent.id.to_string(), name => intent.name.clone() })
            .collect(),
        false => Vec::new(),
    };
    let context = context! {
        shops => rows, lunch, minutes => LUNCH, most => LONGEST_LUNCH, announced, everywhere, intents,
        desk => visitor.may(DESK), leads => visitor.may(LEAD), stops => visitor.may(STOP),
        all => visitor.shops().is_none(), refused => refused_key, refused_why,
    };
    Page::of(visitor, "coverage.html", context)
        .at(PATH)
        .live(["coverage".to_owned()])
        .status(status)
        .write()
}

fn row(state: &State, shop: &ShopState, whole: bool) -> Value {
    let zone = shop.shop.zone;
    let now = shop.at;
    let coverage = &shop.coverage;
    let at = |at: DateTime<Utc>| shown::moment(at, now, zone);
    let plain: Vec<Arrangement> = shop
        .arrangements
        .iter()
        .map(|kept| kept.arrangement.clone())
        .collect();
    let knowledge = state.switchboard.shelf.knowledge();
    let arranged: Vec<Value> = shop
        .arrangements
        .iter()
        .map(|kept| {
            let (what, agent) = arranged(&kept.arrangement.what);
            context! {
                id => kept.id, what, agent, from => at(kept.arrangement.from), until => at(kept.arrangement.until),
                reason => kept.arrangement.reason.clone(), made_by => kept.made_by.clone(),
                now => kept.arrangement.from <= now,
            }
        })
        .collect();
    let act = |event: &crate::store::staff_event::StaffEvent| {
        context! { who => event.who.name.clone(), at => at(event.at), reason => event.reason.clone() }
    };
    context! {
        id => shop.shop.id.to_string(),
        name => shop.shop.name.clone(),
        platform => shown::platform(shop.shop.platform),
        answers => shown::answers(shop.answers()),
        mode => shown::mode(shop.mode()),
        switched => shop.turned.mode.map(shown::mode).unwrap_or_default(),
        by_knowledge => shown::mode(shop.shop.mode),
        mode_event => shop.mode_event.as_ref().map(act),
        stopped => shop.stopped(),
        stopped_here => shop.turned.here,
        stopped_everywhere => shop.turned.everywhere,
        kill_event => shop.kill_event.as_ref().map(act),
        cover => shown::cover(coverage.cover),
        reason => coverage.reason.clone(),
        people => coverage.people.clone(),
        since => (coverage.since > DateTime::UNIX_EPOCH).then(|| at(coverage.since)),
        until => coverage.until.map(at),
        staffed_at => coverage.staffed_at.filter(|_| !coverage.cover.is_staffed()).map(at),
        arranged,
        whole, week => whole.then(|| week::picture(&knowledge, &shop.shop, &plain, now)),
    }
}

fn arranged(what: &Arranged) -> (&'static str, String) {
    match what {
        Arranged::Lunch { agent } => ("lunch", agent.clone()),
        Arranged::Absent { agent } => ("absent", agent.clone()),
        Arranged::OnDuty { agent } => ("on_duty", agent.clone()),
        Arranged::Closed => ("closed", String::new()),
        Arranged::Staffed => ("staffed", String::new()),
    }
}

fn announcement(
    kept: &announcements::Kept,
    shops: &[ShopState],
    visitor: &Visitor,
    now: DateTime<Utc>,
) -> Value {
    let zone = shops
        .first()
        .map_or(chrono_tz::Tz::Asia__Shanghai, |shop| shop.shop.zone);
    let names = kept.shops.as_ref().map(|of| {
        let named = shops.iter().filter(|shop| of.contains(&shop.shop.id));
        named.map(|shop| shop.shop.name.clone()).collect::<Vec<_>>()
    });
    let his = match &kept.shops {
        None => visitor.shops().is_none(),
        Some(of) => of.iter().all(|shop| may(visitor.shops(), shop)),
    };
    let silences: Vec<String> = kept
        .announcement
        .silences
        .iter()
        .map(ToString::to_string)
        .collect();
    context! {
        id => kept.announcement.id, text => kept.announcement.text.clone(), shops => names, silences, his,
        from => shown::moment(kept.announcement.from, now, zone),
        until => shown::moment(kept.announcement.until, now, zone),
        now => kept.announcement.from <= now, made_by => kept.made_by.clone(), reason => kept.reason.clone(),
    }
}

/// Sends him back to the page, or shows it with why it was refused.
async fn came<T>(
    state: &State,
    visitor: &Visitor,
    result: Result<T, Refused>,
    word: &str,
) -> Result<Response, Oops> {
    match result {
        Ok(_) => Ok(done(PATH, word)),
        Err(
            refused @ (Refused::MustStay(_)
            | Refused::NotOnDuty
            | Refused::NotAtLunch
            | Refused::Forbidden(_)
            | Refused::Wrong { .. }),
        ) => page(state, visitor, "", Some(refused)).await,
        Err(refused) => Err(refused.into()),
    }
}

/// Going to lunch, staying longer, coming back.
#[derive(Deserialize)]
pub(super) struct Lunch {
    what: String,
    minutes: Option<i64>,
}

pub(super) async fn lunch(
    From(state): From<State>,
    visitor: Visitor,
    Form(asked): Form<Lunch>,
) -> Result<Response, Oops> {
    let who = visitor.who(DESK);
    let agent = visitor.colleague.name.clone();
    let minutes = asked.minutes.unwrap_or(LUNCH);
    let board = &state.switchboard;
    let (result, word) = match asked.what.as_str() {
        "go" => {
            let shops = visitor.shops().clone();
            (
                board.lunch(who, agent, shops, minutes, String::new()).await,
                "done.lunch",
            )
        }
        "prolong" => (
            board
                .prolong_lunch(who, agent, minutes, String::new())
                .await,
            "done.lunch",
        ),
        "back" => (
            board.end_lunch(who, agent, String::new()).await,
            "done.back",
        ),
        _ => return Err(Oops::UNREADABLE),
    };
    came(&state, &visitor, result, word).await
}

/// A shop, and what is wanted there.
#[derive(Deserialize)]
pub(super) struct Switch {
    /// Empty: all shops.
    #[serde(default)]
    shop: String,
    #[serde(default)]
    mode: String,
    #[serde(default)]
    reason: String,
}

/// That a shop is his; one that is not is not there.
fn his(visitor: &Visitor, shop: &str) -> Result<ShopId, Oops> {
    let shop = ShopId::from(shop);
    match may(visitor.shops(), &shop) {
        true => Ok(shop),
        false => Err(Oops::NOT_FOUND),
    }
}

pub(super) async fn mode(
    From(state): From<State>,
    visitor: Visitor,
    Form(asked): Form<Switch>,
) -> Result<Response, Oops> {
    let shop = his(&visitor, &asked.shop)?;
    let mode = match asked.mode.as_str() {
        "off" => Some(Mode::Off),
        "assist" => Some(Mode::Assist),
        "auto" => Some(Mode::Auto),
        "" => None,
        _ => return Err(Oops::UNREADABLE),
    };
    let switched = state
        .switchboard
        .set_mode(visitor.who(LEAD), shop, mode, asked.reason)
        .await;
    came(&state, &visitor, switched, "done.mode").await
}

pub(super) async fn stop(
    From(state): From<State>,
    visitor: Visitor,
    Form(asked): Form<Switch>,
) -> Result<Response, Oops> {
    turn(&state, &visitor, asked, true).await
}

pub(super) async fn go(
    From(state): From<State>,
    visitor: Visitor,
    Form(asked): Form<Switch>,
) -> Result<Response, Oops> {
    turn(&state, &visitor, asked, false).await
}

async fn turn(
    state: &State,
    visitor: &Visitor,
    asked: Switch,
    stopped: bool,
) -> Result<Response, Oops> {
    let who = visitor.who(if stopped { STOP } else { LEAD });
    let turned = match asked.shop.as_str() {
        // All shops, those that come later too: for who has them all.
        "" if visitor.shops().is_some() => return Err(Oops::ROLE),
        "" => {
            state
                .switchboard
                .kill_everywhere(who, stopped, asked.reason)
                .await
        }
        shop => {
            let shop = his(visitor, shop)?;
            state
                .switchboard
                .kill(who, shop, stopped, asked.reason)
                .await
        }
    };
    came(
        state,
        visitor,
        turned,
        if stopped {
            "done.stopped"
        } else {
            "done.started"
        },
    )
    .await
}

/// What is to be arranged. Times are those of the shop's clock.
#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    shop: String,
    what: String,
    #[serde(default)]
    agent: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn arrange(
    From(state): From<State>,
    visitor: Visitor,
    Form(wish): Form<Wish>,
) -> Result<Response, Oops> {
    let shop = his(&visitor, &wish.shop)?;
    let agent = wish.agent.trim().to_owned();
    let what = match wish.what.as_str() {
        "lunch" => Arranged::Lunch { agent },
        "absent" => Arranged::Absent { agent },
        "on_duty" => Arranged::OnDuty { agent },
        "closed" => Arranged::Closed,
        "staffed" => Arranged::Staffed,
        _ => return Err(Oops::UNREADABLE),
    };
    let result = match (
        local(&state, &shop, &wish.from),
        local(&state, &shop, &wish.until),
    ) {
        (Ok(from), Ok(Some(until))) => {
            let wanted = arrangements::Wanted {
                what,
                from,
                until,
                reason: wish.reason,
            };
            let who = visitor.who(LEAD);
            state
                .switchboard
                .arrange(who, vec![shop], wanted)
                .await
                .map(|_| ())
        }
        (Err(refused), _) | (_, Err(refused)) => Err(refused),
        (_, Ok(None)) => Err(no_end()),
    };
    came(&state, &visitor, result, "done.arranged").await
}

/// What a browser's field for a moment holds, by the shop's clock; `None` when it is empty.
pub(super) fn local(
    state: &State,
    shop: &ShopId,
    text: &str,
) -> Result<Option<DateTime<Utc>>, Refused> {
    if text.is_empty() {
        return Ok(None);
    }
    let knowledge = state.switchboard.shelf.knowledge();
    let zone = knowledge.shop_or_default(shop).zone;
    let naive = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let at = naive.and_then(|naive| zone.from_local_datetime(&naive).earliest());
    match at {
        Some(at) => Ok(Some(at.to_utc())),
        None => Err(Refused::Wrong {
            field: "until",
            what: format!("“{text}”不是时间，例如 2026-11-20 12:31"),
        }),
    }
}

fn no_end() -> Refused {
    Refused::Wrong {
        field: "until",
        what: "写上结束时间".to_owned(),
    }
}

/// What is to be announced.
#[derive(Deserialize)]
pub(super) struct News {
    #[serde(default)]
    shop: String,
    #[serde(default)]
    text: String,
    hours: Option<i64>,
    #[serde(default)]
    silences: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn announce(
    From(state): From<State>,
    visitor: Visitor,
    Form(news): Form<News>,
) -> Result<Response, Oops> {
    let shops = match news.shop.as_str() {
        "" if visitor.shops().is_some() => return Err(Oops::ROLE),
        "" => None,
        shop => Some(vec![his(&visitor, shop)?]),
    };
    let hours = news.hours.unwrap_or(4).clamp(1, 24 * 30);
    let wanted = announcements::Wanted {
        shops,
        text: news.text,
        from: None,
        until: state.switchboard.now() + Duration::hours(hours),
        silences: news.silences.split_whitespace().map(Into::into).collect(),
        reason: news.reason,
    };
    let who = visitor.who(LEAD);
    let announced = state.switchboard.announce(who, wanted).await;
    came(&state, &visitor, announced, "done.announced").await
}

/// What is to end.
#[derive(Deserialize)]
pub(super) struct End {
    arrangement: Option<i64>,
    announcement: Option<i64>,
}

pub(super) async fn end(
    From(state): From<State>,
    visitor: Visitor,
    Form(end): Form<End>,
) -> Result<Response, Oops> {
    let (who, shops) = (visitor.who(LEAD), visitor.shops().clone());
    let board = &state.switchboard;
    let ended = match (end.arrangement, end.announcement) {
        (Some(id), None) => board
            .end_arrangement(who, shops, id, String::new())
            .await
            .map(|_| ()),
        (None, Some(id)) => board
            .end_announcement(who, shops, id, String::new())
            .await
            .map(|_| ()),
        _ => return Err(Oops::UNREADABLE),
    };
    came(&state, &visitor, ended, "done.ended").await
}
