//! The change feed: who looks at something is told when it has changed, at most five times a second.
//!
//! A [`Topic`] has a mark that differs whenever what is shown of it differs. One worker computes the marks of all
//! topics that somebody looks at, in one read, after something was written here or on another node. A listener holds
//! the newest mark only, so one who is slow misses what is past and keeps nothing.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use super::{
    Shelf,
    switchboard::Allowed,
    worker::{Step, Worker},
};
use crate::{
    clock::Clock,
    store::{
        Dialect, Error, Store, chat, feed,
        inbox::{self, View},
    },
};

/// Something that is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Topic {
    /// The inbox of some shops.
    Inbox(Allowed),
    /// A conversation.
    Conversation(i64),
    /// A case, by its number in the store.
    Case(i64),
    /// What people do: lists of cases and promises.
    Work,
    /// Who answers in some shops, and the switches.
    Coverage,
    /// The knowledge in use and what is wrong in the folder.
    Knowledge,
}

/// Tells one state of a topic from the next.
pub type Mark = u64;

/// The feed. Clones share it.
#[derive(Clone)]
pub struct Feed(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    shelf: Arc<Shelf>,
    topics: Mutex<HashMap<Topic, watch::Sender<Mark>>>,
    last: Mutex<Option<Pulse>>,
    rounds: watch::Sender<u64>,
}

/// When this is as before, nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pulse {
    here: u64,
    elsewhere: Option<String>,
    /// What time alone changes is shown by the minute.
    minute: i64,
    knowledge: Mark,
    topics: usize,
}

impl Feed {
    /// A feed that nobody listens to yet.
    pub fn new(store: Store, clock: Arc<dyn Clock>, shelf: Arc<Shelf>) -> Self {
        Self(Arc::new(Inner {
            store,
            clock,
            shelf,
            topics: Mutex::default(),
            last: Mutex::default(),
            rounds: watch::channel(0).0,
        }))
    }

    /// Listens to a topic: its mark as of now or soon, then each newer one.
    pub fn listen(&self, topic: Topic) -> watch::Receiver<Mark> {
        let mut topics = self.topics();
        let sender = topics.entry(topic).or_insert_with(|| watch::channel(0).0);
        sender.subscribe()
    }

    /// Counts up after marks have changed, of whatever topics: one thing to wait for, whoever listens to how many.
    pub fn rounds(&self) -> watch::Receiver<u64> {
        self.0.rounds.subscribe()
    }

    fn topics(&self) -> std::sync::MutexGuard<'_, HashMap<Topic, watch::Sender<Mark>>> {
        self.0.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look(&self) -> Result<(), Error> {
        let topics: Vec<Topic> = {
            let mut topics = self.topics();
            topics.retain(|_, sender| sender.receiver_count() > 0);
            topics.keys().cloned().collect()
        };
        if topics.is_empty() {
            *self.last() = None;
            return Ok(());
        }
        let elsewhere = match self.0.store.dialect() {
            Dialect::Sqlite => None,
            Dialect::Postgres => self.0.store.read(feed::pulse).await?,
        };
        let pulse = Pulse {
            here: *self.0.store.changes().borrow(),
            elsewhere,
            minute: self.0.clock.now().timestamp() / 60,
            knowledge: self.knowledge(),
            topics: topics.len(),
        };
        if self.last().as_ref() == Some(&pulse) {
            return Ok(());
        }
        let mut changed = false;
        for (topic, mark) in self.marks(topics, pulse.minute).await? {
            if let Some(sender) = self.topics().get(&topic) {
                changed |= sender.send_if_modified(|known| std::mem::replace(known, mark) != mark);
            }
        }
        if changed {
            self.0.rounds.send_modify(|n| *n += 1);
        }
        *self.last() = Some(pulse);
        Ok(())
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Option<Pulse>> {
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn knowledge(&self) -> Mark {
        let shelf = self.0.shelf.current();
        hash((
            &shelf.knowledge.version().0,
            format!("{:?}", shelf.problems),
        ))
    }

    async fn marks(&self, topics: Vec<Topic>, minute: i64) -> Result<Vec<(Topic, Mark)>, Error> {
        let knowledge = self.knowledge();
        self.0
            .store
            .read(move |tx| {
                let chats: Vec<i64> = topics
                    .iter()
                    .filter_map(|topic| match topic {
                        Topic::Conversation(id) => Some(*id),
                        _ => None,
                    })
                    .collect();
                let chats: HashMap<i64, String> = chat::marks_of(tx, &chats)?.into_iter().collect();
                let work = match topics.contains(&Topic::Work) {
                    true => feed::latest(tx)?,
                    false => Vec::new(),
                };
                let epochs = hash((feed::epochs(tx)?, minute, knowledge));
                let mut marks = Vec::with_capacity(topics.len());
                for topic in &topics {
                    let mark = match topic {
                        Topic::Conversation(id) => hash((chats.get(id), epochs)),
                        Topic::Case(id) => hash((feed::of_case(tx, *id)?, minute, knowledge)),
                        Topic::Work => hash((&work, minute, knowledge)),
                        Topic::Coverage => epochs,
                        Topic::Knowledge => knowledge,
                        Topic::Inbox(shops) => {
                            let waiting = inbox::list(tx, shops.as_deref(), &View::Waiting)?;
                            let recent = inbox::newest(tx, shops.as_deref())?;
                            hash((format!("{waiting:?}"), recent, epochs))
                        }
                    };
                    // 0 is what nobody has looked at yet.
                    marks.push((topic.clone(), mark.max(1)));
                }
                Ok(marks)
            })
            .await
    }
}

fn hash(what: impl Hash) -> Mark {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

impl Worker for Feed {
    fn name(&self) -> &str {
        "feed"
    }

    fn step(&self) -> Step<'_> {
        Box::pin(async move {
            self.look().await?;
            Ok(false)
        })
    }

    fn rest(&self, took: Duration) -> Option<Duration> {
        // Woken by the clock alone: what is written a thousand times a second is looked at five times.
        Some(took)
    }
}
