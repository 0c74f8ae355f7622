//! STIX 2.x: requests and payloads of observed data; what sightings and indicators say in words.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::http;
use super::json::{self, Json};

/// Sorts a STIX bundle or one of its objects; `false` if it is neither.
pub(super) fn push(value: &Json, text: &mut String, wire: &mut String) -> bool {
    let kind = value.get("type").and_then(Json::text);
    match (kind, value.get("objects")) {
        (Some("bundle"), Some(Json::Array(objects))) => {
            if let Some(id) = value.get("id").and_then(Json::text) {
                http::field("id", id, text);
            }
            for object in objects {
                push_object(object, text, wire);
            }
            true
        }
        // STIX 2.0 keeps what was observed inside, by number.
        (Some("observed-data"), Some(Json::Object(objects))) => {
            for (_, object) in objects {
                push_object(object, text, wire);
            }
            true
        }
        (Some("sighting" | "observed-data" | "network-traffic" | "artifact" | "indicator"), _)
            if value.get("spec_version").is_some() =>
        {
            push_object(value, text, wire);
            true
        }
        _ => false,
    }
}

fn push_object(object: &Json, text: &mut String, wire: &mut String) {
    let string = |name: &str| object.get(name).and_then(Json::text);
    match string("type") {
        Some("observed-data") if matches!(object.get("objects"), Some(Json::Object(_))) => {
            push(object, text, wire);
        }
        Some("network-traffic") => {
            let request = object
                .get("extensions")
                .and_then(|extensions| extensions.get("http-request-ext"));
            if let Some(request) = request {
                push_request(request, wire);
            }
        }
        Some("artifact") => {
            let payload = string("payload_bin").and_then(|raw| STANDARD.decode(raw).ok());
            if let Some(payload) = payload {
                let payload = String::from_utf8_lossy(&payload).into_owned();
                if !http::push_raw(&payload, wire) {
                    http::push_body(&payload, wire);
                }
                wire.push('\n');
            }
            if let Some(url) = string("url") {
                http::field("url", url, wire);
            }
        }
        Some("url" | "domain-name" | "user-account" | "file" | "process") => {
            json::push_fields("", object, wire);
            wire.push('\n');
        }
        _ => {
            json::push_fields("", object, text);
            text.push('\n');
        }
    }
}

/// `http-request-ext`.
fn push_request(request: &Json, wire: &mut String) {
    let string = |name: &str| request.get(name).and_then(Json::text);
    let method = string("request_method").unwrap_or("get").to_uppercase();
    let target = string("request_value").unwrap_or("/");
    http::push_target(&method, http::target_of(target), wire);
    if let Some(Json::Object(headers)) = request.get("request_header") {
        for (name, value) in headers {
            // STIX 2.1 gives each header a list of values, STIX 2.0 one value.
            match value {
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
    wire.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(raw: &str) -> (String, String) {
        let (mut text, mut wire) = (String::new(), String::new());
        assert!(push(&Json::parse(raw).unwrap(), &mut text, &mut wire));
        (text, wire)
    }

    #[test]
    fn observed_requests_and_payloads_are_requests_and_the_rest_is_text() {
        let (text, wire) = sorted(
            r#"{"type":"bundle","id":"bundle--1","objects":[
            {"type":"sighting","spec_version":"2.1","description":"seen at a customer"},
            {"type":"network-traffic","spec_version":"2.1","extensions":{"http-request-ext":{"request_method":"post",
             "request_value":"/preview?ticket=c41d9e7a","request_header":{"User-Agent":["lark-sync/2.1"]}}}},
            {"type":"artifact","spec_version":"2.1","payload_bin":"R0VUIC9hP3g9MSBIVFRQLzEuMQ0KSG9zdDogaA0KDQo="}]}"#,
        );
        assert!(text.contains("description: seen at a customer"));
        assert_eq!(
            wire,
            "POST /preview\nticket: c41d9e7a\nUser-Agent: lark-sync/2.1\n\nGET /a\nx: 1\nHost: h\n\n\n"
        );
    }

    #[test]
    fn observed_data_of_version_2_0_keeps_its_objects_inside() {
        let (_, wire) = sorted(
            r#"{"type":"observed-data","objects":{"0":{"type":"network-traffic","extensions":{"http-request-ext":
            {"request_method":"get","request_value":"/x?q=1","request_header":{"Cookie":"sid=q1"}}}}}}"#,
        );
        assert_eq!(wire, "GET /x\nq: 1\nCookie: sid=q1\nsid: q1\n\n");
    }
}
