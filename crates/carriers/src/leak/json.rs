//! JSON logs: Suricata EVE with its requests, and any other with all its strings.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{har, http, stix, table};

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

    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(fields) => fields.iter().find(|(n, _)| n == name).map(|(_, v)| v),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
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
    if har::push(value, text, wire) || stix::push(value, text, wire) || push_request(value, wire) {
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

/// The requests of an EVE event: `http`, `payload_printable` and `payload`; of Zeek's `http.log`; of a web server's
/// access log in JSON.
fn push_request(event: &Json, wire: &mut String) -> bool {
    let mut found = push_access(event, wire);
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

/// One request whose parts are fields of the event: Zeek, nginx and haproxy as they are usually set up, Caddy,
/// Traefik.
fn push_access(event: &Json, wire: &mut String) -> bool {
    let string = |name: &str| event.get(name).and_then(Json::text);
    if string("method").is_some() && string("uri").is_some() {
        return table::push_zeek(&|column| string(column), wire);
    }
    match event.get("request") {
        Some(Json::Text(line)) => {
            let Some((method, target)) = http::request_line(line) else {
                return false;
            };
            http::push_target(method, http::target_of(target), wire);
        }
        Some(request @ Json::Object(_)) => {
            let part = |name: &str| request.get(name).and_then(Json::text);
            let (Some(method), Some(uri)) = (part("method"), part("uri")) else {
                return false;
            };
            http::push_target(method, http::target_of(uri), wire);
            if let Some(Json::Object(headers)) = request.get("headers") {
                for (name, values) in headers {
                    match values {
                        Json::Array(values) => {
                            for value in values.iter().filter_map(Json::text) {
                                http::field(name, value, wire);
                            }
                        }
                        value => {
                            if let Some(value) = value.text() {
                                http::field(name, value, wire);
                            }
                        }
                    }
                }
            }
            return true;
        }
        _ => {
            let method = string("request_method").or_else(|| string("RequestMethod"));
            let target = string("request_uri").or_else(|| string("RequestPath"));
            let (Some(method), Some(target)) = (method, target) else {
                return false;
            };
            http::push_target(method, http::target_of(target), wire);
        }
    }
    for (key, name) in [
        ("http_host", "host"),
        ("http_user_agent", "user-agent"),
        ("http_referer", "referer"),
        ("http_referrer", "referer"),
        ("http_cookie", "cookie"),
        ("request_User-Agent", "user-agent"),
        ("request_Referer", "referer"),
        ("request_Cookie", "cookie"),
    ] {
        if let Some(value) = string(key).filter(|value| !matches!(*value, "" | "-")) {
            http::field(name, value, wire);
        }
    }
    if let Some(body) = string("request_body") {
        http::push_body(body, wire);
    }
    true
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
    fn access_logs_in_json_are_requests() {
        let events = [
            r#"{"ts":1.5,"uid":"C1","method":"GET","host":"h","uri":"/a?t=c41d9e7a","user_agent":"l/2"}"#,
            r#"{"request":"GET /a?t=c41d9e7a HTTP/1.1","status":"200","http_host":"h","http_user_agent":"l/2"}"#,
            r#"{"request_method":"GET","request_uri":"/a?t=c41d9e7a","http_host":"h","http_user_agent":"l/2"}"#,
        ];
        for event in events {
            let (mut text, mut wire) = (String::new(), String::new());
            assert!(push_event(
                &Json::parse(event).unwrap(),
                &mut text,
                &mut wire
            ));
            assert_eq!(
                wire, "GET /a\nt: c41d9e7a\nhost: h\nuser-agent: l/2\n\n",
                "{event}"
            );
            assert_eq!(text, "");
        }
        let caddy =
            r#"{"request":{"method":"GET","uri":"/a?t=1","headers":{"User-Agent":["l/2"]}}}"#;
        let mut wire = String::new();
        assert!(push_event(
            &Json::parse(caddy).unwrap(),
            &mut String::new(),
            &mut wire
        ));
        assert_eq!(wire, "GET /a\nt: 1\nUser-Agent: l/2\n\n");
        // A program's own settings may have such a key.
        let other = Json::parse(r#"{"request":"a new feature"}"#).unwrap();
        assert!(!push_event(&other, &mut String::new(), &mut String::new()));
    }

    #[test]
    fn json_too_deep_is_refused_and_does_not_overflow() {
        assert_eq!(Json::parse(&"[".repeat(100_000)), None);
    }
}
