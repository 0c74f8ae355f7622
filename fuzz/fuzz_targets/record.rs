//! Records: what is read is written so that it reads the same; what holds was signed by the published key.
#![no_main]

use std::sync::LazyLock;

use domain::chain::Link;
use domain::sealed::Digest;
use flow::leaf::{PackageLeaf, ReceiptLeaf};
use flow::record::{RECORD_FORMAT, Record, RecordBody, SeatRecord};
use headstart_fuzz::case;
use libfuzzer_sys::fuzz_target;

static HONEST: LazyLock<(Record, Vec<u8>)> = LazyLock::new(|| {
    let record = honest();
    let text = record.to_text().into_bytes();
    (record, text)
});

fuzz_target!(|input: &[u8]| {
    let key = case::log().vkey();
    if let Ok(record) = Record::parse(input) {
        let again = Record::parse(record.to_text().as_bytes()).expect("what was read can be written");
        assert_eq!(again, record);
        if record.check(Some(&key)).is_ok() {
            assert_eq!(record.body, HONEST.0.body);
        }
    }
    // An honest record with bytes exchanged: three of the input say where and what.
    let mut bytes = HONEST.1.clone();
    for change in input.chunks_exact(3).take(8) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % bytes.len();
        bytes[at] = change[2];
    }
    if let Ok(record) = Record::parse(&bytes)
        && record.check(Some(&key)).is_ok()
    {
        assert_eq!(record.body, HONEST.0.body);
    }
});

fn honest() -> Record {
    let mut texts = case::Texts::default();
    let partner: domain::ids::PartnerId = "p-1".parse().expect("an id");
    let seat = domain::ids::SeatId::numbered(&partner, 1);
    let package = Digest::of(b"package");
    let digest = Digest::of(b"digest");
    let case_id: domain::ids::CaseId = "HS-2026-0001".parse().expect("an id");
    let leaf = PackageLeaf {
        case: case_id.clone(),
        partner: partner.clone(),
        seat: seat.clone(),
        link: Link::FIRST,
        roster: digest,
        code: digest,
        partner_key: digest,
        seat_key: digest,
        copies: Vec::new(),
        package,
    };
    let first = texts.commit(leaf.to_text());
    let receipt = ReceiptLeaf {
        case: case_id,
        partner: partner.clone(),
        seat: seat.clone(),
        link: Link {
            ordinal: 2,
            previous: Some(texts.entry_digest(first)),
        },
        package,
        at: case::now(),
    };
    texts.commit(receipt.to_text());
    let (checkpoint, entries) = texts.close();
    let body = RecordBody {
        format: RECORD_FORMAT.to_owned(),
        program: "Example PSIRT".to_owned(),
        log_key: case::log().vkey(),
        partner: partner.to_string(),
        made_at: case::now().to_string(),
        checkpoint,
        seats: vec![SeatRecord {
            seat: seat.to_string(),
            entries,
        }],
    };
    let signature = case::log().sign(&body.signed_text()).expect("it is short");
    let record = Record { body, signature };
    record.check(Some(&case::log().vkey())).expect("it holds");
    record
}
