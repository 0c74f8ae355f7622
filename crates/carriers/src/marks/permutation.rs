//! Orders of a few items as numbers: the factorial number system, 0 being the order as written.
//!
//! Of four items and more only the even orders are values: those that an even number of exchanges of two items makes
//! of the written one.
//! So an order with two items exchanged is none, and neither is what two copies of a list of four or five give when
//! they are put together line by line: every other line is then that of one copy, and at most two change places.

/// Lists of so many items check their order.
const CHECKED_MIN: usize = 4;

/// How many orders of so many items copies show: all of two or three items, half of four and more; for at most 20 items.
pub fn shuffle_values(items: usize) -> u64 {
    orders(items) / checks(items)
}

/// `items`!, for at most 20 items.
pub(crate) fn orders(items: usize) -> u64 {
    (1..=items.min(20) as u64).product()
}

/// Of how many orders one is a value.
fn checks(items: usize) -> u64 {
    if items >= CHECKED_MIN { 2 } else { 1 }
}

/// The order with number `value`: `order[place]` is the item that stands there.
pub(crate) fn order_of(value: u64, items: usize) -> Vec<usize> {
    let mut left: Vec<usize> = (0..items).collect();
    let mut rest = value * checks(items);
    let mut picks = 0;
    let mut order = Vec::with_capacity(items);
    for place in (0..items).rev() {
        let weight = orders(place);
        let mut pick = ((rest / weight) as usize).min(left.len().saturating_sub(1));
        rest %= weight;
        // The last two items stand so that the whole is even.
        if place == 1 && checks(items) > 1 {
            pick = picks % 2;
        }
        picks += pick;
        order.push(left.remove(pick));
    }
    order
}

/// The number of an order; `None` unless it is a permutation of `0..len` that is a value.
pub(crate) fn value_of(order: &[usize]) -> Option<u64> {
    let mut left: Vec<usize> = (0..order.len()).collect();
    let (mut index, mut picks) = (0, 0);
    for (place, item) in order.iter().enumerate() {
        let pick = left.iter().position(|l| l == item)?;
        left.remove(pick);
        picks += pick;
        index += pick as u64 * orders(order.len() - place - 1);
    }
    let checks = checks(order.len());
    (checks == 1 || picks % 2 == 0).then_some(index / checks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_an_order_of_its_own_and_the_first_is_the_order_as_written() {
        for items in 2..8 {
            let mut seen = std::collections::BTreeSet::new();
            for value in 0..shuffle_values(items) {
                let order = order_of(value, items);
                assert_eq!(value_of(&order), Some(value));
                assert!(seen.insert(order));
            }
            assert_eq!(order_of(0, items), (0..items).collect::<Vec<_>>());
            assert_eq!(seen.len() as u64, shuffle_values(items));
        }
        assert_eq!([2, 3, 4, 5].map(shuffle_values), [2, 6, 12, 60]);
    }

    #[test]
    fn an_order_with_two_items_exchanged_is_none() {
        for items in 4..8 {
            for value in (0..shuffle_values(items)).step_by(7) {
                for (one, other) in (0..items).flat_map(|b| (0..b).map(move |a| (a, b))) {
                    let mut order = order_of(value, items);
                    order.swap(one, other);
                    assert_eq!(value_of(&order), None);
                }
            }
        }
        assert_eq!(value_of(&[0, 0, 1, 2]), None);
    }

    #[test]
    fn two_lists_of_up_to_five_put_together_line_by_line_show_no_third_order() {
        for items in 2..6 {
            for one in 0..shuffle_values(items) {
                for other in 0..shuffle_values(items) {
                    for first in 0..2 {
                        let (a, b) = (order_of(one, items), order_of(other, items));
                        let from = |place: usize| if place % 2 == first { &a } else { &b };
                        let merged: Vec<usize> = (0..items).map(|p| from(p)[p]).collect();
                        let shown = value_of(&merged);
                        assert!(shown.is_none_or(|v| v == one || v == other));
                    }
                }
            }
        }
    }
}
