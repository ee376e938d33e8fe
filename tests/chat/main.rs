//! The chat of a shop's own site: its doors over real TCP, and its page in a real browser, in front of a whole house.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod browser;
mod customer;
mod doors;
#[path = "../console/browser/driver.rs"]
#[allow(dead_code)]
mod driver;
#[path = "../support/folder.rs"]
mod folder;
#[path = "../console/house.rs"]
#[allow(dead_code)]
mod house;
mod replies;
