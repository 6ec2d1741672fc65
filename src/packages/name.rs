//! When two names are of the same package, ecosystem by ecosystem.
//!
//! Tools write one package in several ways. Each rule here brings a way that is seen in public documents into the one that the
//! ecosystem itself uses, so that rules, advisories and VEX statements all compare the same text.

use std::borrow::Cow;

/// Types that tools write instead of the type of the specification.
const KINDS: [(&str, &str); 6] = [
    // GitHub's dependency graph.
    ("githubactions", "github"),
    ("actions", "github"),
    ("pip", "pypi"),
    ("rubygems", "gem"),
    ("go", "golang"),
    ("rust", "cargo"),
];

/// The type and the namespaces of each distribution: `ID` of os-release, and older names. All are compared by the first one.
const NAMESPACES: [(&str, &[&str]); 17] = [
    ("deb", &["debian"]),
    ("deb", &["ubuntu"]),
    ("apk", &["alpine"]),
    ("apk", &["alpaquita"]),
    ("apk", &["bellsoft-hardened-containers"]),
    ("apk", &["wolfi"]),
    ("apk", &["chainguard"]),
    ("apk", &["minimos"]),
    ("rpm", &["almalinux", "alma"]),
    ("rpm", &["rocky", "rockylinux"]),
    ("rpm", &["redhat", "rhel"]),
    ("rpm", &["opensuse", "opensuse-leap", "opensuse-tumbleweed", "opensuse.leap"]),
    ("rpm", &["suse", "sles", "sled", "sle_hpc", "sles_sap"]),
    ("rpm", &["mageia"]),
    ("rpm", &["azurelinux", "mariner", "cbl-mariner"]),
    ("rpm", &["photon"]),
    ("rpm", &["openeuler"]),
];

/// Returns the type that the specification has for what a tool wrote.
pub(super) fn standard_kind(kind: Cow<'_, str>) -> Cow<'_, str> {
    KINDS.iter().find(|(written, _)| *written == kind).map_or(kind, |(_, meant)| Cow::Borrowed(*meant))
}

/// Whether tools write the names of a type in several forms, which [`standard`] and [`module_of_subpath`] bring into one.
pub(super) fn has_other_forms(kind: &str) -> bool {
    matches!(kind, "docker" | "golang" | "maven" | "pypi" | "github")
}

/// Returns the path of a package as its ecosystem writes it, if that is another one. `registry` is where an image lies, if that
/// is stated apart from the name.
pub(super) fn standard(kind: &str, path: &str, registry: Option<&str>) -> Option<String> {
    let name = match kind {
        "docker" => image(path, registry)?,
        "golang" => go_module(path)?,
        "maven" => maven_coordinates(path)?,
        "pypi" => without_extras(path)?,
        // An action in a folder of a repository is a part of that repository.
        "github" => {
            let end = path.match_indices('/').nth(1)?.0;
            path[..end].to_owned()
        }
        _ => return None,
    };
    let is_whole = !name.split('/').any(str::is_empty);
    (is_whole && name != path).then_some(name)
}

/// PEP 508: the brackets behind a project list extras of it.
fn without_extras(path: &str) -> Option<String> {
    let start = path.rfind('/').map_or(0, |slash| slash + 1);
    let (project, _) = path[start..].split_once('[')?;
    Some(format!("{}{}", &path[..start], project.trim_end()))
}

/// Docker's familiar names (distribution/reference `normalize.go`): `node` is `docker.io/library/node`, and `acme/app` is
/// `docker.io/acme/app`. The first part is a registry if it has a dot or a port, or is `localhost`.
fn image(path: &str, registry: Option<&str>) -> Option<String> {
    // A pattern for images of every registry.
    if path.starts_with("**") {
        return None;
    }
    let is_registry = |part: &str| part.contains(['.', ':']) || part == "localhost";
    let (stated, rest) = path.split_once('/').filter(|(first, _)| is_registry(first)).unwrap_or(("", path));
    let given = registry.map(|url| url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/'));
    let registry = if stated.is_empty() { given.unwrap_or("docker.io") } else { stated };
    let registry = match registry {
        "" | "index.docker.io" | "registry-1.docker.io" | "registry.hub.docker.com" | "hub.docker.com" => "docker.io",
        other => other,
    };
    let library = if registry == "docker.io" && !rest.contains('/') { "library/" } else { "" };
    Some(format!("{registry}/{library}{rest}"))
}

/// `std`, as CycloneDX tools write it, is `stdlib`, as the vulnerability database of Go writes it. `!a` is how Go writes `A` in the
/// paths of its proxy.
fn go_module(path: &str) -> Option<String> {
    match path {
        "std" => Some("stdlib".to_owned()),
        escaped if escaped.contains('!') => Some(escaped.replace('!', "")),
        _ => None,
    }
}

/// Returns the Go module that a package URL names with a subpath.
///
/// syft keeps three parts of a module path for namespace and name and writes the others as the subpath, so that
/// `github.com/golang-jwt/jwt/v5` becomes `pkg:golang/github.com/golang-jwt/jwt#v5` (anchore/syft#4316). A major version belongs to
/// the module path in any case (Go Modules Reference, "Major version suffixes"). Any other subpath is a package of the module.
pub(super) fn module_of_subpath(kind: &str, path: &str, subpath: Option<&str>) -> Option<String> {
    let subpath = subpath.filter(|_| kind == "golang")?;
    let first = subpath.split('/').next().unwrap_or_default();
    let major = first.strip_prefix('v').and_then(|number| number.parse::<u32>().ok()).is_some_and(|number| number >= 2);
    if path.split('/').count() == 3 {
        return Some(format!("{path}/{subpath}"));
    }
    major.then(|| format!("{path}/{first}"))
}

/// `group:artifact` and `group:artifact:version` are how Maven and Gradle write what a package URL has apart.
fn maven_coordinates(path: &str) -> Option<String> {
    if !path.contains(':') {
        return None;
    }
    let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut parts = name.split(':').filter(|part| !part.is_empty());
    let (group, artifact) = (parts.next()?, parts.next());
    Some(match artifact {
        None if namespace.is_empty() => group.to_owned(),
        None => format!("{namespace}/{group}"),
        Some(artifact) => format!("{group}/{artifact}"),
    })
}

/// Returns the distribution that a qualifier `distro` names (`debian-12`), for a package URL without a namespace.
pub(super) fn distribution_of(kind: &str, distro: Option<&str>) -> Option<&'static str> {
    let distro = distro?.to_lowercase();
    let names = NAMESPACES.iter().filter(|(known, _)| *known == kind).flat_map(|(_, names)| *names);
    names
        .copied()
        .filter(|name| {
            distro.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', ':', '.']))
        })
        .max_by_key(|name| name.len())
}

/// Returns a name of a type in the form that is equal for two spellings of it.
pub(super) fn fold(kind: &str, name: &str) -> String {
    let name = name.to_lowercase();
    match kind {
        "pypi" => fold_separators(&name),
        "deb" | "apk" | "rpm" => fold_namespace(kind, name),
        _ => name,
    }
}

/// A distribution has several names, and its packages are the same under each.
fn fold_namespace(kind: &str, path: String) -> String {
    let Some((namespace, name)) = path.split_once('/') else { return path };
    match distribution(kind, namespace) {
        Some(known) if known != namespace => format!("{known}/{name}"),
        _ => path,
    }
}

/// Returns the first name of a distribution, by any of its namespaces in lower case.
pub(super) fn distribution(kind: &str, namespace: &str) -> Option<&'static str> {
    NAMESPACES.iter().find(|(of, names)| *of == kind && names.contains(&namespace)).map(|(_, names)| names[0])
}

/// PEP 503: "the name should be lowercased with all runs of the characters ., -, or _ replaced with a single - character".
fn fold_separators(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '.' | '_' | '-' if folded.ends_with('-') => {}
            '.' | '_' | '-' => folded.push('-'),
            other => folded.push(other),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use crate::packages::Purl;

    /// The key of a package URL.
    fn key(text: &str) -> String {
        Purl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).key()
    }

    #[test]
    fn a300_a_go_module_is_named_with_its_subpath() {
        for (written, module) in [
            ("pkg:golang/github.com/golang-jwt/jwt@v5.2.1#v5", "golang/github.com/golang-jwt/jwt/v5"),
            (
                "pkg:golang/github.com/Azure/azure-sdk-for-go@v1.9.0#sdk/azcore",
                "golang/github.com/azure/azure-sdk-for-go/sdk/azcore",
            ),
            ("pkg:golang/gopkg.in/yaml@v3.0.1#v3", "golang/gopkg.in/yaml/v3"),
            ("pkg:golang/google.golang.org/genproto@v0.1.0#googleapis/api", "golang/google.golang.org/genproto"),
            ("pkg:golang/github.com/x/jwt/v5@v5.2.1#parser", "golang/github.com/x/jwt/v5"),
            ("pkg:golang/std@1.22.3", "golang/stdlib"),
            ("pkg:go/stdlib@1.22.3", "golang/stdlib"),
            ("pkg:golang/github.com/%21azure/go-autorest@v1.0.0", "golang/github.com/azure/go-autorest"),
        ] {
            assert_eq!(key(written), module, "{written}");
        }
    }

    #[test]
    fn a302_an_image_has_one_name_in_all_of_dockers_spellings() {
        let node = "docker/docker.io/library/node";
        for written in [
            "pkg:docker/node@18?platform=linux%2Famd64",
            "pkg:docker/library/node@18",
            "pkg:docker/docker.io/node",
            "pkg:docker/docker.io/library/node",
            "pkg:docker/index.docker.io/library/node",
            "pkg:docker/registry-1.docker.io/library/node",
            "pkg:docker/node?repository_url=https://docker.io/",
        ] {
            assert_eq!(key(written), node, "{written}");
        }
        assert_eq!(key("pkg:docker/acme/app@1"), "docker/docker.io/acme/app");
        assert_eq!(key("pkg:docker/customer/app@1?repository_url=gcr.io"), "docker/gcr.io/customer/app");
        assert_eq!(key("pkg:docker/localhost/app"), "docker/localhost/app");
        assert_eq!(key("pkg:docker/registry.acme.example%3A5000/app"), "docker/registry.acme.example:5000/app");
    }

    #[test]
    fn a303_names_are_those_of_the_ecosystem() {
        for (written, name) in [
            ("pkg:maven/org.apache.logging.log4j:log4j-core@2.14.1", "maven/org.apache.logging.log4j/log4j-core"),
            ("pkg:maven/org.apache.logging.log4j%3Alog4j-core@2.14.1", "maven/org.apache.logging.log4j/log4j-core"),
            ("pkg:maven/org.a/org.a:b@1", "maven/org.a/b"),
            ("pkg:maven/org.a/:b@1", "maven/org.a/b"),
            ("pkg:maven/org.a/b@1", "maven/org.a/b"),
            ("pkg:pypi/requests%5Bsecurity,socks%5D@2.19.0", "pypi/requests"),
            ("pkg:pypi/Zope_Interface", "pypi/zope-interface"),
            ("pkg:githubactions/Actions/checkout@v4", "github/actions/checkout"),
            ("pkg:github/github/codeql-action/init@v3", "github/github/codeql-action"),
            ("pkg:rpm/rhel/openssl@1", "rpm/redhat/openssl"),
            ("pkg:rpm/sles/vim@1", "rpm/suse/vim"),
            ("pkg:rpm/alma/vim@1", "rpm/almalinux/vim"),
            ("pkg:deb/vim@1?distro=debian-12", "deb/debian/vim"),
            ("pkg:rpm/vim@1?distro=opensuse-leap-15.5", "rpm/opensuse/vim"),
            ("pkg:deb/vim@1", "deb/vim"),
            ("pkg:deb/vim@1?distro=debianish", "deb/vim"),
        ] {
            assert_eq!(key(written), name, "{written}");
        }
    }

    #[test]
    fn no_form_of_a_name_leaves_a_part_of_it_empty() {
        for (written, name) in [
            ("pkg:pypi/a/[b]", "pypi/a/[b]"),
            ("pkg:pypi/a/[b]/c", "pypi/a/[b]/c"),
            ("pkg:pypi/[b]", "pypi/[b]"),
            ("pkg:golang/a/!", "golang/a/!"),
            ("pkg:golang/!/a", "golang/!/a"),
            ("pkg:golang/!", "golang/!"),
            ("pkg:maven/a/:", "maven/a/:"),
            ("pkg:maven/a/%2F:b", "maven/a//:b"),
            ("pkg:docker/docker.io/%2F", "docker/docker.io//"),
        ] {
            assert_eq!(key(written), name, "{written}");
            let written_again = Purl::parse(written).expect(written).to_string();
            assert_eq!(key(&written_again), name, "{written_again}");
        }
    }
}
