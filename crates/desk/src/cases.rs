//! Cases: created, imported, changed, read.

use domain::advisory::{self, CaseDetails};
use domain::case::{Case, EndReason};
use domain::commitment::Commitment;
use domain::decide::{CaseCommand, NewCase};
use domain::ids::{CaseId, PersonName};
use domain::person::Actor;
use domain::tlp::Tlp;
use flow::keys::CaseSecret;
use jiff::Timestamp;
use seal::ProgramKey;
use std::sync::Arc;

use crate::config::random;
use crate::desk::{Beside, too_busy};
use crate::known::Deed;
use crate::records::{NameRecord, SecretRecord, open};
use crate::{Desk, Failure};

/// How often a new case id is tried when other processes make cases too.
const IDS_TRIED_MAX: usize = 20;
/// The setting that has the id of the last case, so that not all cases need be read for the next number.
const LAST_CASE: &str = "last-case";

impl Desk {
    /// Makes a case from an advisory's bytes: CSAF 2.0 or CVE 5.x.
    ///
    /// `release` replaces what the advisory says.
    ///
    /// # Errors
    /// An advisory that cannot be read, with the place; a release that has passed.
    pub async fn import_case(
        &self,
        bytes: &[u8],
        release: Option<Timestamp>,
    ) -> Result<(CaseId, CaseDetails, Option<Timestamp>), Failure> {
        let details = advisory::read_advisory(bytes).map_err(Failure::from_refusal)?;
        let release = release.or_else(|| advisory::release_from(&details, self.now()));
        let case = self
            .create_case(&details, details.label_under_embargo(), release)
            .await?;
        Ok((case, details, release))
    }

    /// Makes a case. Its secret is drawn here, and the leaf that commits to it is logged before this returns.
    ///
    /// # Errors
    /// A release that has passed, or a database that fails.
    pub async fn create_case(
        &self,
        details: &CaseDetails,
        tlp: Tlp,
        release: Option<Timestamp>,
    ) -> Result<CaseId, Failure> {
        self.before_growth().await?;
        for _ in 0..IDS_TRIED_MAX {
            // Of two that read the same last id, one finds its stream taken, and reads again.
            let last = match self
                .store()
                .meta(LAST_CASE)
                .await?
                .as_deref()
                .map(CaseId::parse)
            {
                Some(Ok(last)) => vec![last],
                _ => self.case_ids().await?,
            };
            let id = CaseId::after(&last, self.now());
            let secret = CaseSecret::from_bytes(random()?);
            let text = flow::press::secret_leaf(&id, &secret).to_text();
            let leaf = Commitment::new(text.into_bytes(), random()?);
            let record = SecretRecord {
                secret: domain::sealed::Digest::from_bytes(*secret.expose()).to_string(),
                leaf: leaf.clone(),
            };
            let program = self.program().await?;
            let new = NewCase {
                case: id.clone(),
                tlp,
                release,
                details: self.seal(details)?,
                secret: self.seal(&record)?,
            };
            let events = Case::create(new, &self.context(&program, self.by()))
                .map_err(Failure::from_refusal)?;
            let beside = Beside {
                leaves: vec![leaf.leaf()],
                meta: vec![(LAST_CASE.to_owned(), id.to_string())],
                ..Beside::default()
            };
            // CRASH: before, there is no case; after, the leaf is staged, and the next command integrates it.
            if self.found(&id.stream(), &events, beside).await? {
                self.integrate().await?;
                return Ok(id);
            }
        }
        Err(too_busy())
    }

    /// Replaces what a case is about.
    ///
    /// # Errors
    /// An unknown case, or a database that fails.
    pub async fn set_details(&self, id: &CaseId, details: &CaseDetails) -> Result<(), Failure> {
        let command = CaseCommand::SetDetails(self.seal(details)?);
        self.command(id, command, self.by()).await?;
        Ok(())
    }

    /// Changes the release or the label of a case.
    ///
    /// # Errors
    /// The refusal: a label that goes down, a release that has passed.
    pub async fn set_case(
        &self,
        id: &CaseId,
        release: Option<Timestamp>,
        tlp: Option<Tlp>,
    ) -> Result<(), Failure> {
        if let Some(tlp) = tlp {
            self.command(id, CaseCommand::SetTlp(tlp), self.by())
                .await?;
        }
        if let Some(release) = release {
            self.command(id, CaseCommand::SetRelease(release), self.by())
                .await?;
        }
        Ok(())
    }

    /// Asks to end a case before its release; another person must confirm it.
    ///
    /// `why`: in the person's own words; it is sealed.
    ///
    /// # Errors
    /// The refusal: a case that is over, or somebody asked already.
    pub async fn ask_ending(
        &self,
        id: &CaseId,
        person: &PersonName,
        reason: EndReason,
        why: &str,
    ) -> Result<(), Failure> {
        let command = CaseCommand::AskEnding {
            person: person.clone(),
            reason,
            why: self.seal(&why)?,
        };
        self.command(id, command, &Actor::Person(person.clone()))
            .await?;
        Ok(())
    }

    /// Why somebody asked to end a case, in their own words; `None` while nobody asks.
    ///
    /// # Errors
    /// Sealed words that the key does not open.
    pub fn ending_words(&self, case: &Case, key: &ProgramKey) -> Result<Option<String>, Failure> {
        let asked = case.asked_ending();
        asked
            .map(|asked| open(key, "why the case should end", &asked.why))
            .transpose()
    }

    /// What a case is about.
    ///
    /// # Errors
    /// Sealed details that the key does not open.
    pub fn details(&self, case: &Case, key: &ProgramKey) -> Result<CaseDetails, Failure> {
        open(key, "the case's details", case.details())
    }

    /// The file names of a case's artifacts, in order.
    ///
    /// # Errors
    /// Sealed names that the key does not open.
    pub fn file_names(&self, case: &Case, key: &ProgramKey) -> Result<Vec<String>, Failure> {
        case.artifacts()
            .iter()
            .map(|artifact| {
                let record: NameRecord = open(key, "an artifact's name", &artifact.name)?;
                Ok(record.file_name)
            })
            .collect()
    }

    /// Every event of a case in order, as facts with their times, for showing: what was read once is kept.
    ///
    /// # Errors
    /// A database that fails, or an event of a newer version.
    pub async fn history(&self, id: &CaseId) -> Result<Arc<Vec<Deed>>, Failure> {
        let mut known = self.known_history(id);
        let newer: Vec<domain::case::CaseEvent> =
            self.events_after(&id.stream(), known.len() as u64).await?;
        if !newer.is_empty() {
            let deeds = newer
                .into_iter()
                .map(|event| (event.at, event.by, event.fact));
            Arc::make_mut(&mut known).extend(deeds);
            self.keep_history(id, &known);
        }
        Ok(known)
    }

    /// The same as the database has it now: evidence and checks rest on nothing that a process remembers.
    pub(crate) async fn recorded(&self, id: &CaseId) -> Result<Vec<Deed>, Failure> {
        let events: Vec<domain::case::CaseEvent> = self.events(&id.stream()).await?;
        let deeds = events
            .into_iter()
            .map(|event| (event.at, event.by, event.fact));
        Ok(deeds.collect())
    }
}

/// Opens the secret of a case.
pub(crate) fn secret(case: &Case, key: &ProgramKey) -> Result<(CaseSecret, Commitment), Failure> {
    let record: SecretRecord = open(key, "the case's secret", case.secret())?;
    let bytes = domain::sealed::Digest::parse(&record.secret)
        .ok_or_else(|| Failure::machine("damaged-record", "the case's secret is not 64 digits"))?;
    Ok((CaseSecret::from_bytes(*bytes.as_bytes()), record.leaf))
}
