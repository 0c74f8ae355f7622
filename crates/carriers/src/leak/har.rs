//! HAR: what a browser or a proxy recorded, request by request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::json::Json;
use super::{html, http};

/// Sorts the requests of a HAR; `false` if it is none.
///
/// What the servers answered is text: a page may show the write-up itself.
pub(super) fn push(value: &Json, text: &mut String, wire: &mut String) -> bool {
    let Some(Json::Array(entries)) = value.get("log").and_then(|log| log.get("entries")) else {
        return false;
    };
    for entry in entries {
        if let Some(begun) = entry.get("startedDateTime").and_then(Json::text) {
            http::field("startedDateTime", begun, text);
        }
        if let Some(request) = entry.get("request") {
            push_request(request, wire);
        }
        if let Some(content) = entry.get("response").and_then(|r| r.get("content")) {
            push_content(content, text);
        }
    }
    true
}

/// One request: also what Playwright, Burp's and mitmproxy's exports share of it.
fn push_request(request: &Json, wire: &mut String) {
    let string = |name: &str| request.get(name).and_then(Json::text);
    let Some(url) = string("url") else {
        return;
    };
    http::push_target(
        string("method").unwrap_or("GET"),
        http::target_of(url),
        wire,
    );
    push_pairs(request.get("headers"), true, wire);
    // Cookies stand among the headers as well, but some exporters drop that header.
    let has_cookies = matches!(request.get("headers"), Some(Json::Array(headers))
        if headers.iter().any(|h| h.get("name").and_then(Json::text).is_some_and(|n| n.eq_ignore_ascii_case("cookie"))));
    if !has_cookies {
        push_pairs(request.get("cookies"), false, wire);
    }
    if let Some(posted) = request.get("postData") {
        match posted.get("text").and_then(Json::text) {
            Some(body) => http::push_body(body, wire),
            None => push_pairs(posted.get("params"), false, wire),
        }
    }
    wire.push('\n');
}

/// `[{"name": …, "value": …}]`; names that HTTP/2 made up are left out.
fn push_pairs(pairs: Option<&Json>, are_headers: bool, wire: &mut String) {
    let Some(Json::Array(pairs)) = pairs else {
        return;
    };
    for pair in pairs {
        let part = |name: &str| pair.get(name).and_then(Json::text);
        if let (Some(name), Some(value)) = (part("name"), part("value"))
            && !(are_headers && name.starts_with(':'))
        {
            http::field(name, value, wire);
        }
    }
}

fn push_content(content: &Json, text: &mut String) {
    let Some(raw) = content.get("text").and_then(Json::text) else {
        return;
    };
    let decoded;
    let mut body = raw;
    if content.get("encoding").and_then(Json::text) == Some("base64") {
        let Some(bytes) = STANDARD.decode(raw).ok().filter(|b| !b.contains(&0)) else {
            return;
        };
        decoded = String::from_utf8_lossy(&bytes).into_owned();
        body = &decoded;
    }
    if html::is_html("", body) {
        text.push_str(&html::to_text(body));
    } else {
        text.push_str(body);
    }
    text.push_str("\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_har_gives_each_request_once_with_headers_cookies_and_body() {
        let har = r#"{"log":{"version":"1.2","entries":[{"request":{"method":"POST","url":"https://share.example/preview?ticket=c41d9e7a",
            "headers":[{"name":":path","value":"/x"},{"name":"X-Trace","value":"7f3a"}],"cookies":[{"name":"sid","value":"q1"}],
            "queryString":[{"name":"ticket","value":"c41d9e7a"}],"postData":{"mimeType":"application/json","text":"{\"b\":1,\"a\":\"x y\"}"}},
            "response":{"content":{"mimeType":"text/html","text":"<html><p>The page</p>"}}}]}}"#;
        let (mut text, mut wire) = (String::new(), String::new());
        assert!(push(&Json::parse(har).unwrap(), &mut text, &mut wire));
        assert_eq!(
            wire,
            "POST /preview\nticket: c41d9e7a\nX-Trace: 7f3a\nsid: q1\nb: 1\na: x y\n\n"
        );
        assert_eq!(text.trim(), "The page");
        let other = Json::parse(r#"{"log":{"entries":7}}"#).unwrap();
        assert!(!push(&other, &mut text, &mut wire));
    }
}
