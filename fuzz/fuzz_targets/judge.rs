//! Evidence by somebody who owns a log: every signature, proof and digest fits, whatever master, leak, code and method say.
//!
//! Fields: the master's name, the leak's name, bar (two numbers as eight bytes each, then alignments),
//! method, master, leak, code. An empty code is planned for the master.
#![no_main]

use carriers::Master;
use domain::chain::Link;
use domain::ids::ArtifactId;
use domain::sealed::Digest;
use fingerprint::{Code, Counts, Key, Method};
use flow::evidence::{
    Accused, Bar, Body, Bytes, FORMAT, File, Finding, MasterFile, OpenedSeat, Reading,
};
use flow::leaf::{CodeLeaf, PackageLeaf, ReceiptLeaf, RosterLeaf};
use flow::place::Place;
use flow::press::{DECODER, copies_from};
use flow::verify::{engine_bar, verify};
use headstart_fuzz::case::{self, Texts};
use headstart_fuzz::fields::{fields, file_name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [name, leak_name, bar, method, source, text, code] = fields(input);
    let _ = made_up(name, leak_name, bar, method, source, text, code);
});

fn place(slot: usize) -> Place {
    Place {
        group: 0,
        slot: slot as u32,
        salt: [4; 32],
    }
}

fn made_up(
    name: &[u8],
    leak_name: &[u8],
    bar: &[u8],
    method: &[u8],
    source: &[u8],
    text: &[u8],
    code: &[u8],
) -> Option<()> {
    let name = file_name(name);
    let book = case::book(Master::parse(&name, source).ok()?, source)?;
    let code_bytes = if code.is_empty() {
        book.code().to_bytes()
    } else {
        code.to_vec()
    };
    let code = Code::from_bytes(&code_bytes).ok()?;
    let number = |at: usize| Some(u64::from_le_bytes(bar.get(at..at + 8)?.try_into().ok()?));
    let bar = Bar {
        innocent_risk: number(0).map_or(1e-6, f64::from_bits),
        lead_risk: number(8).map_or(1e-3, f64::from_bits),
        alignments: number(16).unwrap_or(1),
    };
    let method = Method::from_bytes(method).ok()?;
    let key = Key::from_bytes([1; 32]);
    let seat_keys = [Key::from_bytes([2; 32]), Key::from_bytes([3; 32])];
    let artifact: ArtifactId = "a1".parse().expect("an id");
    let digest = Digest::of(&code_bytes);
    let package = Digest::of(b"package");
    let mut texts = Texts::default();
    let code_leaf = texts.commit(
        CodeLeaf {
            case: book.case().clone(),
            secret: Digest::of(b"secret"),
            beacon: Digest::of(b"beacon"),
            code: digest,
            decoder: DECODER.to_owned(),
            innocent_risk: 0.5,
            masters: book.master_digests(),
        }
        .to_text(),
    );
    let sizes = vec![2, 1, 3];
    let roster_leaf = texts.commit(
        RosterLeaf {
            case: book.case().clone(),
            code: digest,
            sizes,
        }
        .to_text(),
    );
    let roster_digest = texts.entry_digest(roster_leaf);
    let partner = "p-1".parse().expect("an id");
    let mut seats = Vec::new();
    let mut receipts = Vec::new();
    for (slot, seat_key) in seat_keys.iter().enumerate() {
        let copies =
            copies_from(book.masters(), &code, &key, seat_key, &[artifact.clone()]).ok()?;
        let seat = domain::ids::SeatId::numbered(&partner, slot as u32 + 1);
        let leaf = PackageLeaf {
            case: book.case().clone(),
            partner: partner.clone(),
            seat: seat.clone(),
            link: Link::FIRST,
            roster: roster_digest,
            place: place(slot).digest(),
            code: digest,
            partner_key: Digest::from_bytes(key.commitment()),
            seat_key: Digest::from_bytes(seat_key.commitment()),
            copies: copies
                .iter()
                .map(|copy| (copy.artifact.clone(), Digest::of(&copy.bytes)))
                .collect(),
            package,
        };
        seats.push((seat.clone(), texts.commit(leaf.to_text())));
        let receipt = ReceiptLeaf {
            case: book.case().clone(),
            partner: partner.clone(),
            seat,
            link: Link::FIRST,
            package,
            at: case::now(),
        };
        receipts.push(texts.commit(receipt.to_text()));
    }
    let leak_name = file_name(leak_name);
    let leak = carriers::Leak::parse(&leak_name, text).ok()?;
    let readings: Vec<fingerprint::Reading> = carriers::read(&book.masters()[0].master, &leak)
        .into_iter()
        .map(|site| site.reading)
        .collect();
    let counts = Counts {
        groups: 3,
        slots: 6,
        group_slots: 2,
    };
    let accused_seat = method.slot.and_then(|slot| seat_keys.get(slot as usize));
    let finding = fingerprint::recompute(
        &code,
        &readings,
        &key,
        accused_seat,
        &counts,
        &engine_bar(&bar),
        &method,
    );
    if let Ok(finding) = &finding {
        assert!((0.0..=1.0).contains(&finding.innocent_risk), "{finding:?}");
        assert!((0.0..=1.0).contains(&finding.tail_risk), "{finding:?}");
    }
    let (checkpoint, leaves) = texts.close();
    let body = Body {
        format: FORMAT.to_owned(),
        program: "Example PSIRT".to_owned(),
        log_key: case::log().vkey(),
        trace: "T-0123456789abcdef".to_owned(),
        made_at: case::now().to_string(),
        case: book.case().to_string(),
        verdict: "accuse".to_owned(),
        leak: vec![File {
            name: leak_name,
            sha256: Digest::of(text).to_string(),
            bytes: Bytes(text.to_vec()),
            origin: None,
        }],
        masters: vec![MasterFile {
            artifact: "a1".to_owned(),
            kind: "poc".to_owned(),
            name,
            bytes: Bytes(source.to_vec()),
        }],
        code: Bytes(code_bytes),
        code_leaf: leaves[code_leaf].clone(),
        roster_leaf: leaves[roster_leaf].clone(),
        bar,
        readings: readings.iter().map(Reading::from).collect(),
        accused: vec![Accused {
            partner: "p-1".to_owned(),
            seat: method
                .slot
                .map(|slot| format!("p-1.s{}", u64::from(slot) + 1)),
            finding: finding.as_ref().map_or(
                Finding {
                    evidence_bits: 0.0,
                    e_value_bits: 0.0,
                    tail_risk: 0.0,
                    innocent_risk: 0.0,
                },
                Finding::from,
            ),
            method: Bytes(method.to_bytes()),
            partner_key: Digest::from_bytes(*key.expose()).to_string(),
            seats: seats
                .iter()
                .zip(&seat_keys)
                .enumerate()
                .map(|(slot, ((seat, leaf), key))| OpenedSeat {
                    group: 0,
                    slot: slot as u32,
                    place_salt: Digest::from_bytes(place(slot).salt).to_string(),
                    seat: seat.to_string(),
                    key: Digest::from_bytes(*key.expose()).to_string(),
                    leaf: leaves[*leaf].clone(),
                })
                .collect(),
            rosters: vec![leaves[roster_leaf].clone()],
            given: Vec::new(),
            receipts: receipts
                .iter()
                .enumerate()
                .filter(|(slot, _)| method.slot.is_none_or(|accused| accused as usize == *slot))
                .map(|(_, leaf)| leaves[*leaf].clone())
                .collect(),
        }],
        checkpoint,
        history: Vec::new(),
        beacon: None,
        watch: None,
        limits: Vec::new(),
    };
    let evidence = case::sign(body);
    let verdict = verify(&evidence, None);
    if let Ok(verified) = &verdict {
        let finding = finding.expect("nothing is verified that cannot be recomputed");
        assert!(finding.innocent_risk <= verified.body.bar.innocent_risk);
    }
    Some(())
}
