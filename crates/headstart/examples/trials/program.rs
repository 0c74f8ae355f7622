//! A program of 100 partners with 300 seats, and its cases.

use carriers::find::Sketch;
use carriers::{Leak, Master};
use domain::artifact::ArtifactKind;
use domain::ids::{ArtifactId, CaseId, PartnerId, SeatId};
use domain::sealed::Digest;
use fingerprint::{Bar, Counts};
use flow::book::{Book, BookMaster};
use flow::keys::CaseSecret;
use flow::press::copies;
use flow::seats::{Seating, Seats};
use flow::sight::{self, LeakFile};
use flow::trace::{Access, Readings, Verdict};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::Oops;

/// Partners of the program.
pub const PARTNERS: usize = 100;
/// Seats of all partners.
pub const SEATS: usize = 300;
/// The program's bar, as it is unless set otherwise.
pub const BAR: f64 = 1e-6;
/// Cases of other texts, so that a leak's case must be found among many.
const OTHER_CASES: usize = 40;
/// Place of the trials' case among the cases.
pub const TRIALS: usize = 0;

/// One pressed case.
pub struct Case {
    pub book: Book,
    pub sketch: Sketch,
}

/// The program.
pub struct Program {
    pub cases: Vec<Case>,
    /// The trials' masters, pressed under another secret: copies that nobody has.
    pub elsewhere: Book,
    /// The demo's masters, pressed under another secret than the program's own demo case.
    pub demo_elsewhere: Book,
    access: Vec<Access>,
}

/// What is known of a leak before anyone is scored.
pub struct Sighting {
    pub case: usize,
    pub readings: Readings,
    pub bar: Bar,
}

macro_rules! masters {
    ($($name:literal $kind:ident $path:literal),* $(,)?) => {
        [$(($name, ArtifactKind::$kind, include_bytes!($path).as_slice())),*]
    };
}

impl Program {
    pub fn new(seed: u64) -> Result<Self, Oops> {
        let trials = parsed(&masters![
            "write-up.md" Writeup "../../trials/write-up.md",
            "poc.py" Poc "../../trials/poc.py",
            "sync.rules" Rule "../../trials/sync.rules",
            "sync.yml" Rule "../../trials/sync.yml",
        ])?;
        let demo = parsed(&masters![
            "write-up.md" Writeup "../../demo/write-up.md",
            "poc.py" Poc "../../demo/poc.py",
            "larkspur.rules" Rule "../../demo/larkspur.rules",
            "larkspur.yml" Rule "../../demo/larkspur.yml",
            "indicators.csv" Indicators "../../demo/indicators.csv",
        ])?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let seats = seats(&mut rng)?;
        let mut cases = vec![
            case(1, trials.clone(), &seats, &mut rng)?,
            case(2, demo.clone(), &seats, &mut rng)?,
        ];
        for number in 0..OTHER_CASES {
            let text = other_text(&mut rng);
            let master = parsed(&[("note.md", ArtifactKind::Writeup, text.as_bytes())])?;
            cases.push(case(number + 3, master, &seats, &mut rng)?);
        }
        Ok(Self {
            cases,
            elsewhere: book(1, trials, &seats, &mut rng)?,
            demo_elsewhere: book(2, demo, &seats, &mut rng)?,
            access: vec![
                Access {
                    fetched: true,
                    later: false
                };
                SEATS
            ],
        })
    }

    /// The trials' case.
    pub fn book(&self) -> Result<&Book, Oops> {
        Ok(&self.cases.get(TRIALS).ok_or("no case")?.book)
    }

    /// Finds the case of a leak unless `forced` says it, and reads its sites, as the desk does.
    pub fn sight(
        &self,
        files: &[LeakFile],
        forced: Option<usize>,
    ) -> Result<Option<Sighting>, Oops> {
        let leak = sight::leak(files)?;
        let candidates = match forced {
            Some(case) => vec![case],
            None => self.find(&leak),
        };
        let mut best: Option<(usize, Readings)> = None;
        for &index in &candidates {
            let case = self.cases.get(index).ok_or("no such case")?;
            let readings = flow::trace::read(&case.book, &leak);
            let is_better = best
                .as_ref()
                .is_none_or(|(_, best)| readings.read() > best.read());
            if is_better {
                best = Some((index, readings));
            }
        }
        let bar = Bar {
            innocent_risk: BAR,
            alignments: (candidates.len() as u64).max(1),
            ..Bar::default()
        };
        Ok(best.map(|(case, readings)| Sighting {
            case,
            readings,
            bar,
        }))
    }

    fn find(&self, leak: &Leak) -> Vec<usize> {
        sight::candidates(self.cases.iter().map(|case| &case.sketch), leak)
            .iter()
            .map(|candidate| candidate.index)
            .collect()
    }

    /// Decides what was sighted.
    pub fn trace(&self, sighting: &Sighting) -> Result<Verdict, Oops> {
        let case = self.cases.get(sighting.case).ok_or("no such case")?;
        let readings = sighting.readings.clone();
        Ok(flow::trace::trace(
            &case.book,
            readings,
            &self.access,
            &sighting.bar,
        )?)
    }
}

/// The counts that the program's meter reckons with.
pub fn counts() -> Counts {
    Counts {
        groups: PARTNERS as u64,
        slots: SEATS as u64,
        group_slots: (SEATS / PARTNERS) as u64,
    }
}

/// One seat's copies as files, in the order of the masters.
pub fn files(book: &Book, seat: usize) -> Result<Vec<LeakFile>, Oops> {
    let seating = book.seatings().get(seat).ok_or("no such seat")?;
    Ok(copies(book, seating)?
        .into_iter()
        .map(|copy| LeakFile::new(copy.file_name, copy.bytes))
        .collect())
}

/// A number below `n`, which is small.
pub fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    (rng.next_u64() % n.max(1) as u64) as usize
}

fn parsed(files: &[(&str, ArtifactKind, &[u8])]) -> Result<Vec<BookMaster>, Oops> {
    let mut masters = Vec::new();
    for ((name, kind, bytes), number) in files.iter().zip(1..) {
        let master = Master::parse(name, bytes)
            .map_err(|errors| errors.render(name, &String::from_utf8_lossy(bytes)))?;
        masters.push(BookMaster {
            artifact: ArtifactId::parse(&format!("a{number}"))?,
            kind: *kind,
            source: bytes.to_vec(),
            master,
        });
    }
    Ok(masters)
}

/// Every partner has a seat; the others go where many are already.
fn seats(rng: &mut ChaCha8Rng) -> Result<Vec<(PartnerId, SeatId)>, Oops> {
    let mut sizes = vec![1u32; PARTNERS];
    let mut taken: Vec<usize> = (0..PARTNERS).collect();
    for _ in PARTNERS..SEATS {
        let partner = taken.get(below(rng, taken.len())).copied().unwrap_or(0);
        taken.push(partner);
        if let Some(size) = sizes.get_mut(partner) {
            *size += 1;
        }
    }
    let mut seats = Vec::new();
    for (size, number) in sizes.iter().zip(1..) {
        let partner = PartnerId::parse(&format!("p-{number:03}"))?;
        for seat in 1..=*size {
            seats.push((partner.clone(), SeatId::numbered(&partner, seat)));
        }
    }
    Ok(seats)
}

fn book(
    number: usize,
    masters: Vec<BookMaster>,
    seats: &[(PartnerId, SeatId)],
    rng: &mut ChaCha8Rng,
) -> Result<Book, Oops> {
    let (mut secret, mut beacon) = ([0; 32], [0; 32]);
    rng.fill_bytes(&mut secret);
    rng.fill_bytes(&mut beacon);
    let artifacts: Vec<ArtifactId> = masters.iter().map(|m| m.artifact.clone()).collect();
    let new = seats
        .iter()
        .zip(0..)
        .map(|((partner, seat), slot)| Seating {
            slot,
            seat: seat.clone(),
            partner: partner.clone(),
            artifacts: artifacts.clone(),
        });
    let mut seats = Seats::default();
    seats.press(new.collect())?;
    let book = Book::plan(
        CaseId::parse(&format!("HS-2026-{number:04}"))?,
        masters,
        CaseSecret::from_bytes(secret),
        seats,
        Digest::from_bytes(beacon),
        BAR,
    )?;
    Ok(book)
}

fn case(
    number: usize,
    masters: Vec<BookMaster>,
    seats: &[(PartnerId, SeatId)],
    rng: &mut ChaCha8Rng,
) -> Result<Case, Oops> {
    let all: Vec<&Master> = masters.iter().map(|m| &m.master).collect();
    let sketch = Sketch::of(&all);
    Ok(Case {
        sketch,
        book: book(number, masters, seats, rng)?,
    })
}

/// About 600 words in no order, with 30 sites.
fn other_text(rng: &mut ChaCha8Rng) -> String {
    let source = include_str!("../../trials/write-up.md");
    let words: Vec<&str> = source
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| word.len() > 2)
        .collect();
    let mut text = String::from("# Note\n");
    for sentence in 0..60 {
        text.push_str(if sentence % 6 == 0 { "\n\n" } else { " " });
        for place in 0..10 {
            let word = words.get(below(rng, words.len())).copied().unwrap_or("");
            text.push_str(if place == 0 { "" } else { " " });
            match (sentence % 2, place) {
                (0, 5) => text.push_str(&format!("{{~{word}|{word}like~}}")),
                _ => text.push_str(word),
            }
        }
        text.push('.');
    }
    text.push('\n');
    text
}
