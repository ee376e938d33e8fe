//! Understanding and deciding without a service: the folder, one conversation, a moment.

use std::path::Path;

use anyhow::{Context, bail};
use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};

pub(super) use crate::desk::trial::{Line, facts, read};
use crate::{
    knowledge::{
        Knowledge, Problem, ShopId,
        hours::{Cover, Coverage},
    },
    service::shelf::read_folder,
};

/// Loads a folder; prints its errors and fails when it has any.
pub(super) fn knowledge(folder: &Path) -> anyhow::Result<(Knowledge, Vec<Problem>)> {
    let files = read_folder(folder)
        .with_context(|| format!("cannot read the knowledge folder {}", folder.display()))?;
    match Knowledge::load(&files) {
        Ok(loaded) => Ok(loaded),
        Err(problems) => {
            for problem in &problems {
                eprintln!("{problem}");
            }
            bail!("{} has errors; see `jieban check`", folder.display())
        }
    }
}

/// Reads `2026-11-20 12:31`, with or without seconds, in a zone; or RFC 3339.
pub(super) fn moment(text: &str, zone: chrono_tz::Tz) -> anyhow::Result<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.to_utc());
    }
    let local = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .with_context(|| format!("`{text}` is not a moment like 2026-11-20 12:31"))?;
    zone.from_local_datetime(&local)
        .earliest()
        .map(|at| at.to_utc())
        .with_context(|| format!("{text} does not exist in {zone}"))
}

/// The cover at `at`, or, when somebody is on duty then, what it would be with nobody in.
pub(super) fn nobody_in(knowledge: &Knowledge, shop: &ShopId, at: DateTime<Utc>) -> Coverage {
    let coverage = knowledge.coverage(shop, at);
    if !coverage.cover.is_staffed() {
        return coverage;
    }
    Coverage {
        cover: Cover::Night,
        reason: "假设无人在岗".to_owned(),
        people: Vec::new(),
        since: at,
        until: None,
        staffed_at: coverage.until,
    }
}
