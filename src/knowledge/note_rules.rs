//! What the house says about notes on orders: which case kinds cannot be done without one, and by when the
//! order-checker must have seen it.

use chrono::{DateTime, Duration, NaiveDate, Timelike, Utc};

use super::{
    dates::{self, instant, local},
    form::Written,
    known::Known,
    problem::{Place, Report},
    snapshot::Knowledge,
    table,
    words::{CaseKindId, ShopId},
    yaml::Key,
};

/// The kind of the case that a missed note becomes.
pub const MISSED: &str = "漏备注";
/// How many days ahead a day is looked for on which somebody works.
const FAR: usize = 60;

/// A row of `rules/notes.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRule {
    /// Only this shop; `None`: all.
    pub shop: Option<ShopId>,
    /// The case kind that forces a note; `None`: the row says by when notes are seen that no case forced.
    pub kind: Option<CaseKindId>,
    /// Minutes from midnight: a note written before is seen before, on the same day.
    pub cutoff: u16,
    /// Minutes from midnight: a note written later is seen by then on the next day on which somebody works.
    pub next: u16,
}

/// The table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoteRules(Vec<NoteRule>);

impl Default for NoteRules {
    /// Without the table: changes of address and order force a note, and 16:00 is the cut-off.
    fn default() -> Self {
        let rule = |kind: Option<&str>| NoteRule {
            shop: None,
            kind: kind.map(CaseKindId::from),
            cutoff: 16 * 60,
            next: 10 * 60,
        };
        Self(vec![rule(Some("改地址")), rule(Some("改单")), rule(None)])
    }
}

impl NoteRules {
    /// The rule of a kind in a shop: the shop's own before everybody's.
    fn of(&self, shop: &ShopId, kind: Option<&CaseKindId>) -> Option<&NoteRule> {
        let fits = |rule: &&NoteRule, own: Option<&ShopId>| {
            rule.kind.as_ref() == kind && rule.shop.as_ref() == own
        };
        self.0
            .iter()
            .find(|rule| fits(rule, Some(shop)))
            .or_else(|| self.0.iter().find(|rule| fits(rule, None)))
    }
}

impl Knowledge {
    /// The rule by which a case of this kind cannot be done without a note on its order; `None`: it can.
    pub fn note_required(&self, shop: &ShopId, kind: &CaseKindId) -> Option<&NoteRule> {
        self.note_rules().of(shop, Some(kind))
    }

    /// By when the order-checker must have seen a note that is written at a moment; `kind` is the case's that
    /// forced it. Before the cut-off: on the same day, if somebody works then; else on the next such day.
    pub fn note_cutoff(
        &self,
        shop: &ShopId,
        kind: Option<&CaseKindId>,
        at: DateTime<Utc>,
    ) -> DateTime<Utc> {
        let rules = self.note_rules();
        let usual = NoteRules::default();
        let rule = kind
            .and_then(|kind| rules.of(shop, Some(kind)))
            .or_else(|| rules.of(shop, None))
            .or_else(|| usual.of(shop, None));
        let (cutoff, next) = rule.map_or((16 * 60, 10 * 60), |rule| (rule.cutoff, rule.next));
        let zone = self.shop_or_default(shop).zone;
        let wall = dates::wall(zone, at);
        let minute = (wall.hour() * 60 + wall.minute()) as u16;
        let today = wall.date();
        if minute < cutoff && self.is_workday(shop, today) {
            return instant(zone, local(today, cutoff));
        }
        let day = today
            .iter_days()
            .skip(1)
            .take(FAR)
            .find(|day| self.is_workday(shop, *day))
            .or_else(|| today.succ_opt());
        day.map_or(at + Duration::days(1), |day| {
            instant(zone, local(day, next))
        })
    }

    /// Whether a usual shift of a shop begins on a date; every day where no table says so.
    pub fn is_workday(&self, shop: &ShopId, date: NaiveDate) -> bool {
        let plan = self.plan_of(shop);
        !plan.works() || plan.works_on(date)
    }
}

/// Reads `rules/notes.csv`.
pub(super) fn read(text: &str, known: &Known, report: &mut Report) -> NoteRules {
    const HEADINGS: &[Key] = &[
        ("店铺", "shop"),
        ("工单类型", "case"),
        ("截止", "cutoff"),
        ("次日截止", "next"),
        ("备注", "note"),
    ];
    let rows = table::rows(text, HEADINGS, &["工单类型", "截止"], report);
    let rules = rows.iter().filter_map(|row| {
        let shop = match row.cell("店铺") {
            Some(cell) => Some(known.shop(cell, report)?),
            None => None,
        };
        let kind = match row.cell("工单类型") {
            Some(cell) if known.case_kinds.contains(&cell.text) => {
                Some(CaseKindId::from(cell.text.as_str()))
            }
            Some(cell) => {
                report.error(
                    cell.place,
                    format!("没有这种工单：“{}”", cell.text),
                    "写 cases/ 里有的名称；空着表示没有工单的备注",
                );
                return None;
            }
            None => None,
        };
        let cutoff = row.need("截止", report).cloned();
        let cutoff = clock(&cutoff?, "截止", report);
        let next = match row.cell("次日截止").cloned() {
            Some(cell) => clock(&cell, "次日截止", report),
            None => cutoff,
        };
        let rule = NoteRule {
            shop,
            kind,
            cutoff: cutoff?,
            next: next?,
        };
        Some((row.place(), rule))
    });
    let rules: Vec<(Place, NoteRule)> = rules.collect();
    for (at, (place, rule)) in rules.iter().enumerate() {
        let same = |other: &NoteRule| other.shop == rule.shop && other.kind == rule.kind;
        if rules.iter().take(at).any(|(_, other)| same(other)) {
            report.warn(
                *place,
                "和前面的一行说的是同一件事，只用前面那行",
                "只留一行",
            );
        }
    }
    NoteRules(rules.into_iter().map(|(_, rule)| rule).collect())
}

fn clock(cell: &Written, name: &str, report: &mut Report) -> Option<u16> {
    let minute = dates::minute_of_day(&cell.text).filter(|minute| *minute > 0);
    if minute.is_none() {
        report.error(
            cell.place,
            format!("“{name}”应该是几点几分，这里是“{}”", cell.text),
            "写成 16:00",
        );
    }
    minute
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use chrono::TimeZone;
    use chrono_tz::Asia::Shanghai;

    use super::*;
    use crate::knowledge::files;

    fn house(table: Option<&str>) -> Knowledge {
        let mut folder = files([
            (
                "shops.yaml",
                "店铺:\n  - 编号: a\n    名称: 甲\n    平台: taobao\n  - 编号: b\n    名称: 乙\n    平台: jd\n",
            ),
            (
                "scripts/r.md",
                "---\n编号: r\n标题: 回执\n用途: 回执\n---\n收到",
            ),
            (
                "cases/改地址.yaml",
                "名称: 改地址\n前缀: DZ\n首响: 15分钟\n完成: 4小时\n",
            ),
            (
                "hours/weekly.csv",
                "店铺,星期,开始,结束,类型,班次\n,工作日,09:00,18:00,在岗,早班\n",
            ),
        ]);
        if let Some(table) = table {
            folder.insert("rules/notes.csv".to_owned(), table.as_bytes().to_vec());
        }
        Knowledge::load(&folder).unwrap().0
    }

    /// Days of November 2026; the 20th is a Friday.
    fn at(text: &str) -> DateTime<Utc> {
        let wall =
            chrono::NaiveDateTime::parse_from_str(&format!("2026-11-{text}"), "%Y-%m-%d %H:%M");
        Shanghai
            .from_local_datetime(&wall.unwrap())
            .unwrap()
            .to_utc()
    }

    #[test]
    fn a_note_is_seen_before_the_cut_off_or_on_the_next_working_day() {
        let usual = house(None);
        let own = house(Some(
            "店铺,工单类型,截止,次日截止\n,改地址,15:30,9:30\n,,17:00,\nb,,12:00,11:00\n",
        ));
        let address = CaseKindId::from("改地址");
        for (knowledge, shop, kind, written, seen) in [
            (&usual, "a", None, "20 09:00", "20 16:00"),
            (&usual, "a", None, "20 15:59", "20 16:00"),
            (&usual, "a", None, "20 16:00", "23 10:00"),
            (&usual, "a", Some(&address), "19 23:50", "20 10:00"),
            (&usual, "a", None, "21 09:00", "23 10:00"),
            (&own, "a", Some(&address), "20 15:29", "20 15:30"),
            (&own, "a", Some(&address), "20 15:30", "23 09:30"),
            (&own, "a", None, "20 16:59", "20 17:00"),
            (&own, "a", None, "20 17:00", "23 17:00"),
            (&own, "b", None, "20 12:00", "23 11:00"),
        ] {
            assert_eq!(
                knowledge.note_cutoff(&shop.into(), kind, at(written)),
                at(seen),
                "{shop} {kind:?} {written}"
            );
        }
        assert!(usual.note_required(&"a".into(), &address).is_some());
        assert!(own.note_required(&"b".into(), &address).is_some());
        assert_eq!(own.note_required(&"b".into(), &"改单".into()), None);
    }

    #[test]
    fn a_wrong_row_is_named() {
        let mut problems = Vec::new();
        let mut report = Report::of("rules/notes.csv", &mut problems);
        let text = "工单类型,截止\n改名,16:00\n,四点\n";
        read(text, &Known::default(), &mut report);
        let said: Vec<&str> = problems.iter().map(|p| p.what.as_str()).collect();
        assert_eq!(
            said,
            ["没有这种工单：“改名”", "“截止”应该是几点几分，这里是“四点”"]
        );
    }
}
