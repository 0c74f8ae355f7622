//! Where the marks of a source stand: for whoever adds further ones.

use super::directive::Order;
use super::error::MarkErrors;
use super::parse::{self, AtomBody};
use crate::format::Dialect;

/// A span of a source that copies show differently from how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// First byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// What the default copy shows instead; nothing for directives.
    pub shown: String,
}

/// A line for which the author wants no suggestion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptLine {
    /// First byte of the line.
    pub start: usize,
    /// The byte after its line break.
    pub end: usize,
    /// The one class of suggestions that is meant; `None`: all.
    pub class: Option<String>,
}

/// Where the marks and directives of a source stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Marks, escapes and directives, in order and apart from each other.
    pub written: Vec<Written>,
    /// Items of lists that change places, each from its first byte to the byte after its last.
    pub items: Vec<(usize, usize)>,
    /// Lines that a `keep` directive speaks of.
    pub kept: Vec<KeptLine>,
}

/// Reads where the marks of a master stand. A file that is no text has none.
///
/// # Errors
/// As [`super::Master::parse`].
pub fn layout(file_name: &str, bytes: &[u8]) -> Result<Layout, MarkErrors> {
    let dialect = Dialect::of(file_name);
    parse::parse(dialect, bytes)?;
    let Ok(source) = std::str::from_utf8(bytes) else {
        return Ok(Layout::default());
    };
    let (gather, directives) = parse::gathered(dialect, source);
    let written = gather
        .atoms
        .into_iter()
        .map(|atom| Written {
            start: atom.start,
            end: atom.end,
            shown: match atom.body {
                AtomBody::Text(text) => text,
                AtomBody::Choice(_, wordings) => wordings.into_iter().next().unwrap_or_default(),
                AtomBody::Value(_, _) => source[atom.start..atom.end].to_owned(),
            },
        })
        .collect();
    let items = gather.blocks.into_iter().flat_map(|b| b.items).collect();
    let kept = directives
        .into_iter()
        .filter_map(|directive| match directive.order {
            Order::Keep(class) => Some(KeptLine {
                start: directive.line.0,
                end: directive.line.1,
                class,
            }),
            _ => None,
        })
        .collect();
    Ok(Layout {
        written,
        items,
        kept,
    })
}

/// The source without its marks and directives: each as the author wrote its value.
pub(super) fn as_written(file_name: &str, source: &str) -> Result<String, MarkErrors> {
    let layout = layout(file_name, source.as_bytes())?;
    let mut out = String::new();
    let mut at = 0;
    for own in layout.written {
        out.push_str(source.get(at..own.start).unwrap_or_default());
        out.push_str(&own.shown);
        at = own.end;
    }
    out.push_str(source.get(at..).unwrap_or_default());
    Ok(out)
}
