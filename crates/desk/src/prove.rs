//! The log for whoever wants to look at it: single entries with their proofs, and what the newest ones are.

use std::collections::BTreeMap;

use domain::case::CaseFact;
use domain::commitment::Leaf;
use domain::ids::{BlobId, CaseId, SeatId};
use jiff::Timestamp;
use tlog::TlogProof;

use crate::ledger::note;
use crate::{Desk, Failure};

/// An entry with the proof that the log holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// Its place in the log.
    pub index: u64,
    /// Its bytes.
    pub entry: Vec<u8>,
    /// The proof, in the C2SP format.
    pub proof: TlogProof,
}

/// What the program knows of an entry; the log itself says nothing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Its place in the log.
    pub index: u64,
    /// `code`, `package`, `receipt`, or `other`: commitments to secrets and rosters, which no event names.
    pub kind: &'static str,
    /// The case.
    pub case: Option<CaseId>,
    /// The seat.
    pub seat: Option<SeatId>,
    /// When it was decided.
    pub at: Option<Timestamp>,
}

/// What events say of an entry.
type Known = (&'static str, CaseId, Option<SeatId>, Timestamp);

impl Desk {
    /// The proof of an entry by its place.
    ///
    /// # Errors
    /// A place that the log does not have (exit class 2).
    pub async fn prove(&self, index: u64) -> Result<Proved, Failure> {
        let checkpoint = self.checkpoint().await?;
        let size = self.size_of(&checkpoint)?;
        let entry = match self.store().entry(index).await? {
            Some(entry) if index < size => entry,
            _ => {
                return Err(Failure::usage(
                    "no-such-entry",
                    format!("the log has {size} entries, and no entry {index}"),
                )
                .hint("entries are numbered from 0; `headstart log show` lists the newest"));
            }
        };
        let inclusion = self.store().inclusion(index, size).await?;
        let proof = TlogProof::new(inclusion, note(&checkpoint)?)
            .map_err(|error| Failure::machine("proof", error.to_string()).hint(error.hint()))?;
        Ok(Proved {
            index,
            entry,
            proof,
        })
    }

    /// The place of the entry of a seat's package of a case.
    ///
    /// # Errors
    /// A seat without a package of this case.
    pub async fn package_index(&self, case: &CaseId, seat: &SeatId) -> Result<u64, Failure> {
        let case = self.case(case).await?;
        let package = case.pressed_for(seat).ok_or_else(|| {
            Failure::usage(
                "no-package",
                format!("no package of case {} was pressed for `{seat}`", case.id()),
            )
            .hint("`headstart receipts CASE` lists the packages of a case")
        })?;
        self.position(&package.leaf).await
    }

    /// The place of the entry of a package, by its bytes' digest.
    ///
    /// # Errors
    /// A file that is no package of this program.
    pub async fn index_of_package(&self, blob: &BlobId) -> Result<u64, Failure> {
        for case in self.cases().await? {
            if let Some(package) = case.packages().find(|own| own.blob == *blob) {
                return self.position(&package.leaf).await;
            }
        }
        Err(Failure::usage(
            "no-package",
            format!("this program pressed no package with SHA-256 {blob}"),
        )
        .hint("give a package as `headstart package fetch` wrote it, or an entry's number"))
    }

    /// What the program's events say of one entry.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn log_entry(&self, index: u64) -> Result<LogEntry, Failure> {
        self.named(index, &self.known_entries().await?).await
    }

    /// The newest entries, newest first, as the program's events name them.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn newest_entries(&self, limit: u64) -> Result<Vec<LogEntry>, Failure> {
        let size = self.store().log_size().await?;
        let known = self.known_entries().await?;
        let mut entries = Vec::new();
        for index in (size.saturating_sub(limit)..size).rev() {
            entries.push(self.named(index, &known).await?);
        }
        Ok(entries)
    }

    async fn named(&self, index: u64, known: &BTreeMap<Leaf, Known>) -> Result<LogEntry, Failure> {
        let bytes = self.store().entry(index).await?.unwrap_or_default();
        let leaf = std::str::from_utf8(&bytes).ok().and_then(Leaf::parse);
        let found = leaf.and_then(|leaf| known.get(&leaf).cloned());
        let (kind, case, seat, at) = match found {
            Some((kind, case, seat, at)) => (kind, Some(case), seat, Some(at)),
            None => ("other", None, None, None),
        };
        Ok(LogEntry {
            index,
            kind,
            case,
            seat,
            at,
        })
    }

    /// How many entries there are of each kind, as the program's events name them.
    ///
    /// # Errors
    /// A database that fails.
    pub async fn entries_by_kind(&self) -> Result<BTreeMap<&'static str, u64>, Failure> {
        let size = self.store().log_size().await?;
        let mut kinds: BTreeMap<&'static str, u64> = BTreeMap::new();
        for (kind, ..) in self.known_entries().await?.values() {
            *kinds.entry(kind).or_default() += 1;
        }
        let named: u64 = kinds.values().sum();
        if size > named {
            kinds.insert("secrets and rosters", size - named);
        }
        Ok(kinds)
    }

    async fn known_entries(&self) -> Result<BTreeMap<Leaf, Known>, Failure> {
        let mut known: BTreeMap<Leaf, Known> = BTreeMap::new();
        for case in self.case_ids().await? {
            for (at, _, fact) in self.recorded(&case).await? {
                match fact {
                    CaseFact::CopiesPressed { code, packages, .. } => {
                        known
                            .entry(code)
                            .or_insert(("code", case.clone(), None, at));
                        for own in packages {
                            let seat = Some(own.seat);
                            known.insert(own.leaf, ("package", case.clone(), seat, at));
                        }
                    }
                    CaseFact::PackageFetched { seat, receipt, .. } => {
                        known.insert(receipt, ("receipt", case.clone(), Some(seat), at));
                    }
                    _ => {}
                }
            }
        }
        Ok(known)
    }
}
