//! YAML as a flat list of what stands where: mappings, lists and scalars, with their places.

use std::collections::BTreeSet;

use saphyr_parser::{Event, Parser, Span};

use super::{NESTING_MAX, Wrong, shown};

/// Most nodes of one file that are looked at.
pub(crate) const NODES_MAX: usize = 500_000;

/// A key or a value with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    /// Bytes of the source.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// What a document holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<(Scalar, Node)>),
    /// An alias.
    Other,
}

impl Node {
    /// The value of a key.
    pub(crate) fn value(&self, key: &str) -> Option<&Node> {
        match self {
            Node::Map(entries) => entries.iter().find(|(k, _)| k.text == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Node::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }
}

/// A collection whose end has not been reached.
enum Open {
    List(Vec<Node>),
    Map(Vec<(Scalar, Node)>, Option<Scalar>, BTreeSet<String>),
}

/// The documents of a file; errors are told, and then the answer holds what came before.
pub(crate) fn documents(text: &str, wrong: &mut Wrong<'_>) -> Vec<Node> {
    let offsets = Offsets::new(text);
    let mut parser = Parser::new_from_str(text);
    let mut out = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut nodes = 0usize;
    while let Some(event) = parser.next_event() {
        let (event, span) = match event {
            Ok(found) => found,
            Err(error) => {
                let at = offsets.byte(error.marker().index());
                wrong.at(at, format!("not YAML: {}", error.info()));
                return out;
            }
        };
        nodes += 1;
        if nodes > NODES_MAX || open.len() > NESTING_MAX {
            wrong.at(
                offsets.byte(span.start.index()),
                "YAML that is too large or too deep to be checked",
            );
            return out;
        }
        let done = match event {
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                None
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(Vec::new(), None, BTreeSet::new()));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|closed| match closed {
                Open::List(items) => Node::List(items),
                Open::Map(entries, _, _) => Node::Map(entries),
            }),
            Event::Scalar(value, ..) => Some(Node::Scalar(scalar(&value, span, &offsets))),
            Event::Alias(_) => Some(Node::Other),
            _ => None,
        };
        let Some(done) = done else { continue };
        match open.last_mut() {
            None => out.push(done),
            Some(Open::List(items)) => items.push(done),
            Some(Open::Map(entries, key, known)) => match key.take() {
                Some(name) => entries.push((name, done)),
                None => {
                    let at = offsets.byte(span.start.index());
                    let name = match done {
                        Node::Scalar(name) => name,
                        _ => Scalar {
                            text: format!("\u{0}{at}"),
                            start: at,
                            end: at,
                        },
                    };
                    if name.text != "<<" && !known.insert(name.text.clone()) {
                        wrong.at(name.start, format!("a second key {}", shown(&name.text)));
                    }
                    *key = Some(name);
                }
            },
        }
    }
    out
}

fn scalar(value: &str, span: Span, offsets: &Offsets<'_>) -> Scalar {
    Scalar {
        text: value.to_owned(),
        start: offsets.byte(span.start.index()),
        end: offsets.byte(span.end.index()),
    }
}

/// From places in characters, as the parser counts, to bytes.
struct Offsets<'a> {
    text: &'a str,
    /// The byte of every 256th character; empty for ASCII.
    known: Vec<usize>,
}

impl<'a> Offsets<'a> {
    fn new(text: &'a str) -> Self {
        let known = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().step_by(256).map(|(at, _)| at).collect()
        };
        Self { text, known }
    }

    fn byte(&self, index: usize) -> usize {
        if self.known.is_empty() {
            return index.min(self.text.len());
        }
        let Some(base) = self.known.get(index / 256) else {
            return self.text.len();
        };
        self.text
            .get(*base..)
            .and_then(|tail| tail.char_indices().nth(index % 256))
            .map_or(self.text.len(), |(at, _)| base + at)
    }
}
