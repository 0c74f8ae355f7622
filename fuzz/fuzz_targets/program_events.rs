//! A program's events, one JSON a line: any order is folded.
#![no_main]

use domain::program::{Program, ProgramEvent};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let events: Vec<ProgramEvent> = input
        .split(|&byte| byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    for event in &events {
        let json = serde_json::to_vec(event).expect("events are JSON");
        let again: ProgramEvent = serde_json::from_slice(&json).expect("events are read back");
        assert_eq!(*event, again);
    }
    let program = Program::replay(&events);
    for seat in program.seats() {
        assert_eq!(program.seat(seat.id()), Some(seat));
    }
    for partner in program.partners() {
        assert_eq!(program.partner(partner.id()), Some(partner));
        program.seats_of(partner.id()).count();
    }
});
