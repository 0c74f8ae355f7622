//! Whether a copy still reads as what it is.

use super::{curl, http, json};
use crate::format::{DataKind, Format, TrafficKind};

/// Why a copy does not read as its format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {what}")]
pub struct CopyFault {
    /// Line of the copy, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
}

impl CopyFault {
    /// What to do about it.
    pub fn hint(&self) -> String {
        "each alternative must fit where it stands: quotes, commas and line breaks are part of the format".into()
    }
}

/// Reads a copy as its format; formats that are not of this room pass.
pub(crate) fn check(format: Format, copy: &[u8]) -> Result<(), CopyFault> {
    let fault = |line: usize, column: usize, what: &str| CopyFault {
        line,
        column,
        what: what.to_owned(),
    };
    if format == Format::Traffic(TrafficKind::Capture) {
        return crate::pcap::messages(copy)
            .map(drop)
            .map_err(|e| fault(1, 1, &e.to_string()));
    }
    let text = || {
        std::str::from_utf8(copy).map_err(|e| {
            let line = copy
                .iter()
                .take(e.valid_up_to())
                .filter(|b| **b == b'\n')
                .count()
                + 1;
            fault(line, 1, "not UTF-8")
        })
    };
    match format {
        Format::Traffic(TrafficKind::Http) => match http::fault(text()?) {
            Some((line, what)) => Err(fault(line, 1, what)),
            None => Ok(()),
        },
        Format::Traffic(TrafficKind::Curl) => {
            let text = text()?;
            match curl::words(text.trim_start()) {
                None => Err(fault(1, 1, "a quote is not closed")),
                Some((words, _)) if words.first().is_none_or(|w| w != "curl") => {
                    Err(fault(1, 1, "the command does not begin with `curl`"))
                }
                Some(_) if curl::requests(text).is_empty() => {
                    Err(fault(1, 1, "no address in the command"))
                }
                Some(_) => Ok(()),
            }
        }
        Format::Traffic(TrafficKind::Har) | Format::Data(DataKind::Json) => {
            let text = text()?;
            if let Err(e) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
                return Err(fault(e.line(), e.column().max(1), "not JSON"));
            }
            let entries = |n: &json::Node| n.get("log").and_then(|l| l.get("entries")).is_some();
            let is_har = json::Node::parse(text).as_ref().is_some_and(entries);
            if format == Format::Traffic(TrafficKind::Har) && !is_har {
                return Err(fault(1, 1, "no `log` with `entries`"));
            }
            Ok(())
        }
        Format::Data(DataKind::Csv) => table(text()?),
        _ => Ok(()),
    }
}

/// Rows of one length, quotes closed.
///
/// # Source
/// RFC 4180.
fn table(text: &str) -> Result<(), CopyFault> {
    let first = text.lines().next().unwrap_or_default();
    let separator = [b'\t', b';']
        .into_iter()
        .find(|s| first.bytes().any(|b| b == *s) && !first.contains(','))
        .unwrap_or(b',');
    let mut columns: Option<usize> = None;
    let (mut fields, mut quoted, mut line, mut begun) = (1, false, 1, 1);
    let mut is_empty = true;
    let mut end = |fields: usize, begun: usize, is_empty: bool| -> Result<(), CopyFault> {
        let expected = *columns.get_or_insert(fields);
        // Lines of notes before or between the rows have one field.
        if is_empty || fields == expected || fields == 1 {
            return Ok(());
        }
        let what = format!("a row of {fields} fields, and the first has {expected}");
        Err(CopyFault {
            line: begun,
            column: 1,
            what,
        })
    };
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => {
                end(fields, begun, is_empty)?;
                (fields, is_empty, begun) = (1, true, line + 1);
            }
            byte if byte == separator && !quoted => fields += 1,
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            is_empty = false;
        }
        line += usize::from(byte == b'\n');
    }
    if quoted {
        let what = "a quote is not closed".to_owned();
        return Err(CopyFault {
            line: begun,
            column: 1,
            what,
        });
    }
    end(fields, begun, is_empty)
}
