//! Requests as files: what must follow a mark, whether a copy still reads, and what a request says.

mod check;
pub(crate) mod curl;
pub(crate) mod har;
mod http;
mod json;

pub use check::CopyFault;
pub(crate) use check::check;

use crate::format::{Format, TrafficKind};

/// The copy with the lengths that were right in the master as written right again.
///
/// A length that was wrong as written may be the point of the request, and stays.
pub(crate) fn settle(format: Format, written: &str, copy: String) -> String {
    match format {
        Format::Traffic(TrafficKind::Http) => http::settle(written, copy),
        Format::Traffic(TrafficKind::Har) => har::settle(written, copy),
        _ => copy,
    }
}
