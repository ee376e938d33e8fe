//! People, the inbox, and what people write: what the console stands on.

use chrono::Duration;
use jieban::{
    config::Role as Duty,
    desk::{Decision, HandoffReason, Role},
    knowledge::{ShopId, Speaker},
    store::{
        chat::{Chat, chat, marks_of},
        feed,
        inbox::{self, View},
        outbox::{self, Claim, Claimed, Kind, Outcome},
        people::{self, Given, Lifetime, Spent, Subject},
        speaking::{Spoken, Words, speak},
        staff_event::Who,
    },
};

use crate::{
    house::*,
    races::{at_once, other},
};

stories!(
    a_link_works_once_also_for_two_at_once,
    a_session_stands_on_its_person,
    failures_are_counted_by_name_and_address,
    what_a_person_writes_leaves_whatever_happened_since,
    two_who_answer_at_once_are_not_both_sent,
    what_a_person_writes_and_cannot_arrive_comes_back,
    an_echo_of_what_a_person_wrote_is_no_second_line,
    the_inbox_finds_whom_it_is_asked_for,
    whatever_is_written_is_felt,
);

const LIFETIME: Lifetime = Lifetime {
    idle: Duration::hours(1),
    whole: Duration::hours(2),
};

fn who(name: &str) -> Who {
    Who {
        name: name.into(),
        role: "agent".into(),
    }
}

fn words(text: &str, seen: i64) -> Words {
    Words {
        text: text.into(),
        script: None,
        seen,
        anyway: false,
    }
}

impl House {
    async fn speak(&self, name: &str, conversation: i64, words: Words, seconds: i64) -> Spoken {
        let who = who(name);
        self.write(move |tx| speak(tx, &who, conversation, &words, at(seconds)))
            .await
    }

    async fn chat(&self, conversation: i64) -> Chat {
        self.store
            .read(move |tx| chat(tx, conversation))
            .await
            .unwrap()
            .unwrap()
    }

    async fn inbox(&self, view: View) -> Vec<String> {
        let shops = [shop(), ShopId::from("none")];
        let listed = self
            .store
            .read(move |tx| inbox::list(tx, Some(&shops), &view))
            .await
            .unwrap();
        listed.into_iter().map(|one| one.external).collect()
    }

    async fn pull(&self, seconds: i64) -> Vec<Claimed> {
        self.write(move |tx| {
            let who = Claim::Pull {
                source: "bridge",
                account: None,
            };
            outbox::claim(tx, who, at(seconds), 10_000, 10)
        })
        .await
    }
}

async fn a_link_works_once_also_for_two_at_once(house: House) {
    house
        .write(|tx| people::invite_first(tx, "link", at(100), at(0)))
        .await;
    let late = house
        .write(|tx| people::accept(tx, "link", "老板", "hash", at(100)))
        .await;
    assert_eq!(late, Err(Spent::Gone));
    let node = other(&house);
    let take = |store: jieban::store::Store, name: &'static str| async move {
        store
            .write(move |tx| people::accept(tx, "link", name, "hash", at(1)))
            .await
            .unwrap()
    };
    let (a, b) = at_once(take(house.store.clone(), "老板"), take(node, "小偷")).await;
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
    let everybody = house.store.read(people::everybody).await.unwrap();
    assert_eq!(everybody.len(), 1);
    assert_eq!(
        everybody[0].given,
        Some(Given {
            roles: vec![Duty::Admin],
            shops: None
        })
    );
}

async fn a_session_stands_on_its_person(house: House) {
    let given = Given {
        roles: vec![Duty::Agent],
        shops: Some(vec![shop()]),
    };
    let invited = given.clone();
    house
        .write(move |tx| {
            people::invite(
                tx,
                &who("老板"),
                "小美",
                Some(&invited),
                "link",
                at(100),
                at(0),
            )
        })
        .await;
    let kept = house
        .write(|tx| people::accept(tx, "link", "", "hash", at(1)))
        .await
        .unwrap();
    assert_eq!(
        (kept.name.as_str(), kept.given.as_ref()),
        ("小美", Some(&given))
    );
    let epoch = kept.epoch;
    let open = house
        .write(move |tx| people::open_session(tx, &who("小美"), epoch, "token", LIFETIME, at(2)))
        .await;
    assert!(open);
    let lives = |seconds: i64| {
        let store = house.store.clone();
        async move {
            let found = store
                .read(move |tx| people::session(tx, "token", LIFETIME, at(seconds)))
                .await;
            found.unwrap().is_some()
        }
    };
    assert!(lives(3_000).await && !lives(3_602).await);
    house
        .write(|tx| people::touch(tx, "token", at(3_000)))
        .await;
    assert!(
        lives(6_000).await && !lives(7_202).await,
        "the whole is two hours"
    );
    let other = Given {
        roles: vec![Duty::Editor],
        shops: None,
    };
    let changed = house
        .write(move |tx| people::set_given(tx, &who("老板"), "小美", &other, at(5)))
        .await;
    assert!(changed && !lives(6).await);
    // Proved before the change: too late.
    let open = house
        .write(move |tx| people::open_session(tx, &who("小美"), epoch, "late", LIFETIME, at(7)))
        .await;
    assert!(!open);
}

async fn failures_are_counted_by_name_and_address(house: House) {
    let subjects = [("name", 2), ("address", 4)].map(|(key, free)| Subject {
        key: key.into(),
        free,
    });
    let mut waits = Vec::new();
    for n in 0..5 {
        let counted = subjects.clone();
        house
            .write(move |tx| people::charge(tx, &counted, at(n)))
            .await;
        let asked = subjects.clone();
        let until = house
            .store
            .read(move |tx| people::locked_until(tx, &asked, at(n)))
            .await
            .unwrap();
        waits.push(until.map(|until| (until - at(n)).num_seconds()));
    }
    assert_eq!(waits, [None, Some(30), Some(60), Some(120), Some(240)]);
    // Forgotten after a quiet while.
    let counted = subjects.clone();
    house
        .write(move |tx| people::charge(tx, &counted, at(8_000)))
        .await;
    let until = house
        .store
        .read(move |tx| people::locked_until(tx, &subjects, at(8_000)))
        .await;
    assert_eq!(until.unwrap(), None);
}

async fn what_a_person_writes_leaves_whatever_happened_since(house: House) {
    let asked = house.answered("c-1", "自动的话").await;
    let id = asked.conversation;
    let said = Words {
        script: Some("track".into()),
        ..words("您好，在路上了", i64::MAX)
    };
    assert_eq!(house.speak("小美", id, said.clone(), 5).await, Spoken::Done);
    assert_eq!(
        house.speak("小美", id, Words { seen: 0, ..said }, 6).await,
        Spoken::Before,
        "pressed twice"
    );
    // The automatic reply that waited is taken back; the customer waits no more; and a new message of his, a new
    // decision and the kill switch do not keep a person's words from leaving.
    house.asked("c-1", "快点").await;
    house
        .write(|tx| {
            jieban::store::switches::kill(tx, &who("老板"), &shop(), true, "", at(7)).map(|_| ())
        })
        .await;
    let pulled = house.pull(8).await;
    assert_eq!(pulled.len(), 1, "{pulled:?}");
    assert_eq!(
        (pulled[0].kind, pulled[0].sender.as_deref()),
        (Kind::Human, Some("小美"))
    );
    assert_eq!(pulled[0].text, "您好，在路上了");
    let shown = house.chat(id).await;
    let ours: Vec<(Speaker, Option<&str>)> = shown
        .messages
        .iter()
        .filter(|said| said.speaker != Speaker::Customer)
        .map(|said| (said.speaker, said.state.as_deref()))
        .collect();
    assert_eq!(ours, [(Speaker::BotAssist, Some("claimed"))]);
    house
        .settle(&pulled[0].id, Outcome::Sent { platform_id: None }, 9)
        .await;
    assert_eq!(
        house
            .chat(id)
            .await
            .messages
            .iter()
            .filter(|said| said.state.as_deref() == Some("sent"))
            .count(),
        1
    );
}

async fn two_who_answer_at_once_are_not_both_sent(house: House) {
    let asked = house.asked("c-1", "到哪了").await;
    let (id, seen) = (asked.conversation, asked.last_customer.unwrap());
    let node = other(&house);
    let write = |store: jieban::store::Store, name: &'static str| async move {
        store
            .write(move |tx| speak(tx, &who(name), id, &words("我来回您", seen), at(5)))
            .await
            .unwrap()
    };
    let (a, b) = at_once(write(house.store.clone(), "小美"), write(node, "小丽")).await;
    let answered = |spoken: &Spoken| matches!(spoken, Spoken::Answered(Some(_)));
    assert!(
        (a == Spoken::Done && answered(&b)) || (b == Spoken::Done && answered(&a)),
        "{a:?} {b:?}"
    );
    assert_eq!(house.pull(6).await.len(), 1);
}

async fn what_a_person_writes_and_cannot_arrive_comes_back(house: House) {
    let asked = house.asked("c-1", "到哪了").await;
    let id = asked.conversation;
    house
        .speak("小美", id, words("在路上了", i64::MAX), 5)
        .await;
    assert_eq!(house.inbox(View::Waiting).await, Vec::<String>::new());
    // Tried again: it stays said. Given up: it was never said, and the customer waits as before.
    let pulled = house.pull(6).await;
    let retry = Outcome::Retry {
        error: "later".into(),
        next_at: at(7),
    };
    house.settle(&pulled[0].id, retry, 6).await;
    assert_eq!(house.chat(id).await.messages.len(), 2);
    let pulled = house.pull(8).await;
    house
        .settle(
            &pulled[0].id,
            Outcome::Failed {
                error: "gone".into(),
            },
            9,
        )
        .await;
    let shown = house.chat(id).await;
    assert_eq!(shown.messages.len(), 1);
    assert_eq!(
        shown.queued.map(|(reason, _)| reason),
        Some(HandoffReason::Undelivered)
    );
    assert_eq!(shown.home.waiting_since, Some(at(0)));
    assert_eq!(shown.unsaid[0].state, "failed");
    // Nobody fetches it.
    house
        .speak("小美", id, words("在路上了呢", i64::MAX), 20)
        .await;
    house
        .write(|tx| outbox::sweep(tx, at(621), 10).map(|_| ()))
        .await;
    let shown = house.chat(id).await;
    assert_eq!(
        (
            shown.messages.len(),
            shown.unsaid.last().unwrap().state.as_str()
        ),
        (1, "expired")
    );
    assert_eq!(house.inbox(View::Waiting).await, ["c-1"]);
}

async fn an_echo_of_what_a_person_wrote_is_no_second_line(house: House) {
    let asked = house.asked("c-1", "到哪了").await;
    let id = asked.conversation;
    house
        .speak("小美", id, words("在路上了，您放心", i64::MAX), 5)
        .await;
    house.pull(6).await;
    let echo = house
        .record(&delivery("c-1", vec![agent("p-1", "在路上了，您放心")]), 8)
        .await;
    assert_eq!((echo.echoes, echo.accepted), (1, 0));
    let shown = house.chat(id).await;
    assert_eq!(shown.messages.len(), 2);
    assert_eq!(shown.messages[1].state.as_deref(), Some("sent"));
    assert_eq!(shown.messages[1].sender.as_deref(), Some("小美"));
}

async fn the_inbox_finds_whom_it_is_asked_for(house: House) {
    for (n, (name, customer, order)) in [
        ("c-1", "Anna_100%", None),
        ("c-2", "小周", Some("2871234567890123456")),
        ("c-3", "anna", None),
    ]
    .into_iter()
    .enumerate()
    {
        let mut inbound = delivery(name, vec![customer_line(name)]);
        inbound.customer = Some(customer.into());
        inbound.order = order.map(Into::into);
        house.record(&inbound, i64::try_from(n).unwrap()).await;
    }
    let search = |text: &str| View::Search(text.to_owned());
    for (view, found) in [
        (View::Waiting, &["c-1", "c-2", "c-3"][..]),
        (View::Recent, &["c-3", "c-2", "c-1"]),
        (search("ANNA"), &["c-3", "c-1"]),
        (search("100%"), &["c-1"]),
        (search("%"), &["c-1"]),
        (search("a_1"), &["c-1"]),
        (search("3456"), &["c-2"]),
        (search("2871234567890123456"), &["c-2"]),
        (search("456"), &[]),
        (search("c-2"), &["c-2"]),
        (search("' OR 1=1--"), &[]),
        (search("  "), &[]),
    ] {
        assert_eq!(house.inbox(view.clone()).await, found, "{view:?}");
    }
    // Of other shops nothing.
    let view = View::Recent;
    let none = house
        .store
        .read(move |tx| inbox::list(tx, Some(&["none".into()]), &view))
        .await;
    assert_eq!(none.unwrap().len(), 0);
}

fn customer_line(name: &str) -> jieban::desk::InboundMessage {
    jieban::desk::InboundMessage {
        external: Some(format!("{name}-1")),
        ..line(Role::Customer, "在吗")
    }
}

async fn whatever_is_written_is_felt(house: House) {
    let before = house.store.read(feed::pulse).await.unwrap();
    let asked = house.asked("c-1", "到哪了").await;
    let id = asked.conversation;
    let after = house.store.read(feed::pulse).await.unwrap();
    assert_eq!(before.is_some(), matches!(house.engine, Engine::Postgres));
    if before.is_some() {
        assert_ne!(before, after);
    }
    let mark = || {
        let store = house.store.clone();
        async move {
            store
                .read(move |tx| marks_of(tx, &[id, 999]))
                .await
                .unwrap()
        }
    };
    let mut marks = vec![mark().await];
    house
        .commit(
            id,
            &Decision {
                suggestions: vec![suggestion("在路上")],
                ..decision(asked.last_customer)
            },
            1,
        )
        .await;
    marks.push(mark().await);
    house.speak("小美", id, words("在路上", i64::MAX), 2).await;
    marks.push(mark().await);
    let pulled = house.pull(3).await;
    marks.push(mark().await);
    house
        .settle(&pulled[0].id, Outcome::Sent { platform_id: None }, 4)
        .await;
    marks.push(mark().await);
    for pair in marks.windows(2) {
        assert_ne!(pair[0], pair[1]);
        assert_eq!(pair[1].len(), 1);
    }
}
