//! HAR: lengths that follow the bodies, and the requests in it.
//!
//! # Source
//! HTTP Archive 1.2.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::json::{Node, Value};

/// A number in the text that says how long something is: where, and what it should be.
struct Length {
    /// The digits, without quotes.
    span: Range<usize>,
    /// The length of what it speaks of.
    right: usize,
}

/// The requests of a HAR, as they were sent; `None` when the text is no HAR.
pub(crate) fn requests(text: &str) -> Option<String> {
    let har = Node::parse(text)?;
    let entries = har.get("log")?.get("entries")?;
    let mut out = String::new();
    for request in entries.items().iter().filter_map(|e| e.get("request")) {
        let method = request.text("method").unwrap_or("GET");
        out.push_str(&format!(
            "{method} {} HTTP/1.1\n",
            target(request.text("url").unwrap_or("/"))
        ));
        for (name, value) in pairs(request, "headers") {
            out.push_str(&format!("{name}: {value}\n"));
        }
        out.push('\n');
        if let Some(body) = request.get("postData").and_then(|p| p.text("text")) {
            // An empty line within would end the body for whoever reads it.
            let lines: Vec<&str> = body.lines().filter(|l| !l.trim().is_empty()).collect();
            out.push_str(&lines.join("\n"));
            out.push_str("\n\n");
        }
    }
    Some(out)
}

/// The texts and numbers of any JSON, each as `name: value` and alone, one a line; nothing when it is none.
pub(crate) fn lines(text: &str) -> String {
    let mut out = String::new();
    if let Some(node) = Node::parse(text) {
        push_lines("", &node, text, &mut out);
    }
    out
}

fn push_lines(name: &str, node: &Node, text: &str, out: &mut String) {
    match &node.value {
        Value::Object(fields) => fields.iter().for_each(|(n, v)| push_lines(n, v, text, out)),
        Value::Array(items) => items.iter().for_each(|i| push_lines(name, i, text, out)),
        Value::Text(own) => {
            let own = own.replace(['\r', '\n'], " ");
            out.push_str(&format!("{name}: {own}\n{own}\n"));
        }
        Value::Other => {
            let own = text.get(node.span.clone()).unwrap_or_default();
            out.push_str(&format!("{name}: {own}\n"));
        }
    }
}

/// Names and values of a list of pairs.
fn pairs<'a>(of: &'a Node, list: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    of.get(list)
        .map_or(&[][..], Node::items)
        .iter()
        .filter_map(|pair| Some((pair.text("name")?, pair.text("value")?)))
}

/// What the request line has of a URL.
fn target(url: &str) -> &str {
    let after = url.find("://").map_or(0, |p| p + 3);
    match url.get(after..).and_then(|rest| rest.find('/')) {
        Some(slash) if after > 0 => url.get(after + slash..).unwrap_or("/"),
        _ if after > 0 => "/",
        _ => url,
    }
    .split('#')
    .next()
    .unwrap_or("/")
}

/// The lengths that a HAR states, in order of place.
fn lengths(text: &str, har: &Node) -> Vec<Length> {
    let mut out = Vec::new();
    let entries = har
        .get("log")
        .and_then(|l| l.get("entries"))
        .map_or(&[][..], Node::items);
    for entry in entries {
        if let Some(request) = entry.get("request") {
            let body = request
                .get("postData")
                .and_then(|p| p.text("text"))
                .map(str::len);
            push(request.get("bodySize"), body, &mut out);
            stated(request, body, &mut out);
            let line = request
                .text("method")
                .zip(request.text("url"))
                .zip(request.text("httpVersion"));
            let first = line.map(|((m, u), v)| m.len() + target(u).len() + v.len() + 4);
            push(
                request.get("headersSize"),
                first.map(|f| f + head(request)),
                &mut out,
            );
        }
        if let Some(response) = entry.get("response") {
            let content = response.get("content");
            let body = content.and_then(|c| {
                let text = c.text("text")?;
                match c.text("encoding") {
                    Some("base64") => STANDARD.decode(text).ok().map(|b| b.len()),
                    _ => Some(text.len()),
                }
            });
            push(content.and_then(|c| c.get("size")), body, &mut out);
            push(response.get("bodySize"), body, &mut out);
            stated(response, body, &mut out);
            let (version, status) = (response.text("httpVersion"), response.get("status"));
            let status = status.and_then(|s| text.get(s.span.clone()));
            let first = version.zip(status).zip(response.text("statusText"));
            let first = first.map(|((v, s), t)| v.len() + s.len() + t.len() + 4);
            push(
                response.get("headersSize"),
                first.map(|f| f + head(response)),
                &mut out,
            );
        }
    }
    out.sort_by_key(|l| l.span.start);
    out
}

/// Bytes of the header lines and the empty line.
fn head(of: &Node) -> usize {
    2 + pairs(of, "headers")
        .map(|(name, value)| name.len() + value.len() + 4)
        .sum::<usize>()
}

fn push(node: Option<&Node>, right: Option<usize>, out: &mut Vec<Length>) {
    if let (
        Some(Node {
            span,
            value: Value::Other,
        }),
        Some(right),
    ) = (node, right)
    {
        out.push(Length {
            span: span.clone(),
            right,
        });
    }
}

/// `Content-Length` among the headers, whose value is a text.
fn stated(of: &Node, body: Option<usize>, out: &mut Vec<Length>) {
    let Some(right) = body else { return };
    let headers = of.get("headers").map_or(&[][..], Node::items);
    let own = |h: &&Node| {
        h.text("name")
            .is_some_and(|n| n.eq_ignore_ascii_case("content-length"))
    };
    if let Some(value) = headers.iter().find(own).and_then(|h| h.get("value"))
        && matches!(&value.value, Value::Text(t) if t.len() + 2 == value.span.len())
    {
        out.push(Length {
            span: value.span.start + 1..value.span.end - 1,
            right,
        });
    }
}

/// Lengths that were right in the master as written are right again.
pub(super) fn settle(written: &str, copy: String) -> String {
    let mut copy = copy;
    // The size of the head depends on the digits of the length in it, and is exchanged with it the second time.
    for _ in 0..2 {
        let Some((old, new)) = Node::parse(written).zip(Node::parse(&copy)) else {
            return copy;
        };
        let (before, after) = (lengths(written, &old), lengths(&copy, &new));
        if before.len() != after.len() {
            return copy;
        }
        let mut out = String::with_capacity(copy.len());
        let mut at = 0;
        for (old, new) in before.iter().zip(&after) {
            let shown = written.get(old.span.clone()).unwrap_or_default();
            if shown.parse() != Ok(old.right) || new.span.start < at {
                continue;
            }
            out.push_str(copy.get(at..new.span.start).unwrap_or_default());
            out.push_str(&new.right.to_string());
            at = new.span.end;
        }
        out.push_str(copy.get(at..).unwrap_or_default());
        copy = out;
    }
    copy
}
