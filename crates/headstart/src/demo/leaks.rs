//! What becomes of a copy once it has left: requests in a sensor's log, a paste in a forum.

use serde_json::{Value, json};

/// A sensor's log with three requests that a copy of the PoC sends; nothing is executed.
///
/// `None` when the copy is not of the demo's PoC.
pub fn sensor_log(template: &str, poc: &str) -> Option<String> {
    let request = Request::of(poc)?;
    let mut lines = String::new();
    let times = ["05:35:21.402117", "05:36:40.118804", "05:38:02.771365"];
    let sources = ["203.0.113.58", "203.0.113.58", "198.51.100.212"];
    for (index, (time, source)) in times.iter().zip(sources).enumerate() {
        let event = json!({
            "timestamp": format!("2026-12-07T{time}+0000"),
            "flow_id": 1_204_429_000_000_000_u64 + 7919 * index as u64,
            "in_iface": "ens5", "event_type": "http",
            "src_ip": source, "src_port": 40_000 + 613 * index,
            "dest_ip": "192.0.2.200", "dest_port": 8080, "proto": "TCP", "tx_id": 0,
            "http": {
                "hostname": "share.tidewater.example",
                "url": request.url,
                "http_method": "POST", "protocol": "HTTP/1.1",
                "status": 404, "length": 162,
                "http_content_type": "application/json",
                "request_headers": request.headers,
                "http_request_body_printable": request.body,
            },
        });
        lines.push_str(&event.to_string());
        lines.push('\n');
    }
    Some(template.replace("@@EXPLOIT@@\n", &lines))
}

/// The request that the demo's PoC sends, read from a copy's text as its README says.
struct Request {
    url: String,
    headers: Vec<Value>,
    body: String,
}

impl Request {
    fn of(poc: &str) -> Option<Self> {
        let text = |name: &str| Some(constant(poc, name)?.trim_matches('"').to_owned());
        let (ticket, doc, visit) = (text("TICKET")?, text("DOC")?, text("VISIT")?);
        let (limit, width) = (constant(poc, "LIMIT")?, constant(poc, "WIDTH")?);
        let deadline = constant(poc, "DEADLINE")?;
        let filler = constant(poc, "FILLER")?;
        let letters: usize = filler.split('*').nth(1)?.trim().parse().ok()?;
        let url =
            format!("/preview/v2/render?doc=welcome&ticket={ticket}&limit={limit}&doc+={doc}");

        let header = |name: &str, value: &str| json!({"name": name, "value": value});
        let mut headers = Vec::new();
        for (name, value) in table(poc, "    lines = {")? {
            let value = match value.as_str() {
                "str(DEADLINE)" => deadline.clone(),
                other => other.trim_matches('"').to_owned(),
            };
            headers.push(header(&name, &value));
        }
        let cookie = keyword(poc, "=VISIT)")?;
        headers.push(header("Cookie", &format!("{cookie}={visit}")));
        let extra = keyword(poc, "=\"overview\")")?;
        headers.push(header(&header_name(&extra), "overview"));

        let mut parts = Vec::new();
        for (name, value) in table(poc, "    options = {")? {
            let value = if value == "WIDTH" {
                width.clone()
            } else {
                value
            };
            parts.push(format!("\"{name}\": {value}"));
        }
        parts.push(format!("\"{}\": \"plain\"", keyword(poc, "=\"plain\")")?));
        parts.push(format!("\"note\": \"{}\"", "Q".repeat(letters)));
        Some(Self {
            url,
            headers,
            body: format!("{{{}}}", parts.join(", ")),
        })
    }
}

/// `NAME = value` at the beginning of a line.
fn constant(poc: &str, name: &str) -> Option<String> {
    poc.lines().find_map(|line| {
        let value = line.strip_prefix(name)?.strip_prefix(" = ")?;
        Some(value.trim().to_owned())
    })
}

/// The word between `dict(` and `end`.
fn keyword(poc: &str, end: &str) -> Option<String> {
    let line = poc.lines().find(|line| line.contains(end))?;
    let (_, rest) = line.split_once("dict(")?;
    Some(rest.split_once(end)?.0.to_owned())
}

/// The four `"key": value,` lines after `heading`.
fn table(poc: &str, heading: &str) -> Option<Vec<(String, String)>> {
    let lines = poc.lines().skip_while(|line| *line != heading).skip(1);
    lines
        .take(4)
        .map(|line| {
            let (key, value) = line.trim().split_once(": ")?;
            Some((
                key.trim_matches('"').to_owned(),
                value.trim_end_matches(',').to_owned(),
            ))
        })
        .collect()
}

fn header_name(name: &str) -> String {
    let parts: Vec<String> = name
        .split('_')
        .map(|part| {
            let mut characters = part.chars();
            characters.next().map_or_else(String::new, |first| {
                first.to_uppercase().collect::<String>() + characters.as_str()
            })
        })
        .collect();
    parts.join("-")
}

/// A forum post of some words of a write-up: Markdown gone, lines broken anew, quotes curled.
pub fn forum_post(write_up: &str, first: usize, words: usize) -> String {
    let taken = excerpt(write_up, first, words);
    let mut text = String::from(
        "<html><body><div class=\"post\">\n<p>got this from a friend, have fun before the patch</p>\n<blockquote>\n",
    );
    let mut length = 0;
    for (index, word) in taken.iter().enumerate() {
        if index % 90 == 0 {
            text.push_str(if index == 0 { "<p>" } else { "</p>\n<p>" });
            length = 0;
        }
        length += word.chars().count() + 1;
        let word = word.replace('&', "&amp;").replace('<', "&lt;");
        text.push_str(&word.replace('\'', "\u{2019}"));
        text.push(if length > 56 { '\n' } else { ' ' });
        if length > 56 {
            length = 0;
        }
    }
    text.push_str("</p>\n</blockquote>\n</div></body></html>\n");
    text
}

/// Some words of a write-up as plain text.
pub fn paste(write_up: &str, first: usize, words: usize) -> String {
    excerpt(write_up, first, words).join(" ") + "\n"
}

fn excerpt(write_up: &str, first: usize, words: usize) -> Vec<String> {
    write_up
        .split_whitespace()
        .map(|word| word.replace(['`', '*', '|', '#'], ""))
        .filter(|word| !word.is_empty() && word.chars().any(char::is_alphanumeric))
        .skip(first)
        .take(words)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POC: &str = include_str!("../../demo/poc.py");

    #[test]
    fn the_request_is_the_one_that_the_readme_shows() {
        let directives_gone: String = POC
            .lines()
            .filter(|line| !line.trim_start().starts_with("#~"))
            .map(|line| line.split("  #~").next().unwrap_or(line).to_owned() + "\n")
            .collect();
        let request = Request::of(&directives_gone).unwrap();
        assert_eq!(
            request.url,
            "/preview/v2/render?doc=welcome&ticket=c41d9e7a&limit=38&doc+=7f03b6d2"
        );
        assert_eq!(request.headers.len(), 6);
        assert_eq!(request.headers[4]["value"], "lk_view=1ae85c40");
        assert_eq!(request.headers[5]["name"], "X-Lk-Origin");
        assert!(request.body.starts_with(
            "{\"width\": 914, \"format\": \"png\", \"rotate\": \"none\", \"colour\": \"grey\", \"layout\": \"plain\", \"note\": \"QQ"
        ));
    }

    #[test]
    fn a_post_has_as_many_words_as_were_asked_for() {
        let text = "one two three four five six";
        assert_eq!(paste(text, 1, 3), "two three four\n");
    }
}
