//! The watchdog: looks for customers nobody answers, receivers that fail, sources that fell silent and lunches that
//! end soon, and sees to it that somebody is told.
//!
//! What is wrong is derived from facts in every round; what was told before is kept in the store, and so is every
//! message, in the outbox. Nodes may watch side by side: a round holds only when no other was written meanwhile.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, Utc};

use super::{
    alarms::Alarms,
    shelf::Shelf,
    worker::{Step, Worker},
};
use crate::{
    clock::Clock,
    desk::alarm::{
        Cause, NOTIFY, Opened, Plan, Round, Stillness, Trouble, deaf, late, lunch, plan, silent,
        text::kind_of,
        unaccepted,
        waiting::{self, Around, Overdue, Reason, Waiting},
    },
    knowledge::{Urgency, case_kind::Level},
    store::{
        Error, Store,
        alarms::{Watched, commit, still, watched},
    },
};

/// How often a round is made, in milliseconds.
const EVERY: i64 = 5_000;
/// How often accounts are asked whether they are silent, in milliseconds.
const EVERY_SILENCE: i64 = 60_000;

/// The worker that watches.
pub struct Watchdog {
    store: Store,
    clock: Arc<dyn Clock>,
    shelf: Arc<Shelf>,
    alarms: Alarms,
    next: AtomicI64,
    next_silence: AtomicI64,
    still: Mutex<Vec<Stillness>>,
}

impl Watchdog {
    /// Looks at once.
    pub fn new(store: Store, clock: Arc<dyn Clock>, shelf: Arc<Shelf>, alarms: Alarms) -> Self {
        Self {
            store,
            clock,
            shelf,
            alarms,
            next: AtomicI64::new(i64::MIN),
            next_silence: AtomicI64::new(i64::MIN),
            still: Mutex::default(),
        }
    }

    async fn round(&self) -> Result<bool, Error> {
        let now = self.clock.now();
        if now.timestamp_millis() < self.next.load(Ordering::SeqCst) {
            return Ok(false);
        }
        if self.next_silence.load(Ordering::SeqCst) <= now.timestamp_millis() {
            let found = self.store.read(move |tx| still(tx, now)).await?;
            *self.still.lock().unwrap_or_else(PoisonError::into_inner) = found;
            self.next_silence
                .store(now.timestamp_millis() + EVERY_SILENCE, Ordering::SeqCst);
        }
        let watched = self.store.read(move |tx| watched(tx, now)).await?;
        let causes = self.causes(&watched, now);
        count(&causes);
        if !self.alarms.targets().is_empty() {
            self.tell(&watched, &causes, now).await?;
        }
        // A round that lost against another is made again in time.
        self.next
            .store(now.timestamp_millis() + EVERY, Ordering::SeqCst);
        Ok(false)
    }

    /// Everything that is wrong now.
    fn causes(&self, watched: &Watched, now: DateTime<Utc>) -> Vec<Cause> {
        let knowledge = self.shelf.knowledge();
        let noted = noted(watched);
        let mut causes: Vec<Cause> = watched
            .waiting
            .iter()
            .filter_map(|it| {
                let around = around(watched, &noted, &self.alarms, it);
                waiting::cause(&knowledge, it, around, now)
            })
            .collect();
        let known = |source: &str| {
            source
                .strip_prefix(NOTIFY)
                .is_none_or(|name| self.alarms.targets().iter().any(|t| t.name == name))
        };
        causes.extend(
            watched
                .deaf
                .iter()
                .filter(|(source, _)| known(source))
                .map(|(source, since)| deaf(source, *since)),
        );
        causes.extend(watched.lunches.iter().map(lunch));
        causes.extend(watched.unaccepted.iter().map(|sheet| {
            let name = &knowledge.shop_or_default(&sheet.shop).name;
            unaccepted(sheet.id, &sheet.span, (&sheet.shop, name), sheet.waiting)
        }));
        causes.extend(watched.late.iter().map(|it| {
            let name = &knowledge.shop_or_default(&it.shop).name;
            let kind = it.kind().and_then(|kind| knowledge.case_kind(kind));
            late(it, name, kind.map_or(Level::Normal, |kind| kind.level))
        }));
        let still = self.still.lock().unwrap_or_else(PoisonError::into_inner);
        causes.extend(still.iter().filter_map(|still| {
            let shop = knowledge.shop_of(&still.source, &still.name);
            let name = &knowledge.shop_or_default(&shop).name;
            silent(still, &shop, name, now)
        }));
        causes
    }

    async fn tell(
        &self,
        watched: &Watched,
        causes: &[Cause],
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let deaf: BTreeSet<String> = watched.deaf.iter().map(|(s, _)| s.clone()).collect();
        let plan = plan(&Round {
            book: &watched.book,
            causes,
            more: watched.more,
            targets: self.alarms.targets(),
            deaf: &deaf,
            link: &|alarm, target| self.alarms.link(alarm, target),
            now,
        });
        if plan.is_empty() {
            return Ok(());
        }
        let told = plan.clone();
        if self.store.write(move |tx| commit(tx, &plan, now)).await? {
            said(&told);
        }
        Ok(())
    }
}

/// Who waits longer than he should now and why, the most pressing first and the longest waiting first among them;
/// those who wait for the next shift, as it is meant, last. Derived from facts whenever it is asked.
pub async fn unanswered(
    store: &Store,
    shelf: &Shelf,
    alarms: &Alarms,
    now: DateTime<Utc>,
) -> Result<Vec<(Waiting, Overdue)>, Error> {
    let watched = store.read(move |tx| watched(tx, now)).await?;
    let knowledge = shelf.knowledge();
    let noted = noted(&watched);
    let mut found: Vec<(Waiting, Overdue)> = watched
        .waiting
        .iter()
        .filter_map(|it| {
            let around = around(&watched, &noted, alarms, it);
            Some((it.clone(), waiting::overdue(&knowledge, it, around, now)?))
        })
        .collect();
    found.sort_by(|(a, left), (b, right)| {
        (right.urgency, a.since, a.conversation).cmp(&(left.urgency, b.since, b.conversation))
    });
    Ok(found)
}

/// Whom somebody was told of, and who is not answered yet.
fn noted(watched: &Watched) -> BTreeSet<&str> {
    let causes = watched.book.causes.iter();
    causes
        .filter(|noted| noted.gone_at.is_none())
        .map(|noted| noted.subject.as_str())
        .collect()
}

/// What stands around a waiting customer.
fn around<'a>(
    watched: &'a Watched,
    noted: &BTreeSet<&str>,
    alarms: &Alarms,
    it: &Waiting,
) -> Around<'a> {
    Around {
        arrangements: watched.arranged.get(&it.shop).map_or(&[], Vec::as_slice),
        patience: alarms.patience(&it.shop),
        deaf: watched.deaf.iter().any(|(source, _)| *source == it.source),
        noted: noted.contains(it.subject().as_str()),
    }
}

/// The figures of a round: how many customers wait too long, by the reason.
fn count(causes: &[Cause]) {
    let mut waiting: BTreeMap<Reason, u32> = Reason::ALL.iter().map(|why| (*why, 0)).collect();
    for cause in causes {
        if let Trouble::Waiting { why, .. } = cause.trouble {
            *waiting.entry(why).or_default() += 1;
        }
    }
    for (why, n) in waiting {
        metrics::gauge!("jieban_customers_waiting", "reason" => why.code()).set(n);
    }
}

/// What was written down, in figures and in the log. No names.
fn said(plan: &Plan) {
    for Opened { id, topic, urgency } in &plan.opened {
        let kind = kind_of(topic);
        metrics::counter!("jieban_alarms_total", "kind" => kind.to_owned(), "urgency" => urgency.code())
            .increment(1);
        if *urgency >= Urgency::Urgent {
            tracing::error!(alarm = id, kind, %urgency, "an alarm");
        } else {
            tracing::warn!(alarm = id, kind, %urgency, "an alarm");
        }
    }
    for id in &plan.closed {
        metrics::counter!("jieban_alarms_resolved_total").increment(1);
        tracing::info!(alarm = id, "an alarm is over");
    }
}

impl Worker for Watchdog {
    fn name(&self) -> &str {
        "watchdog"
    }

    fn step(&self) -> Step<'_> {
        Box::pin(self.round())
    }
}
