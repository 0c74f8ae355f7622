//! Leaks: sightings, detection content, traces, evidence.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use desk::{Ask, Failure};
use domain::ids::{CaseId, SightingId, TraceId};
use domain::person::Actor;
use flow::detection::{Detection, Form};
use jiff::Timestamp;
use server::wire::{
    CaseSummary, DetectionContent, LeakedFile, Looked, NewSighting, NewTrace, SightingSummary,
    TraceAnswer,
};

use super::{Reach, answer_of};
use crate::commands::leak;
use crate::commands::read_file;
use crate::output::Output;

/// Evidence, and the log key with which anybody checks it.
pub struct Frozen {
    /// The file's text.
    pub text: String,
    /// The program's log key.
    pub log_key: String,
}

/// What was recorded of a case.
pub struct Sighted {
    /// The sighting.
    pub sighting: String,
    /// Whether the same records were recorded before.
    pub is_known: bool,
}

impl Reach<'_> {
    /// What was seen of a case outside.
    pub async fn sightings(&self, case: &CaseId) -> Result<Vec<SightingSummary>, Failure> {
        match self {
            Self::Here(here) => {
                let known = here.desk.case(case).await?;
                let seen = known.sightings().iter().map(|seen| SightingSummary {
                    case: case.to_string(),
                    sighting: seen.sighting.to_string(),
                    at: seen.at.to_string(),
                });
                Ok(seen.collect())
            }
            Self::There(server) => {
                // An unknown case is no empty list.
                let _: server::wire::CaseSummary =
                    server.get(&format!("/api/v1/cases/{case}")).await?;
                let mut seen: Vec<SightingSummary> = server.all("/api/v1/sightings").await?;
                seen.retain(|one| one.case == case.as_str());
                // As they were recorded.
                seen.sort_by(|one, other| one.at.cmp(&other.at));
                Ok(seen)
            }
        }
    }

    /// The records of a sighting.
    pub async fn sighting(&self, case: &CaseId, sighting: &SightingId) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Here(here) => here.desk.sighting(case, sighting, &here.key()?).await,
            Self::There(server) => {
                let path = format!("/api/v1/sightings/{case}/{sighting}/records");
                server.bytes(&path).await
            }
        }
    }

    /// What sensors can look for of a case, in a form.
    pub async fn detection(&self, case: &CaseId, form: Form) -> Result<DetectionContent, Failure> {
        match self {
            Self::Here(here) => {
                let key = here.key()?;
                let detection = here.desk.detection(case, &key).await?;
                Ok(DetectionContent::of(&detection, form))
            }
            Self::There(server) => {
                let path = format!("/api/v1/cases/{case}/detection/{}", word(form));
                server.get(&path).await
            }
        }
    }

    /// What sensors can look for of every pressed case under embargo.
    pub async fn watchlist(&self) -> Result<Vec<(CaseId, Detection)>, Failure> {
        match self {
            Self::Here(here) => here.desk.watchlist(&here.key()?).await,
            Self::There(server) => {
                let cases: Vec<CaseSummary> = server.all("/api/v1/cases").await?;
                let mut list = Vec::new();
                for case in cases.iter().filter(|case| is_watched(case)) {
                    let path = format!("/api/v1/cases/{}/detection/tokens", case.case);
                    let found: DetectionContent = server.get(&path).await?;
                    let Some(text) = found.content else {
                        continue;
                    };
                    let unread = |what: String| {
                        Failure::machine("answer", format!("the server's list of values: {what}"))
                            .hint("check that both sides are of the same version")
                    };
                    let detection =
                        Detection::parse(&text).map_err(|error| unread(error.to_string()))?;
                    let case =
                        CaseId::parse(&case.case).map_err(|error| unread(error.to_string()))?;
                    list.push((case, detection));
                }
                Ok(list)
            }
        }
    }

    /// Records what was seen of a case.
    pub async fn sight(&self, case: &CaseId, records: &[u8]) -> Result<Sighted, Failure> {
        match self {
            Self::Here(here) => {
                let sighted = here.desk.sight(case, records).await?;
                Ok(Sighted {
                    sighting: sighted.sighting.to_string(),
                    is_known: sighted.is_known,
                })
            }
            Self::There(server) => {
                let new = NewSighting {
                    base64: STANDARD.encode(records),
                    case: Some(case.to_string()),
                };
                let looked: Looked = server.post("/api/v1/sightings", &new).await?;
                let seen = looked.sightings.into_iter().next().ok_or_else(|| {
                    Failure::no(
                        "not-seen",
                        format!("the server sees nothing of {case} in these records"),
                    )
                    .hint("a new press may have changed its values: run it again")
                })?;
                Ok(Sighted {
                    sighting: seen.sighting,
                    is_known: seen.known,
                })
            }
        }
    }

    /// Traces a leak.
    pub async fn trace(
        &self,
        files: &[PathBuf],
        case: Option<&CaseId>,
        seen_at: Option<Timestamp>,
        output: &Output,
    ) -> Result<TraceAnswer, Failure> {
        match self {
            Self::Here(here) => {
                let leak = leak::read(files)?;
                let key = here.key()?;
                let ask = Ask {
                    files: &leak.files,
                    case,
                    seen_at,
                    by: &Actor::Desk,
                };
                let traced = here.desk.trace_watched(&key, &ask, &|_, _| {}).await?;
                TraceAnswer::of(&traced, &leak)
            }
            Self::There(server) => {
                let new = NewTrace {
                    files: files
                        .iter()
                        .map(|file| leaked(file))
                        .collect::<Result<_, _>>()?,
                    case: case.map(ToString::to_string),
                    seen_at: seen_at.map(|at| at.to_string()),
                };
                let job = server.work("/api/v1/traces", &new, output).await?;
                answer_of(job)
            }
        }
    }

    /// The evidence of a trace.
    pub async fn evidence(&self, trace: &TraceId, since: &[u64]) -> Result<Frozen, Failure> {
        match self {
            Self::Here(here) => {
                let key = here.key()?;
                let evidence = here.desk.evidence(&key, trace, since).await?;
                Ok(Frozen {
                    text: evidence.to_text(),
                    log_key: here.desk.config().log_key.clone(),
                })
            }
            Self::There(server) => {
                let sizes: Vec<String> = since.iter().map(ToString::to_string).collect();
                let path = format!("/api/v1/traces/{trace}/evidence?since={}", sizes.join(","));
                let bytes = server.bytes(&path).await?;
                let text = String::from_utf8(bytes).map_err(|_| {
                    Failure::machine("answer", "the server's evidence is no text")
                        .hint("check that both sides are of the same version")
                })?;
                Ok(Frozen {
                    text,
                    log_key: self.log_owner().await?.key.vkey(),
                })
            }
        }
    }
}

fn word(form: Form) -> &'static str {
    match form {
        Form::Tokens => "tokens",
        Form::Suricata => "suricata",
        Form::Yara => "yara",
        Form::Sigma => "sigma",
        Form::Kql => "kql",
    }
}

/// A file of a leak as it is sent: the server reads it.
fn leaked(path: &Path) -> Result<LeakedFile, Failure> {
    if path == Path::new("-") {
        return Ok(LeakedFile {
            name: leak::STANDARD_INPUT.to_owned(),
            base64: STANDARD.encode(leak::standard_input()?),
        });
    }
    if path.is_dir() {
        return Err(Failure::usage(
            "folder",
            format!("`{}` is a folder, and a server takes files", path.display()),
        )
        .hint("pack it first: `tar -cf leak.tar FOLDER`"));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into());
    Ok(LeakedFile {
        name: name.unwrap_or_default(),
        base64: STANDARD.encode(read_file(path, desk::LEAK_INPUT_BYTES_MAX)?),
    })
}

/// Whether a case has copies outside, and is under embargo.
fn is_watched(case: &CaseSummary) -> bool {
    case.pressed && !matches!(case.stage.as_str(), "released" | "ended-early")
}
