//! What the mark sites of a case can prove, before anything has leaked.

use domain::case::Case;
use fingerprint::{Bar, Counts};
use flow::book::plan_code;
use flow::meter::Meter;
use seal::ProgramKey;

use crate::{Desk, Failure};

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
                &domain::sealed::Digest::of(case.id().as_str().as_bytes()),
            )
            .map_err(|error| Failure::usage("marks", error.to_string()).hint(error.hint()))?;
            (masters, code)
        };
        flow::meter::meter(masters, &code, counts, bar)
            .map_err(|error| Failure::machine("meter", error.to_string()))
    }
}
