//! From the source of a master to its pieces and sites.

use std::collections::{BTreeMap, BTreeSet};

use super::directive::{self, Directive, Order};
use super::error::*;
use super::inline::{self, Marker, ValueLinks};
use super::prose::{self, Found};
use super::scan::{Class, classify};
use super::values::ValueForm;
use super::{Body, Carrier, Check, MarkSpan, Part, Site, encode, label_of, names, shuffle};
use crate::format::{Dialect, Format};
use crate::text;

/// A span of the source that copies show differently.
pub(super) struct Atom {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) body: AtomBody,
}

pub(super) enum AtomBody {
    Text(String),
    /// The site is an index into the drafts.
    Choice(usize, Vec<String>),
    Value(usize, ValueForm),
}

/// A site before sites are numbered.
pub(super) struct Draft {
    pub(super) at: usize,
    pub(super) carrier: Carrier,
    pub(super) values: u64,
    pub(super) label: String,
    pub(super) choices: Vec<String>,
}

/// A list whose items change places: spans of the items, in order.
pub(super) struct Block {
    pub(super) items: Vec<(usize, usize)>,
    pub(super) draft: usize,
}

/// All that is gathered while a source is read.
pub(super) struct Gather<'a> {
    pub(super) source: &'a str,
    pub(super) dialect: Dialect,
    pub(super) classes: Vec<Class>,
    pub(super) atoms: Vec<Atom>,
    pub(super) drafts: Vec<Draft>,
    pub(super) blocks: Vec<Block>,
    /// Where marks begin whose wordings may state different facts.
    pub(super) declared: BTreeSet<usize>,
    pub(super) wrong: Vec<(usize, usize, MarkErrorKind)>,
}

impl Gather<'_> {
    pub(super) fn wrong(&mut self, start: usize, end: usize, kind: MarkErrorKind) {
        self.wrong.push((start, end, kind));
    }

    /// Whether the span touches one that is taken already. The atoms are sorted, and do not overlap
    /// unless that has been told as an error.
    pub(super) fn is_taken(&self, start: usize, end: usize) -> bool {
        let after = self.atoms.partition_point(|a| a.start < end);
        after
            .checked_sub(1)
            .and_then(|i| self.atoms.get(i))
            .is_some_and(|a| start < a.end)
    }
}

/// What a source holds.
#[derive(Default)]
pub(super) struct Parsed {
    pub(super) sites: Vec<Site>,
    pub(super) marks: Vec<MarkSpan>,
    pub(super) checks: Vec<Check>,
    pub(super) body: Body,
}

pub(super) fn parse(dialect: Dialect, bytes: &[u8]) -> Result<Parsed, MarkErrors> {
    let whole_file = |kind| {
        Err(MarkErrors(vec![MarkError {
            line: 1,
            column: 1,
            length: 1,
            kind,
        }]))
    };
    if bytes.len() > MASTER_BYTES_MAX {
        return whole_file(MarkErrorKind::FileTooLarge {
            bytes: bytes.len(),
            max: MASTER_BYTES_MAX,
        });
    }
    let source = match std::str::from_utf8(bytes) {
        Ok(source) => source,
        Err(error) => {
            let openers = dialect.openers().iter().map(|(o, _)| o.as_bytes());
            let marked = openers
                .chain([b"{~".as_slice(), b"~}".as_slice()])
                .any(|o| bytes.windows(o.len()).any(|w| w == o));
            // Bytes of a picture may look like marks by chance; a file of text has no NUL.
            if marked && !bytes.contains(&0) {
                return whole_file(MarkErrorKind::NotUtf8 {
                    offset: error.valid_up_to(),
                });
            }
            return Ok(Parsed {
                body: Body::Bytes(bytes.to_vec()),
                ..Parsed::default()
            });
        }
    };
    let (mut gather, directives) = gathered(dialect, source);
    let checks = checks(&mut gather, directives);
    finish(gather, checks)
}

/// Reads every mark and directive of a source; what is wrong with them stands in the answer.
pub(super) fn gathered(dialect: Dialect, source: &str) -> (Gather<'_>, Vec<Directive>) {
    let mut gather = Gather {
        source,
        dialect,
        classes: classify(source, dialect),
        atoms: Vec::new(),
        drafts: Vec::new(),
        blocks: Vec::new(),
        declared: BTreeSet::new(),
        wrong: Vec::new(),
    };
    let directives = directive::find(&mut gather);
    let markers = alternatives(&mut gather);
    gather.atoms.sort_by_key(|a| a.start);
    directive::shows_syntax(&mut gather);
    directive::values(&mut gather, &directives);
    encode::contents(&mut gather, &directives);
    names::follow(&mut gather, &directives);
    gather.atoms.sort_by_key(|a| (a.start, a.end));
    shuffle::blocks(&mut gather, &directives);
    shuffle::inline(&mut gather, &markers);
    (gather, directives)
}

/// The commands of `check`, with the places of their directives.
fn checks(gather: &mut Gather<'_>, directives: Vec<Directive>) -> Vec<Check> {
    let mut found: Vec<(usize, usize, Vec<String>)> = Vec::new();
    for directive in directives {
        if let Order::Check(words) = directive.order {
            found.push((directive.start, directive.end, words));
        }
    }
    if let Some((start, end, _)) = found.get(CHECKS_MAX) {
        let kind = MarkErrorKind::TooManyChecks { max: CHECKS_MAX };
        gather.wrong(*start, *end, kind);
    }
    let at = places(gather.source, found.iter().map(|f| f.0));
    found
        .into_iter()
        .zip(at)
        .map(|((_, _, words), (line, column))| Check {
            line,
            column,
            words,
        })
        .collect()
}

/// Prose marks, wherever they stand outside directives.
///
/// Answers with where orders begin and end.
fn alternatives(gather: &mut Gather<'_>) -> Vec<Marker> {
    let mut markers = Vec::new();
    let mut value_links = ValueLinks::new();
    let mut links: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let in_prose = gather.dialect.format() == Format::Prose;
    let removed: Vec<(usize, usize)> = gather.atoms.iter().map(|a| (a.start, a.end)).collect();
    let in_removed = |start: usize, end: usize| {
        let after = removed.partition_point(|(s, _)| *s < end);
        after > 0 && removed[after - 1].1 > start
    };
    for found in prose::marks(gather.source) {
        if gather.wrong.len() > 4 * ERRORS_MAX {
            break;
        }
        let mark = match found {
            Found::Wrong(start, end, kind) => {
                if !in_removed(start, end) {
                    gather.wrong(start, end, kind);
                }
                continue;
            }
            Found::Escape(start, end, text) | Found::Kept(start, end, text) => {
                if !in_removed(start, end) {
                    let body = AtomBody::Text(text);
                    gather.atoms.push(Atom { start, end, body });
                }
                continue;
            }
            Found::Inline(mark) => {
                if in_removed(mark.start, mark.end) {
                    continue;
                }
                match &mark.link {
                    Some(name) if links.contains_key(name) => {
                        let first_at = links.get(name).and_then(|l| gather.drafts.get(l.0));
                        let first_line = place(gather.source, first_at.map_or(0, |d| d.at)).0;
                        let name = name.clone();
                        let kind = MarkErrorKind::LinkKind { name, first_line };
                        gather.wrong(mark.start, mark.end, kind);
                    }
                    _ => markers.extend(inline::read(gather, mark, &mut value_links)),
                }
                continue;
            }
            Found::Mark(mark) => mark,
        };
        if in_removed(mark.start, mark.end) {
            continue;
        }
        if let Some((first, second)) = same(&mark.wordings, in_prose) {
            let kind = MarkErrorKind::SameAlternatives { first, second };
            gather.wrong(mark.start, mark.end, kind);
            continue;
        }
        if let Some((name, first_at)) = mark
            .link
            .as_ref()
            .and_then(|name| Some((name, value_links.get(name)?.at)))
        {
            let first_line = place(gather.source, first_at).0;
            let name = name.clone();
            gather.wrong(
                mark.start,
                mark.end,
                MarkErrorKind::LinkKind { name, first_line },
            );
            continue;
        }
        let known = mark.link.as_ref().and_then(|l| links.get(l)).copied();
        let draft = match (known, &mark.link) {
            (Some((draft, expected)), Some(name)) if expected != mark.wordings.len() => {
                let first_at = gather.drafts.get(draft).map_or(0, |d| d.at);
                let kind = MarkErrorKind::LinkCount {
                    name: name.clone(),
                    expected,
                    found: mark.wordings.len(),
                    first_line: places(gather.source, std::iter::once(first_at))[0].0,
                };
                gather.wrong(mark.start, mark.end, kind);
                continue;
            }
            (Some((draft, _)), _) => draft,
            (None, link) => {
                let draft = gather.drafts.len();
                let mut label = mark.wordings.join("|");
                if let Some(name) = link {
                    links.insert(name.clone(), (draft, mark.wordings.len()));
                    label = format!("@{name} {label}");
                }
                gather.drafts.push(Draft {
                    at: mark.start,
                    carrier: match (link, in_prose) {
                        (Some(_), _) => Carrier::Linked,
                        (None, true) => Carrier::Alternative,
                        (None, false) => Carrier::Literal,
                    },
                    values: mark.wordings.len() as u64,
                    label: label_of(&label),
                    choices: mark.wordings.clone(),
                });
                draft
            }
        };
        if mark.declares_facts {
            gather.declared.insert(mark.start);
        }
        gather.atoms.push(Atom {
            start: mark.start,
            end: mark.end,
            body: AtomBody::Choice(draft, mark.wordings),
        });
    }
    markers
}

/// Line and column of one position.
pub(super) fn place(source: &str, at: usize) -> (u32, u32) {
    places(source, std::iter::once(at))
        .first()
        .copied()
        .unwrap_or((1, 1))
}

/// Two wordings that no reader tells apart.
fn same(wordings: &[String], in_prose: bool) -> Option<(String, String)> {
    let mut seen: BTreeMap<String, &String> = BTreeMap::new();
    for wording in wordings {
        let key = if in_prose {
            text::survives(wording)
        } else {
            let normal = text::normalise(wording);
            normal.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        if let Some(first) = seen.insert(key, wording) {
            return Some((label_of(first), label_of(wording)));
        }
    }
    None
}

/// Line and column of each position, both from 1, the column in characters and without a byte order mark.
/// The positions rise; one pass over the source.
fn places(source: &str, positions: impl Iterator<Item = usize>) -> Vec<(u32, u32)> {
    let mut chars = source.char_indices().peekable();
    let (mut line, mut column) = (1, 1);
    positions
        .map(|position| {
            while let Some((_, c)) = chars.next_if(|(at, _)| *at < position) {
                match c {
                    '\n' => (line, column) = (line + 1, 1),
                    '\u{feff}' => {}
                    _ => column += 1,
                }
            }
            (line, column)
        })
        .collect()
}

fn finish(mut gather: Gather<'_>, checks: Vec<Check>) -> Result<Parsed, MarkErrors> {
    let source = gather.source;
    overlaps(&mut gather);
    if gather.drafts.len() > SITES_MAX {
        let at = gather.drafts.get(SITES_MAX).map_or(0, |d| d.at);
        gather.wrong(at, at + 1, MarkErrorKind::TooManySites { max: SITES_MAX });
    }
    if !gather.wrong.is_empty() {
        return Err(told(source, gather.wrong));
    }
    // Number the sites by their first occurrence.
    let mut order: Vec<usize> = (0..gather.drafts.len()).collect();
    order.sort_by_key(|d| (gather.drafts[*d].at, *d));
    let mut number = vec![0; order.len()];
    for (site, draft) in order.iter().enumerate() {
        number[*draft] = site;
    }
    let sections = sections(source, gather.dialect);
    let at = order.iter().map(|d| gather.drafts[*d].at);
    let sites = order
        .iter()
        .zip(places(source, at))
        .map(|(d, (line, column))| {
            let draft = &gather.drafts[*d];
            Site {
                line,
                column,
                carrier: draft.carrier,
                values: draft.values,
                section: sections.partition_point(|s| *s <= draft.at) as u32,
                label: draft.label.clone(),
                choices: draft.choices.clone(),
            }
        })
        .collect();
    gather.blocks.sort_by_key(|b| b.items.first().copied());
    let mut assembly = Assembly {
        source,
        atoms: &gather.atoms,
        next_atom: 0,
        number: &number,
    };
    let mut parts = Vec::new();
    let mut at = 0;
    for block in &gather.blocks {
        let (Some(first), Some(last)) = (block.items.first(), block.items.last()) else {
            continue;
        };
        assembly.span(at, first.0, &mut parts);
        let mut items = Vec::new();
        let mut between = Vec::new();
        let mut after = first.0;
        for (start, end) in &block.items {
            let mut piece = Vec::new();
            assembly.span(after, *start, &mut piece);
            if !items.is_empty() {
                between.push(piece);
            }
            let mut item = Vec::new();
            assembly.span(*start, *end, &mut item);
            items.push(item);
            after = *end;
        }
        parts.push(Part::Shuffle {
            site: number[block.draft],
            items,
            between,
        });
        at = last.1;
    }
    assembly.span(at, source.len(), &mut parts);
    let marks = gather.atoms.iter().filter_map(|atom| {
        let (draft, declares_facts) = match &atom.body {
            AtomBody::Text(_) => return None,
            AtomBody::Choice(draft, _) => (*draft, gather.declared.contains(&atom.start)),
            AtomBody::Value(draft, _) => (*draft, true),
        };
        Some(MarkSpan {
            site: number[draft],
            start: atom.start,
            end: atom.end,
            declares_facts,
        })
    });
    Ok(Parsed {
        sites,
        marks: marks.collect(),
        checks,
        body: Body::Parts(parts),
    })
}

/// Cuts the source into parts; spans are asked for in order.
struct Assembly<'a> {
    source: &'a str,
    atoms: &'a [Atom],
    next_atom: usize,
    number: &'a [usize],
}

impl Assembly<'_> {
    fn span(&mut self, from: usize, to: usize, parts: &mut Vec<Part>) {
        let mut at = from;
        let text = |from: usize, to: usize, parts: &mut Vec<Part>| {
            push_text(self.source.get(from..to).unwrap_or_default(), parts);
        };
        while let Some(atom) = self.atoms.get(self.next_atom).filter(|a| a.end <= to) {
            self.next_atom += 1;
            text(at, atom.start, parts);
            at = atom.end;
            match &atom.body {
                AtomBody::Text(shown) => push_text(shown, parts),
                AtomBody::Choice(draft, wordings) => parts.push(Part::Choice {
                    site: self.number[*draft],
                    wordings: wordings.clone(),
                }),
                AtomBody::Value(draft, form) => parts.push(Part::Value {
                    site: self.number[*draft],
                    count: form.site_values().len(),
                    form: form.clone(),
                }),
            }
        }
        text(at, to, parts);
    }
}

fn push_text(text: &str, parts: &mut Vec<Part>) {
    if text.is_empty() {
        return;
    }
    if let Some(Part::Text(last)) = parts.last_mut() {
        last.push_str(text);
    } else {
        parts.push(Part::Text(text.to_owned()));
    }
}

/// Atoms that overlap each other, or the edge of a shuffled item; shuffles that overlap.
fn overlaps(gather: &mut Gather<'_>) {
    gather.atoms.sort_by_key(|a| (a.start, a.end));
    let mut wrong = Vec::new();
    for pair in gather.atoms.windows(2) {
        if let [a, b] = pair
            && b.start < a.end
        {
            wrong.push((b.start, b.end, MarkErrorKind::Overlap));
        }
    }
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for block in &gather.blocks {
        let (Some(first), Some(last)) = (block.items.first(), block.items.last()) else {
            continue;
        };
        if spans.iter().any(|(s, e)| *s < last.1 && first.0 < *e) {
            wrong.push((first.0, first.1, MarkErrorKind::ShuffleNested));
        }
        spans.push((first.0, last.1));
        for edge in block.items.iter().flat_map(|(s, e)| [*s, *e]) {
            let after = gather.atoms.partition_point(|a| a.start < edge);
            if let Some(atom) = after.checked_sub(1).and_then(|i| gather.atoms.get(i))
                && atom.end > edge
            {
                wrong.push((atom.start, atom.end, MarkErrorKind::Overlap));
            }
        }
    }
    gather.wrong.append(&mut wrong);
}

/// Where the second and later paragraphs of prose begin.
fn sections(source: &str, dialect: Dialect) -> Vec<usize> {
    let mut starts = Vec::new();
    if dialect.format() != Format::Prose {
        return starts;
    }
    let mut at = 0;
    let mut blank = false;
    let mut begun = false;
    for line in source.split_inclusive('\n') {
        if line.trim().is_empty() {
            blank = begun;
        } else {
            if blank {
                starts.push(at);
            }
            begun = true;
            blank = false;
        }
        at += line.len();
    }
    starts
}

fn told(source: &str, mut wrong: Vec<(usize, usize, MarkErrorKind)>) -> MarkErrors {
    wrong.sort_by_key(|(start, end, _)| (*start, *end));
    wrong.truncate(ERRORS_MAX);
    let places = places(source, wrong.iter().map(|w| w.0));
    MarkErrors(
        wrong
            .into_iter()
            .zip(places)
            .map(|((start, end, kind), (line, column))| {
                let text = source.get(start..end).unwrap_or_default();
                let first_line = text.lines().next().unwrap_or_default();
                MarkError {
                    line,
                    column,
                    length: first_line.chars().count().max(1) as u32,
                    kind,
                }
            })
            .collect(),
    )
}
