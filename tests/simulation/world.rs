//! The world of one run: a clock, a database, two nodes, the platform with its chats, and chance. Whatever
//! anybody does goes through [`World::call`], where calls are lost, told, recorded and judged.

use std::cell::Cell;

use chrono::{DateTime, Duration, Utc};
use jieban::store::{Dialect, Error, Row, Tx, Value, facts::facts, sqlite::Local};

use crate::{
    chats::{Chat, Way},
    dice::Dice,
    door::Request,
    library::{BUSY, editions, local},
    node::Node,
    oracle::Oracle,
    outside::Outside,
    story::{self, Story},
    verbs::{Answer, Verb},
};

/// How a run differs from a plain one.
#[derive(Clone, Copy, Default)]
pub(crate) struct Plan {
    /// Tells the story.
    pub(crate) tell: bool,
    /// Keeps every call and its answer.
    pub(crate) keep: bool,
    /// A planted bug: what a statement is replaced by.
    pub(crate) bend: Option<fn(&str) -> Option<String>>,
    /// A planted bug: a commit compares with what it reads itself.
    pub(crate) commits_blindly: bool,
    /// A planted bug: the door answers 2xx before it records.
    pub(crate) answers_first: bool,
}

/// A call that was kept, and what it answered.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) verb: Verb,
    pub(crate) now: DateTime<Utc>,
    pub(crate) answer: Answer,
}

/// Everything there is.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) dice: Dice,
    pub(crate) now: DateTime<Utc>,
    pub(crate) step: u64,
    /// Counts what was written.
    pub(crate) writes: u64,
    /// Nothing is torn down any more.
    pub(crate) calm: bool,
    pub(crate) chats: Vec<Chat>,
    pub(crate) nodes: [Node; 2],
    pub(crate) requests: Vec<Request>,
    pub(crate) outside: Outside,
    pub(crate) oracle: Oracle,
    pub(crate) story: Story,
    pub(crate) history: Vec<Kept>,
    local: Lent,
}

/// When stories begin: around the moments at which something changes.
const SCENES: &[&str] = &[
    "2026-11-20 11:59:30",
    "2026-11-20 12:31:00",
    "2026-11-20 12:39:20",
    "2026-11-20 13:29:00",
    "2026-11-20 23:59:10",
    "2026-11-20 02:00:00",
    "2026-11-20 02:09:20",
    "2026-11-20 08:59:00",
    "2026-11-20 15:00:00",
    "2026-11-20 17:58:20",
    "2027-02-04 23:59:10",
];

impl World {
    pub(crate) fn new(seed: u64, plan: Plan) -> Self {
        let mut dice = Dice::new(seed);
        let scene: &str = SCENES[dice.below(SCENES.len())];
        let now = local(scene) + Duration::milliseconds(dice.between(0, 20_000));
        let mut chats = Vec::new();
        for n in 0..dice.between(1, 4) {
            let way = *dice.pick(&[Way::Bridge, Way::Bridge, Way::Poll, Way::Window]);
            let (account, shop) = match (way, dice.below(10)) {
                (Way::Bridge, 0..3) => ("tea-auto", "teahouse-auto"),
                (Way::Bridge, 3..7) => ("tea-busy", BUSY),
                _ => ("tea", "teahouse"),
            };
            chats.push(Chat {
                way,
                account,
                shop,
                name: format!("c{n}"),
                lines: Vec::new(),
                posting: false,
            });
        }
        let outside = Outside::new(&mut dice, &chats, now);
        let mut world = Self {
            plan,
            now,
            step: 0,
            writes: 0,
            calm: true,
            oracle: Oracle::new(chats.len(), now),
            chats,
            nodes: [Node::new(0, now), Node::new(1, now)],
            requests: Vec::new(),
            outside,
            story: Story::default(),
            history: Vec::new(),
            local: Lent::empty(),
            dice,
        };
        world.tell("world", format_args!("seed {seed}"));
        world.boot(0);
        world.boot(1);
        world.calm = false;
        world
    }

    /// Adds to the story, when somebody wants to read it.
    pub(crate) fn tell(&mut self, who: &str, what: std::fmt::Arguments<'_>) {
        if self.plan.tell {
            self.story.tell(self.now, who, &what.to_string());
        }
    }

    /// Speaks a verb at the caller's idea of now. An error says that the caller heard no answer: the verb may
    /// have been kept all the same.
    pub(crate) fn call(
        &mut self,
        who: &str,
        verb: Verb,
        at: DateTime<Utc>,
    ) -> Result<Answer, Error> {
        self.step += 1;
        let trouble = match self.calm {
            true => 1000,
            false => self.dice.below(1000),
        };
        let lost = || Error::Unavailable("the connection is lost".into());
        if trouble < 3 {
            self.disturb();
            let verb = story::verb(&verb);
            self.tell(who, format_args!("{verb}\n     -> never arrived"));
            return Err(lost());
        }
        let (bend, blindly) = (self.plan.bend, self.plan.commits_blindly);
        let mut spoken = verb.clone();
        let answer = self.local.get().transaction(|tx| match bend {
            Some(bend) => spoken.run(&mut Bent { tx, bend }, at),
            None => {
                if let (true, Verb::Commit { seen, .. }) = (blindly, &mut spoken) {
                    *seen = facts(tx, seen.conversation, &[], at)?.seen;
                }
                spoken.run(tx, at)
            }
        });
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let why = format!("{who} was refused {verb:?}: {error}");
                self.oracle.broken.get_or_insert(why);
                return Err(error);
            }
        };
        if self.plan.tell && !answer.is_idle() && !matches!(verb, Verb::NextDue) {
            let (verb, answer) = (story::verb(&verb), story::answer(&answer));
            self.tell(who, format_args!("{verb}\n     -> {answer}"));
        }
        if !verb.only_looks() && !answer.is_idle() {
            self.writes += 1;
        }
        self.oracle.saw(at, self.step, &verb, &answer, &self.chats);
        if self.plan.keep {
            let answer = answer.clone();
            self.history.push(Kept {
                verb,
                now: at,
                answer,
            });
        }
        if trouble < 6 {
            self.disturb();
            self.tell(who, format_args!("-> the answer was lost"));
            return Err(lost());
        }
        Ok(answer)
    }

    /// Something was torn down: what was promised in time may take its time again.
    pub(crate) fn disturb(&mut self) {
        self.oracle.disturbed = self.now;
    }

    /// The nodes that work: neither dead nor paused.
    pub(crate) fn awake(&self) -> Vec<usize> {
        (0..self.nodes.len())
            .filter(|n| self.nodes[*n].is_awake(self.now))
            .collect()
    }

    /// The place of an edition in use on a node.
    pub(crate) fn edition(&self, node: usize) -> &'static crate::library::Edition {
        &editions()[self.nodes[node].edition]
    }

    /// Rows for the last judgement.
    pub(crate) fn rows(&mut self, sql: &str) -> Vec<Row> {
        self.local
            .get()
            .transaction(|tx| tx.rows(sql, &[]))
            .unwrap()
    }
}

/// A database in memory, empty at first. The thread keeps it for its next run: what costs is preparing every
/// statement anew.
struct Lent(Option<Local>);

thread_local! {
    static KEPT: Cell<Option<Local>> = const { Cell::new(None) };
}

impl Lent {
    fn empty() -> Self {
        let kept = KEPT.take();
        let mut local = kept.unwrap_or_else(|| Local::memory("sim").unwrap());
        local.transaction(clear).unwrap();
        Self(Some(local))
    }

    fn get(&mut self) -> &mut Local {
        self.0.as_mut().unwrap()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        KEPT.set(self.0.take());
    }
}

/// Takes everything out but the schema and the store's own name.
fn clear(tx: &mut dyn Tx) -> Result<(), Error> {
    let tables = tx.rows(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN ('migration', 'setting')",
        &[],
    )?;
    for table in &tables {
        tx.run(&format!("DELETE FROM {}", table.text("name")?), &[])?;
    }
    tx.run(
        "DELETE FROM setting WHERE name NOT IN ('install', 'stopped')",
        &[],
    )?;
    tx.run("UPDATE setting SET value = '0' WHERE name = 'stopped'", &[])?;
    tx.run("DELETE FROM sqlite_sequence", &[])?;
    Ok(())
}

/// A transaction that says something else than it is told: where planted bugs live.
struct Bent<'a> {
    tx: &'a mut dyn Tx,
    bend: fn(&str) -> Option<String>,
}

impl Tx for Bent<'_> {
    fn rows(&mut self, sql: &str, args: &[Value]) -> Result<Vec<Row>, Error> {
        match (self.bend)(sql) {
            Some(other) => self.tx.rows(&other, args),
            None => self.tx.rows(sql, args),
        }
    }

    fn run(&mut self, sql: &str, args: &[Value]) -> Result<u64, Error> {
        match (self.bend)(sql) {
            Some(other) => self.tx.run(&other, args),
            None => self.tx.run(sql, args),
        }
    }

    fn dialect(&self) -> Dialect {
        self.tx.dialect()
    }
}
