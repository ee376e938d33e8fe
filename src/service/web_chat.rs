//! The customer's own page: what is due is claimed for it when somebody looks, and is sent when the page says so.
//!
//! A reply is claimed at the moment it is handed to an open page, by the rules of every claim; while nobody looks it
//! waits, and an automatic one expires. It counts as sent when the browser confirms that it shows it, or when a page
//! that has no scripts was written whole. Until then it is on the wire: handed out again under the same id while it holds, unknown
//! when it does not.

use std::{sync::Arc, time::Duration};

use super::front::Unavailable;
use crate::{
    clock::Clock,
    store::{
        Store,
        outbox::{Claim, claim},
        web_chat::{Line, confirm, due, find, lines},
    },
};

/// How many replies one look claims.
const CLAIMED: usize = 20;

/// What customers' pages are shown.
#[derive(Clone)]
pub struct WebChat {
    /// Where everything is kept.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What a page is shown at one look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// What was said beyond what it shows, oldest first.
    pub lines: Vec<Line>,
    /// How long until more may be due by time alone; `None` when nothing waits.
    pub next: Option<Duration>,
}

impl WebChat {
    /// The number of a conversation; `None` while nothing was said in it.
    pub async fn find(
        &self,
        source: &str,
        account: &str,
        external: &str,
    ) -> Result<Option<i64>, Unavailable> {
        let (source, account, external) =
            (source.to_owned(), account.to_owned(), external.to_owned());
        let found = self
            .store
            .read(move |tx| find(tx, &source, &account, &external))
            .await?;
        Ok(found)
    }

    /// Claims what is due and reads what was said beyond `after`.
    pub async fn look(&self, conversation: i64, after: i64) -> Result<Look, Unavailable> {
        let now = self.clock.now();
        // Most looks find nothing to claim, and readers wait for nobody.
        let (waiting, said) = self
            .store
            .read(move |tx| Ok((due(tx, conversation, now)?, lines(tx, conversation, after)?)))
            .await?;
        if !waiting.now {
            let next = waiting
                .next
                .map(|at| (at - now).to_std().unwrap_or_default());
            return Ok(Look { lines: said, next });
        }
        let (next, lines) = self
            .store
            .write(move |tx| {
                claim(tx, Claim::Shown { conversation }, now, 0, CLAIMED)?;
                let next = due(tx, conversation, now)?.next;
                Ok((next, lines(tx, conversation, after)?))
            })
            .await?;
        let next = next.map(|at| (at - now).to_std().unwrap_or_default());
        Ok(Look { lines, next })
    }

    /// The page shows these replies: how many of them are of this conversation.
    pub async fn confirm(
        &self,
        conversation: i64,
        replies: Vec<String>,
    ) -> Result<usize, Unavailable> {
        let now = self.clock.now();
        let confirmed = self
            .store
            .write(move |tx| confirm(tx, conversation, &replies, now))
            .await?;
        Ok(confirmed)
    }
}
