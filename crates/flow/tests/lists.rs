//! Lists in evidence have one form: what a program repeats, leaves out or turns, and signs again, is refused.
//!
//! `cargo run -p headstart --example forge` found the first of them.
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap like tests")]

#[path = "hostile/case.rs"]
#[allow(dead_code, reason = "each test uses a part of it")]
mod case;

use std::sync::LazyLock;

use flow::evidence::{Body, Evidence, OpenedLeaf};
use flow::verify::verify;

static HONEST: LazyLock<Evidence> = LazyLock::new(case::evidence);

/// The step at which the altered evidence fails, and why; the program signed it again.
fn refused(alter: impl Fn(&mut Body)) -> (&'static str, String) {
    let mut body = HONEST.body.clone();
    alter(&mut body);
    assert_ne!(body, HONEST.body, "nothing was altered");
    let failed = verify(&case::sign(body), None).unwrap_err();
    (failed.step.as_str(), failed.reason)
}

#[test]
fn a_receipt_that_stood_there_twice_passed() {
    for at in 0..2 {
        let (step, reason) = refused(|body| {
            let receipts = &mut body.accused[0].receipts;
            receipts.insert(at, receipts[at].clone());
        });
        assert_eq!(step, "receipts", "{reason}");
    }
}

#[test]
fn receipts_in_another_order_passed() {
    let (step, reason) = refused(|body| body.accused[0].receipts.swap(0, 1));
    assert_eq!(step, "receipts", "{reason}");
}

#[test]
fn one_of_the_two_receipts_of_a_seat_is_enough() {
    for at in 0..2 {
        let mut body = HONEST.body.clone();
        body.accused[0].receipts.remove(at);
        let verified = verify(&case::sign(body), None).unwrap();
        assert_eq!(verified.given.len(), 1);
    }
}

#[test]
fn seats_in_another_order_passed() {
    let (step, reason) = refused(|body| body.accused[0].seats.swap(0, 1));
    assert_eq!(
        (step, reason.as_str()),
        ("score", "the seats are not in the order of their numbers")
    );
}

#[test]
fn a_roster_that_stood_there_twice_passed() {
    let (step, reason) = refused(|body| {
        let press = body.presses[0].clone();
        body.presses.push(press);
    });
    assert_eq!(
        (step, reason.as_str()),
        ("code", "a roster is left out, or stands at another place")
    );
    let (step, _) = refused(|body| body.presses.clear());
    assert_eq!(step, "code");
}

#[test]
fn an_earlier_checkpoint_that_stood_there_twice_passed() {
    let mut body = HONEST.body.clone();
    body.history = vec![body.presses[0].beacon.clone()];
    assert_eq!(verify(&case::sign(body), None).unwrap().history.len(), 1);
    let (step, reason) = refused(|body| {
        body.history = vec![body.presses[0].beacon.clone(); 2];
    });
    assert_eq!(
        (step, reason.as_str()),
        (
            "checkpoint",
            "the earlier checkpoints are not by rising size"
        )
    );
}

#[test]
fn somebody_is_named_once() {
    let (step, reason) = refused(|body| {
        let own = body.accused[0].clone();
        body.accused.push(own);
    });
    assert_eq!(
        (step, reason.as_str()),
        ("verdict", "somebody is named twice")
    );
}

/// A list of witnesses that the roster does not name would change nothing, and so must not be there.
#[test]
fn a_leaf_that_nothing_names_is_refused() {
    let (step, reason) = refused(|body| {
        let leaf: OpenedLeaf = body.code_leaf.clone();
        body.presses[0].witnesses = Some(leaf);
    });
    assert_eq!(step, "code", "{reason}");
    let (step, reason) = refused(|body| {
        let own = body.accused[0].seats[0].clone();
        body.accused[0].given.push(own);
    });
    assert_eq!(step, "keys", "{reason}");
}

/// Two signed trees of one size: whoever kept the other one is shown both, and anybody checks them.
#[test]
fn a_fork_from_a_kept_checkpoint_is_shown_with_both_checkpoints() {
    let own = tlog::Note::parse(&HONEST.body.checkpoint).unwrap();
    let size = tlog::Checkpoint::parse(own.text()).unwrap().size();
    let other = tlog::Checkpoint::new("log.example", size, tlog::Hash::from_bytes([9; 32]))
        .unwrap()
        .sign(&case::log())
        .unwrap();
    let held = flow::holdings::Holdings {
        kept: vec![other.clone()],
        ..flow::holdings::Holdings::default()
    };
    let failed = flow::holdings::compare(&HONEST, &held).unwrap_err();
    assert_eq!(failed.step.as_str(), "kept");
    let report = failed.fork.unwrap();
    assert_eq!((&report.known, &report.offered), (&other, &own));
    let read = tlog::ForkReport::parse(&report.to_text()).unwrap();
    assert!(read.check().unwrap().is_proof());
}
