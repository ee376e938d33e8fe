//! What the simulation spoke on SQLite is spoken again on Postgres: the same verbs, the same answers. Numbers of
//! rows may differ from engine to engine; what they name may not.

use std::{collections::BTreeMap, sync::Arc};

use jieban::store::{Store, decisions::Commit, inline::Inline};

use crate::{
    house::tell_on_postgres,
    run::run,
    verbs::{Answer, Verb, Who},
    world::Plan,
};

/// How many histories are compared.
const HISTORIES: u64 = 200;

/// A number or id in a verb or an answer, and of what.
enum Name<'a> {
    Number(&'static str, &'a mut i64),
    Reply(&'a mut String),
}

/// Which row on Postgres is which on SQLite.
#[derive(Default)]
struct Names {
    numbers: BTreeMap<(&'static str, i64), i64>,
    replies: BTreeMap<String, String>,
}

impl Names {
    /// The verb as it is spoken to Postgres.
    fn translate(&self, verb: &Verb) -> Verb {
        let mut verb = verb.clone();
        for name in verb_names(&mut verb) {
            match name {
                Name::Number(what, number) => {
                    if let Some(theirs) = self.numbers.get(&(what, *number)) {
                        *number = *theirs;
                    }
                }
                Name::Reply(id) => {
                    if let Some(theirs) = self.replies.get(id) {
                        id.clone_from(theirs);
                    }
                }
            }
        }
        verb
    }

    /// Learns new names from the two answers to one verb and puts SQLite's into Postgres' answer. An error
    /// says that one name means two rows.
    fn learn(&mut self, ours: &Answer, theirs: &mut Answer) -> Result<(), String> {
        let mut ours = ours.clone();
        let (ours, theirs) = (answer_names(&mut ours), answer_names(theirs));
        if ours.len() != theirs.len() {
            return Err("the answers differ in length".to_owned());
        }
        for pair in ours.into_iter().zip(theirs) {
            match pair {
                (Name::Number(what, one), Name::Number(_, other)) => {
                    let known = *self.numbers.entry((what, *one)).or_insert(*other);
                    if known != *other {
                        return Err(format!("{what} {one} was {known} and is {other}"));
                    }
                    *other = *one;
                }
                (Name::Reply(one), Name::Reply(other)) => {
                    let known = self
                        .replies
                        .entry(one.clone())
                        .or_insert_with(|| other.clone());
                    if known != other {
                        return Err(format!("reply {one} was {known} and is {other}"));
                    }
                    other.clone_from(one);
                }
                _ => return Err("the answers differ in kind".to_owned()),
            }
        }
        Ok(())
    }
}

fn verb_names(verb: &mut Verb) -> Vec<Name<'_>> {
    match verb {
        Verb::Look { asks } => asks
            .iter_mut()
            .map(|(id, _)| Name::Number("conversation", id))
            .collect(),
        Verb::GiveBack(ids) => ids
            .iter_mut()
            .map(|id| Name::Number("conversation", id))
            .collect(),
        Verb::Commit { seen, decision, .. } => {
            let turn = decision.turn.as_mut();
            std::iter::once(Name::Number("conversation", &mut seen.conversation))
                .chain(turn.map(|turn| Name::Number("message", turn)))
                .collect()
        }
        Verb::Claim {
            who: Who::Inline(id),
            ..
        } => vec![Name::Number("conversation", id)],
        Verb::InlineState {
            conversation,
            message,
        } => vec![
            Name::Number("conversation", conversation),
            Name::Number("message", message),
        ],
        Verb::Own { conversation, .. } => vec![Name::Number("conversation", conversation)],
        Verb::HandAgain(id) | Verb::Settle { id, .. } => vec![Name::Reply(id)],
        _ => Vec::new(),
    }
}

fn answer_names(answer: &mut Answer) -> Vec<Name<'_>> {
    let mut names = Vec::new();
    match answer {
        Answer::Recorded(recorded) => {
            names.push(Name::Number("conversation", &mut recorded.conversation));
            names.extend(
                recorded
                    .last_customer
                    .as_mut()
                    .map(|id| Name::Number("message", id)),
            );
        }
        Answer::Taken(work) => {
            for work in work {
                names.push(Name::Number("conversation", &mut work.conversation));
                let messages = work.messages.iter_mut();
                names.extend(messages.map(|m| Name::Number("message", &mut m.id)));
            }
        }
        Answer::Looked(facts, _) => {
            for facts in facts {
                names.push(Name::Number("conversation", &mut facts.seen.conversation));
                let messages = facts.messages.iter_mut();
                names.extend(messages.map(|m| Name::Number("message", &mut m.id)));
                let cases = facts.open_cases.iter_mut();
                names.extend(cases.map(|case| Name::Number("case", &mut case.id)));
                let said = facts.said.iter_mut();
                names.extend(said.map(|said| Name::Number("message", &mut said.turn)));
            }
        }
        Answer::Committed(Commit::Done {
            decision: Some(id), ..
        }) => names.push(Name::Number("decision", id)),
        Answer::Claimed(rows) => {
            names.extend(rows.iter_mut().map(|row| Name::Reply(&mut row.id)));
        }
        Answer::Inline(Inline::Given { id, .. }) => names.push(Name::Reply(id)),
        Answer::Viewed(Some(view)) => {
            let replies = view.replies.iter_mut();
            names.extend(replies.map(|reply| Name::Reply(&mut reply.id)));
        }
        _ => {}
    }
    names
}

/// Empties every table but the schema's own history.
fn empty(client: &mut postgres::Client) {
    let tables: Vec<String> = client
        .query(
            "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'migration'",
            &[],
        )
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    let tables = tables.join(", ");
    client
        .batch_execute(&format!(
            "TRUNCATE {tables} RESTART IDENTITY; INSERT INTO setting (name, value) VALUES ('install', 'sim'), ('stopped', '0')"
        ))
        .unwrap();
}

#[test]
fn both_engines_answer_alike() {
    tell_on_postgres(|url| {
        let store = Store::postgres(url, 1).unwrap();
        let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let plan = Plan {
            keep: true,
            ..Plan::default()
        };
        let mut verbs = 0;
        for seed in 0..HISTORIES {
            empty(&mut client);
            let history = run(seed, plan).history;
            let mut names = Names::default();
            verbs += history.len();
            for (at, kept) in history.iter().enumerate() {
                let verb = Arc::new(names.translate(&kept.verb));
                let (spoken, now) = (Arc::clone(&verb), kept.now);
                let answer = match verb.only_looks() {
                    true => runtime.block_on(store.read(move |tx| spoken.run(tx, now))),
                    false => runtime.block_on(store.write(move |tx| spoken.run(tx, now))),
                };
                let mut answer = answer.unwrap_or_else(|error| {
                    panic!("seed {seed}, verb {at}: Postgres refuses {verb:?}: {error}")
                });
                let names = names.learn(&kept.answer, &mut answer);
                assert!(
                    names.is_ok() && answer == kept.answer,
                    "seed {seed}, verb {at}: {:?}\nSQLite   {:?}\nPostgres {answer:?}\n{names:?}",
                    kept.verb,
                    kept.answer,
                );
            }
        }
        eprintln!("{HISTORIES} histories of {verbs} verbs are the same on both engines");
    });
}
