//! Connections: how many, how slow they may be, and how they end.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tower::ServiceExt;

use crate::config::Limits;

/// How long open requests may go on after the doors have closed.
pub const DRAIN: Duration = Duration::from_secs(10);

/// Headers of one request, in bytes and in number, at the most; more is answered 431.
const HEADER_BYTES: usize = 32 * 1024;
const HEADERS: usize = 100;

/// A pause after the machine had no room for another connection.
const NO_ROOM: Duration = Duration::from_millis(500);

/// Serves `router` until `shutdown`, with the default limits. Returns when every connection has ended, at the
/// latest after [`DRAIN`].
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    serve_within(listener, router, &Limits::default(), shutdown).await
}

/// [`serve`] with limits of its own.
pub async fn serve_within(
    listener: TcpListener,
    router: Router,
    limits: &Limits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let (closing, closed) = watch::channel(false);
    let places = Arc::new(Semaphore::new(
        limits.connections.min(Semaphore::MAX_PERMITS),
    ));
    let mut open = JoinSet::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .max_buf_size(HEADER_BYTES)
        .max_headers(HEADERS);

    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = open.join_next(), if !open.is_empty() => {}
            (stream, peer, place) = next(&listener, &places) => {
                open.spawn(talk(http.clone(), stream, peer, router.clone(), closed.clone(), place));
            }
        }
    }

    drop(listener);
    closing.send_replace(true);
    let ended = timeout(DRAIN, async { while open.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        tracing::warn!(
            connections = open.len(),
            "connections did not end in time and are cut"
        );
        open.shutdown().await;
    }
    Ok(())
}

/// The next connection, when there is a place for it. Until then callers wait at the door.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed; without a permit the connection would only not be counted.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            // The caller went away while he waited.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "a connection could not be taken");
                sleep(NO_ROOM).await;
            }
        }
    }
}

/// Says when the doors close, to answers that would never end.
#[derive(Debug, Clone)]
pub(super) struct Closing(watch::Receiver<bool>);

impl Closing {
    /// Waits until they do.
    pub(super) async fn closed(&mut self) {
        // The sender is gone when the doors are.
        let _ = self.0.wait_for(|closed| *closed).await;
    }
}

async fn talk(
    http: http1::Builder,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut closed: watch::Receiver<bool>,
    _place: Option<OwnedSemaphorePermit>,
) {
    // Answers are small and somebody waits for each: do not hold them back to fill packets.
    let _ = stream.set_nodelay(true);
    let closing = Closing(closed.clone());
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(closing.clone());
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let connection = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // Errors of a connection are the other side's: cut short, too slow, not HTTP. The request that was
    // under way has noticed by itself.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = closed.wait_for(|closed| *closed) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}
