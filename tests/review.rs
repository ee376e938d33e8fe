//! What somebody should look at, and how long it takes to find out.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Instant;

use chrono::{DateTime, Utc};
use jieban::knowledge::{Files, Knowledge, Platform, Purpose, ShopId, files};

fn now() -> DateTime<Utc> {
    "2026-11-20T04:30:00Z".parse().unwrap()
}

fn asks(sentences: &[&str]) -> String {
    let more =
        ["一", "二", "三", "四", "五", "六", "七", "八"].map(|n| format!("{}{n}", sentences[0]));
    let all = sentences.iter().map(|s| (*s).to_owned()).chain(more);
    all.map(|s| format!("  - {s}\n")).collect()
}

fn folder() -> Files {
    let track = format!(
        "编号: log.track\n名称: 查物流\n夜间: 回答\n问法:\n{}",
        asks(&["我的快递到哪了", "物流几天没动了"])
    );
    let refund = format!(
        "编号: refund.ask\n名称: 退款\n夜间: 登记\n问法:\n{}反例:\n  - 你们几点上班\n",
        asks(&["我要退款"])
    );
    let mut folder = files([
        (
            "shops.yaml",
            "店铺:\n  - 编号: main\n    名称: 一店\n    平台: jd\n    变量:\n      联系: 加微信\n  - 编号: two\n    名称: 二店\n    平台: taobao\n",
        ),
        ("intents/log.track.yaml", track.as_str()),
        ("intents/refund.ask.yaml", &refund),
        (
            "scripts/查.md",
            "---\n编号: log-track\n标题: 查物流进度\n意图: log.track\n自动: 回答\n---\n亲，在路上\n",
        ),
        (
            "scripts/退.md",
            "---\n编号: refund\n标题: 退款登记\n意图: refund.ask\n自动: 登记\n---\n亲，已登记\n",
        ),
        (
            "scripts/回执.md",
            "---\n编号: receipt\n标题: 回执\n用途: 回执\n---\n亲，收到\n",
        ),
        (
            "scripts/转人工.md",
            "---\n编号: handoff\n标题: 转人工\n用途: 转人工\n---\n亲，同事{{下次在岗}}回复您\n",
        ),
        (
            "hours/weekly.csv",
            "店铺,星期,开始,结束,类型\n,每天,9:00,18:00,在岗\n",
        ),
        (
            "rules/forbidden.csv",
            "写法,类别,级别,理由,建议,例外\n微信,引导站外,禁止,平台会罚款,平台内联系,\n最,极限词,提示,,,最近\n",
        ),
    ]);
    folder.insert("intents/refund.ask.yaml".into(), refund.into_bytes());
    folder
}

fn knowledge(folder: &Files) -> Knowledge {
    Knowledge::load(folder)
        .unwrap_or_else(|problems| panic!("{problems:?}"))
        .0
}

fn said(knowledge: &Knowledge, previous: Option<&Knowledge>) -> String {
    knowledge
        .review(previous, now())
        .iter()
        .map(|p| format!("{p}\n"))
        .collect()
}

#[test]
fn a_quiet_folder_has_one_thing_to_look_at() {
    insta::assert_snapshot!(said(&knowledge(&folder()), None), @r#"
    提醒 shops.yaml 店铺“main”的变量“联系”：用了不能说的“微信”（引导站外：平台会罚款）
        → 可以改成：平台内联系
    "#);
}

#[test]
fn what_is_wrong_with_texts_and_sentences() {
    let mut folder = folder();
    folder.extend(files([
        (
            "scripts/查.md",
            "---\n编号: log-track\n标题: 查物流进度\n意图: log.track\n自动: 不自动\n问法: [我要退款, 单号SF1234567890123到哪了]\n不匹配: [我的快递到哪了]\n---\n亲，{{订单号|最快}}到\n\n打13812345678或加微信，最近有点忙\n",
        ),
        (
            "scripts/老.md",
            "---\n编号: old\n标题: 双十一\n意图: log.track\n结束: 2026-11-11\n---\n亲，在路上\n",
        ),
        ("scripts/二.md", "---\n编号: two\n标题: 二\n意图: refund.ask\n店铺: [two]\n问法: [怎么退]\n---\n亲\n"),
        ("scripts/三.md", "---\n编号: three\n标题: 三\n意图: refund.ask\n店铺: [main]\n问法: [怎么退]\n---\n亲\n"),
        ("scripts/四.md", "---\n编号: four\n标题: 四\n意图: refund.ask\n问法: [怎么退]\n---\n亲\n"),
        ("intents/size.yaml", "编号: size\n名称: 尺码\n夜间: 登记\n问法: [多大]\n"),
    ]));
    folder.remove("scripts/回执.md");
    // Which near sentences a script wins is the reader's business.
    let all = said(&knowledge(&folder), None);
    assert!(all.contains("scripts/查.md:7:7 “我的快递到哪了”不该归这里，却还是归了这里"));
    let rest: String = all
        .split("提醒 ")
        .skip(1)
        .filter(|p| !p.contains("归这里"))
        .collect();
    insta::assert_snapshot!(rest, @r#"
    intents/log.track.yaml 夜间可以“回答”，但没有一条“自动: 回答”的话术，机器人不会开口
        → 给意图 log.track 写一条“自动: 回答”的话术
    intents/size.yaml “问法”只有 1 句
        → 至少写 8 句顾客真会说的话，包括错别字和口语
    intents/size.yaml 夜间可以“登记”，但没有一条“自动: 登记”的话术，机器人不会开口
        → 给意图 size 写一条“自动: 登记”的话术
    scripts/ 没有“用途: 回执”的话术，机器人不懂的时候只能不出声
        → 写一条，例如 scripts/通用/回执.md
    scripts/四.md:5:6 “怎么退”有两处认领，scripts/三.md 第 6 行已经写了
        → 只留一处
    scripts/查.md:6:6 “我要退款”有两处认领，intents/refund.ask.yaml 第 5 行已经写了
        → 只留一处
    scripts/查.md:6:14 像是真的电话或单号：SF1……
        → 知识库里不要留顾客的资料，用空 {{电话}}、{{订单号}} 代替，或编一个短的假号
    scripts/查.md:9:9 用了不能说的“最”（极限词）
        → 换一种说法
    scripts/查.md:11:2 像是真的电话或单号：138……
        → 知识库里不要留顾客的资料，用空 {{电话}}、{{订单号}} 代替，或编一个短的假号
    scripts/查.md:11:15 用了不能说的“微信”（引导站外：平台会罚款）
        → 可以改成：平台内联系
    scripts/老.md 这条话术 2026-11-11 23:59 已经过期，不会再用
        → 改“结束”，或删掉这个文件
    shops.yaml 店铺“main”的变量“联系”：用了不能说的“微信”（引导站外：平台会罚款）
        → 可以改成：平台内联系
    "#);
}

#[test]
fn changed_answers_are_shown_old_and_new() {
    let before = knowledge(&folder());
    let mut folder = folder();
    let track = asks(&["我的快递到哪了"]);
    let refund = asks(&["我要退款", "物流几天没动了"]);
    folder.extend(files([
        (
            "intents/log.track.yaml",
            format!("编号: log.track\n名称: 查物流\n夜间: 回答\n问法:\n{track}").as_str(),
        ),
        (
            "intents/refund.ask.yaml",
            &format!("编号: refund.ask\n名称: 退款\n夜间: 登记\n问法:\n{refund}"),
        ),
    ]));
    let after = knowledge(&folder);
    let changed: Vec<String> = said(&after, Some(&before))
        .lines()
        .filter(|line| line.contains("物流几天没动了") && line.contains("回答变了"))
        .map(str::to_owned)
        .collect();
    assert_eq!(
        changed,
        [
            "提醒 intents/refund.ask.yaml:6:5 “物流几天没动了”的回答变了：\
             原来是意图“查物流”（log.track）、话术“查物流进度”（log-track），\
             现在是意图“退款”（refund.ask）、话术“退款登记”（refund）"
        ]
    );
    // What the old version was found to answer when it was reviewed itself is as good as asking it again.
    let unasked = said(&after, Some(&before));
    said(&before, None);
    assert_eq!(said(&after, Some(&before)), unasked);
    assert_eq!(said(&before, Some(&before)), said(&before, None));
}

#[test]
fn the_most_particular_generic_line_is_taken() {
    let mut folder = folder();
    let generic = |id: &str, more: &str| {
        format!("---\n编号: {id}\n标题: 回执\n用途: 回执\n{more}\n---\n亲\n")
    };
    for (id, more) in [
        ("a-shop", "店铺: [two]"),
        ("b-platform", "平台: [jd]"),
        ("c-dated", "开始: 2026-11-20\n结束: 2026-11-20"),
    ] {
        folder.insert(format!("scripts/{id}.md"), generic(id, more).into_bytes());
    }
    let knowledge = knowledge(&folder);
    let later = "2026-11-21T04:30:00Z".parse().unwrap();
    for (shop, platform, at, id) in [
        ("two", Platform::Jd, now(), "a-shop"),
        ("main", Platform::Jd, now(), "b-platform"),
        ("main", Platform::Pdd, now(), "c-dated"),
        ("main", Platform::Pdd, later, "receipt"),
        ("unassigned", Platform::Other, later, "receipt"),
    ] {
        let script = knowledge
            .generic(Purpose::Receipt, &ShopId::from(shop), platform, at)
            .unwrap();
        assert_eq!(script.id.as_str(), id, "{shop} {platform} {at}");
    }
    assert!(
        knowledge
            .generic(Purpose::Rescue, &ShopId::from("main"), Platform::Jd, now())
            .is_none()
    );
}

#[test]
fn ten_thousand_scripts_are_read_in_no_time() {
    let mut folder = folder();
    for n in 0..10_000 {
        let text = format!(
            "---\n编号: s-{n}\n标题: 第{n}条\n意图: log.track\n问法: [第{n}种问法怎么说, 还有{n}号问题]\n自动: 回答\n---\n亲，{{{{订单号|您的订单}}}}是第{n}条，最近有点忙\n"
        );
        folder.insert(format!("scripts/大/{n}.md"), text.into_bytes());
    }
    let start = Instant::now();
    let knowledge = knowledge(&folder);
    let loaded = start.elapsed();
    let start = Instant::now();
    let review = knowledge.review(None, now());
    eprintln!(
        "10,000 scripts: load {loaded:?}, review {:?} ({} problems)",
        start.elapsed(),
        review.len()
    );
    // Generous: the machine that tests may be busy, and this is not the optimised program.
    assert!(loaded.as_secs() < 20);
}

#[test]
fn a_shop_in_which_nobody_can_be_told_of_a_human_is_named() {
    let handoffs = |folder: &Files| -> String {
        said(&knowledge(folder), None)
            .lines()
            .filter(|line| line.contains("用途: 转人工"))
            .map(|line| format!("{line}\n"))
            .collect()
    };
    let mut folder = folder();
    assert_eq!(handoffs(&folder), "");
    // Only one of two shops has words that count; a third never speaks by itself.
    let shops = String::from_utf8(folder["shops.yaml"].clone()).unwrap();
    let shops = format!("{shops}  - 编号: three\n    名称: 三店\n    平台: jd\n    模式: 关闭\n");
    folder.insert("shops.yaml".into(), shops.into_bytes());
    let words = |more: &str| {
        format!(
            "---\n编号: handoff\n标题: 转人工\n用途: 转人工\n{more}---\n亲，同事{{{{下次在岗}}}}回复您\n"
        )
    };
    folder.insert(
        "scripts/转人工.md".into(),
        words("店铺: [main]\n").into_bytes(),
    );
    insta::assert_snapshot!(handoffs(&folder), @r#"
    提醒 shops.yaml 店铺“二店”（two）没有能用的“用途: 转人工”话术：顾客要找人工时，机器人说不出什么时候有人，只能发回执或者不出声
        → 写一条“用途: 转人工”的话术，用 {{下次在岗}} 告诉顾客什么时候有人，例如 scripts/通用/转人工.md
    "#);
    // None has any more.
    folder.insert(
        "scripts/转人工.md".into(),
        words("结束: 2026-11-01\n").into_bytes(),
    );
    insta::assert_snapshot!(handoffs(&folder), @r#"
    提醒 shops.yaml 店铺“一店”（main）没有能用的“用途: 转人工”话术：顾客要找人工时，机器人说不出什么时候有人，只能发回执或者不出声
        → 写一条“用途: 转人工”的话术，用 {{下次在岗}} 告诉顾客什么时候有人，例如 scripts/通用/转人工.md
    提醒 shops.yaml 店铺“二店”（two）没有能用的“用途: 转人工”话术：顾客要找人工时，机器人说不出什么时候有人，只能发回执或者不出声
        → 写一条“用途: 转人工”的话术，用 {{下次在岗}} 告诉顾客什么时候有人，例如 scripts/通用/转人工.md
    "#);
    folder.remove("scripts/转人工.md");
    insta::assert_snapshot!(handoffs(&folder), @r#"
    提醒 scripts/ 没有“用途: 转人工”的话术：顾客要找人工时，机器人说不出什么时候有人，只能发回执或者不出声
        → 写一条“用途: 转人工”的话术，用 {{下次在岗}} 告诉顾客什么时候有人，例如 scripts/通用/转人工.md
    "#);
}
