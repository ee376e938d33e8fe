//! What time brings to cases.

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::{Hand, event, judge, read, select};
use crate::{
    desk::case::{Act, Actor},
    knowledge::case_kind::CaseKind,
    store::{Error, Tx, staff_event::Who},
};

/// What time has brought to cases: those that are overdue are written down once, approvals by word of mouth that ran
/// out are void. How many rows were looked after.
pub fn sweep(tx: &mut dyn Tx, now: DateTime<Utc>, batch: usize) -> Result<usize, Error> {
    let limit = i64::try_from(batch).unwrap_or(i64::MAX);
    let lock = tx.dialect().lock("FOR UPDATE SKIP LOCKED");
    let late = tx.rows(
        &select(&format!(
            "WHERE state <> 'closed' AND overdue_at IS NULL AND finish_due <= ?1 AND state <> 'done' \
             ORDER BY finish_due LIMIT ?2 {lock}"
        )),
        &[now.into(), limit.into()],
    )?;
    for row in &late {
        let kept = read(row)?;
        tx.run(
            "UPDATE cases SET overdue_at = ?2 WHERE id = ?1",
            &[kept.id.into(), now.into()],
        )?;
        // Counted for who has it; what nobody has is counted for nobody.
        let after = json!({ "act": "overdue", "state": kept.case.state, "agent": kept.case.person, "finish_due": kept.case.finish_due });
        event(tx, &kept, &Who::bot(), "overdue", Json::Null, after, now)?;
    }
    let oral = tx.rows(
        &select(&format!(
            "WHERE oral_until IS NOT NULL AND oral_until <= ?1 ORDER BY oral_until LIMIT ?2 {lock}"
        )),
        &[now.into(), limit.into()],
    )?;
    let bot = Hand {
        who: Who::bot(),
        actor: Actor {
            name: Who::bot().name,
            posts: Vec::new(),
        },
        shops: None,
    };
    for row in &oral {
        let kept = read(row)?;
        // Time asks no kind.
        let (id, kind) = (kept.id, CaseKind::lost(kept.case.kind.clone(), kept.money));
        if judge(tx, kept, &kind, None, &bot, &Act::Lapse, now)?.is_err() {
            tx.run(
                "UPDATE cases SET oral_until = NULL WHERE id = ?1",
                &[id.into()],
            )?;
        }
    }
    Ok(late.len() + oral.len())
}
