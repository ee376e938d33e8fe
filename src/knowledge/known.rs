//! What the files of a folder may say about each other: ids that are taken, and names that exist.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use chrono_tz::Tz;

use super::{
    blank::{Blanks, FROM_CUSTOMER},
    form::Written,
    problem::{Place, Report, one_of},
    words::{CaseKindId, IntentId, ScriptId, ShopId},
};

/// A sentence of an intent or a script, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Sentence {
    pub(super) text: String,
    pub(super) file: Arc<str>,
    pub(super) place: Place,
    pub(super) owner: Owner,
    /// The owner must win it; otherwise it must not.
    pub(super) wanted: bool,
}

/// Whose sentence it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    Intent(IntentId),
    Script(ScriptId),
}

/// Things a customer can name that no script may use as a blank.
const ALSO: &[&str] = &["退款编号", "交易号", "工单号", "尾号", "地址"];

/// What other files may be named in a file, and the ids that are taken.
#[derive(Default)]
pub(super) struct Known {
    /// Every shop and its zone.
    pub(super) shops: Vec<(ShopId, Tz)>,
    /// `shops.yaml` is broken: no shop can be called unknown.
    pub(super) shops_unread: bool,
    /// Their names.
    pub(super) case_kinds: BTreeSet<String>,
    /// Their ids.
    pub(super) intents: BTreeSet<String>,
    /// Blanks that scripts may use.
    pub(super) blanks: Blanks,
    claimed: HashMap<(&'static str, String), String>,
    pub(super) sentences: Vec<Sentence>,
}

impl Known {
    /// Takes an id for a file; reports one that is taken.
    pub(super) fn claim(
        &mut self,
        what: &'static str,
        file: &str,
        id: &Written,
        report: &mut Report,
    ) {
        let key = (what, id.text.clone());
        match self.claimed.get(&key) {
            Some(other) => report.error(
                id.place,
                format!("{what}“{}”重复，{other} 已经用了", id.text),
                "换一个，或删掉其中一个文件",
            ),
            None => {
                self.claimed.insert(key, file.to_owned());
            }
        }
    }

    /// A shop that exists.
    pub(super) fn shop(&self, written: &Written, report: &mut Report) -> Option<ShopId> {
        let known = self
            .shops
            .iter()
            .find(|(id, _)| id.as_str() == written.text);
        if known.is_none() && !self.shops_unread {
            report.error(
                written.place,
                format!("没有店铺“{}”", written.text),
                one_of(&written.text, self.shops.iter().map(|(id, _)| id.as_str())),
            );
        }
        match known {
            Some((id, _)) => Some(id.clone()),
            None => self
                .shops_unread
                .then(|| ShopId::from(written.text.as_str())),
        }
    }

    /// The zone in which the dates of a script for these shops are meant.
    pub(super) fn zone(&self, shops: &[ShopId]) -> Tz {
        self.shops
            .iter()
            .find(|(id, _)| shops.is_empty() || shops.contains(id))
            .map_or(Tz::Asia__Shanghai, |(_, zone)| *zone)
    }

    /// A case kind, reported when there is none of that name.
    pub(super) fn case_kind(&self, written: &Written, report: &mut Report) -> CaseKindId {
        if !self.case_kinds.contains(&written.text) {
            report.error(
                written.place,
                format!("没有工单类型“{}”", written.text),
                one_of(&written.text, self.case_kinds.iter().map(String::as_str)),
            );
        }
        CaseKindId::from(written.text.as_str())
    }

    /// An intent, reported when there is none of that id.
    pub(super) fn intent(&self, written: &Written, report: &mut Report) -> IntentId {
        if !self.intents.contains(&written.text) {
            report.error(
                written.place,
                format!("没有意图“{}”", written.text),
                one_of(&written.text, self.intents.iter().map(String::as_str)),
            );
        }
        IntentId::from(written.text.as_str())
    }

    /// Names of fields of a form: things a customer can name, and those the form declares itself.
    pub(super) fn form_names(
        &self,
        key: &str,
        names: &[Written],
        own: &[Written],
        report: &mut Report,
    ) {
        let own: Vec<&str> = own.iter().map(|field| field.text.as_str()).collect();
        names_of(
            key,
            names,
            |name| FROM_CUSTOMER.contains(&name) || ALSO.contains(&name) || own.contains(&name),
            || {
                FROM_CUSTOMER
                    .iter()
                    .chain(ALSO)
                    .copied()
                    .chain(own.iter().copied())
                    .collect()
            },
            report,
        );
    }

    /// Names of things a customer can name.
    pub(super) fn field_names(&self, key: &str, names: &[Written], report: &mut Report) {
        names_of(
            key,
            names,
            |name| FROM_CUSTOMER.contains(&name) || ALSO.contains(&name),
            || FROM_CUSTOMER.iter().chain(ALSO).copied().collect(),
            report,
        );
    }

    /// Names of blanks.
    pub(super) fn blank_names(&self, key: &str, names: &[Written], report: &mut Report) {
        names_of(
            key,
            names,
            |name| self.blanks.knows(name),
            || self.blanks.names.iter().map(String::as_str).collect(),
            report,
        );
    }
}

fn names_of<'k>(
    key: &str,
    names: &[Written],
    known: impl Fn(&str) -> bool,
    all: impl Fn() -> Vec<&'k str>,
    report: &mut Report,
) {
    for name in names.iter().filter(|name| !known(&name.text)) {
        let mend = if name.text.contains(['，', '、']) {
            "列表里用英文逗号隔开：[甲, 乙]".to_owned()
        } else {
            one_of(&name.text, all())
        };
        report.error(
            name.place,
            format!("“{key}”里没有“{}”这一项", name.text),
            mend,
        );
    }
}
