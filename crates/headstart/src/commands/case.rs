//! `headstart case …`: cases under embargo.

use desk::Failure;
use domain::advisory::{AffectedProduct, CaseDetails, Score};
use domain::case::EndReason;
use domain::ids::{CaseId, CveId};
use domain::tlp::Tlp;
use serde_json::{Value, json};
use server::wire::CaseSummary;

use super::Context;
use super::context::{id, read_file, timestamp};
use crate::cli::{self, Case};
use crate::output::{count, folded, table, utc};
use crate::reach::{Change, Reach};

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
            let About {
                cves,
                products,
                scores,
            } = About::read(&about)?;
            let change = Change {
                release: release.as_deref().map(timestamp).transpose()?,
                tlp: tlp.as_deref().map(label).transpose()?,
                title: title.map(checked_title).transpose()?,
                cves,
                products,
                scores,
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
    let reach = Reach::open(context).await?;
    let case = reach.import_case(&bytes, release).await?;
    context.output.result(&document(&case), |out| {
        let id = &case.case;
        let mut text = format!("{}  {}\n", out.strong(id), titled(&case));
        text += &about(&case);
        if case.release.is_none() {
            text += &format!(
                "The advisory's own date has passed: set one with `headstart case set {id} --release T`.\n"
            );
        }
        text + &format!("Next: headstart artifact add {id} write-up.md poc.py\n")
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
    let reach = Reach::open(context).await?;
    let case = reach.create_case(&details, tlp, release).await?;
    context.output.result(&document(&case), |out| {
        format!(
            "{}  {}\n{}Next: headstart artifact add {} write-up.md poc.py\n",
            out.strong(&case.case),
            titled(&case),
            about(&case),
            case.case,
        )
    });
    Ok(0)
}

async fn set(context: &Context, id: &CaseId, change: Change) -> Result<u8, Failure> {
    if change.is_empty() {
        return Err(Failure::usage("nothing-to-set", "nothing was given to set")
            .hint("give --release TIMESTAMP, --tlp LABEL, --title, --cve, --product or --cvss"));
    }
    let reach = Reach::open(context).await?;
    let case = reach.change_case(id, change).await?;
    context.output.result(&public(&case), |_| {
        format!("{id}: {}, {}\n", case.tlp, when(&case.release))
    });
    Ok(0)
}

async fn list(context: &Context) -> Result<u8, Failure> {
    let cases = Reach::open(context).await?.cases().await?;
    let documents: Vec<Value> = cases.iter().map(public).collect();
    context.output.result(&json!({"cases": documents}), |_| {
        if cases.is_empty() {
            return "no cases yet\nNext: headstart case import advisory.json\n".to_owned();
        }
        let heading = ["CASE", "STATE", "TLP", "RELEASE", "ARTIFACTS", "PACKAGES"];
        let mut rows = vec![heading.map(str::to_owned).to_vec()];
        for case in &cases {
            rows.push(vec![
                case.case.clone(),
                case.stage.clone(),
                case.tlp.clone(),
                when(&case.release),
                case.artifacts.len().to_string(),
                case.packages.to_string(),
            ]);
        }
        table(&rows)
    });
    Ok(0)
}

async fn show(context: &Context, id: &CaseId) -> Result<u8, Failure> {
    let (case, history) = Reach::open(context).await?.case(id).await?;
    let mut whole = document(&case);
    whole["artifacts"] = case
        .artifacts
        .iter()
        .map(|one| {
            json!({"artifact": one.artifact, "kind": one.kind, "file": one.file, "sites": one.sites})
        })
        .collect();
    whole["events"] = history
        .iter()
        .map(|row| json!({"at": row.at, "by": row.by, "what": row.what}))
        .collect();
    context.output.result(&whole, |out| {
        let mut text = format!("{}  {}\n", out.strong(&case.case), titled(&case));
        text += &about(&case);
        if let Some(summary) = &case.summary {
            text += &folded(summary, 96, "  ");
        }
        text += &format!("\n{}\n", out.strong("Artifacts"));
        for one in &case.artifacts {
            text += &format!(
                "  {}  {}  {} ({})\n",
                one.artifact,
                one.kind,
                one.file.as_deref().unwrap_or("(sealed)"),
                count(one.sites as usize, "site")
            );
        }
        text += &format!("\n{}\n", out.strong("What happened"));
        for row in &history {
            text += &format!(
                "  {}  {}  {}\n",
                utc(&row.at),
                row.what,
                out.quiet(&format!("({})", row.by))
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
    let reason = match reason {
        cli::EndReason::DetailsPublic => EndReason::DetailsPublic,
        cli::EndReason::ExploitationSeen => EndReason::ExploitationSeen,
    };
    let reach = Reach::open(context).await?;
    let ended = reach.end_case(case, reason, person).await?;
    context.output.result(&public(&ended), |_| {
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

fn when(release: &Option<String>) -> String {
    release.as_deref().map_or("no release time".to_owned(), utc)
}

fn titled(case: &CaseSummary) -> &str {
    case.title.as_deref().unwrap_or("(sealed)")
}

fn public(case: &CaseSummary) -> Value {
    json!({
        "case": case.case,
        "state": case.stage,
        "tlp": case.tlp,
        "release": case.release,
        "artifacts": case.artifacts.len(),
        "packages": case.packages,
        "approvals": case.approvals,
        "ended_early": case.ended_early,
    })
}

fn document(case: &CaseSummary) -> Value {
    let mut document = public(case);
    document["title"] = json!(case.title);
    document["cves"] = json!(case.cves);
    document["products"] = json!(case.products);
    document["cvss"] = json!(case.cvss);
    document
}

fn about(case: &CaseSummary) -> String {
    let mut text = format!("  state     {}\n", case.stage);
    text += &format!("  label     {}\n", case.tlp);
    text += &format!("  release   {}\n", when(&case.release));
    if !case.cves.is_empty() {
        text += &format!("  CVE       {}\n", case.cves.join(", "));
    }
    for one in case.cvss.iter().take(6) {
        text += &format!("  CVSS      {} ({})\n", one.score, one.vector);
    }
    for name in case.products.iter().take(8) {
        text += &format!("  affected  {name}\n");
    }
    if case.products.len() > 8 {
        text += &format!("            and {} more\n", case.products.len() - 8);
    }
    text
}
