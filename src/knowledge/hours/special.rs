//! What the dated table says of single dates.

use std::collections::{BTreeMap, HashMap};

use chrono::{Days, NaiveDate, Weekday};

use super::{
    roster::{Dated, DatedRow},
    weekday,
};
use crate::knowledge::shop::Shop;

/// What the dated table says of one date for one shop.
#[derive(Default)]
pub(super) struct SpecialDay {
    /// Whose hours hold, `None` when closed, and what it is called.
    pub(super) day: Option<(Option<Weekday>, String)>,
    /// The rows that add hours.
    pub(super) extra: Vec<usize>,
}

impl SpecialDay {
    /// The names of its rows, each once.
    pub(super) fn called(&self, dated: &[DatedRow]) -> Vec<String> {
        let day = self.day.iter().map(|(like, name)| match like {
            None => name.clone(),
            Some(like) => format!("{name}（按{}）", weekday(*like)),
        });
        let extra = self.extra.iter().filter_map(|at| dated.get(*at));
        let mut names: Vec<String> = Vec::new();
        for name in day.chain(extra.map(|row| row.name.clone())) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// By date, what holds for a shop. Its own rows go before everybody's, and a make-up workday before a closed
/// day.
pub(super) fn specials(shop: &Shop, dated: &[DatedRow]) -> BTreeMap<NaiveDate, SpecialDay> {
    let mut days: BTreeMap<NaiveDate, SpecialDay> = BTreeMap::new();
    let mut ranks: HashMap<(NaiveDate, bool), (bool, bool)> = HashMap::new();
    for (at, row) in dated.iter().enumerate() {
        if row.shop.as_ref().is_some_and(|id| *id != shop.id) {
            continue;
        }
        let own = row.shop.is_some();
        let mut date = row.from;
        while date <= row.to {
            let day = days.entry(date).or_default();
            match &row.what {
                Dated::Day(like) => {
                    let rank = (own, like.is_some());
                    let before = ranks.get(&(date, false));
                    if before.is_none_or(|before| rank > *before) {
                        ranks.insert((date, false), rank);
                        day.day = Some((*like, row.name.clone()));
                    }
                }
                Dated::Extra(_) => {
                    let before = ranks.get(&(date, true)).copied().unwrap_or_default();
                    if own && !before.0 {
                        day.extra.clear();
                    }
                    if own || !before.0 {
                        ranks.insert((date, true), (own, false));
                        day.extra.push(at);
                    }
                }
            }
            let Some(next) = date.checked_add_days(Days::new(1)) else {
                break;
            };
            date = next;
        }
    }
    days
}
