//! Whole-service stories: signed deliveries over TCP, workers stepped by hand, a clock that is moved.
//!
//! Snapshots show what a customer reads and what an agent finds.

#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub)]

mod alarms;
mod announcement;
mod bursts;
mod caps;
mod cases;
mod casework;
mod cover;
mod day;
mod deliveries;
mod desk;
#[path = "../support/folder.rs"]
mod folder;
mod handoff;
mod handover;
mod handover_day;
mod helpers;
mod knowledge;
mod overdue;
mod ownership;
mod promises;
mod receiver;
mod rescue;
mod robot;
mod switches;
mod switching;
