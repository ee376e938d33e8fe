//! What a good front desk decides: who may answer, with what, and what somebody must do.
//!
//! Everything here is pure: facts and `now` go in, a [`Decision`] comes out.

pub mod decision;
pub mod facts;
pub mod message;
pub mod window;

pub use decision::{
    Because, CaseDraft, Decision, Reply, ReplyClass, Suggestion, Verdict,
};
pub use facts::{Facts, Message, OpenCase, SaidLine, Seen};
pub use message::{Inbound, InboundMessage, Role};
