//! What leaks: copies, parts of them, requests; and what is no copy at all.

use flow::sight::LeakFile;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use serde_json::json;

use crate::Oops;
use crate::program::below;

const UNRELATED: [&str; 6] = [
    include_str!("../../trials/unrelated/01-quillon-queue.md"),
    include_str!("../../trials/unrelated/02-tollgate-list.md"),
    include_str!("../../trials/unrelated/03-brindle-blog.md"),
    include_str!("../../trials/unrelated/04-osterly-advisory.md"),
    include_str!("../../trials/unrelated/05-havelock-note.md"),
    include_str!("../../trials/unrelated/06-merrow-postmortem.md"),
];
const SENSOR_LOG: &str = include_str!("../../demo/sensor-template.json");

pub fn file(name: &str, text: String) -> LeakFile {
    LeakFile::new(name, text.into_bytes())
}

/// `words` consecutive words of a text, in one of four forms that people paste.
pub fn window(text: &str, words: usize, rng: &mut ChaCha8Rng) -> String {
    let starts: Vec<usize> = text
        .split_whitespace()
        .map(|word| word.as_ptr() as usize - text.as_ptr() as usize)
        .collect();
    let first = below(rng, starts.len().saturating_sub(words) + 1);
    let from = starts.get(first).copied().unwrap_or(0);
    let to = starts.get(first + words).copied().unwrap_or(text.len());
    let part = text.get(from..to).unwrap_or(text);
    match below(rng, 4) {
        0 => part.to_owned(),
        1 => wrapped(part, 40 + below(rng, 60), ""),
        2 => wrapped(&plain(part), 72, "> "),
        _ => plain(part).split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// Without Markdown's signs.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            if matches!(c, '#' | '*' | '`' | '|') {
                ' '
            } else {
                c
            }
        })
        .collect()
}

/// Paragraphs in lines of at most `width`.
fn wrapped(text: &str, width: usize, prefix: &str) -> String {
    let mut out = String::new();
    for paragraph in text.split("\n\n") {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if line.len() + word.len() >= width {
                out.push_str(&format!("{prefix}{}\n", line.trim_end()));
                line.clear();
            }
            line.push_str(word);
            line.push(' ');
        }
        out.push_str(&format!("{prefix}{}\n{prefix}\n", line.trim_end()));
    }
    out
}

/// The sensor's line for the request that a copy of the trials' PoC sends; the recipe is in `trials/README.md`.
pub fn request(poc: &str, rng: &mut ChaCha8Rng) -> Result<String, Oops> {
    let value = |name: &str| -> Result<&str, Oops> {
        let found = poc
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
        Ok(found
            .ok_or_else(|| format!("the copy has no {name}"))?
            .trim())
    };
    let text = |name: &str| Ok::<_, Oops>(value(name)?.trim_matches('"'));
    let named = |before: &str| -> Result<&str, Oops> {
        let rest = poc.lines().find_map(|line| line.strip_prefix(before));
        let name = rest.and_then(|rest| Some(rest.split_once('=')?.0));
        Ok(name.ok_or_else(|| format!("the copy has no line `{before}`"))?)
    };
    let fields = |before: &str| -> Vec<(&str, &str)> {
        let after = poc.lines().skip_while(|line| *line != before).skip(1);
        after
            .take(4)
            .filter_map(|line| line.trim().trim_end_matches(',').split_once(": "))
            .map(|(key, value)| (key.trim_matches('"'), value))
            .collect()
    };
    let mut query = Vec::new();
    for (key, shown) in fields("    fields = {") {
        let shown = match shown {
            "CURSOR" => text("CURSOR")?,
            "BATCH" => value("BATCH")?,
            other => other.trim_matches('"'),
        };
        query.push(format!("{key}={shown}"));
    }
    let mut body = Vec::new();
    for (key, shown) in fields("    claim = {") {
        let shown = match shown {
            "BLOCK" => format!("\"{}\"", "0".repeat(64)),
            "OFFSET" => value("OFFSET")?.to_owned(),
            other => other.to_owned(),
        };
        body.push(format!("\"{key}\": {shown}"));
    }
    if (query.len(), body.len()) != (4, 4) {
        return Err("the copy's query or body has not four fields".into());
    }
    body.push(format!(
        "\"{}\": \"desktop\"",
        named("    claim.update(dict(")?
    ));
    let filler = value("FILLER")?
        .strip_prefix("\"z\" * ")
        .ok_or("an unknown filler")?;
    body.push(format!("\"remark\": \"{}\"", "z".repeat(filler.parse()?)));
    let body = format!("{{{}}}", body.join(", "));
    let extra: Vec<String> = named("    extra = dict(")?
        .split('_')
        .map(|part| {
            let (first, rest) = part.split_at(part.len().min(1));
            first.to_uppercase() + rest
        })
        .collect();
    let header = |name: &str, value: String| json!({"name": name, "value": value});
    let event = json!({
        "timestamp": "2026-12-07T05:36:02.118204+0000",
        "flow_id": 1_204_430_000_000_000u64 + rng.next_u64() % 1_000_000_000,
        "in_iface": "ens5", "event_type": "http",
        "src_ip": format!("198.51.100.{}", 1 + below(rng, 250)), "src_port": 32_768 + below(rng, 28_000),
        "dest_ip": "192.0.2.200", "dest_port": 8080, "proto": "TCP", "tx_id": 0,
        "http": {
            "hostname": "share.tidewater.example",
            "url": format!("/sync/v1/claims?{}", query.join("&")),
            "http_method": "PUT", "protocol": "HTTP/1.1", "status": 409, "length": 61,
            "http_content_type": "application/json",
            "request_headers": [
                header("Host", "share.tidewater.example:8080".into()),
                header("Accept-Encoding", "identity".into()),
                header("Content-Length", body.len().to_string()),
                header("Content-Type", "application/json".into()),
                header("X-Request-Id", text("REQUEST")?.into()),
                header("X-Lk-Device", format!("check-{}", text("DEVICE")?)),
                header("Keep-Alive", format!("timeout={}", value("TIMEOUT")?)),
                header("Cookie", format!("{}=files", named("    cookie = dict(")?)),
                header(&extra.join("-"), "stable".into()),
            ],
            "http_request_body_printable": body,
        },
    });
    Ok(event.to_string() + "\n")
}

/// A sensor's log with these lines in their place.
pub fn in_log(lines: &str) -> String {
    SENSOR_LOG.replace("@@EXPLOIT@@\n", lines)
}

/// Sentences of the unrelated texts in another order, here and there with a number.
pub fn unrelated(rng: &mut ChaCha8Rng) -> LeakFile {
    let sentences: Vec<&str> = UNRELATED
        .iter()
        .flat_map(|text| text.split_inclusive(['\n', '.']))
        .map(str::trim)
        .filter(|sentence| sentence.contains(' '))
        .collect();
    let mut text = String::new();
    for _ in 0..4 + below(rng, 60) {
        let sentence = sentences.get(below(rng, sentences.len())).unwrap_or(&"");
        text.push_str(sentence);
        text.push_str(match below(rng, 6) {
            0 => "\n\n",
            1 => "\n",
            _ => " ",
        });
        if below(rng, 8) == 0 {
            text.push_str(&token(rng));
            text.push(' ');
        }
    }
    file("found.md", text)
}

/// Numbers, hashes, addresses and names with values, and nothing else.
pub fn numbers(rng: &mut ChaCha8Rng) -> LeakFile {
    let mut text = String::new();
    for _ in 0..20 + below(rng, 600) {
        text.push_str(&token(rng));
        text.push(if below(rng, 7) == 0 { '\n' } else { ' ' });
    }
    let name = ["found.txt", "found.log", "found.csv", "found.py"];
    file(name.get(below(rng, 4)).copied().unwrap_or("found"), text)
}

fn token(rng: &mut ChaCha8Rng) -> String {
    let value = rng.next_u64();
    match below(rng, 9) {
        0 => format!("{:08x}", value as u32),
        1 => format!("{value:016x}"),
        2 => format!("{value:016x}{:016x}", rng.next_u64()),
        3 => format!("{}", value % 100),
        4 => format!("{}", value % 65_536),
        5 => format!("id={:08x}", value as u32),
        6 => format!("192.0.2.{}", value % 256),
        7 => format!(
            "\"{}\": {},",
            ["offset", "batch", "timeout", "width"][below(rng, 4)],
            value % 50_000
        ),
        _ => format!("{:08x}-{:04x}", value as u32, (value >> 40) as u16),
    }
}

/// A sensor's log without the PoC: ordinary lines, and requests of honest clients to the same address.
pub fn sensor_log(rng: &mut ChaCha8Rng) -> LeakFile {
    let lines: Vec<&str> = SENSOR_LOG
        .lines()
        .filter(|line| line.starts_with('{'))
        .collect();
    let is_honest_traffic_dense = below(rng, 2) == 0;
    let mut text = String::new();
    for _ in 0..5 + below(rng, 60) {
        if is_honest_traffic_dense && below(rng, 3) == 0 {
            text.push_str(&honest(rng));
        } else {
            text.push_str(lines.get(below(rng, lines.len())).unwrap_or(&"{}"));
        }
        text.push('\n');
    }
    file("eve.json", text)
}

/// A client's own claim: the PoC's address and most of its names, with values of its own.
fn honest(rng: &mut ChaCha8Rng) -> String {
    let hex = |rng: &mut ChaCha8Rng| format!("{:08x}", rng.next_u64() as u32);
    let header = |name: &str, value: String| json!({"name": name, "value": value});
    let body = format!(
        "{{\"block\": \"{:064x}\", \"length\": {}, \"span\": 65536, \"offset\": {}}}",
        rng.next_u64(),
        below(rng, 1 << 20),
        below(rng, 1 << 16)
    );
    json!({
        "timestamp": "2026-12-07T05:31:40.000113+0000", "event_type": "http", "proto": "TCP",
        "src_ip": "192.0.2.77", "src_port": 33_996, "dest_ip": "192.0.2.200", "dest_port": 8080,
        "http": {
            "hostname": "share.tidewater.example",
            "url": format!("/sync/v1/claims?cursor={}&batch={}&view=flat&lang=en", hex(rng), below(rng, 100)),
            "http_user_agent": "LarkspurSync/8.2.6 (macOS 15.7)",
            "http_method": "PUT", "protocol": "HTTP/1.1", "status": 200, "length": 88,
            "request_headers": [
                header("Content-Type", "application/json".into()),
                header("X-Request-Id", hex(rng)),
                header("X-Lk-Device", format!("desk-{}", hex(rng))),
                header("Keep-Alive", format!("timeout={}", below(rng, 60))),
            ],
            "http_request_body_printable": body,
        },
    })
    .to_string()
}
