//! Artifacts: masters checked, sealed, and opened again.

use author::lint::Findings;
use carriers::{MarkErrors, Master};
use domain::artifact::ArtifactKind;
use domain::case::Case;
use domain::decide::CaseCommand;
use domain::ids::{ArtifactId, BlobId, CaseId};
use domain::person::Actor;
use flow::book::BookMaster;
use seal::ProgramKey;

use crate::checks::{commands, lint_file};
use crate::desk::{Beside, too_busy};
use crate::records::{NameRecord, open, open_bytes};
use crate::{Desk, Failure};

/// An artifact that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// Its id.
    pub artifact: ArtifactId,
    /// Its kind.
    pub kind: ArtifactKind,
    /// The master's file name.
    pub file_name: String,
    /// Its mark sites.
    pub sites: usize,
    /// What the lint warns of; nothing of it blocks a press.
    pub warnings: Findings,
    /// Commands that a press will run over sampled copies.
    pub commands: Vec<String>,
}

/// The kind of a file that nobody named, told from its name.
pub fn kind_of(file_name: &str) -> Option<ArtifactKind> {
    let extension = file_name.rsplit_once('.')?.1.to_ascii_lowercase();
    let kind = match extension.as_str() {
        "md" | "txt" | "html" | "htm" | "rst" | "adoc" => ArtifactKind::Writeup,
        "py" | "js" | "ts" | "c" | "h" | "go" | "rs" | "sh" | "ps1" | "rb" | "pl" | "java" => {
            ArtifactKind::Poc
        }
        "rules" | "yar" | "yara" | "yml" | "yaml" | "kql" => ArtifactKind::Rule,
        "http" | "req" | "har" | "curl" | "json" | "jsonl" | "pcap" | "pcapng" | "cap" | "log" => {
            ArtifactKind::Traffic
        }
        "csv" | "tsv" | "ioc" | "stix" | "stix2" => ArtifactKind::Indicators,
        _ => return None,
    };
    Some(kind)
}

/// Checks a master's marks.
///
/// # Errors
/// Every wrong mark at once, with line and column, as a compiler shows them.
pub fn check_master(file_name: &str, bytes: &[u8]) -> Result<Master, Failure> {
    Master::parse(file_name, bytes).map_err(|errors| wrong_marks(file_name, bytes, &errors))
}

fn wrong_marks(file_name: &str, bytes: &[u8], errors: &MarkErrors) -> Failure {
    let source = String::from_utf8_lossy(bytes);
    let count = errors.0.len();
    let noun = if count == 1 { "mark is" } else { "marks are" };
    let shown = errors.render(file_name, &source);
    Failure::usage(
        "marks",
        format!(
            "{count} {noun} wrong in `{file_name}`\n\n{}",
            shown.trim_end()
        ),
    )
}

/// A master whose checks would run what somebody sent over the network.
pub(crate) fn not_from_here(file_name: &str) -> Failure {
    Failure::not_allowed(
        "checks-need-terminal",
        format!(
            "`{file_name}` has a `check` directive, which runs a command on the program's machine"
        ),
    )
    .hint("add it there with `headstart artifact add`, or take the directive out")
}

impl Desk {
    /// Adds masters to a case: all of them, or none.
    ///
    /// # Errors
    /// Wrong marks and what the lint finds, of all files, with line and column; a case that was pressed already;
    /// a `check` directive from anybody but the program's own terminal.
    pub async fn add_artifacts(
        &self,
        id: &CaseId,
        files: &[(String, ArtifactKind, Vec<u8>)],
    ) -> Result<Vec<Added>, Failure> {
        let mut masters: Vec<(Master, Findings)> = Vec::new();
        let mut wrong: Vec<Failure> = Vec::new();
        for (name, _, bytes) in files {
            seal::check_name(name).map_err(|error| {
                Failure::usage("file-name", error.to_string())
                    .hint("rename the file: its name goes into every package")
            })?;
            match lint_file(name, bytes) {
                Ok((master, _)) if !self.may_run(&master) => wrong.push(not_from_here(name)),
                Ok(linted) => masters.push(linted),
                Err(failure) => wrong.push(failure),
            }
        }
        if let Some(mut first) = wrong.first().cloned() {
            let messages: Vec<&str> = wrong.iter().map(|w| w.message.as_str()).collect();
            first.message = messages.join("\n\n");
            return Err(first);
        }
        for _ in 0..20 {
            if let Some(added) = self.try_adding(id, files, &masters).await? {
                return Ok(added);
            }
        }
        Err(too_busy())
    }

    async fn try_adding(
        &self,
        id: &CaseId,
        files: &[(String, ArtifactKind, Vec<u8>)],
        masters: &[(Master, Findings)],
    ) -> Result<Option<Vec<Added>>, Failure> {
        let mut loaded = self.load(id).await?;
        let mut beside = Beside::default();
        let mut events = Vec::new();
        let mut added = Vec::new();
        for ((name, kind, bytes), (master, warnings)) in files.iter().zip(masters) {
            let blob = self.seal_bytes(bytes)?;
            let command = CaseCommand::AddArtifact {
                kind: *kind,
                name: self.seal(&NameRecord {
                    file_name: name.clone(),
                })?,
                master: BlobId::of(&blob),
                sites: u32::try_from(master.sites().len()).unwrap_or(u32::MAX),
            };
            added.push(Added {
                artifact: loaded.case.next_artifact(),
                kind: *kind,
                file_name: name.clone(),
                sites: master.sites().len(),
                warnings: warnings.clone(),
                commands: commands(master),
            });
            let context = self.context(&loaded.program, self.by());
            let decided = loaded
                .case
                .decide(command, &context)
                .map_err(Failure::from_refusal)?;
            for event in &decided {
                std::sync::Arc::make_mut(&mut loaded.case).apply(event);
            }
            events.extend(decided);
            beside.blobs.push(blob);
        }
        let batch = self.batch(&id.stream(), loaded.version, &events, beside)?;
        Ok(self.committed(batch).await?.then_some(added))
    }

    /// Puts another master in the place of an artifact's, before the press; the kind stays.
    ///
    /// # Errors
    /// As [`Desk::add_artifacts`]; an unknown artifact.
    pub async fn replace_master(
        &self,
        id: &CaseId,
        artifact: &ArtifactId,
        file_name: &str,
        bytes: &[u8],
    ) -> Result<Added, Failure> {
        seal::check_name(file_name).map_err(|error| {
            Failure::usage("file-name", error.to_string())
                .hint("rename the file: its name goes into every package")
        })?;
        let (master, warnings) = lint_file(file_name, bytes)?;
        if !self.may_run(&master) {
            return Err(not_from_here(file_name));
        }
        let blob = self.seal_bytes(bytes)?;
        let sites = master.sites().len();
        let command = CaseCommand::ReplaceMaster {
            artifact: artifact.clone(),
            name: self.seal(&NameRecord {
                file_name: file_name.to_owned(),
            })?,
            master: BlobId::of(&blob),
            sites: u32::try_from(sites).unwrap_or(u32::MAX),
        };
        for _ in 0..20 {
            let loaded = self.load(id).await?;
            let beside = Beside {
                blobs: vec![blob.clone()],
                ..Beside::default()
            };
            let decided = self.decide_case(&loaded, command.clone(), self.by(), beside);
            if decided.await?.is_none() {
                continue;
            }
            let mut known = loaded.case.artifacts().iter();
            let kind = known
                .find(|known| known.artifact == *artifact)
                .map_or(ArtifactKind::Writeup, |known| known.kind);
            return Ok(Added {
                artifact: artifact.clone(),
                kind,
                file_name: file_name.to_owned(),
                sites,
                warnings,
                commands: commands(&master),
            });
        }
        Err(too_busy())
    }

    /// One artifact's file name and master, as its author wrote it.
    ///
    /// # Errors
    /// An artifact that the case does not have; a blob that is missing, or that the key does not open.
    pub async fn master(
        &self,
        case: &Case,
        artifact: &ArtifactId,
        key: &ProgramKey,
    ) -> Result<(String, Vec<u8>), Failure> {
        let mut known = case.artifacts().iter();
        let known = known
            .find(|known| known.artifact == *artifact)
            .ok_or_else(|| {
                Failure::usage(
                    "unknown-artifact",
                    format!("case {} has no artifact `{artifact}`", case.id()),
                )
            })?;
        let blob = self.blob(&known.master).await?;
        let source = open_bytes(key, "a master", &blob)?.to_vec();
        let name: NameRecord = open(key, "an artifact's name", &known.name)?;
        Ok((name.file_name, source))
    }

    /// Whether what a master's checks run may come from whoever is at the desk.
    ///
    /// A press runs those commands on the program's own machine. Only who works at its terminal can already do that.
    pub(crate) fn may_run(&self, master: &Master) -> bool {
        *self.by() == Actor::Desk || master.checks().is_empty()
    }

    /// Opens the masters of a case, in the order of their sites.
    ///
    /// # Errors
    /// A blob that is missing, or that the key does not open.
    pub async fn masters(&self, case: &Case, key: &ProgramKey) -> Result<Vec<BookMaster>, Failure> {
        let mut masters = Vec::new();
        for artifact in case.artifacts() {
            let blob = self.blob(&artifact.master).await?;
            let source = open_bytes(key, "a master", &blob)?.to_vec();
            let name: NameRecord = open(key, "an artifact's name", &artifact.name)?;
            let master = check_master(&name.file_name, &source)?;
            masters.push(BookMaster {
                artifact: artifact.artifact.clone(),
                kind: artifact.kind,
                source,
                master,
            });
        }
        Ok(masters)
    }

    pub(crate) async fn blob(&self, id: &BlobId) -> Result<Vec<u8>, Failure> {
        let bytes = self.store().blob(&id.to_string()).await?;
        bytes.ok_or_else(|| missing_blob(id))
    }

    /// Blobs in the order of their ids.
    pub(crate) async fn blobs(&self, ids: &[BlobId]) -> Result<Vec<Vec<u8>>, Failure> {
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let found = self.store().blobs(&names).await?;
        ids.iter()
            .zip(found)
            .map(|(id, bytes)| bytes.ok_or_else(|| missing_blob(id)))
            .collect()
    }
}

fn missing_blob(id: &BlobId) -> Failure {
    Failure::machine("missing-blob", format!("the blob {id} is missing"))
        .hint("restore a backup; `headstart log audit` names what is missing")
}
