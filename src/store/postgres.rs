//! Postgres: several connections, one verb one transaction, run again when it met another writer.
//!
//! Verbs run at READ COMMITTED: each locks the rows it compares and reads the rest after it has the lock.
//! Reads are several statements on one snapshot, so they run at REPEATABLE READ. A connection that breaks
//! before the commit was asked for has kept nothing, and the verb runs again on a new one; a commit without
//! an answer is unknown, and the caller is told so.

use std::{
    collections::HashMap,
    error::Error as _,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use postgres::{
    Client, Config, NoTls, Statement,
    error::SqlState,
    types::{IsNull, ToSql, Type, to_sql_checked},
};
use tokio::sync::watch;

use super::{
    Access, Ahead, Dialect, Error, House, Row, Tx, Value,
    job::Job,
    migrate, random_install, spawn,
    tx::{Header, storable},
};

/// How often a verb is run again when it met another writer.
const TRIES: u32 = 5;
/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 512;
/// After how many verbs a connection plans anew for the first time; then after four times as many, and so on.
const PLANNED_ANEW: u64 = 64;
/// The longest pause between two attempts to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Every verb goes by an index, and its plan does not depend on what it asks for: it is made once, and anew when
/// the tables may have grown (see [`Session::plan_anew`]).
const SESSION: &str = "SET lock_timeout = '10s'; SET statement_timeout = '60s'; \
    SET idle_in_transaction_session_timeout = '60s'; \
    SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off";
/// Held while the schema is brought up to date, so that nodes that start together do it once.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(5498217301)";

pub(super) fn open(url: &str, connections: usize) -> Result<House, Error> {
    let mut config: Config = url
        .parse()
        .map_err(|error| Error::Refused(format!("the Postgres URL is not one: {error}")))?;
    if config.get_application_name().is_none() {
        config.application_name("jieban");
    }
    config
        .connect_timeout(Duration::from_secs(5))
        .tcp_user_timeout(Duration::from_secs(10))
        .keepalives_idle(Duration::from_secs(10));
    // On a thread of its own: the client waits, which a caller inside an async runtime may not.
    let first = std::thread::scope(|scope| {
        let opening = scope.spawn(|| {
            let mut first = Session::connect(&config)?;
            first.prepare_house()?;
            Ok(first)
        });
        opening
            .join()
            .unwrap_or_else(|_| Err(Error::Refused("opening the database panicked".into())))
    })?;
    let (line, ahead) = Ahead::line();
    let (changed, changes) = watch::channel(0);
    let changed = Arc::new(changed);
    let mut first = Some(first);
    let threads = (0..connections.max(1))
        .map(|n| {
            let mut worker = Worker {
                config: config.clone(),
                session: first.take(),
                pause: Duration::ZERO,
                not_before: None,
                changed: Arc::clone(&changed),
            };
            let ahead = ahead.clone();
            spawn(&format!("store-{n}"), move || {
                let mut held = None;
                while let Some((access, job)) = held.take().or_else(|| ahead.next()) {
                    worker.serve(access, job, || {
                        held = ahead.waiting();
                        matches!(held, Some((Access::Write, _)))
                    });
                }
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(House {
        dialect: Dialect::Postgres,
        writes: Some(line.clone()),
        reads: Some(line),
        changes,
        threads,
        _lock: None,
    })
}

/// One thread with one connection.
struct Worker {
    config: Config,
    session: Option<Session>,
    pause: Duration,
    not_before: Option<Instant>,
    changed: Arc<watch::Sender<u64>>,
}

/// How one attempt at a verb ended.
enum Attempt {
    Answered,
    /// It met another writer.
    Again(Error),
    /// The connection broke while nothing was committed.
    Lost(Error),
    /// The connection broke while the commit was asked for.
    Unknown(Error),
}

impl Worker {
    /// Runs a job. `next` takes the next one in hand, if one waits, and says whether it writes.
    fn serve(&mut self, access: Access, mut job: Box<dyn Job>, mut next: impl FnMut() -> bool) {
        let begun = self.session.as_ref().is_some_and(|session| session.begun);
        if job.is_abandoned() && !begun {
            return;
        }
        let mut write_waits = None;
        let mut lost = false;
        let mut tries = 0;
        loop {
            let session = match self.session() {
                Ok(session) => session,
                Err(error) => return job.fail(error),
            };
            let chain = || access == Access::Write && *write_waits.get_or_insert_with(&mut next);
            let attempt = session.attempt(access, job.as_mut(), chain);
            let changed = std::mem::take(&mut session.changed);
            match attempt {
                Attempt::Answered => {
                    if changed && access == Access::Write {
                        self.changed.send_modify(|n| *n += 1);
                    }
                    return job.answer();
                }
                Attempt::Again(error) => {
                    tries += 1;
                    if tries >= TRIES {
                        return job.fail(error.for_now());
                    }
                }
                Attempt::Lost(error) => {
                    self.session = None;
                    // Once: the server may have been restarted while this connection was idle.
                    if std::mem::replace(&mut lost, true) {
                        return job.fail(error);
                    }
                }
                Attempt::Unknown(error) => {
                    self.session = None;
                    return job.fail(error);
                }
            }
        }
    }

    fn session(&mut self) -> Result<&mut Session, Error> {
        if self.session.is_none() {
            if self.not_before.is_some_and(|at| Instant::now() < at) {
                return Err(Error::Unavailable("the database cannot be reached".into()));
            }
            match Session::connect(&self.config) {
                Ok(session) => {
                    self.session = Some(session);
                    (self.pause, self.not_before) = (Duration::ZERO, None);
                }
                Err(error) => {
                    self.pause = (self.pause * 2).clamp(Duration::from_millis(50), LONGEST_PAUSE);
                    self.not_before = Some(Instant::now() + self.pause);
                    return Err(error);
                }
            }
        }
        self.session
            .as_mut()
            .ok_or_else(|| Error::Unavailable("the database cannot be reached".into()))
    }
}

/// A connection with its statements.
struct Session {
    client: Client,
    statements: HashMap<String, (Statement, Arc<Header>)>,
    /// A statement of the running verb failed: Postgres will keep nothing of it.
    failed: Option<Failure>,
    /// The running verb changed something.
    changed: bool,
    /// The transaction of the verb in hand has begun with the commit of the one before.
    begun: bool,
    /// How many verbs it has run.
    verbs: u64,
}

#[derive(Clone)]
struct Failure {
    error: Error,
    conflict: bool,
    lost: bool,
}

impl Session {
    fn connect(config: &Config) -> Result<Self, Error> {
        let mut client = config.connect(NoTls).map_err(|error| told(&error).error)?;
        client
            .batch_execute(SESSION)
            .map_err(|error| told(&error).error)?;
        let commit = client
            .query_one("SHOW synchronous_commit", &[])
            .map_err(|error| told(&error).error)?;
        if commit.try_get::<_, &str>(0).unwrap_or("off") == "off" {
            return Err(Error::Refused(
                "Postgres runs with synchronous_commit = off and would acknowledge messages it may lose; switch it on".into(),
            ));
        }
        Ok(Self {
            client,
            statements: HashMap::new(),
            failed: None,
            changed: false,
            begun: false,
            verbs: 0,
        })
    }

    fn prepare_house(&mut self) -> Result<(), Error> {
        let install = random_install()?;
        self.begin("BEGIN").map_err(|failure| failure.error)?;
        self.client
            .batch_execute(MIGRATION_LOCK)
            .map_err(|error| told(&error).error)?;
        let done = migrate::migrate(self, &install);
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = self
            .client
            .batch_execute(end)
            .map_err(|error| told(&error).error);
        // What was prepared before the schema changed is not used again.
        self.statements.clear();
        self.failed = None;
        done.and(ended)
    }

    fn begin(&mut self, sql: &str) -> Result<(), Failure> {
        self.failed = None;
        self.changed = false;
        if std::mem::take(&mut self.begun) {
            return Ok(());
        }
        self.client.batch_execute(sql).map_err(|error| told(&error))
    }

    /// On empty tables all indexes look alike, and a plan made there may walk the wrong one for as long as
    /// nobody has counted the rows (autovacuum comes once a minute). So plans are made anew as tables grow.
    fn plan_anew(&mut self) -> Result<(), Failure> {
        self.verbs += 1;
        let times = self.verbs / PLANNED_ANEW;
        let due = self.verbs.is_multiple_of(PLANNED_ANEW)
            && times.is_power_of_two()
            && times.trailing_zeros().is_multiple_of(2);
        if !due {
            return Ok(());
        }
        self.client
            .batch_execute("DISCARD PLANS")
            .map_err(|error| told(&error))
    }

    /// Runs a verb once. When `chain` says that another one follows, the commit begins its transaction too: a
    /// way there and back is saved exactly when they are scarce.
    fn attempt(
        &mut self,
        access: Access,
        job: &mut dyn Job,
        chain: impl FnOnce() -> bool,
    ) -> Attempt {
        let begin = match access {
            Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Access::Write => "BEGIN",
        };
        if let Err(failure) = self.begin(begin).and_then(|()| self.plan_anew()) {
            return Attempt::Lost(failure.error);
        }
        let kept = job.run(self);
        let failed = self.failed.take();
        if let Some(failure) = &failed
            && failure.lost
        {
            return Attempt::Lost(failure.error.clone());
        }
        if kept && failed.is_none() {
            let chained = chain();
            let commit = if chained {
                "COMMIT AND CHAIN"
            } else {
                "COMMIT"
            };
            return match self.client.batch_execute(commit) {
                Ok(()) => {
                    self.begun = chained;
                    Attempt::Answered
                }
                Err(error) => {
                    let failure = told(&error);
                    match (failure.conflict, failure.lost) {
                        (true, _) => Attempt::Again(failure.error),
                        (false, true) => Attempt::Unknown(failure.error),
                        (false, false) => {
                            job.spoil(failure.error);
                            Attempt::Answered
                        }
                    }
                }
            };
        }
        self.changed = false;
        if let Err(error) = self.client.batch_execute("ROLLBACK") {
            return Attempt::Lost(told(&error).error);
        }
        match failed {
            Some(failure) if failure.conflict => Attempt::Again(failure.error),
            Some(failure) if kept => {
                job.spoil(failure.error);
                Attempt::Answered
            }
            _ => Attempt::Answered,
        }
    }

    fn statement(&mut self, sql: &str) -> Result<(Statement, Arc<Header>), postgres::Error> {
        if let Some((statement, header)) = self.statements.get(sql) {
            return Ok((statement.clone(), Arc::clone(header)));
        }
        let statement = self.client.prepare(&dollars(sql))?;
        let columns = statement
            .columns()
            .iter()
            .map(|column| column.name().to_owned())
            .collect();
        let header = Header::new(sql, columns);
        if self.statements.len() >= STATEMENTS {
            self.statements.clear();
        }
        self.statements
            .insert(sql.to_owned(), (statement.clone(), Arc::clone(&header)));
        Ok((statement, header))
    }

    fn query(&mut self, sql: &str, args: &[Value]) -> Result<Vec<Row>, postgres::Error> {
        let (statement, header) = self.statement(sql)?;
        let bound: Vec<Bound<'_>> = args.iter().map(Bound).collect();
        let rows = self.client.query(&statement, &refs(&bound))?;
        rows.iter()
            .map(|row| {
                let values = (0..row.len())
                    .map(|column| value_of(row, column))
                    .collect::<Result<_, _>>()?;
                Ok(Row::new(Arc::clone(&header), values))
            })
            .collect()
    }

    fn execute(&mut self, sql: &str, args: &[Value]) -> Result<u64, postgres::Error> {
        let (statement, _) = self.statement(sql)?;
        let bound: Vec<Bound<'_>> = args.iter().map(Bound).collect();
        self.client.execute(&statement, &refs(&bound))
    }

    fn note(&mut self, error: &postgres::Error) -> Error {
        let failure = told(error);
        // The first failure is the cause; what follows is only told that the transaction is aborted.
        self.failed.get_or_insert(failure).error.clone()
    }
}

impl Tx for Session {
    fn rows(&mut self, sql: &str, args: &[Value]) -> Result<Vec<Row>, Error> {
        let rows = self.query(sql, args).map_err(|error| self.note(&error))?;
        self.changed |= !rows.is_empty() && !sql.starts_with("SELECT");
        Ok(rows)
    }

    fn run(&mut self, sql: &str, args: &[Value]) -> Result<u64, Error> {
        let changed = self.execute(sql, args).map_err(|error| self.note(&error))?;
        self.changed |= changed > 0;
        Ok(changed)
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }
}

/// A value as Postgres wants it for a placeholder.
#[derive(Debug)]
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) => match *ty {
                Type::INT4 => i32::try_from(*number)?.to_sql(ty, out),
                Type::INT8 => number.to_sql(ty, out),
                _ => Err(format!("a whole number is bound where Postgres expects {ty}").into()),
            },
            Value::Text(text) => match *ty {
                Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN => {
                    storable(text).as_ref().to_sql(ty, out)
                }
                _ => Err(format!("text is bound where Postgres expects {ty}").into()),
            },
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn refs<'a>(bound: &'a [Bound<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    bound
        .iter()
        .map(|value| value as &(dyn ToSql + Sync))
        .collect()
}

fn value_of(row: &postgres::Row, column: usize) -> Result<Value, postgres::Error> {
    let ty = row.columns().get(column).map(|c| c.type_().clone());
    Ok(match ty {
        Some(Type::INT8) => row.try_get::<_, Option<i64>>(column)?.into(),
        Some(Type::INT4) => row.try_get::<_, Option<i32>>(column)?.map(i64::from).into(),
        Some(Type::BOOL) => row.try_get::<_, Option<bool>>(column)?.into(),
        Some(Type::VOID) => Value::Null,
        _ => row.try_get::<_, Option<String>>(column)?.into(),
    })
}

/// The statement with placeholders as Postgres writes them: `?1` becomes `$1`.
fn dollars(sql: &str) -> String {
    sql.replace('?', "$")
}

/// An error of Postgres, sorted by what the caller can do.
fn told(error: &postgres::Error) -> Failure {
    let Some(db) = error.as_db_error() else {
        let cause = error
            .source()
            .map_or_else(|| error.to_string(), ToString::to_string);
        // Without an answer of the server the connection is the cause, or what we bound to a placeholder.
        let ours = error.to_string().contains("serializing")
            || error.to_string().contains("deserializing");
        return Failure {
            error: match ours {
                true => Error::Refused(cause),
                false => Error::Unavailable(cause),
            },
            conflict: false,
            lost: !ours,
        };
    };
    let code = db.code();
    let conflict =
        *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED;
    // Connection, shutdown: the session is over.
    let lost = code.code().starts_with("08") || code.code().starts_with("57P");
    let later = ["40", "53", "55P03", "57014", "58"]
        .iter()
        .any(|class| code.code().starts_with(class));
    let sentence = db.message().to_owned();
    Failure {
        error: match lost || later {
            true => Error::Unavailable(sentence),
            false => Error::Refused(sentence),
        },
        conflict,
        lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_become_dollars() {
        assert_eq!(
            dollars("a = ?1 AND b IN (?2,?12)"),
            "a = $1 AND b IN ($2,$12)"
        );
    }

    #[test]
    fn a_server_that_is_not_there_is_unavailable() {
        // Port 9 of the loopback: nobody listens.
        let error = open("postgres://nobody@127.0.0.1:9/none", 1).err();
        assert!(error.is_some_and(|e| e.is_unavailable()));
        assert!(matches!(open("not a url", 1), Err(Error::Refused(_))));
    }
}
