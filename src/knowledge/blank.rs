//! Replies with blanks: `{{名称|备用文字}}` and nothing else.

use std::{collections::BTreeSet, fmt};

use super::problem::{Place, Report, one_of};

/// Blanks that come from the customer's words.
pub const FROM_CUSTOMER: &[&str] = &[
    "订单号",
    "快递单号",
    "快递公司",
    "电话",
    "金额",
    "尺码",
    "颜色",
    "日期",
    "时长",
    "数量",
];

/// Blanks that come from the house.
pub const FROM_HOUSE: &[&str] = &["店铺名", "称呼", "平台", "下次在岗", "工单号", "今天"];

/// The names that scripts may use.
#[derive(Default)]
pub(super) struct Blanks {
    /// The names.
    pub(super) names: BTreeSet<String>,
    /// Not all names could be read: no name can be called unknown.
    pub(super) unread: bool,
}

impl Blanks {
    /// Whether scripts may use the name.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.unread || self.names.contains(name)
    }
}

/// A reply, cut into words and blanks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// In order.
    pub parts: Vec<Part>,
}

/// A piece of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Words as they are.
    Words(String),
    /// A blank.
    Blank {
        /// Its name.
        name: String,
        /// What stands there when it is empty; `None` shows it as missing.
        fallback: Option<String>,
    },
}

/// A reply with its blanks filled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filled {
    /// The text; a missing blank shows as `【名称】`.
    pub text: String,
    /// Blanks that nothing filled and that have no fallback.
    pub missing: Vec<String>,
    /// Blanks that were filled with a value rather than a fallback.
    pub filled: Vec<String>,
}

impl Reply {
    /// Fills the blanks; `value` says what a name stands for, if anything.
    pub fn fill(&self, value: impl Fn(&str) -> Option<String>) -> Filled {
        let mut out = Filled::default();
        for part in &self.parts {
            match part {
                Part::Words(words) => out.text.push_str(words),
                Part::Blank { name, fallback } => match (value(name), fallback) {
                    (Some(value), _) if !value.is_empty() => {
                        out.text.push_str(&value);
                        out.filled.push(name.clone());
                    }
                    (_, Some(fallback)) => out.text.push_str(fallback),
                    _ => {
                        out.text.push_str(&format!("【{name}】"));
                        out.missing.push(name.clone());
                    }
                },
            }
        }
        out
    }
}

impl fmt::Display for Reply {
    /// The reply as it was written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Words(words) => f.write_str(words)?,
                Part::Blank {
                    name,
                    fallback: None,
                } => write!(f, "{{{{{name}}}}}")?,
                Part::Blank {
                    name,
                    fallback: Some(fallback),
                } => write!(f, "{{{{{name}|{fallback}}}}}")?,
            }
        }
        Ok(())
    }
}

/// Cuts a reply whose first line is line `first_line` of its file. Unknown and broken blanks are reported.
pub(super) fn parse(text: &str, first_line: u32, known: &Blanks, report: &mut Report) -> Reply {
    let mut reply = Reply::default();
    let mut at = Place {
        line: first_line,
        column: 1,
    };
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        let (words, after) = (&rest[..open], &rest[open + 2..]);
        loose(words, at, known, report);
        push(&mut reply, words);
        at = advance(at, words);
        let inside = after
            .split_once("}}")
            .filter(|(inside, _)| !inside.contains(['\n', '{']));
        let Some((inside, behind)) = inside else {
            report.error(
                at,
                "“{{”没有用“}}”收尾",
                "写成 {{名称}} 或 {{名称|备用文字}}，写在一行里",
            );
            push(&mut reply, "{{");
            at.column += 2;
            rest = after;
            continue;
        };
        let (name, fallback) = match inside.split_once(['|', '｜']) {
            Some((name, fallback)) => (name.trim(), Some(fallback.trim().to_owned())),
            None => (inside.trim(), None),
        };
        if !known.knows(name) {
            report.error(
                at,
                format!("不认识的空“{{{{{name}}}}}”"),
                one_of(name, known.names.iter().map(String::as_str)),
            );
        }
        reply.parts.push(Part::Blank {
            name: name.to_owned(),
            fallback,
        });
        at.column += inside.chars().count() as u32 + 4;
        rest = behind;
    }
    loose(rest, at, known, report);
    push(&mut reply, rest);
    reply
}

fn push(reply: &mut Reply, words: &str) {
    match reply.parts.last_mut() {
        Some(Part::Words(last)) => last.push_str(words),
        _ if words.is_empty() => {}
        _ => reply.parts.push(Part::Words(words.to_owned())),
    }
}

fn advance(at: Place, words: &str) -> Place {
    match words.rsplit_once('\n') {
        None => Place {
            column: at.column + words.chars().count() as u32,
            ..at
        },
        Some((above, last)) => Place {
            line: at.line + above.matches('\n').count() as u32 + 1,
            column: last.chars().count() as u32 + 1,
        },
    }
}

/// Reports what was meant as a blank and would reach the customer as it stands.
fn loose(words: &str, at: Place, known: &Blanks, report: &mut Report) {
    if let Some(close) = words.find("}}") {
        report.error(
            advance(at, &words[..close]),
            "“}}”前面没有“{{”",
            "写成 {{名称}} 或 {{名称|备用文字}}",
        );
    }
    for (open, mark) in words.match_indices(['{', '｛']) {
        if words[..open].ends_with(['{', '｛']) {
            continue;
        }
        let inside = &words[open + mark.len()..];
        let end = inside.find(['}', '｝', '|', '｜', '\n']).unwrap_or(0);
        let name = inside[..end].trim_start_matches('｛').trim();
        if known.names.contains(name) {
            report.error(
                advance(at, &words[..open]),
                format!("“{name}”的括号不对"),
                format!("用两对英文花括号：{{{{{name}}}}}"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn parsed(text: &str) -> (Reply, Vec<String>) {
        let names = FROM_CUSTOMER
            .iter()
            .chain(FROM_HOUSE)
            .map(|s| (*s).to_owned())
            .collect();
        let known = Blanks {
            names,
            unread: false,
        };
        let mut problems = Vec::new();
        let reply = parse(text, 9, &known, &mut Report::of("a.md", &mut problems));
        (reply, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn blanks_are_cut_out_and_filled() {
        let text = "亲，订单{{订单号|}}在 {{ 快递公司 | 快递公司 }}，\n{{下次在岗}}回复您";
        let (reply, problems) = parsed(text);
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(
            reply.to_string(),
            "亲，订单{{订单号|}}在 {{快递公司|快递公司}}，\n{{下次在岗}}回复您"
        );
        let filled = reply.fill(|name| (name == "订单号").then(|| "88".to_owned()));
        assert_eq!(filled.text, "亲，订单88在 快递公司，\n【下次在岗】回复您");
        assert_eq!(filled.missing, ["下次在岗"]);
        assert_eq!(filled.filled, ["订单号"]);
    }

    #[test]
    fn a_broken_blank_is_shown_where_it_stands() {
        for (text, problem) in [
            (
                "您好\n订单{{订单好}}",
                "错误 a.md:10:3 不认识的空“{{订单好}}”\n    → 您是不是想写“订单号”？",
            ),
            (
                "亲{{订单号，\n在的",
                "错误 a.md:9:2 “{{”没有用“}}”收尾\n    → 写成 {{名称}} 或 {{名称|备用文字}}，写在一行里",
            ),
            (
                "亲}}",
                "错误 a.md:9:2 “}}”前面没有“{{”\n    → 写成 {{名称}} 或 {{名称|备用文字}}",
            ),
            (
                "亲{订单号}",
                "错误 a.md:9:2 “订单号”的括号不对\n    → 用两对英文花括号：{{订单号}}",
            ),
            (
                "亲｛｛订单号｝｝",
                "错误 a.md:9:2 “订单号”的括号不对\n    → 用两对英文花括号：{{订单号}}",
            ),
        ] {
            assert_eq!(parsed(text).1, [problem], "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parsing_never_fails_and_keeps_the_words(text in "[{}|｜亲订单号a\n]{0,40}") {
            let (reply, problems) = parsed(&text);
            if problems.is_empty() {
                proptest::prop_assert_eq!(parsed(&reply.to_string()).0, reply);
            }
        }
    }
}
