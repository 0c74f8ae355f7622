//! `headstart case …`: cases under embargo.

use desk::Failure;
use domain::advisory::{AffectedProduct, CaseDetails, Score};
use domain::case::{Case as Known, CaseFact, EndReason};
use domain::decide::CaseCommand;
use domain::describe::describe_utc;
use domain::ids::{CaseId, CveId, PersonName};
use domain::person::Actor;
use domain::tlp::Tlp;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Context;
use super::context::{id, read_file, timestamp};
use crate::cli::{self, Case};
use crate::output::{count, folded, table};

/// Largest advisory.
const ADVISORY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Longest title that is given by hand.
const TITLE_CHARS_MAX: usize = 500;

/// Runs one of the case commands.
pub async fn run(context: &Context, command: Case) -> Result<u8, Failure> {
    match command {
        Case::Import { file, release } => import(context, &file, release.as_deref()).await,
        Case::Create {
            title,
            release,
            tlp,
            about,
        } => create(context, title, release.as_deref(), &tlp, &about).await,
        Case::Set {
            case,
            release,
            tlp,
            title,
            about,
        } => {
            let change = Change {
                release: release.as_deref().map(timestamp).transpose()?,
                tlp: tlp.as_deref().map(label).transpose()?,
                title: title.map(checked_title).transpose()?,
                about: About::read(&about)?,
            };
            set(context, &id(&case)?, change).await
        }
        Case::List => list(context).await,
        Case::Show { case } => show(context, &id(&case)?).await,
        Case::End {
            case,
            reason,
            person,
        } => end(context, &id(&case)?, reason, &person).await,
    }
}

async fn import(
    context: &Context,
    file: &std::path::Path,
    release: Option<&str>,
) -> Result<u8, Failure> {
    let bytes = read_file(file, ADVISORY_BYTES_MAX)?;
    let release = release.map(timestamp).transpose()?;
    let desk = context.desk().await?;
    let (case, details, release) = desk.import_case(&bytes, release).await?;
    let known = desk.case(&case).await?;
    context
        .output
        .result(&document(&known, &details), |out| {
            let mut text = format!("{}  {}\n", out.strong(case.as_str()), details.title);
            text += &about(&known, &details);
            if release.is_none() {
                text += &format!(
                    "The advisory's own date has passed: set one with `headstart case set {case} --release T`.\n"
                );
            }
            text + &format!("Next: headstart artifact add {case} write-up.md poc.py\n")
        });
    Ok(0)
}

async fn create(
    context: &Context,
    title: String,
    release: Option<&str>,
    tlp: &str,
    of: &cli::About,
) -> Result<u8, Failure> {
    let release = release.map(timestamp).transpose()?;
    let tlp = label(tlp)?;
    let given = About::read(of)?;
    let details = CaseDetails {
        title: checked_title(title)?,
        cves: given.cves,
        products: given.products,
        scores: given.scores,
        tlp: Some(tlp),
        release,
        source: None,
        summary: None,
    };
    let desk = context.desk().await?;
    let case = desk.create_case(&details, tlp, release).await?;
    let known = desk.case(&case).await?;
    context.output.result(&document(&known, &details), |out| {
        format!(
            "{}  {}\n{}Next: headstart artifact add {case} write-up.md poc.py\n",
            out.strong(case.as_str()),
            details.title,
            about(&known, &details)
        )
    });
    Ok(0)
}

/// What `case set` changes.
struct Change {
    release: Option<Timestamp>,
    tlp: Option<Tlp>,
    title: Option<String>,
    about: About,
}

async fn set(context: &Context, case: &CaseId, change: Change) -> Result<u8, Failure> {
    let changes_details = change.title.is_some() || !change.about.is_empty();
    if change.release.is_none() && change.tlp.is_none() && !changes_details {
        return Err(Failure::usage("nothing-to-set", "nothing was given to set")
            .hint("give --release TIMESTAMP, --tlp LABEL, --title, --cve, --product or --cvss"));
    }
    let desk = if changes_details {
        let (desk, key) = context.desk_and_key().await?;
        let known = desk.case(case).await?;
        let mut details = desk.details(&known, &key)?;
        if let Some(title) = change.title {
            details.title = title;
        }
        change.about.replace(&mut details);
        desk.set_details(case, &details).await?;
        desk
    } else {
        context.desk().await?
    };
    desk.set_case(case, change.release, change.tlp).await?;
    let known = desk.case(case).await?;
    context.output.result(&public(&known), |_| {
        format!("{case}: {}, {}\n", known.tlp(), when(known.release()))
    });
    Ok(0)
}

async fn list(context: &Context) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    let cases = desk.cases().await?;
    let documents: Vec<Value> = cases.iter().map(public).collect();
    context.output.result(&json!({"cases": documents}), |_| {
        if cases.is_empty() {
            return "no cases yet\nNext: headstart case import advisory.json\n".to_owned();
        }
        let heading = ["CASE", "STATE", "TLP", "RELEASE", "ARTIFACTS", "PACKAGES"];
        let mut rows = vec![heading.map(str::to_owned).to_vec()];
        for case in &cases {
            rows.push(vec![
                case.id().to_string(),
                case.stage().to_string(),
                case.tlp().to_string(),
                when(case.release()),
                case.artifacts().len().to_string(),
                case.packages().count().to_string(),
            ]);
        }
        table(&rows)
    });
    Ok(0)
}

async fn show(context: &Context, case: &CaseId) -> Result<u8, Failure> {
    let (desk, key) = context.desk_and_key().await?;
    let known = desk.case(case).await?;
    let details = desk.details(&known, &key)?;
    let names = desk.file_names(&known, &key)?;
    let history = desk.history(case).await?;
    let mut whole = document(&known, &details);
    whole["artifacts"] = known
        .artifacts()
        .iter()
        .zip(&names)
        .map(|(artifact, name)| {
            json!({"artifact": artifact.artifact.as_str(), "kind": artifact.kind.as_str(), "file": name, "sites": artifact.sites})
        })
        .collect();
    whole["events"] = history
        .iter()
        .map(|(at, by, fact)| json!({"at": at.to_string(), "by": by.to_string(), "what": sentence(fact)}))
        .collect();
    context.output.result(&whole, |out| {
        let mut text = format!("{}  {}\n", out.strong(case.as_str()), details.title);
        text += &about(&known, &details);
        if let Some(summary) = &details.summary {
            text += &folded(summary, 96, "  ");
        }
        text += &format!("\n{}\n", out.strong("Artifacts"));
        for (artifact, name) in known.artifacts().iter().zip(&names) {
            text += &format!(
                "  {}  {}  {} ({})\n",
                artifact.artifact,
                artifact.kind,
                name,
                count(artifact.sites as usize, "site")
            );
        }
        text += &format!("\n{}\n", out.strong("What happened"));
        for (at, by, fact) in &history {
            text += &format!(
                "  {}  {}  {}\n",
                describe_utc(*at),
                sentence(fact),
                out.quiet(&format!("({by})"))
            );
        }
        text
    });
    Ok(0)
}

async fn end(
    context: &Context,
    case: &CaseId,
    reason: cli::EndReason,
    person: &str,
) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    let person = PersonName::parse(person).map_err(Failure::from_refusal)?;
    let reason = match reason {
        cli::EndReason::DetailsPublic => EndReason::DetailsPublic,
        cli::EndReason::ExploitationSeen => EndReason::ExploitationSeen,
    };
    desk.command(case, CaseCommand::EndEarly(reason), &Actor::Person(person))
        .await?;
    let known = desk.case(case).await?;
    context.output.result(&public(&known), |_| {
        format!("the embargo of {case} ended early: {reason}\n")
    });
    Ok(0)
}

/// What a case is about, read from the command line.
struct About {
    cves: Vec<CveId>,
    products: Vec<AffectedProduct>,
    scores: Vec<Score>,
}

impl About {
    fn read(given: &cli::About) -> Result<Self, Failure> {
        let cves = given.cves.iter().map(|cve| id(cve));
        let products = given.products.iter().map(|name| {
            checked_title(name.clone()).map(|name| AffectedProduct {
                vendor: None,
                name,
                version: None,
            })
        });
        let scores = given
            .cvss
            .iter()
            .map(|vector| Score::new(vector, None).map_err(Failure::from_refusal));
        Ok(Self {
            cves: cves.collect::<Result<_, _>>()?,
            products: products.collect::<Result<_, _>>()?,
            scores: scores.collect::<Result<_, _>>()?,
        })
    }

    fn is_empty(&self) -> bool {
        self.cves.is_empty() && self.products.is_empty() && self.scores.is_empty()
    }

    /// What was given replaces what was there.
    fn replace(self, details: &mut CaseDetails) {
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

fn checked_title(title: String) -> Result<String, Failure> {
    let fits = !title.trim().is_empty()
        && title.chars().count() <= TITLE_CHARS_MAX
        && !title.chars().any(char::is_control);
    if fits {
        return Ok(title);
    }
    Err(Failure::usage(
        "title",
        format!("a title or a product has 1 to {TITLE_CHARS_MAX} characters on one line"),
    ))
}

/// Reads a TLP label.
fn label(text: &str) -> Result<Tlp, Failure> {
    Tlp::parse(text).map_err(Failure::from_refusal)
}

fn when(release: Option<Timestamp>) -> String {
    release.map_or("no release time".to_owned(), describe_utc)
}

fn public(case: &Known) -> Value {
    json!({
        "case": case.id().as_str(),
        "state": case.stage().as_str(),
        "tlp": case.tlp().to_string(),
        "release": case.release().map(|release| release.to_string()),
        "artifacts": case.artifacts().len(),
        "packages": case.packages().count(),
        "approvals": case.approvals().iter().map(|a| a.person.to_string()).collect::<Vec<_>>(),
        "ended_early": case.ended().map(|ended| ended.reason.as_str()),
    })
}

fn document(case: &Known, details: &CaseDetails) -> Value {
    let mut document = public(case);
    document["title"] = details.title.as_str().into();
    document["cves"] = details.cves.iter().map(|cve| cve.as_str()).collect();
    document["products"] = details.products.iter().map(product).collect();
    document["cvss"] = details
        .scores
        .iter()
        .map(|score| json!({"vector": score.vector(), "score": score.value()}))
        .collect();
    document
}

fn product(product: &AffectedProduct) -> String {
    let parts = [
        product.vendor.as_deref(),
        Some(product.name.as_str()),
        product.version.as_deref(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn about(case: &Known, details: &CaseDetails) -> String {
    let mut text = format!("  state     {}\n", case.stage());
    text += &format!("  label     {}\n", case.tlp());
    text += &format!("  release   {}\n", when(case.release()));
    if !details.cves.is_empty() {
        let cves: Vec<&str> = details.cves.iter().map(|cve| cve.as_str()).collect();
        text += &format!("  CVE       {}\n", cves.join(", "));
    }
    for score in details.scores.iter().take(6) {
        text += &format!("  CVSS      {} ({})\n", score.value(), score.vector());
    }
    let products: Vec<String> = details.products.iter().map(product).collect();
    for name in products.iter().take(8) {
        text += &format!("  affected  {name}\n");
    }
    if products.len() > 8 {
        text += &format!("            and {} more\n", products.len() - 8);
    }
    text
}
