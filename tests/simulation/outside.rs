//! Everybody outside the house: customers, a human agent, the bridge with its receiver, the helper that types,
//! the editor, and who turns the switches.

use chrono::{DateTime, Duration, Utc};
use jieban::{
    channel::push,
    desk::OwnerAct,
    knowledge::{Mode, ShopId, arrangement::Arranged},
    store::outbox::{Claimed, Kind, Outcome},
};

use crate::{
    chats::{Chat, Voice, Way},
    dice::Dice,
    door::Request,
    library::{AGENTS, BUSY, NEWS, editions, people},
    verbs::{Answer, Verb},
    world::World,
};

/// What customers ask: answered, registered, acknowledged, dangerous, not understood.
const QUESTIONS: &[&str] = &[
    "在吗",
    "这个包邮吗",
    "寄到新疆要多少邮费",
    "今天拍什么时候能发",
    "你们多久发货，运费是多少",
    "我的快递到哪了",
    "帮我查下物流，订单号 2871234567890123456",
    "你们少发了一个杯子",
    "少发了一个杯子，订单号 2871234567890123456",
    "漏发了，订单号 2871234567890999999",
    "我要投诉你们",
    "蓝色的那个",
    "转人工",
    "好的谢谢",
];
/// What the human agent writes: his own words, or a suggestion that is never sent alone.
const HUMAN: &[&str] = &[
    "我来看看哈",
    "稍等，马上给您查",
    "亲，非常抱歉给您带来不好的体验，主管会尽快联系您。",
];

/// The people outside and what they still mean to do.
pub(crate) struct Outside {
    /// The edition that lies in the folder.
    pub(crate) folder: usize,
    questions: Vec<usize>,
    humans: usize,
    switches: usize,
    edits: usize,
    pub(crate) crashes: usize,
    pub(crate) pauses: usize,
    /// The bridge tells the platform's ids of what it sent.
    tells_ids: bool,
    /// The receiver takes nothing before then.
    down_until: DateTime<Utc>,
    /// Shops that have still to follow the kill switch of all; and whether it stops them.
    following: Vec<ShopId>,
    following_stop: bool,
    todo: Vec<Todo>,
    late: Vec<Late>,
    /// When (and after how many writes) a decider last found nothing to do; a courier.
    pub(crate) nothing_to_decide: (DateTime<Utc>, u64),
    pub(crate) nothing_to_deliver: (DateTime<Utc>, u64),
    /// When the clock last stood still because all were at rest.
    pub(crate) moved: DateTime<Utc>,
}

/// A reply that the helper was handed.
struct Todo {
    row: Claimed,
    /// What it will say of it, once it has typed it or not.
    word: Option<Outcome>,
}

/// A reply that the receiver shows after its sender has given up waiting.
struct Late {
    at: DateTime<Utc>,
    chat: usize,
    id: String,
    text: String,
}

impl Outside {
    pub(crate) fn new(dice: &mut Dice, chats: &[Chat], now: DateTime<Utc>) -> Self {
        // Who writes much meets the caps.
        let least = |chat: &Chat| if chat.shop == "teahouse" { 1 } else { 3 };
        Self {
            folder: 0,
            questions: chats
                .iter()
                .map(|chat| least(chat) + dice.below(4))
                .collect(),
            humans: dice.below(5),
            switches: dice.below(5),
            edits: dice.below(3),
            crashes: dice.below(4),
            pauses: dice.below(3),
            tells_ids: dice.chance(500),
            down_until: match dice.chance(150) {
                true => now + Duration::seconds(dice.between(10, 300)),
                false => now,
            },
            following: Vec::new(),
            following_stop: false,
            todo: Vec::new(),
            late: Vec::new(),
            nothing_to_decide: (DateTime::UNIX_EPOCH, 0),
            nothing_to_deliver: (DateTime::UNIX_EPOCH, 0),
            moved: DateTime::UNIX_EPOCH,
        }
    }

    pub(crate) fn has_followers(&self) -> bool {
        !self.following.is_empty()
    }

    pub(crate) fn has_late(&self) -> bool {
        !self.late.is_empty()
    }

    /// When the next late reply is shown.
    pub(crate) fn next_late(&self) -> Option<DateTime<Utc>> {
        self.late.iter().map(|late| late.at).min()
    }

    pub(crate) fn has_todo(&self) -> bool {
        !self.todo.is_empty()
    }

    pub(crate) fn asks(&self, chat: usize) -> bool {
        self.questions[chat] > 0
    }

    pub(crate) fn has_humans(&self) -> bool {
        self.humans > 0
    }

    pub(crate) fn has_switches(&self) -> bool {
        self.switches > 0
    }

    pub(crate) fn has_edits(&self) -> bool {
        self.edits > 0
    }
}

impl World {
    pub(crate) fn customer(&mut self, chat: usize) {
        self.outside.questions[chat] -= 1;
        let window = self.chats[chat].way == Way::Window;
        let text = loop {
            let text = *self.dice.pick(QUESTIONS);
            // A window cannot tell two equal lines apart when the one before them is gone.
            if !window || self.chats[chat].lines.iter().all(|line| line.text != text) {
                break text;
            }
        };
        let id = self.chats[chat].add(Voice::Customer, text, self.now);
        self.tell("customer", format_args!("{id}: {text}"));
    }

    pub(crate) fn human(&mut self, chat: usize) {
        self.outside.humans -= 1;
        let window = self.chats[chat].way == Way::Window;
        let ours = |line: &&crate::chats::Line| line.acked && matches!(line.voice, Voice::Ours(_));
        let heard: Vec<String> = self.chats[chat]
            .lines
            .iter()
            .filter(ours)
            .map(|line| line.text.clone())
            .filter(|text| !self.oracle.is_on_the_way(chat, text, &self.chats))
            .collect();
        // He repeats what the bot said: it is his own line all the same.
        let repeats = !heard.is_empty() && !window && self.dice.chance(500);
        let text = match window {
            _ if repeats => self.dice.pick(&heard).clone(),
            true => format!("我来看看{}", self.chats[chat].lines.len()),
            false => (*self.dice.pick(HUMAN)).to_owned(),
        };
        let busy = self.chats[chat].shop == BUSY;
        let sender = busy.then(|| *self.dice.pick(AGENTS));
        let id = self.chats[chat].add_by(sender, Voice::Human, &text, self.now);
        self.tell("human", format_args!("{id}: {text}"));
    }

    /// Whether a chat has lines that its bridge still owes to the doors.
    pub(crate) fn owes(&self, chat: usize) -> bool {
        let chat = &self.chats[chat];
        !chat.posting && chat.lines.iter().any(|line| !line.acked)
    }

    /// The bridge or the helper posts: what is owed, sometimes in pieces, out of order, or with what was
    /// accepted before.
    pub(crate) fn deliver_lines(&mut self, chat: usize, node: usize) {
        let it = &self.chats[chat];
        let way = it.way;
        let lines: Vec<usize> = match way {
            Way::Window => (0..it.lines.len()).collect(),
            _ => {
                let again = !self.calm && self.dice.chance(150);
                let wanted: Vec<usize> = (0..it.lines.len())
                    .filter(|line| again || !it.lines[*line].acked)
                    .collect();
                let from = match self.dice.chance(150) {
                    true => self.dice.below(wanted.len()),
                    false => 0,
                };
                let most = 1 + self.dice.below(3);
                wanted.into_iter().skip(from).take(most).collect()
            }
        };
        if lines.is_empty() {
            return;
        }
        // A window that overtakes another cannot be told from a customer who repeats himself.
        self.chats[chat].posting = way == Way::Window || self.dice.chance(700);
        let lowered = way == Way::Bridge && !self.calm && self.dice.chance(40);
        let mode = lowered.then_some(Mode::Off);
        let waits = way != Way::Bridge && self.dice.chance(400);
        let wait = waits.then(|| Duration::milliseconds(self.dice.between(0, 12_000)));
        let name = self.chats[chat].name.clone();
        self.tell(
            "bridge",
            format_args!("posts {name} {lines:?} to node {node}, mode {mode:?}, wait {wait:?}"),
        );
        let request = Request::post(node, chat, lines, mode, wait, self.now);
        self.requests.push(request);
    }

    /// The customer can read a reply from now on, once however often it is shown.
    pub(crate) fn show(&mut self, chat: usize, id: &str, text: &str) {
        if self.chats[chat].shows(id).is_none() {
            let line = self.chats[chat].add(Voice::Ours(id.to_owned()), text, self.now);
            self.tell("chat", format_args!("{line} shows {id}: {text}"));
            self.oracle.shown(id, &self.chats);
        }
    }

    fn chat_of(&self, row: &Claimed) -> Option<usize> {
        self.chats
            .iter()
            .position(|chat| chat.name == row.conversation)
    }

    /// The receiver gets a push: what its sender hears of it, and when.
    pub(crate) fn receive(&mut self, row: &Claimed) -> (push::Outcome, DateTime<Utc>) {
        let now = self.now;
        let retry = |uncertain: bool, why: &str| push::Outcome::Retry {
            after: None,
            uncertain,
            why: why.to_owned(),
        };
        let sent = |platform_id| push::Outcome::Sent { platform_id };
        let soon = now + Duration::milliseconds(self.dice.between(0, 3_000));
        let Some(chat) = self.chat_of(row).filter(|_| row.kind == Kind::Reply) else {
            return (sent(None), soon);
        };
        let deadline = now + Duration::seconds(15);
        let luck = match self.calm {
            true => 0,
            false => self.dice.below(100),
        };
        let down = !self.calm && now < self.outside.down_until;
        let (shown, outcome, at) = match luck {
            _ if down => (false, Some(retry(false, "503")), soon),
            0..60 => (true, None, soon),
            60..70 => (false, Some(retry(false, "503")), soon),
            70..75 => (false, Some(retry(false, "no connection")), soon),
            75..80 => (false, Some(retry(true, "broken before it was read")), soon),
            80..86 => (true, Some(retry(true, "broken after it was read")), soon),
            86..92 => (true, Some(retry(true, "no answer in time")), deadline),
            92..96 => {
                let late = Late {
                    at: deadline + Duration::seconds(self.dice.between(1, 60)),
                    chat,
                    id: row.id.clone(),
                    text: row.text.clone(),
                };
                self.outside.late.push(late);
                (false, Some(retry(true, "no answer in time")), deadline)
            }
            _ => {
                let why = "410".to_owned();
                (false, Some(push::Outcome::GiveUp { why }), soon)
            }
        };
        let id = row.id.clone();
        self.tell(
            "receiver",
            format_args!("gets {id}: shown {shown}, then {outcome:?}"),
        );
        if shown {
            self.show(chat, &row.id, &row.text);
        }
        let platform_id = || {
            let line = self.chats[chat].shows(&row.id)?;
            let tells = self.outside.tells_ids;
            tells.then(|| self.chats[chat].lines[line].id.clone())
        };
        let outcome = outcome.unwrap_or_else(|| sent(platform_id()));
        (outcome, at)
    }

    /// What was on its way for too long is shown after all.
    pub(crate) fn late_shows(&mut self) {
        let now = self.now;
        let (due, later) = std::mem::take(&mut self.outside.late)
            .into_iter()
            .partition(|late| late.at <= now);
        self.outside.late = later;
        let due: Vec<Late> = due;
        for late in due {
            self.show(late.chat, &late.id, &late.text);
        }
    }

    /// The helper is handed a reply.
    pub(crate) fn hand_over(&mut self, row: Claimed) {
        let id = row.id.clone();
        self.tell("helper", format_args!("is handed {id}"));
        self.outside.todo.push(Todo { row, word: None });
    }

    /// The helper types a reply, or says what became of one.
    pub(crate) fn helper(&mut self) {
        let which = self.dice.below(self.outside.todo.len());
        let mut todo = self.outside.todo.swap_remove(which);
        let Some(chat) = self.chat_of(&todo.row) else {
            return;
        };
        let id = todo.row.id.clone();
        if let Some(word) = todo.word.clone() {
            if !self.calm && self.dice.chance(100) {
                self.tell("helper", format_args!("never says what became of {id}"));
                return;
            }
            let settle = Verb::Settle { id, outcome: word };
            if self.call("helper", settle, self.now).is_err() {
                self.outside.todo.push(todo);
            }
            return;
        }
        let typed = self.chats[chat].shows(&id).is_some();
        if !typed && todo.row.not_after.is_some_and(|at| self.now >= at) {
            self.tell("helper", format_args!("is too late for {id}"));
            return;
        }
        let fails = !typed && !self.calm && self.dice.chance(80);
        if fails {
            let error = "cannot type".to_owned();
            todo.word = Some(Outcome::Failed { error });
        } else {
            self.show(chat, &todo.row.id, &todo.row.text);
            todo.word = Some(Outcome::Sent { platform_id: None });
        }
        self.outside.todo.push(todo);
    }

    /// The helper asks a node for replies.
    pub(crate) fn pull(&mut self, node: usize) {
        self.requests.push(Request::pull(node, self.now));
    }

    pub(crate) fn edit(&mut self) {
        self.outside.edits -= 1;
        self.outside.folder = self.dice.below(editions().len());
        let edition = self.outside.folder;
        self.disturb();
        self.tell("editor", format_args!("saves edition {edition}"));
    }

    pub(crate) fn switch(&mut self) {
        self.outside.switches -= 1;
        let name = *self
            .dice
            .pick(&["teahouse", "teahouse", "teahouse-auto", BUSY, BUSY]);
        let (shop, now) = (ShopId::from(name), self.now);
        let everywhere = self.dice.chance(300) && self.outside.following.is_empty();
        let until = now + Duration::milliseconds(self.dice.between(1_000, 1_200_000));
        let verb = match self.dice.below(12) {
            0..3 => Verb::SwitchStopped {
                shop: (!everywhere).then_some(shop),
                stopped: self.dice.chance(600),
            },
            7..10 if self.leaves(name).is_some() => {
                let agent = self.leaves(name).unwrap_or_default().to_owned();
                let what = match self.dice.chance(700) {
                    true => Arranged::Lunch { agent },
                    false => Arranged::Absent { agent },
                };
                Verb::Arrange { shop, what, until }
            }
            3..5 if self.oracle.is_unarranged(name, now) => Verb::Arrange {
                shop,
                what: match self.dice.chance(600) {
                    true => Arranged::Closed,
                    false => Arranged::Staffed,
                },
                until,
            },
            5..7 => Verb::Announce {
                shop: (!everywhere).then_some(shop),
                text: NEWS[self.dice.below(NEWS.len())],
                silences: match self.dice.chance(500) {
                    true => vec!["pre.shiptime".into()],
                    false => Vec::new(),
                },
                until,
            },
            _ => Verb::SwitchMode {
                shop,
                mode: *self.dice.pick(&[
                    None,
                    Some(Mode::Off),
                    Some(Mode::Assist),
                    Some(Mode::Auto),
                ]),
            },
        };
        let done = self.call("switch", verb.clone(), self.now);
        if let (
            Ok(Answer::Yes(true)),
            Verb::SwitchStopped {
                shop: None,
                stopped,
            },
        ) = (done, verb)
        {
            let node = self.nodes[0].edition;
            self.outside.following = editions()[node].knowledge.shop_ids();
            self.outside.following_stop = stopped;
        }
    }

    /// An agent who is in by his name and might leave.
    fn leaves(&self, shop: &str) -> Option<&'static str> {
        let mut here = people(shop, self.now).iter().copied();
        here.find(|agent| !self.oracle.is_away(shop, agent, self.now))
    }

    /// The human agent says whose a conversation is.
    pub(crate) fn own(&mut self, chat: usize) {
        self.outside.humans -= 1;
        let Some(conversation) = self.oracle.number(chat) else {
            return;
        };
        let act = *self.dice.pick(&[
            OwnerAct::Take,
            OwnerAct::Pin,
            OwnerAct::HandBack,
            OwnerAct::HandBack,
            OwnerAct::End,
        ]);
        let busy = self.chats[chat].shop == BUSY;
        let who = match busy {
            true => *self.dice.pick(AGENTS),
            false => "阿明",
        };
        let own = Verb::Own {
            conversation,
            act,
            who,
        };
        let _ = self.call("human", own, self.now);
    }

    /// The next shop follows the kill switch of all; it is answered when the last has.
    pub(crate) fn follow(&mut self) {
        let Some(shop) = self.outside.following.pop() else {
            return;
        };
        let follow = Verb::Follow(shop.clone());
        if self.call("switch", follow, self.now).is_err() {
            self.outside.following.push(shop);
        } else if self.outside.following.is_empty() && self.outside.following_stop {
            self.tell("switch", format_args!("everything is stopped"));
            self.oracle.everything_stopped();
        }
    }
}
