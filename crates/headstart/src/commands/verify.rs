//! `headstart verify`: evidence checked offline, step by step.

use std::path::Path;

use desk::Failure;
use domain::describe::describe_utc;
use domain::sealed::Digest;
use flow::evidence::{EVIDENCE_BYTES_MAX, Evidence};
use flow::holdings::{Compared, Contents, HeldPackage, Holdings, Watch, compare};
use flow::record::{RECORD_BYTES_MAX, Record};
use flow::testify::LIMITS;
use flow::verify::Step;
use serde_json::{Value, json};

use super::Context;
use super::context::{read_file, timestamp};
use super::leak::Originals;
use super::record::delivery_beside;
use super::{cosigned, open};
use crate::cli::Held;
use crate::client::kept_checkpoints;
use crate::output::{folded, one_in};

/// Verifies a file: exit 0 when every step holds, 1 when one fails, 2 when it is no evidence.
/// A fork report is checked as `log check-fork` does.
pub fn run(context: &Context, file: &Path, held: &Held) -> Result<u8, Failure> {
    let bytes = read_file(file, EVIDENCE_BYTES_MAX as u64)?;
    if bytes.starts_with(b"headstart fork report ") {
        return super::log_check::check_fork(context, file);
    }
    let evidence = Evidence::parse(&bytes).map_err(|error| {
        Failure::usage("not-evidence", format!("`{}`: {error}", file.display()))
            .hint("`headstart evidence TRACE --out FILE` writes evidence")
    })?;
    let holdings = holdings(held, &evidence)?;
    match compare(&evidence, &holdings) {
        Ok(Compared {
            verified,
            originals,
            steps,
            witnessed,
            is_beacon_witnessed,
        }) => {
            let log_key = held.log_key.as_deref();
            let originals = Originals::of(originals);
            let accused: Vec<Value> = verified
                .body
                .accused
                .iter()
                .map(|a| {
                    json!({
                        "partner": a.partner, "seat": a.seat,
                        "innocent_risk": a.finding.innocent_risk,
                        "evidence_bits": a.finding.evidence_bits,
                    })
                })
                .collect();
            let document = json!({
                "verified": true,
                "leak": originals.to_json(&verified.body),
                "trace": verified.body.trace,
                "case": verified.body.case,
                "program": verified.body.program,
                "accused": accused,
                "log_key": verified.body.log_key,
                "log_key_expected": log_key.is_some(),
                "log_size": verified.log_size,
                "steps": Step::ALL.iter().chain(&steps).map(|step| step.as_str()).collect::<Vec<_>>(),
                "not_compared": missing(&steps).iter().map(|step| step.as_str()).collect::<Vec<_>>(),
                "witnessed": witnessed.iter().map(|seen| json!({
                    "what": seen.what, "index": seen.index, "by": seen.by.to_string(),
                })).collect::<Vec<_>>(),
                "given": verified.given.iter().map(|given| json!({
                    "seat": given.seat.as_str(), "package_sha256": given.package.to_string(),
                    "at": given.at.to_string(), "receipt_index": given.index,
                })).collect::<Vec<_>>(),
                "secret_mixing_witnessed": is_beacon_witnessed,
                "limits": LIMITS,
            });
            context.output.result(&document, |out| {
                let mut text = String::new();
                for step in Step::ALL.iter().chain(&steps) {
                    text += &format!("{} {:<11}{}\n", out.good("ok"), step.as_str(), step.meaning());
                }
                for step in missing(&steps) {
                    text += &format!("{} {:<11}{}\n", out.careful("--"), step.as_str(), how(step));
                }
                text.push('\n');
                for accused in &verified.body.accused {
                    let who = accused.seat.as_ref().map_or_else(
                        || format!("a copy of partner {}", accused.partner),
                        |seat| format!("the copy of seat {seat} (partner {})", accused.partner),
                    );
                    text += &folded(
                        &format!(
                            "{} of case {} contributed to this leak. The chance that such readings name somebody innocent is at most {}.",
                            capital(&who),
                            verified.body.case,
                            one_in(accused.finding.innocent_risk),
                        ),
                        96,
                        "",
                    );
                }
                text += "\nWhat was given, for the accused to compare with what they hold:\n";
                for given in &verified.given {
                    text += &format!(
                        "  {}  {}  package {}\n",
                        describe_utc(given.at),
                        given.seat,
                        given.package
                    );
                }
                for seen in &witnessed {
                    text += &format!(
                        "  {}  {} was witnessed, as entry {}\n",
                        describe_utc(seen.by),
                        seen.what,
                        seen.index
                    );
                }
                text += &originals.describe(out, &verified.body);
                text += match is_beacon_witnessed {
                    Some(true) => "These witnesses had cosigned what was mixed into the case's secret.\n",
                    Some(false) => "These witnesses had not cosigned what was mixed into the case's secret: the program alone may have chosen it.\n",
                    None => "",
                };
                text += "\nWhat this does not prove:\n";
                for limit in LIMITS {
                    text += &bullet(limit);
                }
                if log_key.is_none() {
                    text += &format!(
                        "\n{} the log key was taken from the file. Compare it with the one that the program publishes:\n  {}\n",
                        out.careful("note"),
                        verified.body.log_key
                    );
                }
                text
            });
            Ok(0)
        }
        Err(failed) => {
            let document = json!({
                "verified": false,
                "step": failed.step.as_str(),
                "reason": failed.reason,
                "fork": failed.fork.as_ref().map(|fork| fork.to_text()),
            });
            context.output.result(&document, |out| {
                let mut text = String::new();
                for step in Step::ALL.iter().take_while(|step| **step != failed.step) {
                    text += &format!(
                        "{} {:<11}{}\n",
                        out.good("ok"),
                        step.as_str(),
                        step.meaning()
                    );
                }
                text += &format!(
                    "{} {:<11}{}\n\nThis evidence does not hold.\n",
                    out.bad("FAILS"),
                    failed.step.as_str(),
                    failed.reason
                );
                if let Some(fork) = &failed.fork {
                    text += "\nThe holder of the log's key signed both. Keep the lines below as a file: `headstart log check-fork FILE` shows it to anybody.\n\n";
                    text += &fork.to_text();
                }
                text
            });
            Ok(1)
        }
    }
}

/// The steps that were not taken, because the reader holds nothing for them.
fn missing(taken: &[Step]) -> Vec<Step> {
    let steps = Step::HELD.into_iter();
    steps.filter(|step| !taken.contains(step)).collect()
}

/// What to bring so that a step is taken.
fn how(step: Step) -> &'static str {
    match step {
        Step::Found => "not compared: bring the leak as it was found, with --leak FOUND",
        Step::Witnesses => {
            "not compared: name witnesses whom the program does not control, with --witness VKEY, and when the leak was seen, with --seen TIMESTAMP"
        }
        Step::Kept => "not compared: bring checkpoints that others kept, with --kept FILE",
        Step::Packages => {
            "not compared: bring the packages that the accused has, with --package FILE"
        }
        Step::Record => "not compared: bring a record that the program signed, with --record FILE",
        _ => "",
    }
}

/// Reads what the reader holds.
fn holdings(held: &Held, evidence: &Evidence) -> Result<Holdings, Failure> {
    let mut holdings = Holdings {
        log_key: held.log_key.clone(),
        ..Holdings::default()
    };
    if !held.leak.is_empty() {
        let leak = super::leak::read_originals(&held.leak)?;
        holdings.leak = leak.originals.iter().map(|(_, digest)| *digest).collect();
        holdings.leak_texts = leak.files;
    }
    if !held.witness.is_empty() {
        let needed = held.quorum.unwrap_or(held.witness.len());
        if needed == 0 {
            return Err(
                Failure::usage("quorum", "a quorum of 0 witnesses shows nothing")
                    .hint("leave --witness out, or give --quorum 1 or more"),
            );
        }
        holdings.watch = Some(Watch {
            quorum: cosigned::quorum(&held.witness, needed)?,
            needed,
            seen_at: held.seen.as_deref().map(timestamp).transpose()?,
        });
    }
    for path in &held.kept {
        let kept = kept_checkpoints(path, &evidence.body.log_key)?;
        holdings.kept.extend(kept.checkpoints);
        holdings.deliveries.extend(kept.delivery);
    }
    for path in &held.package {
        let bytes = read_file(path, seal::PACKAGE_BYTES_MAX)?;
        let contents = match &held.identity {
            Some(identity) => Some(contents(path, identity, evidence)?),
            None => None,
        };
        holdings.packages.push(HeldPackage {
            digest: Digest::of(&bytes),
            contents,
        });
        holdings.deliveries.extend(delivery_beside(path)?);
    }
    for path in &held.record {
        let bytes = read_file(path, RECORD_BYTES_MAX as u64)?;
        let record = Record::parse(&bytes).map_err(|error| {
            Failure::usage("not-a-record", format!("`{}`: {error}", path.display()))
                .hint(error.hint())
        })?;
        holdings.records.push(record);
    }
    Ok(holdings)
}

/// What is in a package; one of another case says nothing of this evidence.
fn contents(path: &Path, identity: &Path, evidence: &Evidence) -> Result<Contents, Failure> {
    let opened = open::decrypt(path, identity)?;
    let case = opened.manifest.fact("case").unwrap_or("none");
    if case != evidence.body.case {
        return Err(Failure::usage(
            "other-case",
            format!(
                "`{}` is a package of case {case}, and the evidence is of {}",
                path.display(),
                evidence.body.case
            ),
        )
        .hint("bring the package of the case that the evidence is about"));
    }
    Ok(Contents {
        files: open::copies(&opened.entries)
            .map(|file| Digest::of(&file.bytes))
            .collect(),
        manifest: opened.note,
    })
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + characters.as_str()
    })
}

fn bullet(text: &str) -> String {
    let body = folded(text, 92, "    ");
    format!("  - {}", body.trim_start())
}
