//! The aligner beside the plain one: every word of a master of 12,000 tokens against every word of a leak of 300.
//!
//! `cargo bench -p carriers --bench align [-- --quick]`. The last line says whether it is ten times faster with the
//! same answers.
// A program for people: it prints, and reads the clock. The crate does not.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods)]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for people; it may stop at an error"
)]

#[path = "../examples/find_case/cases.rs"]
#[allow(dead_code, reason = "the other program uses the rest")]
mod cases;

use std::process::ExitCode;
use std::time::Duration;

use carriers::plain::Aligner;
use carriers::{Leak, Master};
use cases::{below, fragment, noise, write_up};
use fingerprint::Reading;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const SPEED_UP_MIN: f64 = 10.0;
/// Texts written for this project, as one long master.
const TEXTS: [&str; 11] = [
    include_str!("../../headstart/trials/write-up.md"),
    include_str!("../vectors/larkspur/write-up.md"),
    include_str!("../vectors/larkspur/unrelated-advisory.md"),
    include_str!("../../headstart/trials/unrelated/01-quillon-queue.md"),
    include_str!("../../headstart/trials/unrelated/02-tollgate-list.md"),
    include_str!("../../headstart/trials/unrelated/03-brindle-blog.md"),
    include_str!("../../headstart/trials/unrelated/04-osterly-advisory.md"),
    include_str!("../../headstart/trials/unrelated/05-havelock-note.md"),
    include_str!("../../headstart/trials/unrelated/06-merrow-postmortem.md"),
    include_str!("../../../THREAT-MODEL.md"),
    include_str!("../../../fuzz/README.md"),
];
const WORDS: usize = 300;

fn copy(master: &Master, rng: &mut ChaCha8Rng) -> String {
    let symbols: Vec<u64> = master
        .sites()
        .iter()
        .map(|s| rng.next_u64() % s.values)
        .collect();
    String::from_utf8(master.embed(&symbols).unwrap()).unwrap()
}

/// One way in which a leak differs from the copy.
type Bend = fn(&str, &mut ChaCha8Rng) -> String;

const BENDS: [(&str, Bend); 7] = [
    ("300 words", |t, r| fragment(t, WORDS, r)),
    ("10 % noise", |t, r| noise(&fragment(t, WORDS, r), 100, r)),
    ("30 % noise", |t, r| noise(&fragment(t, WORDS, r), 300, r)),
    ("50 % noise", |t, r| noise(&fragment(t, WORDS, r), 500, r)),
    ("ten parts of 30", |t, r| {
        (0..10)
            .map(|_| fragment(t, 30, r))
            .collect::<Vec<_>>()
            .join(" ")
    }),
    ("words in any order", |t, r| {
        let part = fragment(t, WORDS, r);
        let mut words: Vec<&str> = part.split(' ').collect();
        for i in (1..words.len()).rev() {
            if below(r, 4) == 0 {
                words.swap(i, below(r, i + 1));
            }
        }
        words.join(" ")
    }),
    ("another write-up", |_, r| {
        let other = write_up(99, r.next_u64(), 40)
            .replace("{~", "")
            .replace("~}", "");
        fragment(&other, WORDS, r)
    }),
];

fn main() -> ExitCode {
    let quick = std::env::args().any(|a| a == "--quick");
    let leaks = if quick { 3 } else { 40 };
    let source = TEXTS.join("\n\n");
    let master = Master::parse("write-up.md", source.as_bytes()).unwrap();
    let aligner = Aligner::of(&master);
    println!(
        "a master of {} tokens and {} sites, leaks of about {WORDS} words, {leaks} of each row; medians",
        aligner.tokens(),
        master.sites().len()
    );
    println!(
        "{:<20} {:>9} {:>9} {:>7} {:>8} {:>7} {:>11}",
        "leak", "plain", "aligner", "times", "readings", "read", "differences"
    );
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (mut compared, mut differences, mut slowest) = (0, 0, f64::MAX);
    let (mut all_plain, mut all_fast) = (Vec::new(), Vec::new());
    for (what, bend) in BENDS {
        let (mut plain, mut fast) = (Vec::new(), Vec::new());
        let (mut read, mut own, mut other) = (0, 0, 0);
        for _ in 0..leaks {
            let text = copy(&master, &mut rng);
            let leak = Leak::parse("found.txt", bend(&text, &mut rng).as_bytes()).unwrap();
            let (a, took) = timed(|| aligner.plain(&leak));
            plain.push(took);
            let (b, took) = timed(|| aligner.read(&leak));
            fast.push(took);
            own += a.len();
            read += b.iter().filter(|r| r.reading != Reading::Erased).count();
            other += a.iter().zip(&b).filter(|(a, b)| a != b).count();
        }
        all_plain.extend(&plain);
        all_fast.extend(&fast);
        let (p, f) = (median(&mut plain), median(&mut fast));
        let times = p.as_secs_f64() / f.as_secs_f64();
        slowest = times.min(slowest);
        compared += own;
        differences += other;
        println!(
            "{what:<20} {:>6.2} ms {:>6.2} ms {times:>7.1} {own:>8} {read:>7} {other:>11}",
            ms(p),
            ms(f)
        );
    }
    let (p, f) = (median(&mut all_plain), median(&mut all_fast));
    println!(
        "both times are of the alignment and what is made of it; taking the master apart, {:.2} ms, comes before either",
        ms(median(
            &mut (0..9)
                .map(|_| timed(|| Aligner::of(&master)).1)
                .collect::<Vec<_>>()
        ))
    );
    let all = leaks * BENDS.len();
    let holds = slowest >= SPEED_UP_MIN && differences == 0;
    println!(
        "{}: {:.1} times faster over all, {slowest:.1} in the slowest row (goal {SPEED_UP_MIN}); {compared} readings of {all} leaks compared, {differences} differ (goal 0)",
        if holds { "holds" } else { "falls short" },
        p.as_secs_f64() / f.as_secs_f64(),
    );
    if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = on_core();
    let out = work();
    (out, on_core() - start)
}

/// Time that this thread had on its core: what others do on the machine does not count.
fn on_core() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
