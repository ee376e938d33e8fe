//! The small transaction every verb is written over: rows in, rows out, synchronous.
//!
//! Verbs write standard SQL that both engines take, with numbered placeholders (`?1`). Whole numbers
//! (`BIGINT`) and text are all there is: time is milliseconds UTC, a switch is 0 or 1, a structure is
//! JSON text. Only lock clauses may ask for the [`Dialect`].

use std::{borrow::Cow, fmt::Write as _, sync::Arc};

use chrono::{DateTime, Utc};

use super::Error;

/// A value bound to a placeholder or read from a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number, a moment in milliseconds UTC, or a switch (0 or 1).
    Int(i64),
    /// Words or JSON. The character NUL is replaced by U+FFFD when it is bound.
    Text(String),
}

/// Which engine is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// The embedded one: one writer at a time, so that nothing needs a lock clause.
    Sqlite,
    /// Many writers: rows that are compared must be locked.
    Postgres,
}

impl Dialect {
    /// A lock clause where the engine has writers beside each other, nothing where it has not.
    pub(super) fn lock(self, clause: &'static str) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => clause,
        }
    }

    /// That a column is one of those a locking query chooses, which must run once and not for every row.
    pub(super) fn one_of(self, column: &str, query: &str) -> String {
        match self {
            Self::Sqlite => format!("{column} IN ({query})"),
            Self::Postgres => format!("{column} = ANY (ARRAY({query}))"),
        }
    }
}

/// One transaction, as a verb sees it.
pub trait Tx {
    /// Runs a statement and returns its rows.
    fn rows(&mut self, sql: &str, args: &[Value]) -> Result<Vec<Row>, Error>;

    /// Runs a statement and returns how many rows it changed.
    fn run(&mut self, sql: &str, args: &[Value]) -> Result<u64, Error>;

    /// The engine.
    fn dialect(&self) -> Dialect;

    /// Runs a statement and returns its first row, if it has one.
    fn first(&mut self, sql: &str, args: &[Value]) -> Result<Option<Row>, Error> {
        Ok(self.rows(sql, args)?.into_iter().next())
    }
}

/// What the rows of one statement have in common.
#[derive(Debug)]
pub(super) struct Header {
    /// The first table the statement names, for the sentence of an error.
    table: String,
    columns: Vec<String>,
}

impl Header {
    pub(super) fn new(sql: &str, columns: Vec<String>) -> Arc<Self> {
        let table = sql
            .split_whitespace()
            .skip_while(|word| !matches!(*word, "FROM" | "INTO" | "UPDATE"))
            .nth(1)
            .map(|word| word.split('(').next().unwrap_or(word))
            .unwrap_or_default()
            .to_owned();
        Arc::new(Self { table, columns })
    }
}

/// One row; its columns are read by name.
#[derive(Debug, Clone)]
pub struct Row {
    header: Arc<Header>,
    values: Vec<Value>,
}

impl Row {
    pub(super) fn new(header: Arc<Header>, values: Vec<Value>) -> Self {
        Self { header, values }
    }

    fn value(&self, column: &str) -> Option<&Value> {
        let index = self.header.columns.iter().position(|c| c == column)?;
        self.values.get(index)
    }

    /// That a column holds what it must not: never the value itself, which may be a customer's words.
    pub fn broken(&self, column: &str) -> Error {
        let row = match self.values.first() {
            Some(Value::Int(id)) => id.to_string(),
            _ => "?".to_owned(),
        };
        Error::Broken {
            table: self.header.table.clone(),
            column: column.to_owned(),
            row,
        }
    }

    /// A whole number.
    pub fn int(&self, column: &str) -> Result<i64, Error> {
        self.opt_int(column)?.ok_or_else(|| self.broken(column))
    }

    /// A whole number, or nothing.
    pub fn opt_int(&self, column: &str) -> Result<Option<i64>, Error> {
        match self.value(column) {
            Some(Value::Int(number)) => Ok(Some(*number)),
            Some(Value::Null) => Ok(None),
            _ => Err(self.broken(column)),
        }
    }

    /// Words.
    pub fn text(&self, column: &str) -> Result<&str, Error> {
        self.opt_text(column)?.ok_or_else(|| self.broken(column))
    }

    /// Words, or nothing.
    pub fn opt_text(&self, column: &str) -> Result<Option<&str>, Error> {
        match self.value(column) {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            _ => Err(self.broken(column)),
        }
    }

    /// Words that are wanted as their own.
    pub fn string(&self, column: &str) -> Result<String, Error> {
        self.text(column).map(str::to_owned)
    }

    /// Words that are wanted as their own, or nothing.
    pub fn opt_string(&self, column: &str) -> Result<Option<String>, Error> {
        Ok(self.opt_text(column)?.map(str::to_owned))
    }

    /// A switch.
    pub fn yes(&self, column: &str) -> Result<bool, Error> {
        Ok(self.int(column)? != 0)
    }

    /// A moment.
    pub fn time(&self, column: &str) -> Result<DateTime<Utc>, Error> {
        self.opt_time(column)?.ok_or_else(|| self.broken(column))
    }

    /// A moment, or nothing.
    pub fn opt_time(&self, column: &str) -> Result<Option<DateTime<Utc>>, Error> {
        self.opt_int(column)?
            .map(|at| DateTime::from_timestamp_millis(at).ok_or_else(|| self.broken(column)))
            .transpose()
    }

    /// A word of a closed list.
    pub fn word<T>(&self, column: &str, parse: fn(&str) -> Option<T>) -> Result<T, Error> {
        parse(self.text(column)?).ok_or_else(|| self.broken(column))
    }

    /// A structure.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T, Error> {
        serde_json::from_str(self.text(column)?).map_err(|_| self.broken(column))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Int(yes.into())
    }
}

impl From<DateTime<Utc>> for Value {
    fn from(at: DateTime<Utc>) -> Self {
        Self::Int(at.timestamp_millis())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Text as both engines store it: Postgres knows no NUL.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A structure as it is stored.
pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value)
        .map_err(|error| Error::Refused(format!("cannot be written as JSON: {error}")))
}

/// `count` placeholders from `?first` on, between commas.
pub(super) fn marks(first: usize, count: usize) -> String {
    let mut out = String::with_capacity(count * 5);
    for n in first..first + count {
        let comma = if n == first { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(out, "{comma}?{n}");
    }
    out
}

/// The values of an `IN` list, the last repeated until their count is a power of two: so few shapes of a
/// statement come up that each is prepared once.
pub(super) fn padded<T: Clone>(values: &[T]) -> Vec<T> {
    let mut out = values.to_vec();
    if let Some(last) = values.last() {
        out.resize(values.len().next_power_of_two(), last.clone());
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_nonsense_row_is_named_without_its_words() {
        let header = Header::new(
            "SELECT id, speaker FROM message WHERE id = ?1",
            vec!["id".into(), "speaker".into()],
        );
        let row = Row::new(header, vec![Value::Int(7), Value::Text("我的电话".into())]);
        assert_eq!(row.int("id").unwrap(), 7);
        let error = row.int("speaker").unwrap_err().to_string();
        assert!(error.contains("message") && error.contains("speaker") && error.contains('7'));
        assert!(!error.contains("电话"));
    }

    #[test]
    fn lists_have_few_shapes() {
        assert_eq!(marks(3, 3), "?3,?4,?5");
        assert_eq!(padded(&[1, 2, 3]), [1, 2, 3, 3]);
        assert_eq!(padded::<i64>(&[]), Vec::<i64>::new());
        assert_eq!(storable("a\0b"), "a\u{fffd}b");
    }
}
