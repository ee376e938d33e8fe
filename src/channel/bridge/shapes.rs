//! The three shapes, each read to one [`Inbound`].

use std::time::Duration;

use serde_json::Value;

use super::{
    HELPER_WAIT, LONGEST_TEXT, LONGEST_WAIT, MOST_MESSAGES, Post, Refusal, SHAPE, SHAPE_ZH,
    fields::{Fields, Ignored},
    vocabulary,
};
use crate::{
    desk::{Inbound, InboundMessage, Role},
    knowledge::{ContentKind, Mode, Platform},
};

/// Characters of an address, at the most; a longer one is a picture in disguise and is ignored.
const LONGEST_URL: usize = 2_048;

/// Reads whichever shape it is.
pub(super) fn read(fields: Fields<'_>, post: &Post<'_>) -> Result<(Inbound, Duration), Refusal> {
    if fields.has("msgs") || fields.has("ctx") {
        desktop_window(fields, post)
    } else if fields.has("message") && !fields.has("messages") {
        one_message(fields, post)
    } else {
        own(fields, post)
    }
}

/// The bridge's own shape.
fn own(mut fields: Fields<'_>, post: &Post<'_>) -> Result<(Inbound, Duration), Refusal> {
    let account = account(&mut fields, &["account_id", "account"])?;
    let conversation = needed(
        fields.id(&["conversation_id", "conversation", "chat_id"])?,
        "conversation_id",
        "send the chat's id; without it two customers would become one",
        "请发送会话编号 conversation_id，否则不同顾客会混在一起",
    )?;
    let platform = fields.text(&["platform"])?;
    let (wait, mode) = asked(&mut fields, post, Duration::ZERO)?;
    let mut customer = customer(&mut fields)?;
    let order = fields
        .object("context", |mut context| context.id(&["order_id"]))?
        .flatten();
    let mut messages = Vec::new();
    for (path, item) in list(&mut fields, "messages")? {
        let Value::Object(map) = item else {
            return Err(Refusal::wrong(
                &path,
                &format!("{path} must be an object"),
                "send messages as objects with role and text",
                "messages 中每一项都必须是含 role、text 的对象",
            ));
        };
        messages.extend(message(map, &path, fields.ignored, None)?);
    }
    if customer.is_none() {
        customer = last_customer(&messages);
    }
    let inbound = Inbound {
        source: post.source.to_owned(),
        account,
        platform: platform
            .as_deref()
            .map_or(Platform::Other, vocabulary::platform),
        conversation,
        customer,
        messages: in_order(messages),
        mode,
        order,
    };
    Ok((inbound, wait))
}

/// One message at a time, as 闲鱼's auto-reply posts it.
fn one_message(mut fields: Fields<'_>, post: &Post<'_>) -> Result<(Inbound, Duration), Refusal> {
    let account = account(&mut fields, &["account_id", "cookie_id", "account"])?;
    let platform = fields.text(&["platform"])?;
    let sender = fields.id(&["send_user_id"])?;
    let chat = fields.id(&["chat_id", "conversation_id", "conversation"])?;
    let conversation = needed(
        chat.or(sender),
        "chat_id",
        "send chat_id, or send_user_id; without them two customers would become one",
        "请发送 chat_id（或 send_user_id），否则不同顾客会混在一起",
    )?;
    let (wait, mode) = asked(&mut fields, post, HELPER_WAIT)?;
    let customer = match fields.name(&["send_user_name"])? {
        Some(name) => Some(name),
        None => customer(&mut fields)?,
    };
    let order = fields.id(&["order_id"])?;
    let map = match fields.take(&["message"]) {
        Some((_, Value::Object(map))) => map,
        Some((_, text)) => {
            let mut map = serde_json::Map::new();
            map.insert("text".to_owned(), text);
            for (from, to) in [
                ("id", "id"),
                ("message_id", "id"),
                ("role", "role"),
                ("type", "type"),
                ("url", "url"),
            ] {
                if let Some((_, value)) = fields.take(&[from]) {
                    map.insert(to.to_owned(), value);
                }
            }
            map
        }
        None => serde_json::Map::new(),
    };
    let mut message = message(map, "message", fields.ignored, Some(Role::Customer))?;
    if let Some(message) = &mut message {
        if message.role == Role::Customer && message.sender.is_none() {
            message.sender.clone_from(&customer);
        }
        if message.sent_at.is_none()
            && let Some((path, time)) = fields.take(&["msg_time", "sent_at"])
        {
            message.sent_at = vocabulary::moment(&time);
            if message.sent_at.is_none() {
                // A helper's clock text we cannot read is no reason to lose the customer's words.
                fields.ignored.add(&path);
            }
        }
    }
    let inbound = Inbound {
        source: post.source.to_owned(),
        account,
        platform: platform
            .as_deref()
            .map_or(Platform::Xianyu, vocabulary::platform),
        conversation,
        customer,
        messages: message.into_iter().collect(),
        mode,
        order,
    };
    Ok((inbound, wait))
}

/// The whole visible window of a chat, as 懒人客服 hands it to its plugins: no ids, no times.
fn desktop_window(mut fields: Fields<'_>, post: &Post<'_>) -> Result<(Inbound, Duration), Refusal> {
    let (wait, mode) = asked(&mut fields, post, HELPER_WAIT)?;
    let about = fields
        .object("ctx", |mut ctx| {
            Ok(Context {
                // One instance is one logged-in account of the shop; the app is only the program it runs in.
                account: ctx.id(&["CTX_INSTANCE_ID", "instance_id", "CTX_APP_ID", "app_id"])?,
                customer: ctx.id(&["CTX_USERNAME", "username"])?,
                platform: ctx.text(&["CTX_PLATFORM", "platform", "CTX_APP_NAME", "app_name"])?,
                order: ctx.id(&["CTX_ORDER_ID"])?,
            })
        })?
        .unwrap_or_default();
    let mut messages = Vec::new();
    for (path, item) in list(&mut fields, "msgs")? {
        let Value::Object(mut map) = item else {
            return Err(Refusal::wrong(
                &path,
                &format!("{path} must be an object"),
                "send msgs as objects with role and content",
                "msgs 中每一项都必须是含 role、content 的对象",
            ));
        };
        address_of_picture(&mut map);
        messages.extend(message(map, &path, fields.ignored, None)?);
    }
    let account = needed(
        about.account,
        "ctx.CTX_INSTANCE_ID",
        "send the whole ctx as an object: Object.fromEntries(ctx)",
        "请把 ctx 整体转成对象发送：Object.fromEntries(ctx)",
    )?;
    let customer = about.customer.or_else(|| last_customer(&messages));
    let conversation = needed(
        customer.clone(),
        "ctx.CTX_USERNAME",
        "send CTX_USERNAME, or the customer's name as sender; without them two customers would become one",
        "请发送 CTX_USERNAME，或在消息的 sender 中写顾客昵称，否则不同顾客会混在一起",
    )?;
    let inbound = Inbound {
        source: post.source.to_owned(),
        account,
        platform: about
            .platform
            .as_deref()
            .map_or(Platform::Other, vocabulary::platform),
        conversation,
        customer,
        messages: in_order(messages),
        mode,
        order: about.order,
    };
    Ok((inbound, wait))
}

#[derive(Default)]
struct Context {
    account: Option<String>,
    customer: Option<String>,
    platform: Option<String>,
    order: Option<String>,
}

/// There, the `content` of a picture is its address.
fn address_of_picture(map: &mut serde_json::Map<String, Value>) {
    let words = map
        .get("type")
        .and_then(Value::as_str)
        .is_none_or(|t| t.eq_ignore_ascii_case("TEXT"));
    let address = map
        .get("content")
        .and_then(Value::as_str)
        .is_some_and(|text| text.starts_with("http://") || text.starts_with("https://"));
    if !words
        && address
        && let Some(content) = map.remove("content")
    {
        map.insert("url".to_owned(), content);
    }
}

/// One message; `None` when it has nothing in it.
fn message(
    map: serde_json::Map<String, Value>,
    path: &str,
    ignored: &mut Ignored,
    role: Option<Role>,
) -> Result<Option<InboundMessage>, Refusal> {
    let mut fields = Fields::new(map, &format!("{path}."), ignored);
    fields.discard("raw");
    let external = fields.id(&["id", "message_id", "msg_id"])?;
    let role = match fields.text(&["role"])? {
        Some(word) => vocabulary::role(&word),
        None => role,
    }
    .ok_or_else(|| {
        Refusal::wrong(
            &fields.at("role"),
            &format!("{} does not say who spoke", fields.at("role")),
            "send \"customer\", \"agent\", \"bot\" or \"system\"",
            "role 请填 customer、agent、bot 或 system",
        )
    })?;
    let sender = sender(&mut fields)?;
    let url = match fields.text(&["url"])? {
        Some(url) if url.chars().count() > LONGEST_URL => {
            let path = fields.at("url");
            fields.ignored.add(&path);
            None
        }
        url => url.map(|url| url.trim().to_owned()),
    };
    let text = fields.text(&["text", "content"])?.unwrap_or_default();
    let length = text.chars().count();
    if length > LONGEST_TEXT {
        return Err(Refusal::too_large(
            &fields.at("text"),
            format!(
                "{} has {length} characters; at most {LONGEST_TEXT} are accepted",
                fields.at("text")
            ),
            "split it into several messages",
            "单条消息最长 20000 字，请拆成多条发送",
        ));
    }
    let kind = match fields.text(&["type"])? {
        Some(word) => vocabulary::kind(&word),
        None if url.is_some() && text.is_empty() => ContentKind::Other,
        None => ContentKind::Text,
    };
    let sent_at = match fields.take(&["sent_at", "msg_time"]) {
        None => None,
        Some((field, value)) => Some(vocabulary::moment(&value).ok_or_else(|| {
            Refusal::wrong(
                &field,
                &format!("{field} is no time"),
                "send RFC 3339 such as \"2026-01-02T11:04:05+08:00\", or unix seconds or milliseconds",
                "时间请用 RFC 3339 格式，或 unix 秒、毫秒",
            )
        })?),
    };
    if kind == ContentKind::Text && text.is_empty() && url.is_none() {
        fields.ignored.add(&format!("{path} (empty)"));
        return Ok(None);
    }
    Ok(Some(InboundMessage {
        external,
        role,
        sender,
        kind,
        text,
        url,
        sent_at,
    }))
}

fn sender(fields: &mut Fields<'_>) -> Result<Option<String>, Refusal> {
    if fields.holds_object("sender") {
        return fields
            .object("sender", |mut sender| {
                let id = sender.id(&["id"])?;
                Ok(sender.name(&["name", "nick"])?.or(id))
            })
            .map(Option::flatten);
    }
    fields.name(&["sender", "sender_name"])
}

fn customer(fields: &mut Fields<'_>) -> Result<Option<String>, Refusal> {
    if fields.holds_object("customer") {
        return fields
            .object("customer", |mut customer| {
                let id = customer.id(&["id"])?;
                Ok(customer.name(&["name", "nick"])?.or(id))
            })
            .map(Option::flatten);
    }
    fields.name(&["customer", "customer_name", "buyer_nick"])
}

fn last_customer(messages: &[InboundMessage]) -> Option<String> {
    messages
        .iter()
        .rev()
        .filter(|message| message.role == Role::Customer)
        .find_map(|message| message.sender.clone())
}

fn account(fields: &mut Fields<'_>, names: &[&str]) -> Result<String, Refusal> {
    needed(
        fields.id(names)?,
        "account_id",
        "send the shop's account, as shops.yaml names it",
        "请发送店铺账号 account_id，与店铺表中的写法一致",
    )
}

fn needed(
    id: Option<String>,
    field: &str,
    mend: &'static str,
    mend_zh: &'static str,
) -> Result<String, Refusal> {
    id.ok_or_else(|| Refusal::wrong(field, &format!("{field} is missing"), mend, mend_zh))
}

fn list(fields: &mut Fields<'_>, name: &str) -> Result<Vec<(String, Value)>, Refusal> {
    let Some((path, value)) = fields.take(&[name]) else {
        return Err(Refusal::wrong(
            name,
            &format!("{name} is missing"),
            SHAPE,
            SHAPE_ZH,
        ));
    };
    let Value::Array(items) = value else {
        return Err(Refusal::wrong(
            &path,
            &format!("{path} must be a list"),
            SHAPE,
            SHAPE_ZH,
        ));
    };
    if items.len() > MOST_MESSAGES {
        return Err(Refusal::too_large(
            &path,
            format!(
                "{path} has {} messages; at most {MOST_MESSAGES} are accepted at once",
                items.len()
            ),
            "send the newest of a long window, or post it in parts, oldest first",
            "每次最多 500 条消息，请只发最新的，或按时间先后分批发送",
        ));
    }
    Ok(items
        .into_iter()
        .enumerate()
        .map(|(place, item)| (format!("{path}[{place}]"), item))
        .collect())
}

/// How long the sender waits, and how far it lowers the mode: by the body, else by the address.
fn asked(
    fields: &mut Fields<'_>,
    post: &Post<'_>,
    otherwise: Duration,
) -> Result<(Duration, Option<Mode>), Refusal> {
    let wait = match fields.text(&["wait_ms"])?.as_deref().or(post.wait_ms) {
        None => otherwise,
        Some(text) => text
            .trim()
            .parse()
            .map(Duration::from_millis)
            .map_err(|_| {
                Refusal::wrong(
                    "wait_ms",
                    "wait_ms is no whole number of milliseconds",
                    "send 0 to 25000",
                    "wait_ms 请填 0 到 25000 的整数（毫秒）",
                )
            })?,
    };
    let mode = match fields.text(&["mode"])?.as_deref().or(post.mode) {
        None => None,
        // A word nobody knows may have been meant to silence the bot: better no message than a wrong reply.
        Some(word) => vocabulary::mode(word).ok_or_else(|| {
            Refusal::wrong(
                "mode",
                "mode is not known",
                "send \"suggest\", \"off\", \"assist\" or \"auto\", or leave it out",
                "mode 请填 suggest、off、assist 或 auto，或不要发送",
            )
        })?,
    };
    Ok((wait.min(LONGEST_WAIT), mode))
}

/// By the time they were sent, when every one says it: some helpers post the newest first.
fn in_order(mut messages: Vec<InboundMessage>) -> Vec<InboundMessage> {
    if messages.iter().all(|message| message.sent_at.is_some()) {
        messages.sort_by_key(|message| message.sent_at);
    }
    messages
}
