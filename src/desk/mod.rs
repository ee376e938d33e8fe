//! What a good front desk decides: who may answer, with what, and what somebody must do.
//!
//! Everything here is pure: facts and `now` go in, a [`Decision`] comes out.

pub mod alarm;
pub mod alone;
pub mod bots;
pub mod case;
pub mod cases;
pub mod counters;
pub mod decide;
pub mod decision;
pub mod duty;
pub mod facts;
pub mod filling;
pub mod handoff;
pub mod handover;
pub mod message;
pub mod news;
pub mod notes;
pub mod promise;
pub mod rescue;
pub mod standing;
pub mod trial;
pub mod turn;
pub mod window;

#[cfg(test)]
pub(crate) mod testing;

pub use decide::decide;
pub use decision::{Because, Caps, CaseDraft, Decision, Reply, ReplyClass, Suggestion, Verdict};
pub use facts::{Facts, Message, OpenCase, SaidLine, Seen};
pub use handoff::{Handoff, HandoffReason};
pub use message::{Inbound, InboundMessage, Role};
pub use standing::{Announcement, OwnerAct, Ownership, Standing};
pub use turn::last_turn;
