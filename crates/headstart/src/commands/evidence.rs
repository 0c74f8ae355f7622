//! `headstart evidence`: one file that anybody can verify.

use std::path::Path;

use desk::Failure;
use serde_json::json;

use super::Context;
use super::context::{check_new_file, id, write_new_file};

/// Writes the evidence of a trace.
pub async fn run(context: &Context, trace: &str, out: &Path, since: &[u64]) -> Result<u8, Failure> {
    check_new_file(out)?;
    let (desk, key) = context.desk_and_key().await?;
    let evidence = desk.evidence(&key, &id(trace)?, since).await?;
    let text = evidence.to_text();
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
            desk.config().log_key,
        )
    });
    Ok(0)
}
