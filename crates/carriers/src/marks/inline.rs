//! `{~#nonce hex 8:c41d9e7a~}`: values and lists marked where they stand, for formats that have no comments.

use std::collections::BTreeMap;

use super::directive::{Order, drafts, fitting, understand};
use super::error::MarkErrorKind;
use super::label_of;
use super::moment::TimeForm;
use super::parse::{Atom, AtomBody, Gather, place};
use super::values::{Alphabet, ValueForm, integer};

/// Furthest that a moment may move, in seconds: a year.
pub const TIME_SECONDS_MAX: u64 = 366 * 86_400;

/// A mark that begins with `#`, as written.
pub(crate) struct Inline {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) link: Option<String>,
    /// Of the word behind the `#`, up to the `~}`.
    pub(crate) body: (usize, usize),
}

/// `{~#shuffle …~}` or `{~#end~}`, and what of the source it takes away.
pub(super) struct Marker {
    pub(super) start: usize,
    pub(super) end: usize,
    /// With its line when it stands alone on it.
    pub(super) removed: (usize, usize),
    pub(super) alone: bool,
    pub(super) what: MarkerKind,
}

pub(super) enum MarkerKind {
    Shuffle(Option<String>),
    End,
}

/// Linked values: the first of each name.
pub(super) type ValueLinks = BTreeMap<String, ValueLink>;

pub(super) struct ValueLink {
    draft: usize,
    pub(super) at: usize,
    counts: Vec<u64>,
    symbols: Vec<u64>,
}

/// A span of the source, and the form that its value has.
type Piece = (usize, usize, ValueForm);

/// Reads one mark; an order's begin or end is answered, a value is added to what is gathered.
pub(super) fn read(
    gather: &mut Gather<'_>,
    mark: Inline,
    links: &mut ValueLinks,
) -> Option<Marker> {
    let source = gather.source;
    let body = source.get(mark.body.0..mark.body.1).unwrap_or_default();
    let word = body.split([' ', ':']).next().unwrap_or_default();
    let rest = body.get(word.len()..).unwrap_or_default();
    let what = match word {
        "shuffle" => Ok(MarkerKind::Shuffle(
            Some(rest.trim().to_owned()).filter(|r| !r.is_empty()),
        )),
        "end" if rest.trim().is_empty() => Ok(MarkerKind::End),
        _ => Err(()),
    };
    if let Ok(what) = what {
        if mark.link.is_some() {
            gather.wrong(mark.start, mark.end, usage("shuffle"));
            return None;
        }
        return Some(marker(gather, &mark, what));
    }
    match pieces(body, mark.body.0) {
        Ok((label, pieces)) => value(gather, &mark, &label, &pieces, links),
        Err(kind) => gather.wrong(mark.start, mark.end, kind),
    }
    None
}

/// How each mark is written, for errors.
fn usage(word: &str) -> MarkErrorKind {
    let (directive, usage) = match word {
        "int" => ("#int", "{~#int 240..320:263~}"),
        "nonce" => ("#nonce", "{~#nonce hex 8:c41d9e7a~}"),
        "uuid" => ("#uuid", "{~#uuid:8e2f41d0-6b1c-4f0a-9d57-0c6a1be2f934~}"),
        "time" => ("#time", "{~#time 3600:2026-03-01T10:20:30Z~}"),
        "end" => ("#end", "{~#end~}"),
        _ => (
            "#shuffle",
            "{~#shuffle ,~}, or {~#shuffle~} on a line of its own",
        ),
    };
    MarkErrorKind::DirectiveUsage { directive, usage }
}

/// The pieces of the value that `body` declares, which begins at `at` of the source.
fn pieces(body: &str, at: usize) -> Result<(String, Vec<Piece>), MarkErrorKind> {
    let word = body.split([' ', ':']).next().unwrap_or_default();
    if !matches!(word, "int" | "nonce" | "uuid" | "time") {
        return Err(match word {
            "end" => usage("end"),
            _ => MarkErrorKind::UnknownValue {
                word: label_of(word),
            },
        });
    }
    let (head, shown) = body.split_once(':').ok_or_else(|| usage(word))?;
    let from = at + head.len() + 1 + (shown.len() - shown.trim_start().len());
    let shown = shown.trim();
    let whole = (from, from + shown.len());
    let argument = head.get(word.len()..).unwrap_or_default().trim();
    let no_value = |directive: &str| MarkErrorKind::NotAValue {
        directive: directive.to_owned(),
        text: label_of(shown),
    };
    match word {
        "uuid" if argument.is_empty() => uuid(shown, from)
            .map(|pieces| ("uuid".to_owned(), pieces))
            .ok_or_else(|| no_value("uuid")),
        "time" => {
            let seconds = integer(argument)
                .filter(|s| (1..=TIME_SECONDS_MAX).contains(s))
                .ok_or_else(|| usage(word))?;
            let label = format!("time {seconds}");
            let form = TimeForm::around(shown, seconds).ok_or_else(|| no_value(&label))?;
            Ok((label, vec![(whole.0, whole.1, ValueForm::Time(form))]))
        }
        "int" | "nonce" => match understand(head) {
            Ok(Order::Value(form, label)) => {
                let form = fitting(&form, shown).ok_or_else(|| no_value(&label))?;
                Ok((label, vec![(whole.0, whole.1, form)]))
            }
            Ok(_) | Err(MarkErrorKind::DirectiveUsage { .. }) => Err(usage(word)),
            Err(kind) => Err(kind),
        },
        _ => Err(usage(word)),
    }
}

/// The parts of a version-4 UUID that may be any digits; version and variant stay.
///
/// # Source
/// RFC 9562, section 5.4.
fn uuid(shown: &str, from: usize) -> Option<Vec<Piece>> {
    let bytes = shown.as_bytes();
    let dashes = [8, 13, 18, 23];
    let is_shape = bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match byte {
            b'-' => dashes.contains(&at),
            byte => !dashes.contains(&at) && byte.is_ascii_hexdigit(),
        });
    let is_version = bytes.get(14) == Some(&b'4');
    let is_variant = bytes
        .get(19)
        .is_some_and(|b| matches!(b.to_ascii_lowercase(), b'8' | b'9' | b'a' | b'b'));
    if !(is_shape && is_version && is_variant) {
        return None;
    }
    let upper = bytes.iter().any(u8::is_ascii_uppercase);
    let lower = bytes.iter().any(u8::is_ascii_lowercase);
    if upper && lower {
        return None;
    }
    let alphabet = if upper {
        Alphabet::HexUpper
    } else {
        Alphabet::HexLower
    };
    let digits = [(0, 8), (9, 4), (15, 3), (20, 3), (24, 12)];
    Some(
        digits
            .into_iter()
            .map(|(start, chars)| {
                let form = ValueForm::Nonce { alphabet, chars };
                (from + start, from + start + chars, form)
            })
            .collect(),
    )
}

/// Adds the sites of a value, or links it to the first of its name.
fn value(
    gather: &mut Gather<'_>,
    mark: &Inline,
    label: &str,
    pieces: &[Piece],
    links: &mut ValueLinks,
) {
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else {
        return;
    };
    let counts: Vec<u64> = pieces.iter().flat_map(|p| p.2.site_values()).collect();
    let symbols: Vec<u64> = pieces
        .iter()
        .filter_map(|p| p.2.parse(gather.source.get(p.0..p.1)?))
        .flatten()
        .collect();
    let known = mark
        .link
        .as_ref()
        .and_then(|name| Some((name, links.get(name)?)));
    let draft = match known {
        Some((name, link)) => {
            let first_line = place(gather.source, link.at).0;
            let name = name.clone();
            if link.counts != counts {
                gather.wrong(
                    mark.start,
                    mark.end,
                    MarkErrorKind::LinkKind { name, first_line },
                );
                return;
            }
            if link.symbols != symbols {
                gather.wrong(
                    mark.start,
                    mark.end,
                    MarkErrorKind::LinkDefault { name, first_line },
                );
                return;
            }
            link.draft
        }
        None => {
            let at = gather.drafts.len();
            for (index, (_, _, form)) in pieces.iter().enumerate() {
                let label = match pieces.len() {
                    1 => label.to_owned(),
                    pieces => format!("{label} {} of {pieces}", index + 1),
                };
                drafts(gather, mark.start, form, &label);
            }
            if let Some(name) = &mark.link {
                let link = ValueLink {
                    draft: at,
                    at: mark.start,
                    counts,
                    symbols,
                };
                links.insert(name.clone(), link);
            }
            at
        }
    };
    let nothing = |start: usize, end: usize| Atom {
        start,
        end,
        body: AtomBody::Text(String::new()),
    };
    gather.atoms.push(nothing(mark.start, first.0));
    let mut site = draft;
    for (start, end, form) in pieces {
        let body = AtomBody::Value(site, form.clone());
        gather.atoms.push(Atom {
            start: *start,
            end: *end,
            body,
        });
        site += form.site_values().len();
    }
    gather.atoms.push(nothing(last.1, mark.end));
}

/// Takes the marker out of every copy, with its line when nothing else stands on it.
fn marker(gather: &mut Gather<'_>, mark: &Inline, what: MarkerKind) -> Marker {
    let source = gather.source;
    let before = source.get(..mark.start).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |p| p + 1);
    let line = line
        + if source[line..].starts_with('\u{feff}') {
            3
        } else {
            0
        };
    let after = source.get(mark.end..).unwrap_or_default();
    let stop = after.find('\n').map_or(source.len(), |p| mark.end + p + 1);
    let is_blank =
        |from: usize, to: usize| source.get(from..to).unwrap_or_default().trim().is_empty();
    let alone = is_blank(line, mark.start) && is_blank(mark.end, stop);
    let removed = if alone {
        (line, stop)
    } else {
        (mark.start, mark.end)
    };
    gather.atoms.push(Atom {
        start: removed.0,
        end: removed.1,
        body: AtomBody::Text(String::new()),
    });
    Marker {
        start: mark.start,
        end: mark.end,
        removed,
        alone,
        what,
    }
}
