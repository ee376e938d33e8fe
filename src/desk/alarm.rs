//! What somebody must be told: customers nobody answers, receivers that fail, sources that fell silent, lunches that
//! end soon, what is past its time.
//!
//! A [`Cause`] is something wrong at a moment, derived from facts. An *alarm* is an episode: the causes of one
//! topic that people are told about together, until somebody acknowledges it or every cause is gone. A cause
//! belongs to one alarm at a time, so nobody is called twice for the same thing.
//!
//! [`waiting::cause`] says who waits too long and why, [`fn@plan`] what follows from the causes and from
//! what was told before, [`text`] how it is said, [`pace`] how fast a robot may be told.

pub mod late;
pub mod pace;
pub mod plan;
pub mod quiet;
pub mod text;
pub mod waiting;

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;

pub use late::{Late, LateWhat, late};
pub use plan::{Message, Opened, Plan, Round, Tell, plan};
pub use quiet::Quiet;
pub use waiting::{Around, Delivery, Human, Overdue, Patience, Reason, Waiting};

use super::handover::Span;
use crate::knowledge::{CaseKindId, Platform, ShopId, Urgency};

/// Unacknowledged so long, the next person is told.
pub const NEXT_PERSON: Duration = Duration::minutes(5);
/// After an acknowledgement newcomers of the same topic are collected so long before there is another alarm;
/// not where people may come to harm.
pub const COLLECT: Duration = Duration::minutes(5);
/// What was acknowledged and is still so after this is an alarm again.
pub const AGAIN: Duration = Duration::minutes(30);
/// An alarm ends when all of it has been gone for so long: what flickers is one episode.
pub const CALM: Duration = Duration::minutes(1);
/// What opens the name of a notify target among the sources of the outbox. No bridge can be called so.
pub const NOTIFY: &str = "notify:";

/// Something wrong at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What it is about, such as `wait/17`: one conversation, one receiver, one account.
    pub subject: String,
    /// Since when. The same subject since another moment is another episode.
    pub since: DateTime<Utc>,
    /// How much it presses.
    pub urgency: Urgency,
    /// What is wrong.
    pub trouble: Trouble,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// A customer waits too long.
    Waiting {
        /// The shop.
        shop: ShopId,
        /// What it is called.
        name: String,
        /// Where it sells.
        platform: Platform,
        /// The conversation's id on its door; shown masked.
        who: String,
        /// Why nobody answers.
        why: Reason,
    },
    /// A receiver takes nothing any more: a bridge's, or a notify target's ([`NOTIFY`] and its name).
    Deaf {
        /// The source.
        source: String,
    },
    /// An account brings no customers' messages although at this hour it used to.
    Silent {
        /// The shop.
        shop: ShopId,
        /// What it is called.
        name: String,
        /// The source.
        source: String,
        /// The account there; shown masked.
        account: String,
    },
    /// An agent's lunch ends soon: nothing is wrong, he is reminded of it once.
    Lunch {
        /// His name.
        agent: String,
        /// The shops that do without him.
        shops: Vec<ShopId>,
        /// When it ends, by itself.
        until: DateTime<Utc>,
    },
    /// What a shift handed over was not accepted in time. One cause for a sheet, whatever is on it.
    Handover {
        /// The shop.
        shop: ShopId,
        /// What it is called.
        name: String,
        /// The sheet.
        sheet: i64,
        /// The shift that handed over.
        shift: String,
        /// Who should have accepted it, by name.
        takers: Vec<String>,
        /// How many items nobody has accepted.
        count: i64,
    },
    /// A case is past its time.
    CaseOverdue {
        /// The shop.
        shop: ShopId,
        /// What it is called.
        name: String,
        /// The case's number.
        number: String,
        /// What kind.
        kind: CaseKindId,
        /// Who has it, or the role that does it.
        who: Option<String>,
    },
    /// The time of a promise has passed, and nobody has said how it ended.
    PromiseOverdue {
        /// The shop.
        shop: ShopId,
        /// What it is called.
        name: String,
        /// The promise's number.
        promise: i64,
        /// What was to be done.
        kind: String,
        /// Who promised, when his name is known.
        who: Option<String>,
    },
}

impl Cause {
    /// What it is told together with.
    fn kind(&self) -> &'static str {
        match self.trouble {
            Trouble::Waiting { .. } if self.urgency == Urgency::Safety => "safety",
            Trouble::Waiting { .. } => "waiting",
            Trouble::Deaf { .. } => "deaf",
            Trouble::Silent { .. } => "silent",
            Trouble::Lunch { .. } => LUNCH,
            Trouble::Handover { .. } => "handover",
            Trouble::CaseOverdue { .. } => "case",
            Trouble::PromiseOverdue { .. } => "promise",
        }
    }

    /// A reminder: said once, to whom it reaches; nobody answers for it, and nobody is told when it is over.
    fn is_reminder(&self) -> bool {
        self.kind() == LUNCH
    }

    /// The shop in which it is told together with others of its kind; `None`: with those of every shop.
    fn apart(&self) -> Option<&ShopId> {
        match &self.trouble {
            Trouble::CaseOverdue { shop, .. } | Trouble::PromiseOverdue { shop, .. } => Some(shop),
            _ => None,
        }
    }

    /// Whether it is an alarm again when it was acknowledged and is still so. A sheet, a case and a promise are told
    /// of once: they stand in lists.
    fn comes_again(&self) -> bool {
        !matches!(
            self.trouble,
            Trouble::Handover { .. } | Trouble::CaseOverdue { .. } | Trouble::PromiseOverdue { .. }
        )
    }
}

/// What reminders are told as.
const LUNCH: &str = "lunch";
/// So long before its end an agent is reminded of his lunch.
pub const SOON: Duration = Duration::minutes(3);

/// A lunch that ends soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndingLunch {
    /// Whose.
    pub agent: String,
    /// The shops that do without him.
    pub shops: Vec<ShopId>,
    /// When it began.
    pub from: DateTime<Utc>,
    /// When it ends.
    pub until: DateTime<Utc>,
}

/// That a lunch ends soon. Prolonged, and about to end again, it is another one.
pub fn lunch(ending: &EndingLunch) -> Cause {
    Cause {
        subject: format!("{LUNCH}/{}", ending.agent),
        since: (ending.until - SOON).max(ending.from),
        urgency: Urgency::Notice,
        trouble: Trouble::Lunch {
            agent: ending.agent.clone(),
            shops: ending.shops.clone(),
            until: ending.until,
        },
    }
}

/// That something on a sheet was not accepted in time, since the shift began.
pub fn unaccepted(sheet: i64, span: &Span, (shop, name): (&ShopId, &str), count: i64) -> Cause {
    Cause {
        subject: format!("handover/{sheet}"),
        since: span.until,
        urgency: Urgency::Warning,
        trouble: Trouble::Handover {
            shop: shop.clone(),
            name: name.to_owned(),
            sheet,
            shift: span.shift.clone(),
            takers: span.takers.clone(),
            count,
        },
    }
}

/// That a source's deliveries keep failing since a moment.
pub fn deaf(source: &str, since: DateTime<Utc>) -> Cause {
    Cause {
        subject: format!("deaf/{source}"),
        since,
        urgency: Urgency::Urgent,
        trouble: Trouble::Deaf {
            source: source.to_owned(),
        },
    }
}

/// An account that has brought nothing for a while, and what it brought in the same stretch of the clock on
/// each of the last days it was known, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stillness {
    /// The account's number.
    pub account: i64,
    /// The source.
    pub source: String,
    /// Its name there.
    pub name: String,
    /// When the last customer's message came.
    pub last: DateTime<Utc>,
    /// Messages in the same stretch on each day, counted up to [`ENOUGH`].
    pub days: Vec<i64>,
}

/// A silence shorter than this is nobody's concern.
pub const STILL: Duration = Duration::minutes(15);
/// A longer silence is compared by its last so many hours.
pub const STRETCH: Duration = Duration::hours(12);
/// How many days back a silence is compared.
pub const DAYS: usize = 7;
/// So many messages in a stretch are no accident: by chance, none come where five were to be expected less than
/// once in a hundred times.
pub const ENOUGH: i64 = 5;
/// Known for fewer days than this, an account has no habits.
const HABIT: usize = 3;

/// Whether an account is silent for longer than usual: at least [`ENOUGH`] messages came in the same stretch of the
/// clock on all but one of the days it has been known, or on most of them and on the same day of last week.
pub fn silent(still: &Stillness, shop: &ShopId, name: &str, now: DateTime<Utc>) -> Option<Cause> {
    let lively = still.days.iter().filter(|n| **n >= ENOUGH).count();
    let last_week = still.days.get(DAYS - 1).is_some_and(|n| *n >= ENOUGH);
    let usual = lively + 1 >= still.days.len() || last_week && lively * 2 > still.days.len();
    let unusual = now - still.last >= STILL && lively >= HABIT && usual;
    unusual.then(|| Cause {
        subject: format!("silent/{}", still.account),
        since: still.last,
        urgency: if now - still.last >= STILL * 4 {
            Urgency::Warning
        } else {
            Urgency::Notice
        },
        trouble: Trouble::Silent {
            shop: shop.clone(),
            name: name.to_owned(),
            source: still.source.clone(),
            account: still.name.clone(),
        },
    })
}

/// Somebody who can be told: a group with a robot, a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name in the settings.
    pub name: String,
    /// What it wants to hear of.
    pub levels: Vec<Urgency>,
    /// Whose it wants to hear; everybody's when empty.
    pub shops: Vec<ShopId>,
    /// When only [`Urgency::Safety`] is told.
    pub quiet: Option<Quiet>,
    /// The zone its times are said in.
    pub zone: Tz,
    /// Who is asked, one after the other; then all of them.
    pub people: Vec<String>,
}

impl Target {
    /// Its source in the outbox.
    pub fn source(&self) -> String {
        format!("{NOTIFY}{}", self.name)
    }

    /// Whether a cause is its business, whatever the hour and the urgency.
    fn minds(&self, cause: &Cause) -> bool {
        match &cause.trouble {
            Trouble::Waiting { shop, .. }
            | Trouble::Silent { shop, .. }
            | Trouble::Handover { shop, .. }
            | Trouble::CaseOverdue { shop, .. }
            | Trouble::PromiseOverdue { shop, .. } => {
                self.shops.is_empty() || self.shops.contains(shop)
            }
            Trouble::Lunch { shops, .. } => {
                self.shops.is_empty() || shops.iter().any(|shop| self.shops.contains(shop))
            }
            Trouble::Deaf { source } => *source != self.source(),
        }
    }

    /// Whether it must not be disturbed with something that presses so much.
    fn sleeps(&self, urgency: Urgency, now: DateTime<Utc>) -> bool {
        urgency < Urgency::Safety && self.quiet.is_some_and(|quiet| quiet.holds(self.zone, now))
    }

    /// The step after which nobody is left to ask.
    fn last_step(&self) -> i64 {
        i64::try_from(self.people.len()).unwrap_or(i64::MAX)
    }
}

/// What was told before and is not over: the alarms that are not closed, with their causes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Book {
    /// How many rounds have been made. A plan holds for the next one only.
    pub round: i64,
    /// The alarms.
    pub alarms: Vec<Alarm>,
    /// Their causes.
    pub causes: Vec<Noted>,
}

/// An alarm that is not closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its name: the round it was opened in, and a number.
    pub id: String,
    /// What it is about, and who minds.
    pub topic: String,
    /// How much it presses.
    pub urgency: Urgency,
    /// Since when.
    pub opened_at: DateTime<Utc>,
    /// Since when somebody cares.
    pub acked_at: Option<DateTime<Utc>>,
    /// Who was told, in order.
    pub told: Vec<Told>,
}

/// That a target was told of an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The target.
    pub target: String,
    /// How many people had been asked before.
    pub step: i64,
    /// The outbox row that says it.
    pub row: i64,
    /// When it was said, or when it began to wait.
    pub at: DateTime<Utc>,
    /// What became of the row.
    pub state: ToldState,
}

/// What became of a message about alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldState {
    /// It waits and may still be rewritten.
    Waits,
    /// It is on the wire.
    OnItsWay,
    /// It is there, as far as anybody can know.
    Arrived,
    /// It will not arrive.
    Lost,
}

/// A cause, as it was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// What it is about.
    pub subject: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The alarm it belongs to.
    pub alarm: String,
    /// Since when it belongs to it.
    pub joined_at: DateTime<Utc>,
    /// It has been gone since.
    pub gone_at: Option<DateTime<Utc>>,
}
