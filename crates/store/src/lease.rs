//! Who holds the lease of the log: one process at a time puts checkpoints over it.
//!
//! The lease keeps two processes from doing the same work; it is not what keeps the log whole. Entries have their
//! places for good, so that every process makes the same tree; and a checkpoint is stored only with the token of the
//! newest lease, so that a process that slept over the end of its lease stores nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long a lease lasts if nothing else is said. A holder that died is noticed earlier where that can be seen.
pub(crate) const LEASE: Duration = Duration::from_secs(10);
/// No lease lasts longer.
pub(crate) const LEASE_MAX: Duration = Duration::from_secs(60);

/// Who asks for the lease, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) holder: String,
    pub(crate) length: Duration,
}

/// A name for one open store.
pub(crate) fn new_holder() -> String {
    static OPENED: AtomicU64 = AtomicU64::new(0);
    let id = std::process::id();
    let opened = OPENED.fetch_add(1, Ordering::Relaxed);
    let (boot, start) = (boot(), start(id).unwrap_or_default());
    format!("{boot}/{id}/{start}/{opened}")
}

/// Whether the holder was a process of this machine that no longer runs. A wrong answer costs work, not safety.
pub(crate) fn is_dead(holder: &str) -> bool {
    let mut parts = holder.split('/');
    let (Some(there), Some(id), Some(began)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    if there.is_empty() || there != boot() || began.is_empty() {
        return false;
    }
    id.parse()
        .is_ok_and(|id| start(id).as_deref() != Some(began))
}

/// What is new with every start of the machine, and with every space of process ids; empty where that is not told.
fn boot() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let space = std::fs::read_link("/proc/self/ns/pid")
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    match (boot.trim(), space.as_str()) {
        ("", _) | (_, "") => String::new(),
        (boot, space) => format!("{boot}:{space}"),
    }
}

/// When a process began, in the machine's own count, so that a number that is used again is no mistake; `None` when it
/// has ended, also when nobody has waited for it yet.
fn start(id: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in parentheses may have any character.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    let state = fields.next()?;
    let began = fields.nth(18)?;
    (!matches!(state, "Z" | "X" | "x")).then(|| began.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_holder_is_dead_when_its_process_has_ended() {
        let mine = new_holder();
        assert!(!is_dead(&mine));
        let mut other = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let began = start(other.id()).unwrap();
        let holder = format!("{}/{}/{began}/0", boot(), other.id());
        assert!(!is_dead(&holder));
        other.kill().unwrap();
        // Nobody has waited for it: it is still in the table of processes.
        while start(other.id()).is_some() {
            std::thread::yield_now();
        }
        assert!(is_dead(&holder));
        other.wait().unwrap();
        assert!(is_dead(&holder));
        // The number may be in use again, by a process that began later.
        assert!(is_dead(&format!("{}/{}/1/0", boot(), std::process::id())));
    }

    #[test]
    fn a_holder_that_nobody_can_look_at_is_not_called_dead() {
        for holder in ["", "elsewhere", "other-boot/1/2/0", "//1/0"] {
            assert!(!is_dead(holder), "{holder}");
        }
    }
}
