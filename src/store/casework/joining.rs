//! Two cases that become one, and one that becomes two.

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::{
    Came, Hand, Kept, New, Stopped, by_number, event, judge, locked, open, opening::append,
};
use crate::{
    desk::case::{Act, ORDER, Refusal, State},
    knowledge::Knowledge,
    store::Tx,
};

/// Merges the first case into the second, which goes on: lines, links and what its form lacks.
pub fn merge(
    tx: &mut dyn Tx,
    knowledge: &Knowledge,
    hand: &Hand,
    (number, version): (&str, Option<i64>),
    into: &str,
    now: DateTime<Utc>,
) -> Came<Kept> {
    // In the order of their numbers in the store, so that nobody waits in a circle.
    let ids = [by_number(tx, number)?, by_number(tx, into)?].map(|kept| kept.map(|kept| kept.id));
    let (first, second) = if ids[0] > ids[1] {
        let second = locked(tx, into)?;
        (locked(tx, number)?, second)
    } else {
        let first = locked(tx, number)?;
        (first, locked(tx, into)?)
    };
    let (Some(from), Some(target)) = (first, second) else {
        return Ok(Err(Stopped::NoSuch));
    };
    let kind = from.kind(knowledge);
    if !hand.may_see(&from, &kind) || !hand.may_see(&target, &target.kind(knowledge)) {
        return Ok(Err(Stopped::NoSuch));
    }
    if version.is_some_and(|seen| seen != from.version) {
        return Ok(Err(Stopped::Stale(from.version)));
    }
    if let State::Void {
        into: Some(done), ..
    } = &from.case.state
        && *done == target.number
    {
        return Ok(Ok(target));
    }
    let alike = from.shop == target.shop && from.case.kind == target.case.kind;
    if from.id == target.id || !alike || !target.case.state.is_living() {
        return Ok(Err(Refusal::NoMatch.into()));
    }
    let act = Act::Merge {
        into: target.number.clone(),
    };
    let (from_id, form) = (from.id, from.case.form.clone());
    let (from_number, words) = (from.number.clone(), from.note.clone());
    if let Err(stopped) = judge(tx, from, &kind, None, hand, &act, now)? {
        return Ok(Err(stopped));
    }
    for sql in [
        "INSERT INTO case_link (case_id, conversation, decision, message) \
         SELECT ?2, conversation, decision, message FROM case_link WHERE case_id = ?1 \
         ON CONFLICT (case_id, decision, message) DO NOTHING",
        "INSERT INTO case_line (case_id, at, who, decision, body) \
         SELECT ?2, at, who, NULL, body FROM case_line WHERE case_id = ?1 ORDER BY id",
        "INSERT INTO case_phone (tail, case_id) SELECT tail, ?2 FROM case_phone WHERE case_id = ?1 \
         ON CONFLICT (tail, case_id) DO NOTHING",
    ] {
        tx.run(sql, &[from_id.into(), target.id.into()])?;
    }
    let words = format!("并入 {from_number}：{words}");
    append(tx, &target, &hand.who, &words, &form, now)?;
    Ok(Ok(target))
}

/// Splits a demand off a case: another case of another kind, about the same order, from the same words.
pub fn split(
    tx: &mut dyn Tx,
    knowledge: &Knowledge,
    hand: &Hand,
    number: &str,
    new: &New,
    now: DateTime<Utc>,
) -> Came<(Kept, bool)> {
    let Some(kept) = locked(tx, number)? else {
        return Ok(Err(Stopped::NoSuch));
    };
    if !hand.may_see(&kept, &kept.kind(knowledge)) {
        return Ok(Err(Stopped::NoSuch));
    }
    if new.kind == kept.case.kind {
        return Ok(Err(Refusal::NoMatch.into()));
    }
    let mut new = New {
        shop: kept.shop.clone(),
        conversation: kept.conversation,
        ..new.clone()
    };
    if let (None, Some(order)) = (new.form.order(), kept.order()) {
        new.form.set(ORDER, order);
    }
    let (opened, fresh) = match open(tx, knowledge, hand, &new, now)? {
        Ok(opened) => opened,
        Err(stopped) => return Ok(Err(stopped)),
    };
    if fresh {
        tx.run(
            "INSERT INTO case_link (case_id, conversation, decision, message) \
             SELECT ?2, conversation, decision, message FROM case_link WHERE case_id = ?1 \
             ON CONFLICT (case_id, decision, message) DO NOTHING",
            &[kept.id.into(), opened.id.into()],
        )?;
        let after = json!({ "act": "split", "state": kept.case.state, "into": opened.number });
        event(tx, &kept, &hand.who, &new.note, Json::Null, after, now)?;
    }
    Ok(Ok((opened, fresh)))
}
