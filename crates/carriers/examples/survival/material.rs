//! Masters, their copies, and which carrier each site is.

use std::path::{Path, PathBuf};

use crate::packets::{Framing, Shape, Talk, classic};
use carriers::{Carrier, Format, Leak, Master};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What this matrix has no row for, and why.
pub const NOT_CARRIED: [&str; 3] = [
    "8 layout of the rendered PDF: no row; packages hold masters' own formats, and no PDF is rendered that could carry it",
    "9 decoy indicators: no row of their own; declared as rows or values of indicator lists, they survive as those do, and a call home is a lead, never proof",
    "10 invisible Unicode: no row; platforms strip it, the normal form drops it, and it is not built",
];

/// A row: a carrier with its rank by worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    Nonce,
    Integer,
    Literal,
    WireOrder,
    Declared,
    Linked,
    Message,
    Suggested,
    ListOrder,
    RuleOrder,
    IndicatorOrder,
    Name,
    RuleName,
    Encoding,
    PacketPayload,
    PacketField,
}

impl Row {
    pub fn rank(self) -> u32 {
        match self {
            Row::Nonce | Row::Integer | Row::Literal | Row::WireOrder => 1,
            Row::Declared | Row::Linked | Row::Message => 2,
            Row::Suggested => 3,
            Row::ListOrder | Row::RuleOrder | Row::IndicatorOrder => 4,
            Row::Name | Row::RuleName => 5,
            Row::Encoding => 6,
            Row::PacketPayload | Row::PacketField => 7,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Row::Nonce => "nonce, UUID, time",
            Row::Integer => "integer, filler",
            Row::Literal => "file name, header value",
            Row::WireOrder => "order of keys and headers",
            Row::Declared => "declared alternative",
            Row::Linked => "linked alternative",
            Row::Message => "alternative in a message",
            Row::Suggested => "vetted suggestion",
            Row::ListOrder => "order of a list",
            Row::RuleOrder => "order in a rule",
            Row::IndicatorOrder => "order of indicators",
            Row::Name => "identifier's name",
            Row::RuleName => "name in a rule",
            Row::Encoding => "rule encoding",
            Row::PacketPayload => "payload of packets",
            Row::PacketField => "header field of packets",
        }
    }
}

/// One copy.
#[derive(Clone, Debug)]
pub struct Sample {
    pub master: Master,
    pub symbols: Vec<u64>,
    pub bytes: Vec<u8>,
    /// Its marks were suggested, not thought out by an author.
    suggested: bool,
}

impl Sample {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn row(&self, site: usize) -> Option<Row> {
        let name = self.master.file_name();
        let is_indicators = name.ends_with(".csv") || name.contains("stix");
        let is_rule = matches!(self.master.format(), Format::Rule(_));
        let is_packets = name.ends_with(".pcap") || name.ends_with(".pcapng");
        let is_prose = self.master.format().is_prose();
        let site = self.master.sites().get(site)?;
        Some(match site.carrier {
            Carrier::Field => Row::PacketField,
            _ if is_packets => Row::PacketPayload,
            Carrier::Nonce => Row::Nonce,
            Carrier::Integer => Row::Integer,
            Carrier::Encoding => Row::Encoding,
            Carrier::Name if is_rule => Row::RuleName,
            Carrier::Name => Row::Name,
            Carrier::Shuffle if is_rule => Row::RuleOrder,
            Carrier::Shuffle if is_indicators => Row::IndicatorOrder,
            Carrier::Shuffle if is_prose => Row::ListOrder,
            Carrier::Shuffle => Row::WireOrder,
            Carrier::Linked if is_prose => Row::Linked,
            Carrier::Alternative if is_prose && self.suggested => Row::Suggested,
            Carrier::Alternative if is_prose => Row::Declared,
            _ if is_rule => {
                // Bytes written in another way are an encoding, words of a message are not.
                let is_code = site
                    .choices
                    .iter()
                    .any(|choice| choice.contains(['|', '"', ':', '\\']) || is_hex(choice));
                if is_code { Row::Encoding } else { Row::Message }
            }
            _ if is_indicators => Row::Message,
            _ => Row::Literal,
        })
    }
}

fn is_hex(text: &str) -> bool {
    text.len() > 4 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b' ')
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn master(path: &Path) -> Master {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let name = path.file_name().unwrap().to_string_lossy();
    Master::parse(&name, &bytes).unwrap_or_else(|errors| {
        panic!("{}", errors.render(&name, &String::from_utf8_lossy(&bytes)))
    })
}

/// Copies of a master with random symbols.
fn copies(master: &Master, count: usize, seed: u64, suggested: bool) -> Vec<Sample> {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    (0..count)
        .map(|_| {
            let symbols: Vec<u64> = master
                .sites()
                .iter()
                .map(|s| rng.next_u64() % s.values)
                .collect();
            Sample {
                bytes: master.embed(&symbols).unwrap(),
                master: master.clone(),
                symbols,
                suggested,
            }
        })
        .collect()
}

/// Copies of the example's own masters.
pub fn own(name: &str, count: usize) -> Vec<Sample> {
    copies(
        &master(&here().join("examples/survival/masters").join(name)),
        count,
        11,
        false,
    )
}

/// Copies of a master of the demo.
pub fn demo(name: &str, count: usize) -> Vec<Sample> {
    copies(
        &master(&here().join("../headstart/demo").join(name)),
        count,
        12,
        false,
    )
}

/// Copies of a master of the trials.
pub fn trials(name: &str, count: usize) -> Vec<Sample> {
    copies(
        &master(&here().join("../headstart/trials").join(name)),
        count,
        13,
        false,
    )
}

/// Copies of the write-ups whose marks were suggested.
pub fn suggested(count: usize) -> Vec<Sample> {
    let folder = here().join("examples/precision/writeups");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .map(|entries| entries.map(|e| e.unwrap().path()).collect())
        .unwrap_or_default();
    paths.retain(|path| path.extension().is_some_and(|e| e == "md"));
    paths.sort();
    paths
        .iter()
        .flat_map(|path| copies(&master(path), count, 14, true))
        .collect()
}

/// Copies of a capture of two requests, with marks in payload and header fields.
pub fn captures(count: usize) -> Vec<Sample> {
    const REQUEST: &str = "POST /preview/v2/render?doc=welcome&ticket=c41d9e7a&width=914 HTTP/1.1\r\n\
        Host: share.example.test\r\nUser-Agent: lark-sync/2.1\r\nX-Lk-Client: sync-desktop\r\n\
        Content-Type: application/json\r\nContent-Length: 30\r\n\r\n{\"ticket\":\"c41d9e7a\",\"n\":1234}";
    const ANSWER: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    let shape = Shape {
        framing: Framing::Ethernet,
        version_6: false,
        segment: 1400,
        again: false,
    };
    let mut talk = Talk::open(shape, 40_123, 0x1234_5678);
    for _ in 0..2 {
        talk.say(0, REQUEST.as_bytes());
        talk.say(1, ANSWER.as_bytes());
    }
    let recorded = classic(shape.framing, &talk.close(), false);
    let source = carriers::pcap::declare(
        &recorded,
        &[
            "payload {~#nonce hex 8:c41d9e7a~}",
            "payload width={~#int 880..1060:914~}",
            "payload User-Agent: {~lark-sync/2.1|lark-sync/2.10.4|sync/2~}",
            "payload X-Lk-Client: {~sync-desktop|sync-mobile|web-preview~}",
            "header isn tsval ip-id port mac",
        ],
    )
    .unwrap();
    let master = Master::parse("share.pcapng", &source)
        .unwrap_or_else(|errors| panic!("{}", errors.render("share.pcapng", "")));
    copies(&master, count, 15, false)
}

/// Files as one leak.
pub fn leak(files: &[(String, Vec<u8>)]) -> Leak {
    let leaks = files
        .iter()
        .map(|(name, bytes)| Leak::parse(name, bytes).unwrap());
    Leak::join(leaks.collect())
}

/// A single text as a leak.
pub fn leak_of(name: &str, text: &str) -> Leak {
    leak(&[(name.to_owned(), text.as_bytes().to_vec())])
}

/// The next sample of the same master, to merge with.
pub fn neighbours(samples: &[Sample]) -> impl Iterator<Item = (&Sample, &Sample)> {
    samples.windows(2).filter_map(|pair| {
        (pair[0].master.file_name() == pair[1].master.file_name()).then_some((&pair[0], &pair[1]))
    })
}
