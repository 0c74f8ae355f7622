//! Logs that name their columns: Zeek's own format, and the W3C's, as IIS and CloudFront write it.

use super::http;

/// Longest list of columns.
const COLUMNS_MAX: usize = 500;

/// The columns that the last header named.
#[derive(Debug, Default)]
pub(super) struct Table {
    columns: Vec<String>,
    is_zeek: bool,
}

impl Table {
    /// Reads a header, if `line` is one: `#fields` of Zeek, `#Fields:` of the W3C.
    pub(super) fn header(line: &str) -> Option<Self> {
        let (names, is_zeek) = match line.strip_prefix("#fields\t") {
            Some(names) => (names, true),
            None => (line.strip_prefix("#Fields:")?, false),
        };
        let columns: Vec<String> = names
            .split_ascii_whitespace()
            .take(COLUMNS_MAX)
            .map(str::to_ascii_lowercase)
            .collect();
        (!columns.is_empty()).then_some(Self { columns, is_zeek })
    }

    /// The request of one row, if it holds one.
    pub(super) fn row(&self, line: &str, out: &mut String) -> bool {
        if line.starts_with('#') || self.columns.is_empty() {
            return false;
        }
        let cells: Vec<&str> = if self.is_zeek || line.contains('\t') {
            line.split('\t').collect()
        } else {
            line.split(' ').collect()
        };
        if cells.len() != self.columns.len() {
            return false;
        }
        let cell = |name: &str| {
            let at = self.columns.iter().position(|column| column == name)?;
            cells.get(at).copied().filter(|cell| !is_empty(cell))
        };
        let found = if self.is_zeek {
            push_zeek(&cell, out)
        } else {
            push_w3c(&cell, out)
        };
        if found {
            out.push('\n');
        }
        found
    }
}

fn is_empty(cell: &str) -> bool {
    matches!(cell, "" | "-" | "(empty)" | "(unset)")
}

/// A row of `http.log`: columns have the same names as the keys of its JSON form.
pub(super) fn push_zeek<'a>(cell: &impl Fn(&str) -> Option<&'a str>, out: &mut String) -> bool {
    let Some(target) = cell("uri") else {
        return false;
    };
    http::push_target(
        cell("method").unwrap_or("GET"),
        http::target_of(&unescape(target)),
        out,
    );
    for (column, name) in [
        ("host", "host"),
        ("user_agent", "user-agent"),
        ("referrer", "referer"),
        ("origin", "origin"),
        ("username", "username"),
        ("password", "password"),
        ("cookie", "cookie"),
        ("post_body", "body"),
        ("orig_filenames", "filename"),
    ] {
        if let Some(value) = cell(column) {
            http::field(name, &unescape(value), out);
        }
    }
    true
}

/// `\x41` is how Zeek and nginx write bytes that they escape; wrong escapes stay.
pub(super) fn unescape(text: &str) -> String {
    if !text.contains("\\x") {
        return text.to_owned();
    }
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = |i: usize| bytes.get(i).and_then(|b| char::from(*b).to_digit(16));
        match (byte, bytes.get(at + 1), hex(at + 2), hex(at + 3)) {
            (b'\\', Some(b'x'), Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 4;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A row of the W3C's extended format; `+` stands for a space in headers.
fn push_w3c<'a>(cell: &impl Fn(&str) -> Option<&'a str>, out: &mut String) -> bool {
    let Some(stem) = cell("cs-uri-stem").or_else(|| cell("cs-uri")) else {
        return false;
    };
    let target = match cell("cs-uri-query") {
        Some(query) => format!("{stem}?{query}"),
        None => stem.to_owned(),
    };
    http::push_target(
        cell("cs-method").unwrap_or("GET"),
        http::target_of(&target),
        out,
    );
    for (column, name) in [
        ("cs-host", "host"),
        ("cs(host)", "host"),
        ("cs(user-agent)", "user-agent"),
        ("cs(referer)", "referer"),
        ("cs(cookie)", "cookie"),
        ("cs-username", "username"),
    ] {
        if let Some(value) = cell(column) {
            http::field(name, &http::percent_decode(value, true), out);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_zeek_is_a_request() {
        let table =
            Table::header("#fields\tts\tuid\tmethod\thost\turi\treferrer\tuser_agent").unwrap();
        let mut out = String::new();
        let row = "1752487200.1\tC1\tGET\tshare.example\t/preview?ticket=c41d9e7a&n=\\x41\t-\tlark-sync/2.1";
        assert!(table.row(row, &mut out));
        assert_eq!(
            out,
            "GET /preview\nticket: c41d9e7a\nn: A\nhost: share.example\nuser-agent: lark-sync/2.1\n\n"
        );
        assert!(!table.row("#close\t2026-07-14", &mut String::new()));
        assert!(!table.row("two\tcells", &mut String::new()));
    }

    #[test]
    fn a_row_of_iis_is_a_request() {
        let header = "#Fields: date time cs-method cs-uri-stem cs-uri-query cs(User-Agent) cs(Cookie) sc-status";
        let table = Table::header(header).unwrap();
        let mut out = String::new();
        let row = "2026-07-14 10:00:00 GET /preview/v2 ticket=c41d9e7a lark+sync/2.1 sid=q1 200";
        assert!(table.row(row, &mut out));
        assert_eq!(
            out,
            "GET /preview/v2\nticket: c41d9e7a\nuser-agent: lark sync/2.1\ncookie: sid=q1\nsid: q1\n\n"
        );
    }

    #[test]
    fn a_header_of_another_log_makes_no_requests() {
        let table = Table::header("#fields\tts\tuid\tquery").unwrap();
        assert!(!table.row("1\tC1\texample.org", &mut String::new()));
        assert!(Table::header("#fields of flowers").is_none());
    }
}
