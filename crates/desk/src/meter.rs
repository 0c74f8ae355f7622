//! What the mark sites of a case can prove, before anything has leaked.

use domain::case::Case;
use fingerprint::plan::{Prospect, enough};
use fingerprint::{Bar, Code, Counts};
use flow::book::{BookMaster, plan_code};
use seal::ProgramKey;

use crate::{Desk, Failure};

/// What one artifact's sites can prove alone.
#[derive(Debug, Clone)]
pub struct ArtifactMeter {
    /// The artifact, parsed.
    pub master: BookMaster,
    /// What a leak of the whole artifact proves.
    pub whole: Prospect,
}

/// What a case's sites can prove.
#[derive(Debug, Clone)]
pub struct Meter {
    /// For each artifact.
    pub artifacts: Vec<ArtifactMeter>,
    /// All artifacts together.
    pub all: Prospect,
    /// Share of all sites, in order of growing size, and what a leak of that share proves.
    pub shares: Vec<(f64, Prospect)>,
    /// How many partners and seats the figures are for.
    pub counts: Counts,
    /// The bar.
    pub bar: Bar,
}

/// The shares of the sites for which a meter says what they prove.
const SHARES: [f64; 5] = [0.05, 0.1, 0.2, 1.0 / 3.0, 0.5];

impl Desk {
    /// Computes what the sites of a case prove, for the seats that would get copies now, or have them.
    ///
    /// # Errors
    /// A case without any site; masters that the key does not open.
    pub async fn meter(&self, case: &Case, key: &ProgramKey) -> Result<Meter, Failure> {
        let program = self.program().await?;
        let bar = Bar {
            innocent_risk: program.settings().accusation_risk(),
            lead_risk: program.settings().lead_risk(),
            alignments: 1,
        };
        let entitled = case.entitlements(&program, self.policy());
        let mut partners: Vec<_> = entitled
            .iter()
            .map(|may| may.partner.clone())
            .chain(case.packages().map(|package| package.partner.clone()))
            .collect();
        let slots = partners.len().max(1) as u64;
        partners.sort();
        partners.dedup();
        let groups = partners.len().max(1) as u64;
        let counts = Counts {
            groups,
            slots,
            group_slots: (slots / groups).max(1),
        };
        let (masters, code) = if case.is_pressed() {
            let (book, _) = self.book(case, key).await?;
            (book.masters().to_vec(), book.code().clone())
        } else {
            let masters = self.masters(case, key).await?;
            let slots = u32::try_from(slots).unwrap_or(u32::MAX);
            let code = plan_code(
                &masters,
                slots,
                bar.innocent_risk,
                case.id().as_str().as_bytes(),
            )
            .map_err(|error| Failure::usage("marks", error.to_string()).hint(error.hint()))?;
            (masters, code)
        };
        meter(masters, &code, counts, bar)
    }
}

fn meter(
    masters: Vec<BookMaster>,
    code: &Code,
    counts: Counts,
    bar: Bar,
) -> Result<Meter, Failure> {
    let ask = |readable: &[bool]| {
        enough(code, readable, &counts, &bar)
            .map_err(|error| Failure::machine("meter", error.to_string()))
    };
    let mut artifacts = Vec::new();
    let mut first = 0;
    for master in masters {
        let end = first + master.master.sites().len();
        let readable: Vec<bool> = (0..code.len())
            .map(|site| (first..end).contains(&site))
            .collect();
        artifacts.push(ArtifactMeter {
            whole: ask(&readable)?,
            master,
        });
        first = end;
    }
    let all = ask(&vec![true; code.len()])?;
    let mut shares = Vec::new();
    for share in SHARES {
        // Every k-th site: a share of the whole text, not of one artifact.
        let readable: Vec<bool> = (0..code.len())
            .map(|site| ((site + 1) as f64 * share).floor() > (site as f64 * share).floor())
            .collect();
        shares.push((share, ask(&readable)?));
    }
    shares.push((1.0, all));
    Ok(Meter {
        artifacts,
        all,
        shares,
        counts,
        bar,
    })
}
