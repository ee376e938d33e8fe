//! Agents at work here: the inbox, one conversation, and writing to a customer.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    Shelf,
    switchboard::{Allowed, Refused, may},
};
use crate::{
    clock::Clock,
    desk::{
        Decision, decide,
        trial::{Line, facts, read},
    },
    knowledge::{
        Reading, ShopId, Speaker,
        forbidden::{Ban, Finding},
        hours::Coverage,
    },
    store::{
        Store, chat,
        chat::Chat,
        inbox::{self, Listed, View},
        speaking::{self, Spoken, Words},
        staff_event::Who,
    },
};

/// Characters of a message, at the most: more than any platform takes.
const LONGEST: usize = 2_000;

/// Shows conversations and lets people write in them.
#[derive(Clone)]
pub struct Talk {
    /// Where everything is kept.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The knowledge.
    pub shelf: Arc<Shelf>,
}

/// What came of writing.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// It is on its way, now or since before.
    Done,
    /// Somebody else answered, and he has not seen it. Nothing was sent.
    Answered(Option<String>),
    /// The words must not be sent, or only by who knows what he does: see [`Ban`]. Nothing was sent.
    Warned(Vec<Finding>),
}

/// What a sentence would come to.
#[derive(Debug, Clone)]
pub struct Trial {
    /// What was understood.
    pub reading: Reading,
    /// What would be done.
    pub decision: Decision,
    /// Who is in.
    pub coverage: Coverage,
    /// The moment.
    pub at: DateTime<Utc>,
}

impl Talk {
    /// Conversations of the shops that are allowed.
    pub async fn inbox(&self, allowed: Allowed, view: View) -> Result<Vec<Listed>, Refused> {
        let listed = self
            .store
            .read(move |tx| inbox::list(tx, allowed.as_deref(), &view));
        Ok(listed.await?)
    }

    /// A conversation. One of another shop is not there.
    pub async fn chat(&self, allowed: &Allowed, id: i64) -> Result<Chat, Refused> {
        let found = self.store.read(move |tx| chat::chat(tx, id)).await?;
        found
            .filter(|chat| may(allowed, &chat.home.shop))
            .ok_or(Refused::NotThere)
    }

    /// Writes to a customer. `confirmed`: he knows which of his words are risky.
    pub async fn write(
        &self,
        who: Who,
        allowed: &Allowed,
        id: i64,
        words: Words,
        confirmed: bool,
    ) -> Result<Written, Refused> {
        let text = words.text.trim().to_owned();
        let odd = |c: char| c.is_control() && c != '\n';
        if text.is_empty() || text.chars().count() > LONGEST || text.chars().any(odd) {
            return Err(Refused::Wrong {
                field: "text",
                what: format!("1 到 {LONGEST} 个字，不能有控制字符"),
            });
        }
        let chat = self.chat(allowed, id).await?;
        let findings: Vec<Finding> = self
            .shelf
            .knowledge()
            .forbidden(&text)
            .into_iter()
            .filter(|finding| match finding.ban {
                Ban::Block => true,
                Ban::Confirm => !confirmed,
                Ban::Hint => false,
            })
            .collect();
        if !findings.is_empty() {
            return Ok(Written::Warned(findings));
        }
        // What stands there word for word is the script's, whoever typed it.
        let script = chat
            .suggestions
            .iter()
            .find(|suggestion| suggestion.missing.is_empty() && suggestion.text.trim() == text)
            .map(|suggestion| suggestion.script.to_string());
        let words = Words {
            text,
            script,
            ..words
        };
        let now = self.clock.now();
        let spoken = self
            .store
            .write(move |tx| speaking::speak(tx, &who, id, &words, now))
            .await?;
        match spoken {
            Spoken::Done | Spoken::Before => Ok(Written::Done),
            Spoken::Answered(name) => Ok(Written::Answered(name)),
            Spoken::NotThere => Err(Refused::NotThere),
        }
    }

    /// What a sentence would be understood as now in a shop, and what would be done. Nothing is kept.
    pub async fn try_sentence(&self, shop: ShopId, text: String) -> Result<Trial, Refused> {
        let at = self.clock.now();
        let knowledge = self.shelf.knowledge();
        let platform = knowledge.shop_or_default(&shop).platform;
        // Some milliseconds of thinking, away from the threads that serve requests.
        let thought = tokio::task::spawn_blocking(move || {
            let line = Line {
                speaker: Speaker::Customer,
                text,
            };
            let facts = facts(vec![line], shop.clone(), platform, at);
            let reading = read(&knowledge, &facts, at);
            let decision = decide(&knowledge, &facts, &reading, at);
            let coverage = knowledge.coverage(&shop, at);
            Trial {
                reading,
                decision,
                coverage,
                at,
            }
        });
        thought.await.map_err(|_| Refused::Wrong {
            field: "text",
            what: "这句话没能试出来".to_owned(),
        })
    }
}
