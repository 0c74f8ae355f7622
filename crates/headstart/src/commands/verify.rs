//! `headstart verify`: evidence checked offline, step by step.

use std::path::Path;

use desk::Failure;
use domain::describe::describe_utc;
use flow::evidence::{EVIDENCE_BYTES_MAX, Evidence};
use flow::verify::{Step, verify};
use serde_json::{Value, json};

use super::Context;
use super::context::read_file;
use crate::output::{folded, one_in};

/// Verifies a file: exit 0 when every step holds, 1 when one fails, 2 when it is no evidence.
pub fn run(context: &Context, file: &Path, log_key: Option<&str>) -> Result<u8, Failure> {
    let bytes = read_file(file, EVIDENCE_BYTES_MAX as u64)?;
    let evidence = Evidence::parse(&bytes).map_err(|error| {
        Failure::usage("not-evidence", format!("`{}`: {error}", file.display()))
            .hint("`headstart evidence TRACE --out FILE` writes evidence")
    })?;
    match verify(&evidence, log_key) {
        Ok(verified) => {
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
                "trace": verified.body.trace,
                "case": verified.body.case,
                "program": verified.body.program,
                "accused": accused,
                "log_key": verified.body.log_key,
                "log_key_expected": log_key.is_some(),
                "log_size": verified.log_size,
                "steps": Step::ALL.iter().map(|step| step.as_str()).collect::<Vec<_>>(),
                "given": verified.given.iter().map(|given| json!({
                    "seat": given.seat.as_str(), "package_sha256": given.package.to_string(),
                    "at": given.at.to_string(), "receipt_index": given.index,
                })).collect::<Vec<_>>(),
                "limits": verified.body.limits,
            });
            context.output.result(&document, |out| {
                let mut text = String::new();
                for step in Step::ALL {
                    text += &format!("{} {:<11}{}\n", out.good("ok"), step.as_str(), step.meaning());
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
                text += "\nWhat this does not prove:\n";
                for limit in &verified.body.limits {
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
                text + &format!(
                    "{} {:<11}{}\n\nThis evidence does not hold.\n",
                    out.bad("FAILS"),
                    failed.step.as_str(),
                    failed.reason
                )
            });
            Ok(1)
        }
    }
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
