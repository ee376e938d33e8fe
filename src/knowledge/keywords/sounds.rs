//! Strong words by sound: 法货 is 发货.

use std::{collections::HashMap, ops::Range};

use aho_corasick::AhoCorasick;
use pinyin::ToPinyin;

use super::{Item, Kind};
use crate::knowledge::text::is_han;

/// What stands after any word tells none from another: 用完了 is no 弯了.
const PARTICLES: [char; 4] = ['了', '的', '着', '过'];

/// Strong words by sound: every syllable is one private character, so that places stay the same.
pub(super) struct Sounds {
    syllables: HashMap<&'static str, char>,
    words: Option<AhoCorasick>,
    /// For every sound, the items that sound so, with their characters.
    items_of: Vec<Vec<(usize, Vec<char>)>>,
}

impl Sounds {
    pub(super) fn build(items: &[Item], words: &[String]) -> Self {
        let mut syllables: HashMap<&'static str, char> = HashMap::new();
        let mut ids: HashMap<String, usize> = HashMap::new();
        let mut sounds = Vec::new();
        let mut items_of: Vec<Vec<(usize, Vec<char>)>> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let [word] = item.words.as_slice() else {
                continue;
            };
            let Some(word) = words.get(*word) else {
                continue;
            };
            let characters: Vec<char> = word.chars().collect();
            if item.kind != Kind::Keyword
                || characters.len() < 2
                || !characters.iter().all(|c| is_han(*c))
            {
                continue;
            }
            for sound in characters.iter().filter_map(|c| c.to_pinyin()) {
                let next = u32::try_from(syllables.len()).unwrap_or(u32::MAX);
                if let Some(c) = 0xE000_u32.checked_add(next).and_then(char::from_u32) {
                    syllables.entry(sound.plain()).or_insert(c);
                }
            }
            let sound = said(&characters, &syllables);
            let id = *ids.entry(sound.clone()).or_insert_with(|| {
                sounds.push(sound);
                items_of.push(Vec::new());
                items_of.len() - 1
            });
            if let Some(list) = items_of.get_mut(id) {
                list.push((index, characters));
            }
        }
        Self {
            words: AhoCorasick::new(&sounds).ok(),
            syllables,
            items_of,
        }
    }

    /// Items that sound like a part of the text, with that part.
    pub(super) fn find(&self, text: &str) -> Vec<(usize, Range<usize>)> {
        let Some(words) = &self.words else {
            return Vec::new();
        };
        let places: Vec<(usize, char)> = text.char_indices().collect();
        let characters: Vec<char> = places.iter().map(|(_, c)| *c).collect();
        let sound = said(&characters, &self.syllables);
        let starts: Vec<usize> = sound.char_indices().map(|(at, _)| at).collect();
        let mut out = Vec::new();
        for found in words.find_overlapping_iter(&sound) {
            let first = starts.partition_point(|at| *at < found.start());
            let last = starts.partition_point(|at| *at < found.end());
            let Some(heard) = characters.get(first..last) else {
                continue;
            };
            let start = places.get(first).map_or(0, |(at, _)| *at);
            let end = places.get(last).map_or(text.len(), |(at, _)| *at);
            for (item, meant) in self
                .items_of
                .get(found.pattern().as_usize())
                .into_iter()
                .flatten()
            {
                // Two characters that merely sound alike are mostly another word: one must be the same.
                let alike = heard.iter().zip(meant).filter(|(a, b)| a == b);
                let same = alike.filter(|(a, _)| !PARTICLES.contains(a)).count();
                if heard.len() > 2 && same >= 1 || heard.len() == 2 && same == 1 {
                    out.push((*item, start..end));
                }
            }
        }
        out
    }
}

fn said(characters: &[char], syllables: &HashMap<&'static str, char>) -> String {
    characters
        .iter()
        .map(|c| {
            c.to_pinyin()
                .and_then(|sound| syllables.get(sound.plain()).copied())
                .unwrap_or(*c)
        })
        .collect()
}
