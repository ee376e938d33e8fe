//! Faults, injected: the program killed at any system call, disks that fail, receivers that misbehave, deliveries
//! that come twice or late. A case is found by its number in its name.
//!
//! | | fault | where |
//! |---|---|---|
//! | F1 | killed at any write or sync of the disk | `kill` |
//! | F2 | killed after the commit, before the 2xx | `kill` |
//! | F3 | killed with a reply claimed, before it connects | `kill`, `node` |
//! | F4, F5 | killed while the receiver has the reply; after its 200, before that is kept | `kill`, `node` |
//! | F7, F8 | the disk is full; one sync fails | `disk` |
//! | F15 | slow receivers | `slow` |
//! | F16 | receivers that fail: schedule, breaker, dead letter | `failing` |
//! | F17, F18 | statuses; connections that break off | `answers` |
//! | F19, F20 | deliveries at once, twice, late, in fragments | `deliveries` |
//! | F21 | the kill switch while another node holds replies, while all claim | `switch` |
//!
//! `JIEBAN_FAULTS=all` sweeps every point where a sample is taken otherwise. What needs strace or the right to
//! mount says so where it cannot run; in continuous integration strace must be there.

#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub)]

#[path = "../support/folder.rs"]
mod folder;
#[macro_use]
#[expect(dead_code, reason = "only what these cases need of it")]
#[path = "../store/house.rs"]
mod house;
#[expect(dead_code, reason = "only what these cases need of it")]
#[path = "../stories/desk.rs"]
mod desk;
#[expect(dead_code, reason = "only what these cases need of it")]
#[path = "../process/program.rs"]
mod program;
#[expect(dead_code, reason = "only what these cases need of it")]
#[path = "../stories/receiver.rs"]
mod receiver;

mod answers;
mod chaos;
mod deliveries;
mod disk;
mod failing;
mod kill;
mod node;
mod slow;
mod switch;
mod tracer;
