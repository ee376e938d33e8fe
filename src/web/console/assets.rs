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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::collections::HashMap;

    use super::*;

    /// Relative luminance and contrast as WCAG 2.2 defines them.
    fn luminance(colour: &str) -> f64 {
        let part = |at: usize| {
            let value = u8::from_str_radix(&colour[at..at + 2], 16).unwrap();
            let s = f64::from(value) / 255.0;
            if s <= 0.04045 {
                s / 12.92
            } else {
                ((s + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn words_and_edges_can_be_told_from_what_they_stand_on() {
        let css = FILES
            .get_file("console.css")
            .unwrap()
            .contents_utf8()
            .unwrap();
        let token = regex::Regex::new(r"--([a-z-]+): (#[0-9a-f]{6});").unwrap();
        // Light, dark by the system, dark by choice: each opens with its paper.
        let themes: Vec<&str> = css.split("--paper:").skip(1).take(3).collect();
        let read = |theme: &str| -> HashMap<String, String> {
            let whole = format!("--paper:{theme}");
            let end = whole.find('}').unwrap();
            let found = token.captures_iter(&whole[..end]);
            found
                .map(|found| (found[1].to_owned(), found[2].to_owned()))
                .collect()
        };
        let themes: Vec<HashMap<String, String>> = themes.into_iter().map(read).collect();
        assert_eq!(themes.len(), 3);
        assert_eq!(themes[1], themes[2], "dark is dark");
        for theme in &themes {
            for (words, ground, least) in [
                ("ink", "paper", 4.5),
                ("ink", "card", 4.5),
                ("ink", "sunk", 4.5),
                ("dim", "paper", 4.5),
                ("dim", "card", 4.5),
                ("dim", "sunk", 4.5),
                ("dim", "mark", 4.5),
                ("ink", "mark", 4.5),
                ("accent", "card", 4.5),
                ("accent", "paper", 4.5),
                ("accent", "accent-soft", 4.5),
                ("accent-ink", "accent", 4.5),
                ("ink", "accent-soft", 4.5),
                ("ink", "good-soft", 4.5),
                ("ink", "warn-soft", 4.5),
                ("ink", "bad-soft", 4.5),
                ("warn", "warn-soft", 4.5),
                ("bad", "bad-soft", 4.5),
                ("bad", "card", 4.5),
                ("warn", "card", 4.5),
                ("one", "one-soft", 4.5),
                ("two", "two-soft", 4.5),
                ("three", "three-soft", 4.5),
                ("bar-ink", "staffed", 4.5),
                ("bar-ink", "lunch", 4.5),
                ("bar-ink", "holiday", 4.5),
                ("edge", "card", 3.0),
                ("edge", "paper", 3.0),
                ("three", "staffed", 3.0),
                ("one", "card", 3.0),
                ("two", "card", 3.0),
            ] {
                let ratio = contrast(&theme[words], &theme[ground]);
                assert!(
                    ratio >= least,
                    "{words} {} on {ground} {}: {ratio:.2}",
                    theme[words],
                    theme[ground]
                );
            }
        }
    }
}
