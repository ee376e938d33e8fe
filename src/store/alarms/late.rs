//! What is past its time, the latest first: each kind is one walk down an index, and ends.

use chrono::{DateTime, Utc};

use crate::{
    desk::alarm::{Late, LateWhat},
    store::{Error, Tx},
};

/// How many cases, and how many promises, are looked at in a round.
const MOST: i64 = 500;

/// Cases that were noted to be overdue and are not done, and promises whose time has passed and whose case is not
/// done either.
pub(super) fn late(tx: &mut dyn Tx, now: DateTime<Utc>) -> Result<Vec<Late>, Error> {
    let mut all = Vec::new();
    let cases = tx.rows(
        "SELECT id, number, shop, kind, finish_due, handler, person FROM cases \
         WHERE state <> 'closed' AND state <> 'done' AND overdue_at IS NOT NULL \
         ORDER BY overdue_at DESC, id DESC LIMIT ?1",
        &[MOST.into()],
    )?;
    for row in &cases {
        let who = match row.opt_string("person")? {
            Some(person) => person,
            None => row.string("handler")?,
        };
        all.push(Late {
            id: row.int("id")?,
            shop: row.text("shop")?.into(),
            due: row.time("finish_due")?,
            who: Some(who),
            what: LateWhat::Case {
                number: row.opt_string("number")?.unwrap_or_default(),
                kind: row.text("kind")?.into(),
            },
        });
    }
    let promises = tx.rows(
        "SELECT p.id, p.shop, p.kind, p.due_at, p.agent, k.kind AS case_kind \
         FROM promise p LEFT JOIN cases k ON k.id = p.case_id \
         WHERE p.state = 'open' AND p.due_at <= ?1 AND (k.id IS NULL OR k.state NOT IN ('done', 'closed')) \
         ORDER BY p.due_at DESC, p.id DESC LIMIT ?2",
        &[now.into(), MOST.into()],
    )?;
    for row in &promises {
        all.push(Late {
            id: row.int("id")?,
            shop: row.text("shop")?.into(),
            due: row.time("due_at")?,
            who: row.opt_string("agent")?,
            what: LateWhat::Promise {
                kind: row.string("kind")?,
                case: row.opt_text("case_kind")?.map(Into::into),
            },
        });
    }
    Ok(all)
}
