//! What is wrong in the folder, where, and how to mend it.

use std::{cmp::Ordering, fmt};

use serde::Serialize;

/// Where something stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// The line, from 1; 0 when the whole file is meant.
    pub line: u32,
    /// The column in characters, from 1; 0 when the whole line is meant.
    pub column: u32,
}

impl Place {
    /// The whole file.
    pub const FILE: Self = Self { line: 0, column: 0 };

    /// A whole line.
    pub fn line(line: u32) -> Self {
        Self { line, column: 0 }
    }
}

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The folder is used; somebody should look.
    Warning,
    /// The folder is not used; the last good one stays.
    Error,
}

/// One thing that is wrong, in the words of those who edit the folder (Chinese).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The file, relative to the folder, with `/`.
    pub file: String,
    /// The line, from 1; 0 when the whole file is meant.
    pub line: u32,
    /// The column in characters, from 1; 0 when the whole line is meant.
    pub column: u32,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub mend: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = match self.severity {
            Severity::Error => "错误",
            Severity::Warning => "提醒",
        };
        write!(f, "{label} {}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        write!(f, " {}", self.what)?;
        if !self.mend.is_empty() {
            write!(f, "\n    → {}", self.mend)?;
        }
        Ok(())
    }
}

/// Collects the problems of one file.
pub(super) struct Report<'a> {
    file: &'a str,
    problems: &'a mut Vec<Problem>,
    errors: usize,
    warnings: usize,
}

/// How many errors, and how many warnings, of one file are told.
const ENOUGH: usize = 200;

impl<'a> Report<'a> {
    /// Problems of `file` go to `problems`.
    pub(super) fn of(file: &'a str, problems: &'a mut Vec<Problem>) -> Self {
        Self {
            file,
            problems,
            errors: 0,
            warnings: 0,
        }
    }

    /// The folder cannot be used.
    pub(super) fn error(&mut self, at: Place, what: impl Into<String>, mend: impl Into<String>) {
        self.add(Severity::Error, at, what.into(), mend.into());
    }

    /// Somebody should look.
    pub(super) fn warn(&mut self, at: Place, what: impl Into<String>, mend: impl Into<String>) {
        self.add(Severity::Warning, at, what.into(), mend.into());
    }

    fn add(&mut self, severity: Severity, at: Place, what: String, mend: String) {
        let told = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *told += 1;
        let (what, mend) = match (*told).cmp(&(ENOUGH + 1)) {
            Ordering::Less => (what, mend),
            Ordering::Equal => (
                "问题太多，从这里起不再一一列出".to_owned(),
                "先改好上面的".to_owned(),
            ),
            Ordering::Greater => return,
        };
        self.problems.push(Problem {
            file: self.file.to_owned(),
            line: at.line,
            column: at.column,
            severity,
            what,
            mend,
        });
    }
}

/// The mend for a word that is not on its list: the nearest one, or the list.
///
/// English aliases stay unmentioned unless the word looks like one.
pub(super) fn one_of<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.dedup();
    if let Some(near) = nearest(word, known.iter().copied()) {
        return format!("您是不是想写“{near}”？");
    }
    if known.iter().any(|k| !k.is_ascii()) {
        known.retain(|k| !k.is_ascii());
    }
    match known.len() {
        0 => String::new(),
        1..=24 => format!("可以写：{}", known.join("、")),
        _ => format!("可以写：{} ……", known[..24].join("、")),
    }
}

/// The known word that is most like `word`, if one is like it at all.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word = word.trim().to_lowercase();
    known
        .into_iter()
        .map(|k| (strsim::normalized_damerau_levenshtein(&word, k), k))
        .filter(|(alike, _)| *alike >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, k)| k)
}
