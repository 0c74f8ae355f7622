//! Everything that evidence says of one accused: keys, copies, score, risk, receipts.

use domain::chain::{Link, entry_digest};
use domain::ids::ArtifactId;
use domain::sealed::Digest;
use fingerprint::{Code, Counts, Key, Method};
use jiff::Timestamp;

use super::presses::{Grown, Presses};
use super::{Failed, Given, Judge, Step, are_distinct, engine_bar, failed};
use crate::book::BookMaster;
use crate::evidence::{Accused, OpenedLeaf, OpenedSeat};
use crate::leaf::{Owner, PackageLeaf, ReceiptLeaf};
use crate::press::copies_from;
use crate::record::is_before;

/// Most receipts of one seat that evidence shows: its first and its last.
const RECEIPTS_OF_SEAT_MAX: usize = 2;

/// What the accused are judged by.
pub(super) struct Bench<'a> {
    pub presses: &'a Presses,
    pub masters: &'a [BookMaster],
    pub code: &'a Code,
    pub code_digest: Digest,
    pub readings: &'a [fingerprint::Reading],
}

/// One accused whose keys come from their seeds.
pub(super) struct Opened<'a> {
    accused: &'a Accused,
    partner: Grown,
    seats: Vec<Seat<'a>>,
}

/// One accused whose finding comes out again.
pub(super) struct Scored<'a> {
    opened: Opened<'a>,
    /// Group and slot of the finding.
    pub place: (u32, Option<u32>),
    /// The presses that the keys rest on, from 0.
    pub presses: Vec<usize>,
    /// Where the log has each package that the finding rests on, and its press.
    packages: Vec<(u64, usize)>,
}

/// A seat with a copy, its commitments opened and found in the log.
struct Seat<'a> {
    opened: &'a OpenedSeat,
    leaf: PackageLeaf,
    key: Key,
    slot: u32,
    press: usize,
}

impl Judge<'_> {
    /// The keys of the accused come from their seeds.
    pub(super) fn open<'a>(
        &self,
        accused: &'a Accused,
        bench: &Bench<'_>,
    ) -> Result<Opened<'a>, Failed> {
        let partner = bench.presses.grow(&accused.partner_seed)?;
        let is_partners = partner.seed.owner == Owner::Partner;
        if !is_partners || partner.seed.partner.as_str() != accused.partner {
            return Err(failed(
                Step::Keys,
                "the seed of the partner's layer is another's",
            ));
        }
        let mut seats = Vec::new();
        for opened in &accused.seats {
            seats.push(self.seat(opened, &partner, bench)?);
        }
        Ok(Opened {
            accused,
            partner,
            seats,
        })
    }

    /// The accused's copies come out again from masters, code and keys.
    pub(super) fn copies(&self, opened: &Opened<'_>, bench: &Bench<'_>) -> Result<(), Failed> {
        let mut seats = opened.seats.iter();
        seats.try_for_each(|seat| copy(bench, &opened.partner.key, seat))
    }

    /// A seat of the accused partner: its package is in the log, and its keys come from their seeds.
    fn seat<'a>(
        &self,
        opened: &'a OpenedSeat,
        partner: &Grown,
        bench: &Bench<'_>,
    ) -> Result<Seat<'a>, Failed> {
        let wrong = |reason: String| failed(Step::Keys, reason);
        let leaf = self.package(opened, bench)?;
        if leaf.partner != partner.seed.partner {
            return Err(wrong(format!(
                "the leaf is of seat {} of {}",
                leaf.seat, leaf.partner
            )));
        }
        if *leaf.partner_key.as_bytes() != partner.key.commitment() {
            return Err(wrong(format!(
                "the partner's key is not the one that seat {} has in the log",
                leaf.seat
            )));
        }
        let (own, slot) = self.own_seed(opened, &leaf, bench)?;
        if own.seed.group != partner.seed.group {
            return Err(wrong(format!(
                "the seed of seat {} is of another partner",
                leaf.seat
            )));
        }
        Ok(Seat {
            opened,
            leaf,
            key: own.key,
            slot,
            press: own.press,
        })
    }

    /// The leaf of a package of this case and code.
    fn package(&self, opened: &OpenedSeat, bench: &Bench<'_>) -> Result<PackageLeaf, Failed> {
        self.included(&opened.leaf)?;
        let leaf = PackageLeaf::parse(&opened.leaf.text)
            .map_err(|error| failed(Step::Inclusion, error))?;
        if leaf.case.as_str() != self.body.case || leaf.seat.as_str() != opened.seat {
            return Err(failed(
                Step::Keys,
                format!("the leaf is of seat {} of {}", leaf.seat, leaf.partner),
            ));
        }
        if leaf.code != bench.code_digest {
            return Err(failed(
                Step::Code,
                format!("seat {} has a copy by another code", opened.seat),
            ));
        }
        Ok(leaf)
    }

    /// The seat's own seed: of the press that its package names.
    fn own_seed(
        &self,
        opened: &OpenedSeat,
        leaf: &PackageLeaf,
        bench: &Bench<'_>,
    ) -> Result<(Grown, u32), Failed> {
        let wrong = |reason: String| failed(Step::Keys, reason);
        let own = bench.presses.grow(&opened.seed)?;
        let slot = match &own.seed.owner {
            Owner::Seat { seat, slot } if *seat == leaf.seat => *slot,
            _ => {
                return Err(wrong(format!(
                    "the seed that is shown for seat {} is another's",
                    leaf.seat
                )));
            }
        };
        let press = bench
            .presses
            .0
            .get(own.press)
            .filter(|press| press.entry == leaf.roster && own.seed.partner == leaf.partner);
        press.ok_or_else(|| {
            wrong(format!(
                "the package of seat {} names another roster than gave it its number",
                leaf.seat
            ))
        })?;
        if *leaf.seat_key.as_bytes() != own.key.commitment() {
            return Err(wrong(format!(
                "the key of seat {} is not the one in the log",
                leaf.seat
            )));
        }
        Ok((own, slot))
    }

    /// The copies that a finding is conditioned on must be copies that the log fixed: a key that was made up
    /// afterwards could be chosen so that somebody's score rises.
    fn given(
        &self,
        accused: &Accused,
        bench: &Bench<'_>,
        method: &Method,
    ) -> Result<Vec<(u64, usize)>, Failed> {
        let wrong = |reason: &str| failed(Step::Keys, reason);
        if accused.given.len() != method.given.len() {
            return Err(wrong("a copy that the finding rests on is not opened"));
        }
        let mut packages = Vec::new();
        for (opened, key) in accused.given.iter().zip(&method.given) {
            let leaf = self.package(opened, bench)?;
            let (grown, fixed) = if method.slot.is_some() {
                (self.own_seed(opened, &leaf, bench)?.0, leaf.seat_key)
            } else {
                (bench.presses.grow(&opened.seed)?, leaf.partner_key)
            };
            let is_partners = method.slot.is_some() || grown.seed.owner == Owner::Partner;
            let is_fixed = is_partners
                && grown.seed.partner == leaf.partner
                && grown.key.expose() == key.expose()
                && *fixed.as_bytes() == key.commitment();
            if !is_fixed {
                return Err(wrong(
                    "the finding rests on a copy that the log did not fix",
                ));
            }
            packages.push((opened.leaf.index, grown.press));
        }
        Ok(packages)
    }

    /// Score and risk come out again.
    pub(super) fn score<'a>(
        &self,
        opened: Opened<'a>,
        bench: &Bench<'_>,
    ) -> Result<Scored<'a>, Failed> {
        let (accused, seats) = (opened.accused, &opened.seats);
        let counts = counts(bench.presses, opened.partner.seed.group, seats)?;
        let method = method(accused, &opened.partner, seats)?;
        let given = self.given(accused, bench, &method)?;
        let own = accused_seat(accused, seats)?;
        let finding = fingerprint::recompute(
            bench.code,
            bench.readings,
            &opened.partner.key,
            own.map(|own| &own.key),
            &counts,
            &engine_bar(&self.body.bar),
            &method,
        )
        .map_err(|error| failed(Step::Score, error))?;
        let stated = &accused.finding;
        for (step, what, stated, found) in [
            (
                Step::Score,
                "evidence",
                stated.evidence_bits,
                finding.evidence_bits,
            ),
            (
                Step::Score,
                "e-value",
                stated.e_value_bits,
                finding.e_value_bits,
            ),
            (Step::Risk, "tail", stated.tail_risk, finding.tail_risk),
            (
                Step::Risk,
                "risk",
                stated.innocent_risk,
                finding.innocent_risk,
            ),
        ] {
            if stated.to_bits() != found.to_bits() {
                return Err(failed(
                    step,
                    format!("the {what} is stated as {stated:e} and comes out as {found:e}"),
                ));
            }
        }
        let mut packages: Vec<(u64, usize)> = seats
            .iter()
            .map(|seat| (seat.opened.leaf.index, seat.press))
            .collect();
        packages.extend(given);
        let presses = packages.iter().map(|(_, press)| *press);
        Ok(Scored {
            presses: presses.chain([opened.partner.press]).collect(),
            place: (method.group, method.slot),
            opened,
            packages,
        })
    }

    /// The receipts are of the accused's packages, and each follows what was logged for its seat before.
    pub(super) fn receipts(&self, scored: &Scored<'_>) -> Result<Vec<Given>, Failed> {
        let wrong = |reason: &str| failed(Step::Receipts, reason);
        let (accused, seats) = (scored.opened.accused, &scored.opened.seats);
        if accused.receipts.is_empty() {
            return Err(wrong("nobody of the accused ever fetched a copy"));
        }
        let mut given: Vec<Given> = Vec::new();
        let mut last: Option<Entry> = None;
        for opened in &accused.receipts {
            self.included(opened)
                .map_err(|error| failed(Step::Receipts, error.reason))?;
            let receipt =
                ReceiptLeaf::parse(&opened.text).map_err(|error| failed(Step::Receipts, error))?;
            let place = seats
                .iter()
                .position(|own| {
                    own.leaf.seat == receipt.seat
                        && own.leaf.package == receipt.package
                        && own.leaf.partner == receipt.partner
                })
                .filter(|_| receipt.case.as_str() == self.body.case)
                .filter(|_| {
                    let is_accused = |seat| seat == receipt.seat.as_str();
                    accused.seat.as_deref().is_none_or(is_accused)
                })
                .ok_or_else(|| wrong("a receipt is of another seat or package"))?;
            let before = match last {
                Some(last) if last.seat > place => {
                    return Err(wrong("the receipts are not in the order of the seats"));
                }
                Some(last) if last.seat == place => last,
                _ => Entry::of_package(place, seats)?,
            };
            let next = before.then(opened, &receipt)?;
            if next.count > RECEIPTS_OF_SEAT_MAX {
                return Err(wrong("more than the first and the last receipt of a seat"));
            }
            last = Some(next);
            given.push(Given {
                seat: receipt.seat,
                package: receipt.package,
                at: receipt.at,
                index: opened.index,
            });
        }
        Ok(given)
    }

    /// Code and what was mixed in are older than the packages, and these than their receipts.
    pub(super) fn order(&self, scored: &Scored<'_>, bench: &Bench<'_>) -> Result<(), Failed> {
        let wrong = |reason: &str| failed(Step::Order, reason);
        let opened = &scored.opened;
        for (index, press) in &scored.packages {
            let mixed = bench
                .presses
                .0
                .get(*press)
                .map(|press| press.mixed.checkpoint.size());
            if *index <= self.body.code_leaf.index || mixed.is_none_or(|mixed| *index < mixed) {
                return Err(wrong(
                    "a package stands in the log before its code, or before what was mixed in",
                ));
            }
        }
        let mut last: Option<(usize, u64)> = None;
        for receipt in &opened.accused.receipts {
            let leaf =
                ReceiptLeaf::parse(&receipt.text).map_err(|error| wrong(&error.to_string()))?;
            let seat = opened
                .seats
                .iter()
                .position(|own| own.leaf.seat == leaf.seat);
            let package = seat.and_then(|seat| opened.seats.get(seat));
            let after = match (seat, last, package) {
                (Some(seat), Some((before, index)), _) if seat == before => index,
                (_, _, Some(package)) => package.opened.leaf.index,
                _ => return Err(wrong("a receipt is of another seat")),
            };
            if receipt.index <= after {
                return Err(wrong(
                    "a receipt stands in the log before its package, or before an earlier receipt",
                ));
            }
            last = seat.map(|seat| (seat, receipt.index));
        }
        Ok(())
    }
}

/// An entry of a seat's chain, to hold the next one against.
#[derive(Clone, Copy)]
struct Entry {
    /// The place among the opened seats.
    seat: usize,
    link: Link,
    digest: Digest,
    /// Of a receipt.
    at: Option<Timestamp>,
    /// Receipts up to this one.
    count: usize,
}

impl Entry {
    fn of_package(seat: usize, seats: &[Seat<'_>]) -> Result<Self, Failed> {
        let own = seats
            .get(seat)
            .ok_or_else(|| failed(Step::Receipts, "a receipt is of another seat or package"))?;
        Ok(Self {
            seat,
            link: own.leaf.link,
            digest: digest_of(&own.opened.leaf)?,
            at: None,
            count: 0,
        })
    }

    /// The entry after this one: later in the chain and in time.
    fn then(self, opened: &OpenedLeaf, receipt: &ReceiptLeaf) -> Result<Self, Failed> {
        let is_next = self.link.ordinal.checked_add(1) == Some(receipt.link.ordinal);
        let follows = receipt.link.ordinal > self.link.ordinal
            && (!is_next || receipt.link.previous == Some(self.digest));
        if !follows {
            return Err(failed(
                Step::Receipts,
                "a receipt does not follow what was logged for its seat before",
            ));
        }
        if self.at.is_some_and(|at| is_before(receipt.at, at)) {
            return Err(failed(
                Step::Receipts,
                "a later receipt of a seat is of an earlier time",
            ));
        }
        Ok(Self {
            link: receipt.link,
            digest: digest_of(opened)?,
            at: Some(receipt.at),
            count: self.count + 1,
            ..self
        })
    }
}

fn digest_of(leaf: &OpenedLeaf) -> Result<Digest, Failed> {
    let commitment = leaf
        .commitment()
        .ok_or_else(|| failed(Step::Inclusion, "a salt is not 64 digits"))?;
    Ok(entry_digest(&commitment.leaf()))
}

/// How the finding was made: of this copy, and with no copy counted twice.
fn method(accused: &Accused, partner: &Grown, seats: &[Seat<'_>]) -> Result<Method, Failed> {
    let wrong = |reason: &str| failed(Step::Score, reason);
    let own = accused_seat(accused, seats)?;
    let method =
        Method::from_bytes(&accused.method.0).map_err(|error| failed(Step::Score, error))?;
    if method.group != partner.seed.group || method.slot != own.map(|own| own.slot) {
        return Err(wrong("the method is of another copy"));
    }
    let is_opened = |key: &Key| seats.iter().any(|own| own.key.expose() == key.expose());
    if !method.seats.iter().all(is_opened) {
        return Err(wrong("the method joins a copy that is not opened"));
    }
    let counts_twice = !are_distinct(method.seats.iter().map(|key| *key.expose()))
        || !are_distinct(method.given.iter().map(|key| *key.expose()));
    if counts_twice {
        return Err(wrong("the method counts a copy twice"));
    }
    let judged = own.map_or(&partner.key, |own| &own.key);
    if method
        .given
        .iter()
        .any(|key| key.expose() == judged.expose())
    {
        return Err(wrong(
            "the finding is conditioned on the accused's own copy",
        ));
    }
    Ok(method)
}

/// The opened seat that is named, where one is.
fn accused_seat<'a, 'b>(
    accused: &Accused,
    seats: &'a [Seat<'b>],
) -> Result<Option<&'a Seat<'b>>, Failed> {
    let find = |seat: &str| {
        let found = seats.iter().find(|own| own.leaf.seat.as_str() == seat);
        found.ok_or_else(|| failed(Step::Score, format!("seat `{seat}` is not opened")))
    };
    accused.seat.as_deref().map(find).transpose()
}

/// How many there are to choose among. Exactly the partner's own seats are opened, each once, in the order of their
/// slots: one that stood for two would hide another, and its evidence would count twice.
fn counts(presses: &Presses, group: u32, seats: &[Seat<'_>]) -> Result<Counts, Failed> {
    let wrong = |reason: &str| failed(Step::Score, reason);
    let sizes = &presses.counted().sizes;
    let of_group = usize::try_from(group)
        .ok()
        .and_then(|group| sizes.get(group))
        .ok_or_else(|| wrong("the partner is not among those that the log fixed"))?;
    if seats.len() as u64 != u64::from(*of_group) {
        return Err(wrong("not exactly the partner's own seats are opened"));
    }
    if !are_distinct(seats.iter().map(|own| own.slot)) {
        return Err(wrong("a seat is opened twice"));
    }
    if !seats.is_sorted_by_key(|own| own.slot) {
        return Err(wrong("the seats are not in the order of their numbers"));
    }
    Ok(Counts {
        groups: sizes.len() as u64,
        slots: sizes.iter().map(|size| u64::from(*size)).sum(),
        group_slots: u64::from(*of_group),
    })
}

fn copy(bench: &Bench<'_>, partner_key: &Key, seat: &Seat<'_>) -> Result<(), Failed> {
    let leaf = &seat.leaf;
    let artifacts: Vec<ArtifactId> = leaf.copies.iter().map(|(a, _)| a.clone()).collect();
    let copies = copies_from(
        bench.masters,
        bench.code,
        partner_key,
        &seat.key,
        &artifacts,
    )
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
