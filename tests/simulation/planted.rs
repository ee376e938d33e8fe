//! Bugs planted on purpose, each of them one that a hurried hand might write. A simulation that does not find
//! them is worth nothing.

use crate::{seeds::first_broken, world::Plan};

/// Within so many seeds each must be found.
const ENOUGH: u64 = 2_000;

/// Replaces pieces of the one statement that has the first.
macro_rules! bend {
    ($from:literal => $to:literal $(, $more:literal => $other:literal)*) => {
        Plan {
            bend: Some(|sql| {
                sql.contains($from)
                    .then(|| sql.replace($from, $to)$(.replace($more, $other))*)
            }),
            ..Plan::default()
        }
    };
}

/// Runs with the bug until a promise breaks, and that promise is the one that `why` names.
fn finds(what: &str, plan: Plan, why: &str) {
    let Some((seed, broken)) = first_broken(ENOUGH, plan) else {
        panic!("{ENOUGH} seeds do not find it: {what}");
    };
    eprintln!("{what}: seed {seed}: {broken}");
    assert!(broken.contains(why), "found {broken:?} instead of {why:?}");
}

#[test]
fn a_claim_that_compares_no_facts() {
    finds(
        "a claim that compares no facts",
        bend!(
            "c.external, c.facts, c.shop, s.epoch, s.stopped" => "c.external, o.seen_facts AS facts, c.shop, s.epoch, s.stopped",
            "o.seen_facts = c.facts AND " => ""
        ),
        "has spoken since it was",
    );
}

#[test]
fn a_claim_that_compares_no_epoch() {
    finds(
        "a claim that compares no epoch",
        bend!(
            "c.external, c.facts, c.shop, s.epoch, s.stopped" => "c.external, c.facts, c.shop, o.seen_epoch AS epoch, s.stopped",
            "o.seen_epoch = s.epoch AND " => ""
        ),
        " left: ",
    );
}

#[test]
fn a_switch_that_raises_no_epoch() {
    finds(
        "a switch that raises no epoch",
        bend!("SET mode = ?2, epoch = epoch + 1" => "SET mode = ?2"),
        " left: ",
    );
}

#[test]
fn a_door_that_answers_before_it_records() {
    let plan = Plan {
        answers_first: true,
        ..Plan::default()
    };
    finds("a door that answers before it records", plan, "recorded");
}

#[test]
fn an_echo_that_comes_before_the_answer() {
    finds(
        "an echo that comes before the receiver's answer is taken for a human",
        bend!("echoed = 0 AND state IN ('claimed', 'sent', 'uncertain')" => "echoed = 0 AND state = 'sent'"),
        "were taken for somebody else's",
    );
}

#[test]
fn a_commit_on_facts_that_have_moved() {
    let plan = Plan {
        commits_blindly: true,
        ..Plan::default()
    };
    finds(
        "a commit on facts that have moved",
        plan,
        "has not seen its last message",
    );
}

#[test]
fn a_lease_that_never_ends() {
    finds(
        "a lease that never ends",
        bend!("(c.lease_until IS NULL OR c.lease_until <= ?1)" => "(c.lease_until IS NULL OR c.lease_until < ?1 - ?1)"),
        "unseen",
    );
}

#[test]
fn a_claim_that_counts_no_replies_of_a_customer() {
    finds(
        "a claim that counts no replies of a customer",
        bend!("AND x.claimed_at > CAST(?1 AS BIGINT) - 3600000" => "AND x.claimed_at > CAST(?1 AS BIGINT)"),
        "so many replies within an hour",
    );
}

#[test]
fn a_claim_that_counts_every_reply_of_a_shop_as_its_first() {
    finds(
        "a claim that counts every reply of a shop as its first",
        bend!("THEN pace.n + excluded.n ELSE" => "THEN excluded.n ELSE"),
        "so many replies left in this shop",
    );
}

#[test]
fn a_desk_that_forgets_that_it_has_stepped_in() {
    finds(
        "a desk that forgets that it has stepped in",
        bend!("o.script, o.class, o.state, NULL" => "o.script, o.class, CASE WHEN o.class = 'receipt' THEN 'waiting' ELSE o.state END, NULL"),
        "it has spoken in this turn already",
    );
}

#[test]
fn an_arrangement_that_outlasts_its_end() {
    finds(
        "an arrangement that outlasts its end",
        bend!("agent, begins, ends, reason AS words FROM arrangement" => "agent, begins, ends + 600000 AS ends, reason AS words FROM arrangement"),
        " left: ",
    );
}
