//! The commands that need no service: check, ask, classify.

use std::{
    fs,
    io::Write,
    process::{Output, Stdio},
};

use serde_json::{Value, json};

use super::program::House;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn run(house: &House, args: &[&str]) -> Output {
    house.command(args).output().unwrap()
}

#[test]
fn check_says_where_and_how_to_mend_and_fails() {
    let house = House::new();
    let good = run(&house, &["check", "knowledge"]);
    assert!(good.status.success(), "{}", text(&good.stdout));
    assert!(
        text(&good.stdout).contains("可以使用"),
        "{}",
        text(&good.stdout)
    );
    let script = house.path("knowledge/scripts/freight.md");
    let broken = fs::read_to_string(&script)
        .unwrap()
        .replace("意图: pre.freight", "意图: pre.frieght");
    fs::write(&script, broken).unwrap();
    let bad = run(&house, &["check", "knowledge"]);
    let said = text(&bad.stdout);
    assert_eq!(bad.status.code(), Some(1), "{said}");
    assert!(
        said.contains("scripts/freight.md:4:5") && said.contains("pre.freight"),
        "{said}"
    );
}

#[test]
fn strict_fails_on_warnings() {
    let house = House::new();
    let script = house.path("knowledge/scripts/freight.md");
    let text = fs::read_to_string(&script)
        .unwrap()
        .replace("亲，全店", "亲，加微信，全店");
    fs::write(&script, text).unwrap();
    assert!(run(&house, &["check"]).status.success());
    assert_eq!(run(&house, &["check", "--strict"]).status.code(), Some(1));
}

#[test]
fn ask_explains_itself_in_both_languages() {
    let house = House::new();
    let asked = run(&house, &["ask", "--at", "2026-11-20 12:31", "这个包邮吗"]);
    let said = text(&asked.stdout);
    assert!(asked.status.success(), "{}", text(&asked.stderr));
    for words in [
        "夜间",
        "pre.freight",
        "包邮",
        "自动回复: answer",
        "全店满39元包邮",
    ] {
        assert!(said.contains(words), "{words} in\n{said}");
    }
    let asked = run(&house, &["ask", "--english", "这个包邮吗"]);
    assert!(text(&asked.stdout).contains("automatic reply"));
    let asked = run(&house, &["ask", "--shop", "nowhere", "这个包邮吗"]);
    assert!(text(&asked.stderr).contains("nowhere"));
}

#[test]
fn who_shows_a_moment_and_draws_the_week() {
    let house = House::new();
    let weekly = "店铺,星期,开始,结束,类型,班次,人员\n,工作日,9:00,18:00,在岗,早班,小林、小周\n,工作日,13:00,0:00,在岗,晚班,小禾\n,工作日,12:00,12:30,午休,先吃,小林\n,工作日,12:30,13:00,午休,后吃,小周\n,周六,10:00,18:00,在岗,周末,\n,周六,12:00,13:00,午休,午休,\n";
    fs::write(house.path("knowledge/hours/weekly.csv"), weekly).unwrap();
    let dated = "开始日期,结束日期,类型,名称,店铺,按,开始,结束,人员\n2026-10-01,2026-10-07,放假,国庆,,,,,\n2026-10-10,2026-10-10,上班,国庆调休,,周三,,,\n2026-10-11,2026-10-11,大促,双11预热,,,20:00,2:00,小青\n";
    fs::write(house.path("knowledge/hours/holidays.csv"), dated).unwrap();
    let asked = run(
        &house,
        &["who", "--shop", "teahouse", "--at", "2026-10-10 12:10"],
    );
    assert!(asked.status.success(), "{}", text(&asked.stderr));
    insta::assert_snapshot!(text(&asked.stdout), @r#"
    一盏茶具 (teahouse, 辅助, Asia/Shanghai)
      现在      周六 2026-10-10 12:10  有人在岗 (早班)
      谁来答    客服回答，助手只推荐
      在岗      小周
      从        周六 10-10 12:00
      到        周六 10-10 12:30

                  0     3     6     9     12    15    18    21    24
      周一 10-05  ------------------------------------------------  国庆
      周二 10-06  ------------------------------------------------  国庆
      周三 10-07  ------------------------------------------------  国庆
      周四 10-08  ..................AAAAAABCDDDDDDDDDDEEEEEEEEEEEE
      周五 10-09  ..................AAAAAABCDDDDDDDDDDEEEEEEEEEEEE
    > 周六 10-10  ..................AAAAAABCDDDDDDDDDDEEEEEEEEEEEE  国庆调休（按周三）
      周日 10-11  ........................................FFFFFFFF  双11预热
      A 早班 (小林、小周)   B 早班 (小周)   C 早班 (小林)   D 早班、晚班 (小林、小周、小禾)
      E 晚班 (小禾)   F 双11预热 (小青)   . 无人   - 放假
    "#);
    let english = run(
        &house,
        &[
            "who",
            "--english",
            "--shop",
            "teahouse-auto",
            "--at",
            "2026-10-07 23:00",
        ],
    );
    let said = text(&english.stdout);
    assert!(
        said.contains("holiday (国庆)") && said.contains("the bot answers"),
        "{said}"
    );
    assert!(said.contains("next     Thu 10-08 09:00"), "{said}");
    let both = text(&run(&house, &["who"]).stdout);
    assert!(
        both.contains("(teahouse,") && both.contains("(teahouse-auto,"),
        "{both}"
    );
    let wrong = run(&house, &["who", "--shop", "nowhere"]);
    assert!(text(&wrong.stderr).contains("nowhere"));
    let wrong = run(&house, &["who", "--at", "tomorrow"]);
    assert!(text(&wrong.stderr).contains("2026-11-20 12:31"));
}

#[test]
fn classify_answers_line_by_line_in_order() {
    let house = House::new();
    let mut child = house
        .command(&["classify"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = [
        json!({"id": "a", "text": "这个包邮吗", "label": "ignored"}),
        json!({"id": 2, "text": "少发了一个杯子，订单号 2871234567890123456", "platform": "taobao"}),
        json!({"id": "c", "text": "那怎么办", "context": [{"role": "customer", "text": "在吗"}, {"role": "agent", "text": "在的"}], "at": "2026-11-20T15:00:00+08:00"}),
        json!({"id": "d", "text": "再不处理我就投诉"}),
        json!({"id": "e", "text": ""}),
    ];
    let mut input = child.stdin.take().unwrap();
    for line in &lines {
        writeln!(input, "{line}").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let rows: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ids: Vec<&Value> = rows.iter().map(|row| &row["id"]).collect();
    assert_eq!(
        ids,
        [
            &json!("a"),
            &json!(2),
            &json!("c"),
            &json!("d"),
            &json!("e")
        ]
    );
    assert_eq!(rows[0]["intents"][0]["id"], "pre.freight");
    assert_eq!(rows[0]["scripts"][0]["fits"], true);
    assert_eq!(rows[0]["auto"], "answer");
    assert_eq!(rows[1]["cases"], json!(["漏发"]));
    assert_eq!(rows[1]["auto"], "register");
    assert_eq!(rows[1]["fields"][0]["value"], "2871234567890123456");
    assert_eq!(rows[2]["auto"], "receipt");
    assert_eq!(rows[3]["auto"], "receipt");
    assert!(rows[3]["mood"]["level"].as_u64().unwrap() >= 3);
    assert!(
        rows[0]["because"]["evidence"]
            .as_array()
            .is_some_and(|e| !e.is_empty())
    );
}

#[test]
fn classify_names_the_line_that_is_no_message() {
    let house = House::new();
    let mut child = house
        .command(&["classify"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{{\"id\": 1}}").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("line 1"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn handover_asks_the_running_service() {
    let house = House::new();
    let early = run(&house, &["handover"]);
    assert_eq!(early.status.code(), Some(2));
    assert!(
        text(&early.stderr).contains("jieban serve"),
        "{}",
        text(&early.stderr)
    );
    let program = house.start();
    let asked = |args: &[&str]| {
        let all: Vec<&str> = [&["handover", "--url", &program.base], args].concat();
        let output = run(&house, &all);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    // No shift has ended yet: what would be handed over now.
    let page = asked(&["--shop", "teahouse"]);
    assert!(
        page.contains("交接单（还没写下") && page.contains("一盏茶具（teahouse）"),
        "{page}"
    );
    assert_eq!(asked(&[]).matches("交接单").count(), 3, "every shop");
    let markdown = asked(&["--shop", "teahouse", "--at", "now", "--format", "markdown"]);
    assert!(markdown.starts_with("# 交接单"), "{markdown}");
    let data: Value = serde_json::from_str(&asked(&["--format", "json"])).unwrap();
    assert_eq!(data[0]["handover"]["shop"], "teahouse");
    let strange = run(
        &house,
        &["handover", "--url", &program.base, "--shift", "早早班"],
    );
    assert!(
        text(&strange.stderr).contains("no sheet"),
        "{}",
        text(&strange.stderr)
    );
}
