//! Opening cases and appending to them: one open case per shop, kind and order, or per conversation while the
//! order is unknown.
//!
//! Cases come before counters in the order of locks: numbers are given last, so that two commits that open
//! cases at once never wait for each other in a circle.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Error, Row, Tx, tx};
use crate::{
    desk::CaseDraft,
    knowledge::{ShopId, fields::Fields},
};

/// What a decision's cases are about.
pub(super) struct About<'a> {
    pub(super) shop: &'a ShopId,
    pub(super) conversation: i64,
    pub(super) decision: i64,
    pub(super) month: &'a str,
    pub(super) now: DateTime<Utc>,
}

impl About<'_> {
    /// Opens or appends to each case. Returns the numbers of those opened.
    pub(super) fn keep(&self, tx: &mut dyn Tx, drafts: &[CaseDraft]) -> Result<Vec<String>, Error> {
        // In one order everywhere, for the same reason as the counters.
        let mut drafts: Vec<&CaseDraft> = drafts.iter().collect();
        drafts.sort_by_key(|draft| (draft.kind.clone(), self.key(draft)));
        let mut opened = Vec::new();
        for draft in drafts {
            if let Some(id) = self.keep_one(tx, draft)? {
                opened.push((&draft.prefix, id));
            }
        }
        opened.sort();
        let mut numbers = Vec::with_capacity(opened.len());
        for (prefix, id) in opened {
            numbers.push(self.number(tx, prefix, id)?);
        }
        Ok(numbers)
    }

    fn key(&self, draft: &CaseDraft) -> String {
        match &draft.order {
            Some(order) => format!("o:{order}"),
            None => self.waiting_key(),
        }
    }

    /// The key of a case of this conversation whose order is not known.
    fn waiting_key(&self) -> String {
        format!("c:{}", self.conversation)
    }

    /// Returns the case's id when it is new.
    fn keep_one(&self, tx: &mut dyn Tx, draft: &CaseDraft) -> Result<Option<i64>, Error> {
        if let Some(case) = self.standing(tx, draft)? {
            self.go_on(tx, &case, draft)?;
            return Ok(None);
        }
        let inserted = tx.first(
            "INSERT INTO cases (shop, kind, order_no, case_key, conversation, state, fields, note, handler, reviewer, \
               first_due, finish_due, opened_at, decision) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) \
             ON CONFLICT (shop, kind, case_key) WHERE state <> 'closed' DO NOTHING RETURNING id",
            &[
                self.shop.as_str().into(),
                draft.kind.as_str().into(),
                draft.order.as_deref().into(),
                self.key(draft).into(),
                self.conversation.into(),
                state(draft).into(),
                tx::json(&draft.fields)?.into(),
                (&draft.note).into(),
                (&draft.handler).into(),
                (&draft.reviewer).into(),
                draft.first_due.into(),
                draft.finish_due.into(),
                self.now.into(),
                self.decision.into(),
            ],
        )?;
        match inserted {
            Some(row) => {
                let id = row.int("id")?;
                self.event(
                    tx,
                    id,
                    "opened",
                    json!({ "note": draft.note, "fields": draft.fields }),
                )?;
                Ok(Some(id))
            }
            // Another conversation opened it a moment ago.
            None => {
                let case = self.standing(tx, draft)?;
                let case = case.ok_or_else(|| {
                    Error::Unavailable("a case was closed while it was appended to".into())
                })?;
                self.go_on(tx, &case, draft)?;
                Ok(None)
            }
        }
    }

    /// The open case the draft belongs to. A case whose order was unknown takes the draft's; a draft without
    /// an order goes to this conversation's newest case of its kind.
    fn standing(&self, tx: &mut dyn Tx, draft: &CaseDraft) -> Result<Option<Row>, Error> {
        let lock = tx.dialect().lock("FOR UPDATE");
        // Two short walks: an OR of both would go through all that is open of the kind, and so may a planner that
        // is told the shop in the second.
        let rows = tx.rows(
            &format!(
                "SELECT id, shop, number, case_key, decision, fields, state FROM cases WHERE id IN (\
                   SELECT id FROM cases WHERE shop = ?1 AND kind = ?2 AND case_key = ?3 AND state <> 'closed' \
                   UNION SELECT id FROM cases WHERE conversation = ?4 AND kind = ?2 AND state <> 'closed') \
                 AND state <> 'closed' ORDER BY id {lock}"
            ),
            &[
                self.shop.as_str().into(),
                draft.kind.as_str().into(),
                self.key(draft).into(),
                self.conversation.into(),
            ],
        )?;
        let (key, waiting_key) = (self.key(draft), self.waiting_key());
        let (mut exact, mut waiting, mut newest) = (None, None, None);
        for row in rows {
            if row.text("shop")? != self.shop.as_str() {
                continue;
            }
            let of = row.string("case_key")?;
            newest = Some(row.clone());
            if of == key {
                exact = Some(row);
            } else if of == waiting_key {
                waiting = Some(row);
            }
        }
        let Some(order) = &draft.order else {
            return Ok(exact.or(newest));
        };
        match (exact, waiting) {
            (None, Some(waiting)) => {
                let id = waiting.int("id")?;
                tx.run(
                    "UPDATE cases SET order_no = ?2, case_key = ?3 WHERE id = ?1",
                    &[id.into(), order.into(), key.into()],
                )?;
                self.event(tx, id, "order", json!({ "order": order }))?;
                Ok(Some(waiting))
            }
            (Some(exact), Some(waiting)) => {
                // Two cases turn out to be about one order: the one without a name for it gives way.
                let (into, from) = (exact.int("id")?, waiting.int("id")?);
                tx.run(
                    "UPDATE cases SET state = 'closed' WHERE id = ?1",
                    &[from.into()],
                )?;
                self.event(
                    tx,
                    from,
                    "merged",
                    json!({ "into": exact.opt_text("number")? }),
                )?;
                self.event(
                    tx,
                    into,
                    "joined",
                    json!({ "from": waiting.opt_text("number")? }),
                )?;
                Ok(Some(exact))
            }
            (exact, None) => Ok(exact),
        }
    }

    /// Refreshes what this decision said before, or appends what it says now.
    fn go_on(&self, tx: &mut dyn Tx, case: &Row, draft: &CaseDraft) -> Result<(), Error> {
        let id = case.int("id")?;
        if case.opt_int("decision")? == Some(self.decision) {
            tx.run(
                "UPDATE cases SET fields = ?2, note = ?3, handler = ?4, reviewer = ?5, first_due = ?6, finish_due = ?7, \
                   state = CASE WHEN ?8 = 'open' THEN 'open' ELSE state END \
                 WHERE id = ?1",
                &[
                    id.into(),
                    tx::json(&draft.fields)?.into(),
                    (&draft.note).into(),
                    (&draft.handler).into(),
                    (&draft.reviewer).into(),
                    draft.first_due.into(),
                    draft.finish_due.into(),
                    state(draft).into(),
                ],
            )?;
            return Ok(());
        }
        let mut fields: Fields = case.json("fields")?;
        for field in &draft.fields.0 {
            if !fields.0.contains(field) {
                fields.0.insert(0, field.clone());
            }
        }
        tx.run(
            "UPDATE cases SET fields = ?2, state = CASE WHEN ?3 = 'open' THEN 'open' ELSE state END WHERE id = ?1",
            &[id.into(), tx::json(&fields)?.into(), state(draft).into()],
        )?;
        self.event(
            tx,
            id,
            "appended",
            json!({ "note": draft.note, "fields": draft.fields }),
        )
    }

    fn event(
        &self,
        tx: &mut dyn Tx,
        case: i64,
        what: &str,
        body: serde_json::Value,
    ) -> Result<(), Error> {
        tx.run(
            "INSERT INTO case_event (case_id, at, what, body, decision) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (case_id, what, decision) DO UPDATE SET body = excluded.body",
            &[case.into(), self.now.into(), what.into(), body.to_string().into(), self.decision.into()],
        )?;
        Ok(())
    }

    fn number(&self, tx: &mut dyn Tx, prefix: &str, case: i64) -> Result<String, Error> {
        let name = format!("{prefix}-{}", self.month);
        let row = tx.first(
            "INSERT INTO counter (name, n) VALUES (?1, 1) ON CONFLICT (name) DO UPDATE SET n = counter.n + 1 RETURNING n",
            &[(&name).into()],
        )?;
        let n = row
            .ok_or_else(|| Error::Refused("a counter did not count".into()))?
            .int("n")?;
        let number = format!("{name}-{n:04}");
        tx.run(
            "UPDATE cases SET number = ?2 WHERE id = ?1",
            &[case.into(), (&number).into()],
        )?;
        Ok(number)
    }
}

fn state(draft: &CaseDraft) -> &'static str {
    if draft.open { "open" } else { "draft" }
}
