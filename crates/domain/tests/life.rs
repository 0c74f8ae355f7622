//! The life of a case, told step by step.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use domain::artifact::ArtifactKind;
use domain::case::{Case, CaseFact, EndReason, Stage};
use domain::decide::{CaseCommand, CaseRefusal, PackageFault};
use domain::explain::{Class, Explain};
use domain::open::{Denial, open};
use domain::package::deliver;
use domain::partner::Tier;
use domain::program::{ProgramCommand, ProgramRefusal};
use domain::tlp::Tlp;
use domain::wave::WaveName;
use support::{World, leaf, partner, profile, seat, time};

const BEFORE_VALIDATE: &str = "2026-11-24T17:59:59Z";
const AT_VALIDATE: &str = "2026-11-24T18:00:00Z";
const AT_ADVANCE: &str = "2026-12-03T18:00:00Z";
const AT_ENTRY: &str = "2026-12-07T18:00:00Z";
const AT_RELEASE: &str = "2026-12-08T18:00:00Z";

#[test]
fn waves_open_one_after_the_other_and_each_seat_gets_its_own() {
    let mut world = World::ready();
    assert_eq!(world.case.stage(), Stage::Approved);
    let seats = ["val.s1", "adv.s1", "ent.s1", "cn.s1"];
    for (now, given) in [
        (BEFORE_VALIDATE, 0),
        (AT_VALIDATE, 1),
        ("2026-12-03T17:59:59Z", 1),
        (AT_ADVANCE, 2),
        (AT_ENTRY, 3),
        ("2026-12-08T17:59:59Z", 3),
        (AT_RELEASE, 4),
    ] {
        world.at(now).open_waves().unwrap();
        for (index, id) in seats.iter().enumerate() {
            let answer = world.fetched(id);
            let expected = if index < given {
                "given"
            } else {
                "before-wave"
            };
            assert_eq!(answer, expected, "{id} at {now}");
        }
        assert!(
            world.open_waves().unwrap().is_empty(),
            "opening again opens nothing more"
        );
    }
    assert_eq!(world.case.stage(), Stage::Released);
    assert_eq!(world.case.released_at(), Some(time(AT_RELEASE)));
}

#[test]
fn a_wave_that_is_due_stays_closed_until_it_is_opened() {
    let mut world = World::ready();
    world.at(AT_VALIDATE);
    assert_eq!(world.fetched("val.s1"), "not-opened");
    world.open_waves().unwrap();
    assert_eq!(world.fetched("val.s1"), "given");
}

#[test]
fn press_and_approval_come_in_either_order_and_both_are_needed() {
    let mut world = World::new();
    world.plan().unwrap();
    world.press().unwrap();
    world.at(AT_VALIDATE);
    assert_eq!(
        world.open_waves(),
        Err(CaseRefusal::NotApproved { have: 0 })
    );
    world.approve("Ada").unwrap();
    assert_eq!(
        world.open_waves(),
        Err(CaseRefusal::NotApproved { have: 1 })
    );
    assert_eq!(world.fetched("val.s1"), "not-approved");
    world.approve("Grace").unwrap();
    world.open_waves().unwrap();
    assert_eq!(world.fetched("val.s1"), "given");

    let mut world = World::new();
    world.plan().unwrap();
    world.approve("Ada").unwrap();
    world.approve("Grace").unwrap();
    world.at(AT_VALIDATE);
    assert_eq!(world.open_waves(), Err(CaseRefusal::NotPressed));
    assert_eq!(world.fetched("val.s1"), "not-pressed");
    world.press().unwrap();
    world.open_waves().unwrap();
    assert_eq!(world.fetched("val.s1"), "given");
}

#[test]
fn one_person_cannot_approve_twice_under_two_spellings() {
    let mut world = World::new();
    world.plan().unwrap();
    world.approve("Ada").unwrap();
    for same in ["ada", " ADA ", "Ａda"] {
        let refusal = world.approve(same).unwrap_err();
        assert_eq!(refusal.code(), "approved-before");
        assert_eq!(refusal.class(), Class::NotAllowed);
    }
    assert!(!world.case.is_approved());
}

#[test]
fn an_approval_is_of_the_plan_that_was_shown() {
    let mut world = World::new();
    assert_eq!(world.approve("Ada"), Err(CaseRefusal::NotPlanned));
    world.plan().unwrap();
    let shown = world.case.plan_digest();
    world.add_artifact(ArtifactKind::Rule).unwrap();
    assert_eq!(
        world.approve("Ada"),
        Err(CaseRefusal::NotPlanned),
        "the plan is out of date"
    );
    world.plan().unwrap();
    let stale = world.ask(CaseCommand::Approve {
        person: support::person("Ada"),
        plan: shown,
    });
    assert_eq!(stale, Err(CaseRefusal::PlanChanged));
}

#[test]
fn planning_the_same_again_keeps_the_approvals() {
    let mut world = World::ready();
    assert!(world.plan().unwrap().is_empty());
    assert!(world.case.is_approved());
}

#[test]
fn the_table_of_a_plan_says_who_gets_what_when_and_who_does_not() {
    let mut world = World::new();
    world.plan().unwrap();
    let plan = world.case.plan().unwrap();
    let rows: Vec<String> = plan
        .rows()
        .iter()
        .map(|row| {
            let kinds: Vec<_> = row.kinds.iter().map(|kind| kind.as_str()).collect();
            let seats: Vec<_> = row.seats.iter().map(|seat| seat.as_str()).collect();
            let opens_at = row.opens_at.unwrap();
            format!(
                "{} {opens_at} {} {}",
                row.wave,
                kinds.join("+"),
                seats.join("+")
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            "validate 2026-11-24T18:00:00Z writeup+poc val.s1",
            "advance 2026-12-03T18:00:00Z writeup+poc adv.s1",
            "entry 2026-12-07T18:00:00Z writeup ent.s1",
            "release 2026-12-08T18:00:00Z writeup cn.s1",
        ]
    );
    let exceptions: Vec<String> = plan
        .exceptions
        .iter()
        .map(|e| format!("{} {} {}", e.seat, e.kind, e.rule))
        .collect();
    assert_eq!(
        exceptions,
        ["cn.s1 poc state-report-poc", "ent.s1 poc poc-tier"]
    );
}

#[test]
fn suspending_a_partner_closes_everything_at_once_and_resuming_opens_it_again() {
    let mut world = World::ready();
    world.at(AT_VALIDATE).open_waves().unwrap();
    assert_eq!(world.fetched("val.s1"), "given");
    let reason = || "a leak is being looked into".to_owned();
    let suspend = || ProgramCommand::Suspend {
        partner: partner("val"),
        reason: reason(),
    };
    world.run(suspend()).unwrap();
    assert_eq!(world.fetched("val.s1"), "status");
    assert!(matches!(
        world.run(suspend()),
        Err(ProgramRefusal::Status { .. })
    ));
    assert!(
        world.add_seat("val").is_err(),
        "a suspended partner gets no way round by a second seat"
    );
    let resume = ProgramCommand::Resume {
        partner: partner("val"),
        reason: reason(),
    };
    world.run(resume).unwrap();
    assert_eq!(world.fetched("val.s1"), "given");
}

#[test]
fn a_partner_that_was_suspended_when_its_wave_opened_gets_it_after_it_is_resumed() {
    let mut world = World::ready();
    let reason = || "late payment".to_owned();
    let partner = partner("val");
    world
        .run(ProgramCommand::Suspend {
            partner: partner.clone(),
            reason: reason(),
        })
        .unwrap();
    world.at(AT_VALIDATE).open_waves().unwrap();
    world
        .run(ProgramCommand::Resume {
            partner,
            reason: reason(),
        })
        .unwrap();
    assert_eq!(world.fetched("val.s1"), "not-opened");
    world.open_waves().unwrap();
    assert_eq!(world.fetched("val.s1"), "given");
}

#[test]
fn a_removed_partner_comes_back_only_by_a_fresh_application() {
    let mut world = World::ready();
    world.at(AT_VALIDATE).open_waves().unwrap();
    let remove = ProgramCommand::Remove {
        partner: partner("val"),
        reason: "left".to_owned(),
    };
    world.run(remove).unwrap();
    assert_eq!(world.fetched("val.s1"), "status");
    let resume = ProgramCommand::Resume {
        partner: partner("val"),
        reason: "back".to_owned(),
    };
    assert!(world.run(resume).is_err());
    assert!(world.run(ProgramCommand::Activate(partner("val"))).is_err());
    assert!(world.add_seat("val").is_err());
    let row = support::row("val", Tier::Validate, &[]);
    assert!(world.run(ProgramCommand::Import(vec![row])).is_err());
    world
        .run(ProgramCommand::Apply(profile("val", Tier::Validate, &[])))
        .unwrap();
    world.run(ProgramCommand::Activate(partner("val"))).unwrap();
    assert_eq!(
        world.fetched("val.s1"),
        "seat-retired",
        "its old seats stay retired"
    );
    world.add_seat("val").unwrap();
    assert_eq!(
        world.fetched("val.s2"),
        "agreement",
        "and it accepts the agreement anew"
    );
}

#[test]
fn moving_the_release_voids_plan_and_approvals_and_leaves_opened_waves_open() {
    let mut world = World::ready();
    world.at(AT_VALIDATE).open_waves().unwrap();
    let later = time("2026-12-10T18:00:00Z");
    world.ask(CaseCommand::SetRelease(later)).unwrap();
    assert!(world.case.plan().is_none() && world.case.approvals().is_empty());
    assert_eq!(
        world.fetched("val.s1"),
        "given",
        "what was opened stays open"
    );
    world.at(AT_ADVANCE);
    assert_eq!(world.open_waves(), Err(CaseRefusal::NotPlanned));
    world.plan().unwrap();
    world.approve("Ada").unwrap();
    world.approve("Grace").unwrap();
    assert!(world.open_waves().unwrap().is_empty(), "the wave has moved");
    world.at("2026-12-05T18:00:00Z").open_waves().unwrap();
    assert_eq!(world.fetched("adv.s1"), "given");
}

#[test]
fn a_release_in_the_past_or_none_at_all_opens_nothing() {
    let mut world = World::new();
    let past = world.ask(CaseCommand::SetRelease(world.now));
    assert_eq!(past, Err(CaseRefusal::ReleasePassed { release: world.now }));
    assert_eq!(past.unwrap_err().class(), Class::Usage);

    let context = domain::decide::Context {
        program: &world.program,
        policy: &world.policy,
        by: &domain::person::Actor::Desk,
        now: world.now,
        logged: &[],
    };
    let new = domain::decide::NewCase {
        case: domain::ids::CaseId::parse("HS-2026-0002").unwrap(),
        tlp: Tlp::Amber,
        release: None,
        details: support::sealed("d"),
        secret: support::sealed("s"),
    };
    world.case_events = Case::create(new, &context).unwrap();
    world.case = Case::replay(&world.case_events).unwrap();
    world.add_artifact(ArtifactKind::Writeup).unwrap();
    world.plan().unwrap();
    world.approve("Ada").unwrap();
    world.approve("Grace").unwrap();
    world.press().unwrap();
    world.at("2099-01-01T00:00:00Z");
    assert_eq!(
        world.open_waves(),
        Err(CaseRefusal::Denied(Denial::NoRelease))
    );
    assert_eq!(world.fetched("val.s1"), "no-release");
}

#[test]
fn after_the_press_artifacts_are_frozen_and_the_label_only_goes_up() {
    let mut world = World::ready();
    let refusal = world.add_artifact(ArtifactKind::Rule).unwrap_err();
    assert_eq!(refusal, CaseRefusal::Frozen);
    assert!(!refusal.hint().is_empty());
    assert!(matches!(
        world.ask(CaseCommand::SetTlp(Tlp::Green)),
        Err(CaseRefusal::LabelDown { .. })
    ));
    world.ask(CaseCommand::SetTlp(Tlp::Red)).unwrap();
    assert!(world.case.is_approved(), "closing needs no new approval");
    world.at(AT_ADVANCE).open_waves().unwrap();
    assert_eq!(world.fetched("val.s1"), "given");
    assert_eq!(world.fetched("adv.s1"), "tlp-red");
}

#[test]
fn a_press_is_refused_whole_when_one_package_is_wrong() {
    use PackageFault as Fault;
    let mut world = World::new();
    world.plan().unwrap();
    let good = world.packages();
    assert_eq!(good.len(), 4);
    let mut table = Vec::new();
    let mut wrong = |fault: fn(&Fault) -> bool, change: &dyn Fn(&mut Vec<_>)| {
        let mut packages = good.clone();
        change(&mut packages);
        table.push((packages, fault));
    };
    wrong(|f| *f == Fault::UnknownSeat, &|p: &mut Vec<
        domain::package::PressedPackage,
    >| {
        p[0].seat = seat("nobody.s1");
    });
    wrong(|f| *f == Fault::UnknownSeat, &|p| {
        p[0].partner = partner("ent")
    });
    wrong(|f| *f == Fault::Shared, &|p| p[1].slot = p[0].slot);
    wrong(|f| *f == Fault::Shared, &|p| p[1].blob = p[0].blob);
    wrong(|f| *f == Fault::Shared, &|p| p[1].leaf = p[0].leaf);
    wrong(|f| *f == Fault::Shared, &|p| p[1].leaf = leaf("code"));
    wrong(|f| *f == Fault::Second, &|p| {
        let mut second = p[0].clone();
        second.slot = 99;
        p.push(second);
    });
    wrong(|f| *f == Fault::Artifacts, &|p| p[0].artifacts.clear());
    wrong(|f| *f == Fault::Artifacts, &|p| {
        let first = p[0].artifacts[0].clone();
        p[0].artifacts.push(first);
    });
    wrong(
        |f| matches!(f, Fault::Policy(r) if r.rule == "state-report-poc"),
        &|p| {
            let poc = p[0].artifacts[1].clone();
            let cn = p.iter_mut().find(|p| p.seat == seat("cn.s1")).unwrap();
            cn.artifacts.push(poc);
        },
    );
    wrong(
        |f| {
            matches!(
                f,
                Fault::Wave {
                    wave: WaveName::Release
                }
            )
        },
        &|p| {
            let cn = p.iter_mut().find(|p| p.seat == seat("cn.s1")).unwrap();
            cn.wave = WaveName::Tier(Tier::Validate);
        },
    );
    for (packages, fault) in table {
        match world.press_these(packages) {
            Err(CaseRefusal::Package { why, .. }) => assert!(fault(&why), "{why:?}"),
            other => panic!("{other:?}"),
        }
        assert!(!world.case.is_pressed());
    }
    world.press_these(good).unwrap();
}

#[test]
fn a_seat_that_came_late_is_pressed_planned_and_approved_after_the_others() {
    let mut world = World::ready();
    world.at(AT_VALIDATE).open_waves().unwrap();
    world.add_seat("val").unwrap();
    assert_eq!(world.fetched("val.s2"), "seat-not-planned");
    world.press().unwrap();
    assert!(world.open_waves().unwrap().is_empty());
    world.plan().unwrap();
    assert_eq!(world.fetched("val.s2"), "not-approved");
    assert_eq!(world.fetched("val.s1"), "given");
    world.approve("Ada").unwrap();
    world.approve("Grace").unwrap();
    world.open_waves().unwrap();
    assert_eq!(world.fetched("val.s2"), "given");
}

#[test]
fn a_case_that_ended_early_opens_nothing_more() {
    let mut world = World::ready();
    world.at(AT_VALIDATE).open_waves().unwrap();
    world
        .ask(CaseCommand::EndEarly(EndReason::ExploitationSeen))
        .unwrap();
    assert_eq!(world.case.stage(), Stage::EndedEarly);
    assert_eq!(
        world.fetched("val.s1"),
        "given",
        "what was opened stays open"
    );
    world.at(AT_RELEASE);
    assert_eq!(world.fetched("adv.s1"), "ended-early");
    let over = |refusal: Result<_, CaseRefusal>| refusal.unwrap_err().code().to_owned();
    assert_eq!(over(world.open_waves()), "case-over");
    assert_eq!(over(world.plan()), "case-over");
    assert_eq!(over(world.approve("Eve")), "case-over");
    assert_eq!(over(world.press()), "case-over");
    assert_eq!(
        over(world.ask(CaseCommand::EndEarly(EndReason::DetailsPublic))),
        "case-over"
    );
}

#[test]
fn receipts_keep_the_first_fetch_for_ever_and_the_last_one() {
    let mut world = World::ready();
    world.at(AT_VALIDATE).open_waves().unwrap();
    world.fetch("val.s1").unwrap();
    for now in [AT_ADVANCE, AT_ENTRY] {
        world.at(now).fetch("val.s1").unwrap();
    }
    let receipt = world.case.receipts().of(&seat("val.s1")).unwrap();
    assert_eq!(receipt.first().at, time(AT_VALIDATE));
    assert_eq!(receipt.last().at, time(AT_ENTRY));
    assert_eq!(receipt.fetches(), 3);
    assert_eq!(world.case.receipts().iter().count(), 1);
    let refused = CaseCommand::RefuseFetch {
        seat: seat("adv.s1"),
        rule: "before-wave".to_owned(),
    };
    world.ask(refused).unwrap();
    assert_eq!(world.case.refused()[0].rule, "before-wave");
}

#[test]
fn a_delivery_needs_the_very_package_that_was_opened() {
    use tlog::{Checkpoint, MemoryTree, Signer, confirm, inclusion_proof, leaf_hash};
    let mut world = World::ready();
    world.at(AT_ADVANCE).open_waves().unwrap();
    let seats = [seat("val.s1"), seat("adv.s1")];
    let packages = seats
        .each_ref()
        .map(|seat| world.case.package(seat).unwrap());
    let leaves = packages
        .each_ref()
        .map(|package| leaf_hash(&package.leaf().entry_bytes()));
    let tree = MemoryTree::from_leaves(leaves);
    let signer = Signer::from_seed("log.example", [7; 32]).unwrap();
    let checkpoint = Checkpoint::new("log.example", 2, tree.root()).unwrap();
    let note = checkpoint.sign(&signer).unwrap().to_text();
    let logged = [0, 1].map(|index| {
        let proof = inclusion_proof(&tree, index as u64, 2).unwrap();
        confirm(packages[index].clone(), &proof, &note, &signer.verifier()).unwrap()
    });
    let opened = open(
        &world.case,
        &world.program,
        &world.policy,
        &seats[0],
        world.now,
    )
    .unwrap();
    let delivery = deliver(&logged[0], &opened).unwrap();
    assert_eq!(delivery.seat(), &seats[0]);
    assert_eq!(delivery.blob(), packages[0].blob());
    assert_eq!(
        deliver(&logged[1], &opened).unwrap_err().code(),
        "package-mismatch"
    );
}

#[test]
fn a_partner_learns_of_nothing_but_its_own_standing() {
    let nothing = Denial::nothing_here();
    let mut world = World::ready();
    let denied = |world: &World, id: &str| {
        let denial = open(
            &world.case,
            &world.program,
            &world.policy,
            &seat(id),
            world.now,
        );
        denial.unwrap_err().for_partner()
    };
    assert_eq!(denied(&world, "val.s1"), nothing, "before its wave");
    assert_eq!(
        denied(&world, "nobody.s1"),
        nothing,
        "a seat that does not exist"
    );
    world.ask(CaseCommand::SetTlp(Tlp::Red)).unwrap();
    assert_eq!(
        denied(&world, "adv.s1"),
        nothing,
        "a case that is not for it"
    );
    let suspend = ProgramCommand::Suspend {
        partner: partner("val"),
        reason: "r".to_owned(),
    };
    world.run(suspend).unwrap();
    assert_eq!(denied(&world, "val.s1").code, "status");
}

#[test]
fn events_that_no_decision_made_open_nothing() {
    let mut world = World::new();
    world.plan().unwrap();
    world.press().unwrap();
    world.approve("Ada").unwrap();
    let opened = |world: &World, at: &str| domain::event::Recorded {
        at: time(at),
        by: domain::person::Actor::Timer,
        fact: CaseFact::WaveOpened {
            wave: WaveName::Tier(Tier::Validate),
            opens_at: time("2020-01-01T00:00:00Z"),
            plan: world.case.plan_digest().unwrap(),
            seats: vec![seat("val.s1"), seat("adv.s1")],
        },
    };
    let event = opened(&world, AT_VALIDATE);
    world.case.apply(&event);
    assert!(world.case.waves().is_empty(), "one approval is not enough");
    world.approve("Grace").unwrap();
    let event = opened(&world, BEFORE_VALIDATE);
    world.case.apply(&event);
    assert!(world.case.waves().is_empty(), "not before its time");
    let event = opened(&world, AT_VALIDATE);
    world.case.apply(&event);
    world.at(AT_VALIDATE);
    assert_eq!(world.fetched("val.s1"), "given");
    assert_eq!(
        world.fetched("adv.s1"),
        "before-wave",
        "a seat of another wave is not taken along"
    );
}

#[test]
fn a_clock_that_went_back_closes_what_was_opened() {
    let mut world = World::ready();
    world.at(AT_VALIDATE).open_waves().unwrap();
    assert_eq!(world.fetched("val.s1"), "given");
    world.at(BEFORE_VALIDATE);
    assert_eq!(world.fetched("val.s1"), "before-wave");
}

#[test]
fn a_policy_that_became_stricter_closes_what_was_opened() {
    use domain::policy::{Condition, Effect, Rule};
    let mut world = World::ready();
    world.at(AT_ADVANCE).open_waves().unwrap();
    let rule = |effect| Rule {
        id: "stricter".to_owned(),
        when: vec![Condition::TierNotIn([Tier::Validate].into())],
        effect,
        reason: "an example".to_owned(),
        hint: "An example.".to_owned(),
    };
    world.policy.rules.insert(0, rule(Effect::AtRelease));
    assert_eq!(
        world.fetched("adv.s1"),
        "before-wave",
        "it waits for the release now"
    );
    assert_eq!(world.fetched("val.s1"), "given");
    world.policy.rules[0] = rule(Effect::Deny);
    assert_eq!(world.fetched("adv.s1"), "stricter");
    world.policy.rules[0] = rule(Effect::AtRelease);
    world.at(AT_RELEASE);
    assert_eq!(world.fetched("adv.s1"), "given");
}
