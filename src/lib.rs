//! Jieban (接班): the colleague who is on every shift of an online shop's customer service.
//!
//! It reads every customer message, puts the house's standard reply in front of the agent, answers
//! alone at lunch and at night where that is safe, writes down what somebody must do (a *case*) and
//! hands it to the next shift.
//!
//! The rooms are floors, and an import may only go down:
//!
//! | floor | room | what it is for |
//! |---|---|---|
//! | 7 | [`command`] | the command line |
//! | 6 | [`app`] | wires the house |
//! | 5 | [`web`] | doors |
//! | 4 | [`service`] | work that waits, asks the clock and repeats |
//! | 3 | [`store`], [`channel`] | edges: keeping, speaking |
//! | 2 | [`desk`] | what a good front desk decides: pure |
//! | 1 | [`knowledge`] | what the shop's folder says: pure |
//!
//! [`config`] and [`clock`] stand beside the ground floor. Below floor 3 nothing waits, reads a disk
//! or asks for the time; what is there is given `now`.

pub mod app;
pub mod channel;
pub mod clock;
pub mod command;
pub mod config;
pub mod desk;
pub mod eval;
pub mod knowledge;
pub mod service;
pub mod store;
pub mod web;
