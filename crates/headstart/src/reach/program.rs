//! What the program decides for itself: people, agreements, settings.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use desk::{Desk, Failure};
use domain::ids::{AgreementVersion, PersonName};
use domain::person::{Actor, Role};
use domain::program::ProgramCommand;
use domain::sealed::Digest;
use domain::settings::Settings;
use server::wire::{
    AgreementSummary, NewAgreement, PersonSummary, ProgramSettings, SettingsChange,
};

use super::{Here, Reach, Server};

impl Server {
    /// The refusal of what only a passkey opens, with the page that asks for it.
    pub fn needs_passkey(&self, what: &str, page: &str) -> Failure {
        let what = format!("at a server {what} asks for a passkey, and a token has none");
        Failure::usage("not-by-token", what)
            .hint(format!("open {}{page} in the browser", self.url()))
    }
}

impl Reach<'_> {
    /// The people of the program, by name.
    pub async fn people(&self) -> Result<Vec<PersonSummary>, Failure> {
        match self {
            Self::Here(here) => {
                let state = here.desk.state().await?;
                let people = state.program.people();
                Ok(people
                    .map(|person| PersonSummary::of(&state, person))
                    .collect())
            }
            Self::There(server) => server.all("/api/v1/people").await,
        }
    }

    /// Gives a person of the program one role more.
    pub async fn add_person(&self, name: &PersonName, role: Role) -> Result<(), Failure> {
        match self {
            Self::Here(here) => {
                let program = here.desk.program().await?;
                let mut roles: BTreeSet<Role> = program
                    .person(name)
                    .map(|known| known.roles.clone())
                    .unwrap_or_default();
                roles.insert(role);
                let person = name.clone();
                let command = ProgramCommand::AddPerson { person, roles };
                here.desk.decide(command, &Actor::Desk).await?;
                Ok(())
            }
            Self::There(server) => Err(server.needs_passkey("adding a person", "/settings/people")),
        }
    }

    /// The program at this data directory, for a link by which an account gets its first passkey.
    pub fn invites(&self) -> Result<&Desk, Failure> {
        match self {
            Self::Here(Here { desk, .. }) => Ok(desk),
            Self::There(server) => {
                Err(server.needs_passkey("inviting somebody", "/settings/people"))
            }
        }
    }

    /// The versions of the agreement, as they were published.
    pub async fn agreements(&self) -> Result<Vec<AgreementSummary>, Failure> {
        match self {
            Self::Here(here) => {
                let program = here.desk.program().await?;
                let all = program.agreements().iter();
                Ok(all.map(|one| AgreementSummary::of(&program, one)).collect())
            }
            Self::There(server) => {
                let mut all: Vec<AgreementSummary> = server.all("/api/v1/agreements").await?;
                all.sort_by(|one, other| one.published_at.cmp(&other.published_at));
                Ok(all)
            }
        }
    }

    /// Publishes a version of the agreement.
    pub async fn publish_agreement(
        &self,
        version: AgreementVersion,
        text: Option<&[u8]>,
    ) -> Result<(), Failure> {
        match self {
            Self::Here(here) => {
                let text = text.map(Digest::of);
                let command = ProgramCommand::PublishAgreement { version, text };
                here.desk.decide(command, &Actor::Desk).await?;
            }
            Self::There(server) => {
                let text = text.ok_or_else(|| {
                    Failure::usage(
                        "no-text",
                        "a server records the digest of the agreement's text",
                    )
                    .hint("give --text FILE")
                })?;
                let new = NewAgreement {
                    version: version.to_string(),
                    base64: STANDARD.encode(text),
                };
                let _: AgreementSummary = server.post("/api/v1/agreements", &new).await?;
            }
        }
        Ok(())
    }

    /// The program's bars: the innocent risk and the lead risk.
    pub async fn bars(&self) -> Result<(f64, f64), Failure> {
        match self {
            Self::Here(here) => {
                let program = here.desk.program().await?;
                let now = program.settings();
                Ok((now.accusation_risk(), now.lead_risk()))
            }
            Self::There(server) => {
                let now: ProgramSettings = server.get("/api/v1/settings").await?;
                Ok((now.innocent_risk, now.lead_risk))
            }
        }
    }

    /// Changes the accepted chance that anybody innocent is accused by a trace.
    pub async fn set_innocent_risk(&self, risk: f64) -> Result<(), Failure> {
        match self {
            Self::Here(here) => {
                let program = here.desk.program().await?;
                let before = program.settings();
                let lead = before.lead_risk().max(risk);
                let changed = Settings::new(risk, lead, before.offsets().clone())
                    .map_err(Failure::from_refusal)?;
                let command = ProgramCommand::ChangeSettings(changed);
                here.desk.decide(command, &Actor::Desk).await?;
            }
            Self::There(server) => {
                let change = SettingsChange {
                    innocent_risk: Some(risk),
                    ..SettingsChange::default()
                };
                let _: ProgramSettings = server.patch("/api/v1/settings", &change).await?;
            }
        }
        Ok(())
    }
}
