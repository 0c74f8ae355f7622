//! Cases: list, show, begin, change.

use desk::Failure;
use domain::advisory::{AffectedProduct, CaseDetails, Score};
use domain::case::EndReason;
use domain::decide::CaseCommand;
use domain::ids::{CaseId, CveId};
use domain::tlp::Tlp;
use jiff::Timestamp;
use server::wire::{CaseChange, CaseSummary, Happened, NewCase};

use super::{Reach, actor};
use crate::commands::read_json;

/// What of a case is changed.
#[derive(Default)]
pub struct Change {
    /// When the embargo ends.
    pub release: Option<Timestamp>,
    /// The label.
    pub tlp: Option<Tlp>,
    /// The title.
    pub title: Option<String>,
    /// CVE ids; none leaves those that are there.
    pub cves: Vec<CveId>,
    /// Products; none leaves those that are there.
    pub products: Vec<AffectedProduct>,
    /// Scores; none leaves those that are there.
    pub scores: Vec<Score>,
}

impl Change {
    /// Whether what is sealed changes.
    pub fn is_of_details(&self) -> bool {
        self.title.is_some()
            || !(self.cves.is_empty() && self.products.is_empty() && self.scores.is_empty())
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.release.is_none() && self.tlp.is_none() && !self.is_of_details()
    }

    fn replace(self, details: &mut CaseDetails) {
        if let Some(title) = self.title {
            details.title = title;
        }
        if !self.cves.is_empty() {
            details.cves = self.cves;
        }
        if !self.products.is_empty() {
            details.products = self.products;
        }
        if !self.scores.is_empty() {
            details.scores = self.scores;
        }
    }
}

impl Reach<'_> {
    /// All cases, by id.
    pub async fn cases(&self) -> Result<Vec<CaseSummary>, Failure> {
        match self {
            Self::Here(here) => {
                let cases = here.desk.cases().await?;
                Ok(cases
                    .iter()
                    .map(|case| CaseSummary::of(case, None))
                    .collect())
            }
            Self::There(server) => server.all("/api/v1/cases").await,
        }
    }

    /// One case with what it is about and what happened in it.
    pub async fn case(&self, id: &CaseId) -> Result<(CaseSummary, Vec<Happened>), Failure> {
        match self {
            Self::Here(here) => {
                let key = here.key()?;
                let known = here.desk.case(id).await?;
                let details = here.desk.details(&known, &key)?;
                let names = here.desk.file_names(&known, &key)?;
                let history = here.desk.history(id).await?;
                let case = CaseSummary::of(&known, Some(&details)).named(names);
                Ok((case, Happened::all(&history)))
            }
            Self::There(server) => {
                let case = server.get(&format!("/api/v1/cases/{id}")).await?;
                let history = server.all(&format!("/api/v1/cases/{id}/history")).await?;
                Ok((case, history))
            }
        }
    }

    /// A case from an advisory.
    pub async fn import_case(
        &self,
        advisory: &[u8],
        release: Option<Timestamp>,
    ) -> Result<CaseSummary, Failure> {
        match self {
            Self::Here(here) => {
                let (case, details, _) = here.desk.import_case(advisory, release).await?;
                let known = here.desk.case(&case).await?;
                Ok(CaseSummary::of(&known, Some(&details)))
            }
            Self::There(server) => {
                let new = NewCase {
                    advisory: Some(read_json(advisory)?),
                    release: release.map(|at| at.to_string()),
                    ..NewCase::default()
                };
                server.post("/api/v1/cases", &new).await
            }
        }
    }

    /// A case made by hand.
    pub async fn create_case(
        &self,
        details: &CaseDetails,
        tlp: Tlp,
        release: Option<Timestamp>,
    ) -> Result<CaseSummary, Failure> {
        match self {
            Self::Here(here) => {
                let case = here.desk.create_case(details, tlp, release).await?;
                let known = here.desk.case(&case).await?;
                Ok(CaseSummary::of(&known, Some(details)))
            }
            Self::There(server) => {
                let new = NewCase {
                    title: Some(details.title.clone()),
                    advisory: None,
                    release: release.map(|at| at.to_string()),
                    tlp: Some(tlp.to_string()),
                    cves: words(&details.cves),
                    products: given(details.products.iter().map(|one| one.name.clone())),
                    cvss: given(details.scores.iter().map(|one| one.vector().to_owned())),
                    summary: details.summary.clone(),
                };
                server.post("/api/v1/cases", &new).await
            }
        }
    }

    /// Changes a case.
    pub async fn change_case(&self, id: &CaseId, change: Change) -> Result<CaseSummary, Failure> {
        match self {
            Self::Here(here) => {
                let (release, tlp) = (change.release, change.tlp);
                if change.is_of_details() {
                    let key = here.key()?;
                    let mut details = here.desk.details(&here.desk.case(id).await?, &key)?;
                    change.replace(&mut details);
                    here.desk.set_details(id, &details).await?;
                }
                here.desk.set_case(id, release, tlp).await?;
                Ok(CaseSummary::of(&here.desk.case(id).await?, None))
            }
            Self::There(server) => {
                let change = CaseChange {
                    title: change.title,
                    cves: words(&change.cves),
                    products: given(change.products.into_iter().map(|one| one.name)),
                    cvss: given(change.scores.iter().map(|one| one.vector().to_owned())),
                    summary: None,
                    release: change.release.map(|at| at.to_string()),
                    tlp: change.tlp.map(|tlp| tlp.to_string()),
                };
                server.patch(&format!("/api/v1/cases/{id}"), &change).await
            }
        }
    }

    /// Ends the embargo early.
    pub async fn end_case(
        &self,
        id: &CaseId,
        reason: EndReason,
        named: &str,
    ) -> Result<CaseSummary, Failure> {
        match self {
            Self::Here(here) => {
                let by = actor(named)?;
                here.desk
                    .command(id, CaseCommand::EndEarly(reason), &by)
                    .await?;
                Ok(CaseSummary::of(&here.desk.case(id).await?, None))
            }
            Self::There(server) => Err(Failure::usage(
                "not-by-token",
                "at a server a case is ended by two people, each with a passkey",
            )
            .hint(format!(
                "open {}/cases/{id}/end in the browser",
                server.url()
            ))),
        }
    }
}

fn words<T: ToString>(items: &[T]) -> Option<Vec<String>> {
    given(items.iter().map(ToString::to_string))
}

fn given(items: impl Iterator<Item = String>) -> Option<Vec<String>> {
    let items: Vec<String> = items.collect();
    (!items.is_empty()).then_some(items)
}
