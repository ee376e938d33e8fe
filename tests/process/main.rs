//! The program itself: started, talked to, stopped, killed and started again.

#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub)]

mod commands;
#[path = "../support/folder.rs"]
mod folder;
mod kill;
mod lifecycle;
mod plugin;
#[expect(dead_code, reason = "the fault cases use the rest of it")]
mod program;
