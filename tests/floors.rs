//! An import may only go down, and below the waterline nothing waits.
//!
//! This test reads the text of every file under `src/` and fails when one imports a room above or
//! beside its own, or when a file below the waterline waits, touches a disk or a socket, asks for the
//! time, or rolls dice. The plan it holds the house to is [`FLOORS`]; a new room is one line there.
//!
//! It is a scan, not a compiler: comments and literals are dropped, the rest is cut into words, and
//! every path is followed through `use` trees, renames, `self`, `super` and inline modules. What it
//! must find is shown by the small houses at the end of this file.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

// ------------------------------------------------------------------------------------- the plan

/// The rooms and the floors they stand on. Rooms of one floor are strangers to each other.
const FLOORS: &[(&str, u8)] = &[
    ("command", 7),
    ("app", 6),
    ("web", 5),
    ("service", 4),
    ("store", 3),
    ("channel", 3),
    ("desk", 2),
    ("knowledge", 1),
    ("config", 0),
    ("clock", 0),
];

/// Stands above `desk`, measures it, and is of no use to anyone below `service`.
const EVAL: &str = "eval";

/// The roots: they name every room, and no room names them.
const ROOTS: &[&str] = &["lib.rs", "main.rs"];

/// The rooms where nothing waits.
const BELOW_THE_WATERLINE: &[&str] = &["knowledge", "desk", EVAL];

/// Words that have no place below the waterline, also as the beginning of a crate's name (`tokio_util`).
const WAITING_WORDS: &[&str] = &[
    "async",
    "await",
    "tokio",
    "SystemTime",
    "rand",
    "getrandom",
    "reqwest",
    "axum",
    "rusqlite",
    "postgres",
];

/// Paths that have no place below the waterline, wherever in a longer path they stand.
const WAITING_PATHS: &[&[&str]] = &[
    &["std", "fs"],
    &["std", "net"],
    &["thread", "sleep"],
    &["Utc", "now"],
    &["Local", "now"],
    &["Instant", "now"],
];

/// Questions that only `clock.rs` may ask.
const CLOCK_PATHS: &[&[&str]] = &[&["Utc", "now"], &["Local", "now"], &["SystemTime", "now"]];

/// Why `from` may not import `to`; nothing when it may.
fn refusal(from: &str, to: &str) -> Option<String> {
    if from == to {
        return None;
    }
    let Some(high) = floor(from) else {
        return Some(format!("`{from}` is not on the plan; give it a floor"));
    };
    let Some(low) = floor(to) else {
        return Some(format!(
            "`{to}` is not a room of the plan: import a thing from the room it lives in, or give a new room a floor"
        ));
    };
    if from == "clock" {
        return Some("`clock` imports nothing of ours".into());
    }
    // Settings speak of modes and platforms, and the edges are given their part of them.
    if from == "config" {
        let known = to == "knowledge";
        return (!known).then(|| "`config` imports only the words of `knowledge`".into());
    }
    if to == "config" && high < 3 {
        return Some(
            "below the waterline there are no settings; what is needed is an argument".into(),
        );
    }
    if to == "clock" && high < 4 {
        return Some("the clock is only for floor 4 and above; below, `now` is an argument".into());
    }
    if from == EVAL && to != "desk" && to != "knowledge" {
        return Some("`eval` imports only `desk` and `knowledge`".into());
    }
    if to == EVAL && high < 4 {
        return Some("`eval` is only for floor 4 and above".into());
    }
    if from == EVAL || to == EVAL || low < high {
        return None;
    }
    let direction = if low == high { "beside" } else { "above" };
    Some(format!(
        "an import may only go down: `{to}` (floor {low}) is {direction} `{from}` (floor {high})"
    ))
}

fn floor(room: &str) -> Option<u8> {
    if room == EVAL {
        return Some(2);
    }
    FLOORS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, floor)| *floor)
}

// -------------------------------------------------------------------------------- the inspection

/// Everything in `text` that the plan forbids, as sentences. `file` is relative to `src/`; `for_tests`
/// are the modules in files of their own that only tests compile.
fn inspect(file: &str, text: &str, for_tests: &[Vec<String>]) -> Vec<String> {
    let module = module_of(file);
    let room = module.first().cloned().unwrap_or_default();
    let root = ROOTS.contains(&file);
    let tokens = tokens(text);
    let below = BELOW_THE_WATERLINE.contains(&room.as_str());
    let test_file = for_tests.iter().any(|tests| module.starts_with(tests));
    let mut problems = Vec::new();
    let mut report = |line: usize, what: String, rule: &str| {
        let problem = format!("src/{file}:{line}: {what}: {rule}");
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    };

    if !root && floor(&room).is_none() {
        report(
            1,
            format!("stands in the room `{room}`"),
            "not on the plan; give it a floor",
        );
        return problems;
    }

    let paths = paths(&tokens, &module);
    for path in &paths {
        // Upwards, sideways, or around the plan.
        if !root && path.ours {
            let shown = format!("imports crate::{}", path.names.join("::"));
            match path.names.first().map(String::as_str) {
                None => report(
                    path.line,
                    "takes the whole crate".into(),
                    "name the room a thing comes from",
                ),
                Some("*") => report(
                    path.line,
                    "imports crate::*".into(),
                    "name the room a thing comes from",
                ),
                Some(_) if path.is_macro && path.names.len() == 1 => {}
                Some(to) => {
                    if let Some(rule) = refusal(&room, to) {
                        report(path.line, shown, &rule);
                    }
                }
            }
        }
        // Waiting below the waterline, and asking the time anywhere but of the clock.
        let holds = |wanted: &[&str]| {
            path.names
                .windows(wanted.len())
                .any(|names| names == wanted)
        };
        if below && !path.in_test && !test_file {
            for wanted in WAITING_PATHS.iter().filter(|wanted| holds(wanted)) {
                report(path.line, format!("names {}", wanted.join("::")), WATERLINE);
            }
        }
        if file != "clock.rs" {
            for wanted in CLOCK_PATHS.iter().filter(|wanted| holds(wanted)) {
                report(
                    path.line,
                    format!("asks {}", wanted.join("::")),
                    "only clock.rs asks what time it is; everything else is given the time",
                );
            }
        }
    }

    for (index, token) in tokens.iter().enumerate() {
        if below && !token.in_test && !test_file {
            let waits = WAITING_WORDS.iter().any(|word| {
                token.text.strip_prefix(word).is_some_and(|rest| {
                    rest.is_empty() || (rest.starts_with('_') && follows(&tokens, index, &["::"]))
                })
            });
            if waits {
                report(token.line, format!("names `{}`", token.text), WATERLINE);
            }
        }
        // Two ways to stand in one room and live in another.
        let text = token.text.as_str();
        // A door's address, which `utoipa` reads, is no file.
        let address = || {
            let opens = tokens[..index].iter().rposition(|token| token.text == "[");
            opens.is_some_and(|at| tokens[at + 1].text == "utoipa")
        };
        let borrowed = (text == "include" && follows(&tokens, index, &["!"]))
            || (text == "path"
                && follows(&tokens, index, &["="])
                && index > 0
                && matches!(tokens[index - 1].text.as_str(), "[" | ",")
                && !address());
        if borrowed {
            report(
                token.line,
                format!("takes a file by `{text}`"),
                "a file belongs to its own room",
            );
        }
    }
    problems
}

const WATERLINE: &str =
    "below the waterline nothing waits: no async, no disk, no socket, no clock, no randomness";

/// `desk/decide.rs` is the module `desk::decide`; `desk/mod.rs` is `desk`; a root is the empty path.
fn module_of(file: &str) -> Vec<String> {
    if ROOTS.contains(&file) {
        return Vec::new();
    }
    let file = file.strip_suffix(".rs").unwrap_or(file);
    let file = file.strip_suffix("/mod").unwrap_or(file);
    file.split('/').map(String::from).collect()
}

/// The modules that `text` declares with `#[cfg(test)] mod name;`.
fn test_modules(file: &str, text: &str) -> Vec<Vec<String>> {
    let tokens = tokens(text);
    let declared = tokens
        .windows(3)
        .filter(|three| three[0].in_test && three[0].text == "mod" && three[2].text == ";");
    declared
        .map(|three| {
            let mut module = module_of(file);
            module.push(three[1].text.clone());
            module
        })
        .collect()
}

// ------------------------------------------------------------------------------------- the words

/// A word or a mark of the source, without comments and literals.
#[derive(Debug)]
struct Token {
    text: String,
    line: usize,
    /// Inside an item marked `#[cfg(test)]`.
    in_test: bool,
}

/// Cuts source text into words and marks and tells which belong to tests.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens: Vec<Token> = Vec::new();
    let (mut at, mut line) = (0, 1);
    let peek = |at: usize| chars.get(at).copied().unwrap_or('\0');

    while at < chars.len() {
        let start = at;
        let c = chars[at];
        if c == '/' && peek(at + 1) == '/' {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if c == '/' && peek(at + 1) == '*' {
            let mut depth = 0;
            while at < chars.len() {
                match (chars[at], peek(at + 1)) {
                    ('/', '*') => (depth, at) = (depth + 1, at + 2),
                    ('*', '/') => (depth, at) = (depth - 1, at + 2),
                    _ => at += 1,
                }
                if depth == 0 {
                    break;
                }
            }
        } else if c == '"' {
            at = end_of_quote(&chars, at, '"');
        } else if c == '\'' {
            // A lifetime is a quote and a name that no quote closes.
            if peek(at + 1) != '\\' && peek(at + 2) != '\'' {
                at += 1;
                while is_word(peek(at)) {
                    at += 1;
                }
            } else {
                at = end_of_quote(&chars, at, '\'');
            }
        } else if is_word(c) {
            while is_word(peek(at)) {
                at += 1;
            }
            let word: String = chars[start..at].iter().collect();
            if word == "r" && peek(at) == '#' && is_word(peek(at + 1)) {
                at += 1; // r#name is the name; the next round reads it
            } else if word.ends_with('r') && word.len() <= 2 && matches!(peek(at), '"' | '#') {
                at = end_of_raw(&chars, at);
            } else if !c.is_ascii_digit() {
                tokens.push(Token {
                    text: word,
                    line,
                    in_test: false,
                });
            }
        } else {
            at += 1;
            if c == ':' && peek(at) == ':' {
                at += 1;
                tokens.push(Token {
                    text: "::".into(),
                    line,
                    in_test: false,
                });
            } else if !c.is_whitespace() {
                tokens.push(Token {
                    text: c.into(),
                    line,
                    in_test: false,
                });
            }
        }
        line += chars[start..at.min(chars.len())]
            .iter()
            .filter(|c| **c == '\n')
            .count();
    }
    mark_tests(&mut tokens);
    tokens
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn end_of_quote(chars: &[char], open: usize, quote: char) -> usize {
    let mut at = open + 1;
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// `at` stands on the first `#` or `"` of a raw string.
fn end_of_raw(chars: &[char], at: usize) -> usize {
    let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
    let mut at = at + hashes + 1;
    while at < chars.len() {
        let closes =
            chars[at] == '"' && chars[at + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
        if closes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    at
}

/// Marks what stands under `#[cfg(test)]`: up to the end of the block or the statement it begins.
fn mark_tests(tokens: &mut [Token]) {
    const MARK: &[&str] = &["#", "[", "cfg", "(", "test", ")", "]"];
    let mut at = 0;
    while at < tokens.len() {
        if !(0..MARK.len()).all(|i| tokens.get(at + i).is_some_and(|t| t.text == MARK[i])) {
            at += 1;
            continue;
        }
        at += MARK.len();
        let mut depth = 0_i32;
        while at < tokens.len() {
            tokens[at].in_test = true;
            match tokens[at].text.as_str() {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                _ => {}
            }
            let ends = depth <= 0 && matches!(tokens[at].text.as_str(), "}" | ";");
            at += 1;
            if ends {
                break;
            }
        }
    }
}

fn follows(tokens: &[Token], index: usize, texts: &[&str]) -> bool {
    texts
        .iter()
        .enumerate()
        .all(|(i, text)| tokens.get(index + 1 + i).is_some_and(|t| t.text == *text))
}

// ------------------------------------------------------------------------------------- the paths

/// One path as written out in full.
#[derive(Debug)]
struct Written {
    names: Vec<String>,
    /// It starts at the root of our crate; `names` are the names from there.
    ours: bool,
    is_macro: bool,
    line: usize,
    in_test: bool,
}

/// Every path in the file: each leaf of a `use` tree, and every path in the code.
fn paths(tokens: &[Token], module: &[String]) -> Vec<Written> {
    let mut reader = Reader {
        tokens,
        at: 0,
        inside: module.to_vec(),
        names: HashMap::new(),
        found: Vec::new(),
    };
    let mut closes: Vec<usize> = Vec::new(); // the depths at which inline modules end
    let mut depth = 0_usize;

    while reader.at < tokens.len() {
        match tokens[reader.at].text.as_str() {
            "mod" if follows_name(tokens, reader.at) && follows(tokens, reader.at + 1, &["{"]) => {
                reader.inside.push(tokens[reader.at + 1].text.clone());
                closes.push(depth);
                depth += 1;
                reader.at += 3;
            }
            "{" => {
                depth += 1;
                reader.at += 1;
            }
            "}" => {
                depth = depth.saturating_sub(1);
                if closes.last() == Some(&depth) {
                    closes.pop();
                    reader.inside.pop();
                }
                reader.at += 1;
            }
            "use" => {
                reader.at += 1;
                reader.tree(&[], true);
            }
            "extern" if follows(tokens, reader.at, &["crate", "self"]) => {
                let token = &tokens[reader.at];
                reader.found.push(Written {
                    names: Vec::new(),
                    ours: true,
                    is_macro: false,
                    line: token.line,
                    in_test: token.in_test,
                });
                reader.at += 3;
            }
            text if text.starts_with(|c: char| is_word(c)) || text == "::" => {
                reader.tree(&[], false);
            }
            _ => reader.at += 1,
        }
    }
    reader.found
}

fn follows_name(tokens: &[Token], index: usize) -> bool {
    tokens
        .get(index + 1)
        .is_some_and(|t| t.text.starts_with(is_word))
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    /// The module the reader is in, from the root of the crate.
    inside: Vec<String>,
    /// What this file calls things it renamed: `use chrono::Utc as U`.
    names: HashMap<String, Vec<String>>,
    found: Vec<Written>,
}

impl Reader<'_> {
    fn text(&self) -> &str {
        self.tokens
            .get(self.at)
            .map_or("", |token| token.text.as_str())
    }

    /// Reads a path, or a whole `use` tree, that goes on from `before`.
    fn tree(&mut self, before: &[String], import: bool) {
        let mut names = before.to_vec();
        let start = self.at.min(self.tokens.len().saturating_sub(1));
        let (line, in_test) = (self.tokens[start].line, self.tokens[start].in_test);
        loop {
            match self.text() {
                "::" => self.at += 1,
                "{" if import => {
                    self.at += 1;
                    while !matches!(self.text(), "}" | "") {
                        let turn = self.at;
                        self.tree(&names, true);
                        if self.text() == "," || self.at == turn {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "*" if import => {
                    names.push("*".into());
                    self.at += 1;
                    break;
                }
                "<" if !import && !names.is_empty() => break, // generics of a turbofish
                text if text.starts_with(is_word) => {
                    names.push(text.into());
                    self.at += 1;
                    if self.text() != "::" {
                        break;
                    }
                }
                _ => break,
            }
        }
        if self.at == start {
            self.at += 1;
            return;
        }
        let renamed = if import && self.text() == "as" {
            self.at += 1;
            let name = self.text().to_string();
            self.at += 1;
            Some(name)
        } else {
            None
        };
        let is_macro = !import && self.text() == "!";
        // A lone word in code is no path; a lone `use name` is a crate.
        if names.len() < 2 && !import {
            return;
        }
        let Some((ours, names)) = self.resolve(&names) else {
            return;
        };
        if let Some(name) = renamed {
            let mut whole = if ours {
                vec!["crate".to_string()]
            } else {
                Vec::new()
            };
            whole.extend(names.iter().cloned());
            self.names.insert(name, whole);
        }
        self.found.push(Written {
            names,
            ours,
            is_macro,
            line,
            in_test,
        });
    }

    /// Follows `crate`, `self`, `super`, our own name, and renames. Nothing when the path stays in its
    /// own module.
    fn resolve(&self, names: &[String]) -> Option<(bool, Vec<String>)> {
        let mut names = names.to_vec();
        if let Some(whole) = names.first().and_then(|first| self.names.get(first)) {
            names.splice(0..1, whole.iter().cloned());
        }
        if names.len() > 1 && names.last().is_some_and(|last| last == "self") {
            names.pop(); // use crate::desk::{self}
        }
        match names.first().map(String::as_str) {
            Some("crate" | "jieban") => Some((true, names.split_off(1))),
            Some("self" | "super") => {
                let mut here = self.inside.clone();
                let steps = names
                    .iter()
                    .take_while(|n| *n == "self" || *n == "super")
                    .count();
                for _ in names.iter().take(steps).filter(|name| *name == "super") {
                    here.pop()?;
                }
                here.extend(names.split_off(steps));
                Some((true, here))
            }
            _ => Some((false, names)),
        }
    }
}

// ------------------------------------------------------------------------------------- the tests

#[test]
fn imports_only_go_down_and_nothing_waits_below_the_waterline() {
    let src = Path::new(option_env!("CARGO_MANIFEST_DIR").unwrap_or(".")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    files.sort();
    assert!(
        files.iter().any(|file| file.ends_with("lib.rs")),
        "no source under {}",
        src.display()
    );

    let house: Vec<(String, String)> = files
        .iter()
        .map(|path| {
            let file = path
                .strip_prefix(&src)
                .expect("collected under src")
                .to_string_lossy();
            let text = fs::read_to_string(path).expect("source is readable UTF-8");
            (file.replace('\\', "/"), text)
        })
        .collect();
    let for_tests: Vec<_> = house
        .iter()
        .flat_map(|(file, text)| test_modules(file, text))
        .collect();
    let problems: Vec<String> = house
        .iter()
        .flat_map(|(file, text)| inspect(file, text, &for_tests))
        .collect();
    assert!(
        problems.is_empty(),
        "\n{} of the house's rules broken (the plan: README.md, \"How it is built\"):\n\n  {}\n",
        problems.len(),
        problems.join("\n  ")
    );
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src is a folder") {
        let path = entry.expect("src can be listed").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
}

/// Each of these must be reported, at this line, with these words.
#[test]
fn what_breaks_a_rule_is_found() {
    #[rustfmt::skip]
    let cases: &[(&str, &str, usize, &str)] = &[
        // up, beside, around
        ("desk/decide.rs", "use crate::service::Intake;", 1, "only go down"),
        ("knowledge/read.rs", "use crate::desk::message::Inbound;", 1, "above `knowledge` (floor 1)"),
        ("store/mod.rs", "\n\nuse crate::channel::Channel;", 3, "beside `store`"),
        ("channel/bridge.rs", "use crate::store::Store;", 1, "beside `channel`"),
        ("service/courier.rs", "pub(crate) use crate::web::state;", 1, "imports crate::web::state"),
        ("web/mod.rs", "fn f() { crate::app::run() }", 1, "imports crate::app::run"),
        ("app.rs", "use jieban::command::serve;", 1, "above `app`"),
        ("desk/mod.rs", "use super::store::Store;", 1, "imports crate::store::Store"),
        ("desk/decide.rs", "use super::super::store::Store;", 1, "imports crate::store::Store"),
        ("desk/decide.rs", "use self::super::super::store::Store;", 1, "imports crate::store"),
        ("desk/a/b.rs", "use super::super::super::web;", 1, "imports crate::web"),
        ("desk/due.rs", "mod inner { use super::super::super::web::page; }", 1, "crate::web::page"),
        ("desk/due.rs", "mod a { mod b {} } use super::super::web::page;", 1, "crate::web::page"),
        ("desk/due.rs", "use crate::{\n  knowledge,\n  store::{self, Row},\n};", 3, "crate::store"),
        ("desk/due.rs", "use {std::mem, crate::{desk, web}};", 1, "crate::web"),
        ("desk/due.rs", "type T = Vec<crate::store::Row>;", 1, "crate::store::Row"),
        ("desk/due.rs", "fn f(x: &'static crate::web::X) {}", 1, "crate::web::X"),
        ("desk/due.rs", "const C: char = '\"'; use crate::web::X; // \"", 1, "crate::web::X"),
        ("desk/due.rs", "use crate as us; fn f() { us::web::x() }", 1, "whole crate"),
        ("desk/due.rs", "use super::super as us; fn f() { us::web::x() }", 1, "crate::web::x"),
        ("desk/due.rs", "use crate::*;", 1, "name the room"),
        ("desk/due.rs", "extern crate self as us;", 1, "whole crate"),
        ("desk/due.rs", "use crate::VERSION;", 1, "not a room"),
        ("desk/due.rs", "macro_rules! m { () => { $crate::web::x() } }", 1, "crate::web::x"),
        ("desk/due.rs", "#[path = \"../store/row.rs\"] mod row;", 1, "own room"),
        ("desk/due.rs", "#[cfg_attr(unix, path = \"../store/row.rs\")] mod row;", 1, "own room"),
        ("desk/due.rs", "include!(\"../store/row.rs\");", 1, "own room"),
        ("desk/due.rs", "#[cfg(test)]\nmod tests {\n  use crate::store::Store;\n}", 3, "only go down"),
        ("helpers/mod.rs", "", 1, "not on the plan"),
        ("utils.rs", "", 1, "not on the plan"),
        // the ground
        ("config.rs", "use crate::desk::Mode;", 1, "`config` imports only"),
        ("clock.rs", "use crate::knowledge::hours;", 1, "`clock` imports nothing"),
        ("clock.rs", "use crate::config::Config;", 1, "`clock` imports nothing"),
        ("desk/due.rs", "use crate::config::Config;", 1, "no settings"),
        ("store/mod.rs", "use crate::clock::Clock;", 1, "floor 4"),
        ("desk/due.rs", "use crate::clock::Clock;", 1, "floor 4"),
        ("eval/report.rs", "use crate::store::Store;", 1, "`eval` imports only"),
        ("eval/report.rs", "use crate::clock::Clock;", 1, "floor 4"),
        ("desk/due.rs", "use crate::eval::Score;", 1, "floor 4 and above"),
        ("store/mod.rs", "use crate::eval::Score;", 1, "floor 4 and above"),
        // waiting below the waterline
        ("desk/due.rs", "async fn f() {}", 1, "nothing waits"),
        ("desk/due.rs", "fn f() { x\n.await }", 2, "`await`"),
        ("desk/due.rs", "fn f() { tokio::spawn(x) }", 1, "`tokio`"),
        ("desk/due.rs", "use tokio_util::sync::X;", 1, "`tokio_util`"),
        ("knowledge/load.rs", "use std::{collections::HashMap, fs};", 1, "std::fs"),
        ("knowledge/load.rs", "use std::fs as disk;", 1, "std::fs"),
        ("knowledge/load.rs", "fn f() { ::std::fs::read(p) }", 1, "std::fs"),
        ("knowledge/load.rs", "fn f<T: std::net::ToSocketAddrs>() {}", 1, "std::net"),
        ("knowledge/load.rs", "use std::thread; fn f() { thread::sleep(d) }", 1, "thread::sleep"),
        ("eval/report.rs", "use std::time::{Duration, SystemTime};", 1, "`SystemTime`"),
        ("eval/report.rs", "let t = std::time::Instant::now();", 1, "Instant::now"),
        ("eval/report.rs", "use std::time::Instant as I; fn f() { I::now(); }", 1, "Instant::now"),
        ("desk/due.rs", "let t = chrono::Utc::now();", 1, "Utc::now"),
        ("desk/due.rs", "x.unwrap_or_else(Local::now)", 1, "Local::now"),
        ("desk/due.rs", "let x = rand::random();", 1, "`rand`"),
        ("desk/due.rs", "use getrandom::fill;", 1, "`getrandom`"),
        ("desk/due.rs", "use reqwest::Client;", 1, "`reqwest`"),
        ("desk/due.rs", "use axum::Json;", 1, "`axum`"),
        ("desk/due.rs", "impl rusqlite::ToSql for X {}", 1, "`rusqlite`"),
        ("desk/due.rs", "use postgres::types::ToSql;", 1, "`postgres`"),
        ("desk/due.rs", "#[cfg(test)] use std::mem; use std::fs;", 1, "std::fs"),
        ("desk/due.rs", "#[cfg(test)] mod tests { fn f() {} }\nasync fn f() {}", 2, "`async`"),
        ("desk/due.rs", "let s = r#\"a \" b\"#; async {}", 1, "`async`"),
        ("desk/due.rs", "let s = br\"\\\"; async {}", 1, "`async`"),
        ("desk/due.rs", "/* a /* b */ c */ async {}", 1, "`async`"),
        ("desk/due.rs", "let c = '\\''; async {}", 1, "`async`"),
        ("desk/due.rs", "fn f<'a>(x: &'a str) {} async {}", 1, "`async`"),
        // the time, anywhere
        ("service/rounds.rs", "let now = Utc::now();", 1, "only clock.rs"),
        ("web/mod.rs", "use chrono::Local as L; fn f() { L::now() }", 1, "only clock.rs"),
        ("store/mod.rs", "std::time::SystemTime::now()", 1, "only clock.rs"),
        ("main.rs", "fn main() { chrono::Utc::now(); }", 1, "only clock.rs"),
        ("desk/due.rs", "#[cfg(test)] mod tests { fn f() { Utc::now() } }", 1, "only clock.rs"),
    ];
    for (file, text, line, words) in cases {
        let problems = inspect(file, text, &[]);
        let place = format!("src/{file}:{line}: ");
        assert!(
            problems
                .iter()
                .any(|problem| problem.starts_with(&place) && problem.contains(words)),
            "`{text}` in {file} must be reported at line {line} with “{words}”, but: {problems:#?}"
        );
    }
}

/// None of these may be reported.
#[test]
fn what_keeps_the_rules_is_left_alone() {
    #[rustfmt::skip]
    let cases: &[(&str, &str)] = &[
        ("lib.rs", "pub mod desk; pub use crate::web::router; use self::store::Store;"),
        ("main.rs", "use jieban::command; fn main() { command::run() }"),
        ("command/serve.rs", "use crate::{app::App, config::Config, clock::SystemClock};"),
        ("app.rs", "use crate::config::Config; use crate::web; use crate::eval::Report;"),
        ("web/mod.rs", "use crate::service::{Intake, courier}; use crate::store::Store;"),
        ("service/intake.rs", "use crate::{clock::Clock, store::*, channel, desk::decide};"),
        ("service/intake.rs", "async fn f() { tokio::time::sleep(d).await; std::fs::read(p); }"),
        ("service/intake.rs", "let t = Instant::now(); let now = self.clock.now();"),
        ("store/mod.rs", "use crate::desk::Decision; mod sqlite; use self::sqlite::Sqlite;"),
        ("store/sqlite.rs", "use super::Store; use super::messages::Row; use rusqlite::Row;"),
        ("eval/report.rs", "use crate::desk::decide; use crate::knowledge::Knowledge;"),
        ("desk/mod.rs", "pub mod decide; use super::knowledge::Knowledge; pub use self::decide::x;"),
        ("desk/decide.rs", "use super::case::Case; use super::super::knowledge::Hours;"),
        ("desk/decide.rs", "mod inner { use super::super::case::Case; }"),
        ("desk/decide.rs", "pub(in crate::desk) fn f() {} pub(crate) fn g() {}"),
        ("desk/decide.rs", "fn f(a: bool) { crate::ensure!(a) }"),
        ("desk/decide.rs", "// use crate::store::Store; async\n/* tokio::spawn */"),
        ("desk/decide.rs", "/// See [`crate::web::page`] and `std::fs`.\nfn f() {}"),
        ("desk/decide.rs", "const A: &str = \"use crate::web; \\\" async\";"),
        ("desk/decide.rs", "const A: &[u8] = br##\"crate::web \"# tokio\"##;"),
        ("desk/decide.rs", "let operand = brand; let strand_of = rand_like; awaiting(asynchronous);"),
        ("desk/decide.rs", "let fs = 1; let net = x.fs.net; let now = facts.now();"),
        ("desk/decide.rs", "use std::time::Duration; use chrono::{DateTime, Utc};"),
        ("desk/decide.rs", "#[cfg(test)]\nmod tests {\n  use super::*;\n  fn f() { std::fs::read(p); }\n}"),
        ("desk/decide.rs", "#[cfg(test)] mod tests { use super::*; use std::time::Instant; }"),
        ("knowledge/load.rs", "include_str!(\"words.txt\"); let path = x; f(path);"),
        ("knowledge/load.rs", "let r = 1; let c = 'r'; let s = '\\u{4e00}'; fn f<'r>() {}"),
        ("web/api/shops.rs", "#[utoipa::path(get, path = \"/v1/shops\")] async fn f() {}"),
        ("clock.rs", "fn now() -> DateTime<Utc> { Utc::now() }"),
        ("config.rs", "use std::fs; use serde::Deserialize;"),
    ];
    for (file, text) in cases {
        assert_eq!(
            inspect(file, text, &[]),
            Vec::<String>::new(),
            "`{text}` in {file}"
        );
    }
}

/// A file that only tests compile may wait, but not climb; its declaration is what tells.
#[test]
fn a_file_for_tests_is_known_by_its_declaration() {
    let for_tests = test_modules("desk/mod.rs", "pub mod decide;\n#[cfg(test)]\nmod testing;");
    assert_eq!(for_tests, [["desk", "testing"]]);

    let waits = "fn f() { std::fs::read(p); }";
    assert_eq!(
        inspect("desk/testing.rs", waits, &for_tests),
        Vec::<String>::new()
    );
    assert_eq!(
        inspect("desk/testing/data.rs", waits, &for_tests),
        Vec::<String>::new()
    );
    assert_eq!(inspect("desk/testing.rs", waits, &[]).len(), 1);
    assert_eq!(inspect("desk/decide.rs", waits, &for_tests).len(), 1);
    assert_eq!(
        inspect("desk/testing.rs", "use crate::store::Store;", &for_tests).len(),
        1
    );
}
