//! The sites of a case and what they can prove, for each artifact and in all.

use axum::Json;
use fingerprint::plan::Prospect;
use flow::meter::{ArtifactMeter, Meter, in_words};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cases::known;
use super::extract::At;
use crate::{Problem, Visit};

/// What a case's sites can prove, before anything leaks.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CaseSites {
    /// The case.
    pub case: String,
    /// Partners that the figures are for.
    pub partners: u64,
    /// Seats that they are for.
    pub seats: u64,
    /// The accepted chance, for one whole trace, that anybody innocent is named.
    pub innocent_risk: f64,
    /// For each artifact.
    pub artifacts: Vec<ArtifactSites>,
    /// What all artifacts together prove.
    pub proves: Proves,
    /// What a leak of a share of all sites proves.
    pub shares: Vec<ShareProves>,
    /// All of it in words.
    pub says: String,
}

/// What a leak proves.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Proves {
    /// The chance that a single leaker's partner is named.
    pub partner_named: f64,
    /// That the leaker's seat is named.
    pub seat_named: f64,
    /// Mean evidence, in bits.
    pub expected_bits: f64,
    /// Evidence that naming a partner needs; nothing when no number of bits is enough.
    pub needed_bits: Option<f64>,
    /// Largest number who pool their copies and are still resolved; 0 if nobody could be named.
    pub coalition_max: u32,
    /// The same in words.
    pub says: String,
}

/// What a share of sites proves.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ShareProves {
    /// Between 0 and 1.
    pub share: f64,
    /// What a leak of it proves.
    pub proves: Proves,
}

/// One artifact's sites.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ArtifactSites {
    /// Its id.
    pub artifact: String,
    /// Its kind.
    pub kind: String,
    /// Its file name.
    pub file: String,
    /// Words of its default copy.
    pub words: usize,
    /// Its sites, in the order of the text.
    pub sites: Vec<Site>,
    /// What a leak of the whole artifact proves.
    pub proves: Proves,
    /// Mean evidence of values that do something when it runs, in bits.
    pub functional_bits: f64,
    /// Its sections; none when it has no headings.
    pub sections: Vec<SectionProves>,
    /// Its weakest words in a row, for text for people that is longer.
    pub weakest_window: Option<WindowProves>,
    /// For text for people: what its weakest part of a length proves.
    pub parts: Vec<ShareProves>,
    /// All of it in words.
    pub says: Option<String>,
}

/// One mark site.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Site {
    /// Line in the master, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What carries it.
    pub carrier: String,
    /// Number of values that it can have.
    pub values: u64,
    /// What it is, for people.
    pub label: String,
}

/// What a section proves.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SectionProves {
    /// Its heading; empty where there is none.
    pub title: String,
    /// Its words.
    pub words: usize,
    /// Sites that can be read from it alone.
    pub sites: usize,
    /// What a leak of it alone proves.
    pub proves: Proves,
}

/// What some words in a row prove.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WindowProves {
    /// Index of the first word.
    pub first_word: usize,
    /// How many words.
    pub words: usize,
    /// How it begins.
    pub begins: String,
    /// Sites that can be read from it alone.
    pub sites: usize,
    /// What a leak of it alone proves.
    pub proves: Proves,
}

impl Proves {
    fn of(whole: &Prospect) -> Self {
        Self {
            partner_named: whole.group_catch,
            seat_named: whole.slot_catch,
            expected_bits: whole.expected_bits,
            needed_bits: Some(whole.needed_bits).filter(|bits| bits.is_finite()),
            coalition_max: whole.coalition_max,
            says: in_words(whole),
        }
    }
}

impl ShareProves {
    fn all(shares: &[(f64, Prospect)]) -> Vec<Self> {
        let shares = shares.iter().map(|(share, whole)| Self {
            share: *share,
            proves: Proves::of(whole),
        });
        shares.collect()
    }
}

impl ArtifactSites {
    fn of(one: &ArtifactMeter) -> Self {
        let master = &one.master.master;
        let sites = master.sites().iter().map(|site| Site {
            line: site.line,
            column: site.column,
            carrier: site.carrier.to_string(),
            values: site.values,
            label: site.label.clone(),
        });
        let sections = one.sections.iter().map(|section| SectionProves {
            title: section.title.clone(),
            words: section.words,
            sites: section.sites,
            proves: Proves::of(&section.proves),
        });
        Self {
            artifact: one.master.artifact.to_string(),
            kind: one.master.kind.as_str().to_owned(),
            file: master.file_name().to_owned(),
            words: one.words,
            sites: sites.collect(),
            proves: Proves::of(&one.whole),
            functional_bits: one.functional_bits,
            sections: sections.collect(),
            weakest_window: one.weakest.as_ref().map(|window| WindowProves {
                first_word: window.first_word,
                words: window.words,
                begins: window.begins.clone(),
                sites: window.sites,
                proves: Proves::of(&window.proves),
            }),
            parts: ShareProves::all(&one.parts),
            says: one.in_words(),
        }
    }
}

impl CaseSites {
    /// What the meter of a case says.
    pub fn of(case: &str, meter: &Meter) -> Self {
        Self {
            case: case.to_owned(),
            partners: meter.counts.groups,
            seats: meter.counts.slots,
            innocent_risk: meter.bar.innocent_risk,
            artifacts: meter.artifacts.iter().map(ArtifactSites::of).collect(),
            proves: Proves::of(&meter.all),
            shares: ShareProves::all(&meter.shares),
            says: meter.in_words(),
        }
    }
}

/// The sites of a case and what they can prove, for each artifact and in all.
#[utoipa::path(get, path = "/api/v1/cases/{case}/sites", tag = "artifacts", params(("case" = String, Path)),
    responses((status = 200, body = CaseSites)))]
pub async fn show(visit: Visit, At(case): At<String>) -> Result<Json<CaseSites>, Problem> {
    let case = known(&visit, &case)?;
    let meter = visit.desk.meter(case, &*visit.key()?).await?;
    Ok(Json(CaseSites::of(case.id().as_str(), &meter)))
}
