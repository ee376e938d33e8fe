//! F16: receivers that fail for long: when they are tried again, when they are left alone, what is left over.

use chrono::Duration;
use jieban::{channel::push::backoff, clock::Clock, service::Worker, store::outbox};

use super::{
    chaos::{Act, Chaos, nowhere},
    house::*,
    node::{clock, courier, waiting},
};

stories!(
    f16_what_fails_is_tried_on_schedule_and_becomes_a_dead_letter_that_can_be_sent_again,
    f16_who_says_retry_after_is_obeyed,
    f16_five_failures_in_a_row_open_the_breaker_and_one_row_tries_the_way,
);

/// Seconds between the tries.
const SCHEDULE: [i64; 4] = [5, 30, 120, 300];

async fn f16_what_fails_is_tried_on_schedule_and_becomes_a_dead_letter_that_can_be_sent_again(
    house: House,
) {
    let clock = clock();
    let receiver = Chaos::start().await;
    for (n, (name, url, act)) in [
        ("500", receiver.url.clone(), Act::status(500)),
        ("429", receiver.url.clone(), Act::status(429)),
        ("refused", nowhere().await, Act::status(500)),
    ]
    .into_iter()
    .enumerate()
    {
        clock.set(at(1));
        receiver.next(std::iter::repeat_n(act, 5));
        waiting(&house, "bridge", name).await;
        let messenger = courier(&house, &clock, "bridge", &url);
        assert!(messenger.step().await.unwrap());
        for (tries, seconds) in (1u32..).zip(SCHEDULE) {
            let replies = house.view(name).await.replies;
            assert_eq!(replies[0].state, "waiting", "{name}");
            let wait = backoff(tries, &replies[0].id).as_millis() as i64;
            assert!(
                (seconds * 900..=seconds * 1100).contains(&wait),
                "{name}: {wait} ms"
            );
            clock.advance(Duration::milliseconds(wait - 1));
            assert!(!messenger.step().await.unwrap(), "{name}: never early");
            clock.advance(Duration::milliseconds(1));
            assert!(messenger.step().await.unwrap(), "{name}: and never late");
        }
        let view = house.view(name).await;
        assert_eq!(view.replies[0].state, "failed", "{name}");
        assert!(
            view.waiting_since.is_some(),
            "{name}: the customer waits and is seen"
        );
        assert_eq!(house.tally().await.failed, 1, "{name}");
        let letter = house
            .store
            .read(|tx| outbox::dead_letters(tx, 9))
            .await
            .unwrap()
            .remove(0);
        assert_eq!((letter.attempts, letter.conversation.as_str()), (5, name));
        assert!(!letter.error.is_empty());
        let (id, now) = (letter.id.clone(), clock.now());
        assert!(
            house.write(move |tx| outbox::resend(tx, &id, now)).await,
            "{name}"
        );
        receiver.behave();
        assert!(
            courier(&house, &clock, "bridge", &receiver.url)
                .step()
                .await
                .unwrap()
        );
        assert_eq!(house.states(name).await, ["sent"], "{name}");
        let seen = receiver.seen();
        assert_eq!(
            seen.replies.last(),
            Some(&letter.id),
            "{name}: under the same key"
        );
        assert_eq!(
            seen.visible.len(),
            n + 1,
            "{name}: the customer reads it once"
        );
    }
}

async fn f16_who_says_retry_after_is_obeyed(house: House) {
    let clock = clock();
    let receiver = Chaos::start().await;
    for (name, status, said, seconds) in [
        ("soon", 429, "7", 7),
        ("later", 503, "90", 90),
        ("tomorrow", 429, "86400", 3600),
    ] {
        clock.set(at(1));
        receiver.next([Act::with(status, &format!("retry-after: {said}\r\n"))]);
        waiting(&house, "bridge", name).await;
        let messenger = courier(&house, &clock, "bridge", &receiver.url);
        messenger.step().await.unwrap();
        let before = receiver.seen().replies.len();
        // The last would come when its time has run out: it expires instead.
        clock.advance(Duration::milliseconds(seconds * 1000 - 1));
        messenger.step().await.unwrap();
        assert_eq!(receiver.seen().replies.len(), before, "{name}: never early");
        clock.advance(Duration::milliseconds(1));
        messenger.step().await.unwrap();
        let late = seconds >= 3599;
        assert_eq!(
            receiver.seen().replies.len(),
            before + usize::from(!late),
            "{name}"
        );
        assert_eq!(
            house.states(name).await,
            [if late { "expired" } else { "sent" }],
            "{name}"
        );
    }
}

async fn f16_five_failures_in_a_row_open_the_breaker_and_one_row_tries_the_way(house: House) {
    let clock = clock();
    let receiver = Chaos::start().await;
    for n in 0..20 {
        waiting(&house, "bridge", &format!("c{n:02}")).await;
    }
    let messenger = courier(&house, &clock, "bridge", &receiver.url);
    receiver.next(std::iter::repeat_n(Act::status(500), 16));
    messenger.step().await.unwrap();
    assert_eq!(
        receiver.seen().replies.len(),
        16,
        "one batch meets the outage"
    );
    // One outage is one pause, however many rows met it. It doubles with every try that fails.
    for pause in [5, 10, 20] {
        let before = receiver.seen().replies.len();
        clock.advance(Duration::milliseconds(pause * 1000 - 1));
        assert!(!messenger.step().await.unwrap(), "open for {pause} s");
        clock.advance(Duration::milliseconds(1));
        if pause < 20 {
            receiver.next([Act::status(500)]);
        }
        assert!(messenger.step().await.unwrap());
        assert_eq!(
            receiver.seen().replies.len(),
            before + 1,
            "half open: one row tries the way"
        );
    }
    while messenger.step().await.unwrap() {}
    clock.advance(Duration::seconds(40));
    while messenger.step().await.unwrap() {}
    assert_eq!(
        receiver.seen().visible.len(),
        20,
        "closed: everything goes out"
    );
    assert_eq!(house.tally().await.failed, 0);
}
