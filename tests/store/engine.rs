//! Opening, closing, failing and healing.

use std::time::Duration;

use jieban::store::{
    Error, Store, casework, messages,
    outbox::{self, Outcome},
    sqlite::Local,
    staff_event, work,
};
use sha2::{Digest as _, Sha256};

use crate::house::*;

stories!(
    a_restart_keeps_all,
    a_newer_schema_is_refused,
    a_verb_that_panics_harms_no_other,
    only_what_changes_something_is_told,
    an_abandoned_call_is_harmless,
);

fn reopen(house: House) -> House {
    let House {
        engine,
        store,
        folder,
        url,
    } = house;
    let store = match engine {
        Engine::Memory => store,
        Engine::File => {
            drop(store);
            Store::sqlite(&folder).unwrap()
        }
        Engine::Postgres => {
            drop(store);
            Store::postgres(&url, 2).unwrap()
        }
    };
    House {
        engine,
        store,
        folder,
        url,
    }
}

async fn a_restart_keeps_all(house: House) {
    house.answered("c", "在路上").await;
    let id = house.claim(1).await.remove(0).id;
    let (view, tally) = (house.view("c").await, house.tally().await);
    let house = reopen(house);
    assert_eq!((house.view("c").await, house.tally().await), (view, tally));
    assert!(house.claim(2).await.is_empty());
    assert!(
        house
            .settle(&id, Outcome::Sent { platform_id: None }, 3)
            .await
    );
    house.answered("d", "好").await;
    let next = house.claim(4).await.remove(0).id;
    let name = |id: &str| id.split('-').next().map(str::to_owned);
    assert_eq!(name(&id), name(&next), "the store keeps its name");
    assert_eq!(name(&id).map(|name| name.len()), Some(8));
}

async fn a_newer_schema_is_refused(house: House) {
    house
        .write(|tx| {
            tx.run(
                "INSERT INTO migration (version, checksum) VALUES (4711, 'x')",
                &[],
            )
        })
        .await;
    let House {
        engine,
        store,
        folder,
        url,
    } = house;
    drop(store);
    let again = match engine {
        Engine::Memory => return,
        Engine::File => Store::sqlite(&folder),
        Engine::Postgres => Store::postgres(&url, 1),
    };
    let error = again.unwrap_err().to_string();
    assert!(error.contains("newer version (schema 4711)"), "{error}");
}

async fn a_verb_that_panics_harms_no_other(house: House) {
    let inbound = delivery("c", vec![customer("1", "在吗")]);
    let broken = house
        .store
        .write(move |tx| -> Result<(), Error> {
            messages::record(tx, &inbound, &shop(), at(0))?;
            panic!("a bug")
        })
        .await;
    assert!(matches!(broken, Err(Error::Refused(_))));
    // A verb that goes on after a failed statement keeps nothing either.
    let inbound = delivery("c", vec![customer("1", "在吗")]);
    let careless = house
        .store
        .write(move |tx| {
            messages::record(tx, &inbound, &shop(), at(0))?;
            let _ = tx.run("INSERT INTO no_such_table VALUES (1)", &[]);
            Ok(())
        })
        .await;
    assert!(careless.is_err());
    assert_eq!(house.tally().await.messages, 0);
    assert_eq!(house.asked("c", "在吗").await.accepted, 1);
}

async fn only_what_changes_something_is_told(house: House) {
    let mut changes = house.store.changes();
    changes.mark_unchanged();
    house.asked("c", "在吗").await;
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    house.asked("c", "在吗").await;
    house.take(0).await;
    changes.mark_unchanged();
    // Looking for work and finding none must not wake who looks for work.
    assert!(house.take(1).await.is_empty());
    assert!(house.claim(1).await.is_empty());
    house.tally().await;
    assert!(!changes.has_changed().unwrap());
}

async fn an_abandoned_call_is_harmless(house: House) {
    for n in 0..50 {
        let inbound = delivery("c", vec![customer(&format!("{n}"), "在吗")]);
        let call = house
            .store
            .write(move |tx| messages::record(tx, &inbound, &shop(), at(0)));
        // Whoever waited has gone; whether it was kept is unknown, and asking again is safe.
        let _ = tokio::time::timeout(Duration::ZERO, call).await;
    }
    for n in 0..50 {
        house
            .record(&delivery("c", vec![customer(&format!("{n}"), "在吗")]), 1)
            .await;
    }
    assert_eq!(house.tally().await.customer_messages, 50);
}

#[test]
fn a_second_store_on_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = Store::sqlite(folder.path()).unwrap();
    let second = Store::sqlite(folder.path()).unwrap_err();
    assert_eq!(second, Error::InUse(folder.path().to_owned()));
    assert!(second.to_string().contains("in use by another"), "{second}");
    drop(first);
    Store::sqlite(folder.path()).unwrap();
}

/// What the first schema looked like with a conversation in it, forever.
const FIRST: &str = include_str!("0001_rows.sql");

fn first_schema(serial: &str) -> String {
    let schema = include_str!("../../src/store/schema/0001_first.sql");
    let checksum: String = Sha256::digest(schema)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!(
        "{}\nCREATE TABLE migration (version BIGINT PRIMARY KEY, checksum TEXT NOT NULL);\n\
         INSERT INTO migration VALUES (1, '{checksum}');\n{FIRST}",
        schema.replace("{{serial}}", serial)
    )
}

async fn is_as_it_was(house: House) {
    assert_eq!(
        house.said("old").await,
        ["customer:到哪了", "bot_auto:在路上"]
    );
    let case = house.view("old").await.cases.remove(0);
    assert_eq!(
        (case.number.as_str(), case.note.as_str()),
        ("LF-2511-0007", "查件\n催了")
    );
    // What happened to its case stands in the one journal, and its words are found.
    let told = house
        .store
        .read(|tx| {
            let events = staff_event::of(tx, staff_event::What::Case, 1, 9)?;
            let words = casework::causes(tx, 1)?;
            let told: Vec<String> = events.into_iter().map(|event| event.reason).collect();
            Ok((told, words.len()))
        })
        .await
        .unwrap();
    assert_eq!(told, (vec!["appended".to_owned(), "opened".to_owned()], 1));
    assert_eq!(house.claim(0).await.len(), 0);
    assert!(
        house
            .settle("0a1b2c3d-5", Outcome::Sent { platform_id: None }, 0)
            .await
    );
    // New rows follow the old ones.
    house.answered("new", "好").await;
    assert_eq!(house.claim(1).await[0].id, "0a1b2c3d-6");
}

#[test]
fn an_old_database_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let raw = rusqlite::Connection::open(folder.path().join("jieban.db")).unwrap();
    raw.execute_batch(&first_schema("INTEGER PRIMARY KEY AUTOINCREMENT"))
        .unwrap();
    drop(raw);
    let store = Store::sqlite(folder.path()).unwrap();
    let house = House {
        engine: Engine::File,
        store,
        folder: folder.path().to_owned(),
        url: String::new(),
    };
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(is_as_it_was(house));
}

#[test]
fn an_old_postgres_is_brought_up_to_date() {
    tell_on_postgres(|url| {
        let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
        client
            .batch_execute(&first_schema(
                "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
            ))
            .unwrap();
        for (table, key) in [
            ("account", "id"),
            ("conversation", "id"),
            ("message", "id"),
            ("decision", "id"),
            ("outbox", "n"),
            ("cases", "id"),
        ] {
            let sql = format!(
                "SELECT setval(pg_get_serial_sequence('{table}', '{key}'), (SELECT MAX({key}) FROM {table}))"
            );
            client.batch_execute(&sql).unwrap();
        }
        let store = Store::postgres(url, 2).unwrap();
        let house = House {
            engine: Engine::Postgres,
            store,
            folder: "".into(),
            url: url.into(),
        };
        tokio::runtime::Runtime::new()
            .unwrap()
            .block_on(is_as_it_was(house));
    });
}

#[test]
fn postgres_that_may_lose_commits_is_refused() {
    tell_on_postgres(|url| {
        let careless =
            Store::postgres(&format!("{url}%20-csynchronous_commit%3Doff"), 1).unwrap_err();
        assert!(
            careless.to_string().contains("synchronous_commit"),
            "{careless}"
        );
    });
}

#[test]
fn a_postgres_whose_connections_are_cut_heals_by_itself() {
    tell_on_postgres(|url| {
        let name = url.rsplit("%3D").next().unwrap();
        let store = Store::postgres(&format!("{url}&application_name={name}"), 3).unwrap();
        let house = House {
            engine: Engine::Postgres,
            store,
            folder: "".into(),
            url: url.into(),
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut raw = postgres::Client::connect(url, postgres::NoTls).unwrap();
        for round in 0..5 {
            runtime.block_on(house.asked(&format!("c{round}"), "在吗"));
            let cut = raw
                .execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
                    &[&name],
                )
                .unwrap();
            assert!(cut > 0);
        }
        assert_eq!(runtime.block_on(house.tally()).conversations, 5);
    });
}

#[test]
fn a_full_disk_is_unavailable_and_heals() {
    for engine in [Engine::File, Engine::Memory] {
        tell(engine, |house| async move {
            house.asked("before", "在吗").await;
            let full = |tx: &mut dyn jieban::store::Tx| {
                let pages = tx
                    .first("PRAGMA page_count", &[])?
                    .unwrap()
                    .int("page_count")?;
                tx.rows(&format!("PRAGMA max_page_count = {pages}"), &[])
            };
            house.write(full).await;
            let long = "长".repeat(5000);
            let mut refused = None;
            let mut kept = 1;
            for n in 0..200 {
                let inbound = delivery(&format!("c{n}"), vec![customer("1", &long)]);
                match house
                    .store
                    .write(move |tx| messages::record(tx, &inbound, &shop(), at(0)))
                    .await
                {
                    Ok(_) => kept += 1,
                    Err(error) => refused = Some(error),
                }
                if refused.is_some() {
                    break;
                }
            }
            assert!(refused.is_some_and(|error| error.is_unavailable()));
            assert_eq!(
                house.tally().await.conversations,
                kept,
                "still readable, nothing half kept"
            );
            house
                .write(|tx| tx.rows("PRAGMA max_page_count = 1000000", &[]))
                .await;
            assert_eq!(
                house
                    .record(&delivery("after", vec![customer("after", &long)]), 1)
                    .await
                    .accepted,
                1
            );
        });
    }
}

#[test]
fn the_verbs_run_on_one_thread_and_come_out_the_same() {
    let run = || {
        let mut local = Local::memory("simulate").unwrap();
        let recorded = local
            .transaction(|tx| {
                messages::record(
                    tx,
                    &delivery("c", vec![customer("1", "到哪了")]),
                    &shop(),
                    at(0),
                )
            })
            .unwrap();
        let seen = jieban::desk::Seen {
            conversation: recorded.conversation,
            facts: 1,
            epoch: 1,
        };
        let decided = jieban::desk::Decision {
            reply: content("在路上"),
            ..decision(recorded.last_customer)
        };
        let lost: Result<(), Error> = local.transaction(|tx| {
            work::take(tx, at(0), 30_000, 9)?;
            Err(Error::Refused("a fault".into()))
        });
        assert!(lost.is_err());
        local
            .transaction(|tx| {
                assert_eq!(
                    work::take(tx, at(0), 30_000, 9)?.len(),
                    1,
                    "what was lost was not taken"
                );
                jieban::store::decisions::commit(tx, &seen, &decided, true, "2611", at(0))
            })
            .unwrap();
        local
            .transaction(|tx| {
                let sources = ["bridge".to_owned()];
                outbox::claim(
                    tx,
                    outbox::Claim::Courier { sources: &sources },
                    at(1),
                    30_000,
                    9,
                )
            })
            .unwrap()
    };
    let first = run();
    assert_eq!(first, run());
    assert_eq!(first[0].id, "simulate-1");
}
