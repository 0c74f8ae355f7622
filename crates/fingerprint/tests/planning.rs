//! The small part of the tables, and plans held against simulated leaks.

use fingerprint::attacks::{Attack, Dice, Mix, biases, worst};
use fingerprint::capacity::{Decoder, capacity, gauss_legendre, worst_attack};
use fingerprint::join::join;
use fingerprint::packed::{Scan, Suspect};
use fingerprint::{Alphabet, Bar, Code, Counts, Design, Entry, Key, Layer, SiteShape, plan, trace};

#[test]
fn capacities_and_designs_are_those_of_the_literature_to_their_digits() {
    for (c, joint, simple) in [
        (1, 1.0, 1.0),
        (2, 0.25, 0.18872),
        (3, 0.09754, 0.06592),
        (4, 0.05449, 0.03800),
    ] {
        assert!((capacity(Decoder::Joint, c).0 - joint).abs() < 0.51e-5);
        assert!((capacity(Decoder::Simple, c).0 - simple).abs() < 0.51e-5);
    }
    for (degree, c, bits) in [(4, 4, 0.0304), (8, 6, 0.0139), (12, 8, 0.0080)] {
        let found = worst_attack(Decoder::Simple, c, &gauss_legendre(degree)).0;
        assert!((found - bits).abs() < 0.51e-4, "{found}");
    }
}

#[test]
fn the_dyadic_designs_are_the_rounded_roots_and_their_bits_are_as_stated() {
    for (design, degree) in [
        (Design::Half, 2),
        (Design::Gl4, 4),
        (Design::Gl6, 6),
        (Design::Gl12, 12),
    ] {
        let mut roots: Vec<f64> = gauss_legendre(degree).iter().map(|r| 256.0 * r.0).collect();
        roots.sort_by(f64::total_cmp);
        for (root, bias) in roots.iter().zip(design.biases()) {
            assert!((root - f64::from(*bias)).abs() < 0.6, "{root} {bias}");
        }
        for c in [1, 2, 4, 7] {
            let found = worst_attack(Decoder::Simple, c, &biases(design)).0;
            assert!(
                (found - design.bits_per_site(c)).abs() < 1e-5,
                "{design:?} {c} {found}"
            );
        }
    }
}

#[test]
fn the_design_for_eight_leakers_says_within_a_hundredth_what_any_design_says_of_them() {
    let most = capacity(Decoder::Simple, 8).0;
    let found = worst_attack(Decoder::Simple, 8, &biases(Design::Saddle8)).0;
    assert!(found <= most && found >= 0.985 * most, "{found} {most}");
    for c in [1, 2, 5, 8] {
        let found = worst_attack(Decoder::Simple, c, &biases(Design::Saddle8)).0;
        assert!((found - Design::Saddle8.bits_per_site(c)).abs() < 1e-5);
    }
    assert_eq!(Design::choose(5000, 30.0, Some(8)), Design::Saddle8);
}

#[test]
fn a_larger_case_gets_a_design_for_more_leakers() {
    let chosen: Vec<Design> = [60, 300, 700, 3000]
        .into_iter()
        .map(|sites| Design::choose(sites, 30.0, None))
        .collect();
    assert_eq!(
        chosen,
        [Design::Half, Design::Gl6, Design::Gl6, Design::Saddle8]
    );
    assert_eq!(Design::choose(3000, 30.0, Some(2)), Design::Half);
    let estimate = plan::sites_needed(Design::Gl12, 4, 200, 1e-6, 0.95).unwrap();
    assert!((500..1500).contains(&estimate), "{estimate}");
}

#[test]
fn where_the_meter_says_enough_a_leak_is_traced_as_often_as_it_says() {
    let mut dice = Dice::new(31);
    let (mut said, mut caught, trials) = (0.0, 0, 60);
    for _ in 0..trials {
        let shapes: Vec<SiteShape> = (0..130)
            .map(|i| SiteShape {
                values: if i % 10 == 9 { 4 } else { 2 },
                section: i / 10,
            })
            .collect();
        let code = Code::plan_with(&shapes, 60, 1e-6, &dice.bytes(), Design::Gl4).unwrap();
        let entries: Vec<Entry> = (0..60)
            .map(|i| Entry {
                group: i,
                group_key: Key::from_bytes(dice.bytes()),
                slot_key: Key::from_bytes(dice.bytes()),
            })
            .collect();
        let copy = code.codeword(&entries[9].group_key, &entries[9].slot_key);
        let mut attack = Attack::new("", Mix::Splice);
        attack.truncate = 0.45;
        attack.noise = 0.02;
        let readings = attack.leak(&code, &[copy], &mut dice);
        let readable: Vec<bool> = (0..130).map(|i| i < 72).collect();
        let counts = Counts {
            groups: 60,
            slots: 60,
            group_slots: 1,
        };
        let prospect = plan::enough(&code, &readable, &counts, &Bar::default()).unwrap();
        said += prospect.group_catch;
        let found = trace(&code, &readings, &entries, &Bar::default()).unwrap();
        caught += usize::from(found.accused.iter().any(|f| f.group == 9));
        assert!(found.accused.iter().all(|f| f.group == 9));
    }
    let said = said / f64::from(trials);
    let caught = caught as f64 / f64::from(trials);
    // Plans are lower bounds; 60 trials are good to about 0.13.
    assert!(
        said > 0.3 && caught > said - 0.13,
        "said {said}, caught {caught}"
    );
}

#[test]
fn observed_innocent_scores_keep_to_the_stated_tail() {
    // 200 000 innocents at a stated tail of about 1e-3: 200 ± 55 is four standard deviations.
    let places = (0..120)
        .map(|i| {
            let ones = Design::Gl12.biases()[i % 6];
            (Layer::Slot, 0, Alphabet::Binary { ones })
        })
        .collect();
    let code = Code::assemble(places, 1000, 1e-6, Design::Gl12).unwrap();
    let mut dice = Dice::new(3);
    let copies: Vec<Vec<u64>> = (0..3)
        .map(|_| {
            let key = Key::from_bytes(dice.bytes());
            code.codeword(&key, &key)
        })
        .collect();
    let readings = worst(Decoder::Simple, 3, Design::Gl12).leak(&code, &copies, &mut dice);
    let scan = Scan::new(&code, &readings, Layer::Slot, Suspect::Fitted(3)).unwrap();
    let level = (0..4000).find(|units| scan.tail(*units) <= 1e-3).unwrap();
    let mut scratch = Vec::new();
    let seen = (0..200_000)
        .filter(|_| scan.units_key(&Key::from_bytes(dice.bytes()), &mut scratch) >= level)
        .count();
    let expected = 200_000.0 * scan.tail(level);
    assert!(
        (seen as f64 - expected).abs() < 4.0 * expected.sqrt(),
        "{seen} {expected}"
    );
}

#[test]
fn two_cases_with_fresh_keys_say_together_what_neither_says_alone() {
    let bar = Bar::default();
    let alone = join(&[16.0], 200, &bar).unwrap();
    let both = join(&[16.0, 14.0], 200, &bar).unwrap();
    assert!(alone.innocent_risk > bar.innocent_risk);
    assert!(both.innocent_risk <= bar.innocent_risk);
    assert!(join(&[1.0], 0, &bar).is_err());
}
