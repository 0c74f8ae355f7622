//! Requests: from raw HTTP, access logs and fields of other logs, to one field a line, decoded.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Forgives missing padding and loose last bits.
const LOOSE: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LOOSE);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LOOSE);

const METHODS: [&str; 9] = [
    "GET ",
    "POST ",
    "PUT ",
    "DELETE ",
    "HEAD ",
    "OPTIONS ",
    "PATCH ",
    "PROPFIND ",
    "TRACE ",
];

/// A request line at the start of `line`: method and target.
pub(super) fn request_line(line: &str) -> Option<(&str, &str)> {
    let method = METHODS.into_iter().find(|m| line.starts_with(m))?;
    let rest = line.get(method.len()..)?;
    let target = rest.split(' ').next()?;
    let after = rest.get(target.len()..)?.trim_start();
    (after.starts_with("HTTP/") && !target.is_empty()).then_some((method.trim_end(), target))
}

/// Path and query of a target, which is a whole address in some logs.
pub(super) fn target_of(url: &str) -> &str {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url;
    };
    if scheme.len() > 8 || !scheme.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return url;
    }
    rest.find(['/', '?'])
        .and_then(|at| rest.get(at..))
        .unwrap_or("/")
}

/// Pieces of a line between quotes, each as it was before it was escaped for the log.
fn quoted(line: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut open: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (&mut open, c) {
            (None, '"') => open = Some(String::new()),
            (None, _) => {}
            (Some(_), '"') => pieces.extend(open.take()),
            (Some(piece), '\\') => match chars.next() {
                Some(c @ ('"' | '\\')) => piece.push(c),
                Some(c) => piece.extend(['\\', c]),
                None => piece.push('\\'),
            },
            (Some(piece), c) => piece.push(c),
        }
    }
    // A log that cuts its lines off leaves the last quote open.
    pieces.extend(open);
    pieces
}

/// What haproxy captured of a request's headers: `{host|agent}`, before the request.
fn captured(line: &str) -> impl Iterator<Item = &str> {
    let before = line.split('"').next().unwrap_or_default();
    let inside = before
        .split_once(" {")
        .and_then(|(_, rest)| rest.split_once('}'))
        .map(|(inside, _)| inside)
        .filter(|inside| !inside.contains('{'));
    inside
        .unwrap_or_default()
        .split('|')
        .filter(|piece| !piece.is_empty())
}

/// One line of an access log: the request, the referrer and the user agent.
pub(super) fn access_line(line: &str, out: &mut String) -> bool {
    let mut found = false;
    for piece in quoted(line) {
        let piece = super::table::unescape(&piece);
        if let Some((method, target)) = request_line(&piece) {
            push_target(method, target_of(target), out);
            if !found {
                for piece in captured(line) {
                    field("captured", piece, out);
                }
            }
            found = true;
        } else if found && piece != "-" {
            field(
                if piece.contains("://") {
                    "referer"
                } else {
                    "user-agent"
                },
                &piece,
                out,
            );
        }
    }
    if found {
        out.push('\n');
    }
    found
}

/// Method, path and parameters.
pub(super) fn push_target(method: &str, target: &str, out: &mut String) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    out.push_str(method);
    out.push(' ');
    out.push_str(&percent_decode(path, false));
    out.push('\n');
    if target.contains('%') {
        out.push_str(target);
        out.push('\n');
    }
    push_form(query, out);
}

/// `a=b&c=d`, decoded, one a line.
pub(super) fn push_form(form: &str, out: &mut String) {
    for pair in form.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        field(
            &percent_decode(name, true),
            &percent_decode(value, true),
            out,
        );
    }
}

/// `name: value`, and what the value hides.
pub(super) fn field(name: &str, value: &str, out: &mut String) {
    out.push_str(name);
    out.push_str(": ");
    out.push_str(value);
    out.push('\n');
    if name.eq_ignore_ascii_case("cookie") {
        for pair in value.split(';') {
            if let Some((name, value)) = pair.split_once('=') {
                out.push_str(name.trim());
                out.push_str(": ");
                out.push_str(&percent_decode(value.trim(), false));
                out.push('\n');
            }
        }
    }
    if name.eq_ignore_ascii_case("referer")
        && let Some((_, query)) = value.split_once('?')
    {
        push_form(query, out);
    }
    let token = value.rsplit(' ').next().unwrap_or_default();
    if let Some(hidden) = hidden_text(token) {
        out.push_str(name);
        out.push_str(": ");
        out.push_str(&hidden);
        out.push('\n');
    }
}

/// A body: JSON, a form, or as it is.
pub(super) fn push_body(body: &str, out: &mut String) {
    let trimmed = body.trim();
    if trimmed.is_empty() {
        return;
    }
    if trimmed.starts_with(['{', '['])
        && let Some(value) = super::json::Json::parse(trimmed)
    {
        super::json::push_fields("", &value, out);
        return;
    }
    let is_form = trimmed.contains('=') && !trimmed.contains(char::is_whitespace);
    if is_form {
        push_form(trimmed, out);
    } else {
        out.push_str(trimmed);
        out.push('\n');
        if trimmed.contains('%') {
            out.push_str(&percent_decode(trimmed, false));
            out.push('\n');
        }
    }
}

/// Raw requests within a text, as in `GET /x HTTP/1.1` and its headers; whether there was one.
pub(super) fn push_raw(text: &str, out: &mut String) -> bool {
    let mut lines = text.lines().peekable();
    let mut found = false;
    while let Some(line) = lines.next() {
        let Some((method, target)) = request_line(line.trim_start()) else {
            continue;
        };
        found = true;
        push_target(method, target, out);
        while let Some(header) =
            lines.next_if(|l| !l.trim().is_empty() && request_line(l.trim_start()).is_none())
        {
            match header.split_once(':') {
                Some((name, value)) => field(name.trim(), value.trim(), out),
                None => {
                    out.push_str(header);
                    out.push('\n');
                }
            }
        }
        lines.next_if(|l| l.trim().is_empty());
        let mut body = String::new();
        while let Some(line) =
            lines.next_if(|l| !l.trim().is_empty() && request_line(l.trim_start()).is_none())
        {
            if body.len() > 1 << 20 {
                break;
            }
            body.push_str(line);
            body.push('\n');
        }
        push_body(&body, out);
        out.push('\n');
    }
    found
}

/// `%41` to `A`; `+` to a space in forms; wrong escapes stay.
pub(super) fn percent_decode(text: &str, plus: bool) -> String {
    if !(text.contains('%') || plus && text.contains('+')) {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = |i: usize| bytes.get(i).and_then(|b| char::from(*b).to_digit(16));
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (b'+', ..) if plus => {
                out.push(b' ');
                at += 1;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The text inside base64, if `token` is such.
pub(super) fn hidden_text(token: &str) -> Option<String> {
    if token.len() < 16
        || token.len() > 1 << 20
        || !token
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_' | b'='))
    {
        return None;
    }
    let bytes = if token.contains(['-', '_']) {
        URL_SAFE.decode(token)
    } else {
        STANDARD.decode(token)
    }
    .ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let odd = text
        .chars()
        .filter(|c| c.is_control() && !c.is_whitespace())
        .count();
    (odd == 0).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_line_gives_path_parameters_and_agent() {
        let mut out = String::new();
        let line = r#"10.0.0.7 - - [14/Jul/2025:10:00:00 +0000] "GET /share/up%6Coad?sid=c41d9e7a&x=a+b HTTP/1.1" 200 12 "-" "lark-sync/2.1""#;
        assert!(access_line(line, &mut out));
        assert_eq!(
            out,
            "GET /share/upload\n/share/up%6Coad?sid=c41d9e7a&x=a+b\nsid: c41d9e7a\nx: a b\nuser-agent: lark-sync/2.1\n\n"
        );
        assert!(!access_line(
            "He said \"GET lost\" to me",
            &mut String::new()
        ));
    }

    #[test]
    fn quotes_in_a_user_agent_and_a_whole_address_are_read() {
        let mut out = String::new();
        let line = r#"h:443 10.0.0.7 "GET https://share.example:443/a?t=1 HTTP/1.1" 200 "-" "lark \"sync\" \x41""#;
        assert!(access_line(line, &mut out));
        assert_eq!(out, "GET /a\nt: 1\nuser-agent: lark \"sync\" A\n\n");
    }

    #[test]
    fn what_haproxy_captured_comes_with_the_request() {
        let mut out = String::new();
        let line = r#"haproxy[9]: 10.0.0.7:5 [14/Jul/2026:10:00:00.000] web b/s 0/0/0 200 9 - - ---- 1/1 0/0 {share.example|lark-sync/2.1} "GET /a?t=1 HTTP/1.1""#;
        assert!(access_line(line, &mut out));
        assert_eq!(
            out,
            "GET /a\nt: 1\ncaptured: share.example\ncaptured: lark-sync/2.1\n\n"
        );
    }

    #[test]
    fn a_wrong_escape_stays() {
        assert_eq!(percent_decode("%zz%4", false), "%zz%4");
        assert_eq!(percent_decode("%C3%A9%", false), "é%");
    }
}
