//! How results look: plain when piped, alive on a terminal; colour never alone carries meaning.

use std::io::{IsTerminal, Write};

use serde_json::Value;

/// Where results go, and whether as JSON.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
    colour: bool,
}

impl Output {
    /// Colour only on a terminal, and not where `NO_COLOR` is set.
    pub fn new(json: bool) -> Self {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { json, colour }
    }

    /// Whether a program reads the result.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a person watches.
    pub fn is_alive(&self) -> bool {
        self.colour && !self.json
    }

    /// Prints `document` as JSON, or else what `text` makes.
    pub fn result(&self, document: &Value, text: impl FnOnce(&Self) -> String) {
        let mut out = std::io::stdout().lock();
        let printed = if self.json {
            writeln!(out, "{document:#}")
        } else {
            let text = text(self);
            write!(out, "{text}")
        };
        // A closed pipe (`headstart … | head`) is the reader's choice, not a failure.
        let _ = printed.and_then(|()| out.flush());
    }

    /// Prints text where no program reads the result.
    pub fn text(&self, text: &str) {
        if self.json {
            return;
        }
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Bold on a terminal.
    pub fn strong(&self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Dim on a terminal.
    pub fn quiet(&self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Green on a terminal.
    pub fn good(&self, text: &str) -> String {
        self.paint("32;1", text)
    }

    /// Red on a terminal.
    pub fn bad(&self, text: &str) -> String {
        self.paint("31;1", text)
    }

    /// Yellow on a terminal.
    pub fn careful(&self, text: &str) -> String {
        self.paint("33;1", text)
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour && !self.json {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// A time for people; what is no time stays as it is.
pub fn utc(text: &str) -> String {
    text.parse()
        .map_or_else(|_| text.to_owned(), domain::describe::describe_utc)
}

/// Rows in aligned columns, two spaces between; the first row is the heading.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Text folded at `width` characters, each line behind `indent`.
pub fn folded(text: &str, width: usize, indent: &str) -> String {
    let mut lines = String::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let long = line.chars().count() + 1 + word.chars().count() > width;
            if !line.is_empty() && long {
                lines.push_str(indent);
                lines.push_str(&line);
                lines.push('\n');
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push_str(if line.is_empty() { "" } else { indent });
        lines.push_str(&line);
        lines.push('\n');
    }
    lines
}

/// `1 seat`, `2 seats`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// A small probability as `1 in 3.2e12`, for people.
pub fn one_in(risk: f64) -> String {
    if risk <= 0.0 {
        return "1 in more than 1e300".to_owned();
    }
    let times = 1.0 / risk;
    if times < 1e6 {
        format!("1 in {}", grouped(times.floor() as u64))
    } else {
        format!("1 in {times:.1e}")
    }
}

/// Digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_have_no_trailing_space() {
        let rows = vec![
            vec!["wave".to_owned(), "seats".to_owned()],
            vec!["validate".to_owned(), "3".to_owned()],
        ];
        assert_eq!(table(&rows), "wave      seats\nvalidate  3\n");
    }

    #[test]
    fn long_text_is_folded_at_words() {
        assert_eq!(folded("one two three", 7, "  "), "  one two\n  three\n");
    }

    #[test]
    fn small_risks_are_said_as_one_in() {
        assert_eq!(one_in(1e-3), "1 in 1,000");
        assert_eq!(one_in(2.5e-13), "1 in 4.0e12");
    }
}
