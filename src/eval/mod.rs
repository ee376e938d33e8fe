//! How good understanding is, measured on labelled messages.
//!
//! Pure: rows that somebody labelled and what was read in them go in, figures with their standard errors
//! and a [`report::Report`] come out. Files are read, and time is taken, by the command line.

pub mod automatic;
pub mod faq;
pub mod html;
pub mod labels;
pub mod masks;
pub mod picture;
pub mod report;
pub mod retrieval;
pub mod share;
pub mod spread;
pub mod text;

pub use report::Report;
