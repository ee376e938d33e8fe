//! A normalised sentence cut into tokens: characters, pairs of neighbours, Latin words and their beginnings.
//!
//! Words that are in every sentence are left out, English ones lose their endings.

use super::text::is_han;

const PAIR: u64 = 1 << 60;
const WORD: u64 = 1 << 61;

/// How much a token of this sort says: a pair of characters more than one character.
pub(crate) fn share(token: u64) -> f32 {
    if token & WORD != 0 {
        1.2
    } else if token & PAIR != 0 {
        1.0
    } else {
        0.5
    }
}

/// Words of courtesy and of no content: they are in every sentence and in none of the known ones.
static COURTESY: &[&str] = &[
    "你好",
    "您好",
    "请问",
    "麻烦",
    "谢谢",
    "亲亲",
    "在吗",
    "想问一下",
    "问一下",
    "想问下",
    "问下",
    "咨询一下",
    "一下",
    "帮我",
    "帮忙",
    "那个",
    "就是",
    "客服",
];

/// The same in English.
static STOP: &[&str] = &[
    "a",
    "an",
    "the",
    "i",
    "im",
    "ive",
    "me",
    "my",
    "we",
    "us",
    "our",
    "you",
    "your",
    "u",
    "it",
    "its",
    "this",
    "that",
    "is",
    "are",
    "am",
    "was",
    "be",
    "been",
    "do",
    "does",
    "did",
    "dont",
    "can",
    "could",
    "would",
    "will",
    "to",
    "of",
    "for",
    "in",
    "on",
    "at",
    "with",
    "and",
    "or",
    "if",
    "so",
    "as",
    "from",
    "about",
    "have",
    "has",
    "had",
    "please",
    "pls",
    "need",
    "want",
    "wanna",
    "like",
    "help",
    "assistance",
    "assist",
    "some",
    "any",
    "there",
    "hi",
    "hello",
    "s",
    "t",
    "ll",
    "d",
    "m",
    "ve",
    "re",
    "know",
    "tell",
    "how",
    "what",
];

/// How many letters of a longer Latin word count as its beginning.
const START: usize = 4;

/// An English word without its ending: cancelled, cancels, canceling -> cancel.
fn stem(word: &str) -> &str {
    let cut = |word, ending: &str| -> Option<&str> {
        str::strip_suffix(word, ending).filter(|rest| rest.len() >= 3)
    };
    let Some(rest) = ["ings", "ing", "ies", "ied", "edly", "ed", "ly"]
        .iter()
        .find_map(|e| cut(word, e))
    else {
        let rest = cut(word, "es").or_else(|| cut(word, "s")).unwrap_or(word);
        return cut(rest, "e").or_else(|| cut(rest, "y")).unwrap_or(rest);
    };
    let mut last = rest.bytes().rev();
    match (last.next(), last.next()) {
        (Some(a), Some(b)) if a == b && rest.len() > 3 => &rest[..rest.len() - 1],
        _ => cut(rest, "e").unwrap_or(rest),
    }
}

fn is_particle(c: char) -> bool {
    matches!(
        c,
        '亲' | '啊'
            | '呀'
            | '呢'
            | '哦'
            | '噢'
            | '嗯'
            | '哈'
            | '嘛'
            | '吧'
            | '啦'
            | '哎'
            | '额'
            | '呃'
            | '的'
            | '了'
            | '请'
    )
}

/// Characters, pairs of neighbours, Latin words and numbers, as keys.
pub(crate) fn tokens(normal: &str) -> Vec<u64> {
    let mut out = Vec::with_capacity(normal.len());
    let mut rest = normal;
    let mut last: Option<char> = None;
    while let Some(c) = rest.chars().next() {
        if let Some(word) = COURTESY.iter().find(|w| rest.starts_with(**w)) {
            rest = &rest[word.len()..];
            last = None;
            continue;
        }
        if c.is_ascii_alphanumeric() {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(rest.len());
            // Numbers differ from customer to customer: one is as good as another.
            let digits = rest[..end].bytes().all(|b| b.is_ascii_digit());
            let word = if digits { "0" } else { &rest[..end] };
            if !STOP.contains(&word) {
                let stem = stem(word);
                out.push(WORD | hash(stem));
                // Another ending or a slip of the finger leaves the beginning.
                if let Some(start) = stem.get(..START) {
                    out.push(hash(start));
                }
            }
            last = None;
            rest = &rest[end..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        if is_particle(c) {
            continue;
        }
        if is_han(c) {
            out.push(u64::from(u32::from(c)));
            if let Some(before) = last {
                out.push(PAIR | u64::from(u32::from(before)) << 24 | u64::from(u32::from(c)));
            }
            last = Some(c);
        } else {
            last = None;
        }
    }
    out
}

/// FNV-1a, cut to 60 bits.
fn hash(word: &str) -> u64 {
    let full = word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    });
    full & (PAIR - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_words_lose_their_endings() {
        for (word, expected) in [
            ("cancel", "cancel"),
            ("cancels", "cancel"),
            ("cancelled", "cancel"),
            ("canceling", "cancel"),
            ("orders", "order"),
            ("invoices", "invoic"),
            ("invoice", "invoic"),
            ("is", "is"),
            ("sing", "sing"),
        ] {
            assert_eq!(stem(word), expected, "{word}");
        }
        assert_eq!(tokens("please help me with it"), tokens(""));
        assert_eq!(tokens("shipping"), tokens("shipped"));
    }
}
