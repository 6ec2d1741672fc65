//! When two versions of one package are the same.

use super::{Scheme, Version, bitnami};

/// Whether a version is the one that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Same {
    /// It is.
    Yes,
    /// It is another one.
    No,
    /// The found one is not a version of its ecosystem (a branch, a range, the hash of a commit), so neither answer
    /// would be true.
    Unknown,
}

/// Compares a version that is asked for with one that was found, as the ecosystem of the type compares them: `1.0` is `1.0.0` for
/// PyPI, `1.2` is `1.2.0.0` for NuGet, `v1.2.3` is `1.2.3` for Composer, npm and Go.
///
/// What the one that is asked for leaves out does not count: a local label (PEP 440, "Version matching") and the revision of a
/// Bitnami package.
pub fn same_version(kind: &str, wanted: &str, found: &str) -> Same {
    let (wanted, found) = (wanted.trim(), found.trim());
    if wanted == found {
        return Same::Yes;
    }
    let Some(scheme) = Scheme::of(kind) else { return Same::No };
    let Ok(one) = Version::parse(scheme, wanted) else { return Same::No };
    let found = match scheme {
        Scheme::Bitnami if bitnami::without_revision(wanted).is_none() => {
            bitnami::without_revision(found).unwrap_or(found)
        }
        _ => found,
    };
    match Version::parse(scheme, found) {
        Ok(other) => {
            let is_same = one == other || (!wanted.contains('+') && one == other.public());
            if is_same { Same::Yes } else { Same::No }
        }
        Err(_) => Same::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a303_versions_are_the_same_as_their_ecosystem_has_it() {
        for (kind, wanted, found) in [
            ("pypi", "0.2", "0.2.0"),
            ("pypi", "1.0-alpha.1", "1.0a1"),
            ("pypi", "2.0.1", "2.0.1+cu118"),
            ("nuget", "1.2", "1.2.0.0"),
            ("nuget", "1.0.0-Beta", "1.0.0-beta"),
            ("composer", "5.4.20", "v5.4.20"),
            ("composer", "1.0", "1.0.0.0"),
            ("npm", "v1.2.3", "1.2.3"),
            ("npm", "1.2.3", "1.2.3+build"),
            ("golang", "v2.0.0", "2.0.0+incompatible"),
            ("golang", "1.22.3", "go1.22.3"),
            ("maven", "1.0", "1.0.0"),
            ("maven", "1.0", "1.0.Final"),
            ("deb", "0:1.2-3", "1.2-3"),
            ("rpm", "0:1.2-3", "1.2-3"),
            ("gem", "1.0", "1.0.0"),
            ("bitnami", "6.6.2", "6.6.2-14"),
            ("cargo", "1.0.0", " 1.0.0\r"),
            ("docker", "18", "18"),
        ] {
            assert_eq!(same_version(kind, wanted, found), Same::Yes, "{kind} {wanted} and {found}");
        }
    }

    #[test]
    fn other_versions_are_others_and_what_is_no_version_is_unknown() {
        for (kind, wanted, found) in [
            ("pypi", "2.0.1+cu118", "2.0.1"),
            ("pypi", "2.0.1+cu118", "2.0.1+cpu"),
            ("npm", "1.2.3", "1.2.3-rc.1"),
            ("npm", "1.2.3", "1.2.4"),
            ("deb", "1.2-3", "1:1.2-3"),
            ("bitnami", "6.6.2-14", "6.6.2-15"),
            ("docker", "18", "v18"),
            ("npm", "latest", "1.2.3"),
        ] {
            assert_eq!(same_version(kind, wanted, found), Same::No, "{kind} {wanted} and {found}");
        }
        for (kind, wanted, found) in [
            ("npm", "1.2.3", "^1.2.3"),
            ("npm", "1.2.3", "latest"),
            ("composer", "5.4.20", "dev-master"),
            ("composer", "5.4.20", "5.4.x-dev"),
            ("golang", "v1.2.3", "(devel)"),
            ("github", "v4", "11bd71901bbe5b1630ceea73d27597364c9af683"),
        ] {
            assert_eq!(same_version(kind, wanted, found), Same::Unknown, "{kind} {wanted} and {found}");
        }
    }
}
