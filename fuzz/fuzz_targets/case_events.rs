//! A case's events, one JSON a line: any order is folded, and nothing opens without an approved plan.
#![no_main]

use domain::case::{Case, CaseEvent};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let events: Vec<CaseEvent> = input
        .split(|&byte| byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    for event in &events {
        let json = serde_json::to_vec(event).expect("events are JSON");
        let again: CaseEvent = serde_json::from_slice(&json).expect("events are read back");
        assert_eq!(*event, again);
    }
    let Ok(case) = Case::replay(&events) else {
        return;
    };
    case.stage();
    if let Some(plan) = case.plan() {
        assert_eq!(Some(plan.digest()), case.plan_digest());
        plan.rows();
    }
    for (wave, opened) in case.waves() {
        assert!(opened.opens_at <= opened.opened_at, "{wave} opened early");
    }
    if case.waves().is_empty() {
        assert!(
            case.packages()
                .all(|package| case.opened_at(&package.seat).is_none())
        );
    }
    assert_eq!(
        case.packages().count(),
        case.packages()
            .filter(|p| case.package(&p.seat).is_some())
            .count()
    );
});
