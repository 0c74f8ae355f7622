//! How a case is spoken of: its stage, its label, its next wave.

use domain::case::{Case, Stage};
use domain::wave::WaveName;
use jiff::Timestamp;
use maud::{Markup, html};

use crate::Visit;
use crate::web::parts::{state, when};

/// The stage as a word with a mark.
pub fn stage(case: &Case) -> Markup {
    let (tone, word) = match case.stage() {
        Stage::Draft => ("wait", "draft"),
        Stage::Planned => ("wait", "waits for approval"),
        Stage::Approved => ("good", "approved"),
        Stage::Open => ("good", "open"),
        Stage::Released => ("calm", "released"),
        Stage::EndedEarly => ("bad", "ended early"),
    };
    state(tone, word)
}

/// Whether it has not ended yet.
pub fn is_running(case: &Case) -> bool {
    !matches!(case.stage(), Stage::Released | Stage::EndedEarly)
}

/// The release, or that there is none.
pub fn release(visit: &Visit, case: &Case) -> Markup {
    html! { @match case.release() { Some(at) => (when(at, &visit.zone)), None => "not set" } }
}

/// A wave that is still to come: what it is, when, and for how many partners and seats.
pub struct Coming {
    /// The wave.
    pub wave: WaveName,
    /// When.
    pub at: Timestamp,
    /// Partners.
    pub partners: usize,
    /// Seats.
    pub seats: usize,
}

/// The waves of a case that are still to come, soonest first. The release stands among them, also for nobody.
pub fn coming(case: &Case, now: Timestamp) -> Vec<Coming> {
    let Some(plan) = case.plan().filter(|_| is_running(case)) else {
        return Vec::new();
    };
    let mut waves = Vec::new();
    for wave in WaveName::ALL {
        let Some(at) = plan.opens_at(wave).filter(|at| *at > now) else {
            continue;
        };
        let own = || plan.seats.iter().filter(|planned| planned.wave == wave);
        let mut partners: Vec<_> = own().map(|planned| &planned.partner).collect();
        partners.sort();
        partners.dedup();
        if !partners.is_empty() || wave == WaveName::Release {
            waves.push(Coming {
                wave,
                at,
                partners: partners.len(),
                seats: own().count(),
            });
        }
    }
    waves.sort_by_key(|wave| wave.at);
    waves
}

/// What a wave still needs before it can open.
pub fn needs(case: &Case) -> Option<String> {
    let approvals = case.approvals().len();
    let mut needs = Vec::new();
    if !case.is_approved() {
        needs.push(format!(
            "{approvals} of {} approvals",
            domain::case::APPROVALS_NEEDED
        ));
    }
    if !case.is_pressed() {
        needs.push("not pressed".to_owned());
    }
    (!needs.is_empty()).then(|| needs.join(", "))
}

/// The wave's name for people.
pub fn wave_name(wave: WaveName) -> String {
    match wave {
        WaveName::Tier(tier) => format!("Wave `{tier}`").replace('`', ""),
        WaveName::Release => "Release".to_owned(),
    }
}
