//! What the shop's folder says, as one immutable snapshot.
//!
//! [`Knowledge::load`] turns the files of `knowledge/` into a snapshot or into every problem at once;
//! [`Knowledge::read`] says what a turn of a conversation means; [`Knowledge::coverage`] says who is in.
//! Nothing here waits, reads a disk or asks for the time.

pub mod blank;
pub mod case_kind;
pub mod fields;
pub mod forbidden;
pub mod hours;
pub mod index;
pub mod intent;
pub mod keywords;
pub mod mask;
pub mod mood;
pub mod problem;
pub mod ranking;
pub mod reading;
pub mod script;
pub mod shop;
pub mod snapshot;
pub mod spelling;
pub mod text;
pub mod words;

pub use problem::{Problem, Severity};
pub use reading::{Reading, Said, Turn};
pub use snapshot::{Files, Knowledge, Version};
pub use words::{
    AutoUse, CaseKindId, ContentKind, IntentId, Mode, Opens, Platform, Policy, Purpose, ScriptId,
    ShopId, Speaker,
};
