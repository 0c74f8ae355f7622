//! The press: every seat's copies, sealed and committed to the log.

use std::collections::BTreeMap;

use domain::case::{Case, CaseFact};
use domain::chain::{Chain, Given, Link, entry_digest};
use domain::commitment::Commitment;
use domain::decide::CaseCommand;
use domain::ids::{BlobId, CaseId, SeatId};
use domain::package::PressedPackage;
use domain::plan::Entitlement;
use domain::sealed::{Digest, Sealed};
use domain::wave::WaveName;
use fingerprint::Code;
use flow::beacon::Beacon;
use flow::book::{Book, BookMaster, digests};
use flow::evidence::Bytes;
use flow::leaf::{LeafError, PackageLeaf, RosterLeaf, WatchLeaf, text_digest};
use flow::manifest::{MANIFEST_NAME, Manifest};
use flow::press::{Copy, code_leaf, copies, package_leaf, roster_leaf};
use flow::seats::{Seating, Seats, SeatsError};
use seal::{FileEntry, ProgramKey};

use crate::cases::secret;
use crate::checks::Readable;
use crate::config::ClockKind;
use crate::desk::{Beside, Loaded, too_busy};
use crate::ledger::note;
use crate::records::{PressRecord, open, seal_opening};
use crate::{Desk, Failure};

/// Tells how far a long work is: its share of all, between 0 and 1, and what is being done.
pub type Tell<'a> = dyn Fn(f64, &str) + Send + Sync + 'a;

// Where the steps of a press begin, as shares of all. Only the seats' own steps are counted one by one.
const CHECKING: f64 = 0.02;
const PLANNING: f64 = 0.1;
const COPYING: f64 = 0.15;
const SEALING: f64 = 0.55;
const LOGGING: f64 = 0.9;

/// The share of all at which the `done`th of `all` like parts between two steps begins.
fn within(from: f64, to: f64, done: usize, all: usize) -> f64 {
    from + (to - from) * done as f64 / all.max(1) as f64
}

/// What a press did.
#[derive(Debug, Clone)]
pub struct Pressed {
    /// The seats that got a package, in slot order.
    pub seats: Vec<SeatId>,
    /// Copies that were made.
    pub copies: usize,
    /// Bytes of all packages.
    pub bytes: u64,
    /// Entries of the log afterwards.
    pub log_size: u64,
}

/// One seat's package before it is sealed.
struct Draft<'a> {
    seating: &'a Seating,
    wave: WaveName,
    recipient: seal::Recipient,
    salt: [u8; 32],
    /// With no package's digest yet.
    leaf: PackageLeaf,
    link: Link,
    manifest: FileEntry,
    files: Vec<FileEntry>,
    copies: Vec<Copy>,
}

/// What a package's leaf names beside the package.
struct Filing {
    /// Digest of the entry of the roster that is logged with it.
    roster: Digest,
    /// Where it stands in its seat's chain.
    link: Link,
}

impl Draft<'_> {
    fn size(&self) -> u64 {
        seal::packed_size(&self.manifest, &self.files)
    }
}

impl Desk {
    /// Makes the copies of every seat that may have some and has none yet, seals them, and commits them to the log.
    ///
    /// # Errors
    /// No artifacts, no marks, nobody who may have anything, or a database that fails;
    /// before the first press of a case, what the lint finds and a copy that does not pass its master's check.
    pub async fn press(&self, id: &CaseId, key: &ProgramKey) -> Result<Pressed, Failure> {
        self.press_telling(id, key, &|_, _| ()).await
    }

    /// As [`Desk::press`], and tells how far it is.
    ///
    /// # Errors
    /// As [`Desk::press`].
    pub async fn press_telling(
        &self,
        id: &CaseId,
        key: &ProgramKey,
        tell: &Tell<'_>,
    ) -> Result<Pressed, Failure> {
        for _ in 0..5 {
            let loaded = self.load(id).await?;
            if let Some(pressed) = self.try_press(&loaded, key, tell).await? {
                return Ok(pressed);
            }
        }
        Err(too_busy())
    }

    async fn try_press(
        &self,
        loaded: &Loaded,
        key: &ProgramKey,
        tell: &Tell<'_>,
    ) -> Result<Option<Pressed>, Failure> {
        let case = &loaded.case;
        let mut entitled = case.entitlements(&loaded.program, self.policy());
        if entitled.is_empty() {
            return Err(nothing_to_press(case));
        }
        tell(0.0, "opening the masters");
        let mut masters = self.masters(case, key).await?;
        // Later seats of a case get copies of what was checked then.
        if !case.is_pressed() {
            tell(CHECKING, "checking sampled copies");
            self.check_case(case, key).await?;
        }
        tell(PLANNING, "planning the code");
        let readable = Readable::of(&masters);
        let details = self.details(case, key)?;
        let bar = loaded.program.settings().accusation_risk();
        let presses = self.presses(case.id(), key).await?;
        in_order(&mut masters, &presses);
        let seats = seats_of(case, &presses)?;
        seats.in_order(&mut entitled, |may| may.partner.clone());
        let text = text_digest(
            &digests(&masters),
            presses.first().map_or(bar, |before| before.innocent_risk),
        );
        let fixed = self.fix_roster(case, seats, &presses, &entitled, text, key);
        let Some(Fixed { seats, record }) = fixed.await? else {
            return Ok(None);
        };
        let first = seats.seatings().len() - entitled.len();
        let book = take_up(case, masters, seats, &presses, &record, bar, key)?;

        let mut beside = Beside::default();
        let code = match presses.first() {
            Some(before) => before.code_leaf.clone(),
            None => Commitment::new(
                code_leaf(&book, bar).to_text().into_bytes(),
                book.secret().salt("code"),
            ),
        };
        if presses.is_empty() {
            beside.leaves.push(code.leaf());
        }
        let record = PressRecord {
            code_leaf: code.clone(),
            roster_leaf: record.roster,
            watch_leaf: record.watch,
            code: Bytes(book.code().to_bytes()),
            beacon: record.beacon,
            artifacts: book.masters().iter().map(|m| m.artifact.clone()).collect(),
            innocent_risk: presses.first().map_or(bar, |before| before.innocent_risk),
        };

        let mut pressed = Pressed {
            seats: Vec::new(),
            copies: 0,
            bytes: 0,
            log_size: 0,
        };
        let roster_digest = entry_digest(&record.roster_leaf.leaf());
        let mut drafts = Vec::new();
        let all = entitled.len();
        for (done, (seating, may)) in book.seatings()[first..].iter().zip(&entitled).enumerate() {
            tell(
                within(COPYING, SEALING, done, all),
                &format!("copies: {done} of {all} seats"),
            );
            let link = self.link(&seating.seat).await?;
            drafts.push(self.unsealed(
                loaded,
                &book,
                &details.title,
                seating,
                may,
                Filing {
                    roster: roster_digest,
                    link,
                },
            )?);
        }
        for draft in &drafts {
            readable.check(&draft.copies)?;
        }
        // Copies differ by some bytes: all packages get the size of the largest, so that none tells its seat.
        let size = drafts.iter().map(Draft::size).max().unwrap_or(0);
        let mut packages = Vec::new();
        for (done, draft) in drafts.iter().enumerate() {
            tell(
                within(SEALING, LOGGING, done, all),
                &format!("sealing: {done} of {all} packages"),
            );
            let package = seal::pack(&draft.recipient, &draft.manifest, &draft.files, size)
                .map_err(|error| Failure::usage("package", error.to_string()).hint(error.hint()))?;
            let seating = draft.seating;
            let leaf = PackageLeaf {
                package: Digest::of(&package),
                ..draft.leaf.clone()
            };
            let opening = Commitment::new(leaf.to_text().into_bytes(), draft.salt);
            beside.leaves.push(opening.leaf());
            let made = Chain::made(
                case.id(),
                Given::Package,
                opening.leaf(),
                self.by(),
                self.now(),
            );
            beside.chains.push((seating.seat.clone(), draft.link, made));
            pressed.seats.push(seating.seat.clone());
            pressed.copies += draft.copies.len();
            pressed.bytes += package.len() as u64;
            packages.push(PressedPackage {
                slot: seating.slot,
                seat: seating.seat.clone(),
                partner: seating.partner.clone(),
                wave: draft.wave,
                artifacts: seating.artifacts.clone(),
                blob: BlobId::of(&package),
                leaf: opening.leaf(),
                opening: Some(seal_opening(&self.sealer(&draft.recipient)?, &opening)?),
            });
            beside.blobs.push(package);
        }
        tell(LOGGING, "committing to the log");
        beside.index = Some(self.index_record(&book, key)?);
        let command = CaseCommand::Press {
            code: code.leaf(),
            code_opening: Some(self.seal(&record)?),
            packages,
        };
        // CRASH: before, nothing of this press exists; after, all of it does, and its leaves are staged.
        let decided = self.decide_case(loaded, command, self.by(), beside).await?;
        if decided.is_none() {
            return Ok(None);
        }
        // CRASH: the next command integrates the leaves; until then no package is `Logged`, so none is given.
        self.integrate().await?;
        pressed.log_size = self.store().log_size().await?;
        Ok(Some(pressed))
    }

    /// Puts the roster of a press into the log, and takes the checkpoint that is mixed in afterwards.
    ///
    /// `None` when the witnesses changed meanwhile and the roster must be made anew.
    async fn fix_roster(
        &self,
        case: &Case,
        mut seats: Seats,
        presses: &[PressRecord],
        entitled: &[Entitlement],
        text: Digest,
        key: &ProgramKey,
    ) -> Result<Option<Fixed>, Failure> {
        let damaged = |error: &dyn std::fmt::Display| damaged(case, error);
        // What the roster names must be in the log before it.
        self.integrate().await?;
        let (secret, leaf) = secret(case, key)?;
        self.position(&leaf.leaf()).await?;
        let watch = self.watch_leaves().await?.pop();
        if let Some(watch) = &watch {
            self.position(&watch.leaf()).await?;
        }
        let next = seats.next_slot();
        seats
            .press(seatings_for(entitled, next))
            .map_err(|error: SeatsError| damaged(&error))?;
        let roster = roster_leaf(
            case.id(),
            &secret,
            text,
            &seats,
            presses
                .last()
                .map(|press| entry_digest(&press.roster_leaf.leaf())),
            watch.as_ref().map(|watch| entry_digest(&watch.leaf())),
        );
        let text = roster.to_text().into_bytes();
        let salt = secret.salt(&format!("roster {}", Digest::of(&text)));
        let roster = Commitment::new(text, salt);
        // A press that died here, or found no witness, left the same roster: it is used and not logged again.
        if !self.is_logged(&roster.leaf()).await? {
            let batch = store::Batch {
                leaves: vec![roster.leaf().entry_bytes()],
                seen_at: Some(self.now()),
                ..store::Batch::default()
            };
            // CRASH: before, nothing of this press exists; after, its roster is staged, and the next press uses it.
            self.store().commit(&batch).await?;
            self.integrate().await?;
        }
        let beacon = self.cosigned_now().await?;
        let list = watch
            .as_ref()
            .map(|watch| WatchLeaf::parse(&String::from_utf8_lossy(watch.content())))
            .transpose()
            .map_err(|error: LeafError| damaged(&error))?;
        Ok(Beacon::of(&note(&beacon)?, list.as_ref())
            .ok()
            .map(|mixed| Fixed {
                seats,
                record: Mixed {
                    roster,
                    watch,
                    beacon,
                    value: mixed.value,
                },
            }))
    }

    fn unsealed<'a>(
        &self,
        loaded: &Loaded,
        book: &Book,
        title: &str,
        seating: &'a Seating,
        may: &Entitlement,
        filing: Filing,
    ) -> Result<Draft<'a>, Failure> {
        let Filing { roster, link } = filing;
        let made =
            copies(book, seating).map_err(|error| Failure::usage("press", error.to_string()))?;
        let salt = book.secret().salt(&format!("package {}", seating.slot));
        let leaf = package_leaf(book, seating, &made, link, roster, Digest::of(&[]));
        let manifest = Manifest {
            program: &self.config().program,
            case: loaded.case.id(),
            title,
            tlp: loaded.case.tlp(),
            partner: &seating.partner,
            seat: &seating.seat,
            release: loaded.case.release(),
            log_key: &self.config().log_key,
            is_test: self.config().clock == ClockKind::Test,
            salt: &salt,
            leaf: &leaf.manifest_lines(),
        };
        let signed = self
            .signer()
            .sign(&manifest.to_text(&made))
            .map_err(|error| Failure::machine("manifest", error.to_string()))?;
        let files = made.iter().map(|copy| FileEntry {
            name: copy.file_name.clone(),
            bytes: copy.bytes.clone(),
        });
        Ok(Draft {
            seating,
            wave: may.wave,
            recipient: self.recipient_of(loaded, &seating.seat)?,
            salt,
            leaf,
            link,
            manifest: FileEntry {
                name: MANIFEST_NAME.to_owned(),
                bytes: signed.into_bytes(),
            },
            files: files.collect(),
            copies: made,
        })
    }

    pub(crate) fn recipient_of(
        &self,
        loaded: &Loaded,
        seat: &SeatId,
    ) -> Result<seal::Recipient, Failure> {
        let seat = loaded
            .program
            .seat(seat)
            .ok_or_else(|| Failure::machine("seat", format!("there is no seat `{seat}`")))?;
        seal::Recipient::parse(seat.recipient().as_str()).map_err(|error| {
            Failure::usage("recipient", format!("seat {}: {error}", seat.id())).hint(error.hint())
        })
    }

    fn index_record(&self, book: &Book, key: &ProgramKey) -> Result<Vec<u8>, Failure> {
        let masters: Vec<&carriers::Master> = book.masters().iter().map(|m| &m.master).collect();
        let sketch = carriers::find::Sketch::of(&masters);
        key.vault()
            .seal(&book.case().stream(), &sketch.to_bytes())
            .map_err(|error| Failure::machine("index", error.to_string()))
    }

    /// What each press of a case recorded, from the first.
    pub(crate) async fn presses(
        &self,
        id: &CaseId,
        key: &ProgramKey,
    ) -> Result<Vec<PressRecord>, Failure> {
        let openings = self.press_openings(id).await?;
        openings
            .iter()
            .map(|sealed| open(key, "the codebook", sealed))
            .collect()
    }

    async fn press_openings(&self, id: &CaseId) -> Result<Vec<Sealed>, Failure> {
        let history = self.recorded(id).await?;
        let openings = history.into_iter().filter_map(|(_, _, fact)| match fact {
            CaseFact::CopiesPressed { code_opening, .. } => code_opening,
            _ => None,
        });
        Ok(openings.collect())
    }

    /// The codebook of a pressed case.
    ///
    /// # Errors
    /// A case that was never pressed, or a record that the key does not open.
    pub(crate) async fn book(
        &self,
        case: &Case,
        key: &ProgramKey,
    ) -> Result<(Book, PressRecord), Failure> {
        let mut presses = self.presses(case.id(), key).await?;
        if presses.is_empty() {
            return Err(Failure::not_allowed(
                "not-pressed",
                format!(
                    "case {} was never pressed, so there is no copy to name",
                    case.id()
                ),
            )
            .hint(format!("press it with `headstart press {}`", case.id())));
        }
        let masters = self.masters(case, key).await?;
        let seats = seats_of(case, &presses)?;
        let book = reopen(case, masters, seats, &presses, None, key)?;
        let record = presses.pop().expect("a pressed case has a press");
        Ok((book, record))
    }
}

/// A press whose roster is in the log, and what was mixed in afterwards.
struct Fixed {
    seats: Seats,
    record: Mixed,
}

/// The commitments and the value of [`Fixed`].
struct Mixed {
    roster: Commitment,
    watch: Option<Commitment>,
    beacon: String,
    value: Digest,
}

/// The codebook with the seats of one more press: planned at the first, taken up again later.
fn take_up(
    case: &Case,
    masters: Vec<BookMaster>,
    seats: Seats,
    presses: &[PressRecord],
    next: &Mixed,
    bar: f64,
    key: &ProgramKey,
) -> Result<Book, Failure> {
    if !presses.is_empty() {
        return reopen(case, masters, seats, presses, Some(next.value), key);
    }
    let (secret, _) = secret(case, key)?;
    Book::plan(case.id().clone(), masters, secret, seats, next.value, bar)
        .map_err(|error| Failure::usage("marks", error.to_string()).hint(error.hint()))
}

/// The masters in the order of their sites, which the first press fixed.
fn in_order(masters: &mut [BookMaster], presses: &[PressRecord]) {
    let Some(first) = presses.first() else {
        return;
    };
    let place: BTreeMap<_, _> = first.artifacts.iter().zip(0..).collect();
    masters.sort_by_key(|master| place.get(&master.artifact).copied().unwrap_or(usize::MAX));
}

/// The codebook of these presses, and of one more whose value is `next`.
fn reopen(
    case: &Case,
    mut masters: Vec<BookMaster>,
    seats: Seats,
    presses: &[PressRecord],
    next: Option<Digest>,
    key: &ProgramKey,
) -> Result<Book, Failure> {
    let damaged = |error: &dyn std::fmt::Display| damaged(case, error);
    let first = presses.first().ok_or_else(|| damaged(&"it has no press"))?;
    in_order(&mut masters, presses);
    let code = Code::from_bytes(&first.code.0).map_err(|error| damaged(&error))?;
    let (secret, _) = secret(case, key)?;
    let mut beacons = Vec::new();
    for press in presses {
        beacons.push(press.mixed().map_err(|error| damaged(&error))?);
    }
    beacons.extend(next);
    Book::reopen(case.id().clone(), masters, code, secret, seats, beacons)
        .map_err(|error| damaged(&error))
}

/// The seats that earlier presses gave their slots.
fn seats_of(case: &Case, presses: &[PressRecord]) -> Result<Seats, Failure> {
    let damaged = |error: &dyn std::fmt::Display| damaged(case, error);
    let mut seatings: Vec<Seating> = case
        .packages()
        .map(|package| Seating {
            slot: package.slot,
            seat: package.seat.clone(),
            partner: package.partner.clone(),
            artifacts: package.artifacts.clone(),
        })
        .collect();
    seatings.sort_by_key(|seating| seating.slot);
    let mut seats = Seats::default();
    for press in presses {
        let roster = press.roster().map_err(|error| damaged(&error))?;
        let total: u64 = roster.sizes.iter().map(|size| u64::from(*size)).sum();
        let is_later = |seating: &Seating| u64::from(seating.slot) >= total;
        let end = seatings.iter().position(is_later).unwrap_or(seatings.len());
        let later = seatings.split_off(end);
        seats.press(seatings).map_err(|error| damaged(&error))?;
        seatings = later;
    }
    if seatings.is_empty() {
        Ok(seats)
    } else {
        Err(damaged(&"it has packages that no roster counts"))
    }
}

impl PressRecord {
    /// The roster that was logged with it.
    pub(crate) fn roster(&self) -> Result<RosterLeaf, LeafError> {
        RosterLeaf::parse(&String::from_utf8_lossy(self.roster_leaf.content()))
    }

    /// The value that was mixed into its keys.
    fn mixed(&self) -> Result<Digest, String> {
        let watch = self.watch_leaf.as_ref();
        let watch = watch
            .map(|leaf| WatchLeaf::parse(&String::from_utf8_lossy(leaf.content())))
            .transpose()
            .map_err(|error| error.to_string())?;
        let note = tlog::Note::parse(&self.beacon).map_err(|error| error.to_string())?;
        let beacon = Beacon::of(&note, watch.as_ref()).map_err(|error| error.to_string())?;
        Ok(beacon.value)
    }
}

fn damaged(case: &Case, error: &dyn std::fmt::Display) -> Failure {
    Failure::machine("damaged-codebook", format!("case {}: {error}", case.id()))
        .hint("restore a backup; `headstart log audit` names what was changed")
}

fn seatings_for(entitled: &[Entitlement], next: u32) -> Vec<Seating> {
    entitled
        .iter()
        .zip(next..)
        .map(|(may, slot)| Seating {
            slot,
            seat: may.seat.clone(),
            partner: may.partner.clone(),
            artifacts: may.artifacts.clone(),
        })
        .collect()
}

fn nothing_to_press(case: &Case) -> Failure {
    if case.artifacts().is_empty() {
        return Failure::usage(
            "no-artifacts",
            format!("case {} has no artifacts to press", case.id()),
        )
        .hint(format!("headstart artifact add {} FILE…", case.id()));
    }
    if case.is_pressed() {
        return Failure::not_allowed(
            "nothing-to-press",
            format!(
                "every seat that may have a copy of case {} has one",
                case.id()
            ),
        )
        .hint("a seat that joins later is pressed by the same command");
    }
    Failure::not_allowed(
        "nothing-to-press",
        format!("nobody may have anything of case {}", case.id()),
    )
    .hint("`headstart wave show` says which rule keeps whom out; partners need seats")
}
