//! The words and patterns of all intents, found in one pass.
//!
//! One automaton holds every word of every intent; a sentence is walked once, however many intents the
//! folder has. When a sentence holds no strong word, it is read a second time by sound and with doubled
//! characters taken out: 退宽 and 发发货 are what people type.

use std::{collections::HashMap, ops::Range, sync::Arc};

use aho_corasick::{AhoCorasick, MatchKind};

use super::{
    intent::Intent,
    memo::Memo,
    negation::denied,
    patterns::Patterns,
    sentence::Sentence,
    spelling::Spelling,
    text::{is_han, normalise},
};

mod sounds;

use sounds::Sounds;

/// How much less a word counts that only sounds right.
const BY_SOUND: f32 = 0.85;
/// How much less a word counts that stands inside a longer word of another intent (运费 in 运费险).
const INSIDE_ANOTHER: f32 = 0.45;

/// What a found item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Strong evidence.
    Keyword,
    /// A hint.
    Weak,
    /// Voids the intent's words in this sentence.
    Exclude,
    /// A regex.
    Pattern,
}

/// One item found in a sentence.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    /// Index of the intent.
    pub(crate) intent: usize,
    /// What it is.
    pub(crate) kind: Kind,
    /// The words joined by `+`, or the regex.
    pub(crate) words: Arc<str>,
    /// Where its words stand in the sentence.
    pub(crate) spans: Vec<Range<usize>>,
    /// `0..=1.2`: how much of the weight counts.
    pub(crate) factor: f32,
}

/// What the words of a sentence say.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Items that count.
    pub(crate) hits: Vec<Hit>,
    /// Intents silenced by their own exclusions, with the words that did it.
    pub(crate) excluded: Vec<(usize, Arc<str>)>,
    /// Intents whose words the customer denied.
    pub(crate) denied: Vec<usize>,
}

struct Item {
    intent: usize,
    kind: Kind,
    words: Vec<usize>,
    shown: Arc<str>,
    length: usize,
}

/// All words and patterns, compiled.
pub(crate) struct Keywords {
    found: Memo<Found>,
    words: Option<AhoCorasick>,
    items: Vec<Item>,
    /// For every word, the items it belongs to.
    items_of: Vec<Vec<usize>>,
    sounds: Sounds,
    patterns: Patterns,
}

impl Keywords {
    /// Compiles the words of the intents; `spelling` is applied to them as it is to customers' words.
    pub(crate) fn build(intents: &[Intent], spelling: &Spelling) -> Self {
        let mut ids: HashMap<String, usize> = HashMap::new();
        let mut words: Vec<String> = Vec::new();
        let mut items = Vec::new();
        for (intent, source) in intents.iter().enumerate() {
            let lists = [
                (Kind::Keyword, &source.keywords),
                (Kind::Weak, &source.weak),
                (Kind::Exclude, &source.exclude),
            ];
            for (kind, list) in lists {
                for all_of in list {
                    let plain: Vec<String> = all_of
                        .iter()
                        .map(|w| spelling.standard(&normalise(w)).into_owned())
                        .filter(|w| !w.is_empty())
                        .collect();
                    if plain.is_empty() {
                        continue;
                    }
                    let members = plain
                        .iter()
                        .map(|word| {
                            *ids.entry(word.clone()).or_insert_with(|| {
                                words.push(word.clone());
                                words.len() - 1
                            })
                        })
                        .collect();
                    items.push(Item {
                        intent,
                        kind,
                        words: members,
                        shown: plain.join("+").into(),
                        length: plain.iter().map(|w| w.chars().count()).sum(),
                    });
                }
            }
        }
        let mut items_of = vec![Vec::new(); words.len()];
        for (index, item) in items.iter().enumerate() {
            for word in &item.words {
                if let Some(list) = items_of.get_mut(*word)
                    && !list.contains(&index)
                {
                    list.push(index);
                }
            }
        }
        let rows = intents
            .iter()
            .enumerate()
            .flat_map(|(i, intent)| intent.patterns.iter().map(move |p| (i, p.as_str())));
        Self {
            found: Memo::default(),
            sounds: Sounds::build(&items, &words),
            words: AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .build(&words)
                .ok(),
            items,
            items_of,
            patterns: Patterns::build(rows),
        }
    }

    /// What a sentence holds. `plain` is the sentence before spelling, for the patterns.
    pub(crate) fn find(&self, sentence: &Sentence, plain: Option<&str>) -> Arc<Found> {
        let text = sentence.text.as_str();
        let plain = plain.filter(|p| *p != text);
        let key = format!(
            "{}{text}\n{}",
            u8::from(sentence.question),
            plain.unwrap_or_default()
        );
        self.found.of(&key, || self.look(sentence, plain))
    }

    fn look(&self, sentence: &Sentence, plain: Option<&str>) -> Found {
        let mut found = Found::default();
        let text = sentence.text.as_str();
        self.find_words(text, sentence.question, &mut found);
        self.find_patterns(text, &mut found);
        if let Some(plain) = plain {
            self.find_patterns(plain, &mut found);
        }
        let strong = |f: &Found| {
            f.hits
                .iter()
                .any(|h| matches!(h.kind, Kind::Keyword | Kind::Pattern))
        };
        if !strong(&found) {
            let single = without_doubles(text);
            if single != text {
                let mut again = Found::default();
                self.find_words(&single, sentence.question, &mut again);
                if strong(&again) {
                    for hit in &mut again.hits {
                        hit.spans = std::iter::once(0..text.len()).collect();
                    }
                    found.hits = again.hits;
                    found.denied = again.denied;
                    found.excluded.extend(again.excluded);
                }
            }
        }
        if !strong(&found) {
            self.find_sounds(text, &mut found);
        }
        let excluded = &found.excluded;
        found
            .hits
            .retain(|hit| !excluded.iter().any(|(i, _)| *i == hit.intent));
        shade(&mut found.hits);
        found
    }

    fn find_words(&self, text: &str, question: bool, found: &mut Found) {
        let Some(words) = &self.words else { return };
        let mut places: Vec<(usize, Range<usize>)> = words
            .find_overlapping_iter(text)
            .filter(|m| whole_word(text, &m.range()))
            .map(|m| (m.pattern().as_usize(), m.range()))
            .collect();
        places.sort_by_key(|(word, range)| (*word, range.start));
        let of = |word: usize| {
            let from = places.partition_point(|(w, _)| *w < word);
            places[from..].iter().take_while(move |(w, _)| *w == word)
        };
        let mut candidates: Vec<usize> = Vec::new();
        let mut last = None;
        for (word, _) in &places {
            if last != Some(*word) {
                last = Some(*word);
                candidates.extend(self.items_of.get(*word).into_iter().flatten());
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        for index in candidates {
            let Some(item) = self.items.get(index) else {
                continue;
            };
            if !item.words.iter().all(|w| of(*w).next().is_some()) {
                continue;
            }
            if item.kind == Kind::Exclude {
                found.excluded.push((item.intent, item.shown.clone()));
                continue;
            }
            let mut spans = Vec::with_capacity(item.words.len());
            for word in &item.words {
                let free = of(*word).find(|(_, r)| !denied(text, r.start, question));
                match free {
                    Some((_, range)) => spans.push(range.clone()),
                    None => break,
                }
            }
            if spans.len() < item.words.len() {
                found.denied.push(item.intent);
                continue;
            }
            found.hits.push(Hit {
                intent: item.intent,
                kind: item.kind,
                words: item.shown.clone(),
                spans,
                factor: by_length(item.length),
            });
        }
    }

    fn find_patterns(&self, text: &str, found: &mut Found) {
        for (intent, row, span) in self.patterns.find(text) {
            let written = self.patterns.written(row);
            let known = found
                .hits
                .iter()
                .any(|h| h.intent == intent && h.kind == Kind::Pattern && &*h.words == written);
            if known {
                continue;
            }
            if denied(text, span.start, false) {
                found.denied.push(intent);
                continue;
            }
            found.hits.push(Hit {
                intent,
                kind: Kind::Pattern,
                words: written.into(),
                spans: vec![span],
                factor: 1.0,
            });
        }
    }

    fn find_sounds(&self, text: &str, found: &mut Found) {
        for (index, span) in self.sounds.find(text) {
            let Some(item) = self.items.get(index) else {
                continue;
            };
            if !denied(text, span.start, false) {
                found.hits.push(Hit {
                    intent: item.intent,
                    kind: item.kind,
                    words: item.shown.clone(),
                    spans: vec![span],
                    factor: BY_SOUND * by_length(item.length),
                });
            }
        }
    }
}

/// Longer words say more.
fn by_length(characters: usize) -> f32 {
    match characters {
        0..=2 => 0.9,
        3 => 1.0,
        4..=5 => 1.08,
        _ => 1.15,
    }
}

/// Latin words and numbers are found whole: no 12345 in an order number, no `ok` in `book`.
fn whole_word(text: &str, range: &Range<usize>) -> bool {
    let joined = |a: Option<char>, b: Option<char>| match (a, b) {
        (Some(a), Some(b)) => {
            a.is_ascii_alphabetic() && b.is_ascii_alphabetic()
                || a.is_ascii_digit() && b.is_ascii_digit()
        }
        _ => false,
    };
    let word = &text[range.clone()];
    !(joined(text[..range.start].chars().next_back(), word.chars().next())
        || joined(word.chars().next_back(), text[range.end..].chars().next()))
}

/// A strong word inside a longer strong word of another intent counts less.
fn shade(hits: &mut [Hit]) {
    let spans: Vec<(usize, Kind, Range<usize>)> = hits
        .iter()
        .filter(|h| h.kind == Kind::Keyword && h.spans.len() == 1)
        .map(|h| (h.intent, h.kind, h.spans[0].clone()))
        .collect();
    for hit in hits.iter_mut().filter(|h| h.kind == Kind::Keyword) {
        let inside = hit.spans.iter().all(|span| {
            spans.iter().any(|(intent, _, longer)| {
                *intent != hit.intent
                    && longer.start <= span.start
                    && span.end <= longer.end
                    && longer.len() > span.len()
            })
        });
        if inside {
            hit.factor *= INSIDE_ANOTHER;
        }
    }
}

fn without_doubles(text: &str) -> String {
    let mut last = None;
    text.chars()
        .filter(|c| last.replace(*c) != Some(*c) || !is_han(*c))
        .collect()
}
