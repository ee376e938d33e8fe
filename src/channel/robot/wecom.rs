//! WeCom (企业微信): the key in the address is the secret; text of at most 2048 bytes.

use serde_json::{Value, json};

use super::{Fate, KEYWORD, Note, Robot, fitting, is_mobile, number};

const LONGEST: usize = 2048;
/// What the maker's throttle lasts, and a little more.
const THROTTLED: std::time::Duration = std::time::Duration::from_secs(65);

pub(super) fn encode(robot: &Robot, note: &Note) -> (String, Value) {
    let (mobiles, mut ids): (Vec<&str>, Vec<&str>) = note
        .people
        .iter()
        .map(String::as_str)
        .partition(|person| is_mobile(person));
    if note.everybody {
        ids.push("@all");
    }
    let mut text = json!({"content": fitting(&note.text, LONGEST)});
    if !ids.is_empty() {
        text["mentioned_list"] = json!(ids);
    }
    if !mobiles.is_empty() {
        text["mentioned_mobile_list"] = json!(mobiles);
    }
    let body = json!({"msgtype": "text", "text": text});
    (robot.url.reveal().to_owned(), body)
}

pub(super) fn judge(answer: &Value) -> (i64, Fate) {
    let code = number(answer, "errcode").unwrap_or(i64::MIN);
    let fate = match code {
        0 => Fate::Taken,
        45009 | 45033 => Fate::Later(Some(THROTTLED)),
        -1 | i64::MIN => Fate::Later(None),
        93000 => Fate::Refused("the robot's key is not known"),
        _ => Fate::Refused(KEYWORD),
    };
    (code, fate)
}
