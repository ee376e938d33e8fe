#![allow(clippy::unwrap_used, clippy::panic)]
//! Signatures as independent libraries make them, bodies, limits, and what each answer means.

use super::*;
use crate::knowledge::Urgency;

fn note(text: &str, people: &[&str], everybody: bool) -> Note {
    Note {
        urgency: Urgency::Warning,
        text: text.to_owned(),
        people: people.iter().map(|p| (*p).to_owned()).collect(),
        everybody,
        alarms: Vec::new(),
        resolved: Vec::new(),
    }
}

fn robot(maker: Maker, url: &str, secret: Option<&str>) -> Robot {
    Robot {
        maker,
        url: url.into(),
        secret: secret.map(Secret::from),
    }
}

fn at_ms(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap()
}

#[test]
fn dingtalk_signs_in_the_address() {
    let url = "https://oapi.dingtalk.com/robot/send?access_token=tok";
    let robot = robot(Maker::DingTalk, url, Some("SECthis0is0a0test0secret"));
    let (url, body) = robot.encode(
        &note("在等", &["13800138000", "user1"], false),
        at_ms(1_767_323_045_123),
    );
    assert_eq!(
        url,
        "https://oapi.dingtalk.com/robot/send?access_token=tok&timestamp=1767323045123&sign=mOqpv3Np8R9ajBmyxlhNyKJkxXTJNfJQUGVH2idQnVk%3D"
    );
    assert_eq!(
        body.to_string(),
        serde_json::json!({
            "msgtype": "text",
            "text": {"content": "在等 @13800138000 @user1"},
            "at": {"atMobiles": ["13800138000"], "atUserIds": ["user1"], "isAtAll": false},
        })
        .to_string()
    );
}

#[test]
fn feishu_signs_in_the_body() {
    let url = "https://open.feishu.cn/open-apis/bot/v2/hook/x";
    let robot = robot(Maker::Feishu, url, Some("demo-secret"));
    let (to, body) = robot.encode(&note("a<b", &["ou_1"], true), at_ms(1_767_323_045_123));
    assert_eq!(to, url);
    assert_eq!(body["timestamp"], "1767323045");
    assert_eq!(body["sign"], "1J28Dr+/BL1BAVxKe5WW6wAS68c8NEfXpJ/4hOvySmQ=");
    assert_eq!(
        body["content"]["text"],
        "a&lt;b <at user_id=\"ou_1\">ou_1</at> <at user_id=\"all\">所有人</at>"
    );
}

#[test]
fn wecom_names_people_beside_the_words_and_cuts_between_lines() {
    let robot = robot(Maker::WeCom, "https://qyapi.weixin.qq.com/x?key=k", None);
    let (url, body) = robot.encode(&note("在等", &["zhangsan", "13800138000"], true), at_ms(0));
    assert_eq!(url, "https://qyapi.weixin.qq.com/x?key=k");
    assert_eq!(
        body.to_string(),
        serde_json::json!({
            "msgtype": "text",
            "text": {"content": "在等", "mentioned_list": ["zhangsan", "@all"], "mentioned_mobile_list": ["13800138000"]},
        })
        .to_string()
    );
    let long = "一二三四五六七八九十\n".repeat(100);
    let (_, body) = robot.encode(&note(&long, &[], false), at_ms(0));
    let text = body["text"]["content"].as_str().unwrap();
    assert!(text.len() <= 2048 && text.len() > 1900, "{}", text.len());
    assert!(text.ends_with("已省略）") && body["text"].get("mentioned_list").is_none());
}

#[test]
fn an_answer_is_judged_by_its_body() {
    use Maker::*;
    for (maker, body, word, after) in [
        (WeCom, r#"{"errcode":0,"errmsg":"ok"}"#, "sent", None),
        (
            WeCom,
            r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#,
            "later",
            Some(65),
        ),
        (
            WeCom,
            r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#,
            "refused",
            None,
        ),
        (WeCom, r#"{"errcode":-1}"#, "later", None),
        (WeCom, "<html>", "uncertain", None),
        (WeCom, "{}", "later", None),
        (DingTalk, r#"{"errcode":0,"errmsg":"ok"}"#, "sent", None),
        (
            DingTalk,
            r#"{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}"#,
            "later",
            Some(600),
        ),
        (
            DingTalk,
            r#"{"errcode":310000,"errmsg":"keywords not in content"}"#,
            "refused",
            None,
        ),
        (DingTalk, r#"{"errcode":"300001"}"#, "refused", None),
        (
            Feishu,
            r#"{"code":0,"msg":"success","data":{},"StatusCode":0}"#,
            "sent",
            None,
        ),
        (
            Feishu,
            r#"{"StatusCode":0,"StatusMessage":"success"}"#,
            "sent",
            None,
        ),
        (
            Feishu,
            r#"{"code":11232,"msg":"frequency limited"}"#,
            "later",
            Some(60),
        ),
        (
            Feishu,
            r#"{"code":19021,"msg":"sign match fail"}"#,
            "refused",
            None,
        ),
        (
            Feishu,
            r#"{"code":9499,"msg":"Bad Request"}"#,
            "refused",
            None,
        ),
    ] {
        let (said, waits) = match maker.judge(StatusCode::OK, body.as_bytes()) {
            Outcome::Sent { .. } => ("sent", None),
            Outcome::Retry {
                uncertain: true, ..
            } => ("uncertain", None),
            Outcome::Retry { after, .. } => ("later", after.map(|after| after.as_secs())),
            Outcome::GiveUp { .. } => ("refused", None),
        };
        assert_eq!((said, waits), (word, after), "{maker:?} {body}");
    }
    assert!(matches!(
        Feishu.judge(StatusCode::BAD_GATEWAY, b""),
        Outcome::Retry {
            uncertain: false,
            ..
        }
    ));
}
