//! Cases, pure: cards of drafts, due times, and every transition of every kind.

#![allow(clippy::unwrap_used, clippy::panic)]

mod cards;
mod due;
mod life;
mod property;
mod refused;
mod world;
