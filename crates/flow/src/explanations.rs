//! What else could explain a leak: each hypothesis with what the readings and the dates say of it.
//!
//! A verdict answers one question: whose copy the marks came from. Whoever acts on it must also ask how the copy got
//! out, and whether what leaked needed a copy at all. Nothing here changes a verdict.

use domain::describe::describe_utc;
use jiff::Timestamp;

use crate::trace::{Verdict, Word};

/// What else could be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hypothesis {
    /// Somebody else used the account, the machine or the mailbox of the seat.
    StolenAccount,
    /// Several copies were mixed.
    Mixed,
    /// Somebody inside the program, who can make every copy.
    Inside,
    /// The same hole was found by somebody who had no copy.
    Independent,
    /// The finder told what was reported.
    Finder,
    /// It was read out of the published fix.
    PatchDiff,
}

/// What is known of a hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing that was read or dated speaks against it.
    Possible,
    /// It alone does not explain the marks that were read.
    DoesNotExplain,
    /// Dates speak against it.
    TooEarly,
}

impl Standing {
    /// A few words for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "not excluded",
            Self::DoesNotExplain => "does not explain the marks",
            Self::TooEarly => "the dates speak against it",
        }
    }
}

/// One hypothesis, weighed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Which.
    pub hypothesis: Hypothesis,
    /// What is known of it.
    pub standing: Standing,
    /// The reason, in whole sentences.
    pub words: String,
}

/// What the case's dates say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dates {
    /// When the leak was seen, or handed in where nobody knows better.
    pub seen_at: Timestamp,
    /// When the details became public, if they did.
    pub public_at: Option<Timestamp>,
}

impl Hypothesis {
    /// Every one, in the order in which they are shown.
    pub const ALL: [Self; 6] = [
        Self::StolenAccount,
        Self::Mixed,
        Self::Inside,
        Self::Independent,
        Self::Finder,
        Self::PatchDiff,
    ];

    /// What it says, for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::StolenAccount => "A stolen account or machine",
            Self::Mixed => "Several copies, mixed",
            Self::Inside => "Somebody inside the program",
            Self::Independent => "Independent discovery",
            Self::Finder => "The finder",
            Self::PatchDiff => "The published fix was read backwards",
        }
    }
}

/// Weighs every hypothesis against a verdict and the dates.
pub fn explanations(verdict: &Verdict, dates: &Dates) -> Vec<Explanation> {
    let weigh = |hypothesis| {
        let (standing, words) = match hypothesis {
            Hypothesis::StolenAccount => stolen(verdict),
            Hypothesis::Mixed => mixed(verdict),
            Hypothesis::Inside => inside(),
            Hypothesis::Independent => without_a_copy(
                verdict,
                "Whoever finds the hole alone writes other words than a copy has.",
            ),
            Hypothesis::Finder => without_a_copy(
                verdict,
                "The finder knows the report, and no copy unless a seat of the program's partners is the finder's too.",
            ),
            Hypothesis::PatchDiff => patch_diff(verdict, dates),
        };
        Explanation {
            hypothesis,
            standing,
            words,
        }
    };
    Hypothesis::ALL.into_iter().map(weigh).collect()
}

fn names_somebody(verdict: &Verdict) -> bool {
    verdict.word == Word::Accuse
}

fn stolen(verdict: &Verdict) -> (Standing, String) {
    let words = if names_somebody(verdict) {
        "Marks lead to a copy, not to a person. Ask who could read it: the seat's account, its machine, its mailbox, \
         its backups, and whoever it was passed on to."
    } else {
        "No copy is named here, so nothing speaks for or against it."
    };
    (Standing::Possible, words.to_owned())
}

fn mixed(verdict: &Verdict) -> (Standing, String) {
    let words = match (names_somebody(verdict), verdict.accused.len()) {
        (true, 1) => {
            "The copy that is named contributed. That others contributed too is not excluded: what they gave may be \
             too little to be seen."
                .to_owned()
        }
        (true, more) => format!(
            "{more} copies are named, each on evidence that holds by itself."
        ),
        (false, _) if verdict.engine.coalition_max >= 2 => format!(
            "What can be read would resolve up to {} copies that were mixed, and no mixture of so few explains it.",
            verdict.engine.coalition_max
        ),
        (false, _) => {
            "What can be read is too little to tell a mixture of copies from none of them.".to_owned()
        }
    };
    (Standing::Possible, words)
}

fn inside() -> (Standing, String) {
    let words = "The program can make every copy, and evidence of marks alone never excludes it. \
                 What bears on it: each copy was committed to the log before it was given, and receipts say when it was.";
    (Standing::Possible, words.to_owned())
}

fn without_a_copy(verdict: &Verdict, why: &str) -> (Standing, String) {
    if names_somebody(verdict) {
        let words = format!(
            "{why} It would not put {} readable marks where one copy has them, except by the stated chance.",
            verdict.readings.read()
        );
        return (Standing::DoesNotExplain, words);
    }
    let words = format!("{why} Nobody is named here, so it may well be this.");
    (Standing::Possible, words)
}

fn patch_diff(verdict: &Verdict, dates: &Dates) -> (Standing, String) {
    match dates.public_at {
        Some(public_at) if public_at <= dates.seen_at => {
            let public = describe_utc(public_at);
            if names_somebody(verdict) {
                let words = format!(
                    "The details were public from {public}, before the leak was seen. A fix explains what the hole is, \
                     and not the marks of a copy."
                );
                return (Standing::DoesNotExplain, words);
            }
            let words = format!(
                "The details were public from {public}, before the leak was seen: no copy was needed to write it."
            );
            (Standing::Possible, words)
        }
        _ => {
            let words = format!(
                "The program had published nothing when the leak was seen ({}). A fix that reached machines before the release \
                 would be an exception.",
                describe_utc(dates.seen_at)
            );
            (Standing::TooEarly, words)
        }
    }
}
