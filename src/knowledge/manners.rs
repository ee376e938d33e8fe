//! A shop's own measures for answering: how long a conversation stays an agent's, when the bot steps in for
//! agents who are busy, how long a burst is waited for, and how much may be said alone.

use chrono::Duration;

use super::{
    dates,
    form::Form,
    problem::{Place, Report},
};

/// The measures of one shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manners {
    /// A conversation is an agent's for so long after he last spoke in it.
    pub owner_idle: Duration,
    /// In staffed hours the bot steps in after so long without an answer; `None`: never.
    pub rescue: Option<Duration>,
    /// After so many turns that were not understood, a human is fetched.
    pub unknown_turns: u32,
    /// A pause this long closes a burst.
    pub burst_gap: Duration,
    /// A burst is closed at the latest this long after its first message.
    pub burst_limit: Duration,
    /// How many automatic replies one customer gets in an hour.
    pub per_customer_hour: u32,
    /// How many automatic replies leave in the shop in a minute.
    pub per_shop_minute: u32,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            owner_idle: Duration::minutes(30),
            rescue: None,
            unknown_turns: 2,
            burst_gap: Duration::seconds(4),
            burst_limit: Duration::seconds(12),
            per_customer_hour: 20,
            per_shop_minute: 600,
        }
    }
}

/// How long customers wait for a rescue where a shop only says that there is one, in seconds.
const RESCUE: i64 = 100;

/// The keys of [`Manners`] in a shop's entry, Chinese and English.
pub(super) const IDLE: (&str, &str) = ("归属时长", "owner_idle");
pub(super) const RESCUED: (&str, &str) = ("救场", "rescue");
pub(super) const UNKNOWN: (&str, &str) = ("转人工轮数", "unknown_turns");
pub(super) const GAP: (&str, &str) = ("连发间隔", "burst_gap");
pub(super) const LIMIT: (&str, &str) = ("连发上限", "burst_limit");
pub(super) const PER_CUSTOMER: (&str, &str) = ("每客每小时", "per_customer_hour");
pub(super) const PER_SHOP: (&str, &str) = ("每店每分钟", "per_shop_minute");

/// Reads a shop's measures; what is not written keeps its default.
pub(super) fn read(form: &Form, report: &mut Report) -> Manners {
    let usual = Manners::default();
    let mut manners = Manners {
        owner_idle: length(form, IDLE.0, 60, (60, 86_400), report).unwrap_or(usual.owner_idle),
        rescue: rescue(form, report),
        unknown_turns: count(form, UNKNOWN.0, (1, 20), report).unwrap_or(usual.unknown_turns),
        burst_gap: length(form, GAP.0, 1, (4, 60), report).unwrap_or(usual.burst_gap),
        burst_limit: length(form, LIMIT.0, 1, (12, 300), report).unwrap_or(usual.burst_limit),
        per_customer_hour: count(form, PER_CUSTOMER.0, (1, 1_000), report)
            .unwrap_or(usual.per_customer_hour),
        per_shop_minute: count(form, PER_SHOP.0, (1, 100_000), report)
            .unwrap_or(usual.per_shop_minute),
    };
    if manners.burst_limit < manners.burst_gap {
        if form.node(LIMIT.0).is_some() {
            report.error(
                form.key_place(LIMIT.0).unwrap_or_default(),
                "“连发上限”比“连发间隔”还短",
                "上限至少和间隔一样长",
            );
        }
        manners.burst_limit = manners.burst_gap;
    }
    manners
}

/// `开`, `关`, or how long: `100`, `100秒`, `2分钟`.
fn rescue(form: &Form, report: &mut Report) -> Option<Duration> {
    let written = form.text(RESCUED.0, report)?;
    match dates::fold(&written.text).as_str() {
        "关" | "off" | "no" | "false" => None,
        "开" | "on" | "yes" | "true" => Some(Duration::seconds(RESCUE)),
        text => within(text, RESCUED.0, 1, (10, 3_600), written.place, report),
    }
}

fn count(form: &Form, key: &str, bounds: (u32, u32), report: &mut Report) -> Option<u32> {
    form.number(key, f64::from(bounds.0), f64::from(bounds.1), report)
        .map(|number| number as u32)
}

/// A length of time; a bare number counts in units of `unit` seconds.
fn length(
    form: &Form,
    key: &str,
    unit: i64,
    bounds: (i64, i64),
    report: &mut Report,
) -> Option<Duration> {
    let written = form.text(key, report)?;
    let text = dates::fold(&written.text);
    within(&text, key, unit, bounds, written.place, report)
}

fn within(
    text: &str,
    key: &str,
    unit: i64,
    (least, most): (i64, i64),
    place: Place,
    report: &mut Report,
) -> Option<Duration> {
    let seconds = seconds(text, unit).filter(|seconds| (least..=most).contains(seconds));
    if seconds.is_none() {
        report.error(
            place,
            format!("“{key}”应该是 {least} 秒到 {most} 秒之间的时长，这里是“{text}”"),
            "写成 100秒、30分钟 或 2小时",
        );
    }
    seconds.map(Duration::seconds)
}

fn seconds(text: &str, unit: i64) -> Option<i64> {
    let text = text.replace(' ', "");
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number: i64 = text.get(..end)?.parse().ok()?;
    let unit = match text.get(end..)? {
        "" => unit,
        "秒" | "秒钟" | "s" | "sec" | "seconds" => 1,
        "分" | "分钟" | "min" | "minutes" => 60,
        "小时" | "个小时" | "h" | "hours" => 3_600,
        _ => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use crate::knowledge::{Knowledge, files};

    fn shop(lines: &str) -> Result<Manners, String> {
        let shops = format!("店铺:\n  - 编号: a\n    名称: 甲\n    平台: taobao\n{lines}");
        let receipt = "---\n编号: r\n标题: 回执\n用途: 回执\n---\n收到";
        let folder = files([("shops.yaml", shops.as_str()), ("scripts/r.md", receipt)]);
        match Knowledge::load(&folder) {
            Ok((knowledge, _)) => Ok(knowledge.shops()[0].manners),
            Err(problems) => Err(problems[0].what.clone()),
        }
    }

    #[test]
    fn a_shop_that_says_nothing_keeps_the_usual_measures() {
        assert_eq!(shop(""), Ok(Manners::default()));
    }

    #[test]
    fn measures_are_written_in_either_language() {
        let chinese = "    救场: 开\n    归属时长: 1小时\n    转人工轮数: 3\n    连发间隔: 6秒\n    \
                       连发上限: 20\n    每客每小时: 5\n    每店每分钟: 30\n";
        let english = "    rescue: on\n    owner_idle: 60\n    unknown_turns: 3\n    burst_gap: 6s\n    \
                       burst_limit: 20s\n    per_customer_hour: 5\n    per_shop_minute: 30\n";
        let wanted = Manners {
            owner_idle: Duration::hours(1),
            rescue: Some(Duration::seconds(100)),
            unknown_turns: 3,
            burst_gap: Duration::seconds(6),
            burst_limit: Duration::seconds(20),
            per_customer_hour: 5,
            per_shop_minute: 30,
        };
        assert_eq!(shop(chinese), Ok(wanted));
        assert_eq!(shop(english), Ok(wanted));
    }

    #[test]
    fn a_rescue_is_on_off_or_a_time() {
        for (written, seconds) in [
            ("关", None),
            ("off", None),
            ("开", Some(100)),
            ("45", Some(45)),
            ("3分钟", Some(180)),
        ] {
            let manners = shop(&format!("    救场: {written}\n")).unwrap();
            assert_eq!(manners.rescue, seconds.map(Duration::seconds), "{written}");
        }
        for wrong in ["5", "两分钟", "3天", "99999"] {
            assert!(shop(&format!("    救场: {wrong}\n")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_burst_may_be_waited_for_longer_never_shorter() {
        assert!(shop("    连发间隔: 2\n").is_err());
        assert!(shop("    连发上限: 10\n").is_err());
        assert!(shop("    连发间隔: 30\n    连发上限: 20\n").is_err());
        let long = shop("    连发间隔: 30\n").unwrap();
        assert_eq!(long.burst_limit, Duration::seconds(30));
    }
}
