//! A shop: its name, its accounts, its mode and the words its scripts may use.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::words::{Mode, Platform, ShopId};

/// One entry of `shops.yaml`.
#[derive(Debug, Clone, PartialEq)]
pub struct Shop {
    /// Unique.
    pub id: ShopId,
    /// What customers know it as.
    pub name: String,
    /// Where it sells.
    pub platform: Platform,
    /// Its zone.
    pub zone: Tz,
    /// How far the bot may go, unless switched otherwise.
    pub mode: Mode,
    /// `(source, account)` pairs that are this shop.
    pub accounts: Vec<(String, String)>,
    /// Words its scripts may use as blanks.
    pub values: BTreeMap<String, String>,
}
