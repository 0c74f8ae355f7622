//! Suggestions for programs and rules.

use carriers::Layout;

use super::Draft;

/// The places of a program or a rule that could carry a mark.
pub(super) fn suggest(_file_name: &str, _source: &str, _layout: &Layout) -> Vec<Draft> {
    Vec::new()
}
