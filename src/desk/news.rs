//! What stands for everybody and is said first: announcements, each once in a conversation.

use chrono::{DateTime, Utc};

use super::{decision::Suggestion, facts::Facts, filling::Filling, standing::Announcement};
use crate::knowledge::{IntentId, ScriptId, Speaker, forbidden::Ban};

/// The announcements that stand in a conversation at a moment.
pub struct News<'a> {
    standing: Vec<&'a Announcement>,
}

/// Words of announcements that the customer has not read.
pub struct Unread {
    /// What they are known by, in the place of a script.
    pub script: ScriptId,
    /// The words.
    pub text: String,
}

impl<'a> News<'a> {
    /// What stands now.
    pub fn of(filling: &Filling<'a>) -> Self {
        let all = &filling.facts.standing.announcements;
        Self {
            standing: all.iter().filter(|one| stands(one, filling.now)).collect(),
        }
    }

    /// Nothing stands.
    pub fn is_empty(&self) -> bool {
        self.standing.is_empty()
    }

    /// Whether an announcement answers an intent, instead of its scripts.
    pub fn answers(&self, intent: &IntentId) -> bool {
        self.standing
            .iter()
            .any(|one| one.silences.contains(intent))
    }

    /// What the customer has not read, in the order it was made.
    pub fn unread(&self, filling: &Filling<'_>) -> Option<Unread> {
        let mut unread = self
            .standing
            .iter()
            .filter(|one| !was_read(filling.facts, one) && may_be_said(filling, one));
        let first = unread.next()?;
        let mut text = first.text.trim().to_owned();
        for one in unread {
            text.push('\n');
            text.push_str(one.text.trim());
        }
        Some(Unread {
            script: name(first),
            text,
        })
    }

    /// What an agent is offered before anything else: the announcements that answer what was asked.
    pub fn suggestions(&self, filling: &Filling<'_>) -> Vec<Suggestion> {
        let intents = &filling.reading.intents;
        self.standing
            .iter()
            .filter(|one| intents.iter().any(|read| one.silences.contains(&read.id)))
            .filter(|one| may_be_said(filling, one))
            .map(|one| Suggestion {
                script: name(one),
                title: "公告".to_owned(),
                text: one.text.trim().to_owned(),
                missing: Vec::new(),
                score: 1.0,
            })
            .collect()
    }
}

fn stands(one: &Announcement, now: DateTime<Utc>) -> bool {
    one.from <= now && now < one.until
}

fn name(one: &Announcement) -> ScriptId {
    ScriptId::from(format!("announcement-{}", one.id))
}

/// Whether the words stand in the conversation already, whoever said them.
fn was_read(facts: &Facts, one: &Announcement) -> bool {
    let text = one.text.trim();
    facts
        .messages
        .iter()
        .any(|m| m.speaker != Speaker::Customer && m.text.contains(text))
}

fn may_be_said(filling: &Filling<'_>, one: &Announcement) -> bool {
    !one.text.trim().is_empty()
        && filling
            .knowledge
            .forbidden(&one.text)
            .iter()
            .all(|finding| finding.ban < Ban::Confirm)
}
