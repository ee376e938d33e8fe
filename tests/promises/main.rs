//! Promises: how many of the lines written down beforehand are told from what only sounds like one, and until when.

#![allow(clippy::unwrap_used, clippy::panic)]

mod own;
