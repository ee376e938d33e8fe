//! A conversation that nobody has: to see what a sentence would come to.

use chrono::{DateTime, Utc};

use super::{Facts, Message, Seen, Standing, last_turn};
use crate::knowledge::{ContentKind, Knowledge, Platform, Reading, ShopId, Speaker};

/// One line of a conversation.
pub struct Line {
    /// Who speaks.
    pub speaker: Speaker,
    /// What he says.
    pub text: String,
}

/// A conversation whose last line was said at `at`, as the desk would find it.
pub fn facts(lines: Vec<Line>, shop: ShopId, platform: Platform, at: DateTime<Utc>) -> Facts {
    let count = lines.len() as i64;
    let messages = lines
        .into_iter()
        .zip(1..)
        .map(|(line, id)| {
            // A minute between lines, so that earlier ones are bursts of their own.
            let at = at - chrono::Duration::minutes(count - id);
            Message {
                id,
                speaker: line.speaker,
                sender: None,
                kind: ContentKind::Text,
                text: line.text,
                at,
                received_at: at,
                history: false,
            }
        })
        .collect();
    Facts {
        seen: Seen {
            conversation: 1,
            facts: count,
            epoch: 1,
        },
        shop,
        platform,
        mode: None,
        stopped: false,
        standing: Standing::default(),
        ownership: None,
        lowered: None,
        order: None,
        messages,
        open_cases: Vec::new(),
        said: Vec::new(),
    }
}

/// What the last turn says.
pub fn read(knowledge: &Knowledge, facts: &Facts, at: DateTime<Utc>) -> Reading {
    match last_turn(&facts.messages) {
        Some(turn) => knowledge.read(&turn.to_read(&facts.shop, facts.platform), at),
        None => Reading::default(),
    }
}
