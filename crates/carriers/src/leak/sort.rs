//! Which lines of a leak are for people, and which are records of machines.

use std::collections::BTreeSet;

use super::json::Json;
use super::table::Table;
use super::{html, http, json};
use serde::de::{Deserializer as _, SeqAccess, Visitor};

/// A leak in two heaps.
#[derive(Default)]
pub(super) struct Sorted {
    pub(super) text: String,
    pub(super) wire: String,
}

/// Sorts a whole file.
pub(super) fn sort(file_name: &str, raw: &str) -> Sorted {
    let mut sorted = Sorted::default();
    let trimmed = raw.trim_start_matches('\u{feff}').trim_start();
    if trimmed.starts_with('[') && array(trimmed, &mut sorted) {
        return sorted;
    }
    if trimmed.starts_with('{')
        && let Some(value) = Json::parse(trimmed)
    {
        json::push_event(&value, &mut sorted.text, &mut sorted.wire);
        return sorted;
    }
    let page;
    let mut source = raw;
    if html::is_html(file_name, raw) {
        page = html::to_text(raw);
        source = &page;
    }
    lines(source, &mut sorted);
    http::push_raw(source, &mut sorted.wire);
    http::push_raw(&crate::traffic::curl::requests(source), &mut sorted.wire);
    sorted
}

/// Line by line: JSON events and access lines are records (each told once), the rest is text.
fn lines(source: &str, sorted: &mut Sorted) {
    let mut seen: BTreeSet<u64> = BTreeSet::new();
    let mut record = String::new();
    let mut table = Table::default();
    for line in source.split_inclusive('\n') {
        let trimmed = line.trim();
        record.clear();
        if let Some(header) = Table::header(trimmed) {
            table = header;
            continue;
        }
        let is_record = if table.row(line.trim_end_matches(['\r', '\n']), &mut record) {
            true
        } else if trimmed.starts_with('{') && trimmed.ends_with('}') {
            match Json::parse(trimmed) {
                Some(value) => {
                    let mut text = String::new();
                    if !json::push_event(&value, &mut text, &mut record) {
                        sorted.text.push_str(&text);
                    }
                    true
                }
                None => false,
            }
        } else {
            trimmed.contains("HTTP/") && http::access_line(trimmed, &mut record)
        };
        if is_record {
            if !record.is_empty() && seen.insert(crate::text::hash_of(&record)) {
                sorted.wire.push_str(&record);
            }
            continue;
        }
        sorted.text.push_str(line);
        // A command line or a program may show its request escaped.
        if trimmed.len() < 1 << 16 && trimmed.contains('%') {
            let decoded = http::percent_decode(trimmed, false);
            if decoded != trimmed {
                sorted.wire.push_str(&decoded);
                sorted.wire.push('\n');
            }
        }
    }
}

/// One array of events, an event at a time; `false` if it is no JSON array.
fn array(raw: &str, sorted: &mut Sorted) -> bool {
    struct Events<'a>(&'a mut Sorted);
    impl<'de> Visitor<'de> for Events<'_> {
        type Value = ();
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an array of events")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
            while let Some(item) = items.next_element::<Json>()? {
                json::push_event(&item, &mut self.0.text, &mut self.0.wire);
            }
            Ok(())
        }
    }
    let mut reader = serde_json::Deserializer::from_str(raw);
    let mut found = Sorted::default();
    let is_array = reader.deserialize_seq(Events(&mut found)).is_ok();
    if is_array {
        *sorted = found;
    }
    is_array
}
