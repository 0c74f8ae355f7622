//! A program as it was until its leak: what it logged, what it gave, and what each partner kept of it.

use std::collections::BTreeMap;
use std::path::Path;

use carriers::Master;
use domain::artifact::ArtifactKind;
use domain::chain::Link;
use domain::ids::{ArtifactId, CaseId, PartnerId, SeatId};
use domain::sealed::Digest;
use domain::tlp::Tlp;
use fingerprint::Bar;
use flow::beacon::Beacon;
use flow::book::{Book, BookMaster, digests};
use flow::delivery::Delivery;
use flow::evidence::{Body, Evidence, OpenedLeaf, Press};
use flow::holdings::{Contents, HeldPackage, Holdings, Watch};
use flow::keys::CaseSecret;
use flow::leaf::{PackageLeaf, WatchLeaf, text_digest};
use flow::manifest::Manifest;
use flow::press::{self, Copy};
use flow::record::{RECORD_FORMAT, Record, RecordBody, SeatRecord};
use flow::seats::{Seating, Seats};
use flow::sight::LeakFile;
use flow::testify::{Proofs, testify};
use flow::trace::{self, Access, Readings, Verdict, Word};
use jiff::Timestamp;
use tlog::{Note, Quorum};

use crate::log::{Log, Witness, signer};

/// How many partners there are, each with two seats at the first press.
const PARTNERS: u32 = 6;

/// The bar of the case.
pub const BAR: f64 = 1e-6;

/// The secret of the case.
pub const SECRET: [u8; 32] = [77; 32];

/// Days since the program began, as a time.
pub fn day(number: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + number * 86_400).unwrap()
}

/// What one seat kept.
#[derive(Clone)]
pub struct Kept {
    pub delivery: Delivery,
    pub package: HeldPackage,
    pub record: Record,
}

/// Where a seat's entries stand in the log.
#[derive(Clone, Default)]
pub struct Places {
    pub package: u64,
    pub receipts: Vec<u64>,
    pub link: Option<Link>,
}

/// What a program prepares before the release, so that a later leak of one partner names another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    None,
    /// The innocent is committed to the guilty's keys and copies, and given his own.
    Committed,
    /// The innocent is committed to the guilty's keys and copies, and given them.
    Given,
    /// The innocent is committed to his own copies, and given the guilty's.
    Swapped,
}

/// A press as the log has it.
#[derive(Clone)]
pub struct Pressed {
    pub roster: u64,
    pub witnesses: Option<u64>,
    pub beacon: Note,
}

pub struct World {
    pub log: Log,
    pub book: Book,
    pub witnesses: Vec<Witness>,
    pub secret: u64,
    pub presses: Vec<Pressed>,
    pub code: u64,
    pub places: BTreeMap<SeatId, Places>,
    pub kept: BTreeMap<SeatId, Kept>,
    /// The leak, as it was found.
    pub leak: Vec<LeakFile>,
}

/// The seat whose copy leaked.
pub fn guilty() -> SeatId {
    "p-05.s1".parse().unwrap()
}

/// The seat that had no part in it, and is to be framed.
pub fn innocent() -> SeatId {
    "p-02.s1".parse().unwrap()
}

pub fn masters() -> Vec<BookMaster> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
    let files = [
        ("write-up.md", ArtifactKind::Writeup),
        ("poc.py", ArtifactKind::Poc),
    ];
    let entry = |(number, (name, kind)): (usize, (&str, ArtifactKind))| {
        let source = std::fs::read(folder.join(name)).unwrap();
        BookMaster {
            artifact: format!("a{}", number + 1).parse().unwrap(),
            kind,
            master: Master::parse(name, &source).unwrap(),
            source,
        }
    };
    files.into_iter().enumerate().map(entry).collect()
}

/// The seats of the first press, in order.
fn first_seats(artifacts: &[ArtifactId]) -> Vec<Seating> {
    let seating = |slot: u32| {
        let partner: PartnerId = format!("p-{:02}", slot / 2 + 1).parse().unwrap();
        Seating {
            slot,
            seat: SeatId::numbered(&partner, slot % 2 + 1),
            partner,
            artifacts: artifacts.to_vec(),
        }
    };
    (0..PARTNERS * 2).map(seating).collect()
}

fn artifacts() -> Vec<ArtifactId> {
    masters().into_iter().map(|m| m.artifact).collect()
}

/// The codebook of a case of one press, from a secret and a value to mix in.
pub fn plan(case: &str, secret: [u8; 32], beacon: Digest, bar: f64) -> Book {
    let case: CaseId = case.parse().unwrap();
    let secret = CaseSecret::from_bytes(secret);
    let mut seats = Seats::default();
    seats.press(first_seats(&artifacts())).unwrap();
    Book::plan(case, masters(), secret, seats, beacon, bar).unwrap()
}

/// Logs the roster of a press, and signs what will be mixed in.
pub fn fix(
    log: &mut Log,
    case: &CaseId,
    secret: [u8; 32],
    seats: &Seats,
    bar: f64,
    before: (Option<u64>, Option<u64>),
) -> Pressed {
    let (previous, witnesses) = before;
    let roster = press::roster_leaf(
        case,
        &CaseSecret::from_bytes(secret),
        text_digest(&digests(&masters()), bar),
        seats,
        previous.map(|index| log.entry(index)),
        witnesses.map(|index| log.entry(index)),
    );
    let roster = log.commit(roster.to_text());
    Pressed {
        roster,
        witnesses,
        beacon: log.sign(),
    }
}

/// A press as evidence shows it.
pub fn shown(log: &Log, pressed: &Pressed) -> Press {
    Press {
        roster: log.open(pressed.roster),
        witnesses: pressed.witnesses.map(|index| log.open(index)),
        beacon: log.earlier(&pressed.beacon),
    }
}

impl World {
    /// Days 0 to 3: a case is made, pressed twice, cosigned and fetched. Day 5: a copy is found outside.
    ///
    /// `twin`: what the program prepares against the innocent's partner before the release.
    pub fn new(case: &str, twin: Twin) -> Self {
        let mut log = Log::default();
        let mut witnesses: Vec<Witness> = (1..=3).map(Witness::new).collect();
        let case: CaseId = case.parse().unwrap();
        let watch = WatchLeaf {
            change: 1,
            needed: 2,
            witnesses: witnesses.iter().map(|own| own.key().vkey()).collect(),
        };
        let list = log.commit(watch.to_text());
        let secret = CaseSecret::from_bytes(SECRET);
        let secret_at = log.commit(press::secret_leaf(&case, &secret).to_text());
        let mut seats = Seats::default();
        seats.press(first_seats(&artifacts())).unwrap();
        let mut first = fix(&mut log, &case, SECRET, &seats, BAR, (None, Some(list)));
        // What witnesses signed is mixed in: the program cannot choose that.
        cosign(&mut witnesses, &mut log, 0);
        first.beacon = log.checkpoints.last().unwrap().1.clone();
        let value = |pressed: &Pressed| Beacon::of(&pressed.beacon, Some(&watch)).unwrap().value;
        let mut values = vec![value(&first)];
        let book = Book::plan(
            case.clone(),
            masters(),
            secret,
            seats.clone(),
            values[0],
            BAR,
        );
        let book = book.unwrap();
        let code = log.commit(press::code_leaf(&book, BAR).to_text());
        let mut world = Self {
            log,
            book,
            witnesses,
            secret: secret_at,
            presses: vec![first],
            code,
            places: BTreeMap::new(),
            kept: BTreeMap::new(),
            leak: Vec::new(),
        };
        world.press(twin);
        // A seat of the guilty's partner that comes later.
        let late = Seating {
            slot: seats.next_slot(),
            seat: "p-05.s3".parse().unwrap(),
            partner: "p-05".parse().unwrap(),
            artifacts: artifacts(),
        };
        seats.press(vec![late]).unwrap();
        let before = (Some(world.presses[0].roster), Some(list));
        let mut second = fix(&mut world.log, &case, SECRET, &seats, BAR, before);
        cosign(&mut world.witnesses, &mut world.log, 1);
        second.beacon = world.log.checkpoints.last().unwrap().1.clone();
        values.push(value(&second));
        world.presses.push(second);
        world.book = Book::reopen(
            case,
            masters(),
            world.book.code().clone(),
            world.book.secret().clone(),
            seats,
            values,
        )
        .unwrap();
        world.press(twin);
        world.fetch(twin);
        let seating = world.seating(&guilty());
        world.leak = leak_of(&world, &seating);
        world
    }

    /// Makes the packages of the last press.
    fn press(&mut self, twin: Twin) {
        let press = self.presses.len() - 1;
        let roster = self.log.entry(self.presses[press].roster);
        for seating in self.book.seats().new_seats(press).to_vec() {
            let copies = press::copies(&self.book, &seating).unwrap();
            let package = package_digest(&seating.seat);
            let mut leaf =
                press::package_leaf(&self.book, &seating, &copies, Link::FIRST, roster, package);
            if matches!(twin, Twin::Committed | Twin::Given) && seating.partner.as_str() == "p-02" {
                let twin = twin_of(&self.book, &seating);
                let copies = press::copies(&self.book, &twin).unwrap();
                let other =
                    press::package_leaf(&self.book, &twin, &copies, Link::FIRST, roster, package);
                leaf = PackageLeaf {
                    partner: leaf.partner,
                    seat: leaf.seat,
                    ..other
                };
            }
            let index = self.log.commit(leaf.to_text());
            let link = Link::FIRST.next(&self.log.commitment(index).leaf());
            let places = Places {
                package: index,
                receipts: Vec::new(),
                link: Some(link),
            };
            self.places.insert(seating.seat.clone(), places);
        }
        self.log.sign();
        cosign(&mut self.witnesses, &mut self.log, 1);
    }

    fn fetch(&mut self, twin: Twin) {
        for seating in self.book.seatings().to_vec() {
            let delivery = self.receipt(&seating.seat, package_digest(&seating.seat), day(2));
            cosign(&mut self.witnesses, &mut self.log, 2);
            let made = match twin {
                Twin::Given | Twin::Swapped if seating.partner.as_str() == "p-02" => {
                    twin_of(&self.book, &seating)
                }
                _ => seating.clone(),
            };
            let copies = press::copies(&self.book, &made).unwrap();
            let kept = Kept {
                delivery,
                package: self.held(&seating, &copies),
                record: self.record(&seating.seat, day(3)),
            };
            self.kept.insert(seating.seat.clone(), kept);
        }
        self.receipt(&guilty(), package_digest(&guilty()), day(3));
        cosign(&mut self.witnesses, &mut self.log, 3);
    }

    /// Logs a receipt, and gives what comes with the package.
    pub fn receipt(&mut self, seat: &SeatId, package: Digest, at: Timestamp) -> Delivery {
        let places = self.places.get_mut(seat).unwrap();
        let link = places.link.unwrap();
        let case = self.book.case();
        let partner = seating_in(&self.book, seat).partner;
        let leaf = flow::receive::receipt_leaf(case, &partner, seat, link, package, at);
        let index = self.log.commit(leaf.to_text());
        places.receipts.push(index);
        places.link = Some(link.next(&self.log.commitment(index).leaf()));
        let place = places.package;
        let checkpoint = self.log.sign();
        Delivery {
            log_key: signer().verifier(),
            entry: self.log.commitment(place).leaf(),
            inclusion: self.log.inclusion(place),
            grown: None,
            receipt: self.log.commitment(index).clone(),
            receipt_inclusion: self.log.inclusion(index),
            checkpoint,
        }
    }

    fn held(&self, seating: &Seating, copies: &[Copy]) -> HeldPackage {
        let manifest = Manifest {
            program: "Example PSIRT",
            case: self.book.case(),
            title: "Larkspur Share",
            tlp: Tlp::Amber,
            partner: &seating.partner,
            seat: &seating.seat,
            release: None,
            log_key: &signer().vkey(),
            is_test: false,
            salt: &[0; 32],
            leaf: &[],
        };
        HeldPackage {
            digest: package_digest(&seating.seat),
            contents: Some(Contents {
                manifest: Note::sign(&manifest.to_text(copies), &signer()).unwrap(),
                files: copies.iter().map(|copy| Digest::of(&copy.bytes)).collect(),
            }),
        }
    }

    /// The record of one seat as of now.
    pub fn record(&self, seat: &SeatId, made_at: Timestamp) -> Record {
        let places = &self.places[seat];
        let mut entries = vec![self.log.open(places.package)];
        entries.extend(places.receipts.iter().map(|index| self.log.open(*index)));
        let body = RecordBody {
            format: RECORD_FORMAT.to_owned(),
            program: "Example PSIRT".to_owned(),
            log_key: signer().vkey(),
            partner: self.seating(seat).partner.to_string(),
            made_at: made_at.to_string(),
            checkpoint: self.log.checkpoints.last().unwrap().1.to_text(),
            seats: vec![SeatRecord {
                seat: seat.to_string(),
                entries,
            }],
        };
        let signature = signer().sign(&body.signed_text()).unwrap();
        Record { body, signature }
    }

    pub fn seating(&self, seat: &SeatId) -> Seating {
        seating_in(&self.book, seat)
    }

    /// What a trace of this leak answers, with the program's real keys.
    pub fn verdict(&self, leak: &[LeakFile]) -> Verdict {
        verdict(&self.book, leak)
    }

    /// The evidence that the program has of a verdict, over the log as it is; not signed yet.
    pub fn testify(&self, verdict: &Verdict, leak: &[LeakFile]) -> Option<Body> {
        let opened = |index: u64| self.log.open(index);
        let proofs = Proofs {
            program: "Example PSIRT",
            log_key: &signer().vkey(),
            checkpoint: &self.log.checkpoints.last().unwrap().1.to_text(),
            code: opened(self.code),
            secret: opened(self.secret),
            presses: self
                .presses
                .iter()
                .map(|own| shown(&self.log, own))
                .collect(),
            history: self.log.history(),
            packages: self
                .places
                .iter()
                .map(|(seat, own)| (seat.clone(), opened(own.package)))
                .collect(),
            receipts: self
                .places
                .iter()
                .map(|(seat, own)| {
                    let opened: Vec<OpenedLeaf> =
                        own.receipts.iter().map(|at| self.log.open(*at)).collect();
                    (seat.clone(), opened)
                })
                .collect(),
        };
        let trace = "T-0123456789abcdef";
        testify(&self.book, verdict, leak, trace, &proofs, day(6)).ok()
    }

    /// What a reader holds who has everything of a seat: the columns of the table take parts of it.
    pub fn holdings(&self, seat: &SeatId) -> Holdings {
        let kept = &self.kept[seat];
        let keys = self.witnesses.iter().map(Witness::key).collect();
        Holdings {
            log_key: Some(signer().vkey()),
            watch: Some(Watch {
                quorum: Quorum::new(keys, 2).unwrap(),
                needed: 2,
                seen_at: Some(day(5)),
            }),
            leak: self
                .leak
                .iter()
                .map(|file| Digest::of(&file.bytes))
                .collect(),
            leak_texts: self.leak.clone(),
            kept: vec![kept.delivery.checkpoint.clone()],
            packages: vec![kept.package.clone()],
            deliveries: vec![kept.delivery.clone()],
            records: vec![kept.record.clone()],
        }
    }
}

/// The seat of the guilty partner that stands for a seat of the innocent one.
fn twin_of(book: &Book, seating: &Seating) -> Seating {
    let twin = seating.seat.as_str().replace("p-02", "p-05");
    seating_in(book, &twin.parse().unwrap())
}

pub fn verdict(book: &Book, leak: &[LeakFile]) -> Verdict {
    judged(book, readings(book, leak), &Bar::default())
}

pub fn readings(book: &Book, leak: &[LeakFile]) -> Readings {
    trace::read(book, &flow::sight::leak(leak).unwrap())
}

/// The verdict of readings, as if everybody had fetched his copy.
pub fn judged(book: &Book, readings: Readings, bar: &Bar) -> Verdict {
    let access = vec![
        Access {
            fetched: true,
            later: false
        };
        book.seatings().len()
    ];
    trace::trace(book, readings, &access, bar).unwrap()
}

/// The files of a seat's copy.
pub fn leak_of(world: &World, seating: &Seating) -> Vec<LeakFile> {
    let copies = press::copies(&world.book, seating).unwrap();
    let file = |copy: Copy| LeakFile::new(copy.file_name, copy.bytes);
    copies.into_iter().map(file).collect()
}

/// Whether a verdict names exactly this seat's partner.
pub fn names(verdict: &Verdict, seat: &SeatId) -> bool {
    verdict.word == Word::Accuse
        && verdict
            .accused
            .iter()
            .all(|named| seat.as_str().starts_with(named.partner.as_str()))
}

pub fn seating_in(book: &Book, seat: &SeatId) -> Seating {
    let found = book.seatings().iter().find(|own| own.seat == *seat);
    found.unwrap().clone()
}

pub fn package_digest(seat: &SeatId) -> Digest {
    Digest::of(format!("sealed for {seat}").as_bytes())
}

pub fn cosign(witnesses: &mut [Witness], log: &mut Log, at: i64) -> usize {
    let time_s = day(at).as_second() as u64;
    let mut cosigned = 0;
    for witness in witnesses {
        cosigned += usize::from(witness.cosign(log, time_s));
    }
    cosigned
}

/// Signs a body as the program.
pub fn signed(body: Body) -> Evidence {
    let signature = signer().sign(&body.signed_text()).unwrap();
    Evidence { body, signature }
}
