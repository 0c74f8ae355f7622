//! Accounts and teams: who may open what, and who leads.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::collections::BTreeSet;

use domain::account::{
    Account, AccountCommand, AccountEvent, AccountRefusal, Accounts, RECOVERY_DAYS, TOKEN_DAYS_MAX,
};
use domain::person::{Actor, Role};
use domain::program::{Program, ProgramCommand, ProgramRefusal};
use domain::seat::SeatRole;
use jiff::SignedDuration;
use serde_json::json;
use support::{World, person, seat, time};

fn is(name: &str) -> Actor {
    Actor::Person(person(name))
}

/// A program with one person for each role, and a further administrator.
fn world() -> World {
    let mut world = World::new();
    for (name, role) in [
        ("Ada", Role::Coordinator),
        ("Grace", Role::Approver),
        ("Ines", Role::Investigator),
        ("Mei", Role::Administrator),
        ("Noor", Role::Administrator),
    ] {
        let roles = BTreeSet::from([role]);
        let person = person(name);
        world
            .run(ProgramCommand::AddPerson { person, roles })
            .unwrap();
    }
    world
}

fn passkey(id: &str) -> AccountCommand {
    AccountCommand::AddPasskey {
        passkey: id.to_owned(),
        label: " laptop ".to_owned(),
        credential: json!({"key": id}),
        only_first: false,
    }
}

fn act(
    account: &mut Account,
    command: AccountCommand,
    by: &Actor,
    world: &World,
) -> Result<Vec<AccountEvent>, AccountRefusal> {
    let events = account.decide(command, by, &world.program, world.now)?;
    for event in &events {
        let written = serde_json::to_string(event).unwrap();
        assert_eq!(
            serde_json::from_str::<AccountEvent>(&written).unwrap(),
            *event
        );
        account.apply(event);
    }
    Ok(events)
}

#[test]
fn only_its_owner_changes_what_opens_an_account_and_the_last_passkey_stays() {
    let world = world();
    let mut account = Account::new(is("Ada"));
    assert_eq!(
        act(&mut account, passkey("k1"), &is("Mei"), &world),
        Err(AccountRefusal::NotYours)
    );
    // Two spellings of one name are one person.
    act(&mut account, passkey("k1"), &is(" ADA "), &world).unwrap();
    assert_eq!(account.passkeys().next().unwrap().label, "laptop");
    assert_eq!(
        act(&mut account, passkey("k1"), &is("Ada"), &world),
        Err(AccountRefusal::PasskeyTaken)
    );
    let AccountCommand::AddPasskey {
        passkey: id,
        label,
        credential,
        ..
    } = passkey("k9")
    else {
        panic!()
    };
    let by_link = AccountCommand::AddPasskey {
        passkey: id,
        label,
        credential,
        only_first: true,
    };
    assert_eq!(
        act(&mut account, by_link, &is("Ada"), &world),
        Err(AccountRefusal::HasPasskey)
    );
    let remove = |id: &str| AccountCommand::RemovePasskey(id.to_owned());
    assert_eq!(
        act(&mut account, remove("k1"), &is("Ada"), &world),
        Err(AccountRefusal::LastPasskey)
    );
    act(&mut account, passkey("k2"), &is("Ada"), &world).unwrap();
    act(&mut account, remove("k1"), &is("Ada"), &world).unwrap();
    assert_eq!(
        account
            .passkeys()
            .map(|kept| kept.id.as_str())
            .collect::<Vec<_>>(),
        ["k2"]
    );
    let stranger =
        Account::new(is("Eve")).decide(passkey("k3"), &is("Eve"), &world.program, world.now);
    assert_eq!(stranger, Err(AccountRefusal::NoAccount));
}

#[test]
fn a_recovery_needs_two_people_who_are_not_its_owner_and_does_not_wait_for_ever() {
    let mut world = world();
    let mut account = Account::new(is("Ines"));
    act(&mut account, passkey("k1"), &is("Ines"), &world).unwrap();
    let ask = || AccountCommand::AskRecovery {
        reason: "lost".to_owned(),
    };
    let approve = AccountCommand::ApproveRecovery;
    assert_eq!(
        act(&mut account, ask(), &is("Ines"), &world),
        Err(AccountRefusal::OwnRecovery)
    );
    assert_eq!(
        act(&mut account, ask(), &is("Ada"), &world),
        Err(AccountRefusal::NotYou)
    );
    assert_eq!(
        act(&mut account, ask(), &Actor::Desk, &world),
        Err(AccountRefusal::NotYours)
    );
    assert_eq!(
        act(&mut account, approve.clone(), &is("Grace"), &world),
        Err(AccountRefusal::NoRecovery)
    );
    act(&mut account, ask(), &is("Mei"), &world).unwrap();
    for (by, why) in [
        ("Mei", AccountRefusal::SamePerson),
        ("mei", AccountRefusal::SamePerson),
        ("Ines", AccountRefusal::OwnRecovery),
        ("Ada", AccountRefusal::NotYou),
    ] {
        assert_eq!(
            act(&mut account, approve.clone(), &is(by), &world),
            Err(why),
            "{by}"
        );
    }
    world.now += SignedDuration::from_hours(24 * RECOVERY_DAYS + 1);
    assert_eq!(
        act(&mut account, approve.clone(), &is("Grace"), &world),
        Err(AccountRefusal::NoRecovery)
    );
    act(&mut account, ask(), &is("Noor"), &world).unwrap();
    let epoch = account.epoch();
    act(&mut account, approve, &is("Grace"), &world).unwrap();
    assert!(!account.has_passkey());
    assert_eq!(account.epoch(), epoch + 1, "its sessions are over");
}

#[test]
fn a_token_has_an_end_and_a_scope_and_is_revoked_by_whoever_keeps_the_account() {
    let world = world();
    let lead = Actor::Seat(seat("val.s1"));
    let mut account = Account::new(lead.clone());
    let make = |days: u16, scopes: &[&str]| AccountCommand::MakeToken {
        label: "export".to_owned(),
        digest: "ab".repeat(32),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        from: time("2026-11-01T12:00:00Z"),
        days,
    };
    for days in [0, TOKEN_DAYS_MAX + 1] {
        assert_eq!(
            act(&mut account, make(days, &["read"]), &lead, &world),
            Err(AccountRefusal::TokenLife)
        );
    }
    for scopes in [&[][..], &["Read"], &["read write"]] {
        assert_eq!(
            act(&mut account, make(1, scopes), &lead, &world),
            Err(AccountRefusal::Scopes)
        );
    }
    act(&mut account, make(1, &["read"]), &lead, &world).unwrap();
    assert_eq!(
        act(&mut account, make(1, &["read"]), &lead, &world),
        Err(AccountRefusal::Digest)
    );
    let token = account.tokens().next().unwrap().clone();
    assert_eq!(token.ends_at, time("2026-11-02T12:00:00Z"));
    let revoke = AccountCommand::RevokeToken(token.id);
    for by in [is("Ines"), Actor::Seat(seat("adv.s1"))] {
        assert_eq!(
            act(&mut account, revoke.clone(), &by, &world),
            Err(AccountRefusal::NotYou)
        );
    }
    act(&mut account, revoke, &is("Ada"), &world).unwrap();
    assert_eq!(account.tokens().count(), 0);
}

#[test]
fn whoever_leaves_and_comes_back_by_the_same_name_begins_with_nothing() {
    let mut world = world();
    let mut accounts = Accounts::default();
    let account = Account::new(is("Ada"));
    for event in account
        .decide(passkey("k1"), &is("Ada"), &world.program, world.now)
        .unwrap()
    {
        accounts.apply(&event);
    }
    assert!(accounts.by_passkey("k1").is_some());
    let epoch = accounts.epoch(&is("Ada"));
    let seen = world.program_events.len();
    world
        .run(ProgramCommand::RemovePerson(person("Ada")))
        .unwrap();
    for event in &world.program_events[seen..] {
        accounts.apply_program(event);
    }
    assert!(accounts.by_passkey("k1").is_none());
    assert!(accounts.epoch(&is("ada")) > epoch);
}

fn leads(program: &Program) -> Vec<String> {
    let of_val = program
        .seats()
        .filter(|seat| seat.partner().as_str() == "val");
    of_val
        .filter(|seat| seat.is_lead())
        .map(|seat| seat.id().to_string())
        .collect()
}

#[test]
fn the_first_seat_leads_until_somebody_is_named_and_again_when_nobody_is() {
    let mut world = world();
    world.add_seat("val").unwrap();
    world.add_seat("val").unwrap();
    assert_eq!(leads(&world.program), ["val.s1"]);
    let set = |id: &str, role| ProgramCommand::SetSeatRole {
        seat: seat(id),
        role,
    };
    world.run(set("val.s2", SeatRole::Lead)).unwrap();
    assert_eq!(leads(&world.program), ["val.s2"]);
    world.run(set("val.s3", SeatRole::Lead)).unwrap();
    assert_eq!(leads(&world.program), ["val.s2", "val.s3"]);
    for id in ["val.s2", "val.s3"] {
        world
            .run(ProgramCommand::RetireSeat {
                seat: seat(id),
                reason: "left".to_owned(),
            })
            .unwrap();
    }
    assert_eq!(leads(&world.program), ["val.s1"]);
    world.run(set("val.s1", SeatRole::Analyst)).unwrap();
    assert!(
        leads(&world.program).is_empty(),
        "it was said that this one does not"
    );
    assert_eq!(Program::replay(&world.program_events), world.program);
}

#[test]
fn a_team_is_kept_by_its_lead_and_by_nobody_of_another_partner() {
    let mut world = world();
    world.add_seat("val").unwrap();
    let retire = ProgramCommand::RetireSeat {
        seat: seat("val.s2"),
        reason: "left".to_owned(),
    };
    for (by, is_allowed) in [
        (Actor::Seat(seat("val.s1")), true),
        (Actor::Seat(seat("val.s2")), false),
        (Actor::Seat(seat("adv.s1")), false),
        (is("Ada"), true),
        (is("Mei"), true),
        (is("Grace"), false),
        (is("Eve"), false),
    ] {
        let decided = world.program.decide(retire.clone(), &by, world.now);
        assert_eq!(decided.is_ok(), is_allowed, "{by}");
        if !is_allowed {
            assert_eq!(decided, Err(ProgramRefusal::NotYou), "{by}");
        }
    }
}

#[test]
fn the_programs_people_are_kept_by_administrators_and_nobody_keeps_an_own_role() {
    let world = world();
    let promote = |name: &str| ProgramCommand::AddPerson {
        person: person(name),
        roles: BTreeSet::from(Role::ALL),
    };
    for (by, whom, refusal) in [
        (is("Mei"), "Ines", None),
        (Actor::Desk, "Mei", None),
        (is("Mei"), "mei", Some(ProgramRefusal::OwnRole)),
        (is("Ada"), "Ines", Some(ProgramRefusal::NotYou)),
        (is("Eve"), "Ines", Some(ProgramRefusal::NotYou)),
        (
            Actor::Seat(seat("val.s1")),
            "Ines",
            Some(ProgramRefusal::NotYou),
        ),
    ] {
        let decided = world.program.decide(promote(whom), &by, world.now);
        assert_eq!(decided.err(), refusal, "{by} {whom}");
        let removed =
            world
                .program
                .decide(ProgramCommand::RemovePerson(person(whom)), &by, world.now);
        assert_eq!(removed.err(), refusal, "{by} {whom}");
    }
}
