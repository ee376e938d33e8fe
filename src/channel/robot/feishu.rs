//! Feishu (飞书) and Lark: time and signature in the body; the signature's key holds the secret and its message is
//! empty, the reverse of DingTalk's.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Fate, KEYWORD, Note, Robot, fitting, number, sign};

/// A body has at most 20 kB.
const LONGEST: usize = 15_000;
const THROTTLED: Duration = Duration::from_secs(60);

pub(super) fn encode(robot: &Robot, note: &Note, now: DateTime<Utc>) -> (String, Value) {
    let mut text = plain(&fitting(&note.text, LONGEST));
    for person in &note.people {
        text.push_str(&format!(
            " <at user_id=\"{}\">{}</at>",
            plain(person).replace('"', "&quot;"),
            plain(person)
        ));
    }
    if note.everybody {
        text.push_str(" <at user_id=\"all\">所有人</at>");
    }
    let mut body = json!({"msg_type": "text", "content": {"text": text}});
    if let Some(secret) = &robot.secret {
        let stamp = now.timestamp().to_string();
        let signature = sign(&format!("{stamp}\n{}", secret.reveal()), "");
        body["timestamp"] = json!(stamp);
        body["sign"] = json!(signature);
    }
    (robot.url.reveal().to_owned(), body)
}

/// Nothing of our words may call anybody.
fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

pub(super) fn judge(answer: &Value) -> (i64, Fate) {
    let code = number(answer, "code")
        .or_else(|| number(answer, "StatusCode"))
        .unwrap_or(i64::MIN);
    let fate = match code {
        0 => Fate::Taken,
        11232 => Fate::Later(Some(THROTTLED)),
        i64::MIN => Fate::Later(None),
        19001 => Fate::Refused("the robot's address is not known"),
        _ => Fate::Refused(KEYWORD),
    };
    (code, fate)
}
