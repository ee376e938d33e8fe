//! How alarms are said: one message, the longest waiting first, no customer's words, names masked.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Alarm, Cause, LUNCH, NOTIFY, Target, Trouble};
use crate::knowledge::{Platform, Urgency};

/// How many customers are named in one alarm.
const NAMED: usize = 5;

/// What a target is told, as it waits in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// How much the most pressing of it presses.
    pub urgency: Urgency,
    /// The words, in lines.
    pub text: String,
    /// Who is asked by name.
    pub people: Vec<String>,
    /// Everybody in the group is asked.
    pub everybody: bool,
    /// The alarms it tells of.
    pub alarms: Vec<NoteAlarm>,
    /// The alarms it says are over.
    pub resolved: Vec<String>,
}

/// An alarm a message tells of, for machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteAlarm {
    /// Its name.
    pub id: String,
    /// `waiting`, `safety`, `deaf`, `silent`, `lunch`, `handover`, `case` or `promise`.
    pub kind: String,
    /// How much it presses.
    pub urgency: Urgency,
    /// How many things are wrong.
    pub count: usize,
    /// Since when the oldest of them is.
    pub since: Option<DateTime<Utc>>,
    /// How many people have been asked before.
    pub step: i64,
    /// Where it is acknowledged.
    pub acknowledge: Option<String>,
}

/// An alarm that a message tells of.
pub(super) struct Matter<'a> {
    pub(super) alarm: &'a Alarm,
    pub(super) causes: &'a [&'a Cause],
    pub(super) step: i64,
    pub(super) link: Option<String>,
}

/// The message for a target.
pub(super) fn note(
    target: &Target,
    matters: &[Matter<'_>],
    over: &[&Alarm],
    more: bool,
    now: DateTime<Utc>,
) -> Note {
    let urgency = matters
        .iter()
        .map(|matter| matter.alarm.urgency)
        .max()
        .unwrap_or(Urgency::Notice);
    let tag = match (matters.is_empty(), urgency) {
        (true, _) => "已解除",
        (_, Urgency::Notice) => "提示",
        (_, Urgency::Warning) => "提醒",
        (_, Urgency::Urgent) => "紧急",
        (_, Urgency::Safety) => "安全",
    };
    let mut lines = vec![format!("【接班·{tag}】")];
    let mut by_weight: Vec<&Matter<'_>> = matters.iter().collect();
    by_weight.sort_by_key(|matter| std::cmp::Reverse(matter.alarm.urgency));
    for matter in &by_weight {
        lines.extend(paragraph(target, matter, more, now));
    }
    for alarm in over {
        let from = clock(target, alarm.opened_at);
        lines.push(format!("已解除：{from} 的{}", title(kind(alarm))));
        lines.push(format!("Over: {} of {from}", english_title(kind(alarm))));
    }
    if let (Some(first), Some(head)) = (lines.get(1).cloned(), lines.first_mut()) {
        head.push_str(&first);
        lines.remove(1);
    }
    let asking = matters.iter().filter(|matter| kind(matter.alarm) != LUNCH);
    let step = asking.map(|matter| matter.step).max();
    let everybody =
        step.is_some_and(|step| !target.people.is_empty() && step >= target.last_step());
    let asked = step.and_then(|step| target.people.get(usize::try_from(step).ok()?));
    // A reminder asks nobody but whom it is for, where his name is what the receiver knows him by.
    let reminded = matters
        .iter()
        .flat_map(|matter| matter.causes)
        .filter_map(|cause| match &cause.trouble {
            Trouble::Lunch { agent, .. } if target.people.contains(agent) => Some(agent),
            _ => None,
        });
    let mut people: Vec<String> = asked.into_iter().chain(reminded).cloned().collect();
    people.dedup();
    Note {
        urgency,
        text: lines.join("\n"),
        people,
        everybody,
        alarms: by_weight
            .iter()
            .map(|matter| NoteAlarm {
                id: matter.alarm.id.clone(),
                kind: kind(matter.alarm).to_owned(),
                urgency: matter.alarm.urgency,
                count: matter.causes.len(),
                since: matter.causes.iter().map(|cause| cause.since).min(),
                step: matter.step,
                acknowledge: matter.link.clone(),
            })
            .collect(),
        resolved: over.iter().map(|alarm| alarm.id.clone()).collect(),
    }
}

/// What an alarm is about.
pub(super) fn kind(alarm: &Alarm) -> &str {
    kind_of(&alarm.topic)
}

/// What a topic is about: `waiting`, `safety`, `deaf`, `silent`, `lunch`, `handover`, `case` or `promise`.
pub fn kind_of(topic: &str) -> &str {
    topic.split('/').next().unwrap_or_default()
}

/// What a kind of alarm is called, in Chinese.
pub fn title(kind: &str) -> &'static str {
    match kind {
        "safety" => "人身安全",
        "waiting" => "顾客等待",
        "deaf" => "接收端不通",
        LUNCH => "午休快结束",
        "handover" => "交接没有接收",
        "case" => "工单超时",
        "promise" => "承诺到期",
        _ => "渠道没有消息",
    }
}

fn english_title(kind: &str) -> &'static str {
    match kind {
        "safety" => "possible harm",
        "waiting" => "customers waiting",
        "deaf" => "receiver down",
        LUNCH => "lunch about to end",
        "handover" => "handover not accepted",
        "case" => "overdue cases",
        "promise" => "overdue promises",
        _ => "silent source",
    }
}

fn paragraph(target: &Target, matter: &Matter<'_>, more: bool, now: DateTime<Utc>) -> Vec<String> {
    let mut causes = matter.causes.to_vec();
    causes.sort_by(|a, b| (a.since, &a.subject).cmp(&(b.since, &b.subject)));
    let count = causes.len();
    let longest = causes.first().map_or(0, |cause| minutes(cause, now));
    let kind = kind(matter.alarm);
    let plus = if more { "+" } else { "" };
    let mut lines = Vec::new();
    match kind {
        "safety" => lines.push(format!(
            "涉及人身安全：{count}{plus} 位顾客在等，最久 {longest} 分钟"
        )),
        "waiting" => lines.push(format!("{count}{plus} 位顾客在等，最久 {longest} 分钟")),
        "case" => lines.push(format!("{count} 张工单超时了，请改期并告诉顾客，或者办完")),
        "promise" => lines.push(format!("答应顾客的 {count} 件事到时间了，请办好或者改期")),
        _ => {}
    }
    if matter.step > 0 {
        lines.push("通知后没有人确认，请接手".to_owned());
    }
    for (n, cause) in causes.iter().take(NAMED).enumerate() {
        lines.push(line(target, n + 1, cause, now));
    }
    if count > NAMED {
        lines.push(format!("另有 {}{plus} 项", count - NAMED));
    }
    match kind {
        "safety" | "waiting" => {
            let harm = if kind == "safety" {
                ", possible harm"
            } else {
                ""
            };
            let s = if count == 1 { "" } else { "s" };
            lines.push(format!(
                "{count}{plus} customer{s} waiting{harm}, longest {longest} min: {}",
                english_reasons(&causes)
            ));
        }
        "deaf" => lines.push("Receivers that take nothing; see the log.".to_owned()),
        LUNCH => lines.extend(causes.iter().filter_map(|cause| match &cause.trouble {
            Trouble::Lunch { agent, until, .. } => {
                let until = clock(target, *until);
                Some(format!("{agent}: your lunch ends at {until}."))
            }
            _ => None,
        })),
        "handover" => lines.push("Handed over, and nobody has accepted it.".to_owned()),
        "case" => lines.push("Cases past their time: postpone or finish them.".to_owned()),
        "promise" => lines.push("Promises past their time: keep or move them.".to_owned()),
        _ => lines.push("No customer messages although there used to be at this hour.".to_owned()),
    }
    if let Some(link) = &matter.link {
        lines.push(format!("我来处理 (acknowledge): {link}"));
    }
    lines
}

fn line(target: &Target, n: usize, cause: &Cause, now: DateTime<Utc>) -> String {
    let since = clock(target, cause.since);
    match &cause.trouble {
        Trouble::Waiting {
            name,
            platform,
            who,
            why,
            ..
        } => format!(
            "{n}. {name}{} {}：{} 分钟，{}",
            place(*platform),
            masked(who),
            minutes(cause, now),
            why.chinese()
        ),
        Trouble::Deaf { source } => match source.strip_prefix(NOTIFY) {
            Some(name) => format!("通知目标“{name}”自 {since} 起一直发不出去"),
            None => format!("来源“{source}”的接收端自 {since} 起一直不通，回复送不出去"),
        },
        Trouble::Silent {
            name,
            source,
            account,
            ..
        } => format!(
            "{name}（{source} {}）自 {since} 起没有顾客消息，往常这时有",
            masked(account)
        ),
        Trouble::Lunch { agent, until, .. } => {
            let left = (*until - now)
                .num_seconds()
                .max(0)
                .unsigned_abs()
                .div_ceil(60);
            let until = clock(target, *until);
            format!("{agent}的午休 {until} 结束，还有 {left} 分钟；要多歇一会儿请现在延长")
        }
        Trouble::Handover {
            name,
            sheet,
            shift,
            takers,
            count,
            ..
        } => format!(
            "{name}：{shift} {since} 交的班还有 {count} 项没有人接收（交接单 {sheet}，接班 {}）",
            match takers.as_slice() {
                [] => "当班".to_owned(),
                takers => takers.join("、"),
            }
        ),
        Trouble::CaseOverdue {
            name,
            number,
            kind,
            who,
            ..
        } => format!(
            "{n}. {name}：{number} {kind}，{} 到期{}",
            day_and_clock(target, cause.since),
            of(who.as_deref())
        ),
        Trouble::PromiseOverdue {
            name,
            promise,
            kind,
            who,
            ..
        } => format!(
            "{n}. {name}：“{kind}”（承诺 {promise}），{} 到期{}",
            day_and_clock(target, cause.since),
            of(who.as_deref())
        ),
    }
}

fn of(who: Option<&str>) -> String {
    who.map_or_else(String::new, |who| format!("，{who}"))
}

fn place(platform: Platform) -> String {
    match platform {
        Platform::Other => String::new(),
        platform => format!("（{platform}）"),
    }
}

fn english_reasons(causes: &[&Cause]) -> String {
    let mut reasons: Vec<_> = causes
        .iter()
        .filter_map(|cause| match cause.trouble {
            Trouble::Waiting { why, .. } => Some(why),
            _ => None,
        })
        .collect();
    reasons.sort();
    reasons.dedup();
    let words: Vec<&str> = reasons.into_iter().map(|why| why.english()).collect();
    words.join("; ")
}

fn minutes(cause: &Cause, now: DateTime<Utc>) -> i64 {
    (now - cause.since).num_minutes().max(0)
}

/// A moment by the target's clocks, such as `14:05`.
fn clock(target: &Target, at: DateTime<Utc>) -> String {
    at.with_timezone(&target.zone).format("%H:%M").to_string()
}

/// The same with its day, such as `11-20 14:05`: what is past its time may be so for days.
fn day_and_clock(target: &Target, at: DateTime<Utc>) -> String {
    at.with_timezone(&target.zone)
        .format("%m-%d %H:%M")
        .to_string()
}

/// A name of which only the ends show: enough to find it in a list, not enough to know who it is.
pub fn masked(name: &str) -> String {
    let letters: Vec<char> = name.chars().filter(|c| !c.is_control()).collect();
    match letters.as_slice() {
        [] => "***".to_owned(),
        [first, _, _, .., last] if letters.len() > 3 => format!("{first}***{last}"),
        [first, ..] => format!("{first}***"),
    }
}
