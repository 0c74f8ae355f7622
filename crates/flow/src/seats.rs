//! Who has which number in a case: the engine knows slots and groups, the program seats and partners.

use domain::ids::{ArtifactId, PartnerId, SeatId};

/// One seat's place in a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seating {
    /// The number of the copy, from 0.
    pub slot: u32,
    /// The seat.
    pub seat: SeatId,
    /// Its partner.
    pub partner: PartnerId,
    /// The artifacts of which it has a copy.
    pub artifacts: Vec<ArtifactId>,
}

/// Why seats cannot get the slots that they should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SeatsError {
    /// Slots are given as 0, 1, 2, … in order.
    #[error("slot {found} stands where slot {expected} should")]
    Slot {
        /// The slot that should come next.
        expected: u32,
        /// The slot that came.
        found: u32,
    },
    /// Within a press they are given in the order of the partners' numbers, so that the rosters' sizes alone say which
    /// slot is of which partner.
    #[error("slot {slot} is of a partner whose number is lower than that of the slot before it")]
    Partner {
        /// The slot.
        slot: u32,
    },
}

impl SeatsError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        "the stored codebook does not fit the case; run `headstart log audit`"
    }
}

/// Who has which number in a case: seats and partners, in the order in which presses gave them.
#[derive(Debug, Clone, Default)]
pub struct Seats {
    seatings: Vec<Seating>,
    partners: Vec<PartnerId>,
    /// For each press, how many slots and how many groups there were before it.
    before: Vec<(usize, usize)>,
}

impl Seats {
    /// Gives the next slots to the seats of one more press.
    ///
    /// # Errors
    /// [`SeatsError`] unless their slots are the next ones, in the order of the partners' numbers; nothing has changed
    /// then.
    pub fn press(&mut self, new: Vec<Seating>) -> Result<(), SeatsError> {
        let before = (self.seatings.len(), self.partners.len());
        for (seating, expected) in new.iter().zip(self.next_slot()..) {
            if seating.slot != expected {
                return Err(SeatsError::Slot {
                    expected,
                    found: seating.slot,
                });
            }
        }
        let mut partners = self.partners.clone();
        let mut last = 0;
        for seating in &new {
            let known = partners.iter().position(|own| *own == seating.partner);
            let group = known.unwrap_or(partners.len());
            if known.is_none() {
                partners.push(seating.partner.clone());
            }
            if group < last {
                return Err(SeatsError::Partner { slot: seating.slot });
            }
            last = group;
        }
        self.partners = partners;
        self.seatings.extend(new);
        self.before.push(before);
        Ok(())
    }

    /// Puts what will get the next slots into the order that [`Seats::press`] wants: by the numbers of the partners,
    /// new partners last in the order in which they come.
    pub fn in_order<T>(&self, new: &mut [T], partner: impl Fn(&T) -> PartnerId) {
        let mut partners = self.partners.clone();
        for own in new.iter() {
            let own = partner(own);
            if !partners.contains(&own) {
                partners.push(own);
            }
        }
        new.sort_by_key(|own| {
            let own = partner(own);
            partners.iter().position(|known| *known == own)
        });
    }

    /// The slot that the next seat gets.
    pub fn next_slot(&self) -> u32 {
        number(self.seatings.len())
    }

    /// How many presses there were.
    pub fn presses(&self) -> usize {
        self.before.len()
    }

    /// Whose slot is whose.
    pub fn seatings(&self) -> &[Seating] {
        &self.seatings
    }

    /// The partners, in the order of the engine's group numbers.
    pub fn partners(&self) -> &[PartnerId] {
        &self.partners
    }

    /// The engine's group number of a partner.
    pub fn group_of(&self, partner: &PartnerId) -> Option<u32> {
        let position = self.partners.iter().position(|p| p == partner)?;
        Some(number(position))
    }

    /// The seats that a press (from 0) gave their slots.
    pub fn new_seats(&self, press: usize) -> &[Seating] {
        let (first, end) = self.slots_of(press);
        self.seatings.get(first..end).unwrap_or_default()
    }

    /// The partners that a press (from 0) gave their numbers.
    pub fn new_partners(&self, press: usize) -> impl Iterator<Item = (u32, &PartnerId)> {
        let first = self.before.get(press).map_or(usize::MAX, |own| own.1);
        let end = self.before.get(press.saturating_add(1));
        let end = end.map_or(self.partners.len(), |own| own.1);
        let partners = self.partners.get(first..end).unwrap_or_default();
        partners
            .iter()
            .enumerate()
            .map(move |(place, partner)| (number(first + place), partner))
    }

    /// How many seats of each partner have copies after a press (from 0).
    pub fn sizes(&self, press: usize) -> Vec<u32> {
        let (_, end) = self.slots_of(press);
        let mut sizes = Vec::new();
        for seating in self.seatings.get(..end).unwrap_or_default() {
            let group = self.partners.iter().position(|p| *p == seating.partner);
            let group = group.expect("`press` lists every partner");
            if group >= sizes.len() {
                sizes.resize(group + 1, 0);
            }
            sizes[group] += 1;
        }
        sizes
    }

    /// The press that gave a slot.
    pub fn press_of_slot(&self, slot: u32) -> Option<usize> {
        (0..self.presses()).find(|press| {
            let (first, end) = self.slots_of(*press);
            (first..end).contains(&(slot as usize))
        })
    }

    /// The press that gave a group.
    pub fn press_of_group(&self, group: u32) -> Option<usize> {
        (0..self.presses()).find(|press| self.new_partners(*press).any(|(own, _)| own == group))
    }

    fn slots_of(&self, press: usize) -> (usize, usize) {
        let Some((first, _)) = self.before.get(press) else {
            return (self.seatings.len(), self.seatings.len());
        };
        let end = self.before.get(press + 1);
        (*first, end.map_or(self.seatings.len(), |own| own.0))
    }
}

fn number(place: usize) -> u32 {
    u32::try_from(place).expect("a case has far fewer than 2^32 seats")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seating(slot: u32, seat: &str) -> Seating {
        let partner = seat.split('.').next().unwrap();
        Seating {
            slot,
            seat: seat.parse().unwrap(),
            partner: partner.parse().unwrap(),
            artifacts: Vec::new(),
        }
    }

    #[test]
    fn each_press_numbers_its_own_seats_and_new_partners() {
        let mut seats = Seats::default();
        seats
            .press(vec![seating(0, "p-02.s1"), seating(1, "p-01.s1")])
            .unwrap();
        seats
            .press(vec![
                seating(2, "p-02.s2"),
                seating(3, "p-03.s1"),
                seating(4, "p-03.s2"),
            ])
            .unwrap();
        assert_eq!(
            (seats.sizes(0), seats.sizes(1)),
            (vec![1, 1], vec![2, 1, 2])
        );
        assert!(seats.sizes(2) == seats.sizes(1) && seats.new_seats(2).is_empty());
        let presses: Vec<_> = (0..6).map(|slot| seats.press_of_slot(slot)).collect();
        assert_eq!(presses, [Some(0), Some(0), Some(1), Some(1), Some(1), None]);
        let presses: Vec<_> = (0..4).map(|group| seats.press_of_group(group)).collect();
        assert_eq!(presses, [Some(0), Some(0), Some(1), None]);
        assert_eq!(seats.new_seats(1).len(), 3);
        let new: Vec<_> = seats.new_partners(1).map(|(group, _)| group).collect();
        assert_eq!(new, [2]);
        let mut new = ["p-09.s1", "p-03.s3", "p-09.s2", "p-02.s3"];
        seats.in_order(&mut new, |seat| seating(0, seat).partner);
        assert_eq!(new, ["p-02.s3", "p-03.s3", "p-09.s1", "p-09.s2"]);
        let wrong = seats.press(vec![seating(5, "p-03.s3"), seating(6, "p-02.s3")]);
        assert_eq!(wrong, Err(SeatsError::Partner { slot: 6 }));
        let wrong = seats.press(vec![seating(5, "p-04.s1"), seating(5, "p-04.s2")]);
        assert_eq!(
            wrong,
            Err(SeatsError::Slot {
                expected: 6,
                found: 5
            })
        );
        assert_eq!((seats.presses(), seats.next_slot()), (2, 5));
    }
}
