//! What is wrong with a master, with line and column.

use author::lint::{Findings, Severity};
use carriers::{MarkErrors, Master};
use maud::{Markup, html};

use crate::web::parts::{count, sentence};

/// A master as the parser and the lint see it.
pub enum Looked {
    /// It reads.
    Read {
        /// The master.
        master: Master,
        /// What the lint finds.
        findings: Findings,
    },
    /// Its marks are wrong.
    Wrong {
        /// All that is wrong.
        errors: MarkErrors,
    },
}

/// One finding, whoever found it.
pub struct Told {
    pub is_error: bool,
    pub line: u32,
    pub column: u32,
    pub length: u32,
    pub what: String,
    pub hint: String,
}

impl Looked {
    /// Looks at a source.
    pub fn at(file_name: &str, source: &str) -> Self {
        match desk::looked_at(file_name, source) {
            Ok((master, findings)) => Self::Read { master, findings },
            Err(errors) => Self::Wrong { errors },
        }
    }

    /// Why it cannot go into a case.
    pub fn blocks(&self) -> Option<String> {
        match self {
            Self::Wrong { errors } => Some(format!(
                "{} must be repaired before it can go into the case.",
                count(errors.0.len(), "wrong mark")
            )),
            Self::Read { findings, .. } if findings.is_blocking() => Some(format!(
                "{} must be repaired before it can go into the case: a copy would show it.",
                count(findings.errors(), "error")
            )),
            Self::Read { master, .. } if !master.checks().is_empty() => Some(
                "It has a `check` directive, which runs a command on the program's machine. Add it there with `headstart artifact add`, or take the directive out."
                    .replace('`', ""),
            ),
            Self::Read { .. } => None,
        }
    }

    /// All findings.
    pub fn told(&self) -> Vec<Told> {
        match self {
            Self::Wrong { errors } => {
                let told = errors.0.iter().map(|error| Told {
                    is_error: true,
                    line: error.line,
                    column: error.column,
                    length: error.length,
                    what: error.kind.to_string(),
                    hint: error.kind.hint(),
                });
                told.collect()
            }
            Self::Read { findings, .. } => {
                let told = findings.0.iter().map(|found| Told {
                    is_error: found.severity == Severity::Error,
                    line: found.line,
                    column: found.column,
                    length: found.length,
                    what: found.kind.to_string(),
                    hint: found.kind.hint(),
                });
                told.collect()
            }
        }
    }

    /// The findings, each with its line.
    pub fn draw(&self, path: &str, source: &str) -> Markup {
        let told = self.told();
        let errors = told.iter().filter(|one| one.is_error).count();
        let warnings = told.len() - errors;
        let lines: Vec<&str> = source.split('\n').collect();
        html! {
            @if !told.is_empty() {
                div class={ "notice " @if errors > 0 { "bad" } @else { "wait" } } {
                    details open[errors > 0] {
                        summary {
                            @if errors > 0 { (count(errors, "error")) }
                            @if errors > 0 && warnings > 0 { ", " }
                            @if warnings > 0 { (count(warnings, "warning")) }
                        }
                        ol class="findings" {
                            @for one in &told { (finding(path, one, &lines)) }
                        }
                    }
                }
            }
        }
    }
}

fn finding(path: &str, one: &Told, lines: &[&str]) -> Markup {
    let line = lines
        .get((one.line as usize).saturating_sub(1))
        .copied()
        .unwrap_or_default();
    let skip = (one.column as usize).saturating_sub(1);
    // Long lines are cut to what stands around the place.
    let from = skip.saturating_sub(60);
    let before: String = line.chars().skip(from).take(skip - from).collect();
    let place: String = line.chars().skip(skip).take(one.length as usize).collect();
    let after: String = line
        .chars()
        .skip(skip + one.length as usize)
        .take(60)
        .collect();
    html! {
        li {
            p {
                a class="place" href={ (path) "?view=source#source" } data-line=(one.line) data-column=(one.column) {
                    "Line " (one.line) ", column " (one.column)
                }
                ": " (sentence(&one.what))
            }
            pre { (before) mark { (place) } (after) }
            @if !one.hint.is_empty() { p class="fine" { (sentence(&one.hint)) } }
        }
    }
}
