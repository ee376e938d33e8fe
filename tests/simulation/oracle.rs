//! The oracle: keeps its own record of what was recorded, switched, published and said, from what the verbs
//! answered, and says which promise a run has broken. It reads no table and asks no rule of the program.

mod duty;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use jieban::{
    desk::{OwnerAct, ReplyClass},
    knowledge::{Mode, Speaker, arrangement::Arranged},
    store::{
        decisions::Commit,
        messages::Recorded,
        outbox::{Claimed, Kind, Outcome},
        view::ConversationView,
    },
};

use crate::{
    chats::{Chat, Voice},
    library::{BUSY, Edition, Words, editions},
    verbs::{Answer, Verb},
};

/// A customer is looked at within this time while somebody works and nothing is torn down.
const UNSEEN: Duration = Duration::seconds(30);
/// A sender's time this close to ours is ours.
const JUST_NOW: Duration = Duration::seconds(30);
/// A message this old when it is received is history.
const HISTORY: Duration = Duration::minutes(10);
/// How long a human owns what he answered, and how long words may be answered alone.
const HALF_AN_HOUR: Duration = Duration::minutes(30);

/// What the oracle knows.
pub(crate) struct Oracle {
    chats: Vec<Known>,
    by_number: BTreeMap<i64, usize>,
    switched: BTreeMap<String, (Option<Mode>, bool)>,
    stopped_everywhere: bool,
    /// What was arranged in a shop, from and until when.
    arranged: Vec<(String, Arranged, DateTime<Utc>, DateTime<Utc>)>,
    /// What is announced in a shop (`None`: in all), from and until when.
    announced: Vec<Announced>,
    published: usize,
    /// What the node with the folder has read: it decides with it a moment before it is published.
    on_shelf: usize,
    /// All that it has read since it last published: decisions with these stand until it does.
    ahead: Vec<usize>,
    said: BTreeMap<String, Said>,
    cases: BTreeSet<String>,
    /// The last time at which something was torn down: a node, a call, the folder.
    pub(crate) disturbed: DateTime<Utc>,
    /// The first promise that was broken.
    pub(crate) broken: Option<String>,
}

/// An announcement: its shop, its words, from and until when.
type Announced = (Option<String>, &'static str, DateTime<Utc>, DateTime<Utc>);

/// A case as it stands: its number, shop, kind, order and conversation, and whether it is open.
pub(crate) type Case = (String, String, String, Option<String>, i64, bool);

/// What is known of a chat.
#[derive(Default)]
struct Known {
    heard: Vec<Heard>,
    lowered: Option<Mode>,
    /// What a human last said about whose it is, when, and who.
    owner: Option<(OwnerAct, DateTime<Utc>, &'static str)>,
    /// The step of the run at which something was last recorded.
    recorded: u64,
    /// The step at which the decision that stands looked.
    looked: u64,
    /// Since when something is recorded that no standing decision has seen.
    unseen: Option<DateTime<Utc>>,
}

/// A line that counts.
struct Heard {
    what: What,
    text: String,
    at: DateTime<Utc>,
    /// The name of the human who said it, where it shows.
    sender: Option<&'static str>,
    history: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Customer(usize),
    Human(usize),
    /// Said alone, under this reply id.
    Ours(String, ReplyClass),
}

/// A reply that was handed out.
struct Said {
    chat: usize,
    class: ReplyClass,
    /// The customer's line that opens its turn.
    turn: usize,
    /// When it was claimed, in steps.
    step: u64,
    /// An attempt may have arrived of which nobody heard: no later one can take it back.
    doubted: bool,
}

impl Oracle {
    pub(crate) fn new(chats: usize, now: DateTime<Utc>) -> Self {
        Self {
            chats: (0..chats).map(|_| Known::default()).collect(),
            by_number: BTreeMap::new(),
            switched: BTreeMap::new(),
            stopped_everywhere: false,
            arranged: Vec::new(),
            announced: Vec::new(),
            published: 0,
            on_shelf: 0,
            ahead: Vec::new(),
            said: BTreeMap::new(),
            cases: BTreeSet::new(),
            disturbed: now,
            broken: None,
        }
    }

    fn broke(&mut self, why: impl Into<String>) {
        self.broken.get_or_insert(why.into());
    }

    /// The node with the folder has read an edition.
    pub(crate) fn reads(&mut self, edition: usize) {
        self.on_shelf = edition;
        self.ahead.push(edition);
    }

    /// The edition that is published.
    pub(crate) fn published(&self) -> usize {
        self.published
    }

    /// Whether a reply with these words was handed out whose echo has not been accepted: then nobody can tell
    /// a human's equal words from it.
    pub(crate) fn is_on_the_way(&self, chat: usize, text: &str, chats: &[Chat]) -> bool {
        self.chats[chat]
            .heard
            .iter()
            .any(|heard| match &heard.what {
                What::Ours(id, _) => {
                    let line = chats[chat].shows(id).map(|line| &chats[chat].lines[line]);
                    heard.text == text && !line.is_some_and(|line| line.acked)
                }
                _ => false,
            })
    }

    /// A verb was kept, whether its caller heard the answer or not.
    pub(crate) fn saw(
        &mut self,
        now: DateTime<Utc>,
        step: u64,
        verb: &Verb,
        answer: &Answer,
        chats: &[Chat],
    ) {
        match (verb, answer) {
            (
                Verb::Record {
                    chat,
                    lines,
                    inbound,
                    ..
                },
                Answer::Recorded(recorded),
            ) => {
                let with_times = inbound.messages.iter().any(|m| m.sent_at.is_some());
                self.recorded(now, step, *chat, lines, with_times, recorded, chats);
                self.chats[*chat].lowered = inbound.mode;
            }
            (Verb::Commit { looked, seen, .. }, Answer::Committed(Commit::Done { cases, .. })) => {
                let Some(&chat) = self.by_number.get(&seen.conversation) else {
                    return self.broke("a decision about a conversation that nobody recorded");
                };
                let known = &mut self.chats[chat];
                if known.recorded > *looked {
                    let name = &chats[chat].name;
                    return self.broke(format!(
                        "a decision about {name} stands that has not seen its last message"
                    ));
                }
                known.unseen = None;
                known.looked = *looked;
                for number in cases {
                    if !self.cases.insert(number.clone()) {
                        self.broke(format!("two cases have the number {number}"));
                    }
                }
            }
            (Verb::Claim { .. }, Answer::Claimed(rows)) => {
                for row in rows.iter().filter(|row| row.kind == Kind::Reply) {
                    self.claimed(now, step, row, chats);
                }
            }
            (Verb::Settle { id, outcome }, Answer::Yes(true)) => {
                let unsent = matches!(
                    outcome,
                    Outcome::Retry { .. } | Outcome::Failed { .. } | Outcome::Released
                );
                if let Some(said) = self.said.get_mut(id) {
                    said.doubted |= matches!(outcome, Outcome::Unheard { .. });
                    if unsent && !said.doubted && chats[said.chat].shows(id).is_none() {
                        self.chats[said.chat].heard.retain(
                            |heard| !matches!(&heard.what, What::Ours(other, _) if other == id),
                        );
                    }
                }
            }
            (Verb::HandAgain(id), Answer::Yes(true)) => {
                if let Some(said) = self.said.get_mut(id) {
                    said.doubted = true;
                }
            }
            (Verb::SwitchMode { shop, mode }, _) => {
                self.switched.entry(shop.to_string()).or_default().0 = *mode;
            }
            (Verb::SwitchStopped { shop, stopped }, _) => match shop {
                Some(shop) => self.switched.entry(shop.to_string()).or_default().1 = *stopped,
                // Stopped is what was answered, when every shop has followed.
                None => self.stopped_everywhere &= *stopped,
            },
            (Verb::Arrange { shop, what, until }, Answer::Yes(true)) => {
                self.arranged
                    .push((shop.to_string(), what.clone(), now, *until));
            }
            (
                Verb::Announce {
                    shop, text, until, ..
                },
                _,
            ) => {
                let shop = shop.as_ref().map(ToString::to_string);
                self.announced.push((shop, text, now, *until));
            }
            (
                Verb::Own {
                    conversation,
                    act,
                    who,
                },
                Answer::Yes(true),
            ) => {
                if let Some(&chat) = self.by_number.get(conversation) {
                    let known = &mut self.chats[chat];
                    known.owner = Some((*act, now, who));
                    known.recorded = step;
                    known.unseen.get_or_insert(now);
                }
            }
            (Verb::Publish { edition, .. }, _) => {
                self.published = *edition;
                self.ahead.retain(|ahead| *ahead == self.on_shelf);
            }
            _ => {}
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a delivery consists of")]
    fn recorded(
        &mut self,
        now: DateTime<Utc>,
        step: u64,
        chat: usize,
        lines: &[usize],
        with_times: bool,
        recorded: &Recorded,
        chats: &[Chat],
    ) {
        self.by_number.insert(recorded.conversation, chat);
        let known = &mut self.chats[chat];
        let (mut new, mut ours) = (0, false);
        for &line in lines {
            let said = &chats[chat].lines[line];
            let what = match &said.voice {
                Voice::Customer => What::Customer(line),
                Voice::Human => What::Human(line),
                Voice::Ours(_) => {
                    ours = true;
                    continue;
                }
            };
            if known.heard.iter().any(|heard| heard.what == what) {
                continue;
            }
            let at = match with_times && now - said.at > JUST_NOW {
                true => said.at,
                false => now,
            };
            new += 1;
            known.heard.push(Heard {
                what,
                text: said.text.clone(),
                at,
                sender: said.sender,
                history: now - at > HISTORY,
            });
        }
        if new > 0 {
            known.recorded = step;
            known.unseen.get_or_insert(now);
        }
        let name = &chats[chat].name;
        let accepted = recorded.accepted;
        if accepted > new && ours {
            self.broke(format!(
                "our own words in {name} were taken for somebody else's ({accepted} new instead of {new})"
            ));
        } else if accepted != new {
            self.broke(format!(
                "{new} lines of {name} were new and {accepted} were recorded"
            ));
        }
    }

    /// A reply is handed out to be sent.
    fn claimed(&mut self, now: DateTime<Utc>, step: u64, row: &Claimed, chats: &[Chat]) {
        let Some(chat) = chats.iter().position(|chat| {
            chat.name == row.conversation
                && chat.source() == row.source
                && chat.account == row.account
        }) else {
            return self.broke("a reply to a conversation that does not exist");
        };
        let why = match self.said.get(&row.id) {
            Some(said) if self.is_said(chat, &row.id) => self.again(chat, said),
            _ => self.may_be_said(now, chat, row, chats),
        };
        if let Err(why) = why {
            let (id, text) = (&row.id, &row.text);
            return self.broke(format!("{id} left: {why}\n    {text}"));
        }
        let Ok(turn) = why else { return };
        if self.is_said(chat, &row.id)
            && let Some(said) = self.said.get_mut(&row.id)
        {
            said.doubted = true;
        }
        let known = &mut self.chats[chat];
        if !known
            .heard
            .iter()
            .any(|heard| matches!(&heard.what, What::Ours(id, _) if *id == row.id))
        {
            known.heard.push(Heard {
                what: What::Ours(row.id.clone(), row.class),
                text: row.text.clone(),
                at: now,
                sender: None,
                history: false,
            });
            let said = Said {
                chat,
                class: row.class,
                turn,
                step,
                doubted: false,
            };
            self.said.insert(row.id.clone(), said);
        }
    }

    fn is_said(&self, chat: usize, reply: &str) -> bool {
        self.chats[chat]
            .heard
            .iter()
            .any(|heard| matches!(&heard.what, What::Ours(id, _) if id == reply))
    }

    /// A reply of which nobody knows whether it arrived is handed out again.
    fn again(&self, chat: usize, said: &Said) -> Result<usize, String> {
        if self.chats[chat].recorded > said.step {
            return Err(
                "again, although somebody has spoken since it was first claimed".to_owned(),
            );
        }
        Ok(said.turn)
    }

    /// Whether a reply may leave now, and the customer's line that opens its turn.
    fn may_be_said(
        &self,
        now: DateTime<Utc>,
        chat: usize,
        row: &Claimed,
        chats: &[Chat],
    ) -> Result<usize, String> {
        if self.chats[chat].recorded > self.chats[chat].looked {
            return Err("somebody has spoken since it was decided".to_owned());
        }
        let (mode, stopped) = self.switches(chat, chats);
        if stopped {
            return Err("its shop is stopped".to_owned());
        }
        let announced: Vec<&str> = self
            .announced
            .iter()
            .filter(|(shop, _, from, until)| {
                shop.as_deref().is_none_or(|shop| shop == chats[chat].shop)
                    && *from <= now
                    && now < *until
            })
            .map(|(_, text, _, _)| *text)
            .collect();
        let ahead = self.ahead.iter().map(|edition| &editions()[*edition]);
        let in_force = ahead.chain([&editions()[self.published]]);
        let mut why = Ok(());
        for edition in in_force {
            let mode = self.mode_of(chat, mode, edition, chats);
            let shop = chats[chat].shop;
            let staffed = self.staffed(edition, shop, now);
            why = edition.words(&row.text, now, &announced).and_then(|words| {
                let by_rule = may_speak(words, mode, staffed, row)
                    .and_then(|()| self.owner(chat, edition, shop, now));
                match (shop == BUSY && staffed, by_rule) {
                    (true, Err(_)) => self
                        .may_step_in(chat, edition, words, mode, now)
                        .and_then(|()| fits(words, row)),
                    (_, by_rule) => by_rule,
                }
            });
            if why.is_ok() {
                break;
            }
        }
        why?;
        self.caps(chat, chats, now)?;
        let turn = self.turn(chat)?;
        let last = turn.iter().map(|heard| heard.at).max().unwrap_or_default();
        if turn.iter().all(|heard| heard.history) {
            return Err("all it answers was old when it came".to_owned());
        }
        if now >= last + HALF_AN_HOUR {
            return Err("the customer spoke too long ago".to_owned());
        }
        let begun = turn.first().map(|heard| heard.at);
        // A human who speaks at the very moment at which he was announced has come.
        let came = self.chats[chat]
            .heard
            .iter()
            .filter(|heard| matches!(heard.what, What::Human(_)));
        let came = came.map(|heard| heard.at).max();
        let told = self.chats[chat].heard.iter().any(|heard| {
            // What left at the very moment at which the turn began was said before it: an answer waits for the burst.
            matches!(heard.what, What::Ours(_, ReplyClass::Handoff))
                && Some(heard.at) > begun
                && Some(heard.at) > came
        });
        if told {
            return Err("who was told that a human comes is told nothing else".to_owned());
        }
        match turn.first().map(|heard| &heard.what) {
            Some(What::Customer(line)) => Ok(*line),
            _ => Err("nobody waits".to_owned()),
        }
    }

    fn switches(&self, chat: usize, chats: &[Chat]) -> (Option<Mode>, bool) {
        let (mode, stopped) = self
            .switched
            .get(chats[chat].shop)
            .copied()
            .unwrap_or_default();
        (mode, stopped || self.stopped_everywhere)
    }

    /// The number of a chat's conversation, once something of it is recorded.
    pub(crate) fn number(&self, chat: usize) -> Option<i64> {
        let mut numbers = self.by_number.iter();
        numbers
            .find(|(_, of)| **of == chat)
            .map(|(number, _)| *number)
    }

    fn mode_of(&self, chat: usize, mode: Option<Mode>, edition: &Edition, chats: &[Chat]) -> Mode {
        let own = match chats[chat].shop {
            "teahouse-auto" => Mode::Auto,
            BUSY => Mode::Assist,
            _ => edition.mode,
        };
        let mode = mode.unwrap_or(own);
        self.chats[chat]
            .lowered
            .map_or(mode, |lowered| lowered.min(mode))
    }

    /// What the customer said since the last answer that he could read, oldest first.
    fn turn(&self, chat: usize) -> Result<Vec<&Heard>, String> {
        let mut heard: Vec<&Heard> = self.chats[chat].heard.iter().collect();
        heard.sort_by_key(|heard| heard.at);
        let answered = heard.iter().rposition(|heard| {
            matches!(
                heard.what,
                What::Human(_) | What::Ours(_, ReplyClass::Content)
            )
        });
        let ended = match self.chats[chat].owner {
            Some((OwnerAct::End, at, _)) => Some(at),
            _ => None,
        };
        let turn: Vec<&Heard> = heard
            .split_off(answered.map_or(0, |at| at + 1))
            .into_iter()
            .filter(|heard| matches!(heard.what, What::Customer(_)))
            .filter(|heard| ended.is_none_or(|ended| heard.at > ended))
            .collect();
        match (turn.is_empty(), answered) {
            (false, _) => Ok(turn),
            (true, _) => Err("everything the customer said is answered already".to_owned()),
        }
    }

    /// The customer reads a reply.
    pub(crate) fn shown(&mut self, reply: &str, chats: &[Chat]) {
        let Some(said) = self.said.get(reply) else {
            return self.broke(format!("{reply} is read, and was never handed out"));
        };
        let twice = self.said.iter().find(|(id, other)| {
            id.as_str() != reply
                && (other.chat, other.turn, other.class)
                    == (said.chat, said.turn, ReplyClass::Content)
                && said.class == ReplyClass::Content
                && chats[other.chat].shows(id).is_some()
        });
        if let Some((id, _)) = twice {
            let why = format!("{id} and {reply} both answer one turn, and the customer reads both");
            self.broke(why);
        }
    }

    /// The kill switch of all shops was answered.
    pub(crate) fn everything_stopped(&mut self) {
        self.stopped_everywhere = true;
    }

    /// Time has passed.
    pub(crate) fn time(&mut self, now: DateTime<Utc>, chats: &[Chat]) {
        for (chat, known) in self.chats.iter().enumerate() {
            if let Some(since) = known.unseen.map(|at| at.max(self.disturbed))
                && now - since > UNSEEN
            {
                let name = &chats[chat].name;
                let why = format!("{name} waits unseen since {}", since.to_rfc3339());
                return self.broke(why);
            }
        }
    }

    /// What nobody may have missed at the end of a run, when everything works and time has passed.
    pub(crate) fn end(&mut self, views: &[Option<ConversationView>], chats: &[Chat]) {
        if self.published != self.on_shelf {
            self.broke("what the editor saved was never published");
        }
        for (chat, view) in views.iter().enumerate() {
            let known = &self.chats[chat];
            let name = &chats[chat].name;
            let lost = chats[chat].lines.iter().enumerate().find(|(at, line)| {
                let ours = matches!(line.voice, Voice::Ours(_));
                line.acked
                    && !ours
                    && !known.heard.iter().any(|heard| {
                        heard.what == What::Customer(*at) || heard.what == What::Human(*at)
                    })
            });
            if let Some((_, line)) = lost {
                let why = format!(
                    "{} was answered 2xx and never recorded: {}",
                    line.id, line.text
                );
                return self.broke(why);
            }
            let Some(view) = view else {
                if known.heard.is_empty() {
                    continue;
                }
                let why = format!("{name} is gone");
                return self.broke(why);
            };
            let mut ought: Vec<(&str, &str)> = known
                .heard
                .iter()
                .map(|heard| (voice(&heard.what), heard.text.as_str()))
                .collect();
            let mut is: Vec<(&str, &str)> = view
                .messages
                .iter()
                .map(|message| (speaks(message.speaker), message.text.as_str()))
                .collect();
            ought.sort_unstable();
            is.sort_unstable();
            if ought != is {
                let why = format!("{name} holds {is:?} instead of {ought:?}");
                return self.broke(why);
            }
            if !view.decided {
                let why = format!("{name} is not decided at the end");
                return self.broke(why);
            }
        }
    }

    /// Checks the cases that stand at the end.
    pub(crate) fn cases(&mut self, rows: &[Case]) {
        let numbers: BTreeSet<&String> = rows.iter().map(|row| &row.0).collect();
        if numbers.len() != rows.len() || numbers != self.cases.iter().collect() {
            let why = format!("opened were {:?}, and there are {numbers:?}", self.cases);
            return self.broke(why);
        }
        for (at, one) in rows.iter().enumerate().filter(|(_, row)| row.5) {
            for other in rows[at + 1..].iter().filter(|row| row.5) {
                let alike = (&one.1, &one.2) == (&other.1, &other.2);
                let one_order = one.3.is_some() && one.3 == other.3;
                let one_customer = one.4 == other.4 && (one.3.is_none() || other.3.is_none());
                if alike && (one_order || one_customer) {
                    let why = format!("{} and {} are one case", one.0, other.0);
                    return self.broke(why);
                }
            }
        }
    }
}

fn voice(what: &What) -> &'static str {
    match what {
        What::Customer(_) => "customer",
        What::Human(_) => "human",
        What::Ours(..) => "ours",
    }
}

fn speaks(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::Customer => "customer",
        Speaker::Human | Speaker::BotAssist => "human",
        Speaker::BotAuto | Speaker::Notice => "ours",
        _ => "somebody else",
    }
}

/// Whether these words may go out in a mode.
fn may_speak(words: Words, mode: Mode, staffed: bool, row: &Claimed) -> Result<(), String> {
    match (mode, staffed) {
        (Mode::Off, _) => Err("the mode is off".to_owned()),
        (Mode::Assist, true) => Err("somebody is on duty and the mode is assist".to_owned()),
        (Mode::Auto, true) if matches!(words, Words::Registers | Words::Receipt) => {
            Err("somebody is on duty and it answers nothing".to_owned())
        }
        _ if words == Words::Rescue => {
            Err("these words are for who is kept waiting by day".to_owned())
        }
        _ => Ok(()),
    }?;
    fits(words, row)
}

/// Whether a reply does to its turn what its words say.
fn fits(words: Words, row: &Claimed) -> Result<(), String> {
    let class = match words {
        Words::Receipt | Words::Rescue => ReplyClass::Receipt,
        Words::Handoff => ReplyClass::Handoff,
        Words::News => row.class,
        Words::Answer | Words::Registers => ReplyClass::Content,
    };
    match row.class == class {
        true => Ok(()),
        false => Err(format!("{:?} goes out as {:?}", words, row.class)),
    }
}
