//! SQLite: one writer thread, waiting verbs grouped into one commit, readers beside it.
//!
//! A commit costs one sync of the disk however many verbs it holds; so verbs that wait are run together,
//! each in a savepoint of its own, and answered together after the commit. A commit that failed has kept
//! nothing that may be believed: its verbs are told so, and after an error of the disk the file is opened
//! anew and its log written back before anything else is promised.

use std::{
    collections::HashMap,
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use rusqlite::{
    Connection, ErrorCode, ToSql,
    config::DbConfig,
    types::{ToSqlOutput, ValueRef},
};
use tokio::sync::watch;

use super::{
    Access, Ahead, Dialect, Error, House, Row, Tx, Value,
    job::Job,
    migrate, random_install, spawn,
    tx::{Header, storable},
};

/// The first version without the WAL-reset bug (3.7.0 to 3.51.2 may lose a database's pages).
const OLDEST: i32 = 3_051_003;
/// How many verbs one commit may hold, and how long it may gather them.
const GROUP: usize = 256;
const GATHER: Duration = Duration::from_millis(20);
const READERS: usize = 2;
/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 256;

pub(super) fn open(folder: &Path) -> Result<House, Error> {
    std::fs::create_dir_all(folder).map_err(|error| file_error(folder, &error))?;
    let lock = lock(folder)?;
    let place = folder.join("jieban.db");
    let local = Local::open(&place)?;
    let (reads, ahead) = Ahead::line();
    let mut house = house(local, Some(place.clone()), Some(lock))?;
    for n in 0..READERS {
        let (mut reader, ahead) = (Some(Session::reader(&place)?), ahead.clone());
        let place = place.clone();
        house
            .threads
            .push(spawn(&format!("store-read-{n}"), move || {
                while let Some((_, job)) = ahead.next() {
                    read(&mut reader, &place, job);
                }
            })?);
    }
    house.reads = Some(reads);
    Ok(house)
}

pub(super) fn memory() -> Result<House, Error> {
    house(Local::memory(&random_install()?)?, None, None)
}

fn house(local: Local, place: Option<PathBuf>, lock: Option<File>) -> Result<House, Error> {
    let (writes, ahead) = Ahead::line();
    let (changed, changes) = watch::channel(0);
    let writer = Writer {
        local: Some(local),
        place,
        changed,
    };
    Ok(House {
        dialect: Dialect::Sqlite,
        writes: Some(writes),
        reads: None,
        changes,
        threads: vec![spawn("store-write", move || writer.run(&ahead))?],
        _lock: lock,
    })
}

/// Keeps every other process out of the folder until the file is closed.
fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("jieban.lock");
    let file = File::create(&path).map_err(|error| file_error(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(file_error(&path, &error)),
    }
}

fn file_error(path: &Path, error: &std::io::Error) -> Error {
    Error::Unavailable(format!("{}: {error}", path.display()))
}

/// A SQLite database on the caller's own thread: what the writer thread uses, and what a simulation on one
/// thread uses.
pub struct Local {
    session: Session,
}

impl Local {
    /// Opens a database file and brings its schema up to date. Keeps nobody out: that is [`super::Store::sqlite`]'s.
    pub fn open(file: &Path) -> Result<Self, Error> {
        let mut local = Self::connect(file)?;
        let install = random_install()?;
        local.transaction(|tx| migrate::migrate(tx, &install))?;
        Ok(local)
    }

    /// A database in memory whose outgoing messages have ids that begin with `install`.
    pub fn memory(install: &str) -> Result<Self, Error> {
        let mut local = Self {
            session: Session::new(Connection::open_in_memory().map_err(|e| told(&e))?)?,
        };
        local.transaction(|tx| migrate::migrate(tx, install))?;
        Ok(local)
    }

    fn connect(file: &Path) -> Result<Self, Error> {
        let session = Session::new(Connection::open(file).map_err(|e| told(&e))?)?;
        session.pragma("cache_size = -8192", "")?;
        session.pragma("journal_mode = WAL", "wal")?;
        session.pragma("synchronous = FULL", "")?;
        session.pragma("synchronous", "2")?;
        Ok(Self { session })
    }

    /// Writes the whole log back into the file, so that nothing rests on a sync that failed.
    fn settle_log(&self) -> Result<(), Error> {
        self.session.pragma("wal_checkpoint(TRUNCATE)", "0")
    }

    /// Runs one verb as one transaction.
    pub fn transaction<T>(
        &mut self,
        verb: impl FnOnce(&mut dyn Tx) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.session.batch("BEGIN IMMEDIATE")?;
        let result = verb(&mut self.session).and_then(|done| match self.session.failed.take() {
            None => Ok(done),
            Some(error) => Err(error),
        });
        let result = result.and_then(|done| self.session.batch("COMMIT").map(|()| done));
        if result.is_err() {
            self.session.abandon();
        }
        result
    }
}

/// The thread that writes.
struct Writer {
    /// `None` after an error of the disk, until the file could be opened anew.
    local: Option<Local>,
    place: Option<PathBuf>,
    changed: watch::Sender<u64>,
}

impl Writer {
    fn run(mut self, ahead: &Ahead) {
        while let Some((_, job)) = ahead.next() {
            match self.ready() {
                Ok(()) => self.group(job, ahead),
                Err(error) => job.fail(error),
            }
        }
    }

    fn ready(&mut self) -> Result<(), Error> {
        if let (None, Some(place)) = (&self.local, &self.place) {
            let local = Local::connect(place)?;
            local.settle_log()?;
            self.local = Some(local);
        }
        Ok(())
    }

    /// Runs `first` and what waits behind it in one commit.
    fn group(&mut self, first: Box<dyn Job>, ahead: &Ahead) {
        let Some(local) = &mut self.local else {
            first.fail(Error::Unavailable("the database is not open".into()));
            return;
        };
        let session = &mut local.session;
        let before = session.connection.total_changes();
        if let Err(error) = session.batch("BEGIN IMMEDIATE") {
            first.fail(error);
            self.close_if_damaged();
            return;
        }
        let begun = Instant::now();
        let mut members: Vec<Box<dyn Job>> = Vec::new();
        let mut next = Some((Access::Write, first));
        let mut outcome = Ok(());
        while let Some((_, mut job)) = next.take() {
            if !job.is_abandoned() {
                outcome = session.member(job.as_mut());
                members.push(job);
                if outcome.is_err() {
                    break;
                }
            }
            if members.len() < GROUP && begun.elapsed() < GATHER {
                next = ahead.waiting();
            }
        }
        let outcome = outcome.and_then(|()| session.batch("COMMIT"));
        match outcome {
            Ok(()) => {
                if session.connection.total_changes() != before {
                    self.changed.send_modify(|n| *n += 1);
                }
                members.into_iter().for_each(Job::answer);
            }
            Err(error) => {
                session.abandon();
                let error = error.for_now();
                for job in members {
                    job.fail(error.clone());
                }
                self.close_if_damaged();
            }
        }
    }

    /// After an error of the disk the connection is not believed any more. A database in memory has no disk.
    fn close_if_damaged(&mut self) {
        if self.place.is_some()
            && self
                .local
                .as_ref()
                .is_some_and(|local| local.session.damaged)
        {
            self.local = None;
        }
    }
}

fn read(reader: &mut Option<Session>, place: &Path, mut job: Box<dyn Job>) {
    if job.is_abandoned() {
        return;
    }
    if reader.is_none() {
        *reader = Session::reader(place).ok();
    }
    let Some(session) = reader else {
        job.fail(Error::Unavailable("the database cannot be read".into()));
        return;
    };
    match session.batch("BEGIN") {
        Ok(()) => {
            job.run(session);
            session.abandon();
            job.answer();
        }
        Err(error) => job.fail(error),
    }
    if session.damaged {
        *reader = None;
    }
}

/// A connection with its statements.
struct Session {
    connection: Connection,
    headers: HashMap<String, Arc<Header>>,
    /// A statement of the running verb failed: nothing of the verb may be kept.
    failed: Option<Error>,
    /// The disk failed.
    damaged: bool,
}

impl Session {
    fn new(connection: Connection) -> Result<Self, Error> {
        if rusqlite::version_number() < OLDEST {
            return Err(Error::Refused(format!(
                "SQLite {} may damage the database; 3.51.3 is the oldest that is safe",
                rusqlite::version()
            )));
        }
        connection
            .busy_timeout(Duration::from_secs(5))
            .map_err(|e| told(&e))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // A plan never depends on a bound value. Else every `LIMIT ?` is prepared anew each time it runs.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(|e| told(&e))?;
        let session = Self {
            connection,
            headers: HashMap::new(),
            failed: None,
            damaged: false,
        };
        session.pragma("temp_store = MEMORY", "")?;
        Ok(session)
    }

    fn reader(file: &Path) -> Result<Self, Error> {
        let session = Self::new(Connection::open(file).map_err(|e| told(&e))?)?;
        session.pragma("cache_size = -4096", "")?;
        session.pragma("query_only = ON", "")?;
        Ok(session)
    }

    /// Runs a pragma whose first answer, if one is expected, must be `expected`.
    fn pragma(&self, pragma: &str, expected: &str) -> Result<(), Error> {
        let mut statement = self
            .connection
            .prepare(&format!("PRAGMA {pragma}"))
            .map_err(|e| told(&e))?;
        let mut rows = statement.query([]).map_err(|e| told(&e))?;
        let first = rows.next().map_err(|e| told(&e))?;
        if expected.is_empty() {
            return Ok(());
        }
        let answer = match first.map(|row| row.get_ref(0)) {
            Some(Ok(value)) => value_of(value),
            _ => Value::Null,
        };
        match answer {
            Value::Text(text) if text == expected => Ok(()),
            Value::Int(number) if number.to_string() == expected => Ok(()),
            other => Err(Error::Unavailable(format!(
                "PRAGMA {pragma} answered {other:?}"
            ))),
        }
    }

    fn batch(&mut self, sql: &'static str) -> Result<(), Error> {
        let result = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut s| s.raw_execute());
        result.map(|_| ()).map_err(|error| self.note(&error))
    }

    /// Ends what is begun and forgets it.
    fn abandon(&mut self) {
        self.failed = None;
        if !self.connection.is_autocommit() {
            // Fails only when the transaction is gone already.
            let _ = self.batch("ROLLBACK");
        }
    }

    /// Runs one verb of a group. An error says that the whole group is lost.
    fn member(&mut self, job: &mut dyn Job) -> Result<(), Error> {
        self.batch("SAVEPOINT verb")?;
        let mut kept = job.run(self);
        let failed = self.failed.take();
        if self.connection.is_autocommit() {
            // A full disk may end the whole transaction, with all that was done before.
            return Err(
                failed.unwrap_or_else(|| Error::Unavailable("the transaction was ended".into()))
            );
        }
        if let (true, Some(error)) = (kept, failed) {
            job.spoil(error);
            kept = false;
        }
        if !kept {
            self.batch("ROLLBACK TO verb")?;
        }
        self.batch("RELEASE verb")
    }

    fn note(&mut self, error: &rusqlite::Error) -> Error {
        self.damaged |= matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::SystemIoFailure
                    | ErrorCode::CannotOpen
                    | ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
            )
        );
        told(error)
    }

    fn query(&mut self, sql: &str, args: &[Value]) -> Result<Vec<Row>, rusqlite::Error> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let header = match self.headers.get(sql) {
            Some(header) => Arc::clone(header),
            None => {
                if self.headers.len() >= STATEMENTS {
                    self.headers.clear();
                }
                let columns = statement
                    .column_names()
                    .into_iter()
                    .map(str::to_owned)
                    .collect();
                let header = Header::new(sql, columns);
                self.headers.insert(sql.to_owned(), Arc::clone(&header));
                header
            }
        };
        bind(&mut statement, args)?;
        let width = statement.column_count();
        let mut rows = statement.raw_query();
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            let values = (0..width)
                .map(|column| row.get_ref(column).map(value_of))
                .collect::<Result<_, _>>()?;
            out.push(Row::new(Arc::clone(&header), values));
        }
        Ok(out)
    }

    fn execute(&mut self, sql: &str, args: &[Value]) -> Result<usize, rusqlite::Error> {
        let mut statement = self.connection.prepare_cached(sql)?;
        bind(&mut statement, args)?;
        statement.raw_execute()
    }
}

impl Tx for Session {
    fn rows(&mut self, sql: &str, args: &[Value]) -> Result<Vec<Row>, Error> {
        self.query(sql, args).map_err(|error| {
            let error = self.note(&error);
            self.failed.insert(error).clone()
        })
    }

    fn run(&mut self, sql: &str, args: &[Value]) -> Result<u64, Error> {
        match self.execute(sql, args) {
            Ok(changed) => Ok(changed as u64),
            Err(error) => {
                let error = self.note(&error);
                Err(self.failed.insert(error).clone())
            }
        }
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }
}

struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Int(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            Value::Text(text) => match storable(text) {
                std::borrow::Cow::Borrowed(text) => {
                    ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))
                }
                std::borrow::Cow::Owned(text) => {
                    ToSqlOutput::Owned(rusqlite::types::Value::Text(text))
                }
            },
        })
    }
}

fn bind(statement: &mut rusqlite::Statement<'_>, args: &[Value]) -> Result<(), rusqlite::Error> {
    for (index, value) in args.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, Bound(value))?;
    }
    Ok(())
}

fn value_of(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Text(number.to_string()),
        ValueRef::Text(text) | ValueRef::Blob(text) => {
            Value::Text(String::from_utf8_lossy(text).into_owned())
        }
    }
}

/// An error of SQLite, sorted by what the caller can do.
fn told(error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DiskFull
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::OutOfMemory
            | ErrorCode::OperationInterrupted
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::PermissionDenied,
        ) => Error::Unavailable(error.to_string()),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            Error::Refused(format!("{error}; restore the last backup"))
        }
        _ => Error::Refused(error.to_string()),
    }
}
