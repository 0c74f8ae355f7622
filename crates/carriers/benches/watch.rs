//! How fast known tokens are found in a feed, beside `ripgrep -F -f` and the aho-corasick crate in the same run.
//!
//! `cargo bench -p carriers --bench watch` (1 GiB; `-- --quick`: 128 MiB). Needs Debian's package `ripgrep`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark prints its table and fails by panicking"
)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use carriers::watch::{Token, Watch};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Tokens of each row, and whether the row decides.
const ROWS: [usize; 3] = [1_000, 10_000, 100_000];
const GOAL_AT: usize = 10_000;
const GOAL_TIMES: f64 = 10.0;
/// Lines between two planted tokens.
const PLANTED_EVERY: usize = 5_000;

fn main() -> ExitCode {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let size: usize = if quick { 128 << 20 } else { 1 << 30 };
    if Command::new("rg").arg("--version").output().is_err() {
        println!("falls short: `rg` is not here; install Debian's package ripgrep");
        return ExitCode::FAILURE;
    }
    let mut rng = ChaCha12Rng::seed_from_u64(7);
    let tokens: Vec<String> = (0..ROWS[ROWS.len() - 1]).map(|_| token(&mut rng)).collect();
    let feed = feed(&mut rng, &tokens, size);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feed.log");
    std::fs::write(&path, &feed).unwrap();

    let gigabytes = feed.len() as f64 / 1e9;
    let (_, read) = best(3, || {
        feed.iter()
            .fold(0_u64, |sum, byte| sum.wrapping_add(u64::from(*byte)))
    });
    println!(
        "{:.2} GB of access log, tokens of 8 to 16 characters; one thread each, GB/s; reading every byte once: {:.1}\n",
        gigabytes,
        gigabytes / read
    );
    println!("  tokens  lines hit  watch  ripgrep -F -f  aho-corasick  watch / ripgrep");
    let mut at_goal = 0.0;
    for count in ROWS {
        let known = &tokens[..count];
        let watch = Watch::new(known.iter().map(|t| Token::new(t).unwrap()).collect()).unwrap();
        let (hits, ours) = best(3, || watch.scan(&feed));
        let mut lines: Vec<usize> = Vec::new();
        let mut end = 0;
        for hit in &hits {
            let at = hit.at as usize;
            if at >= end {
                lines.push(at);
                end = feed[at..]
                    .iter()
                    .position(|b| *b == b'\n')
                    .map_or(feed.len(), |n| at + n);
            }
        }
        let list = folder.path().join("tokens.txt");
        std::fs::write(&list, known.join("\n") + "\n").unwrap();
        let (theirs, ripgrep) = best(if quick { 2 } else { 1 }, || ripgrep(&list, &path));
        assert!(
            theirs >= lines.len(),
            "ripgrep finds these lines, or more within longer runs"
        );
        let automaton = AhoCorasick::builder()
            .kind(Some(if count <= 10_000 {
                AhoCorasickKind::DFA
            } else {
                AhoCorasickKind::ContiguousNFA
            }))
            .match_kind(MatchKind::LeftmostFirst)
            .build(known)
            .unwrap();
        let (found, crate_time) = best(1, || automaton.find_iter(&feed).count());
        assert!(
            found >= hits.len(),
            "the crate finds as many, or more within longer runs"
        );
        let times = ripgrep / ours;
        if count == GOAL_AT {
            at_goal = times;
        }
        println!(
            "{count:>8}  {:>9}  {:>5.2}  {:>13.3}  {:>12.3}  {times:>14.1}x",
            lines.len(),
            gigabytes / ours,
            gigabytes / ripgrep,
            gigabytes / crate_time,
        );
    }
    let holds = at_goal >= GOAL_TIMES;
    println!(
        "\n{}: {at_goal:.1} times ripgrep at {GOAL_AT} tokens (goal {GOAL_TIMES})",
        if holds { "holds" } else { "falls short" }
    );
    if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Half of them hexadecimal, as nonces are, half of letters and digits.
fn token(rng: &mut ChaCha12Rng) -> String {
    const HEX: &[u8] = b"0123456789abcdef";
    const ALNUM: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let (digits, length) = match rng.next_u32() % 4 {
        0 => (HEX, 8),
        1 => (HEX, 16),
        2 => (ALNUM, 10),
        _ => (ALNUM, 12),
    };
    (0..length)
        .map(|_| char::from(digits[rng.next_u32() as usize % digits.len()]))
        .collect()
}

/// An access log with session ids and digests, and a planted token now and then.
fn feed(rng: &mut ChaCha12Rng, tokens: &[String], size: usize) -> Vec<u8> {
    const PATHS: [&str; 8] = [
        "/",
        "/index.html",
        "/api/v2/items",
        "/static/css/site.min.css",
        "/files/thumbnail",
        "/login",
        "/search",
        "/images/2026/11/banner-wide.png",
    ];
    const AGENTS: [&str; 4] = [
        "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36",
        "curl/8.14.1",
        "python-requests/2.32.5",
    ];
    let mut feed = Vec::with_capacity(size + 4096);
    let mut line = String::new();
    let mut number = 0_usize;
    while feed.len() < size {
        line.clear();
        let r = rng.next_u64();
        let _ = write!(
            line,
            "192.0.2.{} - - [23/Nov/2026:{:02}:{:02}:{:02} +0000] \"GET {}?id={:x}&s={:032x} HTTP/1.1\" 200 {} \"-\" \"{}\"",
            r % 256,
            r >> 8 & 15,
            r >> 12 & 31,
            r >> 17 & 31,
            PATHS[(r >> 22) as usize % PATHS.len()],
            r >> 30 & 0xfff_ffff,
            u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64()),
            r >> 40 & 0xffff,
            AGENTS[(r >> 60) as usize % AGENTS.len()],
        );
        if number.is_multiple_of(PLANTED_EVERY) {
            let _ = write!(line, " \"t={}\"", tokens[(r >> 25) as usize % tokens.len()]);
        }
        number += 1;
        line.push('\n');
        feed.write_all(line.as_bytes()).unwrap();
    }
    feed
}

/// Lines that ripgrep finds: fixed strings as they are, also within longer runs, which is its fastest way.
fn ripgrep(list: &Path, feed: &Path) -> usize {
    let output = Command::new("rg")
        .args(["--no-config", "-j1", "-a", "-F", "-c", "-f"])
        .arg(list)
        .arg(feed)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .unwrap_or(0)
}

/// The result, and the least seconds of several runs.
fn best<T>(runs: usize, mut work: impl FnMut() -> T) -> (T, f64) {
    let mut least = f64::INFINITY;
    let mut last = None;
    for _ in 0..runs {
        let start = Instant::now();
        let result = std::hint::black_box(work());
        least = least.min(start.elapsed().as_secs_f64());
        last = Some(result);
    }
    (last.unwrap(), least)
}
