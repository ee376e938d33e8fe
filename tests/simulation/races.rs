//! Two processes on one Postgres, each at its verb at the same moment, thousands of times: the pairs that
//! conflict. The second process is this program again; the two agree on a moment and wait for it awake.

use std::{
    collections::BTreeSet,
    env,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jieban::{
    desk::{Decision, Seen},
    knowledge::ShopId,
    store::{
        Error, Store, Tx,
        decisions::{Commit, commit},
        facts::facts,
        messages::{Recorded, record},
        outbox::{Claim, Kind, claim},
        shops::switch_stopped,
        view::{self, ConversationView},
        work::take,
    },
};
use tokio::runtime::Runtime;

use crate::{dice::Dice, house::*};

/// How often each pair meets.
const ROUNDS: usize = 2_000;
/// In the second process: the database, and what it does.
const URL: &str = "JIEBAN_RACE_URL";
const PART: &str = "JIEBAN_RACE_PART";
/// Opens the lines of the second process that are meant for the first.
const MARK: char = '@';
/// How far ahead the moment is that both wait for; and how much sooner or later the first may be.
const AHEAD: Duration = Duration::from_micros(1_000);
const SPREAD: i64 = 800;

/// One process at the database.
struct Side {
    store: Store,
    runtime: Runtime,
}

impl Side {
    fn new(url: &str) -> Self {
        Self {
            store: Store::postgres(url, 1).unwrap(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
        }
    }

    fn write<T: Send + 'static>(
        &self,
        verb: impl Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.runtime.block_on(self.store.write(verb)).unwrap()
    }

    fn asked(&self, name: &str, shop: ShopId) -> Recorded {
        let question = customer(&format!("{name}-1"), "到哪了");
        let inbound = delivery(name, vec![question]);
        self.write(move |tx| record(tx, &inbound, &shop, at(0)))
    }

    fn seen(&self, conversation: i64) -> Seen {
        self.write(move |tx| Ok(facts(tx, conversation, &[], at(0))?.seen))
    }

    /// A conversation whose question has a reply that may leave.
    fn answered(&self, name: &str, shop: ShopId) -> i64 {
        let recorded = self.asked(name, shop);
        let seen = self.seen(recorded.conversation);
        let decided = Decision {
            reply: content("在路上"),
            ..decision(recorded.last_customer)
        };
        self.write(move |tx| commit(tx, &seen, &decided, false, "2611", at(0)));
        recorded.conversation
    }

    fn says(&self, round: usize, human: bool) -> Recorded {
        let (name, id) = (format!("c{round}"), format!("m{round}"));
        let line = match human {
            true => agent(&id, "我来"),
            false => customer(&id, "快点"),
        };
        let inbound = delivery(&name, vec![line]);
        self.write(move |tx| record(tx, &inbound, &own_shop(round), at(1)))
    }

    /// The replies it gets of one conversation.
    fn claims(&self, conversation: i64) -> usize {
        let rows =
            self.write(move |tx| claim(tx, Claim::Inline { conversation }, at(1), 3_600_000, 9));
        rows.iter().filter(|row| row.kind == Kind::Reply).count()
    }

    /// What it gets of what is due, two at a time, until there is no more.
    fn delivers(&self) -> Vec<String> {
        let mut mine = Vec::new();
        loop {
            let some = self.write(|tx| {
                let sources = ["bridge".to_owned()];
                let who = Claim::Courier { sources: &sources };
                claim(tx, who, at(1), 3_600_000, 2)
            });
            if some.is_empty() {
                return mine;
            }
            mine.extend(some.into_iter().map(|row| row.id));
        }
    }

    fn takes(&self) -> Vec<String> {
        let work = self.write(|tx| take(tx, at(1), 3_600_000, 3));
        work.iter()
            .map(|work| work.conversation.to_string())
            .collect()
    }

    fn view(&self, name: &str) -> ConversationView {
        let name = name.to_owned();
        self.write(move |tx| view::conversation(tx, "bridge", "shop-account", &name))
            .unwrap()
    }
}

/// Every round has a shop of its own: what a shop lets leave in a minute is no part of these races.
fn own_shop(round: usize) -> ShopId {
    ShopId::from(format!("shop-{round}").as_str())
}

/// Microseconds since 1970, the same for both processes.
fn micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_micros()).unwrap()
}

fn wait_awake(until: i64) {
    while micros() < until {
        std::hint::spin_loop();
    }
}

/// The second process, as the first sees it.
struct Other {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    dice: Dice,
}

impl Other {
    fn start(url: &str, part: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["races::second", "--exact", "--nocapture"])
            .env(URL, url)
            .env(PART, part)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut other = Self {
            child,
            to,
            from: BufReader::new(from),
            dice: Dice::new(1),
        };
        assert_eq!(other.hear(), ["ready"]);
        other
    }

    fn hear(&mut self) -> Vec<String> {
        loop {
            let mut line = String::new();
            assert!(
                self.from.read_line(&mut line).unwrap() > 0,
                "the other process is gone"
            );
            if let Some((_, words)) = line.split_once(MARK) {
                return words.split_whitespace().map(str::to_owned).collect();
            }
        }
    }

    /// Lets both do their part at the same moment; returns what the other answered.
    fn race<T>(
        &mut self,
        round: usize,
        argument: i64,
        mine: impl FnOnce() -> T,
    ) -> (T, Vec<String>) {
        let moment = micros() + i64::try_from(AHEAD.as_micros()).unwrap();
        writeln!(self.to, "{round} {argument} {moment}").unwrap();
        self.to.flush().unwrap();
        wait_awake(moment + self.dice.between(-SPREAD, SPREAD));
        let mine = mine();
        (mine, self.hear())
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The second process: does nothing in an ordinary run.
#[test]
fn second() {
    let (Ok(url), Ok(part)) = (env::var(URL), env::var(PART)) else {
        return;
    };
    let side = Side::new(&url);
    println!("{MARK} ready");
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let mut words = line.split(' ').map(|word| word.parse::<i64>().unwrap());
        let mut next = || words.next().unwrap();
        let (round, argument, moment) = (next() as usize, next(), next());
        wait_awake(moment);
        let answer = match part.as_str() {
            "human" => vec![side.says(round, true).accepted.to_string()],
            "customer" => vec![side.says(round, false).accepted.to_string()],
            "switch" => {
                let changed = side.write(move |tx| switch_stopped(tx, &own_shop(round), true));
                // From this answer on nothing may be claimed, here or elsewhere.
                let answered = micros();
                let after = side.claims(argument);
                vec![changed.to_string(), answered.to_string(), after.to_string()]
            }
            "courier" => side.delivers(),
            _ => side.takes(),
        };
        println!("{MARK} {}", answer.join(" "));
    }
}

#[test]
fn a_claim_and_a_human() {
    tell_on_postgres(|url| {
        let (side, mut other) = (Side::new(url), Other::start(url, "human"));
        let mut first = 0;
        for round in 0..ROUNDS {
            let name = format!("c{round}");
            let conversation = side.answered(&name, own_shop(round));
            let (claimed, recorded) = other.race(round, 0, || side.claims(conversation));
            assert_eq!(recorded, ["1"]);
            let view = side.view(&name);
            let said: Vec<&str> = view.messages.iter().map(|m| m.speaker.code()).collect();
            let reply = &view.replies[0];
            if claimed == 1 {
                first += 1;
                assert_eq!(
                    said,
                    ["customer", "bot_auto", "human"],
                    "never after the human"
                );
                assert_eq!((reply.state.as_str(), reply.crossed), ("claimed", true));
            } else {
                assert_eq!(said, ["customer", "human"]);
                assert_eq!((reply.state.as_str(), reply.crossed), ("withdrawn", false));
            }
            assert_eq!(
                side.claims(conversation),
                0,
                "nothing leaves after the human"
            );
        }
        eprintln!("{first} of {ROUNDS} claims came before the human");
    });
}

#[test]
fn a_claim_and_a_switch() {
    tell_on_postgres(|url| {
        let (side, mut other) = (Side::new(url), Other::start(url, "switch"));
        let mut first = 0;
        for round in 0..ROUNDS {
            let conversation = side.answered(&format!("c{round}"), own_shop(round));
            let ((begun, claimed), answer) = other.race(round, conversation, || {
                let begun = micros();
                (begun, side.claims(conversation))
            });
            let answered: i64 = answer[1].parse().unwrap();
            assert_eq!((answer[0].as_str(), answer[2].as_str()), ("true", "0"));
            assert!(
                claimed == 0 || begun <= answered,
                "claimed {} µs after the switch was answered",
                begun - answered
            );
            first += claimed;
            assert_eq!(side.claims(conversation), 0);
        }
        eprintln!("{first} of {ROUNDS} claims came before the switch");
    });
}

#[test]
fn a_commit_and_a_record() {
    tell_on_postgres(|url| {
        let (side, mut other) = (Side::new(url), Other::start(url, "customer"));
        let mut first = 0;
        for round in 0..ROUNDS {
            let name = format!("c{round}");
            let recorded = side.asked(&name, own_shop(round));
            let seen = side.seen(recorded.conversation);
            let decided = Decision {
                reply: content("在路上"),
                cases: vec![case(None, "n")],
                ..decision(recorded.last_customer)
            };
            let (committed, told) = other.race(round, 0, || {
                side.write(move |tx| commit(tx, &seen, &decided, false, "2611", at(0)))
            });
            assert_eq!(told, ["1"]);
            let view = side.view(&name);
            let done = usize::from(matches!(committed, Commit::Done { .. }));
            first += done;
            assert!(!view.decided, "the message is still to be decided about");
            assert_eq!((view.replies.len(), view.cases.len()), (done, done));
            assert_eq!(
                side.claims(recorded.conversation),
                0,
                "a reply that did not see it does not leave"
            );
        }
        eprintln!("{first} of {ROUNDS} commits came before the message");
    });
}

#[test]
fn two_couriers() {
    const ROWS: usize = 4;
    tell_on_postgres(|url| {
        let (side, mut other) = (Side::new(url), Other::start(url, "courier"));
        let mut theirs = 0;
        for round in 0..ROUNDS {
            for n in 0..ROWS {
                side.answered(&format!("c{round}-{n}"), own_shop(round));
            }
            let (a, b) = other.race(round, 0, || side.delivers());
            theirs += b.len();
            // Whoever met a locked row leaves it to the next call.
            let rest = side.delivers();
            let all: BTreeSet<&String> = a.iter().chain(&b).chain(&rest).collect();
            assert_eq!(
                all.len(),
                a.len() + b.len() + rest.len(),
                "nothing is claimed twice"
            );
            assert_eq!(all.len(), ROWS, "nothing is left");
        }
        eprintln!(
            "{theirs} of {} rows went to the other courier",
            ROUNDS * ROWS
        );
    });
}

#[test]
fn two_workers() {
    const CHATS: usize = 4;
    tell_on_postgres(|url| {
        let (side, mut other) = (Side::new(url), Other::start(url, "worker"));
        let mut theirs = 0;
        for round in 0..ROUNDS {
            for n in 0..CHATS {
                side.asked(&format!("c{round}-{n}"), own_shop(round));
            }
            let (a, b) = other.race(round, 0, || side.takes());
            theirs += b.len();
            let rest: Vec<String> = std::iter::from_fn(|| Some(side.takes()))
                .take_while(|taken| !taken.is_empty())
                .flatten()
                .collect();
            let all: BTreeSet<&String> = a.iter().chain(&b).chain(&rest).collect();
            assert_eq!(
                all.len(),
                a.len() + b.len() + rest.len(),
                "nothing is taken twice"
            );
            assert_eq!(all.len(), CHATS, "nothing is left");
        }
        eprintln!(
            "{theirs} of {} conversations went to the other worker",
            ROUNDS * CHATS
        );
    });
}
