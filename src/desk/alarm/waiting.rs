//! Who waits too long, and why nobody answers him: derived from facts, whenever it is asked.

use chrono::{DateTime, Duration, Utc};

use super::{Cause, Trouble};
use crate::{
    desk::{
        alone::RISKY_MOOD,
        decision::{Because, Verdict},
        duty::{Left, Owner, Post},
        standing::Ownership,
    },
    knowledge::{
        Knowledge, Platform, Policy, ShopId, Urgency, arrangement::Arrangement, case_kind::Level,
    },
};

/// So many times the patience, and it presses.
const PRESSING: i32 = 3;
/// Who showed himself longer ago than this has nothing to do with it any more, unless it is still his.
const LONG_AGO: Duration = Duration::hours(24);
/// Whose last word is only thanks waits for nothing.
const THANKS: &str = "oth.thanks";
/// The category of words that speak of harm, in `rules/mood.csv`.
const HARM: &str = "安全";

/// How long a customer may wait before somebody is told: minutes of staffed time while somebody is on duty,
/// plain minutes else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience(pub u32);

impl Default for Patience {
    fn default() -> Self {
        Self(3)
    }
}

/// A customer who waits, and what is known about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// The conversation's number.
    pub conversation: i64,
    /// Its id on its door.
    pub external: String,
    /// Its shop.
    pub shop: ShopId,
    /// Where the shop sells.
    pub platform: Platform,
    /// The door it came through.
    pub source: String,
    /// The shop's account there.
    pub account: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Everything said has been decided about.
    pub decided: bool,
    /// Why it was decided so.
    pub because: Option<Because>,
    /// The human who spoke last.
    pub human: Option<Human>,
    /// What a human last said about whose it is.
    pub ownership: Option<Ownership>,
    /// The newest automatic reply since he waits.
    pub delivery: Option<Delivery>,
}

/// A human who spoke in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Human {
    /// His name, when known.
    pub name: Option<String>,
    /// When he spoke last.
    pub at: DateTime<Utc>,
}

/// What became of an automatic reply that should have ended the waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It waits to be sent or fetched; how often it was tried.
    Waits {
        /// Tries.
        attempts: i64,
        /// When it might have left.
        due: DateTime<Utc>,
    },
    /// It is a dead letter.
    Failed,
    /// Nobody knows whether it arrived.
    Uncertain,
    /// Nobody fetched it in time.
    Expired,
    /// It was taken back.
    Withdrawn,
}

/// Why nobody answers a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Somebody may come to harm.
    Harm,
    /// Nothing has been decided about it: the service itself hangs.
    Undecided,
    /// The automatic reply is a dead letter.
    Undelivered,
    /// Nobody knows whether the automatic reply arrived.
    Uncertain,
    /// The receiver of replies takes none.
    DeadReceiver,
    /// Nobody fetched the automatic reply.
    NotFetched,
    /// It is too risky for the bot.
    Risky,
    /// The kill switch is on.
    Stopped,
    /// Who answered last is not on duty any more.
    OwnerAway,
    /// Who answered last has said nothing for so long that it is nobody's again.
    PauseOver,
    /// Who answered last is on duty and has not answered.
    OwnerSilent,
    /// The bot could not answer.
    BotCannot,
    /// Nobody answered.
    Nobody,
}

impl Waiting {
    /// Who had the conversation last.
    fn owner(&self) -> Option<Owner<'_>> {
        let spoke = self.human.as_ref();
        let spoke = spoke.map(|human| Owner::spoke(human.name.as_deref(), human.at));
        Owner::last(spoke, self.ownership.as_ref())
    }

    /// What an alarm about him is about.
    pub fn subject(&self) -> String {
        let kind = match self.delivery {
            Some(Delivery::Uncertain) => "doubt",
            _ => "wait",
        };
        format!("{kind}/{}", self.conversation)
    }
}

impl Reason {
    /// Every reason, the first to be named first.
    pub const ALL: &'static [Self] = &[
        Self::Harm,
        Self::Undecided,
        Self::Undelivered,
        Self::Uncertain,
        Self::DeadReceiver,
        Self::NotFetched,
        Self::Risky,
        Self::Stopped,
        Self::OwnerAway,
        Self::PauseOver,
        Self::OwnerSilent,
        Self::BotCannot,
        Self::Nobody,
    ];

    /// As counted and sent.
    pub fn code(self) -> &'static str {
        match self {
            Self::Harm => "harm",
            Self::Undecided => "undecided",
            Self::Undelivered => "undelivered",
            Self::Uncertain => "uncertain",
            Self::DeadReceiver => "dead_receiver",
            Self::NotFetched => "not_fetched",
            Self::Risky => "risky",
            Self::Stopped => "stopped",
            Self::OwnerAway => "owner_away",
            Self::PauseOver => "pause_over",
            Self::OwnerSilent => "owner_silent",
            Self::BotCannot => "bot_cannot",
            Self::Nobody => "nobody",
        }
    }

    /// For people.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Harm => "涉及人身安全",
            Self::Undecided => "系统还没处理",
            Self::Undelivered => "自动回复没有送达",
            Self::Uncertain => "自动回复不知是否送达",
            Self::DeadReceiver => "接收端不通，回复送不出去",
            Self::NotFetched => "助手没有取走自动回复",
            Self::Risky => "有风险，机器人不能答",
            Self::Stopped => "自动回复已停用",
            Self::OwnerAway => "接待的客服不在岗",
            Self::PauseOver => "接待的客服半小时没说话",
            Self::OwnerSilent => "接待的客服还没回",
            Self::BotCannot => "机器人答不了",
            Self::Nobody => "没有人回复",
        }
    }

    /// For those who read English.
    pub fn english(self) -> &'static str {
        match self {
            Self::Harm => "somebody may come to harm",
            Self::Undecided => "not decided yet",
            Self::Undelivered => "the automatic reply failed",
            Self::Uncertain => "unknown whether the automatic reply arrived",
            Self::DeadReceiver => "the receiver of replies is down",
            Self::NotFetched => "nobody fetched the automatic reply",
            Self::Risky => "too risky for the bot",
            Self::Stopped => "automatic replies are stopped",
            Self::OwnerAway => "its agent is off duty",
            Self::PauseOver => "its agent has been silent for half an hour",
            Self::OwnerSilent => "its agent has not answered",
            Self::BotCannot => "the bot could not answer",
            Self::Nobody => "nobody answered",
        }
    }

    /// Whether it matters while nobody is on duty. What waits for the morning by design does not.
    fn matters_at_night(self) -> bool {
        self <= Self::Risky
    }
}

/// What stands around a waiting customer.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// What was arranged for his shop.
    pub arrangements: &'a [Arrangement],
    /// How long its customers may wait.
    pub patience: Patience,
    /// His source's receiver keeps failing.
    pub deaf: bool,
    /// Somebody was told of him already.
    pub noted: bool,
}

/// Why nobody answers a customer.
fn reason(post: &Post<'_>, it: &Waiting, deaf: bool) -> Reason {
    let (knowledge, now) = (post.knowledge, post.now);
    let because = it.because.as_ref();
    if because.is_some_and(|because| harmful(knowledge, because)) {
        return Reason::Harm;
    }
    if !it.decided {
        return Reason::Undecided;
    }
    match it.delivery {
        Some(Delivery::Failed) => return Reason::Undelivered,
        Some(Delivery::Uncertain) => return Reason::Uncertain,
        Some(Delivery::Waits { attempts: 1.., .. }) => return Reason::DeadReceiver,
        Some(Delivery::Waits { due, .. }) if due <= now && deaf => return Reason::DeadReceiver,
        Some(Delivery::Waits { due, .. }) if due <= now => return Reason::NotFetched,
        Some(Delivery::Expired) if deaf => return Reason::DeadReceiver,
        Some(Delivery::Expired) => return Reason::NotFetched,
        _ => {}
    }
    let Some(because) = because else {
        return Reason::Undecided;
    };
    if risky(knowledge, because) {
        return Reason::Risky;
    }
    if because.verdict == Verdict::Stopped {
        return Reason::Stopped;
    }
    if let Some(owner) = it.owner() {
        match post.left(&owner) {
            None => return Reason::OwnerSilent,
            Some(_) if owner.since + LONG_AGO <= now => {}
            Some(Left::OwnerAway) => return Reason::OwnerAway,
            Some(Left::PauseOver) => return Reason::PauseOver,
        }
    }
    match because.verdict {
        Verdict::Silent
        | Verdict::Receipt
        | Verdict::ReceiptCapped
        | Verdict::Stale
        | Verdict::Loop
        | Verdict::Handoff
        | Verdict::HandedOff => Reason::BotCannot,
        _ => Reason::Nobody,
    }
}

/// A customer who has waited longer than he should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overdue {
    /// Why nobody answers him.
    pub why: Reason,
    /// How much it presses; `None` when nobody need be told: he waits for the next shift, as it is meant.
    pub urgency: Option<Urgency>,
}

/// Whether a customer waits longer than he should, why, and how much it presses.
///
/// Harm is told at once. Everything else when his patience has run out: in staffed hours always, else only
/// what failed, and what the bot may not handle. What somebody was told of stays wrong until the
/// customer is answered, whoever goes off duty meanwhile. Who only said thanks, and history of before we came,
/// wait for nothing.
pub fn overdue(
    knowledge: &Knowledge,
    it: &Waiting,
    around: Around<'_>,
    now: DateTime<Utc>,
) -> Option<Overdue> {
    let Around {
        arrangements,
        patience,
        deaf,
        noted,
    } = around;
    if it.decided && it.because.as_ref().is_some_and(waits_for_nothing) {
        return None;
    }
    let coverage = knowledge.coverage_with(&it.shop, now, arrangements);
    let post = Post {
        knowledge,
        shop: &it.shop,
        arrangements,
        coverage: &coverage,
        now,
    };
    let why = reason(&post, it, deaf);
    let minutes = Duration::minutes(i64::from(patience.0));
    let staffed = coverage.cover.is_staffed();
    let (late, pressing) = if staffed {
        let after = |n| {
            let minutes = patience.0.saturating_mul(n);
            knowledge.staffed_after_with(&it.shop, it.since, minutes, arrangements)
        };
        (after(1) <= now, after(PRESSING.unsigned_abs()) <= now)
    } else {
        (
            it.since + minutes <= now,
            it.since + minutes * PRESSING <= now,
        )
    };
    let urgency = match why {
        Reason::Harm => Some(Urgency::Safety),
        _ if !noted && !late => return None,
        _ if !noted && !staffed && !why.matters_at_night() => None,
        Reason::Risky => Some(Urgency::Urgent),
        _ if pressing => Some(Urgency::Urgent),
        _ => Some(Urgency::Warning),
    };
    Some(Overdue { why, urgency })
}

/// Whether somebody must be told of a waiting customer, and how much it presses.
pub fn cause(
    knowledge: &Knowledge,
    it: &Waiting,
    around: Around<'_>,
    now: DateTime<Utc>,
) -> Option<Cause> {
    let Overdue { why, urgency } = overdue(knowledge, it, around, now)?;
    Some(Cause {
        subject: it.subject(),
        since: it.since,
        urgency: urgency?,
        trouble: Trouble::Waiting {
            shop: it.shop.clone(),
            name: knowledge.shop_or_default(&it.shop).name.clone(),
            platform: it.platform,
            who: it.external.clone(),
            why,
        },
    })
}

fn waits_for_nothing(because: &Because) -> bool {
    let only_thanks = !because.intents.is_empty()
        && because
            .intents
            .iter()
            .all(|read| read.id.as_str() == THANKS)
        && because.mood.level < RISKY_MOOD;
    only_thanks || matches!(because.verdict, Verdict::OnlyHistory | Verdict::NobodyWaits)
}

/// People may come to harm: an intent whose case says so, or words that do.
fn harmful(knowledge: &Knowledge, because: &Because) -> bool {
    let by_case = because.intents.iter().any(|read| {
        knowledge
            .intent(&read.id)
            .and_then(|intent| knowledge.case_kind(intent.case.as_ref()?))
            .is_some_and(|kind| kind.level == Level::Safety)
    });
    by_case
        || because
            .mood
            .signals
            .iter()
            .any(|signal| signal.category == HARM && signal.level > RISKY_MOOD)
}

/// A threatening mood, or an intent that gets a receipt at most.
fn risky(knowledge: &Knowledge, because: &Because) -> bool {
    because.mood.level >= RISKY_MOOD
        || because.intents.iter().any(|read| {
            knowledge
                .intent(&read.id)
                .is_some_and(|intent| intent.night <= Policy::Receipt)
        })
}

#[cfg(test)]
mod tests;
