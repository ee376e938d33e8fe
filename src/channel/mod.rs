//! How the house speaks with the outside: signatures, what helpers post, and how replies are pushed.
//!
//! Reading ([`standard_webhooks`], [`bridge`]) is pure and is given `now`; only [`push`] waits.

pub mod bridge;
pub mod push;
pub mod standard_webhooks;
