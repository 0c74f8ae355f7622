//! Masters, their sites, and the press.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use desk::Failure;
use domain::artifact::ArtifactKind;
use domain::ids::CaseId;
use serde_json::Value;
use server::wire::{AddedArtifact, AddedArtifacts, CaseSites, NewArtifact, NewArtifacts, Pressed};

use super::{Reach, answer_of};
use crate::output::Output;

impl Reach<'_> {
    /// Adds masters to a case: all of them, or none.
    pub async fn add_artifacts(
        &self,
        case: &CaseId,
        masters: &[(String, ArtifactKind, Vec<u8>)],
    ) -> Result<AddedArtifacts, Failure> {
        match self {
            Self::Here(here) => {
                let added = here.desk.add_artifacts(case, masters).await?;
                let added = added.iter().zip(masters);
                Ok(AddedArtifacts {
                    case: case.to_string(),
                    added: added
                        .map(|(one, (_, _, bytes))| AddedArtifact::of(one, bytes))
                        .collect(),
                })
            }
            Self::There(server) => {
                let files = masters.iter().map(|(name, kind, bytes)| NewArtifact {
                    name: name.clone(),
                    kind: Some(kind.as_str().to_owned()),
                    base64: STANDARD.encode(bytes),
                });
                let new = NewArtifacts {
                    files: files.collect(),
                };
                let path = format!("/api/v1/cases/{case}/artifacts");
                server.post(&path, &new).await
            }
        }
    }

    /// The sites of a case and what they can prove.
    pub async fn sites(&self, case: &CaseId) -> Result<CaseSites, Failure> {
        match self {
            Self::Here(here) => {
                let key = here.key()?;
                let known = here.desk.case(case).await?;
                let meter = here.desk.meter(&known, &key).await?;
                Ok(CaseSites::of(case.as_str(), &meter))
            }
            Self::There(server) => server.get(&format!("/api/v1/cases/{case}/sites")).await,
        }
    }

    /// Makes every seat's copies.
    pub async fn press(&self, case: &CaseId, output: &Output) -> Result<Pressed, Failure> {
        match self {
            Self::Here(here) => {
                let key = here.key()?;
                let pressed = here.desk.press(case, &key).await?;
                Ok(Pressed::of(case, &pressed))
            }
            Self::There(server) => {
                let path = format!("/api/v1/cases/{case}/press");
                let nothing = Value::Object(Default::default());
                let job = server.work(&path, &nothing, output).await?;
                answer_of(job)
            }
        }
    }
}
