//! Stories of what customers write, on a small folder of five shelves.
#![allow(clippy::unwrap_used, clippy::panic)]

use chrono::{TimeZone, Utc};
use proptest::prelude::*;

use super::*;
use crate::knowledge::{
    blank::Reply,
    fields::FieldKind,
    reading::Evidence,
    words::{AutoUse, Opens, Platform, Policy, Purpose, ShopId},
};

#[derive(Default)]
struct Lists<'a> {
    keywords: &'a [&'a str],
    weak: &'a [&'a str],
    exclude: &'a [&'a str],
    patterns: &'a [&'a str],
    ask: &'a [&'a str],
    not: &'a [&'a str],
}

/// A keyword with `+` is a list: all its words in one sentence.
fn all_of(words: &[&str]) -> Vec<Vec<String>> {
    words
        .iter()
        .map(|w| w.split('+').map(str::to_owned).collect())
        .collect()
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

fn intent(id: &str, priority: u8, lists: Lists<'_>) -> Intent {
    Intent {
        id: id.into(),
        name: id.to_owned(),
        priority,
        night: Policy::Answer,
        case: None,
        opens: Opens::Never,
        handler: None,
        reviewer: None,
        first: None,
        finish: None,
        slots: Vec::new(),
        keywords: all_of(lists.keywords),
        weak: all_of(lists.weak),
        exclude: all_of(lists.exclude),
        patterns: texts(lists.patterns),
        ask: texts(lists.ask),
        not: texts(lists.not),
        file: String::new(),
    }
}

fn script(id: &str, intent: Option<&str>, ask: &[&str], not: &[&str]) -> Script {
    Script {
        mentions: Vec::new(),
        id: id.into(),
        title: id.to_owned(),
        intent: intent.map(IntentId::from),
        purpose: intent.is_none().then_some(Purpose::Receipt),
        ask: texts(ask),
        not: texts(not),
        needs: Vec::new(),
        shops: Vec::new(),
        platforms: Vec::new(),
        from: None,
        until: None,
        auto: AutoUse::Answer,
        reply: Reply::default(),
        file: String::new(),
        reply_line: 1,
    }
}

fn intents() -> Vec<Intent> {
    vec![
        intent(
            "log.track",
            40,
            Lists {
                keywords: &["到哪了", "查物流", "快递+哪"],
                weak: &["快递", "物流"],
                exclude: &["退款到哪", "发什么快递"],
                patterns: &["(快递|包裹).{0,4}(没|不)动", "(坏的"],
                ask: &[
                    "我的快递到哪了呀",
                    "帮忙查下物流走到哪一步",
                    "where is my parcel",
                ],
                not: &["你们默认发什么快递"],
            },
        ),
        intent(
            "log.urge_ship",
            55,
            Lists {
                keywords: &["发货", "催一下"],
                exclude: &["退货"],
                ask: &["怎么还不发货呀", "付款两天了还没动静"],
                ..Lists::default()
            },
        ),
        intent(
            "ref.cancel",
            60,
            Lists {
                keywords: &["退款", "不想要了"],
                weak: &["取消"],
                ask: &["还没发给我退了吧", "不想要了能退钱吗"],
                ..Lists::default()
            },
        ),
        intent(
            "ref.freight",
            50,
            Lists {
                keywords: &["运费险", "退货运费"],
                weak: &["运费"],
                ask: &["退货的运费谁来出", "运费险怎么赔"],
                ..Lists::default()
            },
        ),
        intent(
            "pre.freight",
            30,
            Lists {
                keywords: &["运费", "包邮"],
                ask: &["新疆包邮吗", "运费要多少钱"],
                ..Lists::default()
            },
        ),
        intent(
            "pre.stock",
            30,
            Lists {
                keywords: &["有货", "还有+码"],
                exclude: &["退货"],
                ask: &["黑色还有大码吗", "这款有现货吗"],
                ..Lists::default()
            },
        ),
        intent(
            "oth.complaint",
            90,
            Lists {
                keywords: &["投诉", "12315"],
                ask: &["我要投诉你们店"],
                ..Lists::default()
            },
        ),
        intent(
            "oth.urge_reply",
            15,
            Lists {
                keywords: &["人呢"],
                patterns: &[r"^\?+$"],
                ask: &["怎么没人回我"],
                ..Lists::default()
            },
        ),
        intent(
            "oth.greet",
            5,
            Lists {
                keywords: &["在吗", "你好"],
                ask: &["亲在不在呀"],
                ..Lists::default()
            },
        ),
        intent(
            "oth.thanks",
            3,
            Lists {
                keywords: &["谢谢", "好的"],
                ask: &["好嘞多谢啦"],
                ..Lists::default()
            },
        ),
    ]
}

fn scripts() -> Vec<Script> {
    vec![
        script("receipt", None, &[], &[]),
        script("log-track", Some("log.track"), &[], &[]),
        script(
            "log-track-slow",
            Some("log.track"),
            &["快递几天没动静了"],
            &["快递到哪个城市了"],
        ),
        script("ref-cancel", Some("ref.cancel"), &[], &[]),
        Script {
            platforms: vec![Platform::Jd],
            ..script(
                "ref-cancel-jd",
                Some("ref.cancel"),
                &["京东上怎么退款"],
                &[],
            )
        },
        Script {
            until: Utc.with_ymd_and_hms(2026, 11, 12, 0, 0, 0).single(),
            ..script("sale", Some("pre.freight"), &["活动期间包邮吗"], &[])
        },
    ]
}

fn reader() -> Reader {
    let spelling = [
        ("啥时候", "什么时候"),
        ("tuikuan", "退款"),
        ("tui kuan", "退款"),
    ]
    .map(|(a, b)| (a.to_owned(), b.to_owned()));
    Reader::build(&intents(), &scripts(), &[], &spelling, Ranking::default())
}

fn said(text: &str) -> Said {
    Said {
        speaker: Speaker::Customer,
        kind: ContentKind::Text,
        text: text.to_owned(),
        at: DateTime::UNIX_EPOCH,
    }
}

fn turn(before: &[&str], bursts: &[&[&str]]) -> Turn {
    Turn {
        shop: ShopId::from("main"),
        platform: Platform::Taobao,
        before: before.iter().map(|t| said(t)).collect(),
        bursts: bursts
            .iter()
            .map(|burst| burst.iter().map(|t| said(t)).collect())
            .collect(),
    }
}

fn at() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 4, 0, 0).unwrap()
}

fn ids(reading: &Reading) -> String {
    let ids: Vec<&str> = reading.intents.iter().map(|i| i.id.as_str()).collect();
    ids.join(" ")
}

fn read(before: &[&str], bursts: &[&[&str]]) -> String {
    ids(&reader().read(&turn(before, bursts), at()))
}

#[test]
fn one_message_says_what_it_says() {
    let reader = reader();
    for (text, expected) in [
        ("我的快递到哪了，订单号 2871234567890123456", "log.track"),
        ("包裹三天没动了", "log.track"),
        ("退款到哪了", "ref.cancel"),
        ("你们发什么快递", ""),
        ("where is my parcel", "log.track"),
        // By sound, by slang, with blanks, doubled.
        ("我要退宽", "ref.cancel"),
        ("法货了没", "log.urge_ship"),
        ("tuikuan", "ref.cancel"),
        ("我要 tui kuan", "ref.cancel"),
        ("退 款", "ref.cancel"),
        ("催一一下", "log.urge_ship"),
        ("我要退欵", "ref.cancel"),
        // A word inside a longer word of another intent.
        ("运费险", "ref.freight"),
        ("運費險怎麼弄", "ref.freight"),
        // Denied.
        ("我不投诉你", ""),
        ("不是要退款", ""),
        ("没有说要退款", ""),
        ("是不是要退款", "ref.cancel"),
        // Whole numbers only.
        ("订单2812315678901231567", ""),
        ("打12315", "oth.complaint"),
        // Manners yield.
        ("你好，在吗", "oth.greet"),
        ("你好，我要退款，谢谢", "ref.cancel"),
        ("???", "oth.urge_reply"),
        ("亲", ""),
        ("", ""),
    ] {
        let reading = reader.read(&turn(&[], &[&[text]]), at());
        assert_eq!(ids(&reading), expected, "{text}: {:?}", reading.evidence);
    }
}

#[test]
fn several_wishes_in_the_order_in_which_they_are_to_be_done() {
    for (text, expected) in [
        (
            "退货运费谁出 顺便问下黑色还有L码没",
            "ref.freight pre.stock",
        ),
        ("快递到哪了 再不处理我就投诉", "oth.complaint log.track"),
        ("黑色有货吗？我要退款", "ref.cancel pre.stock"),
        ("我不投诉你 就想知道快递到哪了", "log.track"),
    ] {
        assert_eq!(read(&[], &[&[text]]), expected, "{text}");
    }
    // The same priority: the newest burst first.
    let reading = read(&[], &[&["包邮吗"], &["有货吗"]]);
    assert_eq!(reading, "pre.stock pre.freight");
    let reading = read(&[], &[&["包邮吗", "有货吗"]]);
    assert_eq!(reading, "pre.freight pre.stock");
}

#[test]
fn a_follow_up_means_what_was_spoken_of() {
    for (before, text, expected) in [
        ("我的快递到哪了", "6921164271179666529", "log.track"),
        ("我要退款", "???", "oth.urge_reply ref.cancel"),
        ("我要退款", "那要多久", "ref.cancel"),
        ("我要退款", "好的", "oth.thanks"),
        ("我要退款", "包邮吗", "pre.freight"),
        ("你好", "6921164271179666529", ""),
        (
            "我要退款",
            "这款沙发的扶手是什么木头做的能坐几个人呀想放在客厅靠窗那里",
            "",
        ),
    ] {
        assert_eq!(read(&[before], &[&[text]]), expected, "{before} / {text}");
    }
    let carried = reader().read(&turn(&["我要退款"], &[&["那要多久"]]), at());
    assert!(carried.evidence.contains(&Evidence::Context {
        intent: "ref.cancel".into()
    }));
}

#[test]
fn scripts_that_count_best_first() {
    let reader = reader();
    let ids = |turn: &Turn, at| -> Vec<String> {
        let reading = reader.read(turn, at);
        reading.scripts.iter().map(|s| s.id.to_string()).collect()
    };
    assert_eq!(
        ids(&turn(&[], &[&["我的快递到哪了呀"]]), at()),
        ["log-track", "log-track-slow"]
    );
    assert_eq!(
        ids(&turn(&[], &[&["快递几天没动静了呀"]]), at())
            .first()
            .unwrap(),
        "log-track-slow"
    );
    // What a script must not win, another wins.
    assert_eq!(
        ids(&turn(&[], &[&["快递到哪个城市了呢"]]), at())
            .first()
            .unwrap(),
        "log-track"
    );
    // Another platform's script is not offered; nor one whose time is over; nor the house's lines.
    assert_eq!(
        ids(&turn(&[], &[&["京东上怎么退款"]]), at()),
        ["ref-cancel"]
    );
    let jd = Turn {
        platform: Platform::Jd,
        ..turn(&[], &[&["京东上怎么退款"]])
    };
    assert_eq!(ids(&jd, at()).first().unwrap(), "ref-cancel-jd");
    assert_eq!(
        ids(&turn(&[], &[&["活动期间包邮吗"]]), at()),
        Vec::<String>::new()
    );
    let early = Utc.with_ymd_and_hms(2026, 11, 11, 0, 0, 0).unwrap();
    assert_eq!(ids(&turn(&[], &[&["活动期间包邮吗"]]), early), ["sale"]);
}

#[test]
fn every_word_that_counted_is_named() {
    let reading = reader().read(&turn(&[], &[&["我的快递到哪了呀"]]), at());
    let kinds: Vec<&str> = reading
        .evidence
        .iter()
        .map(|e| match e {
            Evidence::Keyword { words, .. } => words.as_str(),
            Evidence::Sentence { sentence, .. } => sentence.as_str(),
            _ => "",
        })
        .collect();
    assert!(kinds.contains(&"到哪了"), "{kinds:?}");
    assert!(kinds.contains(&"快递+哪"), "{kinds:?}");
    assert!(kinds.contains(&"我的快递到哪了呀"), "{kinds:?}");
    assert!(reading.margin > 0.5);
    let silenced = reader().read(&turn(&[], &[&["退款到哪了"]]), at());
    assert!(
        silenced
            .runner_up
            .is_none_or(|r| r.id.as_str() != "ref.cancel")
    );
}

#[test]
fn fields_are_the_newest_first() {
    let reading = reader().read(
        &turn(
            &[],
            &[
                &["订单2871234567890123456"],
                &["写错了 是2871234567890123457"],
            ],
        ),
        at(),
    );
    let order = reading.fields.first(FieldKind::OrderNo).unwrap();
    assert_eq!(order.value, "2871234567890123457");
    assert_eq!(reading.fields.all(FieldKind::OrderNo).len(), 2);
}

#[test]
fn others_words_are_not_the_customers() {
    let mut turn = turn(&[], &[&["您的快递到哪了"]]);
    turn.bursts[0][0].speaker = Speaker::Human;
    assert_eq!(ids(&reader().read(&turn, at())), "");
}

#[test]
fn an_empty_folder_understands_nothing() {
    let reader = Reader::build(&[], &[], &[], &[], Ranking::default());
    let reading = reader.read(&turn(&["到哪了"], &[&["我的快递到哪了"]]), at());
    assert_eq!(reading.intents, Vec::new());
    assert_eq!(reading.scripts, Vec::new());
}

#[test]
fn nothing_that_people_paste_breaks_it() {
    let reader = reader();
    let long = "我的快递到哪了".repeat(2_000);
    let emoji = "\u{1f600}".repeat(500);
    let tail = format!("{}我要退款", "流水账。".repeat(3_000));
    for text in [
        "\"", "AND", "(", ":", "*", "a OR b", "亲", "\u{0}", "[图片]", &long, &emoji, &tail,
    ] {
        reader.read(&turn(&[text], &[&[text, text], &[text]]), at());
    }
    assert_eq!(
        ids(&reader.read(&turn(&[], &[&[&tail]]), at())),
        "ref.cancel"
    );
    let many: Vec<&str> = std::iter::repeat_n("有货吗", 5_000).collect();
    reader.read(&turn(&many, &[&many]), at());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_text_breaks_it(texts in proptest::collection::vec("\\PC{0,60}", 0..4), old in "\\PC{0,40}") {
        thread_local!(static READER: Reader = reader());
        let words: Vec<&str> = texts.iter().map(String::as_str).collect();
        let reading = READER.with(|r| r.read(&turn(&[&old], &[&words]), at()));
        prop_assert!(reading.intents.iter().all(|i| (0.0..=1.0).contains(&i.score)));
        prop_assert!(reading.scripts.iter().all(|s| (0.0..=1.0).contains(&s.score)));
        prop_assert!((0.0..=1.0).contains(&reading.margin));
    }

    #[test]
    fn the_same_words_read_the_same(text in "[我要退款货运费险到哪了吗没不 ，。？]{0,30}") {
        thread_local!(static READERS: (Reader, Reader) = (reader(), reader()));
        let turn = turn(&[], &[&[&text]]);
        READERS.with(|(a, b)| {
            prop_assert_eq!(a.read(&turn, at()), b.read(&turn, at()));
            Ok(())
        })?;
    }
}
