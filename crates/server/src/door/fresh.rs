//! A passkey that was shown a moment ago: what the gravest things ask for beside a role.

use jiff::{SignedDuration, Timestamp};

use crate::problem::Aside;
use crate::{Problem, Visit};

/// How long a passkey that was shown counts as fresh.
pub const FRESH_MINUTES: i64 = 5;

/// Asks that a passkey was shown within the last [`FRESH_MINUTES`] minutes, by the machine's clock.
///
/// # Errors
/// A problem that sends a browser to `/sign-in/again` and from there back to this path; for an account without a
/// passkey, and for tokens, one that says so.
pub fn fresh(visit: &Visit) -> Result<(), Problem> {
    fresh_to(visit, &visit.path)
}

/// The same, with where to go back to.
///
/// # Errors
/// As [`fresh`].
pub fn fresh_to(visit: &Visit, back: &str) -> Result<(), Problem> {
    let session = visit.session.as_ref().ok_or_else(Problem::nothing_here)?;
    let limit = SignedDuration::from_mins(FRESH_MINUTES);
    let is_fresh = session
        .shown_at
        .is_some_and(|at| Timestamp::now().duration_since(at) <= limit);
    if is_fresh {
        return Ok(());
    }
    if !visit.state.accounts.of(&session.account).has_passkey() {
        return Err(no_passkey());
    }
    let problem = Problem::new(403, "fresh-passkey", "show your passkey once more for this")
        .hint(format!(
            "it counts for {FRESH_MINUTES} minutes; then try again"
        ))
        .aside(Aside::Go(format!("/sign-in/again?to={back}")));
    Err(problem)
}

/// An account that has no passkey cannot confirm anything by one.
pub fn no_passkey() -> Problem {
    Problem::new(
        403,
        "no-passkey",
        "this needs a passkey, and your account has none",
    )
    .hint("add one under your name, at the top of the page")
}

/// Where to go after signing in: a path of this server, and nothing else.
pub fn safe_path(to: &str) -> Option<&str> {
    let is_own = to.starts_with('/')
        && !to.starts_with("//")
        && to.len() <= 500
        && to
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    is_own.then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_server_are_gone_back_to() {
        for good in ["/today", "/cases/HS-2026-0001?tab=waves"] {
            assert_eq!(safe_path(good), Some(good));
        }
        for bad in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "today",
            "/a b",
            "/a\r\nb",
            "",
        ] {
            assert_eq!(safe_path(bad), None, "{bad}");
        }
    }
}
