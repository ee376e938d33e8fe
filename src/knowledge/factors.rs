//! Words without which a regex cannot match.
//!
//! Editors write hundreds of patterns; one walk of an automaton over such words tells which few of them
//! are worth trying on a sentence.

use regex_syntax::hir::{Class, Hir, HirKind};

/// More alternatives than this say too little to be worth looking for.
const MOST: usize = 240;

/// Words of which every match holds at least one; `None` when there are no such words.
pub(crate) fn factors(pattern: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::parse(pattern).ok()?;
    needed(&hir)
}

fn needed(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(literal) => {
            let word = std::str::from_utf8(&literal.0).ok()?;
            Some(vec![word.to_owned()])
        }
        HirKind::Class(Class::Unicode(class)) => {
            let count: usize = class.iter().map(|range| range.len()).sum();
            (count <= 32).then(|| {
                class
                    .iter()
                    .flat_map(|range| range.start()..=range.end())
                    .map(String::from)
                    .collect()
            })
        }
        HirKind::Repetition(repetition) if repetition.min > 0 => needed(&repetition.sub),
        HirKind::Capture(capture) => needed(&capture.sub),
        // Every part must match: the one that says most is looked for.
        HirKind::Concat(parts) => parts
            .iter()
            .filter_map(needed)
            .max_by_key(|words| says(words)),
        // Any part may match: each must have its words.
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(needed(part)?);
                if all.len() > MOST {
                    return None;
                }
            }
            Some(all)
        }
        _ => None,
    }
}

/// Long words say more than short ones, few more than many.
fn says(words: &[String]) -> (usize, std::cmp::Reverse<usize>) {
    let shortest = words.iter().map(|w| w.chars().count()).min().unwrap_or(0);
    (shortest.min(2), std::cmp::Reverse(words.len()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    #[test]
    fn every_match_holds_one_of_the_words() {
        for (pattern, words) in [
            ("(几天|多久)没(动|更新)", Some("几天 多久")),
            ("到哪(里|儿)?了", Some("到哪")),
            ("^.{0,3}$", None),
            ("(退款)?到账", Some("到账")),
            ("[退换]货?", Some("换 退")),
            ("(快|.)递", Some("递")),
            ("(a", None),
        ] {
            let found = factors(pattern).map(|f| f.join(" "));
            assert_eq!(found.as_deref(), words, "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn no_match_is_missed(
            pattern in "(退|换|几天|\\(退\\|换\\)|\\[退换\\]|\\.\\?|货\\?|\\(到\\|了\\)\\+|了\\*|吗\\{2\\}|\\^|\\$){1,5}",
            text in "[退换货到了吗几天]{0,8}"
        ) {
            if let (Ok(re), Some(words)) = (Regex::new(&pattern), factors(&pattern)) {
                let held = words.iter().any(|w| text.contains(w.as_str()));
                prop_assert!(held || !re.is_match(&text), "{} {} {:?}", pattern, text, words);
            }
        }
    }
}
