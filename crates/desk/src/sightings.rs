//! What sensors look for, and what they have seen.

use std::collections::BTreeMap;

use domain::case::Case;
use domain::decide::CaseCommand;
use domain::ids::{BlobId, CaseId, SightingId};
use domain::person::Actor;
use domain::sealed::Digest;
use flow::detection::{Detection, detection};
use flow::watch::{KEPT_BYTES_MAX, Watchlist};
use jiff::Timestamp;
use seal::ProgramKey;

use crate::desk::{Beside, too_busy};
use crate::records::open_bytes;
use crate::{Desk, Failure};

/// A sighting that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighted {
    /// Its name.
    pub sighting: SightingId,
    /// Whether the same records were recorded before.
    pub is_known: bool,
}

/// What a feed shows of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The case.
    pub case: CaseId,
    /// Records that show enough.
    pub records: u64,
    /// These records, one a line, as far as one sighting keeps them.
    pub kept: Vec<u8>,
}

impl Desk {
    /// What sensors can look for of a pressed case.
    ///
    /// # Errors
    /// A case that was never pressed.
    pub async fn detection(&self, id: &CaseId, key: &ProgramKey) -> Result<Detection, Failure> {
        let case = self.case(id).await?;
        let (book, _) = self.book(&case, key).await?;
        Ok(detection(&book))
    }

    /// What can be looked for of every pressed case that is still under embargo.
    ///
    /// # Errors
    /// A database that fails, or a record that the key does not open.
    pub async fn watchlist(&self, key: &ProgramKey) -> Result<Vec<(CaseId, Detection)>, Failure> {
        let mut list = Vec::new();
        for case in self.cases().await? {
            if case.is_pressed() && is_under_embargo(&case, self.now()) {
                list.push((case.id().clone(), self.detection(case.id(), key).await?));
            }
        }
        Ok(list)
    }

    /// Looks through a feed for what the copies of cases hold. `case`: only one, under embargo or not; otherwise every
    /// pressed case that still is. Nothing is recorded.
    ///
    /// # Errors
    /// A case that was never pressed, no case under embargo, or a record that the key does not open.
    pub async fn look(
        &self,
        key: &ProgramKey,
        feed: Vec<u8>,
        case: Option<&CaseId>,
    ) -> Result<Vec<Seen>, Failure> {
        let detections = match case {
            Some(case) => vec![(case.clone(), self.detection(case, key).await?)],
            None => self.watchlist(key).await?,
        };
        if detections.is_empty() {
            return Err(
                Failure::usage("no-embargo", "no pressed case is under embargo now")
                    .hint("name the case to look for"),
            );
        }
        let list = Watchlist::of(detections.iter().map(|(_, detection)| detection))
            .map_err(|error| Failure::usage("tokens", error.to_string()).hint(error.hint()))?;
        let looking = tokio::task::spawn_blocking(move || {
            let mut seen: BTreeMap<usize, (u64, Vec<u8>)> = BTreeMap::new();
            list.look(&feed, &mut |record| {
                let (records, kept) = seen.entry(record.detection).or_default();
                *records += 1;
                if kept.len() + record.bytes.len() < KEPT_BYTES_MAX {
                    kept.extend_from_slice(record.bytes);
                    kept.push(b'\n');
                }
            });
            seen
        });
        let seen = looking
            .await
            .map_err(|_| Failure::machine("feed", "the feed could not be looked through"))?;
        let seen = seen.into_iter().filter_map(|(index, (records, kept))| {
            let (case, _) = detections.get(index)?;
            Some(Seen {
                case: case.clone(),
                records,
                kept,
            })
        });
        Ok(seen.collect())
    }

    /// Records what was seen of a case: the records are sealed, that there was a sighting is an event.
    ///
    /// The same records are recorded once.
    ///
    /// # Errors
    /// An unknown case, or a database that fails.
    pub async fn sight(&self, id: &CaseId, records: &[u8]) -> Result<Sighted, Failure> {
        self.sight_as(id, records, &Actor::Desk).await
    }

    /// As [`Desk::sight`], by somebody.
    ///
    /// # Errors
    /// As [`Desk::sight`].
    pub async fn sight_as(
        &self,
        id: &CaseId,
        records: &[u8],
        by: &Actor,
    ) -> Result<Sighted, Failure> {
        let sighting = SightingId::of(&Digest::of(records));
        for _ in 0..20 {
            let loaded = self.load(id).await?;
            let blob = self.seal_bytes(records)?;
            let command = CaseCommand::Sight {
                sighting: sighting.clone(),
                report: BlobId::of(&blob),
            };
            let is_known = loaded
                .case
                .sightings()
                .iter()
                .any(|seen| seen.sighting == sighting);
            if is_known {
                return Ok(Sighted { sighting, is_known });
            }
            let beside = Beside {
                blobs: vec![blob],
                ..Beside::default()
            };
            // CRASH: before, the feed is read again; after, the event and its records are there together.
            let decided = self.decide_case(&loaded, command, by, beside).await?;
            if decided.is_some() {
                return Ok(Sighted { sighting, is_known });
            }
        }
        Err(too_busy())
    }

    /// The records of a sighting.
    ///
    /// # Errors
    /// An unknown sighting, or a record that the key does not open.
    pub async fn sighting(
        &self,
        id: &CaseId,
        sighting: &SightingId,
        key: &ProgramKey,
    ) -> Result<Vec<u8>, Failure> {
        let case = self.case(id).await?;
        let seen = case.sightings().iter().find(|s| s.sighting == *sighting);
        let report = seen.ok_or_else(|| {
            Failure::usage(
                "unknown-sighting",
                format!("case {id} has no sighting `{sighting}`"),
            )
            .hint(format!("`headstart sighting list {id}` lists them"))
        })?;
        let sealed = self.blob(&report.report).await?;
        Ok(open_bytes(key, "the sighting", &sealed)?.to_vec())
    }
}

fn is_under_embargo(case: &Case, now: Timestamp) -> bool {
    let is_over = case.released_at().is_some()
        || case.ended().is_some()
        || case.release().is_some_and(|release| release <= now);
    !is_over
}
