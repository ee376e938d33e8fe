//! The rounds of the handover: writes the sheet when a shift has ended, notes what was done or not accepted since,
//! and what no order-checker has seen.
//!
//! Nodes may do it side by side: every sheet, every overdue item and every missed note is written once.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Duration, Utc};

use super::{
    shelf::Shelf,
    worker::{Step, Worker},
};
use crate::{
    clock::Clock,
    desk::{
        handover::{
            LATE, Span,
            shift::{Change, changes, day_of},
        },
        notes::missed_case,
    },
    knowledge::{Knowledge, ShopId, arrangement::Arrangement},
    store::{
        Error, Store,
        handover::{self, Last, New, overtaken},
        order_notes,
        staff_event::Who,
        switches,
    },
};

/// How often the rounds are made, in milliseconds.
const EVERY: i64 = 5_000;
/// A sheet is written so long after its moment: until then everything that came before it has been kept.
pub const AFTER: Duration = Duration::seconds(10);
/// And what was on the wire then has been settled, but for this long at the most.
const SETTLED: Duration = Duration::minutes(2);
/// Arrangements that ended longer ago do not matter for a shift that ends now.
const BACK: Duration = Duration::days(14);
/// How many missed notes one round looks after.
const BATCH: usize = 100;

/// The worker that hands over.
pub struct Handovers {
    store: Store,
    clock: Arc<dyn Clock>,
    shelf: Arc<Shelf>,
    next: AtomicI64,
}

impl Handovers {
    /// Makes the first round at once.
    pub fn new(store: Store, clock: Arc<dyn Clock>, shelf: Arc<Shelf>) -> Self {
        Self {
            store,
            clock,
            shelf,
            next: AtomicI64::new(i64::MIN),
        }
    }

    async fn round(&self) -> Result<bool, Error> {
        let now = self.clock.now();
        if now.timestamp_millis() < self.next.load(Ordering::SeqCst) {
            return Ok(false);
        }
        let knowledge = self.shelf.knowledge();
        let mut more = false;
        for (shop, last, arrangements) in self.shops(&knowledge, now).await? {
            more |= match last {
                None => self.begin(&knowledge, shop, now).await?,
                Some(last) => {
                    let due = changes(&knowledge, &shop, &arrangements, last.at, now - AFTER);
                    match due.into_iter().next() {
                        Some(change) => self.write(&knowledge, shop, last, change, now).await?,
                        None => false,
                    }
                }
            };
        }
        self.look_after(now).await?;
        more |= self.miss(&knowledge, now).await?;
        if !more {
            self.next
                .store(now.timestamp_millis() + EVERY, Ordering::SeqCst);
        }
        Ok(more)
    }

    /// Every shop with its latest sheet and what is arranged there.
    async fn shops(
        &self,
        knowledge: &Knowledge,
        now: DateTime<Utc>,
    ) -> Result<Vec<(ShopId, Option<Last>, Vec<Arrangement>)>, Error> {
        let shops: Vec<ShopId> = knowledge
            .shops()
            .iter()
            .map(|shop| shop.id.clone())
            .collect();
        self.store
            .read(move |tx| {
                let mut standing = switches::standing(tx, &shops, now - BACK)?;
                shops
                    .iter()
                    .map(|shop| {
                        let there = standing.remove(shop).unwrap_or_default().arrangements;
                        Ok((shop.clone(), handover::last(tx, shop)?, there))
                    })
                    .collect()
            })
            .await
    }

    /// Where a shop's sheets begin.
    async fn begin(
        &self,
        knowledge: &Knowledge,
        shop: ShopId,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let span = beginning(knowledge, &shop, now);
        self.store
            .write(move |tx| {
                let book = handover::log::opening(tx, &shop, &span)?;
                handover::begin(tx, &shop, &span, &book, now)
            })
            .await?;
        Ok(false)
    }

    /// Writes the sheet of a change. Whether there may be another.
    async fn write(
        &self,
        knowledge: &Knowledge,
        shop: ShopId,
        last: Last,
        change: Change,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let at = change.at;
        let zone = knowledge.shop_or_default(&shop).zone;
        let span = change.span(zone, last.at, last.carries);
        let of = shop.clone();
        let folded = self
            .store
            .read(move |tx| {
                if now < at + SETTLED && handover::on_the_wire(tx, &of, at)? {
                    return Ok(None);
                }
                handover::book_at(tx, &of, at, &|_| span.clone())
            })
            .await?;
        let Some((previous, span, book)) = folded.filter(|(previous, ..)| *previous == last.id)
        else {
            return Ok(false);
        };
        let new = New {
            shop,
            previous,
            span,
            book,
        };
        let name = new.shop.clone();
        let written = self
            .store
            .write(move |tx| handover::write(tx, &Who::bot(), &new, "", now))
            .await?;
        if let Some(sheet) = written {
            tracing::info!(shop = %name, sheet, "a shift was handed over");
        }
        Ok(written.is_some())
    }

    /// Looks after the sheets that are open: what was done without them, and what was not accepted in time.
    async fn look_after(&self, now: DateTime<Utc>) -> Result<(), Error> {
        let open = self
            .store
            .read(|tx| {
                let mut open = Vec::new();
                for sheet in overtaken::open(tx)? {
                    let kept = handover::one(tx, sheet)?;
                    let at = kept.filter(|kept| kept.overdue_at.is_none());
                    open.push((
                        sheet,
                        overtaken::done_since(tx, sheet)?,
                        at.map(|k| k.span.until),
                    ));
                }
                Ok(open)
            })
            .await?;
        for (sheet, done, overdue) in open {
            if !done.is_empty() {
                self.store
                    .write(move |tx| overtaken::finish(tx, sheet, &done, now))
                    .await?;
            }
            if overdue.is_some_and(|at| at + LATE <= now) {
                self.store
                    .write(move |tx| overtaken::overdue(tx, sheet, now))
                    .await?;
            }
        }
        Ok(())
    }

    /// Opens the cases of notes that nobody has seen in time. Whether there may be more.
    async fn miss(&self, knowledge: &Arc<Knowledge>, now: DateTime<Utc>) -> Result<bool, Error> {
        let (late, standing) = self
            .store
            .read(move |tx| {
                let late = order_notes::late(tx, now, BATCH)?;
                let shops: Vec<ShopId> =
                    late.iter().map(|(_, missed)| missed.shop.clone()).collect();
                Ok((late, switches::standing(tx, &shops, now)?))
            })
            .await?;
        let more = late.len() >= BATCH;
        for (note, missed) in late {
            let arranged = standing
                .get(&missed.shop)
                .map(|of| of.arrangements.as_slice());
            let case = missed_case(knowledge, &missed, arranged.unwrap_or_default(), now);
            let number = self
                .store
                .write(move |tx| order_notes::miss(tx, note, &case, now))
                .await?;
            if let Some(number) = number {
                tracing::warn!(note, case = number, "a note on an order was missed");
            }
        }
        Ok(more)
    }
}

/// What is said to have come before a shop's first sheet.
fn beginning(knowledge: &Knowledge, shop: &ShopId, now: DateTime<Utc>) -> Span {
    Span {
        shift: String::new(),
        from: DateTime::UNIX_EPOCH,
        until: now,
        day: day_of(knowledge.shop_or_default(shop).zone, now),
        leavers: Vec::new(),
        takers: Vec::new(),
        next: String::new(),
        to_people: true,
        carries: false,
        of: None,
    }
}

impl Worker for Handovers {
    fn name(&self) -> &str {
        "handovers"
    }

    fn step(&self) -> Step<'_> {
        Box::pin(self.round())
    }
}
