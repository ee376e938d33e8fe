//! What a turn's drafts hold from the start: kind, order, thing or amount, and the customer's own words.

use std::fmt::Write as _;

use insta::assert_snapshot;
use jieban::{
    desk::{Facts, Message, Seen, Standing, decide, last_turn},
    knowledge::{ContentKind, Platform, ShopId, Speaker},
};

use crate::world::{at, house};

/// The cards that come of what a customer says on a working afternoon; `|` parts messages.
fn cards(said: &str) -> String {
    let now = at("2026-11-20 15:00");
    let messages: Vec<Message> = said
        .split('|')
        .zip(1..)
        .map(|(text, id)| Message {
            id,
            speaker: Speaker::Customer,
            sender: None,
            kind: ContentKind::Text,
            text: text.to_owned(),
            at: now,
            received_at: now,
            history: false,
        })
        .collect();
    let facts = Facts {
        seen: Seen {
            conversation: 1,
            facts: 1,
            epoch: 1,
        },
        shop: ShopId::from("main"),
        platform: Platform::Taobao,
        mode: None,
        stopped: false,
        standing: Standing::default(),
        ownership: None,
        lowered: None,
        order: None,
        messages,
        open_cases: Vec::new(),
        said: Vec::new(),
    };
    let turn = last_turn(&facts.messages).unwrap();
    let reading = house().read(&turn.to_read(&facts.shop, facts.platform), now);
    let decision = decide(house(), &facts, &reading, now);
    let mut out = String::new();
    for card in &decision.cases {
        let form: Vec<String> = card
            .form
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        writeln!(
            out,
            "{} {} {}",
            card.kind,
            if card.open { "open" } else { "draft" },
            form.join(" ")
        )
        .unwrap();
    }
    out.trim_end().to_owned()
}

/// The first two are one matter with and without an order; the others ask for one thing, or for several.
const TURNS: &[&str] = &[
    "漏发一个杯子，另外差价30退我",
    "漏发一个杯子，另外差价30退我，订单号2871234567890123456",
    "2871234567890123456 少发了两条毛巾",
    "说好返现5元的，什么时候返给我，订单2871234567890123456",
    "杯子碎了|另外上次客服答应的返现10元还没到",
    "帮我把地址改成浙江省杭州市西湖区文三路88号，电话13800138000",
    "昨天买的今天降了20元，把差价退给我！还有少发了一个勺子",
    "三天了还不发货，帮我催一下 2871234567890123456",
    "退货运费12元我垫的，报销一下",
    "螺丝少一包，另外发票抬头开错了",
    "发错颜色了，我要的蓝色你们发了灰色，顺便把补发的单号发我",
    "少发一个碗，再不处理我就投诉",
    "上次答应备注的你们漏备注了，订单2871234567890123456，给个说法",
];

#[test]
fn turns_and_their_cards() {
    let mut out = String::new();
    for turn in TURNS {
        writeln!(out, "「{turn}」\n{}\n", cards(turn)).unwrap();
    }
    assert_snapshot!("cards", out);
}
