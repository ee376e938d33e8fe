//! Sheets, notes on orders and counters: written once, accepted once, counted with their proofs.

use chrono::Duration;
use jieban::{
    desk::{
        handover::{Book, ItemState, Section, Span},
        notes::{Channel, Flag, MissedCase},
    },
    knowledge::{ShopId, case_kind::CaseKind, counters::CounterEvent, files},
    store::{
        counters::counted,
        handover::{
            self, New,
            accepting::{self, Came, Which},
            log, overtaken,
        },
        knowledge::publish,
        order_notes,
        staff_event::{Wanted, What, Who, events},
    },
};

use crate::{
    house::*,
    races::{at_once, other},
};

stories!(
    a_shift_is_folded_from_what_was_kept,
    a_sheet_is_written_once,
    two_nodes_write_one_sheet,
    items_are_accepted_refused_and_given,
    what_is_done_need_not_be_accepted,
    who_leaves_too_early_is_counted,
    what_the_bot_takes_it_takes_at_once,
    the_next_sheet_takes_over,
    words_wait_for_the_next_sheet,
    a_note_is_seen_or_missed_once,
    a_version_that_holds_is_in_the_log,
);

pub(crate) fn who(name: &str) -> Who {
    Who {
        name: name.into(),
        role: "agent".into(),
    }
}

pub(crate) fn span(from: i64, until: i64) -> Span {
    Span {
        shift: "早班".into(),
        from: at(from),
        until: at(until),
        day: at(0),
        leavers: vec!["小李".into()],
        takers: vec!["小赵".into()],
        next: "晚班".into(),
        to_people: true,
        carries: false,
        of: None,
    }
}

impl House {
    /// Where the sheets of the shop begin.
    pub(crate) async fn base(&self, seconds: i64) -> i64 {
        self.write(move |tx| {
            let span = span(-1, seconds);
            let book = log::opening(tx, &shop(), &span)?;
            handover::begin(tx, &shop(), &span, &book, at(seconds))?;
            Ok(handover::last(tx, &shop())?.unwrap().id)
        })
        .await
    }

    async fn folded(&self, span: Span) -> New {
        let until = span.until;
        let (previous, span, book) = self
            .store
            .read(move |tx| handover::book_at(tx, &shop(), until, &|_| span.clone()))
            .await
            .unwrap()
            .unwrap();
        New {
            shop: shop(),
            previous,
            span,
            book,
        }
    }

    pub(crate) async fn handed_over(&self, span: Span) -> i64 {
        let new = self.folded(span).await;
        let now = new.span.until + Duration::seconds(10);
        self.write(move |tx| handover::write(tx, &Who::bot(), &new, "", now))
            .await
            .unwrap()
    }

    async fn fates(&self, sheet: i64) -> Vec<(String, ItemState, Option<String>)> {
        let found = self.store.read(move |tx| handover::sheet(tx, sheet)).await;
        let items = found.unwrap().unwrap().1.items;
        items
            .into_iter()
            .map(|(item, fate)| (item.key, fate.state, fate.by))
            .collect()
    }

    async fn acts(&self, sheet: i64) -> Vec<String> {
        let found = self
            .store
            .read(|tx| events(tx, &Wanted::default(), 100))
            .await;
        let mut acts: Vec<String> = found
            .unwrap()
            .into_iter()
            .filter(|event| event.what == What::Handover && event.subject == Some(sheet))
            .map(|event| {
                format!(
                    "{} {}",
                    event.who.name,
                    event.after["act"].as_str().unwrap()
                )
            })
            .collect();
        acts.reverse();
        acts
    }

    pub(crate) async fn is_as_the_log_tells(&self, sheet: i64) {
        let both = self
            .store
            .read(move |tx| Ok((handover::book(tx, sheet)?, handover::regenerate(tx, sheet)?)));
        let (written, again) = both.await.unwrap();
        assert!(written.is_some());
        assert_eq!(written, again);
    }

    /// A conversation in which the customer waits, one with a case, and a line of the bot.
    async fn busy(&self) {
        self.asked("waits", "在吗 13800138034").await;
        let recorded = self.asked("case", "少了一个").await;
        let mut said = decision(recorded.last_customer);
        said.cases = vec![case(Some("2871234567890123456"), "少了一个")];
        self.commit(recorded.conversation, &said, 1).await;
        self.answered("bot", "满39元包邮").await;
        let claimed = self.claim(2).await;
        let sent = jieban::store::outbox::Outcome::Sent { platform_id: None };
        self.settle(&claimed[0].id, sent, 3).await;
    }
}

async fn a_shift_is_folded_from_what_was_kept(house: House) {
    house.base(-10).await;
    house.busy().await;
    let sheet = house.handed_over(span(-10, 100)).await;
    let keys: Vec<String> = house
        .fates(sheet)
        .await
        .into_iter()
        .map(|(key, ..)| key)
        .collect();
    let (waits, asked) = (
        house.view_number("waits").await,
        house.view_number("case").await,
    );
    assert_eq!(
        keys[..3],
        [
            format!("conversation:{waits}"),
            format!("conversation:{asked}"),
            "case:LF-2611-0001".to_owned(),
        ]
    );
    assert!(keys[3].starts_with("said:") && keys.len() == 4, "{keys:?}");
    let found = house.store.read(move |tx| handover::sheet(tx, sheet)).await;
    let items = found.unwrap().unwrap().1.items;
    assert_eq!(items[0].0.detail, "「在吗 138******34」");
    assert_eq!(items[2].0.detail, "待处理，订单 ***************3456");
    assert!(items.iter().all(|(_, fate)| fate.state == ItemState::Open));
    house.is_as_the_log_tells(sheet).await;
    // What came later is the next sheet's.
    house
        .record(&delivery("waits", vec![agent("a-1", "在的")]), 150)
        .await;
    house
        .record(&delivery("new", vec![customer("n-1", "还在吗")]), 160)
        .await;
    house.is_as_the_log_tells(sheet).await;
    let next = house.handed_over(span(100, 200)).await;
    house.is_as_the_log_tells(next).await;
    let sections: Vec<Section> = {
        let found = house.store.read(move |tx| handover::sheet(tx, next)).await;
        let items = found.unwrap().unwrap().1.items;
        items.into_iter().map(|(item, _)| item.section).collect()
    };
    assert_eq!(
        sections,
        [Section::Nobody, Section::Nobody, Section::Case],
        "who was answered is gone, and so is what was told"
    );
}

async fn a_sheet_is_written_once(house: House) {
    house.base(-10).await;
    house.busy().await;
    let new = house.folded(span(-10, 100)).await;
    let again = new.clone();
    let first = house
        .write(move |tx| handover::write(tx, &Who::bot(), &new, "", at(110)))
        .await;
    let second = house
        .write(move |tx| handover::write(tx, &Who::bot(), &again, "", at(111)))
        .await;
    assert_eq!((first.is_some(), second), (true, None));
    assert_eq!(house.acts(first.unwrap()).await, ["bot written"]);
    // Nor do its shop's sheets begin again.
    let begun =
        house.write(|tx| handover::begin(tx, &shop(), &span(0, 200), &Book::default(), at(200)));
    assert!(!begun.await);
}

async fn two_nodes_write_one_sheet(house: House) {
    house.base(-10).await;
    house.busy().await;
    let new = house.folded(span(-10, 100)).await;
    let node = other(&house);
    let write = |store: jieban::store::Store| {
        let new = new.clone();
        async move {
            let verb = move |tx: &mut dyn jieban::store::Tx| {
                handover::write(tx, &Who::bot(), &new, "", at(110))
            };
            store.write(verb).await.unwrap()
        }
    };
    let written = at_once(write(house.store.clone()), write(node)).await;
    let count = [written.0, written.1].iter().flatten().count();
    assert_eq!(count, 1);
}

async fn items_are_accepted_refused_and_given(house: House) {
    house.base(-10).await;
    house.busy().await;
    let sheet = house.handed_over(span(-10, 100)).await;
    let keys: Vec<String> = house
        .fates(sheet)
        .await
        .into_iter()
        .map(|(key, ..)| key)
        .collect();
    let these = |n: usize| Which::These(vec![keys[n].clone()]);
    let leaver = Which::All;
    let came = house
        .write(move |tx| accepting::accept(tx, &who("小李"), sheet, &leaver, at(120)))
        .await;
    assert_eq!(came, Came::Leaver);
    let which = these(0);
    let came = house
        .write(move |tx| accepting::accept(tx, &who("小赵"), sheet, &which, at(120)))
        .await;
    assert_eq!(came, Came::Done(vec![keys[0].clone()]));
    // The customer who waits is his now.
    let number = house.view_number("waits").await;
    let owned = house.facts(number, 130).await.ownership.unwrap();
    assert_eq!(owned.agent, "小赵");
    let which = these(0);
    let came = house
        .write(move |tx| accepting::accept(tx, &who("小周"), sheet, &which, at(121)))
        .await;
    assert_eq!(came, Came::Done(vec![]), "he has it");
    let which = these(0);
    let came = house
        .write(move |tx| accepting::refuse(tx, &who("小周"), sheet, &which, "不归我", at(122)))
        .await;
    assert_eq!(came, Came::Taken(keys[0].clone(), "小赵".into()));
    for seconds in [123, 124] {
        let which = these(2);
        let came = house
            .write(move |tx| {
                accepting::refuse(tx, &who("小赵"), sheet, &which, "没有权限", at(seconds))
            })
            .await;
        let changed = if seconds == 123 {
            vec![keys[2].clone()]
        } else {
            vec![]
        };
        assert_eq!(came, Came::Done(changed));
    }
    let strange = Which::These(vec!["case:XX".into()]);
    let came = house
        .write(move |tx| accepting::accept(tx, &who("小赵"), sheet, &strange, at(125)))
        .await;
    assert_eq!(came, Came::NoItem("case:XX".into()));
    // The supervisor gives all that waits to somebody, and what the sick one had.
    let boss = Who {
        name: "王主管".into(),
        role: "supervisor".into(),
    };
    let whose = (Some("小赵"), "小周");
    let came = house
        .write(move |tx| {
            accepting::force(tx, &boss, sheet, &Which::All, whose, "小赵生病", at(130))
        })
        .await;
    assert_eq!(came, Came::Done(keys.clone()));
    let owned = house.facts(number, 140).await.ownership.unwrap();
    assert_eq!(owned.agent, "小周");
    assert!(
        house.fates(sheet).await.iter().all(|(_, state, by)| {
            *state == ItemState::Forced && by.as_deref() == Some("小周")
        })
    );
    let kept = house
        .store
        .read(move |tx| handover::one(tx, sheet))
        .await
        .unwrap()
        .unwrap();
    assert!(kept.settled && kept.waiting == 0);
    assert_eq!(
        house.acts(sheet).await,
        [
            "bot written",
            "小赵 accepted",
            "小赵 refused",
            "王主管 forced"
        ]
    );
    assert_eq!(
        house
            .write(|tx| accepting::accept(tx, &who("小赵"), 999, &Which::All, at(140)))
            .await,
        Came::NoSheet
    );
}

async fn what_is_done_need_not_be_accepted(house: House) {
    house.base(-10).await;
    house.busy().await;
    let sheet = house.handed_over(span(-10, 100)).await;
    house
        .record(&delivery("waits", vec![agent("a-1", "在的")]), 150)
        .await;
    let done = house
        .store
        .read(move |tx| overtaken::done_since(tx, sheet))
        .await
        .unwrap();
    let number = house.view_number("waits").await;
    assert_eq!(done, [format!("conversation:{number}")]);
    house
        .write(move |tx| overtaken::finish(tx, sheet, &done, at(160)))
        .await;
    assert_eq!(house.fates(sheet).await[0].1, ItemState::Done);
    assert_eq!(
        house
            .store
            .read(move |tx| overtaken::done_since(tx, sheet))
            .await
            .unwrap(),
        [""; 0]
    );
}

async fn who_leaves_too_early_is_counted(house: House) {
    house.base(-10).await;
    house.busy().await;
    let mut two = span(-10, 100);
    two.leavers = vec!["小李".into(), "小王".into()];
    let sheet = house.handed_over(two).await;
    let late = |seconds: i64| house.write(move |tx| overtaken::overdue(tx, sheet, at(seconds)));
    assert!(!late(100 + 1_799).await, "not half an hour yet");
    let unaccepted = |seconds| {
        house
            .store
            .read(move |tx| handover::unaccepted(tx, at(seconds)))
    };
    assert_eq!(unaccepted(1_899).await.unwrap().len(), 0);
    assert_eq!(unaccepted(1_900).await.unwrap().len(), 1);
    for _ in 0..2 {
        let came = house
            .write(move |tx| accepting::leave(tx, &who("小李"), "小李", sheet, at(200)))
            .await;
        assert!(matches!(came, Came::Done(keys) if keys.len() == 4));
    }
    assert!(late(1_900).await);
    assert!(!late(1_901).await, "once");
    assert_eq!(
        house.acts(sheet).await,
        ["bot written", "小李 left", "bot overdue", "bot left"]
    );
    let no = Which::All;
    house
        .write(move |tx| accepting::refuse(tx, &who("小赵"), sheet, &no, "人手不够", at(2_000)))
        .await;
    let shops = [shop()];
    let all = house
        .store
        .read(move |tx| counted(tx, Some(&shops), at(0), at(9_000)))
        .await
        .unwrap();
    let told: Vec<(CounterEvent, &str)> = all
        .iter()
        .map(|one| (one.what, one.agent.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (CounterEvent::LeftUnaccepted, "小李"),
            (CounterEvent::LeftUnaccepted, "小王"),
            (CounterEvent::Refused, "小赵"),
        ]
    );
    let elsewhere = [ShopId::from("other")];
    let none = house
        .store
        .read(move |tx| counted(tx, Some(&elsewhere), at(0), at(9_000)))
        .await;
    assert_eq!(none.unwrap(), []);
}

async fn what_the_bot_takes_it_takes_at_once(house: House) {
    house.base(-10).await;
    house.busy().await;
    let night = Span {
        to_people: false,
        takers: vec![],
        next: "夜间值守".into(),
        ..span(-10, 100)
    };
    let sheet = house.handed_over(night).await;
    assert!(
        house.fates(sheet).await.iter().all(|(_, state, by)| {
            *state == ItemState::Accepted && by.as_deref() == Some("bot")
        })
    );
    assert_eq!(
        house
            .store
            .read(|tx| handover::unaccepted(tx, at(5_000)))
            .await
            .unwrap(),
        []
    );
    let number = house.view_number("waits").await;
    assert_eq!(house.facts(number, 200).await.ownership, None);
    // In the morning it tells again what it was told and what it said.
    let last = house
        .store
        .read(|tx| handover::last(tx, &shop()))
        .await
        .unwrap()
        .unwrap();
    assert!(last.carries);
    let morning = Span {
        carries: true,
        ..span(100, 200)
    };
    let sheet = house.handed_over(morning).await;
    assert_eq!(house.fates(sheet).await.len(), 4);
    house.is_as_the_log_tells(sheet).await;
}

async fn the_next_sheet_takes_over(house: House) {
    house.base(-10).await;
    house.busy().await;
    let first = house.handed_over(span(-10, 100)).await;
    let which = Which::These(vec!["case:LF-2611-0001".into()]);
    house
        .write(move |tx| accepting::accept(tx, &who("小赵"), first, &which, at(120)))
        .await;
    // What is one person's is handed over beside it.
    let partly = Span {
        of: Some("小李".into()),
        ..span(100, 150)
    };
    let second = house.handed_over(partly).await;
    assert_eq!(house.fates(second).await, []);
    assert_eq!(house.fates(first).await[0].1, ItemState::Open);
    let third = house.handed_over(span(150, 200)).await;
    let lapsed: Vec<ItemState> = house
        .fates(first)
        .await
        .into_iter()
        .map(|(_, state, _)| state)
        .collect();
    use ItemState::{Accepted, Lapsed, Open};
    assert_eq!(lapsed, [Lapsed, Lapsed, Accepted, Lapsed]);
    assert!(
        house
            .fates(third)
            .await
            .iter()
            .all(|(_, state, _)| *state == Open)
    );
    let list = house.store.read(|tx| {
        handover::list(
            tx,
            &handover::Wanted {
                open: true,
                ..Default::default()
            },
            10,
        )
    });
    let open: Vec<i64> = list.await.unwrap().iter().map(|kept| kept.id).collect();
    assert_eq!(open, [third]);
    for sheet in [first, second, third] {
        house.is_as_the_log_tells(sheet).await;
    }
}

async fn words_wait_for_the_next_sheet(house: House) {
    house.base(-10).await;
    house.busy().await;
    house
        .write(|tx| accepting::say(tx, &who("小李"), &shop(), None, None, "先看第一位", at(50)))
        .await;
    let next = house
        .store
        .read(|tx| handover::next_words(tx, &shop()))
        .await
        .unwrap();
    assert_eq!(next.len(), 1);
    let sheet = house.handed_over(span(-10, 100)).await;
    let key = Some("case:LF-2611-0001");
    house
        .write(move |tx| {
            accepting::say(
                tx,
                &who("小李"),
                &shop(),
                Some(sheet),
                key,
                "仓库已知道",
                at(120),
            )
        })
        .await;
    let strange = house.write(move |tx| {
        accepting::say(
            tx,
            &who("小李"),
            &shop(),
            Some(sheet),
            Some("x"),
            "？",
            at(121),
        )
    });
    assert_eq!(strange.await, Came::NoItem("x".into()));
    let found = house
        .store
        .read(move |tx| handover::sheet(tx, sheet))
        .await
        .unwrap()
        .unwrap()
        .1;
    let told: Vec<(Option<&str>, &str)> = found
        .words
        .iter()
        .map(|w| (w.key.as_deref(), w.text.as_str()))
        .collect();
    assert_eq!(told, [(None, "先看第一位"), (key, "仓库已知道")]);
    assert_eq!(
        house
            .store
            .read(|tx| handover::next_words(tx, &shop()))
            .await
            .unwrap(),
        []
    );
}

async fn a_note_is_seen_or_missed_once(house: House) {
    let new = |order: &str| order_notes::New {
        order: order.into(),
        channel: Channel::Seller,
        flag: Some(Flag::Red),
        text: "改地址".into(),
        kind: Some("改地址".into()),
        conversation: None,
    };
    let write = |order: &'static str, seconds| {
        house.write(move |tx| {
            order_notes::write(
                tx,
                &who("小李"),
                &shop(),
                &new(order),
                at(1_000),
                at(seconds),
            )
        })
    };
    let seen = write("A1", 1).await;
    let missed = write("A2", 2).await;
    assert_eq!(write("A2", 3).await, missed);
    let more = write("A3", 4).await;
    let checker = || Who {
        name: "老陈".into(),
        role: "warehouse".into(),
    };
    let id = seen.id;
    for first in [true, false] {
        let came = house
            .write(move |tx| order_notes::see(tx, &checker(), id, at(10)))
            .await
            .unwrap();
        assert_eq!((came.0.seen_by.as_deref(), came.1), (Some("老陈"), first));
    }
    assert!(
        house
            .store
            .read(|tx| order_notes::is_noted(tx, &shop(), "A1"))
            .await
            .unwrap()
    );
    assert!(
        !house
            .store
            .read(|tx| order_notes::is_noted(tx, &shop(), "A9"))
            .await
            .unwrap()
    );
    let late = |seconds| {
        house
            .store
            .read(move |tx| order_notes::late(tx, at(seconds), 10))
    };
    assert_eq!(late(999).await.unwrap(), []);
    let found = late(1_000).await.unwrap();
    assert_eq!(
        found.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        [missed.id, more.id]
    );
    let case = MissedCase {
        kind: CaseKind {
            prefix: "LB".into(),
            handler: "售后".into(),
            ..CaseKind::lost("漏备注".into(), false)
        },
        month: "2611".into(),
        first_due: at(2_000),
        finish_due: at(3_000),
        note: "审单没有看到".into(),
    };
    // Two nodes find it at once.
    let node = other(&house);
    let miss = |store: jieban::store::Store| {
        let (case, id) = (case.clone(), missed.id);
        async move {
            let verb =
                move |tx: &mut dyn jieban::store::Tx| order_notes::miss(tx, id, &case, at(1_000));
            store.write(verb).await.unwrap()
        }
    };
    let came = at_once(miss(house.store.clone()), miss(node)).await;
    let numbers: Vec<String> = [came.0, came.1].into_iter().flatten().collect();
    assert_eq!(numbers, ["LB-2611-0001"]);
    assert_eq!(late(5_000).await.unwrap().len(), 1);
    // Another note on the same order is one more line of the same case.
    let second = house
        .write(move |tx| {
            order_notes::write(tx, &who("小李"), &shop(), &new("A2"), at(1_500), at(1_100))
        })
        .await;
    assert_ne!(second.id, missed.id);
    let again = house
        .write(move |tx| order_notes::miss(tx, second.id, &case, at(1_500)))
        .await;
    assert_eq!(again.as_deref(), Some("LB-2611-0001"));
    let shops = [shop()];
    let all = house
        .store
        .read(move |tx| counted(tx, Some(&shops), at(0), at(9_000)))
        .await
        .unwrap();
    assert!(
        all.iter()
            .all(|one| one.what == CounterEvent::NoteMissed && one.agent == "小李")
    );
    assert_eq!(all.len(), 2);
    let wanted = order_notes::Wanted {
        shops: Some(vec![shop()]),
        unseen: true,
        ..Default::default()
    };
    let open = house
        .store
        .read(move |tx| order_notes::list(tx, &wanted, 10))
        .await
        .unwrap();
    assert_eq!(
        open.iter().map(|note| note.id).collect::<Vec<_>>(),
        [missed.id, more.id, second.id]
    );
}

async fn a_version_that_holds_is_in_the_log(house: House) {
    house.base(-10).await;
    let publish_at = |version: &'static str, script: &'static str, seconds| {
        house.write(move |tx| {
            let folder = files([("scripts/a.md", script), ("shops.yaml", "x")]);
            publish(tx, version, &folder, &[shop()], at(seconds))
        })
    };
    publish_at("v1", "一", 1).await;
    publish_at("v2", "二", 2).await;
    publish_at("v2", "二", 3).await;
    let sheet = house.handed_over(span(-10, 100)).await;
    assert_eq!(house.fates(sheet).await[0].0, "script:scripts/a.md");
    publish_at("v1", "一", 150).await;
    house.is_as_the_log_tells(sheet).await;
    let next = house.handed_over(span(100, 200)).await;
    assert_eq!(
        house.fates(next).await,
        [],
        "it was put back on the same day"
    );
}
