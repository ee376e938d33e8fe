//! F15: a receiver that is slow, in every way, keeps nobody else waiting and is given up in time.

use std::time::{Duration, Instant};

use jieban::service::Worker;

use super::{
    chaos::{Act, Chaos},
    house::*,
    node::{clock, courier, courier_within, waiting},
};

stories!(f15_a_slow_receiver_keeps_nobody_else_waiting);

/// Instead of the 15 seconds of the service.
const DEADLINE: Duration = Duration::from_millis(500);
/// More than a courier takes at once.
const ROWS: usize = 20;
/// What a courier takes at once.
const BATCH: usize = 16;

async fn f15_a_slow_receiver_keeps_nobody_else_waiting(house: House) {
    let clock = clock();
    let quick = Chaos::start().await;
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n".len();
    for (n, (name, act, states)) in [
        ("accepts, then silent", Act::Silent, "claimed"),
        ("never reads", Act::NeverReads, "claimed"),
        ("its head a byte at a time", Act::Dribble(0), "claimed"),
        ("its body a byte at a time", Act::Dribble(head), "sent"),
    ]
    .into_iter()
    .enumerate()
    {
        let slow = Chaos::start().await;
        slow.next(std::iter::repeat_n(act, 100));
        let source = format!("slow-{n}");
        for row in 0..ROWS {
            waiting(&house, &source, &format!("{source}-{row}")).await;
        }
        waiting(&house, "bridge", &format!("quick-{n}")).await;
        let laggard = courier_within(&house, &clock, &source, &slow.url, DEADLINE);
        let began = Instant::now();
        let lagging = tokio::spawn(async move { laggard.step().await });
        slow.until(name, |seen| seen.open == BATCH).await;
        courier(&house, &clock, "bridge", &quick.url)
            .step()
            .await
            .unwrap();
        assert_eq!(
            quick.seen().visible.len(),
            n + 1,
            "{name}: another source is served meanwhile"
        );
        assert!(
            !lagging.is_finished(),
            "{name}: the slow one is still at it"
        );
        assert!(lagging.await.unwrap().unwrap());
        let took = began.elapsed();
        assert!(
            took >= DEADLINE && took < DEADLINE * 10,
            "{name}: {took:?} in all"
        );
        assert_eq!(
            slow.seen().most_open,
            BATCH,
            "{name}: no more than a batch is on the wire"
        );
        let state = states.to_owned();
        let sql = "SELECT COUNT(*) AS n FROM outbox o JOIN account a ON a.id = o.account \
                   WHERE a.source = ?1 AND o.state = ?2";
        let counted = house
            .write(move |tx| {
                let row = tx.first(sql, &[source.as_str().into(), state.as_str().into()])?;
                row.unwrap().int("n")
            })
            .await;
        assert_eq!(counted, BATCH as i64, "{name}: {states}");
    }
}
