//! The words helpers use for roles, kinds, platforms, modes and times.

use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};
use serde_json::Value;

use crate::{
    desk::Role,
    knowledge::{ContentKind, Mode, Platform},
};

/// Who spoke; `None` when the word is not known. Guessing would make the house answer itself.
pub(super) fn role(word: &str) -> Option<Role> {
    Some(match word.trim().to_lowercase().as_str() {
        "customer" | "buyer" | "user" | "other" | "client" | "visitor" | "顾客" | "客户"
        | "买家" => Role::Customer,
        "agent" | "seller" | "self" | "human" | "staff" | "service" | "客服" | "卖家" | "商家" => {
            Role::Agent
        }
        "bot" | "robot" | "assistant" | "ai" | "机器人" => Role::Bot,
        "system" | "notice" | "系统" => Role::System,
        _ => return None,
    })
}

/// What a message is made of; anything unknown is [`ContentKind::Other`].
pub(super) fn kind(word: &str) -> ContentKind {
    let word = word.trim().to_lowercase();
    ContentKind::parse(&word).unwrap_or(match word.as_str() {
        "txt" | "文本" => ContentKind::Text,
        "img" | "picture" | "photo" | "图片" => ContentKind::Image,
        "audio" | "语音" => ContentKind::Voice,
        "视频" => ContentKind::Video,
        "文件" => ContentKind::File,
        "订单" => ContentKind::Order,
        "goods" | "item" | "商品" => ContentKind::Product,
        _ => ContentKind::Other,
    })
}

/// Where it comes from; anything unknown is [`Platform::Other`].
pub(super) fn platform(word: &str) -> Platform {
    let word = word.trim().to_lowercase();
    if let Some(platform) = Platform::parse(&word) {
        return platform;
    }
    // Helpers name the programs they drive: win_qianniu, doudian, pinduoduo.
    [
        (Platform::Taobao, &["qianniu", "taobao", "千牛", "淘宝"][..]),
        (Platform::Tmall, &["tmall", "天猫"]),
        (Platform::Jd, &["jingdong", "jingmai", "京东", "京麦"]),
        (Platform::Pdd, &["pdd", "pinduoduo", "拼多多"]),
        (
            Platform::Douyin,
            &["doudian", "douyin", "feige", "抖店", "抖音", "飞鸽"],
        ),
        (Platform::Kuaishou, &["kuaishou", "快手"]),
        (Platform::Xiaohongshu, &["xiaohongshu", "小红书"]),
        (Platform::Wechat, &["wechat", "weixin", "wecom", "微信"]),
        (Platform::Xianyu, &["xianyu", "goofish", "闲鱼"]),
    ]
    .into_iter()
    .find(|(_, names)| names.iter().any(|name| word.contains(name)))
    .map_or(Platform::Other, |(platform, _)| platform)
}

/// What a request's `mode` lowers the shop's to; the outer `None` when the word is not known.
#[expect(clippy::option_option, reason = "`auto` is known and lowers nothing")]
pub(super) fn mode(word: &str) -> Option<Option<Mode>> {
    let word = word.trim().to_lowercase();
    match word.as_str() {
        // Suggestions for the agent and nothing that could be sent: the bot is off.
        "suggest" => Some(Some(Mode::Off)),
        "auto" => Some(None),
        _ => Mode::parse(&word).map(Some),
    }
}

/// A moment: RFC 3339, unix seconds or milliseconds as number or text, or China's `2026-01-02 11:04:05`.
pub(super) fn moment(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::Number(number) if number.is_f64() => {
            // Seconds with a fraction, as Python's time.time() says them.
            let seconds = number.as_f64().filter(|s| (0.0..1e11).contains(s))?;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "below 1e14 by the filter above"
            )]
            DateTime::from_timestamp_millis((seconds * 1000.0) as i64)
        }
        Value::Number(number) => unix(number.as_i64()?),
        Value::String(text) => {
            let text = text.trim();
            if let Ok(number) = text.parse() {
                return unix(number);
            }
            if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
                return within(moment.to_utc());
            }
            let text = text.replace(['/', 'T'], if text.contains('/') { "-" } else { " " });
            let naive = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f").ok()?;
            // A time without a zone comes from a desktop in China.
            let moment = naive
                .and_local_timezone(FixedOffset::east_opt(8 * 3600)?)
                .single()?;
            within(moment.to_utc())
        }
        _ => None,
    }
}

fn unix(number: i64) -> Option<DateTime<Utc>> {
    match number {
        // Until the year 5138 seconds have fewer digits than milliseconds have had since 1973.
        0..100_000_000_000 => DateTime::from_timestamp(number, 0),
        100_000_000_000..100_000_000_000_000 => DateTime::from_timestamp_millis(number),
        _ => None,
    }
}

fn within(moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
    unix(moment.timestamp()).map(|_| moment)
}
