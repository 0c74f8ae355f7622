//! Accounts: passkeys, tokens, recovery. What was decided is on record; secrets are nowhere.

use domain::account::{self, AccountCommand, AccountEvent, AccountRefusal};
use domain::person::Actor;
use sha2::{Digest as _, Sha256};

use crate::desk::{Beside, too_busy};
use crate::{Desk, Failure};

/// How often a decision is made anew when another process wrote first.
const CONFLICTS_MAX: usize = 20;

/// What is stored of a secret that opens something: its SHA-256 in lower-case hex.
pub fn digest_of_secret(secret: &str) -> String {
    Sha256::digest(secret.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl Desk {
    /// Decides a command of an account and stores what follows from it.
    ///
    /// # Errors
    /// The refusal, or a database that fails.
    pub async fn account_command(
        &self,
        account: &Actor,
        command: AccountCommand,
        by: &Actor,
    ) -> Result<Vec<AccountEvent>, Failure> {
        let stream = account::stream(account)
            .ok_or_else(|| Failure::from_refusal(AccountRefusal::NoAccount))?;
        for _ in 0..CONFLICTS_MAX {
            let state = self.state().await?;
            if let AccountCommand::AddPasskey { passkey, .. } = &command
                && state.accounts.by_passkey(passkey).is_some()
            {
                return Err(Failure::from_refusal(AccountRefusal::PasskeyTaken));
            }
            let known = state.accounts.of(account);
            let events = known
                .decide(command.clone(), by, &state.program, self.now())
                .map_err(Failure::from_refusal)?;
            let batch = self.batch(&stream, known.version(), &events, Beside::default())?;
            if self.committed(batch).await? {
                return Ok(events);
            }
        }
        Err(too_busy())
    }
}
