//! The snapshot: all that a folder says, immutable, named by the hash of its files.

use std::collections::BTreeMap;

/// The folder's files: path relative to the folder with `/`, and raw bytes.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The hash of a folder's files (hex of SHA-256 over paths and contents), shown short.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Version(pub String);

/// All that a folder says.
pub struct Knowledge {}
