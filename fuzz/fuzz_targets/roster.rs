//! Rosters: whole or refused, each fault with its place; what was read are partners that can be imported at once.
#![no_main]

use domain::program::Program;
use domain::roster::{FAULTS_LISTED_MAX, ROSTER_ROWS_MAX, read_roster};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;

fuzz_target!(|input: &[u8]| {
    match read_roster(input, &Program::default()) {
        Ok(rows) => {
            assert!(rows.len() <= ROSTER_ROWS_MAX);
            let ids: BTreeSet<_> = rows.iter().map(|row| &row.profile.partner).collect();
            assert_eq!(ids.len(), rows.len());
        }
        Err(errors) => {
            assert!(!errors.faults().is_empty() && errors.faults().len() <= FAULTS_LISTED_MAX);
            assert!(errors.faults().len() <= errors.count());
            assert!(errors.faults().iter().all(|fault| fault.line >= 1));
            assert!(!errors.to_string().contains('\n'));
        }
    }
});
