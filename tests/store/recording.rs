//! What arrives is kept once, in order, and told apart.

use jieban::{
    desk::Role,
    knowledge::Mode,
    store::{decisions, messages, outbox::Outcome},
};

use crate::house::*;

stories!(
    the_same_delivery_five_times_at_once_is_one_message,
    an_id_with_other_words_is_a_conflict_and_the_rest_is_kept,
    an_id_of_another_conversation_is_not_the_same_message,
    windows_without_ids_are_neither_lost_nor_doubled,
    last_night_in_one_post_is_history,
    old_messages_are_history,
    late_messages_find_their_place,
    a_human_takes_back_what_waits_and_marks_what_flies,
    what_the_sender_says_about_the_conversation_is_a_fact,
    strange_characters_are_kept,
);

async fn the_same_delivery_five_times_at_once_is_one_message(house: House) {
    let inbound = delivery("c", vec![customer("1", "在吗"), customer("2", "到哪了")]);
    let posts = (0..5).map(|_| house.record(&inbound, 0));
    let mut all = Vec::new();
    for post in futures(posts).await {
        all.push((post.accepted, post.duplicates));
    }
    all.sort_unstable();
    assert_eq!(all, [(0, 2), (0, 2), (0, 2), (0, 2), (2, 0)]);
    assert_eq!(house.tally().await.customer_messages, 2);
    assert_eq!(house.take(0).await[0].facts, 2);
}

/// Runs futures beside each other and waits for all.
async fn futures<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, done) in all.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(output) = future.as_mut().poll(context)
            {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

async fn an_id_with_other_words_is_a_conflict_and_the_rest_is_kept(house: House) {
    house
        .record(&delivery("c", vec![customer("1", "我要退款")]), 0)
        .await;
    for role in [Role::Customer, Role::Agent] {
        // With a line of the shop's side in the delivery, the ids are looked up on another road.
        let mut messages = vec![
            customer("1", "我要换货"),
            customer(&format!("new-{role:?}"), "快点"),
        ];
        messages.push(jieban::desk::InboundMessage {
            external: Some(format!("x-{role:?}")),
            ..line(role, "好的")
        });
        let again = house.record(&delivery("c", messages), 1).await;
        assert_eq!((again.accepted, again.conflicts), (2, vec!["1".to_owned()]));
    }
    assert_eq!(house.said("c").await[0], "customer:我要退款");
    assert_eq!(house.said("c").await.len(), 5);
    let twice = house
        .record(
            &delivery(
                "c",
                vec![
                    customer("2", "一"),
                    customer("2", "一"),
                    customer("2", "二"),
                ],
            ),
            2,
        )
        .await;
    assert_eq!(
        (twice.accepted, twice.duplicates, twice.conflicts.len()),
        (1, 1, 1)
    );
}

async fn an_id_of_another_conversation_is_not_the_same_message(house: House) {
    house
        .record(&delivery("a", vec![customer("1", "在吗")]), 0)
        .await;
    let other = house
        .record(&delivery("b", vec![customer("1", "在吗")]), 0)
        .await;
    // Said out loud instead of swallowed: the sender's ids are not unique.
    assert_eq!(other.conflicts, ["1"]);
}

async fn windows_without_ids_are_neither_lost_nor_doubled(house: House) {
    for (window_shown, new) in [
        (&["c:在吗"][..], 1),
        (&["c:在吗"], 0),
        (&["c:在吗", "c:在吗"], 1),
        (&["c:在吗", "c:在吗"], 0),
        (&["c:在吗", "c:在吗", "a:在的亲", "c:到哪了"], 2),
        (&["c:在吗", "a:在的亲", "c:到哪了", "s:对方正在输入"], 1),
        (
            &["a:在的亲", "c:到哪了", "s:对方正在输入", "c:快点", "a:在查"],
            2,
        ),
        (
            &[
                "c:早先的一句",
                "c:在吗",
                "c:在吗",
                "a:在的亲",
                "c:到哪了",
                "c:快点",
                "a:在查",
                "c:好",
            ],
            1,
        ),
    ] {
        let recorded = house.record(&delivery("c", window(window_shown)), 0).await;
        assert_eq!(recorded.accepted, new, "{window_shown:?}");
        assert_eq!(
            recorded.accepted + recorded.duplicates,
            window_shown.len() as u32
        );
        assert!(recorded.last_customer.is_some());
    }
    assert_eq!(
        house.said("c").await,
        [
            "customer:在吗",
            "customer:在吗",
            "human:在的亲",
            "customer:到哪了",
            "system:对方正在输入",
            "customer:快点",
            "human:在查",
            "customer:好"
        ]
    );
    // Times, where the sender tells them, tell equal lines apart.
    let timed = |seconds: i64| jieban::desk::InboundMessage {
        sent_at: Some(at(seconds)),
        ..line(Role::Customer, "在吗")
    };
    assert_eq!(
        house
            .record(&delivery("t", vec![timed(-60)]), 0)
            .await
            .accepted,
        1
    );
    assert_eq!(
        house
            .record(&delivery("t", vec![timed(-50)]), 0)
            .await
            .accepted,
        1
    );
    assert_eq!(
        house
            .record(&delivery("t", vec![timed(-60), timed(-50)]), 0)
            .await
            .accepted,
        0
    );
}

async fn last_night_in_one_post_is_history(house: House) {
    let mut lines = Vec::new();
    for n in 0..298 {
        let role = if n % 3 == 2 {
            Role::Agent
        } else {
            Role::Customer
        };
        lines.push(line(role, &format!("昨晚第{n}句")));
    }
    lines.push(line(Role::Customer, "早"));
    lines.push(line(Role::Customer, "还在吗"));
    let recorded = house.record(&delivery("c", lines.clone()), 0).await;
    assert_eq!(recorded.accepted, 300);
    assert_eq!(house.record(&delivery("c", lines), 1).await.accepted, 0);
    let messages = &house.take(1).await[0].messages;
    assert_eq!(messages.len(), 60);
    let fresh: Vec<&str> = messages
        .iter()
        .filter(|m| !m.history)
        .map(|m| m.text.as_str())
        .collect();
    // Line 297 is a customer's too, after the agent's line 296.
    assert_eq!(fresh, ["昨晚第297句", "早", "还在吗"]);
    assert_eq!(house.view("c").await.waiting_since, Some(at(0)));
    // A window that does not continue what is stored: only its last run is fresh.
    house
        .record(
            &delivery("c", window(&["c:几天后", "a:嗯", "c:你好"])),
            90_000,
        )
        .await;
    let facts = house.facts(recorded.conversation, 90_000).await;
    let tail: Vec<(&str, bool)> = facts.messages[57..]
        .iter()
        .map(|m| (m.text.as_str(), m.history))
        .collect();
    assert_eq!(tail, [("几天后", true), ("嗯", true), ("你好", false)]);
}

async fn old_messages_are_history(house: House) {
    for (id, age, history) in [
        ("1", minutes(11), true),
        ("2", minutes(9), false),
        ("3", -minutes(60), false),
    ] {
        let message = jieban::desk::InboundMessage {
            sent_at: Some(at(0) - age),
            ..customer(id, id)
        };
        house.record(&delivery(id, vec![message]), 0).await;
        let work = house.take(0).await.remove(0);
        assert_eq!(work.messages[0].history, history, "{id}");
        assert!(
            work.messages[0].at <= at(0),
            "nothing is said after it was received"
        );
    }
}

async fn late_messages_find_their_place(house: House) {
    let sent = |id: &str, seconds: i64| jieban::desk::InboundMessage {
        sent_at: Some(at(seconds)),
        ..customer(id, id)
    };
    house
        .record(&delivery("c", vec![sent("second", -100)]), 0)
        .await;
    let answer = jieban::desk::InboundMessage {
        sent_at: Some(at(-90)),
        ..agent("answer", "好的")
    };
    house.record(&delivery("c", vec![answer]), 0).await;
    assert_eq!(house.view("c").await.waiting_since, None);
    house
        .record(&delivery("c", vec![sent("first", -200)]), 0)
        .await;
    let view = house.view("c").await;
    assert_eq!(
        view.waiting_since, None,
        "it was answered before it arrived"
    );
    assert_eq!(
        view.messages
            .iter()
            .map(|m| m.text.as_str())
            .collect::<Vec<_>>(),
        ["first", "second", "好的"]
    );
    // A human's late line does not end the waiting for what came after it.
    house
        .record(
            &delivery("c", vec![sent("third", -80), sent("fourth", -60)]),
            0,
        )
        .await;
    let late = jieban::desk::InboundMessage {
        sent_at: Some(at(-70)),
        ..agent("late", "嗯")
    };
    house.record(&delivery("c", vec![late]), 0).await;
    assert_eq!(house.view("c").await.waiting_since, Some(at(-60)));
}

async fn a_human_takes_back_what_waits_and_marks_what_flies(house: House) {
    for (name, claim_first, state, crossed) in [
        ("waits", false, "withdrawn", false),
        ("flies", true, "claimed", true),
    ] {
        house.answered(name, "包裹在路上").await;
        let claimed = if claim_first {
            house.claim(1).await
        } else {
            vec![]
        };
        house
            .record(
                &delivery(name, vec![agent(&format!("{name}-a"), "我来")]),
                2,
            )
            .await;
        let reply = house.view(name).await.replies.remove(0);
        assert_eq!(
            (reply.state.as_str(), reply.crossed),
            (state, crossed),
            "{name}"
        );
        assert!(house.claim(3).await.is_empty());
        for claimed in claimed {
            assert!(
                house
                    .settle(&claimed.id, Outcome::Sent { platform_id: None }, 4)
                    .await
            );
            let reply = house.view(name).await.replies.remove(0);
            assert_eq!((reply.state.as_str(), reply.crossed), ("sent", true));
        }
        assert_eq!(house.view(name).await.waiting_since, None);
    }
}

async fn what_the_sender_says_about_the_conversation_is_a_fact(house: House) {
    let recorded = house.answered("c", "包裹在路上").await;
    let mut inbound = delivery("c", vec![customer("c-1", "到哪了")]);
    inbound.mode = Some(Mode::Off);
    inbound.order = Some("123".into());
    assert_eq!(house.record(&inbound, 1).await.duplicates, 1);
    let facts = house.facts(recorded.conversation, 1).await;
    assert_eq!(
        (facts.lowered, facts.order.as_deref()),
        (Some(Mode::Off), Some("123"))
    );
    assert!(
        house.claim(2).await.is_empty(),
        "decided before the mode was lowered"
    );
    let work = house.take(2).await.remove(0);
    assert_eq!(work.order.as_deref(), Some("123"));
    // The next delivery says otherwise about the mode, and nothing about the order.
    house
        .record(&delivery("c", vec![customer("c-2", "喂")]), 3)
        .await;
    let facts = house.facts(recorded.conversation, 3).await;
    assert_eq!((facts.lowered, facts.order.as_deref()), (None, Some("123")));
}

async fn strange_characters_are_kept(house: House) {
    for (n, text) in [
        "a\0b",
        "'; DROP TABLE message; --",
        "?1 $1",
        "\u{1f469}\u{200d}\u{1f4bb}",
        "",
    ]
    .iter()
    .enumerate()
    {
        let inbound = delivery("c", vec![customer(&format!("\0{n}"), text)]);
        assert_eq!(house.record(&inbound, 0).await.accepted, 1);
        assert_eq!(house.record(&inbound, 0).await.duplicates, 1);
    }
    assert_eq!(house.said("c").await[0], "customer:a\u{fffd}b");
    // A verb that fails keeps nothing, and harms no other.
    let inbound = delivery("d", vec![customer("d", "好")]);
    let failed = house
        .store
        .write(move |tx| {
            messages::record(tx, &inbound, &shop(), at(0))?;
            tx.run("INSERT INTO no_such_table VALUES (1)", &[])
        })
        .await;
    assert!(failed.is_err());
    let seen = jieban::desk::Seen {
        conversation: 99,
        facts: 0,
        epoch: 0,
    };
    let nobody = house
        .store
        .write(move |tx| decisions::commit(tx, &seen, &decision(None), false, "2611", at(0)))
        .await;
    assert!(nobody.is_err());
    assert_eq!(house.tally().await.conversations, 1);
}
