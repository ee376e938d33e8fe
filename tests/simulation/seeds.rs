//! Many seeds, and one.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use crate::{run::run, world::Plan};

/// How many seeds are run when nobody says otherwise.
const SEEDS: u64 = 10_000;

/// The first seed below `most` that breaks a promise, and which; seeds are tried on every core.
pub(crate) fn first_broken(most: u64, plan: Plan) -> Option<(u64, String)> {
    let next = AtomicU64::new(0);
    let found: Mutex<Option<(u64, String)>> = Mutex::new(None);
    let cores = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while found.lock().unwrap().is_none() {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= most {
                        return;
                    }
                    if let Some(broken) = run(seed, plan).broken {
                        let mut found = found.lock().unwrap();
                        if found.as_ref().is_none_or(|(other, _)| seed < *other) {
                            *found = Some((seed, broken));
                        }
                    }
                }
            });
        }
    });
    found.into_inner().unwrap()
}

/// Tells the story of a seed and fails.
fn fail(seed: u64) -> ! {
    let plan = Plan {
        tell: true,
        ..Plan::default()
    };
    let again = run(seed, plan);
    let broken = again
        .broken
        .unwrap_or_else(|| "nothing the second time".to_owned());
    panic!(
        "{}\nseed {seed} breaks a promise: {broken}\nreplay it:\n    JIEBAN_SEED={seed} cargo test --test simulation one -- --nocapture\n",
        again.story
    );
}

#[test]
fn every_seed_keeps_every_promise() {
    let seeds = std::env::var("JIEBAN_SEEDS").map_or(SEEDS, |seeds| seeds.parse().unwrap());
    let begun = Instant::now();
    if let Some((seed, _)) = first_broken(seeds, Plan::default()) {
        fail(seed);
    }
    eprintln!("{seeds} seeds in {:.1?}", begun.elapsed());
}

#[test]
fn one() {
    let Ok(seed) = std::env::var("JIEBAN_SEED") else {
        return;
    };
    let seed = seed.parse().unwrap();
    let plan = Plan {
        tell: true,
        ..Plan::default()
    };
    let outcome = run(seed, plan);
    if outcome.broken.is_some() {
        fail(seed);
    }
    eprintln!("{}\nseed {seed} keeps every promise", outcome.story);
}

#[test]
fn a_seed_tells_the_same_story_twice() {
    let plan = Plan {
        tell: true,
        ..Plan::default()
    };
    for seed in 0..20 {
        assert_eq!(run(seed, plan).story, run(seed, plan).story, "seed {seed}");
    }
}

#[test]
fn the_stories_are_worth_telling() {
    let (mut verbs, mut replies) = (0, 0);
    for seed in 0..200 {
        let outcome = run(seed, Plan::default());
        verbs += outcome.verbs;
        replies += outcome.replies;
    }
    eprintln!("200 seeds: {verbs} verbs, {replies} replies read");
    assert!(
        verbs > 200 * 50 && replies > 200,
        "{verbs} verbs, {replies} replies"
    );
}
