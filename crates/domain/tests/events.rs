//! The stored shape of every event: names and fields that old data has, for ever.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use domain::artifact::ArtifactKind;
use domain::case::{Case, CaseEvent, EndReason, VerdictWord};
use domain::decide::CaseCommand;
use domain::ids::{AgreementVersion, BlobId, TraceId};
use domain::person::Role;
use domain::program::{Program, ProgramCommand, ProgramEvent};
use domain::sealed::Digest;
use domain::settings::Settings;
use domain::tlp::Tlp;
use domain::wave::Offsets;
use std::collections::BTreeSet;
use support::{World, partner, person, sealed, seat};

const CASE: &str = include_str!("../vectors/events-case.jsonl");
const PROGRAM: &str = include_str!("../vectors/events-program.jsonl");

/// One line an event, of every type.
fn story() -> World {
    let mut world = World::new();
    let reason = || "an example".to_owned();
    let version = AgreementVersion::parse("2").unwrap();
    let commands = [
        ProgramCommand::ChangeSettings(Settings::new(1e-7, 1e-3, Offsets::default()).unwrap()),
        ProgramCommand::AddPerson {
            person: person("Ada"),
            roles: BTreeSet::from([Role::Approver, Role::Investigator]),
        },
        ProgramCommand::RemovePerson(person("ada")),
        ProgramCommand::Apply(support::profile("new", domain::partner::Tier::Entry, &[])),
        ProgramCommand::Activate(partner("new")),
        ProgramCommand::Suspend {
            partner: partner("new"),
            reason: reason(),
        },
        ProgramCommand::Resume {
            partner: partner("new"),
            reason: reason(),
        },
        ProgramCommand::Remove {
            partner: partner("new"),
            reason: reason(),
        },
        ProgramCommand::RetireSeat {
            seat: seat("ent.s1"),
            reason: reason(),
        },
    ];
    for command in commands {
        world.run(command).unwrap();
    }
    world.ask(CaseCommand::SetDetails(sealed("more"))).unwrap();
    world.ask(CaseCommand::SetTlp(Tlp::Amber)).unwrap();
    let later = support::time("2026-12-09T18:00:00Z");
    world.ask(CaseCommand::SetRelease(later)).unwrap();
    world.add_artifact(ArtifactKind::Rule).unwrap();
    world.plan().unwrap();
    world.approve("Ada").unwrap();
    world.approve("Grace").unwrap();
    world.press().unwrap();
    world.at("2026-11-25T18:00:00Z").open_waves().unwrap();
    world.fetch("val.s1").unwrap();
    let rule = "before-wave".to_owned();
    world
        .ask(CaseCommand::RefuseFetch {
            seat: seat("adv.s1"),
            rule,
        })
        .unwrap();
    let trace = CaseCommand::Trace {
        trace: TraceId::of(&Digest::of(b"question")),
        verdict: VerdictWord::Accuse,
        report: BlobId::of(b"report"),
    };
    world.ask(trace).unwrap();
    world.at("2026-12-09T18:00:00Z").open_waves().unwrap();
    let publish = ProgramCommand::PublishAgreement {
        version,
        text: Some(Digest::of(b"text")),
    };
    world.run(publish).unwrap();
    world
}

fn lines<T: serde::Serialize>(events: &[T]) -> String {
    let line = |event: &T| serde_json::to_string(event).unwrap() + "\n";
    events.iter().map(line).collect()
}

/// An event that ends a case, which the story cannot hold beside a release.
fn ending() -> Vec<CaseEvent> {
    let mut world = World::new();
    world
        .ask(CaseCommand::EndEarly(EndReason::DetailsPublic))
        .unwrap()
}

#[test]
fn events_are_written_as_they_always_were() {
    let mut world = story();
    world.case_events.extend(ending());
    for (name, written, kept) in [
        ("case", lines(&world.case_events), CASE),
        ("program", lines(&world.program_events), PROGRAM),
    ] {
        for (number, (written, kept)) in written.lines().zip(kept.lines()).enumerate() {
            assert_eq!(written, kept, "line {} of events-{name}.jsonl", number + 1);
        }
        assert_eq!(written.lines().count(), kept.lines().count());
    }
}

#[test]
fn events_that_were_kept_are_read_and_replayed() {
    let program: Vec<ProgramEvent> = PROGRAM
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut case: Vec<CaseEvent> = CASE
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    case.pop();
    let world = story();
    assert_eq!(Program::replay(&program), world.program);
    assert_eq!(Case::replay(&case).unwrap(), world.case);
}

#[test]
fn the_kept_events_show_every_type_once_at_least() {
    let types = |text: &str| -> BTreeSet<String> {
        text.lines()
            .map(|line| {
                let value: serde_json::Value = serde_json::from_str(line).unwrap();
                value["type"].as_str().unwrap().to_owned()
            })
            .collect()
    };
    assert_eq!(types(PROGRAM).len(), 14);
    assert_eq!(types(CASE).len(), 14);
}

#[test]
fn what_a_case_is_about_is_in_no_event_in_the_clear() {
    // Everything that the caller sealed is base64 of ciphertext; the words below were sealed.
    for word in [
        "\"details\":\"details\"",
        "\"secret\":\"secret\"",
        "\"name\":\"name\"",
    ] {
        assert!(!CASE.contains(word), "{word}");
    }
    assert!(CASE.contains("\"details\":\"ZGV0YWlscw==\""));
}
