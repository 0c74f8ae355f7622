//! Which bytes of a program are code, comment or string: enough for names and directives.

use crate::format::Dialect;

/// What a byte of the source belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Code,
    Comment,
    Text,
}

/// One class for each byte of `source`.
///
/// A light scanner, not a parser: a quote that is not closed on its line is taken for a plain character,
/// so that an apostrophe hides nothing that follows it.
pub(crate) fn classify(source: &str, dialect: Dialect) -> Vec<Class> {
    let bytes = source.as_bytes();
    let mut classes = vec![Class::Code; bytes.len()];
    if matches!(
        dialect,
        Dialect::Markdown
            | Dialect::Html
            | Dialect::Text
            | Dialect::Http
            | Dialect::Har
            | Dialect::Curl
            | Dialect::Capture
            | Dialect::Csv
            | Dialect::Json
            | Dialect::Plain
    ) {
        return classes;
    }
    let mut at = 0;
    let mut unclosed = Unclosed::default();
    while at < bytes.len() {
        let end = if let Some(end) = comment_end(source, at, dialect) {
            fill(&mut classes, at, end, Class::Comment);
            end
        } else if let Some(end) = string_end(source, at, dialect, &mut unclosed) {
            fill(&mut classes, at, end, Class::Text);
            interpolations(bytes, at, end, dialect, &mut classes);
            end
        } else {
            at + 1
        };
        at = end.max(at + 1);
    }
    classes
}

fn fill(classes: &mut [Class], from: usize, to: usize, class: Class) {
    let to = to.min(classes.len());
    if let Some(span) = classes.get_mut(from..to) {
        span.fill(class);
    }
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at.min(bytes.len())..]
        .iter()
        .position(|b| *b == b'\n')
        .map_or(bytes.len(), |p| at + p)
}

fn find(bytes: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    bytes
        .get(from..)?
        .windows(needle.len())
        .position(|w| w == needle)
        .map(|p| from + p)
}

fn comment_end(source: &str, at: usize, dialect: Dialect) -> Option<usize> {
    let bytes = source.as_bytes();
    let rest = &bytes[at..];
    let before = at.checked_sub(1).map(|p| bytes[p]);
    let spaced = before.is_none_or(|b| b.is_ascii_whitespace());
    match dialect {
        Dialect::Python | Dialect::HashOther | Dialect::PowerShell if rest.starts_with(b"#") => {
            Some(line_end(bytes, at))
        }
        Dialect::Shell | Dialect::Yaml | Dialect::Suricata if rest.starts_with(b"#") && spaced => {
            Some(line_end(bytes, at))
        }
        Dialect::Script | Dialect::CLike | Dialect::Go | Dialect::Yara | Dialect::Kql => {
            if rest.starts_with(b"//") {
                Some(line_end(bytes, at))
            } else if rest.starts_with(b"/*") {
                Some(find(bytes, b"*/", at + 2).map_or(bytes.len(), |p| p + 2))
            } else {
                None
            }
        }
        Dialect::Dash if rest.starts_with(b"--") => Some(line_end(bytes, at)),
        Dialect::Semicolon if rest.starts_with(b";") => Some(line_end(bytes, at)),
        _ => None,
    }
}

/// How far it is known that no quote of a kind is closed: `'`, `"`, `` ` ``.
///
/// Whether a quote is escaped does not depend on where its string begins, so what one search did not find no
/// later one will, and a line of quotes is read in linear time.
#[derive(Default)]
struct Unclosed([usize; 3]);

impl Unclosed {
    fn of(&mut self, quote: u8) -> &mut usize {
        let [single, double, back] = &mut self.0;
        match quote {
            b'\'' => single,
            b'"' => double,
            _ => back,
        }
    }
}

fn string_end(source: &str, at: usize, dialect: Dialect, unclosed: &mut Unclosed) -> Option<usize> {
    let bytes = source.as_bytes();
    let quote = bytes[at];
    let several_lines = match dialect {
        Dialect::Python => {
            let triple: &[u8] = if quote == b'"' { b"\"\"\"" } else { b"'''" };
            if (quote == b'"' || quote == b'\'') && bytes[at..].starts_with(triple) {
                return Some(find(bytes, triple, at + 3).map_or(bytes.len(), |p| p + 3));
            }
            false
        }
        Dialect::Script | Dialect::Go => quote == b'`',
        _ => false,
    };
    let opens = match quote {
        b'"' | b'\'' => true,
        b'`' => several_lines,
        _ => false,
    };
    if !opens {
        return None;
    }
    // In YAML and in rules an apostrophe inside a word is no quote.
    if matches!(
        dialect,
        Dialect::Yaml | Dialect::Suricata | Dialect::Semicolon
    ) && at > 0
        && bytes[at - 1].is_ascii_alphanumeric()
    {
        return None;
    }
    if at < *unclosed.of(quote) {
        return None;
    }
    let mut place = at + 1;
    while let Some(byte) = bytes.get(place) {
        let ends_here = |place: usize| !several_lines && bytes.get(place) == Some(&b'\n');
        match byte {
            _ if ends_here(place) => break,
            b'\\' if !matches!(dialect, Dialect::Dash) => {
                if ends_here(place + 1) {
                    break;
                }
                place += 2;
            }
            b if *b == quote => return Some(place + 1),
            _ => place += 1,
        }
    }
    *unclosed.of(quote) = place;
    None
}

/// Names inside a string that the language looks up: `f"{name}"`, `${name}`, `"$name"`.
fn interpolations(bytes: &[u8], at: usize, end: usize, dialect: Dialect, classes: &mut [Class]) {
    let braces = match dialect {
        Dialect::Python => bytes[..at]
            .iter()
            .rev()
            .take(2)
            .take_while(|b| b.is_ascii_alphabetic())
            .any(|b| matches!(b, b'f' | b'F')),
        Dialect::Script => bytes[at] == b'`',
        _ => false,
    };
    let dollars = matches!(dialect, Dialect::Shell | Dialect::PowerShell) && bytes[at] == b'"';
    let mut place = at;
    while place < end {
        if braces && bytes[place] == b'{' {
            let script = dialect == Dialect::Script;
            let doubled = bytes.get(place + 1) == Some(&b'{') && !script;
            if doubled || (script && bytes.get(place.wrapping_sub(1)) != Some(&b'$')) {
                place += 2;
                continue;
            }
            let mut depth = 0usize;
            let mut close = place;
            while close < end {
                match bytes[close] {
                    b'{' => depth += 1,
                    b'}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
                close += 1;
            }
            fill(classes, place + 1, close.min(end), Class::Code);
            place = close;
        } else if dollars && bytes[place] == b'$' {
            let start = place + 1;
            let mut stop = start;
            if bytes.get(stop) == Some(&b'{') {
                stop += 1;
            }
            while stop < end && (bytes[stop].is_ascii_alphanumeric() || bytes[stop] == b'_') {
                stop += 1;
            }
            fill(classes, start, stop, Class::Code);
            place = stop.max(place + 1) - 1;
        }
        place += 1;
    }
}
