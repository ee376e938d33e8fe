#![allow(clippy::unwrap_used, clippy::panic)]

use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::{Said, promised, until};
use crate::knowledge::{Knowledge, ShopId, files};

/// Shops that work from Monday to Friday, 9:00 to 18:00, lunch from 12:00 to 13:30; 国庆 is off, the Saturday after is not.
fn knowledge() -> Knowledge {
    let shops = "店铺:\n  - 编号: main\n    名称: 店\n    平台: taobao\n    时区: Asia/Shanghai\n    账号: []\n  - 编号: berlin\n    名称: 店\n    平台: web\n    时区: Europe/Berlin\n    账号: []\n";
    let folder = files([
        ("shops.yaml", shops),
        (
            "scripts/a.md",
            "---\n编号: a\n标题: 回执\n用途: 回执\n自动: 回执\n---\n收到。\n",
        ),
        (
            "hours/weekly.csv",
            "店铺,星期,开始,结束,类型,班次,人员\n,工作日,09:00,18:00,在岗,白班,\n,工作日,12:00,13:30,午休,午休,\n",
        ),
        (
            "hours/holidays.csv",
            "开始日期,结束日期,类型,名称,店铺,按,开始,结束\n2026-10-01,2026-10-07,放假,国庆,,,,\n2026-10-10,2026-10-10,上班,国庆调休,,周三,,\n",
        ),
    ]);
    Knowledge::load(&folder).unwrap().0
}

fn at(zone: Tz, wall: &str) -> DateTime<Utc> {
    let wall = NaiveDateTime::parse_from_str(wall, "%Y-%m-%d %H:%M").unwrap();
    zone.from_local_datetime(&wall).unwrap().to_utc()
}

fn shown(zone: Tz, at: DateTime<Utc>) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}

#[test]
fn until_when_is_meant() {
    let knowledge = knowledge();
    let zone = Tz::Asia__Shanghai;
    // 2026-11-18 is a Wednesday.
    for (sent, said, due) in [
        ("2026-11-18 10:00", "今晚给您补发", "2026-11-19 00:00"),
        ("2026-11-18 10:00", "今天给您补发", "2026-11-19 00:00"),
        ("2026-11-18 10:00", "明天给您补发", "2026-11-20 00:00"),
        ("2026-11-18 10:00", "后天", "2026-11-21 00:00"),
        ("2026-11-18 10:00", "大后天", "2026-11-22 00:00"),
        ("2026-11-18 10:00", "后天之前", "2026-11-20 00:00"),
        ("2026-11-18 10:00", "周一前", "2026-11-23 00:00"),
        ("2026-11-18 10:00", "周五", "2026-11-21 00:00"),
        ("2026-11-18 10:00", "周三", "2026-11-26 00:00"),
        ("2026-11-18 10:00", "本周三", "2026-11-19 00:00"),
        ("2026-11-18 10:00", "下周三", "2026-11-26 00:00"),
        ("2026-11-18 10:00", "下周一上午", "2026-11-23 12:00"),
        ("2026-11-18 10:00", "这周末", "2026-11-23 00:00"),
        ("2026-11-23 10:00", "周一前", "2026-11-30 00:00"),
        ("2026-11-18 10:00", "月底", "2026-12-01 00:00"),
        ("2026-11-18 10:00", "月底前", "2026-12-01 00:00"),
        ("2026-11-18 10:00", "下个月底", "2027-01-01 00:00"),
        ("2026-02-10 10:00", "月底", "2026-03-01 00:00"),
        ("2026-11-18 10:00", "年底前", "2027-01-01 00:00"),
        ("2026-11-18 10:00", "18点前", "2026-11-18 18:00"),
        ("2026-11-18 18:30", "18点前", "2026-11-19 18:00"),
        ("2026-11-18 14:00", "6点前", "2026-11-18 18:00"),
        ("2026-11-18 10:00", "下午3点半", "2026-11-18 15:30"),
        ("2026-11-18 10:00", "明天三点前", "2026-11-19 15:00"),
        ("2026-11-18 10:00", "明天上午10点", "2026-11-19 10:00"),
        ("2026-11-18 10:00", "今天13:30", "2026-11-18 13:30"),
        ("2026-11-18 10:00", "2点到4点之间", "2026-11-18 16:00"),
        ("2026-11-18 10:00", "晚上8点", "2026-11-18 20:00"),
        ("2026-11-18 10:00", "中午12点", "2026-11-18 12:00"),
        ("2026-11-18 10:00", "中午", "2026-11-18 14:00"),
        ("2026-11-18 10:00", "中午前", "2026-11-18 12:00"),
        ("2026-11-18 10:00", "下午", "2026-11-18 18:00"),
        ("2026-11-18 19:00", "下午", "2026-11-19 18:00"),
        ("2026-11-18 10:00", "下班前", "2026-11-18 18:00"),
        ("2026-11-18 22:30", "明早", "2026-11-19 10:00"),
        ("2026-11-18 10:00", "两三天", "2026-11-22 00:00"),
        ("2026-11-18 10:00", "1-3天", "2026-11-22 00:00"),
        ("2026-11-18 10:00", "三天内", "2026-11-22 00:00"),
        ("2026-11-18 10:00", "一周内", "2026-11-26 00:00"),
        ("2026-11-18 10:00", "半个月内", "2026-12-04 00:00"),
        ("2026-11-18 10:00", "24小时内", "2026-11-19 10:00"),
        ("2026-11-18 10:00", "24h内", "2026-11-19 10:00"),
        ("2026-11-18 10:00", "半小时", "2026-11-18 10:30"),
        ("2026-11-18 10:00", "半个小时后", "2026-11-18 10:30"),
        ("2026-11-18 10:00", "一个半小时", "2026-11-18 11:30"),
        ("2026-11-18 10:00", "十五分钟", "2026-11-18 10:15"),
        // Working days are the shop's: over a weekend, a holiday, a make-up Saturday.
        ("2026-11-18 10:00", "3个工作日内", "2026-11-24 00:00"),
        ("2026-11-20 10:00", "一个工作日", "2026-11-24 00:00"),
        ("2026-09-30 10:00", "1-3个工作日", "2026-10-11 00:00"),
        // Dates by name, over the ends of months and years.
        ("2026-11-18 10:00", "12月1号", "2026-12-02 00:00"),
        ("2026-11-18 10:00", "12月1号前", "2026-12-01 00:00"),
        ("2026-12-30 10:00", "1月2号", "2027-01-03 00:00"),
        ("2026-12-30 10:00", "明年1月3号前", "2027-01-03 00:00"),
        ("2026-11-18 10:00", "20号", "2026-11-21 00:00"),
        ("2026-11-18 10:00", "15-17号", "2026-12-18 00:00"),
        ("2027-01-30 10:00", "29号", "2027-03-30 00:00"),
        ("2026-12-31 23:59", "明天", "2027-01-02 00:00"),
        // One minute before midnight.
        ("2026-11-18 23:59", "今天", "2026-11-19 00:00"),
        ("2026-11-18 23:59", "今晚", "2026-11-19 00:00"),
        ("2026-11-18 23:59", "明天", "2026-11-20 00:00"),
        ("2026-11-18 23:59", "明天上午", "2026-11-19 12:00"),
        ("2026-11-18 23:59", "9点前", "2026-11-19 09:00"),
        ("2026-11-19 00:01", "今天", "2026-11-20 00:00"),
        // From when on: then as long as the folder says.
        ("2026-11-18 12:10", "13:30回来后", "2026-11-18 14:30"),
        ("2026-11-18 23:10", "明天9:00起", "2026-11-19 10:00"),
        // Soon is staffed time.
        ("2026-11-18 10:00", "马上", "2026-11-18 10:30"),
        ("2026-11-18 11:50", "马上", "2026-11-18 13:50"),
        ("2026-11-18 10:00", "稍后", "2026-11-18 12:00"),
        ("2026-11-18 17:30", "稍后", "2026-11-19 10:30"),
        ("2026-11-20 17:30", "尽快", "2026-11-24 00:00"),
        ("2026-11-18 10:00", "tomorrow", "2026-11-20 00:00"),
        ("2026-11-18 10:00", "within 24 hours", "2026-11-19 10:00"),
        ("2026-11-18 10:00", "by friday", "2026-11-21 00:00"),
        // No moment.
        ("2026-11-18 10:00", "几天", ""),
        ("2026-11-18 10:00", "有两点要说明", ""),
        ("2026-11-18 10:00", "快一点", ""),
        ("2026-11-18 10:00", "昨天下午", ""),
        ("2026-11-18 10:00", "尾号1234", ""),
        ("2026-11-18 10:00", "给您返5元", ""),
    ] {
        let found = until::of(&knowledge, &"main".into(), said, at(zone, sent));
        let found = found.map(|until| shown(zone, until.due));
        assert_eq!(found.unwrap_or_default(), due, "{said}, said at {sent}");
    }
}

#[test]
fn a_day_is_the_shops() {
    let knowledge = knowledge();
    // 23:59 in Berlin is 6:59 of the next day in Shanghai.
    let sent = at(Tz::Europe__Berlin, "2026-11-18 23:59");
    for (shop, zone, due) in [
        ("berlin", Tz::Europe__Berlin, "2026-11-19 00:00"),
        ("main", Tz::Asia__Shanghai, "2026-11-20 00:00"),
    ] {
        let found = promised(&knowledge, &ShopId::from(shop), "今天给您补发", sent);
        let due_at: Vec<String> = found.iter().map(|p| shown(zone, p.due)).collect();
        assert_eq!(due_at, [due], "{shop}");
    }
    // 2:30 comes not at all on the night clocks are put forward, and the day still ends at midnight.
    let sent = at(Tz::Europe__Berlin, "2026-03-28 22:00");
    for (said, due) in [
        ("明天", "2026-03-30 00:00"),
        ("24小时内", "2026-03-29 23:00"),
    ] {
        let found = until::of(&knowledge, &"berlin".into(), said, sent).unwrap();
        assert_eq!(shown(Tz::Europe__Berlin, found.due), due, "{said}");
    }
}

#[test]
fn one_line_may_bind_twice_and_parts_of_one_thing_bind_once() {
    let knowledge = knowledge();
    let sent = at(Tz::Asia__Shanghai, "2026-11-18 10:00");
    for (said, wanted) in [
        (
            "杯子明天给您补发，差价周五前退给您",
            "补发 2026-11-20 00:00 Moment; 补差 2026-11-20 00:00 Moment",
        ),
        (
            "给您补发，今天就寄出，寄出后告诉您单号",
            "补发 2026-11-19 00:00 Moment",
        ),
        ("好的，给您申请退款", "退款 2026-11-20 00:00 Nothing"),
        ("我稍后回复您", "回复 2026-11-18 12:00 Soon"),
        ("好的", ""),
    ] {
        let found: Vec<String> = promised(&knowledge, &"main".into(), said, sent)
            .iter()
            .map(|p| {
                format!(
                    "{} {} {:?}",
                    p.kind,
                    shown(Tz::Asia__Shanghai, p.due),
                    p.said
                )
            })
            .collect();
        assert_eq!(found.join("; "), wanted, "{said}");
    }
    for said in [Said::Nothing, Said::Soon, Said::Moment] {
        assert_eq!(Said::parse(said.code()), Some(said));
    }
}

proptest::proptest! {
    #[test]
    fn any_line_is_read_and_nothing_is_due_before_it_was_said(
        line in "[今明后天周一二三月底号点前内给您帮补发退款会可以吗了,。0-9 a-z:~-]{0,40}",
        minute in 0i64..1_000_000,
    ) {
        let knowledge = KNOWLEDGE.get_or_init(knowledge);
        let sent = DateTime::from_timestamp(1_780_000_000 + minute * 60, 0).unwrap();
        for found in promised(knowledge, &"main".into(), &line, sent) {
            proptest::prop_assert!(found.due >= sent, "{line}: {found:?}");
        }
    }
}

static KNOWLEDGE: std::sync::OnceLock<Knowledge> = std::sync::OnceLock::new();
