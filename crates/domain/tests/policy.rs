//! The default policy, as a table of every combination.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use domain::artifact::ArtifactKind::{self, Indicators, Poc, Rule, Traffic, Writeup};
use domain::duty::DutyId;
use domain::partner::Status::{self, Active, Applicant, Removed, Suspended};
use domain::partner::Tier::{self, Advance, Entry, Validate};
use domain::policy::{Policy, Question};
use domain::program::ProgramCommand;
use domain::roster::RosterRow;
use domain::tlp::Tlp;
use support::{World, partner, row, seat};

/// A program with one partner that has one seat.
fn world(tier: Tier, status: Status, duties: &[DutyId], agreed: bool, retired: bool) -> World {
    let mut world = World::new();
    let mut new: RosterRow = row("x", tier, duties);
    new.status = if status == Removed { Active } else { status };
    if !agreed {
        new.agreement = None;
    }
    if status == Suspended {
        // A suspended partner gets no new seat, so that it is suspended after it got one.
        new.status = Active;
    }
    world.run(ProgramCommand::Import(vec![new])).unwrap();
    world.add_seat("x").unwrap();
    let reason = || "table".to_owned();
    if status == Suspended {
        let partner = partner("x");
        world
            .run(ProgramCommand::Suspend {
                partner,
                reason: reason(),
            })
            .unwrap();
    }
    if retired {
        let seat = seat("x.s1");
        world
            .run(ProgramCommand::RetireSeat {
                seat,
                reason: reason(),
            })
            .unwrap();
    }
    if status == Removed {
        let partner = partner("x");
        world
            .run(ProgramCommand::Remove {
                partner,
                reason: reason(),
            })
            .unwrap();
    }
    world
}

/// The wave that brings it, or the rule that refuses it.
fn answer(world: &World, kind: ArtifactKind, tlp: Tlp) -> String {
    let question = Question {
        kind,
        partner: world.program.partner(&partner("x")).unwrap(),
        seat: world.program.seat(&seat("x.s1")).unwrap(),
        tlp,
        agreement: world.program.current_agreement(),
    };
    match Policy::default().evaluate(&question) {
        Ok(grant) => grant.wave().to_string(),
        Err(refusal) => format!("no: {}", refusal.rule),
    }
}

const CN: &[DutyId] = &[DutyId::CnRmsv];
const EU: &[DutyId] = &[DutyId::EuCra, DutyId::EuNis2];
const CN_EU: &[DutyId] = &[DutyId::CnRmsv, DutyId::EuCra];

#[test]
fn an_active_partner_with_an_agreement_gets_what_its_tier_and_duties_allow() {
    #[rustfmt::skip]
    let table: &[(Tier, &[DutyId], ArtifactKind, &str)] = &[
        (Validate, &[],   Writeup,    "validate"),
        (Validate, &[],   Poc,        "validate"),
        (Validate, &[],   Rule,       "validate"),
        (Validate, &[],   Traffic,    "validate"),
        (Validate, &[],   Indicators, "validate"),
        (Validate, EU,    Poc,        "validate"),
        (Validate, CN,    Writeup,    "release"),
        (Validate, CN,    Poc,        "no: state-report-poc"),
        (Validate, CN,    Rule,       "release"),
        (Validate, CN,    Traffic,    "release"),
        (Validate, CN,    Indicators, "release"),
        (Validate, CN_EU, Writeup,    "release"),
        (Validate, CN_EU, Poc,        "no: state-report-poc"),
        (Advance,  &[],   Writeup,    "advance"),
        (Advance,  &[],   Poc,        "advance"),
        (Advance,  &[],   Rule,       "advance"),
        (Advance,  &[],   Traffic,    "advance"),
        (Advance,  &[],   Indicators, "advance"),
        (Advance,  EU,    Poc,        "advance"),
        (Advance,  CN,    Writeup,    "release"),
        (Advance,  CN,    Poc,        "no: state-report-poc"),
        (Entry,    &[],   Writeup,    "entry"),
        (Entry,    &[],   Poc,        "no: poc-tier"),
        (Entry,    &[],   Rule,       "entry"),
        (Entry,    &[],   Traffic,    "entry"),
        (Entry,    &[],   Indicators, "entry"),
        (Entry,    EU,    Poc,        "no: poc-tier"),
        (Entry,    CN,    Writeup,    "release"),
        (Entry,    CN,    Poc,        "no: state-report-poc"),
    ];
    for (tier, duties, kind, expected) in table {
        let world = world(*tier, Active, duties, true, false);
        for tlp in [Tlp::Clear, Tlp::Green, Tlp::Amber, Tlp::AmberStrict] {
            assert_eq!(
                answer(&world, *kind, tlp),
                *expected,
                "{tier} {duties:?} {kind} {tlp}"
            );
        }
    }
}

#[test]
fn tlp_red_goes_to_the_tier_validate_only() {
    #[rustfmt::skip]
    let table: &[(Tier, &[DutyId], ArtifactKind, &str)] = &[
        (Validate, &[], Writeup, "validate"),
        (Validate, &[], Poc,     "validate"),
        (Validate, CN,  Writeup, "release"),
        (Validate, CN,  Poc,     "no: state-report-poc"),
        (Advance,  &[], Writeup, "no: tlp-red"),
        (Advance,  &[], Poc,     "no: tlp-red"),
        (Advance,  CN,  Writeup, "no: tlp-red"),
        (Entry,    &[], Writeup, "no: tlp-red"),
        (Entry,    &[], Poc,     "no: tlp-red"),
    ];
    for (tier, duties, kind, expected) in table {
        let world = world(*tier, Active, duties, true, false);
        assert_eq!(
            answer(&world, *kind, Tlp::Red),
            *expected,
            "{tier} {duties:?} {kind}"
        );
    }
}

#[test]
fn without_standing_seat_or_agreement_nothing_is_given_whatever_else_holds() {
    #[rustfmt::skip]
    let table = [
        (Applicant, true,  false, "no: status"),
        (Suspended, true,  false, "no: status"),
        (Removed,   true,  false, "no: status"),
        (Suspended, false, true,  "no: status"),
        (Active,    true,  true,  "no: seat-retired"),
        (Active,    false, true,  "no: seat-retired"),
        (Active,    false, false, "no: agreement"),
    ];
    for (status, agreed, retired, expected) in table {
        for tier in Tier::ALL {
            for duties in [&[][..], CN, EU] {
                let world = world(tier, status, duties, agreed, retired);
                for kind in ArtifactKind::ALL {
                    for tlp in Tlp::ALL {
                        assert_eq!(answer(&world, kind, tlp), expected);
                    }
                }
            }
        }
    }
}

#[test]
fn a_new_version_of_the_agreement_blocks_until_it_is_accepted() {
    let mut world = world(Validate, Active, &[], true, false);
    let version = domain::ids::AgreementVersion::parse("2").unwrap();
    world
        .run(ProgramCommand::PublishAgreement {
            version: version.clone(),
            text: None,
        })
        .unwrap();
    assert_eq!(answer(&world, Writeup, Tlp::Amber), "no: agreement");
    world
        .run(ProgramCommand::AcceptAgreement {
            partner: partner("x"),
            version,
            signatory: "Ada Example".to_owned(),
            means: domain::agreement::Means::Online,
        })
        .unwrap();
    assert_eq!(answer(&world, Writeup, Tlp::Amber), "validate");
}

#[test]
fn a_policy_without_rules_gives_nothing() {
    let world = world(Validate, Active, &[], true, false);
    let question = Question {
        kind: Writeup,
        partner: world.program.partner(&partner("x")).unwrap(),
        seat: world.program.seat(&seat("x.s1")).unwrap(),
        tlp: Tlp::Clear,
        agreement: world.program.current_agreement(),
    };
    let refusal = Policy { rules: vec![] }.evaluate(&question).unwrap_err();
    assert_eq!(refusal.rule, "no-rule");
}

#[test]
fn the_policy_is_data_and_its_digest_changes_with_it() {
    let policy = Policy::default();
    let json = serde_json::to_string(&policy).unwrap();
    let read: Policy = serde_json::from_str(&json).unwrap();
    assert_eq!(read, policy);
    assert_eq!(read.digest(), policy.digest());
    let mut other = policy.clone();
    other.rules[0].reason.push('x');
    assert_ne!(other.digest(), policy.digest());
    let mut ids: Vec<_> = policy.rules.iter().map(|rule| &rule.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), policy.rules.len(), "rules have different names");
}
