//! When the log is signed: before what is given out leaves, or soon after.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::{Desk, Failure};

/// How long receipts wait for a signature that nobody waits for.
const SOON: Duration = Duration::from_millis(50);

impl Desk {
    /// Asks the witnesses once before this process grows the log: a database that was put back must not sign another
    /// history of itself. Witnesses that cannot be reached hold nothing up.
    ///
    /// # Errors
    /// A witness that shows another history, exit class 4.
    pub(crate) async fn before_growth(&self) -> Result<(), Failure> {
        if !self.is_checked() {
            self.ask_witnesses().await?;
            self.set_checked();
        }
        Ok(())
    }

    /// Puts every staged leaf under a signed checkpoint, and has it cosigned as far as the witnesses answer.
    // CRASH: before, the leaves are staged and the next command integrates them; after, they are in the log, and
    // whatever needs the witnesses asks them again. In between there is one transaction. No proof is shown to anybody
    // before this returns.
    pub(crate) async fn integrate(&self) -> Result<(), Failure> {
        self.before_growth().await?;
        if self.store().integrate(self.signer()).await?.is_some() {
            self.ask_witnesses().await?;
        }
        Ok(())
    }

    /// As [`Desk::before_growth`], before receipts that are signed for later: what went wrong with the signature over
    /// earlier ones goes wrong here, and nothing is given.
    pub(crate) async fn before_receipts(&self) -> Result<(), Failure> {
        self.before_growth().await?;
        if self.shared().is_behind.swap(false, Ordering::Relaxed) {
            let signed = self.integrate().await;
            self.shared()
                .is_behind
                .store(signed.is_err(), Ordering::Relaxed);
            return signed;
        }
        Ok(())
    }

    /// Signs for whatever has its place in the log already, and has it cosigned as far as the witnesses answer.
    ///
    /// # Errors
    /// A witness that shows another history, or a database that fails.
    pub async fn sign_staged(&self) -> Result<(), Failure> {
        match self.store().staged().await? {
            0 => Ok(()),
            _ => self.integrate().await,
        }
    }

    /// Integrates within [`SOON`], for all that is staged until then.
    ///
    /// CRASH: before, the leaves are staged and durable, and the next command integrates them.
    pub(crate) fn integrate_soon(&self) {
        if self.shared().is_signing.swap(true, Ordering::Relaxed) {
            return;
        }
        let desk = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(SOON).await;
            let shared = desk.shared();
            // Whoever stages something from here on has it signed by the next turn.
            shared.is_signing.store(false, Ordering::Relaxed);
            if desk.integrate().await.is_err() {
                shared.is_behind.store(true, Ordering::Relaxed);
            }
        });
    }
}
