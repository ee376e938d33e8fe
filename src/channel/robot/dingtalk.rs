//! DingTalk (钉钉): time and signature in the address; who is too fast is blocked for ten minutes.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Fate, KEYWORD, Note, Robot, fitting, is_mobile, number, sign};

/// The makers name no limit for text; the body must stay below 20 kB.
const LONGEST: usize = 6_000;
/// How long who was too fast is blocked.
const BLOCKED: Duration = Duration::from_secs(600);

pub(super) fn encode(robot: &Robot, note: &Note, now: DateTime<Utc>) -> (String, Value) {
    let (mobiles, ids): (Vec<&str>, Vec<&str>) = note
        .people
        .iter()
        .map(String::as_str)
        .partition(|person| is_mobile(person));
    let mut text = fitting(&note.text, LONGEST);
    // Who is not named in the words is not called.
    for person in &note.people {
        text.push_str(&format!(" @{person}"));
    }
    let body = json!({
        "msgtype": "text",
        "text": {"content": text},
        "at": {"atMobiles": mobiles, "atUserIds": ids, "isAtAll": note.everybody},
    });
    let mut url = robot.url.reveal().to_owned();
    if let Some(secret) = &robot.secret {
        let stamp = now.timestamp_millis();
        let signature = sign(secret.reveal(), &format!("{stamp}\n{}", secret.reveal()));
        let signature: String = signature.chars().map(escaped).collect();
        let mark = if url.contains('?') { '&' } else { '?' };
        url.push_str(&format!("{mark}timestamp={stamp}&sign={signature}"));
    }
    (url, body)
}

/// A character of base64 as it stands in an address.
fn escaped(c: char) -> String {
    match c {
        '+' => "%2B".to_owned(),
        '/' => "%2F".to_owned(),
        '=' => "%3D".to_owned(),
        c => c.to_string(),
    }
}

pub(super) fn judge(answer: &Value) -> (i64, Fate) {
    let code = number(answer, "errcode").unwrap_or(i64::MIN);
    let fate = match code {
        0 => Fate::Taken,
        130101 | 90030 => Fate::Later(Some(BLOCKED)),
        -1 | i64::MIN => Fate::Later(None),
        300001 => Fate::Refused("the robot's access token is not known"),
        _ => Fate::Refused(KEYWORD),
    };
    (code, fate)
}
