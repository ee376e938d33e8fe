//! What was filled in on a case: names of the kind's fields, and words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::knowledge::{case_kind::AMOUNT, money};

/// The field that holds the order.
pub const ORDER: &str = "订单号";
/// The field that holds what the customer paid for the whole order, when somebody has looked it up.
pub const ORDER_AMOUNT: &str = "订单金额";
/// How many characters a value has at the most.
const LONGEST: usize = 2_000;

/// Values of a case's fields by name. No value is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Form(BTreeMap<String, String>);

impl Form {
    /// From names and values; later ones win.
    pub fn of<N: Into<String>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut form = Self::default();
        for (name, value) in pairs {
            form.set(&name.into(), value.as_ref());
        }
        form
    }

    /// A value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Writes a value; an empty one takes the field out. Amounts are kept in yuan, without words.
    pub fn set(&mut self, name: &str, value: &str) {
        let value = value.trim();
        if value.is_empty() {
            self.0.remove(name);
            return;
        }
        let value = match is_amount(name).then(|| money::fen(value)).flatten() {
            Some(fen) => money::yuan(fen),
            None => value.to_owned(),
        };
        self.0.insert(name.to_owned(), value);
    }

    /// Every name and value, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Nothing is filled in.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How much is to be paid, in fen.
    pub fn amount(&self) -> Option<i64> {
        self.get(AMOUNT).and_then(money::fen)
    }

    /// What the order cost, in fen, when it is known.
    pub fn order_amount(&self) -> Option<i64> {
        self.get(ORDER_AMOUNT).and_then(money::fen)
    }

    /// The order it is about.
    pub fn order(&self) -> Option<&str> {
        self.get(ORDER)
    }

    /// A field of these changes whose value cannot be: an amount that is none, or words without end.
    pub fn wrong(&self) -> Option<(&str, &str)> {
        self.iter().find(|(name, value)| {
            let no_money = is_amount(name) && money::fen(value).is_none();
            no_money
                || value.chars().count() > LONGEST
                || value.chars().any(|c| c.is_control() && c != '\n')
        })
    }
}

/// Whether a field holds money: its name ends in 金额.
fn is_amount(name: &str) -> bool {
    name.ends_with(AMOUNT)
}
