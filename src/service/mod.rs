//! Work: what waits, asks the clock and repeats.
//!
//! Every kind of work is a [`Worker`] with one step; running is repeating it, and tests call the same step.

pub mod courier;
pub mod decider;
pub mod front;
pub mod rounds;
pub mod shelf;
pub mod thinker;
pub mod worker;

pub use front::{Accepted, Ack, AckOutcome, Front, Held, Pulled, Readiness, Unavailable};
pub use shelf::Shelf;
pub use worker::Worker;
