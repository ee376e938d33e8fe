//! A list of questions and answers as a knowledge folder, beside the words and intents of another.
//!
//! The other folder's scripts make room: what is measured is how well these entries are found. An entry
//! stands under every intent that its questions are understood as, as an editor would file it; one that no
//! intent understands gets an intent of its own.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::knowledge::{
    ContentKind, Files, IntentId, Knowledge, Platform, Said, ScriptId, ShopId, Speaker, Turn,
};

/// At most this many words of a text without marks are one question.
const WORDS: usize = 16;

/// Between a script's id and the number of a further intent it stands under.
const AGAIN: &str = "--";

/// The id of the first script of the entry to which a script belongs.
pub fn first(script: &str) -> &str {
    script.split_once(AGAIN).map_or(script, |(first, _)| first)
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// Unique in the list.
    pub id: String,
    /// What is asked, perhaps in several sentences.
    pub text: String,
    /// What is answered.
    #[serde(default)]
    pub answer: Option<String>,
}

impl Entry {
    /// The id of its script.
    pub fn script(&self) -> String {
        let mut id = "faq-".to_owned();
        for c in self.id.chars().map(|c| c.to_ascii_lowercase()) {
            match c {
                'a'..='z' | '0'..='9' => id.push(c),
                _ if id.ends_with('-') => {}
                _ => id.push('-'),
            }
        }
        id
    }

    /// Its questions, one by one.
    pub fn questions(&self) -> Vec<String> {
        let mut questions = BTreeSet::new();
        let mut list = Vec::new();
        let sentences = self.text.split(['？', '?', '。', '！', '!', '；', '\n']);
        for sentence in sentences.flat_map(|s| s.split(". ")) {
            for piece in pieces(sentence.trim()) {
                if !piece.is_empty() && questions.insert(piece.clone()) {
                    list.push(piece);
                }
            }
        }
        list
    }
}

/// A long run of words in overlapping pieces.
fn pieces(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() <= WORDS {
        return vec![text.to_owned()];
    }
    (0..words.len())
        .step_by(WORDS / 2)
        .map(|at| words[at..words.len().min(at + WORDS)].join(" "))
        .collect()
}

/// Whether knowledge has a script for every entry already.
pub fn holds(knowledge: &Knowledge, entries: &[Entry]) -> bool {
    entries
        .iter()
        .all(|entry| knowledge.script(&ScriptId::from(entry.script())).is_some())
}

/// `files` with the entries instead of its scripts; the house's generic lines stay. `knowledge` is what
/// `files` says, `at` any moment.
pub fn folder(files: &Files, knowledge: &Knowledge, entries: &[Entry], at: DateTime<Utc>) -> Files {
    let scripts = knowledge.scripts().iter();
    let others: BTreeSet<&str> = scripts
        .filter(|script| script.purpose.is_none())
        .map(|script| script.file.as_str())
        .collect();
    let mut out: Files = files
        .iter()
        .filter(|(path, _)| !others.contains(path.as_str()))
        .filter(|(path, _)| !path.starts_with("intents/faq."))
        .map(|(path, bytes)| (path.clone(), bytes.clone()))
        .collect();
    for entry in entries {
        let questions = entry.questions();
        let title = questions
            .first()
            .cloned()
            .unwrap_or_else(|| entry.id.clone());
        let id = entry.script();
        let mut intents = intents_of(knowledge, entry, at);
        if intents.is_empty() {
            let own = format!("faq.{}", id.trim_start_matches("faq-"));
            let text = format!(
                "编号: {own}\n名称: {}\n夜间: 回答\n问法:\n{}",
                quoted(&title),
                list(&questions)
            );
            out.insert(format!("intents/{own}.yaml"), text.into_bytes());
            intents.push(own);
        }
        let answer = entry
            .answer
            .as_deref()
            .unwrap_or(&title)
            .replace(['{', '}'], "");
        for (nth, intent) in intents.iter().enumerate() {
            // A question belongs to one script; the title stands for the others.
            let (id, asked) = match nth {
                0 => (id.clone(), format!("问法:\n{}", list(&questions))),
                _ => (format!("{id}{AGAIN}{}", nth + 1), String::new()),
            };
            let title = quoted(&title);
            let text = format!(
                "---\n编号: {id}\n标题: {title}\n意图: {intent}\n自动: 回答\n{asked}---\n{answer}\n"
            );
            out.insert(format!("scripts/faq/{id}.md"), text.into_bytes());
        }
    }
    out
}

/// The matters that an entry names, in its order.
fn intents_of(knowledge: &Knowledge, entry: &Entry, at: DateTime<Utc>) -> Vec<String> {
    let mut intents: Vec<String> = Vec::new();
    let mut texts = vec![entry.text.clone()];
    for question in entry.questions() {
        texts.extend(question.split(['、', '，', '/']).map(str::to_owned));
        texts.push(question);
    }
    for text in texts {
        for id in understood(knowledge, text, at) {
            // Those of an earlier list make room as well.
            if !id.as_str().starts_with("faq.") && !intents.iter().any(|known| known == id.as_str())
            {
                intents.push(id.to_string());
            }
        }
    }
    intents
}

fn understood(knowledge: &Knowledge, text: String, at: DateTime<Utc>) -> Vec<IntentId> {
    let turn = Turn {
        shop: ShopId::unassigned(),
        platform: Platform::Other,
        before: Vec::new(),
        bursts: vec![vec![Said {
            speaker: Speaker::Customer,
            kind: ContentKind::Text,
            text,
            at,
        }]],
    };
    let reading = knowledge.read(&turn, at);
    reading.intents.into_iter().map(|read| read.id).collect()
}

/// A YAML list.
fn list(items: &[String]) -> String {
    items
        .iter()
        .map(|item| format!("  - {}\n", quoted(item)))
        .collect()
}

/// A YAML scalar: a JSON string is one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_several_questions() {
        for (text, wanted) in [
            ("多久到？能快点吗", vec!["多久到", "能快点吗"]),
            ("多久到？多久到？", vec!["多久到"]),
            (
                "cancel order. how do I stop it",
                vec!["cancel order", "how do I stop it"],
            ),
            (
                "a b c d e f g h i j k l m n o p q r",
                vec![
                    "a b c d e f g h i j k l m n o p",
                    "i j k l m n o p q r",
                    "q r",
                ],
            ),
        ] {
            let entry = Entry {
                id: "S 01__x".into(),
                text: text.into(),
                answer: None,
            };
            assert_eq!(entry.questions(), wanted, "{text}");
            assert_eq!(entry.script(), "faq-s-01-x");
            assert_eq!(first("faq-s-01-x--2"), "faq-s-01-x");
        }
    }
}
