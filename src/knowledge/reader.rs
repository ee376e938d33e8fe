//! From a turn of a conversation to what it means, with every word that counted.
//!
//! A [`Reader`] is compiled once from the folder and then only reads: no text makes it fail, and its cost
//! is bounded by constants, however long a paste or however large the folder is.

use std::{ops::Range, sync::Arc};

use chrono::{DateTime, Utc};

use super::{
    fields::{Fields, extract},
    index::{Owner, SentenceIndex},
    intent::Intent,
    keywords::{Keywords, Kind},
    memo::Memo,
    mood::{MoodReader, MoodWord},
    question,
    ranking::Ranking,
    reading::{Reading, Said, Turn},
    script::Script,
    sentence::{Sentence, blanks_as_commas, clauses, ends, sentences, without_cards},
    spelling::Spelling,
    text::normalise,
    wish,
    words::{ContentKind, IntentId, Speaker},
};

mod choose;
mod scored;
mod scripts;

use scored::{Heard, Part, Scored};
use scripts::Shelf;

/// At most this many messages of a turn are read, newest first.
const MESSAGES: usize = 24;
/// At most this many sentences of a turn are read, newest first.
const SENTENCES: usize = 24;
/// At most this many sentences of a message's beginning, and of its end.
const ENDS: usize = 8;
/// At most this many searches a turn.
const SEARCHES: usize = 16;
/// Sentences less near than this are no evidence at all.
const NEAR: f32 = 0.05;
/// At most this many clauses of a sentence are read by themselves.
const PARTS: usize = 4;
/// A clause of fewer characters says nothing by itself.
const PHRASE: usize = 4;
/// At most this many earlier messages are looked at for what a short one refers to.
const EARLIER: usize = 8;
/// So many sentences of scripts are read, when the folder is compiled, for what else they speak for.
const PROFILED: usize = 5_000;
/// A bubble of so few characters that asks, asks what stands before it.
const PARTICLE: usize = 2;
/// What an older burst's words weigh, against the next newer.
const OLDER: f32 = 0.9;

/// Intents that are manners, not matters: they yield to anything of substance in the turn.
const MANNERS: [&str; 3] = ["oth.greet", "oth.thanks", "oth.nontext"];

/// Whether a script counts for the turn.
type Counts<'a> = &'a dyn Fn(usize) -> bool;

/// Known sentences, with how near they are.
type Near = Vec<(usize, f32)>;

/// One intent as ranking needs it.
struct Row {
    id: IntentId,
    priority: u8,
    manners: bool,
}

/// The folder's understanding, compiled.
pub struct Reader {
    intents: Vec<Row>,
    keywords: Keywords,
    index: SentenceIndex,
    searched: Memo<Near>,
    shelf: Shelf,
    mood: MoodReader,
    spelling: Spelling,
    ranking: Ranking,
}

/// Words of one message, ready to be read.
struct Words {
    /// Normalised, before spelling.
    plain: String,
    /// In standard spelling.
    text: String,
    /// How many bursts followed.
    age: usize,
}

impl Reader {
    /// Compiles intents, scripts and rules. What does not compile is skipped: the loader has said so.
    pub fn build(
        intents: &[Intent],
        scripts: &[Script],
        mood: &[MoodWord],
        spelling: &[(String, String)],
        ranking: Ranking,
    ) -> Self {
        let spelling = Spelling::build(spelling);
        let standard =
            |text: &str| without_end(&spelling.standard(&normalise(&blanks_as_commas(text))));
        let mut known: Vec<(String, String, Owner)> = Vec::new();
        for (index, intent) in intents.iter().enumerate() {
            let owner = |not| Owner {
                intent: Some(index),
                script: None,
                not,
            };
            let lists = [(&intent.ask, false), (&intent.not, true)];
            for (list, not) in lists {
                known.extend(list.iter().map(|s| (standard(s), s.clone(), owner(not))));
            }
        }
        let places: std::collections::HashMap<&IntentId, usize> = intents
            .iter()
            .enumerate()
            .map(|(i, r)| (&r.id, i))
            .collect();
        // Every script's sentences, its title last, once: normalising is what costs in a large folder.
        let spoken: Vec<Vec<String>> = scripts
            .iter()
            .map(|script| {
                script
                    .ask
                    .iter()
                    .chain(Some(&script.title))
                    .map(|s| standard(s))
                    .collect()
            })
            .collect();
        for (index, script) in scripts.iter().enumerate() {
            if script.purpose.is_some() {
                continue;
            }
            let intent = script
                .intent
                .as_ref()
                .and_then(|id| places.get(id).copied());
            let owner = |not| Owner {
                intent,
                script: Some(index),
                not,
            };
            let asks = script
                .ask
                .iter()
                .chain(Some(&script.title))
                .zip(&spoken[index]);
            known.extend(asks.map(|(s, normal)| (normal.clone(), s.clone(), owner(false))));
            known.extend(
                script
                    .not
                    .iter()
                    .map(|s| (standard(s), s.clone(), owner(true))),
            );
        }
        let index = SentenceIndex::build(known);
        let mut reader = Self {
            intents: intents
                .iter()
                .map(|intent| Row {
                    id: intent.id.clone(),
                    priority: intent.priority,
                    manners: MANNERS.contains(&intent.id.as_str()),
                })
                .collect(),
            keywords: Keywords::build(intents, &spelling),
            shelf: Shelf::build(scripts, &places, &index, &spoken),
            index,
            searched: Memo::default(),
            mood: MoodReader::build(mood, &spelling),
            spelling,
            ranking,
        };
        reader.shelf.speak_for(reader.profiles(scripts));
        reader
    }

    /// For every script the intents, besides its own, that its sentences speak for, with scores. A large
    /// folder's later scripts have none: their own sentences find them.
    fn profiles(&self, scripts: &[Script]) -> Vec<Vec<(usize, f32)>> {
        let mut left = PROFILED;
        let profile = |script: &Script| {
            let mut profile: Vec<(usize, f32)> = Vec::new();
            for text in script.ask.iter().chain(Some(&script.title)) {
                if left == 0 {
                    break;
                }
                left -= 1;
                let text = self.spelling.standard(&normalise(text)).into_owned();
                for sentence in sentences(&text) {
                    for scored in self.score(&sentence, None, [], &|_| true) {
                        match profile
                            .iter_mut()
                            .find(|(intent, _)| *intent == scored.intent)
                        {
                            Some((_, score)) => *score = score.max(scored.score),
                            None => profile.push((scored.intent, scored.score)),
                        }
                    }
                }
            }
            profile.retain(|(_, score)| *score >= self.ranking.intent);
            profile
        };
        scripts.iter().map(profile).collect()
    }

    /// What a turn says. Never fails; an empty turn says nothing.
    pub fn read(&self, turn: &Turn, at: DateTime<Utc>) -> Reading {
        let mut messages: Vec<(usize, &Said)> = turn
            .bursts
            .iter()
            .rev()
            .enumerate()
            .flat_map(|(age, burst)| burst.iter().rev().map(move |said| (age, said)))
            .filter(|(_, said)| said.speaker == Speaker::Customer)
            .take(MESSAGES)
            .collect();
        let fields = Fields(
            messages
                .iter()
                .filter(|(_, said)| said.kind == ContentKind::Text)
                .flat_map(|(_, said)| extract(&said.text, turn.platform))
                .collect(),
        );
        messages.reverse();
        let words: Vec<Words> = messages
            .iter()
            .map(|(age, said)| self.words(said, *age))
            .collect();
        let counts = |script: usize| self.shelf.counts(script, turn, at);
        let heard = self.hear(&words, &counts);
        let earlier = self.earlier(turn);
        let (mut reading, seen) = self.choose(&heard, &words, &earlier, !fields.0.is_empty());
        let said: Vec<String> = words.iter().map(|w| w.text.clone()).collect();
        let before: Vec<String> = earlier.iter().map(|w| w.text.clone()).collect();
        reading.mood = self.mood.read(&said, &before);
        reading.fields = fields;
        let all = said.join(",");
        let probe = self.index.probe(&without_end(&all));
        reading.scripts = self.shelf.rank(
            &reading.fields,
            &seen,
            &counts,
            self.ranking.fits,
            &all,
            (&self.index, &probe),
        );
        reading
    }

    fn words(&self, said: &Said, age: usize) -> Words {
        let marker = match said.kind {
            ContentKind::Text => None,
            ContentKind::Image => Some("[图片]"),
            ContentKind::Voice => Some("[语音]"),
            ContentKind::Video => Some("[视频]"),
            ContentKind::File => Some("[文件]"),
            ContentKind::Order => Some("[订单卡片]"),
            ContentKind::Product => Some("[商品卡片]"),
            ContentKind::Other => Some("[其他]"),
        };
        let normal = normalise(&blanks_as_commas(&ends(marker.unwrap_or(&said.text))));
        let stripped = without_cards(&normal);
        let bare = !stripped.contains(|c: char| c.is_alphanumeric());
        // A card and nothing else is what was sent.
        let plain = if bare { normal.trim() } else { stripped.trim() }.to_owned();
        let text = self.spelling.standard(&plain).into_owned();
        Words { plain, text, age }
    }

    /// Earlier words of the customer, oldest first.
    fn earlier(&self, turn: &Turn) -> Vec<Words> {
        let mut earlier: Vec<Words> = turn
            .before
            .iter()
            .rev()
            .filter(|said| said.speaker == Speaker::Customer && said.kind == ContentKind::Text)
            .take(EARLIER)
            .map(|said| self.words(said, 0))
            .collect();
        earlier.reverse();
        earlier
    }

    /// Scores every intent in every sentence.
    fn hear(&self, words: &[Words], counts: Counts<'_>) -> Vec<Heard> {
        let mut out: Vec<Heard> = Vec::new();
        let mut searches = 0;
        let mut seen: Vec<&str> = Vec::new();
        // Newest first, so that bounds cut what is old; order is mended by `position`.
        for (position, message) in words.iter().enumerate().rev() {
            if seen.contains(&message.text.as_str()) {
                continue;
            }
            seen.push(&message.text);
            let plain: Vec<Sentence> = sentences(&message.plain).collect();
            let read: Vec<(usize, Sentence)> = sentences(&message.text).enumerate().collect();
            let skip = ENDS..read.len().saturating_sub(ENDS);
            for (nth, sentence) in read.into_iter().filter(|(nth, _)| !skip.contains(nth)) {
                if out.len() >= SENTENCES {
                    return out;
                }
                let written = plain.get(nth).map(|s| s.text.as_str());
                let mut heard =
                    self.hear_sentence(sentence, written, counts, &mut searches, message.age);
                heard.position = position * 1_000 + nth;
                // 包邮, and then 吗 in a bubble of its own: one question.
                heard.asks |= out.last().is_some_and(|next| {
                    next.age == heard.age
                        && next.text.chars().count() <= PARTICLE
                        && next.asks
                        && question::asks(&format!("{}{}", heard.text, next.text), false)
                });
                out.push(heard);
            }
        }
        out
    }

    /// Scores every intent in a sentence and, when it has several clauses, in each of them by itself.
    fn hear_sentence(
        &self,
        sentence: Sentence,
        written: Option<&str>,
        counts: Counts<'_>,
        searches: &mut usize,
        age: usize,
    ) -> Heard {
        let mut pieces: Vec<(Range<usize>, Arc<Near>)> =
            vec![(0..sentence.text.len(), self.near(&sentence.text, searches))];
        let clauses = clauses(&sentence.text);
        if clauses.len() > 1 {
            for range in clauses
                .into_iter()
                .filter(|c| sentence.text[c.start..c.end].chars().count() >= PHRASE)
                .take(PARTS)
            {
                let near = self.near(&sentence.text[range.clone()], searches);
                pieces.push((range, near));
            }
        }
        let all = pieces.iter().map(|(range, near)| (range.clone(), &**near));
        let scores = self.score(&sentence, written, all, counts);
        let parts = pieces
            .iter()
            .skip(1)
            .map(|(range, near)| {
                let clause = Sentence {
                    question: sentence.question && range.end == sentence.text.len(),
                    marked: sentence.marked && range.end == sentence.text.len(),
                    text: sentence.text[range.clone()].to_owned(),
                };
                let piece = std::iter::once((0..range.len(), &**near));
                let scores = self.score(&clause, None, piece, counts);
                Part {
                    range: range.clone(),
                    scores,
                }
            })
            .collect();
        Heard {
            asks: question::asks(&sentence.text, sentence.marked) && !wish::is_over(&sentence.text),
            text: sentence.text,
            scores,
            parts,
            weight: OLDER.powi(i32::try_from(age.min(4)).unwrap_or(4)),
            age,
            position: 0,
        }
    }

    /// Every intent that a sentence speaks for, best first. `pieces` are parts of it with what is near
    /// them.
    fn score<'a>(
        &self,
        sentence: &Sentence,
        plain: Option<&str>,
        pieces: impl IntoIterator<Item = (Range<usize>, &'a Near)>,
        counts: Counts<'_>,
    ) -> Vec<Scored> {
        let found = self.keywords.find(sentence, plain);
        let mut scores: Vec<Scored> = Vec::new();
        for hit in &found.hits {
            let base = match hit.kind {
                Kind::Keyword => self.ranking.keyword,
                Kind::Pattern => self.ranking.pattern,
                Kind::Weak => self.ranking.weak,
                Kind::Exclude => continue,
            };
            let weight = (base * hit.factor).clamp(0.0, 1.0);
            Scored::of(&mut scores, hit.intent).word(
                hit.kind,
                weight,
                hit.spans.clone(),
                hit.words.clone(),
            );
        }
        let silenced = |intent: usize| {
            found.excluded.iter().any(|(i, _)| *i == intent) || found.denied.contains(&intent)
        };
        for (piece, nearest) in pieces {
            for (at, near) in nearest {
                let owners = self.index.known(*at).map(|known| known.owners.as_slice());
                for owner in owners.unwrap_or_default() {
                    let Some(intent) = owner.intent else { continue };
                    // Another shop's sentence is nobody's here.
                    if owner.script.is_some_and(|script| !counts(script)) {
                        continue;
                    }
                    let scored = Scored::of(&mut scores, intent);
                    match (owner.not, owner.script) {
                        (true, None) => scored.unlike = scored.unlike.max(*near),
                        (true, Some(script)) => scored.script(script, 0.0, *near),
                        (false, script) => {
                            let share = if *near < 0.9 && silenced(intent) {
                                0.6
                            } else {
                                1.0
                            };
                            scored.near(near * share, *at, script, &piece);
                        }
                    }
                }
            }
        }
        for (intent, words) in &found.excluded {
            Scored::of(&mut scores, *intent).word(Kind::Exclude, 0.0, Vec::new(), words.clone());
        }
        for scored in &mut scores {
            scored.total(self.ranking.sentence);
        }
        scores.retain(|s| s.score > 0.0 || !s.scripts.is_empty());
        scores.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.intent.cmp(&b.intent)));
        scores
    }

    /// Known sentences that are near, with how near.
    fn near(&self, text: &str, searches: &mut usize) -> Arc<Near> {
        if *searches >= SEARCHES {
            return Arc::default();
        }
        *searches += 1;
        self.searched.of(text, || {
            let probe = self.index.probe(&without_end(text));
            self.index
                .candidates(&probe)
                .into_iter()
                .map(|at| (at, self.index.similarity(&probe, at)))
                .filter(|(_, near)| *near >= NEAR)
                .collect()
        })
    }
}

/// A sentence without the marks around it: known sentences and customers' are compared so.
fn without_end(text: &str) -> String {
    text.trim_matches(|c: char| c.is_whitespace() || "。!?;,，.~…".contains(c))
        .to_owned()
}

#[cfg(test)]
mod tests;
