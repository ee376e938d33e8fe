//! The scheduler: by seed, who steps next, until the story is over, everything is mended, and the oracle has
//! judged.

use chrono::{DateTime, Duration, Utc};

use crate::{
    chats::Way,
    node::Node,
    verbs::{Answer, Verb},
    world::{Kept, Plan, World},
};

/// Steps of a story before everything is mended.
const STEPS: usize = 400;
/// Steps after which a house that is left in peace must have come to rest.
const REST: usize = 5_000;
/// How long everything is watched after it is mended.
const WATCH: Duration = Duration::seconds(90);
/// Nobody who works is slower from one verb to the next.
const SLOWEST: Duration = Duration::seconds(1);

/// How a run went.
pub(crate) struct Outcome {
    /// The promise that was broken.
    pub(crate) broken: Option<String>,
    /// What happened, when it was told.
    pub(crate) story: String,
    /// Verbs spoken.
    pub(crate) verbs: u64,
    /// Replies the customers read.
    pub(crate) replies: usize,
    /// Every call, when they were kept.
    pub(crate) history: Vec<Kept>,
}

/// Who may step.
#[derive(Debug, Clone, Copy)]
enum Act {
    Customer(usize),
    Human(usize),
    Own(usize),
    Post(usize),
    Door(usize),
    Pull,
    Helper,
    Decider(usize),
    Courier(usize),
    Rounds(usize),
    Shelf(usize),
    Crash(usize),
    Pause(usize),
    Boot(usize),
    Edit,
    Switch,
    Follow,
    Clock,
}

/// Runs a seed.
pub(crate) fn run(seed: u64, plan: Plan) -> Outcome {
    let mut world = World::new(seed, plan);
    let mut steps = 0;
    while world.oracle.broken.is_none() && steps < STEPS {
        steps += 1;
        world.act();
    }
    if world.oracle.broken.is_none() {
        world.mend();
    }
    Outcome {
        broken: world.oracle.broken.take(),
        story: world.story.text().to_owned(),
        verbs: world.step,
        replies: world
            .chats
            .iter()
            .flat_map(|chat| &chat.lines)
            .filter(|line| matches!(line.voice, crate::chats::Voice::Ours(_)))
            .count(),
        history: world.history,
    }
}

impl World {
    fn act(&mut self) {
        let may = self.may();
        let Some(act) = self.dice.weigh(&may) else {
            return;
        };
        match act {
            Act::Customer(chat) => self.customer(chat),
            Act::Human(chat) => self.human(chat),
            Act::Own(chat) => self.own(chat),
            Act::Post(chat) => {
                let node = *self.dice.pick(&self.open_nodes());
                self.deliver_lines(chat, node);
            }
            Act::Door(which) => self.door(which),
            Act::Pull => {
                let node = *self.dice.pick(&self.open_nodes());
                self.pull(node);
            }
            Act::Helper => self.helper(),
            Act::Decider(node) => self.decider(node),
            Act::Courier(node) => self.courier(node),
            Act::Rounds(node) => self.rounds(node),
            Act::Shelf(node) => self.shelf(node),
            Act::Crash(node) => {
                self.outside.crashes -= 1;
                self.crash(node);
            }
            Act::Pause(node) => {
                self.outside.pauses -= 1;
                let until = self.now + Duration::seconds(self.dice.between(1, 90));
                self.tell(
                    "world",
                    format_args!("node {node} stands still until {until}"),
                );
                self.nodes[node].pause(until);
                self.disturb();
            }
            Act::Boot(node) => self.boot(node),
            Act::Edit => self.edit(),
            Act::Switch => self.switch(),
            Act::Follow => self.follow(),
            Act::Clock => self.clock(),
        }
    }

    fn open_nodes(&self) -> Vec<usize> {
        self.awake()
            .into_iter()
            .filter(|node| self.nodes[*node].open)
            .collect()
    }

    /// Who may step now, by weight.
    fn may(&self) -> Vec<(usize, Act)> {
        let now = self.now;
        let mut may = vec![(20, Act::Clock)];
        let open = self.open_nodes();
        for chat in 0..self.chats.len() {
            if !self.calm && self.outside.asks(chat) {
                may.push((5, Act::Customer(chat)));
            }
            if !self.calm && self.outside.has_humans() && !self.chats[chat].lines.is_empty() {
                may.push((2, Act::Human(chat)));
                may.push((1, Act::Own(chat)));
            }
            if !open.is_empty() && self.owes(chat) {
                may.push((15, Act::Post(chat)));
            }
        }
        for (at, request) in self.requests.iter().enumerate() {
            if self.nodes[request.node].is_awake(now) {
                may.push((12, Act::Door(at)));
            }
        }
        if !open.is_empty() && self.chats.iter().any(|chat| chat.way != Way::Bridge) {
            may.push((4, Act::Pull));
        }
        if !open.is_empty() && self.outside.has_todo() {
            may.push((8, Act::Helper));
        }
        for &node in &self.awake() {
            let it = &self.nodes[node];
            let fresh = (now, self.writes);
            if it.can_decide(now)
                && (!it.decider_is_idle(now) || self.outside.nothing_to_decide != fresh)
            {
                may.push((16, Act::Decider(node)));
            }
            if it.can_deliver(now)
                && (!it.courier_is_idle(now) || self.outside.nothing_to_deliver != fresh)
            {
                may.push((12, Act::Courier(node)));
            }
            if it.open && it.rounds_are_due(now) {
                may.push((3, Act::Rounds(node)));
            }
            if self.shelf_is_behind(node) {
                may.push((8, Act::Shelf(node)));
            }
            if !self.calm && self.outside.crashes > 0 {
                may.push((1, Act::Crash(node)));
            }
            if !self.calm && self.outside.pauses > 0 {
                may.push((1, Act::Pause(node)));
            }
        }
        for node in 0..self.nodes.len() {
            if !self.nodes[node].is_alive() {
                may.push((3, Act::Boot(node)));
            }
        }
        if !self.calm && self.outside.has_edits() {
            may.push((1, Act::Edit));
        }
        if self.outside.has_followers() {
            may.push((6, Act::Follow));
        }
        if !self.calm && self.outside.has_switches() {
            may.push((1, Act::Switch));
        }
        may
    }

    /// The moment by which somebody who works must have gone on; `None` when all are at rest.
    fn pressing(&self) -> Option<DateTime<Utc>> {
        let now = self.now;
        let awake = self.awake();
        let working = awake
            .iter()
            .filter_map(|node| self.nodes[*node].busy_since());
        let serving = self
            .requests
            .iter()
            .filter(|request| awake.contains(&request.node))
            .filter_map(|request| request.pressing_since());
        let mut since: Vec<DateTime<Utc>> = working.chain(serving).collect();
        let fresh = (now, self.writes);
        let open = self.open_nodes();
        let rested = |rests: fn(&Node) -> Option<DateTime<Utc>>| {
            open.iter()
                .filter_map(|node| rests(&self.nodes[*node]))
                .min()
        };
        let waits = [
            (self.outside.nothing_to_decide, rested(Node::decider_rests)),
            (self.outside.nothing_to_deliver, rested(Node::courier_rests)),
        ];
        for (stamp, rested) in waits {
            if let Some(rested) = rested.filter(|_| stamp != fresh) {
                since.push(stamp.0.max(self.outside.moved).max(rested));
            }
        }
        if awake.iter().any(|node| self.shelf_is_behind(*node)) {
            since.push(self.outside.moved);
        }
        since.into_iter().min().map(|since| since + SLOWEST)
    }

    fn clock(&mut self) {
        let pressing = self.pressing();
        let by = match pressing {
            Some(until) => {
                let most = (until - self.now).num_milliseconds();
                if most <= 0 {
                    return;
                }
                // Long only while a breaker is open and nothing else is to be done.
                let by = *self.dice.pick(&[1, 200, 1_000, most.max(1_000)]);
                by.min(most)
            }
            None => {
                let Ok(Answer::Due(due)) = self.call("clock", Verb::NextDue, self.now) else {
                    return;
                };
                let far = match self.dice.below(20) {
                    0 => 2 * 60 * 60 * 1000,
                    1..4 => 10 * 60 * 1000,
                    _ => 45_000,
                };
                // What was on its way for too long arrives at its time, and who stands still goes on at his: no
                // leap passes over them.
                let standing = self.nodes.iter().filter_map(|node| node.wakes(self.now));
                let due = due
                    .into_iter()
                    .chain(standing)
                    .chain(self.outside.next_late());
                let due = due
                    .min()
                    .map_or(far, |at| (at - self.now).num_milliseconds().clamp(1, far));
                match self.dice.below(10) {
                    0..5 => due,
                    5 => (due - 1).max(1),
                    _ => self.dice.between(1, due),
                }
            }
        };
        let nobody = self.open_nodes().is_empty();
        self.now += Duration::milliseconds(by);
        if pressing.is_none() {
            self.outside.moved = self.now;
        }
        if nobody {
            self.disturb();
        }
        self.late_shows();
        self.oracle.time(self.now, &self.chats);
    }

    /// Everything works again; after a while nothing may be missing.
    fn mend(&mut self) {
        self.calm = true;
        self.disturb();
        self.tell("world", format_args!("everything is mended"));
        let since = self.now;
        for node in 0..self.nodes.len() {
            self.nodes[node].pause(since);
        }
        for _ in 0..REST {
            if self.oracle.broken.is_some() {
                return;
            }
            let owed = (0..self.chats.len()).any(|chat| self.owes(chat));
            let over = !owed
                && self.requests.is_empty()
                && !self.outside.has_todo()
                && !self.outside.has_late()
                && self.pressing().is_none()
                && self.nodes.iter().all(|node| node.is_alive() && node.open)
                && self.now - since > WATCH;
            if over {
                return self.judge();
            }
            self.act();
        }
        let why = "left in peace, the house does not come to rest".to_owned();
        self.oracle.broken.get_or_insert(why);
    }

    fn judge(&mut self) {
        let mut views = Vec::new();
        for chat in 0..self.chats.len() {
            let it = &self.chats[chat];
            let view = Verb::View {
                source: it.source().to_owned(),
                account: it.account.to_owned(),
                conversation: it.name.clone(),
            };
            let Ok(Answer::Viewed(view)) = self.call("judge", view, self.now) else {
                return;
            };
            views.push(view.map(|view| *view));
        }
        self.oracle.end(&views, &self.chats);
        let rows: Vec<_> = self
            .rows("SELECT number, shop, kind, order_no, conversation, state FROM cases ORDER BY id")
            .iter()
            .map(|row| {
                let open = row.text("state").unwrap() != "closed";
                (
                    row.string("number").unwrap(),
                    row.string("shop").unwrap(),
                    row.string("kind").unwrap(),
                    row.opt_string("order_no").unwrap(),
                    row.int("conversation").unwrap(),
                    open,
                )
            })
            .collect();
        self.oracle.cases(&rows);
    }
}
