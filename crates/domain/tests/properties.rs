//! Whatever is asked in whatever order, the promises hold.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use domain::artifact::ArtifactKind;
use domain::case::{Case, CaseEvent, CaseFact, EndReason};
use domain::decide::CaseCommand;
use domain::duty::DutyId;
use domain::open::open;
use domain::partner::{Status, Tier};
use domain::program::{Program, ProgramCommand, ProgramEvent};
use domain::tlp::Tlp;
use domain::wave::Offsets;
use jiff::SignedDuration;
use proptest::prelude::*;
use std::collections::BTreeSet;
use support::{World, partner, seat};

const PARTNERS: [&str; 5] = ["val", "adv", "ent", "cn", "new"];

/// One thing that somebody tries.
#[derive(Debug, Clone)]
enum Try {
    Wait(u32),
    Suspend(usize),
    Resume(usize),
    Remove(usize),
    Apply(usize),
    Activate(usize),
    AddSeat(usize),
    RetireSeat(usize),
    Publish(u8),
    Accept(usize, u8),
    SetTlp(Tlp),
    MoveRelease(i32),
    AddArtifact(ArtifactKind),
    Plan(u32),
    Approve(u8),
    Press,
    Open,
    /// The seat with this number of every partner tries.
    Fetch(u32),
    End,
    /// Plan, approve twice and press, as a program would.
    Prepare,
}

fn any_try() -> impl Strategy<Value = Try> {
    let who = 0..PARTNERS.len();
    prop_oneof![
        6 => (0..8_000u32).prop_map(Try::Wait),
        2 => who.clone().prop_map(Try::Suspend),
        2 => who.clone().prop_map(Try::Resume),
        1 => who.clone().prop_map(Try::Remove),
        1 => who.clone().prop_map(Try::Apply),
        1 => who.clone().prop_map(Try::Activate),
        1 => who.clone().prop_map(Try::AddSeat),
        1 => who.clone().prop_map(Try::RetireSeat),
        1 => (1..4u8).prop_map(Try::Publish),
        2 => (who.clone(), 1..4u8).prop_map(|(who, version)| Try::Accept(who, version)),
        1 => proptest::sample::select(Tlp::ALL.to_vec()).prop_map(Try::SetTlp),
        1 => (-5_000..20_000i32).prop_map(Try::MoveRelease),
        1 => proptest::sample::select(ArtifactKind::ALL.to_vec()).prop_map(Try::AddArtifact),
        4 => (0..20u32).prop_map(Try::Plan),
        6 => (0..3u8).prop_map(Try::Approve),
        4 => Just(Try::Press),
        12 => Just(Try::Open),
        12 => (1..3u32).prop_map(Try::Fetch),
        1 => Just(Try::End),
        6 => Just(Try::Prepare),
    ]
}

fn attempt(world: &mut World, what: &Try) {
    let id = |who: &usize| partner(PARTNERS[*who]);
    let reason = || "tried".to_owned();
    let version = |n: &u8| domain::ids::AgreementVersion::parse(&n.to_string()).unwrap();
    // Refusals are answers too: nothing is changed by them.
    match what {
        Try::Wait(minutes) => world.now += SignedDuration::from_mins(i64::from(*minutes)),
        Try::Suspend(who) => {
            let _ = world.run(ProgramCommand::Suspend {
                partner: id(who),
                reason: reason(),
            });
        }
        Try::Resume(who) => {
            let _ = world.run(ProgramCommand::Resume {
                partner: id(who),
                reason: reason(),
            });
        }
        Try::Remove(who) => {
            let _ = world.run(ProgramCommand::Remove {
                partner: id(who),
                reason: reason(),
            });
        }
        Try::Apply(who) => {
            let duties: &[DutyId] = if PARTNERS[*who] == "cn" {
                &[DutyId::CnRmsv]
            } else {
                &[]
            };
            let profile = support::profile(PARTNERS[*who], Tier::Validate, duties);
            let _ = world.run(ProgramCommand::Apply(profile));
        }
        Try::Activate(who) => {
            let _ = world.run(ProgramCommand::Activate(id(who)));
        }
        Try::AddSeat(who) => {
            let _ = world.add_seat(PARTNERS[*who]);
        }
        Try::RetireSeat(who) => {
            let seat = seat(&format!("{}.s1", PARTNERS[*who]));
            let _ = world.run(ProgramCommand::RetireSeat {
                seat,
                reason: reason(),
            });
        }
        Try::Publish(n) => {
            let version = version(n);
            let _ = world.run(ProgramCommand::PublishAgreement {
                version,
                text: None,
            });
        }
        Try::Accept(who, n) => {
            let _ = world.run(ProgramCommand::AcceptAgreement {
                partner: id(who),
                version: version(n),
                signatory: "Ada".to_owned(),
                means: domain::agreement::Means::Online,
            });
        }
        Try::SetTlp(tlp) => {
            let _ = world.ask(CaseCommand::SetTlp(*tlp));
        }
        Try::MoveRelease(minutes) => {
            let release = world.now + SignedDuration::from_mins(i64::from(*minutes));
            let _ = world.ask(CaseCommand::SetRelease(release));
        }
        Try::AddArtifact(kind) => {
            let _ = world.add_artifact(*kind);
        }
        Try::Plan(days) => {
            let offsets = Offsets::default()
                .with([format!("validate={days}d").as_str()])
                .unwrap();
            let _ = world.ask(CaseCommand::PlanWaves(offsets));
        }
        Try::Approve(who) => {
            let _ = world.approve(["Ada", " ada", "Grace"][usize::from(*who)]);
        }
        Try::Press => {
            let _ = world.press();
        }
        Try::Open => {
            let _ = world.open_waves();
        }
        Try::Fetch(number) => {
            for id in PARTNERS {
                let _ = world.fetch(&format!("{id}.s{number}"));
            }
        }
        Try::Prepare => {
            let _ = world.plan();
            let _ = world.approve("Ada");
            let _ = world.approve("Grace");
            let _ = world.press();
        }
        Try::End => {
            let _ = world.ask(CaseCommand::EndEarly(EndReason::DetailsPublic));
        }
    }
}

/// What the events say, told apart from the code that decides: who approved which plan, and
/// which seats were opened under it.
fn every_opening_was_due_planned_and_approved_by_two(
    events: &[CaseEvent],
) -> Result<(), TestCaseError> {
    let mut plan = None;
    let mut approvals = BTreeSet::new();
    let mut given = BTreeSet::new();
    for event in events {
        match &event.fact {
            CaseFact::WavesPlanned { plan: new, digest } => {
                plan = Some((new, *digest));
                approvals.clear();
            }
            CaseFact::PlanApproved { person, plan: of } => {
                prop_assert_eq!(Some(*of), plan.map(|(_, digest)| digest));
                approvals.insert(person.as_str().to_lowercase());
            }
            CaseFact::ReleaseSet { .. } | CaseFact::ArtifactAdded { .. } => {
                plan = None;
                approvals.clear();
            }
            CaseFact::WaveOpened {
                wave,
                opens_at,
                plan: under,
                seats,
            } => {
                let (plan, digest) = plan.expect("an opening follows a plan");
                prop_assert_eq!(*under, digest);
                prop_assert!(
                    approvals.len() >= 2,
                    "opened with {} approvals",
                    approvals.len()
                );
                prop_assert!(*opens_at <= event.at, "opened before its time");
                for seat in seats {
                    let planned = plan.seat(seat).expect("an opened seat was planned");
                    prop_assert_eq!(planned.wave, *wave);
                    prop_assert_eq!(planned.opens_at, Some(*opens_at));
                    prop_assert!(given.insert(seat.clone()), "opened twice");
                }
            }
            CaseFact::PackageFetched { seat, .. } => {
                prop_assert!(given.contains(seat), "fetched without an opening");
            }
            _ => {}
        }
    }
    Ok(())
}

fn nothing_is_open_that_must_not_be(world: &World) -> Result<(), TestCaseError> {
    for known in world.program.seats() {
        let opened = open(
            &world.case,
            &world.program,
            &world.policy,
            known.id(),
            world.now,
        );
        let partner = world
            .program
            .partner(known.partner())
            .expect("a seat has a partner");
        if opened.is_err() {
            continue;
        }
        prop_assert_eq!(partner.status(), Status::Active);
        prop_assert!(known.retired_at().is_none());
        let agreement = world.program.current_agreement().expect("one is published");
        prop_assert!(partner.accepted().contains_key(agreement));
        let (_, due) = world.case.opened_at(known.id()).expect("it was opened");
        prop_assert!(due <= world.now);
        let package = world.case.pressed_for(known.id()).expect("it was pressed");
        if partner.reports_to_state() {
            prop_assert!(
                world
                    .case
                    .release()
                    .is_some_and(|release| release <= world.now)
            );
            for artifact in world.case.artifacts() {
                let held = package.artifacts.contains(&artifact.artifact);
                prop_assert!(!held || artifact.kind != ArtifactKind::Poc);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn whatever_is_tried_nothing_opens_early_or_to_the_wrong_one(
        ready in any::<bool>(),
        tries in proptest::collection::vec(any_try(), 1..60),
    ) {
        let mut world = if ready { World::ready() } else { World::new() };
        for what in &tries {
            attempt(&mut world, what);
            nothing_is_open_that_must_not_be(&world)?;
        }
        every_opening_was_due_planned_and_approved_by_two(&world.case_events)?;

        // Events, as they are stored, replay to the same state.
        let stored = serde_json::to_string(&world.case_events).unwrap();
        let read: Vec<CaseEvent> = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(Case::replay(&read).unwrap(), world.case);
        let stored = serde_json::to_string(&world.program_events).unwrap();
        let read: Vec<ProgramEvent> = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(Program::replay(&read), world.program);
    }

    #[test]
    fn events_in_any_order_never_panic_and_never_open_without_two_approvals(
        tries in proptest::collection::vec(any_try(), 1..40),
        order in any::<u64>(),
    ) {
        let mut world = World::ready();
        for what in &tries {
            attempt(&mut world, what);
        }
        let first = world.case_events[0].clone();
        let mut rest = world.case_events[1..].to_vec();
        let mut state = order | 1;
        for index in (1..rest.len()).rev() {
            // Any fixed shuffle will do.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            rest.swap(index, (state >> 33) as usize % (index + 1));
        }
        let mut case = Case::begin(&first).unwrap();
        for event in &rest {
            let waves = case.waves().len();
            let approved = case.is_approved();
            case.apply(event);
            prop_assert!(case.waves().len() == waves || approved);
        }
        let mut program = Program::default();
        for event in world.program_events.iter().rev() {
            program.apply(event);
        }
    }

    #[test]
    fn hostile_events_are_refused_or_folded_and_never_panic(text in ".{0,80}", kind in 0..4usize) {
        let kind = ["wave-opened", "case-created", "partner-applied", "copies-pressed"][kind];
        let json = serde_json::json!({
            "at": "2026-01-01T00:00:00Z", "by": "desk", "type": kind, "case": text, "seat": text,
        });
        prop_assert!(serde_json::from_value::<CaseEvent>(json.clone()).is_err());
        prop_assert!(serde_json::from_value::<ProgramEvent>(json).is_err());
        let _ = serde_json::from_str::<CaseEvent>(&text);
    }
}

#[test]
fn the_properties_try_things_that_succeed() {
    // So that the properties above are not true of nothing: of 100 fixed runs, many open a wave.
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut opened, mut fetched) = (0, 0);
    for _ in 0..100 {
        let tries = proptest::collection::vec(any_try(), 60);
        let tries = tries.new_tree(&mut runner).unwrap().current();
        let mut world = World::ready();
        for what in &tries {
            attempt(&mut world, what);
        }
        opened += usize::from(!world.case.waves().is_empty());
        fetched += usize::from(!world.case.receipts().is_empty());
    }
    assert!(
        opened >= 20 && fetched >= 10,
        "{opened} opened, {fetched} fetched"
    );
}
