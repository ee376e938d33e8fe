//! The program under strace, which kills it or fails a system call at the k-th of its kind. strace counts each
//! kind and each thread by itself; the store's writer is one thread, so a point is the same in every run.

use std::{collections::HashSet, fs, path::Path, process::Command, sync::OnceLock};

use rusqlite::Connection;

/// What forces the file to the disk, whichever of them SQLite was built with.
pub const SYNC: &str = "fsync,fdatasync";

/// Whether the program can be traced here. In continuous integration it must be.
pub fn is_here() -> bool {
    static HERE: OnceLock<bool> = OnceLock::new();
    *HERE.get_or_init(|| {
        let tried = Command::new("strace")
            .args(["-D", "-f", "-qq", "-o", "/dev/null", "true"])
            .output();
        let here = tried.is_ok_and(|output| output.status.success());
        assert!(
            here || std::env::var_os("CI").is_none(),
            "strace is missing or may not trace; scripts/test installs it"
        );
        if !here {
            eprintln!("skipped: strace is missing or may not trace");
        }
        here
    })
}

/// What the program is started through so that `fault` befalls its calls, such as `signal=SIGKILL:when=3`. The
/// tracer stands aside: the program stays a child of the test. Without `--seccomp-bpf`: strace 6.1 then loses count
/// of calls before the k-th.
pub fn injecting(calls: &str, fault: &str) -> Vec<String> {
    let words = ["strace", "-D", "-f", "-qq", "-o", "/dev/null"];
    let mut words: Vec<String> = words.map(str::to_owned).into();
    words.extend(["-e".to_owned(), format!("trace={calls}")]);
    words.extend(["-e".to_owned(), format!("inject={calls}:{fault}")]);
    words
}

/// The ids of the customers' messages in a data folder that nobody has open, each once, in a file that is whole.
/// Looks at a copy, so that the program recovers its own file.
pub fn stored(data: &Path) -> HashSet<String> {
    let copy = tempfile::tempdir().unwrap();
    for name in ["jieban.db", "jieban.db-wal"] {
        if data.join(name).exists() {
            fs::copy(data.join(name), copy.path().join(name)).unwrap();
        }
    }
    let connection = Connection::open(copy.path().join("jieban.db")).unwrap();
    let whole: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(whole, "ok");
    let mut statement = connection
        .prepare("SELECT external FROM message WHERE speaker = 'customer'")
        .unwrap();
    let rows: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let ids: HashSet<String> = rows.iter().cloned().collect();
    assert_eq!(ids.len(), rows.len(), "each once");
    ids
}
