//! Keeping: every verb of the house over one small transaction, on SQLite or Postgres.
//!
//! A verb is a plain synchronous function over [`Tx`], written once, in the domain's words, grouped by
//! subject. [`Store`] carries verbs to the engine and waits for them: [`Store::write`] answers only when
//! what the verb did survives anything but the loss of the disk.
//!
//! The order of locks, for engines with many writers: sheet of a handover, conversation, what is switched for all shops, shop (in the
//! order of their ids), outbox, pace, case, counter. Who looks for work skips what another has locked; so nobody waits
//! in a circle.

pub mod alarms;
pub mod announcements;
pub mod arrangements;
mod caps;
mod case_event;
pub mod case_list;
mod cases;
pub mod casework;
pub mod chat;
pub mod counters;
pub mod decisions;
mod echo;
pub mod facts;
pub mod feed;
pub mod forgetting;
pub mod handover;
pub mod inbox;
pub mod inline;
mod job;
pub mod knowledge;
mod line;
pub mod messages;
mod migrate;
pub mod order_notes;
pub mod outbox;
pub mod ownership;
pub mod people;
mod postgres;
pub mod promises;
pub mod queue;
pub mod receivers;
mod settle;
pub mod shops;
pub mod speaking;
pub mod sqlite;
pub mod staff_event;
pub mod switches;
pub mod tally;
pub mod tx;
mod unanswered;
pub mod view;
pub mod web_chat;
pub mod wire;
pub mod work;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::JoinHandle,
};

use tokio::sync::watch;

pub use tx::{Dialect, Row, Tx, Value};

use job::Job;

/// Why the store did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// Not now: the disk is full, the connection is lost. Nothing was kept, or it is not known whether it
    /// was; asking again is safe.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// Another process keeps this folder.
    #[error("{} is in use by another `jieban serve`: stop it, or give this one a folder of its own", .0.display())]
    InUse(PathBuf),
    /// A row holds what no verb writes.
    #[error("the store is damaged: {table}.{column} of row {row} makes no sense")]
    Broken {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The row's number.
        row: String,
    },
    /// It cannot be done, now or later.
    #[error("the store refused: {0}")]
    Refused(String),
}

impl Error {
    /// Asking again may help.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// The same, as something that asking again may help with.
    fn for_now(self) -> Self {
        match self {
            Self::Unavailable(_) => self,
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// The store. Clones share it; the last one to go waits until its threads have ended.
#[derive(Clone)]
pub struct Store(Arc<House>);

struct House {
    dialect: Dialect,
    writes: Option<Line>,
    /// `None`: reads stand in the line of the writes.
    reads: Option<Line>,
    changes: watch::Receiver<u64>,
    threads: Vec<JoinHandle<()>>,
    /// Held for as long as the store is open.
    _lock: Option<std::fs::File>,
}

/// Where jobs wait for one of several threads.
type Line = mpsc::Sender<Waiting>;

/// A job, and what it may do.
type Waiting = (Access, Box<dyn Job>);

/// The other end of a [`Line`], shared by the threads that serve it.
#[derive(Clone)]
struct Ahead(Arc<Mutex<mpsc::Receiver<Waiting>>>);

impl Ahead {
    fn line() -> (Line, Self) {
        let (line, ahead) = mpsc::channel();
        (line, Self(Arc::new(Mutex::new(ahead))))
    }

    /// Waits for the next job; `None` when the store is closed.
    fn next(&self) -> Option<Waiting> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv()
            .ok()
    }

    /// The next job, if one is waiting already and nobody else is about to take it.
    fn waiting(&self) -> Option<Waiting> {
        match self.0.try_lock() {
            Ok(line) => line.try_recv().ok(),
            // Somebody idle holds the line: the next job is his.
            Err(_) => None,
        }
    }
}

/// What a verb may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({:?})", self.0.dialect)
    }
}

impl Store {
    /// Opens `folder/jieban.db`, made if it is not there, and keeps other processes out of the folder.
    ///
    /// Answers [`Error::InUse`] when another process has it, [`Error::Refused`] when it was written by a newer
    /// version of this program.
    pub fn sqlite(folder: &Path) -> Result<Self, Error> {
        sqlite::open(folder).map(|house| Self(Arc::new(house)))
    }

    /// A store in memory, gone with the last clone.
    pub fn memory() -> Result<Self, Error> {
        sqlite::memory().map(|house| Self(Arc::new(house)))
    }

    /// Opens a Postgres database through so many connections. Any number of processes may share it.
    ///
    /// Refuses a server that acknowledges commits before they are on disk.
    pub fn postgres(url: &str, connections: usize) -> Result<Self, Error> {
        postgres::open(url, connections).map(|house| Self(Arc::new(house)))
    }

    /// Runs a verb that writes, as one transaction. It is run again when it met another writer, so it must
    /// not do anything but speak to its transaction.
    pub async fn write<T, F>(&self, verb: F) -> Result<T, Error>
    where
        F: Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
        T: Send + 'static,
    {
        self.ask(Access::Write, verb).await
    }

    /// Runs a verb that only reads, on one snapshot.
    pub async fn read<T, F>(&self, verb: F) -> Result<T, Error>
    where
        F: Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
        T: Send + 'static,
    {
        self.ask(Access::Read, verb).await
    }

    async fn ask<T, F>(&self, access: Access, verb: F) -> Result<T, Error>
    where
        F: Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
        T: Send + 'static,
    {
        let gone = || Error::Unavailable("the store is closed".into());
        let line = match access {
            Access::Read => self.0.reads.as_ref().or(self.0.writes.as_ref()),
            Access::Write => self.0.writes.as_ref(),
        };
        let (job, answer) = job::call(verb);
        line.ok_or_else(gone)?
            .send((access, job))
            .map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Counts up after every transaction of this process that changed something.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.clone()
    }

    /// The engine.
    pub fn dialect(&self) -> Dialect {
        self.0.dialect
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // Without lines the threads end, after what already waits. Only then is the folder's lock let go.
        self.writes = None;
        self.reads = None;
        for thread in self.threads.drain(..) {
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// A name for this store that no other has: opens the ids of what it sends.
fn random_install() -> Result<String, Error> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Unavailable(format!("no randomness: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| Error::Unavailable(format!("cannot start a thread: {error}")))
}
