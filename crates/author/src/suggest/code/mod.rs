//! Suggestions for programs, rules and data: what runs as before, whichever value a copy shows.

mod header;
mod json;
mod names;
mod order;
mod rules;
mod sigma;
mod values;
mod yara;

use carriers::Layout;

use super::{Class, Draft, Edit, Strength};
use crate::syntax::{Language, tree};

/// The places of a program, a rule or a data file that could carry a mark.
pub(super) fn suggest(file_name: &str, source: &str, layout: &Layout) -> Vec<Draft> {
    let Some(language) = Language::of(file_name) else {
        return Vec::new();
    };
    let mut finder = Finder::new(file_name, language, source, layout);
    match language {
        Language::Suricata => rules::suggest(&mut finder),
        Language::Yara => yara::suggest(&mut finder),
        Language::Sigma => sigma::suggest(&mut finder),
        Language::Kql => names::of_query(&mut finder),
        Language::Json => json::suggest(&mut finder),
        Language::JsonLines => {}
        _ => {
            let Some(tree) = tree::parse(language, source) else {
                return Vec::new();
            };
            values::suggest(&mut finder, &tree);
            header::suggest(&mut finder, &tree);
            order::suggest(&mut finder, &tree);
            names::suggest(&mut finder);
        }
    }
    finder.finish()
}

/// Whether a program reads as its language; true for what is no program.
pub(super) fn is_whole(file_name: &str, source: &str) -> bool {
    let tree = Language::of(file_name).and_then(|language| tree::parse(language, source));
    tree.is_none_or(|tree| !tree.root_node().has_error())
}

/// What a finder of a language knows of its source, and what it found.
pub(super) struct Finder<'a> {
    pub(super) file_name: &'a str,
    pub(super) language: Language,
    pub(super) source: &'a str,
    layout: &'a Layout,
    drafts: Vec<Draft>,
    /// Lists whose items change places.
    shuffles: Vec<(usize, usize)>,
}

/// Longest line on which a directive is suggested, in bytes.
const LINE_BYTES_MAX: usize = 4096;

impl<'a> Finder<'a> {
    fn new(file_name: &'a str, language: Language, source: &'a str, layout: &'a Layout) -> Self {
        let shuffles = layout.items.clone();
        Self {
            file_name,
            language,
            source,
            layout,
            drafts: Vec::new(),
            shuffles,
        }
    }

    /// What begins a directive.
    pub(super) fn opener(&self) -> &'static str {
        match self.language {
            Language::JavaScript
            | Language::TypeScript
            | Language::Tsx
            | Language::C
            | Language::Yara
            | Language::Kql => "//~",
            _ => "#~",
        }
    }

    pub(super) fn text(&self, start: usize, end: usize) -> &'a str {
        self.source.get(start..end).unwrap_or_default()
    }

    /// Whether a mark or directive of the author touches the span.
    pub(super) fn is_marked(&self, start: usize, end: usize) -> bool {
        let after = self.layout.written.partition_point(|w| w.start < end);
        let before = after
            .checked_sub(1)
            .and_then(|i| self.layout.written.get(i));
        before.is_some_and(|w| start < w.end)
    }

    /// The line that holds `at`, without its line break.
    pub(super) fn line(&self, at: usize) -> (usize, usize) {
        let start = self.text(0, at).rfind('\n').map_or(0, |p| p + 1);
        let rest = self.text(at, self.source.len());
        let len = rest.find('\n').unwrap_or(rest.len());
        let end = at
            + rest
                .get(..len)
                .unwrap_or_default()
                .trim_end_matches('\r')
                .len();
        (start, end)
    }

    /// Whether a comment may follow on the line: it does not go on on the next one.
    fn takes_comment(&self, at: usize) -> bool {
        let (start, end) = self.line(at);
        end - start <= LINE_BYTES_MAX && !self.text(start, end).ends_with(['\\', '`'])
    }

    /// Whether a comment may stand on a line of its own above.
    fn takes_comment_above(&self, at: usize) -> bool {
        let (start, _) = self.line(at);
        start == 0 || self.takes_comment(start - 1)
    }

    /// The literal `start..end` of a line may be any value that `directive` describes.
    pub(super) fn value(
        &mut self,
        start: usize,
        end: usize,
        class: Class,
        directive: &str,
        values: u64,
        why: &str,
    ) {
        if self.is_marked(start, end) || !self.takes_comment(start) {
            return;
        }
        // The directive must mean this literal and no other of its line.
        let (from, to) = self.line(start);
        let opener = self.opener();
        let alone = format!("{}  {opener} {directive}", self.text(from, to));
        let means_it =
            carriers::Master::parse(self.file_name, alone.as_bytes()).is_ok_and(|master| {
                let fits = |m: &carriers::MarkSpan| m.start + from == start && m.end + from == end;
                master.marks().iter().any(fits)
            });
        if !means_it {
            return;
        }
        self.drafts.push(Draft {
            class,
            start,
            end,
            alternatives: Vec::new(),
            values,
            why: why.to_owned(),
            is_functional: true,
            strength: Strength::Robust,
            edit: Edit::Trailing(format!("{opener} {directive}")),
            refusal: Edit::Trailing(format!("{opener} keep {class}")),
        });
    }

    /// Wordings in place of `start..end`; the original is added as the first.
    pub(super) fn wordings(
        &mut self,
        (start, end): (usize, usize),
        class: Class,
        others: &[String],
        strength: Strength,
        why: &str,
    ) {
        let original = self.text(start, end);
        let mut alternatives = vec![original.to_owned()];
        alternatives.extend(others.iter().filter(|o| *o != original).cloned());
        if alternatives.len() < 2 || original.is_empty() || self.is_marked(start, end) {
            return;
        }
        self.drafts.push(Draft {
            class,
            start,
            end,
            values: alternatives.len() as u64,
            alternatives,
            why: why.to_owned(),
            is_functional: true,
            strength,
            edit: Edit::Mark,
            refusal: Edit::Keep,
        });
    }

    /// Whole lines, from that of the first byte of the first item to that of the last byte of the last.
    pub(super) fn lines(&mut self, items: &[(usize, usize)], class: Class, why: &str) {
        let opener = self.opener();
        let (Some((start, _)), Some((_, end))) = (items.first(), items.last()) else {
            return;
        };
        if !self.lines_are_free(items) || !self.is_new_list(*start, *end, items.len()) {
            return;
        }
        self.shuffles.push((*start, *end));
        self.drafts.push(Draft {
            class,
            start: *start,
            end: *end,
            alternatives: Vec::new(),
            values: carriers::shuffle_values(items.len()),
            why: why.to_owned(),
            is_functional: true,
            strength: Strength::Robust,
            edit: Edit::Around {
                above: format!("{opener} shuffle"),
                below: format!("{opener} end"),
            },
            refusal: Edit::Above(format!("{opener} keep {class}")),
        });
    }

    /// Each item begins its own line, all equally deep, and nothing else stands between them.
    fn lines_are_free(&self, items: &[(usize, usize)]) -> bool {
        let Some((first, _)) = items.first() else {
            return false;
        };
        let indentation = first - self.line(*first).0;
        let mut after: Option<usize> = None;
        for (start, end) in items {
            let (line, _) = self.line(*start);
            let (_, line_end) = self.line(*end);
            let lead = self.text(line, *start);
            let rest = self
                .text(*end, line_end)
                .trim()
                .trim_start_matches([',', ';'])
                .trim_start();
            let is_free = lead.trim().is_empty()
                && start - line == indentation
                && (rest.is_empty() || rest.starts_with(['#', '/']))
                && after.is_none_or(|a| self.text(a, line).trim().is_empty())
                && line_end - line <= LINE_BYTES_MAX
                && self.takes_comment(*end);
            if !is_free {
                return false;
            }
            after = Some(line_end);
        }
        self.takes_comment_above(*first)
    }

    /// 2 to 12 items that touch no other list, and that no two readers take for one.
    fn is_new_list(&self, start: usize, end: usize, items: usize) -> bool {
        (2..=carriers::error::SHUFFLE_ITEMS_MAX).contains(&items)
            && !self.shuffles.iter().any(|(s, e)| *s < end && start < *e)
    }

    /// The items of the list `name` of a line: `directive` stands at its end, or above it.
    pub(super) fn named_list(
        &mut self,
        (start, end): (usize, usize),
        (name, items): (&str, usize),
        class: Class,
        above: bool,
        why: &str,
    ) {
        let (from, to) = self.line(start);
        let opener = self.opener();
        let alone = format!("{opener} shuffle {name}\n{}", self.text(from, to));
        let fits = carriers::Master::parse(self.file_name, alone.as_bytes()).is_ok_and(|master| {
            let expected = carriers::shuffle_values(items);
            master.sites().iter().any(|s| s.values == expected)
        });
        let may_stand = if above {
            self.takes_comment_above(start)
        } else {
            self.takes_comment(start)
        };
        if !fits || !may_stand || self.is_marked(start, end) || !self.is_new_list(start, end, items)
        {
            return;
        }
        self.shuffles.push((start, end));
        let directive = format!("{opener} shuffle {name}");
        let keep = format!("{opener} keep {class}");
        self.drafts.push(Draft {
            class,
            start,
            end,
            alternatives: Vec::new(),
            values: carriers::shuffle_values(items),
            why: why.to_owned(),
            is_functional: true,
            strength: Strength::Robust,
            edit: if above {
                Edit::Above(directive)
            } else {
                Edit::Trailing(directive)
            },
            refusal: if above {
                Edit::Above(keep)
            } else {
                Edit::Trailing(keep)
            },
        });
    }

    /// A name that every token of the file follows; its first occurrence is at `start`.
    pub(super) fn name(&mut self, start: usize, name: &str, others: &[String], why: &str) {
        if others.is_empty()
            || self.is_marked(start, start + name.len())
            || !self.takes_comment_above(start)
        {
            return;
        }
        let mut alternatives = vec![name.to_owned()];
        alternatives.extend(others.iter().cloned());
        let opener = self.opener();
        self.drafts.push(Draft {
            class: Class::Name,
            start,
            end: start + name.len(),
            values: alternatives.len() as u64,
            alternatives,
            why: why.to_owned(),
            is_functional: false,
            strength: Strength::Robust,
            edit: Edit::Name {
                opener: opener.to_owned(),
            },
            refusal: Edit::Above(format!("{opener} keep {}", Class::Name)),
        });
    }

    /// What stands around `start..end`, for files without comments.
    pub(super) fn inline(
        &mut self,
        (start, end): (usize, usize),
        class: Class,
        values: u64,
        before: String,
        why: &str,
    ) {
        if self.is_marked(start, end) {
            return;
        }
        let refusal = if before.starts_with("{~#shuffle") {
            Edit::None
        } else {
            Edit::Keep
        };
        let after = if before.starts_with("{~#shuffle") {
            "{~#end~}"
        } else {
            "~}"
        };
        if before.starts_with("{~#shuffle") {
            self.shuffles.push((start, end));
        }
        self.drafts.push(Draft {
            class,
            start,
            end,
            alternatives: Vec::new(),
            values,
            why: why.to_owned(),
            is_functional: true,
            strength: Strength::Robust,
            edit: Edit::Inline {
                before,
                after: after.to_owned(),
            },
            refusal,
        });
    }

    pub(super) fn holds_list(&self, start: usize, end: usize) -> bool {
        self.shuffles.iter().any(|(s, e)| *s < end && start < *e)
    }

    fn finish(self) -> Vec<Draft> {
        self.drafts
    }
}
