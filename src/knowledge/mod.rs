//! What the shop's folder says, as one immutable snapshot.
//!
//! [`Knowledge::load`] turns the files of `knowledge/` into a snapshot or into every problem at once;
//! [`Knowledge::read`] says what a turn of a conversation means; [`Knowledge::coverage`] says who is in.
//! Nothing here waits, reads a disk or asks for the time.

pub mod arrangement;
pub mod blank;
pub mod case_kind;
mod contest;
pub mod counters;
mod dates;
mod decode;
pub mod due;
pub(crate) mod factors;
pub mod fields;
pub mod forbidden;
mod form;
pub mod hours;
pub mod index;
pub mod intent;
pub mod keywords;
mod known;
mod load;
pub mod manners;
pub mod mask;
pub(crate) mod memo;
pub mod money;
pub mod mood;
pub(crate) mod negation;
pub mod note_rules;
pub(crate) mod patterns;
pub mod problem;
pub mod promises;
pub(crate) mod question;
pub mod ranking;
pub mod reader;
pub mod reading;
mod review;
mod rules;
pub mod script;
pub(crate) mod sentence;
pub mod shop;
pub mod snapshot;
pub mod spelling;
mod table;
pub mod text;
pub(crate) mod tokens;
pub(crate) mod wish;
pub mod words;
mod yaml;

pub use problem::{Place, Problem, Severity};
pub use reading::{Reading, Said, Turn};
pub use snapshot::{Files, Knowledge, Version, files};
pub use words::{
    AutoUse, CaseKindId, ContentKind, IntentId, Mode, Opens, Platform, Policy, Post, Purpose,
    ScriptId, ShopId, Speaker, Urgency,
};
