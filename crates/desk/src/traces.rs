//! Traces: a leak handed in, read over the cases that it may be of, and decided.

use std::sync::Arc;

use carriers::Leak;
use carriers::find::Sketch;
use domain::case::{Case, VerdictWord};
use domain::decide::CaseCommand;
use domain::ids::{BlobId, CaseId, TraceId};
use domain::person::Actor;
use domain::receipt::Receipts;
use domain::sealed::Digest;
use fingerprint::Bar;
use flow::book::Book;
use flow::sight::{self, LeakFile};
use flow::trace::{Access, Readings, Verdict, Word};
use jiff::Timestamp;
use seal::ProgramKey;

use crate::desk::{Beside, too_busy};
use crate::records::{LeakRecord, TraceRecord, open_bytes};
use crate::{Desk, Failure};

/// What is asked of a trace.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The leak.
    pub files: &'a [LeakFile],
    /// The case, where somebody knows it; otherwise it is looked for.
    pub case: Option<&'a CaseId>,
    /// When the leak was first seen, where somebody knows it: a seat that had not fetched its package by then is not
    /// named, so a wrong time can keep an accusation back and never make one.
    pub seen_at: Option<Timestamp>,
    /// Who asks.
    pub by: &'a Actor,
}

/// Is told how much of a work is done, from 0 to 1, and what is being done, in words.
pub type Watcher<'a> = &'a (dyn Fn(f64, &str) + Send + Sync);

/// The answer of a trace.
#[derive(Debug)]
pub struct Traced {
    /// The trace's name.
    pub trace: TraceId,
    /// What was found; `None` when the leak is of no case.
    pub verdict: Option<Verdict>,
    /// The artifacts' file names and where their sites stand, in the order of the readings.
    pub artifacts: Vec<TracedArtifact>,
    /// How many cases were tried.
    pub cases_tried: u64,
    /// Words of the leak.
    pub words: usize,
}

/// Sites that a leak must show before it counts as of a case that nobody named.
///
/// Rules of one kind share their frame (`detection:`, `condition:`), and one common word between two of its
/// lines is no sign that the leak has anything to do with the case.
const SITES_MIN: usize = 2;

/// An artifact whose sites were read.
#[derive(Debug, Clone)]
pub struct TracedArtifact {
    /// The master's file name.
    pub file_name: String,
    /// Line and column of each site in the master, and its carrier.
    pub places: Vec<(u32, u32, carriers::Carrier)>,
}

struct Attempt {
    case: Case,
    book: Book,
    readings: Readings,
    innocent_risk: f64,
}

/// A recorded trace, decided again on what the case is now.
pub(crate) struct Retraced {
    pub(crate) case: Case,
    pub(crate) book: Book,
    pub(crate) verdict: Verdict,
    pub(crate) files: Vec<LeakFile>,
    pub(crate) seen_at: Option<Timestamp>,
    pub(crate) cases_tried: u64,
}

impl Desk {
    /// As [`Desk::trace_watched`], asked by nobody in particular.
    ///
    /// # Errors
    /// As [`Desk::trace_watched`].
    pub async fn trace(
        &self,
        key: &ProgramKey,
        files: &[LeakFile],
        case: Option<&CaseId>,
    ) -> Result<Traced, Failure> {
        let ask = Ask {
            files,
            case,
            seen_at: None,
            by: &Actor::Desk,
        };
        self.trace_watched(key, &ask, &|_, _| {}).await
    }

    /// Reads a leak, finds its case unless one is named, and decides. What was found is recorded, whatever it is.
    ///
    /// # Errors
    /// A leak over a limit, an unknown case, a case that was never pressed, or a database that fails.
    pub async fn trace_watched(
        &self,
        key: &ProgramKey,
        ask: &Ask<'_>,
        watcher: Watcher<'_>,
    ) -> Result<Traced, Failure> {
        let Ask { files, case, .. } = *ask;
        watcher(0.02, "reading the leak");
        let leak = sight::leak(files).map_err(|error| {
            Failure::usage("leak", error.to_string()).hint("hand in the part that matters")
        })?;
        let leak = Arc::new(leak);
        let candidates = match case {
            Some(case) => vec![case.clone()],
            None => {
                watcher(0.08, "looking for its case");
                self.find_cases(key, &leak).await?
            }
        };
        let cases_tried = (candidates.len() as u64).max(1);
        let best = self.best(key, &candidates, &leak, watcher).await?;
        let words = leak.words();
        let was_found = |attempt: &Attempt| case.is_some() || attempt.readings.read() >= SITES_MIN;
        let Some(attempt) = best.filter(was_found) else {
            return Ok(Traced {
                trace: TraceId::of(&sight::digest(files)),
                verdict: None,
                artifacts: Vec::new(),
                cases_tried,
                words,
            });
        };
        watcher(0.75, "comparing what was read with every copy");
        let bar = self.bar(attempt.innocent_risk, cases_tried).await?;
        let (attempt, verdict) = decide(attempt, bar, ask.seen_at).await?;
        watcher(0.95, "recording the answer");
        let trace = name(files, attempt.case.id());
        let traced = Traced {
            trace,
            verdict: Some(verdict),
            artifacts: artifacts(&attempt.book),
            cases_tried,
            words,
        };
        self.record(&traced, ask).await?;
        Ok(traced)
    }

    /// The case that fits the leak best, of those that it may be of.
    async fn best(
        &self,
        key: &ProgramKey,
        candidates: &[CaseId],
        leak: &Arc<Leak>,
        watcher: Watcher<'_>,
    ) -> Result<Option<Attempt>, Failure> {
        let mut best: Option<Attempt> = None;
        for (done, candidate) in candidates.iter().enumerate() {
            let share = done as f64 / candidates.len() as f64;
            let step = format!("laying it over the masters of {candidate}");
            watcher(0.15 + 0.6 * share, &step);
            let attempt = self.read(key, candidate, leak).await?;
            let better = best
                .as_ref()
                .is_none_or(|best| attempt.readings.fit() > best.readings.fit());
            if better {
                best = Some(attempt);
            }
        }
        Ok(best)
    }

    /// The cases that a leak may be of, best first.
    async fn find_cases(&self, key: &ProgramKey, leak: &Leak) -> Result<Vec<CaseId>, Failure> {
        let mut cases = Vec::new();
        let mut sketches = Vec::new();
        for (stream, record) in self.store().index_records().await? {
            let damaged = |error: String| {
                Failure::machine("index", format!("the index record of {stream}: {error}"))
                    .hint("restore a backup; `headstart log audit` names what was changed")
            };
            let bytes = key
                .vault()
                .open(&stream, &record)
                .map_err(|error| damaged(error.to_string()))?;
            let sketch = Sketch::from_bytes(&bytes).map_err(|error| {
                let what = format!("the index record of {stream}: {error}");
                Failure::machine("index", what).hint(error.hint())
            })?;
            let id = stream.strip_prefix("case/").unwrap_or(&stream);
            cases.push(CaseId::parse(id).map_err(|error| damaged(error.to_string()))?);
            sketches.push(sketch);
        }
        Ok(sight::candidates(&sketches, leak)
            .iter()
            .filter_map(|candidate| cases.get(candidate.index).cloned())
            .collect())
    }

    async fn read(
        &self,
        key: &ProgramKey,
        id: &CaseId,
        leak: &Arc<Leak>,
    ) -> Result<Attempt, Failure> {
        let case = self.case(id).await?;
        let (book, record) = self.book(&case, key).await?;
        let leak = leak.clone();
        // A server has other requests to answer while a leak is read.
        let (book, readings) = apart(move || {
            let readings = flow::trace::read(&book, &leak);
            (book, readings)
        })
        .await?;
        Ok(Attempt {
            case,
            book,
            readings,
            innocent_risk: record.innocent_risk,
        })
    }

    /// The stricter of the bar that the log fixed at the press and the program's setting now.
    async fn bar(&self, fixed: f64, cases_tried: u64) -> Result<Bar, Failure> {
        let program = self.program().await?;
        let settings = program.settings();
        let innocent_risk = settings.accusation_risk().min(fixed);
        Ok(Bar {
            innocent_risk,
            lead_risk: settings.lead_risk().max(innocent_risk),
            alignments: cases_tried,
        })
    }

    async fn record(&self, traced: &Traced, ask: &Ask<'_>) -> Result<(), Failure> {
        let Some(verdict) = &traced.verdict else {
            return Ok(());
        };
        let record = TraceRecord {
            files: ask.files.iter().map(LeakRecord::from).collect(),
            alignments: traced.cases_tried,
            seen_at: ask.seen_at,
            answer: traced.to_json(),
        };
        let json = serde_json::to_vec(&record)
            .map_err(|error| Failure::machine("trace", error.to_string()))?;
        let word = match verdict.word {
            Word::Accuse => VerdictWord::Accuse,
            Word::Withhold | Word::NoCase => VerdictWord::Withhold,
        };
        for _ in 0..20 {
            let blob = self.seal_bytes(&json)?;
            let command = CaseCommand::Trace {
                trace: traced.trace.clone(),
                verdict: word,
                report: BlobId::of(&blob),
            };
            let beside = Beside {
                blobs: vec![blob],
                meta: vec![(meta_name(&traced.trace), verdict.case.to_string())],
                ..Beside::default()
            };
            let loaded = self.load(&verdict.case).await?;
            let decided = self.decide_case(&loaded, command, ask.by, beside).await?;
            if decided.is_some() {
                return Ok(());
            }
        }
        Err(too_busy())
    }

    /// A recorded trace, decided again on what the case is now.
    pub(crate) async fn retrace(
        &self,
        key: &ProgramKey,
        trace: &TraceId,
    ) -> Result<Retraced, Failure> {
        let unknown = || {
            Failure::usage("unknown-trace", format!("there is no trace `{trace}`")).hint(
                "`headstart trace FILE` prints the trace's name; a leak of no case is not recorded",
            )
        };
        let id = self
            .store()
            .meta(&meta_name(trace))
            .await?
            .and_then(|id| CaseId::parse(&id).ok())
            .ok_or_else(unknown)?;
        let case = self.case(&id).await?;
        let traced = case.traces().iter().rev().find(|t| t.trace == *trace);
        let report = traced.ok_or_else(unknown)?.report;
        let json = open_bytes(key, "the trace", &self.blob(&report).await?)?;
        let record: TraceRecord = serde_json::from_slice(&json)
            .map_err(|error| Failure::machine("damaged-record", format!("trace: {error}")))?;
        let files: Vec<LeakFile> = record
            .files
            .into_iter()
            .map(LeakRecord::into_file)
            .collect::<Option<_>>()
            .ok_or_else(|| {
                Failure::machine("damaged-record", "trace: an original has no digest")
            })?;
        let leak =
            sight::leak(&files).map_err(|error| Failure::usage("leak", error.to_string()))?;
        let attempt = self.read(key, &id, &Arc::new(leak)).await?;
        let bar = self.bar(attempt.innocent_risk, record.alignments).await?;
        let (attempt, verdict) = decide(attempt, bar, record.seen_at).await?;
        Ok(Retraced {
            case: attempt.case,
            book: attempt.book,
            verdict,
            files,
            seen_at: record.seen_at,
            cases_tried: record.alignments,
        })
    }
}

async fn decide(
    attempt: Attempt,
    bar: Bar,
    seen_at: Option<Timestamp>,
) -> Result<(Attempt, Verdict), Failure> {
    let decided = apart(move || {
        let access = access(&attempt.book, attempt.case.receipts(), seen_at);
        let verdict = flow::trace::trace(&attempt.book, attempt.readings.clone(), &access, &bar);
        (attempt, verdict)
    });
    let (attempt, verdict) = decided.await?;
    let verdict = verdict.map_err(|error| Failure::machine("trace", error.to_string()))?;
    Ok((attempt, verdict))
}

/// Names and places of a book's masters.
fn artifacts(book: &Book) -> Vec<TracedArtifact> {
    let masters = book.masters().iter();
    let artifacts = masters.map(|entry| TracedArtifact {
        file_name: entry.master.file_name().to_owned(),
        places: entry
            .master
            .sites()
            .iter()
            .map(|site| (site.line, site.column, site.carrier))
            .collect(),
    });
    artifacts.collect()
}

/// Long computing on a thread of its own.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Failure::machine("trace", "the work broke off"))
}

/// Who had fetched a package by the time that the leak was seen; ever, where nobody knows that time.
fn access(book: &Book, receipts: &Receipts, seen_at: Option<Timestamp>) -> Vec<Access> {
    let is_in_time = |at: Timestamp| seen_at.is_none_or(|seen_at| at <= seen_at);
    book.seatings()
        .iter()
        .map(|seating| {
            let first = receipts.of(&seating.seat).map(|own| own.first().at);
            Access {
                fetched: first.is_some_and(is_in_time),
                later: first.is_some_and(|at| !is_in_time(at)),
            }
        })
        .collect()
}

fn name(files: &[LeakFile], case: &CaseId) -> TraceId {
    let mut bytes = sight::digest(files).as_bytes().to_vec();
    bytes.extend_from_slice(case.as_str().as_bytes());
    TraceId::of(&Digest::of(&bytes))
}

pub(crate) fn meta_name(trace: &TraceId) -> String {
    format!("trace/{trace}")
}

/// The sum of no bits is minus zero in floating point, which puzzles readers.
fn no_minus(bits: f64) -> f64 {
    bits + 0.0
}

impl Traced {
    /// The answer as other programs read it.
    pub fn to_json(&self) -> serde_json::Value {
        let Some(verdict) = &self.verdict else {
            return serde_json::json!({
                "trace": self.trace.as_str(), "case": null, "verdict": Word::NoCase.as_str(),
                "accused": [], "leads": [],
                "sites": {"total": 0, "read": 0, "erased": 0},
                "needed_bits": null, "available_bits": 0.0, "coalition_max": 0,
                "reason": "the leak is like no case that was given out",
                "cases_tried": self.cases_tried, "words": self.words, "artifacts": [],
            });
        };
        let engine = &verdict.engine;
        let named = |candidates: &[flow::trace::Candidate]| -> Vec<serde_json::Value> {
            candidates
                .iter()
                .map(|candidate| {
                    serde_json::json!({
                        "partner": candidate.partner.as_str(),
                        "seat": candidate.seat.as_ref().map(|seat| seat.as_str().to_owned()),
                        "innocent_risk": candidate.finding.innocent_risk,
                        "evidence_bits": candidate.finding.evidence_bits,
                    })
                })
                .collect()
        };
        let (total, read) = (verdict.readings.total(), verdict.readings.read());
        let artifacts: Vec<serde_json::Value> = verdict
            .readings
            .artifacts
            .iter()
            .zip(&self.artifacts)
            .map(|(artifact, master)| {
                let readings: Vec<serde_json::Value> = artifact
                    .sites
                    .iter()
                    .zip(&master.places)
                    .filter(|(site, _)| !matches!(site.reading, fingerprint::Reading::Erased))
                    .map(|(site, (line, column, carrier))| {
                        serde_json::json!({
                            "line": line, "column": column,
                            "carrier": carrier.to_string(), "seen": site.seen,
                        })
                    })
                    .collect();
                serde_json::json!({
                    "artifact": artifact.artifact.as_str(), "file": master.file_name,
                    "total": artifact.sites.len(), "read": artifact.read(), "readings": readings,
                })
            })
            .collect();
        serde_json::json!({
            "trace": self.trace.as_str(),
            "case": verdict.case.as_str(),
            "verdict": verdict.word.as_str(),
            "accused": named(&verdict.accused),
            "leads": named(&verdict.leads),
            "sites": {"total": total, "read": read, "erased": total - read},
            "needed_bits": engine.needed_bits,
            "available_bits": no_minus(engine.available_bits),
            "coalition_max": engine.coalition_max,
            "reason": verdict.reason,
            "bar": {"innocent_risk": verdict.bar.innocent_risk, "lead_risk": verdict.bar.lead_risk},
            "partner_question": {"needed_bits": engine.group.needed_bits, "available_bits": no_minus(engine.group.available_bits)},
            "seat_question": {"needed_bits": engine.slot.needed_bits, "available_bits": no_minus(engine.slot.available_bits)},
            "cases_tried": self.cases_tried,
            "words": self.words,
            "artifacts": artifacts,
        })
    }
}
