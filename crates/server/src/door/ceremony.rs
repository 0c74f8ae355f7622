//! Passkeys that are being made or shown: the challenge is kept until the browser answers, once, within five minutes.
//!
//! It is kept in the store, under the digest of a secret that the browser holds, so that whichever process over the
//! database is asked can end what another began. Taking it away is what makes it count once.
//!
//! # Source
//! W3C Web Authentication Level 3, sections 7.1 and 7.2; the checks are webauthn-rs's.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use desk::{Desk, digest_of_secret};
use domain::account::{Account, Passkey as Kept};
use domain::person::Actor;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Ticket;
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, Passkey, PasskeyAuthentication, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, Url, Uuid, Webauthn, WebauthnBuilder,
};

use super::session::{failed, secret};
use crate::Problem;

/// How long somebody may take.
const LIFE: Duration = Duration::from_secs(300);
/// Ceremonies that one process begins within [`LIFE`]; further ones wait.
const CEREMONIES_MAX: usize = 10_000;
/// What their tickets are called.
const CEREMONY: &str = "ceremony";

/// What is stored of a passkey: the credential, and the user handle under which the device keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stored {
    user: Uuid,
    passkey: Passkey,
}

/// For whom a new passkey is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// Somebody who is signed in.
    Account(Actor),
    /// Whoever holds an invitation; the digest of its secret.
    Invitation(String),
}

#[derive(Serialize, Deserialize)]
enum Ceremony {
    SignIn(DiscoverableAuthentication),
    Again(Actor, PasskeyAuthentication),
    Make(Purpose, Uuid, PasskeyRegistration),
}

/// A new passkey, checked.
pub struct Made {
    /// The credential's id, base64url.
    pub id: String,
    /// What is stored of it.
    pub credential: Value,
}

/// A passkey that was shown, checked.
pub struct Shown {
    /// The credential's id, base64url.
    pub id: String,
    /// What is to be stored of it from now on, if that changed.
    pub changed: Option<Value>,
}

/// All ceremonies of the program.
pub struct Ceremonies {
    desk: Desk,
    webauthn: Option<Webauthn>,
    /// Since when, and how many began here since then.
    begun: Mutex<(Instant, usize)>,
}

impl Ceremonies {
    /// Ceremonies for an origin such as `https://psirt.example`. Browsers bind passkeys to a name: an address has none.
    pub fn new(desk: Desk, origin: &str) -> Self {
        Self {
            webauthn: relying_party(origin, &desk.config().program),
            desk,
            begun: Mutex::new((Instant::now(), 0)),
        }
    }

    /// Whether passkeys can be made and shown here at all.
    pub fn are_possible(&self) -> bool {
        self.webauthn.is_some()
    }

    fn webauthn(&self) -> Result<&Webauthn, Problem> {
        self.webauthn.as_ref().ok_or_else(|| {
            Problem::new(
                409,
                "no-passkeys",
                "passkeys need a host name, and this server is reached by an address",
            )
            .hint("open it by its name, or set --origin")
        })
    }

    /// Begins to sign in somebody; who it is, the passkey says.
    pub async fn begin_sign_in(&self) -> Result<Value, Problem> {
        let (options, state) = self
            .webauthn()?
            .start_discoverable_authentication()
            .map_err(broken)?;
        let mut options = written(&options)?;
        // The page asks by a button; the browser shows its own list of passkeys then.
        if let Some(options) = options.as_object_mut() {
            options.remove("mediation");
        }
        self.keep(Ceremony::SignIn(state), options).await
    }

    /// Ends it: `find` returns the passkey with an id.
    pub async fn finish_sign_in<'a>(
        &self,
        ceremony: &str,
        answer: &Value,
        find: impl FnOnce(&str) -> Option<(&'a Account, &'a Kept)>,
    ) -> Result<(Actor, Shown), Problem> {
        let Some(Ceremony::SignIn(state)) = self.take(ceremony).await? else {
            return Err(too_late());
        };
        let answer: PublicKeyCredential = read(answer)?;
        let webauthn = self.webauthn()?;
        let (user, id) = webauthn
            .identify_discoverable_authentication(&answer)
            .map_err(|_| not_known())?;
        let (account, kept) = find(&URL_SAFE_NO_PAD.encode(id)).ok_or_else(not_known)?;
        let mut stored = stored(kept).ok_or_else(not_known)?;
        if stored.user != user {
            return Err(not_known());
        }
        let result = webauthn
            .finish_discoverable_authentication_v2(&answer, state, &stored.passkey)
            .map_err(|error| refused(&error))?;
        let has_changed = stored.passkey.update_credential(&result) == Some(true);
        let shown = Shown {
            id: kept.id.clone(),
            changed: has_changed.then(|| written(&stored)).transpose()?,
        };
        Ok((account.actor().clone(), shown))
    }

    /// Begins to ask somebody who is signed in for one of their passkeys again.
    pub async fn begin_again(&self, account: &Account) -> Result<Value, Problem> {
        let passkeys: Vec<Passkey> = account
            .passkeys()
            .filter_map(stored)
            .map(|stored| stored.passkey)
            .collect();
        if passkeys.is_empty() {
            return Err(super::fresh::no_passkey());
        }
        let (options, state) = self
            .webauthn()?
            .start_passkey_authentication(&passkeys)
            .map_err(broken)?;
        self.keep(
            Ceremony::Again(account.actor().clone(), state),
            written(&options)?,
        )
        .await
    }

    /// Ends it.
    pub async fn finish_again(
        &self,
        ceremony: &str,
        answer: &Value,
        account: &Account,
    ) -> Result<Shown, Problem> {
        let Some(Ceremony::Again(actor, state)) = self.take(ceremony).await? else {
            return Err(too_late());
        };
        if actor != *account.actor() {
            return Err(too_late());
        }
        let answer: PublicKeyCredential = read(answer)?;
        let result = self
            .webauthn()?
            .finish_passkey_authentication(&answer, &state)
            .map_err(|error| refused(&error))?;
        let id = URL_SAFE_NO_PAD.encode(result.cred_id());
        let kept = account.passkeys().find(|kept| kept.id == id);
        let mut stored = kept.and_then(stored).ok_or_else(not_known)?;
        let has_changed = stored.passkey.update_credential(&result) == Some(true);
        Ok(Shown {
            id,
            changed: has_changed.then(|| written(&stored)).transpose()?,
        })
    }

    /// Begins to make a passkey. `name`: how the device lists it. `account`: what is known of its owner, whose other
    /// passkeys are not made twice on one device.
    pub async fn begin_make(
        &self,
        purpose: Purpose,
        name: &str,
        account: Option<&Account>,
    ) -> Result<Value, Problem> {
        let known: Vec<Stored> = account
            .into_iter()
            .flat_map(Account::passkeys)
            .filter_map(stored)
            .collect();
        let user = known
            .first()
            .map_or_else(Uuid::new_v4, |stored| stored.user);
        let excluded: Vec<CredentialID> = known
            .iter()
            .map(|stored| stored.passkey.cred_id().clone())
            .collect();
        let (options, state) = self
            .webauthn()?
            .start_passkey_registration(user, name, name, Some(excluded))
            .map_err(broken)?;
        let mut options = written(&options)?;
        // Signing in asks for no name, so the device must keep the passkey itself.
        options["publicKey"]["authenticatorSelection"]["residentKey"] = json!("required");
        options["publicKey"]["authenticatorSelection"]["requireResidentKey"] = json!(true);
        self.keep(Ceremony::Make(purpose, user, state), options)
            .await
    }

    /// Ends it.
    pub async fn finish_make(
        &self,
        ceremony: &str,
        answer: &Value,
        purpose: &Purpose,
    ) -> Result<Made, Problem> {
        let Some(Ceremony::Make(begun, user, state)) = self.take(ceremony).await? else {
            return Err(too_late());
        };
        if begun != *purpose {
            return Err(too_late());
        }
        let answer: RegisterPublicKeyCredential = read(answer)?;
        let passkey = self
            .webauthn()?
            .finish_passkey_registration(&answer, &state)
            .map_err(|error| refused(&error))?;
        Ok(Made {
            id: URL_SAFE_NO_PAD.encode(passkey.cred_id()),
            credential: written(&Stored { user, passkey })?,
        })
    }

    async fn keep(&self, ceremony: Ceremony, options: Value) -> Result<Value, Problem> {
        self.count()?;
        let id = secret()?;
        let now = Timestamp::now();
        let body = serde_json::to_string(&ceremony)
            .map_err(|_| Problem::machine("a passkey ceremony could not be written"))?;
        let ticket = Ticket {
            id: digest_of_secret(&id),
            owner: CEREMONY.to_owned(),
            body,
            ends_ms: now
                .saturating_add(LIFE)
                .map_err(|_| too_late())?
                .as_millisecond(),
        };
        let store = self.desk.store();
        store
            .put_ticket(CEREMONY, &ticket, now)
            .await
            .map_err(failed)?;
        Ok(json!({"ceremony": id, "options": options}))
    }

    /// Bounds what strangers can have written down.
    fn count(&self) -> Result<(), Problem> {
        let mut begun = self
            .begun
            .lock()
            .unwrap_or_else(|poison| poison.into_inner());
        if begun.0.elapsed() >= LIFE {
            *begun = (Instant::now(), 0);
        }
        if begun.1 >= CEREMONIES_MAX {
            return Err(Problem::new(429, "busy", "too many people are signing in")
                .hint("try again in a few minutes"));
        }
        begun.1 += 1;
        Ok(())
    }

    /// The ceremony of a secret, which is over with this.
    async fn take(&self, id: &str) -> Result<Option<Ceremony>, Problem> {
        let store = self.desk.store();
        let ticket = store
            .take_ticket(CEREMONY, &digest_of_secret(id), Timestamp::now())
            .await
            .map_err(failed)?;
        Ok(ticket.and_then(|ticket| serde_json::from_str(&ticket.body).ok()))
    }
}

fn relying_party(origin: &str, program: &str) -> Option<Webauthn> {
    let origin = Url::parse(origin).ok()?;
    let host = origin.domain()?.to_owned();
    WebauthnBuilder::new(&host, &origin)
        .ok()?
        .rp_name(program)
        .timeout(LIFE)
        .build()
        .ok()
}

fn stored(kept: &Kept) -> Option<Stored> {
    serde_json::from_value(kept.credential.clone()).ok()
}

fn written<T: Serialize>(value: &T) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|_| Problem::machine("a passkey could not be written"))
}

fn read<T: for<'de> Deserialize<'de>>(answer: &Value) -> Result<T, Problem> {
    T::deserialize(answer)
        .map_err(|_| Problem::input("passkey", "the browser's answer cannot be read"))
}

fn broken(error: webauthn_rs::prelude::WebauthnError) -> Problem {
    tracing::error!("a passkey ceremony could not begin: {error}");
    Problem::machine("passkeys do not work at the moment")
}

/// The same words for a passkey that is not known, one that was removed, and one whose owner left.
pub fn not_known() -> Problem {
    Problem::new(403, "passkey", "this passkey does not sign in here")
        .hint("use another one, or ask for an invitation")
}

fn refused(error: &webauthn_rs::prelude::WebauthnError) -> Problem {
    tracing::info!("a passkey was refused: {error}");
    metrics::counter!("headstart_passkeys_refused_total").increment(1);
    not_known()
}

fn too_late() -> Problem {
    Problem::new(
        409,
        "ceremony",
        "this took too long, or was answered already",
    )
    .hint("try again")
}
