//! Tries to frame a partner who did not leak, with every key of the program, and shows who would notice.
//!
//! `cargo run --release -p headstart --example forge [-- --quick] [--seed N]`
//!
//! Each forgery is signed by the program's own key and put before readers who hold more and more: the table says at
//! which step each refuses. Where a reader is deceived, THREAT-MODEL.md must say so: its words are looked up.
#![allow(clippy::unwrap_used, reason = "an example fails by panicking")]
#![allow(clippy::print_stdout, reason = "an example prints its table")]

mod attacks;
mod frame;
mod log;
mod mutate;
mod world;

use std::process::ExitCode;

use attacks::{Column, Forgery, Holder, Lab};
use domain::sealed::Digest;
use flow::holdings::{Holdings, compare};
use mutate::{Counts, Subject};
use world::{guilty, innocent, signed};

const THREAT_MODEL: &str = include_str!("../../../../THREAT-MODEL.md");

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    let seed = arguments
        .iter()
        .position(|argument| argument == "--seed")
        .and_then(|at| arguments.get(at + 1)?.parse().ok())
        .unwrap_or(0x00f0_49e0);
    let (grinds, mutations) = if is_quick {
        (150, 600)
    } else {
        (3_000, 20_000)
    };
    let lab = Lab::new();
    let mut wrong = Vec::new();
    let mut lefts = Vec::new();

    println!(
        "Who refuses what the program forges; `accepted` in words where nobody can refuse it.\n"
    );
    print!("{:<68}", "");
    for column in Column::ALL {
        print!("{:<13}", column.as_str());
    }
    println!();

    // The control: true evidence passes before every reader, so that the readers do not refuse everything.
    print!(
        "{:<68}",
        "(control) true evidence against the seat that leaked"
    );
    let control = signed(lab.honest.clone());
    for column in Column::ALL {
        let held = part(lab.world.holdings(&guilty()), column);
        match compare(&control, &held) {
            Ok(_) => print!("{:<13}", "accepted"),
            Err(failed) => {
                print!("{:<13}", failed.step.as_str());
                wrong.push(format!("true evidence is refused: {failed}"));
            }
        }
    }
    println!();

    let forgeries = lab.forgeries();
    let mut refused = 0;
    let mut cells = 0;
    for forgery in &forgeries {
        print!("{:<68}", forgery.name);
        for column in Column::ALL {
            let held = part(held(&lab, forgery), column);
            let left = forgery.left.as_ref();
            let may_pass = left.is_some_and(|(_, columns)| columns.contains(&column));
            cells += 1;
            match compare(&forgery.evidence, &held) {
                Ok(_) => {
                    print!("{:<13}", "ACCEPTED");
                    if !may_pass {
                        wrong.push(format!("`{}` passes: {}", forgery.name, column.as_str()));
                    }
                }
                Err(failed) => {
                    refused += 1;
                    print!("{:<13}", failed.step.as_str());
                    if may_pass {
                        wrong.push(format!(
                            "`{}` is refused ({failed}) where it is said to be left: {}",
                            forgery.name,
                            column.as_str()
                        ));
                    }
                }
            }
        }
        println!();
        if let Some((words, _)) = &forgery.left
            && !lefts.contains(words)
        {
            lefts.push(words);
        }
    }

    println!("\nWhat is left, in the words of THREAT-MODEL.md:");
    let flat = THREAT_MODEL
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase();
    for words in lefts {
        println!("  - {words}");
        if !flat.contains(&words.to_lowercase()) {
            wrong.push(format!("THREAT-MODEL.md does not say `{words}`"));
        }
    }

    let (framed, lowest) = lab.grind(grinds);
    println!(
        "\n{grinds} secrets and beacons tried over one leak: somebody innocent named {framed} times, lowest risk {lowest:.1e}"
    );
    if framed > 0 {
        wrong.push(format!("{framed} of {grinds} made-up codes name somebody"));
    }
    let mut lists = Counts::default();
    let mut anywhere = Counts::default();
    for (number, honest) in (0..).zip([&lab.honest, &lab.pair()]) {
        let subject = Subject::new(honest);
        subject.lists(&mut lists);
        subject.anywhere(mutations / 2, seed + number, &mut anywhere);
    }
    for (what, counts) in [("of lists", &lists), ("anywhere", &anywhere)] {
        println!(
            "{} alterations {what}, signed again by the program: {} no evidence, {} refused, {} say the same, {} say something else",
            counts.tries,
            counts.no_evidence,
            counts.refused,
            counts.same,
            counts.other.len()
        );
    }
    let passed = lists.other.iter().chain(&anywhere.other);
    wrong.extend(passed.map(|what| format!("an alteration passes: {what}")));

    println!();
    for what in &wrong {
        println!("  ! {what}");
    }
    if wrong.is_empty() {
        println!(
            "holds: {} forgeries, {refused} of {cells} readings refused, the rest as THREAT-MODEL.md says (goal: nothing else passes)",
            forgeries.len()
        );
        ExitCode::SUCCESS
    } else {
        println!(
            "falls short: {} surprises among {cells} readings of {} forgeries (goal: 0)",
            wrong.len(),
            forgeries.len()
        );
        ExitCode::FAILURE
    }
}

/// Everything that the accused and those beside him hold.
fn held(lab: &Lab, forgery: &Forgery) -> Holdings {
    let mut held = match &forgery.holder {
        None => lab.world.holdings(&innocent()),
        Some(Holder::Guilty) => lab.world.holdings(&guilty()),
        Some(Holder::Of(world)) => world.holdings(&innocent()),
    };
    if let Some(found) = &forgery.found {
        held.leak = found.iter().map(|file| Digest::of(&file.bytes)).collect();
    }
    held
}

/// The part of it that one reader has.
fn part(held: Holdings, column: Column) -> Holdings {
    let alone = Holdings {
        log_key: held.log_key.clone(),
        ..Holdings::default()
    };
    match column {
        Column::Alone => alone,
        Column::Leak => Holdings {
            leak: held.leak,
            ..alone
        },
        Column::Packages => Holdings {
            packages: held.packages,
            ..alone
        },
        Column::Record => Holdings {
            records: held.records,
            ..alone
        },
        Column::Kept => Holdings {
            kept: held.kept,
            deliveries: held.deliveries,
            ..alone
        },
        Column::Witnesses => Holdings {
            watch: held.watch,
            ..alone
        },
        Column::Everything => held,
    }
}
