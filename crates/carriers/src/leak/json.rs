//! JSON logs: Suricata EVE with its requests, and any other with all its strings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::http;

/// Sorts one JSON value; `true` if it held a request.
pub(super) fn push_event(value: &Value, text: &mut String, wire: &mut String) -> bool {
    if push_request(value, wire) {
        return true;
    }
    match value {
        Value::Array(items) => {
            for item in items {
                push_event(item, text, wire);
            }
        }
        _ => {
            push_fields("", value, text);
            text.push('\n');
        }
    }
    false
}

/// The requests of an EVE event: `http`, `payload_printable` and `payload`.
fn push_request(value: &Value, wire: &mut String) -> bool {
    let Value::Object(event) = value else {
        return false;
    };
    let mut found = false;
    if let Some(http) = event.get("http").filter(|h| h.is_object()) {
        found = true;
        let string = |name: &str| http.get(name).and_then(Value::as_str);
        let method = string("http_method").unwrap_or("GET");
        http::push_target(method, string("url").unwrap_or("/"), wire);
        for (key, name) in [
            ("hostname", "host"),
            ("http_user_agent", "user-agent"),
            ("http_refer", "referer"),
            ("http_content_type", "content-type"),
        ] {
            if let Some(value) = string(key) {
                http::field(name, value, wire);
            }
        }
        if let Some(Value::Array(headers)) = http.get("request_headers") {
            for header in headers {
                let part = |name: &str| header.get(name).and_then(Value::as_str);
                if let (Some(name), Some(value)) = (part("name"), part("value")) {
                    http::field(name, value, wire);
                }
            }
        }
        for key in ["http_request_body_printable", "http_request_body"] {
            if let Some(body) = string(key) {
                let hidden = if key == "http_request_body" { http::hidden_text(body) } else { None };
                http::push_body(hidden.as_deref().unwrap_or(body), wire);
            }
        }
    }
    for key in ["payload_printable", "payload"] {
        let Some(raw) = event.get(key).and_then(Value::as_str) else {
            continue;
        };
        found = true;
        let payload = match STANDARD.decode(raw) {
            Ok(bytes) if key == "payload" => String::from_utf8_lossy(&bytes).into_owned(),
            _ => raw.to_owned(),
        };
        if !http::push_raw(&payload, wire) {
            http::push_body(&payload, wire);
        }
    }
    if found {
        wire.push('\n');
    }
    found
}

/// All strings and numbers, as `name: value` lines.
pub(super) fn push_fields(name: &str, value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                push_fields(name, value, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                push_fields(name, item, out);
            }
        }
        Value::String(text) => {
            let is_long = text.len() > 80 || text.contains('\n');
            if name.is_empty() || is_long {
                out.push_str(text);
                out.push('\n');
            } else {
                http::field(name, text, out);
            }
        }
        Value::Number(number) => http::field(name, &number.to_string(), out),
        Value::Bool(_) | Value::Null => {}
    }
}
