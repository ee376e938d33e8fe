//! The decision about one conversation: who may answer, with what, and what somebody must do.
//!
//! Precedence: kill switch, risk and the silence list, a human owner on duty, the shop's mode and who is
//! in, the scripts. [`Decision::reconsider_at`] is the earliest moment at which the same facts would give
//! another answer, so that lunch, night and an owner's leaving are one mechanism with a new message.

use chrono::{DateTime, Duration, Utc};

use super::{
    alone::{Alone, alone, policy},
    cases::drafts,
    decision::{Because, Decision, Reply, Suggestion, Verdict},
    facts::{Facts, Message},
    filling::Filling,
    turn::{LastTurn, last_turn},
};
use crate::knowledge::{Knowledge, Mode, Reading, hours::Coverage};

/// How many suggestions an agent sees.
pub const SUGGESTIONS: usize = 3;
/// A script below this is no suggestion.
const WORTH_SHOWING: f32 = 0.3;
/// A human owns a conversation this long after he last spoke in it.
pub const OWNER_IDLE: Duration = Duration::minutes(30);
/// A turn whose last message is older than this is for a human: an answer would come out of nowhere.
pub const STALE: Duration = Duration::minutes(30);
/// After a day of silence time alone changes nothing any more: what customers who never came back cost is
/// bounded by the day, not by the history.
const FORGOTTEN: Duration = Duration::hours(24);

/// Decides about a conversation. The same arguments give the same decision, and so does any later `now`
/// before [`Decision::reconsider_at`]. Cannot fail: at worst it decides to do nothing.
pub fn decide(
    knowledge: &Knowledge,
    facts: &Facts,
    reading: &Reading,
    now: DateTime<Utc>,
) -> Decision {
    let coverage = knowledge.coverage(&facts.shop, now);
    let filling = Filling {
        knowledge,
        facts,
        reading,
        coverage: &coverage,
        now,
    };
    let Some(turn) = last_turn(&facts.messages) else {
        return nothing(&filling, None);
    };
    if !turn.open {
        return nothing(&filling, Some(turn.id()));
    }
    let would = match freedom(&filling, &turn) {
        Freedom::None(stopped_by) => silent(&filling, stopped_by),
        Freedom::Full => alone(&filling, &turn),
        Freedom::Answers => match alone(&filling, &turn) {
            answer if answer.verdict == Verdict::Answer => answer,
            _ => silent(&filling, Verdict::Mode),
        },
    };
    let verdict = would.verdict;
    let reply = reply(&filling, &turn, &would);
    let registered = reply.is_some() && verdict == Verdict::Register;
    Decision {
        turn: Some(turn.id()),
        suggestions: suggestions(&filling),
        cases: drafts(&filling, &turn, registered, reply.as_ref()),
        because: because(&filling, &would),
        reconsider_at: reconsider_at(&filling, &turn, reply.as_ref()),
        reply,
    }
}

/// How far the bot may speak now, whatever it would say.
enum Freedom {
    /// Not at all, by this rule.
    None(Verdict),
    /// Only in answer to a question: somebody is on duty for the rest.
    Answers,
    /// As its policies allow.
    Full,
}

fn freedom(filling: &Filling<'_>, turn: &LastTurn<'_>) -> Freedom {
    let Filling {
        facts,
        coverage,
        now,
        ..
    } = *filling;
    if facts.stopped {
        Freedom::None(Verdict::Stopped)
    } else if turn.is_history() {
        Freedom::None(Verdict::OnlyHistory)
    } else if turn.last_at() + STALE <= now {
        Freedom::None(Verdict::Stale)
    } else if owner(facts, coverage, now).is_some() {
        Freedom::None(Verdict::Owned)
    } else {
        match (mode(filling), coverage.cover.is_staffed()) {
            (Mode::Off, _) | (Mode::Assist, true) => Freedom::None(Verdict::Mode),
            (Mode::Auto, true) => Freedom::Answers,
            (Mode::Assist | Mode::Auto, false) => Freedom::Full,
        }
    }
}

/// What is left when a rule keeps the bot silent.
fn silent(filling: &Filling<'_>, verdict: Verdict) -> Alone {
    Alone {
        policy: policy(filling),
        verdict,
        intent: filling.reading.intents.first().map(|i| i.id.clone()),
        line: None,
    }
}

/// How far the bot may go here: the shop's mode, which the sender may lower.
pub fn mode(filling: &Filling<'_>) -> Mode {
    let facts = filling.facts;
    let shop = filling.knowledge.shop_or_default(&facts.shop);
    let of_shop = facts.mode.unwrap_or(shop.mode);
    facts
        .lowered
        .map_or(of_shop, |lowered| lowered.min(of_shop))
}

/// The human who owns the conversation now: he spoke lately, and did not go off duty since.
pub fn owner<'a>(facts: &'a Facts, coverage: &Coverage, now: DateTime<Utc>) -> Option<&'a Message> {
    facts
        .messages
        .iter()
        .rev()
        .find(|m| m.speaker.is_human())
        .filter(|m| now < m.at + OWNER_IDLE)
        .filter(|m| coverage.cover.is_staffed() || m.at >= coverage.since)
}

fn reply(filling: &Filling<'_>, turn: &LastTurn<'_>, would: &Alone) -> Option<Reply> {
    let line = would.line.as_ref()?;
    let script_ends = filling
        .knowledge
        .script(&line.script)
        .and_then(|script| script.until);
    let not_after = [filling.coverage.until, script_ends]
        .into_iter()
        .flatten()
        .fold(turn.last_at() + STALE, DateTime::min);
    let not_before = turn.due().max(filling.coverage.since);
    (not_before < not_after).then(|| Reply {
        script: line.script.clone(),
        class: line.class,
        text: line.text.clone(),
        not_before,
        not_after,
    })
}

fn suggestions(filling: &Filling<'_>) -> Vec<Suggestion> {
    filling
        .reading
        .scripts
        .iter()
        .filter(|read| read.score >= WORTH_SHOWING)
        .filter_map(|read| Some((read, filling.knowledge.script(&read.id)?)))
        .take(SUGGESTIONS)
        .map(|(read, script)| {
            let filled = filling.fill(script);
            Suggestion {
                script: script.id.clone(),
                title: script.title.clone(),
                text: filled.text,
                missing: filled.missing,
                score: read.score,
            }
        })
        .collect()
}

/// The earliest of: cover changes, the owner becomes idle, a script begins or ends, the reply would be stale.
/// Nothing after the turn is [`FORGOTTEN`].
fn reconsider_at(
    filling: &Filling<'_>,
    turn: &LastTurn<'_>,
    reply: Option<&Reply>,
) -> Option<DateTime<Utc>> {
    let Filling {
        knowledge,
        facts,
        reading,
        coverage,
        now,
    } = *filling;
    let owner_leaves = owner(facts, coverage, now).map(|m| m.at + OWNER_IDLE);
    let stale = turn.last_at() + STALE;
    let scripts = reading
        .intents
        .iter()
        .flat_map(|read| knowledge.scripts_of(&read.id))
        .flat_map(|script| [script.from, script.until])
        .flatten();
    [
        coverage.until,
        owner_leaves,
        reply.map(|r| r.not_after),
        Some(stale),
    ]
    .into_iter()
    .flatten()
    .chain(scripts)
    .filter(|at| *at > now && *at <= turn.last_at() + FORGOTTEN)
    .min()
}

fn because(filling: &Filling<'_>, would: &Alone) -> Because {
    let Filling {
        knowledge,
        reading,
        coverage,
        ..
    } = *filling;
    Because {
        knowledge: knowledge.version().clone(),
        intents: reading.intents.clone(),
        evidence: reading.evidence.clone(),
        runner_up: reading.runner_up.clone(),
        margin: reading.margin,
        mood: reading.mood.clone(),
        cover: coverage.cover,
        cover_reason: coverage.reason.clone(),
        policy: would.policy,
        verdict: would.verdict,
        intent: would.intent.clone(),
    }
}

/// The decision about a customer who is not waiting.
fn nothing(filling: &Filling<'_>, turn: Option<i64>) -> Decision {
    Decision {
        turn,
        suggestions: Vec::new(),
        reply: None,
        cases: Vec::new(),
        because: because(filling, &silent(filling, Verdict::NobodyWaits)),
        reconsider_at: None,
    }
}

#[cfg(test)]
mod tests;
