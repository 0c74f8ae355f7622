//! What the mark sites of a case can prove, before anything has leaked.

use domain::case::Case;
use fingerprint::{Bar, Counts};
use flow::book::{BookMaster, plan_code};
use flow::meter::Meter;
use seal::ProgramKey;

use crate::{Desk, Failure};

impl Desk {
    /// Computes what the sites of a case prove, for the seats that would get copies now, or have them.
    ///
    /// # Errors
    /// A case without any site; masters that the key does not open.
    pub async fn meter(&self, case: &Case, key: &ProgramKey) -> Result<Meter, Failure> {
        if !case.is_pressed() {
            let masters = self.masters(case, key).await?;
            return self.meter_of(case, masters).await;
        }
        let (counts, bar) = self.counted(case).await?;
        let (book, _) = self.book(case, key).await?;
        flow::meter::meter(book.masters().to_vec(), book.code(), counts, bar)
            .map_err(|error| Failure::machine("meter", error.to_string()))
    }

    /// What these masters would prove in a case that was not pressed yet.
    pub(crate) async fn meter_of(
        &self,
        case: &Case,
        masters: Vec<BookMaster>,
    ) -> Result<Meter, Failure> {
        let (counts, bar) = self.counted(case).await?;
        let slots = u32::try_from(counts.slots).unwrap_or(u32::MAX);
        let seed = domain::sealed::Digest::of(case.id().as_str().as_bytes());
        let code = plan_code(&masters, slots, bar.innocent_risk, &seed)
            .map_err(|error| Failure::usage("marks", error.to_string()).hint(error.hint()))?;
        flow::meter::meter(masters, &code, counts, bar)
            .map_err(|error| Failure::machine("meter", error.to_string()))
    }

    /// The partners and seats that would get copies now, or have them; and the bar.
    async fn counted(&self, case: &Case) -> Result<(Counts, Bar), Failure> {
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
        Ok((counts, bar))
    }
}
