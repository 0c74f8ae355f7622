//! What seals the openings of receipts, kept for some minutes.
//!
//! To seal something short to a seat takes almost only as long as its key is used, which is a quarter of all the work of
//! a fetch. A seat that fetches again, another package or the same one, has its next receipts sealed under the header of
//! the first.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::ids::SeatId;
use seal::Sealer;

use crate::desk::{Loaded, Shared};
use crate::{Desk, Failure};

/// How long one is used. Whoever reads this process's memory can open what was sealed with those that are in it.
const USED: Duration = Duration::from_secs(600);
/// How often those that are not used any more are thrown away.
const SWEPT: Duration = Duration::from_secs(60);
/// Sealers that are kept.
const KEPT_MAX: usize = 10_000;

/// Sealers by the seat that they seal to, beside the program.
#[derive(Default)]
pub(crate) struct Sealers {
    kept: BTreeMap<SeatId, Kept>,
    /// Whether a task throws away what is too old.
    is_swept: bool,
}

struct Kept {
    reader: String,
    made: Instant,
    sealer: Arc<Sealer>,
}

impl Sealers {
    fn get(&self, seat: &SeatId, reader: &str, now: Instant) -> Option<Arc<Sealer>> {
        let kept = self.kept.get(seat)?;
        let is_used = now.saturating_duration_since(kept.made) < USED;
        (is_used && kept.reader == reader).then(|| kept.sealer.clone())
    }

    fn keep(&mut self, seat: &SeatId, reader: &str, sealer: Arc<Sealer>, now: Instant) {
        if self.kept.len() >= KEPT_MAX {
            self.kept.clear();
        }
        let kept = Kept {
            reader: reader.to_owned(),
            made: now,
            sealer,
        };
        self.kept.insert(seat.clone(), kept);
    }

    /// Throws away those that are not used any more; whether there are others.
    fn sweep(&mut self, now: Instant) -> bool {
        self.kept
            .retain(|_, kept| now.saturating_duration_since(kept.made) < USED);
        self.is_swept = !self.kept.is_empty();
        self.is_swept
    }
}

impl Desk {
    /// What seals to the program and to a seat.
    ///
    /// # Errors
    /// A seat that there is not, or whose key nothing can be sealed to.
    pub(crate) fn sealer_to(&self, loaded: &Loaded, seat: &SeatId) -> Result<Arc<Sealer>, Failure> {
        let reader = reader_of(loaded, seat)?;
        let now = Instant::now();
        if let Some(sealer) = lock(self.shared()).get(seat, reader, now) {
            return Ok(sealer);
        }
        let recipient = self.recipient_of(loaded, seat)?;
        let sealer = Arc::new(self.sealer(&recipient)?);
        let mut sealers = lock(self.shared());
        sealers.keep(seat, reader, sealer.clone(), now);
        if !std::mem::replace(&mut sealers.is_swept, true) {
            tokio::spawn(sweep(Arc::downgrade(self.shared())));
        }
        Ok(sealer)
    }
}

/// The key of a seat, as it is written.
pub(crate) fn reader_of<'a>(loaded: &'a Loaded, seat: &SeatId) -> Result<&'a str, Failure> {
    let found = loaded.program.seat(seat);
    let found =
        found.ok_or_else(|| Failure::machine("seat", format!("there is no seat `{seat}`")))?;
    Ok(found.recipient().as_str())
}

async fn sweep(shared: std::sync::Weak<Shared>) {
    loop {
        tokio::time::sleep(SWEPT).await;
        match shared.upgrade() {
            Some(shared) if lock(&shared).sweep(Instant::now()) => {}
            _ => return,
        }
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, Sealers> {
    // Whatever a thread did that held it, each sealer in it is whole.
    shared
        .sealers
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer() -> Arc<Sealer> {
        let key = seal::ProgramKey::generate();
        Arc::new(Sealer::new(&key.recipient(), &[]).unwrap())
    }

    #[test]
    fn a_sealer_is_used_for_its_seat_and_key_and_some_minutes_only() {
        let seat = SeatId::parse("nordwacht-1").unwrap();
        let other = SeatId::parse("nordwacht-2").unwrap();
        let (made, first) = (Instant::now(), sealer());
        let mut sealers = Sealers::default();
        sealers.keep(&seat, "age1a", first.clone(), made);
        let last = made + USED - Duration::from_millis(1);
        assert!(Arc::ptr_eq(
            &sealers.get(&seat, "age1a", last).unwrap(),
            &first
        ));
        assert!(sealers.get(&other, "age1a", made).is_none());
        // A seat with a new key.
        assert!(sealers.get(&seat, "age1b", made).is_none());
        assert!(sealers.get(&seat, "age1a", made + USED).is_none());
        assert!(sealers.sweep(last));
        assert!(!sealers.sweep(made + USED));
        assert!(sealers.kept.is_empty());
        // Nobody else has it: its key is gone.
        assert_eq!(Arc::strong_count(&first), 1);
    }
}
