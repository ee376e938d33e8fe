//! What the sentences of a turn say for each intent, and how that adds up to a score.

use std::{ops::Range, sync::Arc};

use crate::knowledge::keywords::Kind;

/// A sentence that is this near says what a whole clause wants.
const CLAUSE: f32 = 0.6;
/// The bytes of one Han character.
const CHARACTER: usize = 3;

/// One sentence, with what it speaks for, best first.
pub(super) struct Heard {
    pub(super) text: String,
    /// It puts a question that words can answer.
    pub(super) asks: bool,
    pub(super) scores: Vec<Scored>,
    /// Its clauses by themselves, when it has several.
    pub(super) parts: Vec<Part>,
    /// Newer bursts weigh more.
    pub(super) weight: f32,
    /// How many bursts followed.
    pub(super) age: usize,
    /// Its place in the turn.
    pub(super) position: usize,
}

/// One clause of a sentence.
pub(super) struct Part {
    pub(super) range: Range<usize>,
    pub(super) scores: Vec<Scored>,
}

/// What one sentence says for one intent.
pub(super) struct Scored {
    pub(super) intent: usize,
    pub(super) score: f32,
    /// Near to a sentence that is not this intent.
    pub(super) unlike: f32,
    /// Scripts with sentences of their own: (script, near, near to what it must not win).
    pub(super) scripts: Vec<(usize, f32, f32)>,
    keyword: Vec<f32>,
    pattern: Vec<f32>,
    weak: Vec<f32>,
    pub(super) near: f32,
    near_in: Range<usize>,
    /// The nearest known sentence, with the script it is of.
    pub(super) nearest: Option<(usize, Option<usize>)>,
    pub(super) strong: Vec<Range<usize>>,
    /// Where single characters of its groups of words stand.
    pub(super) brief: Vec<Range<usize>>,
    pub(super) words: Vec<(Kind, Arc<str>, f32)>,
}

impl Scored {
    /// The entry of an intent, made when it is new.
    pub(super) fn of(scores: &mut Vec<Self>, intent: usize) -> &mut Self {
        let at = match scores.iter().position(|s| s.intent == intent) {
            Some(at) => at,
            None => {
                scores.push(Self {
                    intent,
                    score: 0.0,
                    unlike: 0.0,
                    scripts: Vec::new(),
                    keyword: Vec::new(),
                    pattern: Vec::new(),
                    weak: Vec::new(),
                    near: 0.0,
                    near_in: 0..0,
                    nearest: None,
                    strong: Vec::new(),
                    brief: Vec::new(),
                    words: Vec::new(),
                });
                scores.len() - 1
            }
        };
        &mut scores[at]
    }

    pub(super) fn word(
        &mut self,
        kind: Kind,
        weight: f32,
        spans: Vec<Range<usize>>,
        words: Arc<str>,
    ) {
        match kind {
            Kind::Keyword => self.keyword.push(weight),
            Kind::Pattern => self.pattern.push(weight),
            Kind::Weak => self.weak.push(weight),
            Kind::Exclude => {}
        }
        if matches!(kind, Kind::Keyword | Kind::Pattern) {
            // A character of a group (换 of 换, 码, 没发) may be another matter's too: it keeps none out.
            let some = spans.iter().any(|span| span.len() > CHARACTER);
            for span in spans {
                let brief = some && span.len() <= CHARACTER;
                let places = if brief {
                    &mut self.brief
                } else {
                    &mut self.strong
                };
                places.push(span);
            }
        }
        self.words.push((kind, words, weight));
    }

    /// A known sentence is near in a part of the sentence.
    pub(super) fn near(
        &mut self,
        near: f32,
        known: usize,
        script: Option<usize>,
        piece: &Range<usize>,
    ) {
        if let Some(script) = script {
            self.script(script, near, 0.0);
        }
        if near > self.near {
            self.near = near;
            self.near_in = piece.clone();
            self.nearest = Some((known, script));
        }
    }

    pub(super) fn script(&mut self, script: usize, near: f32, unlike: f32) {
        match self.scripts.iter_mut().find(|s| s.0 == script) {
            Some(known) => {
                known.1 = known.1.max(near);
                known.2 = known.2.max(unlike);
            }
            None => self.scripts.push((script, near, unlike)),
        }
    }

    /// Blends what speaks for the intent: each further piece of evidence closes part of what is left.
    pub(super) fn total(&mut self, sentence_weight: f32) {
        let keyword = blend(&mut self.keyword, &[1.0, 0.4, 0.2]);
        let pattern = blend(&mut self.pattern, &[1.0, 0.3]);
        let weak = blend(&mut self.weak, &[1.0, 0.6]);
        // Below a quarter two sentences share no more than any two do.
        let near = ((self.near - 0.25) / 0.75).max(0.0);
        let contrary = self.unlike > self.near && self.unlike > 0.5;
        let near = near * sentence_weight * if contrary { 0.3 } else { 1.0 };
        let words = 1.0 - (1.0 - keyword) * (1.0 - pattern) * (1.0 - weak);
        let words = if self.unlike > 0.85 && contrary {
            words * 0.3
        } else {
            words
        };
        self.score = (1.0 - (1.0 - words) * (1.0 - near.clamp(0.0, 1.0))).clamp(0.0, 1.0);
    }

    /// The clauses that its evidence stands in.
    pub(super) fn clauses(&self, parts: &[Range<usize>]) -> Vec<usize> {
        self.places(parts, self.strong.iter().chain(&self.brief))
    }

    /// The clauses that its evidence speaks for, so that no other matter need be sought in them.
    pub(super) fn claims(&self, parts: &[Range<usize>]) -> Vec<usize> {
        self.places(parts, self.strong.iter())
    }

    fn places<'a>(
        &'a self,
        parts: &[Range<usize>],
        words: impl Iterator<Item = &'a Range<usize>>,
    ) -> Vec<usize> {
        let near = Some(&self.near_in).filter(|_| self.near >= CLAUSE);
        let places: Vec<&Range<usize>> = words.chain(near).collect();
        parts
            .iter()
            .enumerate()
            .filter(|(_, part)| {
                places
                    .iter()
                    .any(|p| p.start < part.end && part.start < p.end)
            })
            .map(|(at, _)| at)
            .collect()
    }
}

pub(super) fn blend(weights: &mut [f32], shares: &[f32]) -> f32 {
    weights.sort_by(|a, b| b.total_cmp(a));
    1.0 - weights
        .iter()
        .zip(shares)
        .map(|(weight, share)| 1.0 - weight * share)
        .product::<f32>()
}
