//! When a human is needed: asked for in whatever words, forced by risk or mood, or because nothing is understood.
//!
//! A customer who wants a human rarely writes so: he sends `1`, or 在吗 a second time. What he wrote before a
//! human last laid hands on the conversation has been seen and asks for nobody again.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::{alone::RISKY_MOOD, cases::matters, facts::Message, filling::Filling, turn::LastTurn};
use crate::knowledge::{
    ContentKind, IntentId, Policy, Speaker, reading::ReadIntent, text::normalise,
};

/// A human is needed in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handoff {
    /// Why.
    pub reason: HandoffReason,
    /// Since when the customer has waited for it.
    pub since: DateTime<Utc>,
}

/// Why a human is needed, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoffReason {
    /// Risk: a threat, danger, or a matter about which the bot may not speak.
    Risk,
    /// The customer asked for a human.
    Asked,
    /// A reply could not be delivered.
    Undelivered,
    /// So many automatic replies left that the next must wait.
    Capped,
    /// Another machine seems to be talking.
    Loop,
    /// The customer was not understood, several times.
    Unknown,
    /// The customer had waited too long in staffed hours, and the bot stepped in.
    Rescued,
    /// The customer has waited too long, for whatever reason.
    Unanswered,
}

impl HandoffReason {
    /// Every reason, the most urgent first.
    pub const ALL: [Self; 8] = [
        Self::Risk,
        Self::Asked,
        Self::Undelivered,
        Self::Capped,
        Self::Loop,
        Self::Unknown,
        Self::Rescued,
        Self::Unanswered,
    ];

    /// As stored and sent.
    pub fn code(self) -> &'static str {
        match self {
            Self::Risk => "risk",
            Self::Asked => "asked",
            Self::Undelivered => "undelivered",
            Self::Capped => "capped",
            Self::Loop => "loop",
            Self::Unknown => "unknown",
            Self::Rescued => "rescued",
            Self::Unanswered => "unanswered",
        }
    }

    /// As read from the store.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// 0 is the most urgent.
    pub fn rank(self) -> i64 {
        self as i64
    }
}

/// The intent of asking for a human.
pub const HUMAN: &str = "oth.human";
/// Words that always fetch a human when they are all that is said; no folder can take them away.
const WORDS: &[&str] = &[
    "人工",
    "人",
    "转人工",
    "转接人工",
    "人工客服",
    "转人工客服",
    "人工服务",
    "找人工",
    "我要人工",
    "要人工",
    "真人",
    "human",
    "agent",
];
/// Knocking at the door.
const PINGS: &[&str] = &[
    "在吗",
    "在嘛",
    "在么",
    "在不",
    "在不在",
    "在",
    "亲在吗",
    "你好在吗",
    "您好在吗",
    "有人吗",
    "有人么",
    "有人在吗",
    "人呢",
    "客服在吗",
    "客服呢",
    "hello",
    "hi",
];
/// No word above is longer, in bytes; longer messages are not looked at.
const SHORT: usize = 60;
/// Two knocks further apart than this are two visits.
const VISIT: Duration = Duration::minutes(30);
/// A pause after which what is said next is another try to be understood.
const TRY: Duration = Duration::minutes(1);

/// Whether the customer asks for a human in this turn.
pub fn asked(filling: &Filling<'_>, turn: &LastTurn<'_>) -> bool {
    let by_intent = |read: &ReadIntent| read.id.as_str() == HUMAN;
    if filling.reading.intents.iter().any(by_intent) {
        return true;
    }
    let bare: Vec<Option<String>> = turn.messages.iter().map(|m| bare(m)).collect();
    let said = |word: &Option<String>, words: &[&str]| {
        word.as_deref().is_some_and(|word| words.contains(&word))
    };
    bare.iter().any(|word| said(word, WORDS))
        || turn
            .messages
            .iter()
            .zip(&bare)
            .any(|(m, word)| said(word, &["1"]) && was_offered(filling, m))
        || bare.iter().all(|word| said(word, PINGS)) && knocked_before(turn)
}

/// Whether the turn holds what only a human may handle: a threatening mood, or a matter about which the bot may
/// say nothing and somebody must act.
pub fn risky(filling: &Filling<'_>) -> bool {
    filling.reading.mood.level >= RISKY_MOOD
        || filling
            .reading
            .intents
            .iter()
            .any(|read| is_grave(filling, &read.id) && matters(filling, read))
}

/// Whether the bot may at most acknowledge an intent for which somebody must act.
pub fn is_grave(filling: &Filling<'_>, intent: &IntentId) -> bool {
    filling
        .knowledge
        .intent(intent)
        .is_some_and(|intent| intent.night <= Policy::Receipt && intent.case.is_some())
}

/// Whether the customer has tried so often in this turn that somebody must look, and nothing was understood.
pub fn is_lost(filling: &Filling<'_>, turn: &LastTurn<'_>) -> bool {
    let shop = filling.knowledge.shop_or_default(&filling.facts.shop);
    filling.reading.intents.is_empty() && tries(filling, turn) >= shop.manners.unknown_turns
}

/// A human has laid hands on the conversation after all that the turn says.
pub fn is_seen(filling: &Filling<'_>, turn: &LastTurn<'_>) -> bool {
    filling
        .facts
        .ownership
        .as_ref()
        .is_some_and(|said| turn.last_at() <= said.at)
}

/// How often the customer has tried in this turn: a line of ours or a pause lies between two tries.
fn tries(filling: &Filling<'_>, turn: &LastTurn<'_>) -> u32 {
    let mut tries = 0;
    let mut last: Option<DateTime<Utc>> = None;
    for message in filling.facts.messages.iter().skip(turn.before.len()) {
        match message.speaker {
            Speaker::Customer => {
                if last.is_none_or(|last| message.at - last >= TRY) {
                    tries += 1;
                }
                last = Some(message.at);
            }
            Speaker::Notice => last = None,
            _ => {}
        }
    }
    tries
}

/// Whether a turn that only knocks is not the first knock since a human spoke.
fn knocked_before(turn: &LastTurn<'_>) -> bool {
    turn.bursts().len() > 1
        || turn
            .before
            .iter()
            .rev()
            .take_while(|m| !m.speaker.is_human() && turn.since() - m.at < VISIT)
            .filter(|m| m.speaker == Speaker::Customer)
            .any(|m| bare(m).is_some_and(|word| PINGS.contains(&word.as_str())))
}

/// Whether a machine of the shop offered a menu, or a human, before a message and after the last human.
fn was_offered(filling: &Filling<'_>, message: &Message) -> bool {
    filling
        .facts
        .messages
        .iter()
        .rev()
        .skip_while(|m| m.id != message.id)
        .take_while(|m| !m.speaker.is_human())
        .filter(|m| m.speaker != Speaker::Customer)
        .any(|m| offers(&m.text))
}

/// Whether a line says what to answer for a human, or what to answer with 1.
fn offers(text: &str) -> bool {
    let asks_for_one = |verb: &str| {
        text.match_indices(verb).any(|(at, _)| {
            let rest = &text[at + verb.len()..];
            let mut near = rest.chars().take(3).skip_while(|c| !c.is_ascii_digit());
            near.next() == Some('1') && near.next().is_none_or(|c| !c.is_ascii_digit())
        })
    };
    text.contains("人工")
        || ["回复", "输入", "发送", "按", "扣"]
            .iter()
            .any(|v| asks_for_one(v))
}

/// A short message without the marks around it; `None` for anything longer.
fn bare(message: &Message) -> Option<String> {
    if message.kind != ContentKind::Text || message.text.len() > SHORT {
        return None;
    }
    let text = normalise(&message.text);
    Some(text.trim_matches(|c: char| !c.is_alphanumeric()).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_offers_a_human_or_the_one() {
        for (line, offered) in [
            ("需要同事处理的，回复「人工」就可以", true),
            ("回复1转接同事，回复2查物流", true),
            ("请按 1", true),
            ("扣1领券", true),
            ("回复12查物流", false),
            ("同事11点回复您", false),
            ("亲，包邮的", false),
        ] {
            assert_eq!(offers(line), offered, "{line}");
        }
    }

    #[test]
    fn codes_are_read_as_they_are_written() {
        for reason in HandoffReason::ALL {
            assert_eq!(HandoffReason::parse(reason.code()), Some(reason));
        }
        assert!(HandoffReason::Risk.rank() < HandoffReason::Asked.rank());
    }
}
