//! Counting what a source's messages came to, so that a check from outside can be added up.

use serde::{Deserialize, Serialize};

use super::{Error, Tx, Value};

/// What a source's, or one account's, messages came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Conversations.
    pub conversations: i64,
    /// Messages of all speakers, our own included.
    pub messages: i64,
    /// Messages of customers.
    pub customer_messages: i64,
    /// Conversations with facts nobody has decided about.
    pub undecided: i64,
    /// Customer messages that no decision covers: not decided yet, or answered by a human before.
    pub uncovered: i64,
    /// Decisions.
    pub decisions: i64,
    /// Decisions with at least one suggestion.
    pub suggested: i64,
    /// Automatic replies with content that have left: claimed, sent or uncertain.
    pub auto_content: i64,
    /// Automatic receipts that have left.
    pub auto_receipt: i64,
    /// Automatic replies that wait.
    pub waiting: i64,
    /// Replies on the wire: claimed and not heard of yet.
    pub claimed: i64,
    /// Dead letters.
    pub failed: i64,
    /// Automatic replies of which nobody knows whether they arrived.
    pub uncertain: i64,
    /// Automatic replies whose time ran out.
    pub expired: i64,
    /// Automatic replies taken back.
    pub withdrawn: i64,
    /// Cases, closed ones included.
    pub cases: i64,
}

/// Counts a source, or one account of it.
pub fn tally(tx: &mut dyn Tx, source: &str, account: Option<&str>) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    let (which, args): (&str, Vec<Value>) = match account {
        Some(account) => (
            "a.source = ?1 AND a.name = ?2",
            vec![source.into(), account.into()],
        ),
        None => ("a.source = ?1", vec![source.into()]),
    };
    let here = format!("JOIN account a ON a.id = c.account WHERE {which}");
    if let Some(row) = tx.first(
        &format!(
            "SELECT COUNT(*) AS n, COUNT(CASE WHEN c.decided < c.facts THEN 1 END) AS undecided FROM conversation c {here}"
        ),
        &args,
    )? {
        tally.conversations = row.int("n")?;
        tally.undecided = row.int("undecided")?;
    }
    if let Some(row) = tx.first(
        &format!(
            "SELECT COUNT(*) AS n, COUNT(CASE WHEN c.speaker = 'customer' THEN 1 END) AS customers, \
               COUNT(CASE WHEN c.speaker = 'customer' AND c.decision IS NULL THEN 1 END) AS uncovered FROM message c {here}"
        ),
        &args,
    )? {
        tally.messages = row.int("n")?;
        tally.customer_messages = row.int("customers")?;
        tally.uncovered = row.int("uncovered")?;
    }
    if let Some(row) = tx.first(
        &format!(
            "SELECT COUNT(*) AS n, COUNT(CASE WHEN d.suggestions <> '[]' THEN 1 END) AS suggested \
             FROM decision d JOIN conversation c ON c.id = d.conversation {here}"
        ),
        &args,
    )? {
        tally.decisions = row.int("n")?;
        tally.suggested = row.int("suggested")?;
    }
    for row in tx.rows(
        &format!(
            "SELECT COUNT(*) AS n, c.class, c.state FROM outbox c {here} AND c.kind = 'reply' GROUP BY c.class, c.state"
        ),
        &args,
    )? {
        let n = row.int("n")?;
        let (class, state) = (row.text("class")?, row.text("state")?);
        if matches!(state, "claimed" | "sent" | "uncertain") {
            match class {
                "content" => tally.auto_content += n,
                _ => tally.auto_receipt += n,
            }
        }
        match state {
            "waiting" => tally.waiting += n,
            "claimed" => tally.claimed += n,
            "failed" => tally.failed += n,
            "uncertain" => tally.uncertain += n,
            "expired" => tally.expired += n,
            "withdrawn" => tally.withdrawn += n,
            _ => {}
        }
    }
    if let Some(row) = tx.first(
        &format!(
            "SELECT COUNT(*) AS n FROM cases k JOIN conversation c ON c.id = k.conversation {here}"
        ),
        &args,
    )? {
        tally.cases = row.int("n")?;
    }
    Ok(tally)
}
