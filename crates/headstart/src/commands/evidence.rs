//! `headstart evidence`: one file that anybody can verify.

use std::path::Path;

use desk::Failure;
use flow::evidence::Evidence;
use serde_json::json;

use super::Context;
use super::context::{check_new_file, id, write_new_file};
use crate::reach::Reach;

/// Writes the evidence of a trace.
pub async fn run(context: &Context, trace: &str, out: &Path, since: &[u64]) -> Result<u8, Failure> {
    check_new_file(out)?;
    let reach = Reach::open(context).await?;
    let frozen = reach.evidence(&id(trace)?, since).await?;
    let text = &frozen.text;
    // What cannot be read back is not written.
    let evidence = Evidence::parse(text.as_bytes()).map_err(|error| {
        Failure::machine("evidence", error.to_string())
            .hint("check that both sides are of the same version")
    })?;
    write_new_file(out, text.as_bytes())?;
    let document = json!({
        "trace": trace,
        "file": out.display().to_string(),
        "bytes": text.len(),
        "accused": evidence.body.accused.iter().map(|a| json!({"partner": a.partner, "seat": a.seat})).collect::<Vec<_>>(),
    });
    context.output.result(&document, |_| {
        format!(
            "{} written, {} KiB\n\
             It holds the leak, the masters and the keys of the accused's own copies: hand it only to those who must judge.\n\
             Anybody checks it with: headstart verify {} --log-key {}\n",
            out.display(),
            text.len() / 1024,
            out.display(),
            frozen.log_key,
        )
    });
    Ok(0)
}
