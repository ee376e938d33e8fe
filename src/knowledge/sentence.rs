//! A message cut into sentences and clauses, without what a client pasted around them.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

use super::text::is_han;

/// How many characters of a message's beginning, and of its end, are read for words.
const READ: usize = 600;

/// Links, and the fields of order and product cards that clients paste as text: they say nothing about
/// what is wanted, and their labels look like words that do.
static PASTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        https?://[!-~]+
        | (?:咨询|查询|我要咨询)?(?:订单|商品)(?:编号|号|金额|id)[:：]\s*(?:[￥¥]?\s*[0-9a-z.\-*]*)\s*(?:元)?[,，]?
        | 下单时间[:：]\s*[0-9/:.\-]*(?:\s[0-9:]+)?[,，]?
        | (?:商品|订单)?(?:id|编号)[:：]\s*[0-9*]+
        | 订单业务咨询 | 商品信息咨询 | 配送咨询
        ",
    )
    .ok()
});

/// A sentence, normalised and in standard spelling.
#[derive(Debug, Clone)]
pub(crate) struct Sentence {
    /// Its words without the mark that ended it.
    pub(crate) text: String,
    /// It ended with a question mark, or its last word asks.
    pub(crate) question: bool,
    /// It ended with a question mark.
    pub(crate) marked: bool,
}

/// Takes pasted cards and links out of a normalised text.
pub(crate) fn without_cards(text: &str) -> Cow<'_, str> {
    match PASTED.as_ref() {
        Some(re) if text.contains([':', '：']) || text.contains("咨询") => {
            re.replace_all(text, " ")
        }
        _ => Cow::Borrowed(text),
    }
}

/// A blank between two phrases is what others write a comma for; within a spaced-out word it is nothing.
pub(crate) fn blanks_as_commas(text: &str) -> Cow<'_, str> {
    let han = |piece: &str| piece.chars().rev().take_while(|c| is_han(*c)).count();
    let next_han = |piece: &str| piece.chars().take_while(|c| is_han(*c)).count();
    if !text.contains(char::is_whitespace) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(char::is_whitespace) {
        let tail = rest[at..].trim_start();
        let blank = &rest[at..rest.len() - tail.len()];
        let phrases = han(&rest[..at]) >= 3 && next_han(tail) >= 3 && !blank.contains('\n');
        out.push_str(&rest[..at]);
        out.push_str(if phrases { "，" } else { blank });
        rest = tail;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// A long paste is read at both ends.
pub(crate) fn ends(text: &str) -> Cow<'_, str> {
    let Some((head, _)) = text.char_indices().nth(READ) else {
        return Cow::Borrowed(text);
    };
    match text[head..].char_indices().rev().nth(READ - 1) {
        Some((tail, _)) if tail > 0 => {
            Cow::Owned(format!("{}\n{}", &text[..head], &text[head + tail..]))
        }
        _ => Cow::Borrowed(text),
    }
}

/// Cuts at 。！？；and line ends; commas stay inside.
pub(crate) fn sentences(text: &str) -> impl Iterator<Item = Sentence> + '_ {
    let mut rest = text;
    let mut said = false;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                // "???" is a message too.
                let only_marks = !said && !text.trim().is_empty();
                said = true;
                return only_marks.then(|| Sentence {
                    text: text.trim().to_owned(),
                    question: true,
                    marked: true,
                });
            }
            let end = rest.find(is_end).unwrap_or(rest.len());
            let body = rest[..end].trim();
            let tail = &rest[end..];
            let marks = tail.len() - tail.trim_start_matches(|c| is_end(c) || c == ' ').len();
            let marked = tail[..marks].contains('?');
            let question = marked || asks(body);
            rest = &tail[marks..];
            if !body.is_empty() {
                said = true;
                return Some(Sentence {
                    text: body.to_owned(),
                    question,
                    marked,
                });
            }
        }
    })
}

fn is_end(c: char) -> bool {
    matches!(c, '。' | '!' | '?' | ';' | '\n' | '！' | '？' | '；')
}

fn asks(body: &str) -> bool {
    let body = body.trim_end_matches(['啊', '呀', '呢', '亲', ' ', ',', '~']);
    ["吗", "么", "吧", "嘛", "没", "不", "咩"]
        .iter()
        .any(|w| body.ends_with(w))
}

/// Words with which a customer goes on to the next matter.
static AND_THEN: &[&str] = &[
    "另外",
    "顺便",
    "还有就是",
    "并且",
    "而且",
    "同时",
    "再帮",
    "再问",
    "再换",
    "再改",
];

/// The clauses of a sentence, as byte ranges: cut at commas, blanks and words like 另外; pieces of one
/// word belong to what stands before them.
pub(crate) fn clauses(sentence: &str) -> Vec<std::ops::Range<usize>> {
    let mut out: Vec<std::ops::Range<usize>> = Vec::new();
    let mut from = 0;
    let mut push = |from: usize, to: usize| {
        let piece = &sentence[from..to];
        let start = from + (piece.len() - piece.trim_start().len());
        let end = start + piece.trim().len();
        let long = piece.trim().chars().count() >= 3;
        match out.last_mut() {
            Some(last) if !long => last.end = end.max(last.end),
            _ if start < end => out.push(start..end),
            _ => {}
        }
    };
    let mut last = None;
    for (at, c) in sentence.char_indices() {
        let next = sentence[at + c.len_utf8()..].chars().next();
        let blank = c == ' ' && (last.is_some_and(is_han) || next.is_some_and(is_han));
        if matches!(c, ',' | '，' | '、' | '…' | '~') || blank {
            push(from, at);
            from = at + c.len_utf8();
        }
        if at > from && AND_THEN.iter().any(|w| sentence[at..].starts_with(w)) {
            push(from, at);
            from = at;
        }
        last = Some(c);
    }
    push(from, sentence.len());
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        sentences(text).map(|s| s.text).collect()
    }

    #[test]
    fn sentences_keep_their_commas() {
        assert_eq!(cut("到哪了?几天没动了,急"), ["到哪了", "几天没动了,急"]);
        assert_eq!(cut("!!!"), ["!!!"]);
        assert_eq!(cut(""), Vec::<String>::new());
        assert!(sentences("会掉色吗").next().unwrap().question);
        assert!(!sentences("我要退款").next().unwrap().question);
    }

    #[test]
    fn clauses_are_cut_at_commas_and_join_short_pieces() {
        let text = "亲,退货运费谁出,顺便问下黑色还有l码没";
        let parts: Vec<&str> = clauses(text).into_iter().map(|r| &text[r]).collect();
        assert_eq!(parts, ["亲", "退货运费谁出", "顺便问下黑色还有l码没"]);
    }

    #[test]
    fn blanks_between_phrases_are_commas() {
        for (typed, read) in [
            ("退货运费谁出 黑色还有货没", "退货运费谁出，黑色还有货没"),
            ("我 要 退 款", "我 要 退 款"),
            ("订单 123", "订单 123"),
            ("到哪了\n几天没动了", "到哪了\n几天没动了"),
            ("", ""),
        ] {
            assert_eq!(blanks_as_commas(typed), read);
        }
    }

    #[test]
    fn cards_are_no_words() {
        let text = "咨询订单号:839424306679 商品id:12 地址错了怎么办";
        assert_eq!(without_cards(text).trim(), "地址错了怎么办");
        let text = "[订单编号:470501909208,订单金额:,下单时间:2018-03-24 20:36]";
        assert_eq!(without_cards(text).trim_matches(['[', ']', ' ']), "");
    }

    #[test]
    fn long_pastes_are_read_at_both_ends() {
        let text = format!("头{}尾", "中".repeat(10_000));
        let read = ends(&text);
        assert!(read.starts_with('头') && read.ends_with('尾'));
        assert!(read.chars().count() <= 2 * READ + 1);
        assert_eq!(ends("短"), "短");
    }
}
