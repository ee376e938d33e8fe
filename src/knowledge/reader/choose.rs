//! From scores per sentence to what the turn wants: one ranking, several intents, what came before.

use std::collections::HashMap;

use super::{
    Reader, Words,
    scored::{Heard, Part, Scored, blend},
};
use crate::knowledge::{
    keywords::Kind,
    question,
    reading::{Evidence, ReadIntent, Reading, Want},
    sentence::clauses,
    text::is_han,
    wish,
};

/// At most this many intents of one turn.
const INTENTS: usize = 4;
/// A further intent must reach this share of the best one's score.
const SHARE: f32 = 0.55;
/// What a clause by itself must reach.
const BY_CLAUSE: f32 = 0.62;
/// A sentence of this share of what is understood says what is wanted with a matter.
const HINT: f32 = 0.5;
/// A sentence this near to a listed one asks what that asks.
const LISTED: f32 = 0.65;
/// A known sentence this near explains the characters that it shares.
const NEARLY: f32 = 0.3;
/// Characters that every sentence has: they need no explanation.
const COMMON: &str = "我你您他她它们的了吗么呢吧啊呀这那个是有没不可以能会要请问想知道一下在就都也还什怎样多少几时候现给到底亲好谢嘛哪里为啥哦嗯只又再很和跟把被对于";
/// Follow-ups are short.
const SHORT: usize = 14;

/// What scripts are ranked with.
#[derive(Default)]
pub(super) struct Seen {
    /// Every intent's score, best first.
    pub(super) intents: Vec<(usize, f32)>,
    /// Scripts with sentences of their own: near, near to what it must not win.
    pub(super) scripts: HashMap<usize, (f32, f32)>,
}

struct Wanted {
    intent: usize,
    score: f32,
    age: usize,
    position: usize,
}

impl Reader {
    /// The intents of the turn, in the order in which the customer wants them done.
    pub(super) fn choose(
        &self,
        heard: &[Heard],
        words: &[Words],
        earlier: &[Words],
        named: bool,
    ) -> (Reading, Seen) {
        let mut seen = Seen {
            intents: totals(heard),
            ..Seen::default()
        };
        for (script, near, unlike) in heard
            .iter()
            .flat_map(|h| &h.scores)
            .flat_map(|s| &s.scripts)
        {
            let entry = seen.scripts.entry(*script).or_default();
            entry.0 = entry.0.max(*near);
            entry.1 = entry.1.max(*unlike);
        }
        let mut wanted = self.wanted(heard, &seen);
        for one in &wanted {
            match seen.intents.iter_mut().find(|(i, _)| *i == one.intent) {
                Some((_, score)) => *score = score.max(one.score),
                None => seen.intents.push((one.intent, one.score)),
            }
        }
        seen.intents
            .sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let mut reading = Reading::default();
        let of_substance = |w: &Wanted| !self.intents[w.intent].manners;
        if wanted.iter().any(of_substance) {
            wanted.retain(of_substance);
        }
        self.order(&mut wanted);
        for one in &wanted {
            reading
                .intents
                .push(self.read_intent(heard, one.intent, one.score));
        }
        reading.unread = self.unread(heard, &wanted);
        let silent = |w: &Wanted| SILENT.contains(&self.intents[w.intent].id.as_str());
        if wanted.iter().all(silent) && self.follows(words, named) {
            let insists = words.iter().any(|w| wish::want(&w.text) == Want::Done);
            let want = if insists { Want::Done } else { Want::Earlier };
            self.carry(earlier, want, &mut reading, &mut seen);
            if reading.intents.len() > 1 {
                reading.intents.retain(|i| i.id.as_str() != CARD);
            }
        }
        self.rivals(heard, &wanted, &seen, &mut reading);
        self.explain(heard, &wanted, &mut reading);
        (reading, seen)
    }

    fn read_intent(&self, heard: &[Heard], intent: usize, score: f32) -> ReadIntent {
        ReadIntent {
            id: self.intents[intent].id.clone(),
            score,
            want: self.want(heard, intent),
            asked: self.asked(heard, intent),
        }
    }

    /// Whether a sentence that speaks for an intent asks, or is near to one that the folder lists as asking.
    fn asked(&self, heard: &[Heard], intent: usize) -> bool {
        heard.iter().any(|sentence| {
            let parts = sentence.parts.iter().flat_map(|part| &part.scores);
            let mut own = sentence
                .scores
                .iter()
                .chain(parts)
                .filter(|s| s.intent == intent && s.score >= self.ranking.intent * HINT);
            let told = || wish::want(&sentence.text) != Want::Done;
            own.clone().next().is_some() && sentence.asks
                || own.any(|s| s.near >= LISTED)
                    && told()
                    && !question::is_state(&sentence.text)
                    && !wish::is_over(&sentence.text)
        })
    }

    /// How many Han characters of the turn nothing that speaks for what is wanted explains: they stand in none
    /// of its words, patterns and near sentences, and are no words that ask or that every sentence has.
    fn unread(&self, heard: &[Heard], wanted: &[Wanted]) -> usize {
        let of = |scored: &&Scored| wanted.iter().any(|w| w.intent == scored.intent);
        let mut known = String::from(COMMON);
        let parts = heard.iter().flat_map(|h| &h.parts).flat_map(|p| &p.scores);
        for scored in heard.iter().flat_map(|h| &h.scores).chain(parts).filter(of) {
            for (_, words, _) in scored.words.iter().filter(|w| w.0 != Kind::Pattern) {
                known.push_str(words);
            }
            let near = scored.nearest.filter(|_| scored.near >= NEARLY);
            if let Some(near) = near.and_then(|(at, _)| self.index.known(at)) {
                known.push_str(&near.text);
            }
        }
        let mut unread = 0;
        for sentence in heard {
            let scores = sentence.scores.iter().filter(of);
            let mut spans = question::words(&sentence.text);
            spans.extend(scores.flat_map(|s| &s.strong).cloned());
            let free = sentence.text.char_indices().filter(|(at, c)| {
                is_han(*c) && !known.contains(*c) && !spans.iter().any(|span| span.contains(at))
            });
            unread += free.count();
        }
        unread
    }

    /// What the customer wants with a matter: something done, when any sentence that speaks for it, or for
    /// nothing else, says so.
    fn want(&self, heard: &[Heard], intent: usize) -> Want {
        let mut most = None;
        for sentence in heard {
            let parts = sentence.parts.iter().flat_map(|part| &part.scores);
            let mut hints = sentence.scores.iter().chain(parts).filter(|s| {
                s.score >= self.ranking.intent * HINT && !self.intents[s.intent].manners
            });
            let (own, idle) = (
                hints.clone().any(|s| s.intent == intent),
                hints.next().is_none(),
            );
            if !own && !idle {
                continue;
            }
            most = match (wish::want(&sentence.text), most) {
                (Want::Done, _) => return Want::Done,
                (Want::Told, None) if own => Some(Want::Told),
                (Want::Stated, _) if own => Some(Want::Stated),
                (_, most) => most,
            };
        }
        most.unwrap_or(Want::Stated)
    }

    /// The winners of every sentence: the best, and others that other clauses speak for.
    fn wanted(&self, heard: &[Heard], seen: &Seen) -> Vec<Wanted> {
        let mut wanted: Vec<Wanted> = Vec::new();
        for sentence in heard {
            let parts = clauses(&sentence.text);
            let mut spoken_for: Vec<usize> = Vec::new();
            // 还没发的话帮我取消: what a condition names is no matter of its own beside one that is wanted.
            let supposed = |scored: &Scored| {
                let places = scored.clauses(&parts);
                !places.is_empty()
                    && places
                        .iter()
                        .all(|p| is_condition(&sentence.text[parts[*p].clone()]))
            };
            let enough = |s: &&Scored| s.score * sentence.weight >= self.ranking.intent;
            let some = sentence.scores.iter().filter(enough).any(|s| !supposed(s));
            let scores = sentence.scores.iter().filter(|s| !some || !supposed(s));
            for (nth, scored) in scores.enumerate() {
                if scored.score * sentence.weight < self.ranking.intent {
                    break;
                }
                let places = scored.clauses(&parts);
                let new = places.iter().any(|p| !spoken_for.contains(p));
                if nth > 0 && !(new && parts.len() > 1) {
                    continue;
                }
                if self.intents[scored.intent].manners && nth > 0 {
                    continue;
                }
                let first = places.first().copied().unwrap_or(0);
                spoken_for.extend(scored.claims(&parts));
                let score = seen
                    .intents
                    .iter()
                    .find(|(i, _)| *i == scored.intent)
                    .map_or(scored.score, |(_, s)| *s);
                let position = sentence.position * 100 + first;
                match wanted.iter_mut().find(|w| w.intent == scored.intent) {
                    Some(known) => known.age = known.age.min(sentence.age),
                    None => wanted.push(Wanted {
                        intent: scored.intent,
                        score,
                        age: sentence.age,
                        position,
                    }),
                }
            }
        }
        self.add_clauses(heard, &mut wanted);
        let substance = |w: &&Wanted| !self.intents[w.intent].manners;
        let best = wanted
            .iter()
            .filter(substance)
            .map(|w| w.score)
            .fold(0.0, f32::max);
        wanted.retain(|w| w.score >= best * SHARE);
        wanted
    }

    /// Clauses that no winner of their sentence speaks for: words of one matter silence those of another
    /// in a sentence, not in the next clause.
    fn add_clauses(&self, heard: &[Heard], wanted: &mut Vec<Wanted>) {
        for sentence in heard {
            for (nth, part) in sentence.parts.iter().enumerate() {
                // What is wanted by another clause alone, and not by this one, only reaches over into it.
                let elsewhere = |intent: usize| {
                    let by_itself = |part: &Part| {
                        let of = part.scores.iter().find(|s| s.intent == intent);
                        of.is_some_and(|s| s.score >= BY_CLAUSE)
                    };
                    !part.scores.iter().any(|s| s.intent == intent)
                        && sentence.parts.iter().any(by_itself)
                };
                let taken = sentence.scores.iter().any(|s| {
                    wanted.iter().any(|w| w.intent == s.intent)
                        && !s.clauses(std::slice::from_ref(&part.range)).is_empty()
                        && !elsewhere(s.intent)
                });
                let Some(best) = part.scores.first().filter(|_| !taken) else {
                    continue;
                };
                let score = best.score * sentence.weight;
                let known = wanted.iter().any(|w| w.intent == best.intent);
                let supposed =
                    !wanted.is_empty() && is_condition(&sentence.text[part.range.clone()]);
                if known || supposed || score < BY_CLAUSE || self.intents[best.intent].manners {
                    continue;
                }
                wanted.push(Wanted {
                    intent: best.intent,
                    score,
                    age: sentence.age,
                    position: sentence.position * 100 + nth,
                });
            }
        }
    }

    fn order(&self, wanted: &mut Vec<Wanted>) {
        wanted.sort_by(|a, b| b.score.total_cmp(&a.score));
        wanted.truncate(INTENTS);
        wanted.sort_by_key(|w| {
            let priority = self.intents[w.intent].priority;
            (std::cmp::Reverse(priority), w.age, w.position)
        });
    }

    /// Whether the turn can only mean what was spoken of before: a number, a mark, a few words.
    fn follows(&self, words: &[Words], named: bool) -> bool {
        let text: String = words.iter().map(|w| w.text.as_str()).collect();
        let said = text
            .chars()
            .filter(|c| is_han(*c) || c.is_ascii_alphabetic())
            .count();
        let refers = FOLLOWING.iter().any(|word| text.contains(word));
        said <= SHORT || named && said <= 2 * SHORT || refers && said <= 2 * SHORT
    }

    /// The newest intent of substance before the turn is carried over.
    fn carry(&self, earlier: &[Words], want: Want, reading: &mut Reading, seen: &mut Seen) {
        for message in earlier.iter().rev() {
            let heard = self.hear(std::slice::from_ref(message), &|_| false);
            let before = Seen {
                intents: totals(&heard),
                ..Seen::default()
            };
            let mut wanted = self.wanted(&heard, &before);
            wanted.retain(|w| {
                let row = &self.intents[w.intent];
                !row.manners && row.id.as_str() != URGE
            });
            self.order(&mut wanted);
            let Some(best) = wanted.first() else { continue };
            // It was understood once; it stays so, but no surer than its share.
            let score = (best.score * self.ranking.context)
                .max(self.ranking.intent)
                .min(1.0);
            if reading
                .intents
                .iter()
                .any(|i| i.id == self.intents[best.intent].id)
            {
                return;
            }
            reading.intents.push(ReadIntent {
                id: self.intents[best.intent].id.clone(),
                score,
                want,
                asked: false,
            });
            reading.evidence.push(Evidence::Context {
                intent: self.intents[best.intent].id.clone(),
            });
            seen.intents.retain(|(intent, _)| *intent != best.intent);
            seen.intents.push((best.intent, score));
            seen.intents.sort_by(|a, b| b.1.total_cmp(&a.1));
            return;
        }
    }

    /// The best intent that explains the same words and was not taken, and how far it is behind.
    fn rivals(&self, heard: &[Heard], wanted: &[Wanted], seen: &Seen, reading: &mut Reading) {
        let taken = |intent: usize| {
            let id = &self.intents[intent].id;
            reading.intents.iter().any(|i| i.id == *id)
        };
        let rival = seen
            .intents
            .iter()
            .find(|(intent, _)| !taken(*intent) && !self.intents[*intent].manners);
        let best = wanted
            .iter()
            .map(|w| w.score)
            .chain(reading.intents.iter().map(|i| i.score))
            .fold(0.0, f32::max);
        let runner_up = rival.map(|(intent, score)| self.read_intent(heard, *intent, *score));
        reading.margin = match (&runner_up, reading.intents.is_empty()) {
            (_, true) => 0.0,
            (Some(second), _) => (best - second.score).max(0.0),
            (None, _) => 1.0,
        };
        reading.runner_up = runner_up;
    }

    fn explain(&self, heard: &[Heard], wanted: &[Wanted], reading: &mut Reading) {
        let rival = reading.runner_up.as_ref().map(|r| r.id.clone());
        let parts = heard.iter().flat_map(|h| &h.parts).flat_map(|p| &p.scores);
        for scored in heard.iter().flat_map(|h| &h.scores).chain(parts) {
            let id = &self.intents[scored.intent].id;
            let counts =
                wanted.iter().any(|w| w.intent == scored.intent) || rival.as_ref() == Some(id);
            if !counts {
                continue;
            }
            for evidence in self.evidence(scored) {
                if !reading.evidence.contains(&evidence) {
                    reading.evidence.push(evidence);
                }
            }
        }
    }

    /// Every word, pattern and sentence that counted for an intent in a sentence.
    fn evidence(&self, scored: &Scored) -> Vec<Evidence> {
        let intent = &self.intents[scored.intent].id;
        let mut out: Vec<Evidence> = Vec::new();
        for (kind, words, weight) in &scored.words {
            let (intent, words, weight) = (intent.clone(), words.to_string(), *weight);
            out.push(match kind {
                Kind::Keyword | Kind::Weak => Evidence::Keyword {
                    intent,
                    words,
                    weight,
                },
                Kind::Pattern => Evidence::Pattern {
                    intent,
                    pattern: words,
                    weight,
                },
                Kind::Exclude => Evidence::Excluded { intent, words },
            });
        }
        if let Some((known, script)) = scored.nearest.filter(|_| scored.near >= 0.3) {
            out.extend(self.index.known(known).map(|known| Evidence::Sentence {
                intent: Some(intent.clone()),
                script: script.and_then(|s| self.shelf.id(s)).cloned(),
                sentence: known.text.clone(),
                similarity: scored.near,
            }));
        }
        out
    }
}

/// The intent of those who only want to be answered: what they asked before still stands.
const URGE: &str = "oth.urge_reply";
/// A card, a link or a picture, without a word.
const CARD: &str = "oth.nontext";
/// Intents that say nothing about what is wanted: what was asked before still stands.
const SILENT: [&str; 2] = [URGE, CARD];

/// Whether a clause only says on what something depends.
fn is_condition(clause: &str) -> bool {
    let clause = clause.trim();
    clause.ends_with("的话")
        || ["如果", "要是", "假如", "万一"]
            .iter()
            .any(|w| clause.starts_with(w))
}

/// Words that go on with what was spoken of.
static FOLLOWING: &[&str] = &[
    "那",
    "还是",
    "还没",
    "又",
    "这个",
    "这样",
    "怎么办",
    "多久",
    "什么时候",
    "为什么",
    "呢",
];

/// Every intent's score over all sentences: its best, and a part of what the others add.
fn totals(heard: &[Heard]) -> Vec<(usize, f32)> {
    let mut by_intent: Vec<(usize, Vec<f32>)> = Vec::new();
    for sentence in heard {
        for scored in &sentence.scores {
            let score = scored.score * sentence.weight;
            match by_intent.iter_mut().find(|(i, _)| *i == scored.intent) {
                Some((_, scores)) => scores.push(score),
                None => by_intent.push((scored.intent, vec![score])),
            }
        }
    }
    let mut totals: Vec<(usize, f32)> = by_intent
        .into_iter()
        .map(|(intent, mut scores)| (intent, blend(&mut scores, &[1.0, 0.25, 0.1])))
        .collect();
    totals.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    totals
}
