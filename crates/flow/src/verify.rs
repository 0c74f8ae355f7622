//! Evidence checked by somebody who trusts nobody: offline, step by step, each step with a name.

use std::collections::BTreeSet;

use carriers::Master;
use domain::artifact::ArtifactKind;
use domain::chain::entry_digest;
use domain::commitment::Commitment;
use domain::ids::{ArtifactId, SeatId};
use domain::sealed::Digest;
use fingerprint::{Code, Counts, Key, Method};
use jiff::Timestamp;
use tlog::{
    Checkpoint, ConsistencyProof, Hash, InclusionProof, Note, Verifier, check_growth, leaf_hash,
    verify_inclusion,
};

use crate::book::BookMaster;
use crate::evidence::{Accused, Bar, Body, Evidence, OpenedLeaf, OpenedSeat, Reading};
use crate::leaf::{CodeLeaf, PackageLeaf, ReceiptLeaf, RosterLeaf, SecretLeaf, WatchLeaf};
use crate::place::Place;
use crate::press::{DECODER, copies_from};
use crate::sight::{LeakFile, leak};

/// Most earlier checkpoints that evidence shows.
pub const HISTORY_MAX: usize = 1024;

/// The steps, in the order in which they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The log key is one, and the expected one.
    LogKey,
    /// The checkpoint is signed by the log key.
    Checkpoint,
    /// Every opened leaf is in the log.
    Inclusion,
    /// The masters are those that the log fixed.
    Masters,
    /// The code is the one that the log fixed.
    Code,
    /// The leak's texts are whole.
    Leak,
    /// The readings come out again from masters and leak.
    Readings,
    /// The opened keys are those that the log fixed.
    Keys,
    /// The accused's copies come out again from masters, code and keys.
    Copy,
    /// The score comes out again.
    Score,
    /// The risk comes out again.
    Risk,
    /// The risk is at or below the bar that the log fixed.
    Verdict,
    /// The receipts are in the log and of the accused.
    Receipts,
    /// Code, packages and receipts stand in the log in the order in which they must have happened.
    Order,
    /// The program signed exactly this.
    Signature,
    /// The leak is the one that was found.
    Found,
    /// Witnesses saw what the evidence rests on, before the leak.
    Witnesses,
    /// The log is the one that was seen before.
    Kept,
    /// The packages are those that the accused was given.
    Packages,
    /// Nothing stands in the evidence that the program's own record leaves out.
    Record,
}

impl Step {
    /// The steps that compare the evidence with what its reader holds, in order; taken only where he holds it.
    pub const HELD: [Self; 5] = [
        Self::Found,
        Self::Witnesses,
        Self::Kept,
        Self::Packages,
        Self::Record,
    ];

    /// Every step that needs nothing but the evidence, in order.
    pub const ALL: [Self; 15] = [
        Self::LogKey,
        Self::Checkpoint,
        Self::Inclusion,
        Self::Masters,
        Self::Code,
        Self::Leak,
        Self::Readings,
        Self::Keys,
        Self::Copy,
        Self::Score,
        Self::Risk,
        Self::Verdict,
        Self::Receipts,
        Self::Order,
        Self::Signature,
    ];

    /// The step's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LogKey => "log key",
            Self::Checkpoint => "checkpoint",
            Self::Inclusion => "inclusion",
            Self::Masters => "masters",
            Self::Code => "code",
            Self::Leak => "leak",
            Self::Readings => "readings",
            Self::Keys => "keys",
            Self::Copy => "copy",
            Self::Score => "score",
            Self::Risk => "risk",
            Self::Verdict => "verdict",
            Self::Receipts => "receipts",
            Self::Order => "order",
            Self::Signature => "signature",
            Self::Found => "found",
            Self::Witnesses => "witnesses",
            Self::Kept => "kept",
            Self::Packages => "packages",
            Self::Record => "record",
        }
    }

    /// What was shown when the step passes.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::LogKey => "the log key is well formed, and the expected one where one was given",
            Self::Checkpoint => {
                "the checkpoint is signed by the log key, and grew from the earlier ones that are shown"
            }
            Self::Inclusion => "every opened leaf is in the log",
            Self::Masters => "the masters are those that were fixed before any copy was given",
            Self::Code => "the code is the one that was fixed before any copy was given",
            Self::Leak => "the texts of the leak are whole",
            Self::Readings => "the readings come out again from the masters and the leak",
            Self::Keys => "the opened keys are those that were fixed before the copy was given",
            Self::Copy => "the accused's copies come out again from masters, code and keys",
            Self::Score => "the score comes out again from code, readings and keys",
            Self::Risk => "the risk to the innocent comes out again",
            Self::Verdict => "the risk is at or below the bar that was fixed beforehand",
            Self::Receipts => "the receipts are in the log, and of the accused",
            Self::Order => {
                "the log has the code before the packages, and these before their receipts"
            }
            Self::Signature => "the program signed exactly this file",
            Self::Found => "the leak in it is the one that was found",
            Self::Witnesses => "enough witnesses had seen what it rests on, in time",
            Self::Kept => "its log is the one whose checkpoints were kept",
            Self::Packages => "it is about the packages that the accused has",
            Self::Record => "it has nothing that the program's signed record leaves out",
        }
    }
}

/// A step that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("step `{}` fails: {reason}", step.as_str())]
pub struct Failed {
    /// The step.
    pub step: Step,
    /// Why.
    pub reason: String,
}

impl Failed {
    /// A step that failed for this reason.
    pub fn at(step: Step, reason: impl ToString) -> Self {
        Self {
            step,
            reason: reason.to_string(),
        }
    }
}

/// What verified evidence says.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The evidence's body, every step of which holds.
    pub body: Body,
    /// What the accused seats were given, and when they fetched it: they can compare it with what they hold.
    pub given: Vec<Given>,
    /// The earlier checkpoints, from which the evidence's own grew.
    pub history: Vec<Point>,
    /// What was mixed into the case's secret, where the evidence shows it.
    pub beacon: Option<Point>,
    /// The witnesses whom the program had named before it fixed the code, where the evidence shows it.
    pub watch: Option<WatchLeaf>,
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
    judge.included(&body.roster_leaf)?;
    let roster = RosterLeaf::parse(&body.roster_leaf.text)
        .map_err(|error| failed(Step::Inclusion, error))?;
    let masters = judge.masters(&code_leaf)?;
    let code = judge.code(&code_leaf, &roster)?;
    let beacon = judge.beacon(&log, &code_leaf)?;
    let watch = judge.watch()?;
    let readings = judge.readings(&masters, &code)?;
    if body.accused.is_empty() {
        return Err(failed(Step::Verdict, "nobody is named"));
    }
    if !are_distinct(body.accused.iter().map(|own| (&own.partner, &own.seat))) {
        return Err(failed(Step::Verdict, "somebody is named twice"));
    }
    let mut given = Vec::new();
    for accused in &body.accused {
        given.extend(judge.accused(accused, &roster, &masters, &code, &readings)?);
    }
    judge.verdict(&code_leaf)?;
    signature(evidence, &log)?;
    Ok(Verified {
        body: body.clone(),
        given,
        history,
        beacon,
        watch,
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

/// A seat of the accused partner, its commitment opened and found in the log.
struct Seat {
    leaf: PackageLeaf,
    key: Key,
    place: Place,
}

struct Judge<'a> {
    body: &'a Body,
    checkpoint: &'a Checkpoint,
}

impl Judge<'_> {
    /// The earlier checkpoints: signed by the log, and beginnings of this one.
    fn history(&self, log: &Verifier) -> Result<Vec<Point>, Failed> {
        let wrong = |reason: String| failed(Step::Checkpoint, reason);
        if self.body.history.len() > HISTORY_MAX {
            return Err(wrong(format!(
                "{} earlier checkpoints; the limit is {HISTORY_MAX}",
                self.body.history.len()
            )));
        }
        let mut history = Vec::new();
        for earlier in &self.body.history {
            history.push(self.point(log, &earlier.checkpoint, &earlier.proof)?);
        }
        Ok(history)
    }

    /// A checkpoint that is signed by the log, and the beginning of this one.
    fn point(&self, log: &Verifier, note: &str, proof: &[String]) -> Result<Point, Failed> {
        let wrong = |reason: String| failed(Step::Checkpoint, reason);
        let note = Note::parse(note).map_err(|error| wrong(error.to_string()))?;
        let checkpoint =
            Checkpoint::open_note(&note, log).map_err(|error| wrong(error.to_string()))?;
        let mut hashes = Vec::new();
        for hash in proof {
            hashes.push(Hash::from_base64(hash).map_err(|error| wrong(error.to_string()))?);
        }
        check_growth(&checkpoint, self.checkpoint, &ConsistencyProof { hashes }).map_err(
            |error| {
                wrong(format!(
                    "it did not grow from that of {} entries: {error}",
                    checkpoint.size()
                ))
            },
        )?;
        Ok(Point { note, checkpoint })
    }

    /// The secret was committed before the value existed that was mixed into it, and that before the code.
    fn beacon(&self, log: &Verifier, code_leaf: &CodeLeaf) -> Result<Option<Point>, Failed> {
        let wrong = |reason: &str| failed(Step::Code, reason);
        let Some(beacon) = &self.body.beacon else {
            return Ok(None);
        };
        if Digest::of(beacon.checkpoint.as_bytes()) != code_leaf.beacon {
            return Err(wrong("another checkpoint was mixed into the case's secret"));
        }
        let point = self.point(log, &beacon.checkpoint, &beacon.proof)?;
        let own = Judge {
            body: self.body,
            checkpoint: &point.checkpoint,
        };
        own.included(&beacon.secret_leaf)?;
        let secret = SecretLeaf::parse(&beacon.secret_leaf.text)
            .map_err(|error| failed(Step::Inclusion, error))?;
        if secret.case != code_leaf.case || secret.secret != code_leaf.secret {
            return Err(wrong("the code is of another secret than was committed"));
        }
        if point.checkpoint.size() > self.body.code_leaf.index {
            return Err(failed(
                Step::Order,
                "the checkpoint that was mixed into the secret is younger than the code",
            ));
        }
        Ok(Some(point))
    }

    /// The list of witnesses stands in the log before the code.
    fn watch(&self) -> Result<Option<WatchLeaf>, Failed> {
        let Some(leaf) = &self.body.watch else {
            return Ok(None);
        };
        self.included(leaf)?;
        let watch = WatchLeaf::parse(&leaf.text).map_err(|e| failed(Step::Inclusion, e))?;
        if leaf.index > self.body.code_leaf.index {
            return Err(failed(
                Step::Order,
                "the witnesses were named after the code was fixed",
            ));
        }
        Ok(Some(watch))
    }

    fn included(&self, leaf: &OpenedLeaf) -> Result<(), Failed> {
        let wrong = |reason: &str| failed(Step::Inclusion, reason);
        let salt = Digest::parse(&leaf.salt).ok_or_else(|| wrong("a salt is not 64 digits"))?;
        let mut hashes = Vec::new();
        for hash in &leaf.proof {
            hashes.push(Hash::from_base64(hash).map_err(|error| failed(Step::Inclusion, error))?);
        }
        let entry = Commitment::new(leaf.text.as_bytes().to_vec(), *salt.as_bytes())
            .leaf()
            .entry_bytes();
        let proof = InclusionProof {
            index: leaf.index,
            hashes,
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
        let found: Vec<(ArtifactId, Digest)> = masters
            .iter()
            .map(|m| (m.artifact.clone(), Digest::of(&m.source)))
            .collect();
        if found == leaf.masters {
            Ok(masters)
        } else {
            Err(wrong("they have other digests than the log fixed".into()))
        }
    }

    fn code(&self, leaf: &CodeLeaf, roster: &RosterLeaf) -> Result<Code, Failed> {
        let wrong = |reason: &str| failed(Step::Code, reason);
        if roster.case != leaf.case || roster.code != leaf.code {
            return Err(wrong("the roster is of another case or code"));
        }
        if Digest::of(&self.body.code.0) != leaf.code {
            return Err(wrong("it has another digest than the log fixed"));
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
        Code::from_bytes(&self.body.code.0).map_err(|error| failed(Step::Code, error))
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

    fn accused(
        &self,
        accused: &Accused,
        roster: &RosterLeaf,
        masters: &[BookMaster],
        code: &Code,
        readings: &[fingerprint::Reading],
    ) -> Result<Vec<Given>, Failed> {
        let partner_key = key(&accused.partner_key)?;
        let mut seats = Vec::new();
        for opened in &accused.seats {
            self.included(&opened.leaf)?;
            let leaf = PackageLeaf::parse(&opened.leaf.text)
                .map_err(|error| failed(Step::Inclusion, error))?;
            let seat_key = self.keys(accused, opened, &leaf, &partner_key)?;
            if leaf.code != roster.code {
                return Err(failed(
                    Step::Code,
                    format!("seat {} has a copy by another code", opened.seat),
                ));
            }
            copy(masters, code, &partner_key, &seat_key, &leaf)?;
            seats.push(Seat {
                leaf,
                key: seat_key,
                place: place(opened)?,
            });
        }
        self.rosters(accused, roster, &seats)?;
        self.score(accused, roster, code, readings, &partner_key, &seats)?;
        self.receipts(accused, &seats)
    }

    fn keys(
        &self,
        accused: &Accused,
        opened: &OpenedSeat,
        leaf: &PackageLeaf,
        partner_key: &Key,
    ) -> Result<Key, Failed> {
        let seat_key = key(&opened.key)?;
        let is_theirs = leaf.case.as_str() == self.body.case
            && leaf.partner.as_str() == accused.partner
            && leaf.seat.as_str() == opened.seat;
        if !is_theirs {
            return Err(failed(
                Step::Keys,
                format!("the leaf is of seat {} of {}", leaf.seat, leaf.partner),
            ));
        }
        if *leaf.partner_key.as_bytes() != partner_key.commitment() {
            return Err(failed(
                Step::Keys,
                format!(
                    "the partner's key is not the one that seat {} has in the log",
                    leaf.seat
                ),
            ));
        }
        if place(opened)?.digest() != leaf.place {
            return Err(failed(
                Step::Keys,
                format!(
                    "the numbers of the copy of seat {} are not those in the log",
                    leaf.seat
                ),
            ));
        }
        if *leaf.seat_key.as_bytes() != seat_key.commitment() {
            return Err(failed(
                Step::Keys,
                format!("the key of seat {} is not the one in the log", leaf.seat),
            ));
        }
        Ok(seat_key)
    }

    fn score(
        &self,
        accused: &Accused,
        roster: &RosterLeaf,
        code: &Code,
        readings: &[fingerprint::Reading],
        partner_key: &Key,
        seats: &[Seat],
    ) -> Result<(), Failed> {
        let wrong = |reason: String| failed(Step::Score, reason);
        let find = |seat: &str| {
            let found = seats.iter().find(|own| own.leaf.seat.as_str() == seat);
            found.ok_or_else(|| wrong(format!("seat `{seat}` is not opened")))
        };
        let group = match &accused.seat {
            Some(seat) => find(seat)?.place.group,
            None => {
                seats
                    .first()
                    .ok_or_else(|| wrong("no seat is opened".into()))?
                    .place
                    .group
            }
        };
        let of_group = usize::try_from(group)
            .ok()
            .and_then(|group| roster.sizes.get(group))
            .ok_or_else(|| wrong("the partner is not among those that the log fixed".into()))?;
        let counts = Counts {
            groups: roster.sizes.len() as u64,
            slots: roster.sizes.iter().map(|size| u64::from(*size)).sum(),
            group_slots: u64::from(*of_group),
        };
        if seats.len() as u64 != counts.group_slots
            || seats.iter().any(|own| own.place.group != group)
        {
            return Err(wrong(
                "not exactly the partner's own seats are opened".into(),
            ));
        }
        // One seat that stands for two would hide another, and its evidence would count twice.
        if !are_distinct(seats.iter().map(|own| own.place.slot)) {
            return Err(wrong("a seat is opened twice".into()));
        }
        let accused_seat = accused.seat.as_deref().map(find).transpose()?;
        let method =
            Method::from_bytes(&accused.method.0).map_err(|error| failed(Step::Score, error))?;
        if method.group != group || method.slot != accused_seat.map(|own| own.place.slot) {
            return Err(wrong("the method is of another copy".into()));
        }
        let is_opened = |key: &Key| seats.iter().any(|own| own.key.expose() == key.expose());
        if !method.seats.iter().all(is_opened) {
            return Err(wrong("the method joins a copy that is not opened".into()));
        }
        let counts_twice = !are_distinct(method.seats.iter().map(|key| *key.expose()))
            || !are_distinct(method.given.iter().map(|key| *key.expose()));
        if counts_twice {
            return Err(wrong("the method counts a copy twice".into()));
        }
        self.given(accused, roster, &method)?;
        let finding = fingerprint::recompute(
            code,
            readings,
            partner_key,
            accused_seat.map(|own| &own.key),
            &counts,
            &engine_bar(&self.body.bar),
            &method,
        )
        .map_err(|error| failed(Step::Score, error))?;
        let stated = &accused.finding;
        same(
            Step::Score,
            "evidence",
            stated.evidence_bits,
            finding.evidence_bits,
        )?;
        same(
            Step::Score,
            "e-value",
            stated.e_value_bits,
            finding.e_value_bits,
        )?;
        same(Step::Risk, "tail", stated.tail_risk, finding.tail_risk)?;
        same(
            Step::Risk,
            "risk",
            stated.innocent_risk,
            finding.innocent_risk,
        )
    }

    /// The roster that is counted with must not be smaller than those that were logged with the accused's packages:
    /// a smaller one, logged afterwards, would make the risk look smaller.
    fn rosters(
        &self,
        accused: &Accused,
        counted: &RosterLeaf,
        seats: &[Seat],
    ) -> Result<(), Failed> {
        let wrong = |reason: &str| failed(Step::Score, reason);
        let mut named: BTreeSet<Digest> = seats.iter().map(|own| own.leaf.roster).collect();
        for opened in &accused.rosters {
            self.included(opened)?;
            let roster =
                RosterLeaf::parse(&opened.text).map_err(|error| failed(Step::Inclusion, error))?;
            let is_covered = roster.case == counted.case
                && roster.code == counted.code
                && roster.sizes.len() <= counted.sizes.len()
                && roster
                    .sizes
                    .iter()
                    .zip(&counted.sizes)
                    .all(|(then, now)| then <= now);
            if !is_covered {
                return Err(wrong(
                    "the roster is smaller than one that was logged with the accused's package",
                ));
            }
            if let Some(commitment) = opened.commitment() {
                named.remove(&entry_digest(&commitment.leaf()));
            }
        }
        if named.is_empty() {
            Ok(())
        } else {
            Err(wrong(
                "the roster that was logged with the accused's package is not opened",
            ))
        }
    }

    /// The copies that a finding is conditioned on must be copies that the log fixed: a key that was made up
    /// afterwards could be chosen so that somebody's score rises.
    fn given(&self, accused: &Accused, roster: &RosterLeaf, method: &Method) -> Result<(), Failed> {
        let wrong = |reason: &str| failed(Step::Keys, reason);
        if accused.given.len() != method.given.len() {
            return Err(wrong("a copy that the finding rests on is not opened"));
        }
        for (opened, key) in accused.given.iter().zip(&method.given) {
            self.included(opened)?;
            let leaf =
                PackageLeaf::parse(&opened.text).map_err(|error| failed(Step::Inclusion, error))?;
            let commitment = Digest::from_bytes(key.commitment());
            let fixed = match method.slot {
                Some(_) => leaf.seat_key,
                None => leaf.partner_key,
            };
            let is_of_this_code = leaf.code == roster.code && leaf.case == roster.case;
            if commitment != fixed || !is_of_this_code {
                return Err(wrong(
                    "the finding rests on a copy that the log did not fix",
                ));
            }
        }
        Ok(())
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

    fn receipts(&self, accused: &Accused, seats: &[Seat]) -> Result<Vec<Given>, Failed> {
        let wrong = |reason: &str| failed(Step::Receipts, reason);
        if accused.receipts.is_empty() {
            return Err(wrong("nobody of the accused ever fetched a copy"));
        }
        let mut given = Vec::new();
        for opened in &accused.receipts {
            self.included(opened)
                .map_err(|error| failed(Step::Receipts, error.reason))?;
            let receipt =
                ReceiptLeaf::parse(&opened.text).map_err(|error| failed(Step::Receipts, error))?;
            let package = seats
                .iter()
                .position(|own| {
                    own.leaf.seat == receipt.seat && own.leaf.package == receipt.package
                })
                .filter(|_| receipt.case.as_str() == self.body.case)
                .filter(|_| {
                    let is_accused = |seat| seat == receipt.seat.as_str();
                    accused.seat.as_deref().is_none_or(is_accused)
                })
                .ok_or_else(|| wrong("a receipt is of another seat or package"))?;
            self.order(accused, package, opened)?;
            given.push(Given {
                seat: receipt.seat,
                package: receipt.package,
                at: receipt.at,
                index: opened.index,
            });
        }
        Ok(given)
    }

    /// A codebook or a package that was logged after the copy was fetched was made up afterwards.
    fn order(&self, accused: &Accused, package: usize, receipt: &OpenedLeaf) -> Result<(), Failed> {
        let package = accused.seats.get(package).map(|opened| opened.leaf.index);
        let is_in_order =
            package.is_some_and(|at| self.body.code_leaf.index < at && at < receipt.index);
        if is_in_order {
            Ok(())
        } else {
            Err(failed(
                Step::Order,
                "a receipt stands in the log before its package, or a package before its code",
            ))
        }
    }
}

fn place(opened: &OpenedSeat) -> Result<Place, Failed> {
    let salt = Digest::parse(&opened.place_salt)
        .ok_or_else(|| failed(Step::Keys, "a salt is not 64 hexadecimal digits"))?;
    Ok(Place {
        group: opened.group,
        slot: opened.slot,
        salt: *salt.as_bytes(),
    })
}

fn are_distinct<T: Ord>(items: impl Iterator<Item = T>) -> bool {
    let mut seen = BTreeSet::new();
    items.into_iter().all(|item| seen.insert(item))
}

fn key(text: &str) -> Result<Key, Failed> {
    Digest::parse(text)
        .map(|bytes| Key::from_bytes(*bytes.as_bytes()))
        .ok_or_else(|| failed(Step::Keys, "a key is not 64 hexadecimal digits"))
}

fn copy(
    masters: &[BookMaster],
    code: &Code,
    partner_key: &Key,
    seat_key: &Key,
    leaf: &PackageLeaf,
) -> Result<(), Failed> {
    let artifacts: Vec<ArtifactId> = leaf.copies.iter().map(|(a, _)| a.clone()).collect();
    let copies = copies_from(masters, code, partner_key, seat_key, &artifacts)
        .map_err(|error| failed(Step::Copy, error))?;
    let made: Vec<(ArtifactId, Digest)> = copies
        .iter()
        .map(|copy| (copy.artifact.clone(), Digest::of(&copy.bytes)))
        .collect();
    if made == leaf.copies {
        Ok(())
    } else {
        Err(failed(
            Step::Copy,
            format!("the copies of seat {} come out differently", leaf.seat),
        ))
    }
}

/// The bar as the engine takes it.
pub fn engine_bar(bar: &Bar) -> fingerprint::Bar {
    fingerprint::Bar {
        innocent_risk: bar.innocent_risk,
        lead_risk: bar.lead_risk,
        alignments: bar.alignments,
    }
}

fn same(step: Step, what: &str, stated: f64, found: f64) -> Result<(), Failed> {
    if stated.to_bits() == found.to_bits() {
        Ok(())
    } else {
        Err(failed(
            step,
            format!("the {what} is stated as {stated:e} and comes out as {found:e}"),
        ))
    }
}
