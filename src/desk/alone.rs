//! What the bot may say alone about a turn, whoever is in: the policy of what was understood, and the words.
//!
//! Whether it may speak at all (mode, cover, owner, kill switch) is decided in [`mod@super::decide`].

use chrono::Duration;

use super::{
    cases::matters,
    decision::{ReplyClass, Verdict},
    filling::Filling,
    turn::LastTurn,
};
use crate::knowledge::{
    AutoUse, IntentId, Policy, Purpose, ScriptId, forbidden::Ban, reading::ReadIntent,
    script::Script,
};

/// From this mood on, the bot gives a neutral receipt at most: threats, abuse, danger.
pub const RISKY_MOOD: u8 = 3;
/// The same neutral line goes out at most once in this time.
pub const RECEIPT_PAUSE: Duration = Duration::minutes(30);

/// What the bot would say alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Alone {
    /// The most it might do about these intents.
    pub policy: Policy,
    /// What came of it.
    pub verdict: Verdict,
    /// The intent that decided.
    pub intent: Option<IntentId>,
    /// The words.
    pub line: Option<Line>,
}

/// Words for a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The script they come from (the first, when two answers are joined).
    pub script: ScriptId,
    /// Whether they end the turn.
    pub class: ReplyClass,
    /// The words.
    pub text: String,
}

/// What the bot would say alone about `turn`.
pub fn alone(filling: &Filling<'_>, turn: &LastTurn<'_>) -> Alone {
    let intents = &filling.reading.intents;
    let policy = policy(filling);
    let mut alone = Alone {
        policy,
        verdict: Verdict::Silent,
        intent: intents.first().map(|i| i.id.clone()),
        line: None,
    };
    if policy == Policy::Silent {
        return alone;
    }
    if policy == Policy::Answer
        && let Some(line) = answer(filling, intents)
    {
        if !already_said(filling, turn, &line) {
            alone.verdict = Verdict::Answer;
            alone.line = Some(line);
            return alone;
        }
        // A courtesy need not be repeated; a question asked again after its answer is for a human.
        if intents.iter().all(is_courtesy) {
            return alone;
        }
    } else if policy >= Policy::Register
        && intents.iter().any(|read| matters(filling, read))
        && let Some(line) = register(filling, intents)
        && !already_said(filling, turn, &line)
    {
        alone.verdict = Verdict::Register;
        alone.line = Some(line);
        return alone;
    }
    (alone.verdict, alone.line) = receipt(filling, turn);
    alone
}

/// Whether an intent asks for nothing: a greeting, a thank-you.
pub fn is_courtesy(intent: &ReadIntent) -> bool {
    matches!(intent.id.as_str(), "oth.greet" | "oth.thanks")
}

/// The most the bot might do about what was understood.
pub fn policy(filling: &Filling<'_>) -> Policy {
    let intents = &filling.reading.intents;
    let of_intents = intents
        .iter()
        .filter_map(|read| filling.knowledge.intent(&read.id))
        .map(|intent| intent.night)
        .min()
        .unwrap_or(Policy::Receipt);
    if filling.reading.mood.level >= RISKY_MOOD {
        return of_intents.min(Policy::Receipt);
    }
    // Nothing is registered for who only asks: an answer is what he waits for, and it waits for a human.
    let of_intents = match of_intents {
        Policy::Register if !intents.iter().any(|read| matters(filling, read)) => Policy::Receipt,
        policy => policy,
    };
    let clear = intents.len() > 1 || filling.reading.margin >= filling.knowledge.ranking().margin;
    match of_intents {
        Policy::Answer if !clear => Policy::Receipt,
        policy => policy,
    }
}

/// The answers to every intent of the turn, at most two, joined; `None` when one of them has none.
fn answer(filling: &Filling<'_>, intents: &[ReadIntent]) -> Option<Line> {
    let mut lines = intents
        .iter()
        .map(|intent| best(filling, &intent.id, AutoUse::Answer, true));
    let mut line = lines.next()??;
    if let Some(second) = lines.next() {
        let second = second?;
        if lines.next().is_some() {
            return None;
        }
        if second.text != line.text {
            line.text = format!("{}\n{}", line.text, second.text);
        }
    }
    Some(line)
}

fn register(filling: &Filling<'_>, intents: &[ReadIntent]) -> Option<Line> {
    intents
        .iter()
        .filter(|read| {
            filling
                .knowledge
                .intent(&read.id)
                .is_some_and(|intent| intent.night == Policy::Register)
        })
        .chain(intents)
        .find_map(|read| best(filling, &read.id, AutoUse::Register, false))
}

/// The best script of an intent that may be used so, with every needed blank filled and nothing forbidden.
fn best(filling: &Filling<'_>, intent: &IntentId, use_as: AutoUse, must_fit: bool) -> Option<Line> {
    let usable = |script: &&Script| {
        script.intent.as_ref() == Some(intent)
            && script.auto == use_as
            && script.counts(&filling.facts.shop, filling.facts.platform, filling.now)
    };
    let ranked = filling
        .reading
        .scripts
        .iter()
        .filter(|read| read.fits || !must_fit)
        .filter_map(|read| filling.knowledge.script(&read.id))
        .filter(usable);
    // What is registered depends on the intent, not on how near a script's own sentences are.
    let of_intent = filling
        .knowledge
        .scripts_of(intent)
        .filter(usable)
        .take(if must_fit { 0 } else { usize::MAX });
    let class = match use_as {
        AutoUse::Receipt => ReplyClass::Receipt,
        _ => ReplyClass::Content,
    };
    ranked
        .chain(of_intent)
        .find_map(|script| line(filling, script, class))
}

fn receipt(filling: &Filling<'_>, turn: &LastTurn<'_>) -> (Verdict, Option<Line>) {
    let facts = filling.facts;
    let lately = facts.said.iter().any(|said| {
        said.claimed && said.class == ReplyClass::Receipt && turn.due() - said.at < RECEIPT_PAUSE
    });
    if lately {
        return (Verdict::ReceiptCapped, None);
    }
    let calm = filling.reading.mood.level < RISKY_MOOD;
    let of_intent = filling
        .reading
        .intents
        .first()
        .filter(|_| calm)
        .and_then(|read| best(filling, &read.id, AutoUse::Receipt, false));
    let words = of_intent.or_else(|| {
        filling
            .knowledge
            .generic(Purpose::Receipt, &facts.shop, facts.platform, filling.now)
            .and_then(|script| line(filling, script, ReplyClass::Receipt))
    });
    match words {
        Some(line) => (Verdict::Receipt, Some(line)),
        None => (Verdict::Silent, None),
    }
}

fn line(filling: &Filling<'_>, script: &Script, class: ReplyClass) -> Option<Line> {
    let filled = filling.fill(script);
    let allowed = filled.missing.is_empty()
        && filling
            .knowledge
            .forbidden(&filled.text)
            .iter()
            .all(|finding| finding.ban < Ban::Confirm);
    allowed.then(|| Line {
        script: script.id.clone(),
        class,
        text: filled.text,
    })
}

/// The bot does not say a thing twice while nobody is in: who asks again needs a human.
fn already_said(filling: &Filling<'_>, turn: &LastTurn<'_>, line: &Line) -> bool {
    filling.facts.said.iter().any(|said| {
        said.claimed
            && said.script == line.script
            && (said.at >= filling.coverage.since || turn.due() - said.at < RECEIPT_PAUSE)
    })
}
