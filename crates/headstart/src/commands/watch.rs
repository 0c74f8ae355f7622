//! `headstart watch`: feeds are read at speed, and records that show the values of copies become sightings.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use carriers::watch::TOKEN_BYTES_MAX;
use desk::Failure;
use domain::ids::CaseId;
use flow::detection::Detection;
use flow::watch::{KEPT_BYTES_MAX, Place, Record, Watchlist};
use serde_json::{Value, json};

use super::Context;
use super::context::read_file;
use crate::cli::Watch;
use crate::output::{Output, count, grouped};
use crate::reach::Reach;

/// Bytes that are read at once.
const BLOCK_BYTES: usize = 4 << 20;
/// Characters of a record that a person is shown.
const SHOWN_CHARS: usize = 120;
/// Largest list of tokens.
const LIST_BYTES_MAX: u64 = 64 << 20;

/// What is looked for.
struct Known {
    list: Watchlist,
    detections: Vec<(Option<CaseId>, Detection)>,
}

/// What was seen of one detection.
#[derive(Default)]
struct Seen {
    records: u64,
    kept: Vec<u8>,
    feeds: BTreeSet<String>,
}

/// Watches feeds.
pub async fn run(context: &Context, arguments: &Watch) -> Result<u8, Failure> {
    let (reach, detections) = if arguments.tokens.is_empty() {
        let reach = Reach::open(context).await?;
        let list = reach.watchlist().await?;
        let list = list.into_iter().map(|(case, d)| (Some(case), d)).collect();
        (Some(reach), list)
    } else {
        let lists: Result<Vec<_>, Failure> = arguments.tokens.iter().map(|p| list(p)).collect();
        (None, lists?)
    };
    let known = Known::of(detections)?;
    let mut seen: BTreeMap<usize, Seen> = BTreeMap::new();
    let mut bytes = 0_u64;
    let stdin = [PathBuf::from("-")];
    let feeds = if arguments.feeds.is_empty() {
        &stdin[..]
    } else {
        &arguments.feeds[..]
    };
    let mut records = Vec::new();
    for feed in feeds {
        let name = feed.display().to_string();
        let reader = open(feed)?;
        let output = context.output;
        bytes += read(reader, &known, &mut |record| {
            let about = known.detections.get(record.detection);
            let reference = about.map(|(_, d)| d.reference.to_string());
            let case = about.and_then(|(case, _)| case.as_ref());
            let of = seen.entry(record.detection).or_default();
            of.records += 1;
            of.feeds.insert(name.clone());
            if of.kept.len() + record.bytes.len() < KEPT_BYTES_MAX {
                of.kept.extend_from_slice(record.bytes);
                of.kept.push(b'\n');
            }
            if output.is_json() {
                records.push(json!({
                    "reference": reference, "case": case.map(CaseId::as_str),
                    "feed": name, "line": record.line, "byte": record.byte, "marks": record.marks,
                    "record": String::from_utf8_lossy(record.bytes),
                }));
            } else {
                show(
                    &output,
                    &record,
                    &name,
                    reference.as_deref().unwrap_or_default(),
                    case,
                );
            }
        })
        .map_err(|error| {
            Failure::usage("unreadable-feed", format!("cannot read `{name}`: {error}"))
                .hint("what was seen before is printed above; run it again on the rest")
        })?;
    }
    let recorded = match &reach {
        Some(reach) => record(reach, &known, &seen).await?,
        None => Vec::new(),
    };
    let document = json!({"bytes": bytes, "records": records, "sightings": recorded});
    context
        .output
        .result(&document, |out| told(out, &known, &seen, &recorded, bytes));
    Ok(u8::from(seen.is_empty()))
}

fn list(path: &Path) -> Result<(Option<CaseId>, Detection), Failure> {
    let wrong = |what: String, hint: String| {
        Failure::usage("tokens", format!("`{}`: {what}", path.display())).hint(hint)
    };
    let bytes = read_file(path, LIST_BYTES_MAX)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| wrong("not text".into(), flow::detection::ListError::Head.hint()))?;
    let detection =
        Detection::parse(&text).map_err(|error| wrong(error.to_string(), error.hint()))?;
    Ok((None, detection))
}

impl Known {
    fn of(detections: Vec<(Option<CaseId>, Detection)>) -> Result<Self, Failure> {
        let list = Watchlist::of(detections.iter().map(|(_, detection)| detection));
        let list =
            list.map_err(|error| Failure::usage("tokens", error.to_string()).hint(error.hint()))?;
        Ok(Self { list, detections })
    }
}

fn open(feed: &Path) -> Result<Box<dyn Read>, Failure> {
    if feed == Path::new("-") {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let file = std::fs::File::open(feed).map_err(|error| {
        Failure::usage(
            "unreadable-feed",
            format!("cannot read `{}`: {error}", feed.display()),
        )
        .hint("check the path and its permissions")
    })?;
    Ok(Box::new(file))
}

/// Reads a feed to its end, in blocks that end with a record; returns its bytes.
fn read(
    mut reader: Box<dyn Read>,
    known: &Known,
    found: &mut dyn FnMut(Record<'_>),
) -> std::io::Result<u64> {
    let mut piece = vec![0; BLOCK_BYTES];
    let mut block = Vec::with_capacity(2 * BLOCK_BYTES);
    let mut place = Place::default();
    loop {
        // What has come is looked at, however little: a live feed is not kept waiting.
        let got = match reader.read(&mut piece) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            got => got?,
        };
        block.extend_from_slice(piece.get(..got).unwrap_or_default());
        let end = if got == 0 {
            block.len()
        } else if let Some(last) = block.iter().rposition(|byte| *byte == b'\n') {
            last + 1
        } else if block.len() >= BLOCK_BYTES {
            // Captures have no lines: what a token may still need stays for the next block.
            block.len() - TOKEN_BYTES_MAX - 1
        } else {
            0
        };
        place.look(&known.list, &block, end, found);
        block.drain(..end);
        if got == 0 {
            return Ok(place.bytes);
        }
    }
}

fn show(out: &Output, record: &Record<'_>, feed: &str, reference: &str, case: Option<&CaseId>) {
    let text = String::from_utf8_lossy(record.bytes);
    let flat: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SHOWN_CHARS)
        .collect();
    let cut = if text.chars().count() > SHOWN_CHARS {
        "…"
    } else {
        ""
    };
    let whose = case.map_or(reference.to_owned(), |case| format!("{case} ({reference})"));
    println!(
        "{}  {}:{}  {}\n    {flat}{cut}",
        out.careful(&whose),
        feed,
        record.line,
        count(record.marks, "mark"),
    );
}

async fn record(
    reach: &Reach<'_>,
    known: &Known,
    seen: &BTreeMap<usize, Seen>,
) -> Result<Vec<Value>, Failure> {
    let mut recorded = Vec::new();
    for (index, of) in seen {
        let Some((Some(case), detection)) = known.detections.get(*index) else {
            continue;
        };
        let sighted = reach.sight(case, &of.kept).await?;
        recorded.push(json!({
            "case": case.as_str(),
            "reference": detection.reference.as_str(),
            "sighting": sighted.sighting,
            "known_before": sighted.is_known,
            "records": of.records,
        }));
    }
    Ok(recorded)
}

fn told(
    out: &Output,
    known: &Known,
    seen: &BTreeMap<usize, Seen>,
    recorded: &[Value],
    bytes: u64,
) -> String {
    let looked = format!(
        "{} bytes read for {} of {}",
        grouped(bytes),
        count(known.list.values(), "value"),
        count(known.detections.len(), "case"),
    );
    if seen.is_empty() {
        return format!("nothing seen; {looked}\n");
    }
    let records: u64 = seen.values().map(|of| of.records).sum();
    let mut text = format!(
        "\n{} in {}; {looked}\n",
        out.strong(&count(records as usize, "record")),
        count(
            seen.values()
                .flat_map(|of| &of.feeds)
                .collect::<BTreeSet<_>>()
                .len(),
            "feed"
        ),
    );
    for sighting in recorded {
        let word = |name: &str| sighting[name].as_str().unwrap_or_default().to_owned();
        let before = if sighting["known_before"] == Value::Bool(true) {
            ", recorded before"
        } else {
            ""
        };
        text += &format!(
            "sighting {} of {}{before}\n  Next: headstart sighting save {} {} --out FILE, then headstart trace FILE\n",
            word("sighting"),
            word("case"),
            word("case"),
            word("sighting"),
        );
    }
    if recorded.is_empty() {
        text += "hand these records to the program that gave the list; it traces them\n";
    }
    text
}
