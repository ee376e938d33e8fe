//! The style sheet and the scripts: embedded, served under a name that changes with their content.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

use super::oops::Oops;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/web/console/assets");

/// Of all files together, so that they can name each other.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for file in FILES.files() {
        hash.update(file.path().to_string_lossy().as_bytes());
        hash.update([0]);
        hash.update(file.contents());
    }
    hash.finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
});

/// Where they are.
pub(super) fn folder() -> String {
    format!("/console/assets/{}", *HASH)
}

pub(super) async fn serve(Path((hash, file)): Path<(String, String)>) -> Response {
    let kind = match file.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => return Oops::NOT_FOUND.into_response(),
    };
    match FILES.get_file(&file) {
        Some(found) if hash == *HASH => {
            let mut response = found.contents().into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            headers.insert(
                header::CACHE_CONTROL,
                HeaderValue::from_static("public, max-age=31536000, immutable"),
            );
            response
        }
        _ => Oops::NOT_FOUND.into_response(),
    }
}
