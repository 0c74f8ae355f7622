//! Suricata and Snort rules: header and options, and what their engines refuse.

use std::collections::BTreeMap;

use super::{NESTING_MAX, Wrong, shown};

/// A rule with its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule<'a> {
    /// First byte of the rule.
    pub(crate) start: usize,
    pub(crate) options: Vec<RuleOption<'a>>,
}

/// `name:value;` or `name;`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RuleOption<'a> {
    /// First byte of the name.
    pub(crate) start: usize,
    /// The byte after the semicolon.
    pub(crate) end: usize,
    pub(crate) name: &'a str,
    /// Without the blanks around; empty without a colon.
    pub(crate) value: &'a str,
    /// First byte of the value.
    pub(crate) value_at: usize,
}

const ACTIONS: [&str; 13] = [
    "alert",
    "pass",
    "drop",
    "reject",
    "rejectsrc",
    "rejectdst",
    "rejectboth",
    "log",
    "sdrop",
    "block",
    "activate",
    "dynamic",
    "config",
];
const DIRECTIONS: [&str; 3] = ["->", "<>", "=>"];
/// Options that speak of the `content` before them.
const MODIFIERS: [&str; 18] = [
    "nocase",
    "depth",
    "offset",
    "distance",
    "within",
    "startswith",
    "endswith",
    "fast_pattern",
    "rawbytes",
    "isdataat-relative",
    "http_uri",
    "http_header",
    "http_raw_uri",
    "http_method",
    "http_client_body",
    "http_cookie",
    "http_user_agent",
    "http_stat_code",
];
/// Options whose value is one number.
const NUMBERS: [&str; 4] = ["sid", "rev", "gid", "priority"];
/// Options that stand at most once in a rule.
const ONCE: [&str; 7] = ["sid", "rev", "gid", "msg", "classtype", "priority", "flow"];
/// Options that need a value.
const WITH_VALUE: [&str; 12] = [
    "msg",
    "content",
    "uricontent",
    "pcre",
    "flow",
    "reference",
    "classtype",
    "metadata",
    "sid",
    "rev",
    "gid",
    "priority",
];
const FLOW_WORDS: [&str; 13] = [
    "established",
    "not_established",
    "stateless",
    "to_client",
    "to_server",
    "from_client",
    "from_server",
    "only_stream",
    "no_stream",
    "only_frag",
    "no_frag",
    "1",
    "0",
];

pub(super) fn check(text: &str, wrong: &mut Wrong<'_>) {
    let mut ids: BTreeMap<(u64, u64), usize> = BTreeMap::new();
    for (start, line) in logical_lines(text) {
        if wrong.is_full() {
            return;
        }
        let Some(rule) = read(text, start, line, wrong) else {
            continue;
        };
        options(&rule, wrong);
        let number = |name: &str| {
            let option = rule.options.iter().find(|o| o.name == name)?;
            option.value.parse::<u64>().ok()
        };
        match number("sid") {
            Some(sid) => {
                let id = (number("gid").unwrap_or(1), sid);
                if ids.insert(id, start).is_some() {
                    wrong.at(start, format!("a second rule with sid {sid}"));
                }
            }
            None => wrong.at(start, "the rule has no sid"),
        }
    }
}

/// The rules of a file that read as rules.
pub(crate) fn rules(text: &str) -> Vec<Rule<'_>> {
    let mut unused = Wrong::new(text);
    logical_lines(text)
        .into_iter()
        .filter_map(|(start, line)| read(text, start, line, &mut unused))
        .collect()
}

/// Lines that hold a rule, those that end in a backslash joined with the next: first byte, and bytes.
fn logical_lines(text: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let mut at = 0;
    let mut start = 0;
    let mut joined = false;
    for line in text.split_inclusive('\n') {
        if !joined {
            start = at;
        }
        at += line.len();
        joined = line.trim_end_matches(['\n', '\r']).ends_with('\\') && at < text.len();
        if joined {
            continue;
        }
        let whole = text.get(start..at).unwrap_or_default();
        let body = whole.trim_start();
        if !body.is_empty() && !body.starts_with('#') {
            out.push((start + whole.len() - body.len(), body.trim_end()));
        }
    }
    out
}

fn read<'a>(text: &'a str, start: usize, line: &'a str, wrong: &mut Wrong<'_>) -> Option<Rule<'a>> {
    let Some(open) = option_bracket(line) else {
        wrong.at(start, "a rule has its options in brackets");
        return None;
    };
    header(start, line.get(..open).unwrap_or_default(), wrong);
    if !line.ends_with(')') {
        wrong.at(
            start + line.len().saturating_sub(1),
            "the rule does not end with `)`",
        );
        return None;
    }
    let mut at = start + open + 1;
    let stop = start + line.len() - 1;
    let mut found = Vec::new();
    loop {
        let rest = text.get(at..stop)?;
        let body = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\\');
        at += rest.len() - body.len();
        if body.is_empty() {
            break;
        }
        let Some(len) = option_end(body) else {
            wrong.at(
                at,
                format!("the option {} does not end with `;`", shown(body)),
            );
            return None;
        };
        let piece = body.get(..len)?;
        let (name, value) = piece.split_once(':').unwrap_or((piece, ""));
        let value_at = at + piece.len() - value.trim_start().len();
        found.push(RuleOption {
            start: at,
            end: at + len + 1,
            name: name.trim(),
            value: value.trim(),
            value_at,
        });
        at += len + 1;
    }
    Some(Rule {
        start,
        options: found,
    })
}

/// Where the options begin: the first `(` outside an address list.
fn option_bracket(line: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b'(' if depth == 0 => return Some(at),
            b'"' => return None,
            _ => {}
        }
    }
    None
}

/// Bytes up to the semicolon that ends an option: not one in quotes, nor behind a backslash.
fn option_end(body: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in body.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b';' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

fn header(start: usize, header: &str, wrong: &mut Wrong<'_>) {
    let mut words = Vec::new();
    let mut depth = 0usize;
    let mut from: Option<usize> = None;
    for (at, c) in header.char_indices() {
        match c {
            '[' => depth += 1,
            ']' if depth == 0 => {
                wrong.at(start + at, "`]` closes nothing");
                return;
            }
            ']' => depth -= 1,
            _ => {}
        }
        if depth > NESTING_MAX {
            wrong.at(start + at, "lists are nested too deeply");
            return;
        }
        if c.is_whitespace() && depth == 0 {
            words.extend(from.take().and_then(|f| header.get(f..at).map(|w| (f, w))));
        } else {
            from.get_or_insert(at);
        }
    }
    words.extend(from.and_then(|f| header.get(f..).map(|w| (f, w))));
    if depth > 0 {
        wrong.at(start, "a list of the header is not closed");
        return;
    }
    let Some((at, action)) = words.first().copied() else {
        wrong.at(start, "the rule has no action");
        return;
    };
    if !ACTIONS.contains(&action) {
        wrong.at(start + at, format!("{} is no action", shown(action)));
    }
    // Snort 3 knows rules of one protocol, and rules of nothing but options.
    match words.as_slice() {
        [_] | [_, _] => {}
        [_, _, _, _, (at, direction), _, _] => {
            if !DIRECTIONS.contains(direction) {
                wrong.at(start + at, format!("{} is no direction", shown(direction)));
            }
        }
        _ => wrong.at(
            start,
            format!(
                "the header has {} words: action, protocol, address, port, direction, address, port",
                words.len()
            ),
        ),
    }
}

fn options(rule: &Rule<'_>, wrong: &mut Wrong<'_>) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut has_content = false;
    for option in &rule.options {
        let name = option.name;
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        if !is_name {
            wrong.at(option.start, format!("{} is no option", shown(name)));
            continue;
        }
        if ONCE.contains(&name) && seen.insert(name, option.start).is_some() {
            wrong.at(option.start, format!("a second option {}", shown(name)));
        }
        if WITH_VALUE.contains(&name) && option.value.is_empty() {
            wrong.at(
                option.start,
                format!("the option {} has no value", shown(name)),
            );
            continue;
        }
        if NUMBERS.contains(&name) && option.value.parse::<u32>().is_err() {
            wrong.at(
                option.value_at,
                format!("{} is no number", shown(option.value)),
            );
        }
        match name {
            "content" | "uricontent" => {
                has_content = true;
                content(option, wrong);
            }
            "msg" if quoted(option.value).is_none() => {
                wrong.at(option.value_at, "a message stands in quotes");
            }
            "pcre" => pcre(option, wrong),
            "flow" => {
                for word in option.value.split(',') {
                    if !FLOW_WORDS.contains(&word.trim()) {
                        wrong.at(
                            option.value_at,
                            format!("{} is nothing that `flow` knows", shown(word)),
                        );
                    }
                }
            }
            "reference"
                if option
                    .value
                    .split_once(',')
                    .is_none_or(|(_, to)| to.trim().is_empty()) =>
            {
                wrong.at(
                    option.value_at,
                    "a reference has a kind and a place: `cve,2026-1`",
                );
            }
            "metadata" if option.value.split(',').any(|item| item.trim().is_empty()) => {
                wrong.at(option.value_at, "an item of the metadata is empty");
            }
            _ if MODIFIERS.contains(&name) && !has_content => {
                wrong.at(
                    option.start,
                    format!("there is no content before {}", shown(name)),
                );
            }
            _ => {}
        }
    }
}

/// What stands between the quotes of a value that is quoted as a whole.
fn quoted(value: &str) -> Option<&str> {
    let body = value.strip_prefix('"')?.strip_suffix('"')?;
    let mut escaped = false;
    for byte in body.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return None,
            _ => {}
        }
    }
    (!escaped).then_some(body)
}

fn content(option: &RuleOption<'_>, wrong: &mut Wrong<'_>) {
    // Snort 3 writes modifiers behind a comma.
    let mut value = option
        .value
        .strip_prefix('!')
        .unwrap_or(option.value)
        .trim_start();
    if let Some(close) = closing_quote(value) {
        value = value.get(..=close).unwrap_or(value);
    }
    let Some(body) = quoted(value) else {
        wrong.at(option.value_at, "a content stands in quotes");
        return;
    };
    if body.is_empty() {
        wrong.at(option.value_at, "the content is empty");
    }
    let mut hex: Option<usize> = None;
    let mut escaped = false;
    for byte in body.bytes() {
        if let Some(digits) = &mut hex {
            match byte {
                b'|' if *digits % 2 == 1 || *digits == 0 => {
                    wrong.at(option.value_at, "bytes in hexadecimal have two digits each");
                    return;
                }
                b'|' => hex = None,
                b if b.is_ascii_hexdigit() => *digits += 1,
                b' ' if *digits % 2 == 0 => {}
                _ => {
                    wrong.at(option.value_at, "between `|` stand bytes in hexadecimal");
                    return;
                }
            }
        } else if escaped {
            escaped = false;
            if !matches!(byte, b'"' | b';' | b'\\' | b':' | b'|') {
                wrong.at(
                    option.value_at,
                    "only `\"`, `;`, `:`, `|` and `\\` may be escaped in a content",
                );
                return;
            }
        } else {
            match byte {
                b'|' => hex = Some(0),
                b'\\' => escaped = true,
                b';' => {
                    wrong.at(
                        option.value_at,
                        "a semicolon in a content is written `|3b|`",
                    );
                    return;
                }
                _ => {}
            }
        }
    }
    if hex.is_some() {
        wrong.at(option.value_at, "`|` is not closed");
    }
}

/// Where the quote closes that a value begins with.
fn closing_quote(value: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in value.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at),
            _ => {}
        }
    }
    None
}

fn pcre(option: &RuleOption<'_>, wrong: &mut Wrong<'_>) {
    let value = option
        .value
        .strip_prefix('!')
        .unwrap_or(option.value)
        .trim_start();
    let Some(body) = quoted(value) else {
        wrong.at(option.value_at, "an expression stands in quotes");
        return;
    };
    let expression = match body.strip_prefix('/') {
        Some(rest) => rest.rsplit_once('/'),
        None => None,
    };
    let Some((expression, flags)) = expression else {
        wrong.at(option.value_at, "an expression stands between two `/`");
        return;
    };
    if !flags.bytes().all(|b| b.is_ascii_alphabetic()) {
        wrong.at(
            option.value_at,
            format!("{} are no flags of an expression", shown(flags)),
        );
    }
    let mut depth = 0usize;
    let mut in_class = false;
    let mut escaped = false;
    for byte in expression.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b']' => in_class = false,
            _ if in_class => {}
            b'[' => in_class = true,
            b'(' => depth += 1,
            b')' if depth == 0 => {
                wrong.at(
                    option.value_at,
                    "the expression closes a bracket that is not open",
                );
                return;
            }
            b')' => depth -= 1,
            _ => {}
        }
    }
    if depth > 0 || in_class || escaped {
        wrong.at(
            option.value_at,
            "the expression has a bracket that is not closed",
        );
    }
}
