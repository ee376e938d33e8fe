//! The platform's side: chats as everybody in them sees them. This is what really happened.

use chrono::{DateTime, Utc};
use jieban::{
    desk::{Inbound, InboundMessage, Role},
    knowledge::{ContentKind, Mode, Platform},
};

/// Who really wrote a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Voice {
    Customer,
    Human,
    /// Jieban, under this reply id.
    Ours(String),
}

/// One line of a chat.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// The platform's id.
    pub(crate) id: String,
    pub(crate) voice: Voice,
    pub(crate) text: String,
    pub(crate) at: DateTime<Utc>,
    /// The name of the human who wrote it, where the platform tells it.
    pub(crate) sender: Option<&'static str>,
    /// Its delivery was answered 2xx.
    pub(crate) acked: bool,
}

/// How a chat reaches the doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Lines with ids; replies are pushed to a receiver.
    Bridge,
    /// Lines with ids; replies are pulled, or held by the response.
    Poll,
    /// The whole window without ids; replies are pulled.
    Window,
}

/// A chat of one customer with one shop.
#[derive(Debug)]
pub(crate) struct Chat {
    pub(crate) way: Way,
    pub(crate) account: &'static str,
    pub(crate) shop: &'static str,
    pub(crate) name: String,
    pub(crate) lines: Vec<Line>,
    /// A window is on its way: the next waits for it.
    pub(crate) posting: bool,
}

impl Chat {
    /// Its door.
    pub(crate) fn source(&self) -> &'static str {
        match self.way {
            Way::Bridge => "bridge",
            Way::Poll | Way::Window => "poll",
        }
    }

    /// Adds a line; its id is the platform's.
    pub(crate) fn add(&mut self, voice: Voice, text: &str, at: DateTime<Utc>) -> String {
        self.add_by(None, voice, text, at)
    }

    /// Adds a line of somebody whose name shows.
    pub(crate) fn add_by(
        &mut self,
        sender: Option<&'static str>,
        voice: Voice,
        text: &str,
        at: DateTime<Utc>,
    ) -> String {
        let id = format!("{}-{}", self.name, self.lines.len());
        self.lines.push(Line {
            id: id.clone(),
            voice,
            text: text.to_owned(),
            at,
            sender,
            acked: false,
        });
        id
    }

    /// The line that shows a reply, if the customer has it.
    pub(crate) fn shows(&self, reply: &str) -> Option<usize> {
        self.lines
            .iter()
            .position(|line| matches!(&line.voice, Voice::Ours(id) if id == reply))
    }

    /// A delivery of some of its lines.
    pub(crate) fn delivery(&self, lines: &[usize], mode: Option<Mode>) -> Inbound {
        let messages = lines
            .iter()
            .map(|line| {
                let line = &self.lines[*line];
                let ids = self.way != Way::Window;
                InboundMessage {
                    external: ids.then(|| line.id.clone()),
                    role: match line.voice {
                        Voice::Customer => Role::Customer,
                        _ => Role::Agent,
                    },
                    sender: line.sender.map(str::to_owned),
                    kind: ContentKind::Text,
                    text: line.text.clone(),
                    url: None,
                    sent_at: ids.then_some(line.at),
                }
            })
            .collect();
        Inbound {
            source: self.source().to_owned(),
            account: self.account.to_owned(),
            platform: Platform::Taobao,
            conversation: self.name.clone(),
            customer: None,
            messages,
            mode,
            order: None,
        }
    }
}
