//! Our own words are known when they come back.

use jieban::{
    desk::{Decision, InboundMessage, Role},
    store::outbox::Outcome,
};

use crate::house::*;

stories!(
    our_reply_between_the_lines_of_a_window,
    a_human_line_before_our_reply_in_a_window,
    an_echo_is_heard_once_and_is_no_fact,
    an_echo_proves_that_it_was_sent,
    a_truncated_echo_is_ours,
    an_id_goes_before_words,
    a_window_without_ids_shows_what_the_platform_named,
    what_waits_has_no_echo,
    a_suggestion_that_comes_back_is_used,
    words_are_ours_for_a_while_only,
    a_window_that_shows_our_words_again_after_a_day,
);

async fn our_reply_between_the_lines_of_a_window(house: House) {
    let first = house.record(&delivery("c", window(&["c:到哪了"])), 0).await;
    let decision = Decision {
        reply: content("包裹在路上"),
        ..decision(first.last_customer)
    };
    house.commit(first.conversation, &decision, 0).await;
    assert_eq!(house.claim(5).await.len(), 1);
    // The customer's next line overtakes our reply; then the window shows it, labelled as anybody's.
    assert_eq!(
        house
            .record(&delivery("c", window(&["c:到哪了", "c:快点"])), 6)
            .await
            .accepted,
        1
    );
    for _ in 0..2 {
        let shown = house
            .record(
                &delivery("c", window(&["c:到哪了", "c:快点", "a:包裹在路上"])),
                7,
            )
            .await;
        assert_eq!(shown.accepted, 0);
    }
    let shown = house
        .record(
            &delivery("c", window(&["c:快点", "b:包裹在路上", "c:谢谢"])),
            8,
        )
        .await;
    assert_eq!(shown.accepted, 1, "the customer's thanks");
    let said = house.said("c").await;
    assert_eq!(
        said.iter().filter(|line| line.contains("包裹")).count(),
        1,
        "{said:?}"
    );
    assert!(!said.iter().any(|line| is_human(line)));
}

async fn a_human_line_before_our_reply_in_a_window(house: House) {
    let first = house.record(&delivery("c", window(&["c:到哪了"])), 0).await;
    let decision = Decision {
        reply: content("包裹在路上"),
        ..decision(first.last_customer)
    };
    house.commit(first.conversation, &decision, 0).await;
    house.claim(5).await;
    for (accepted, echoes) in [(1, 1), (0, 0), (0, 0)] {
        let shown = house
            .record(
                &delivery("c", window(&["c:到哪了", "a:我来看看", "a:包裹在路上"])),
                6,
            )
            .await;
        assert_eq!((shown.accepted, shown.echoes), (accepted, echoes));
    }
    let later = house
        .record(
            &delivery("c", window(&["a:我来看看", "a:包裹在路上", "a:明天到"])),
            7,
        )
        .await;
    assert_eq!(later.accepted, 1);
    assert!(
        house.view("c").await.replies[0].crossed,
        "a human spoke while it was on the wire"
    );
}

async fn an_echo_is_heard_once_and_is_no_fact(house: House) {
    let recorded = house.answered("c", "包裹在路上").await;
    let id = house.claim(1).await.remove(0).id;
    house
        .settle(
            &id,
            Outcome::Sent {
                platform_id: Some("p-1".into()),
            },
            2,
        )
        .await;
    // The same words under another id are a human's: the platform told us ours.
    let human = house
        .record(&delivery("c", vec![agent("p-0", "包裹在路上")]), 3)
        .await;
    assert_eq!((human.accepted, human.echoes), (1, 0));
    let before = house.seen(recorded.conversation).await;
    let echo = house
        .record(&delivery("c", vec![agent("p-1", "包裹 在路上")]), 4)
        .await;
    assert_eq!((echo.accepted, echo.echoes), (0, 1));
    let again = house
        .record(&delivery("c", vec![agent("p-1", "包裹 在路上")]), 5)
        .await;
    assert_eq!((again.accepted, again.echoes, again.duplicates), (0, 0, 1));
    assert_eq!(house.seen(recorded.conversation).await, before);
    assert_eq!(
        house.said("c").await,
        ["customer:到哪了", "bot_auto:包裹在路上", "human:包裹在路上"]
    );
    // Heard once: the next time an agent says the same it is his.
    assert_eq!(
        house
            .record(&delivery("c", vec![agent("p-2", "包裹在路上")]), 6)
            .await
            .accepted,
        1
    );
}

async fn an_echo_proves_that_it_was_sent(house: House) {
    house.answered("c", "包裹在路上").await;
    let id = house.claim(1).await.remove(0).id;
    house
        .record(&delivery("c", vec![agent("p", "包裹在路上")]), 2)
        .await;
    assert_eq!(house.states("c").await, ["sent"]);
    let retry = Outcome::Retry {
        error: "timeout".into(),
        next_at: at(9),
    };
    assert!(
        !house.settle(&id, retry, 3).await,
        "what the customer has read is not sent again"
    );
    assert!(
        house
            .settle(
                &id,
                Outcome::Sent {
                    platform_id: Some("p".into())
                },
                4
            )
            .await
    );
}

async fn a_truncated_echo_is_ours(house: House) {
    let text =
        "您好，您的包裹已经从杭州分拣中心发出，预计明天下午送达，请保持电话畅通，谢谢您的耐心等待";
    house.answered("c", text).await;
    house.claim(1).await;
    let short = house.record(&delivery("c", window(&["a:您好"])), 2).await;
    assert_eq!(
        (short.accepted, short.echoes),
        (1, 0),
        "two characters prove nothing"
    );
    let cut: String = text.chars().take(25).collect();
    let cut = house
        .record(
            &delivery(
                "c",
                vec![line(Role::Agent, "您好"), line(Role::Agent, &cut)],
            ),
            3,
        )
        .await;
    assert_eq!((cut.accepted, cut.echoes), (0, 1));
}

async fn a_suggestion_that_comes_back_is_used(house: House) {
    let recorded = house.asked("c", "到哪了").await;
    let decision = Decision {
        suggestions: vec![suggestion("亲，包裹在路上"), suggestion("帮您查一下")],
        ..decision(recorded.last_customer)
    };
    house.commit(recorded.conversation, &decision, 0).await;
    house
        .record(&delivery("c", vec![agent("a", "亲,包裹在路上")]), 5)
        .await;
    assert_eq!(house.said("c").await[1], "bot_assist:亲,包裹在路上");
    let used = house
        .store
        .read(|tx| {
            let row = tx
                .first("SELECT used, used_at FROM decision", &[])?
                .unwrap();
            Ok((row.opt_string("used")?, row.opt_time("used_at")?))
        })
        .await
        .unwrap();
    assert_eq!(used, (Some("track".into()), Some(at(5))));
    // It counts as a human's: facts have moved on.
    assert!(house.facts(recorded.conversation, 5).await.seen.facts == 2);
}

async fn an_id_goes_before_words(house: House) {
    // Two replies with the same words; the platform named the second.
    let first = house.answered("c", "包裹在路上").await;
    house.claim(1).await;
    let next = house
        .record(&delivery("c", vec![customer("n", "还没到吗")]), 2)
        .await;
    let again = Decision {
        reply: content("包裹在路上"),
        ..decision(next.last_customer)
    };
    house.commit(first.conversation, &again, 3).await;
    let second = house.claim(4).await.remove(0).id;
    let sent = Outcome::Sent {
        platform_id: Some("p-2".into()),
    };
    house.settle(&second, sent, 5).await;
    let echo = house
        .record(&delivery("c", vec![agent("p-2", "包裹在路上")]), 6)
        .await;
    assert_eq!((echo.accepted, echo.echoes), (0, 1));
    assert_eq!(
        house.states("c").await,
        ["claimed", "sent"],
        "the first is not heard yet"
    );
    let echo = house
        .record(&delivery("c", vec![agent("p-1", "包裹在路上")]), 7)
        .await;
    assert_eq!((echo.accepted, echo.echoes), (0, 1));
    assert_eq!(house.states("c").await, ["sent", "sent"]);
    // Each is heard once: the third is a human's.
    let human = house
        .record(&delivery("c", vec![agent("p-3", "包裹在路上")]), 8)
        .await;
    assert_eq!((human.accepted, human.echoes), (1, 0));
}

async fn a_window_without_ids_shows_what_the_platform_named(house: House) {
    let text = "您好，您的包裹已经从杭州分拣中心发出，预计明天下午送达，请保持电话畅通，谢谢";
    house.answered("c", text).await;
    let id = house.claim(1).await.remove(0).id;
    let sent = Outcome::Sent {
        platform_id: Some("p-1".into()),
    };
    house.settle(&id, sent, 2).await;
    // A start of it under another id proves nothing.
    let cut: String = text.chars().take(25).collect();
    let other = house
        .record(&delivery("c", vec![agent("p-9", &cut)]), 3)
        .await;
    assert_eq!((other.accepted, other.echoes), (1, 0));
    let shown = house
        .record(&delivery("c", vec![line(Role::Agent, text)]), 4)
        .await;
    assert_eq!((shown.accepted, shown.echoes), (0, 1));
}

async fn what_waits_has_no_echo(house: House) {
    house.answered("c", "包裹在路上").await;
    let human = house
        .record(&delivery("c", vec![agent("h", "包裹在路上")]), 1)
        .await;
    assert_eq!((human.accepted, human.echoes), (1, 0));
    assert!(house.claim(2).await.is_empty(), "he has said it");
}

/// Ten minutes after a reply left, the same words are a human's, unless the platform named it or their time tells.
async fn words_are_ours_for_a_while_only(house: House) {
    let said_at = |seconds| InboundMessage {
        sent_at: Some(at(seconds)),
        ..agent("late", "包裹在路上")
    };
    let day = 24 * 60 * 60;
    let no_id = Outcome::Sent { platform_id: None };
    let named = Outcome::Sent {
        platform_id: Some("named".into()),
    };
    let plain = agent("plain", "包裹在路上");
    for (name, outcome, line, when, ours) in [
        ("at once", Some(&no_id), plain.clone(), 3, true),
        ("in time", Some(&no_id), plain.clone(), 602, true),
        ("too late", Some(&no_id), plain.clone(), 603, false),
        ("a day later", Some(&no_id), plain.clone(), day, false),
        // It was said in time, and is delivered late.
        ("late", Some(&no_id), said_at(60), day, true),
        ("said late", Some(&no_id), said_at(1_000), day, false),
        // The platform's own id is a proof at any time.
        (
            "named",
            Some(&named),
            agent("named", "包裹在路上"),
            day,
            true,
        ),
        // Nobody said what became of it: it may have left until its lease ended.
        ("on the wire", None, plain.clone(), 631, true),
        ("long on the wire", None, plain, 632, false),
    ] {
        house.answered(name, "包裹在路上").await;
        let id = house.claim(1).await.remove(0).id;
        if let Some(outcome) = outcome {
            house.settle(&id, outcome.clone(), 2).await;
        }
        let unique = InboundMessage {
            external: line.external.map(|id| match id.as_str() {
                "named" => id,
                id => format!("{name} {id}"),
            }),
            ..line
        };
        let recorded = house.record(&delivery(name, vec![unique]), when).await;
        let expected = if ours { (0, 1) } else { (1, 0) };
        assert_eq!((recorded.accepted, recorded.echoes), expected, "{name}");
        let human = house.said(name).await.iter().any(|line| is_human(line));
        assert_eq!(human, !ours, "{name}");
        house
            .settle(&id, Outcome::Sent { platform_id: None }, when + 1)
            .await;
    }
}

/// Lines of a window have no times: one that was not there when the window was last shown was said after that.
async fn a_window_that_shows_our_words_again_after_a_day(house: House) {
    let day = 24 * 60 * 60;
    // The customer comes back a day later, and only now the window shows our answer to his first question.
    for (name, shows_it) in [("shown", true), ("never shown", false)] {
        let asked = house
            .record(&delivery(name, window(&["c:到哪了"])), 0)
            .await;
        let decision = Decision {
            reply: content("包裹在路上"),
            ..decision(asked.last_customer)
        };
        house.commit(asked.conversation, &decision, 0).await;
        let id = house.claim(5).await.remove(0).id;
        house
            .settle(&id, Outcome::Sent { platform_id: None }, 6)
            .await;
        let lines: &[&str] = match shows_it {
            true => &["c:到哪了", "a:包裹在路上", "c:还没到"],
            false => &["c:到哪了", "c:还没到"],
        };
        let back = house.record(&delivery(name, window(lines)), day).await;
        assert_eq!((back.accepted, back.echoes), (1, u32::from(shows_it)));
        // An agent uses the same words: they are his.
        let mut lines = lines.to_vec();
        lines.push("a:包裹在路上");
        let human = house
            .record(&delivery(name, window(&lines)), day + 60)
            .await;
        assert_eq!((human.accepted, human.echoes), (1, 0), "{name}");
        let again = house
            .record(&delivery(name, window(&lines)), day + 70)
            .await;
        assert_eq!((again.accepted, again.echoes), (0, 0), "{name}");
        assert!(
            house.said(name).await.iter().any(|line| is_human(line)),
            "{name}"
        );
    }
}
