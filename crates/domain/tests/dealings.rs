//! What a partner and the program tell each other about a case, and how far each partner is.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use domain::case::{Case, CaseEvent};
use domain::decide::{CaseCommand, CaseRefusal, Context};
use domain::explain::Explain;
use domain::funnel::Step;
use domain::ids::BlobId;
use domain::letter::Letter;
use domain::open::standing;
use domain::person::Actor;
use domain::program::ProgramCommand;
use domain::protection::Coverage;
use support::{World, partner, person, seat, time};

const EVENTS: &str = include_str!("../vectors/events-dealings.jsonl");
const OPEN: &str = "2026-11-24T18:00:00Z";

fn letter(text: &str, readers: &[&str]) -> Letter {
    Letter {
        blob: BlobId::of(text.as_bytes()),
        readers: readers.iter().map(|id| seat(id)).collect(),
    }
}

fn asked(
    world: &mut World,
    by: Actor,
    command: CaseCommand,
) -> Result<Vec<CaseEvent>, CaseRefusal> {
    let context = Context {
        program: &world.program,
        policy: &world.policy,
        by: &by,
        now: world.now,
        logged: &[],
    };
    let events = world.case.decide(command, &context)?;
    for event in &events {
        world.case.apply(event);
    }
    world.case_events.extend(events.iter().cloned());
    Ok(events)
}

fn acknowledge(world: &mut World, id: &str) -> Result<Vec<CaseEvent>, CaseRefusal> {
    let command = CaseCommand::Acknowledge {
        seat: seat(id),
        tlp: world.case.tlp(),
        release: world.case.release(),
    };
    asked(world, Actor::Seat(seat(id)), command)
}

fn report(
    world: &mut World,
    number: Option<u32>,
    coverage: Coverage,
    ships_at: Option<&str>,
) -> Result<Vec<CaseEvent>, CaseRefusal> {
    let command = CaseCommand::ReportProtection {
        seat: seat("val.s1"),
        number,
        coverage,
        ships_at: ships_at.map(time),
        details: letter("details", &["val.s1"]),
    };
    asked(world, Actor::Seat(seat("val.s1")), command)
}

fn write(world: &mut World, by: Actor, to: &str, readers: &[&str]) -> Result<(), CaseRefusal> {
    let command = CaseCommand::WriteMessage {
        partner: partner(to),
        text: letter("a question", readers),
    };
    asked(world, by, command).map(drop)
}

fn code(result: Result<impl Sized, CaseRefusal>) -> String {
    result.err().unwrap().code().to_owned()
}

/// The wave of `val` is open, and that of the others is not.
fn opened() -> World {
    let mut world = World::ready();
    world.at(OPEN).open_waves().unwrap();
    world
}

fn story() -> World {
    let mut world = opened();
    acknowledge(&mut world, "val.s1").unwrap();
    report(
        &mut world,
        None,
        Coverage::Planned,
        Some("2026-12-01T00:00:00Z"),
    )
    .unwrap();
    report(&mut world, Some(1), Coverage::Partial, Some(OPEN)).unwrap();
    report(&mut world, None, Coverage::None, None).unwrap();
    write(&mut world, Actor::Seat(seat("val.s1")), "val", &["val.s1"]).unwrap();
    write(&mut world, Actor::Person(person("Ada")), "val", &["val.s1"]).unwrap();
    world
}

#[test]
fn nobody_deals_with_a_case_that_is_not_open_to_him() {
    let mut world = opened();
    assert_eq!(code(acknowledge(&mut world, "adv.s1")), "before-wave");
    let own = Actor::Seat(seat("adv.s1"));
    assert_eq!(
        code(write(&mut world, own, "adv", &["adv.s1"])),
        "before-wave"
    );
    let suspend = ProgramCommand::Suspend {
        partner: partner("val"),
        reason: "an example".to_owned(),
    };
    world.run(suspend).unwrap();
    assert_eq!(code(acknowledge(&mut world, "val.s1")), "status");
    assert_eq!(
        code(report(&mut world, None, Coverage::None, None)),
        "status"
    );
    let own = Actor::Seat(seat("val.s1"));
    assert_eq!(code(write(&mut world, own, "val", &["val.s1"])), "status");
}

#[test]
fn the_program_writes_to_nobody_before_the_wave_and_seals_to_no_closed_seat() {
    let mut world = opened();
    let ada = || Actor::Person(person("Ada"));
    assert_eq!(
        code(write(&mut world, ada(), "adv", &["adv.s1"])),
        "nobody-reads"
    );
    assert_eq!(
        code(write(&mut world, ada(), "val", &["adv.s1"])),
        "not-a-reader"
    );
    assert_eq!(code(write(&mut world, ada(), "val", &[])), "nobody-reads");
    write(&mut world, ada(), "val", &["val.s1"]).unwrap();
    assert_eq!(
        code(write(&mut world, Actor::Timer, "val", &["val.s1"])),
        "not-a-writer"
    );
}

#[test]
fn a_seat_writes_into_its_own_partners_thread_alone() {
    let mut world = opened();
    world.at("2026-12-08T18:00:00Z").open_waves().unwrap();
    let own = Actor::Seat(seat("val.s1"));
    assert_eq!(
        code(write(&mut world, own, "adv", &["adv.s1"])),
        "not-a-writer"
    );
    assert!(world.case.threads().of(&partner("adv")).is_empty());
}

#[test]
fn changed_terms_are_acknowledged_anew() {
    let mut world = opened();
    acknowledge(&mut world, "val.s1").unwrap();
    assert!(acknowledge(&mut world, "val.s1").unwrap().is_empty());
    let shown = CaseCommand::Acknowledge {
        seat: seat("val.s1"),
        tlp: world.case.tlp(),
        release: world.case.release(),
    };
    let later = time("2026-12-10T18:00:00Z");
    world.ask(CaseCommand::SetRelease(later)).unwrap();
    let refused = asked(&mut world, Actor::Seat(seat("val.s1")), shown);
    assert_eq!(code(refused), "terms-changed");
    assert_eq!(acknowledge(&mut world, "val.s1").unwrap().len(), 1);
    let known = world.case.acknowledgements().of(&seat("val.s1")).unwrap();
    assert_eq!(known.release, Some(later));
}

#[test]
fn a_report_of_a_protection_keeps_its_history() {
    let world = story();
    let own = world.case.protections().of(&partner("val"));
    assert_eq!(own.len(), 2);
    assert_eq!(own[0].versions().len(), 2);
    assert_eq!(own[0].newest().coverage, Coverage::Partial);
    assert!(world.case.protections().of(&partner("adv")).is_empty());
}

#[test]
fn coverage_and_time_of_a_protection_fit_together() {
    let mut world = opened();
    let future = Some("2027-01-01T00:00:00Z");
    let past = Some("2026-11-01T00:00:00Z");
    for (coverage, at, rule) in [
        (Coverage::Full, None, "shipped-when"),
        (Coverage::Partial, future, "not-shipped-yet"),
        (Coverage::None, past, "ships-nothing"),
        (Coverage::Planned, past, "planned-past"),
    ] {
        assert_eq!(code(report(&mut world, None, coverage, at)), rule);
    }
    let unknown = report(&mut world, Some(7), Coverage::None, None);
    assert_eq!(code(unknown), "unknown-protection");
    report(&mut world, None, Coverage::Planned, None).unwrap();
}

#[test]
fn a_thread_ends_at_its_limit() {
    let mut world = opened();
    for _ in 0..domain::thread::MESSAGES_MAX {
        write(&mut world, Actor::Desk, "val", &["val.s1"]).unwrap();
    }
    let full = write(&mut world, Actor::Desk, "val", &["val.s1"]);
    assert_eq!(code(full), "limit-reached");
}

#[test]
fn the_funnel_says_how_far_each_partner_is() {
    let mut world = story();
    world.at("2026-11-25T18:00:00Z").fetch("val.s1").unwrap();
    let funnel = world.case.funnel(&world.program);
    let row = |id: &str| {
        funnel
            .iter()
            .find(|row| row.partner == partner(id))
            .unwrap()
    };
    let val = row("val");
    assert_eq!(val.notified_at, Some(time(OPEN)));
    assert_eq!(val.acknowledged_at, Some(time(OPEN)));
    assert_eq!(val.opened_at, Some(time("2026-11-25T18:00:00Z")));
    assert_eq!(val.responded_at, Some(time(OPEN)));
    assert_eq!((val.seats, val.seats_opened), (1, 1));
    let adv = row("adv");
    assert_eq!(adv.seats, 1);
    assert_eq!((adv.notified_at, adv.opened_at), (None, None));
    assert_eq!((adv.acknowledged_at, adv.responded_at), (None, None));
}

#[test]
fn a_seat_is_asked_for_one_step_after_the_other() {
    let mut world = opened();
    let step = |world: &World| world.case.next_step(&seat("val.s1"), &partner("val"));
    assert_eq!(step(&world), Some(Step::Acknowledge));
    acknowledge(&mut world, "val.s1").unwrap();
    assert_eq!(step(&world), Some(Step::Open));
    world.fetch("val.s1").unwrap();
    assert_eq!(step(&world), Some(Step::Report));
    report(&mut world, None, Coverage::None, None).unwrap();
    assert_eq!(step(&world), None);
    let later = CaseCommand::SetRelease(time("2026-12-10T18:00:00Z"));
    world.ask(later).unwrap();
    assert_eq!(step(&world), Some(Step::Acknowledge));
}

#[test]
fn a_letter_is_for_the_seats_that_it_is_sealed_to_and_for_no_other_partner() {
    let world = story();
    let blob = BlobId::of(b"a question");
    let found = |of: &str, id: &str| world.case.letter_for(&partner(of), &seat(id), &blob);
    assert!(found("val", "val.s1").is_some());
    assert!(found("val", "val.s2").is_none());
    assert!(found("adv", "val.s1").is_none());
    assert!(found("adv", "adv.s1").is_none());
}

#[test]
fn a_seat_is_told_of_its_own_standing_and_of_no_case() {
    let mut world = opened();
    let told = |world: &World, id: &str| {
        let view = standing(&world.program, &world.policy, &seat(id));
        view.err().map(|view| view.code)
    };
    assert_eq!(told(&world, "val.s1"), None);
    // What a rule of one case refuses is no standing.
    assert_eq!(told(&world, "cn.s1"), None);
    assert_eq!(told(&world, "nobody.s1").as_deref(), Some("nothing-here"));
    let reason = || "an example".to_owned();
    let suspend = ProgramCommand::Suspend {
        partner: partner("val"),
        reason: reason(),
    };
    world.run(suspend).unwrap();
    assert_eq!(told(&world, "val.s1").as_deref(), Some("status"));
    let retire = ProgramCommand::RetireSeat {
        seat: seat("ent.s1"),
        reason: reason(),
    };
    world.run(retire).unwrap();
    assert_eq!(told(&world, "ent.s1").as_deref(), Some("seat-retired"));
}

#[test]
fn events_of_dealings_are_written_and_read_as_they_always_were() {
    let world = story();
    let kinds = [
        "case-acknowledged",
        "protection-reported",
        "message-written",
    ];
    let written: Vec<String> = world
        .case_events
        .iter()
        .map(|event| serde_json::to_string(event).unwrap())
        .filter(|line| {
            kinds
                .iter()
                .any(|kind| line.contains(&format!("\"type\":\"{kind}\"")))
        })
        .collect();
    let kept: Vec<&str> = EVENTS.lines().collect();
    assert_eq!(written, kept);
    let mut case = opened().case;
    for line in kept {
        let event: CaseEvent = serde_json::from_str(line).unwrap();
        case.apply(&event);
    }
    assert_eq!(case, world.case);
    let replayed = Case::replay(&world.case_events).unwrap();
    assert_eq!(replayed, world.case);
}
