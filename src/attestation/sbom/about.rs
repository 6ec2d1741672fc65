//! Whether the document describes the image that it was attested for.
//!
//! The binding check is elsewhere: the statement must name the image's digest. This module compares the subject that the document
//! itself states. Generators name an image in many ways, some by digests that no registry ever had. So only an unmistakably
//! different subject is a contradiction:
//!
//! * syft takes a digest of an image in a local daemon from a manifest that it makes itself, which is not the one that is pushed
//!   (anchore/syft#855). From syft only the name of another image beside another digest contradicts.
//! * trivy writes the digest that the registry gave, of the index if there is one, and lists every repository's in notes.
//! * A version or name that is nothing but a digest may be the id of the image's configuration: it can agree, and does not
//!   contradict.
//! * Digests of layers (`mediaType` of apko's purls) are not digests of an image.

use std::collections::BTreeSet;

use crate::check::{CheckId, Finding};
use crate::evidence::{Evidence, SubjectKind};
use crate::oci::Digest;

use super::model::{Package, Purpose, Sbom, Text, clipped};

/// The manifest that a document was attested for, and the image that it is of.
#[derive(Clone, Copy)]
pub(crate) struct Image<'a> {
    pub(crate) subject: &'a Digest,
    pub(crate) evidence: &'a Evidence,
}

/// What the document says of the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Description {
    /// It names the image by digest. With digests, those of the only platforms that it is about.
    Agrees { only: Option<Vec<Digest>> },
    /// It names something else by digest, in these words.
    Contradicts(String),
    /// It names nothing that can be held against the image; how it names what it describes.
    DoesNotSay(String),
}

impl Description {
    /// Returns the finding of it. What does not say is skipped: whether that is enough is for the policy.
    pub(crate) fn finding(&self, image: Image<'_>) -> Finding {
        match self {
            Self::Agrees { only: None } => {
                Finding::pass(CheckId::SbomSubject, "the SBOM names this image by its digest")
            }
            Self::Agrees { only: Some(platforms) } => {
                let named =
                    platforms.iter().map(|digest| name_of(digest, image.evidence)).collect::<Vec<_>>().join(", ");
                let message = format!("the SBOM is attached to the index and names one platform: {named}");
                Finding::pass(CheckId::SbomSubject, message)
            }
            Self::Contradicts(found) => {
                Finding::fail(CheckId::SbomSubject, "the SBOM says that it describes something else")
                    .expected(image.subject.to_string())
                    .found(decoded(found))
                    .next("generate the SBOM from this image, by digest, and attest that one")
            }
            Self::DoesNotSay(found) => {
                let message = "the SBOM does not say by digest which image it describes";
                Finding::skip(CheckId::SbomSubject, message).found(found.clone())
            }
        }
    }
}

/// A digest by which the document names what it describes.
struct Named {
    digest: Digest,
    /// Whether it can only be the digest of a manifest in a registry.
    is_firm: bool,
    /// The words that name it.
    text: String,
}

/// Compares what the document describes with the image that it is attached to.
pub(crate) fn describe(sbom: &Sbom<'_>, image: Image<'_>) -> Description {
    let named: Vec<Named> = named(sbom);
    let relatives = relatives(image);
    let agreeing: BTreeSet<&Digest> =
        named.iter().map(|one| &one.digest).filter(|digest| relatives.contains(digest)).collect();
    if !agreeing.is_empty() {
        return Description::Agrees { only: only(&agreeing, image) };
    }
    match named.iter().find(|one| one.is_firm) {
        Some(other) if is_of_another_platform(other, image.evidence) || !is_excused(sbom, image.evidence) => {
            // With `--platform` the other platforms of the index are not known: it may be about one of them.
            if !image.evidence.target.platforms().is_empty() && is_index(image.subject, image.evidence) {
                return Description::Agrees { only: Some(Vec::new()) };
            }
            Description::Contradicts(clipped(&other.text))
        }
        Some(other) => Description::DoesNotSay(format!(
            "{}, which syft may have made of an image in a local daemon",
            clipped(&other.text)
        )),
        None => Description::DoesNotSay(in_words(sbom)),
    }
}

/// The digests that a document attached to this subject may name: the subject's own, those of the indexes that it is in, and of an
/// index those of everything in it.
fn relatives(image: Image<'_>) -> BTreeSet<&Digest> {
    let subjects = &image.evidence.target.subjects;
    let own = subjects.iter().filter(|one| one.digest == *image.subject);
    let above = own.flat_map(|one| &one.reached_through);
    let below = subjects.iter().filter(|one| one.reached_through.contains(image.subject)).map(|one| &one.digest);
    std::iter::once(image.subject).chain(above).chain(below).collect()
}

/// Whether a digest may be of the image: of the subject, an index that it is in, or a platform in it. With `--platform` the other
/// platforms of an index are not known.
pub(crate) fn may_be_of(digest: &Digest, image: Image<'_>) -> bool {
    let is_cut = !image.evidence.target.platforms().is_empty() && is_index(image.subject, image.evidence);
    is_cut || relatives(image).contains(digest)
}

/// The platforms that the document is about, if it is attached to an index and names manifests of platforms and no index.
fn only(agreeing: &BTreeSet<&Digest>, image: Image<'_>) -> Option<Vec<Digest>> {
    if !is_index(image.subject, image.evidence) || agreeing.iter().any(|digest| is_index(digest, image.evidence)) {
        return None;
    }
    Some(agreeing.iter().map(|digest| (*digest).clone()).collect())
}

fn is_index(digest: &Digest, evidence: &Evidence) -> bool {
    evidence.target.subjects.iter().any(|one| one.digest == *digest && one.kind == SubjectKind::Index)
}

/// Whether it is the digest of another platform of the same image, which no daemon makes up.
fn is_of_another_platform(named: &Named, evidence: &Evidence) -> bool {
    evidence.target.subjects.iter().any(|one| one.digest == named.digest)
}

fn name_of(digest: &Digest, evidence: &Evidence) -> String {
    let platform = evidence.target.subjects.iter().find(|one| one.digest == *digest).and_then(|one| match &one.kind {
        SubjectKind::Image(platform) => platform.as_ref(),
        SubjectKind::Index | SubjectKind::File => None,
    });
    platform.map_or_else(|| digest.to_string(), ToString::to_string)
}

/// Whether another digest may come of the way in which syft reads images: unless the document names another image too.
fn is_excused(sbom: &Sbom<'_>, evidence: &Evidence) -> bool {
    let is_syft = sbom.creators.iter().any(|creator| creator.starts_with("Tool: syft"));
    let names = described(sbom).map(|package| package.name.as_ref());
    is_syft && !names.into_iter().any(|name| is_another_image(name, evidence.target.name.as_deref()))
}

/// Whether a name with a registry in it ends in another repository than the image's. A name without may be one that the image
/// had before it was pushed.
fn is_another_image(named: &str, image: Option<&str>) -> bool {
    let Some(image) = image else { return false };
    let named = named.split_once('@').map_or(named, |(name, _)| name);
    let Some((registry, path)) = named.split_once('/') else { return false };
    let has_registry = registry.contains(['.', ':']) || registry == "localhost";
    let last = |path: &str| path.rsplit('/').next().map(|last| last.split(':').next().unwrap_or_default().to_owned());
    has_registry && last(path) != last(image)
}

/// The digests by which the document names what it describes.
fn named(sbom: &Sbom<'_>) -> Vec<Named> {
    let mut named: Vec<Named> = described(sbom).flat_map(digests_of).collect();
    named.extend(sbom.repository_digests.iter().filter_map(|text| of_reference(text)));
    named
}

/// The described packages, by any of the format's ways; in a document without a description, the images in it.
fn described<'s, 'a>(sbom: &'s Sbom<'a>) -> impl Iterator<Item = &'s Package<'a>> {
    let places = sbom.describes.iter().map(|place| &sbom.packages[*place]);
    let is_unsaid = sbom.describes.is_empty() && sbom.counts.describes_otherwise == 0;
    let images = sbom.packages.iter().filter(move |package| is_unsaid && package.purpose == Purpose::Container);
    places.chain(images)
}

/// Whether a package is the image that the document describes, and not something in it.
pub(super) fn is_the_image(sbom: &Sbom<'_>, place: usize) -> bool {
    let package = &sbom.packages[place];
    (sbom.describes.is_empty() || sbom.describes.binary_search(&place).is_ok()) && is_image(package)
}

fn is_image(package: &Package<'_>) -> bool {
    let is_digest = |text: &str| of_reference(text).is_some() || text.parse::<Digest>().is_ok();
    package.purpose == Purpose::Container
        || package.purls.iter().any(|purl| image_purl(purl).is_some())
        || is_digest(&package.name)
}

fn digests_of(package: &Package<'_>) -> Vec<Named> {
    let mut named: Vec<Named> = package.purls.iter().filter_map(of_purl).collect();
    let is_image = is_image(package);
    for (algorithm, digits) in &package.checksums {
        let text = format!("{}:{}", algorithm.replace('-', "").to_ascii_lowercase(), digits.to_ascii_lowercase());
        named.extend(text.parse().ok().map(|digest| Named { digest, is_firm: is_image, text }));
    }
    named.extend(of_reference(&package.name));
    let loose = [Some(&package.name), package.version.as_ref()].into_iter().flatten();
    named.extend(loose.filter_map(|text| {
        let digest = text.parse().ok()?;
        Some(Named { digest, is_firm: false, text: text.to_string() })
    }));
    named
}

/// `NAME@DIGEST`.
fn of_reference(text: &str) -> Option<Named> {
    let (_, digest) = text.split_once('@')?;
    Some(Named { digest: digest.parse().ok()?, is_firm: true, text: text.to_owned() })
}

fn of_purl(purl: &Text<'_>) -> Option<Named> {
    let (path, qualifiers) = image_purl(purl)?;
    let qualifier = |name: &str| {
        let mut pairs = qualifiers.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| decoded(value))
    };
    if qualifier("mediaType").is_some_and(|kind| !kind.contains("manifest") && !kind.contains("index")) {
        return None;
    }
    let version = path.rsplit_once('@').map(|(_, version)| decoded(version));
    // BuildKit and docker scout write the tag as the version and the digest beside it.
    let digest = [version, qualifier("digest")].into_iter().flatten().find_map(|text| text.parse().ok())?;
    Some(Named { digest, is_firm: true, text: purl.to_string() })
}

/// Path and qualifiers of a purl of an image.
fn image_purl(purl: &str) -> Option<(&str, &str)> {
    let is_of = |kind: &&str| purl.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind));
    let rest = &purl[["pkg:oci/", "pkg:docker/"].iter().find(|kind| is_of(kind))?.len()..];
    let rest = rest.split('#').next().unwrap_or(rest);
    Some(rest.split_once('?').unwrap_or((rest, "")))
}

/// The two escapes that occur in a digest or media type.
fn decoded(text: &str) -> String {
    text.replace("%3A", ":").replace("%3a", ":").replace("%2F", "/").replace("%2f", "/")
}

fn in_words(sbom: &Sbom<'_>) -> String {
    let mut names: Vec<String> = sbom.describes.iter().take(3).map(|place| sbom.packages[*place].describe()).collect();
    if let Some(more) = sbom.describes.len().checked_sub(3).filter(|more| *more > 0) {
        names.push(format!("{more} more"));
    }
    match (names.is_empty(), sbom.counts.describes_otherwise) {
        (false, _) => format!("describes {}", names.join(", ")),
        (true, 0) => "describes nothing in particular".to_owned(),
        (true, others) => format!("describes {others} elements that are no package"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Subject, Target, TargetKind};
    use crate::oci::Algorithm;

    fn digest(name: &str) -> Digest {
        Digest::of(Algorithm::Sha256, name.as_bytes())
    }

    /// An index of two platforms, as a registry has it under this name.
    fn evidence(name: Option<&str>) -> Evidence {
        let subject =
            |name: &str, kind, reached_through| Subject { digest: digest(name), kind, reached_through, searched: true };
        let platform = |text: &str| SubjectKind::Image(Some(text.parse().expect("a platform")));
        Evidence {
            target: Target {
                reference: String::new(),
                name: name.map(str::to_owned),
                root: digest("index"),
                kind: TargetKind::Image { media_type: String::new(), platforms: Vec::new() },
                subjects: vec![
                    subject("index", SubjectKind::Index, vec![]),
                    subject("amd64", platform("linux/amd64"), vec![digest("index")]),
                    subject("arm64", platform("linux/arm64"), vec![digest("index")]),
                ],
            },
            attestation_manifests: Vec::new(),
            candidates: Vec::new(),
            gaps: Vec::new(),
            looked_in: crate::evidence::LookedIn::default(),
        }
    }

    fn sbom(package: Package<'static>) -> Sbom<'static> {
        Sbom { packages: vec![package], describes: vec![0], ..Sbom::default() }
    }

    fn by_purl(purl: String) -> Sbom<'static> {
        sbom(Package { purls: vec![purl.into()], ..Package::default() })
    }

    /// As syft writes it: the digest as version and checksum of a container.
    fn by_syft(name: &'static str, of: &str) -> Sbom<'static> {
        let digest = digest(of);
        let package = Package {
            name: name.into(),
            version: Some(digest.to_string().into()),
            checksums: vec![("SHA256".into(), digest.hex().to_owned().into())],
            purpose: Purpose::Container,
            ..Package::default()
        };
        Sbom { creators: vec!["Tool: syft-1.20.0".into()], ..sbom(package) }
    }

    fn ask(sbom: &Sbom<'_>, attached_to: &str) -> Description {
        describe(sbom, Image { subject: &digest(attached_to), evidence: &evidence(Some("ghcr.io/acme/shop")) })
    }

    fn agrees(description: &Description) -> bool {
        *description == Description::Agrees { only: None }
    }

    #[test]
    fn the_image_is_recognised_in_every_way_in_which_generators_name_it() {
        let digest = digest("index");
        let hex = digest.hex();
        for purl in [
            format!("pkg:oci/shop@sha256%3A{hex}?repository_url=ghcr.io%2Facme%2Fshop&tag=v1"),
            format!("pkg:oci/shop@sha256:{hex}?mediaType=application%2Fvnd.oci.image.index.v1%2Bjson"),
            format!("pkg:docker/acme/shop@v1?digest=sha256%3A{hex}&platform=linux%2Famd64"),
            format!("pkg:docker/acme/shop@sha256%3a{hex}#sub/path"),
        ] {
            assert!(agrees(&ask(&by_purl(purl.clone()), "index")), "{purl}");
        }
        let named = |name: String| sbom(Package { name: name.into(), ..Package::default() });
        assert!(agrees(&ask(&named(format!("ghcr.io/acme/shop@{digest}")), "index")));
        assert!(agrees(&ask(&named(digest.to_string()), "index")));
        assert!(agrees(&ask(&by_syft("shop", "index"), "index")));
        let noted = Sbom { repository_digests: vec![format!("acme/shop@{digest}").into()], ..named("shop".to_owned()) };
        assert!(agrees(&ask(&noted, "index")));
    }

    #[test]
    fn digests_of_the_index_and_of_its_platforms_both_count() {
        assert!(agrees(&ask(&by_syft("shop", "amd64"), "amd64")));
        assert!(agrees(&ask(&by_syft("shop", "index"), "amd64")));
        let one = ask(&by_syft("shop", "arm64"), "index");
        assert_eq!(one, Description::Agrees { only: Some(vec![digest("arm64")]) });
        assert!(
            matches!(ask(&by_syft("shop", "arm64"), "amd64"), Description::Contradicts(_)),
            "of the other platform"
        );
    }

    #[test]
    fn another_digest_contradicts_where_it_can_only_be_that_of_another_image() {
        let hex = digest("other").hex().to_owned();
        for purl in [
            format!("pkg:oci/shop@sha256%3A{hex}"),
            format!("PKG:OCI/shop@sha256:{hex}"),
            format!("pkg:docker/shop@v1?digest=sha256:{hex}"),
        ] {
            assert_eq!(ask(&by_purl(purl.clone()), "index"), Description::Contradicts(purl));
        }
        let reference = format!("ghcr.io/acme/shop@sha256:{hex}");
        let named = sbom(Package { name: reference.clone().into(), ..Package::default() });
        assert_eq!(ask(&named, "index"), Description::Contradicts(reference));
    }

    #[test]
    fn what_may_be_something_else_than_the_digest_of_a_manifest_does_not_contradict() {
        let other = digest("configuration");
        let does_not_say = |sbom: &Sbom<'_>| matches!(ask(sbom, "index"), Description::DoesNotSay(_));
        assert!(does_not_say(&sbom(Package { version: Some(other.to_string().into()), ..Package::default() })));
        assert!(does_not_say(&sbom(Package { name: other.to_string().into(), ..Package::default() })));
        let layer =
            format!("pkg:oci/shop@sha256:{}?mediaType=application%2Fvnd.oci.image.layer.v1.tar%2Bgzip", other.hex());
        assert!(does_not_say(&by_purl(layer)));
        let checksums = vec![("SHA256".into(), other.hex().to_owned().into())];
        assert!(does_not_say(&sbom(Package { name: "app.tar".into(), checksums, ..Package::default() })));
        assert!(does_not_say(&Sbom::default()));
    }

    #[test]
    fn syft_reads_from_a_daemon_digests_that_no_registry_has() {
        for same in ["ghcr.io/acme/shop", "ghcr.io/acme/shop:v1", "localhost:5000/shop", "shop", "build-17"] {
            assert!(matches!(ask(&by_syft(same, "made by syft"), "index"), Description::DoesNotSay(_)), "{same}");
        }
        for other in ["ghcr.io/acme/cart", "localhost:5000/cart:v1", "docker.io/library/alpine"] {
            assert!(matches!(ask(&by_syft(other, "made by syft"), "index"), Description::Contradicts(_)), "{other}");
        }
    }

    #[test]
    fn with_one_platform_chosen_a_document_of_another_is_about_none_of_those_that_are_looked_at() {
        let mut evidence = evidence(None);
        evidence.target.kind = TargetKind::Image {
            media_type: String::new(),
            platforms: vec!["linux/amd64".parse().expect("a platform")],
        };
        evidence.target.subjects.pop();
        let of_arm64 = by_purl(format!("pkg:oci/shop@{}", digest("arm64")));
        let description = describe(&of_arm64, Image { subject: &digest("index"), evidence: &evidence });
        assert_eq!(description, Description::Agrees { only: Some(Vec::new()) });
    }
}
