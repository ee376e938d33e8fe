//! What our own texts must not say: the rows of `rules/forbidden.csv`.
//!
//! People who know that a word is watched write it apart: `w x`, `微.信`, `薇❤信`. So a text is compared after
//! what was put between its characters is taken out, see `strip`.

use aho_corasick::AhoCorasick;
use serde::Serialize;

use super::{
    form::read_word,
    intent::{check_regex, normal_word},
    memo::Memo,
    patterns::Patterns,
    problem::Report,
    table,
    text::normalise,
    words::Word,
};

/// What happens to a text that holds the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ban {
    /// 提示: said to the agent.
    Hint,
    /// 确认: the agent must confirm; the bot may not send it.
    Confirm,
    /// 禁止: nobody may send it.
    Block,
}

/// One row of `rules/forbidden.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForbiddenWord {
    /// The word, or `/regex/` over normalised text without joiners, as written.
    pub written: String,
    /// Such as 引导站外.
    pub category: String,
    /// What happens.
    pub ban: Ban,
    /// Why.
    pub reason: String,
    /// A safe wording.
    pub instead: String,
    /// Words that contain it harmlessly.
    pub except: Vec<String>,
    /// 拆写: it counts as well when anything but the end of a sentence stands between its characters.
    pub split: bool,
    /// The line of the table.
    pub line: u32,
}

/// A forbidden word found in one of our texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The row's word as written.
    pub written: String,
    /// Its category.
    pub category: String,
    /// What happens.
    pub ban: Ban,
    /// Why.
    pub reason: String,
    /// A safe wording.
    pub instead: String,
}

impl Word for Ban {
    const SPELLINGS: &'static [&'static str] =
        &["禁止", "确认", "提示", "block", "confirm", "hint"];

    fn read(text: &str) -> Option<Self> {
        match text {
            "禁止" | "block" => Some(Self::Block),
            "确认" | "confirm" => Some(Self::Confirm),
            "提示" | "hint" => Some(Self::Hint),
            _ => None,
        }
    }
}

/// Reads `rules/forbidden.csv`.
pub(super) fn read(text: &str, report: &mut Report) -> Vec<ForbiddenWord> {
    const HEADINGS: &[(&str, &str)] = &[
        ("写法", "words"),
        ("类别", "category"),
        ("级别", "level"),
        ("理由", "reason"),
        ("建议", "instead"),
        ("例外", "except"),
        ("拆写", "split"),
    ];
    // Few tables need the last column: only those that have it are told of it.
    let uses_split = text
        .lines()
        .next()
        .is_some_and(|line| line.contains("拆写") || line.to_lowercase().contains("split"));
    let headings = match HEADINGS {
        [usual @ .., _] if !uses_split => usual,
        all => all,
    };
    table::rows(text, headings, &["写法", "级别"], report)
        .iter()
        .filter_map(|row| {
            let written = row.need("写法", report).cloned();
            let ban = row
                .need("级别", report)
                .cloned()
                .and_then(|cell| read_word(&cell, "“级别”", report));
            let written = written?;
            let split = match row.cell("拆写") {
                None => false,
                Some(cell) => match cell.text.to_lowercase().as_str() {
                    "是" | "yes" => true,
                    "否" | "no" => false,
                    _ => {
                        let what = format!("“拆写”不能是“{}”", cell.text);
                        report.error(cell.place, what, "写“是”，或者空着");
                        false
                    }
                },
            };
            check_written(&written, report)?;
            Some(ForbiddenWord {
                written: written.text,
                category: row.text("类别"),
                ban: ban?,
                reason: row.text("理由"),
                instead: row.text("建议"),
                except: row.words("例外"),
                split,
                line: row.line(),
            })
        })
        .collect()
}

/// The regex of a cell that is written `/regex/`.
pub(super) fn as_regex(written: &str) -> Option<&str> {
    written
        .strip_prefix('/')?
        .strip_suffix('/')
        .filter(|inside| !inside.is_empty())
}

/// Reports a word of which nothing is left, or a broken regex.
pub(super) fn check_written(written: &super::form::Written, report: &mut Report) -> Option<()> {
    match as_regex(&written.text) {
        Some(pattern) => check_regex(written, pattern, report).map(drop),
        None => normal_word(written, "写法", report).map(drop),
    }
}

/// How much may be taken out from between characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strip {
    /// Blanks and joiners that stand in no ordinary sentence between two words: `微.信`, `加 v`.
    Joiners,
    /// Everything but the end of a sentence, emoji and commas among it: too much for words whose halves
    /// meet by chance (`退返~您稍等`), so only rows that say 拆写 are looked for so.
    All,
}

impl Strip {
    /// Whether a character of normalised text may be taken out.
    fn takes(self, c: char) -> bool {
        match c {
            '\n' => false,
            '.' | '·' | '•' | '・' | '‧' | '-' | '_' | '*' | '|' | '^' | '`' | '\'' => true,
            '。' | '!' | '?' | ';' | '+' | '➕' | '%' => false,
            _ if c.is_whitespace() => true,
            _ => self == Self::All && !c.is_alphanumeric(),
        }
    }

    /// Whether what stands between two characters is taken out.
    fn joins(self, before: &[char], gap: &[char], after: &[char]) -> bool {
        let (Some(last), Some(next)) = (before.last(), after.first()) else {
            return false;
        };
        if !is_word(*last) || !is_word(*next) {
            return false;
        }
        // An ellipsis ends a clause.
        if self == Self::Joiners && gap.iter().filter(|c| **c == '.').count() > 1 {
            return false;
        }
        if !last.is_ascii_alphanumeric() || !next.is_ascii_alphanumeric() {
            return true;
        }
        // Latin words and numbers stay apart (`order no. 12`, `3-5`, `2.5`); letters written singly are one word.
        let ascii = |c: Option<&char>| c.is_some_and(char::is_ascii_alphanumeric);
        let single = !ascii(before.iter().nth_back(1)) && !ascii(after.get(1));
        let numbers = last.is_ascii_digit() && next.is_ascii_digit();
        single && (!numbers || gap.iter().all(|c| c.is_whitespace()))
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '+' | '➕')
}

/// Normalised text without what was put between its characters, without combining marks, and with Cyrillic
/// and Greek letters that look like Latin ones as those.
fn strip(text: &str, how: Strip) -> String {
    let chars: Vec<char> = text.chars().filter(|c| !is_mark(*c)).map(twin).collect();
    let mut out = String::with_capacity(text.len());
    let mut rest = chars.as_slice();
    while let Some(c) = rest.first() {
        if !how.takes(*c) {
            out.push(*c);
            rest = &rest[1..];
            continue;
        }
        let wide = rest.iter().take_while(|c| how.takes(**c)).count();
        let (gap, after) = rest.split_at(wide);
        let (before, _) = chars.split_at(chars.len() - rest.len());
        if !how.joins(before, gap, after) {
            out.extend(gap);
        }
        rest = after;
    }
    out
}

/// Marks over other characters, keycaps among them, and letters without a shape.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{2800}' | '\u{e0000}'..='\u{e007f}')
}

/// The Latin letter a character is taken for.
fn twin(c: char) -> char {
    match c {
        'х' | 'χ' => 'x',
        'ѵ' | 'ν' | '∨' | '√' | 'ᴠ' => 'v',
        'ԝ' | 'ω' | 'ш' | 'ᴡ' => 'w',
        'ԛ' => 'q',
        'а' | 'α' => 'a',
        'о' | 'ο' => 'o',
        'с' => 'c',
        'е' => 'e',
        'ѕ' => 's',
        _ => c,
    }
}

/// The table, ready to look for all its words in one pass.
pub(super) struct Bans {
    found: Memo<Vec<usize>>,
    rows: Vec<ForbiddenWord>,
    /// Over the text without joiners: every row.
    tight: Needles,
    /// Over the text without anything in between: the rows with 拆写.
    loose: Needles,
}

/// Words and patterns to look for in one form of the text.
struct Needles {
    how: Strip,
    words: Option<AhoCorasick>,
    /// The row of each word.
    word_rows: Vec<usize>,
    patterns: Patterns,
    /// Each row's exceptions as they are compared.
    except: Vec<Vec<String>>,
}

impl Needles {
    fn build(rows: &[ForbiddenWord], how: Strip) -> Self {
        let form = |word: &str| strip(normalise(word).trim(), how);
        let wanted = || {
            let rows = rows.iter().enumerate();
            rows.filter(|(_, row)| how == Strip::Joiners || row.split)
        };
        let (word_rows, words): (Vec<usize>, Vec<String>) = wanted()
            .filter(|(_, row)| as_regex(&row.written).is_none())
            .map(|(number, row)| (number, form(&row.written)))
            .unzip();
        Self {
            how,
            words: AhoCorasick::new(words).ok(),
            word_rows,
            patterns: Patterns::build(
                wanted().filter_map(|(number, row)| Some((number, as_regex(&row.written)?))),
            ),
            except: rows
                .iter()
                .map(|row| row.except.iter().map(|word| form(word)).collect())
                .collect(),
        }
    }

    /// Marks the rows that stand in the text of this form.
    fn find(&self, text: &str, found: &mut [bool]) {
        let mut mark = |row: usize, start: usize, end: usize| {
            if let Some(found) = found.get_mut(row).filter(|found| !**found) {
                *found = !self.harmless(row, text, start, end);
            }
        };
        for hit in self
            .words
            .iter()
            .flat_map(|words| words.find_overlapping_iter(text))
        {
            if let Some(row) = self.word_rows.get(hit.pattern().as_usize()) {
                mark(*row, hit.start(), hit.end());
            }
        }
        for (row, pattern, _) in self.patterns.find(text) {
            for hit in self.patterns.places(pattern, text) {
                mark(row, hit.start, hit.end);
            }
        }
    }

    /// Whether a hit lies inside one of its row's exceptions.
    fn harmless(&self, row: usize, text: &str, start: usize, end: usize) -> bool {
        self.except.get(row).into_iter().flatten().any(|exception| {
            exception.len() >= end - start
                && (end.saturating_sub(exception.len())..=start).any(|at| {
                    text.get(at..)
                        .is_some_and(|rest| rest.starts_with(exception.as_str()))
                })
        })
    }
}

impl Bans {
    /// Compiles rows that were checked when they were read.
    pub(super) fn new(rows: Vec<ForbiddenWord>) -> Self {
        Self {
            found: Memo::default(),
            tight: Needles::build(&rows, Strip::Joiners),
            loose: Needles::build(&rows, Strip::All),
            rows,
        }
    }

    /// The rows whose words stand in a text, each once, the strictest first.
    pub(super) fn find(&self, text: &str) -> Vec<&ForbiddenWord> {
        let found = self.found.of(text, || self.look(text));
        found.iter().filter_map(|row| self.rows.get(*row)).collect()
    }

    fn look(&self, text: &str) -> Vec<usize> {
        let text = normalise(text);
        let mut found = vec![false; self.rows.len()];
        let tight = strip(&text, self.tight.how);
        self.tight.find(&tight, &mut found);
        // A word that stands in one piece was found above.
        let loose = strip(&text, self.loose.how);
        if loose != tight {
            self.loose.find(&loose, &mut found);
        }
        let mut rows: Vec<usize> = (0..found.len()).filter(|row| found[*row]).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(self.rows[*row].ban));
        rows
    }
}

impl From<&ForbiddenWord> for Finding {
    fn from(row: &ForbiddenWord) -> Self {
        Self {
            written: row.written.clone(),
            category: row.category.clone(),
            ban: row.ban,
            reason: row.reason.clone(),
            instead: row.instead.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn words_count_outside_their_exceptions_only() {
        let table = "写法,类别,级别,理由,建议,例外\n\
            最,极限词,提示,,,最近、最后、最晚\n\
            微信,引导站外,禁止,,,\n\
            \"/加.{0,3}(v|微)/\",引导站外,禁止,,,加微波炉\n";
        let mut problems = Vec::new();
        let rows = read(table, &mut Report::of("rules/forbidden.csv", &mut problems));
        assert_eq!(problems, []);
        let bans = Bans::new(rows);
        for (text, found) in [
            ("最近最后最晚", ""),
            ("最近最好", "最"),
            ("请加微信", "微信 /加.{0,3}(v|微)/"),
            ("請加 微 信，最快", "微信 /加.{0,3}(v|微)/ 最"),
            ("加Ｖ", "/加.{0,3}(v|微)/"),
            ("加微波炉", ""),
            ("微.信", "微信"),
            ("微😊信", ""),
            ("", ""),
        ] {
            let words: Vec<&str> = bans
                .find(text)
                .iter()
                .map(|row| row.written.as_str())
                .collect();
            assert_eq!(words.join(" "), found, "{text}");
        }
    }

    #[test]
    fn what_stands_between_is_taken_out() {
        for (text, tight, loose) in [
            ("w x", "wx", "wx"),
            ("加 v", "加v", "加v"),
            ("微-信", "微信", "微信"),
            ("微❤️信", "微❤信", "微信"),
            ("微，信", "微,信", "微信"),
            ("微。信", "微。信", "微。信"),
            ("1️⃣3️⃣", "13", "13"),
            ("ѵх", "vx", "vx"),
            ("1 3 8", "138", "138"),
            ("order no. 12", "order no. 12", "order no. 12"),
            ("3-5天 2.5米", "3-5天2.5米", "3-5天2.5米"),
            ("好的...您", "好的...您", "好的您"),
            ("~微~", "~微~", "~微~"),
        ] {
            let text = normalise(text);
            assert_eq!(strip(&text, Strip::Joiners), tight, "{text}");
            assert_eq!(strip(&text, Strip::All), loose, "{text}");
        }
    }

    #[test]
    fn rows_with_split_count_through_anything_but_the_end_of_a_sentence() {
        let table = "写法,类别,级别,理由,建议,例外,拆写\n\
            微信,a,禁止,,,稍微信,是\n\
            返您,b,确认,,,,\n";
        let mut problems = Vec::new();
        let rows = read(table, &mut Report::of("rules/forbidden.csv", &mut problems));
        assert_eq!(problems, []);
        let bans = Bans::new(rows);
        for (text, found) in [
            ("微😊信", true),
            ("微（信）", true),
            ("稍微，信", false),
            ("微！信", false),
            ("微\n信", false),
            ("退返~您稍等", false),
            ("返-您", true),
        ] {
            assert_eq!(!bans.find(text).is_empty(), found, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,60}") {
            let bans = Bans::new(Vec::new());
            proptest::prop_assert_eq!(bans.find(&text).len(), 0);
        }
    }
}
