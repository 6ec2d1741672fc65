//! RPM: `[epoch:]version[-release]`, whose parts `rpmvercmp` compares (rpm `rpmio/rpmver.cc`).

use std::cmp::Ordering;

use rpm_version::Evr;

use super::digits;

/// `parseEVR`: the epoch is the digits before the first colon, if nothing else stands there; the release is what follows the last
/// hyphen.
fn parts(text: &str) -> Evr<'_> {
    let (epoch, rest) = text.split_once(':').filter(|(epoch, _)| is_epoch(epoch)).unwrap_or(("0", text));
    let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
    Evr::new(epoch, version, release)
}

fn is_epoch(text: &str) -> bool {
    text.is_empty() || digits::are_all(text)
}

pub(super) fn compare(one: &str, other: &str) -> Ordering {
    parts(one).cmp(&parts(other))
}

#[cfg(test)]
mod tests {
    use super::super::tests::ascending;

    #[test]
    fn versions_have_the_order_of_rpmvercmp() {
        ascending(
            "rpm",
            &[
                &["1.0~rc1-1"],
                &["1.0-1", "0:1.0-1", ":1.0-1"],
                &["1.0^git1-1"],
                &["1.0.1-1"],
                &["1.10-1"],
                &["1:0.1-1"],
            ],
        );
    }

    // rpm `rpmio/rpmver.cc`, `parseEVR`.
    #[test]
    fn an_epoch_is_digits_and_a_release_follows_the_last_hyphen() {
        ascending("rpm", &[&["0a:3"], &["1.0:1-1"], &["2"]]);
        ascending("rpm", &[&["1-2-1"], &["1.3-1"], &["1-10-1"]]);
    }
}
