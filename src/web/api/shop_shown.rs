//! How a shop looks from outside.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::shapes::{ActShown, AnnouncementShown, ArrangementShown, ModeCode};
use crate::{
    knowledge::{Mode, hours::Cover},
    service::switchboard::{Answers, ShopState},
};

/// A shop: who answers its customers now, and the three facts that decide it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ShopShown {
    /// Its id in `shops.yaml`.
    id: String,
    /// What customers know it as.
    name: String,
    /// Where it sells.
    platform: String,
    /// Who answers now.
    answers: AnswersCode,
    /// The same in one sentence, with the reason.
    because: String,
    /// How far the bot may go.
    mode: ModeShown,
    /// Who is in.
    coverage: CoverageShown,
    /// Whether the bot is stopped.
    kill: KillState,
    /// What is arranged by hand and has not ended.
    arrangements: Vec<ArrangementShown>,
    /// What is announced and has not ended.
    announcements: Vec<AnnouncementShown>,
    /// The moment this was so.
    at: DateTime<Utc>,
}

/// How far the bot may go, and who says so.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ModeShown {
    /// What holds.
    now: ModeCode,
    /// As switched; `null` leaves it to the knowledge.
    switched: Option<ModeCode>,
    /// As `shops.yaml` says.
    by_knowledge: ModeCode,
    /// Who switched it last.
    last: Option<ActShown>,
}

/// Who is in, why, since and until when.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CoverageShown {
    /// `staffed`, `lunch`, `night` or `holiday`.
    cover: String,
    /// The shift, break, holiday or arrangement.
    reason: String,
    /// Who is on duty, where the table names people.
    people: Vec<String>,
    /// Since when; `null` when it was never otherwise.
    since: Option<DateTime<Utc>>,
    /// Until when; `null` when nothing ever changes.
    until: Option<DateTime<Utc>>,
    /// When somebody is on duty next; `null` when never.
    staffed_at: Option<DateTime<Utc>>,
}

/// The kill switches of a shop.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KillState {
    /// One of them is on: nothing automatic leaves.
    stopped: bool,
    /// The shop's own.
    here: bool,
    /// That of all shops.
    everywhere: bool,
    /// Who turned it on.
    last: Option<ActShown>,
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AnswersCode {
    /// People.
    Staff,
    /// The bot, within its policies.
    Bot,
    /// People, and the bot where a script may answer.
    Both,
    /// Nobody.
    Nobody,
}

impl From<&ShopState> for ShopShown {
    fn from(state: &ShopState) -> Self {
        let coverage = &state.coverage;
        Self {
            id: state.shop.id.to_string(),
            name: state.shop.name.clone(),
            platform: state.shop.platform.to_string(),
            answers: match state.answers() {
                Answers::Staff => AnswersCode::Staff,
                Answers::Bot => AnswersCode::Bot,
                Answers::Both => AnswersCode::Both,
                Answers::Nobody => AnswersCode::Nobody,
            },
            because: because(state),
            mode: ModeShown {
                now: state.mode().into(),
                switched: state.turned.mode.map(Into::into),
                by_knowledge: state.shop.mode.into(),
                last: state.mode_event.as_ref().map(Into::into),
            },
            coverage: CoverageShown {
                cover: match coverage.cover {
                    Cover::Staffed => "staffed",
                    Cover::Lunch => "lunch",
                    Cover::Night => "night",
                    Cover::Holiday => "holiday",
                }
                .to_owned(),
                reason: coverage.reason.clone(),
                people: coverage.people.clone(),
                since: (coverage.since > DateTime::UNIX_EPOCH).then_some(coverage.since),
                until: coverage.until,
                staffed_at: coverage.staffed_at,
            },
            kill: KillState {
                stopped: state.stopped(),
                here: state.turned.here,
                everywhere: state.turned.everywhere,
                last: state.kill_event.as_ref().map(Into::into),
            },
            arrangements: state
                .arrangements
                .iter()
                .map(|kept| ArrangementShown::at(kept, state.at))
                .collect(),
            announcements: state
                .announcements
                .iter()
                .map(|kept| AnnouncementShown::at(kept, state.at))
                .collect(),
            at: state.at,
        }
    }
}

/// One sentence for people: who answers, and which of the three facts says so.
fn because(state: &ShopState) -> String {
    let who = match state.answers() {
        Answers::Staff => "由客服回复",
        Answers::Bot => "由接班自动回复",
        Answers::Both => "客服在岗，接班也回复",
        Answers::Nobody => "没有人回复",
    };
    let mode = match state.mode() {
        Mode::Off => "关闭",
        Mode::Assist => "辅助",
        Mode::Auto => "自动",
    };
    let coverage = &state.coverage;
    let hours = match (coverage.reason.as_str(), coverage.cover) {
        ("", Cover::Staffed) => "有人在岗",
        ("", _) => "没人在岗",
        (reason, _) => reason,
    };
    let until = coverage
        .until
        .map(|at| at.with_timezone(&state.shop.zone))
        .map_or_else(String::new, |at| {
            format!("，到 {}", at.format("%m-%d %H:%M"))
        });
    let killed = match (&state.kill_event, state.stopped()) {
        (Some(event), true) => format!("{}已紧急停止自动回复；", event.who.name),
        (None, true) => "已紧急停止自动回复；".to_owned(),
        _ => String::new(),
    };
    format!("{killed}{mode}模式；{hours}{until}；{who}")
}
