//! `headstart serve`: the desk and the portal over HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use desk::{Desk, Failure};
use domain::person::Actor;
use seal::ProgramKey;
use serde_json::json;
use server::{App, Limits, Options, Rates, Served, Serving};
use tokio::net::TcpListener;

use super::Context;
use crate::cli::{Serve, Side};

/// How long the links that `demo` prints can be used.
const LINK_LIFE: Duration = Duration::from_secs(24 * 3600);

/// Serves until the process is asked to stop.
pub async fn run(context: &Context, arguments: Serve) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    let serving = match arguments.role {
        Side::All => Serving::All,
        Side::Desk => Serving::Desk,
        Side::Portal => Serving::Portal,
    };
    let key = match serving.has_desk() && context.has_passphrase_file() {
        true => Some(desk.unlock(&context.passphrase()?)?),
        false => None,
    };
    let is_unlocked = key.is_some();
    let transport = Transport::of(&arguments)?;
    let ready = bind(
        desk,
        key,
        serving,
        arguments.listen,
        arguments.origin,
        transport,
    )
    .await?;
    ready.app.set_limits(Limits::new(Rates {
        is_behind_proxy: arguments.behind_proxy,
        ..Rates::default()
    }));
    server::start_log();
    let document =
        json!({"listening": ready.url, "role": arguments.role.as_str(), "unlocked": is_unlocked});
    context.output.result(&document, |_| {
        let locked = match serving.has_desk() && !is_unlocked {
            true => "the program key is locked; unlock it under Settings\n",
            false => "",
        };
        format!("serving at {}\n{locked}", ready.url)
    });
    ready.serve().await;
    Ok(0)
}

/// What is spoken on a connection.
#[derive(Default)]
pub struct Transport {
    #[cfg(feature = "tls")]
    tls: Option<server::TlsAcceptor>,
}

impl Transport {
    #[cfg(feature = "tls")]
    fn of(arguments: &Serve) -> Result<Self, Failure> {
        let tls = match (&arguments.tls_cert, &arguments.tls_key) {
            (Some(cert), Some(key)) => Some(server::tls_acceptor(cert, key)?),
            _ => None,
        };
        Ok(Self { tls })
    }

    #[cfg(not(feature = "tls"))]
    fn of(arguments: &Serve) -> Result<Self, Failure> {
        if arguments.tls_cert.is_some() {
            return Err(Failure::usage("no-tls", "this build speaks no TLS")
                .hint("put a proxy in front of it, or build it with the feature `tls`"));
        }
        Ok(Self::default())
    }

    fn scheme(&self) -> &'static str {
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return "https";
        }
        "http"
    }
}

/// A server that listens and does not answer yet.
pub struct Ready {
    /// Where browsers find it.
    pub url: String,
    app: App,
    listener: TcpListener,
    #[cfg_attr(
        not(feature = "tls"),
        allow(dead_code, reason = "only TLS has something in it")
    )]
    transport: Transport,
}

/// Listens.
pub async fn bind(
    desk: Desk,
    key: Option<ProgramKey>,
    serving: Serving,
    listen: SocketAddr,
    origin: Option<String>,
    transport: Transport,
) -> Result<Ready, Failure> {
    let unable = |error: std::io::Error| {
        Failure::machine("listen", format!("cannot listen on {listen}: {error}"))
            .hint("name another address with --listen ADDRESS:PORT")
    };
    let listener = TcpListener::bind(listen).await.map_err(unable)?;
    let address = listener.local_addr().map_err(unable)?;
    // Passkeys are bound to a name, and browsers take none for an address.
    let scheme = transport.scheme();
    let url = origin.unwrap_or_else(|| match address.ip().is_loopback() {
        true => format!("{scheme}://localhost:{}", address.port()),
        false => format!("{scheme}://{address}"),
    });
    let url = url.trim_end_matches('/').to_owned();
    let options = Options {
        serving,
        origin: url.clone(),
    };
    Ok(Ready {
        app: App::new(desk, options, key),
        url,
        listener,
        transport,
    })
}

impl Ready {
    /// A link that signs this account in once.
    pub async fn link(&self, account: Actor) -> Result<String, Failure> {
        let secret = self.app.sessions().make_link(account, LINK_LIFE).await;
        let secret = secret.map_err(|problem| Failure::machine(&problem.code, problem.title))?;
        Ok(format!("{}/sign-in/link/{secret}", self.url))
    }

    /// Answers until the process is asked to stop.
    pub async fn serve(self) {
        let timer = tokio::spawn(server::run_timers(self.app.clone()));
        let served = Served::new(self.listener, server::router(self.app.clone()));
        #[cfg(feature = "tls")]
        let served = served.with_tls(self.transport.tls);
        server::serve(served, stop()).await;
        timer.abort();
        // What was given a moment ago is signed for before the process ends; otherwise the next one does it.
        server::sign_staged(&self.app).await;
    }
}

/// Ready when the process is asked to stop.
async fn stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else {
            let _ = interrupt.await;
            return;
        };
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
}
