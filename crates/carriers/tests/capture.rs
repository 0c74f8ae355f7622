//! Captures: copies that a foreign stack follows byte for byte, and marks read back from them.
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap like tests")]

mod packets;

use carriers::pcap::{self, CaptureError};
use carriers::{Carrier, Leak, MarkErrorKind, Master, read};
use fingerprint::Reading;
use packets::{Framing, Shape, Talk, classic, datagram, followed, packets_of};
use proptest::prelude::*;

const PLAIN: Shape = Shape {
    framing: Framing::Ethernet,
    version_6: false,
    segment: 1400,
    again: false,
};

const REQUEST: &str = "POST /preview/v2/render?ticket=a72d9e7b&width=914 HTTP/1.1\r\nHost: share.larkspur.example\r\nUser-Agent: lark-sync/2.1\r\nX-Lk-Origin: desktop\r\nContent-Type: application/json\r\nContent-Length: 25\r\n\r\n{\"ticket\":\"a72d9e7b\",\"n\":4}";
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\nticket a72d9e7b ok";

const DIRECTIVES: [&str; 5] = [
    "payload {~#nonce hex 8:a72d9e7b~}",
    "payload width={~#int 880..1060:914~} ",
    "payload User-Agent: {~lark-sync/2.1|lark-sync/2.10.4|sync/2~}",
    "payload X-Lk-Origin: {~desktop|mobile|tablet~}",
    "header isn tsval port",
];

fn capture(shape: Shape) -> Vec<u8> {
    let mut talk = Talk::open(shape, 40_123, 0xffff_ff00);
    talk.say(0, REQUEST.as_bytes());
    talk.say(1, ANSWER.as_bytes());
    talk.say(0, REQUEST.as_bytes());
    talk.say(1, ANSWER.as_bytes());
    classic(shape.framing, &talk.close(), false)
}

fn master(capture: &[u8], directives: &[&str]) -> Master {
    let source = pcap::declare(capture, directives).unwrap();
    Master::parse("larkspur.pcapng", &source)
        .unwrap_or_else(|e| panic!("{}", e.render("larkspur.pcapng", "")))
}

fn shapes() -> impl Strategy<Value = Shape> {
    let framing = prop::sample::select(vec![
        Framing::Ethernet,
        Framing::Tagged,
        Framing::Raw,
        Framing::Cooked,
    ]);
    (framing, any::<bool>(), 7usize..1200, any::<bool>()).prop_map(
        |(framing, version_6, segment, again)| Shape {
            framing,
            version_6,
            segment,
            again,
        },
    )
}

/// The digits that hexadecimal nonces are written with.
const DIGITS: &str = "235679abdef";

/// Seven digits, and the one that makes their weighted sum 0.
fn digits(symbol: u64) -> String {
    let digits: Vec<u64> = (0..7).rev().map(|p| symbol / 11u64.pow(p) % 11).collect();
    let sum = digits.iter().fold(0, |sum, digit| (2 * sum + digit) % 11);
    let check = (11 - 2 * sum % 11) % 11;
    let shown = digits.iter().chain([&check]).map(|d| *d as usize);
    shown.map(|d| &DIGITS[d..=d]).collect()
}

fn symbol(text: &str) -> u64 {
    let digit = |c| DIGITS.find(c).unwrap() as u64;
    text[..7].chars().fold(0, |all, c| all * 11 + digit(c))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_foreign_stack_follows_every_copy_and_every_site_is_read_back(
        shape in shapes(),
        nonce in 0u64..11u64.pow(7),
        width in 0u64..181,
        agent in 0u64..3,
        origin in 0u64..3,
        isn in 0u64..1 << 32,
        clock in 0u64..1 << 32,
        port in 0u64..28_232,
    ) {
        let master = master(&capture(shape), &DIRECTIVES);
        let symbols = [nonce, width, agent, origin, isn, clock, port];
        prop_assert_eq!(master.sites().len(), symbols.len());
        let copy = master.embed(&symbols).unwrap();
        let said = followed(shape.framing, &packets_of(&copy));
        let expected = REQUEST
            .replace("a72d9e7b", &digits(nonce))
            .replace("width=914", &format!("width={}", 880 + width))
            .replace("lark-sync/2.1", ["lark-sync/2.1", "lark-sync/2.10.4", "sync/2"][agent as usize])
            .replace("desktop", ["desktop", "mobile", "tablet"][origin as usize]);
        prop_assert_eq!(String::from_utf8_lossy(&said[0]), expected.repeat(2));
        let answer = ANSWER.replace("a72d9e7b", &digits(nonce)).repeat(2);
        prop_assert_eq!(String::from_utf8_lossy(&said[1]), answer);
        let leak = Leak::parse("leak.pcapng", &copy).unwrap();
        for ((reading, site), symbol) in read(&master, &leak).iter().zip(master.sites()).zip(symbols) {
            match &reading.reading {
                Reading::Values { values, .. } => prop_assert_eq!(values, &[symbol], "{}", site.label),
                other => prop_assert!(false, "{}: {other:?} {:?}", site.label, reading.why_erased),
            }
        }
    }

    #[test]
    fn any_bytes_are_a_capture_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0usize..4000, at in 0usize..4000, byte in any::<u8>()) {
        let _ = pcap::messages(&bytes);
        let mut source = pcap::declare(&capture(PLAIN), &DIRECTIVES).unwrap();
        source.truncate(cut.max(64));
        if let Some(own) = source.get_mut(at) {
            *own = byte;
        }
        let _ = pcap::messages(&source);
        if let Ok(master) = Master::parse("a.pcapng", &source) {
            let symbols: Vec<u64> = master.sites().iter().map(|s| s.values - 1).collect();
            master.embed(&symbols).unwrap();
        }
    }
}

#[test]
fn a_capture_without_directives_is_its_own_copy() {
    let bytes = capture(PLAIN);
    for name in ["a.pcap", "a.pcapng", "a.cap"] {
        let master = Master::parse(name, &bytes).unwrap();
        assert_eq!(
            (master.sites().len(), master.embed(&[]).unwrap()),
            (0, bytes.clone())
        );
    }
}

#[test]
fn the_copy_of_recorded_values_is_the_recorded_packets_and_holds_no_directive() {
    let shape = Shape {
        segment: 90,
        again: true,
        ..PLAIN
    };
    let bytes = capture(shape);
    let master = master(&bytes, &DIRECTIVES);
    let copy = master
        .embed(&[symbol("a72d9e7b"), 34, 0, 0, 0, 0, 0])
        .unwrap();
    let plain = pcap::declare(&bytes, &["x"]).unwrap();
    assert_eq!(packets_of(&copy), packets_of(&plain));
    assert!(!copy.windows(2).any(|w| w == b"#~"));
}

#[test]
fn every_framing_and_byte_order_gives_the_same_messages() {
    let mut all = Vec::new();
    for framing in [
        Framing::Ethernet,
        Framing::Tagged,
        Framing::Raw,
        Framing::Cooked,
    ] {
        for big in [false, true] {
            let shape = Shape {
                framing,
                segment: 33,
                again: true,
                version_6: big,
            };
            let mut talk = Talk::open(shape, 40_123, 9);
            talk.say(0, REQUEST.as_bytes());
            let file = classic(framing, &talk.close(), big);
            all.push(pcap::requests(&file).unwrap());
            all.push(pcap::requests(&pcap::declare(&file, &["x"]).unwrap()).unwrap());
        }
    }
    assert!(all.iter().all(|r| r == &[REQUEST.to_owned()]), "{all:?}");
}

#[test]
fn orders_of_header_lines_and_datagrams_are_carried() {
    let mut talk = Talk::open(PLAIN, 40_123, 9);
    talk.say(0, REQUEST.as_bytes());
    let mut all = talk.close();
    all.push(datagram(PLAIN, 40_200, b"lk.sync:263|c|#ticket:a72d9e7b"));
    let file = classic(PLAIN.framing, &all, false);
    let order = r"payload {~#shuffle \r\n~}User-Agent: lark-sync/2.1\r\nX-Lk-Origin: desktop\r\nContent-Type: application/json{~#end~}";
    let master = master(&file, &[order, "payload lk.sync:{~#int 5..9999:263~}|c"]);
    let copy = master.embed(&[5, 0]).unwrap();
    let said = pcap::messages(&copy).unwrap();
    let text = String::from_utf8_lossy(&said[0].bytes);
    assert!(text.contains("example\r\nContent-Type: application/json\r\nX-Lk-Origin: desktop\r\nUser-Agent: lark-sync/2.1\r\nContent-Length"));
    assert_eq!(said[1].bytes, b"lk.sync:5|c|#ticket:a72d9e7b");
    assert_eq!(master.sites()[1].carrier, Carrier::Integer);
    let last = packets_of(&copy).pop().unwrap();
    let sliced = etherparse::SlicedPacket::from_ethernet(&last).unwrap();
    let Some(etherparse::TransportSlice::Udp(udp)) = sliced.transport else {
        panic!()
    };
    let header = udp.to_header();
    assert_eq!(
        header
            .calc_checksum_ipv4_raw([192, 0, 2, 10], [198, 51, 100, 7], udp.payload())
            .unwrap(),
        header.checksum
    );
}

#[test]
fn checksums_that_were_wrong_or_absent_stay_so() {
    let mut talk = Talk::open(PLAIN, 40_123, 9);
    talk.say(0, REQUEST.as_bytes());
    let mut all = talk.close();
    // As a card that computes checksums later leaves them.
    let at = 14 + 20 + 16;
    all[3][at..at + 2].copy_from_slice(&[0x12, 0x34]);
    let mut silent = datagram(PLAIN, 40_200, b"ticket a72d9e7b");
    silent[14 + 20 + 6..14 + 20 + 8].fill(0);
    all.push(silent);
    let master = master(
        &classic(PLAIN.framing, &all, false),
        &["payload {~#nonce hex 8:a72d9e7b~}"],
    );
    let packets = packets_of(&master.embed(&[7]).unwrap());
    assert_eq!(packets[3][at..at + 2], [0x12, 0x34]);
    assert_eq!(packets.last().unwrap()[14 + 20 + 6..14 + 20 + 8], [0, 0]);
}

#[test]
fn addresses_and_identifiers_of_the_client_move_together() {
    let master = master(
        &capture(PLAIN),
        &["header mac ip-id", "payload {~#nonce hex 8:a72d9e7b~}"],
    );
    let copy = master.embed(&[1, 5, 65_534]).unwrap();
    let packets = packets_of(&copy);
    followed(PLAIN.framing, &packets);
    let own = [0x3e, 0x52, 0x82, 0x11, 0x22, 0x38];
    assert!(packets.iter().all(|p| p[..6] == own || p[6..12] == own));
    let leak = Leak::parse("l.pcapng", &copy).unwrap();
    let values: Vec<Option<u64>> = read(&master, &leak)
        .iter()
        .map(|r| match &r.reading {
            Reading::Values { values, .. } => values.first().copied(),
            _ => None,
        })
        .collect();
    assert_eq!(values, [Some(1), Some(5), Some(65_534)]);
}

fn errors(file: &[u8], directives: &[&str]) -> Vec<(u32, CaptureError)> {
    let source = pcap::declare(file, directives).unwrap();
    let errors = Master::parse("a.pcapng", &source).unwrap_err();
    let shown = errors.render("a.pcapng", "");
    assert!(
        shown.contains("section comment:") && shown.contains("hint: "),
        "{shown}"
    );
    errors
        .0
        .into_iter()
        .map(|e| match e.kind {
            MarkErrorKind::Capture(error) => (e.line, error),
            other => panic!("{other}"),
        })
        .collect()
}

#[test]
fn what_cannot_be_carried_is_told_with_its_line_and_packet() {
    let file = capture(Shape {
        segment: 40,
        ..PLAIN
    });
    let all = errors(
        &file,
        &[
            "payload {~#nonce hex 8:00000000~}",
            "payload plain",
            "header isn ttl",
            "headers",
            "payload a72d{~9e7b|9e7x~}",
            "payload {~#nonce hex 8:a72d9e7b~}",
        ],
    );
    assert!(
        matches!(all[0], (1, CaptureError::NoPayload { .. })),
        "{all:?}"
    );
    assert!(matches!(
        all[1],
        (2, CaptureError::PayloadWithoutMark { .. })
    ));
    assert!(matches!(all[2], (3, CaptureError::UnknownField { .. })));
    assert!(matches!(all[3], (4, CaptureError::Directive { .. })));
    let all = errors(
        &file,
        &[
            "payload a72d{~9e7b|9e7x~}",
            "payload {~#nonce hex 8:a72d9e7b~}",
        ],
    );
    assert!(
        matches!(all[0].1, CaptureError::Overlap { packet: 4 | 5 }),
        "{all:?}"
    );
    // A full segment cannot grow.
    let mut talk = Talk::open(PLAIN, 40_123, 9);
    talk.say(0, format!("{:1448}", "GET /a HTTP/1.1").as_bytes());
    let full = Shape {
        segment: 1448,
        ..PLAIN
    };
    let mut talk_full = Talk::open(full, 40_123, 9);
    talk_full.say(0, format!("{:1448}", "GET /a HTTP/1.1").as_bytes());
    let all = errors(
        &classic(full.framing, &talk_full.close(), false),
        &["payload GET /{~a|a/longer~} HTTP"],
    );
    assert!(
        matches!(
            all[0].1,
            CaptureError::TooLong {
                packet: 4,
                bytes: 1507,
                max: 1500
            }
        ),
        "{all:?}"
    );
    // No first packet, no sequence number to move.
    let late: Vec<Vec<u8>> = talk.close().split_off(3);
    let all = errors(&classic(PLAIN.framing, &late, false), &["header isn"]);
    assert!(
        matches!(all[0].1, CaptureError::NoField { field: "isn" }),
        "{all:?}"
    );
}

#[test]
fn a_packet_that_was_cut_short_keeps_its_payload_and_moves_its_numbers() {
    let mut talk = Talk::open(PLAIN, 40_123, 9);
    talk.say(0, REQUEST.as_bytes());
    let all = talk.close();
    let whole = classic(PLAIN.framing, &all, false);
    let mut cut = whole.clone();
    // The fourth packet is the request: its record says that 100 bytes were kept.
    let before: usize = 24 + all[..3].iter().map(|p| p.len() + 16).sum::<usize>();
    cut[before + 8..before + 12].copy_from_slice(&100u32.to_le_bytes());
    cut.drain(before + 16 + 100..before + 16 + all[3].len());
    let all_errors = errors(&cut, &["payload POST /{~preview|render~}"]);
    assert!(
        matches!(all_errors[0].1, CaptureError::Cut { packet: 4 }),
        "{all_errors:?}"
    );
    let directives = ["header isn port tsval"];
    let symbols = [77, 9, 3_000_000_000];
    let of_whole = packets_of(&master(&whole, &directives).embed(&symbols).unwrap());
    let copy = master(&cut, &directives).embed(&symbols).unwrap();
    // The checksum is what the whole packet would have.
    assert!(copy.windows(100).any(|w| w == &of_whole[3][..100]));
}

#[test]
fn the_upper_half_of_a_link_type_was_taken_for_another_link() {
    let mut bytes = capture(PLAIN);
    bytes[23] = 0xf7;
    let said = pcap::messages(&bytes).unwrap();
    assert_eq!(said.len(), 2);
    let converted = pcap::declare(&bytes, &["x"]).unwrap();
    assert_eq!(pcap::messages(&converted).unwrap(), said);
}
