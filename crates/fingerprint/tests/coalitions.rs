//! Several leakers: caught, nobody else accused, every finding repeatable.

#![allow(clippy::unwrap_used)] // helpers of tests stop at an error, as tests do

use fingerprint::attacks::{Attack, Dice, Mix, suite, unrelated};
use fingerprint::{
    Bar, Code, Counts, Design, Entry, Key, Layer, Reading, SiteShape, Strategy, Trace, recompute,
    trace,
};
use proptest::prelude::*;

fn shapes(sites: usize, each: u32) -> Vec<SiteShape> {
    (0..sites as u32)
        .map(|i| SiteShape {
            values: 2,
            section: i / each,
        })
        .collect()
}

fn entries(groups: usize, each: usize, dice: &mut Dice) -> Vec<Entry> {
    let mut out = Vec::new();
    for group in 0..groups {
        let group_key = Key::from_bytes(dice.bytes());
        for _ in 0..each {
            out.push(Entry {
                group: group as u32,
                group_key: group_key.clone(),
                slot_key: Key::from_bytes(dice.bytes()),
            });
        }
    }
    out
}

fn copies(code: &Code, entries: &[Entry], leakers: &[usize]) -> Vec<Vec<u64>> {
    leakers
        .iter()
        .map(|i| code.codeword(&entries[*i].group_key, &entries[*i].slot_key))
        .collect()
}

/// Every accusation names a leaker, and a judge gets it bit for bit.
fn check(
    code: &Code,
    readings: &[Reading],
    entries: &[Entry],
    leakers: &[usize],
    found: &Trace,
    each: u64,
) {
    let groups: Vec<u32> = leakers.iter().map(|i| entries[*i].group).collect();
    let counts = Counts {
        groups: entries.len() as u64 / each,
        slots: entries.len() as u64,
        group_slots: each,
    };
    for finding in found.accused.iter().chain(&found.leads) {
        let of_group = entries.iter().find(|e| e.group == finding.group).unwrap();
        let slot_key = finding.slot.map(|i| &entries[i as usize].slot_key);
        let again = recompute(
            code,
            readings,
            &of_group.group_key,
            slot_key,
            &counts,
            &Bar::default(),
            &finding.method,
        )
        .unwrap();
        assert_eq!(&again, finding);
    }
    for finding in &found.accused {
        assert!(groups.contains(&finding.group));
        if let Some(slot) = finding.slot {
            assert!(leakers.contains(&(slot as usize)));
        }
    }
}

#[test]
fn coalitions_are_caught_and_every_finding_is_repeated_bit_for_bit() {
    let mut dice = Dice::new(9);
    let mut stages = Vec::new();
    for (leakers, sites, design) in [
        (vec![0, 40], 420, Design::Half),
        (vec![3, 30, 57], 1300, Design::Gl4),
        (vec![3, 4, 5], 1300, Design::Gl12),
        (vec![1, 20, 33, 59], 2400, Design::Gl12),
    ] {
        let code = Code::plan_with(&shapes(sites, 20), 60, 1e-6, &dice.bytes(), design).unwrap();
        let entries = entries(20, 3, &mut dice);
        let attack = Attack::new("", Mix::Strategy(Strategy::Interleave));
        let readings = attack.leak(&code, &copies(&code, &entries, &leakers), &mut dice);
        let found = trace(&code, &readings, &entries, &Bar::default()).unwrap();
        assert!(!found.accused.is_empty(), "{leakers:?}");
        stages.extend(found.accused.iter().map(|f| f.method.stage));
        check(&code, &readings, &entries, &leakers, &found, 3);
    }
    stages.sort_unstable();
    stages.dedup();
    assert!(stages.len() >= 2, "{stages:?}");
}

#[test]
fn paragraphs_spliced_from_ten_copies_name_some_of_them() {
    let mut dice = Dice::new(21);
    let code = Code::plan_with(&shapes(1600, 80), 60, 1e-6, &[3; 32], Design::Gl12).unwrap();
    let entries = entries(60, 1, &mut dice);
    let leakers: Vec<usize> = (0..10).map(|i| 5 * i).collect();
    let attack = Attack::new("", Mix::Splice);
    let readings = attack.leak(&code, &copies(&code, &entries, &leakers), &mut dice);
    let found = trace(&code, &readings, &entries, &Bar::default()).unwrap();
    assert!(!found.accused.is_empty());
    check(&code, &readings, &entries, &leakers, &found, 1);
}

#[test]
fn a_whole_group_that_colludes_is_named_by_its_group_layer() {
    let mut dice = Dice::new(5);
    let code = Code::plan_with(&shapes(240, 12), 60, 1e-6, &[3; 32], Design::Gl12).unwrap();
    let entries = entries(6, 10, &mut dice);
    let leakers: Vec<usize> = (10..20).collect();
    let attack = Attack::new("", Mix::Strategy(Strategy::Minority));
    let readings = attack.leak(&code, &copies(&code, &entries, &leakers), &mut dice);
    let found = trace(&code, &readings, &entries, &Bar::default()).unwrap();
    assert_eq!(found.accused.len(), 1);
    assert_eq!(found.accused[0].group, 1);
    check(&code, &readings, &entries, &leakers, &found, 10);
}

#[test]
fn no_attack_of_the_suite_no_other_case_and_no_unrelated_text_accuses_an_innocent() {
    // 400 traces of 40 innocents; at the bar of 1e-6 even one false accusation would be a fault of the code.
    let mut dice = Dice::new(77);
    let mut traces = 0;
    let mut caught = 0;
    for turn in 0..4_u32 {
        let design = Design::ALL[turn as usize];
        let code = Code::plan_with(&shapes(300, 15), 40, 1e-6, &dice.bytes(), design).unwrap();
        let entries = entries(10, 4, &mut dice);
        for c in [1_usize, 2, 4, 7] {
            for attack in suite(c as u32, design) {
                let leakers: Vec<usize> = (0..c).map(|_| dice.below(40)).collect();
                let readings = attack.leak(&code, &copies(&code, &entries, &leakers), &mut dice);
                let found = trace(&code, &readings, &entries, &Bar::default()).unwrap();
                check(&code, &readings, &entries, &leakers, &found, 4);
                caught += usize::from(!found.accused.is_empty());
                traces += 1;
            }
            let readings = unrelated(&code, 0.3, &mut dice);
            let found = trace(&code, &readings, &entries, &Bar::default()).unwrap();
            assert!(found.accused.is_empty());
            let strangers = self::entries(2, 2, &mut dice);
            let wrong = copies(&code, &strangers, &[0, 3]);
            let readings = Attack::new("", Mix::Splice).leak(&code, &wrong, &mut dice);
            let found = trace(&code, &readings, &entries, &Bar::default()).unwrap();
            assert!(found.accused.is_empty());
        }
    }
    assert!(caught > 60, "{caught} of {traces}");
}

#[test]
fn layers_and_biases_are_even_within_sections() {
    let mut shapes = shapes(600, 40);
    for (i, shape) in shapes.iter_mut().enumerate() {
        shape.values = match i % 20 {
            0 => 1 << 32,
            1 => 5,
            2 => 3,
            _ => 2,
        };
    }
    let code = Code::plan(&shapes, 100, 1e-6, &[8; 32]).unwrap();
    for section in 0..15 {
        let of = |layer: Layer| -> f64 {
            let sites = code.sites().iter();
            let sites = sites.filter(|s| s.section == section && s.layer == layer);
            sites.map(|s| (s.alphabet.values() as f64).log2()).sum()
        };
        let (group, slot) = (of(Layer::Group), of(Layer::Slot));
        assert!((group - slot).abs() < 4.0, "{section}: {group} {slot}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hostile_bytes_of_a_code_never_panic_and_only_canonical_ones_are_read(
        at in 0_usize..400, value: u8, cut in 0_usize..400,
    ) {
        let mut shapes = shapes(40, 10);
        shapes[3].values = 7;
        shapes[9].values = 100_000;
        let mut bytes = Code::plan(&shapes, 9, 1e-6, &[2; 32]).unwrap().to_bytes();
        let place = at % bytes.len();
        bytes[place] = value;
        if let Ok(code) = Code::from_bytes(&bytes) {
            prop_assert_eq!(code.to_bytes(), bytes.clone());
            let key = Key::from_bytes([1; 32]);
            prop_assert_eq!(code.codeword(&key, &key).len(), code.len());
        }
        bytes.truncate(cut);
        let _ = Code::from_bytes(&bytes);
        let _ = fingerprint::Method::from_bytes(&bytes);
    }
}
