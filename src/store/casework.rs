//! What people do with cases: one row read and locked, one pure judgement, one row and one event written.
//!
//! A case's `version` is raised by every act. Who says which version he saw is refused when it is another by now.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{
    Error, Row, Tx, cases,
    staff_event::{Done, What, Who, note},
    tx,
};
use crate::{
    desk::case::{Act, Actor, Case, Form, Ground, Refusal, Rival, State},
    knowledge::{CaseKindId, Knowledge, ShopId, case_kind::CaseKind, fields::Fields},
};

/// A stored case.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Its number in the store.
    pub id: i64,
    /// Its number for people.
    pub number: String,
    /// How often people have done something with it.
    pub version: i64,
    /// Its shop.
    pub shop: ShopId,
    /// The conversation it came from.
    pub conversation: Option<i64>,
    /// The customer's name, when it is known.
    pub customer: Option<String>,
    /// What it holds and where it stands.
    pub case: Case,
    /// It was about money when it was opened.
    pub money: bool,
    /// For the colleague who takes over; personal data masked.
    pub note: String,
    /// Who does it.
    pub handler: String,
    /// What was named in the turns that caused it.
    pub fields: Fields,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When the first action is due.
    pub first_due: DateTime<Utc>,
    /// When a person first did something with it.
    pub first_done_at: Option<DateTime<Utc>>,
    /// Since when it is known to be overdue.
    pub overdue_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
}

impl Kept {
    /// The order it is about.
    pub fn order(&self) -> Option<&str> {
        self.case.form.order()
    }

    /// Its kind; what stands in for it when the folder does not have it any more.
    pub fn kind(&self, knowledge: &Knowledge) -> CaseKind {
        knowledge
            .case_kind(&self.case.kind)
            .cloned()
            .unwrap_or_else(|| CaseKind::lost(self.case.kind.clone(), self.money))
    }
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq)]
pub enum Stopped {
    /// There is no such case, or not for him.
    NoSuch,
    /// It has changed since he looked: it is at this version now.
    Stale(i64),
    /// As the rules say.
    Refused(Refusal),
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a verb about a case comes to.
pub type Came<T> = Result<Result<T, Stopped>, Error>;

/// Who acts on which case.
#[derive(Debug, Clone)]
pub struct Hand {
    /// As events name him.
    pub who: Who,
    /// What he may do.
    pub actor: Actor,
    /// The shops he works in; `None`: all.
    pub shops: Option<Vec<ShopId>>,
}

impl Hand {
    /// Whether he may see a case.
    pub fn may_see(&self, kept: &Kept, kind: &CaseKind) -> bool {
        let his = self.shops.as_ref().is_none_or(|of| of.contains(&kept.shop));
        his && kind.is_seen_by(&self.actor.posts)
    }
}

const SELECT: &str = "SELECT id, number, version, shop, kind, conversation, customer, state, life, form, steps, author, \
   proposers, person, held_until, handler, reviewer, money, note, fields, opened_at, first_due, finish_due, \
   first_done_at, overdue_at, closed_at FROM cases";

/// A case by its number.
pub fn by_number(tx: &mut dyn Tx, number: &str) -> Result<Option<Kept>, Error> {
    let row = tx.first(&format!("{SELECT} WHERE number = ?1"), &[number.into()])?;
    row.as_ref().map(read).transpose()
}

/// The same, locked.
fn locked(tx: &mut dyn Tx, number: &str) -> Result<Option<Kept>, Error> {
    let lock = tx.dialect().lock("FOR UPDATE");
    let row = tx.first(
        &format!("{SELECT} WHERE number = ?1 {lock}"),
        &[number.into()],
    )?;
    row.as_ref().map(read).transpose()
}

pub(super) fn select(rest: &str) -> String {
    format!("{SELECT} {rest}")
}

pub(super) fn read(row: &Row) -> Result<Kept, Error> {
    let code = row.text("state")?;
    let state = match row.opt_text("life")? {
        Some(_) if code != "draft" && code != "open" => row.json("life")?,
        _ => match code {
            "draft" => State::Draft,
            "open" => State::Open,
            // Closed before lives were written down.
            _ => State::Void {
                into: None,
                end: crate::desk::case::life::End {
                    by: "bot".to_owned(),
                    at: row.opt_time("closed_at")?.unwrap_or(row.time("opened_at")?),
                    result: String::new(),
                },
            },
        },
    };
    Ok(Kept {
        id: row.int("id")?,
        number: row.opt_string("number")?.unwrap_or_default(),
        version: row.int("version")?,
        shop: row.text("shop")?.into(),
        conversation: row.opt_int("conversation")?.filter(|id| *id > 0),
        customer: row.opt_string("customer")?,
        case: Case {
            kind: row.text("kind")?.into(),
            form: row.json("form")?,
            steps: row.json("steps")?,
            author: row.string("author")?,
            proposers: row.json("proposers")?,
            reviewer: row.string("reviewer")?,
            state,
            person: row.opt_string("person")?,
            held_until: row.opt_time("held_until")?,
            finish_due: row.time("finish_due")?,
        },
        money: row.yes("money")?,
        note: row.string("note")?,
        handler: row.string("handler")?,
        fields: row.json("fields")?,
        opened_at: row.time("opened_at")?,
        first_due: row.time("first_due")?,
        first_done_at: row.opt_time("first_done_at")?,
        overdue_at: row.opt_time("overdue_at")?,
        closed_at: row.opt_time("closed_at")?,
    })
}

/// Other cases that pay, or are about to, for the order of this one.
pub fn rivals(tx: &mut dyn Tx, kept: &Kept) -> Result<Vec<Rival>, Error> {
    let Some(order) = kept.order().filter(|_| kept.money) else {
        return Ok(Vec::new());
    };
    tx.rows(
        "SELECT id, number, amount, paid FROM cases WHERE order_no = ?1 AND shop = ?2 AND id <> ?3 AND money = 1 \
           AND (paid = 1 OR state NOT IN ('draft', 'rejected', 'closed')) ORDER BY id LIMIT 50",
        &[order.into(), kept.shop.as_str().into(), kept.id.into()],
    )?
    .iter()
    .map(|row| {
        Ok(Rival {
            number: row.opt_string("number")?.unwrap_or_default(),
            amount: row.opt_int("amount")?,
            paid: row.yes("paid")?,
        })
    })
    .collect()
}

/// Somebody does something with a case. The answer is the case after it.
pub fn act(
    tx: &mut dyn Tx,
    knowledge: &Knowledge,
    hand: &Hand,
    (number, version): (&str, Option<i64>),
    act: &Act,
    now: DateTime<Utc>,
) -> Came<Kept> {
    let Some(kept) = locked(tx, number)? else {
        return Ok(Err(Stopped::NoSuch));
    };
    let kind = kept.kind(knowledge);
    if !hand.may_see(&kept, &kind) {
        return Ok(Err(Stopped::NoSuch));
    }
    if version.is_some_and(|seen| seen != kept.version) {
        return Ok(Err(Stopped::Stale(kept.version)));
    }
    judge(tx, kept, &kind, hand, act, now)
}

/// Judges and writes; the row is locked.
fn judge(
    tx: &mut dyn Tx,
    kept: Kept,
    kind: &CaseKind,
    hand: &Hand,
    act: &Act,
    now: DateTime<Utc>,
) -> Came<Kept> {
    let rivals = rivals(tx, &kept)?;
    let ground = Ground {
        kind,
        who: &hand.actor,
        rivals: &rivals,
        now,
    };
    let after = match kept.case.clone().act(act, &ground) {
        Ok(after) if after == kept.case => return Ok(Ok(kept)),
        Ok(after) => after,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    if let Some(number) = other_open(tx, &kept, &after)? {
        return Ok(Err(Refusal::OtherOpen { number }.into()));
    }
    let kept = write(tx, kept, after, &hand.who, act.code(), act.reason(), now)?;
    Ok(Ok(kept))
}

/// What keeps two open cases of one kind and order apart.
fn key(kept: &Kept, case: &Case) -> String {
    match (case.form.order(), kept.conversation) {
        (Some(order), _) => format!("o:{order}"),
        (None, Some(conversation)) => format!("c:{conversation}"),
        (None, None) => format!("n:{}", kept.id),
    }
}

/// The open case that has the place which this one would take.
fn other_open(tx: &mut dyn Tx, kept: &Kept, after: &Case) -> Result<Option<String>, Error> {
    let returns = !kept.case.state.is_living() && after.state.is_living();
    let moves = kept.case.form.order() != after.form.order();
    if !after.state.is_living() || !(returns || moves) {
        return Ok(None);
    }
    let row = tx.first(
        "SELECT id, number FROM cases WHERE shop = ?1 AND kind = ?2 AND case_key = ?3 AND state <> 'closed' AND id <> ?4",
        &[
            kept.shop.as_str().into(),
            after.kind.as_str().into(),
            key(kept, after).into(),
            kept.id.into(),
        ],
    )?;
    Ok(match row {
        Some(row) => Some(row.opt_string("number")?.unwrap_or_default()),
        None => None,
    })
}

fn write(
    tx: &mut dyn Tx,
    kept: Kept,
    after: Case,
    who: &Who,
    act: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Kept, Error> {
    let bot = *who == Who::bot();
    let moved = kept.case.finish_due != after.finish_due;
    let first_done_at = kept.first_done_at.or((!bot).then_some(now));
    let overdue_at = kept.overdue_at.filter(|_| !moved);
    let ends = !after.state.is_living();
    let closed_at = ends.then(|| kept.closed_at.unwrap_or(now));
    let (code, outcome) = match &after.state {
        State::Closed {
            rejected_by: Some(_),
            ..
        } => ("closed", Some("rejected")),
        State::Closed { .. } => ("closed", Some("done")),
        State::Void { into: Some(_), .. } => ("closed", Some("merged")),
        State::Void { into: None, .. } => ("closed", Some("void")),
        state => (state.code(), None),
    };
    let paid = kept.money && after.state.is_done() && outcome != Some("rejected");
    let oral = after
        .state
        .consent()
        .and_then(|consent| consent.oral.as_ref());
    let wait = match &after.state {
        State::Waiting { wait, .. } => Some(wait),
        _ => None,
    };
    let life = match &after.state {
        State::Draft | State::Open => None,
        state => Some(tx::json(state)?),
    };
    tx.run(
        "UPDATE cases SET version = version + 1, state = ?2, life = ?3, form = ?4, steps = ?5, author = ?6, \
           proposers = ?7, person = ?8, held_until = ?9, finish_due = ?10, order_no = ?11, case_key = ?12, amount = ?13, \
           paid = ?14, waiting_for = ?15, waiting_until = ?16, oral_until = ?17, first_done_at = ?18, overdue_at = ?19, \
           closed_at = ?20, outcome = ?21 WHERE id = ?1",
        &[
            kept.id.into(),
            code.into(),
            life.into(),
            tx::json(&after.form)?.into(),
            tx::json(&after.steps)?.into(),
            (&after.author).into(),
            tx::json(&after.proposers)?.into(),
            after.person.as_deref().into(),
            after.held_until.into(),
            after.finish_due.into(),
            after.form.order().into(),
            key(&kept, &after).into(),
            after.amount().into(),
            paid.into(),
            wait.map(|wait| wait.party.code()).into(),
            wait.map(|wait| wait.until).into(),
            oral.filter(|oral| !oral.lapsed).map(|oral| oral.until).into(),
            first_done_at.into(),
            overdue_at.into(),
            closed_at.into(),
            outcome.into(),
        ],
    )?;
    cases::phones(tx, kept.id, &Fields::default(), &after.form)?;
    let (was, became) = told(&kept.case, &after, act);
    event(tx, &kept, who, reason, was, became, now)?;
    Ok(Kept {
        version: kept.version + 1,
        first_done_at,
        overdue_at,
        closed_at,
        case: after,
        ..kept
    })
}

fn event(
    tx: &mut dyn Tx,
    kept: &Kept,
    who: &Who,
    reason: &str,
    before: Json,
    after: Json,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let done = Done {
        what: What::Case,
        shop: Some(&kept.shop),
        conversation: kept.conversation,
        subject: Some(kept.id),
        reason,
        before,
        after,
    };
    note(tx, who, &done, now)
}

/// What an act changed, before and after.
fn told(before: &Case, after: &Case, act: &str) -> (Json, Json) {
    let names: BTreeSet<&str> = before
        .form
        .iter()
        .chain(after.form.iter())
        .map(|(name, _)| name)
        .filter(|name| before.form.get(name) != after.form.get(name))
        .collect();
    let one = |case: &Case| {
        let mut told = json!({ "state": case.state, "person": case.person });
        if before.finish_due != after.finish_due {
            told["finish_due"] = json!(case.finish_due);
        }
        if before.steps != after.steps {
            told["steps"] = json!(case.steps);
        }
        if !names.is_empty() {
            let values = names.iter().map(|name| (*name, json!(case.form.get(name))));
            told["form"] = values
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<serde_json::Map<_, _>>()
                .into();
        }
        told
    };
    let (was, mut became) = (one(before), one(after));
    became["act"] = json!(act);
    (was, became)
}

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
           (SELECT customer FROM conversation WHERE id = ?5), ?16, ?17, ?16, 1, ?12) \
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
            (&me).into(),
            tx::json(&case.proposers)?.into(),
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
        append(tx, &kept, &hand.who, &new.note, &case.form, now)?;
        return Ok(Ok((kept, false)));
    };
    let id = row.int("id")?;
    link(tx, id, new.conversation, &new.messages)?;
    cases::phones(tx, id, &Fields::default(), &case.form)?;
    let number = cases::number(tx, &kind.prefix, &new.month, id)?;
    let kept =
        by_number(tx, &number)?.ok_or_else(|| Error::Refused("a case was not kept".into()))?;
    let after = json!({ "act": "open", "state": kept.case.state, "person": me, "form": kept.case.form, "note": new.note });
    event(tx, &kept, &hand.who, "", Json::Null, after, now)?;
    Ok(Ok((kept, true)))
}

/// Messages that caused a case.
fn link(
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

fn append(
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
    if let Err(stopped) = judge(tx, from, &kind, hand, &act, now)? {
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
        new.form.set(crate::desk::case::ORDER, order);
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
        let after = json!({ "act": "overdue", "state": kept.case.state, "person": kept.case.person, "finish_due": kept.case.finish_due });
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
        if judge(tx, kept, &kind, &bot, &Act::Lapse, now)?.is_err() {
            tx.run(
                "UPDATE cases SET oral_until = NULL WHERE id = ?1",
                &[id.into()],
            )?;
        }
    }
    Ok(late.len() + oral.len())
}
