//! Published knowledge: content-addressed files, versions, and which version is current.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Write as _,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::{
    Error, Tx, Value, shops,
    tx::{json, marks, padded},
};
use crate::knowledge::{Files, ShopId};

/// How many files are asked for in one statement; a power of two, see [`padded`].
const CHUNK: usize = 512;

/// Makes a version current, keeps its files, and raises the epoch of every shop (those named are made if they
/// are new). Whether it was not current before; when it was, other versions are outdated all the same ([`outdate`]).
pub fn publish(
    tx: &mut dyn Tx,
    version: &str,
    files: &Files,
    shops: &[ShopId],
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    // Taken first, so that two nodes that publish do so one after the other.
    tx.run(
        "INSERT INTO setting (name, value) VALUES ('knowledge', '') ON CONFLICT (name) DO NOTHING",
        &[],
    )?;
    let before = current_version(tx)?.unwrap_or_default();
    let changed = tx.run(
        "UPDATE setting SET value = ?1 WHERE name = 'knowledge' AND value <> ?1",
        &[version.into()],
    )? > 0;
    shops::ensure(tx, shops)?;
    if !changed {
        outdate(tx, version)?;
        return Ok(false);
    }
    let manifest = keep(tx, files)?;
    tx.run(
        "INSERT INTO knowledge_version (version, manifest, published_at) VALUES (?1, ?2, ?3) \
         ON CONFLICT (version) DO UPDATE SET published_at = excluded.published_at",
        &[version.into(), json(&manifest)?.into(), now.into()],
    )?;
    tx.run(
        "INSERT INTO publication (at, version, before) VALUES (?1, ?2, ?3)",
        &[now.into(), version.into(), before.into()],
    )?;
    tx.run("UPDATE shop SET epoch = epoch + 1", &[])?;
    Ok(true)
}

/// Keeps the files that are new. Returns every path with the name of its content.
fn keep<'a>(tx: &mut dyn Tx, files: &'a Files) -> Result<BTreeMap<&'a String, String>, Error> {
    let manifest: BTreeMap<&String, String> = files
        .iter()
        .map(|(path, body)| (path, name_of(body)))
        .collect();
    let wanted: Vec<Value> = padded(&Vec::from_iter(manifest.values()))
        .into_iter()
        .map(Value::from)
        .collect();
    let mut known = HashSet::new();
    for chunk in wanted.chunks(CHUNK) {
        let sql = format!(
            "SELECT hash FROM knowledge_file WHERE hash IN ({})",
            marks(1, chunk.len())
        );
        for row in tx.rows(&sql, chunk)? {
            known.insert(row.string("hash")?);
        }
    }
    for (path, body) in files {
        let hash = &manifest[path];
        // Two paths may hold the same.
        if known.insert(hash.clone()) {
            tx.run(
                "INSERT INTO knowledge_file (hash, body) VALUES (?1, ?2) ON CONFLICT (hash) DO NOTHING",
                &[hash.into(), STANDARD.encode(body).into()],
            )?;
        }
    }
    Ok(manifest)
}

/// Content is named by its SHA-256.
fn name_of(body: &[u8]) -> String {
    let mut name = String::with_capacity(64);
    for byte in Sha256::digest(body) {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// Raises the epochs of shops in which something stands that was decided with another version than this, the current
/// one: a node decides with what it is about to publish, and may never have come to publish it.
pub fn outdate(tx: &mut dyn Tx, version: &str) -> Result<(), Error> {
    tx.run(
        "UPDATE shop SET epoch = epoch + 1 WHERE id IN (\
           SELECT c.shop FROM shop s JOIN conversation c ON c.shop = s.id AND c.epoch = s.epoch \
           JOIN decision d ON d.conversation = c.id AND d.facts = c.decided AND d.epoch = c.epoch \
           WHERE c.waiting_since IS NOT NULL AND d.knowledge <> ?1)",
        &[version.into()],
    )?;
    Ok(())
}

/// The name of the current version; `None` before the first.
pub fn current_version(tx: &mut dyn Tx) -> Result<Option<String>, Error> {
    let row = tx.first(
        "SELECT value FROM setting WHERE name = 'knowledge' AND value <> ''",
        &[],
    )?;
    row.map(|row| row.string("value")).transpose()
}

/// The current version and its files; `None` before the first.
pub fn current(tx: &mut dyn Tx) -> Result<Option<(String, Files)>, Error> {
    let Some(name) = current_version(tx)? else {
        return Ok(None);
    };
    Ok(version(tx, &name)?.map(|files| (name, files)))
}

/// The files of a version; `None` when it was never published.
pub fn version(tx: &mut dyn Tx, version: &str) -> Result<Option<Files>, Error> {
    let row = tx.first(
        "SELECT manifest FROM knowledge_version WHERE version = ?1",
        &[version.into()],
    )?;
    let Some(row) = row else { return Ok(None) };
    let manifest: BTreeMap<String, String> = row.json("manifest")?;
    let hashes = super::work::distinct(manifest.values().cloned());
    let mut bodies = HashMap::new();
    for hashes in hashes.chunks(64) {
        let hashes = padded(hashes);
        let args: Vec<Value> = hashes.iter().map(Value::from).collect();
        let sql = format!(
            "SELECT hash, body FROM knowledge_file WHERE hash IN ({})",
            marks(1, hashes.len())
        );
        for row in tx.rows(&sql, &args)? {
            let body = STANDARD
                .decode(row.text("body")?)
                .map_err(|_| row.broken("body"))?;
            bodies.insert(row.string("hash")?, body);
        }
    }
    manifest
        .into_iter()
        .map(|(path, hash)| {
            Ok((
                path,
                bodies
                    .get(&hash)
                    .cloned()
                    .ok_or_else(|| row.broken("manifest"))?,
            ))
        })
        .collect::<Result<Files, Error>>()
        .map(Some)
}
