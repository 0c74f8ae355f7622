//! A fetch and its receipt: the leaf that the log holds before the first byte is given.

use domain::chain::Link;
use domain::ids::{CaseId, PartnerId, SeatId};
use domain::sealed::Digest;
use jiff::Timestamp;

use crate::leaf::ReceiptLeaf;

/// What the log holds of one fetch. `link`: where the receipt stands in the seat's chain.
pub fn receipt_leaf(
    case: &CaseId,
    partner: &PartnerId,
    seat: &SeatId,
    link: Link,
    package: Digest,
    now: Timestamp,
) -> ReceiptLeaf {
    ReceiptLeaf {
        case: case.clone(),
        partner: partner.clone(),
        seat: seat.clone(),
        link,
        package,
        at: now,
    }
}
