//! Orders of a few items as numbers: the factorial number system, 0 being the order as written.

/// `items`!, for at most 20 items.
pub(crate) fn orders(items: usize) -> u64 {
    (1..=items.min(20) as u64).product()
}

/// The order with number `index`: `order[place]` is the item that stands there.
pub(crate) fn order_of(index: u64, items: usize) -> Vec<usize> {
    let mut left: Vec<usize> = (0..items).collect();
    let mut rest = index;
    let mut order = Vec::with_capacity(items);
    for place in (0..items).rev() {
        let weight = orders(place);
        let pick = ((rest / weight) as usize).min(left.len().saturating_sub(1));
        rest %= weight;
        order.push(left.remove(pick));
    }
    order
}

/// The number of an order; `None` unless it is a permutation of `0..len`.
pub(crate) fn index_of(order: &[usize]) -> Option<u64> {
    let mut left: Vec<usize> = (0..order.len()).collect();
    let mut index = 0;
    for (place, item) in order.iter().enumerate() {
        let at = left.iter().position(|l| l == item)?;
        left.remove(at);
        index += at as u64 * orders(order.len() - place - 1);
    }
    Some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_of_five_items_has_one_number() {
        let mut seen = std::collections::BTreeSet::new();
        for index in 0..orders(5) {
            let order = order_of(index, 5);
            assert_eq!(index_of(&order), Some(index));
            assert!(seen.insert(order));
        }
        assert_eq!(order_of(0, 5), [0, 1, 2, 3, 4]);
        assert_eq!(seen.len(), 120);
    }
}
