//! Unicode once, at the door of understanding.
//!
//! Customers write full-width digits, Traditional characters, emoji and "哈哈哈哈哈". Everything that is
//! compared is brought to one form here; the original is what is stored and shown.

use std::{borrow::Cow, sync::LazyLock};

use ferrous_opencc::{OpenCC, config::BuiltinConfig};
use unicode_normalization::UnicodeNormalization;

static TO_SIMPLIFIED: LazyLock<Option<OpenCC>> =
    LazyLock::new(|| OpenCC::from_config(BuiltinConfig::T2s).ok());

/// The normal form: NFKC, Traditional to Simplified, lower case, without zero-width characters, with
/// runs of one character cut to three and no space between two Han characters.
pub fn normalise(text: &str) -> String {
    let folded: String = text
        .nfkc()
        .filter(|c| !is_invisible(*c))
        .flat_map(char::to_lowercase)
        .collect();
    squeeze(&simplify(&folded))
}

/// Traditional to Simplified, phrase by phrase.
pub(crate) fn simplify(text: &str) -> Cow<'_, str> {
    match TO_SIMPLIFIED.as_ref() {
        Some(converter) if !text.is_ascii() => Cow::Owned(converter.convert(text)),
        _ => Cow::Borrowed(text),
    }
}

/// Whether a character is Han.
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}')
}

/// Zero-width characters, direction marks, variation selectors and control characters.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{ad}')
        || (c.is_control() && c != '\n' && c != '\t')
}

/// Cuts runs of one character to three (digits and letters of identifiers stay) and drops blanks
/// between two Han characters.
fn squeeze(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut last = None;
    let mut run = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_whitespace() && c != '\n' {
            while chars
                .peek()
                .is_some_and(|n| n.is_whitespace() && *n != '\n')
            {
                chars.next();
            }
            let between_han = last.is_some_and(is_han) && chars.peek().copied().is_some_and(is_han);
            if !between_han && last.is_some() && chars.peek().is_some() {
                out.push(' ');
                last = Some(' ');
                run = 1;
            }
            continue;
        }
        run = if last == Some(c) { run + 1 } else { 1 };
        last = Some(c);
        if run <= 3 || c.is_ascii_alphanumeric() {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_for_what_people_type() {
        for (typed, normal) in [
            ("ＡＢＣ１２３", "abc123"),
            ("什麼時候發貨", "什么时候发货"),
            ("我 要 退 款", "我要退款"),
            ("哈哈哈哈哈哈", "哈哈哈"),
            ("退\u{200b}款", "退款"),
            ("order  8812 please", "order 8812 please"),
            ("1000000000000", "1000000000000"),
            ("？？？？？？", "???"),
            ("", ""),
        ] {
            assert_eq!(normalise(typed), normal, "{typed}");
        }
    }
}
