//! What changed between two images, by the evidence that counts for each.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::words::words;
use super::{AttestationKind, CheckId, Finding, Verdict};

words! {
    /// What two images differ in.
    Property {
        /// A signature, a provenance or an SBOM that counts.
        Evidence "evidence"
        /// A platform of the image.
        Platform "platform"
        /// How many different signers signed.
        Signers "signers"
        /// Whether an identity or a key signed.
        SignedBy "signed-by"
        /// Who signed, without the ref of a release.
        Signer "signer"
        /// The OpenID Connect issuer of the signer.
        Issuer "issuer"
        /// The Sigstore instance that the signature verified in.
        TrustDomain "trust-domain"
        /// The entry in a transparency log.
        Log "log"
        /// The builder that the provenance names.
        Builder "builder"
        /// The build type of the provenance.
        BuildType "build-type"
        /// The kind of machine that the build ran on.
        Runner "runner"
        /// The repository that was built.
        Source "source"
        /// The SLSA build level.
        BuildLevel "build-level"
        /// The time between build and signature.
        SigningDelay "signing-delay"
        /// When it was built: the newer image before the older one.
        BuildTime "build-time"
    }
}

impl Property {
    /// Returns it as people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::SignedBy => "signed by",
            Self::TrustDomain => "trust domain",
            Self::BuildType => "build type",
            Self::BuildLevel => "build level",
            Self::SigningDelay => "time to signature",
            Self::BuildTime => "built before the older one",
            other => other.as_str(),
        }
    }
}

words! {
    /// What a difference makes of the newer image. The order is the one in which differences are shown.
    Direction {
        /// Its evidence proves less.
        Weaker "weaker"
        /// Its evidence proves something else.
        Different "different"
        /// Its evidence proves more.
        Stronger "stronger"
    }
}

/// One difference between two images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What differs.
    pub property: Property,
    /// What that makes of the newer image.
    pub direction: Direction,
    /// The kinds of evidence that differ so; none where a platform is lost or new.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// The platforms that differ so, where that is not all that both images have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<String>,
    /// What the older image has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What the newer image has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

impl Difference {
    /// Returns it as a person would say it: `SBOM lost: …`, `signed by: an identity → a key (signature)`.
    pub fn in_words(&self) -> String {
        let subject = self.subject();
        let said = match (self.old.as_deref(), self.new.as_deref()) {
            (Some(old), None) => format!("{subject} lost: {old}"),
            (None, Some(new)) => format!("{subject} new: {new}"),
            (old, new) => format!("{subject}: {} → {}", old.unwrap_or("none"), new.unwrap_or("none")),
        };
        let is_named = self.property == Property::Evidence || self.kinds.is_empty();
        let of = if is_named { String::new() } else { format!(" ({})", self.kinds_in_words()) };
        format!("{said}{of}{}", self.on())
    }

    /// Returns what differs, without the values: `signed by (signature) on linux/arm64`.
    pub fn what(&self) -> String {
        let is_named = self.property == Property::Evidence || self.kinds.is_empty();
        let of = if is_named { String::new() } else { format!(" ({})", self.kinds_in_words()) };
        format!("{}{of}{}", self.subject(), self.on())
    }

    /// Returns the name of the weakened property, without its values.
    fn headline(&self) -> String {
        let lost = if self.new.is_none() { " lost" } else { "" };
        format!("{}{lost}{}", self.subject(), self.on())
    }

    fn subject(&self) -> String {
        if self.property == Property::Evidence { self.kinds_in_words() } else { self.property.title().to_owned() }
    }

    fn kinds_in_words(&self) -> String {
        self.kinds.iter().map(|kind| title(kind)).collect::<Vec<_>>().join(", ")
    }

    fn on(&self) -> String {
        if self.platforms.is_empty() { String::new() } else { format!(" on {}", self.platforms.join(" and ")) }
    }
}

fn title(kind: &str) -> &str {
    if kind == AttestationKind::Sbom.as_str() { "SBOM" } else { kind }
}

/// What comparing an image with an older one came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparisonReport {
    /// The older image, as it was named.
    pub with: String,
    /// The digest of the older image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// How the image differs from it, weaker parts first.
    pub differences: Vec<Difference>,
    /// Why more may differ than could be compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<Unknown>,
}

/// Why two images could not be compared whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    /// The older image does not verify, with this verdict.
    OldVerdict(Verdict),
    /// Evidence of the older image could not be read.
    OldGaps,
    /// Evidence of the newer image was not read, and might have what seems to be lost.
    NewGaps,
    /// The report on the older image does not say whether evidence of this kind was attached.
    OldKind(String),
}

impl Unknown {
    fn in_words(&self) -> (String, &'static str) {
        match self {
            Self::OldVerdict(verdict) => (
                format!("it is {verdict} itself"),
                "compare with a release that verifies under this policy; `bonafide verify` of it says what it lacks",
            ),
            Self::OldGaps => ("some of its evidence could not be read".to_owned(), "run it again"),
            Self::NewGaps => (
                "what seems to be lost may be among evidence of this image that could not be read".to_owned(),
                "run it again",
            ),
            Self::OldKind(kind) => (
                format!("its report does not say whether evidence of this kind was attached: {}", title(kind)),
                "name the image instead of the report, or write the report anew with `--not-weaker-than`",
            ),
        }
    }
}

impl ComparisonReport {
    /// Returns the differences by which the image is weaker.
    pub fn weaker(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(|one| one.direction == Direction::Weaker)
    }

    /// Returns what comes of it for an image that must not be weaker: it is not, it is, or that cannot be decided.
    pub fn finding(&self) -> Finding {
        let Self { with, unknown, .. } = self;
        let weaker: Vec<&Difference> = self.weaker().collect();
        if !weaker.is_empty() && !unknown.contains(&Unknown::NewGaps) {
            let join =
                |of: &dyn Fn(&Difference) -> String, by| weaker.iter().map(|one| of(one)).collect::<Vec<_>>().join(by);
            let said =
                |one: &Difference, value: Option<&str>| format!("{}: {}", one.subject(), value.unwrap_or("none"));
            let what = join(&Difference::headline, ", ");
            return Finding::fail(CheckId::NotWeaker, format!("its evidence is weaker than that of {with}: {what}"))
                .expected(join(&|one| said(one, one.old.as_deref()), "; "))
                .found(join(&|one| said(one, one.new.as_deref()), "; "))
                .next(
                    "do not use it until its maker says why; if it is meant, compare with a release that has the same",
                );
        }
        match unknown.first() {
            Some(first) => {
                let (why, next) = first.in_words();
                Finding::error(CheckId::NotWeaker, format!("it could not be compared with {with}: {why}")).next(next)
            }
            None => Finding::pass(CheckId::NotWeaker, format!("its evidence is not weaker than that of {with}")),
        }
    }
}

/// What changed from one release to the next of its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DriftReport {
    /// The release.
    pub release: String,
    /// Its digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The release before it.
    pub after: String,
    /// The digest of that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_digest: Option<String>,
    /// How they differ, weaker parts first.
    pub differences: Vec<Difference>,
}
