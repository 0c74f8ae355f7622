//! The HTTP client of this program: one request with its whole answer, within a deadline and a size.

use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{HeaderMap, Request, header};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

#[cfg(feature = "tls")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;
#[cfg(not(feature = "tls"))]
type Connector = HttpConnector;

/// Sends requests; clones share their connections.
#[derive(Clone)]
pub struct Http {
    inner: HyperClient<Connector, Full<Bytes>>,
    deadline: Duration,
}

/// A request.
#[derive(Clone, Copy)]
pub struct Sent<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// The whole address.
    pub url: &'a str,
    /// Names and values. No value is ever said in an error.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body; empty for none.
    pub body: &'a [u8],
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    headers: HeaderMap,
}

impl Reply {
    /// A header's value, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Http {
    /// `deadline`: for each request, from the connection to the last byte.
    pub fn new(deadline: Duration) -> Self {
        let mut http = HttpConnector::new();
        http.set_connect_timeout(Some(deadline));
        Self {
            inner: HyperClient::builder(TokioExecutor::new()).build(connector(http)),
            deadline,
        }
    }

    /// One request with its whole answer, of at most `limit` bytes.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn send(&self, sent: &Sent<'_>, limit: usize) -> Result<Reply, HttpError> {
        let mut request = Request::builder()
            .method(sent.method)
            .uri(sent.url)
            .header(header::USER_AGENT, "headstart");
        for (name, value) in sent.headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Full::new(Bytes::copy_from_slice(sent.body)))
            .map_err(|_| HttpError::Unreachable {
                reason: "its address is no URL".to_owned(),
            })?;
        let exchange = async {
            let answer = self
                .inner
                .request(request)
                .await
                .map_err(|e| unreachable(&e))?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, limit)
                .collect()
                .await
                .map_err(|_| HttpError::Broken { limit })?;
            Ok(Reply {
                status: head.status.as_u16(),
                headers: head.headers,
                body: body.to_bytes().to_vec(),
            })
        };
        tokio::time::timeout(self.deadline, exchange)
            .await
            .unwrap_or(Err(HttpError::TooSlow {
                deadline: self.deadline,
            }))
    }
}

#[cfg(not(feature = "tls"))]
fn connector(http: HttpConnector) -> Connector {
    http
}

#[cfg(feature = "tls")]
fn connector(mut http: HttpConnector) -> Connector {
    http.enforce_http(false);
    hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(tls())
        .https_or_http()
        .enable_http1()
        .wrap_connector(http)
}

/// TLS 1.2 and 1.3, with the machine's certificates: those of the system, or of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
///
/// A machine that has none reaches nothing by TLS, and all else as ever.
#[cfg(feature = "tls")]
fn tls() -> rustls::ClientConfig {
    use std::sync::{Arc, OnceLock};

    /// Reading some hundred certificates takes milliseconds.
    static ROOTS: OnceLock<Arc<rustls::RootCertStore>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    });
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has what TLS 1.2 and 1.3 need")
        .with_root_certificates(roots.clone())
        .with_no_client_auth()
}

fn unreachable(error: &dyn std::error::Error) -> HttpError {
    // The outer error says only that a connection failed; its causes say why.
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        reason = next.to_string();
        cause = next.source();
    }
    HttpError::Unreachable { reason }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// No connection, or one that was lost.
    #[error("it cannot be reached: {reason}")]
    Unreachable {
        /// What the system said.
        reason: String,
    },
    /// Too slow.
    #[error("it did not answer within {deadline:?}")]
    TooSlow {
        /// The deadline.
        deadline: Duration,
    },
    /// An answer that broke off, or is too large.
    #[error("its answer broke off, or is over {limit} bytes")]
    Broken {
        /// Most bytes.
        limit: usize,
    },
}
