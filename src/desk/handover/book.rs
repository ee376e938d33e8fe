//! The fold: what stands open after a shift, from what stood open before it and from what happened in it.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    FORGOTTEN, Item, MOST_SAID, Section, Span,
    event::{CaseLine, Event, Happened, Line, NoteLine, PromiseLine, SaidLine, ScriptChange},
};
use crate::{
    desk::{ReplyClass, Verdict, alarm::text::masked},
    knowledge::{Speaker, mask::mask},
};

/// How much of what somebody said is shown, in characters.
const SHOWN: usize = 60;

/// What stands open at a moment, and what was told in the shift that ends then. Kept with its sheet, so that the
/// next is folded over it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Book {
    talks: BTreeMap<i64, Talk>,
    cases: BTreeMap<i64, CaseLine>,
    promises: BTreeMap<i64, PromiseLine>,
    notes: BTreeMap<i64, NoteLine>,
    said: Vec<SaidLine>,
    scripts: BTreeMap<String, ScriptChange>,
}

/// A conversation in which somebody waits, or which somebody has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Talk {
    /// Its name on its door, masked.
    name: String,
    owner: Option<String>,
    /// What the customer said and nobody has answered, in the order it was said.
    waits: Vec<Wait>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Wait {
    at: DateTime<Utc>,
    id: i64,
    text: String,
}

/// Who a human is when his name is not known.
const SOMEBODY: &str = "客服";

/// The book at the end of a shift.
pub fn fold<'e>(
    before: &Book,
    span: &Span,
    events: impl IntoIterator<Item = &'e Happened>,
) -> Book {
    let mut book = before.begun(span);
    for event in events {
        book.take(event);
    }
    book.end(span);
    book
}

impl Book {
    /// The book at the beginning of a shift. Whose a conversation was counts while he is on duty.
    fn begun(&self, span: &Span) -> Self {
        let mut book = self.clone();
        for talk in book.talks.values_mut() {
            let stays =
                |owner: &String| span.leavers.contains(owner) || span.takers.contains(owner);
            talk.owner = talk.owner.take().filter(stays);
        }
        if !span.carries {
            book.said.clear();
            book.scripts.retain(|_, change| change.at >= span.day);
        }
        book
    }

    /// Takes what happened. Events come in the order in which they happened; the same one twice is once.
    fn take(&mut self, happened: &Happened) {
        match &happened.what {
            Event::Line(line) => self.hear(line),
            Event::Owned {
                conversation,
                agent,
                ended,
            } => {
                if let Some(talk) = self.talks.get_mut(conversation) {
                    talk.owner = agent.clone();
                    if *ended {
                        talk.waits.retain(|wait| wait.at > happened.at);
                        talk.owner = None;
                    }
                } else if let (Some(agent), false) = (agent, ended) {
                    let talk = Talk {
                        name: String::new(),
                        owner: Some(agent.clone()),
                        waits: Vec::new(),
                    };
                    self.talks.insert(*conversation, talk);
                }
            }
            Event::Case(line) => {
                keep(&mut self.cases, line.id, line, line.closed);
            }
            Event::Promise(line) => {
                keep(&mut self.promises, line.id, line, line.closed);
            }
            Event::Note(line) => {
                keep(&mut self.notes, line.id, line, line.seen);
            }
            Event::Published(changes) => changes.iter().for_each(|change| self.change(change)),
        }
    }

    fn hear(&mut self, line: &Line) {
        if let (Some(ours), false) = (&line.ours, self.said.iter().any(|said| said.id == line.id)) {
            self.said.push(SaidLine {
                id: line.id,
                conversation: line.conversation,
                name: masked(&line.name),
                text: shown(&line.text),
                class: ours.class,
                script: ours.script.clone(),
                risk: ours.risk.clone(),
                at: line.at,
            });
        }
        let answers = line.speaker.is_human() || line.speaker == Speaker::BotAuto;
        if !answers && line.speaker != Speaker::Customer {
            return;
        }
        let talk = self.talks.entry(line.conversation).or_insert_with(|| Talk {
            name: String::new(),
            owner: None,
            waits: Vec::new(),
        });
        talk.name = masked(&line.name);
        if answers {
            talk.waits
                .retain(|wait| (wait.at, wait.id) > (line.at, line.id));
            if line.speaker.is_human() {
                talk.owner = Some(line.sender.clone().unwrap_or_else(|| SOMEBODY.to_owned()));
            }
            return;
        }
        let wait = Wait {
            at: line.at,
            id: line.id,
            text: line.text.clone(),
        };
        if let Err(place) = talk
            .waits
            .binary_search_by_key(&(wait.at, wait.id), |w| (w.at, w.id))
        {
            talk.waits.insert(place, wait);
        }
    }

    /// What one version undoes of another is no change.
    fn change(&mut self, change: &ScriptChange) {
        let before = match self.scripts.remove(&change.path) {
            Some(known) => known.before,
            None => change.before.clone(),
        };
        if before != change.after {
            let path = change.path.clone();
            self.scripts.insert(
                path,
                ScriptChange {
                    before,
                    ..change.clone()
                },
            );
        }
    }

    /// Leaves what nobody asks for any more, and hides what nobody needs to see.
    fn end(&mut self, span: &Span) {
        self.talks.retain(|_, talk| {
            talk.waits.retain(|wait| wait.at > span.until - FORGOTTEN);
            let stays = talk
                .owner
                .as_ref()
                .is_some_and(|owner| span.takers.contains(owner));
            !talk.waits.is_empty() || stays
        });
        for wait in self.talks.values_mut().flat_map(|talk| &mut talk.waits) {
            wait.text = shown(&wait.text);
        }
        for case in self.cases.values_mut() {
            case.order = case.order.as_deref().map(mask);
        }
        for promise in self.promises.values_mut() {
            promise.text = shown(&promise.text);
        }
        for note in self.notes.values_mut() {
            note.order = mask(&note.order);
            note.text = shown(&note.text);
        }
    }

    /// The lines of the sheet, in order, and how many lines of the bot it does not name.
    pub fn items(&self) -> (Vec<Item>, usize) {
        let mut items = Vec::new();
        let mut waiting: Vec<(&i64, &Talk, &Wait)> = self
            .talks
            .iter()
            .filter_map(|(id, talk)| Some((id, talk, talk.waits.first()?)))
            .collect();
        waiting.sort_by_key(|(id, talk, wait)| (talk.owner.is_none(), wait.at, **id));
        items.extend(
            waiting
                .into_iter()
                .map(|(id, talk, wait)| waits(*id, talk, wait)),
        );
        let mut cases: Vec<&CaseLine> = self.cases.values().collect();
        cases.sort_by_key(|case| (case.due, &case.number));
        items.extend(cases.into_iter().map(case));
        let mut promises: Vec<&PromiseLine> = self.promises.values().collect();
        promises.sort_by_key(|promise| (promise.due, promise.id));
        items.extend(promises.into_iter().map(promise));
        let mut notes: Vec<&NoteLine> = self.notes.values().collect();
        notes.sort_by_key(|note| (note.cutoff, note.id));
        items.extend(notes.into_iter().map(note));
        let mut lines: Vec<&SaidLine> = self.said.iter().collect();
        lines.sort_by_key(|line| (Reverse(risk(line)), line.at, line.id));
        let unnamed = lines.len().saturating_sub(MOST_SAID);
        items.extend(lines.into_iter().take(MOST_SAID).map(said));
        items.extend(self.scripts.values().map(script));
        (items, unnamed)
    }

    /// The numbers of what stands open, by kind: conversations with somebody waiting, cases, promises, notes.
    pub fn open(&self) -> Open {
        let waiting = self.talks.iter().filter(|(_, talk)| !talk.waits.is_empty());
        Open {
            conversations: waiting.map(|(id, _)| *id).collect(),
            cases: self
                .cases
                .values()
                .map(|case| case.number.clone())
                .collect(),
            promises: self.promises.keys().copied().collect(),
            notes: self.notes.keys().copied().collect(),
        }
    }
}

/// What stands open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Open {
    /// Conversations in which somebody waits.
    pub conversations: BTreeSet<i64>,
    /// Cases, by their numbers for people.
    pub cases: BTreeSet<String>,
    /// Promises.
    pub promises: BTreeSet<i64>,
    /// Notes.
    pub notes: BTreeSet<i64>,
}

fn keep<T: Clone>(of: &mut BTreeMap<i64, T>, id: i64, line: &T, over: bool) {
    match over {
        true => of.remove(&id),
        false => of.insert(id, line.clone()),
    };
}

/// Masked, on one line, not too long.
fn shown(text: &str) -> String {
    let masked = mask(text);
    let mut line: String = masked
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SHOWN)
        .collect();
    if masked.chars().count() > SHOWN && !line.ends_with('…') {
        line.pop();
        line.push('…');
    }
    line
}

fn waits(id: i64, talk: &Talk, wait: &Wait) -> Item {
    let more = match talk.waits.len() {
        1 => String::new(),
        n => format!("（共 {n} 句没回）"),
    };
    Item {
        key: format!("conversation:{id}"),
        section: match talk.owner {
            Some(_) => Section::Unanswered,
            None => Section::Nobody,
        },
        what: talk.name.clone(),
        detail: format!("「{}」{more}", wait.text),
        at: wait.at,
        who: talk.owner.clone(),
        conversation: Some(id),
    }
}

fn case(line: &CaseLine) -> Item {
    Item {
        key: format!("case:{}", line.number),
        section: Section::Case,
        what: format!("{} {}", line.number, line.kind),
        detail: match &line.order {
            Some(order) => format!("{}，订单 {order}", line.state),
            None => line.state.clone(),
        },
        at: line.due,
        who: Some(line.handler.clone()),
        conversation: line.conversation,
    }
}

fn promise(line: &PromiseLine) -> Item {
    Item {
        key: format!("promise:{}", line.id),
        section: Section::Promise,
        what: format!("「{}」", line.text),
        detail: String::new(),
        at: line.due,
        who: line.by.clone(),
        conversation: line.conversation,
    }
}

fn note(line: &NoteLine) -> Item {
    Item {
        key: format!("note:{}", line.id),
        section: Section::Note,
        what: format!("订单 {} {}{}", line.order, line.channel, line.flag),
        detail: format!("「{}」", line.text),
        at: line.cutoff,
        who: Some(line.author.clone()),
        conversation: line.conversation,
    }
}

/// Greater is riskier: the mood, then what was said alone about what, then how unsure it was.
fn risk(line: &SaidLine) -> (u8, u8, u16) {
    let kind = match (line.class, line.risk.as_ref().map(|risk| risk.verdict)) {
        (ReplyClass::Content, Some(Verdict::Answer) | None) => 4,
        (ReplyClass::Content, Some(Verdict::Register)) => 3,
        (ReplyClass::Content, _) => 2,
        (ReplyClass::Handoff, _) => 1,
        (ReplyClass::Receipt, _) => 0,
    };
    match &line.risk {
        Some(risk) => (risk.mood, kind, 1_000 - risk.score.min(1_000)),
        None => (0, kind, 0),
    }
}

fn said(line: &SaidLine) -> Item {
    let mut why = Vec::new();
    if let Some(risk) = &line.risk {
        if risk.mood > 0 {
            why.push(format!("情绪 {}", risk.mood));
        }
        why.extend(risk.intent.as_ref().map(|intent| {
            format!(
                "{intent} {}.{:02}",
                risk.score / 1_000,
                risk.score % 1_000 / 10
            )
        }));
    }
    why.extend(line.script.as_ref().map(|script| format!("话术 {script}")));
    Item {
        key: format!("said:{}", line.id),
        section: Section::Said,
        what: format!("{}：「{}」", line.name, line.text),
        detail: why.join("，"),
        at: line.at,
        who: None,
        conversation: Some(line.conversation),
    }
}

fn script(change: &ScriptChange) -> Item {
    let what = match (&change.before, &change.after) {
        (None, _) => "新增",
        (_, None) => "删除",
        _ => "改了",
    };
    let name = change
        .path
        .trim_start_matches("scripts/")
        .trim_end_matches(".md");
    Item {
        key: format!("script:{}", change.path),
        section: Section::Script,
        what: format!("{what}“{name}”"),
        detail: String::new(),
        at: change.at,
        who: None,
        conversation: None,
    }
}

#[cfg(test)]
mod tests;
