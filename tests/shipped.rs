//! The shipped folder is read without a problem and says what it should.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use jieban::knowledge::Knowledge;
use jieban::service::shelf::read_folder;

#[test]
fn the_shipped_folder_is_read_without_a_problem() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge");
    let files = read_folder(&root).unwrap();
    let (knowledge, warnings) = Knowledge::load(&files).unwrap_or_else(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{} problems\n{}", lines.len(), lines.join("\n"))
    });
    let now = "2026-11-20T04:30:00Z".parse().unwrap();
    let review = knowledge.review(None, now);
    let lines: Vec<String> = warnings
        .iter()
        .chain(&review)
        .map(ToString::to_string)
        .collect();
    assert_eq!(lines, Vec::<String>::new(), "{}", lines.join("\n"));
}
