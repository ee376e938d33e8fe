//! Bursts and turns: what a customer is waiting to have answered.
//!
//! A *burst* is what he typed without pausing. A *turn* is all that he said since the last answer he could
//! read: an agent's, or an automatic one with content. A receipt ends nothing, nor does a line of the
//! platform.

use chrono::{DateTime, Duration, Utc};

use super::facts::Message;
use crate::knowledge::{Platform, Said, ShopId, Speaker, Turn, manners::Manners};

/// How long a burst is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// A pause this long closes a burst.
    pub gap: Duration,
    /// A burst is closed at the latest this long after its first message.
    pub limit: Duration,
}

impl From<&Manners> for Pace {
    fn from(manners: &Manners) -> Self {
        Self {
            gap: manners.burst_gap,
            limit: manners.burst_limit,
        }
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::from(&Manners::default())
    }
}

/// How many messages before the turn understanding may look at.
const BEFORE: usize = 10;

/// The customer's last turn, open or answered.
#[derive(Debug, Clone, PartialEq)]
pub struct LastTurn<'a> {
    /// Nothing that the customer could read has answered it.
    pub open: bool,
    /// The customer's messages, oldest first; never empty.
    pub messages: Vec<&'a Message>,
    /// What was said before it, oldest first.
    pub before: &'a [Message],
    /// How long its bursts are waited for.
    pub pace: Pace,
}

fn answers(speaker: Speaker) -> bool {
    speaker.is_human() || speaker == Speaker::BotAuto
}

/// Finds the customer's last turn in a conversation's tail (oldest first), at the usual pace.
pub fn last_turn(messages: &[Message]) -> Option<LastTurn<'_>> {
    LastTurn::of(messages, None, Pace::default())
}

impl<'a> LastTurn<'a> {
    /// Finds the customer's last turn in a conversation's tail (oldest first). Nobody waits for what was said
    /// until the conversation was `ended` by hand.
    pub fn of(messages: &'a [Message], ended: Option<DateTime<Utc>>, pace: Pace) -> Option<Self> {
        let over = |m: &Message| ended.is_some_and(|ended| m.at <= ended);
        let last = messages
            .iter()
            .rposition(|m| m.speaker == Speaker::Customer)?;
        let start = messages[..last]
            .iter()
            .rposition(|m| answers(m.speaker) || over(m))
            .map_or(0, |answer| answer + 1);
        Some(Self {
            open: !messages[last..].iter().any(|m| answers(m.speaker)) && !over(&messages[last]),
            messages: messages[start..=last]
                .iter()
                .filter(|m| m.speaker == Speaker::Customer)
                .collect(),
            before: &messages[..start],
            pace,
        })
    }

    /// The id of its first message, by which the turn is known.
    pub fn id(&self) -> i64 {
        self.messages.first().map_or(0, |m| m.id)
    }

    /// When it began.
    pub fn since(&self) -> DateTime<Utc> {
        self.messages
            .first()
            .map_or_else(Default::default, |m| m.at)
    }

    /// When the customer last said something in it.
    pub fn last_at(&self) -> DateTime<Utc> {
        self.messages.last().map_or_else(Default::default, |m| m.at)
    }

    /// All of it was old when it was received.
    pub fn is_history(&self) -> bool {
        self.messages.iter().all(|m| m.history)
    }

    /// Its bursts, oldest first.
    pub fn bursts(&self) -> Vec<Vec<&'a Message>> {
        let mut bursts: Vec<Vec<&Message>> = Vec::new();
        for &message in &self.messages {
            match bursts.last_mut() {
                Some(burst) if self.continues(burst, message) => burst.push(message),
                _ => bursts.push(vec![message]),
            }
        }
        bursts
    }

    /// When its last burst is closed, so that an automatic answer may go.
    pub fn due(&self) -> DateTime<Utc> {
        let bursts = self.bursts();
        match bursts.last().map(Vec::as_slice) {
            Some([first, .., last]) => (last.at + self.pace.gap).min(first.at + self.pace.limit),
            Some([only]) => only.at + self.pace.gap,
            _ => DateTime::default(),
        }
    }

    fn continues(&self, burst: &[&Message], message: &Message) -> bool {
        match burst {
            [first, ..] => burst.last().is_some_and(|last| {
                message.at - last.at < self.pace.gap && message.at - first.at < self.pace.limit
            }),
            [] => false,
        }
    }

    /// As understanding reads it.
    pub fn to_read(&self, shop: &ShopId, platform: Platform) -> Turn {
        let start = self.before.len().saturating_sub(BEFORE);
        Turn {
            shop: shop.clone(),
            platform,
            before: self.before[start..].iter().map(said).collect(),
            bursts: self
                .bursts()
                .into_iter()
                .map(|burst| burst.into_iter().map(said).collect())
                .collect(),
        }
    }
}

fn said(message: &Message) -> Said {
    Said {
        speaker: message.speaker,
        kind: message.kind,
        text: message.text.clone(),
        at: message.at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::testing::{moment, talk};

    #[test]
    fn a_turn_is_what_nobody_has_answered() {
        for (talk_text, open, turn, bursts) in [
            ("customer 12:31:00 在吗", true, "在吗", 1),
            (
                "customer 12:31:00 在吗|customer 12:31:03 快递呢",
                true,
                "在吗,快递呢",
                1,
            ),
            (
                "customer 12:31:00 在吗|customer 12:31:04 快递呢",
                true,
                "在吗,快递呢",
                2,
            ),
            (
                "customer 12:00:00 a|customer 12:00:03 b|customer 12:00:06 c|customer 12:00:09 d|customer 12:00:12 e",
                true,
                "a,b,c,d,e",
                2,
            ),
            (
                "customer 11:49:00 a|human 11:50:00 好|customer 12:31:00 b",
                true,
                "b",
                1,
            ),
            ("customer 11:49:00 a|human 11:50:00 好", false, "a", 1),
            (
                "customer 02:00:00 a|notice 02:00:04 已收到|customer 02:05:00 b",
                true,
                "a,b",
                2,
            ),
            (
                "customer 02:00:00 a|bot_auto 02:00:04 答|customer 02:05:00 b",
                true,
                "b",
                1,
            ),
            // A line of the platform is nobody's, whatever it promises; its welcome neither.
            ("customer 02:00:00 a|system 02:00:04 小红花", true, "a", 1),
            (
                "customer 02:00:00 a|welcome 02:00:01 客服很快就来",
                true,
                "a",
                1,
            ),
        ] {
            let messages = talk(talk_text);
            let last = last_turn(&messages).expect(talk_text);
            assert_eq!(last.open, open, "{talk_text}");
            let words: Vec<&str> = last.messages.iter().map(|m| m.text.as_str()).collect();
            assert_eq!(words.join(","), turn, "{talk_text}");
            assert_eq!(last.bursts().len(), bursts, "{talk_text}");
        }
        assert_eq!(last_turn(&talk("human 11:50:00 您好")), None);
        assert_eq!(last_turn(&[]), None);
    }

    #[test]
    fn an_answer_waits_until_the_burst_is_closed() {
        for (talk_text, due) in [
            ("customer 12:31:00 a", "12:31:04"),
            ("customer 12:31:00 a|customer 12:31:03 b", "12:31:07"),
            (
                "customer 12:31:00 a|customer 12:31:03 b|customer 12:31:06 c|customer 12:31:09 d",
                "12:31:12",
            ),
        ] {
            let messages = talk(talk_text);
            let last = last_turn(&messages).expect(talk_text);
            assert_eq!(last.due(), moment(due), "{talk_text}");
        }
    }

    #[test]
    fn nobody_waits_for_what_was_said_before_the_end() {
        for (talk_text, ended, open, turn) in [
            ("customer 12:00:00 a", "12:00:00", false, "a"),
            ("customer 12:00:00 a", "11:59:59", true, "a"),
            (
                "customer 12:00:00 a|customer 12:09:00 b|customer 12:10:00 c",
                "12:05:00",
                true,
                "b,c",
            ),
            (
                "customer 12:00:00 a|notice 12:04:00 已收到|customer 12:09:00 b",
                "12:05:00",
                true,
                "b",
            ),
        ] {
            let messages = talk(talk_text);
            let last = LastTurn::of(&messages, Some(moment(ended)), Pace::default());
            let last = last.expect(talk_text);
            let words: Vec<&str> = last.messages.iter().map(|m| m.text.as_str()).collect();
            assert_eq!(
                (last.open, words.join(",").as_str()),
                (open, turn),
                "{talk_text}"
            );
        }
    }

    #[test]
    fn a_shop_may_wait_longer_for_a_burst() {
        let messages = talk("customer 12:31:00 a|customer 12:31:08 b|customer 12:31:18 c");
        let slow = Pace {
            gap: Duration::seconds(10),
            limit: Duration::seconds(15),
        };
        let last = LastTurn::of(&messages, None, slow).expect("a turn");
        assert_eq!(last.bursts().len(), 2, "the limit closes the first");
        assert_eq!(last.due(), moment("12:31:28"));
        let last = LastTurn::of(&messages[..2], None, slow).expect("a turn");
        assert_eq!(last.due(), moment("12:31:15"));
    }
}
