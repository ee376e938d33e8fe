//! A receiver that misbehaves on purpose, one connection a request, and remembers what reached it.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
};

use super::program::PATIENCE;

/// A good answer, whole.
pub const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

/// What becomes of a connection.
#[derive(Debug, Clone)]
pub enum Act {
    /// Takes the request, answers this and closes.
    Answer(String),
    /// Takes the request, answers 200 when told to, and notes when the sender has hung up: then it has read it.
    AnswerWhen(Arc<Notify>),
    /// Takes so many bytes of the request and resets.
    ResetRequest(usize),
    /// Takes the request, answers so many bytes of [`OK`] and resets.
    ResetAnswer(usize),
    /// Reads nothing, for ever.
    NeverReads,
    /// Takes the request and says nothing, for ever.
    Silent,
    /// Takes the request, answers so many bytes of a long 200 at once and the rest one by one, for ever.
    Dribble(usize),
}

impl Act {
    /// Answers a status with nothing in it.
    pub fn status(status: u16) -> Self {
        Self::with(status, "")
    }

    /// Answers a status with a header (`name: value\r\n`).
    pub fn with(status: u16, header: &str) -> Self {
        Self::Answer(format!(
            "HTTP/1.1 {status} X\r\n{header}content-length: 0\r\nconnection: close\r\n\r\n"
        ))
    }

    /// Whether who sees this may show the reply to the customer.
    fn takes(&self) -> bool {
        match self {
            Self::Answer(answer) => answer.starts_with("HTTP/1.1 2"),
            _ => true,
        }
    }
}

/// What reached the receiver.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Connections so far.
    pub accepted: usize,
    /// Connections that are open, and the most that ever were.
    pub open: usize,
    pub most_open: usize,
    /// The key of every reply that arrived whole, in order.
    pub replies: Vec<String>,
    /// What the customer reads, by key.
    pub visible: HashMap<String, String>,
    /// Suggestions that arrived whole.
    pub suggestions: usize,
    /// Answers after which the sender hung up.
    pub heard: usize,
}

/// The receiver. Clones share it.
#[derive(Clone)]
pub struct Chaos {
    pub url: String,
    acts: Arc<Mutex<VecDeque<Act>>>,
    seen: Arc<watch::Sender<Seen>>,
}

impl Chaos {
    /// Listens on this machine and answers 200.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let chaos = Self {
            url: format!("http://{}/replies", listener.local_addr().unwrap()),
            acts: Arc::default(),
            seen: Arc::new(watch::channel(Seen::default()).0),
        };
        let here = chaos.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let here = here.clone();
                tokio::spawn(async move {
                    here.seen.send_modify(|seen| {
                        seen.accepted += 1;
                        seen.open += 1;
                        seen.most_open = seen.most_open.max(seen.open);
                    });
                    let _ = here.serve(stream).await;
                    here.seen.send_modify(|seen| seen.open -= 1);
                });
            }
        });
        chaos
    }

    /// Does this with the next replies, then answers 200. Suggestions are always taken.
    pub fn next(&self, acts: impl IntoIterator<Item = Act>) {
        self.acts.lock().unwrap().extend(acts);
    }

    /// Forgets what it was told to do.
    pub fn behave(&self) {
        self.acts.lock().unwrap().clear();
    }

    /// What reached it so far.
    pub fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// Waits until what reached it fits.
    pub async fn until(&self, what: &str, fits: impl FnMut(&Seen) -> bool) -> Seen {
        let mut seen = self.seen.subscribe();
        match tokio::time::timeout(PATIENCE, seen.wait_for(fits)).await {
            Ok(seen) => seen.unwrap().clone(),
            Err(_) => panic!("never: {what}: {:?}", self.seen()),
        }
    }

    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        // Connections that are broken before the request is known are for whoever comes next.
        let early = {
            let mut acts = self.acts.lock().unwrap();
            match acts.front() {
                Some(Act::NeverReads | Act::ResetRequest(_)) => acts.pop_front(),
                _ => None,
            }
        };
        match early {
            Some(Act::NeverReads) => std::future::pending().await,
            Some(Act::ResetRequest(bytes)) if bytes < usize::MAX => {
                let mut taken = vec![0; bytes];
                stream.read_exact(&mut taken).await?;
                return stream.set_zero_linger();
            }
            _ => {}
        }
        let (id, event) = request(&mut stream).await?;
        if event["type"] != "reply.created" {
            self.seen.send_modify(|seen| seen.suggestions += 1);
            return stream.write_all(OK.as_bytes()).await;
        }
        let act = early.or_else(|| self.acts.lock().unwrap().pop_front());
        let act = act.unwrap_or(Act::Answer(OK.to_owned()));
        let text = event["data"]["text"].as_str().unwrap().to_owned();
        self.seen.send_modify(|seen| {
            seen.replies.push(id.clone());
            if act.takes() {
                let shown = seen.visible.entry(id).or_insert_with(|| text.clone());
                assert_eq!(*shown, text, "one key, one text");
            }
        });
        match act {
            Act::Answer(answer) => stream.write_all(answer.as_bytes()).await,
            Act::AnswerWhen(told) => {
                told.notified().await;
                stream.write_all(OK.as_bytes()).await?;
                while stream.read(&mut [0; 64]).await.is_ok_and(|n| n > 0) {}
                self.seen.send_modify(|seen| seen.heard += 1);
                Ok(())
            }
            Act::ResetAnswer(bytes) => {
                stream.write_all(&OK.as_bytes()[..bytes]).await?;
                stream.set_zero_linger()
            }
            Act::Dribble(at_once) => {
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n".bytes();
                let mut answer = answer.chain(std::iter::repeat(b' '));
                let first: Vec<u8> = answer.by_ref().take(at_once).collect();
                stream.write_all(&first).await?;
                let mut beat = tokio::time::interval(Duration::from_millis(50));
                loop {
                    beat.tick().await;
                    stream.write_all(&[answer.next().unwrap()]).await?;
                }
            }
            Act::ResetRequest(_) => stream.set_zero_linger(),
            Act::Silent | Act::NeverReads => std::future::pending().await,
        }
    }
}

/// A whole request: its key and its event.
async fn request(stream: &mut TcpStream) -> std::io::Result<(String, Value)> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let header = |name: &str| {
                let line = head
                    .lines()
                    .find(|line| line.to_lowercase().starts_with(name));
                line.and_then(|line| line.split_once(": "))
                    .unwrap()
                    .1
                    .to_owned()
            };
            let length: usize = header("content-length").parse().unwrap();
            let start = head.len() + 4;
            if bytes.len() >= start + length {
                let event = serde_json::from_slice(&bytes[start..start + length]).unwrap();
                return Ok((header("webhook-id"), event));
            }
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// An address where nobody listens.
pub async fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/replies", listener.local_addr().unwrap())
}
