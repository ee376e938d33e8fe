//! F17, F18: what an answer means, and connections that break off at any byte.

use chrono::Duration;
use jieban::{clock::Clock, service::Worker};

use super::{
    chaos::{Act, Chaos, OK},
    house::*,
    node::{clock, courier, waiting},
};

stories!(
    f17_a_receiver_of_events_is_judged_by_its_status_and_never_followed,
    f18_a_connection_that_breaks_off_at_any_byte_shows_the_reply_once,
    f18_a_human_who_speaks_after_it_broke_off_leaves_it_uncertain,
    f18_what_breaks_off_at_every_try_is_uncertain_and_never_called_failed,
);

async fn f17_a_receiver_of_events_is_judged_by_its_status_and_never_followed(house: House) {
    let clock = clock();
    let trap = Chaos::start().await;
    for (status, state) in [
        (200, "sent"),
        (201, "sent"),
        (204, "sent"),
        (301, "failed"),
        (302, "failed"),
        (303, "failed"),
        (307, "failed"),
        (308, "failed"),
        (401, "failed"),
        (410, "failed"),
        (425, "waiting"),
        (503, "waiting"),
    ] {
        let receiver = Chaos::start().await;
        receiver.next([Act::with(status, &format!("location: {}\r\n", trap.url))]);
        let name = format!("status-{status}");
        waiting(&house, "bridge", &name).await;
        let messenger = courier(&house, &clock, "bridge", &receiver.url);
        messenger.step().await.unwrap();
        assert_eq!(house.states(&name).await, [state], "{status}");
    }
    assert_eq!(trap.seen().accepted, 0, "no redirect is followed");
    // An error code in the body is the language of other receivers.
    let receiver = Chaos::start().await;
    let body = r#"{"errcode": 40001}"#;
    let length = body.len();
    receiver.next([Act::Answer(format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))]);
    waiting(&house, "bridge", "errcode").await;
    courier(&house, &clock, "bridge", &receiver.url)
        .step()
        .await
        .unwrap();
    assert_eq!(house.states("errcode").await, ["sent"]);
}

async fn f18_a_connection_that_breaks_off_at_any_byte_shows_the_reply_once(house: House) {
    let clock = clock();
    let receiver = Chaos::start().await;
    for (n, (name, act)) in [
        ("request 0", Act::ResetRequest(0)),
        ("request 1", Act::ResetRequest(1)),
        ("request half", Act::ResetRequest(300)),
        ("request all", Act::ResetRequest(usize::MAX)),
        ("answer 0", Act::ResetAnswer(0)),
        ("answer 1", Act::ResetAnswer(1)),
        ("answer half", Act::ResetAnswer(OK.len() / 2)),
        ("answer all", Act::ResetAnswer(OK.len())),
    ]
    .into_iter()
    .enumerate()
    {
        receiver.next([act]);
        waiting(&house, "bridge", name).await;
        let messenger = courier(&house, &clock, "bridge", &receiver.url);
        messenger.step().await.unwrap();
        let state = house.states(name).await.remove(0);
        // A reset may overtake the answer before it.
        let heard = name == "answer all" && state == "sent";
        // One at once may still be seen as a connection that never was: then nothing has left.
        let unsent = name == "request 0" && state == "waiting";
        assert!(
            heard || unsent || state == "claimed",
            "{name}: {state}: the receiver may have it"
        );
        let lines = if unsent { 1 } else { 2 };
        assert_eq!(
            house.said(name).await.len(),
            lines,
            "{name}: it is kept as said"
        );
        clock.advance(Duration::seconds(6));
        messenger.step().await.unwrap();
        let seen = receiver.seen();
        assert_eq!(house.states(name).await, ["sent"], "{name}");
        assert_eq!(seen.visible.len(), n + 1, "{name}: one key, read once");
        assert_eq!(house.said(name).await.len(), 2, "{name}");
    }
}

async fn f18_a_human_who_speaks_after_it_broke_off_leaves_it_uncertain(house: House) {
    let clock = clock();
    let receiver = Chaos::start().await;
    receiver.next([Act::ResetAnswer(0)]);
    waiting(&house, "bridge", "c").await;
    let messenger = courier(&house, &clock, "bridge", &receiver.url);
    messenger.step().await.unwrap();
    house
        .record(&delivery("c", vec![agent("h", "我来")]), 2)
        .await;
    clock.advance(Duration::seconds(6));
    messenger.step().await.unwrap();
    assert_eq!(
        house.states("c").await,
        ["uncertain"],
        "the customer may have read it"
    );
    assert_eq!(
        receiver.seen().replies.len(),
        1,
        "and does not get it after a human"
    );
    assert!(
        house
            .said("c")
            .await
            .iter()
            .any(|said| said.starts_with("bot_auto"))
    );
}

async fn f18_what_breaks_off_at_every_try_is_uncertain_and_never_called_failed(house: House) {
    let clock = clock();
    let receiver = Chaos::start().await;
    receiver.next(std::iter::repeat_n(Act::ResetAnswer(0), 9));
    waiting(&house, "bridge", "c").await;
    let messenger = courier(&house, &clock, "bridge", &receiver.url);
    while clock.now() < at(1000) {
        messenger.step().await.unwrap();
        clock.advance(Duration::seconds(5));
    }
    let seen = receiver.seen();
    assert_eq!((seen.replies.len(), seen.visible.len()), (5, 1));
    assert_eq!(house.states("c").await, ["uncertain"]);
    assert_eq!(house.tally().await.uncertain, 1);
}
