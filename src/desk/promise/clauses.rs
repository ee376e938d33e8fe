//! Cutting a line into clauses, each normalised.

use std::sync::LazyLock;

use regex::Regex;

use super::until::Until;
use crate::knowledge::text::{is_han, normalise};

/// A piece of a line between two marks.
#[derive(Debug, Clone)]
pub(super) struct Clause {
    /// Normalised.
    pub(super) text: String,
    /// Counts up where a sentence ends.
    pub(super) sentence: usize,
    /// A question mark follows.
    pub(super) asked: bool,
    /// The moment it names.
    pub(super) until: Option<Until>,
}

/// What somebody else said.
static QUOTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("“[^”]*”|「[^」]*」|『[^』]*』|\"[^\"]*\"").ok());

static WAITS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new("稍等|稍候|稍作|等待|请等|再等|等我|耐心|别急|不要下线|不要离开").ok()
});

impl Clause {
    /// It asks the customer to wait: its moment is that of the waiting.
    pub(super) fn waits(&self) -> bool {
        WAITS.as_ref().is_some_and(|re| re.is_match(&self.text))
    }
}

/// The clauses of a line.
///
/// Agents put a blank where others put a comma, so one beside a Han character cuts too, as long as both sides are
/// not single characters.
pub(super) fn clauses(line: &str) -> Vec<Clause> {
    let said = match QUOTED.as_ref() {
        Some(quoted) => quoted.replace_all(line, ""),
        None => line.into(),
    };
    let mut out: Vec<Clause> = Vec::new();
    let mut piece = String::new();
    let mut sentence = 0;
    let chars: Vec<char> = said.chars().collect();
    for (at, c) in chars.iter().copied().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at)).copied();
        let after = chars.get(at + 1).copied();
        let digits =
            before.is_some_and(|c| c.is_ascii_digit()) && after.is_some_and(|c| c.is_ascii_digit());
        let (cut, end) = match c {
            '。' | '！' | '!' | '？' | '?' | '；' | ';' | '\n' | '…' => (true, true),
            '~' | '～' => (!digits, !digits),
            '，' | ',' | '、' => (true, false),
            ':' | '：' => (!digits, false),
            '.' => (!digits && after.is_none_or(char::is_whitespace), true),
            c if c.is_whitespace() => (beside_han(&chars, at), false),
            _ => (false, false),
        };
        if !cut {
            piece.push(c);
            continue;
        }
        push(&mut out, &mut piece, sentence, matches!(c, '?' | '？'));
        sentence += usize::from(end);
    }
    push(&mut out, &mut piece, sentence, false);
    out
}

fn push(out: &mut Vec<Clause>, piece: &mut String, sentence: usize, asked: bool) {
    let text = normalise(piece.trim());
    piece.clear();
    if text.is_empty() {
        // 可以吗 ?: the mark belongs to what stands before the blank.
        if let Some(last) = out
            .last_mut()
            .filter(|last| asked && last.sentence == sentence)
        {
            last.asked = true;
        }
        return;
    }
    out.push(Clause {
        text,
        sentence,
        asked,
        until: None,
    });
}

/// Whether the blank at a place stands beside a Han character or a mask's bracket, and not between single ones
/// (我 要 退 款).
fn beside_han(chars: &[char], at: usize) -> bool {
    let wide = |c: &char| is_han(*c) || matches!(c, ']' | '[' | '】' | '【');
    let near = |c: Option<&char>| c.is_some_and(wide);
    // 我帮您 联系下: what is meant for the customer follows.
    let for_him = at.checked_sub(2).and_then(|from| chars.get(from..at));
    if for_him.is_some_and(|two| matches!(two, ['帮' | '给' | '为' | '替', '您' | '你'])) {
        return false;
    }
    let before = at.checked_sub(1).and_then(|at| chars.get(at));
    let after = chars.get(at + 1);
    if !near(before) && !near(after) {
        return false;
    }
    let single_before = at
        .checked_sub(2)
        .is_none_or(|at| chars.get(at).is_none_or(|c| c.is_whitespace()));
    let single_after = chars.get(at + 2).is_none_or(|c| c.is_whitespace());
    !(single_before && single_after)
}
