//! Masters: the marks that an author writes, and the copies that are rendered from them.

mod check;
mod directive;
mod encode;
pub mod error;
mod inline;
mod layout;
pub(crate) mod moment;
mod names;
mod parse;
pub(crate) mod permutation;
mod piece;
pub(crate) mod places;
mod prose;
mod scan;
mod shuffle;
pub(crate) mod tokens;
pub(crate) mod values;

pub use layout::{KeptLine, Layout, Written, layout};

use std::fmt;

use crate::format::{Dialect, Format};
use crate::pcap::{self, CaptureMaster};
use crate::traffic::{self, CopyFault};
use error::MarkErrors;
use values::ValueForm;

pub use check::Check;
pub use piece::{MarkSpan, Piece};

/// What carries a site's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Carrier {
    /// Wordings in text for people.
    Alternative,
    /// Wordings of one link: the same choice everywhere in the file.
    Linked,
    /// Alternatives declared in a program or a rule.
    Literal,
    /// A number from a range.
    Integer,
    /// Random characters, or a part of them.
    Nonce,
    /// An identifier's name.
    Name,
    /// The order of a list.
    Shuffle,
    /// How the same bytes are written: text or hexadecimal, in upper or lower case.
    Encoding,
    /// A field of packet headers: a sequence number, a port, an address.
    Field,
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Carrier::Alternative => "alternative",
            Carrier::Linked => "linked",
            Carrier::Literal => "literal",
            Carrier::Integer => "integer",
            Carrier::Nonce => "nonce",
            Carrier::Name => "name",
            Carrier::Shuffle => "shuffle",
            Carrier::Encoding => "encoding",
            Carrier::Field => "field",
        })
    }
}

impl Carrier {
    /// Whether the value does something when the artifact runs, and so shows on the wire.
    pub fn is_functional(self) -> bool {
        matches!(self, Carrier::Literal | Carrier::Integer | Carrier::Nonce)
    }
}

/// One place of a master that differs between copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Line of its first occurrence in the master, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What carries the value.
    pub carrier: Carrier,
    /// Number of values, 2 to 2^32.
    pub values: u64,
    /// Paragraph of prose, from 0; always 0 in programs and rules.
    pub section: u32,
    /// A few words for people: `via|through|using`, `int 240..320`.
    pub label: String,
    /// The wordings in order of their values; empty for numbers, nonces and orders.
    pub choices: Vec<String>,
}

/// A piece of a master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    Choice {
        site: usize,
        wordings: Vec<String>,
    },
    /// `count` sites from `site` on, written as one literal.
    Value {
        site: usize,
        count: usize,
        form: ValueForm,
    },
    /// `between` has one piece less than `items`.
    Shuffle {
        site: usize,
        items: Vec<Vec<Part>>,
        between: Vec<Vec<Part>>,
    },
}

/// An artifact as written once, with its mark sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Master {
    file_name: String,
    dialect_name: Format,
    sites: Vec<Site>,
    marks: Vec<MarkSpan>,
    checks: Vec<Check>,
    /// As the author wrote it, without marks: where lengths must follow.
    written: Option<String>,
    body: Body,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Body {
    /// Not text: no marks, every copy is the same.
    Bytes(Vec<u8>),
    Parts(Vec<Part>),
    Capture(Box<CaptureMaster>),
}

impl Default for Body {
    fn default() -> Self {
        Body::Parts(Vec::new())
    }
}

/// Why a copy cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmbedError {
    /// Another number of symbols than sites.
    #[error("{found} symbols for {expected} mark sites")]
    Length {
        /// Sites of the master.
        expected: usize,
        /// Symbols given.
        found: usize,
    },
    /// A symbol that the site does not have.
    #[error("symbol {symbol} at site {site}, which has {values} values")]
    Symbol {
        /// Index of the site.
        site: usize,
        /// Symbol given.
        symbol: u64,
        /// Number of values of the site.
        values: u64,
    },
}

impl EmbedError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        "plan the code from this master's own sites".into()
    }
}

impl Master {
    /// Reads a master: `bytes` of at most [`error::MASTER_BYTES_MAX`], with marks as the ending of `file_name` allows.
    ///
    /// A file that is not UTF-8 and holds no mark syntax is a master without sites.
    ///
    /// # Errors
    /// All that is wrong with the marks, in order of place.
    pub fn parse(file_name: &str, bytes: &[u8]) -> Result<Master, MarkErrors> {
        let dialect = Dialect::of(file_name);
        if dialect == Dialect::Capture
            && bytes.len() <= error::MASTER_BYTES_MAX
            && let Some((sites, capture)) = pcap::plan(bytes)?
        {
            if let Some(site) = sites.get(error::SITES_MAX) {
                return Err(MarkErrors(vec![error::MarkError {
                    line: site.line,
                    column: site.column,
                    length: 1,
                    kind: error::MarkErrorKind::TooManySites {
                        max: error::SITES_MAX,
                    },
                }]));
            }
            return Ok(Master {
                file_name: file_name.to_owned(),
                dialect_name: dialect.format(),
                sites,
                marks: Vec::new(),
                checks: Vec::new(),
                written: None,
                body: Body::Capture(Box::new(capture)),
            });
        }
        let parsed = parse::parse(dialect, bytes)?;
        let follows = matches!(dialect, Dialect::Http | Dialect::Har) && !parsed.sites.is_empty();
        let written = match std::str::from_utf8(bytes) {
            Ok(source) if follows => Some(layout::as_written(file_name, source)?),
            _ => None,
        };
        Ok(Master {
            file_name: file_name.to_owned(),
            dialect_name: dialect.format(),
            sites: parsed.sites,
            marks: parsed.marks,
            checks: parsed.checks,
            written,
            body: parsed.body,
        })
    }

    /// Where the marks stand in the source, in its order; shuffles are not among them.
    pub fn marks(&self) -> &[MarkSpan] {
        &self.marks
    }

    /// The commands that copies must pass, in the order of the source.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The sites in order of their first occurrence.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The name given to [`Master::parse`].
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// What kind of file it is.
    pub fn format(&self) -> Format {
        self.dialect_name
    }

    /// The copy with these symbols, one for each site in order; all zeros is the default copy.
    ///
    /// # Errors
    /// [`EmbedError`] unless there is one symbol a site, below its number of values.
    pub fn embed(&self, symbols: &[u64]) -> Result<Vec<u8>, EmbedError> {
        if symbols.len() != self.sites.len() {
            return Err(EmbedError::Length {
                expected: self.sites.len(),
                found: symbols.len(),
            });
        }
        for (site, (symbol, shape)) in symbols.iter().zip(&self.sites).enumerate() {
            if *symbol >= shape.values {
                return Err(EmbedError::Symbol {
                    site,
                    symbol: *symbol,
                    values: shape.values,
                });
            }
        }
        match &self.body {
            Body::Bytes(bytes) => Ok(bytes.clone()),
            Body::Parts(parts) => {
                let mut out = String::new();
                render(parts, symbols, &mut out);
                if let Some(written) = &self.written {
                    out = traffic::settle(self.dialect_name, written, out);
                }
                Ok(out.into_bytes())
            }
            Body::Capture(capture) => Ok(capture.render(symbols)),
        }
    }

    /// Whether a copy still reads as requests, as a capture, as JSON or as a table; other formats pass.
    ///
    /// # Errors
    /// [`CopyFault`] with its place in the copy.
    pub fn check_copy(&self, copy: &[u8]) -> Result<(), CopyFault> {
        traffic::check(self.dialect_name, copy)
    }

    /// What a copy with these symbols says to a reader: its text, or the messages in its packets.
    ///
    /// # Errors
    /// As [`Master::embed`].
    pub(crate) fn shown(&self, symbols: &[u64]) -> Result<String, EmbedError> {
        match &self.body {
            Body::Capture(capture) if symbols.len() == self.sites.len() => {
                let mut out = String::new();
                render(capture.parts(), symbols, &mut out);
                Ok(out)
            }
            _ => Ok(String::from_utf8_lossy(&self.embed(symbols)?).into_owned()),
        }
    }

    /// The pieces as readers see them, none when the master is no text and no capture.
    pub(crate) fn parts(&self) -> &[Part] {
        match &self.body {
            Body::Bytes(_) => &[],
            Body::Parts(parts) => parts,
            Body::Capture(capture) => capture.parts(),
        }
    }

    /// The packets, when the master is a marked capture.
    pub(crate) fn capture(&self) -> Option<&CaptureMaster> {
        match &self.body {
            Body::Capture(capture) => Some(capture),
            _ => None,
        }
    }
}

/// Marks that are declared line by line, apart from where they stand.
pub(crate) struct Declared {
    pub(crate) sites: Vec<Site>,
    pub(crate) lines: Vec<DeclaredLine>,
}

/// One line of [`Declared`].
pub(crate) struct DeclaredLine {
    /// As the default copy has it, with values as written.
    pub(crate) written: String,
    pub(crate) parts: Vec<Part>,
}

/// Reads lines with marks.
///
/// # Errors
/// All that is wrong with the marks.
pub(crate) fn declared(source: &str) -> Result<Declared, MarkErrors> {
    let parsed = parse::parse(Dialect::Capture, source.as_bytes())?;
    let written = layout::as_written("lines.cap", source)?;
    let mut lines: Vec<DeclaredLine> = written
        .split('\n')
        .map(|line| DeclaredLine {
            written: line.to_owned(),
            parts: Vec::new(),
        })
        .collect();
    let Body::Parts(parts) = parsed.body else {
        return Ok(Declared {
            sites: parsed.sites,
            lines,
        });
    };
    let mut line = 0;
    for part in parts {
        // Marks stay on their line, so only text between them breaks it.
        let pieces = match part {
            Part::Text(text) => text.split('\n').map(|t| Part::Text(t.to_owned())).collect(),
            part => vec![part],
        };
        for (index, piece) in pieces.into_iter().enumerate() {
            line += usize::from(index > 0);
            let own = lines.get_mut(line);
            match (own, piece) {
                (_, Part::Text(text)) if text.is_empty() => {}
                (Some(own), piece) => own.parts.push(piece),
                (None, _) => {}
            }
        }
    }
    Ok(Declared {
        sites: parsed.sites,
        lines,
    })
}

/// Symbols that are missing count as 0; callers have checked them.
pub(crate) fn render(parts: &[Part], symbols: &[u64], out: &mut String) {
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Choice { site, wordings } => {
                let symbol = symbols.get(*site).copied().unwrap_or(0) as usize;
                out.push_str(wordings.get(symbol).map_or("", String::as_str));
            }
            Part::Value { site, count, form } => {
                let own = symbols.get(*site..*site + *count).unwrap_or_default();
                out.push_str(&form.render(own));
            }
            Part::Shuffle {
                site,
                items,
                between,
            } => {
                let symbol = symbols.get(*site).copied().unwrap_or(0);
                let order = permutation::order_of(symbol, items.len());
                for (place, item) in order.iter().enumerate() {
                    if let Some(item) = items.get(*item) {
                        render(item, symbols, out);
                    }
                    if let Some(piece) = between.get(place) {
                        render(piece, symbols, out);
                    }
                }
            }
        }
    }
}

/// A label of at most 48 characters.
fn label_of(text: &str) -> String {
    let flat: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if flat.chars().count() <= 48 {
        return flat;
    }
    flat.chars().take(47).chain(['…']).collect()
}
