//! Cases that follow from a turn, each with the note for the colleague who takes over.

use chrono::{DateTime, Utc};

use super::{
    case::{Form, card},
    decision::{CaseDraft, Reply},
    facts::Message,
    filling::{Filling, platform_name},
    turn::LastTurn,
};
use crate::knowledge::{
    ContentKind, IntentId, Opens, Policy,
    case_kind::CaseKind,
    due::Due,
    fields::FieldKind,
    intent::Intent,
    mask::mask,
    reading::{ReadIntent, Want},
    shop::Shop,
};

/// How much of the customer's own words a note quotes, in characters.
const QUOTE: usize = 200;
/// An intent below this is a guess: on a mere statement no colleague is sent after it.
const SURE: f32 = 0.5;
/// How much of what the customer was told a note quotes, in characters.
const TOLD: usize = 60;

/// The cases of a turn, one a kind, in the order of its intents. `registered` says that the bot registers
/// the matter alone; `reply` is what it says.
pub fn drafts(
    filling: &Filling<'_>,
    turn: &LastTurn<'_>,
    registered: bool,
    reply: Option<&Reply>,
) -> Vec<CaseDraft> {
    let mut wanted_cases: Vec<(&Intent, &CaseKind)> = Vec::new();
    for read in &filling.reading.intents {
        let Some(intent) = filling.knowledge.intent(&read.id) else {
            continue;
        };
        let wanted = match intent.opens {
            Opens::Always | Opens::Asked => matters(filling, read),
            Opens::Registered => registered && matters(filling, read),
            Opens::Never => false,
        };
        let kind = intent
            .case
            .as_ref()
            .filter(|_| wanted)
            .and_then(|kind| filling.knowledge.case_kind(kind));
        if let Some(kind) = kind
            && wanted_cases.iter().all(|(_, other)| other.id != kind.id)
        {
            wanted_cases.push((intent, kind));
        }
    }
    let texts = turn.messages.iter().filter(|m| m.kind == ContentKind::Text);
    let clauses = card::clauses(texts.map(|m| m.text.as_str()));
    let matters: Vec<&IntentId> = wanted_cases.iter().map(|(intent, _)| &intent.id).collect();
    let own = card::own_clauses(filling.reading, &matters, &clauses);
    wanted_cases
        .iter()
        .zip(&own)
        .map(|((intent, kind), own)| {
            let form = card::prefill(
                kind,
                filling.order(),
                &filling.reading.fields,
                own,
                filling.facts.platform,
                matters.len() == 1,
            );
            draft(filling, turn, intent, kind, form, reply)
        })
        .collect()
}

/// Whether there is more to do about an intent than to answer: a demand or a trouble in so many words, a
/// word about a matter whose case stands open here, a mere statement where an answer is not enough, and a
/// question where the intent says so.
pub fn matters(filling: &Filling<'_>, read: &ReadIntent) -> bool {
    let Some(intent) = filling.knowledge.intent(&read.id) else {
        return false;
    };
    let stands = || {
        let mut open = filling.facts.open_cases.iter().filter(|case| case.here);
        intent
            .case
            .as_ref()
            .is_some_and(|kind| open.any(|case| case.kind == *kind))
    };
    let said = match read.want {
        Want::Done => true,
        Want::Stated => {
            read.score >= SURE
                && intent.opens != Opens::Registered
                && intent.night != Policy::Answer
        }
        Want::Told => intent.opens == Opens::Asked,
        Want::Earlier => false,
    };
    said || stands()
}

fn draft(
    filling: &Filling<'_>,
    turn: &LastTurn<'_>,
    intent: &Intent,
    kind: &CaseKind,
    form: Form,
    reply: Option<&Reply>,
) -> CaseDraft {
    let Filling {
        knowledge,
        facts,
        reading,
        coverage,
        ..
    } = *filling;
    // The clock starts with the customer's first word, so that deciding again changes nothing.
    let due = |rule| {
        let arranged = &facts.standing.arrangements;
        knowledge.due_by(&facts.shop, turn.since(), rule, kind.any_hour, arranged)
    };
    let finish = due(intent.finish.unwrap_or(kind.finish));
    let platform = kind.platform.map(|minutes| due(Due::Plain(minutes)));
    let handler = intent.handler.as_ref().unwrap_or(&kind.handler);
    let reviewer = intent.reviewer.as_ref().unwrap_or(&kind.reviewer);
    CaseDraft {
        kind: kind.id.clone(),
        prefix: kind.prefix.clone(),
        order: filling.order().map(str::to_owned),
        fields: reading.fields.clone(),
        handler: handler.clone(),
        reviewer: reviewer.clone(),
        open: !coverage.cover.is_staffed(),
        first_due: due(intent.first.unwrap_or(kind.first)),
        finish_due: platform.map_or(finish, |platform| finish.min(platform)),
        note: note(filling, turn, kind, &form, handler, reviewer, reply),
        form,
        money: kind.is_money(),
    }
}

/// What the colleague must know: what, which order, since when, in whose words, what is missing, what was
/// told. Personal data is masked; the originals stay with the case's fields and messages.
fn note(
    filling: &Filling<'_>,
    turn: &LastTurn<'_>,
    kind: &CaseKind,
    form: &Form,
    handler: &str,
    reviewer: &str,
    reply: Option<&Reply>,
) -> String {
    let shop = filling.knowledge.shop_or_default(&filling.facts.shop);
    let order = match filling.order() {
        Some(order) => mask(&format!("订单号 {order}")),
        None => "订单号未提供".to_owned(),
    };
    let mut lines = vec![
        format!(
            "【{}】{order}（{}）",
            kind.id,
            platform_name(filling.facts.platform)
        ),
        format!("自 {} 起等待", clock(turn.since(), shop)),
        format!("客户原话：「{}」", quote(turn)),
    ];
    let named = named(filling);
    if !named.is_empty() {
        lines.push(format!("已知：{named}"));
    }
    let missing = missing(filling, turn, kind, form);
    if !missing.is_empty() {
        lines.push(format!("还缺：{}", missing.join("、")));
    }
    lines.push(format!("已告知客户：{}", told(turn, reply, shop)));
    lines.push(format!("对接：{handler}；审核：{reviewer}"));
    lines.join("\n")
}

fn clock(at: DateTime<Utc>, shop: &Shop) -> String {
    at.with_timezone(&shop.zone)
        .format("%-m月%-d日 %H:%M")
        .to_string()
}

fn quote(turn: &LastTurn<'_>) -> String {
    let words: Vec<String> = turn
        .messages
        .iter()
        .map(|m| match m.kind {
            ContentKind::Text => mask(m.text.trim()),
            ContentKind::Image => "[图片]".to_owned(),
            ContentKind::Video => "[视频]".to_owned(),
            ContentKind::Voice => "[语音]".to_owned(),
            _ => "[附件]".to_owned(),
        })
        .filter(|words| !words.is_empty())
        .collect();
    cut(&words.join(" / "), QUOTE)
}

fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit).chain(['…']).collect()
}

/// What was named besides the order, masked.
fn named(filling: &Filling<'_>) -> String {
    let mut named: Vec<String> = Vec::new();
    for field in filling.reading.fields.0.iter().filter(|f| f.or.is_empty()) {
        if let Some(name) = field.kind.blank()
            && field.kind != FieldKind::OrderNo
        {
            let entry = format!("{name} {}", mask(&field.said));
            if !named.contains(&entry) {
                named.push(entry);
            }
        }
    }
    named.join("；")
}

/// What the case needs and nobody has given yet. A picture may be any evidence, so that one ends the asking.
fn missing(
    filling: &Filling<'_>,
    turn: &LastTurn<'_>,
    kind: &CaseKind,
    form: &Form,
) -> Vec<String> {
    let given = |need: &String| match need.as_str() {
        "订单号" => filling.order().is_some(),
        name => form.get(name).is_some() || filling.reading.fields.blank(name).is_some(),
    };
    let has_picture = turn
        .messages
        .iter()
        .any(|m| matches!(m.kind, ContentKind::Image | ContentKind::Video));
    let evidence = kind.evidence.iter().filter(|_| !has_picture);
    kind.needs
        .iter()
        .filter(|need| !given(need))
        .chain(evidence)
        .cloned()
        .collect()
}

fn told(turn: &LastTurn<'_>, reply: Option<&Reply>, shop: &Shop) -> String {
    if let Some(reply) = reply {
        return format!("自动回复「{}」", cut(&mask(&one_line(&reply.text)), TOLD));
    }
    let ours =
        |m: &&Message| m.speaker.is_human() || m.speaker == crate::knowledge::Speaker::BotAuto;
    match turn.before.iter().rev().find(ours) {
        Some(last) => format!(
            "{} {}「{}」",
            clock(last.at, shop),
            if last.speaker.is_human() {
                "客服"
            } else {
                "自动回复"
            },
            cut(&mask(&one_line(&last.text)), TOLD)
        ),
        None => "暂无".to_owned(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
