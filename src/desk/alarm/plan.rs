//! What follows from what is wrong now and from what was told before.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{
    AGAIN, Alarm, Book, CALM, COLLECT, Cause, LUNCH, NEXT_PERSON, Noted, Target, Told, ToldState,
    Trouble,
    text::{Matter, Note, kind, note},
};
use crate::knowledge::Urgency;

/// Everything one round looks at.
pub struct Round<'a> {
    /// What was told before.
    pub book: &'a Book,
    /// What is wrong now.
    pub causes: &'a [Cause],
    /// There is more wrong than could be looked at.
    pub more: bool,
    /// Who can be told.
    pub targets: &'a [Target],
    /// Sources whose deliveries keep failing, targets among them.
    pub deaf: &'a BTreeSet<String>,
    /// Where a target acknowledges an alarm: the alarm's id, the target's name.
    pub link: &'a dyn Fn(&str, &str) -> Option<String>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// What is to be written down, all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The round this is; one after the book's.
    pub round: i64,
    /// New alarms.
    pub opened: Vec<Opened>,
    /// Alarms that press more, or less, than they did.
    pub changed: Vec<(String, Urgency)>,
    /// Causes that belong to an alarm from now on: subject, since, alarm.
    pub joined: Vec<(String, DateTime<Utc>, String)>,
    /// Causes that are gone: subject, since.
    pub gone: Vec<(String, DateTime<Utc>)>,
    /// Causes that are back before their alarm was closed.
    pub back: Vec<(String, DateTime<Utc>)>,
    /// Alarms that are over.
    pub closed: Vec<String>,
    /// What is said, at most one message for a target.
    pub messages: Vec<Message>,
    /// Messages that have lost their reason before they left: outbox rows.
    pub withdrawn: Vec<i64>,
}

/// A new alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Its name.
    pub id: String,
    /// What it is about, and who minds.
    pub topic: String,
    /// How much it presses.
    pub urgency: Urgency,
}

/// What a target is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The target's name.
    pub target: String,
    /// The row to rewrite, which has not left yet, instead of a new one.
    pub into: Option<i64>,
    /// The words.
    pub note: Note,
    /// What it tells of for the first time, or again.
    pub tells: Vec<Tell>,
}

/// That a message tells of an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tell {
    /// The alarm.
    pub alarm: String,
    /// How many people have been asked before.
    pub step: i64,
}

impl Plan {
    /// Nothing is to be written down.
    pub fn is_empty(&self) -> bool {
        *self
            == Self {
                round: self.round,
                ..Self::default()
            }
    }
}

/// An alarm with its causes, as it will be after this round.
struct Live<'a> {
    alarm: Alarm,
    causes: Vec<&'a Cause>,
    /// When the newest of them joined.
    newest: Option<DateTime<Utc>>,
    over: bool,
    /// Over because all of it has moved to another alarm: nothing is resolved.
    moved: bool,
}

impl Live<'_> {
    fn is_reminder(&self) -> bool {
        kind(&self.alarm) == LUNCH
    }
}

/// What follows. The same arguments give the same plan.
pub fn plan(round: &Round<'_>) -> Plan {
    let mut plan = Plan {
        round: round.book.round + 1,
        ..Plan::default()
    };
    let mut live = settle(round, &mut plan);
    open(round, &mut live, &mut plan);
    for it in &mut live {
        weigh(it, &mut plan);
    }
    for target in round.targets {
        tell(round, target, &live, &mut plan);
    }
    // Who is told nothing any more has nobody who would send what waits for him.
    let strangers = live
        .iter()
        .flat_map(|it| &it.alarm.told)
        .filter(|told| told.state == ToldState::Waits)
        .filter(|told| {
            round
                .targets
                .iter()
                .all(|target| target.name != told.target)
        })
        .map(|told| told.row);
    plan.withdrawn.extend(strangers.collect::<BTreeSet<_>>());
    plan
}

fn noted<'a>(book: &'a Book, cause: &Cause) -> Option<&'a Noted> {
    let of_it = || book.causes.iter().filter(|n| n.subject == cause.subject);
    of_it()
        .find(|n| n.since == cause.since)
        .or_else(|| of_it().find(|n| n.gone_at.is_none()))
}

/// Follows what was told before: which causes are still there, which are gone, which alarms are over.
fn settle<'a>(round: &Round<'a>, plan: &mut Plan) -> Vec<Live<'a>> {
    let (book, now) = (round.book, round.now);
    let mut live: Vec<Live<'a>> = book
        .alarms
        .iter()
        .map(|alarm| Live {
            alarm: alarm.clone(),
            causes: Vec::new(),
            newest: None,
            over: false,
            moved: false,
        })
        .collect();
    let mut seen = BTreeSet::new();
    for cause in round.causes {
        let Some(noted) = noted(book, cause) else {
            continue;
        };
        seen.insert((&noted.subject, noted.since));
        let Some(it) = live.iter_mut().find(|it| it.alarm.id == noted.alarm) else {
            continue;
        };
        let forgotten =
            cause.comes_again() && it.alarm.acked_at.is_some_and(|at| at + AGAIN <= now);
        let worse = cause.urgency == Urgency::Safety && it.alarm.urgency < Urgency::Safety;
        if forgotten || worse {
            continue;
        }
        if noted.gone_at.is_some() {
            plan.back.push((noted.subject.clone(), noted.since));
        }
        it.causes.push(cause);
        it.newest = it.newest.max(Some(noted.joined_at));
    }
    for noted in &book.causes {
        if noted.gone_at.is_none() && !seen.contains(&(&noted.subject, noted.since)) {
            plan.gone.push((noted.subject.clone(), noted.since));
        }
    }
    for it in &mut live {
        let gone_since = book
            .causes
            .iter()
            .filter(|noted| noted.alarm == it.alarm.id)
            .map(|noted| noted.gone_at.unwrap_or(now))
            .max();
        it.moved = gone_since.is_none();
        it.over = it.causes.is_empty() && gone_since.is_none_or(|at| at + CALM <= now);
        if it.over {
            plan.closed.push(it.alarm.id.clone());
        }
    }
    live
}

/// Gives every cause that nobody is told of to an alarm.
fn open<'a>(round: &Round<'a>, live: &mut Vec<Live<'a>>, plan: &mut Plan) {
    for cause in round.causes {
        if live
            .iter()
            .any(|it| it.causes.iter().any(|known| std::ptr::eq(*known, cause)))
        {
            continue;
        }
        let topic = topic(round, cause);
        let about = |it: &&mut Live<'_>| it.alarm.topic == topic && !it.over;
        let collecting = live.iter_mut().filter(about).any(|it| {
            let new = noted(round.book, cause).is_none_or(|noted| noted.alarm != it.alarm.id);
            new && it.alarm.acked_at.is_some_and(|at| round.now < at + COLLECT)
        });
        if collecting && cause.urgency < Urgency::Safety {
            continue;
        }
        let joined = live
            .iter()
            .position(|it| it.alarm.topic == topic && !it.over && it.alarm.acked_at.is_none());
        let index = joined.unwrap_or_else(|| {
            let id = format!("{}-{}", plan.round, plan.opened.len());
            plan.opened.push(Opened {
                id: id.clone(),
                topic: topic.clone(),
                urgency: cause.urgency,
            });
            live.push(Live {
                alarm: Alarm {
                    id,
                    topic,
                    urgency: cause.urgency,
                    opened_at: round.now,
                    acked_at: None,
                    told: Vec::new(),
                },
                causes: Vec::new(),
                newest: None,
                over: false,
                moved: false,
            });
            live.len() - 1
        });
        if let Some(it) = live.get_mut(index) {
            // A cause that was noted keeps its moment: it is the same episode.
            let since = noted(round.book, cause).map_or(cause.since, |noted| noted.since);
            plan.joined
                .push((cause.subject.clone(), since, it.alarm.id.clone()));
            it.causes.push(cause);
            it.newest = Some(round.now);
        }
    }
}

/// What a cause is told together with: its kind, and who minds. A reminder is told alone: it must not wait for
/// another.
fn topic(round: &Round<'_>, cause: &Cause) -> String {
    let minds: Vec<&str> = round
        .targets
        .iter()
        .filter(|target| target.minds(cause))
        .map(|target| target.name.as_str())
        .collect();
    let minds = minds.join(",");
    if cause.is_reminder() {
        return format!("{}/{minds}", cause.subject);
    }
    match cause.apart() {
        Some(shop) => format!("{}/{minds}/{shop}", cause.kind()),
        None => format!("{}/{minds}", cause.kind()),
    }
}

fn weigh(it: &mut Live<'_>, plan: &mut Plan) {
    let Some(urgency) = it.causes.iter().map(|cause| cause.urgency).max() else {
        return;
    };
    if urgency != it.alarm.urgency {
        it.alarm.urgency = urgency;
        plan.changed.push((it.alarm.id.clone(), urgency));
    }
}

/// Who is to be told of an alarm: those who mind and want to hear of what presses so much; everybody whose
/// receiver works, when none of these can be reached.
fn hears(round: &Round<'_>, target: &Target, it: &Live<'_>) -> bool {
    let urgency = it.alarm.urgency;
    let minds = |target: &Target| it.causes.iter().any(|cause| target.minds(cause));
    let wants = |target: &Target| minds(target) && target.levels.contains(&urgency);
    let hears = |target: &Target| !round.deaf.contains(&target.source());
    if wants(target) {
        return true;
    }
    let somebody = round
        .targets
        .iter()
        .any(|other| wants(other) && hears(other));
    let its_own = it.causes.iter().any(
        |cause| matches!(&cause.trouble, Trouble::Deaf { source } if *source == target.source()),
    );
    let left_out_on_purpose = !round.targets.iter().any(&wants) && urgency < Urgency::Urgent;
    !somebody && !left_out_on_purpose && !its_own && hears(target)
}

/// Writes the message for a target, if there is anything to say.
fn tell(round: &Round<'_>, target: &Target, live: &[Live<'_>], plan: &mut Plan) {
    let mut waits: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
    let mut tells = Vec::new();
    let mut kept = Vec::new();
    let mut matters = Vec::new();
    let mut over = Vec::new();
    for it in live {
        let told: Vec<&Told> = it
            .alarm
            .told
            .iter()
            .filter(|told| told.target == target.name)
            .collect();
        let last = told.last().copied();
        let waiting = last.filter(|told| told.state == ToldState::Waits);
        if let Some(told) = waiting {
            waits.entry(told.row).or_default().push(&it.alarm.id);
        }
        if it.over {
            let arrived = told.iter().any(|told| told.state == ToldState::Arrived);
            let said = arrived && !it.moved && !it.is_reminder();
            if said && !target.sleeps(it.alarm.urgency, round.now) {
                over.push(&it.alarm);
            }
            continue;
        }
        if it.causes.is_empty() || it.alarm.acked_at.is_some() {
            continue;
        }
        let step = match (waiting, last) {
            (Some(told), _) => {
                kept.push(it.alarm.id.as_str());
                told.step
            }
            (None, _) if target.sleeps(it.alarm.urgency, round.now) => continue,
            (None, _) if !hears(round, target, it) => continue,
            (None, last) => {
                let Some(step) = due(round, target, it, last) else {
                    continue;
                };
                tells.push(Tell {
                    alarm: it.alarm.id.clone(),
                    step,
                });
                step
            }
        };
        matters.push(Matter {
            alarm: &it.alarm,
            causes: &it.causes,
            step,
            link: (round.link)(&it.alarm.id, &target.name).filter(|_| !it.is_reminder()),
        });
    }
    // At most one row waits for a target; should there be more, the newest is the one that is kept.
    let into = waits.keys().next_back().copied();
    let stale = waits.keys().copied().filter(|row| Some(*row) != into);
    plan.withdrawn.extend(stale);
    if matters.is_empty() && over.is_empty() {
        plan.withdrawn.extend(into);
        return;
    }
    let whole = into.and_then(|row| waits.get(&row)) == Some(&kept);
    if tells.is_empty() && over.is_empty() && whole {
        return;
    }
    plan.messages.push(Message {
        target: target.name.clone(),
        into,
        note: note(target, &matters, &over, round.more, round.now),
        tells,
    });
}

/// The step at which a target is to be told now; `None`: not now.
fn due(round: &Round<'_>, target: &Target, it: &Live<'_>, last: Option<&Told>) -> Option<i64> {
    let Some(last) = last else { return Some(0) };
    if it.is_reminder() {
        return None;
    }
    if last.state == ToldState::OnItsWay || round.now < last.at + NEXT_PERSON {
        return None;
    }
    if last.step < target.last_step() {
        return Some(last.step + 1);
    }
    // Nobody is left to ask; but there is news.
    (it.newest > Some(last.at)).then_some(last.step)
}

#[cfg(test)]
mod tests;
