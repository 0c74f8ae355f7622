//! Waves: plan, show, approve, open; receipts.

use desk::Failure;
use domain::decide::CaseCommand;
use domain::ids::CaseId;
use domain::person::Actor;
use serde_json::Value;
use server::wire::{JustOpened, NewApproval, NewPlan, Receipts, Waves};

use super::{Reach, actor, person};

impl Reach<'_> {
    /// Plans the waves of a case.
    pub async fn plan_waves(&self, case: &CaseId, tiers: &[String]) -> Result<Waves, Failure> {
        match self {
            Self::Here(here) => {
                let program = here.desk.program().await?;
                let offsets = program
                    .settings()
                    .offsets()
                    .with(tiers.iter().map(String::as_str))
                    .map_err(Failure::from_refusal)?;
                here.desk
                    .command(case, CaseCommand::PlanWaves(offsets), &Actor::Desk)
                    .await?;
                self.waves(case).await
            }
            Self::There(server) => {
                let tiers = tiers.to_vec();
                let path = format!("/api/v1/cases/{case}/waves");
                server.post(&path, &NewPlan { tiers }).await
            }
        }
    }

    /// Who gets what when.
    pub async fn waves(&self, case: &CaseId) -> Result<Waves, Failure> {
        match self {
            Self::Here(here) => Waves::of(&here.desk.case(case).await?).ok_or_else(|| {
                let message = format!("the waves of {case} are not planned");
                Failure::usage("not-planned", message).hint(format!("headstart wave plan {case}"))
            }),
            Self::There(server) => server.get(&format!("/api/v1/cases/{case}/waves")).await,
        }
    }

    /// Approves the plan as it stands; the answer is who approved, and the plan.
    pub async fn approve_waves(
        &self,
        case: &CaseId,
        named: &str,
    ) -> Result<(String, Waves), Failure> {
        match self {
            Self::Here(here) => {
                let (person, by) = (person(named)?, actor(named)?);
                let plan = here.desk.case(case).await?.plan_digest();
                let command = CaseCommand::Approve {
                    person: person.clone(),
                    plan,
                };
                here.desk.command(case, command, &by).await?;
                Ok((person.to_string(), self.waves(case).await?))
            }
            Self::There(server) => {
                let own = server.is_person(Some(named)).await?;
                let plan = self.waves(case).await?.plan;
                let path = format!("/api/v1/cases/{case}/approvals");
                Ok((own, server.post(&path, &NewApproval { plan }).await?))
            }
        }
    }

    /// Opens what is due.
    pub async fn open_waves(&self, case: &CaseId) -> Result<JustOpened, Failure> {
        match self {
            Self::Here(here) => {
                let events = here
                    .desk
                    .command(case, CaseCommand::OpenWaves, &Actor::Desk)
                    .await?;
                let known = here.desk.case(case).await?;
                Ok(JustOpened::of(&events, &known, here.desk.now()))
            }
            Self::There(server) => {
                let path = format!("/api/v1/cases/{case}/open");
                server.post(&path, &Value::Object(Default::default())).await
            }
        }
    }

    /// Who fetched what, and who was refused.
    pub async fn receipts(&self, case: &CaseId) -> Result<Receipts, Failure> {
        match self {
            Self::Here(here) => Ok(Receipts::of(&here.desk.case(case).await?)),
            Self::There(server) => Ok(Receipts {
                receipts: server
                    .all(&format!("/api/v1/cases/{case}/receipts"))
                    .await?,
                refusals: server
                    .all(&format!("/api/v1/cases/{case}/refusals"))
                    .await?,
            }),
        }
    }
}
