//! What of a text is prose at all: the rest is never suggested.
//!
//! Front matter, headings, quotations, tables, code, addresses, mail headers and everything that is a mark already
//! are masked. In doubt, text is masked.

use carriers::Layout;

/// Longest target of a link, in bytes; what is longer is read as text.
const LINK_BYTES_MAX: usize = 2048;

/// What a byte of the source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Byte {
    /// Text of a sentence.
    Prose,
    /// Inside a sentence, but not to be touched: code, an address, a quotation.
    Opaque,
    /// A mark that is there already.
    Mark,
    /// Outside sentences: a heading, a table, a list marker.
    Break,
}

/// One class for each byte of `source`.
pub(super) fn mask(file_name: &str, source: &str, layout: &Layout) -> Vec<Byte> {
    let mut bytes = vec![Byte::Prose; source.len()];
    let name = file_name.to_lowercase();
    let is_html = [".html", ".htm", ".xhtml", ".xml", ".svg"]
        .iter()
        .any(|ending| name.ends_with(ending));
    if !is_html {
        lines(source, layout, &mut bytes);
    }
    tags(source, is_html, &mut bytes);
    spans(source, &mut bytes);
    for written in &layout.written {
        fill(&mut bytes, written.start, written.end, Byte::Mark);
    }
    bytes
}

fn fill(bytes: &mut [Byte], from: usize, to: usize, with: Byte) {
    let to = to.min(bytes.len());
    if let Some(span) = bytes.get_mut(from..to) {
        span.fill(with);
    }
}

/// What the beginnings of lines tell.
fn lines(source: &str, layout: &Layout, bytes: &mut [Byte]) {
    let all: Vec<(usize, &str)> = source
        .split_inclusive('\n')
        .scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some((start, line))
        })
        .collect();
    let mut fence: Option<&str> = None;
    let mut front_matter = false;
    let mut blank_before = true;
    let mut code_before = false;
    let mut mail_header = false;
    for (index, (start, line)) in all.iter().copied().enumerate() {
        let text = line.trim();
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        let end = start + line.len();
        let mut whole = |code: &mut bool, is_code: bool| {
            fill(bytes, start, end, Byte::Break);
            *code = is_code;
        };
        if index == 0 && text.trim_start_matches('\u{feff}') == "---" {
            front_matter = true;
            whole(&mut code_before, false);
            continue;
        }
        if front_matter {
            front_matter = text != "---" && text != "...";
            whole(&mut code_before, false);
            continue;
        }
        if let Some(with) = fence {
            if text.starts_with(with) {
                fence = None;
            }
            whole(&mut code_before, false);
            continue;
        }
        if let Some(with) = ["```", "~~~", "....", "----"]
            .into_iter()
            .find(|f| text.starts_with(f))
            .filter(|f| f.starts_with(['`', '~']) || closes(&all, index, f))
        {
            fence = Some(with);
            whole(&mut code_before, false);
            continue;
        }
        let is_blank = text.is_empty();
        let tab = line.starts_with('\t') || indent >= 4;
        let is_code = tab && (blank_before || code_before) && !is_blank;
        let next = all.get(index + 1).map_or("", |l| l.1.trim());
        mail_header = is_mail_header(text) && (blank_before || mail_header);
        if is_blank
            || is_code
            || mail_header
            || text.starts_with(['#', '>', '|', '='])
            || text.starts_with("..")
            || has_bar(source, layout, start, end)
            || is_rule(text)
            || (is_rule(next) && list_marker(text).is_none())
            || is_definition(text)
        {
            let goes_on = is_code || (is_blank && code_before);
            whole(&mut code_before, goes_on);
        } else {
            code_before = false;
            if let Some(marker) = list_marker(line) {
                fill(bytes, start, start + marker, Byte::Break);
            }
        }
        blank_before = is_blank;
    }
}

/// Whether the line has a bar outside of marks, and so may be of a table.
fn has_bar(source: &str, layout: &Layout, start: usize, end: usize) -> bool {
    let line = source.get(start..end).unwrap_or_default();
    line.match_indices('|').any(|(offset, _)| {
        let at = start + offset;
        let after = layout.written.partition_point(|w| w.start <= at);
        let mark = after.checked_sub(1).and_then(|i| layout.written.get(i));
        mark.is_none_or(|w| w.end <= at)
    })
}

/// Whether a line of this fence follows, so that this one opens a block and is no rule.
fn closes(all: &[(usize, &str)], index: usize, fence: &str) -> bool {
    // A rule stands between blank lines; an opening fence has text right below it.
    let below = all.get(index + 1).map_or("", |l| l.1.trim());
    let above = index
        .checked_sub(1)
        .and_then(|i| all.get(i))
        .map_or("", |l| l.1.trim());
    !below.is_empty()
        && above.is_empty()
        && all
            .iter()
            .skip(index + 1)
            .take(400)
            .any(|l| l.1.trim() == fence)
}

/// A line of nothing but `=`, `-`, `*`, `_`, `~` or `^`: a rule, or what underlines a heading.
fn is_rule(text: &str) -> bool {
    let mut chars = text.chars();
    let first = chars.next();
    text.len() >= 2
        && first.is_some_and(|c| "=-*_~^".contains(c))
        && chars.all(|c| Some(c) == first || c == ' ')
        && text != "--"
}

/// `[name]: address`.
fn is_definition(text: &str) -> bool {
    text.starts_with('[') && text.contains("]: ")
}

fn is_mail_header(text: &str) -> bool {
    const HEADERS: [&str; 12] = [
        "from",
        "to",
        "cc",
        "bcc",
        "subject",
        "date",
        "reply-to",
        "message-id",
        "in-reply-to",
        "references",
        "sent",
        "return-path",
    ];
    text.split_once(':').is_some_and(|(name, _)| {
        let name = name.to_lowercase();
        HEADERS.contains(&name.as_str()) || name.starts_with("x-")
    })
}

/// Bytes of indentation and marker: `- `, `* `, `+ `, `1. `, `1) `.
pub(super) fn list_marker(line: &str) -> Option<usize> {
    let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
    let rest = line.get(indent..)?;
    let marker = if rest.starts_with(['-', '*', '+', '•']) {
        rest.chars().next().map_or(0, char::len_utf8)
    } else {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let after = rest.as_bytes().get(digits);
        if digits == 0 || digits > 3 || !matches!(after, Some(b'.' | b')')) {
            return None;
        }
        digits + 1
    };
    let after = rest.get(marker..)?;
    let space = after.len() - after.trim_start_matches([' ', '\t']).len();
    (space > 0).then_some(indent + marker + space)
}

/// Tags, and the content of those that hold no prose.
fn tags(source: &str, is_html: bool, bytes: &mut [Byte]) {
    const CLOSED: [&str; 18] = [
        "pre",
        "code",
        "script",
        "style",
        "kbd",
        "samp",
        "var",
        "tt",
        "title",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "q",
        "head",
    ];
    const INLINE: [&str; 11] = [
        "a", "b", "i", "em", "strong", "span", "u", "code", "kbd", "samp", "q",
    ];
    let lower = source.to_ascii_lowercase();
    let mut at = 0;
    // How far it is known that no tag of a name is closed.
    let mut unclosed: Vec<&str> = Vec::new();
    while let Some(found) = source.get(at..).and_then(|rest| rest.find('<')) {
        let start = at + found;
        at = start + 1;
        if bytes.get(start) == Some(&Byte::Break) {
            continue;
        }
        let rest = lower.get(start + 1..).unwrap_or_default();
        if rest.starts_with("!--") {
            let end = rest.find("-->").map_or(source.len(), |p| start + 1 + p + 3);
            fill(bytes, start, end, Byte::Opaque);
            at = end;
            continue;
        }
        let name_len = rest
            .trim_start_matches('/')
            .bytes()
            .take_while(u8::is_ascii_alphanumeric)
            .count();
        let slash = rest.len() - rest.trim_start_matches('/').len();
        let name = rest.get(slash..slash + name_len).unwrap_or_default();
        let limit = floor(source, (start + LINK_BYTES_MAX).min(source.len()));
        let line = source.get(start..limit).unwrap_or_default();
        let Some(close) = line
            .find('>')
            .filter(|_| name_len > 0 || rest.starts_with('!'))
        else {
            continue;
        };
        let mut end = start + close + 1;
        if !is_html && line[..close].contains("\n\n") {
            continue;
        }
        let kind = if INLINE.contains(&name) {
            Byte::Opaque
        } else {
            Byte::Break
        };
        fill(bytes, start, end, kind);
        let opens = slash == 0 && !line[..close].ends_with('/');
        if let Some(name) = CLOSED.into_iter().find(|c| *c == name && opens)
            && !unclosed.contains(&name)
        {
            match lower.get(end..).and_then(|l| l.find(&format!("</{name}"))) {
                Some(p) => {
                    fill(bytes, end, end + p, kind);
                    end += p;
                }
                None => unclosed.push(name),
            }
        }
        at = end;
    }
}

fn floor(source: &str, at: usize) -> usize {
    (0..=at)
        .rev()
        .find(|p| source.is_char_boundary(*p))
        .unwrap_or(0)
}

/// Code spans, link targets and quotations, within one paragraph.
fn spans(source: &str, bytes: &mut [Byte]) {
    let mut at = 0;
    while at < source.len() {
        // A paragraph: prose without a line that is masked as a whole.
        let end = paragraph_end(source, bytes, at);
        paragraph(source, at, end, bytes);
        at = end.max(at + 1);
    }
}

fn paragraph_end(source: &str, bytes: &[Byte], from: usize) -> usize {
    let mut at = from;
    for line in source.get(from..).unwrap_or_default().split_inclusive('\n') {
        let begins = bytes.get(at) == Some(&Byte::Break);
        if begins && at > from {
            return at;
        }
        at += line.len();
        if begins && bytes.get(at.saturating_sub(1)) == Some(&Byte::Break) {
            return at;
        }
    }
    source.len()
}

fn paragraph(source: &str, from: usize, to: usize, bytes: &mut [Byte]) {
    let Some(text) = source.get(from..to) else {
        return;
    };
    let mut no_back = [false; 8];
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|t| t.chars().next()) {
        let mut next = at + c.len_utf8();
        if bytes.get(from + at) == Some(&Byte::Prose) {
            let rest = &text[at..];
            let end = match c {
                '`' => {
                    let ticks = rest.len() - rest.trim_start_matches('`').len();
                    let known = no_back.get_mut(ticks.min(7));
                    match (close_ticks(&text[at + ticks..], ticks), known) {
                        (_, Some(true)) => Some(at + ticks),
                        (Some(p), _) => Some(at + ticks + p),
                        (None, Some(known)) => {
                            *known = true;
                            Some(at + ticks)
                        }
                        (None, None) => None,
                    }
                }
                '"' | '“' | '«' => {
                    let close = match c {
                        '"' => '"',
                        '“' => '”',
                        _ => '»',
                    };
                    let inner = &text[next..];
                    Some(
                        inner
                            .find(close)
                            .map_or(text.len(), |p| next + p + close.len_utf8()),
                    )
                }
                ']' if rest.starts_with("](") => link_end(rest, ')').map(|p| at + p),
                ']' if rest.starts_with("][") => link_end(rest, ']').map(|p| at + p),
                _ => None,
            };
            if let Some(end) = end {
                fill(bytes, from + at, from + end, Byte::Opaque);
                next = end;
            }
        }
        at = next;
    }
}

/// After the closing character of a link's target, which is looked for nearby.
fn link_end(rest: &str, close: char) -> Option<usize> {
    let near = rest.get(1..floor(rest, rest.len().min(LINK_BYTES_MAX)))?;
    near.find(close).map(|p| p + 1 + close.len_utf8())
}

/// After the closing run of exactly `ticks` backticks.
fn close_ticks(text: &str, ticks: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text.get(at..)?.find('`') {
        let start = at + found;
        let run = text[start..].len() - text[start..].trim_start_matches('`').len();
        if run == ticks {
            return Some(start + run);
        }
        at = start + run;
    }
    None
}
