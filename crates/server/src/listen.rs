//! Connections: accepted, limited, and ended gracefully.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

/// Connections that are served at a time; further ones wait.
pub const CONNECTIONS_MAX: usize = 1024;
/// How long a client may take to send its head.
const HEAD_MAX: Duration = Duration::from_secs(10);
/// Header fields that a request may have.
const HEADERS_MAX: usize = 64;
/// Bytes that a request's head may have.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// How long open requests may take once the process is asked to stop.
const STOPPING_MAX: Duration = Duration::from_secs(20);

/// What serving needs beside the routes.
pub struct Served {
    listener: TcpListener,
    router: Router,
    #[cfg(feature = "tls")]
    tls: Option<tokio_rustls::TlsAcceptor>,
}

impl Served {
    /// Where connections come from, and the routes. A proxy in front speaks TLS, or [`Served::with_tls`] does.
    pub fn new(listener: TcpListener, router: Router) -> Self {
        Self {
            listener,
            router,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Speaks TLS in this process, where an acceptor is given.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_tls(self, tls: Option<tokio_rustls::TlsAcceptor>) -> Self {
        Self { tls, ..self }
    }
}

/// Serves until `stop` is ready; then no connection is accepted any more, and open requests are answered first.
pub async fn serve(served: Served, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            accepted = served.listener.accept() => accepted,
            () = &mut stop => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            // One connection that breaks, or too many open files for a moment, must not end the server.
            Err(error) => {
                tracing::warn!("no connection could be taken: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        // A page is several small writes; waiting for more would only delay it.
        let _ = stream.set_nodelay(true);
        let router = served.router.clone();
        let watcher = graceful.watcher();
        #[cfg(feature = "tls")]
        let tls = served.tls.clone();
        tokio::spawn(async move {
            #[cfg(feature = "tls")]
            if let Some(tls) = tls {
                if let Ok(Ok(stream)) = tokio::time::timeout(HEAD_MAX, tls.accept(stream)).await {
                    converse(stream, peer, router, watcher).await;
                }
                drop(place);
                return;
            }
            plain(stream, peer, router, watcher).await;
            drop(place);
        });
    }
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(STOPPING_MAX) => tracing::warn!("stopped with requests open"),
    }
}

async fn plain(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
) {
    converse(stream, peer, router, watcher).await;
}

async fn converse<S>(
    stream: S,
    peer: SocketAddr,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
) where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = router.map_request(move |mut request: hyper::Request<_>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    // What a client does to its own connection is its own affair.
    let _ = watcher.watch(connection).await;
}
