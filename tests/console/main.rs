//! The console: its doors over real TCP, and its pages in a real browser, in front of a whole house.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod browser;
mod cases;
mod desk;
mod doors;
#[path = "../support/folder.rs"]
mod folder;
mod house;
mod pages;
