//! Evidence checked by somebody who trusts nobody: offline, step by step, each step with a name.

mod accused;
mod presses;
mod step;

use std::collections::BTreeSet;

use carriers::Master;
use domain::artifact::ArtifactKind;
use domain::commitment::Commitment;
use domain::ids::{ArtifactId, SeatId};
use domain::sealed::Digest;
use fingerprint::Code;
use jiff::Timestamp;
use tlog::{
    Checkpoint, ConsistencyProof, Hash, InclusionProof, Note, Verifier, check_growth, leaf_hash,
    verify_inclusion,
};

use crate::book::{BookMaster, digests, plan_code};
use crate::evidence::{Bar, Body, Evidence, OpenedLeaf, Reading};
use crate::leaf::CodeLeaf;
use crate::press::DECODER;
use crate::sight::{LeakFile, leak};
use accused::{Bench, Opened, Scored};
use presses::Presses;
pub use presses::{Mixed, PRESSES_MAX};
pub use step::{Failed, Step};

/// Most earlier checkpoints that evidence shows.
pub const HISTORY_MAX: usize = 1024;

/// What verified evidence says.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The evidence's body, every step of which holds.
    pub body: Body,
    /// What the accused seats were given, and when they fetched it: they can compare it with what they hold.
    pub given: Vec<Given>,
    /// The earlier checkpoints, from which the evidence's own grew, by rising size.
    pub history: Vec<Point>,
    /// What was mixed into the code and into the keys that the evidence rests on, in the order of the presses.
    pub mixed: Vec<Mixed>,
    /// Size of the log at the checkpoint.
    pub log_size: u64,
    /// Origin of the log.
    pub origin: String,
}

/// Checks every step of an evidence file.
///
/// `expected_log_key`: the program's published key; without one the key inside is used, and the
/// evidence then only shows that it is consistent with *some* log.
///
/// # Errors
/// [`Failed`] with the first step that does not hold.
pub fn verify(evidence: &Evidence, expected_log_key: Option<&str>) -> Result<Verified, Failed> {
    let body = &evidence.body;
    let log = log_key(body, expected_log_key)?;
    let checkpoint = Checkpoint::open(&body.checkpoint, &log)
        .map_err(|error| failed(Step::Checkpoint, error))?;
    let judge = Judge {
        body,
        checkpoint: &checkpoint,
    };
    let history = judge.history(&log)?;
    judge.included(&body.code_leaf)?;
    let code_leaf =
        CodeLeaf::parse(&body.code_leaf.text).map_err(|error| failed(Step::Inclusion, error))?;
    let masters = judge.masters(&code_leaf)?;
    let presses = judge.presses(&log, &code_leaf)?;
    let code = judge.code(&code_leaf, &masters, &presses)?;
    let readings = judge.readings(&masters, &code)?;
    let bench = Bench {
        presses: &presses,
        masters: &masters,
        code: &code,
        code_digest: code_leaf.code,
        readings: &readings,
    };
    let opened: Vec<Opened<'_>> = body
        .accused
        .iter()
        .map(|accused| judge.open(accused, &bench))
        .collect::<Result<_, _>>()?;
    opened
        .iter()
        .try_for_each(|own| judge.copies(own, &bench))?;
    let scored: Vec<Scored<'_>> = opened
        .into_iter()
        .map(|own| judge.score(own, &bench))
        .collect::<Result<_, _>>()?;
    let all = || scored.iter();
    judge.verdict(&code_leaf)?;
    if !all().is_sorted_by_key(|own| own.place) {
        return Err(failed(
            Step::Verdict,
            "the accused are not in the order of their numbers",
        ));
    }
    let mut given = Vec::new();
    for own in all() {
        given.extend(judge.receipts(own)?);
    }
    judge.order_of_presses(&presses)?;
    all().try_for_each(|own| judge.order(own, &bench))?;
    // The code rests on the first press.
    let rests_on: BTreeSet<usize> = all()
        .flat_map(|own| own.presses.clone())
        .chain([0])
        .collect();
    signature(evidence, &log)?;
    let mixed = presses.0.into_iter().enumerate();
    Ok(Verified {
        body: body.clone(),
        given,
        history,
        mixed: mixed
            .filter(|(press, _)| rests_on.contains(press))
            .map(|(_, fixed)| fixed.mixed)
            .collect(),
        log_size: checkpoint.size(),
        origin: checkpoint.origin().to_owned(),
    })
}

fn failed(step: Step, reason: impl ToString) -> Failed {
    Failed::at(step, reason)
}

fn log_key(body: &Body, expected: Option<&str>) -> Result<Verifier, Failed> {
    if let Some(expected) = expected
        && expected.trim() != body.log_key
    {
        return Err(failed(
            Step::LogKey,
            format!(
                "the evidence names `{}`, another key than expected",
                body.log_key
            ),
        ));
    }
    Verifier::parse(&body.log_key).map_err(|error| failed(Step::LogKey, error))
}

fn signature(evidence: &Evidence, log: &Verifier) -> Result<(), Failed> {
    let note = Note::parse(&evidence.signature).map_err(|error| failed(Step::Signature, error))?;
    note.verify(log)
        .map_err(|error| failed(Step::Signature, error))?;
    if note.text() == evidence.body.signed_text() {
        Ok(())
    } else {
        Err(failed(Step::Signature, "the signature is of another file"))
    }
}

/// A fetch of an accused seat, as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The seat.
    pub seat: SeatId,
    /// SHA-256 of the package, as the seat fetched it.
    pub package: Digest,
    /// When.
    pub at: Timestamp,
    /// The receipt's place in the log.
    pub index: u64,
}

/// A signed checkpoint of the log's past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The note, with whatever cosignatures it has.
    pub note: Note,
    /// What it states.
    pub checkpoint: Checkpoint,
}

struct Judge<'a> {
    body: &'a Body,
    checkpoint: &'a Checkpoint,
}

impl Judge<'_> {
    /// The earlier checkpoints: signed by the log, beginnings of this one, each once and by rising size.
    fn history(&self, log: &Verifier) -> Result<Vec<Point>, Failed> {
        let wrong = |reason: String| failed(Step::Checkpoint, reason);
        if self.body.history.len() > HISTORY_MAX {
            return Err(wrong(format!(
                "{} earlier checkpoints; the limit is {HISTORY_MAX}",
                self.body.history.len()
            )));
        }
        let mut history: Vec<Point> = Vec::new();
        for earlier in &self.body.history {
            let next = self.point(log, &earlier.checkpoint, &earlier.proof)?;
            let last = history.last().map(|point| point.checkpoint.size());
            if last.is_some_and(|last| last >= next.checkpoint.size()) {
                return Err(wrong(
                    "the earlier checkpoints are not by rising size".to_owned(),
                ));
            }
            history.push(next);
        }
        Ok(history)
    }

    /// A checkpoint that is signed by the log, and the beginning of this one.
    fn point(&self, log: &Verifier, note: &str, proof: &[String]) -> Result<Point, Failed> {
        let wrong = |reason: String| failed(Step::Checkpoint, reason);
        let note = Note::parse(note).map_err(|error| wrong(error.to_string()))?;
        let checkpoint =
            Checkpoint::open_note(&note, log).map_err(|error| wrong(error.to_string()))?;
        let proof = ConsistencyProof {
            hashes: hashes(proof, Step::Checkpoint)?,
        };
        check_growth(&checkpoint, self.checkpoint, &proof).map_err(|error| {
            wrong(format!(
                "it did not grow from that of {} entries: {error}",
                checkpoint.size()
            ))
        })?;
        Ok(Point { note, checkpoint })
    }

    fn included(&self, leaf: &OpenedLeaf) -> Result<(), Failed> {
        let wrong = |reason: &str| failed(Step::Inclusion, reason);
        let salt = Digest::parse(&leaf.salt).ok_or_else(|| wrong("a salt is not 64 digits"))?;
        let entry = Commitment::new(leaf.text.as_bytes().to_vec(), *salt.as_bytes())
            .leaf()
            .entry_bytes();
        let proof = InclusionProof {
            index: leaf.index,
            hashes: hashes(&leaf.proof, Step::Inclusion)?,
        };
        verify_inclusion(
            &leaf_hash(&entry),
            &proof,
            self.checkpoint.size(),
            &self.checkpoint.root(),
        )
        .map_err(|error| failed(Step::Inclusion, error))
    }

    fn masters(&self, leaf: &CodeLeaf) -> Result<Vec<BookMaster>, Failed> {
        let wrong = |reason: String| failed(Step::Masters, reason);
        if leaf.case.as_str() != self.body.case {
            return Err(wrong(format!("the log fixed them for case {}", leaf.case)));
        }
        let mut masters = Vec::new();
        for file in &self.body.masters {
            let artifact: ArtifactId = file
                .artifact
                .parse()
                .map_err(|_| wrong(format!("`{}` is no artifact", file.artifact)))?;
            let kind = ArtifactKind::parse(&file.kind)
                .ok_or_else(|| wrong(format!("`{}` is no kind", file.kind)))?;
            let master = Master::parse(&file.name, &file.bytes.0)
                .map_err(|_| wrong(format!("the marks of {artifact} cannot be read")))?;
            masters.push(BookMaster {
                artifact,
                kind,
                source: file.bytes.0.clone(),
                master,
            });
        }
        if digests(&masters) == leaf.masters {
            Ok(masters)
        } else {
            Err(wrong("they have other digests than the log fixed".into()))
        }
    }

    /// The code is the one that masters, roster, bar and what was mixed in make, and the log fixed it.
    fn code(
        &self,
        leaf: &CodeLeaf,
        masters: &[BookMaster],
        presses: &Presses,
    ) -> Result<Code, Failed> {
        if Digest::of(&self.body.code.0) != leaf.code {
            return Err(failed(
                Step::Code,
                "it has another digest than the log fixed",
            ));
        }
        if leaf.decoder != DECODER {
            return Err(failed(
                Step::Code,
                format!(
                    "the case was pressed for decoder `{}`, this program has `{DECODER}`; verify with that version",
                    leaf.decoder
                ),
            ));
        }
        let slots = u32::try_from(presses.first_seats())
            .map_err(|_| failed(Step::Code, "the first press has 2^32 seats or more"))?;
        let planned = plan_code(masters, slots, leaf.innocent_risk, &leaf.beacon)
            .map_err(|error| failed(Step::Code, error))?;
        if planned.to_bytes() == self.body.code.0 {
            Ok(planned)
        } else {
            Err(failed(
                Step::Code,
                "it is not the code that the masters and what was mixed in make",
            ))
        }
    }

    fn readings(
        &self,
        masters: &[BookMaster],
        code: &Code,
    ) -> Result<Vec<fingerprint::Reading>, Failed> {
        let mut files = Vec::new();
        for file in &self.body.leak {
            if Digest::of(&file.bytes.0).to_string() != file.sha256 {
                return Err(failed(
                    Step::Leak,
                    format!("`{}` has another digest than stated", file.name),
                ));
            }
            if let Some(origin) = &file.origin
                && Digest::parse(&origin.sha256).is_none()
            {
                return Err(failed(
                    Step::Leak,
                    format!("the original of `{}` has no digest", file.name),
                ));
            }
            files.push(LeakFile::new(&file.name, file.bytes.0.clone()));
        }
        let leak = leak(&files).map_err(|error| failed(Step::Leak, error))?;
        let readings: Vec<fingerprint::Reading> = masters
            .iter()
            .flat_map(|entry| carriers::read(&entry.master, &leak))
            .map(|site| site.reading)
            .collect();
        let stated: Vec<Reading> = readings.iter().map(Reading::from).collect();
        if readings.len() != code.len() {
            return Err(failed(
                Step::Readings,
                "masters and code have not the same sites",
            ));
        }
        if stated != self.body.readings {
            let site = stated
                .iter()
                .zip(&self.body.readings)
                .position(|(ours, theirs)| ours != theirs)
                .unwrap_or(stated.len().min(self.body.readings.len()));
            return Err(failed(
                Step::Readings,
                format!("site {} reads differently", site + 1),
            ));
        }
        Ok(readings)
    }

    fn verdict(&self, code_leaf: &CodeLeaf) -> Result<(), Failed> {
        let wrong = |reason: String| failed(Step::Verdict, reason);
        let bar = self.body.bar.innocent_risk;
        if self.body.verdict != "accuse" {
            return Err(wrong(format!("it says `{}`", self.body.verdict)));
        }
        if bar > code_leaf.innocent_risk {
            return Err(wrong(format!(
                "the bar {bar:e} is looser than {:e}, which the log fixed",
                code_leaf.innocent_risk
            )));
        }
        let named = self.body.accused.iter();
        if self.body.accused.is_empty() {
            return Err(wrong("nobody is named".into()));
        }
        if !are_distinct(named.map(|own| (&own.partner, &own.seat))) {
            return Err(wrong("somebody is named twice".into()));
        }
        for accused in &self.body.accused {
            if accused.finding.innocent_risk > bar {
                return Err(wrong(format!(
                    "the risk {:e} of {} is above the bar {bar:e}",
                    accused.finding.innocent_risk, accused.partner
                )));
            }
        }
        Ok(())
    }
}

fn hashes(proof: &[String], step: Step) -> Result<Vec<Hash>, Failed> {
    proof
        .iter()
        .map(|hash| Hash::from_base64(hash).map_err(|error| failed(step, error)))
        .collect()
}

fn are_distinct<T: Ord>(items: impl Iterator<Item = T>) -> bool {
    let mut seen = BTreeSet::new();
    items.into_iter().all(|item| seen.insert(item))
}

/// The bar as the engine takes it.
pub fn engine_bar(bar: &Bar) -> fingerprint::Bar {
    fingerprint::Bar {
        innocent_risk: bar.innocent_risk,
        lead_risk: bar.lead_risk,
        alignments: bar.alignments,
    }
}
