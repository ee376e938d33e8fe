//! Who waits for a human, and how many replies may leave: counted where they are claimed.

use jieban::{
    desk::{Caps, Decision, Handoff, HandoffReason, OwnerAct, Reply, ReplyClass},
    knowledge::ShopId,
    store::{
        outbox::Outcome,
        ownership,
        queue::{self, Waiting},
        staff_event::Who,
    },
};

use crate::house::*;

stories!(
    a_decision_puts_a_conversation_in_and_a_human_takes_it_out,
    the_most_urgent_goes_first,
    a_late_line_of_a_human_takes_nobody_out,
    a_customer_gets_so_many_replies_an_hour,
    a_reply_counts_from_when_it_left,
    a_shop_lets_so_many_leave_a_minute,
    what_is_held_too_long_is_said_to_be_so,
    what_cannot_be_delivered_waits_for_a_human,
    who_was_told_that_a_human_comes_is_told_nothing_else,
);

impl House {
    async fn queue(&self, seconds: i64) -> Vec<Waiting> {
        self.write(move |tx| queue::waiting(tx, &[shop(), ShopId::from("none")], at(seconds)))
            .await
    }

    /// `name reason since` of all that wait.
    async fn queued(&self, seconds: i64) -> Vec<String> {
        let start = at(0);
        self.queue(seconds)
            .await
            .iter()
            .map(|one| {
                let since = (one.since - start).num_seconds();
                format!("{} {} {since}", one.external, one.reason.code())
            })
            .collect()
    }

    /// The conversations whose replies leave now and arrive.
    async fn leave(&self, seconds: i64) -> Vec<String> {
        let mut left = Vec::new();
        for claimed in self.claim(seconds).await {
            let sent = Outcome::Sent { platform_id: None };
            self.settle(&claimed.id, sent, seconds).await;
            left.push(claimed.conversation);
        }
        left
    }

    async fn hand_over(&self, name: &str, reason: HandoffReason, since: i64) -> i64 {
        let recorded = self.asked(name, "人工").await;
        let needed = Decision {
            handoff: Some(Handoff {
                reason,
                since: at(since),
            }),
            ..decision(recorded.last_customer)
        };
        self.commit(recorded.conversation, &needed, since).await;
        recorded.conversation
    }

    /// A conversation whose reply may leave from second 0, under these caps.
    async fn capped(&self, name: &str, customer_hour: u32, shop_minute: u32) -> i64 {
        let recorded = self.asked(name, "到哪了").await;
        let waits = Decision {
            reply: Some(Reply {
                caps: Caps {
                    customer_hour,
                    shop_minute,
                },
                ..content("在路上").unwrap()
            }),
            ..decision(recorded.last_customer)
        };
        self.commit(recorded.conversation, &waits, 0).await;
        recorded.conversation
    }
}

async fn a_decision_puts_a_conversation_in_and_a_human_takes_it_out(house: House) {
    let id = house.hand_over("c", HandoffReason::Asked, 5).await;
    let waiting = house.queue(65).await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (
            waiting[0].conversation,
            waiting[0].waited,
            waiting[0].owner.as_deref()
        ),
        (id, 60, None)
    );
    assert_eq!(waiting[0].waiting_since, Some(at(0)));
    // A decision that asks for nobody sends nobody away.
    let seen = house.facts(id, 6).await;
    let turn = seen.messages.last().map(|m| m.id);
    house.commit(id, &decision(turn), 6).await;
    assert_eq!(house.queued(65).await, ["c asked 5"]);
    let mut answer = agent("h", "我来看看");
    answer.sender = Some("小李".into());
    house.record(&delivery("c", vec![answer]), 10).await;
    assert!(house.queue(65).await.is_empty());
    // So does a human who says anything about whose it is.
    for (n, act) in [
        OwnerAct::Take,
        OwnerAct::Pin,
        OwnerAct::HandBack,
        OwnerAct::End,
    ]
    .into_iter()
    .enumerate()
    {
        house
            .write(move |tx| queue::enter(tx, id, HandoffReason::Unanswered, at(20)))
            .await;
        let waiting = house.queue(30).await;
        assert_eq!(waiting[0].owner.as_deref(), Some("小李"), "who spoke last");
        let who = Who {
            name: "小王".into(),
            role: "agent".into(),
        };
        let n = 21 + n as i64;
        house
            .write(move |tx| ownership::say(tx, &who, id, act, "", at(n)))
            .await;
        assert!(house.queue(30).await.is_empty(), "{act:?}");
    }
    assert!(!house.write(move |tx| queue::leave(tx, id)).await);
}

async fn the_most_urgent_goes_first(house: House) {
    house.hand_over("asked", HandoffReason::Asked, 1).await;
    house.hand_over("lost", HandoffReason::Unknown, 0).await;
    let risky = house.hand_over("risky", HandoffReason::Risk, 9).await;
    house.hand_over("earlier", HandoffReason::Asked, 0).await;
    let wanted = [
        "risky risk 9",
        "earlier asked 0",
        "asked asked 1",
        "lost unknown 0",
    ];
    assert_eq!(house.queued(10).await, wanted);
    // A lesser reason changes nothing, a more urgent one raises; he waits since the first.
    let raised = house.queue(10).await[3].conversation;
    for (id, reason) in [
        (risky, HandoffReason::Rescued),
        (raised, HandoffReason::Risk),
    ] {
        house
            .write(move |tx| queue::enter(tx, id, reason, at(10)))
            .await;
    }
    let wanted = [
        "lost risk 0",
        "risky risk 9",
        "earlier asked 0",
        "asked asked 1",
    ];
    assert_eq!(house.queued(10).await, wanted);
    // Out and in again, it begins anew.
    assert!(house.write(move |tx| queue::leave(tx, risky)).await);
    house
        .write(move |tx| queue::enter(tx, risky, HandoffReason::Unknown, at(30)))
        .await;
    assert_eq!(house.queued(30).await.last().unwrap(), "risky unknown 30");
    assert!(
        house
            .write(|tx| queue::waiting(tx, &[ShopId::from("none")], at(30)))
            .await
            .is_empty()
    );
}

async fn a_late_line_of_a_human_takes_nobody_out(house: House) {
    house.hand_over("c", HandoffReason::Asked, 600).await;
    let mut late = agent("h", "稍等");
    late.sent_at = Some(at(300));
    house.record(&delivery("c", vec![late]), 700).await;
    assert_eq!(house.queued(700).await, ["c asked 600"]);
}

async fn a_customer_gets_so_many_replies_an_hour(house: House) {
    let id = house.capped("c", 2, 100).await;
    assert_eq!(house.claim(1).await.len(), 1);
    for n in 2..=4i64 {
        let name = format!("q{n}");
        let next = house
            .record(&delivery("c", vec![customer(&name, "那退款呢")]), n * 60)
            .await;
        let waits = Decision {
            reply: Some(Reply {
                caps: Caps {
                    customer_hour: 2,
                    shop_minute: 100,
                },
                ..reply(ReplyClass::Content, &name, n * 60, 9_000).unwrap()
            }),
            ..decision(next.last_customer)
        };
        house.commit(id, &waits, n * 60).await;
        let claimed = house.claim(n * 60).await;
        assert_eq!(claimed.len(), usize::from(n == 2), "{n}");
        if n == 3 {
            assert_eq!(house.queued(180).await, ["c capped 180"]);
            // It waits, and leaves when the first has been so long ago; then it needs nobody any more.
            assert!(house.claim(3_600).await.is_empty());
            let leaves = house.claim(3_602).await;
            assert_eq!(leaves.len(), 1);
            assert!(house.queue(3_602).await.is_empty());
            return;
        }
    }
}

/// What could not be sent has not left: it counts from when it does.
async fn a_reply_counts_from_when_it_left(house: House) {
    let id = house.capped("c", 1, 100).await;
    let first = house.claim(1).await.remove(0).id;
    let later = Outcome::Retry {
        error: "503".into(),
        next_at: at(1_800),
    };
    assert!(house.settle(&first, later, 2).await);
    assert_eq!(house.claim(1_800).await[0].id, first);
    let sent = Outcome::Sent { platform_id: None };
    assert!(house.settle(&first, sent, 1_801).await);
    let next = house
        .record(&delivery("c", vec![customer("n", "那退款呢")]), 3_000)
        .await;
    let waits = Decision {
        reply: Some(Reply {
            caps: Caps {
                customer_hour: 1,
                shop_minute: 100,
            },
            ..reply(ReplyClass::Content, "可以退", 3_000, 9_000).unwrap()
        }),
        ..decision(next.last_customer)
    };
    house.commit(id, &waits, 3_000).await;
    assert!(
        house.claim(3_700).await.is_empty(),
        "an hour after it was tried"
    );
    assert_eq!(house.claim(5_401).await.len(), 1, "an hour after it left");
}

async fn a_shop_lets_so_many_leave_a_minute(house: House) {
    for name in ["a", "b", "c", "d", "e"] {
        house.capped(name, 9, 2).await;
    }
    assert_eq!(house.leave(1).await, ["a", "b"], "in their order");
    assert_eq!(
        house.queued(1).await,
        ["c capped 1", "d capped 1", "e capped 1"]
    );
    assert!(house.leave(59).await.is_empty());
    assert_eq!(house.leave(60).await, ["c", "d"]);
    assert_eq!(house.leave(121).await, ["e"]);
    assert!(house.queue(121).await.is_empty());
    // A retry is not another reply.
    house.capped("f", 9, 2).await;
    let retried = house.claim(122).await.remove(0);
    assert_eq!(house.claim(152).await[0].id, retried.id);
}

async fn what_is_held_too_long_is_said_to_be_so(house: House) {
    house.capped("a", 9, 1).await;
    let late = house.capped("late", 9, 1).await;
    let turn = house.facts(late, 0).await.messages.last().map(|m| m.id);
    let short = Decision {
        reply: Some(Reply {
            caps: Caps {
                customer_hour: 9,
                shop_minute: 1,
            },
            ..reply(ReplyClass::Content, "在路上", 0, 30).unwrap()
        }),
        ..decision(turn)
    };
    house.commit(late, &short, 0).await;
    assert_eq!(house.claim(1).await.len(), 1);
    assert!(house.claim(30).await.is_empty());
    assert_eq!(house.states("late").await, ["expired"]);
    let why = house
        .store
        .read(|tx| {
            let row = tx.first("SELECT error FROM outbox WHERE state = 'expired'", &[])?;
            row.unwrap().opt_string("error")
        })
        .await
        .unwrap();
    assert!(why.unwrap().starts_with("held"), "the reason stays");
    assert_eq!(
        house.queued(60).await,
        ["late capped 1"],
        "and so does the customer"
    );
}

async fn what_cannot_be_delivered_waits_for_a_human(house: House) {
    for (name, crossed) in [("lost", false), ("answered", true)] {
        house.answered(name, "好").await;
        let id = house.claim(1).await.remove(0).id;
        if crossed {
            house
                .record(
                    &delivery(name, vec![agent(&format!("{name}-h"), "我来")]),
                    2,
                )
                .await;
        }
        let failed = Outcome::Failed { error: "x".into() };
        assert!(house.settle(&id, failed, 3).await);
    }
    assert_eq!(house.queued(4).await, ["lost undelivered 3"]);
}

async fn who_was_told_that_a_human_comes_is_told_nothing_else(house: House) {
    let recorded = house.asked("c", "人工").await;
    let turn = recorded.last_customer;
    let told = Decision {
        reply: reply(ReplyClass::Handoff, "同事9点在", 0, 3_600),
        ..decision(turn)
    };
    house.commit(recorded.conversation, &told, 0).await;
    assert_eq!(house.claim(1).await[0].class, ReplyClass::Handoff);
    assert_eq!(house.said("c").await[1], "notice:同事9点在");
    assert_eq!(
        house.view("c").await.waiting_since,
        Some(at(0)),
        "he still waits"
    );
    house
        .record(&delivery("c", vec![customer("2", "包邮吗")]), 5)
        .await;
    for class in [
        ReplyClass::Content,
        ReplyClass::Receipt,
        ReplyClass::Handoff,
    ] {
        let more = Decision {
            reply: reply(class, "包邮", 5, 3_600),
            ..decision(turn)
        };
        house.commit(recorded.conversation, &more, 5).await;
        assert!(house.claim(9).await.is_empty(), "{class:?}");
    }
}
