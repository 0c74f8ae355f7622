//! `headstart detection`: what sensors can look for, without a name in it.

use desk::Failure;
use flow::detection::Form;
use serde_json::json;

use super::Context;
use super::context::{id, write_new_file};
use crate::cli::{Detection, DetectionForm};
use crate::output::count;
use crate::reach::Reach;

/// Writes the detection content of a case.
pub async fn run(context: &Context, arguments: &Detection) -> Result<u8, Failure> {
    let reach = Reach::open(context).await?;
    let form = match arguments.form {
        DetectionForm::Tokens => Form::Tokens,
        DetectionForm::Suricata => Form::Suricata,
        DetectionForm::Yara => Form::Yara,
        DetectionForm::Sigma => Form::Sigma,
        DetectionForm::Kql => Form::Kql,
    };
    let detection = reach.detection(&id(&arguments.case)?, form).await?;
    let (strong, weak) = (detection.strong, detection.weak);
    let Some(content) = &detection.content else {
        return Err(Failure::no(
            "nothing-to-detect",
            format!(
                "the copies of case {} have no value that says enough alone in this form",
                arguments.case
            ),
        )
        .hint(if weak > 0 {
            "declare a nonce in the PoC or the traffic; `--form yara` and `--form tokens` can combine the weaker values"
        } else {
            "declare a nonce in the PoC or the traffic, of at least eight characters"
        }));
    };
    write_new_file(&arguments.out, content.as_bytes())?;
    let document = json!({
        "case": arguments.case,
        "reference": detection.reference,
        "file": arguments.out.display().to_string(),
        "strong": strong,
        "weak": weak,
    });
    context.output.result(&document, |_| {
        let beside = match form {
            Form::Tokens | Form::Yara => format!(
                " and {}, of which two must be in one record",
                count(weak, "weaker one")
            ),
            _ => String::new(),
        };
        format!(
            "{} written under the name {}: {}{beside}\n\
             It names no partner, no case and no product. A match is a sighting: hand its record to `headstart trace`.\n",
            arguments.out.display(),
            detection.reference,
            if strong == 1 {
                "1 value that says enough alone".to_owned()
            } else {
                format!("{strong} values that say enough alone")
            },
        )
    });
    Ok(0)
}
