//! Rules in words.

/// Rules as a person reads them.
pub(super) fn listed<R: ToString>(rules: &[R]) -> String {
    rules.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}
