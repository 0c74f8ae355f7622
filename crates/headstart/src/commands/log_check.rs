//! `headstart log check` and `log check-fork`: proofs and fork reports, checked offline.

use std::path::Path;

use desk::Failure;
use flow::delivery::Delivery;
use serde_json::json;
use tlog::{
    Checkpoint, ENTRY_BYTES_MAX, FORK_REPORT_BYTES_MAX, ForkReport, TLOG_PROOF_BYTES_MAX,
    TlogProof, Verifier, leaf_hash, verify_inclusion,
};

use super::Context;
use super::context::read_file;
use super::cosigned;

/// What a proof is checked against.
pub struct Against<'a> {
    /// The log's published key.
    pub log_key: &'a str,
    /// The entry's bytes.
    pub entry: Option<&'a Path>,
    /// Witnesses' keys.
    pub witness: &'a [String],
    /// How many of them must have cosigned.
    pub quorum: usize,
}

/// Checks a tlog-proof: exit 0 when the entry is in the log, 1 when it is not shown to be.
pub fn check(context: &Context, path: &Path, against: &Against<'_>) -> Result<u8, Failure> {
    let bytes = read_file(path, TLOG_PROOF_BYTES_MAX as u64)?;
    let text = String::from_utf8_lossy(&bytes);
    let proof = TlogProof::from_text(&text).map_err(|error| {
        Failure::usage("not-a-proof", format!("`{}`: {error}", path.display())).hint(error.hint())
    })?;
    let log = Verifier::parse(against.log_key.trim()).map_err(|error| {
        Failure::usage("log-key", error.to_string())
            .hint("`headstart log show` prints the key that the program publishes")
    })?;
    let quorum = cosigned::quorum(against.witness, against.quorum)?;
    let known = cosigned::keys(against.witness)?;
    let entry = match against.entry {
        Some(path) => entry_bytes(path)?,
        None => {
            let delivery = Delivery::parse(&text).map_err(|_| {
                Failure::usage("no-entry", "the proof does not say of which entry it is")
                    .hint("give the entry's bytes with --entry FILE")
            })?;
            delivery.entry.entry_bytes()
        }
    };
    let no = |what: String, hint: &str| {
        let document = json!({"holds": false, "reason": what});
        context.output.result(&document, |out| {
            format!(
                "{} {what}\n\nThis proof does not hold: {hint}.\n",
                out.bad("FAILS")
            )
        });
        Ok(1)
    };
    let checkpoint = match Checkpoint::open_note(proof.checkpoint(), &log) {
        Ok(checkpoint) => checkpoint,
        Err(error) => return no(error.to_string(), error.hint()),
    };
    if let Err(error) = quorum.verify(proof.checkpoint()) {
        return no(error.to_string(), error.hint());
    }
    let lines = cosigned::lines(proof.checkpoint(), log.name(), &known)?;
    let (size, root) = (checkpoint.size(), checkpoint.root());
    if let Err(error) = verify_inclusion(&leaf_hash(&entry), proof.inclusion(), size, &root) {
        return no(error.to_string(), error.hint());
    }
    let index = proof.inclusion().index;
    let shown = String::from_utf8_lossy(&entry).into_owned();
    let document = json!({
        "holds": true, "index": index, "entry": shown, "log_size": size,
        "root": root.to_base64(), "origin": checkpoint.origin(),
        "cosigned": cosigned::to_json(&lines),
    });
    context.output.result(&document, |out| {
        format!(
            "{} entry {index} of the log {} of {size} entries is\n  {}\nThe checkpoint:\n{}",
            out.good("ok"),
            checkpoint.origin(),
            shown.escape_debug(),
            cosigned::to_text(&lines)
        )
    });
    Ok(0)
}

/// An entry in a file; a line's end is not part of it.
fn entry_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = read_file(path, ENTRY_BYTES_MAX as u64 + 1)?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Ok(bytes)
}

/// Checks a fork report: exit 0 when it convicts the log, 1 when it shows nothing.
pub fn check_fork(context: &Context, path: &Path) -> Result<u8, Failure> {
    let bytes = read_file(path, FORK_REPORT_BYTES_MAX as u64)?;
    let report = ForkReport::parse(&String::from_utf8_lossy(&bytes)).map_err(|error| {
        Failure::usage("not-a-report", format!("`{}`: {error}", path.display())).hint(error.hint())
    })?;
    let shown = report.check();
    let is_proof = shown.as_ref().is_ok_and(|shown| shown.is_proof());
    let what = match &shown {
        Ok(shown) => shown.to_string(),
        Err(error) => error.to_string(),
    };
    let document = json!({
        "convicts": is_proof, "shown": what, "log_key": report.key.vkey(),
        "known": report.known.to_text(), "offered": report.offered.to_text(),
    });
    context.output.result(&document, |out| {
        let mut text = if is_proof {
            format!(
                "{} {what}\nBoth checkpoints are signed by {}\nWhoever holds that key broke the promise of a log: it only grows.\n",
                out.bad("FORK"),
                report.key.vkey()
            )
        } else {
            format!("{} {what}\nThis alone convicts nobody.\n", out.careful("note"))
        };
        text += &format!(
            "\n--- the checkpoint that was seen before ---\n{}\n--- the checkpoint that was shown later ---\n{}",
            report.known.to_text(),
            report.offered.to_text()
        );
        text
    });
    Ok(u8::from(!is_proof))
}
