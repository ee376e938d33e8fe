//! A script: one standard reply of the house, and when it may be used.

use chrono::{DateTime, Days, Utc};
use chrono_tz::Tz;

use super::{
    blank::{self, Reply},
    dates,
    form::{Form, Written, read_word},
    intent::{AllOf, normal},
    known::{Known, Owner, Sentence},
    problem::{Place, Report},
    words::{AutoUse, IntentId, Platform, Purpose, ScriptId, ShopId},
    yaml::{self, Key},
};

/// One file of `scripts/`.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// Unique.
    pub id: ScriptId,
    /// What the agent sees on the card.
    pub title: String,
    /// The intent it answers; `None` for the house's generic lines.
    pub intent: Option<IntentId>,
    /// What a generic line is for.
    pub purpose: Option<Purpose>,
    /// Sentences it answers.
    pub ask: Vec<String>,
    /// Sentences it must not win.
    pub not: Vec<String>,
    /// Words of which the customer must have said one (or one group) before it may answer alone; when he has,
    /// it goes before the intent's other scripts. Normalised; empty means that it answers the intent as such.
    pub mentions: Vec<AllOf>,
    /// Blanks that must be filled before it may leave without a human.
    pub needs: Vec<String>,
    /// Shops it is for; empty means all.
    pub shops: Vec<ShopId>,
    /// Platforms it is for; empty means all.
    pub platforms: Vec<Platform>,
    /// First moment of validity.
    pub from: Option<DateTime<Utc>>,
    /// First moment after validity.
    pub until: Option<DateTime<Utc>>,
    /// What its text may do alone.
    pub auto: AutoUse,
    /// The reply with its blanks.
    pub reply: Reply,
    /// The file it stands in.
    pub file: String,
    /// The line of the file where the reply begins, from 1.
    pub reply_line: u32,
}

impl Script {
    /// Whether the script counts for this shop and platform at this moment.
    pub fn counts(&self, shop: &ShopId, platform: Platform, at: DateTime<Utc>) -> bool {
        (self.shops.is_empty() || self.shops.contains(shop))
            && (self.platforms.is_empty() || self.platforms.contains(&platform))
            && self.from.is_none_or(|from| from <= at)
            && self.until.is_none_or(|until| at < until)
    }
}

/// Every key of a script's header.
const KEYS: &[Key] = &[
    ("编号", "id"),
    ("标题", "title"),
    ("意图", "intent"),
    ("用途", "purpose"),
    ("问法", "ask"),
    ("不匹配", "not"),
    ("提到", "mentions"),
    ("需要", "needs"),
    ("店铺", "shops"),
    ("平台", "platforms"),
    ("开始", "from"),
    ("结束", "until"),
    ("自动", "auto"),
];

/// Reads a file of `scripts/`.
pub(super) fn read(
    file: &str,
    text: &str,
    known: &mut Known,
    report: &mut Report,
) -> Option<Script> {
    let parts = split(text, report)?;
    let reply = reply(&parts, known, report);
    let header = yaml::repair(parts.header, parts.header_line, &[KEYS], false, report);
    let root = yaml::parse(&header, parts.header_line, report)?;
    let form = Form::open(&root, KEYS, report)?;
    let id = form.need("编号", "log-track", report);
    if let Some(id) = &id {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !id.text.chars().all(plain) {
            report.error(
                id.place,
                format!("编号“{}”里有不能用的字", id.text),
                "只用小写英文字母、数字和“-”，例如 log-track",
            );
        }
        known.claim("话术", file, id, report);
    }
    let title = form.need("标题", "查物流进度", report);
    let intent = form.text("意图", report);
    let intent_id = intent.as_ref().map(|intent| known.intent(intent, report));
    let purpose = form.text("用途", report);
    let purpose_read = purpose
        .as_ref()
        .and_then(|purpose| read_word::<Purpose>(purpose, "“用途”", report));
    match (&intent, &purpose) {
        (Some(_), Some(purpose)) => report.error(
            purpose.place,
            "“意图”和“用途”只能写一个",
            "回答顾客问题的写“意图”；通用的回执、转人工写“用途”",
        ),
        (None, None) if form.node("意图").is_none() && form.node("用途").is_none() => report
            .error(
                form.key_place("意图")
                    .unwrap_or(Place::line(form.place().line)),
                "缺少“意图”或“用途”",
                "写一行“意图: log.track”，或“用途: 回执”",
            ),
        _ => {}
    }
    let ask = form.list("问法", report);
    let not = form.list("不匹配", report);
    let mentions = normal(form.groups("提到", report), "提到", report);
    let needs = form.list("需要", report);
    known.blank_names("需要", &needs, report);
    let shops: Vec<ShopId> = form
        .list("店铺", report)
        .iter()
        .filter_map(|shop| known.shop(shop, report))
        .collect();
    let platforms: Vec<Platform> = form
        .list("平台", report)
        .iter()
        .filter_map(|platform| read_word(platform, "“平台”", report))
        .collect();
    let zone = known.zone(&shops);
    let from = moment(&form, "开始", zone, report);
    let until = moment(&form, "结束", zone, report);
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        let at = form.key_place("结束").unwrap_or_default();
        report.error(
            at,
            "“结束”不在“开始”之后，这条话术永远用不上",
            "改正其中一个日期",
        );
    }
    let auto = form.word("自动", report).unwrap_or(AutoUse::Never);
    let id = ScriptId::from(id?.text);
    for (list, wanted) in [(&ask, true), (&not, false)] {
        known.sentences.extend(list.iter().map(|sentence| Sentence {
            text: sentence.text.clone(),
            file: file.into(),
            place: sentence.place,
            owner: Owner::Script(id.clone()),
            wanted,
        }));
    }
    let plain = |list: Vec<Written>| list.into_iter().map(|w| w.text).collect();
    Some(Script {
        id,
        title: title?.text,
        intent: intent_id,
        purpose: purpose_read,
        ask: plain(ask),
        not: plain(not),
        mentions,
        needs: plain(needs),
        shops,
        platforms,
        from,
        until,
        auto,
        reply: reply?,
        file: file.to_owned(),
        reply_line: parts.reply_line,
    })
}

/// A script's file: header between two lines `---`, then the reply.
struct Parts<'t> {
    header: &'t str,
    header_line: u32,
    reply: &'t str,
    reply_line: u32,
}

fn split<'t>(text: &'t str, report: &mut Report) -> Option<Parts<'t>> {
    const MEND: &str = "文件写成：第一行“---”，然后编号、标题等，再一行“---”，下面是回复的正文";
    let mut lines = text
        .split_inclusive('\n')
        .zip(1u32..)
        .scan(0, |at, (line, number)| {
            let start = *at;
            *at += line.len();
            Some((line.trim_end(), number, start, *at))
        });
    let opening = lines.find(|(line, ..)| !line.is_empty());
    let Some((_, opened, _, header)) = opening.filter(|(line, ..)| is_rule(line)) else {
        let at = opening.map_or(1, |(_, number, ..)| number);
        report.error(Place::line(at), "话术没有抬头：第一行不是“---”", MEND);
        return None;
    };
    let Some((_, closed, header_end, reply)) = lines.find(|(line, ..)| is_rule(line)) else {
        report.error(
            Place::line(opened),
            "话术的抬头没有收尾：缺少第二行“---”",
            MEND,
        );
        return None;
    };
    let above: usize = lines
        .by_ref()
        .take_while(|(line, ..)| line.trim().is_empty())
        .count();
    Some(Parts {
        header: &text[header..header_end],
        header_line: opened + 1,
        reply: &text[reply..],
        reply_line: closed + 1 + above as u32,
    })
}

/// A line of dashes; a Chinese keyboard makes other dashes of them.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line == "---"
        || (line.chars().count() >= 2
            && line.chars().all(|c| matches!(c, '-' | '—' | '－' | '–'))
            && line != "--")
}

fn reply(parts: &Parts, known: &Known, report: &mut Report) -> Option<Reply> {
    let text = parts
        .reply
        .trim_start_matches(|c: char| c == '\n' || c.is_whitespace())
        .trim_end();
    if text.is_empty() {
        report.error(
            Place::line(parts.reply_line),
            "回复是空的",
            "在第二行“---”下面写上回复顾客的话",
        );
        return None;
    }
    Some(blank::parse(text, parts.reply_line, &known.blanks, report))
}

/// The moment of 开始 (a day's first) or 结束 (after a day's last).
fn moment(form: &Form, key: &str, zone: Tz, report: &mut Report) -> Option<DateTime<Utc>> {
    let written = form.text(key, report)?;
    let Some((date, minute)) = dates::date_and_minute(&written.text) else {
        report.error(
            written.place,
            format!("“{key}”不是日期：“{}”", written.text),
            "写成 2026-11-01 或 2026-11-01 20:00，并且这一天真的存在",
        );
        return None;
    };
    let date = match minute {
        None if key == "结束" => date.checked_add_days(Days::new(1)).unwrap_or(date),
        _ => date,
    };
    Some(dates::instant(
        zone,
        dates::local(date, minute.unwrap_or(0)),
    ))
}
