//! Who watches the log: named by one person, eased by two, and nothing opens without the quorum.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use domain::decide::{CaseCommand, CaseRefusal, Context};
use domain::explain::{Class, Explain};
use domain::open::open;
use domain::package::{Package, Undelivered, deliver};
use domain::person::Actor;
use domain::program::{ProgramCommand, ProgramEvent, ProgramRefusal};
use domain::watch::{WITNESSES_MAX, WatchChange, WatchRefusal};
use support::{World, person, seat, time};
use tlog::{
    Checkpoint, Cosigner, Entry, Logged, MemoryTree, Quorum, Signer, confirm_cosigned,
    inclusion_proof, leaf_hash,
};

fn cosigner(number: u8) -> Cosigner {
    Cosigner::from_seed(&format!("w{number}"), [number; 32]).unwrap()
}

fn name(number: u8) -> WatchChange {
    WatchChange::Name {
        key: cosigner(number).vkey(),
        url: format!("http://127.0.0.1:80{number:02}"),
    }
}

fn quorum(needed: u32) -> WatchChange {
    WatchChange::Quorum { needed }
}

fn change(world: &mut World, change: WatchChange, by: Option<&str>) -> Result<(), ProgramRefusal> {
    let person = by.map(person);
    world.run(ProgramCommand::ChangeWatch { change, person })
}

/// The packages of these seats in a log whose checkpoint these witnesses have cosigned.
fn logged(world: &World, seats: &[&str], witnesses: &[u8]) -> Vec<Logged<Package>> {
    let log = Signer::from_seed("log.example", [99; 32]).unwrap();
    let packages: Vec<Package> = seats
        .iter()
        .map(|id| world.case.package(&seat(id)).unwrap())
        .collect();
    let mut tree = MemoryTree::new();
    for package in &packages {
        tree.append(leaf_hash(&package.entry_bytes()));
    }
    let mut note = Checkpoint::new("log.example", tree.size(), tree.root())
        .unwrap()
        .sign(&log)
        .unwrap();
    let cosigners: Vec<Cosigner> = witnesses.iter().map(|number| cosigner(*number)).collect();
    for cosigner in &cosigners {
        let line = cosigner.cosign(&note, 1_700_000_000).unwrap();
        note.add(line).unwrap();
    }
    let keys = cosigners.iter().map(Cosigner::key).collect();
    let quorum = Quorum::new(keys, witnesses.len()).unwrap();
    let note = note.to_text();
    packages
        .into_iter()
        .zip(0..)
        .map(|(package, index)| {
            let proof = inclusion_proof(&tree, index, tree.size()).unwrap();
            confirm_cosigned(package, &proof, &note, &log.verifier(), &quorum).unwrap()
        })
        .collect()
}

fn open_waves(world: &mut World, logged: &[Logged<Package>]) -> Result<usize, CaseRefusal> {
    let context = Context {
        program: &world.program,
        policy: &world.policy,
        by: &Actor::Desk,
        now: world.now,
        logged,
    };
    let events = world.case.decide(CaseCommand::OpenWaves, &context)?;
    for event in &events {
        world.case.apply(event);
    }
    Ok(events.len())
}

const ALL: [&str; 4] = ["val.s1", "adv.s1", "ent.s1", "cn.s1"];

fn watched() -> World {
    let mut world = World::ready();
    for number in 1..=3 {
        change(&mut world, name(number), None).unwrap();
    }
    change(&mut world, quorum(2), None).unwrap();
    world.now = time("2026-12-08T18:00:00Z");
    world
}

#[test]
fn a_wave_opens_only_for_packages_under_the_quorum() {
    let mut world = watched();
    let cosigned = logged(&world, &ALL, &[1, 2]);
    let one_alone = logged(&world, &ALL, &[3]);
    let strangers = logged(&world, &ALL, &[1, 7, 8]);
    let not_all = logged(&world, &ALL[..3], &[1, 2]);
    for too_little in [&[][..], &one_alone, &strangers, &not_all] {
        let refusal = open_waves(&mut world, too_little).unwrap_err();
        assert!(
            matches!(refusal, CaseRefusal::NotCosigned { needed: 2, .. }),
            "{refusal}"
        );
        assert_eq!(
            (refusal.class(), refusal.code()),
            (Class::NotAllowed, "not-cosigned")
        );
    }
    assert!(open_waves(&mut world, &cosigned).unwrap() > 0);
}

#[test]
fn a_package_is_delivered_only_under_the_quorum() {
    let mut world = watched();
    let cosigned = logged(&world, &ALL, &[1, 3]);
    let one_alone = logged(&world, &ALL, &[2]);
    open_waves(&mut world, &cosigned).unwrap();
    let id = seat("val.s1");
    let opened = open(&world.case, &world.program, &world.policy, &id, world.now).unwrap();
    assert_eq!(
        deliver(&one_alone[0], &opened),
        Err(Undelivered::NotCosigned { needed: 2 })
    );
    assert_eq!(deliver(&cosigned[1], &opened), Err(Undelivered::Mismatch));
    assert_eq!(deliver(&cosigned[0], &opened).unwrap().seat(), &id);
}

#[test]
fn without_a_quorum_everything_is_as_before() {
    let mut world = World::ready();
    change(&mut world, name(1), None).unwrap();
    world.now = time("2026-12-08T18:00:00Z");
    assert!(open_waves(&mut world, &[]).unwrap() > 0);
    assert!(world.program.watch().quorum().is_none());
}

#[test]
fn what_eases_a_quorum_takes_two_different_people() {
    let mut world = watched();
    for eases in [quorum(1), quorum(0), name(4)] {
        let alone = change(&mut world, eases.clone(), None).unwrap_err();
        assert!(matches!(
            alone,
            ProgramRefusal::Watch(WatchRefusal::TwoPeople { .. })
        ));
        let before = world.program.watch().clone();
        change(&mut world, eases.clone(), Some("Ada")).unwrap();
        assert_eq!(world.program.watch().needed(), before.needed());
        assert_eq!(world.program.watch().witnesses(), before.witnesses());
        for same in ["Ada", "ada"] {
            let again = change(&mut world, eases.clone(), Some(same)).unwrap_err();
            assert_eq!(again.code(), "approved-before");
            assert_eq!(again.class(), Class::NotAllowed);
        }
    }
    change(&mut world, quorum(1), Some("Grace")).unwrap();
    assert_eq!(world.program.watch().needed(), 1);
    // The change was of the old quorum; what others agreed to is asked again.
    assert!(world.program.watch().approvals().is_empty());
    change(&mut world, name(4), Some("Grace")).unwrap();
    assert_eq!(world.program.watch().witnesses().len(), 3);
    change(&mut world, name(4), Some("Ada")).unwrap();
    assert_eq!(world.program.watch().witnesses().len(), 4);
}

#[test]
fn what_hardens_a_quorum_takes_one() {
    let mut world = watched();
    change(&mut world, quorum(3), None).unwrap();
    let too_few = change(&mut world, WatchChange::Drop { name: "w1".into() }, None).unwrap_err();
    assert_eq!(too_few.code(), "quorum-impossible");
    assert_eq!(
        change(&mut world, quorum(4), None).unwrap_err().code(),
        "quorum-impossible"
    );
    change(&mut world, quorum(2), Some("Ada")).unwrap();
    change(&mut world, quorum(2), Some("Grace")).unwrap();
    change(&mut world, WatchChange::Drop { name: "w1".into() }, None).unwrap();
    assert_eq!(world.program.watch().witnesses().len(), 2);
}

#[test]
fn witnesses_that_could_count_twice_or_mean_nothing_are_refused() {
    let mut world = World::new();
    change(&mut world, name(1), None).unwrap();
    // The same again changes nothing.
    change(&mut world, name(1), None).unwrap();
    assert_eq!(world.program.watch().witnesses().len(), 1);
    let renamed = Cosigner::from_seed("other", [1; 32]).unwrap().vkey();
    let log_key = Signer::from_seed("w5", [5; 32]).unwrap().vkey();
    let good = cosigner(2).vkey();
    for (key, url, code) in [
        (renamed.as_str(), "http://127.0.0.1:1", "witness-exists"),
        (&cosigner(1).vkey(), "http://127.0.0.1:1", "witness-exists"),
        (&log_key, "http://127.0.0.1:1", "witness-key"),
        ("nonsense", "http://127.0.0.1:1", "witness-key"),
        (&good, "ftp://w", "witness-url"),
        (&good, "http://", "witness-url"),
        (&good, "http://a:b@w", "witness-url"),
        (&good, "http://w w", "witness-url"),
        (&good, &format!("http://{}", "w".repeat(300)), "witness-url"),
    ] {
        let (key, url) = (key.to_owned(), url.to_owned());
        let refusal = change(&mut world, WatchChange::Name { key, url }, None).unwrap_err();
        assert_eq!(refusal.code(), code, "{refusal}");
        assert_eq!(refusal.class(), Class::Usage);
        assert!(!refusal.hint().is_empty());
    }
    let unknown = change(&mut world, WatchChange::Drop { name: "w9".into() }, None);
    assert_eq!(unknown.unwrap_err().code(), "unknown-witness");
    for number in 2..=u8::try_from(WITNESSES_MAX).unwrap() {
        change(&mut world, name(number), None).unwrap();
    }
    assert_eq!(
        change(&mut world, name(200), None).unwrap_err().code(),
        "limit-reached"
    );
}

#[test]
fn events_of_watching_come_back_from_json() {
    let mut world = watched();
    change(&mut world, quorum(1), Some("Ada")).unwrap();
    change(&mut world, name(4), Some("Ada")).unwrap();
    change(&mut world, WatchChange::Drop { name: "w3".into() }, None).unwrap();
    let json = serde_json::to_string(&world.program_events).unwrap();
    assert!(
        json.contains(r#""type":"watch-approved","change":"quorum","needed":1"#),
        "{json}"
    );
    let events: Vec<ProgramEvent> = serde_json::from_str(&json).unwrap();
    assert_eq!(events, world.program_events);
    assert_eq!(domain::program::Program::replay(&events), world.program);
}
