//! JSON logs: Suricata EVE with its requests, and any other with all its strings.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::http;

/// JSON with the order of its keys, which may carry a mark.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Object(Vec<(String, Json)>),
    Array(Vec<Json>),
    Text(String),
    Number(String),
    Nothing,
}

impl Json {
    pub(super) fn parse(raw: &str) -> Option<Json> {
        serde_json::from_str(raw).ok()
    }

    fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(fields) => fields.iter().find(|(n, _)| n == name).map(|(_, v)| v),
            _ => None,
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Nothing)
    }
    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Nothing)
    }
    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }
    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }
    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut out = Vec::new();
        while let Some(item) = items.next_element()? {
            out.push(item);
        }
        Ok(Json::Array(out))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let mut out = Vec::new();
        while let Some(field) = fields.next_entry()? {
            out.push(field);
        }
        Ok(Json::Object(out))
    }
}

/// Sorts one JSON value; `true` if it held a request.
pub(super) fn push_event(value: &Json, text: &mut String, wire: &mut String) -> bool {
    if push_request(value, wire) {
        return true;
    }
    match value {
        Json::Array(items) => {
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
fn push_request(event: &Json, wire: &mut String) -> bool {
    let mut found = false;
    if let Some(http @ Json::Object(_)) = event.get("http") {
        found = true;
        push_http(http, wire);
    }
    for key in ["payload_printable", "payload"] {
        let Some(raw) = event.get(key).and_then(Json::text) else {
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

fn push_http(http: &Json, wire: &mut String) {
    let string = |name: &str| http.get(name).and_then(Json::text);
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
    if let Some(Json::Array(headers)) = http.get("request_headers") {
        for header in headers {
            let part = |name: &str| header.get(name).and_then(Json::text);
            if let (Some(name), Some(value)) = (part("name"), part("value")) {
                http::field(name, value, wire);
            }
        }
    }
    for key in ["http_request_body_printable", "http_request_body"] {
        if let Some(body) = string(key) {
            let hidden = (key == "http_request_body")
                .then(|| http::hidden_text(body))
                .flatten();
            http::push_body(hidden.as_deref().unwrap_or(body), wire);
        }
    }
}

/// All strings and numbers, as `name: value` lines, in order.
pub(super) fn push_fields(name: &str, value: &Json, out: &mut String) {
    match value {
        Json::Object(fields) => {
            for (name, value) in fields {
                push_fields(name, value, out);
            }
        }
        Json::Array(items) => {
            for item in items {
                push_fields(name, item, out);
            }
        }
        Json::Text(text) => {
            let is_long = text.len() > 80 && text.contains(' ') || text.contains('\n');
            if name.is_empty() || is_long {
                out.push_str(text);
                out.push('\n');
            } else {
                http::field(name, text, out);
            }
        }
        Json::Number(number) => http::field(name, number, out),
        Json::Nothing => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_the_order_in_which_they_were_sent() {
        let mut out = String::new();
        push_fields(
            "",
            &Json::parse(r#"{"z":"1","a":{"m":2,"b":[true,"x"]}}"#).unwrap(),
            &mut out,
        );
        assert_eq!(out, "z: 1\nm: 2\nb: x\n");
    }

    #[test]
    fn json_too_deep_is_refused_and_does_not_overflow() {
        assert_eq!(Json::parse(&"[".repeat(100_000)), None);
    }
}
