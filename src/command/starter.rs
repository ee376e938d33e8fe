//! The knowledge a new house starts with: the shipped library, carried in the binary and written once.

use std::{fs, io, path::Path};

use include_dir::{Dir, include_dir};

static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/knowledge");

/// Writes the shipped library to `folder` when there is nothing at that place yet; says whether it did.
/// What editors have written is never touched.
pub(super) fn stock(folder: &Path) -> io::Result<bool> {
    if folder.exists() {
        return Ok(false);
    }
    // Written beside and renamed, so that a start that is cut short leaves no half library behind.
    let draft = folder.with_extension("new");
    if draft.exists() {
        fs::remove_dir_all(&draft)?;
    }
    fs::create_dir_all(&draft)?;
    SHIPPED.extract(&draft)?;
    fs::rename(&draft, folder)?;
    Ok(true)
}
