//! What two people, or the law, must have a say in: an early end, recorded exploitation; and a master replaced in time.

use super::{CaseRefusal, Context};
use crate::artifact::Artifact;
use crate::case::{Case, CaseFact, EndReason};
use crate::ids::{ArtifactId, BlobId, PersonName};
use crate::sealed::Sealed;
use jiff::Timestamp;

impl Case {
    pub(super) fn replace_master(
        &self,
        artifact: &ArtifactId,
        name: Sealed,
        master: BlobId,
        sites: u32,
    ) -> Result<Vec<CaseFact>, CaseRefusal> {
        self.still_running()?;
        if self.is_pressed() {
            return Err(CaseRefusal::Frozen);
        }
        let mut known = self.artifacts().iter();
        let Some(known) = known.find(|known| known.artifact == *artifact) else {
            return Err(CaseRefusal::UnknownArtifact {
                artifact: artifact.clone(),
            });
        };
        if known.master == master {
            return Ok(Vec::new());
        }
        let artifact = Artifact {
            artifact: artifact.clone(),
            kind: known.kind,
            name,
            master,
            sites,
        };
        Ok(vec![CaseFact::MasterReplaced { artifact }])
    }

    pub(super) fn ask_ending(
        &self,
        person: PersonName,
        reason: EndReason,
        why: Sealed,
    ) -> Result<Vec<CaseFact>, CaseRefusal> {
        self.still_running()?;
        if let Some(asked) = self.asked_ending() {
            return Err(CaseRefusal::EndingAsked {
                person: asked.person.clone(),
            });
        }
        Ok(vec![CaseFact::EndingAsked {
            person,
            reason,
            why,
        }])
    }

    /// INVARIANT: whoever asked and whoever confirms are two people, and both are still of the program.
    pub(super) fn confirm_ending(
        &self,
        person: &PersonName,
        reason: EndReason,
        context: &Context<'_>,
    ) -> Result<Vec<CaseFact>, CaseRefusal> {
        self.still_running()?;
        let asked = self.asked_ending().ok_or(CaseRefusal::NoEndingAsked)?;
        if asked.reason != reason || context.program.person(&asked.person).is_none() {
            return Err(CaseRefusal::EndingChanged);
        }
        if asked.person == *person {
            return Err(CaseRefusal::EndingOfOne {
                person: person.clone(),
            });
        }
        Ok(vec![CaseFact::CaseEndedEarly { reason }])
    }

    pub(super) fn record_exploitation(
        &self,
        aware_at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<CaseFact>, CaseRefusal> {
        if aware_at > now {
            return Err(CaseRefusal::AwareLater { aware_at });
        }
        Ok(match self.exploited() {
            // The first record counts: a clock that could be set back would be none.
            Some(_) => Vec::new(),
            None => vec![CaseFact::ExploitationRecorded { aware_at }],
        })
    }
}
