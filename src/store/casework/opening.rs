//! Opening cases by hand, and adding to them: lines, and the words that caused them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{Came, Hand, Kept, Stopped, by_number, event, locked, read, select};
use crate::{
    desk::case::{Act, Case, Form, Ground, Refusal, State},
    knowledge::{CaseKindId, Knowledge, ShopId, case_kind::CaseKind, fields::Fields},
    store::{Error, Tx, cases, staff_event::Who, tx},
};

/// A case that is opened by hand.
#[derive(Debug, Clone)]
pub struct New {
    /// Its shop.
    pub shop: ShopId,
    /// Its kind.
    pub kind: CaseKindId,
    /// The conversation it comes from.
    pub conversation: Option<i64>,
    /// Messages of that conversation that caused it.
    pub messages: Vec<i64>,
    /// Values of its fields.
    pub form: Form,
    /// For the colleague who takes over; personal data masked.
    pub note: String,
    /// It is only a proposal yet: nothing must be filled in.
    pub draft: bool,
    /// When the first action is due.
    pub first_due: DateTime<Utc>,
    /// When it should be finished.
    pub finish_due: DateTime<Utc>,
    /// Opens its number, such as `2611`.
    pub month: String,
}

/// Opens a case by hand; or appends to the one that is open for the same. Whether it is new.
pub fn open(
    tx: &mut dyn Tx,
    knowledge: &Knowledge,
    hand: &Hand,
    new: &New,
    now: DateTime<Utc>,
) -> Came<(Kept, bool)> {
    let Some(kind) = knowledge.case_kind(&new.kind) else {
        return Ok(Err(Stopped::NoSuch));
    };
    let me = hand.who.name.clone();
    let form: crate::desk::case::act::Changes = new
        .form
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let draft = Case {
        kind: new.kind.clone(),
        form: Form::default(),
        steps: BTreeSet::new(),
        author: me.clone(),
        proposers: BTreeSet::from([me.clone()]),
        reviewer: kind.reviewer.clone(),
        state: State::Draft,
        person: Some(me.clone()),
        held_until: None,
        finish_due: new.finish_due,
    };
    let ground = Ground {
        kind,
        who: &hand.actor,
        rivals: &[],
        now,
    };
    let first = match new.draft {
        true => Act::Edit {
            changes: form,
            steps: None,
        },
        false => Act::Confirm { changes: form },
    };
    let case = match draft.act(&first, &ground) {
        Ok(case) => case,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    put(tx, kind, &hand.who, new, &case, now).map(Ok)
}

/// Opens a case that nobody asked for; or appends to the one that is open for the same. What its kind asks for and
/// nobody has said leaves it a draft. Whether it is new.
pub(in crate::store) fn open_by_itself(
    tx: &mut dyn Tx,
    kind: &CaseKind,
    new: &New,
    now: DateTime<Utc>,
) -> Result<(Kept, bool), Error> {
    let bot = Who::bot();
    let case = Case {
        kind: new.kind.clone(),
        form: new.form.clone(),
        steps: BTreeSet::new(),
        author: bot.name.clone(),
        proposers: BTreeSet::from([bot.name.clone()]),
        reviewer: kind.reviewer.clone(),
        state: State::Draft,
        person: None,
        held_until: None,
        finish_due: new.finish_due,
    };
    let ready = !new.draft && case.missing(&[&kind.needs]).is_empty();
    let state = if ready { State::Open } else { State::Draft };
    put(tx, kind, &bot, new, &Case { state, ..case }, now)
}

fn put(
    tx: &mut dyn Tx,
    kind: &CaseKind,
    who: &Who,
    new: &New,
    case: &Case,
    now: DateTime<Utc>,
) -> Result<(Kept, bool), Error> {
    let me = who.name.as_str();
    // What a person opens he has in hand.
    let by_hand = case.person.is_some();
    let case_key = match (case.form.order(), new.conversation) {
        (Some(order), _) => format!("o:{order}"),
        (None, Some(conversation)) => format!("c:{conversation}"),
        // The same person at the same moment means the same.
        (None, None) => format!("h:{me}:{}", now.timestamp_millis()),
    };
    let inserted = tx.first(
        "INSERT INTO cases (shop, kind, order_no, case_key, conversation, state, fields, note, handler, reviewer, \
           first_due, finish_due, opened_at, form, money, amount, customer, author, proposers, person, version, first_done_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, '[]', ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, \
           (SELECT customer FROM conversation WHERE id = ?5), ?16, ?17, ?18, ?19, ?20) \
         ON CONFLICT (shop, kind, case_key) WHERE state <> 'closed' DO NOTHING RETURNING id",
        &[
            new.shop.as_str().into(),
            new.kind.as_str().into(),
            case.form.order().into(),
            (&case_key).into(),
            new.conversation.unwrap_or(0).into(),
            case.state.code().into(),
            (&new.note).into(),
            (&kind.handler).into(),
            (&kind.reviewer).into(),
            new.first_due.into(),
            new.finish_due.into(),
            now.into(),
            tx::json(&case.form)?.into(),
            kind.is_money().into(),
            case.amount().into(),
            me.into(),
            tx::json(&case.proposers)?.into(),
            case.person.as_deref().into(),
            i64::from(by_hand).into(),
            by_hand.then_some(now).into(),
        ],
    )?;
    let Some(row) = inserted else {
        let lock = tx.dialect().lock("FOR UPDATE");
        let standing = tx.first(
            &select(&format!(
                "WHERE shop = ?1 AND kind = ?2 AND case_key = ?3 AND state <> 'closed' {lock}"
            )),
            &[
                new.shop.as_str().into(),
                new.kind.as_str().into(),
                (&case_key).into(),
            ],
        )?;
        let standing = standing.ok_or_else(|| {
            Error::Unavailable("a case was closed while it was appended to".into())
        })?;
        let kept = read(&standing)?;
        link(tx, kept.id, new.conversation, &new.messages)?;
        append(tx, &kept, who, &new.note, &case.form, now)?;
        return Ok((kept, false));
    };
    let id = row.int("id")?;
    link(tx, id, new.conversation, &new.messages)?;
    cases::phones(tx, id, &Fields::default(), &case.form)?;
    let number = cases::number(tx, &kind.prefix, &new.month, id)?;
    let kept =
        by_number(tx, &number)?.ok_or_else(|| Error::Refused("a case was not kept".into()))?;
    let after = json!({ "act": "open", "state": kept.case.state, "person": case.person, "form": kept.case.form, "note": new.note });
    event(tx, &kept, who, "", Json::Null, after, now)?;
    Ok((kept, true))
}

/// Messages that caused a case.
pub(super) fn link(
    tx: &mut dyn Tx,
    case: i64,
    conversation: Option<i64>,
    messages: &[i64],
) -> Result<(), Error> {
    let Some(conversation) = conversation else {
        return Ok(());
    };
    for message in messages {
        tx.run(
            "INSERT INTO case_link (case_id, conversation, decision, message) \
             SELECT ?1, conversation, 0, id FROM message WHERE id = ?3 AND conversation = ?2 \
             ON CONFLICT (case_id, decision, message) DO NOTHING",
            &[case.into(), conversation.into(), (*message).into()],
        )?;
    }
    Ok(())
}

/// One more line of a case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// When it was appended.
    pub at: DateTime<Utc>,
    /// By whom; `bot` when the customer said it.
    pub who: String,
    /// What.
    pub note: String,
    /// What of the form it would fill in.
    pub form: Form,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    note: String,
    #[serde(default)]
    form: Form,
}

pub(super) fn append(
    tx: &mut dyn Tx,
    kept: &Kept,
    who: &Who,
    words: &str,
    form: &Form,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let body = json!({ "note": words, "form": form });
    // Sent again, the line is the same.
    let last = tx.first(
        "SELECT id, who, body FROM case_line WHERE case_id = ?1 ORDER BY id DESC LIMIT 1",
        &[kept.id.into()],
    )?;
    if let Some(last) = last
        && last.text("who")? == who.name
        && last.json::<Json>("body")? == body
    {
        return Ok(());
    }
    tx.run(
        "INSERT INTO case_line (case_id, at, who, decision, body) VALUES (?1, ?2, ?3, NULL, ?4)",
        &[
            kept.id.into(),
            now.into(),
            (&who.name).into(),
            body.to_string().into(),
        ],
    )?;
    let after = json!({ "act": "append", "state": kept.case.state, "line": words });
    event(tx, kept, who, words, Json::Null, after, now)
}

/// Appends a line to a living case: a second missing item of one order is a line, not a case.
pub fn append_line(
    tx: &mut dyn Tx,
    knowledge: &Knowledge,
    hand: &Hand,
    number: &str,
    words: &str,
    now: DateTime<Utc>,
) -> Came<Kept> {
    let Some(kept) = locked(tx, number)? else {
        return Ok(Err(Stopped::NoSuch));
    };
    if !hand.may_see(&kept, &kept.kind(knowledge)) {
        return Ok(Err(Stopped::NoSuch));
    }
    if !kept.case.state.is_living() {
        let refusal = Refusal::NotNow {
            state: kept.case.state.code(),
            state_zh: kept.case.state.name(),
            instead: "reopen it, or open another",
            instead_zh: "请重开，或另建一张",
        };
        return Ok(Err(refusal.into()));
    }
    append(tx, &kept, &hand.who, words, &Form::default(), now)?;
    Ok(Ok(kept))
}

/// The lines of a case, oldest first.
pub fn lines(tx: &mut dyn Tx, case: i64) -> Result<Vec<Line>, Error> {
    tx.rows(
        "SELECT id, at, who, body FROM case_line WHERE case_id = ?1 ORDER BY id LIMIT 500",
        &[case.into()],
    )?
    .iter()
    .map(|row| {
        let body: Body = row.json("body")?;
        Ok(Line {
            at: row.time("at")?,
            who: row.string("who")?,
            note: body.note,
            form: body.form,
        })
    })
    .collect()
}

/// A customer's words that caused a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The message's number.
    pub message: i64,
    /// Its conversation.
    pub conversation: i64,
    /// When it was said.
    pub at: DateTime<Utc>,
    /// The original words.
    pub text: String,
}

/// What customers said that caused a case, oldest first.
pub fn causes(tx: &mut dyn Tx, case: i64) -> Result<Vec<Cause>, Error> {
    tx.rows(
        "SELECT m.id, m.conversation, m.at, m.text FROM case_link l JOIN message m ON m.conversation = l.conversation \
           AND ((l.decision > 0 AND m.decision = l.decision) OR m.id = l.message) \
         WHERE l.case_id = ?1 ORDER BY m.at, m.id LIMIT 200",
        &[case.into()],
    )?
    .iter()
    .map(|row| {
        Ok(Cause {
            message: row.int("id")?,
            conversation: row.int("conversation")?,
            at: row.time("at")?,
            text: row.string("text")?,
        })
    })
    .collect()
}
