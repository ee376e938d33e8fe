//! What helpers post: one window or one message of a chat, in our own shape or in theirs.
//!
//! Shops' desktop and browser helpers each have a shape, few have message ids, and many cannot be changed. So
//! the door reads three:
//!
//! | shape | told by | conversation | waits, unless it says otherwise |
//! |---|---|---|---|
//! | the bridge's own | `messages` | `conversation_id` | not at all |
//! | one message (闲鱼 auto-reply's "API reply") | `message` | `chat_id`, else `send_user_id` | [`HELPER_WAIT`] |
//! | 懒人客服 (ChatGPT-On-CS) | `ctx` and `msgs` | `CTX_USERNAME`, else the customer's name | [`HELPER_WAIT`] |
//!
//! Parsing is pure. What is not understood is named in [`Delivery::ignored`], never dropped in silence; what
//! cannot be right is a [`Refusal`] that names the field and how to mend it. Neither repeats customers' words.

mod encoding;
mod fields;
mod shapes;
mod vocabulary;

use std::time::Duration;

use serde_json::Value;

use crate::desk::Inbound;
use fields::{Fields, Ignored};

/// Messages of one delivery, at the most.
pub const MOST_MESSAGES: usize = 500;
/// Characters of one message, at the most: real ones have been seen at 10,000.
pub const LONGEST_TEXT: usize = 20_000;
/// Characters of an id, at the most.
pub const LONGEST_ID: usize = 200;
/// The longest a request may wait for its answer.
pub const LONGEST_WAIT: Duration = Duration::from_millis(25_000);
/// How long helpers wait that cannot say so: a burst closes after 12 s at the latest, and then is answered.
pub const HELPER_WAIT: Duration = Duration::from_millis(15_000);

/// A body as it was posted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Post<'a> {
    /// The door it came through.
    pub source: &'a str,
    /// Its `Content-Type`, for the charset.
    pub content_type: Option<&'a str>,
    /// The raw bytes.
    pub body: &'a [u8],
    /// `wait_ms` of the address, for helpers whose body cannot be changed. The body's own counts first.
    pub wait_ms: Option<&'a str>,
    /// `mode` of the address, likewise.
    pub mode: Option<&'a str>,
}

/// A body that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// What to record.
    pub inbound: Inbound,
    /// How long the sender waits for an automatic reply in the response.
    pub wait: Duration,
    /// Paths of what was posted and is used by nothing, such as `messages[0].foo`.
    pub ignored: Vec<String>,
}

/// A body that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// What kind of wrong.
    pub fault: Fault,
    /// Where, such as `messages[3].id`.
    pub field: Option<String>,
    /// What is wrong.
    pub detail: String,
    /// How to mend it.
    pub mend: &'static str,
    /// The same in Chinese: most authors of helpers read it sooner.
    pub mend_zh: &'static str,
}

/// The kinds of [`Refusal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be read, or does not say what it must.
    Malformed,
    /// It is larger than any real one.
    TooLarge,
    /// It is of a type nobody here reads.
    Unsupported,
}

/// Reads a body.
pub fn parse(post: Post<'_>) -> Result<Delivery, Refusal> {
    let text = encoding::decode(post.content_type, post.body)?;
    let value: Value = serde_json::from_str(&text).map_err(|error| Refusal {
        fault: Fault::Malformed,
        field: None,
        detail: format!(
            "the body is not complete JSON: it breaks off or goes wrong at line {}, column {}",
            error.line(),
            error.column()
        ),
        mend: "post one JSON object; see the bridge's contract in README.md",
        mend_zh: "请求体必须是一个完整的 JSON 对象",
    })?;
    let Value::Object(map) = value else {
        return Err(Refusal::wrong(
            "",
            "the body is JSON but not an object",
            SHAPE,
            SHAPE_ZH,
        ));
    };
    let mut ignored = Ignored::default();
    let fields = Fields::new(map, "", &mut ignored);
    let (inbound, wait) = shapes::read(fields, &post)?;
    Ok(Delivery {
        inbound,
        wait,
        ignored: ignored.into_paths(),
    })
}

const SHAPE: &str = "post an object with account_id, conversation_id and messages";
const SHAPE_ZH: &str = "请发送含 account_id、conversation_id、messages 的对象";

impl Refusal {
    fn wrong(field: &str, detail: &str, mend: &'static str, mend_zh: &'static str) -> Self {
        Self {
            fault: Fault::Malformed,
            field: (!field.is_empty()).then(|| field.to_owned()),
            detail: detail.to_owned(),
            mend,
            mend_zh,
        }
    }

    fn too_large(field: &str, detail: String, mend: &'static str, mend_zh: &'static str) -> Self {
        Self {
            fault: Fault::TooLarge,
            field: Some(field.to_owned()),
            detail,
            mend,
            mend_zh,
        }
    }
}

#[cfg(test)]
mod tests;
