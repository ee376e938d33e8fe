//! Understanding and deciding without a service: the folder, one conversation, a moment.

use std::path::Path;

use anyhow::{Context, bail};
use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};

use crate::{
    desk::{Facts, Message, Seen, Standing, last_turn},
    knowledge::{
        ContentKind, Knowledge, Platform, Problem, Reading, ShopId, Speaker,
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

/// One line of a conversation.
pub(super) struct Line {
    pub(super) speaker: Speaker,
    pub(super) text: String,
}

/// A conversation whose last line was said at `at`, as the desk would find it.
pub(super) fn facts(
    lines: Vec<Line>,
    shop: ShopId,
    platform: Platform,
    at: DateTime<Utc>,
) -> Facts {
    let count = lines.len() as i64;
    let messages = lines
        .into_iter()
        .zip(1..)
        .map(|(line, id)| {
            // A minute between lines, so that earlier ones are bursts of their own.
            let at = at - chrono::Duration::minutes(count - id);
            Message {
                id,
                speaker: line.speaker,
                sender: None,
                kind: ContentKind::Text,
                text: line.text,
                at,
                received_at: at,
                history: false,
            }
        })
        .collect();
    Facts {
        seen: Seen {
            conversation: 1,
            facts: count,
            epoch: 1,
        },
        shop,
        platform,
        mode: None,
        stopped: false,
        standing: Standing::default(),
        ownership: None,
        lowered: None,
        order: None,
        messages,
        open_cases: Vec::new(),
        said: Vec::new(),
    }
}

/// What the last turn says.
pub(super) fn read(knowledge: &Knowledge, facts: &Facts, at: DateTime<Utc>) -> Reading {
    match last_turn(&facts.messages) {
        Some(turn) => knowledge.read(&turn.to_read(&facts.shop, facts.platform), at),
        None => Reading::default(),
    }
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
