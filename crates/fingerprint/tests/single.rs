//! One leaker: caught, alone, and provably.

use fingerprint::{
    Bar, Code, Counts, Entry, Key, Layer, Reading, SiteShape, plan, recompute, trace,
};

fn key(kind: u8, number: usize) -> Key {
    Key::from_bytes([3; 32]).derive("test", &[kind, number as u8, (number >> 8) as u8])
}

fn entries(groups: usize, each: usize) -> Vec<Entry> {
    (0..groups * each)
        .map(|i| Entry {
            group: (i / each) as u32,
            group_key: key(0, i / each),
            slot_key: key(1, i),
        })
        .collect()
}

fn shapes(binary: usize, nonces: usize) -> Vec<SiteShape> {
    (0..binary + nonces)
        .map(|i| SiteShape {
            values: if i < binary { 2 } else { 1 << 32 },
            section: (i / 10) as u32,
        })
        .collect()
}

fn leak(code: &Code, entry: &Entry) -> Vec<Reading> {
    code.codeword(&entry.group_key, &entry.slot_key)
        .into_iter()
        .map(|value| Reading::Values {
            values: vec![value],
            noise: 0.01,
        })
        .collect()
}

fn counts(groups: u64, each: u64) -> Counts {
    Counts {
        groups,
        slots: groups * each,
        group_slots: each,
    }
}

#[test]
fn a_whole_copy_accuses_only_its_own_slot_and_a_judge_gets_the_same_finding() {
    let code = Code::plan(&shapes(240, 0), 60, 1e-6, &[1; 32]).unwrap();
    let entries = entries(20, 3);
    let bar = Bar::default();
    for leaker in [0, 17, 59] {
        let readings = leak(&code, &entries[leaker]);
        let found = trace(&code, &readings, &entries, &bar).unwrap();
        assert_eq!(found.refusal, None);
        assert_eq!(found.accused.len(), 1);
        let finding = &found.accused[0];
        assert_eq!(finding.slot, Some(leaker as u32));
        assert!(finding.innocent_risk <= 1e-6);
        let again = recompute(
            &code,
            &readings,
            &entries[leaker].group_key,
            Some(&entries[leaker].slot_key),
            &counts(20, 3),
            &bar,
            &finding.method,
        )
        .unwrap();
        assert_eq!(&again, finding);
    }
}

#[test]
fn the_group_layer_alone_names_the_group_and_no_slot() {
    let code = Code::plan(&shapes(300, 0), 60, 1e-6, &[2; 32]).unwrap();
    let entries = entries(20, 3);
    let bar = Bar::default();
    let mut readings = leak(&code, &entries[10]);
    for (reading, site) in readings.iter_mut().zip(code.sites()) {
        if site.layer == Layer::Slot {
            *reading = Reading::Erased;
        }
    }
    let found = trace(&code, &readings, &entries, &bar).unwrap();
    assert_eq!(found.accused.len(), 1);
    let finding = &found.accused[0];
    assert_eq!((finding.group, finding.slot), (3, None));
    let again = recompute(
        &code,
        &readings,
        &entries[10].group_key,
        None,
        &counts(20, 3),
        &bar,
        &finding.method,
    )
    .unwrap();
    assert_eq!(&again, finding);
}

#[test]
fn another_case_and_too_short_a_leak_accuse_nobody() {
    let code = Code::plan(&shapes(200, 4), 60, 1e-6, &[1; 32]).unwrap();
    let entries = entries(20, 3);
    let stranger = Entry {
        group: 0,
        group_key: key(7, 0),
        slot_key: key(7, 1),
    };
    let found = trace(&code, &leak(&code, &stranger), &entries, &Bar::default()).unwrap();
    assert!(found.accused.is_empty());
    let mut readings = vec![Reading::Erased; code.len()];
    readings[..12].clone_from_slice(&leak(&code, &entries[4])[..12]);
    let found = trace(&code, &readings, &entries, &Bar::default()).unwrap();
    assert!(found.refusal.is_some());
    assert!(found.accused.is_empty());
}

#[test]
fn two_functional_values_name_the_group_and_the_slot() {
    let code = Code::plan(&shapes(0, 2), 60, 1e-6, &[1; 32]).unwrap();
    let entries = entries(20, 3);
    let mut readings = leak(&code, &entries[30]);
    for reading in &mut readings {
        if let Reading::Values { noise, .. } = reading {
            *noise = 0.2;
        }
    }
    let found = trace(&code, &readings, &entries, &Bar::default()).unwrap();
    assert_eq!(found.accused[0].slot, Some(30));
    let prospect = plan::enough(&code, &[true, true], &counts(20, 3), &Bar::default()).unwrap();
    assert!(prospect.group_catch > 0.97);
    assert!(prospect.slot_catch > 0.97);
}

#[test]
fn bytes_of_a_code_come_back_as_the_same_code() {
    let mut shapes = shapes(50, 3);
    for (i, shape) in shapes.iter_mut().enumerate() {
        if i % 3 == 0 {
            shape.values = 2 + i as u64;
        }
    }
    let code = Code::plan(&shapes, 60, 1e-6, &[1; 32]).unwrap();
    let bytes = code.to_bytes();
    assert_eq!(Code::from_bytes(&bytes).unwrap(), code);
    for cut in 0..bytes.len() {
        assert!(Code::from_bytes(&bytes[..cut]).is_err());
    }
    let word = code.codeword(&key(0, 1), &key(1, 1));
    for (i, value) in word.iter().enumerate() {
        assert_eq!(code.symbol(i, &key(0, 1), &key(1, 1)), *value);
        assert!(*value < shapes[i].values);
    }
}
