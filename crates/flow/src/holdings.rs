//! Evidence against what its reader holds: the leak as he found it, witnesses whom the program does not control,
//! checkpoints that he kept, packages that the accused has, a record that the program signed.
//!
//! [`verify`](mod@crate::verify) shows that evidence is consistent with *some* log of the program's key.
//! A program that holds all of its keys can write such a log at any time; what it cannot change is what others hold.

use std::collections::BTreeMap;

use domain::chain::{Link, entry_digest};
use domain::ids::SeatId;
use domain::sealed::Digest;
use jiff::Timestamp;
use tlog::{Checkpoint, ConsistencyProof, ForkReport, Note, Quorum, Verifier};

use crate::delivery::Delivery;
use crate::evidence::{Evidence, OpenedLeaf};
use crate::leaf::{PackageLeaf, ReceiptLeaf};
use crate::manifest;
use crate::originals::{self, Outcome};
use crate::record::{CheckedRecord, Record, is_before};
use crate::sight::LeakFile;
use crate::verify::{Failed, Step, Verified, verify};

/// What the reader of evidence holds. The default holds nothing.
#[derive(Debug, Clone, Default)]
pub struct Holdings {
    /// The program's published log key.
    pub log_key: Option<String>,
    /// Witnesses, and how many of them must have seen what the evidence rests on.
    pub watch: Option<Watch>,
    /// The digests of the leak's files, as they were found.
    pub leak: Vec<Digest>,
    /// What was read from these files now, each text with its origin.
    pub leak_texts: Vec<LeakFile>,
    /// Signed checkpoints that were kept.
    pub kept: Vec<Note>,
    /// Packages that the accused has.
    pub packages: Vec<HeldPackage>,
    /// What came with them.
    pub deliveries: Vec<Delivery>,
    /// Records that the program signed.
    pub records: Vec<Record>,
}

/// Witnesses whom the program does not control.
#[derive(Debug, Clone)]
pub struct Watch {
    /// Whom to believe when enough of them agree.
    pub quorum: Quorum,
    /// How many are enough.
    pub needed: usize,
    /// When the leak was first seen, by the word of somebody other than the program: everything that the evidence
    /// rests on must have been witnessed by then.
    pub seen_at: Option<Timestamp>,
}

/// A package that the accused has.
#[derive(Debug, Clone)]
pub struct HeldPackage {
    /// SHA-256 of the sealed package.
    pub digest: Digest,
    /// What is in it, where it was opened.
    pub contents: Option<Contents>,
}

/// What an opened package holds.
#[derive(Debug, Clone)]
pub struct Contents {
    /// Its manifest, as a signed note.
    pub manifest: Note,
    /// The digests of its files, without the manifest.
    pub files: Vec<Digest>,
}

/// When something that the evidence rests on was first seen by enough witnesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    /// What it is, such as `the code`.
    pub what: String,
    /// Its place in the log.
    pub index: u64,
    /// When enough witnesses had cosigned a checkpoint over it.
    pub by: Timestamp,
}

/// What verified evidence was compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// What the evidence says.
    pub verified: Verified,
    /// The steps that were taken beyond [`Step::ALL`].
    pub steps: Vec<Step>,
    /// What came of each text of the leak, in order; empty when the leak was not compared.
    pub originals: Vec<Outcome>,
    /// When witnesses saw what, in the order of the log; empty without witnesses.
    pub witnessed: Vec<Witnessed>,
    /// Whether enough of these witnesses had cosigned everything that was mixed into the code and into the keys that the
    /// evidence rests on, and their cosignatures are part of it, so that it was not the program's alone to choose;
    /// `None` without witnesses. A witness that came later, such as a partner's client,
    /// cannot have: its line would have made another value of it.
    pub is_beacon_witnessed: Option<bool>,
}

/// Verifies evidence, and compares it with what the reader holds.
///
/// # Errors
/// [`Failed`] with the first step that does not hold.
pub fn compare(evidence: &Evidence, holdings: &Holdings) -> Result<Compared, Failed> {
    let verified = verify(evidence, holdings.log_key.as_deref())?;
    let log =
        Verifier::parse(&verified.body.log_key).map_err(|error| Failed::at(Step::LogKey, error))?;
    let reader = Reader {
        shown: shown(&verified)?,
        verified: &verified,
        log,
    };
    let mut steps = Vec::new();
    let mut witnessed = Vec::new();
    let mut originals = Vec::new();
    if !holdings.leak.is_empty() {
        originals = reader.leak(holdings)?;
        steps.push(Step::Found);
    }
    if let Some(watch) = &holdings.watch {
        witnessed = reader.witnesses(watch)?;
        steps.push(Step::Witnesses);
    }
    let mut kept = holdings.kept.clone();
    kept.extend(holdings.deliveries.iter().map(|own| own.checkpoint.clone()));
    let mut records = Vec::new();
    for record in &holdings.records {
        let checked = record
            .check(Some(&verified.body.log_key))
            .map_err(|error| Failed::at(Step::Record, error))?;
        kept.push(checked.note.clone());
        records.push(checked);
    }
    for note in &kept {
        reader.same_log(note)?;
    }
    if !kept.is_empty() {
        steps.push(Step::Kept);
    }
    for package in &holdings.packages {
        reader.package(package)?;
    }
    for delivery in &holdings.deliveries {
        reader.delivery(delivery)?;
    }
    if !holdings.packages.is_empty() || !holdings.deliveries.is_empty() {
        steps.push(Step::Packages);
    }
    for record in &records {
        reader.record(record)?;
    }
    if !records.is_empty() {
        steps.push(Step::Record);
    }
    let is_beacon_witnessed = holdings.watch.as_ref().map(|watch| {
        let mut mixed = verified.mixed.iter();
        mixed.all(|mixed| watch.quorum.verify(&mixed.note).is_ok())
    });
    Ok(Compared {
        is_beacon_witnessed,
        steps,
        witnessed,
        verified,
        originals,
    })
}

/// An entry of an accused partner's seat, as the evidence shows it.
struct Shown {
    seat: SeatId,
    index: u64,
    link: Link,
    entry: Digest,
    package: Digest,
    what: What,
}

/// What an entry of the evidence is.
enum What {
    Package { files: Vec<Digest> },
    Receipt { at: Timestamp },
}

/// The packages and receipts of the evidence; verification has read all of them.
fn shown(verified: &Verified) -> Result<Vec<Shown>, Failed> {
    let entry = |opened: &OpenedLeaf, step: Step| {
        opened
            .commitment()
            .map(|commitment| entry_digest(&commitment.leaf()))
            .ok_or_else(|| Failed::at(step, "a salt is not 64 digits"))
    };
    let mut shown = Vec::new();
    for accused in &verified.body.accused {
        for seat in &accused.seats {
            let leaf = PackageLeaf::parse(&seat.leaf.text)
                .map_err(|error| Failed::at(Step::Inclusion, error))?;
            shown.push(Shown {
                index: seat.leaf.index,
                entry: entry(&seat.leaf, Step::Inclusion)?,
                link: leaf.link,
                package: leaf.package,
                what: What::Package {
                    files: leaf.copies.iter().map(|(_, digest)| *digest).collect(),
                },
                seat: leaf.seat,
            });
        }
        for opened in &accused.receipts {
            let receipt = ReceiptLeaf::parse(&opened.text)
                .map_err(|error| Failed::at(Step::Receipts, error))?;
            shown.push(Shown {
                index: opened.index,
                entry: entry(opened, Step::Receipts)?,
                link: receipt.link,
                package: receipt.package,
                what: What::Receipt { at: receipt.at },
                seat: receipt.seat,
            });
        }
    }
    Ok(shown)
}

struct Reader<'a> {
    verified: &'a Verified,
    shown: Vec<Shown>,
    log: Verifier,
}

impl Reader<'_> {
    /// The leak in the evidence must be the one that was found: a program can write any text.
    fn leak(&self, held: &Holdings) -> Result<Vec<Outcome>, Failed> {
        let body = &self.verified.body;
        let outcomes = originals::compare(body, &held.leak_texts, &held.leak);
        for (file, outcome) in body.leak.iter().zip(&outcomes) {
            if !outcome.holds() {
                return Err(Failed::at(
                    Step::Found,
                    format!("`{}`: {}", file.name, outcome.as_str()),
                ));
            }
        }
        Ok(outcomes)
    }

    /// Everything that the evidence rests on must be under a checkpoint that enough witnesses had cosigned, and had
    /// before the leak was seen.
    fn witnesses(&self, watch: &Watch) -> Result<Vec<Witnessed>, Failed> {
        let body = &self.verified.body;
        let mut points = Vec::new();
        let newest =
            Note::parse(&body.checkpoint).map_err(|error| Failed::at(Step::Checkpoint, error))?;
        let size = self.verified.log_size;
        let history = self.verified.history.iter();
        let mixed = &self.verified.mixed;
        for (note, size) in history
            .map(|point| (&point.note, point.checkpoint.size()))
            .chain([(&newest, size)])
            .chain(mixed.iter().map(|own| (&own.note, own.checkpoint.size())))
        {
            let Ok(cosignatures) = watch.quorum.verify(note) else {
                continue;
            };
            let mut times: Vec<u64> = cosignatures.iter().map(|own| own.time_s).collect();
            times.sort_unstable();
            let enough = watch.needed.checked_sub(1).and_then(|at| times.get(at));
            let by = enough
                .and_then(|time_s| i64::try_from(*time_s).ok())
                .and_then(|time_s| Timestamp::from_second(time_s).ok());
            if let Some(by) = by {
                points.push((size, by));
            }
        }
        let first_over = |index: u64| {
            let over = points.iter().filter(|(size, _)| *size > index);
            over.map(|(_, by)| *by).min()
        };
        let mut witnessed = Vec::new();
        let mut need = |what: String, index: u64| {
            let by = first_over(index).ok_or_else(|| {
                Failed::at(
                    Step::Witnesses,
                    format!(
                        "{what} (entry {index}) is under no checkpoint that {} of the witnesses cosigned",
                        watch.needed
                    ),
                )
            })?;
            if let Some(seen_at) = watch.seen_at
                && by > seen_at
            {
                return Err(Failed::at(
                    Step::Witnesses,
                    format!(
                        "{what} (entry {index}) was first witnessed at {by}, and the leak was seen at {seen_at}"
                    ),
                ));
            }
            witnessed.push(Witnessed { what, index, by });
            Ok(())
        };
        need("the case's secret".to_owned(), body.secret_leaf.index)?;
        for own in mixed {
            need(
                format!("the roster and seeds of press {}", own.press),
                own.roster,
            )?;
        }
        need("the code".to_owned(), body.code_leaf.index)?;
        let mut first_receipts: BTreeMap<&SeatId, u64> = BTreeMap::new();
        for own in &self.shown {
            match own.what {
                What::Package { .. } => need(format!("the package of {}", own.seat), own.index)?,
                What::Receipt { .. } => {
                    let first = first_receipts.entry(&own.seat).or_insert(own.index);
                    *first = own.index.min(*first);
                }
            }
        }
        // Later fetches, also after the leak, take nothing from the first one.
        for (seat, index) in first_receipts {
            need(format!("the first receipt of {seat}"), index)?;
        }
        witnessed.sort_by_key(|seen| seen.index);
        Ok(witnessed)
    }

    /// A kept checkpoint must be of this log's past.
    fn same_log(&self, note: &Note) -> Result<(), Failed> {
        let wrong = |reason: String| Failed::at(Step::Kept, reason);
        let kept = Checkpoint::open_note(note, &self.log)
            .map_err(|error| wrong(format!("a checkpoint that was kept: {error}")))?;
        if kept.size() == 0 {
            return Ok(());
        }
        let newest = Checkpoint::open(&self.verified.body.checkpoint, &self.log)
            .map_err(|error| Failed::at(Step::Checkpoint, error))?;
        let own = Note::parse(&self.verified.body.checkpoint)
            .map_err(|error| Failed::at(Step::Checkpoint, error))?;
        let history = self.verified.history.iter();
        let same_size = history
            .map(|point| (&point.note, &point.checkpoint))
            .chain([(&own, &newest)])
            .find(|(_, own)| own.size() == kept.size());
        match same_size {
            Some((_, own)) if own.root() == kept.root() => Ok(()),
            Some((offered, own)) => Err(Failed {
                fork: Some(Box::new(ForkReport {
                    key: self.log.clone(),
                    known: note.clone(),
                    offered: offered.clone(),
                    beginning: None,
                    proof: ConsistencyProof::default(),
                })),
                ..wrong(format!(
                    "the log forked: of {} entries the root `{}` was kept, and the evidence is of a log with the root `{}`",
                    kept.size(),
                    kept.root(),
                    own.root()
                ))
            }),
            None => Err(wrong(format!(
                "the evidence does not show that its log is the one of which {} entries were kept",
                kept.size()
            ))),
        }
    }

    /// A package that the accused has must be the one that the evidence is about.
    fn package(&self, held: &HeldPackage) -> Result<(), Failed> {
        let wrong = |reason: String| Failed::at(Step::Packages, reason);
        let own = self.shown.iter().find_map(|own| match &own.what {
            What::Package { files } if own.package == held.digest => Some((own, files)),
            _ => None,
        });
        let (own, files) = own.ok_or_else(|| {
            wrong(format!(
                "the package with SHA-256 {} is not one that the evidence is about: the accused was given another",
                held.digest
            ))
        })?;
        let Some(contents) = &held.contents else {
            return Ok(());
        };
        contents
            .manifest
            .verify(&self.log)
            .map_err(|error| wrong(format!("the manifest in the package: {error}")))?;
        let sorted = |digests: &[Digest]| {
            let mut digests = digests.to_vec();
            digests.sort_unstable();
            digests
        };
        if sorted(&contents.files) != sorted(files) {
            return Err(wrong(format!(
                "the package of {} holds other copies than the log committed to",
                own.seat
            )));
        }
        let is_own = manifest::read(contents.manifest.text())
            .is_some_and(|read| read.fact("seat") == Some(own.seat.as_str()));
        if is_own {
            Ok(())
        } else {
            Err(wrong(format!(
                "the manifest in the package is not that of {}",
                own.seat
            )))
        }
    }

    /// What came with a package must be what the evidence says was given.
    fn delivery(&self, delivery: &Delivery) -> Result<(), Failed> {
        let wrong = |reason: String| Failed::at(Step::Packages, reason);
        let delivered = delivery
            .check(&self.log)
            .map_err(|error| wrong(error.to_string()))?;
        let receipt = &delivered.receipt;
        if receipt.case.as_str() != self.verified.body.case {
            return Ok(());
        }
        let known = [
            (delivery.inclusion.index, entry_digest(&delivery.entry)),
            (
                delivery.receipt_inclusion.index,
                entry_digest(&delivery.receipt.leaf()),
            ),
        ];
        for own in self.shown.iter().filter(|own| own.seat == receipt.seat) {
            if own.package != receipt.package {
                return Err(wrong(format!(
                    "seat {} was given the package {} and the evidence is about {}",
                    own.seat, receipt.package, own.package
                )));
            }
            // A seat has one package of a case: another entry of it was made up, also when it names the same bytes.
            let is_other = match own.what {
                What::Package { .. } => (own.index, own.entry) != known[0],
                What::Receipt { .. } => known
                    .iter()
                    .any(|(index, entry)| (*index == own.index) != (*entry == own.entry)),
            };
            if is_other {
                return Err(wrong(format!(
                    "entry {} of the evidence is not the one that came with the package",
                    own.index
                )));
            }
            self.same_link(own, &receipt.link, known[1].1, Step::Packages)?;
            self.in_time(
                own,
                delivery.receipt_inclusion.index,
                receipt.at,
                Step::Packages,
            )?;
        }
        Ok(())
    }

    /// Of what the program signed as everything, nothing may be missing.
    fn record(&self, record: &CheckedRecord) -> Result<(), Failed> {
        let wrong = |reason: String| Failed::at(Step::Record, reason);
        for own in &self.shown {
            let Some(entries) = record.of(&own.seat) else {
                continue;
            };
            let is_there = entries
                .iter()
                .any(|given| given.index == own.index && given.entry == own.entry);
            if own.index < record.checkpoint.size() && !is_there {
                return Err(wrong(format!(
                    "entry {} of seat {} is not in the record that the program signed as everything up to {} entries",
                    own.index,
                    own.seat,
                    record.checkpoint.size()
                )));
            }
            if own.index >= record.checkpoint.size() && own.link.ordinal <= entries.len() as u64 {
                return Err(wrong(format!(
                    "number {} of seat {}'s chain is another entry in the record",
                    own.link.ordinal, own.seat
                )));
            }
            // A seat has one package of a case.
            let is_second = matches!(own.what, What::Package { .. })
                && entries.iter().any(|given| {
                    matches!(&given.what, crate::record::What::Package(leaf)
                        if leaf.case.as_str() == self.verified.body.case && given.entry != own.entry)
                });
            if is_second {
                return Err(wrong(format!(
                    "the record has another package of this case for seat {}",
                    own.seat
                )));
            }
            // What was not there when the record was made did not happen before.
            if own.index >= record.checkpoint.size() {
                self.in_time(own, record.checkpoint.size(), record.made_at, Step::Record)?;
            }
            for given in entries {
                self.same_link(own, &given.link, given.entry, Step::Record)?;
                if let crate::record::What::Receipt(receipt) = &given.what {
                    self.in_time(own, given.index, receipt.at, Step::Record)?;
                }
            }
        }
        Ok(())
    }

    /// One number of a seat's chain is one entry, and the next one names it.
    fn same_link(&self, own: &Shown, link: &Link, entry: Digest, step: Step) -> Result<(), Failed> {
        let replaced = own.link.ordinal == link.ordinal && own.entry != entry;
        let follows = link.ordinal.checked_add(1) == Some(own.link.ordinal);
        if replaced || (follows && own.link.previous != Some(entry)) {
            return Err(Failed::at(
                step,
                format!(
                    "number {} of seat {}'s chain is not the entry that was kept",
                    link.ordinal, own.seat
                ),
            ));
        }
        Ok(())
    }

    /// What stands later in the log did not happen earlier.
    fn in_time(&self, own: &Shown, index: u64, at: Timestamp, step: Step) -> Result<(), Failed> {
        let What::Receipt { at: stated } = own.what else {
            return Ok(());
        };
        let is_wrong = (own.index >= index && is_before(stated, at))
            || (own.index < index && is_before(at, stated));
        if is_wrong {
            return Err(Failed::at(
                step,
                format!(
                    "the receipt at entry {} states {stated}, and what was kept of entry {index} is of {at}: it was dated back",
                    own.index
                ),
            ));
        }
        Ok(())
    }
}
