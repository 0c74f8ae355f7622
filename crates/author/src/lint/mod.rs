//! What is wrong with the marks of a master beyond their spelling: what a copy would say, or how it would fail.

mod alternatives;
mod article;
mod fact;
mod finding;
mod flat;
mod name;
mod order;
mod sample;

use carriers::{Carrier, Format, MarkErrors, Master};

pub use alternatives::value;
pub use finding::{Finding, FindingKind, Findings, Severity};
pub(crate) use name::Uses;
pub use sample::{SAMPLES_MAX, SAMPLES_MIN, narrow, samples};

use finding::Places;
use flat::Flat;

/// Most findings of one file.
pub const FINDINGS_MAX: usize = 100;
/// Bytes of copies that one lint parses at most; beyond it, alternatives are parsed together instead of one by one.
pub const PARSED_BYTES_MAX: usize = 16 << 20;

/// Reads a master and lints it.
///
/// # Errors
/// Marks that are wrong in themselves: nothing else is looked at before they are right.
pub fn lint(file_name: &str, source: &[u8]) -> Result<Findings, MarkErrors> {
    let master = Master::parse(file_name, source)?;
    Ok(lint_master(&master, source))
}

/// Lints a master that was read from `source`. A file that is no text has no findings.
///
/// Time grows with the length of the source, and with the bytes of the copies that are parsed, at most
/// [`PARSED_BYTES_MAX`].
pub fn lint_master(master: &Master, source: &[u8]) -> Findings {
    let Ok(source) = std::str::from_utf8(source) else {
        return Findings::default();
    };
    let places = Places::new(master, source);
    let mut found = Vec::new();
    let pieces = master.pieces();
    let flat = Flat::of(&pieces);
    let format = master.format();
    fact::check(master, &flat, &places, &mut found);
    if !matches!(format, Format::Plain | Format::Data(_) | Format::Traffic(_)) {
        article::check(format, &flat, &places, &mut found);
    }
    if format == Format::Prose {
        order::check(&pieces, &places, &mut found);
    }
    let default = master.embed(&vec![0; master.sites().len()]);
    let default = default.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if let Ok(default) = &default
        && master.sites().iter().any(|s| s.carrier == Carrier::Name)
    {
        name::check(master, default, &places, &mut found);
    }
    alternatives::check(master, &places, &mut found);
    found.sort_by_key(|f| (f.line, f.column));
    found.dedup();
    found.truncate(FINDINGS_MAX);
    Findings(found)
}
