//! Due rules over weekends, holidays, make-up workdays and the cut-off.

use std::fmt::Write as _;

use jieban::knowledge::{Knowledge, ShopId, due::Due, files};

use crate::world::{at, shown};

const SHOPS: &str = "店铺:\n  - 编号: main\n    名称: 一店\n    平台: taobao\n";
const SCRIPT: &str = "---\n编号: a\n标题: 回执\n用途: 回执\n---\n在的\n";
/// Workdays 9:00 to 18:00 with lunch, Saturdays 10:00 to 16:00.
const WEEKLY: &str = "店铺,星期,开始,结束,类型,班次,人员\n,工作日,9:00,18:00,在岗,白班,小青\n,工作日,12:00,13:30,午休,,\n,周六,10:00,16:00,在岗,周末班,小禾\n";
/// National Day, with make-up workdays on a Sunday before and a Saturday after.
const DATED: &str = "开始日期,结束日期,类型,名称,店铺,按\n2026-09-27,2026-09-27,上班,国庆调休,,周五\n2026-10-01,2026-10-07,放假,国庆,,\n2026-10-10,2026-10-10,上班,国庆调休,,周一\n";

fn house() -> Knowledge {
    let folder = files([
        ("shops.yaml", SHOPS),
        ("scripts/a.md", SCRIPT),
        ("hours/weekly.csv", WEEKLY),
        ("hours/holidays.csv", DATED),
    ]);
    Knowledge::load(&folder)
        .unwrap_or_else(|problems| panic!("{problems:?}"))
        .0
}

#[test]
fn when_what_is_due() {
    let house = house();
    let shop = ShopId::from("main");
    let rules = [
        "30分钟",
        "24小时",
        "16:00前当天，否则下个工作日10:00",
        "16:00前当天18:30，否则下个工作日10:00",
        "2个工作日",
        "平台48小时",
    ];
    let moments = [
        ("周三上午", "2026-09-16 10:00"),
        ("午休", "2026-09-16 12:10"),
        ("截单前一分钟", "2026-09-16 15:59"),
        ("截单", "2026-09-16 16:00"),
        ("下班前", "2026-09-16 17:50"),
        ("半夜", "2026-09-17 02:00"),
        ("周五截单后", "2026-09-18 16:30"),
        ("周六班上", "2026-09-19 11:00"),
        ("周六截单后", "2026-09-19 16:00"),
        ("周日", "2026-09-20 11:00"),
        ("调休前的周六晚", "2026-09-26 20:00"),
        ("调休的周日", "2026-09-27 10:00"),
        ("放假前截单后", "2026-09-30 16:05"),
        ("假期里", "2026-10-03 11:00"),
        ("假期最后一晚", "2026-10-07 23:59"),
        ("调休的周六截单前", "2026-10-10 15:00"),
        ("调休的周六截单后", "2026-10-10 17:00"),
    ];
    let mut out = String::new();
    for rule in rules {
        let due = Due::parse(rule).unwrap();
        for any_hour in [false, true] {
            // What is not counted in minutes is the same at any hour.
            if any_hour && !matches!(rule, "30分钟" | "24小时") {
                continue;
            }
            let clock = if any_hour { "任何时间" } else { "值守" };
            writeln!(out, "{rule}（{clock}）").unwrap();
            for (name, from) in moments {
                let from = at(from);
                let at = house.due_by(&shop, from, due, any_hour, &[]);
                assert!(at >= from);
                writeln!(out, "    {} {name} → {}", shown(from), shown(at)).unwrap();
            }
        }
    }
    insta::assert_snapshot!("due", out);
}
