//! Packages that this process has seen in the log: what is there stays there, so that it is looked up once.
//!
//! A seat usually fetches once, and many do so in the minute when a wave opens. The first of a case has all packages of
//! the case looked up, with one proof each, under one checkpoint.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use domain::ids::{CaseId, SeatId};
use domain::package::Package;
use tlog::Logged;

use crate::desk::Loaded;
use crate::{Desk, Failure};

/// Packages that are kept.
const SEEN_MAX: usize = 50_000;

/// Packages with their proof that they are logged, under the rules of one version of the program.
#[derive(Default)]
pub(crate) struct Seen {
    program: u64,
    packages: BTreeMap<(CaseId, SeatId), Logged<Package>>,
}

impl Seen {
    /// All of these, or nothing.
    fn all(&self, program: u64, packages: &[Package]) -> Option<Vec<Logged<Package>>> {
        if self.program != program {
            return None;
        }
        let one = |package: &Package| {
            let key = (package.case().clone(), package.seat().clone());
            let logged = self.packages.get(&key)?;
            (logged.value() == package).then(|| logged.clone())
        };
        packages.iter().map(one).collect()
    }

    fn keep(&mut self, program: u64, packages: &[Logged<Package>]) {
        // How many witnesses are needed may be another number now.
        if self.program != program || self.packages.len() + packages.len() > SEEN_MAX {
            self.packages.clear();
        }
        self.program = program;
        for logged in packages {
            let package = logged.value();
            let key = (package.case().clone(), package.seat().clone());
            self.packages.insert(key, logged.clone());
        }
    }
}

impl Desk {
    /// Packages of a case that are confirmed to be in the log, in their order, by what this process has seen of it or by
    /// what is published now. `program` is the version of the program that is decided by.
    ///
    /// # Errors
    /// As [`Desk::confirmed_now`].
    pub(crate) async fn seen_in_log(
        &self,
        loaded: &Loaded,
        program: u64,
        packages: Vec<Package>,
    ) -> Result<Vec<Logged<Package>>, Failure> {
        if let Some(seen) = self.lock_seen().all(program, &packages) {
            return Ok(seen);
        }
        // Where witnesses must have cosigned, nothing is asked of them for others than those who wait.
        if loaded.program.watch().quorum().is_none() {
            let case = &loaded.case;
            let seats = case.packages().map(|pressed| &pressed.seat);
            let whole = seats.filter_map(|seat| case.package(seat)).collect();
            // One of them may not be logged, which is no reason to refuse the others.
            if let Ok(logged) = self.confirmed_now(whole, &loaded.program).await {
                let mut seen = self.lock_seen();
                seen.keep(program, &logged);
                if let Some(all) = seen.all(program, &packages) {
                    return Ok(all);
                }
            }
        }
        let logged = self.confirmed_now(packages, &loaded.program).await?;
        self.lock_seen().keep(program, &logged);
        Ok(logged)
    }

    fn lock_seen(&self) -> MutexGuard<'_, Seen> {
        // Whatever a thread did that held it, each package in it was confirmed.
        let seen = self.shared().seen.lock();
        seen.unwrap_or_else(PoisonError::into_inner)
    }
}
