//! From what the finders of a language propose to the suggestions that the author sees.

use std::collections::{BTreeMap, BTreeSet};

use carriers::Layout;

use super::written::{kept, mark};
use super::{Class, Edit, SUGGESTIONS_MAX, Strength, Suggestion};

/// A place as a finder proposes it.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) class: Class,
    /// First byte in the source.
    pub(crate) start: usize,
    /// The byte after the last.
    pub(crate) end: usize,
    /// The original first; empty where the values are no wordings.
    pub(crate) alternatives: Vec<String>,
    /// Number of values, 2 or more.
    pub(crate) values: u64,
    pub(crate) why: String,
    pub(crate) is_functional: bool,
    pub(crate) strength: Strength,
    pub(crate) edit: Edit,
    pub(crate) refusal: Edit,
}

/// Drops what touches a mark or a kept line, or cannot be written; numbers the rest.
///
/// Of two marks in place that overlap, the one that begins first stays; of two that begin together, the first given.
pub(crate) fn finish(
    file_name: &str,
    source: &str,
    layout: &Layout,
    mut drafts: Vec<Draft>,
) -> Vec<Suggestion> {
    drafts.sort_by_key(|d| d.start);
    let kept_lines = Kept::of(layout);
    let mut place = Place::new(source, layout);
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut out: Vec<Suggestion> = Vec::new();
    let mut taken = 0;
    let room = SUGGESTIONS_MAX.saturating_sub(layout.written.len());
    for draft in drafts {
        if out.len() >= room {
            break;
        }
        let in_place = matches!(draft.edit, Edit::Mark);
        let original = source.get(draft.start..draft.end).unwrap_or_default();
        if original.is_empty()
            || (in_place && (draft.start < taken || !is_free(source, layout, &draft)))
            || kept_lines.hold(&draft)
            || draft.values < 2
        {
            continue;
        }
        if in_place
            && (draft.alternatives.first().map(String::as_str) != Some(original)
                || mark(file_name, &draft.alternatives).is_err())
        {
            continue;
        }
        if draft.refusal == Edit::Keep && kept(file_name, original).is_none() {
            continue;
        }
        if in_place {
            taken = draft.end;
        }
        let (line, column, shown) = place.of(draft.start);
        let mut id = id(draft.class, shown, original, 0);
        let again = seen.entry(id.clone()).or_default();
        *again += 1;
        if *again > 1 {
            id = self::id(draft.class, shown, original, *again);
        }
        out.push(Suggestion {
            id,
            class: draft.class,
            start: draft.start,
            end: draft.end,
            line,
            column,
            original: original.to_owned(),
            alternatives: draft.alternatives,
            values: draft.values,
            why: draft.why,
            is_functional: draft.is_functional,
            strength: draft.strength,
            edit: draft.edit,
            refusal: draft.refusal,
        });
    }
    out
}

/// Whether a mark may stand here: no mark is near, no backslash would escape it.
fn is_free(source: &str, layout: &Layout, draft: &Draft) -> bool {
    let after = layout.written.partition_point(|w| w.start < draft.end);
    let touches = after
        .checked_sub(1)
        .and_then(|i| layout.written.get(i))
        .is_some_and(|w| draft.start < w.end);
    let before = source.get(..draft.start).unwrap_or_default();
    !touches && !before.ends_with('\\')
}

/// Lines for which the author wants nothing, or nothing of a class.
struct Kept<'a>(BTreeMap<usize, (usize, BTreeSet<Option<&'a str>>)>);

impl<'a> Kept<'a> {
    fn of(layout: &'a Layout) -> Self {
        let mut lines: BTreeMap<usize, (usize, BTreeSet<Option<&str>>)> = BTreeMap::new();
        for kept in &layout.kept {
            let line = lines
                .entry(kept.start)
                .or_insert((kept.end, BTreeSet::new()));
            line.1.insert(kept.class.as_deref());
        }
        Self(lines)
    }

    fn hold(&self, draft: &Draft) -> bool {
        let line = self.0.range(..=draft.start).next_back();
        line.is_some_and(|(_, (end, classes))| {
            draft.start < *end
                && (classes.contains(&None) || classes.contains(&Some(draft.class.as_str())))
        })
    }
}

/// FNV-1a over class, place in the default copy, and original; folded to 32 bits.
fn id(class: Class, shown: usize, original: &str, again: u32) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let place = shown.to_string();
    let again = again.to_string();
    for part in [class.as_str(), &place, original, &again] {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{:08x}", (hash ^ (hash >> 32)) as u32)
}

/// Line, column, and place in the default copy, of rising places; one pass over the source.
struct Place<'a> {
    source: &'a str,
    layout: &'a Layout,
    at: usize,
    line: u32,
    column: u32,
    written: usize,
    shown_less_source: isize,
}

impl<'a> Place<'a> {
    fn new(source: &'a str, layout: &'a Layout) -> Self {
        Self {
            source,
            layout,
            at: 0,
            line: 1,
            column: 1,
            written: 0,
            shown_less_source: 0,
        }
    }

    fn of(&mut self, start: usize) -> (u32, u32, usize) {
        for c in self.source.get(self.at..start).unwrap_or_default().chars() {
            match c {
                '\n' => (self.line, self.column) = (self.line + 1, 1),
                '\u{feff}' => {}
                _ => self.column += 1,
            }
        }
        self.at = start;
        while let Some(written) = self.layout.written.get(self.written)
            && written.end <= start
        {
            self.written += 1;
            self.shown_less_source +=
                written.shown.len() as isize - (written.end - written.start) as isize;
        }
        let shown = start.saturating_add_signed(self.shown_less_source);
        (self.line, self.column, shown)
    }
}
