//! Who answers, as a table: a conversation, a moment, the facts, and one line of outcome.

use proptest::prelude::*;

mod standing;

use super::*;
use crate::{
    desk::{
        SaidLine, Seen, Standing, last_turn,
        testing::{house, moment, talk},
    },
    knowledge::{Platform, ScriptId, ShopId},
};

fn facts(lines: &str) -> Facts {
    Facts {
        seen: Seen {
            conversation: 1,
            facts: 1,
            epoch: 1,
        },
        shop: ShopId::from("teahouse"),
        platform: Platform::Taobao,
        mode: None,
        stopped: false,
        standing: Standing::default(),
        ownership: None,
        lowered: None,
        order: None,
        messages: talk(lines),
        open_cases: Vec::new(),
        said: Vec::new(),
    }
}

fn decided(facts: &Facts, now: DateTime<Utc>) -> Decision {
    let reading = match last_turn(&facts.messages) {
        Some(turn) => house().read(&turn.to_read(&facts.shop, facts.platform), now),
        None => Reading::default(),
    };
    decide(house(), facts, &reading, now)
}

/// `verdict script @not_before`, and `? reconsider_at`.
fn line(decision: &Decision) -> String {
    let clock = |at: DateTime<Utc>| (at + Duration::hours(8)).format("%H:%M:%S").to_string();
    let mut line = decision.because.verdict.code().to_owned();
    if let Some(reply) = &decision.reply {
        line.push_str(&format!(" {} @{}", reply.script, clock(reply.not_before)));
    }
    if let Some(at) = decision.reconsider_at {
        line.push_str(&format!(" ?{}", clock(at)));
    }
    line
}

#[test]
fn who_answers() {
    for (talk, now, outcome) in [
        ("", "12:31:00", "nobody_waits"),
        ("human 11:50:00 您好", "12:31:00", "nobody_waits"),
        // Lunch.
        (
            "customer 12:31:00 这个包邮吗",
            "12:31:00",
            "answer freight @12:31:04 ?13:01:00",
        ),
        (
            "customer 11:49:00 在|human 11:50:00 在的|customer 12:31:00 包邮吗",
            "12:31:00",
            "answer freight @12:31:04 ?13:01:00",
        ),
        // The last seconds before lunch wait for it, and the last before its end do not outlive it.
        ("customer 11:59:58 这个包邮吗", "11:59:58", "mode ?12:00:00"),
        (
            "customer 11:59:58 这个包邮吗",
            "12:00:00",
            "answer freight @12:00:02 ?12:29:58",
        ),
        (
            "customer 13:29:55 这个包邮吗",
            "13:29:55",
            "answer freight @13:29:59 ?13:30:00",
        ),
        (
            "customer 13:29:58 这个包邮吗",
            "13:29:58",
            "answer ?13:30:00",
        ),
        // Night.
        (
            "customer 02:00:00 少发了一个杯子",
            "02:00:00",
            "register missing @02:00:04 ?02:30:00",
        ),
        (
            "customer 02:00:00 再不发货我就投诉",
            "02:00:00",
            "receipt sys-receipt @02:00:04 ?02:30:00",
        ),
        (
            "customer 02:00:00 我不投诉你们，就问下包邮吗",
            "02:00:00",
            "answer freight @02:00:04 ?02:30:00",
        ),
        (
            "customer 02:00:00 那个东西怎么弄呀",
            "02:00:00",
            "receipt sys-receipt @02:00:04 ?02:30:00",
        ),
        (
            "customer 02:00:00 包邮吗，几点发货",
            "02:00:00",
            "answer freight @02:00:04 ?02:30:00",
        ),
        // Staffed.
        ("customer 15:00:00 这个包邮吗", "15:00:00", "mode ?15:30:00"),
        // A human in between, by day and at night.
        (
            "customer 02:00:00 包邮吗|human 02:00:02 包邮的",
            "02:00:03",
            "nobody_waits",
        ),
        (
            "customer 02:00:00 包邮吗|human 02:00:02 包邮的|customer 02:01:00 几点发货",
            "02:01:00",
            "owned ?02:30:02",
        ),
        // An answer out of nowhere.
        (
            "customer 02:00:00 这个包邮吗",
            "02:30:00",
            "stale ?09:00:00",
        ),
    ] {
        assert_eq!(
            line(&decided(&facts(talk), moment(now))),
            outcome,
            "{talk} at {now}"
        );
    }
}

#[test]
fn what_stops_the_bot() {
    let night = "customer 02:00:00 这个包邮吗";
    let now = moment("02:00:00");
    let with = |change: &dyn Fn(&mut Facts)| {
        let mut facts = facts(night);
        change(&mut facts);
        decided(&facts, now).because.verdict
    };
    assert_eq!(with(&|_| ()), Verdict::Answer);
    assert_eq!(with(&|f| f.stopped = true), Verdict::Stopped);
    assert_eq!(with(&|f| f.mode = Some(Mode::Off)), Verdict::Mode);
    assert_eq!(with(&|f| f.lowered = Some(Mode::Off)), Verdict::Mode);
    assert_eq!(with(&|f| f.lowered = Some(Mode::Auto)), Verdict::Answer);
    assert_eq!(
        with(&|f| f.messages[0].history = true),
        Verdict::OnlyHistory
    );
    assert_eq!(with(&|f| f.shop = ShopId::unassigned()), Verdict::Answer);
}

#[test]
fn a_request_never_raises_the_mode() {
    let mut facts = facts("customer 15:00:00 这个包邮吗");
    facts.lowered = Some(Mode::Auto);
    assert_eq!(
        decided(&facts, moment("15:00:00")).because.verdict,
        Verdict::Mode
    );
    facts.shop = ShopId::from("teahouse-auto");
    assert_eq!(
        decided(&facts, moment("15:00:00")).because.verdict,
        Verdict::Answer
    );
    facts.lowered = Some(Mode::Assist);
    assert_eq!(
        decided(&facts, moment("15:00:00")).because.verdict,
        Verdict::Mode
    );
}

#[test]
fn the_bot_repeats_neither_answers_nor_receipts() {
    let said = |script: &str, class, claimed| SaidLine {
        script: ScriptId::from(script),
        class,
        at: moment("02:00:04"),
        turn: 1,
        claimed,
    };
    let mut facts =
        facts("customer 02:00:00 包邮吗|bot_auto 02:00:04 包邮|customer 02:05:00 到底包邮吗");
    facts.said = vec![said("freight", ReplyClass::Content, true)];
    let now = moment("02:05:00");
    assert_eq!(decided(&facts, now).because.verdict, Verdict::Receipt);
    facts
        .said
        .push(said("sys-receipt", ReplyClass::Receipt, true));
    assert_eq!(decided(&facts, now).because.verdict, Verdict::ReceiptCapped);
    // What still waits to be claimed has not been said.
    for line in &mut facts.said {
        line.claimed = false;
    }
    assert_eq!(decided(&facts, now).because.verdict, Verdict::Answer);
}

#[test]
fn a_case_is_a_draft_by_day_and_open_at_night_with_a_complete_note() {
    let talk = "customer 15:00:00 少发了一个杯子，订单号 2871234567890123456，电话 13800138000";
    let facts = facts(talk);
    let day = decided(&facts, moment("15:00:00"));
    assert_eq!(day.cases.len(), 1);
    let case = &day.cases[0];
    assert!(!case.open);
    assert_eq!(case.order.as_deref(), Some("2871234567890123456"));
    assert_eq!(case.first_due, moment("15:30:00"));
    insta::assert_snapshot!(case.note, @"
    【漏发】订单号 ***************3456（淘宝）
    自 11月20日 15:00 起等待
    客户原话：「少发了一个杯子，订单号 ***************3456，电话 138******00」
    已知：电话 138******00
    还缺：收到的全部商品照片、外箱面单照片
    已告知客户：暂无
    对接：仓库；审核：主管
    ");
    let night = decided(&facts, moment("00:30:00"));
    assert!(night.cases[0].open);
}

proptest! {
    /// The same facts give the same decision until `reconsider_at`.
    #[test]
    fn a_decision_holds_until_it_is_to_be_reconsidered(
        minute in 0i64..1440,
        which in 0usize..5,
        human_before in proptest::option::of(1i64..90),
        after in 0i64..7200,
    ) {
        let words = ["这个包邮吗", "少发了一个杯子", "再不发货我就投诉", "在吗", "嗯那个"][which];
        let start = moment("00:00:00") + Duration::minutes(minute);
        let mut facts = facts("human 00:00:00 您好|customer 00:00:00 x");
        facts.messages[0].at = start - Duration::minutes(human_before.unwrap_or(600));
        facts.messages[1].at = start;
        facts.messages[1].text = words.to_owned();
        let first = decided(&facts, start);
        let later = start + Duration::seconds(after);
        if first.reconsider_at.is_none_or(|at| later < at) {
            prop_assert_eq!(first, decided(&facts, later));
        }
    }
}
