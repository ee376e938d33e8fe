//! Opening cases and appending to them: one open case per shop, kind and order, or per conversation while the
//! order is unknown.
//!
//! Cases come before counters in the order of locks: numbers are given last, so that two commits that open
//! cases at once never wait for each other in a circle.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    Error, Row, Tx,
    case_event::{self, Happened},
    staff_event::Who,
    tx,
};
use crate::{
    desk::{CaseDraft, case::Form},
    knowledge::{
        ShopId,
        fields::{FieldKind, Fields},
    },
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
               first_due, finish_due, opened_at, decision, form, money, amount, customer) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, \
               (SELECT customer FROM conversation WHERE id = ?5)) \
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
                tx::json(&draft.form)?.into(),
                draft.money.into(),
                draft.form.amount().into(),
            ],
        )?;
        match inserted {
            Some(row) => {
                let id = row.int("id")?;
                self.links(tx, id)?;
                phones(tx, id, &draft.fields, &draft.form)?;
                self.event(
                    tx,
                    id,
                    "open",
                    json!(null),
                    json!({ "act": "open", "state": state(draft), "note": draft.note, "form": draft.form }),
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
                "SELECT id, shop, number, case_key, decision, fields, form, money, state, version FROM cases WHERE id IN (\
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
                let mut form: Form = waiting.json("form")?;
                form.set(crate::desk::case::ORDER, order);
                tx.run(
                    "UPDATE cases SET order_no = ?2, case_key = ?3, form = ?4 WHERE id = ?1",
                    &[id.into(), order.into(), key.into(), tx::json(&form)?.into()],
                )?;
                self.event(
                    tx,
                    id,
                    "order",
                    json!({ "order": null }),
                    json!({ "act": "order", "order": order }),
                )?;
                // As it is now: what follows adds to it.
                Ok(self.again(tx, id)?)
            }
            // What somebody has in hand is his to merge.
            (Some(exact), Some(waiting)) if waiting.int("version")? > 0 => Ok(Some(exact)),
            (Some(exact), Some(waiting)) => {
                // Two cases turn out to be about one order: the one without a name for it gives way.
                let (into, from) = (exact.int("id")?, waiting.int("id")?);
                let number = exact.opt_text("number")?.unwrap_or_default();
                let life = crate::desk::case::State::Void {
                    into: Some(number.to_owned()),
                    end: crate::desk::case::End {
                        by: Who::bot().name,
                        at: self.now,
                        result: format!("并入 {number}"),
                    },
                };
                tx.run(
                    "UPDATE cases SET state = 'closed', life = ?2, closed_at = ?3, outcome = 'merged' WHERE id = ?1",
                    &[from.into(), tx::json(&life)?.into(), self.now.into()],
                )?;
                tx.run(
                    "INSERT INTO case_link (case_id, conversation, decision, message) \
                     SELECT ?2, conversation, decision, message FROM case_link WHERE case_id = ?1 \
                     ON CONFLICT (case_id, decision, message) DO NOTHING",
                    &[from.into(), into.into()],
                )?;
                let was = json!({ "state": waiting.text("state")? });
                self.event(
                    tx,
                    from,
                    "merge",
                    was,
                    json!({ "act": "merge", "state": "closed", "into": number }),
                )?;
                let from = waiting.opt_text("number")?;
                self.event(
                    tx,
                    into,
                    "join",
                    json!(null),
                    json!({ "act": "join", "from": from }),
                )?;
                Ok(Some(exact))
            }
            (exact, None) => Ok(exact),
        }
    }

    /// A case by its id, as [`About::standing`] reads it.
    fn again(&self, tx: &mut dyn Tx, id: i64) -> Result<Option<Row>, Error> {
        tx.first(
            "SELECT id, number, case_key, decision, fields, form, money, state, version FROM cases WHERE id = ?1",
            &[id.into()],
        )
    }

    /// Refreshes what this decision said before, unless people have had it in hand since; or appends what it says
    /// now.
    fn go_on(&self, tx: &mut dyn Tx, case: &Row, draft: &CaseDraft) -> Result<(), Error> {
        let id = case.int("id")?;
        let was = case_event::stands(tx, id)?;
        let told = self.refresh(tx, id, case, draft)?;
        // What a sheet tells of it has changed, and nothing else said so.
        if !told && case_event::stands(tx, id)? != was {
            self.event(
                tx,
                id,
                "again",
                json!({ "case": was }),
                json!({ "act": "again" }),
            )?;
        }
        Ok(())
    }

    /// Whether an event tells of it.
    fn refresh(
        &self,
        tx: &mut dyn Tx,
        id: i64,
        case: &Row,
        draft: &CaseDraft,
    ) -> Result<bool, Error> {
        self.links(tx, id)?;
        phones(tx, id, &draft.fields, &draft.form)?;
        if case.opt_int("decision")? == Some(self.decision) {
            if case.int("version")? > 0 {
                return Ok(false);
            }
            let mut form = draft.form.clone();
            keep_values(&mut form, &case.json("form")?);
            tx.run(
                "UPDATE cases SET fields = ?2, note = ?3, handler = ?4, reviewer = ?5, first_due = ?6, finish_due = ?7, \
                   form = ?9, amount = ?10, state = CASE WHEN ?8 = 'open' AND state = 'draft' THEN 'open' ELSE state END \
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
                    tx::json(&form)?.into(),
                    form.amount().into(),
                ],
            )?;
            return Ok(false);
        }
        let mut fields: Fields = case.json("fields")?;
        for field in &draft.fields.0 {
            if !fields.0.contains(field) {
                fields.0.insert(0, field.clone());
            }
        }
        let before = case.text("state")?.to_owned();
        // What people have in hand keeps its form; a draft, or what nobody has touched, learns what was left out.
        let mut form: Form = case.json("form")?;
        if case.int("version")? == 0 {
            keep_values(&mut form, &draft.form);
        }
        tx.run(
            "UPDATE cases SET fields = ?2, form = ?4, amount = ?5, \
               state = CASE WHEN ?3 = 'open' AND state = 'draft' THEN 'open' ELSE state END WHERE id = ?1",
            &[
                id.into(),
                tx::json(&fields)?.into(),
                state(draft).into(),
                tx::json(&form)?.into(),
                form.amount().into(),
            ],
        )?;
        self.line(tx, id, &before, draft)
    }

    /// Appends what the decision says, once; said again in other words, the line is those. Whether it is news.
    fn line(
        &self,
        tx: &mut dyn Tx,
        case: i64,
        state: &str,
        draft: &CaseDraft,
    ) -> Result<bool, Error> {
        let body = json!({ "note": draft.note, "fields": draft.fields, "form": draft.form });
        let known = tx.first(
            "SELECT id, body FROM case_line WHERE case_id = ?1 AND decision = ?2",
            &[case.into(), self.decision.into()],
        )?;
        let was: serde_json::Value = match &known {
            Some(row) => row.json("body")?,
            None => json!(null),
        };
        if was == body {
            return Ok(false);
        }
        tx.run(
            "INSERT INTO case_line (case_id, at, who, decision, body) VALUES (?1, ?2, 'bot', ?3, ?4) \
             ON CONFLICT (case_id, decision) DO UPDATE SET body = excluded.body",
            &[
                case.into(),
                self.now.into(),
                self.decision.into(),
                body.to_string().into(),
            ],
        )?;
        let told = |line: &serde_json::Value| json!({ "act": "append", "state": state, "line": line["note"] });
        self.event(tx, case, "append", told(&was), told(&body))?;
        Ok(true)
    }

    /// The messages that caused it are those the decision covers.
    fn links(&self, tx: &mut dyn Tx, case: i64) -> Result<(), Error> {
        tx.run(
            "INSERT INTO case_link (case_id, conversation, decision, message) VALUES (?1, ?2, ?3, 0) \
             ON CONFLICT (case_id, decision, message) DO NOTHING",
            &[case.into(), self.conversation.into(), self.decision.into()],
        )?;
        Ok(())
    }

    fn event(
        &self,
        tx: &mut dyn Tx,
        case: i64,
        reason: &str,
        before: serde_json::Value,
        after: serde_json::Value,
    ) -> Result<(), Error> {
        let happened = Happened {
            id: case,
            shop: self.shop,
            conversation: Some(self.conversation),
            reason,
            before,
            after,
        };
        case_event::write(tx, &Who::bot(), happened, self.now)
    }

    fn number(&self, tx: &mut dyn Tx, prefix: &str, case: i64) -> Result<String, Error> {
        number(tx, prefix, self.month, case)
    }
}

/// Gives a case the next number of its prefix and month.
pub(super) fn number(
    tx: &mut dyn Tx,
    prefix: &str,
    month: &str,
    case: i64,
) -> Result<String, Error> {
    let name = format!("{prefix}-{month}");
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

/// Takes values of `more` where `form` has none.
fn keep_values(form: &mut Form, more: &Form) {
    for (name, value) in more.iter() {
        if form.get(name).is_none() {
            form.set(name, value);
        }
    }
}

/// Keeps the last four digits of every phone named, for the search.
pub(super) fn phones(
    tx: &mut dyn Tx,
    case: i64,
    fields: &Fields,
    form: &Form,
) -> Result<(), Error> {
    let named = fields.all(FieldKind::Phone);
    let tails = fields.all(FieldKind::PhoneTail);
    let written = ["电话", "尾号"]
        .into_iter()
        .filter_map(|name| form.get(name));
    for phone in named.into_iter().chain(tails).chain(written) {
        let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
        let Some(tail) = digits
            .len()
            .checked_sub(4)
            .and_then(|from| digits.get(from..))
        else {
            continue;
        };
        tx.run(
            "INSERT INTO case_phone (tail, case_id) VALUES (?1, ?2) ON CONFLICT (tail, case_id) DO NOTHING",
            &[tail.iter().collect::<String>().into(), case.into()],
        )?;
    }
    Ok(())
}

fn state(draft: &CaseDraft) -> &'static str {
    if draft.open { "open" } else { "draft" }
}
