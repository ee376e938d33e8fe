//! The mood ladder: the words of `rules/mood.csv` and what a turn adds up to.
//!
//! Words alone miss most of what goes wrong, so behaviour counts too: asking twice, rows of question and
//! exclamation marks, days of waiting. How long a mood lasts is not decided here.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

use super::{
    negation::denied,
    patterns::Patterns,
    reading::{Mood, MoodSignal},
    spelling::Spelling,
    text::normalise,
};

/// One row of `rules/mood.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoodWord {
    /// The word, or `/regex/` over normalised text, as written.
    pub written: String,
    /// `0..=4`.
    pub level: u8,
    /// Such as 投诉.
    pub category: String,
    /// Words that contain it harmlessly.
    pub except: Vec<String>,
    /// The line of the table.
    pub line: u32,
}

static WAITING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:已经|都|等了|过了|过去)(?:[0-9]{1,2}|[两二三四五六七八九十半几好]{1,2})(?:多)?(?:天|个?(?:星期|礼拜|月|小时)|周)").ok()
});

/// A courtesy beside exclamation marks: nobody is upset.
static KIND: &[&str] = &[
    "谢",
    "感谢",
    "喜欢",
    "太好了",
    "哈哈",
    "棒",
    "好评",
    "辛苦",
    "满意",
    "thank",
];

/// The compiled table.
#[derive(Debug, Default)]
pub struct MoodReader {
    rows: Vec<MoodWord>,
    words: Option<AhoCorasick>,
    /// For every word, its row.
    row_of: Vec<usize>,
    excepts: Option<AhoCorasick>,
    /// For every white-list word, the rows it excuses.
    excused: Vec<usize>,
    patterns: Patterns,
}

impl MoodReader {
    /// Compiles the table; a broken regex is skipped.
    pub fn build(rows: &[MoodWord], spelling: &Spelling) -> Self {
        let standard = |word: &str| spelling.standard(&normalise(word)).into_owned();
        let (mut words, mut row_of) = (Vec::new(), Vec::new());
        let (mut excepts, mut excused) = (Vec::new(), Vec::new());
        let mut patterns = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let regex = row
                .written
                .strip_prefix('/')
                .and_then(|w| w.strip_suffix('/'));
            match regex {
                Some(regex) => patterns.push((index, regex)),
                None => {
                    // As written and in standard spelling: the table must not hide its own words.
                    let plain = normalise(&row.written);
                    let spelled = standard(&row.written);
                    for word in [Some(plain.clone()), Some(spelled).filter(|s| *s != plain)] {
                        if let Some(word) = word.filter(|w| !w.is_empty()) {
                            words.push(word);
                            row_of.push(index);
                        }
                    }
                }
            }
            for except in &row.except {
                let except = standard(except);
                if !except.is_empty() {
                    excepts.push(except);
                    excused.push(index);
                }
            }
        }
        Self {
            rows: rows.to_vec(),
            words: AhoCorasick::new(&words).ok(),
            row_of,
            excepts: AhoCorasick::new(&excepts).ok(),
            excused,
            patterns: Patterns::build(patterns),
        }
    }

    /// The mood of messages (normalised and in standard spelling), oldest first. `before` are earlier
    /// messages of the customer, for questions asked again.
    pub fn read(&self, messages: &[String], before: &[String]) -> Mood {
        let mut mood = Mood::default();
        for text in messages {
            self.words_of(text, &mut mood);
            marks(text, &mut mood);
            if let Some(found) = WAITING.as_ref().and_then(|re| re.find(text)) {
                add(&mut mood, found.as_str(), "等待", 1);
            }
        }
        repeated(messages, before, &mut mood);
        if messages.len() >= 4 && mood.level >= 1 && messages.iter().all(|m| m.chars().count() <= 8)
        {
            add(&mut mood, "连发", "催促", 2);
        }
        mood
    }

    fn words_of(&self, text: &str, mood: &mut Mood) {
        let excuses: Vec<(usize, std::ops::Range<usize>)> = self
            .excepts
            .iter()
            .flat_map(|words| words.find_overlapping_iter(text))
            .filter_map(|m| Some((*self.excused.get(m.pattern().as_usize())?, m.range())))
            .collect();
        let harmless = |row: usize, range: &std::ops::Range<usize>| {
            excuses
                .iter()
                .any(|(r, e)| *r == row && e.start < range.end && range.start < e.end)
        };
        let mut hit = |row: usize, range: std::ops::Range<usize>| {
            let Some(word) = self.rows.get(row) else {
                return;
            };
            let question = text[range.end..].starts_with(['吗', '么', '吧']);
            let softened = harmless(row, &range)
                || part_of_latin_word(text, &range)
                || (word.level == 3 && denied(text, range.start, question));
            if !softened {
                add(mood, &word.written, &word.category, word.level.min(4));
            }
        };
        for found in self
            .words
            .iter()
            .flat_map(|w| w.find_overlapping_iter(text))
        {
            if let Some(row) = self.row_of.get(found.pattern().as_usize()) {
                hit(*row, found.range());
            }
        }
        for (row, pattern, _) in self.patterns.find(text) {
            for range in self.patterns.places(pattern, text) {
                hit(row, range);
            }
        }
    }
}

fn part_of_latin_word(text: &str, range: &std::ops::Range<usize>) -> bool {
    let word = &text[range.clone()];
    let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let number = word.bytes().all(|b| b.is_ascii_digit());
    let (before, after) = (
        text[..range.start].chars().next_back(),
        text[range.end..].chars().next(),
    );
    // 12315 inside an order number, nmsl inside a word.
    (number || word.bytes().all(|b| b.is_ascii_alphanumeric()))
        && !word.is_empty()
        && (latin(before) || latin(after))
}

fn marks(text: &str, mood: &mut Mood) {
    let most = |mark: char| {
        text.split(|c| c != mark)
            .map(str::len)
            .max()
            .unwrap_or_default()
            / mark.len_utf8()
    };
    if most('?') >= 2 {
        add(mood, "??", "催促", 1);
    }
    if most('!') >= 2 && !KIND.iter().any(|word| text.contains(word)) {
        add(mood, "!!", "不满", 2);
    }
}

/// The same question again, in this turn or after an answer.
fn repeated(messages: &[String], before: &[String], mood: &mut Mood) {
    for (index, text) in messages.iter().enumerate() {
        if text.chars().count() < 5 {
            continue;
        }
        let earlier = before.iter().chain(messages.iter().take(index));
        if earlier.into_iter().any(|other| near(text, other)) {
            add(mood, "重复提问", "催促", 1);
            return;
        }
    }
}

/// Nearly the same words: most pairs of characters are shared.
fn near(a: &str, b: &str) -> bool {
    let pairs = |text: &str| {
        let chars: Vec<char> = text
            .chars()
            .take(80)
            .filter(|c| c.is_alphanumeric())
            .collect();
        let mut pairs: Vec<(char, char)> = chars.windows(2).map(|w| (w[0], w[1])).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    };
    if a == b {
        return true;
    }
    let (a, b) = (pairs(a), pairs(b));
    let shared = a.iter().filter(|p| b.binary_search(p).is_ok()).count();
    !a.is_empty() && 2 * shared * 5 >= (a.len() + b.len()) * 4
}

fn add(mood: &mut Mood, word: &str, category: &str, level: u8) {
    mood.level = mood.level.max(level);
    if !mood.signals.iter().any(|s| s.word == word) {
        mood.signals.push(MoodSignal {
            word: word.to_owned(),
            category: category.to_owned(),
            level,
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(written: &str, level: u8, category: &str, except: &[&str]) -> MoodWord {
        MoodWord {
            written: written.to_owned(),
            level,
            category: category.to_owned(),
            except: except.iter().map(|e| (*e).to_owned()).collect(),
            line: 1,
        }
    }

    fn reader() -> MoodReader {
        let rows = [
            row("投诉", 3, "投诉", &["投诉电话是多少"]),
            row("差评", 3, "投诉", &[]),
            row("12315", 3, "法律", &[]),
            row("垃圾", 4, "辱骂", &["垃圾桶", "垃圾袋"]),
            row("死", 4, "自伤", &["好看死了", "急死"]),
            row("/再不.{1,8}就/", 2, "不满", &[]),
            row("无语", 2, "不满", &[]),
            row("/(/", 4, "坏", &[]),
        ];
        let spelling = Spelling::build(&[("差苹".to_owned(), "差评".to_owned())]);
        MoodReader::build(&rows, &spelling)
    }

    #[test]
    fn words_white_lists_and_denials() {
        let reader = reader();
        for (text, level) in [
            ("你好", 0),
            ("我要投诉", 3),
            ("我不投诉你", 0),
            ("不会给差评的放心", 0),
            ("再不发就差评", 3),
            ("给你差评", 3),
            ("垃圾桶多少钱", 0),
            ("垃圾店 买的垃圾桶", 4),
            ("好看死了", 0),
            ("订单1231588812315", 0),
            ("打12315", 3),
            ("再不发货我就退了", 2),
            ("到哪了???", 1),
            ("到哪了?", 0),
            ("发货!!!", 2),
            ("谢谢!!!", 0),
            ("已经三天了", 1),
        ] {
            assert_eq!(reader.read(&[text.to_owned()], &[]).level, level, "{text}");
        }
    }

    #[test]
    fn asking_twice_is_a_signal() {
        let said = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let mood = reader().read(&said(&["我的快递到哪了"]), &said(&["我的快递到哪了呀"]));
        assert_eq!(mood.level, 1);
        let mood = reader().read(&said(&["我的快递到哪了"]), &said(&["可以开发票吗"]));
        assert_eq!(mood.level, 0);
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(texts in proptest::collection::vec("\\PC{0,60}", 0..4)) {
            prop_assert!(reader().read(&texts, &texts).level <= 4);
        }
    }
}
