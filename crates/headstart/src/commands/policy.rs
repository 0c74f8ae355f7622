//! `headstart policy`: the rules that decide who may get what.

use desk::Failure;
use domain::policy::{Effect, Policy};
use serde_json::json;

use super::Context;
use crate::output::table;

/// Prints the policy in force.
pub fn run(context: &Context) -> Result<u8, Failure> {
    let policy = Policy::default();
    let document = json!({
        "digest": policy.digest().to_string(),
        "rules": serde_json::to_value(&policy.rules)
            .map_err(|error| Failure::machine("policy", error.to_string()))?,
    });
    context.output.result(&document, |_| {
        let mut rows = vec![["RULE", "EFFECT", "WHY"].map(str::to_owned).to_vec()];
        for rule in &policy.rules {
            rows.push(vec![
                rule.id.clone(),
                effect(rule.effect).to_owned(),
                rule.reason.clone(),
            ]);
        }
        format!("{}\npolicy {}\n", table(&rows), policy.digest())
    });
    Ok(0)
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::AtWave => "with the tier's wave",
        Effect::AtRelease => "at the release",
        Effect::Deny => "never",
    }
}
