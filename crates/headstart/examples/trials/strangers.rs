//! Traces of what is no copy of any seat: whoever is named is innocent.

use flow::sight::LeakFile;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::leaks::{file, in_log, numbers, request, sensor_log, unrelated, window};
use crate::program::{Program, SEATS, TRIALS, below, files};
use crate::{Oops, in_parallel, percent};

/// What is traced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Text of the same genre about other products.
    Unrelated,
    /// Numbers and hashes.
    Numbers,
    /// A sensor's log, with and without honest requests to the address that the PoC uses.
    SensorLog,
    /// The demo's write-up and PoC, pressed under another secret.
    OtherCase,
    /// The trials' own write-up, PoC and request, pressed under another secret: everything can be read.
    OtherPress,
}

const SOURCES: [(Source, &str); 5] = [
    (Source::Unrelated, "unrelated text"),
    (Source::Numbers, "numbers"),
    (Source::SensorLog, "sensor's log"),
    (Source::OtherCase, "other case"),
    (Source::OtherPress, "other press"),
];

/// One trace.
pub struct Trial {
    source: Source,
    forced: bool,
    found: bool,
    read: usize,
    pub accused: bool,
    lead: bool,
}

/// `count` traces: four tenths unrelated, one of numbers, one of logs, two of each other press;
/// of each half with the case named by hand.
pub fn trials(program: &Program, count: usize, seed: u64) -> Result<Vec<Trial>, Oops> {
    in_parallel(count, |number| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream((1 << 32) + number as u64);
        let source = match number % 10 {
            0..=3 => Source::Unrelated,
            4 => Source::Numbers,
            5 => Source::SensorLog,
            6 | 7 => Source::OtherCase,
            _ => Source::OtherPress,
        };
        trial(program, source, number / 10 % 2 == 1, &mut rng)
    })
}

fn leak(program: &Program, source: Source, rng: &mut ChaCha8Rng) -> Result<Vec<LeakFile>, Oops> {
    let book = match source {
        Source::Unrelated => return Ok(vec![unrelated(rng)]),
        Source::Numbers => return Ok(vec![numbers(rng)]),
        Source::SensorLog => return Ok(vec![sensor_log(rng)]),
        Source::OtherCase => &program.demo_elsewhere,
        Source::OtherPress => &program.elsewhere,
    };
    let copies = files(book, below(rng, SEATS))?;
    let part = |place: usize| copies.get(place).cloned().ok_or("no such artifact");
    let text = |file: LeakFile| String::from_utf8_lossy(&file.bytes).into_owned();
    let leaked = match (below(rng, 5), source) {
        (0, _) => part(0)?,
        (1, Source::OtherPress) => file("eve.json", in_log(&request(&text(part(1)?), rng)?)),
        (1 | 2, _) => part(1)?,
        _ => {
            let words = 150 + below(rng, 600);
            file("paste.txt", window(&text(part(0)?), words, rng))
        }
    };
    Ok(vec![leaked])
}

fn trial(
    program: &Program,
    source: Source,
    forced: bool,
    rng: &mut ChaCha8Rng,
) -> Result<Trial, Oops> {
    let files = leak(program, source, rng)?;
    let sighting = program.sight(&files, forced.then_some(TRIALS))?;
    let mut trial = Trial {
        source,
        forced,
        found: sighting.is_some(),
        read: 0,
        accused: false,
        lead: false,
    };
    if let Some(sighting) = sighting {
        let verdict = program.trace(&sighting)?;
        trial.read = verdict.readings.read();
        trial.accused = !verdict.accused.is_empty();
        trial.lead = !verdict.leads.is_empty();
    }
    Ok(trial)
}

/// One row for each source and each way to the case.
pub fn print(trials: &[Trial]) {
    println!(
        "{:<16} {:<9} {:>6} {:>7} {:>8} {:>7} {:>5}  {:<24} {:>10}",
        "source",
        "case",
        "traces",
        "no case",
        "withheld",
        "accused",
        "leads",
        "accused",
        "sites read"
    );
    for (source, label) in SOURCES {
        for (forced, way) in [(false, "found"), (true, "by hand")] {
            let rows: Vec<&Trial> = trials
                .iter()
                .filter(|t| t.source == source && t.forced == forced)
                .collect();
            row(label, way, &rows);
        }
    }
    row("all", "", &trials.iter().collect::<Vec<_>>());
}

fn row(label: &str, way: &str, rows: &[&Trial]) {
    let all = rows.len() as u64;
    let count = |which: &dyn Fn(&Trial) -> bool| rows.iter().filter(|t| which(t)).count() as u64;
    let accused = count(&|t| t.accused);
    let read = rows.iter().map(|t| t.read).sum::<usize>() as f64 / all.max(1) as f64;
    println!(
        "{label:<16} {way:<9} {all:>6} {:>7} {:>8} {accused:>7} {:>5}  {:<24} {read:>10.1}",
        count(&|t| !t.found),
        count(&|t| t.found && !t.accused),
        count(&|t| t.lead),
        percent(accused, all),
    );
}
