//! The decision about one conversation: who may answer, with what, and what somebody must do.
//!
//! Precedence: kill switch, risk and the silence list, a human owner on duty, what stands for everybody, the
//! shop's mode and who is in, the scripts. [`Decision::reconsider_at`] is the earliest moment at which the same
//! facts would give another answer, so that lunch, night, an owner's leaving and a rescue are one mechanism with
//! a new message. No reply outlives its decision.

use chrono::{DateTime, Duration, Utc};

use super::{
    alone::{Alone, alone, handed_over, policy, rescued},
    bots::is_machine,
    cases::drafts,
    decision::{Because, Caps, Decision, Reply, ReplyClass, Suggestion, Verdict},
    duty::{self, Owner},
    facts::Facts,
    filling::Filling,
    handoff::{self, Handoff, HandoffReason},
    news::News,
    rescue,
    turn::{LastTurn, Pace},
};
use crate::knowledge::{Knowledge, Mode, Reading};

/// How many suggestions an agent sees.
pub const SUGGESTIONS: usize = 3;
/// A script below this is no suggestion.
const WORTH_SHOWING: f32 = 0.3;
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
    let coverage = duty::coverage(knowledge, facts, now);
    let filling = Filling {
        knowledge,
        facts,
        reading,
        coverage: &coverage,
        now,
    };
    let pace = Pace::from(&knowledge.shop_or_default(&facts.shop).manners);
    let Some(turn) = LastTurn::of(&facts.messages, duty::ended(facts), pace) else {
        return nothing(&filling, None);
    };
    if !turn.open {
        return nothing(&filling, Some(turn.id()));
    }
    let scene = Scene::of(&filling, &turn);
    let freedom = scene.freedom();
    let handoff = scene.handoff(&freedom);
    let would = scene.would(&freedom, handoff.map(|handoff| handoff.reason));
    let edges = scene.edges();
    let verdict = would.verdict;
    let reply = scene.reply(&would, &edges);
    let registered = reply.is_some() && verdict == Verdict::Register;
    Decision {
        turn: Some(turn.id()),
        suggestions: suggestions(&filling),
        cases: drafts(&filling, &turn, registered, reply.as_ref()),
        handoff,
        because: because(&filling, &would, matches!(freedom, Freedom::Rescue)),
        reconsider_at: edges.into_iter().min(),
        reply,
    }
}

/// How far the bot may speak now, whatever it would say.
enum Freedom {
    /// Not at all, by this rule.
    None(Verdict),
    /// Only in answer to a question: somebody is on duty for the rest.
    Answers,
    /// In the place of agents who are busy.
    Rescue,
    /// As its policies allow.
    Full,
}

/// An open turn, and who stands around it.
struct Scene<'a> {
    filling: &'a Filling<'a>,
    turn: &'a LastTurn<'a>,
    owner: Option<Owner<'a>>,
    /// When the bot steps in for agents who are busy, if it ever does.
    rescue: Option<DateTime<Utc>>,
    machine: bool,
}

impl<'a> Scene<'a> {
    fn of(filling: &'a Filling<'a>, turn: &'a LastTurn<'a>) -> Self {
        let owner = duty::owner(filling);
        let rescue = match mode(filling) {
            Mode::Off => None,
            _ => rescue::due(filling, turn, owner.as_ref()),
        };
        Self {
            filling,
            turn,
            owner,
            rescue,
            machine: is_machine(filling),
        }
    }

    fn freedom(&self) -> Freedom {
        let Filling {
            facts,
            coverage,
            now,
            ..
        } = *self.filling;
        let told = |class| {
            let since = self.turn.since();
            let said = move |said: &&super::SaidLine| said.claimed && said.class == class;
            facts
                .said
                .iter()
                .filter(said)
                .any(move |said| said.at >= since)
        };
        if facts.stopped {
            Freedom::None(Verdict::Stopped)
        } else if self.turn.is_history() {
            Freedom::None(Verdict::OnlyHistory)
        } else if self.machine {
            Freedom::None(Verdict::Loop)
        } else if told(ReplyClass::Handoff) {
            Freedom::None(Verdict::HandedOff)
        } else if self.turn.last_at() + STALE <= now {
            Freedom::None(Verdict::Stale)
        } else if self.rescue.is_some_and(|at| at <= now) {
            Freedom::Rescue
        } else if self.owner.is_some() {
            Freedom::None(Verdict::Owned)
        } else {
            match (mode(self.filling), coverage.cover.is_staffed()) {
                (Mode::Off, _) | (Mode::Assist, true) => Freedom::None(Verdict::Mode),
                (Mode::Auto, true) => Freedom::Answers,
                (Mode::Assist | Mode::Auto, false) => Freedom::Full,
            }
        }
    }

    /// Whether a human is needed, and why: the most urgent reason.
    fn handoff(&self, freedom: &Freedom) -> Option<Handoff> {
        let (filling, turn) = (self.filling, self.turn);
        if turn.is_history() {
            return None;
        }
        let new = !handoff::is_seen(filling, turn);
        // Where agents read along, what the bot does not understand is theirs anyway.
        let speaks = !matches!(freedom, Freedom::None(_));
        let reason = if new && handoff::risky(filling) {
            HandoffReason::Risk
        } else if new && handoff::asked(filling, turn) {
            HandoffReason::Asked
        } else if new && self.machine {
            HandoffReason::Loop
        } else if new && speaks && handoff::is_lost(filling, turn) {
            HandoffReason::Unknown
        } else if matches!(freedom, Freedom::Rescue) {
            HandoffReason::Rescued
        } else {
            return None;
        };
        Some(Handoff {
            reason,
            since: turn.since(),
        })
    }

    fn would(&self, freedom: &Freedom, needed: Option<HandoffReason>) -> Alone {
        let (filling, turn) = (self.filling, self.turn);
        let hand_over = match needed {
            Some(HandoffReason::Asked | HandoffReason::Unknown) => true,
            // A threat is answered neutrally, unless it asks for a human itself.
            Some(HandoffReason::Risk) => handoff::asked(filling, turn),
            _ => false,
        };
        match freedom {
            Freedom::None(stopped_by) => silent(filling, *stopped_by),
            _ if hand_over => handed_over(filling, turn),
            Freedom::Full => alone(filling, turn),
            Freedom::Rescue => rescued(filling, turn),
            Freedom::Answers => match alone(filling, turn) {
                answer if answer.verdict == Verdict::Answer => answer,
                news if news.verdict == Verdict::Announcement => news,
                _ => silent(filling, Verdict::Mode),
            },
        }
    }

    /// Every moment to come at which the same facts may give another answer: cover and arrangements change, the
    /// owner becomes idle, announcements and scripts begin or end, the bot steps in, the turn becomes stale, and
    /// 今天 becomes 昨天. Nothing after the turn is [`FORGOTTEN`].
    fn edges(&self) -> Vec<DateTime<Utc>> {
        let Filling {
            knowledge,
            facts,
            reading,
            coverage,
            now,
        } = *self.filling;
        let last = self.turn.last_at();
        let standing = &facts.standing;
        let arranged = standing.arrangements.iter().flat_map(|a| [a.from, a.until]);
        let announced = standing
            .announcements
            .iter()
            .flat_map(|a| [a.from, a.until]);
        let scripts = reading
            .intents
            .iter()
            .flat_map(|read| knowledge.scripts_of(&read.id))
            .chain(knowledge.generics())
            .flat_map(|script| [script.from, script.until])
            .flatten();
        [
            coverage.until,
            duty::leaves_at(self.filling),
            self.rescue,
            duty::midnight(self.filling),
            Some(last + STALE),
        ]
        .into_iter()
        .flatten()
        .chain(arranged)
        .chain(announced)
        .chain(scripts)
        .filter(|at| *at > now && *at <= last + FORGOTTEN)
        .collect()
    }

    /// What would be said, from when the burst is closed until the decision no longer stands.
    fn reply(&self, would: &Alone, edges: &[DateTime<Utc>]) -> Option<Reply> {
        let line = would.line.as_ref()?;
        let not_after = edges.iter().copied().min()?;
        let not_before = self.turn.due().max(self.filling.coverage.since);
        let not_before = match self.rescue {
            Some(at) if at <= self.filling.now => not_before.max(at),
            _ => not_before,
        };
        let shop = self
            .filling
            .knowledge
            .shop_or_default(&self.filling.facts.shop);
        (not_before < not_after).then(|| Reply {
            script: line.script.clone(),
            class: line.class,
            text: line.text.clone(),
            not_before,
            not_after,
            caps: Caps::from(&shop.manners),
        })
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

fn suggestions(filling: &Filling<'_>) -> Vec<Suggestion> {
    let mut suggestions = News::of(filling).suggestions(filling);
    let scripts = filling
        .reading
        .scripts
        .iter()
        .filter(|read| read.score >= WORTH_SHOWING)
        .filter_map(|read| Some((read, filling.knowledge.script(&read.id)?)))
        .map(|(read, script)| {
            let filled = filling.fill(script);
            Suggestion {
                script: script.id.clone(),
                title: script.title.clone(),
                text: filled.text,
                missing: filled.missing,
                score: read.score,
            }
        });
    let room = SUGGESTIONS.saturating_sub(suggestions.len());
    suggestions.extend(scripts.take(room));
    suggestions.truncate(SUGGESTIONS);
    suggestions
}

fn because(filling: &Filling<'_>, would: &Alone, rescue: bool) -> Because {
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
        cover_reason: match rescue {
            true => rescue::REASON.to_owned(),
            false => coverage.reason.clone(),
        },
        rescue,
        left: duty::left(filling),
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
        handoff: None,
        because: because(filling, &silent(filling, Verdict::NobodyWaits), false),
        reconsider_at: None,
    }
}

#[cfg(test)]
mod tests;
