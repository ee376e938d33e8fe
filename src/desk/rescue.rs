//! Stepping in for agents who are busy: in staffed hours, when a customer has waited for the shop's time and
//! nobody has spoken since his turn began. Once in a turn.

use chrono::{DateTime, Utc};

use super::{
    duty::{Owner, staffed_since},
    filling::Filling,
    turn::LastTurn,
};

/// What the cover is called while the bot steps in.
pub const REASON: &str = "救场";

/// When the bot steps in; `None` when it never does in this turn.
///
/// The wait is counted from when the customer began, somebody came on duty, or an agent took the conversation,
/// whichever is last. A pinned conversation is left to its owner.
pub fn due(
    filling: &Filling<'_>,
    turn: &LastTurn<'_>,
    owner: Option<&Owner<'_>>,
) -> Option<DateTime<Utc>> {
    let shop = filling.knowledge.shop_or_default(&filling.facts.shop);
    let wait = shop.manners.rescue?;
    let spent = filling
        .facts
        .said
        .iter()
        .any(|said| said.claimed && (said.turn == turn.id() || said.at >= turn.since()));
    let pinned = owner.is_some_and(|owner| owner.pinned);
    if !filling.coverage.cover.is_staffed() || spent || pinned || turn.is_history() {
        return None;
    }
    let began = staffed_since(filling, turn.since()).max(turn.since());
    let began = owner
        .and_then(|owner| owner.took)
        .map_or(began, |took| began.max(took));
    Some(began + wait)
}
