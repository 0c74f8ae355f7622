//! The press: every seat's copies, sealed and committed to the log.

use std::collections::BTreeMap;

use domain::case::{Case, CaseFact};
use domain::chain::{Chain, Given, entry_digest};
use domain::commitment::Commitment;
use domain::decide::CaseCommand;
use domain::ids::{BlobId, CaseId, SeatId};
use domain::package::PressedPackage;
use domain::plan::Entitlement;
use domain::sealed::{Digest, Sealed};
use domain::wave::WaveName;
use fingerprint::Code;
use flow::book::{Book, BookMaster, Seating};
use flow::evidence::Bytes;
use flow::leaf::PackageLeaf;
use flow::manifest::{MANIFEST_NAME, Manifest};
use flow::press::{Copy, code_leaf, copies, package_leaf, roster_leaf};
use seal::{FileEntry, ProgramKey};

use crate::cases::secret;
use crate::checks::Readable;
use crate::config::ClockKind;
use crate::desk::{Beside, Loaded, too_busy};
use crate::records::{PressRecord, open};
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
    chain: Chain,
    manifest: FileEntry,
    files: Vec<FileEntry>,
    copies: Vec<Copy>,
}

/// What a package's leaf names beside the package.
struct Filing {
    /// Digest of the entry of the roster that is logged with it.
    roster: Digest,
    /// What was logged for its seat before.
    chain: Chain,
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
        let entitled = case.entitlements(&loaded.program, self.policy());
        if entitled.is_empty() {
            return Err(nothing_to_press(case));
        }
        tell(0.0, "opening the masters");
        let masters = self.masters(case, key).await?;
        // Later seats of a case get copies of what was checked then.
        if !case.is_pressed() {
            tell(CHECKING, "checking sampled copies");
            self.check_case(case, key).await?;
        }
        tell(PLANNING, "planning the code");
        let readable = Readable::of(&masters);
        let details = self.details(case, key)?;
        let bar = loaded.program.settings().accusation_risk();
        let (mut book, before) = self
            .take_up(case, masters, entitled.len(), bar, key)
            .await?;
        let first = book.seatings().len();
        seat_everyone(&mut book, &entitled)?;

        let mut beside = Beside::default();
        let (code, record) = match before {
            Some(record) => (record.code_leaf.clone(), record),
            None => self.new_record(&book, bar),
        };
        let roster = Commitment::new(
            roster_leaf(&book).to_text().into_bytes(),
            book.key().salt(&format!("roster {}", book.next_slot())),
        );
        if first == 0 {
            beside.leaves.push(code.leaf());
        }
        beside.leaves.push(roster.leaf());
        let record = PressRecord {
            roster_leaf: roster,
            ..record
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
            let chain = self.chain(&seating.seat).await?;
            drafts.push(self.unsealed(
                loaded,
                &book,
                &details.title,
                seating,
                may,
                Filing {
                    roster: roster_digest,
                    chain,
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
            beside
                .chains
                .push((seating.seat.clone(), draft.chain.len(), made));
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
                opening: Some(self.seal(&opening)?),
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

    /// The codebook as the last press left it, or a new one.
    async fn take_up(
        &self,
        case: &Case,
        masters: Vec<BookMaster>,
        new_seats: usize,
        bar: f64,
        key: &ProgramKey,
    ) -> Result<(Book, Option<PressRecord>), Failure> {
        if let Some(record) = self.last_press(case.id(), key).await? {
            let book = reopen(case, masters, &record, key)?;
            return Ok((book, Some(record)));
        }
        // The leaf of the secret must be under the checkpoint that becomes the beacon.
        self.integrate().await?;
        let (secret, leaf) = secret(case, key)?;
        self.position(&leaf.leaf()).await?;
        let beacon = self.cosigned_now().await?;
        let slots = u32::try_from(new_seats).unwrap_or(u32::MAX);
        let book = Book::plan(
            case.id().clone(),
            masters,
            secret,
            beacon.into_bytes(),
            slots,
            bar,
        )
        .map_err(|error| Failure::usage("marks", error.to_string()).hint(error.hint()))?;
        Ok((book, None))
    }

    fn new_record(&self, book: &Book, bar: f64) -> (Commitment, PressRecord) {
        let code = Commitment::new(
            code_leaf(book, bar).to_text().into_bytes(),
            book.key().salt("code"),
        );
        let record = PressRecord {
            code_leaf: code.clone(),
            // Replaced by the caller, who knows the roster.
            roster_leaf: code.clone(),
            code: Bytes(book.code().to_bytes()),
            beacon: String::from_utf8_lossy(book.beacon()).into_owned(),
            artifacts: book.masters().iter().map(|m| m.artifact.clone()).collect(),
            innocent_risk: bar,
        };
        (code, record)
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
        let Filing { roster, chain } = filing;
        let made =
            copies(book, seating).map_err(|error| Failure::usage("press", error.to_string()))?;
        let salt = book.key().salt(&format!("package {}", seating.slot));
        let leaf = package_leaf(book, seating, &made, chain.next(), roster, Digest::of(&[]));
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
            chain,
            manifest: FileEntry {
                name: MANIFEST_NAME.to_owned(),
                bytes: signed.into_bytes(),
            },
            files: files.collect(),
            copies: made,
        })
    }

    fn recipient_of(&self, loaded: &Loaded, seat: &SeatId) -> Result<seal::Recipient, Failure> {
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

    /// What the last press of a case recorded; `None` before the first.
    pub(crate) async fn last_press(
        &self,
        id: &CaseId,
        key: &ProgramKey,
    ) -> Result<Option<PressRecord>, Failure> {
        let last = self.press_openings(id).await?.pop();
        last.map(|sealed| open(key, "the codebook", &sealed))
            .transpose()
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
        let history = self.history(id).await?;
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
        let record = self.last_press(case.id(), key).await?.ok_or_else(|| {
            Failure::not_allowed(
                "not-pressed",
                format!(
                    "case {} was never pressed, so there is no copy to name",
                    case.id()
                ),
            )
            .hint(format!("press it with `headstart press {}`", case.id()))
        })?;
        let masters = self.masters(case, key).await?;
        let book = reopen(case, masters, &record, key)?;
        Ok((book, record))
    }
}

fn reopen(
    case: &Case,
    mut masters: Vec<BookMaster>,
    record: &PressRecord,
    key: &ProgramKey,
) -> Result<Book, Failure> {
    let place: BTreeMap<_, _> = record.artifacts.iter().zip(0..).collect();
    masters.sort_by_key(|master| place.get(&master.artifact).copied().unwrap_or(usize::MAX));
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
    let damaged = |error: String| {
        Failure::machine("damaged-codebook", format!("case {}: {error}", case.id()))
            .hint("restore a backup; `headstart log audit` names what was changed")
    };
    let code = Code::from_bytes(&record.code.0).map_err(|error| damaged(error.to_string()))?;
    let (secret, _) = secret(case, key)?;
    let beacon = record.beacon.clone().into_bytes();
    Book::reopen(case.id().clone(), masters, code, secret, beacon, seatings)
        .map_err(|error| damaged(error.to_string()))
}

fn seat_everyone(book: &mut Book, entitled: &[Entitlement]) -> Result<(), Failure> {
    for may in entitled {
        let seating = Seating {
            slot: book.next_slot(),
            seat: may.seat.clone(),
            partner: may.partner.clone(),
            artifacts: may.artifacts.clone(),
        };
        book.seat(seating)
            .map_err(|error| Failure::machine("codebook", error.to_string()))?;
    }
    Ok(())
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
