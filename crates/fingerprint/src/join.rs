//! Evidence of several cases against one partner or seat.
//!
//! Several artifacts of one case share their keys and are one code: their readings are traced together, and
//! so are several leaks of one case, whose readings are joined before. What is here is for
//! *different* cases, whose keys are fresh: innocent copies of two cases are independent, so their e-values
//! multiply.

use crate::trace::{Bar, TraceError};

/// The joined evidence against one candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joined {
    /// log2 of the product of the e-values.
    pub e_value_bits: f64,
    /// Chance that any innocent candidate would reach this, after correction.
    pub innocent_risk: f64,
}

/// Joins the e-values of one candidate in several cases with fresh keys.
///
/// `e_value_bits`: of the candidate's group or slot in each case, from [`crate::Trace`] or from a
/// recomputed [`crate::Finding`] of the first stage; a case in which it had no copy is left out.
/// `candidates`: how many partners (or seats) could have been asked about.
/// Which cases are joined must not be chosen by what they say; `bar.alignments` counts the choices if it was.
///
/// # Errors
/// [`TraceError::Counts`] without candidates, [`TraceError::Bar`] without alignments.
pub fn join(e_value_bits: &[f64], candidates: u64, bar: &Bar) -> Result<Joined, TraceError> {
    if candidates == 0 {
        return Err(TraceError::Counts {
            groups: 0,
            slots: 0,
            group_slots: 0,
        });
    }
    if bar.alignments == 0 {
        return Err(TraceError::Bar);
    }
    let bits = e_value_bits.iter().sum::<f64>() - 1e-9;
    let tests = candidates as f64 * bar.alignments as f64;
    Ok(Joined {
        e_value_bits: bits,
        innocent_risk: (tests * libm::exp2(-bits)).clamp(1e-290, 1.0),
    })
}
