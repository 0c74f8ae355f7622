//! Evidence of a recorded trace, with the proofs that outsiders need.

use std::collections::{BTreeMap, BTreeSet};

use domain::case::{Case, CaseFact};
use domain::commitment::Commitment;
use domain::ids::{PartnerId, SeatId, TraceId};
use flow::evidence::{Earlier, Evidence, OpenedLeaf, Press};
use flow::testify::{Proofs, testify};
use seal::ProgramKey;

use crate::cases::secret;
use crate::records::{PressRecord, open};
use crate::traces::Retraced;
use crate::{Desk, Failure};

impl Desk {
    /// Puts the evidence of a recorded trace together and signs it.
    ///
    /// `since`: sizes of earlier checkpoints that others keep; the evidence shows that its log grew from them.
    ///
    /// # Errors
    /// An unknown trace; a trace that names nobody (exit class 1); a leaf that the log does not hold; a size of which
    /// no checkpoint was signed.
    pub async fn evidence(
        &self,
        key: &ProgramKey,
        trace: &TraceId,
        since: &[u64],
    ) -> Result<Evidence, Failure> {
        let Retraced {
            case,
            book,
            verdict,
            files,
            ..
        } = self.retrace(key, trace).await?;
        let presses = self.presses(case.id(), key).await?;
        let record = presses
            .last()
            .ok_or_else(|| Failure::machine("codebook", "the case was never pressed"))?;
        // Witnesses that do not answer now leave the evidence as it is: what they cosigned before is in it.
        self.ask_witnesses().await?;
        let checkpoint = self.newest().await?;
        let mut shown_presses = Vec::new();
        for press in &presses {
            shown_presses.push(self.shown_press(press, &checkpoint).await?);
        }
        let (_, secret) = secret(&case, key)?;
        let mut proofs = Proofs {
            program: &self.config().program,
            log_key: &self.config().log_key,
            checkpoint: &checkpoint,
            code: self.opened(&record.code_leaf, &checkpoint).await?,
            secret: self.opened(&secret, &checkpoint).await?,
            presses: shown_presses,
            history: Vec::new(),
            packages: self.package_leaves(&case, key, &checkpoint).await?,
            receipts: self.receipt_leaves(&case, key, &checkpoint).await?,
        };
        let accused: BTreeSet<&PartnerId> =
            verdict.accused.iter().map(|named| &named.partner).collect();
        let mut shown = vec![proofs.code.index];
        shown.extend(proofs.presses.iter().map(|press| press.roster.index));
        for package in case.packages().filter(|own| accused.contains(&own.partner)) {
            shown.extend(proofs.packages.get(&package.seat).map(|leaf| leaf.index));
            let receipts = proofs.receipts.get(&package.seat);
            shown.extend(receipts.into_iter().flatten().map(|leaf| leaf.index));
        }
        proofs.history = self.earlier(&shown, since, &checkpoint).await?;
        let body = testify(&book, &verdict, &files, trace.as_str(), &proofs, self.now()).map_err(
            |error| {
                let reason = verdict.reason.clone().unwrap_or_default();
                Failure::no("withheld", format!("{error}: {reason}"))
            },
        )?;
        let signature = self
            .signer()
            .sign(&body.signed_text())
            .map_err(|error| Failure::machine("signature", error.to_string()))?;
        Ok(Evidence { body, signature })
    }

    /// A press with what was mixed into its keys.
    async fn shown_press(&self, press: &PressRecord, checkpoint: &str) -> Result<Press, Failure> {
        let (from, to) = (self.size_of(&press.beacon)?, self.size_of(checkpoint)?);
        let proof = self.store().consistency(from, to).await?;
        let witnesses = match &press.watch_leaf {
            Some(leaf) => Some(self.opened(leaf, checkpoint).await?),
            None => None,
        };
        Ok(Press {
            roster: self.opened(&press.roster_leaf, checkpoint).await?,
            witnesses,
            beacon: Earlier {
                checkpoint: press.beacon.clone(),
                proof: proof.hashes.iter().map(|hash| hash.to_base64()).collect(),
            },
        })
    }

    async fn package_leaves(
        &self,
        case: &Case,
        key: &ProgramKey,
        checkpoint: &str,
    ) -> Result<BTreeMap<SeatId, OpenedLeaf>, Failure> {
        let mut leaves = BTreeMap::new();
        for package in case.packages() {
            let Some(opening) = &package.opening else {
                continue;
            };
            let commitment: Commitment = open(key, "the opening of a package", opening)?;
            let opened = self.opened(&commitment, checkpoint).await?;
            leaves.insert(package.seat.clone(), opened);
        }
        Ok(leaves)
    }

    /// The first and the last receipt of each seat.
    async fn receipt_leaves(
        &self,
        case: &Case,
        key: &ProgramKey,
        checkpoint: &str,
    ) -> Result<BTreeMap<SeatId, Vec<OpenedLeaf>>, Failure> {
        let mut openings: BTreeMap<SeatId, Vec<domain::sealed::Sealed>> = BTreeMap::new();
        for (_, _, fact) in self.recorded(case.id()).await? {
            let CaseFact::PackageFetched {
                seat,
                opening: Some(opening),
                ..
            } = fact
            else {
                continue;
            };
            let of_seat = openings.entry(seat).or_default();
            of_seat.truncate(1);
            of_seat.push(opening);
        }
        let mut leaves = BTreeMap::new();
        for (seat, sealed) in openings {
            let mut opened = Vec::new();
            for opening in sealed {
                let commitment: Commitment = open(key, "a receipt", &opening)?;
                opened.push(self.opened(&commitment, checkpoint).await?);
            }
            leaves.insert(seat, opened);
        }
        Ok(leaves)
    }
}
