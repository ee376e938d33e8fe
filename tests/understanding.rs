//! What the shipped folder understands: several wishes at once, words that are taken back, slips of the
//! finger, numbers. And that no bytes break it.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{path::Path, sync::LazyLock, time::Duration, time::Instant};

use chrono::{DateTime, Utc};
use jieban::knowledge::{
    ContentKind, Knowledge, Platform, Reading, Said, Speaker, Turn,
    fields::{FieldKind, extract},
    reading::Want,
};
use jieban::service::shelf::read_folder;
use proptest::prelude::*;

static SHIPPED: LazyLock<Knowledge> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge");
    let files = read_folder(&root).unwrap();
    Knowledge::load(&files)
        .unwrap_or_else(|problems| panic!("{problems:?}"))
        .0
});

fn now() -> DateTime<Utc> {
    "2026-11-20T14:30:00Z".parse().unwrap()
}

fn said(text: &str) -> Said {
    let kind = match text {
        "[图片]" => ContentKind::Image,
        _ => ContentKind::Text,
    };
    Said {
        speaker: Speaker::Customer,
        kind,
        text: text.to_owned(),
        at: now(),
    }
}

fn turn(before: &[&str], bursts: &[&[&str]]) -> Turn {
    Turn {
        shop: SHIPPED.shops()[0].id.clone(),
        platform: Platform::Taobao,
        before: before.iter().map(|text| said(text)).collect(),
        bursts: bursts
            .iter()
            .map(|burst| burst.iter().map(|text| said(text)).collect())
            .collect(),
    }
}

fn read(before: &[&str], bursts: &[&[&str]]) -> Reading {
    SHIPPED.read(&turn(before, bursts), now())
}

fn ids(reading: &Reading) -> Vec<&str> {
    reading
        .intents
        .iter()
        .map(|intent| intent.id.as_str())
        .collect()
}

#[test]
fn several_wishes_in_one_turn() {
    for (text, expected) in [
        (
            "少给我一个枕套，另一个收到就是碎的，咋弄",
            "miss.item log.damaged",
        ),
        (
            "还没发货的话，把M码改成XL码，收货地址也要换一下；寄了就给我退款",
            "log.order_change log.addr_change ref.cancel",
        ),
        ("改成L码再换个地址", "log.order_change log.addr_change"),
        (
            "退回去的邮费谁掏 再问下灰色L码还有货没",
            "ref.freight pre.stock",
        ),
        // What he wants done comes before the threat; nothing is answered automatically for either.
        (
            "四天没动静了是不是弄丢了 再不管我给差评+打12315",
            "log.stuck oth.complaint",
        ),
        (
            "发票抬头给我开好没 货还没到呢",
            "oth.invoice_after log.track",
        ),
    ] {
        assert_eq!(ids(&read(&[], &[&[text]])).join(" "), expected, "{text}");
    }
}

#[test]
fn what_is_denied_or_supposed_is_not_wanted() {
    for (text, wanted, unwanted) in [
        (
            "我不会投诉你们 只想问问补的那件什么时候寄",
            "miss.resend_status",
            "oth.complaint",
        ),
        (
            "不是要投诉，就问补发的那件寄了没",
            "miss.resend_status",
            "oth.complaint",
        ),
        (
            "要是还没寄，帮我改成灰色的",
            "log.order_change",
            "log.urge_ship",
        ),
        ("补差价的链接发我一下", "log.order_change", "ref.price_diff"),
        ("退我8块钱我就不退货了", "ref.flaw_comp", "ref.return7"),
        (
            "放心我不会给差评的 只是收到有一点色差",
            "ref.flaw_comp",
            "oth.complaint",
        ),
    ] {
        let reading = read(&[], &[&[text]]);
        assert!(
            ids(&reading).contains(&wanted),
            "{text}: {:?}",
            reading.intents
        );
        assert!(
            !ids(&reading).contains(&unwanted),
            "{text}: {:?}",
            reading.intents
        );
    }
    assert!(
        read(&[], &[&["放心不给差评 就是颜色跟图片有点出入"]])
            .mood
            .level
            <= 1
    );
}

/// The hard messages of the trade, with what each must be read as: alternatives by `/`, in the order in which the
/// customer wants them done. Bursts of one turn are split by `|`, messages of a burst by a line break.
#[test]
fn the_hard_messages_of_the_trade() {
    for (before, text, expected) in [
        (
            "",
            "少发一件 另外那件还破了 怎么搞",
            "miss.item log.damaged",
        ),
        (
            "",
            "还没发货的话帮我改成L码再换个地址,发了就算了退款",
            "log.order_change log.addr_change ref.cancel",
        ),
        (
            "",
            "退货运费谁出 顺便问下黑色还有L码没",
            "ref.freight pre.stock",
        ),
        (
            "",
            "三天没动了是不是丢了 再不处理我差评+12315",
            "log.stuck oth.complaint",
        ),
        ("", "我不投诉你 就想知道啥时候补发", "miss.resend_status"),
        (
            "",
            "不会给差评的放心 就是有点色差",
            "ref.flaw_comp/pre.attr",
        ),
        ("", "你们服务可真\"好\"啊 等了半小时", "oth.urge_reply"),
        (
            "",
            "发票抬头开好了没 货也没到",
            "oth.invoice_after log.track",
        ),
        ("", "法货了没亲", "log.urge_ship/log.track"),
        ("", "我要退宽", "ref.cancel/ref.return7"),
        ("", "退欵", "ref.cancel/ref.return7"),
        ("", "tui kuan", "ref.cancel/ref.return7"),
        ("", "运费显怎么弄", "ref.freight"),
        ("", "運費險", "ref.freight"),
        ("", "漏发", "miss.item"),
        ("", "漏發", "miss.item"),
        ("", "落发", "miss.item"),
        ("", "少发", "miss.item"),
        // No day has this number, and no word of a size beside it: somebody must ask.
        ("", "38号能发吗", "/pre.size"),
        ("", "6921164271179666529", ""),
        ("", "想问下|那个充电宝能上飞机吗", "pre.usage"),
        ("", "[图片]\n这个坏了", "ref.quality"),
        (
            "",
            "便宜点我就不退了",
            "pre.bargain/ref.flaw_comp/ref.return7",
        ),
        (
            "这件我想退掉",
            "便宜点我就不退了",
            "ref.flaw_comp/ref.return7",
        ),
        ("", "换货的话多久", "ref.exchange"),
        ("", "补差价链接发我", "log.order_change"),
        ("", "能不能不要发韵达 已经买了", "pre.carrier"),
        ("", "返修", "ref.repair"),
        ("", "返现", "ref.cashback"),
        ("", "返差价", "ref.price_diff"),
        ("", "缺货?", "pre.stock"),
        ("", "缺件?", "miss.part"),
        ("", "缺码", "pre.stock"),
        ("", "到付的吗", "pre.freight/pre.order_help"),
        ("", "货到付款", "pre.order_help/pre.freight"),
        ("", "退我5块就不退货了", "ref.flaw_comp"),
        (
            "",
            "你好你好你好\n你好你好你好\n你好你好你好\n你好你好你好\n你好你好你好",
            "oth.greet",
        ),
    ] {
        let before: Vec<&str> = before.lines().collect();
        let bursts: Vec<Vec<&str>> = text.split('|').map(|b| b.lines().collect()).collect();
        let bursts: Vec<&[&str]> = bursts.iter().map(Vec::as_slice).collect();
        let reading = read(&before, &bursts);
        let found = ids(&reading).join(" ");
        assert!(
            expected.split('/').any(|one| one == found),
            "{text}: {found}, not {expected}: {:?}",
            reading.intents
        );
    }
}

/// What the hard messages say beside the matter: how the customer feels, what was named, what he wants done.
#[test]
fn the_hard_messages_say_more_than_their_matter() {
    let mood = |text: &str| read(&[], &[&[text]]).mood.level;
    assert!(mood("不会给差评的放心 就是有点色差") <= 1);
    assert!(mood("我不投诉你 就想知道啥时候补发") <= 1);
    assert!(mood("你们服务可真\"好\"啊 等了半小时") >= 2);
    assert!(mood("三天没动了是不是丢了 再不处理我差评+12315") >= 3);
    let number = read(&[], &[&["6921164271179666529"]]);
    let order = number.fields.first(FieldKind::OrderNo).unwrap();
    assert_eq!(order.value, "6921164271179666529");
    let want = |text: &str| read(&[], &[&[text]]).intents.first().map(|i| i.want);
    assert_eq!(want("换货的话多久"), Some(Want::Told));
    assert_ne!(want("退我5块就不退货了"), Some(Want::Told));
}

#[test]
fn sarcasm_is_heard_as_displeasure() {
    let reading = read(&[], &[&["等了半天没人理，你们服务可真“好”啊"]]);
    assert_eq!(ids(&reading), ["oth.urge_reply"]);
    assert!(reading.mood.level >= 2, "{:?}", reading.mood);
}

#[test]
fn slips_of_the_finger_change_nothing() {
    for (texts, shelf) in [
        (&["什么时候法货啊亲", "啥时候发货货呀"][..], "log."),
        (
            &[
                "我要退宽",
                "我要退欵",
                "wo yao tui kuan",
                "我 要 退 款",
                "我要退退款",
            ],
            "ref.",
        ),
        (
            &["运费显怎么用", "運費險怎麼弄", "运 费 险 咋 用"],
            "ref.freight",
        ),
        (&["漏發了一條毛巾", "落发了一件", "少发1⃣️件"], "miss.item"),
    ] {
        for text in texts {
            let reading = read(&[], &[&[text]]);
            let first = ids(&reading).first().copied().unwrap_or("nothing");
            assert!(first.starts_with(shelf), "{text}: {first}");
        }
    }
}

#[test]
fn words_that_look_alike_are_told_apart() {
    for (text, expected) in [
        ("返修品什么时候寄回来", "ref.repair"),
        ("返现什么时候给", "ref.cashback"),
        ("返差价怎么申请", "ref.price_diff"),
        ("这款还缺货吗", "pre.stock"),
        ("收到缺了个配件", "miss.part"),
        ("M码缺码了吗", "pre.stock"),
        ("是到付吗", "pre.freight"),
        ("可以货到付款不", "pre.order_help"),
        ("可不可以不发韵达 我已经拍了", "pre.carrier"),
        ("换货的话要等几天", "ref.exchange"),
    ] {
        assert_eq!(
            ids(&read(&[], &[&[text]])).first(),
            Some(&expected),
            "{text}"
        );
    }
}

#[test]
fn a_conversation_says_what_its_messages_do_not() {
    for (before, bursts, expected) in [
        (
            &[][..],
            &[&["想问下"][..], &["那个充电宝能带上飞机吗"]][..],
            "pre.usage",
        ),
        (&[], &[&["[图片]", "用着用着这个就坏了"]], "ref.quality"),
        (
            &["少发了一个杯套"],
            &[&["2871234567890123456"]],
            "miss.item",
        ),
        (&["我的快递到哪里了"], &[&["还是没收到"]], "log.track"),
        (&["快递五天没更新了"], &[&["？？？"]], "log.stuck"),
        (&["这件我想退货"], &[&["便宜点我就不退了"]], "ref.flaw_comp"),
        (
            &[],
            &[&["你好", "你好", "你好", "你好", "你好"]],
            "oth.greet",
        ),
        (&[], &[&["你好你好你好你好你好"]], "oth.greet"),
    ] {
        let reading = read(before, bursts);
        assert!(
            ids(&reading).contains(&expected),
            "{bursts:?}: {:?}",
            reading.intents
        );
    }
    assert_eq!(
        ids(&read(&[], &[&["6921164271179666529"]])),
        Vec::<&str>::new()
    );
    assert_eq!(
        ids(&read(&[], &[&["38号能发吗"]])),
        Vec::<&str>::new(),
        "there is no such day"
    );
}

#[test]
fn what_somebody_must_do_is_told_from_what_is_only_asked() {
    for (before, text, expected) in [
        (&[][..], "退款一般几天到账", Want::Told),
        (&[], "换货怎么操作", Want::Told),
        (&[], "都一周了退款还没到账", Want::Done),
        (&[], "帮我把订单取消掉", Want::Done),
        (&["少发了一个杯套"], "2871234567890123456", Want::Earlier),
        (&["少发了一个杯套"], "麻烦快点处理", Want::Done),
    ] {
        let reading = read(before, &[&[text]]);
        let most = reading.intents.first().map(|intent| intent.want);
        assert_eq!(most, Some(expected), "{text}: {:?}", reading.intents);
    }
}

#[test]
fn order_numbers_and_phones_keep_apart() {
    let orders = |text: &str, platform| -> Vec<String> {
        let fields = extract(text, platform);
        let orders = fields
            .iter()
            .filter(|f| f.kind == FieldKind::OrderNo && f.or.is_empty());
        orders.map(|f| f.value.clone()).collect()
    };
    for text in [
        "订单号:283746501928",
        "283746501928这个单子咋回事",
        "帮我看看283746501928",
        "283746501928",
    ] {
        assert_eq!(orders(text, Platform::Jd), ["283746501928"], "{text}");
    }
    for text in [
        "电话13800138000",
        "打13800138000给我",
        "13800138000",
        "联系人138 0013 8000",
    ] {
        assert_eq!(orders(text, Platform::Jd), Vec::<String>::new(), "{text}");
    }
    let bare = extract("283746501928", Platform::Other);
    assert!(
        bare.iter()
            .all(|f| f.kind != FieldKind::OrderNo || !f.or.is_empty()),
        "{bare:?}"
    );
}

#[test]
fn hard_texts_are_read_in_time() {
    let long = "退款到哪了".repeat(2_000);
    let emoji = "😀".repeat(500);
    read(&[], &[&["热身"]]);
    for text in [
        "\"",
        "AND",
        "(",
        ":",
        "*",
        "退",
        "\u{0}",
        "",
        emoji.as_str(),
        long.as_str(),
    ] {
        let start = Instant::now();
        read(&[], &[&[text]]);
        // Five milliseconds when optimised; a test build is many times slower.
        assert!(
            start.elapsed() < Duration::from_millis(250),
            "{}: {:?}",
            text.len(),
            start.elapsed()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 128,
        failure_persistence: Some(Box::new(
            proptest::test_runner::FileFailurePersistence::Direct("tests/understanding.seeds"),
        )),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..400), before in any::<Vec<u8>>()) {
        let (text, before) = (String::from_utf8_lossy(&bytes), String::from_utf8_lossy(&before));
        let reading = read(&[&before], &[&[&text]]);
        prop_assert!(reading.intents.len() <= 4 && reading.scripts.len() <= 10);
        prop_assert!(reading.intents.iter().all(|i| (0.0..=1.0).contains(&i.score)));
        prop_assert!(reading.scripts.iter().all(|s| (0.0..=1.0).contains(&s.score)));
        prop_assert!(reading.scripts.is_sorted_by(|a, b| a.score >= b.score));
    }
}
