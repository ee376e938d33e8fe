//! What one message costs below the waterline: reading it and deciding about it.
//!
//! `cargo bench --bench desk`. Beside every figure stands what this machine needs, in the same run, for the
//! least that could be done with the same messages: bringing them to one Unicode form.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::{
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeZone, Utc};
use jieban::{
    desk::{Facts, Message, Seen, Standing, decide, last_turn},
    knowledge::{ContentKind, Files, Knowledge, Platform, Reading, Speaker, text::normalise},
    service::shelf::read_folder,
};

const ROUNDS: usize = 20;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge");
    let shipped = read_folder(&folder).unwrap();
    println!(
        "{:<46} {:>9} {:>9} {:>9}",
        "one message", "p50", "p99", "max"
    );
    let sentences = sentences(&load(&shipped));
    let floor = timed(&sentences, |text| {
        black_box(normalise(text));
    });
    report("the floor: one Unicode form", &floor);
    for (name, scripts) in [
        ("the shipped folder", 0),
        ("10,000 scripts", 10_000),
        ("50,000 scripts", 50_000),
    ] {
        let files = grown(&shipped, scripts);
        let started = Instant::now();
        let knowledge = load(&files);
        let loaded = started.elapsed();
        // Bombs and pastes are measured with the others: the p99 is theirs.
        let times = timed(&sentences, |text| {
            black_box(understand_and_decide(&knowledge, text));
        });
        report(&format!("understand and decide, {name}"), &times);
        let times = timed(&sentences, |text| {
            let facts = facts(&knowledge, text);
            black_box(understand(&knowledge, &facts));
        });
        report("  of which understanding", &times);
        println!("{:<46} {:>9}", format!("load {name}"), shown(loaded));
    }
}

fn load(files: &Files) -> Knowledge {
    match Knowledge::load(files) {
        Ok((knowledge, _)) => knowledge,
        Err(problems) => panic!("{}", problems[0]),
    }
}

/// Every sentence the library knows, and some that nobody hopes for.
fn sentences(knowledge: &Knowledge) -> Vec<String> {
    let known = knowledge
        .intents()
        .iter()
        .flat_map(|intent| intent.ask.iter().chain(&intent.not));
    let odd = [
        "？".to_owned(),
        "嗯".to_owned(),
        "订单号 2871234567890123456，上周三拍的两件外套到现在一件都没收到，电话13800138000，麻烦帮忙看下是不是漏发了，谢谢".to_owned(),
        "收货人: 王小明 手机号码: 13800138000 所在地区: 浙江省杭州市西湖区 详细地址: 文三路100号3幢502室，改成这个地址".to_owned(),
    ];
    known.cloned().chain(odd).collect()
}

/// The folder with `count` more scripts, whose sentences mix the words of those it has.
fn grown(files: &Files, count: usize) -> Files {
    let mut files = files.clone();
    let knowledge = load(&files);
    let asks: Vec<(&str, &str)> = knowledge
        .intents()
        .iter()
        .flat_map(|intent| {
            intent
                .ask
                .iter()
                .map(|ask| (intent.id.as_str(), ask.as_str()))
        })
        .collect();
    let things = [
        "收纳箱",
        "马克杯",
        "床单",
        "台灯",
        "衣架",
        "电饭煲",
        "童书",
        "雨伞",
        "耳机",
        "运动鞋",
    ];
    for n in 0..count {
        let (intent, one) = asks[n % asks.len()];
        let (_, other) = asks[(n * 7 + n / asks.len()) % asks.len()];
        let thing = things[n % things.len()];
        let colour = n / things.len();
        let sentences: Vec<String> = (0..8)
            .map(|k| match k % 2 {
                0 => format!("\"{thing}{colour}号 {} {k}\"", one.replace(['"', '\\'], "")),
                _ => format!(
                    "\"{} {thing}{colour}号 {k}\"",
                    other.replace(['"', '\\'], "")
                ),
            })
            .collect();
        let script = format!(
            "---\n编号: grown-{n}\n标题: {thing}{colour}号说明\n意图: {intent}\n问法: [{}]\n---\n亲，请看商品详情页。\n",
            sentences.join(", ")
        );
        files.insert(format!("scripts/grown/{n}.md"), script.into_bytes());
    }
    files
}

fn understand_and_decide(knowledge: &Knowledge, text: &str) -> bool {
    let facts = facts(knowledge, text);
    let reading = understand(knowledge, &facts);
    decide(knowledge, &facts, &reading, night()).reply.is_some()
}

fn understand(knowledge: &Knowledge, facts: &Facts) -> Reading {
    let turn = last_turn(&facts.messages).unwrap();
    knowledge.read(&turn.to_read(&facts.shop, facts.platform), night())
}

/// One message of a stranger, at night.
fn facts(knowledge: &Knowledge, text: &str) -> Facts {
    Facts {
        seen: Seen {
            conversation: 1,
            facts: 1,
            epoch: 1,
        },
        shop: knowledge.shops()[0].id.clone(),
        platform: Platform::Taobao,
        mode: None,
        stopped: false,
        standing: Standing::default(),
        ownership: None,
        lowered: None,
        order: None,
        messages: vec![Message {
            id: 1,
            speaker: Speaker::Customer,
            sender: None,
            kind: ContentKind::Text,
            text: text.to_owned(),
            at: night(),
            received_at: night(),
            history: false,
        }],
        open_cases: Vec::new(),
        said: Vec::new(),
    }
}

fn night() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 19, 18, 0, 0).unwrap()
}

fn timed(sentences: &[String], work: impl Fn(&str)) -> Vec<Duration> {
    for text in sentences {
        work(text);
    }
    let mut times = Vec::with_capacity(sentences.len() * ROUNDS);
    for _ in 0..ROUNDS {
        for text in sentences {
            let started = Instant::now();
            work(text);
            times.push(started.elapsed());
        }
    }
    times.sort_unstable();
    times
}

fn report(name: &str, times: &[Duration]) {
    let at = |share: f64| shown(times[((times.len() - 1) as f64 * share) as usize]);
    println!("{name:<46} {:>9} {:>9} {:>9}", at(0.5), at(0.99), at(1.0));
}

fn shown(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    if micros < 10_000.0 {
        format!("{micros:.1} µs")
    } else {
        format!("{:.1} ms", micros / 1e3)
    }
}
