//! Ending a case early takes two people; legal clocks run from recorded exploitation; a master is replaced only before
//! the press.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use domain::case::{Case, CaseEvent, EndReason, Stage};
use domain::decide::{CaseCommand, CaseRefusal};
use domain::explain::Explain;
use domain::ids::{ArtifactId, BlobId};
use domain::legal::ReportStep;
use domain::person::Role;
use domain::program::ProgramCommand;
use std::collections::BTreeSet;
use support::{World, person, sealed, time};

const KEPT: &str = include_str!("../vectors/events-case-ending.jsonl");

fn world() -> World {
    let mut world = World::ready();
    for name in ["Ada", "Grace"] {
        let command = ProgramCommand::AddPerson {
            person: person(name),
            roles: BTreeSet::from([Role::Approver]),
        };
        world.run(command).unwrap();
    }
    world
}

fn ask(world: &mut World, name: &str) -> Result<Vec<CaseEvent>, CaseRefusal> {
    world.ask(CaseCommand::AskEnding {
        person: person(name),
        reason: EndReason::DetailsPublic,
        why: sealed("it is on a forum"),
    })
}

fn confirm(world: &mut World, name: &str) -> Result<Vec<CaseEvent>, CaseRefusal> {
    world.ask(CaseCommand::ConfirmEnding {
        person: person(name),
        reason: EndReason::DetailsPublic,
    })
}

fn code<T: std::fmt::Debug>(refused: Result<T, CaseRefusal>) -> String {
    refused.unwrap_err().code().to_owned()
}

#[test]
fn a_case_ends_early_when_one_person_asks_and_another_confirms() {
    let mut world = world();
    assert_eq!(code(confirm(&mut world, "Grace")), "no-ending-asked");
    ask(&mut world, "Ada").unwrap();
    assert_eq!(code(ask(&mut world, "Grace")), "ending-asked");
    assert_eq!(code(confirm(&mut world, "ADA")), "two-people");
    assert_ne!(world.case.stage(), Stage::EndedEarly);
    let other = CaseCommand::ConfirmEnding {
        person: person("Grace"),
        reason: EndReason::ExploitationSeen,
    };
    assert_eq!(code(world.ask(other)), "ending-changed");
    confirm(&mut world, "Grace").unwrap();
    assert_eq!(world.case.stage(), Stage::EndedEarly);
    assert_eq!(code(ask(&mut world, "Ada")), "case-over");
}

#[test]
fn what_was_asked_by_somebody_who_left_or_took_it_back_ends_nothing() {
    let mut world = world();
    ask(&mut world, "Ada").unwrap();
    world
        .run(ProgramCommand::RemovePerson(person("Ada")))
        .unwrap();
    assert_eq!(code(confirm(&mut world, "Grace")), "ending-changed");
    let withdraw = CaseCommand::WithdrawEnding {
        person: person("Grace"),
    };
    world.ask(withdraw).unwrap();
    assert_eq!(code(confirm(&mut world, "Grace")), "no-ending-asked");
    assert_eq!(world.case.asked_ending(), None);
}

#[test]
fn legal_clocks_run_from_awareness_and_from_the_release_and_the_first_record_counts() {
    let mut world = World::new();
    assert!(world.case.legal_clocks().is_empty());
    let record = |at: &str| CaseCommand::RecordExploitation { aware_at: time(at) };
    let report = CaseCommand::RecordReport(ReportStep::EarlyWarning);
    assert_eq!(code(world.ask(report.clone())), "no-clock");
    assert_eq!(
        code(world.ask(record("2026-11-02T00:00:00Z"))),
        "aware-later"
    );
    world.ask(record("2026-11-01T10:00:00Z")).unwrap();
    assert!(
        world
            .ask(record("2026-10-01T10:00:00Z"))
            .unwrap()
            .is_empty()
    );
    let due: Vec<String> = world
        .case
        .legal_clocks()
        .iter()
        .map(|clock| clock.due.to_string())
        .collect();
    // 24 h and 72 h from awareness, 14 days from the release on 8 December at 18:00.
    assert_eq!(
        due,
        [
            "2026-11-02T10:00:00Z",
            "2026-11-04T10:00:00Z",
            "2026-12-22T18:00:00Z"
        ]
    );
    world.ask(report).unwrap();
    let clocks = world.case.legal_clocks();
    assert_eq!(clocks[0].reported_at, Some(world.now));
    assert_eq!(clocks[1].reported_at, None);
}

#[test]
fn a_master_is_replaced_before_the_press_and_the_plan_goes_with_it() {
    let mut world = World::new();
    world.plan().unwrap();
    world.approve("Ada").unwrap();
    let replace = |artifact: &str| CaseCommand::ReplaceMaster {
        artifact: ArtifactId::parse(artifact).unwrap(),
        name: sealed("name"),
        master: BlobId::of(b"another master"),
        sites: 7,
    };
    assert_eq!(code(world.ask(replace("a9"))), "unknown-artifact");
    let kind = world.case.artifacts()[0].kind;
    world.ask(replace("a1")).unwrap();
    assert_eq!(world.case.artifacts()[0].sites, 7);
    assert_eq!(world.case.artifacts()[0].kind, kind);
    assert_eq!(world.case.plan(), None, "what was approved is not this");
    world.plan().unwrap();
    world.press().unwrap();
    assert_eq!(code(world.ask(replace("a2"))), "artifacts-frozen");
}

#[test]
fn these_events_are_written_as_they_always_were_and_read_again() {
    let mut world = World::new();
    let replace = CaseCommand::ReplaceMaster {
        artifact: ArtifactId::parse("a1").unwrap(),
        name: sealed("name"),
        master: BlobId::of(b"another master"),
        sites: 7,
    };
    world.ask(replace).unwrap();
    let aware_at = time("2026-11-01T10:00:00Z");
    world
        .ask(CaseCommand::RecordExploitation { aware_at })
        .unwrap();
    world
        .ask(CaseCommand::RecordReport(ReportStep::Notification))
        .unwrap();
    ask(&mut world, "Ada").unwrap();
    let person = person("Ada");
    world.ask(CaseCommand::WithdrawEnding { person }).unwrap();
    let written: String = world
        .case_events
        .iter()
        .rev()
        .take(5)
        .rev()
        .map(|event| serde_json::to_string(event).unwrap() + "\n")
        .collect();
    assert_eq!(written, KEPT);
    let kept: Vec<CaseEvent> = KEPT
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let first = world.case_events.len() - 5;
    let whole = world.case_events[..first].iter().chain(&kept);
    assert_eq!(Case::replay(whole).unwrap(), world.case);
}
