//! When something is due, as editors write it: after a time, after working days, before a cut-off, by a platform's
//! countdown.

use std::fmt;

use super::{dates, form::Form, intent::Span, problem::Report};

/// A rule that says when something is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Minutes on the case kind's clock, or working days.
    After(Span),
    /// Minutes by the wall clock, whether anybody is in or not: `平台48小时`, `自然24小时`.
    Plain(u32),
    /// `16:00前当天，否则下个工作日10:00`.
    CutOff(CutOff),
}

/// Before a time of a working day: that day; else the next working day. Minutes of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOff {
    /// What comes before this minute is done on the same day.
    pub before: u16,
    /// Until when on the same day; `None`: until the day's last shift ends.
    pub today: Option<u16>,
    /// Until when on the next working day.
    pub next: u16,
}

impl From<Span> for Due {
    fn from(span: Span) -> Self {
        Self::After(span)
    }
}

/// How to write one.
const MEND: &str =
    "写成 30分钟、4小时、2天、1个工作日、平台48小时，或 16:00前当天，否则下个工作日10:00";

impl Due {
    /// Reads a rule as editors write it.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(span) = dates::span(text) {
            return Some(Self::After(span));
        }
        let folded = dates::fold(text).replace(' ', "");
        let plain = ["平台", "自然", "platform", "plain"];
        if let Some(rest) = plain.iter().find_map(|word| folded.strip_prefix(word)) {
            return match dates::span(rest)? {
                Span::Minutes(minutes) => Some(Self::Plain(minutes)),
                Span::WorkingDays(_) => None,
            };
        }
        cut_off(&folded).map(Self::CutOff)
    }
}

fn cut_off(folded: &str) -> Option<CutOff> {
    let (first, second) = folded.split_once([',', ';', '、'])?;
    let (before, today) = match first.split_once("前当天") {
        Some(parts) => parts,
        None => first.strip_prefix("before")?.split_once("today")?,
    };
    let next = match second.strip_prefix("否则").unwrap_or(second) {
        zh if zh.starts_with("下") => zh
            .strip_prefix("下个工作日")
            .or_else(|| zh.strip_prefix("下一个工作日"))?,
        en => en
            .strip_prefix("else")
            .unwrap_or(en)
            .strip_prefix("nextworkday")?,
    };
    let time = |text: &str| dates::minute_of_day(text.trim_end_matches('前'));
    let rule = CutOff {
        before: time(before)?,
        today: match today.trim_end_matches('前') {
            "" => None,
            text => Some(time(text)?),
        },
        next: time(next)?,
    };
    rule.today
        .is_none_or(|today| today >= rule.before)
        .then_some(rule)
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = |f: &mut fmt::Formatter<'_>, n: u32| match (n % (24 * 60), n % 60) {
            (0, _) => write!(f, "{}天", n / (24 * 60)),
            (_, 0) => write!(f, "{}小时", n / 60),
            _ => write!(f, "{n}分钟"),
        };
        let clock = |minute: u16| format!("{}:{:02}", minute / 60, minute % 60);
        match *self {
            Self::After(Span::Minutes(n)) => minutes(f, n),
            Self::After(Span::WorkingDays(n)) => write!(f, "{n}个工作日"),
            Self::Plain(n) => {
                f.write_str("平台")?;
                minutes(f, n)
            }
            Self::CutOff(rule) => write!(
                f,
                "{}前当天{}，否则下个工作日{}",
                clock(rule.before),
                rule.today.map(clock).unwrap_or_default(),
                clock(rule.next)
            ),
        }
    }
}

/// The rule under a key; `None` when it is missing or wrong (reported).
pub(super) fn rule(form: &Form, key: &str, report: &mut Report) -> Option<Due> {
    let written = form.text(key, report)?;
    let rule = Due::parse(&written.text);
    if rule.is_none() {
        report.error(
            written.place,
            format!("“{key}”不是时长：“{}”", written.text),
            MEND,
        );
    }
    rule
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    #[test]
    fn rules_as_people_write_them() {
        let table = [
            ("30分钟", "30分钟"),
            ("半小时", "30分钟"),
            ("24小时", "1天"),
            ("5 个工作日", "5个工作日"),
            ("平台48小时", "平台2天"),
            ("platform 36h", "平台36小时"),
            ("自然 90 分钟", "平台90分钟"),
            (
                "16:00前当天，否则下个工作日10:00",
                "16:00前当天，否则下个工作日10:00",
            ),
            (
                "１６：００前当天18:00，否则下一个工作日 9:30",
                "16:00前当天18:00，否则下个工作日9:30",
            ),
            (
                "before 16:00 today, else next workday 10:00",
                "16:00前当天，否则下个工作日10:00",
            ),
        ];
        for (text, shown) in table {
            let rule = Due::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(rule.to_string(), shown, "{text}");
            assert_eq!(Due::parse(&rule.to_string()), Some(rule), "{text}");
        }
        for text in [
            "",
            "很快",
            "平台3个工作日",
            "25:00前当天，否则下个工作日10:00",
            "16:00前当天",
            "16:00前当天15:00，否则下个工作日10:00",
            "16:00前当天，否则明天10:00",
        ] {
            assert_eq!(Due::parse(text), None, "{text}");
        }
    }
}
