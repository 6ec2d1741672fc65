//! Answers of real registries that the specification does not foresee, each with its source.
//!
//! One question decides between a gap and absence: does this answer say that the registry has no list of referrers, so
//! that the fallback tag holds them all? Only 404 says so (A023). After any other answer the fallback tag counts too,
//! but the list may be incomplete (A307). A row may make an exception for one registry, if it is documented that the
//! registry means just that. Rows without an effect record the answers that were considered, and why they are not
//! believed.

use reqwest::Url;

use Host::{Anywhere, Below, Ecr, Only};
use Meaning::{NoList, NotBelieved};
use Told::{Code, Redirect, Status};

/// Whether an answer to the referrers API says that the registry does not have it, so that the fallback tag holds all.
///
/// Everything else that is not a list is a failure: a registry that is down must never look like one without evidence.
pub(super) fn means_no_list(host: &str, status: u16, code: Option<&str>) -> bool {
    let is_told = |told: &Told| match told {
        Told::Status(known) => *known == status,
        Told::Code(known, text) => *known == status && code == Some(text),
        Told::Redirect { .. } => false,
    };
    status == 404 || rows_of(host).any(|row| row.meaning == Meaning::NoList && is_told(&row.told))
}

/// Whether a redirect of the referrers API leads where the registry sends everything that it does not know.
pub(super) fn leads_to_no_list(host: &str, hop: &Url) -> bool {
    rows_of(host).any(|row| {
        let Told::Redirect { to, path } = &row.told else { return false };
        row.meaning == Meaning::NoList && hop.host_str() == Some(to) && hop.path().starts_with(path)
    })
}

fn rows_of(host: &str) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| row.host.is(host))
}

struct Row {
    host: Host,
    told: Told,
    meaning: Meaning,
    #[allow(dead_code, reason = "for readers who check the table")]
    source: &'static str,
}

/// The hosts of a registry.
enum Host {
    /// This one.
    Only(&'static str),
    /// `NAME` and this end, with one label or more for `NAME`.
    Below(&'static str),
    /// `ACCOUNT.dkr.ecr.REGION.amazonaws.com`.
    Ecr,
    /// Software that runs anywhere: nothing tells it by its host, so a row for it never loosens the rule.
    #[allow(dead_code, reason = "the name of the software is for readers of the table")]
    Anywhere(&'static str),
}

/// What the registry answers when it is asked for referrers.
enum Told {
    Status(u16),
    /// A status and the code of the first error in the body.
    Code(u16, &'static str),
    /// A redirect to a path of another host.
    Redirect {
        to: &'static str,
        path: &'static str,
    },
}

#[derive(PartialEq, Eq)]
enum Meaning {
    /// The registry has no such API, or no list for this digest.
    NoList,
    /// It may be that, and it may be something else, so it is a gap.
    #[allow(dead_code, reason = "the reason is for readers of the table")]
    NotBelieved(&'static str),
}

impl Host {
    fn is(&self, host: &str) -> bool {
        match self {
            Self::Only(known) => host == *known,
            Self::Below(end) => host.strip_suffix(end).is_some_and(|name| name.len() > 1 && name.ends_with('.')),
            Self::Ecr => {
                let labels: Vec<&str> = host.split('.').collect();
                matches!(labels[..], [account, "dkr", "ecr", region, "amazonaws", "com"]
                    if !account.is_empty() && !region.is_empty())
            }
            Self::Anywhere(_) => false,
        }
    }
}

const fn row(host: Host, told: Told, meaning: Meaning, source: &'static str) -> Row {
    Row { host, told, meaning, source }
}

const ROWS: [Row; 22] = [
    // GitHub Packages: no such API.
    row(
        Only("ghcr.io"),
        Code(404, "MANIFEST_UNKNOWN"),
        NoList,
        "https://github.com/NVIDIA/aicr/issues/1957: 404 MANIFEST_UNKNOWN for every digest; the fallback tag is served",
    ),
    row(
        Only("ghcr.io"),
        Redirect { to: "github.com", path: "/-/v2/packages/" },
        NoList,
        "https://github.com/artifacthub/hub/issues/4785: 303 to the web pages of packages, with the digest cut off, which \
         are limited to few requests (429)",
    ),
    // Docker Hub: no such API.
    row(
        Only("registry-1.docker.io"),
        Status(404),
        NoList,
        "https://github.com/docker/roadmap/issues/724: not supported, the fallback tag is used",
    ),
    row(
        Only("registry-1.docker.io"),
        Status(401),
        NotBelieved("a repository that is not there and one that is private look the same to strangers"),
        "https://github.com/distribution/distribution/issues/4354: 401 insufficient_scope for a name that is not there",
    ),
    // Amazon ECR.
    row(
        Ecr,
        Status(404),
        NoList,
        "https://github.com/notaryproject/ratify/issues/231: 404 before it had the API (June 2024, \
         https://aws.amazon.com/about-aws/whats-new/2024/06/amazon-ecr-oci-image-distribution-version-1-1)",
    ),
    row(
        Ecr,
        Status(405),
        NotBelieved("it is documented for pushing only, and a refused pull is not an answer"),
        "https://github.com/aws/containers-roadmap/issues/2783: 405 where it refuses manifests with a subject",
    ),
    row(
        Only("public.ecr.aws"),
        Status(404),
        NoList,
        "https://github.com/aws-observability/aws-otel-java-instrumentation/pull/1427: has the API, by the book",
    ),
    // Azure Container Registry has the API.
    row(
        Below("azurecr.io"),
        Status(404),
        NoList,
        "https://github.com/Azure/azure-cli/pull/25069: has the API since January 2023, by the book",
    ),
    // Google Artifact Registry has the API now. Before, it redirected every request to a login page.
    row(
        Below("pkg.dev"),
        Redirect { to: "accounts.google.com", path: "/" },
        NotBelieved("it has the API now, so a page to log in says that something is kept from us"),
        "https://github.com/awslabs/soci-snapshotter/pull/512 (then), \
         https://github.com/kubernetes-sigs/promo-tools/issues/1945 (now: 200)",
    ),
    row(
        Only("gcr.io"),
        Redirect { to: "accounts.google.com", path: "/" },
        NotBelieved("as for pkg.dev, which serves it"),
        "https://github.com/kubernetes-sigs/promo-tools/issues/1945",
    ),
    row(
        Only("registry.k8s.io"),
        Status(404),
        NoList,
        "https://github.com/kubernetes-sigs/promo-tools/issues/1945: 404 before anything else is asked; signatures are \
         under cosign's tags",
    ),
    row(
        Only("registry.k8s.io"),
        Redirect { to: "accounts.google.com", path: "/" },
        NotBelieved("once so, 404 now; and the API is about to come"),
        "https://github.com/oras-project/oras-go/issues/633: a page to log in, with status 200",
    ),
    // Quay has the API, but only for what it holds: asked for evidence kept apart from its image it knows no subject.
    row(
        Only("quay.io"),
        Code(400, "MANIFEST_INVALID"),
        NoList,
        "https://github.com/quay/quay/pull/3071, endpoints/v2/referrers.py: ManifestInvalid for a digest that is not in \
         the repository",
    ),
    row(
        Only("quay.io"),
        Status(400),
        NotBelieved("any other 400 speaks of the question, not of the answer"),
        "https://github.com/quay/quay/pull/3071, endpoints/v2/referrers.py: DigestInvalid, DigestUnsupported",
    ),
    // JFrog Artifactory.
    row(
        Below("jfrog.io"),
        Status(406),
        NoList,
        "https://github.com/google/go-containerregistry/pull/2026: 406 where it has no such API (before 7.90.1, \
         https://jfrog.com/help/r/jfrog-artifactory-documentation/use-referrers-rest-api-to-discover-oci-references)",
    ),
    row(
        Below("jfrog.io"),
        Status(403),
        NotBelieved(
            "cosign takes 403 for \"not there\", as Artifactory answers so for a tag; it is what a denial looks like",
        ),
        "https://github.com/sigstore/cosign/issues/2973",
    ),
    row(
        Anywhere("Artifactory"),
        Status(406),
        NotBelieved("its host tells nothing of it, and a proxy before another registry may say so too"),
        "https://github.com/google/go-containerregistry/issues/1962",
    ),
    row(
        Anywhere("Harbor before 2.8"),
        Status(401),
        NotBelieved("401 without a way to log in; no 401 is ever absence"),
        "https://github.com/goharbor/harbor/issues/18305",
    ),
    // What answers so here is a list under the fallback tag that is none: see `Lists::add_fallback`.
    row(
        Only("registry.gitlab.com"),
        Status(404),
        NoList,
        "https://github.com/oras-project/oras-go/issues/1396: no such API; the fallback tag answers with the subject itself",
    ),
    row(
        Anywhere("distribution"),
        Status(404),
        NoList,
        "https://github.com/oras-project/rust-oci-client/pull/259: no such API, by the book",
    ),
    row(
        Anywhere("any registry"),
        Status(400),
        NotBelieved(
            "go-containerregistry, and with it cosign, goes on to the fallback tag; the specification does not",
        ),
        "https://github.com/google/go-containerregistry/blob/main/pkg/v1/remote/referrers.go",
    ),
    row(
        Anywhere("any registry"),
        Status(405),
        NotBelieved("no registry is documented to mean it"),
        "distribution-spec, \"Listing Referrers\": 404 means that the API is not supported",
    ),
];

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{SocketAddr, TcpListener};
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::resolver::Resolver;
    use super::super::{Registries, RegistrySettings};
    use super::*;
    use crate::collect::{Limits, Source, SourceError};

    const SUBJECT: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    impl Host {
        fn example(&self) -> &'static str {
            match self {
                Self::Only(host) => host,
                Self::Below("azurecr.io") => "acme.azurecr.io",
                Self::Below("pkg.dev") => "europe-docker.pkg.dev",
                Self::Below(_) => "acme.jfrog.io",
                Self::Ecr => "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
                Self::Anywhere(_) => "registry.example",
            }
        }
    }

    impl Told {
        fn answer(&self) -> String {
            let (status, header, body) = match self {
                Self::Status(status) => (*status, String::new(), String::new()),
                Self::Code(status, code) => {
                    (*status, String::new(), format!("{{\"errors\":[{{\"code\":\"{code}\"}}]}}"))
                }
                Self::Redirect { to, path } => (303, format!("Location: http://{to}{path}x\r\n"), String::new()),
            };
            format!("HTTP/1.1 {status} -\r\n{header}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        }
    }

    /// Asks a registry of this name for referrers; every host is a server that gives one answer, again and again.
    fn ask(host: &str, answer: String) -> SourceError {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address: SocketAddr = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten().take(8) {
                let lines = BufReader::new(&stream).lines();
                let _: Vec<_> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
                let _ = (&stream).write_all(answer.as_bytes());
            }
        });
        let settings = RegistrySettings { plain_http: true, ..RegistrySettings::plain(Duration::from_secs(20)) };
        let resolver = Resolver::new(Arc::new(move |_| Box::pin(async move { Ok(vec![address]) })));
        let registries = Registries::resolving(&settings, Box::new(()), resolver).expect("settings");
        let reference = format!("{host}/acme/app").parse().expect(host);
        let source = registries.open(&reference, &Limits::default()).expect("a source");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let subject = SUBJECT.parse().expect("a digest");
        runtime.block_on(source.referrers(&subject, None, 1000)).expect_err("no list")
    }

    #[test]
    fn a023_every_row_of_the_table_is_what_comes_of_its_answer() {
        for row in &ROWS {
            let error = ask(row.host.example(), row.told.answer());
            assert_eq!(error.is_not_found(), row.meaning == NoList, "{}: {error}", row.source);
        }
    }

    #[test]
    fn a023_a_row_holds_for_its_own_host_alone() {
        for row in ROWS.iter().filter(|row| row.meaning == NoList && !matches!(row.told, Status(404) | Code(404, _))) {
            for host in ["registry.example", "ghcr.io.evil.example", "jfrog.io", "notjfrog.io", "quay.io.example"] {
                let error = ask(host, row.told.answer());
                assert!(!error.is_not_found(), "{host}: {}", row.source);
            }
        }
    }

    #[test]
    fn a023_no_row_makes_a_denial_or_a_failure_absence() {
        for row in ROWS.iter().filter(|row| row.meaning == NoList) {
            for status in [200, 401, 403, 405, 429, 500, 502, 503] {
                assert!(
                    !means_no_list(row.host.example(), status, Some("MANIFEST_INVALID")),
                    "{} {status}",
                    row.source
                );
            }
            assert!(!matches!(row.host, Anywhere(_)) || matches!(row.told, Status(404)), "{}", row.source);
        }
    }

    #[test]
    fn hosts_are_matched_by_whole_labels() {
        assert!(Below("azurecr.io").is("acme.azurecr.io"));
        assert!(!Below("azurecr.io").is("azurecr.io") && !Below("azurecr.io").is("evilazurecr.io"));
        assert!(!Below("azurecr.io").is(".azurecr.io") && !Below("azurecr.io").is("acme.azurecr.io.evil.example"));
        assert!(Ecr.is("1.dkr.ecr.eu-west-1.amazonaws.com"));
        assert!(!Ecr.is("x.dkr.ecr.y.amazonaws.com.evil.example") && !Ecr.is("dkr.ecr.y.amazonaws.com"));
    }
}
