//! Which entries of an index the container runtimes choose for a platform.
//!
//! Nearly all runtimes use one of two libraries, whose choices differ: containerd/platforms (containerd, Docker, BuildKit,
//! nerdctl, Kubernetes on containerd) and containers/image (Podman, Buildah, Skopeo, CRI-O). Every entry that one of them would
//! run must be verified. So this module implements both, step by step (A290).

use std::collections::BTreeSet;

use super::platform::Platform;

/// An entry of an index, as far as it matters for being chosen.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The platform that the index states.
    pub platform: Option<&'a Platform>,
    /// Whether the index marks it as compressed with Zstandard (`io.github.containers.compression.zstd`).
    pub is_zstd: bool,
}

/// Returns the places of the entries that some runtime chooses for a platform, among those that state one.
///
/// A wish without a variant is that of every machine of the architecture: of 64-bit Arm, v8; of 32-bit Arm, any from v5 to v8.
pub fn chosen(wish: &Platform, entries: &[Entry<'_>]) -> BTreeSet<usize> {
    let wish = Normal::of(wish);
    let machines = machines(&wish);
    let chosen = machines.iter().flat_map(|machine| {
        let containerd = containerd(&wish, &vector(&wish.architecture, machine.as_deref()), entries);
        // containers/image knows no versions of Windows, so one that was asked for is not chosen by it.
        let is_known = wish.os_version.is_none();
        let others = if is_known { containers_image(&wish, machine.as_deref(), entries) } else { Vec::new() };
        containerd.into_iter().chain(others)
    });
    chosen.collect()
}

/// A platform as containerd/platforms `database.go`, `normalizeOS` and `normalizeArch`, writes it.
struct Normal {
    os: String,
    architecture: String,
    variant: Option<String>,
    os_version: Option<String>,
    /// Whether a variant was stated, though it is the default one and left out here.
    has_variant: bool,
}

impl Normal {
    fn of(platform: &Platform) -> Self {
        let os = match platform.os.to_lowercase().as_str() {
            "macos" => "darwin".to_owned(),
            other => other.to_owned(),
        };
        let variant = platform.variant.as_deref().map(str::to_lowercase).filter(|variant| !variant.is_empty());
        let has_variant = variant.is_some();
        let architecture = platform.architecture.to_lowercase();
        let named = normal_architecture(&architecture, variant.as_deref());
        let (architecture, variant) = (named.0.to_owned(), named.1.map(str::to_owned));
        Self { os, architecture, variant, os_version: platform.os_version.clone(), has_variant }
    }

    /// An entry without an operating system is for that of the machine: `normalizeOS` returns `runtime.GOOS` for it.
    fn is(&self, os: &str, architecture: &str, variant: Option<&str>) -> bool {
        (self.os.is_empty() || self.os == os) && self.architecture == architecture && self.variant.as_deref() == variant
    }
}

/// containerd/platforms `database.go`, `normalizeArch`. In `containerd()` 32-bit Arm without a variant is v7.
fn normal_architecture<'a>(architecture: &'a str, variant: Option<&'a str>) -> (&'a str, Option<&'a str>) {
    match (architecture, variant) {
        ("i386", _) => ("386", None),
        ("x86_64" | "x86-64" | "amd64", Some("v1")) => ("amd64", None),
        ("x86_64" | "x86-64" | "amd64", variant) => ("amd64", variant),
        ("aarch64" | "arm64", Some("8" | "v8")) => ("arm64", None),
        ("aarch64" | "arm64", variant) => ("arm64", variant),
        ("armhf", _) | ("arm", None | Some("7")) => ("arm", Some("v7")),
        ("armel", _) | ("arm", Some("6")) => ("arm", Some("v6")),
        ("arm", Some("5")) => ("arm", Some("v5")),
        ("arm", Some("8")) => ("arm", Some("v8")),
        other => other,
    }
}

/// The variants of the machines that a wish may be about.
///
/// containerd/platforms and containers/image detect the variant of an Arm machine alone (`cpuinfo_linux.go`,
/// `getCPUVariantArm`); `None` is a machine whose variant was not looked at.
fn machines(wish: &Normal) -> Vec<Option<String>> {
    let any = |variants: &[&str]| {
        std::iter::once(None).chain(variants.iter().map(|variant| Some((*variant).to_owned()))).collect()
    };
    match (wish.architecture.as_str(), wish.has_variant) {
        ("arm64", false) => any(&["v8"]),
        ("arm64", true) => vec![Some(wish.variant.clone().unwrap_or_else(|| "v8".to_owned()))],
        ("arm", false) => any(&["v5", "v6", "v7", "v8"]),
        _ => vec![wish.variant.clone()],
    }
}

/// Architectures and variants that a machine can run, the best first: containerd/platforms `compare.go`, `platformVector`.
fn vector(architecture: &str, variant: Option<&str>) -> Vec<(&'static str, Option<String>)> {
    let number = |text: &str| text.trim_start_matches('v').parse::<u8>().ok();
    let normal = |architecture: &'static str, variant: String| {
        let (architecture, variant) = match normal_architecture(architecture, Some(&variant)) {
            (_, None) => (architecture, None),
            (_, Some(variant)) => (architecture, Some(variant.to_owned())),
        };
        (architecture, variant)
    };
    let plain = |text: &str| text.to_owned();
    match architecture {
        // "For amd64, will also match 386"; a higher level runs the lower ones.
        "amd64" => {
            let level = variant.and_then(number).unwrap_or(1);
            let mut vector = vec![("amd64", variant.filter(|variant| *variant != "v1").map(plain))];
            vector.extend((1..level).rev().map(|level| normal("amd64", format!("v{level}"))));
            vector.push(("386", None));
            vector
        }
        // "For arm/v8, will also match arm/v7, arm/v6 and arm/v5."
        "arm" => {
            let variant = variant.unwrap_or("v7");
            let version = number(variant).unwrap_or_default();
            let lower = (5..version).rev().map(|version| ("arm", Some(format!("v{version}"))));
            std::iter::once(("arm", Some(plain(variant)))).chain(lower).collect()
        }
        // "For arm64/v9.x, will also match arm64/v9.{0..x-1} and arm64/v8.{0..x+5}", and then what 32-bit Arm runs.
        "arm64" => {
            let variant = variant.unwrap_or("v8");
            let mut vector = vec![normal("arm64", plain(variant))];
            let (major, minor) = variant.split_once('.').unwrap_or((variant, "0"));
            if let (Some(major), Some(minor)) = (number(major).filter(|major| *major >= 8), number(minor)) {
                let version = |major: u8, minor: u8| match minor {
                    0 => normal("arm64", format!("v{major}")),
                    minor => normal("arm64", format!("v{major}.{minor}")),
                };
                vector.extend((0..minor).rev().map(|minor| version(major, minor)));
                if major == 9 {
                    vector.extend((0..=minor.saturating_add(5)).rev().map(|minor| version(8, minor)));
                }
            }
            let below = if variant.starts_with("v8.") || variant.starts_with("v9.") { "v8" } else { variant };
            vector.extend(self::vector("arm", Some(below)));
            vector
        }
        "386" => vec![("386", None)],
        _ => Vec::new(),
    }
}

/// The choice of containerd: the first entry of the best rank. Windows chooses by its own version, which is unknown
/// here, so there every entry of a rank counts.
fn containerd(wish: &Normal, vector: &[(&'static str, Option<String>)], entries: &[Entry<'_>]) -> Vec<usize> {
    let normals: Vec<Option<Normal>> = entries.iter().map(|entry| entry.platform.map(Normal::of)).collect();
    let of_rank = |architecture: &str, variant: Option<&str>| -> Vec<usize> {
        let fits = |normal: &Normal| normal.is(&wish.os, architecture, variant) && runs_version(wish, normal);
        let places = normals.iter().enumerate().filter(|(_, normal)| normal.as_ref().is_some_and(fits));
        places.map(|(place, _)| place).take(if wish.os == "windows" { usize::MAX } else { 1 }).collect()
    };
    if vector.is_empty() {
        return of_rank(&wish.architecture, wish.variant.as_deref());
    }
    let ranks = vector.iter().map(|(architecture, variant)| of_rank(architecture, variant.as_deref()));
    ranks.into_iter().find(|places| !places.is_empty()).unwrap_or_default()
}

/// What containers/image takes: `platform_matcher.go`, `WantedPlatforms`, and `oci_index.go`, `chooseInstance`. Names are compared
/// as they are. One marked as Zstandard comes before others of its rank (`isPreferredOver`), unless gzip is preferred.
fn containers_image(wish: &Normal, machine: Option<&str>, entries: &[Entry<'_>]) -> Vec<usize> {
    const ARM: [&str; 3] = ["v7", "v6", "v5"];
    let variants: Vec<Option<&str>> = match (wish.architecture.as_str(), machine) {
        // "No variant specified", then the one that all machines have.
        ("arm64", None) => vec![None, Some("v8")],
        (_, None) => vec![None],
        ("arm", Some(variant)) if ARM.contains(&variant) => {
            let able = ARM.iter().skip_while(|known| **known != variant);
            able.map(|variant| Some(*variant)).chain([None]).collect()
        }
        (_, variant) => vec![variant, None],
    };
    let fits = |entry: &Entry<'_>, variant: Option<&str>| {
        entry.platform.is_some_and(|platform| {
            platform.os == wish.os
                && platform.architecture == wish.architecture
                && platform.variant.as_deref().filter(|variant| !variant.is_empty()) == variant
        })
    };
    let chosen = |is_zstd: Option<bool>| {
        variants.iter().find_map(|variant| {
            let of_rank = |entry: &Entry<'_>| fits(entry, *variant);
            let preferred = |entry: &Entry<'_>| of_rank(entry) && is_zstd.is_none_or(|is| entry.is_zstd == is);
            entries.iter().position(preferred).or_else(|| entries.iter().position(of_rank))
        })
    };
    [chosen(Some(true)), chosen(Some(false)), chosen(None)].into_iter().flatten().collect()
}

/// containerd/platforms `platform_windows_compat.go`, `checkWindowsHostAndContainerCompat`: builds before Windows Server 2022 run
/// their own version alone, later ones everything from that one up to their own.
fn runs_version(wish: &Normal, entry: &Normal) -> bool {
    const SERVER_2022: u16 = 20348;
    let (Some(wished), Some(stated)) = (wish.os_version.as_deref().and_then(version), entry.os_version.as_deref())
    else {
        return true;
    };
    if wish.os != "windows" {
        return true;
    }
    let (major, minor, build) = version(stated).unwrap_or_default();
    let is_able = if wished.2 < SERVER_2022 { build == wished.2 } else { (SERVER_2022..=wished.2).contains(&build) };
    (major, minor) == (wished.0, wished.1) && is_able
}

/// Major, minor and build of a version such as `10.0.20348.1726`.
fn version(text: &str) -> Option<(u8, u8, u16)> {
    let mut parts = text.split('.');
    let numbers = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        match text.strip_prefix('/') {
            Some(rest) => Platform { os: String::new(), ..platform(&format!("linux/{rest}")) },
            None => text.parse().expect("a platform"),
        }
    }

    /// The entries that are chosen, as they are written.
    fn of<'t>(wish: &str, texts: &[&'t str]) -> Vec<&'t str> {
        let platforms: Vec<Platform> = texts.iter().map(|text| platform(text)).collect();
        let entries: Vec<Entry<'_>> =
            platforms.iter().map(|platform| Entry { platform: Some(platform), is_zstd: false }).collect();
        chosen(&platform(wish), &entries).into_iter().map(|place| texts[place]).collect()
    }

    #[test]
    fn a290_another_spelling_is_chosen_where_it_comes_first_and_the_exact_one_beside_it() {
        for (wish, other, exact) in [
            ("linux/arm64", "linux/aarch64", "linux/arm64"),
            ("linux/amd64", "linux/x86_64", "linux/amd64"),
            ("linux/amd64", "linux/x86-64", "linux/amd64"),
            ("linux/amd64", "Linux/AMD64", "linux/amd64"),
            ("linux/amd64", "/amd64", "linux/amd64"),
            ("linux/amd64", "linux/amd64/v1", "linux/amd64"),
            ("linux/386", "linux/i386", "linux/386"),
            ("linux/arm/v7", "linux/armhf", "linux/arm/v7"),
            ("linux/arm/v7", "linux/arm", "linux/arm/v7"),
            ("linux/arm/v7", "linux/arm/7", "linux/arm/v7"),
            ("linux/arm/v6", "linux/armel", "linux/arm/v6"),
            ("darwin/arm64", "macos/arm64", "darwin/arm64"),
            ("linux/arm64", "linux/arm64/8", "linux/arm64"),
        ] {
            assert_eq!(of(wish, &[other, exact]), [other, exact], "{wish}");
            assert_eq!(of(wish, &[exact, other]), [exact], "{wish}: the first is what both take");
            if !other.starts_with('/') {
                assert_eq!(of(other, &[exact]), [exact], "{other}");
            }
        }
    }

    #[test]
    fn a290_the_default_variant_may_be_left_out_or_stated() {
        for wish in ["linux/arm64", "linux/arm64/v8"] {
            assert_eq!(of(wish, &["linux/arm64/v8"]), ["linux/arm64/v8"]);
            assert_eq!(of(wish, &["linux/arm64"]), ["linux/arm64"]);
            // containers/image takes the one with the variant on a machine whose variant it knows.
            assert_eq!(of(wish, &["linux/arm64", "linux/arm64/v8"]), ["linux/arm64", "linux/arm64/v8"]);
        }
        assert_eq!(of("linux/arm64/v9", &["linux/arm64", "linux/arm64/v8.5"]), ["linux/arm64", "linux/arm64/v8.5"]);
        assert_eq!(of("linux/arm64", &["linux/arm64", "linux/arm64/v9"]), ["linux/arm64"]);
        assert_eq!(of("linux/amd64", &["linux/amd64", "linux/amd64/v3"]), ["linux/amd64"]);
        assert_eq!(of("linux/amd64/v3", &["linux/amd64", "linux/amd64/v2"]), ["linux/amd64", "linux/amd64/v2"]);
        assert_eq!(of("linux/s390x", &["linux/amd64", "linux/s390x"]), ["linux/s390x"]);
    }

    #[test]
    fn a290_what_a_machine_runs_besides_is_chosen_where_there_is_nothing_better() {
        assert_eq!(of("linux/arm/v7", &["linux/arm/v5", "linux/arm/v6"]), ["linux/arm/v6"]);
        assert_eq!(of("linux/arm/v7", &["linux/arm/v6", "linux/arm/v7"]), ["linux/arm/v7"]);
        assert_eq!(of("linux/amd64", &["linux/386", "linux/amd64"]), ["linux/amd64"]);
        assert_eq!(of("linux/amd64", &["linux/386"]), ["linux/386"]);
        assert_eq!(of("linux/arm64", &["linux/arm/v7", "linux/amd64"]), ["linux/arm/v7"]);
        assert_eq!(of("linux/arm/v6", &["linux/arm/v7"]), [""; 0]);
        // The wish is that of every 32-bit machine.
        assert_eq!(of("linux/arm", &["linux/arm/v6", "linux/arm/v7"]), ["linux/arm/v6", "linux/arm/v7"]);
    }

    #[test]
    fn a046_of_two_that_are_alike_the_first_is_chosen_unless_the_other_is_marked() {
        let amd64 = platform("linux/amd64");
        let entry = |is_zstd| Entry { platform: Some(&amd64), is_zstd };
        let nothing = Entry { platform: None, is_zstd: false };
        assert_eq!(chosen(&amd64, &[entry(false), entry(false)]), BTreeSet::from([0]));
        assert_eq!(chosen(&amd64, &[entry(false), entry(true)]), BTreeSet::from([0, 1]));
        assert_eq!(chosen(&amd64, &[nothing, entry(false)]), BTreeSet::from([1]));
    }

    #[test]
    fn a290_a_version_of_windows_runs_what_containerd_says_it_does() {
        let images =
            ["windows/amd64:10.0.17763.1", "windows/amd64:10.0.20348.1", "windows/amd64:10.0.26100.1", "windows/amd64"];
        assert_eq!(of("windows/amd64", &images), images);
        assert_eq!(of("windows/amd64:10.0.17763.9", &images), [images[0], images[3]]);
        assert_eq!(of("windows/amd64:10.0.20348.1", &images[..2]), [images[1]]);
        assert_eq!(of("windows/amd64:10.0.26100.7", &images[1..]), images[1..]);
    }
}
