//! The steps of a verification, each with a name and with what it shows.

use tlog::ForkReport;

/// The steps, in the order in which they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The log key is one, and the expected one.
    LogKey,
    /// The checkpoint is signed by the log key.
    Checkpoint,
    /// Every opened leaf is in the log.
    Inclusion,
    /// The masters are those that the log fixed.
    Masters,
    /// The code is the one that the log fixed.
    Code,
    /// The leak's texts are whole.
    Leak,
    /// The readings come out again from masters and leak.
    Readings,
    /// The keys come from the seeds that the log fixed and the values that were mixed in afterwards.
    Keys,
    /// The accused's copies come out again from masters, code and keys.
    Copy,
    /// The score comes out again.
    Score,
    /// The risk comes out again.
    Risk,
    /// The risk is at or below the bar that the log fixed.
    Verdict,
    /// The receipts are in the log and of the accused.
    Receipts,
    /// Code, packages and receipts stand in the log in the order in which they must have happened.
    Order,
    /// The program signed exactly this.
    Signature,
    /// The leak is the one that was found.
    Found,
    /// Witnesses saw what the evidence rests on, before the leak.
    Witnesses,
    /// The log is the one that was seen before.
    Kept,
    /// The packages are those that the accused was given.
    Packages,
    /// Nothing stands in the evidence that the program's own record leaves out.
    Record,
}

impl Step {
    /// The steps that compare the evidence with what its reader holds, in order; taken only where he holds it.
    pub const HELD: [Self; 5] = [
        Self::Found,
        Self::Witnesses,
        Self::Kept,
        Self::Packages,
        Self::Record,
    ];

    /// Every step that needs nothing but the evidence, in order.
    pub const ALL: [Self; 15] = [
        Self::LogKey,
        Self::Checkpoint,
        Self::Inclusion,
        Self::Masters,
        Self::Code,
        Self::Leak,
        Self::Readings,
        Self::Keys,
        Self::Copy,
        Self::Score,
        Self::Risk,
        Self::Verdict,
        Self::Receipts,
        Self::Order,
        Self::Signature,
    ];

    /// The step's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LogKey => "log key",
            Self::Checkpoint => "checkpoint",
            Self::Inclusion => "inclusion",
            Self::Masters => "masters",
            Self::Code => "code",
            Self::Leak => "leak",
            Self::Readings => "readings",
            Self::Keys => "keys",
            Self::Copy => "copy",
            Self::Score => "score",
            Self::Risk => "risk",
            Self::Verdict => "verdict",
            Self::Receipts => "receipts",
            Self::Order => "order",
            Self::Signature => "signature",
            Self::Found => "found",
            Self::Witnesses => "witnesses",
            Self::Kept => "kept",
            Self::Packages => "packages",
            Self::Record => "record",
        }
    }

    /// What was shown when the step passes.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::LogKey => "the log key is well formed, and the expected one where one was given",
            Self::Checkpoint => {
                "the checkpoint is signed by the log key, and grew from the earlier ones that are shown"
            }
            Self::Inclusion => "every opened leaf is in the log",
            Self::Masters => "the masters are those that were fixed before any copy was given",
            Self::Code => {
                "the code is the one that masters and mixed-in value make, fixed before any copy was given"
            }
            Self::Leak => "the texts of the leak are whole",
            Self::Readings => "the readings come out again from the masters and the leak",
            Self::Keys => {
                "the keys come from seeds and a value that were fixed, in this order, before the copies"
            }
            Self::Copy => "the accused's copies come out again from masters, code and keys",
            Self::Score => "the score comes out again from code, readings and keys",
            Self::Risk => "the risk to the innocent comes out again",
            Self::Verdict => "the risk is at or below the bar that was fixed beforehand",
            Self::Receipts => "the receipts are in the log, and of the accused",
            Self::Order => {
                "the log has the code before the packages, and these before their receipts"
            }
            Self::Signature => "the program signed exactly this file",
            Self::Found => "the leak in it is the one that was found",
            Self::Witnesses => "enough witnesses had seen what it rests on, in time",
            Self::Kept => "its log is the one whose checkpoints were kept",
            Self::Packages => "it is about the packages that the accused has",
            Self::Record => "it has nothing that the program's signed record leaves out",
        }
    }
}

/// A step that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("step `{}` fails: {reason}", step.as_str())]
pub struct Failed {
    /// The step.
    pub step: Step,
    /// Why.
    pub reason: String,
    /// Both signed checkpoints, where the log forked: anybody checks them.
    pub fork: Option<Box<ForkReport>>,
}

impl Failed {
    /// A step that failed for this reason.
    pub fn at(step: Step, reason: impl ToString) -> Self {
        Self {
            step,
            reason: reason.to_string(),
            fork: None,
        }
    }
}
