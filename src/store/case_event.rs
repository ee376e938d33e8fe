//! What happens to a case, in the journal: with how the case stands since.
//!
//! A sheet is folded from the journal alone, so that it reads the same when the row has long changed. Whatever
//! changes a case is therefore written down here, after the row, by one verb that looks at it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{
    Error, Row, Tx,
    staff_event::{Done, What, Who, note},
};
use crate::{
    desk::{case::State, handover::CaseLine},
    knowledge::ShopId,
};

/// Under which name an event holds how its case stands since.
const STANDS: &str = "case";

/// How a case stands, as far as a sheet tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stands {
    /// Its number for people; none while the transaction that opens it has not given one.
    number: Option<String>,
    /// As stored: `draft` … `closed`.
    state: String,
    /// When it should be finished.
    due: DateTime<Utc>,
    /// Its order, when known.
    order: Option<String>,
    /// Who does it: a person where somebody has it, else the role.
    handler: String,
}

/// What [`stands`] and [`line()`] read.
pub(super) const COLUMNS: &str = "k.id, k.number, k.kind, k.state, k.finish_due, k.order_no, k.handler, k.person, k.conversation";

impl Stands {
    fn read(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            number: row.opt_string("number")?,
            state: row.string("state")?,
            due: row.time("finish_due")?,
            order: row.opt_string("order_no")?,
            handler: match row.opt_string("person")? {
                Some(person) => person,
                None => row.string("handler")?,
            },
        })
    }

    /// The line of a sheet: of the row only what never changes.
    fn line(self, row: &Row, id: i64) -> Result<Option<CaseLine>, Error> {
        // Its number is given in the transaction that opens it, and stays.
        let number = match self.number {
            Some(number) => Some(number),
            None => row.opt_string("number")?,
        };
        let Some(number) = number else {
            return Ok(None);
        };
        Ok(Some(CaseLine {
            id,
            number,
            kind: row.text("kind")?.into(),
            closed: self.state == "closed",
            state: State::name_of(&self.state).to_owned(),
            order: self.order,
            due: self.due,
            handler: self.handler,
            // 0: it was opened by hand, from no conversation.
            conversation: row.opt_int("conversation")?.filter(|id| *id > 0),
        }))
    }
}

/// How a case stands now.
pub(super) fn stands(tx: &mut dyn Tx, id: i64) -> Result<Option<Stands>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM cases k WHERE k.id = ?1");
    tx.first(&sql, &[id.into()])?
        .as_ref()
        .map(Stands::read)
        .transpose()
}

/// Something that happened to a case.
pub(super) struct Happened<'a> {
    pub(super) id: i64,
    pub(super) shop: &'a ShopId,
    pub(super) conversation: Option<i64>,
    pub(super) reason: &'a str,
    pub(super) before: Json,
    /// What it says of its own; an object.
    pub(super) after: Json,
}

/// Writes down what happened to a case, when its row says it already.
pub(super) fn write(
    tx: &mut dyn Tx,
    who: &Who,
    happened: Happened<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut after = happened.after;
    if let Some(after) = after.as_object_mut() {
        after.insert(STANDS.to_owned(), json!(stands(tx, happened.id)?));
    }
    let done = Done {
        what: What::Case,
        shop: Some(happened.shop),
        conversation: happened.conversation,
        subject: Some(happened.id),
        reason: happened.reason,
        before: happened.before,
        after,
    };
    note(tx, who, &done, now)
}

/// A case as a sheet tells of it, after a row of the journal: `row` holds `subject`, and what of its case never
/// changes (`number`, `kind`, `conversation`). `None`: the row is of a time before there were sheets.
pub(super) fn told(row: &Row, became: &Json) -> Result<Option<CaseLine>, Error> {
    let (Some(id), Some(stands)) = (row.opt_int("subject")?, became.get(STANDS)) else {
        return Ok(None);
    };
    let stands: Stands =
        serde_json::from_value(stands.clone()).map_err(|_| row.broken("became"))?;
    stands.line(row, id)
}

/// A case as a sheet tells of it, as it stands now; `row` holds [`COLUMNS`].
pub(super) fn line(row: &Row) -> Result<Option<CaseLine>, Error> {
    Stands::read(row)?.line(row, row.int("id")?)
}
