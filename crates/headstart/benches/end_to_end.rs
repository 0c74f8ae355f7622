//! Two promises of speed, through `desk` and a real data directory on disk:
//! a press for 300 seats with five artifacts each, and a trace of 300 words among 10,000 pressed cases.
//!
//! `cargo bench -p headstart --bench end_to_end -- [--quick]`: quick has 500 cases instead of 10,000.
#![allow(
    clippy::print_stdout,
    missing_docs,
    reason = "a program that prints a table"
)]

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use desk::{ClockKind, DataDir, Desk, Failure, kind_of};
use domain::advisory::CaseDetails;
use domain::decide::CaseCommand;
use domain::ids::{CaseId, PartnerId, PersonName, SeatId};
use domain::person::Actor;
use domain::tlp::Tlp;
use domain::wave::Offsets;
use flow::sight::LeakFile;
use jiff::Timestamp;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use seal::ProgramKey;

type Oops = Box<dyn std::error::Error>;

const PARTNERS: usize = 100;
const SEATS: usize = 300;
const CASES: usize = 10_000;
const CASES_QUICK: usize = 500;
const PRESSES: usize = 3;
const TRACES: usize = 9;
const WORDS: usize = 300;
const PRESS_GOAL: Duration = Duration::from_secs(3);
const TRACE_GOAL: Duration = Duration::from_secs(1);

const PASSPHRASE: &str = "only for the benchmark";
const DAY_0: &str = "2026-11-20T09:00:00Z";
const RELEASE: &str = "2026-12-08T18:00:00Z";
const WAVE: &str = "2026-11-24T18:00:00Z";

const MASTERS: [(&str, &[u8]); 5] = [
    ("write-up.md", include_bytes!("../demo/write-up.md")),
    ("poc.py", include_bytes!("../demo/poc.py")),
    ("larkspur.rules", include_bytes!("../demo/larkspur.rules")),
    ("larkspur.yml", include_bytes!("../demo/larkspur.yml")),
    ("indicators.csv", include_bytes!("../demo/indicators.csv")),
];
const VOCABULARY: [&str; 3] = [
    include_str!("../trials/write-up.md"),
    include_str!("../trials/unrelated/01-quillon-queue.md"),
    include_str!("../trials/unrelated/06-merrow-postmortem.md"),
];

fn main() -> ExitCode {
    let quick = std::env::args().any(|word| word == "--quick");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(quick)),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("end_to_end: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(quick: bool) -> Result<bool, Oops> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let press = press(&folder.path().join("press")).await?;
    let cases = if quick { CASES_QUICK } else { CASES };
    let trace = trace(&folder.path().join("trace"), cases).await?;
    let holds = press < PRESS_GOAL && trace < TRACE_GOAL;
    println!(
        "{}: press {:.2} s (goal under {} s), trace among {cases} cases {:.3} s (goal under {} s)",
        if holds { "holds" } else { "falls short" },
        press.as_secs_f64(),
        PRESS_GOAL.as_secs(),
        trace.as_secs_f64(),
        TRACE_GOAL.as_secs(),
    );
    Ok(holds)
}

/// The slowest of some presses for 300 seats with five artifacts each.
async fn press(path: &Path) -> Result<Duration, Oops> {
    let desk = found(path).await?;
    let recipients = join(&desk, 1..=PARTNERS).await?;
    let key = desk.unlock(PASSPHRASE).map_err(oops)?;
    let mut slowest = Duration::ZERO;
    let mut bytes = 0;
    for number in 1..=PRESSES {
        let case = demo_case(&desk).await?;
        let begin = Instant::now();
        let pressed = desk.press(&case, &key).await.map_err(oops)?;
        let took = begin.elapsed();
        if pressed.copies != SEATS * MASTERS.len() {
            return Err(format!(
                "{} copies instead of {}",
                pressed.copies,
                SEATS * MASTERS.len()
            )
            .into());
        }
        println!(
            "press {number}: {} seats, {} copies, {:.1} MB in {:.2} s",
            pressed.seats.len(),
            pressed.copies,
            pressed.bytes as f64 / 1e6,
            took.as_secs_f64()
        );
        slowest = slowest.max(took);
        bytes = pressed.bytes;
    }
    let limit = press_limit(path, &recipients, bytes)?;
    println!(
        "  limit: age alone for as many seats and bytes, and one synced file: {:.2} s; the press takes {:.1} times as long",
        limit.as_secs_f64(),
        slowest.as_secs_f64() / limit.as_secs_f64()
    );
    Ok(slowest)
}

/// What no press can do without: encryption to each seat, and bytes on the disk.
fn press_limit(path: &Path, seats: &[Seat], bytes: u64) -> Result<Duration, Oops> {
    let size = usize::try_from(bytes)? / seats.len();
    let mut plain = vec![0; size];
    ChaCha8Rng::seed_from_u64(1).fill_bytes(&mut plain);
    let begin = Instant::now();
    let mut file = std::fs::File::create(path.join("limit"))?;
    for seat in seats {
        let recipient: age::x25519::Recipient = seat.recipient.parse()?;
        let sealer = age::Encryptor::with_recipients(std::iter::once(&recipient as _))?;
        let mut out = Vec::with_capacity(size + 1024);
        let mut writer = sealer.wrap_output(&mut out)?;
        writer.write_all(&plain)?;
        writer.finish()?;
        file.write_all(&out)?;
    }
    file.sync_all()?;
    Ok(begin.elapsed())
}

/// The slowest of some traces of 300 words among many cases.
async fn trace(path: &Path, cases: usize) -> Result<Duration, Oops> {
    let desk = found(path).await?;
    join(&desk, 1..=1).await?;
    let begin = Instant::now();
    let key = desk.unlock(PASSPHRASE).map_err(oops)?;
    let unlock = begin.elapsed();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut parts = [Duration::ZERO; 3];
    let begin = Instant::now();
    for number in 0..cases {
        let text = other_text(&mut rng);
        let one = other_case(&desk, &key, number, text).await?;
        for (sum, part) in parts.iter_mut().zip(one) {
            *sum += part;
        }
    }
    println!(
        "\n{cases} cases made in {:.0} s ({} sites and {} words in the last): made {:.1} ms each, artifact {:.1} ms, pressed {:.1} ms",
        begin.elapsed().as_secs_f64(),
        other_text(&mut rng.clone()).matches("{~").count(),
        other_text(&mut rng).split_whitespace().count(),
        1e3 * parts[0].as_secs_f64() / cases as f64,
        1e3 * parts[1].as_secs_f64() / cases as f64,
        1e3 * parts[2].as_secs_f64() / cases as f64,
    );
    let seats = join(&desk, 2..=PARTNERS).await?;
    let case = demo_case(&desk).await?;
    let begin = Instant::now();
    desk.press(&case, &key).await.map_err(oops)?;
    println!(
        "press for 300 seats beside them: {:.2} s",
        begin.elapsed().as_secs_f64()
    );
    let desk = open_wave(desk, path, &case).await?;

    let mut took = Vec::new();
    for number in 0..TRACES {
        let seat = seats.get(number * seats.len() / TRACES).ok_or("no seat")?;
        let package = desk.fetch(&case, &seat.id).await.map_err(oops)?;
        let files = seal::open_package(&package.bytes, &seat.identity)?;
        let copy = files
            .iter()
            .find(|f| f.name == "write-up.md")
            .ok_or("no write-up")?;
        let leak = words(&String::from_utf8_lossy(&copy.bytes), &mut rng);
        let begin = Instant::now();
        let traced = desk.trace(&key, &[leak], None).await.map_err(oops)?;
        took.push(begin.elapsed());
        let accused = traced
            .verdict
            .map(|verdict| verdict.accused)
            .unwrap_or_default();
        if accused.iter().any(|one| one.partner != seat.partner) {
            return Err(format!("partner {} is accused falsely", seat.partner).into());
        }
        println!(
            "trace {}: {} words in {:.3} s, {} cases tried, {}",
            number + 1,
            traced.words,
            took.last().map_or(0.0, Duration::as_secs_f64),
            traced.cases_tried,
            if accused.is_empty() {
                "withheld"
            } else {
                "the right partner is named"
            },
        );
    }
    took.sort();
    let (median, slowest) = (took[took.len() / 2], took[took.len() - 1]);

    let store = store::Store::open(desk.dir().database()).await?;
    let begin = Instant::now();
    let records = store.index_records().await?;
    let limit = begin.elapsed();
    let bytes: usize = records.iter().map(|(_, record)| record.len()).sum();
    println!(
        "median {:.3} s, slowest {:.3} s; unlocking the program key takes {:.2} s more, once a command",
        median.as_secs_f64(),
        slowest.as_secs_f64(),
        unlock.as_secs_f64()
    );
    println!(
        "  limit: reading the {} index records, {:.1} MB: {:.3} s; the slowest trace takes {:.1} times as long",
        records.len(),
        bytes as f64 / 1e6,
        limit.as_secs_f64(),
        slowest.as_secs_f64() / limit.as_secs_f64()
    );
    Ok(slowest)
}

struct Seat {
    id: SeatId,
    partner: PartnerId,
    recipient: String,
    identity: String,
}

fn oops(failure: Failure) -> Oops {
    failure.message.into()
}

fn time(text: &str) -> Result<Timestamp, Oops> {
    Ok(text.parse()?)
}

async fn found(path: &Path) -> Result<Desk, Oops> {
    let dir = DataDir::at(path);
    let now = Some(time(DAY_0)?);
    desk::init(&dir, "Benchmark", ClockKind::Test, PASSPHRASE, now)
        .await
        .map_err(oops)
}

/// Partners with these numbers and three seats each.
async fn join(desk: &Desk, numbers: std::ops::RangeInclusive<usize>) -> Result<Vec<Seat>, Oops> {
    let mut csv = String::from("id,name,tier,country,obligations\n");
    for number in numbers.clone() {
        csv.push_str(&format!("p-{number:03},Partner {number},validate,DE,\n"));
    }
    desk.import_partners(csv.as_bytes()).await.map_err(oops)?;
    let mut seats = Vec::new();
    for number in numbers {
        let partner = PartnerId::parse(&format!("p-{number:03}"))?;
        for place in 1..=SEATS / PARTNERS {
            let (identity, recipient) = seal::generate_identity();
            let email = format!("s{place}@p{number}.example");
            let id = desk
                .add_seat(&partner, &email, recipient.as_str())
                .await
                .map_err(oops)?;
            seats.push(Seat {
                id,
                partner: partner.clone(),
                recipient: recipient.as_str().to_owned(),
                identity: identity.to_string(),
            });
        }
    }
    Ok(seats)
}

/// A case with the demo's five artifacts.
async fn demo_case(desk: &Desk) -> Result<CaseId, Oops> {
    let details = CaseDetails {
        title: "Larkspur Share".to_owned(),
        ..CaseDetails::default()
    };
    let case = desk
        .create_case(&details, Tlp::UNDER_EMBARGO, Some(time(RELEASE)?))
        .await
        .map_err(oops)?;
    let mut masters = Vec::new();
    for (name, bytes) in MASTERS {
        let kind = kind_of(name).ok_or("no kind")?;
        masters.push((name.to_owned(), kind, bytes.to_vec()));
    }
    desk.add_artifacts(&case, &masters).await.map_err(oops)?;
    Ok(case)
}

/// A pressed case of another text, and how long each of its three steps took.
async fn other_case(
    desk: &Desk,
    key: &ProgramKey,
    number: usize,
    text: String,
) -> Result<[Duration; 3], Oops> {
    let details = CaseDetails {
        title: format!("Case {number}"),
        ..CaseDetails::default()
    };
    let name = "note.md";
    let kind = kind_of(name).ok_or("no kind")?;
    let begin = Instant::now();
    let case = desk
        .create_case(&details, Tlp::UNDER_EMBARGO, None)
        .await
        .map_err(oops)?;
    let made = begin.elapsed();
    let files = [(name.to_owned(), kind, text.into_bytes())];
    desk.add_artifacts(&case, &files).await.map_err(oops)?;
    let added = begin.elapsed();
    desk.press(&case, key).await.map_err(oops)?;
    Ok([made, added - made, begin.elapsed() - added])
}

/// Plans, approves and opens the first wave of a case.
async fn open_wave(desk: Desk, path: &Path, case: &CaseId) -> Result<Desk, Oops> {
    let plan = CaseCommand::PlanWaves(Offsets::default());
    desk.command(case, plan, &Actor::Desk).await.map_err(oops)?;
    let plan = desk.case(case).await.map_err(oops)?.plan_digest();
    for person in ["Ada", "Grace"] {
        let person = PersonName::parse(person)?;
        let command = CaseCommand::Approve {
            person: person.clone(),
            plan,
        };
        desk.command(case, command, &Actor::Person(person))
            .await
            .map_err(oops)?;
    }
    drop(desk);
    let desk = Desk::open(DataDir::at(path), Some(time(WAVE)?))
        .await
        .map_err(oops)?;
    desk.command(case, CaseCommand::OpenWaves, &Actor::Desk)
        .await
        .map_err(oops)?;
    Ok(desk)
}

/// 300 consecutive words of a text, in lines broken anew.
fn words(text: &str, rng: &mut ChaCha8Rng) -> LeakFile {
    let words: Vec<&str> = text.split_whitespace().collect();
    let first = below(rng, words.len().saturating_sub(WORDS) + 1);
    let mut paste = String::new();
    for (word, place) in words.iter().skip(first).take(WORDS).zip(1..) {
        paste.push_str(word);
        paste.push(if place % 11 == 0 { '\n' } else { ' ' });
    }
    LeakFile::new("paste.txt", paste.into_bytes())
}

fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    (rng.next_u64() % n.max(1) as u64) as usize
}

/// About 700 words and a few dozen sites: sentences that other cases have too, words of the trade in another order,
/// and names that hardly any other case has.
fn other_text(rng: &mut ChaCha8Rng) -> String {
    let words: Vec<&str> = VOCABULARY
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphabetic()))
        .filter(|word| word.len() > 1)
        .collect();
    let sentences: Vec<&str> = VOCABULARY
        .iter()
        .flat_map(|text| text.lines().flat_map(|line| line.split_inclusive(". ")))
        .filter(|s| s.len() > 40 && s.matches("{~").count() == s.matches("~}").count())
        .filter(|s| !s.contains(['|', '#']) || s.contains("{~"))
        .collect();
    let name = name(rng);
    let mut text = format!("# {name}\n");
    for place in 0..56 {
        text.push_str(if place % 7 == 0 { "\n\n" } else { " " });
        if below(rng, 8) == 0 {
            text.push_str(
                sentences
                    .get(below(rng, sentences.len()))
                    .unwrap_or(&"")
                    .trim(),
            );
            continue;
        }
        for number in 0..12 {
            let word = match below(rng, 24) {
                0 => name.as_str(),
                _ => words.get(below(rng, words.len())).copied().unwrap_or(""),
            };
            text.push_str(if number == 0 { "" } else { " " });
            match (number, place % 2) {
                (5, 0) => text.push_str(&format!("{{~{word}|{word}ing~}}")),
                _ => text.push_str(word),
            }
        }
        text.push('.');
    }
    text.push('\n');
    text
}

fn name(rng: &mut ChaCha8Rng) -> String {
    const SYLLABLES: [&str; 12] = [
        "ba", "cor", "del", "fen", "gal", "hor", "lim", "mer", "nos", "pel", "quin", "tav",
    ];
    let mut name = String::new();
    for _ in 0..4 {
        name.push_str(SYLLABLES.get(below(rng, 12)).unwrap_or(&""));
    }
    name
}
