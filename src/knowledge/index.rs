//! The sentences of the folder, found by what they share with a customer's.
//!
//! A customer's words never reach a query parser: they are cut into characters, pairs of characters and
//! Latin words here, and the rarest of them are asked for as plain terms. What comes back is ranked by a
//! similarity that can be explained: the share of weighted tokens that both sentences hold.

use std::collections::HashMap;

use tantivy::{
    Index, IndexReader, ReloadPolicy, TantivyDocument, Term,
    collector::TopDocs,
    query::{BooleanQuery, Occur, Query, TermQuery},
    schema::{Field, INDEXED, IndexRecordOption, Schema},
};

use super::tokens::{share, tokens};

/// How many of a sentence's rarest tokens are asked for: bounds the cost in a large folder.
const ASKED: usize = 8;
/// After its rarest token, a sentence's tokens are asked for while they stand in no more than this many
/// sentences together.
const WALKED: u32 = 30_000;
/// How many sentences are compared in full.
const CANDIDATES: usize = 40;
/// What a word of a reply weighs, against one of a sentence that it answers.
const REPLY: f32 = 0.5;
/// The same of a sentence, against one of the title.
const ASKS: f32 = 0.85;
/// Memory for building, in bytes; tantivy asks for at least 15 MB.
const BUDGET: usize = 50_000_000;

/// Who a known sentence speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Index of the intent.
    pub(crate) intent: Option<usize>,
    /// Index of the script, when it is a script's own sentence.
    pub(crate) script: Option<usize>,
    /// A sentence that must not be it.
    pub(crate) not: bool,
}

/// A known sentence.
#[derive(Debug)]
pub(crate) struct Known {
    /// As it is shown in evidence.
    pub(crate) text: String,
    /// Whose it is.
    pub(crate) owners: Vec<Owner>,
    tokens: Vec<u32>,
    weight: f32,
}

/// A sentence as tokens, to be compared with known ones.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    /// Known tokens, sorted.
    tokens: Vec<u32>,
    weight: f32,
    /// The whole sentence is a known one.
    exact: Option<usize>,
}

/// Everything that a script says, as tokens.
#[derive(Debug, Default)]
pub(crate) struct Text {
    /// Of its title, sorted.
    title: Vec<u32>,
    /// Of its sentences, sorted.
    asks: Vec<u32>,
    /// Of its reply, sorted.
    reply: Vec<u32>,
}

/// Every known sentence, once.
pub(crate) struct SentenceIndex {
    known: Vec<Known>,
    exact: HashMap<String, usize>,
    vocabulary: HashMap<u64, u32>,
    weights: Vec<f32>,
    /// In how many sentences each token stands.
    documents: Vec<u32>,
    /// The weight of a pair and of a word that no known sentence has.
    unknown: f32,
    search: Option<(IndexReader, Field)>,
}

impl SentenceIndex {
    /// Indexes sentences: (normalised, as shown, whose).
    pub(crate) fn build(sentences: impl IntoIterator<Item = (String, String, Owner)>) -> Self {
        let mut known: Vec<Known> = Vec::new();
        let mut exact: HashMap<String, usize> = HashMap::new();
        for (normal, shown, owner) in sentences {
            if normal.is_empty() {
                continue;
            }
            let at = *exact.entry(normal).or_insert_with(|| {
                known.push(Known {
                    text: shown,
                    owners: Vec::new(),
                    tokens: Vec::new(),
                    weight: 0.0,
                });
                known.len() - 1
            });
            if let Some(row) = known.get_mut(at)
                && !row.owners.contains(&owner)
            {
                row.owners.push(owner);
            }
        }
        let mut vocabulary: HashMap<u64, u32> = HashMap::new();
        let mut frequency: Vec<(u64, u32)> = Vec::new();
        let mut normals: Vec<(&String, usize)> = exact.iter().map(|(n, at)| (n, *at)).collect();
        // In the folder's order, so that the same folder reads the same way twice.
        normals.sort_unstable_by_key(|(_, at)| *at);
        for (normal, at) in normals {
            let mut ids: Vec<u32> = tokens(normal)
                .into_iter()
                .map(|token| {
                    let next = u32::try_from(frequency.len()).unwrap_or(u32::MAX);
                    let id = *vocabulary.entry(token).or_insert(next);
                    if id == next {
                        frequency.push((token, 0));
                    }
                    id
                })
                .collect();
            ids.sort_unstable();
            ids.dedup();
            for id in &ids {
                frequency[*id as usize].1 += 1;
            }
            if let Some(row) = known.get_mut(at) {
                row.tokens = ids;
            }
        }
        let count = known.len().max(2) as f32;
        let weights: Vec<f32> = frequency
            .iter()
            .map(|(token, documents)| weight(*token, *documents as f32, count))
            .collect();
        for row in &mut known {
            row.weight = sum(&row.tokens, &weights);
        }
        let search = searcher(&known).ok();
        Self {
            known,
            exact,
            vocabulary,
            weights,
            documents: frequency.iter().map(|(_, documents)| *documents).collect(),
            unknown: 0.45,
            search,
        }
    }

    /// A known sentence.
    pub(crate) fn known(&self, at: usize) -> Option<&Known> {
        self.known.get(at)
    }

    /// Cuts a normalised sentence into weighted tokens.
    pub(crate) fn probe(&self, normal: &str) -> Probe {
        let mut probe = Probe {
            exact: self.exact.get(normal).copied(),
            ..Probe::default()
        };
        let mut unknown = tokens(normal);
        unknown.sort_unstable();
        unknown.dedup();
        for token in unknown {
            match self.vocabulary.get(&token) {
                Some(id) => probe.tokens.push(*id),
                None => probe.weight += share(token) * self.unknown,
            }
        }
        probe.tokens.sort_unstable();
        probe.weight += sum(&probe.tokens, &self.weights);
        probe
    }

    /// A script's title, sentences and reply, as known tokens.
    pub(crate) fn text(&self, title: &str, asks: &[String], reply: &str) -> Text {
        let known = |normal: &str| -> Vec<u32> {
            let tokens = tokens(normal);
            tokens
                .iter()
                .filter_map(|token| self.vocabulary.get(token))
                .copied()
                .collect()
        };
        let mut text = Text {
            title: known(title),
            asks: asks.iter().flat_map(|ask| known(ask)).collect(),
            reply: known(reply),
        };
        for tokens in [&mut text.title, &mut text.asks, &mut text.reply] {
            tokens.sort_unstable();
            tokens.dedup();
            tokens.shrink_to_fit();
        }
        text
    }

    /// How much of a sentence a script's words hold, `0..=1`: those of its title whole, the others a part.
    pub(crate) fn cover(&self, probe: &Probe, text: &Text) -> f32 {
        if probe.weight <= 0.0 {
            return 0.0;
        }
        let parts = [(&text.title, 1.0), (&text.asks, ASKS), (&text.reply, REPLY)];
        let held = |token: &u32| {
            let part = parts
                .iter()
                .find(|(tokens, _)| tokens.binary_search(token).is_ok());
            let weight = self
                .weights
                .get(*token as usize)
                .copied()
                .unwrap_or_default();
            part.map_or(0.0, |(_, part)| part * weight)
        };
        probe.tokens.iter().map(held).sum::<f32>() / probe.weight
    }

    /// Sentences worth comparing: those that hold the rarest tokens.
    pub(crate) fn candidates(&self, probe: &Probe) -> Vec<usize> {
        let mut out: Vec<usize> = probe.exact.into_iter().collect();
        let Some((reader, field)) = &self.search else {
            return out;
        };
        let mut rarest: Vec<u32> = probe.tokens.clone();
        rarest.sort_unstable_by(|a, b| {
            let weight = |id: &u32| self.weights.get(*id as usize).copied().unwrap_or_default();
            weight(b).total_cmp(&weight(a)).then(a.cmp(b))
        });
        rarest.truncate(ASKED);
        let mut walked = 0;
        rarest.retain(|id| {
            let documents = self
                .documents
                .get(*id as usize)
                .copied()
                .unwrap_or_default();
            let first = walked == 0;
            walked += documents;
            first || walked <= WALKED
        });
        if rarest.is_empty() {
            return out;
        }
        let terms: Vec<(Occur, Box<dyn Query>)> = rarest
            .into_iter()
            .map(|id| {
                let term = Term::from_field_u64(*field, u64::from(id));
                let query: Box<dyn Query> =
                    Box::new(TermQuery::new(term, IndexRecordOption::Basic));
                (Occur::Should, query)
            })
            .collect();
        let query = BooleanQuery::new(terms);
        let best = TopDocs::with_limit(CANDIDATES).order_by_score();
        if let Ok(found) = reader.searcher().search(&query, &best) {
            // One segment without deletions: a document's number is its sentence's.
            out.extend(found.iter().map(|(_, address)| address.doc_id as usize));
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// How near a known sentence is, `0..=1`.
    pub(crate) fn similarity(&self, probe: &Probe, at: usize) -> f32 {
        if probe.exact == Some(at) {
            return 1.0;
        }
        let Some(known) = self.known.get(at) else {
            return 0.0;
        };
        if known.weight <= 0.0 || probe.weight <= 0.0 {
            return 0.0;
        }
        let mut shared = 0.0;
        let mut theirs = known.tokens.iter().peekable();
        for token in &probe.tokens {
            while theirs.next_if(|t| *t < token).is_some() {}
            if theirs.peek() == Some(&token) {
                shared += self
                    .weights
                    .get(*token as usize)
                    .copied()
                    .unwrap_or_default();
            }
        }
        let dice = 2.0 * shared / (known.weight + probe.weight);
        // A known sentence that stands whole in a longer one is near, if it says enough.
        let inside = shared / known.weight;
        let says_enough = (known.weight / 4.0).min(1.0);
        dice.max(inside * inside * 0.8 * says_enough).min(0.99)
    }
}

fn searcher(known: &[Known]) -> tantivy::Result<(IndexReader, Field)> {
    let mut schema = Schema::builder();
    let field = schema.add_u64_field("token", INDEXED);
    // A writer of one segment: no threads, and nothing of it lives on.
    let mut writer = Index::builder()
        .schema(schema.build())
        .single_segment_index_writer::<TantivyDocument>(
            tantivy::directory::RamDirectory::create(),
            BUDGET,
        )?;
    for row in known {
        let mut document = TantivyDocument::new();
        for token in &row.tokens {
            document.add_u64(field, u64::from(*token));
        }
        writer.add_document(document)?;
    }
    let reader = writer
        .finalize()?
        .reader_builder()
        .reload_policy(ReloadPolicy::Manual)
        .try_into()?;
    Ok((reader, field))
}

fn sum(tokens: &[u32], weights: &[f32]) -> f32 {
    tokens
        .iter()
        .filter_map(|id| weights.get(*id as usize))
        .sum()
}

/// Rare tokens weigh more: 1 for one that a single sentence has, towards 0 for one that all have.
fn weight(token: u64, documents: f32, count: f32) -> f32 {
    share(token) * ((count + 1.0) / (documents + 0.5)).ln() / (count + 1.0).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(sentences: &[&str]) -> SentenceIndex {
        SentenceIndex::build(sentences.iter().enumerate().map(|(i, s)| {
            let owner = Owner {
                intent: Some(i),
                script: None,
                not: false,
            };
            ((*s).to_owned(), (*s).to_owned(), owner)
        }))
    }

    fn nearest(index: &SentenceIndex, text: &str) -> Option<(String, f32)> {
        let probe = index.probe(text);
        index
            .candidates(&probe)
            .into_iter()
            .map(|at| (at, index.similarity(&probe, at)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .and_then(|(at, near)| Some((index.known(at)?.text.clone(), near)))
    }

    #[test]
    fn chinese_without_blanks_is_found() {
        let index = index(&[
            "我的快递到哪了",
            "运费险怎么弄",
            "可以开专票吗",
            "where is my parcel",
        ]);
        for (asked, expected) in [
            ("快递到哪里了", "我的快递到哪了"),
            ("请问运费险弄好了怎么看", "运费险怎么弄"),
            ("能开专票吗", "可以开专票吗"),
            ("where is the parcel", "where is my parcel"),
        ] {
            let (text, near) = nearest(&index, asked).unwrap_or_default();
            assert_eq!(text, expected, "{asked}");
            assert!(near > 0.3 && near < 1.0, "{asked}: {near}");
        }
        assert_eq!(nearest(&index, "我的快递到哪了").map(|n| n.1), Some(1.0));
    }

    #[test]
    fn operators_are_only_characters() {
        let index = index(&["我的快递到哪了"]);
        for text in ["\"", "AND", "(", ":", "", "*", "a:b", "亲", "\u{1f600}"] {
            nearest(&index, text);
        }
        assert_eq!(nearest(&SentenceIndex::build([]), "快递"), None);
    }
}
