//! What a good front desk decides: who may answer, with what, and what somebody must do.
//!
//! Everything here is pure: facts and `now` go in, a [`Decision`] comes out.

pub mod alone;
pub mod cases;
pub mod decide;
pub mod decision;
pub mod facts;
pub mod filling;
pub mod message;
pub mod turn;
pub mod window;

#[cfg(test)]
pub(crate) mod testing;

pub use decide::decide;
pub use decision::{Because, CaseDraft, Decision, Reply, ReplyClass, Suggestion, Verdict};
pub use facts::{Facts, Message, OpenCase, SaidLine, Seen};
pub use message::{Inbound, InboundMessage, Role};
pub use turn::last_turn;
