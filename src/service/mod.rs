//! Work: what waits, asks the clock and repeats.
//!
//! Every kind of work is a [`Worker`] with one step; running is repeating it, and tests call the same step.

pub mod alarms;
pub mod courier;
pub mod decider;
pub mod feed;
pub mod front;
pub mod handovers;
pub mod listener;
mod password;
mod patience;
pub mod people;
pub mod rounds;
pub mod shelf;
pub mod switchboard;
pub mod talk;
pub mod thinker;
pub mod watchdog;
pub mod web_chat;
pub mod worker;

pub use alarms::Alarms;
pub use front::{Accepted, Ack, AckOutcome, Alarm, Front, Held, Pulled, Readiness, Unavailable};
pub use shelf::Shelf;
pub use switchboard::Switchboard;
pub use worker::Worker;
