//! What a style guide costs that flips a kind of marks throughout: sites erased, and none misread.
//!
//! `cargo run --release -p carriers --example style_guide [-- --quick]`. A write-up with marks of six kinds that
//! editors unify, and of none. Fragments of random copies are read as they are, and after a guide that took one side
//! of one kind, or of all. The last line says whether the goals are met.
// A program for people: it prints. The crate does not.
#![allow(clippy::disallowed_macros)]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for people; it may stop at an error"
)]

use std::process::ExitCode;

use carriers::{Erasure, Leak, Master, read};
use fingerprint::Reading;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Sentences with a mark of a kind that is unified, and one that is not. In each the first form is on one side.
const FRAMES: [[&str; 4]; 6] = [
    [
        "The server {~doesn't|does not~} check the WORD before it {~hands|passes~} the request on",
        "An attacker {~can't|cannot~} see the WORD, and yet {~reaches|finds~} it in seconds",
        "We {~haven't|have not~} looked at the WORD of the {~older|earlier~} releases yet",
        "The client {~isn't|is not~} asked for a WORD when it {~posts|sends~} the form again",
    ],
    [
        "The list {~that|which~} holds the WORD is {~read|loaded~} once an hour by the daemon",
        "A header {~that|which~} names the WORD makes the parser {~stop|give up~} early",
        "Every worker {~that|which~} owns a WORD keeps it {~open|mapped~} until the next start",
        "The path {~that|which~} leads to the WORD was {~added|created~} for a migration",
    ],
    [
        "After {~ten|10~} attempts the WORD is {~locked|closed~} for the rest of the day",
        "At most {~four|4~} clients share one WORD in a {~default|plain~} installation",
        "It takes {~seven|7~} bytes of the WORD to {~overflow|overrun~} the buffer beside it",
        "The queue holds {~twelve|12~} entries of a WORD and {~drops|loses~} all others",
    ],
    [
        "The {~behaviour|behavior~} of the WORD depends on what the proxy {~sends|forwards~} first",
        "A {~colour|color~} in the WORD tells the operator what {~failed|went wrong~} at night",
        "The {~organisation|organization~} of the WORD was {~changed|altered~} in the last release",
        "Its {~neighbour|neighbor~} in memory is the WORD, which is {~large|big~} enough to matter",
    ],
    [
        "The function `{~load()|load~}` takes the WORD and {~returns|yields~} what it finds",
        "An {~e-mail|email~} to the owner of the WORD is all that {~remains|is left~} in the log",
        "The {~sub-process|subprocess~} with the WORD runs {~beside|next to~} the main one",
        "Each {~time-out|timeout~} of the WORD is {~noted|written down~} by the monitor",
    ],
    [
        "The answer is {~|really ~}long when a WORD has {~gone|passed~} through the cache",
        "The check is {~|also ~}skipped for a WORD of {~another|some other~} tenant",
        "The old value is {~|still ~}there when the WORD was {~removed|deleted~} by hand",
        "It was {~|already ~}known that a WORD may {~hold|contain~} line breaks",
    ],
];

const NOUNS: [&str; 24] = [
    "ticket", "cursor", "digest", "folder", "banner", "window", "record", "marker", "anchor",
    "socket", "thread", "bucket", "ledger", "packet", "region", "signal", "column", "shadow",
    "bridge", "engine", "filter", "prefix", "policy", "locale",
];

fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    (rng.next_u64() % n.max(1) as u64) as usize
}

/// A write-up of 240 sentences, and the kind of each of its sites.
fn write_up(rng: &mut ChaCha8Rng) -> (String, Vec<Option<usize>>) {
    let (mut text, mut kinds) = (String::new(), Vec::new());
    for place in 0..240 {
        let kind = below(rng, FRAMES.len());
        let noun = format!(
            "{} {}",
            NOUNS[below(rng, NOUNS.len())],
            NOUNS[below(rng, NOUNS.len())]
        );
        text += &FRAMES[kind][below(rng, 4)].replace("WORD", &noun);
        text += if place % 5 == 4 { ".\n\n" } else { ". " };
        kinds.push(kind);
    }
    // Which of a sentence's two marks is of the kind: the frames of some begin with the other.
    let master = Master::parse("write-up.md", text.as_bytes()).unwrap();
    let unified: Vec<&str> = FRAMES
        .iter()
        .flatten()
        .map(|f| f.split("{~").nth(1).unwrap().split("~}").next().unwrap())
        .collect();
    let kinds = master
        .sites()
        .iter()
        .enumerate()
        .map(|(site, shape)| {
            let written = shape.choices.join("|");
            unified.contains(&written.as_str()).then(|| kinds[site / 2])
        })
        .collect();
    (text, kinds)
}

#[derive(Default)]
struct Count {
    right: usize,
    wrong: usize,
    doubt: usize,
    erased: usize,
    unified: usize,
}

fn main() -> ExitCode {
    let quick = std::env::args().any(|a| a == "--quick");
    let rounds = if quick { 40 } else { 400 };
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let (text, kinds) = write_up(&mut rng);
    let master = Master::parse("write-up.md", text.as_bytes()).unwrap();
    let of_kind = kinds.iter().flatten().count();
    println!(
        "a write-up of {} words, {} sites, {of_kind} of them of six kinds that editors unify; {rounds} leaks a row",
        text.split_whitespace().count(),
        master.sites().len()
    );
    println!(
        "{:<14} {:<12} {:>8} {:>8} {:>8} {:>10} {:>10} {:>18}",
        "leak", "style guide", "right", "wrong", "doubt", "erased", "unified", "wrong of readings"
    );
    let (mut whole_wrong, mut lost) = (0.0f64, 0.0f64);
    for (name, words) in [
        ("whole", usize::MAX),
        ("1000 words", 1000),
        ("500 words", 500),
        ("300 words", 300),
        ("150 words", 150),
    ] {
        for guide in ["none", "one kind", "all kinds"] {
            let mut count = Count::default();
            for _ in 0..rounds {
                let forced: Vec<Option<u64>> = (0..FRAMES.len())
                    .map(|_| Some(rng.next_u64() % 2).filter(|_| guide == "all kinds"))
                    .collect();
                let mut forced = forced;
                if guide == "one kind" {
                    let kind = below(&mut rng, FRAMES.len());
                    forced[kind] = Some(rng.next_u64() % 2);
                }
                let truth: Vec<u64> = master
                    .sites()
                    .iter()
                    .map(|s| rng.next_u64() % s.values)
                    .collect();
                // The guide writes its form over whatever the copy has.
                let shown: Vec<u64> = truth
                    .iter()
                    .zip(&kinds)
                    .map(|(own, kind)| kind.and_then(|k| forced[k]).unwrap_or(*own))
                    .collect();
                let copy = String::from_utf8(master.embed(&shown).unwrap()).unwrap();
                let all: Vec<&str> = copy.split_whitespace().collect();
                let length = words.min(all.len());
                let from = below(&mut rng, all.len() - length + 1);
                let leak = Leak::parse("found.txt", all[from..from + length].join(" ").as_bytes())
                    .unwrap();
                for (reading, truth) in read(&master, &leak).iter().zip(&truth) {
                    match &reading.reading {
                        Reading::Values { values, .. } if values.contains(truth) => {
                            count.right += 1
                        }
                        Reading::Erased if reading.why_erased == Some(Erasure::Unified) => {
                            count.unified += 1
                        }
                        Reading::Erased => count.erased += 1,
                        Reading::Soft { .. } => count.doubt += 1,
                        _ => count.wrong += 1,
                    }
                }
            }
            let mean = |n: usize| n as f64 / rounds as f64;
            let wrong = count.wrong as f64 / (count.right + count.wrong).max(1) as f64;
            if name == "whole" {
                whole_wrong = whole_wrong.max(wrong);
            }
            if guide == "none" && words >= 300 {
                lost = lost.max(count.unified as f64 / (count.right + count.unified).max(1) as f64);
            }
            println!(
                "{name:<14} {guide:<12} {:>8.1} {:>8.2} {:>8.2} {:>10.1} {:>10.2} {:>16.2} %",
                mean(count.right),
                mean(count.wrong),
                mean(count.doubt),
                mean(count.erased),
                mean(count.unified),
                100.0 * wrong
            );
        }
    }
    let holds = whole_wrong <= 0.005 && lost <= 0.05;
    println!(
        "{}: {:.2} % of the readings of a whole copy are wrong after any style guide (goal 0.5), {:.2} % of the sites of ordinary fragments of 300 words and more lose their kind (goal 5)",
        if holds { "holds" } else { "falls short" },
        100.0 * whole_wrong,
        100.0 * lost
    );
    if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
