//! What sheets tell of cases and promises: the journal alone says how each stood, whatever the rows say since.

use chrono::{DateTime, Utc};
use jieban::{
    desk::{
        Decision,
        case::{Act, Party},
        handover::{Book, Item, Section},
    },
    knowledge::{Post, counters::CounterEvent},
    store::{
        casework::{self, Hand},
        counters::counted,
        handover::{self, log},
        promises::{self, ByHand, Outcome},
    },
};

use crate::{
    casework::{boss, hand, knowledge, mei, new},
    handing::{span, who},
    house::*,
};

stories!(
    the_journal_tells_what_the_rows_say,
    what_was_told_stays_so,
    what_is_late_or_broken_is_counted_for_whoever_it_was,
);

impl House {
    /// What a sheet at a second tells of cases and promises: out of the rows, and out of the journal.
    async fn both(&self, second: i64) -> (Vec<Item>, Vec<Item>) {
        let both = self.store.read(move |tx| {
            let (_, _, folded) = handover::book_at(tx, &shop(), at(second), &|last| {
                let mut span = span(0, second);
                span.from = last.at;
                span
            })?
            .unwrap();
            Ok((log::opening(tx, &shop(), &span(0, second))?, folded))
        });
        let (rows, journal) = both.await.unwrap();
        let of = |book: Book| -> Vec<Item> {
            let (items, _) = book.items();
            let about = |item: &Item| matches!(item.section, Section::Case | Section::Promise);
            items.into_iter().filter(about).collect()
        };
        (of(rows), of(journal))
    }

    async fn agree(&self, second: i64, step: &str) -> Vec<Item> {
        let (rows, journal) = self.both(second).await;
        assert_eq!(rows, journal, "after {step}");
        journal
    }

    async fn does(&self, who: Hand, number: &str, act: Act, second: i64) {
        let step = format!("{} {act:?}", who.who.name);
        let number = number.to_owned();
        let came = self.write(move |tx| {
            casework::act(tx, &knowledge(), &who, (&number, None), &act, at(second))
        });
        came.await
            .unwrap_or_else(|stopped| panic!("{step}: {stopped:?}"));
        self.agree(second + 1, &step).await;
    }

    async fn promised(&self, text: &str, due: DateTime<Utc>, second: i64) -> i64 {
        let new = ByHand {
            shop: shop(),
            conversation: None,
            customer: None,
            order: None,
            text: text.into(),
            kind: "补发".into(),
            cases: vec![],
            due,
        };
        let given = self.write(move |tx| promises::add(tx, &who("小美"), &new, at(second)));
        let id = given.await.id;
        self.agree(second + 1, text).await;
        id
    }
}

fn order(order: &str) -> std::collections::BTreeMap<String, String> {
    std::collections::BTreeMap::from([("订单号".to_owned(), order.to_owned())])
}

fn done() -> Act {
    Act::Done {
        result: "办好了".into(),
        changes: std::collections::BTreeMap::from([("处理结果".to_owned(), "好".to_owned())]),
    }
}

async fn the_journal_tells_what_the_rows_say(house: House) {
    house.base(-10).await;
    // The bot proposes, says it again otherwise, learns the order, joins two cases into one.
    let asked = house.asked("a", "没收到货").await;
    let said = |turn, order: Option<&str>, open, due| {
        let mut draft = case(order, "没收到");
        (draft.open, draft.finish_due) = (open, at(due));
        Decision {
            cases: vec![draft],
            ..decision(turn)
        }
    };
    let turns = [
        (None, false, 9_000),
        (None, false, 8_000),
        (None, true, 8_000),
        (Some("8"), true, 8_000),
    ];
    for ((known, open, due), second) in turns.into_iter().zip(1..) {
        let decision = said(asked.last_customer, known, open, due);
        house.commit(asked.conversation, &decision, second).await;
        house
            .agree(second + 1, &format!("{known:?} {open} {due}"))
            .await;
    }
    let other = house.asked("b", "少了一个").await;
    house
        .commit(
            other.conversation,
            &said(other.last_customer, None, false, 7_000),
            10,
        )
        .await;
    house.agree(11, "another").await;
    let more = house
        .record(&delivery("b", vec![customer("b-2", "订单8")]), 12)
        .await;
    house
        .commit(
            other.conversation,
            &said(more.last_customer, Some("8"), false, 7_000),
            13,
        )
        .await;
    let items = house.agree(14, "joined").await;
    assert_eq!(items.len(), 1, "{items:?}");

    // People do all that can be done.
    let lf = "LF-2611-0001";
    house.does(mei(), lf, Act::Claim, 20).await;
    let wait = Act::Wait {
        party: Party::Warehouse,
        until: at(5_000),
        note: String::new(),
    };
    house.does(mei(), lf, wait, 22).await;
    house.does(boss(), lf, Act::Release, 24).await;
    house.does(mei(), lf, Act::Claim, 26).await;
    let later = Act::Postpone {
        until: at(90_000),
        informed: "说了".into(),
        reason: "缺货".into(),
    };
    house.does(mei(), lf, later, 28).await;
    house
        .does(
            mei(),
            lf,
            Act::Edit {
                changes: order("9"),
                steps: None,
            },
            30,
        )
        .await;
    house.does(mei(), lf, done(), 32).await;
    house
        .does(
            mei(),
            lf,
            Act::Close {
                changes: Default::default(),
            },
            34,
        )
        .await;
    house
        .does(
            boss(),
            lf,
            Act::Reopen {
                reason: "又来问".into(),
            },
            36,
        )
        .await;

    // By hand, also about money; approved, rejected, dropped, merged, split.
    for (n, kind, second) in [
        ("1", "返现", 40),
        ("2", "返现", 41),
        ("3", "物流", 42),
        ("4", "物流", 43),
    ] {
        let new = new(kind, &[("订单号", n), ("金额", "5")]);
        house
            .write(move |tx| casework::open(tx, &knowledge(), &mei(), &new, at(second)))
            .await
            .unwrap();
        house.agree(second + 1, n).await;
    }
    for (number, second) in [("FX-2611-0001", 50), ("FX-2611-0002", 60)] {
        house
            .does(mei(), number, Act::Submit { despite: vec![] }, second)
            .await;
    }
    let yes = Act::Approve {
        comment: "核对过".into(),
        signature: "王主管".into(),
        despite: vec![],
    };
    house.does(boss(), "FX-2611-0001", yes, 70).await;
    house
        .does(hand("小吴", Post::Agent), "FX-2611-0001", Act::Claim, 72)
        .await;
    house
        .does(
            boss(),
            "FX-2611-0002",
            Act::Reject {
                comment: "不符".into(),
            },
            74,
        )
        .await;
    house
        .does(
            mei(),
            "FX-2611-0002",
            Act::Drop {
                reason: "不要了".into(),
            },
            76,
        )
        .await;
    let came = house.write(|tx| {
        casework::merge(
            tx,
            &knowledge(),
            &mei(),
            ("LF-2611-0003", None),
            "LF-2611-0004",
            at(80),
        )
    });
    came.await.unwrap();
    house.agree(81, "merge").await;
    let part = new("补差", &[("金额", "3")]);
    let came = house
        .write(move |tx| casework::split(tx, &knowledge(), &mei(), "LF-2611-0004", &part, at(82)));
    came.await.unwrap();
    house.agree(83, "split").await;

    // Promises.
    let kept = house
        .promised("明天补发，电话13800138000", at(4_000), 90)
        .await;
    let broken = house.promised("今天补发", at(3_000), 92).await;
    for (id, how, second) in [(kept, Outcome::Kept, 94), (broken, Outcome::Broken, 96)] {
        house
            .write(move |tx| {
                promises::postpone(tx, &who("小美"), id, at(6_000), "缺货", at(second))
            })
            .await;
        house.agree(second + 1, "moved").await;
        house
            .write(move |tx| promises::settle(tx, &who("小吴"), id, how, "", at(second + 1)))
            .await;
        house.agree(second + 2, "settled").await;
    }
    let late = house.promised("中午补发", at(95), 98).await;
    // Time passes over everything.
    house
        .write(|tx| promises::note_overdue(tx, at(99_999), 100))
        .await;
    house.write(|tx| casework::sweep(tx, at(99_999), 100)).await;
    let items = house.agree(100_000, "overdue").await;
    assert!(
        items
            .iter()
            .any(|item| item.key == format!("promise:{late}")),
        "{items:?}"
    );
    let cases = items
        .iter()
        .filter(|item| item.section == Section::Case)
        .count();
    assert_eq!(cases, 4, "{items:?}");
}

async fn what_was_told_stays_so(house: House) {
    house.base(-10).await;
    let new = new("物流", &[("订单号", "2871234567890123456")]);
    house
        .write(move |tx| casework::open(tx, &knowledge(), &mei(), &new, at(1)))
        .await
        .unwrap();
    let promise = house.promised("明天补发", at(50_000), 2).await;
    let sheet = house.handed_over(span(-10, 100)).await;
    house.does(mei(), "LF-2611-0001", Act::Claim, 200).await;
    house.does(mei(), "LF-2611-0001", done(), 202).await;
    house
        .write(move |tx| promises::settle(tx, &who("小美"), promise, Outcome::Kept, "", at(204)))
        .await;
    let next = house.handed_over(span(100, 300)).await;
    house
        .does(
            boss(),
            "LF-2611-0001",
            Act::Close {
                changes: Default::default(),
            },
            400,
        )
        .await;
    for sheet in [sheet, next] {
        house.is_as_the_log_tells(sheet).await;
    }
    let told = house.store.read(move |tx| handover::sheet(tx, sheet)).await;
    let told: Vec<String> = told
        .unwrap()
        .unwrap()
        .1
        .items
        .into_iter()
        .map(|(item, _)| {
            format!(
                "{} {} {}",
                item.key,
                item.detail,
                item.who.unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "case:LF-2611-0001 待处理，订单 ***************3456 小美".to_owned(),
            format!("promise:{promise}  小美"),
        ]
    );
}

async fn what_is_late_or_broken_is_counted_for_whoever_it_was(house: House) {
    for (number, second) in [("1", 1), ("2", 2)] {
        let new = new("物流", &[("订单号", number)]);
        house
            .write(move |tx| casework::open(tx, &knowledge(), &mei(), &new, at(second)))
            .await
            .unwrap();
    }
    house.base(-10).await;
    // What nobody has is counted for nobody.
    house.does(mei(), "LF-2611-0002", Act::Claim, 3).await;
    house.does(mei(), "LF-2611-0002", Act::Release, 4).await;
    let broken = house.promised("今天补发", at(50), 5).await;
    let right = house.promised("明天补发", at(60), 6).await;
    let settle = |id, how, second| {
        house.write(move |tx| promises::settle(tx, &who("小吴"), id, how, "查过", at(second)))
    };
    settle(broken, Outcome::Broken, 100).await;
    settle(right, Outcome::Broken, 101).await;
    settle(right, Outcome::Kept, 102).await;
    for second in [90_000, 90_001] {
        house
            .write(move |tx| casework::sweep(tx, at(second), 100))
            .await;
    }
    let found = house
        .store
        .read(|tx| counted(tx, Some(&[shop()]), at(0), at(99_999)))
        .await
        .unwrap();
    let told: Vec<(CounterEvent, &str)> = found
        .iter()
        .map(|one| (one.what, one.agent.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (CounterEvent::PromiseBroken, "小美"),
            (CounterEvent::CaseOverdue, "小美")
        ]
    );
}
