//! Which scripts answer the turn, and how well.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::{Counts, choose::Seen};
use crate::knowledge::{
    blank::Reply,
    fields::Fields,
    index::{Probe, SentenceIndex, Text},
    reading::{ReadScript, Turn},
    script::Script,
    text::normalise,
    words::IntentId,
};

/// At most this many scripts are offered.
const OFFERED: usize = 10;
/// Below this a script is not worth an agent's look.
const LEAST: f32 = 0.04;
/// Below this an intent brings no scripts.
const WORTH: f32 = 0.2;

/// An intent that a script's sentences speak for besides its own counts this much.
const BESIDES: f32 = 0.9;
/// How much of what is left a script's whole text closes, when it holds all that was said.
const COVER: f32 = 0.2;
/// How much of what is left a word closes that the script asks for.
const MENTION: f32 = 0.2;
/// What a script loses when none of the words that it asks for was said, nor a sentence near one of its own.
const UNSAID: f32 = 0.1;
/// The most that words in common alone are worth: enough to be offered before what is hardly understood.
const SHARED: f32 = 0.57;
/// What all words in common add to that.
const WHOLE: f32 = 0.024;

/// The scripts of all intents, without their texts.
pub(super) struct Shelf {
    scripts: Vec<Script>,
    intent_of: Vec<Option<usize>>,
    /// For every script the intents that its sentences speak for besides its own.
    profiles: Vec<Vec<(usize, f32)>>,
    /// The tokens of every script's whole text.
    texts: Vec<Text>,
    /// For every intent its scripts, by id.
    by_intent: HashMap<usize, Vec<usize>>,
}

impl Shelf {
    pub(super) fn build(
        scripts: &[Script],
        places: &HashMap<&IntentId, usize>,
        index: &SentenceIndex,
        spoken: &[Vec<String>],
    ) -> Self {
        let texts = scripts
            .iter()
            .zip(spoken)
            .map(|(script, spoken)| {
                let (title, asks) = spoken
                    .split_last()
                    .map_or(("", &[][..]), |(t, asks)| (t.as_str(), asks));
                index.text(title, asks, &normalise(&script.reply.to_string()))
            })
            .collect();
        let intent_of: Vec<Option<usize>> = scripts
            .iter()
            .map(|s| s.intent.as_ref().and_then(|id| places.get(id).copied()))
            .collect();
        let mut by_intent: HashMap<usize, Vec<usize>> = HashMap::new();
        for (index, intent) in intent_of.iter().enumerate() {
            if let Some(intent) = intent {
                by_intent.entry(*intent).or_default().push(index);
            }
        }
        for list in by_intent.values_mut() {
            list.sort_by(|a, b| scripts[*a].id.cmp(&scripts[*b].id));
        }
        Self {
            scripts: scripts
                .iter()
                .map(|script| Script {
                    // Only who and when is asked of it here; the texts live in the snapshot.
                    reply: Reply::default(),
                    ask: Vec::new(),
                    not: Vec::new(),
                    ..script.clone()
                })
                .collect(),
            intent_of,
            profiles: Vec::new(),
            texts,
            by_intent,
        }
    }

    /// Takes what the scripts' sentences speak for, and lists the scripts under it.
    pub(super) fn speak_for(&mut self, profiles: Vec<Vec<(usize, f32)>>) {
        for (script, profile) in profiles.iter().enumerate() {
            if self.scripts.get(script).is_none_or(|s| s.purpose.is_some()) {
                continue;
            }
            for (intent, _) in profile {
                let list = self.by_intent.entry(*intent).or_default();
                if !list.contains(&script) {
                    list.push(script);
                }
            }
        }
        self.profiles = profiles;
    }

    pub(super) fn id(&self, script: usize) -> Option<&crate::knowledge::words::ScriptId> {
        self.scripts.get(script).map(|s| &s.id)
    }

    /// Scripts that count for the turn, best first.
    pub(super) fn rank(
        &self,
        fields: &Fields,
        seen: &Seen,
        counts: Counts<'_>,
        fits: f32,
        said: &str,
        (index, probe): (&SentenceIndex, &Probe),
    ) -> Vec<ReadScript> {
        let mut candidates: Vec<usize> = seen.scripts.keys().copied().collect();
        let mut known: HashSet<usize> = candidates.iter().copied().collect();
        for (intent, _) in seen
            .intents
            .iter()
            .filter(|(_, score)| *score >= WORTH)
            .take(6)
        {
            let list = self
                .by_intent
                .get(intent)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let more = list.iter().filter(|s| counts(**s)).take(OFFERED);
            candidates.extend(more.copied().filter(|s| known.insert(*s)));
        }
        let mut ranked: Vec<ReadScript> = candidates
            .into_iter()
            .filter(|script| counts(*script))
            .map(|script| {
                let cover = index.cover(probe, &self.texts[script]);
                let mut read = self.score(script, fields, seen, cover);
                read.mentioned = self.mentioned(script, said);
                match read.mentioned {
                    Some(true) => {
                        for score in [&mut read.score, &mut read.grounds] {
                            *score = 1.0 - (1.0 - *score) * (1.0 - MENTION * *score);
                        }
                    }
                    Some(false) => read.score *= 1.0 - UNSAID * (1.0 - read.near),
                    None => {}
                }
                read.fits = read.grounds >= fits;
                read
            })
            .filter(|read| read.score > LEAST)
            .collect();
        ranked.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then(b.near.total_cmp(&a.near))
                .then_with(|| a.id.cmp(&b.id))
        });
        ranked.truncate(OFFERED);
        ranked
    }

    /// Whether what was said holds a word that the script asks for.
    fn mentioned(&self, script: usize, said: &str) -> Option<bool> {
        let groups = &self.scripts.get(script)?.mentions;
        let held = |group: &Vec<String>| group.iter().all(|word| said.contains(word.as_str()));
        (!groups.is_empty()).then(|| groups.iter().any(held))
    }

    /// Whether a script counts for the turn.
    pub(super) fn counts(&self, script: usize, turn: &Turn, at: DateTime<Utc>) -> bool {
        self.scripts
            .get(script)
            .is_some_and(|s| s.purpose.is_none() && s.counts(&turn.shop, turn.platform, at))
    }

    /// Its intent's score, moved by how near its own sentences are and by how much of the turn its whole text
    /// covers, and what of that are grounds.
    fn score(&self, script: usize, fields: &Fields, seen: &Seen, cover: f32) -> ReadScript {
        let (near, unlike) = seen.scripts.get(&script).copied().unwrap_or_default();
        let intent = self.intent_of[script]
            .and_then(|intent| seen.intents.iter().find(|(i, _)| *i == intent))
            .map_or(0.0, |(_, score)| *score);
        let besides = self
            .profiles
            .get(script)
            .into_iter()
            .flatten()
            .map(|(intent, share)| {
                let seen = seen.intents.iter().find(|(i, _)| i == intent);
                seen.map_or(0.0, |(_, score)| score * share)
            });
        let intent = besides.fold(intent, |most, score| most.max(score * BESIDES));
        // What its sentences ask, word for word, it answers, whatever the intent's words say.
        let grounds = (intent * (0.9 + 0.1 * near)).max(near * 0.95);
        let grounds = 1.0 - (1.0 - grounds) * (1.0 - COVER * cover * grounds);
        // Words in common alone make a suggestion, never an answer.
        let shared = cover.min(SHARED) + WHOLE * cover;
        let mut share: f32 = 1.0;
        let needs = &self.scripts[script].needs;
        if !needs.is_empty() {
            let given = needs.iter().all(|name| fields.blank(name).is_some());
            share *= if given { 1.0 } else { 0.98 };
        }
        if unlike > near && unlike > 0.4 {
            share *= 0.5;
        }
        ReadScript {
            id: self.scripts[script].id.clone(),
            score: (grounds.max(shared) * share).clamp(0.0, 1.0),
            grounds: (grounds * share).clamp(0.0, 1.0),
            near,
            mentioned: None,
            fits: false,
        }
    }
}
