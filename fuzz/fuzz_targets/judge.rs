//! Evidence by somebody who owns a log: every signature, proof and digest fits, whatever master, leak and method say.
//!
//! Fields: the master's name, the leak's name, bar (two numbers as eight bytes each, then alignments),
//! method, master, leak.
#![no_main]

use carriers::Master;
use domain::chain::Link;
use domain::sealed::Digest;
use fingerprint::{Counts, Key, Method};
use flow::evidence::{
    Accused, Bar, Body, Bytes, FORMAT, File, Finding, MasterFile, OpenedLeaf, OpenedSeat, Reading,
};
use flow::leaf::ReceiptLeaf;
use flow::press;
use flow::seeds;
use flow::verify::{engine_bar, verify};
use headstart_fuzz::case::{self, Texts};
use headstart_fuzz::fields::{fields, file_name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [name, leak_name, bar, method, source, text] = fields(input);
    let _ = made_up(name, leak_name, bar, method, source, text);
});

fn made_up(
    name: &[u8],
    leak_name: &[u8],
    bar: &[u8],
    method: &[u8],
    source: &[u8],
    text: &[u8],
) -> Option<()> {
    let name = file_name(name);
    let master = case::book_master(Master::parse(&name, source).ok()?, source);
    let mut texts = Texts::default();
    let (secret_leaf, roster_leaf, beacon) = case::fixed(&mut texts, &master);
    let book = case::book(master, &beacon)?;
    let number = |at: usize| Some(u64::from_le_bytes(bar.get(at..at + 8)?.try_into().ok()?));
    let bar = Bar {
        innocent_risk: number(0).map_or(case::RISK, f64::from_bits),
        lead_risk: number(8).map_or(1e-3, f64::from_bits),
        alignments: number(16).unwrap_or(1),
    };
    let method = Method::from_bytes(method).ok()?;
    let package = Digest::of(b"package");
    let code_leaf = texts.commit(press::code_leaf(&book, case::RISK).to_text());
    let roster = texts.entry_digest(roster_leaf);
    let partner = book.partners()[0].clone();
    let own: Vec<_> = book.seatings().iter().filter(|own| own.partner == partner).collect();
    let keys: Vec<Key> = own.iter().map(|seating| book.seat_key(seating)).collect();
    let mut seats = Vec::new();
    let mut receipts = Vec::new();
    for seating in &own {
        let copies = press::copies(&book, seating).ok()?;
        let leaf = press::package_leaf(&book, seating, &copies, Link::FIRST, roster, package);
        let at = texts.commit(leaf.to_text());
        seats.push(at);
        let receipt = ReceiptLeaf {
            case: book.case().clone(),
            partner: partner.clone(),
            seat: seating.seat.clone(),
            link: Link {
                ordinal: 2,
                previous: Some(texts.entry_digest(at)),
            },
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
    let accused_seat = method.slot.and_then(|slot| keys.get(slot as usize));
    let finding = fingerprint::recompute(
        book.code(),
        &readings,
        &book.partner_key(&partner),
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
    let seed_of = |slot: u32| -> Option<OpenedLeaf> {
        seeds::of_seat(book.case(), book.secret(), book.seats(), slot)
    };
    let mut opened = Vec::new();
    for (seating, leaf) in own.iter().zip(&seats) {
        opened.push(OpenedSeat {
            seat: seating.seat.to_string(),
            leaf: leaves[*leaf].clone(),
            seed: seed_of(seating.slot)?,
        });
    }
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
            name: book.masters()[0].master.file_name().to_owned(),
            bytes: Bytes(source.to_vec()),
        }],
        code: Bytes(book.code().to_bytes()),
        code_leaf: leaves[code_leaf].clone(),
        secret_leaf: leaves[secret_leaf].clone(),
        presses: vec![case::shown_press(&texts, &leaves[roster_leaf], &beacon)],
        bar,
        readings: readings.iter().map(Reading::from).collect(),
        accused: vec![Accused {
            partner: partner.to_string(),
            seat: method
                .slot
                .map(|slot| format!("{partner}.s{}", u64::from(slot) + 1)),
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
            partner_seed: seeds::of_partner(book.case(), book.secret(), book.seats(), &partner)?,
            seats: opened,
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
