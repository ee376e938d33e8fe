//! What the chat's page says, in both languages.

use serde::Serialize;

use crate::web::console::words::Lang;

/// Every word on the page. The script finds its own in the page.
#[derive(Serialize)]
pub(super) struct Words {
    tag: &'static str,
    log: &'static str,
    hello: &'static str,
    label: &'static str,
    placeholder: &'static str,
    send: &'static str,
    hint: &'static str,
    reload: &'static str,
    me: &'static str,
    agent: &'static str,
    bot: &'static str,
    offline: &'static str,
    sending: &'static str,
    unsent: &'static str,
    again: &'static str,
    window: &'static str,
    wrong: Wrong,
}

/// Why a message was not taken.
#[derive(Serialize)]
struct Wrong {
    file: &'static str,
    empty: &'static str,
    long: &'static str,
    fast: &'static str,
    busy: &'static str,
    session: &'static str,
}

const ZH: Words = Words {
    tag: "zh-Hans",
    log: "聊天记录",
    hello: "您好，有什么可以帮您？直接写在下面就好，有订单号的话请一起发来。",
    label: "消息",
    placeholder: "写点什么…",
    send: "发送",
    hint: "按回车发送，Shift+回车换行；暂时收不了图片和文件",
    reload: "看新消息",
    me: "您",
    agent: "客服",
    bot: "自动回复",
    offline: "连接断开，正在重连，消息不会丢",
    sending: "正在发送",
    unsent: "没有发出去",
    again: "重新发送",
    window: "在新窗口中打开",
    wrong: Wrong {
        file: "这里暂时收不了图片和文件，请用文字描述一下，比如哪里破损、少了什么。",
        empty: "请先写点内容。",
        long: "一条最多 2000 字，请分几条发送。",
        fast: "发得太快了，请稍等片刻再发。",
        busy: "现在有点忙，请稍后再发一次。",
        session: "浏览器没有保存这个窗口的凭证，消息没有发出。请允许 Cookie，或在新窗口中打开。",
    },
};

const EN: Words = Words {
    tag: "en",
    log: "Conversation",
    hello: "Hello, how can we help? Write below, with your order number if you have one.",
    label: "Message",
    placeholder: "Write something…",
    send: "Send",
    hint: "Enter sends, Shift+Enter starts a line; no pictures or files for now",
    reload: "Look for news",
    me: "You",
    agent: "Agent",
    bot: "Automatic reply",
    offline: "Not connected; trying again. Nothing will be lost",
    sending: "Sending",
    unsent: "Not sent",
    again: "Send again",
    window: "Open in a window of its own",
    wrong: Wrong {
        file: "We cannot take pictures or files here. Please describe in words what is broken or missing.",
        empty: "Please write something first.",
        long: "A message has at most 2,000 characters. Please send it in parts.",
        fast: "That was too fast. Please wait a moment, then send again.",
        busy: "We are busy right now. Please send it again in a moment.",
        session: "The browser did not keep this chat's cookie, so nothing was sent. Allow cookies, or open it in a window of its own.",
    },
};

/// The words of a language.
pub(super) fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::Zh => &ZH,
        Lang::En => &EN,
    }
}
