//! The log's side: it asks a witness for a cosignature.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::time::Duration;

use hyper::{Method, StatusCode, Uri};
use tlog::{
    Checkpoint, ConsistencyProof, Cosignature, CosignatureError, CosignerKey, Note, Signature,
    Verifier,
};

use crate::http::{Http, HttpError, Sent};
use crate::request::{AddCheckpoint, decimal};
use crate::state::origin_hash;

/// Longest address of a witness, in bytes.
pub const URL_BYTES_MAX: usize = 300;
/// Largest answer that is read, in bytes.
pub const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// How often a witness is asked anew when it says that it knows another size.
const TRIES_MAX: u32 = 4;

/// Where a witness is reached: its submission prefix, and its monitoring prefix too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessUrl(String);

impl WitnessUrl {
    /// Reads `http://…` or `https://…`, with a path or without.
    ///
    /// # Errors
    /// [`UrlError`]; for `https` also when this program was built without TLS.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let fail = |reason| UrlError::Shape {
            // What stands before an @ may be a password.
            url: text
                .rsplit('@')
                .next()
                .unwrap_or_default()
                .chars()
                .take(80)
                .collect(),
            reason,
        };
        if text.len() > URL_BYTES_MAX {
            return Err(UrlError::TooLong);
        }
        let uri: Uri = text.parse().map_err(|_| fail("it is no URL"))?;
        let authority = uri.authority().ok_or_else(|| fail("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(fail("it may hold no user or password"));
        }
        if uri.query().is_some() || text.contains('#') {
            return Err(fail("it may have no query and no fragment"));
        }
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") if cfg!(feature = "tls") => {}
            Some("https") => return Err(UrlError::WithoutTls),
            _ => return Err(fail("it does not begin with http:// or https://")),
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }

    /// The address as it was given, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is on this machine, so that nobody else can read what is sent there.
    pub fn is_loopback(&self) -> bool {
        let uri: Result<Uri, _> = self.0.parse();
        let Some(host) = uri.ok().and_then(|uri| uri.host().map(str::to_owned)) else {
            return false;
        };
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || address
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// Whether TLS carries what is sent there.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    fn below(&self, path: &str) -> String {
        format!("{}/{path}", self.0)
    }
}

impl fmt::Display for WitnessUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A witness that a log asks.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its key.
    pub key: CosignerKey,
    /// Where it is.
    pub url: WitnessUrl,
}

/// What a witness answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// The line to put under the checkpoint.
    pub line: Signature,
    /// What it says, verified.
    pub cosignature: Cosignature,
    /// The size from which the witness was shown the growth, 0 when it knew nothing of the log.
    pub old_size: u64,
}

/// Asks witnesses; clones share their connections.
#[derive(Clone)]
pub struct Client {
    http: Http,
}

impl Client {
    /// `deadline`: for each request, from the connection to the last byte.
    pub fn new(deadline: Duration) -> Self {
        Self {
            http: Http::new(deadline),
        }
    }

    /// Has a checkpoint cosigned.
    ///
    /// `known_size`: what the witness is thought to have cosigned last; it corrects that, and is asked again.
    /// `prove` makes the proof from a size to the checkpoint's.
    ///
    /// # Errors
    /// [`AskError`]. [`AskError::Ahead`] and [`AskError::Inconsistent`] are more than a failure:
    /// the log is not the one that the witness knows.
    pub async fn cosign<F, P, E>(
        &self,
        witness: &Asked,
        note: &Note,
        known_size: u64,
        mut prove: F,
    ) -> Result<Cosigned, AskError>
    where
        F: FnMut(u64) -> P,
        P: Future<Output = Result<ConsistencyProof, E>>,
        E: fmt::Display,
    {
        let size = Checkpoint::parse(note.text())
            .map_err(|error| AskError::Prove {
                reason: error.to_string(),
            })?
            .size();
        let mut old_size = known_size.min(size);
        for _ in 0..TRIES_MAX {
            let proof = match old_size {
                0 => ConsistencyProof { hashes: Vec::new() },
                old if old == size => ConsistencyProof { hashes: Vec::new() },
                old => prove(old).await.map_err(|error| AskError::Prove {
                    reason: error.to_string(),
                })?,
            };
            let request = AddCheckpoint {
                old_size,
                proof,
                note: note.clone(),
            };
            let uri = witness.url.below("add-checkpoint");
            let (status, body) = self.send(Method::POST, uri, request.to_text()).await?;
            match status {
                StatusCode::OK => {
                    let (line, cosignature) = own_line(&witness.key, note, &body)?;
                    return Ok(Cosigned {
                        line,
                        cosignature,
                        old_size,
                    });
                }
                StatusCode::CONFLICT => {
                    let known = body.strip_suffix('\n').and_then(decimal);
                    let known = known.ok_or(AskError::Refused {
                        status: status.as_u16(),
                        reason: excerpt(&body),
                    })?;
                    if known > size {
                        return Err(AskError::Ahead { known, size });
                    }
                    old_size = known;
                }
                StatusCode::UNPROCESSABLE_ENTITY => {
                    return Err(AskError::Inconsistent { answer: body });
                }
                status => {
                    return Err(AskError::Refused {
                        status: status.as_u16(),
                        reason: excerpt(&body),
                    });
                }
            }
        }
        Err(AskError::Busy)
    }

    /// The last checkpoint of a log that a witness shows to monitors, if it is signed by the log.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn latest(
        &self,
        witness: &Asked,
        log: &Verifier,
    ) -> Result<Option<(Note, Checkpoint)>, AskError> {
        let path = format!("{}/checkpoint", origin_hash(log.name()));
        let uri = witness.url.below(&path);
        let (status, body) = self.send(Method::GET, uri, String::new()).await?;
        if status != StatusCode::OK {
            return Ok(None);
        }
        let Ok(note) = Note::parse(&body) else {
            return Ok(None);
        };
        let opened = Checkpoint::open_note(&note, log);
        Ok(opened.ok().map(|checkpoint| (note, checkpoint)))
    }

    /// One request with its whole answer, within the deadline.
    async fn send(
        &self,
        method: Method,
        uri: String,
        body: String,
    ) -> Result<(StatusCode, String), AskError> {
        let sent = Sent {
            method: method.as_str(),
            url: &uri,
            headers: &[],
            body: body.as_bytes(),
        };
        let reply = self.http.send(&sent, ANSWER_BYTES_MAX).await?;
        let status = StatusCode::from_u16(reply.status).map_err(|_| AskError::Answer)?;
        let body = String::from_utf8(reply.body).map_err(|_| AskError::Answer)?;
        Ok((status, body))
    }
}

/// The line of this witness in an answer; lines of unknown keys are ignored.
fn own_line(
    key: &CosignerKey,
    note: &Note,
    answer: &str,
) -> Result<(Signature, Cosignature), AskError> {
    for line in answer.lines() {
        let Ok(line) = Signature::parse(line) else {
            return Err(AskError::Answer);
        };
        if line.name() != key.name() || line.key_id() != key.key_id() {
            continue;
        }
        // Under the text alone, so that no other line of this key can stand in for it.
        let alone = format!("{}\n{}\n", note.text(), line.to_line());
        let alone = Note::parse(&alone).map_err(|_| AskError::Answer)?;
        let cosignature = key.verify(&alone)?;
        return Ok((line, cosignature));
    }
    Err(AskError::OtherKey)
}

/// The first line of an answer, as far as it can stand in an error.
fn excerpt(body: &str) -> String {
    let line = body.lines().next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(160).collect()
}

/// Text that is no address of a witness.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Longer than [`URL_BYTES_MAX`].
    #[error("the address is longer than {URL_BYTES_MAX} bytes")]
    TooLong,
    /// Not such an address.
    #[error("`{url}` is no address of a witness: {reason}")]
    Shape {
        /// What was given, shortened.
        url: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// `https` in a program without it.
    #[error("this program was built without TLS, so it cannot reach https://…")]
    WithoutTls,
}

impl UrlError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::WithoutTls => {
                "build with the feature `tls`, or give the http:// address of a local proxy that speaks TLS to the witness"
            }
            _ => "give the witness's submission prefix, such as http://127.0.0.1:8090",
        }
    }
}

/// Why there is no cosignature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// No connection.
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
    /// An answer that is too large, broken, or of another shape.
    #[error("its answer is broken, or over {ANSWER_BYTES_MAX} bytes")]
    Answer,
    /// A status that says no.
    #[error("it answers {status}: {reason}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The first line of the answer.
        reason: String,
    },
    /// It knows a larger tree of this log.
    #[error("it has seen {known} entries of this log, and this log has {size}")]
    Ahead {
        /// What it knows.
        known: u64,
        /// What the log has.
        size: u64,
    },
    /// It says that this log is not the one that it knows, grown.
    #[error("it says that this log is not the one that it knows")]
    Inconsistent {
        /// Its whole answer; a witness of this program sends both checkpoints.
        answer: String,
    },
    /// It cosigned with another key.
    #[error("it cosigned with another key than the one that is named for it")]
    OtherKey,
    /// Its line does not verify.
    #[error("{0}")]
    False(#[from] CosignatureError),
    /// The proof could not be made.
    #[error("the proof for it cannot be made: {reason}")]
    Prove {
        /// Why.
        reason: String,
    },
    /// It kept naming other sizes.
    #[error("it named another size {TRIES_MAX} times")]
    Busy,
}

impl From<HttpError> for AskError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Unreachable { reason } => Self::Unreachable { reason },
            HttpError::TooSlow { deadline } => Self::TooSlow { deadline },
            HttpError::Broken { .. } => Self::Answer,
        }
    }
}
