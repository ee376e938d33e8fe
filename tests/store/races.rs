//! Two at once, some hundred times: whoever comes first, the same things hold after. On Postgres the two are
//! two nodes with connections of their own.

use std::{collections::BTreeSet, sync::Arc};

use jieban::{
    desk::{Decision, Seen},
    store::{
        Store, decisions,
        decisions::Commit,
        messages,
        outbox::{self, Claim},
        work,
    },
};
use tokio::sync::Barrier;

use crate::house::*;

const ROUNDS: usize = 300;

stories!(
    a_claim_and_a_human,
    a_commit_and_a_message,
    two_couriers,
    two_workers,
    two_commits_that_open_one_case,
    five_deliveries,
);

/// The other node.
pub(crate) fn other(house: &House) -> Store {
    match house.engine {
        Engine::Postgres => Store::postgres(&house.url, 2).unwrap(),
        _ => house.store.clone(),
    }
}

/// Runs both at the same moment.
pub(crate) async fn at_once<A: Send + 'static, B: Send + 'static>(
    a: impl Future<Output = A> + Send + 'static,
    b: impl Future<Output = B> + Send + 'static,
) -> (A, B) {
    let barrier = Arc::new(Barrier::new(2));
    let first = Arc::clone(&barrier);
    let a = tokio::spawn(async move {
        first.wait().await;
        a.await
    });
    let b = tokio::spawn(async move {
        barrier.wait().await;
        b.await
    });
    (a.await.unwrap(), b.await.unwrap())
}

async fn a_claim_and_a_human(house: House) {
    let node = other(&house);
    let mut claims = 0;
    for round in 0..ROUNDS {
        let name = format!("c{round}");
        house.answered(&name, "在路上").await;
        let human = delivery(&name, vec![agent(&format!("h{round}"), "我来")]);
        let (store, other) = (house.store.clone(), node.clone());
        let (claimed, _) = at_once(
            async move {
                let sources = ["bridge".to_owned()];
                store
                    .write(move |tx| {
                        outbox::claim(tx, Claim::Courier { sources: &sources }, at(1), 30_000, 9)
                    })
                    .await
                    .unwrap()
            },
            async move {
                other
                    .write(move |tx| messages::record(tx, &human, &shop(), at(1)))
                    .await
                    .unwrap()
            },
        )
        .await;
        let view = house.view(&name).await;
        let reply = &view.replies[0];
        let said: Vec<String> = view
            .messages
            .iter()
            .map(|m| m.speaker.to_string())
            .collect();
        if claimed.iter().any(|c| c.kind == outbox::Kind::Reply) {
            claims += 1;
            assert_eq!(
                said,
                ["customer", "bot_auto", "human"],
                "claimed before the human, never after"
            );
            assert_eq!((reply.state.as_str(), reply.crossed), ("claimed", true));
        } else {
            assert_eq!(said, ["customer", "human"]);
            assert_eq!((reply.state.as_str(), reply.crossed), ("withdrawn", false));
        }
        assert!(house.claim(2).await.is_empty());
    }
    eprintln!("{:?}: {claims} of {ROUNDS} claims came first", house.engine);
}

async fn a_commit_and_a_message(house: House) {
    let node = other(&house);
    for round in 0..ROUNDS {
        let name = format!("c{round}");
        let recorded = house.asked(&name, "到哪了").await;
        let seen: Seen = house.seen(recorded.conversation).await;
        let decided = Decision {
            reply: content("在路上"),
            cases: vec![case(None, "n")],
            ..decision(recorded.last_customer)
        };
        let more = delivery(&name, vec![customer(&format!("m{round}"), "快点")]);
        let (store, other) = (house.store.clone(), node.clone());
        let (committed, _) = at_once(
            async move {
                store
                    .write(move |tx| decisions::commit(tx, &seen, &decided, false, "2611", at(0)))
                    .await
                    .unwrap()
            },
            async move {
                other
                    .write(move |tx| messages::record(tx, &more, &shop(), at(0)))
                    .await
                    .unwrap()
            },
        )
        .await;
        let view = house.view(&name).await;
        assert!(!view.decided, "the message is still to be decided about");
        assert!(
            house.claim(1).await.is_empty(),
            "a reply that did not see it does not leave"
        );
        let done = matches!(committed, Commit::Done { .. });
        assert_eq!(
            (view.replies.len(), view.cases.len()),
            (usize::from(done), usize::from(done))
        );
    }
}

async fn two_couriers(house: House) {
    let node = other(&house);
    for round in 0..ROUNDS / 4 {
        for n in 0..8 {
            house.answered(&format!("c{round}-{n}"), "在路上").await;
        }
        let claim = |store: Store| async move {
            let mut mine = Vec::new();
            // One at a time, so that both are at it.
            loop {
                let sources = ["bridge".to_owned()];
                let some = store
                    .write(move |tx| {
                        outbox::claim(tx, Claim::Courier { sources: &sources }, at(1), 30_000, 2)
                    })
                    .await
                    .unwrap();
                if some.is_empty() {
                    return mine;
                }
                mine.extend(some.into_iter().map(|c| c.id));
            }
        };
        let (a, b) = at_once(claim(house.store.clone()), claim(node.clone())).await;
        let all: BTreeSet<&String> = a.iter().chain(&b).collect();
        assert_eq!(all.len(), a.len() + b.len(), "nothing is claimed twice");
        // Whoever met a locked row leaves it to the next call.
        let rest = claim(house.store.clone()).await;
        assert_eq!(all.len() + rest.len(), 8);
    }
}

async fn two_workers(house: House) {
    let node = other(&house);
    for round in 0..ROUNDS {
        for n in 0..4 {
            house.asked(&format!("c{round}-{n}"), "在吗").await;
        }
        let take = |store: Store| async move {
            let work = store
                .write(|tx| work::take(tx, at(1), 3_600_000, 3))
                .await
                .unwrap();
            work.into_iter().map(|w| w.conversation).collect::<Vec<_>>()
        };
        let (a, b) = at_once(take(house.store.clone()), take(node.clone())).await;
        let rest = take(house.store.clone()).await;
        let all: BTreeSet<i64> = a.iter().chain(&b).chain(&rest).copied().collect();
        assert_eq!((all.len(), a.len() + b.len() + rest.len()), (4, 4));
    }
}

async fn two_commits_that_open_one_case(house: House) {
    let node = other(&house);
    for round in 0..ROUNDS / 2 {
        let order = round.to_string();
        let mut committing = Vec::new();
        for (n, store) in [house.store.clone(), node.clone()].into_iter().enumerate() {
            let recorded = house.asked(&format!("c{round}-{n}"), "到哪了").await;
            let seen = house.seen(recorded.conversation).await;
            let refund = jieban::desk::CaseDraft {
                kind: "退款".into(),
                ..case(Some(&order), "退")
            };
            let mut cases = vec![case(Some(&order), "n"), refund];
            cases.rotate_left(n);
            let decided = Decision {
                cases,
                ..decision(recorded.last_customer)
            };
            committing.push(async move {
                store
                    .write(move |tx| decisions::commit(tx, &seen, &decided, false, "2611", at(0)))
                    .await
                    .unwrap()
            });
        }
        let (Some(b), Some(a)) = (committing.pop(), committing.pop()) else {
            panic!()
        };
        let (a, b) = at_once(a, b).await;
        let opened: usize = [a, b]
            .iter()
            .map(|commit| match commit {
                Commit::Done { cases, .. } => cases.len(),
                Commit::Stale => panic!(),
            })
            .sum();
        assert_eq!(opened, 2);
    }
    let last = house
        .store
        .read(|tx| tx.first("SELECT n FROM counter", &[])?.unwrap().int("n"))
        .await
        .unwrap();
    assert_eq!(last, ROUNDS as i64, "no number is left out");
}

async fn five_deliveries(house: House) {
    let node = other(&house);
    for round in 0..ROUNDS / 4 {
        let inbound = delivery(
            &format!("c{round}"),
            vec![customer(&format!("m{round}"), "在吗")],
        );
        let barrier = Arc::new(Barrier::new(5));
        let posts: Vec<_> = (0..5)
            .map(|n| {
                let store = if n % 2 == 0 {
                    house.store.clone()
                } else {
                    node.clone()
                };
                let (inbound, barrier) = (inbound.clone(), Arc::clone(&barrier));
                tokio::spawn(async move {
                    barrier.wait().await;
                    store
                        .write(move |tx| messages::record(tx, &inbound, &shop(), at(0)))
                        .await
                        .unwrap()
                })
            })
            .collect();
        let mut accepted = 0;
        for post in posts {
            accepted += post.await.unwrap().accepted;
        }
        assert_eq!(accepted, 1);
    }
    assert_eq!(house.tally().await.conversations, (ROUNDS / 4) as i64);
}
