//! The store's contract: every story on SQLite in a file, on SQLite in memory and on Postgres.
//!
//! Postgres is used when `JIEBAN_TEST_POSTGRES` names a server (`postgres://…`) whose user may create schemas.
//! In continuous integration (`CI=true`) it must.

#![allow(clippy::unwrap_used, clippy::panic)]

#[macro_use]
#[path = "store/house.rs"]
mod house;

#[path = "store/alarms.rs"]
mod alarms;
#[path = "store/cases.rs"]
mod cases;
#[path = "store/casework.rs"]
mod casework;
#[path = "store/console.rs"]
mod console;
#[path = "store/deciding.rs"]
mod deciding;
#[path = "store/echoes.rs"]
mod echoes;
#[path = "store/engine.rs"]
mod engine;
#[path = "store/handing.rs"]
mod handing;
#[path = "store/promises.rs"]
mod promises;
#[path = "store/queueing.rs"]
mod queueing;
#[path = "store/races.rs"]
mod races;
#[path = "store/recording.rs"]
mod recording;
#[path = "store/sending.rs"]
mod sending;
#[path = "store/shelf.rs"]
mod shelf;
#[path = "store/switching.rs"]
mod switching;
#[path = "store/telling.rs"]
mod telling;
