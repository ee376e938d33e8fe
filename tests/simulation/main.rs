//! The whole house under a scheduler that draws, by seed, who steps next: two nodes with doors, workers and
//! couriers, their receiver and helper, the clock, customers, a human agent, the editor and the switch. Nodes
//! die and stand still between any two verbs, calls and answers are lost, deliveries come twice, in another
//! order, late, and as echoes. A shop whose agents are named goes to lunch one by one, and the bot steps in for
//! them; caps are met, and receivers are down until couriers keep away. The store is the real one, on SQLite in
//! memory; what is decided is decided by the real desk. An oracle that keeps its own record judges every step.
//!
//! - `cargo test --test simulation` runs 10,000 seeds; `JIEBAN_SEEDS=100000` runs more.
//! - `JIEBAN_SEED=1234 cargo test --test simulation one -- --nocapture` tells the story of one seed.

#![allow(clippy::unwrap_used, clippy::panic)]

#[allow(
    dead_code,
    unused_macros,
    reason = "its words serve more than this target"
)]
#[path = "../store/house.rs"]
mod house;

mod chats;
mod dice;
mod door;
mod histories;
mod library;
mod node;
mod oracle;
mod outside;
mod planted;
mod races;
mod run;
mod seeds;
mod story;
mod verbs;
mod world;
