//! A reply that travels in a response: told to the house as written only when it was.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame};

use super::{metrics, work::Work};
use crate::service::Held;

/// A claimed reply. Dropped anywhere on its way, it tells the house that it was not written.
pub(super) struct Claim {
    work: Arc<dyn Work>,
    held: Option<Held>,
}

impl Claim {
    pub(super) fn new(work: Arc<dyn Work>, held: Held) -> Self {
        Self {
            work,
            held: Some(held),
        }
    }

    pub(super) fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }

    /// The body that carries it.
    pub(super) fn carried_in(mut self, bytes: Bytes) -> Carried {
        Carried::new(bytes, move || self.settle(true))
    }

    fn settle(&mut self, whole: bool) {
        if let Some(held) = self.held.take() {
            metrics::inline(whole);
            self.work.written(held, whole);
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.settle(false);
    }
}

/// The body of a response that carries a claimed reply, and what is done when it was written whole.
///
/// The server writes what it has taken to the socket whenever a body lets it wait. So the end is announced one
/// turn after the words: when it is asked for, they have been handed to the socket, and a connection that was
/// found broken over them has dropped this body before. It tells no length, because a server that knows the length
/// stops asking after the last byte.
pub(super) struct Carried {
    written: Option<Box<dyn FnOnce() + Send>>,
    step: Step,
}

impl Carried {
    /// Dropped before its end, it drops `written` unheard.
    pub(super) fn new(bytes: Bytes, written: impl FnOnce() + Send + 'static) -> Self {
        Self {
            written: Some(Box::new(written)),
            step: Step::Full(bytes),
        }
    }
}

enum Step {
    Full(Bytes),
    Taken,
    Flushed,
}

impl Body for Carried {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match std::mem::replace(&mut self.step, Step::Taken) {
            Step::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Step::Taken => {
                self.step = Step::Flushed;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Step::Flushed => {
                self.step = Step::Flushed;
                if let Some(written) = self.written.take() {
                    written();
                }
                Poll::Ready(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::{sync::Mutex, task::Waker, time::Duration};

    use serde_json::Value;

    use super::*;
    use crate::{
        desk::{Inbound, ReplyClass},
        service::{Accepted, Ack, AckOutcome, Pulled, Readiness, Unavailable},
        web::work::Soon,
    };

    #[derive(Default)]
    struct Listener(Mutex<Vec<(String, bool)>>);

    impl Work for Listener {
        fn written(&self, held: Held, whole: bool) {
            self.0.lock().unwrap().push((held.reply_id, whole));
        }
        fn accept(&self, _: Inbound) -> Soon<'_, Result<Accepted, Unavailable>> {
            panic!()
        }
        fn answer<'a>(
            &'a self,
            _: &'a Accepted,
            _: Duration,
        ) -> Soon<'a, Result<Option<Held>, Unavailable>> {
            panic!()
        }
        fn pull<'a>(
            &'a self,
            _: &'a str,
            _: Option<&'a str>,
            _: Duration,
        ) -> Soon<'a, Result<Vec<Pulled>, Unavailable>> {
            panic!()
        }
        fn acknowledge<'a>(
            &'a self,
            _: &'a str,
            _: &'a str,
            _: Ack,
        ) -> Soon<'a, Result<AckOutcome, Unavailable>> {
            panic!()
        }
        fn conversation<'a>(
            &'a self,
            _: &'a str,
            _: &'a str,
            _: &'a str,
            _: Duration,
        ) -> Soon<'a, Result<Option<Value>, Unavailable>> {
            panic!()
        }
        fn tally<'a>(
            &'a self,
            _: &'a str,
            _: Option<&'a str>,
        ) -> Soon<'a, Result<Value, Unavailable>> {
            panic!()
        }
        fn readiness(&self) -> Soon<'_, Readiness> {
            panic!()
        }
    }

    fn polls(times: usize) -> Vec<(String, bool)> {
        let listener = Arc::new(Listener::default());
        let held = Held {
            reply_id: "r1".to_owned(),
            text: String::new(),
            class: ReplyClass::Content,
            again: false,
        };
        let mut body = Claim::new(listener.clone(), held).carried_in(Bytes::from_static(b"{}"));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(!body.is_end_stream() && body.size_hint().exact().is_none());
        for _ in 0..times {
            let _ = Pin::new(&mut body).poll_frame(&mut cx);
        }
        drop(body);
        listener.0.lock().unwrap().clone()
    }

    #[test]
    fn a_reply_is_written_when_its_end_was_asked_for_and_told_once() {
        for (times, whole) in [(0, false), (1, false), (2, false), (3, true), (5, true)] {
            assert_eq!(polls(times), [("r1".to_owned(), whole)], "{times} polls");
        }
    }
}
