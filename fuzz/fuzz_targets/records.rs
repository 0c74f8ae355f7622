//! Logs of machines: HAR, Suricata EVE, Zeek, W3C, access logs and STIX, each in its usual frame, read the same every
//! time and as requests.
//!
//! Fields: kind, parameter's name, value, the rest of the record.
#![no_main]

use carriers::Leak;
use headstart_fuzz::fields::fields;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|input: &[u8]| {
    let [kind, value, rest, raw] = fields(input);
    let (value, rest) = (String::from_utf8_lossy(value), String::from_utf8_lossy(rest));
    let target = format!("/preview?ticket={value}");
    let line = |text: &str| text.replace(['\n', '\r', '\t', ' '], "_");
    let (name, text) = match kind.first().copied().unwrap_or(0) % 9 {
        0 => ("a.har", json!({"log": {"entries": [{"request": {"method": "GET", "url": target,
            "headers": [{"name": "X", "value": rest}], "postData": {"text": rest}}, "response": {"content": {"text": rest}}}]}}).to_string()),
        1 => ("eve.json", json!({"event_type": "http", "http": {"url": target, "http_user_agent": rest},
            "payload_printable": rest, "payload": rest}).to_string()),
        2 => ("http.log", json!({"method": "GET", "uri": target, "user_agent": rest, "post_body": rest}).to_string()),
        3 => ("http.log", format!("#fields\tmethod\turi\tuser_agent\nGET\t{}\t{}\n", line(&target), line(&rest))),
        4 => ("u_ex.log", format!("#Fields: cs-method cs-uri-stem cs-uri-query cs(Cookie)\nGET /preview ticket={} {}\n", line(&value), line(&rest))),
        5 => ("access.log", format!("h - - [1] \"GET {} HTTP/1.1\" 200 1 \"-\" \"{}\"\n", line(&target), rest)),
        6 => ("haproxy.log", format!("h {{{}}} \"GET {} HTTP/1.1\"\n", rest, line(&target))),
        7 => ("bundle.json", json!({"type": "bundle", "objects": [{"type": "network-traffic", "extensions": {"http-request-ext":
            {"request_method": "get", "request_value": target, "request_header": {"A": [rest]}}}},
            {"type": "artifact", "payload_bin": rest}, {"type": "sighting", "description": rest}]}).to_string()),
        _ => ("any", String::from_utf8_lossy(raw).into_owned()),
    };
    let leak = Leak::parse(name, text.as_bytes()).expect("an input is below every limit");
    assert_eq!(leak, Leak::parse(name, text.as_bytes()).expect("it still is"));
    Leak::parse(name, raw).expect("an input is below every limit");
});
