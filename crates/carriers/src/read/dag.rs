//! A master as a chain of tokens, with branches where copies differ.

use crate::format::Format;
use crate::marks::values::ValueForm;
use crate::marks::{Master, Part};
use crate::text::{self, Kind, is_word_char};

/// Most branches of one group; marks that would make more are read apart.
const BRANCHES_MAX: usize = 64;

/// Most pieces of one group; a longer cluster is read apart, as its ways would be copied again and again.
const CLUSTER_MAX: usize = 256;

/// One token of a master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) hash: u64,
    pub(crate) kind: Kind,
    /// At most three characters: says little.
    pub(crate) short: bool,
    /// First of its line.
    pub(crate) begins_line: bool,
}

/// One way through a group, and the values that it means.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    pub(crate) nodes: Vec<Node>,
    /// (site, value)
    pub(crate) values: Vec<(usize, u64)>,
}

/// A place where any literal of one form may stand, within one word.
#[derive(Clone, Debug)]
pub(crate) struct Wild {
    pub(crate) site: usize,
    pub(crate) form: ValueForm,
    pub(crate) prefix: String,
    pub(crate) suffix: String,
}

impl Wild {
    /// The place as a word that matches nothing.
    pub(crate) const ANY: Node = Node {
        hash: 0,
        kind: Kind::Word,
        short: false,
        begins_line: false,
    };

    /// The symbols that a token of the leak shows.
    pub(crate) fn parse(&self, token: &str) -> Option<Vec<u64>> {
        let start = token.get(..self.prefix.len())?;
        if !start.eq_ignore_ascii_case(&self.prefix) {
            return None;
        }
        let rest = token.get(self.prefix.len()..)?;
        let cut = rest.len().checked_sub(self.suffix.len())?;
        if !rest.get(cut..)?.eq_ignore_ascii_case(&self.suffix) {
            return None;
        }
        self.form.parse(rest.get(..cut)?)
    }
}

/// One step along the master.
#[derive(Clone, Debug)]
pub(crate) enum Element {
    Fixed(Node),
    Group(Vec<Branch>),
    Wild(Wild),
}

/// A stretch between `shuffle` and `end`: the elements of each item as written.
#[derive(Clone, Debug)]
pub(crate) struct List {
    pub(crate) site: usize,
    pub(crate) items: Vec<std::ops::Range<usize>>,
    /// Each item is a line of its own.
    pub(crate) is_of_lines: bool,
    /// Each item is a line of a request.
    pub(crate) is_of_headers: bool,
}

/// The whole master.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dag {
    pub(crate) elements: Vec<Element>,
    pub(crate) lists: Vec<List>,
}

enum Piece<'a> {
    Glue(String),
    Choice(usize, &'a [String]),
    Value(usize, &'a ValueForm),
}

impl Dag {
    pub(crate) fn of(master: &Master) -> Dag {
        let mut builder = Builder {
            is_traffic: matches!(master.format(), Format::Traffic(_)),
            ..Builder::default()
        };
        builder.parts(master.parts());
        builder.close();
        let mut dag = builder.dag;
        if master.format() == Format::Prose {
            weaken(&mut dag.elements);
        }
        dag
    }
}

#[derive(Default)]
struct Builder<'a> {
    dag: Dag,
    is_traffic: bool,
    /// Pieces without a space between them.
    cluster: Vec<Piece<'a>>,
}

impl<'a> Builder<'a> {
    fn parts(&mut self, parts: &'a [Part]) {
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Text(raw) => {
                    let before_mark = matches!(
                        parts.get(index + 1),
                        Some(Part::Choice { .. } | Part::Value { .. })
                    );
                    self.text(&text::normalise(raw), before_mark);
                }
                Part::Choice { site, wordings } => {
                    self.cluster.push(Piece::Choice(*site, wordings))
                }
                Part::Value { site, form, .. } => self.cluster.push(Piece::Value(*site, form)),
                Part::Shuffle {
                    site,
                    items,
                    between,
                } => {
                    self.close();
                    let mut ranges = Vec::new();
                    for (place, item) in items.iter().enumerate() {
                        let start = self.dag.elements.len();
                        self.parts(item);
                        self.close();
                        ranges.push(start..self.dag.elements.len());
                        if let Some(piece) = between.get(place) {
                            self.parts(piece);
                            self.close();
                        }
                    }
                    let is_of_lines = between.iter().flatten().any(has_line_break);
                    self.dag.lists.push(List {
                        site: *site,
                        items: ranges,
                        is_of_lines,
                        is_of_headers: is_of_lines && self.is_traffic,
                    });
                }
            }
        }
    }

    fn text(&mut self, normal: &str, before_mark: bool) {
        let mut rest = normal;
        if !self.cluster.is_empty() {
            let head = rest.find(|c| !is_word_char(c)).unwrap_or(rest.len());
            if head > 0 {
                self.cluster.push(Piece::Glue(rest[..head].to_owned()));
                rest = &rest[head..];
            }
            if rest.is_empty() {
                return;
            }
            self.close();
        }
        let mut tail = "";
        if before_mark {
            let cut = rest
                .char_indices()
                .rev()
                .take_while(|(_, c)| is_word_char(*c))
                .last()
                .map_or(rest.len(), |(at, _)| at);
            (rest, tail) = rest.split_at(cut);
        }
        let nodes = nodes(rest);
        self.dag
            .elements
            .extend(nodes.into_iter().map(Element::Fixed));
        if !tail.is_empty() {
            self.cluster.push(Piece::Glue(tail.to_owned()));
        }
    }

    /// Turns the open cluster into one group, or into several when it has too many ways.
    fn close(&mut self) {
        let cluster = std::mem::take(&mut self.cluster);
        if cluster.is_empty() {
            return;
        }
        if cluster.iter().any(|p| matches!(p, Piece::Value(..))) {
            self.close_values(&cluster);
            return;
        }
        if cluster.len() > CLUSTER_MAX {
            self.close_apart(&cluster);
            return;
        }
        let mut ways: Vec<(String, Vec<(usize, u64)>)> = vec![(String::new(), Vec::new())];
        for piece in &cluster {
            match piece {
                Piece::Glue(glue) => ways.iter_mut().for_each(|w| w.0.push_str(glue)),
                Piece::Choice(site, wordings) => {
                    let mut longer = Vec::new();
                    for (text, values) in &ways {
                        for (value, wording) in wordings.iter().enumerate() {
                            let value = value as u64;
                            // A link within one cluster has one choice.
                            if values.iter().any(|(s, v)| s == site && *v != value) {
                                continue;
                            }
                            let mut values = values.clone();
                            values.push((*site, value));
                            longer.push((format!("{text}{}", text::normalise(wording)), values));
                        }
                    }
                    ways = longer;
                }
                Piece::Value(..) => {}
            }
            if ways.len() > BRANCHES_MAX {
                self.close_apart(&cluster);
                return;
            }
        }
        self.dag.elements.push(Element::Group(
            ways.into_iter()
                .map(|(text, values)| Branch {
                    nodes: nodes(&text),
                    values,
                })
                .collect(),
        ));
    }

    fn close_apart(&mut self, cluster: &[Piece<'_>]) {
        for piece in cluster {
            match piece {
                Piece::Glue(glue) => {
                    let nodes = nodes(glue);
                    self.dag
                        .elements
                        .extend(nodes.into_iter().map(Element::Fixed));
                }
                Piece::Choice(site, wordings) => self.dag.elements.push(Element::Group(
                    wordings
                        .iter()
                        .enumerate()
                        .map(|(value, wording)| Branch {
                            nodes: nodes(&text::normalise(wording)),
                            values: vec![(*site, value as u64)],
                        })
                        .collect(),
                )),
                Piece::Value(site, form) => self.dag.elements.push(Element::Wild(Wild {
                    site: *site,
                    form: (*form).clone(),
                    prefix: String::new(),
                    suffix: String::new(),
                })),
            }
        }
    }

    fn close_values(&mut self, cluster: &[Piece<'_>]) {
        let (prefix, middle, suffix) = match cluster {
            [middle @ Piece::Value(..)] => ("", middle, ""),
            [Piece::Glue(prefix), middle @ Piece::Value(..)] => (prefix.as_str(), middle, ""),
            [middle @ Piece::Value(..), Piece::Glue(suffix)] => ("", middle, suffix.as_str()),
            [
                Piece::Glue(prefix),
                middle @ Piece::Value(..),
                Piece::Glue(suffix),
            ] => (prefix.as_str(), middle, suffix.as_str()),
            _ => {
                self.close_apart(cluster);
                return;
            }
        };
        if let Piece::Value(site, form) = middle {
            self.dag.elements.push(Element::Wild(Wild {
                site: *site,
                form: (*form).clone(),
                // The tokeniser takes outer underscores off.
                prefix: prefix.trim_start_matches('_').to_owned(),
                suffix: suffix.trim_end_matches('_').to_owned(),
            }));
        }
    }
}

fn has_line_break(part: &Part) -> bool {
    matches!(part, Part::Text(text) if text.contains('\n'))
}

fn nodes(normal: &str) -> Vec<Node> {
    let mut end = 0;
    text::tokens(normal)
        .into_iter()
        .map(|t| {
            let between = normal.get(end..t.start as usize).unwrap_or_default();
            end = (t.start + t.len) as usize;
            Node {
                hash: t.hash,
                kind: t.kind,
                short: t.len <= 3,
                begins_line: between.contains('\n'),
            }
        })
        .collect()
}

/// Addresses of Markdown links and tags of HTML fall away in what people paste.
fn weaken(elements: &mut [Element]) {
    let hash = |c: &str| text::hash_of(c);
    let (close_bracket, open, close) = (hash("]"), hash("("), hash(")"));
    let (less, greater) = (hash("<"), hash(">"));
    let mut until = None;
    let mut last = 0;
    for element in elements {
        let Element::Fixed(node) = element else {
            last = 0;
            continue;
        };
        if Some(node.hash) == until {
            until = None;
        } else if until.is_some() && node.kind == Kind::Word {
            node.kind = Kind::Weak;
        } else if until.is_none() && node.hash == open && last == close_bracket {
            until = Some(close);
        } else if until.is_none() && node.hash == less {
            until = Some(greater);
        }
        last = node.hash;
    }
}
