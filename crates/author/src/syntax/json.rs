//! JSON, and JSON lines.

use serde::de::IgnoredAny;

use super::Wrong;

pub(super) fn check(text: &str, wrong: &mut Wrong<'_>) {
    document(text, 0, wrong);
}

pub(super) fn check_lines(text: &str, wrong: &mut Wrong<'_>) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() {
            document(line, at, wrong);
        }
        if wrong.is_full() {
            return;
        }
        at += line.len();
    }
}

fn document(text: &str, from: usize, wrong: &mut Wrong<'_>) {
    let Err(error) = serde_json::from_str::<IgnoredAny>(text) else {
        return;
    };
    let line_start: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let offset = line_start + error.column().saturating_sub(1);
    let message = error.to_string();
    let what = message.split(" at line ").next().unwrap_or_default();
    wrong.at(from + offset, format!("not JSON: {what}"));
}
