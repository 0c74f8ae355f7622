//! Where the sites of a master stand among its words, as the default copy shows them.

use super::{Master, Piece};

/// A master as a row of words, with its sites' places in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Every word of the default copy, as blanks part them.
    pub words: Vec<String>,
    /// For each site the words of each of its occurrences: first, and one past the last. A list has one occurrence,
    /// from its first item to its last.
    pub sites: Vec<Vec<(usize, usize)>>,
    /// Markdown headings: the index of the first word after each, and its text.
    pub headings: Vec<(usize, String)>,
}

impl Places {
    /// Whether a site can be read from the words `from..to` alone: one of its occurrences is wholly there.
    pub fn is_within(&self, site: usize, from: usize, to: usize) -> bool {
        let occurrences = self.sites.get(site).map_or(&[][..], Vec::as_slice);
        occurrences
            .iter()
            .any(|(first, last)| from <= *first && *last <= to)
    }
}

impl Master {
    /// The words of the default copy, and where the sites stand among them.
    pub fn places(&self) -> Places {
        let mut walk = Walk {
            master: self,
            places: Places {
                sites: vec![Vec::new(); self.sites().len()],
                ..Places::default()
            },
            is_open: false,
            line: String::new(),
        };
        walk.pieces(&self.pieces());
        walk.end_of_line();
        walk.places
    }
}

struct Walk<'m> {
    master: &'m Master,
    places: Places,
    /// Whether the last word goes on.
    is_open: bool,
    line: String,
}

impl Walk<'_> {
    fn pieces(&mut self, pieces: &[Piece<'_>]) {
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.text(text),
                Piece::Choice { site, wordings, .. } => {
                    let shown = wordings.first().map_or("", String::as_str);
                    self.occurrence(*site, |walk| walk.text(shown));
                }
                Piece::Value { site, .. } => self.occurrence(*site, |walk| walk.text("0")),
                Piece::Shuffle {
                    site,
                    items,
                    between,
                } => self.occurrence(*site, |walk| {
                    for (place, item) in items.iter().enumerate() {
                        walk.pieces(item);
                        if let Some(gap) = between.get(place) {
                            walk.pieces(gap);
                        }
                    }
                }),
            }
        }
    }

    /// Notes the words that `show` adds to, the one it goes on with among them.
    fn occurrence(&mut self, site: usize, show: impl FnOnce(&mut Self)) {
        let first = self.places.words.len() - usize::from(self.is_open);
        show(self);
        let last = self.places.words.len().max(first + 1);
        if let Some(site) = self.places.sites.get_mut(site) {
            site.push((first, last));
        }
    }

    fn text(&mut self, text: &str) {
        for c in text.chars() {
            if c == '\n' {
                self.end_of_line();
            } else {
                self.line.push(c);
            }
            if c.is_whitespace() {
                self.is_open = false;
            } else if self.is_open {
                if let Some(word) = self.places.words.last_mut() {
                    word.push(c);
                }
            } else {
                self.places.words.push(c.to_string());
                self.is_open = true;
            }
        }
    }

    fn end_of_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let title = line.trim_start_matches('#');
        let level = line.len() - title.len();
        if self.master.format().is_prose() && (1..=6).contains(&level) && title.starts_with(' ') {
            let heading = title.trim().to_owned();
            self.places
                .headings
                .push((self.places.words.len(), heading));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_found_among_the_words_and_headings_begin_sections() {
        let source = "# Larkspur {~Share|Box~}\n\nIt runs {~via|through the~} proxy.\n\n## Fix\n\nUp{~date|grade~} now.\n";
        let master = Master::parse("a.md", source.as_bytes()).unwrap();
        let places = master.places();
        assert_eq!(
            places.words.join(" "),
            "# Larkspur Share It runs via proxy. ## Fix Update now."
        );
        assert_eq!(places.sites, [vec![(2, 3)], vec![(5, 6)], vec![(9, 10)]]);
        assert_eq!(
            places.headings,
            [(3, "Larkspur Share".to_owned()), (9, "Fix".to_owned())]
        );
        assert!(places.is_within(1, 3, 7));
        assert!(!places.is_within(1, 6, 9));
    }
}
