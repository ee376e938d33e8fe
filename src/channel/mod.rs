//! How the house speaks with the outside: signatures, what helpers post, and how replies are pushed.
//!
//! Reading and writing ([`standard_webhooks`], [`bridge`], [`robot`]) are pure and are given `now`; only [`push`]
//! waits.

pub mod bridge;
pub mod push;
pub mod robot;
pub mod standard_webhooks;
