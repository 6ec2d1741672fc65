//! The text of rules for the policy's hash.

/// Returns a line for each value. Values are quoted, so that none can look like another line.
pub(super) fn hash_each<T>(what: &str, values: impl IntoIterator<Item = T>, text: impl Fn(T) -> String) -> String {
    let lines: Vec<String> = values.into_iter().map(|value| format!("provenance {what} {}\n", text(value))).collect();
    lines.concat()
}

/// Returns a line for a switch that is on.
pub(super) fn hash_switch(what: &str, is_on: bool) -> String {
    if is_on { format!("provenance {what}\n") } else { String::new() }
}
