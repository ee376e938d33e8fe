//! The doors of both nodes: what `service/front` does with a request, from one verb to the next.

use chrono::{DateTime, Duration, Utc};
use jieban::{
    knowledge::Mode,
    store::{
        inline::Inline,
        outbox::{Claimed, Outcome},
    },
};

use crate::{
    verbs::{Answer, Verb, Who},
    world::World,
};

/// A request that is being served.
pub(crate) struct Request {
    pub(crate) node: usize,
    what: What,
    since: DateTime<Utc>,
}

enum What {
    /// A delivery of a chat's lines.
    Post(Post, Stage),
    /// The helper asks for replies.
    Pull(Option<Vec<Claimed>>),
}

/// A delivery.
#[derive(Clone)]
struct Post {
    chat: usize,
    lines: Vec<usize>,
    mode: Option<Mode>,
    /// The response may hold a reply until then.
    wait: Option<DateTime<Utc>>,
}

enum Stage {
    Fresh,
    /// Answered already: only a planted bug comes here.
    Promised,
    Recorded,
    Waiting {
        conversation: i64,
        message: i64,
        retried: bool,
    },
    Holding {
        id: String,
        text: String,
        again: bool,
    },
    Written(String, Outcome),
}

/// For how long a response may hold a reply, in milliseconds.
const INLINE_LEASE: i64 = 30_000;
/// How many replies one poll takes.
const PULLED: usize = 50;

impl Request {
    pub(crate) fn pull(node: usize, now: DateTime<Utc>) -> Self {
        Self {
            node,
            what: What::Pull(None),
            since: now,
        }
    }

    pub(crate) fn post(
        node: usize,
        chat: usize,
        lines: Vec<usize>,
        mode: Option<Mode>,
        wait: Option<Duration>,
        now: DateTime<Utc>,
    ) -> Self {
        let post = Post {
            chat,
            lines,
            mode,
            wait: wait.map(|wait| now + wait),
        };
        Self {
            node,
            what: What::Post(post, Stage::Fresh),
            since: now,
        }
    }

    /// Since when somebody should have gone on with it; a response that waits for its reply may wait.
    pub(crate) fn pressing_since(&self) -> Option<DateTime<Utc>> {
        match &self.what {
            What::Post(post, Stage::Waiting { .. }) => post.wait,
            _ => Some(self.since),
        }
    }
}

impl World {
    /// Who asked hears nothing.
    pub(crate) fn hang_up(&mut self, request: Request) {
        if let What::Post(post, _) = request.what {
            self.chats[post.chat].posting = false;
        }
    }

    /// Goes on with a request until its next verb is done.
    pub(crate) fn door(&mut self, which: usize) {
        let mut request = self.requests.swap_remove(which);
        request.since = self.now;
        let name = format!("door {}", request.node);
        let next = match request.what {
            What::Post(post, stage) => self
                .post(&name, request.node, &post, stage)
                .map(|stage| What::Post(post, stage)),
            What::Pull(None) => {
                let claim = Verb::Claim {
                    who: Who::Pull("poll".to_owned()),
                    lease: 10_000,
                    limit: PULLED,
                };
                match self.call(&name, claim, self.now) {
                    Ok(Answer::Claimed(rows)) if !rows.is_empty() => Some(What::Pull(Some(rows))),
                    _ => None,
                }
            }
            What::Pull(Some(rows)) => {
                for row in rows {
                    self.hand_over(row);
                }
                None
            }
        };
        if let Some(what) = next {
            request.what = what;
            self.requests.push(request);
        }
    }

    fn post(&mut self, name: &str, node: usize, post: &Post, stage: Stage) -> Option<Stage> {
        match stage {
            Stage::Fresh if self.plan.answers_first => {
                self.acknowledge(name, post);
                Some(Stage::Promised)
            }
            Stage::Fresh | Stage::Promised => self.record(name, node, post),
            Stage::Recorded => {
                self.acknowledge(name, post);
                None
            }
            Stage::Waiting {
                conversation,
                message,
                retried,
            } => self.wait(name, post, conversation, message, retried),
            Stage::Holding { id, text, again } => {
                let whole = self.calm || !self.dice.chance(200);
                if whole {
                    self.acknowledge(name, post);
                    self.show(post.chat, &id, &text);
                } else {
                    self.tell(
                        name,
                        format_args!("the connection broke before {id} was written"),
                    );
                    self.chats[post.chat].posting = false;
                }
                let outcome = match whole {
                    true => Outcome::Sent { platform_id: None },
                    false => Outcome::Released,
                };
                (!again).then_some(Stage::Written(id, outcome))
            }
            Stage::Written(id, outcome) => {
                // When it fails, the lease runs out and the claim decides again.
                let _ = self.call(name, Verb::Settle { id, outcome }, self.now);
                None
            }
        }
    }

    fn record(&mut self, name: &str, node: usize, post: &Post) -> Option<Stage> {
        let chat = &self.chats[post.chat];
        let inbound = chat.delivery(&post.lines, post.mode);
        let by_ids = inbound.messages.iter().all(|m| m.external.is_some());
        let shop = self
            .edition(node)
            .knowledge
            .shop_of(&inbound.source, &inbound.account);
        let record = Verb::Record {
            chat: post.chat,
            lines: post.lines.clone(),
            inbound: Box::new(inbound),
            shop,
        };
        match self.call(name, record, self.now) {
            Ok(Answer::Recorded(recorded)) => Some(match (post.wait, recorded.last_customer) {
                (Some(_), Some(message)) => Stage::Waiting {
                    conversation: recorded.conversation,
                    message,
                    retried: by_ids && recorded.accepted == 0 && recorded.duplicates > 0,
                },
                _ => Stage::Recorded,
            }),
            _ => {
                self.tell(name, format_args!("503"));
                self.chats[post.chat].posting = false;
                None
            }
        }
    }

    fn wait(
        &mut self,
        name: &str,
        post: &Post,
        conversation: i64,
        message: i64,
        retried: bool,
    ) -> Option<Stage> {
        let look = Verb::InlineState {
            conversation,
            message,
        };
        let Ok(Answer::Inline(state)) = self.call(name, look, self.now) else {
            self.chats[post.chat].posting = false;
            return None;
        };
        match state {
            Inline::Given { id, text, .. } if retried => {
                let again = Verb::HandAgain(id.clone());
                match self.call(name, again, self.now) {
                    Ok(Answer::Yes(true)) => {
                        return Some(Stage::Holding {
                            id,
                            text,
                            again: true,
                        });
                    }
                    Ok(_) => {}
                    Err(_) => {
                        self.chats[post.chat].posting = false;
                        return None;
                    }
                }
            }
            Inline::Given { .. } | Inline::None => return Some(Stage::Recorded),
            Inline::Due => {
                let claim = Verb::Claim {
                    who: Who::Inline(conversation),
                    lease: INLINE_LEASE,
                    limit: 1,
                };
                let Ok(Answer::Claimed(mut rows)) = self.call(name, claim, self.now) else {
                    self.chats[post.chat].posting = false;
                    return None;
                };
                if let Some(row) = rows.pop() {
                    return Some(Stage::Holding {
                        id: row.id,
                        text: row.text,
                        again: false,
                    });
                }
            }
            Inline::Undecided | Inline::Later => {}
        }
        let in_time = post.wait.is_some_and(|until| self.now < until);
        Some(match in_time {
            true => Stage::Waiting {
                conversation,
                message,
                retried,
            },
            false => Stage::Recorded,
        })
    }

    /// The sender hears 2xx.
    fn acknowledge(&mut self, name: &str, post: &Post) {
        let chat = &mut self.chats[post.chat];
        chat.posting = false;
        for line in &post.lines {
            chat.lines[*line].acked = true;
        }
        let name_of = chat.name.clone();
        self.tell(name, format_args!("202 for {name_of} {:?}", post.lines));
    }
}
