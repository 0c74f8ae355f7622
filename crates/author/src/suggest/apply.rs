//! From decisions to the source with marks.

use std::collections::{BTreeMap, BTreeSet};

use carriers::Master;

use super::written::{kept, mark};
use super::{ApplyError, Edit, Suggestion, suggest};

/// What the author wants with a suggestion, by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The mark as suggested.
    Accept(String),
    /// A mark with these wordings; the original comes first, whether it is given or not.
    Change(String, Vec<String>),
    /// No mark, and no such suggestion again.
    Refuse(String),
}

impl Decision {
    /// The suggestion that is meant.
    pub fn id(&self) -> &str {
        match self {
            Decision::Accept(id) | Decision::Change(id, _) | Decision::Refuse(id) => id,
        }
    }
}

/// Writes decisions into a source: marks and directives are added, every other byte stays as it is.
///
/// The suggestions are those of [`suggest`] for the same name and source.
/// The answer parses as a master, and its default copy is that of the source. A list at the very end, whose last line has
/// no line break, gets one when its order becomes a mark: what changes places needs its line.
///
/// # Errors
/// An unknown id, two decisions about one, alternatives that make no mark, marks that are wrong already.
pub fn apply(
    file_name: &str,
    source: &[u8],
    decisions: &[Decision],
) -> Result<Vec<u8>, ApplyError> {
    let suggestions = suggest(file_name, source)?;
    let by_id: BTreeMap<&str, &Suggestion> =
        suggestions.iter().map(|s| (s.id.as_str(), s)).collect();
    let Ok(text) = std::str::from_utf8(source) else {
        return match decisions.first() {
            None => Ok(source.to_vec()),
            Some(decision) => Err(unknown(decision.id())),
        };
    };
    let mut decided: BTreeSet<&str> = BTreeSet::new();
    let mut changes = Changes::new(text);
    for decision in decisions {
        let id = decision.id();
        let suggestion = by_id.get(id).ok_or_else(|| unknown(id))?;
        if !decided.insert(id) {
            return Err(ApplyError::Twice { id: id.to_owned() });
        }
        match decision {
            Decision::Accept(_) => {
                changes.add(
                    file_name,
                    suggestion,
                    &suggestion.edit,
                    &suggestion.alternatives,
                )?;
            }
            Decision::Change(_, wordings) => {
                if !matches!(suggestion.edit, Edit::Mark | Edit::Name { .. }) {
                    return Err(ApplyError::NoWordings { id: id.to_owned() });
                }
                let mut all = vec![suggestion.original.clone()];
                all.extend(
                    wordings
                        .iter()
                        .filter(|w| **w != suggestion.original)
                        .cloned(),
                );
                changes.add(file_name, suggestion, &suggestion.edit, &all)?;
            }
            Decision::Refuse(_) => {
                changes.add(file_name, suggestion, &suggestion.refusal, &[])?;
            }
        }
    }
    let written = changes.written().into_bytes();
    Master::parse(file_name, &written).map_err(ApplyError::Marks)?;
    Ok(written)
}

/// Whether the suggestion can be accepted by itself.
pub(super) fn can_be_written(file_name: &str, source: &str, suggestion: &Suggestion) -> bool {
    let mut changes = Changes::new(source);
    let (edit, wordings) = (&suggestion.edit, &suggestion.alternatives);
    let sites = |text: &str| Master::parse(file_name, text.as_bytes()).map(|m| m.sites().len());
    changes.add(file_name, suggestion, edit, wordings).is_ok()
        && matches!((sites(source), sites(&changes.written())), (Ok(before), Ok(after)) if before < after)
}

fn unknown(id: &str) -> ApplyError {
    ApplyError::Unknown { id: id.to_owned() }
}

/// Replacements and insertions, gathered and then written in one pass.
struct Changes<'a> {
    source: &'a str,
    /// Start, rank at one place, end, text.
    pieces: Vec<(usize, Rank, usize, String)>,
    inserted: BTreeSet<(usize, Rank, String)>,
}

/// What comes first of that which is written at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Trailing,
    Below,
    Above,
    InPlace,
}

impl<'a> Changes<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            source,
            pieces: Vec::new(),
            inserted: BTreeSet::new(),
        }
    }

    fn add(
        &mut self,
        file_name: &str,
        suggestion: &Suggestion,
        edit: &Edit,
        wordings: &[String],
    ) -> Result<(), ApplyError> {
        let wrong = |reason: String| ApplyError::Alternatives {
            id: suggestion.id.clone(),
            reason,
        };
        let (start, end) = (suggestion.start, suggestion.end);
        match edit {
            Edit::Mark => {
                let text = mark(file_name, wordings).map_err(wrong)?;
                self.pieces.push((start, Rank::InPlace, end, text));
            }
            Edit::Keep => {
                let text = kept(file_name, &suggestion.original)
                    .ok_or_else(|| wrong("the text cannot stand in a mark".into()))?;
                self.pieces.push((start, Rank::InPlace, end, text));
            }
            Edit::Trailing(comment) => {
                let at = self.line_end(start);
                self.insert(at, Rank::Trailing, format!("  {comment}"));
            }
            Edit::Above(comment) => self.above(start, comment),
            Edit::Around { above, below } => {
                self.above(start, above);
                self.below(end.saturating_sub(1).max(start), start, below);
            }
            Edit::Inline { before, after } => {
                self.pieces
                    .push((start, Rank::InPlace, start, before.clone()));
                self.pieces.push((end, Rank::Trailing, end, after.clone()));
            }
            Edit::None => {}
            Edit::Name { opener } => {
                let Some((name, others)) = wordings.split_first().filter(|(_, o)| !o.is_empty())
                else {
                    return Err(wrong("there is one name only".into()));
                };
                if wordings.iter().any(|w| w.contains(['|', '\n', '\r'])) {
                    return Err(wrong("a name has letters, digits and `_`".into()));
                }
                self.above(
                    start,
                    &format!("{opener} name {name}: {}", others.join("|")),
                );
            }
        }
        Ok(())
    }

    fn line_start(&self, at: usize) -> usize {
        let before = self.source.get(..at).unwrap_or_default();
        before.rfind('\n').map_or(0, |p| p + 1)
    }

    /// Where the line's text ends, before its line break.
    fn line_end(&self, at: usize) -> usize {
        let rest = self.source.get(at..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        at + line.strip_suffix('\r').unwrap_or(line).len()
    }

    /// The line break of the file: that of its first line.
    fn line_break(&self) -> &'static str {
        let first = self.source.split_inclusive('\n').next().unwrap_or_default();
        if first.ends_with("\r\n") {
            "\r\n"
        } else {
            "\n"
        }
    }

    fn indentation(&self, line_start: usize) -> &'a str {
        let line = self.source.get(line_start..).unwrap_or_default();
        let rest = line.trim_start_matches([' ', '\t']);
        &line[..line.len() - rest.len()]
    }

    fn above(&mut self, at: usize, comment: &str) {
        let mut start = self.line_start(at);
        let indentation = self.indentation(start);
        // A byte order mark stays the first thing of the file.
        if self.source[start..].starts_with('\u{feff}') {
            start += '\u{feff}'.len_utf8();
        }
        let text = format!("{indentation}{comment}{}", self.line_break());
        self.insert(start, Rank::Above, text);
    }

    /// A line of its own after the line of `at`, indented like that of `like`.
    fn below(&mut self, at: usize, like: usize, comment: &str) {
        let indentation = self.indentation(self.line_start(like));
        let end = self.line_end(at);
        let text = format!("{}{indentation}{comment}", self.line_break());
        self.insert(end, Rank::Below, text);
    }

    /// The same directive at the same place is written once.
    fn insert(&mut self, at: usize, rank: Rank, text: String) {
        if self.inserted.insert((at, rank, text.clone())) {
            self.pieces.push((at, rank, at, text));
        }
    }

    fn written(mut self) -> String {
        // Stable: directives of one place stay in the order in which they were decided.
        self.pieces.sort_by_key(|p| (p.0, p.1));
        let mut out = String::with_capacity(self.source.len() + 32 * self.pieces.len());
        let mut at = 0;
        for (start, _, end, text) in &self.pieces {
            out.push_str(self.source.get(at..*start).unwrap_or_default());
            out.push_str(text);
            at = *end;
        }
        out.push_str(self.source.get(at..).unwrap_or_default());
        out
    }
}
