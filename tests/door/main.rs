//! The doors over real TCP, in front of a house that follows a script.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod bad_input;
mod house;
mod limits;
mod logs;
mod replies;
mod rooms;
mod sign_in;
mod switching;
