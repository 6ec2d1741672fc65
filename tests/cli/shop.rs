//! An image of acme/shop with evidence by a Sigstore in this process, and a registry that serves it.

use serde_json::{Value, json};

use crate::program::{Checked, Program, Scratch, verify_in};
use crate::report::{list, word};
use crate::support::image::{Descriptor, Image};
use crate::support::registry::{Registry, Request};
use crate::support::repository::{Repository, fallback_tag};
use crate::support::sigstore::{GITHUB_ACTIONS, Identity, Signed, Signer, Sigstore, Version};
use crate::support::statement::{Build, Subject, slsa_v1, spdx_23};

pub(crate) const NAME: &str = "acme/shop";
pub(crate) const TAG: &str = "1.0.0";
pub(crate) const WORKFLOW: &str = ".github/workflows/release.yml";
pub(crate) const REFERENCE: &str = "refs/tags/v1.0.0";
pub(crate) const SIGNER: &str = "https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.0.0";
pub(crate) const BY_SIGNER: [&str; 4] = ["--certificate-identity", SIGNER, "--certificate-oidc-issuer", GITHUB_ACTIONS];

/// The image, its signer and everything that was pushed.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) sigstore: Sigstore,
    pub(crate) identity: Identity,
    pub(crate) build: Build,
    pub(crate) image: Image,
    pub(crate) repository: Repository,
}

impl Shop {
    /// An image for one platform under the tag, with nothing attached.
    pub(crate) fn new() -> Shop {
        Shop::selling(Image::single("linux/amd64"))
    }

    pub(crate) fn selling(image: Image) -> Shop {
        let build = Build::github(NAME, WORKFLOW, REFERENCE);
        let mut repository = Repository::new();
        repository.push_tagged(TAG, &image);
        Shop { sigstore: Sigstore::new(), identity: build.identity(), build, image, repository }
    }

    /// An image with signature, provenance and SBOM as bundles.
    pub(crate) fn with_bundles() -> Shop {
        let mut shop = Shop::new();
        let top = shop.top();
        for signed in shop.all_three(&top) {
            shop.attach(&top, &signed);
        }
        shop
    }

    /// The same three in the form that cosign wrote before bundles.
    pub(crate) fn with_legacy() -> Shop {
        let mut shop = Shop::new();
        let top = shop.top();
        let subject = Subject::from(&top);
        let signature = shop.signer().sign_simple(&subject).legacy_layer();
        let [provenance, sbom] = [shop.provenance(&subject), sbom(&subject)]
            .map(|statement| shop.signer().attest(&statement).legacy_layer());
        shop.repository.attach_legacy_signature(&top, &[signature]);
        shop.repository.attach_legacy_attestation(&top, &[provenance, sbom]);
        shop
    }

    /// An image with a signature as a bundle, and nothing else.
    pub(crate) fn with_signature() -> Shop {
        let mut shop = Shop::new();
        let top = shop.top();
        let signed = shop.signature(&top);
        shop.attach(&top, &signed);
        shop
    }

    /// What the tag points at.
    pub(crate) fn top(&self) -> Descriptor {
        self.image.descriptor()
    }

    pub(crate) fn digest(&self) -> String {
        self.image.digest()
    }

    pub(crate) fn signer(&self) -> Signer<'_> {
        self.sigstore.signer(&self.identity)
    }

    pub(crate) fn signature(&self, target: &Descriptor) -> Signed {
        self.signer().sign_image(&Subject::from(target))
    }

    pub(crate) fn provenance(&self, subject: &Subject) -> Value {
        slsa_v1(subject, &self.build)
    }

    fn all_three(&self, target: &Descriptor) -> [Signed; 3] {
        let subject = Subject::from(target);
        let attest = |statement| self.signer().attest(&statement);
        [self.signature(target), attest(self.provenance(&subject)), attest(sbom(&subject))]
    }

    /// Attaches a bundle as a referrer.
    pub(crate) fn attach(&mut self, target: &Descriptor, signed: &Signed) -> Descriptor {
        self.repository.attach_bundle(target, &signed.bundle(Version::V03))
    }

    /// Attaches something that is no evidence.
    pub(crate) fn attach_junk(&mut self, target: &Descriptor, text: &str) -> Descriptor {
        let layer = Descriptor::of("text/plain", text.as_bytes());
        self.repository.push_blob(text.as_bytes());
        self.repository.attach(target, "application/vnd.acme.note", &[layer], serde_json::Map::new())
    }

    pub(crate) fn serve(self) -> Served {
        let scratch = Scratch::new();
        let root = scratch.write("trusted_root.json", self.sigstore.trusted_root());
        let registry = Registry::serving(NAME, self.repository.clone());
        Served { shop: self, registry, scratch, root }
    }
}

/// Returns an SBOM of two packages and the image itself.
pub(crate) fn sbom(subject: &Subject) -> Value {
    spdx_23(subject, &[("zlib", "1.3.1"), ("openssl", "3.5.0")])
}

/// A shop on the network, such as it is.
pub(crate) struct Served {
    pub(crate) shop: Shop,
    pub(crate) registry: Registry,
    pub(crate) scratch: Scratch,
    /// The trusted root's file.
    pub(crate) root: String,
}

impl Served {
    pub(crate) fn by_tag(&self) -> String {
        self.registry.reference(NAME, TAG)
    }

    pub(crate) fn by_digest(&self) -> String {
        self.registry.reference(NAME, &self.shop.digest())
    }

    /// `registry/repository@sha256:…`, as another tool can pull it.
    pub(crate) fn pinned(&self) -> String {
        format!("{}/{NAME}@{}", self.registry.host(), self.shop.digest())
    }

    /// Verifies the image by its tag, for the expected signer.
    #[track_caller]
    pub(crate) fn verify(&self, arguments: &[&str]) -> Checked {
        self.verify_reference(&self.by_tag(), arguments)
    }

    #[track_caller]
    pub(crate) fn verify_reference(&self, reference: &str, arguments: &[&str]) -> Checked {
        self.verify_in(reference, arguments, |program| program)
    }

    /// Verifies in an environment that `prepare` changes, and asserts that the report's account of the network is exact.
    #[track_caller]
    pub(crate) fn verify_in(
        &self,
        reference: &str,
        arguments: &[&str],
        prepare: impl FnOnce(Program) -> Program,
    ) -> Checked {
        let before = self.registry.requests().len();
        let trust = ["--trusted-root", self.root.as_str()];
        let checked = verify_in(&[&[reference], &BY_SIGNER, &trust, arguments], prepare);
        let asked = self.registry.requests().len() - before;
        let network = &checked.report["network"];
        let hosts: Vec<_> = list(&network["hosts"]).iter().map(word).collect();
        if hosts.iter().all(|host| *host == self.registry.host()) {
            assert_eq!(network["requests"], json!(asked), "requests that were reported and those that came");
        }
        checked
    }

    /// Paths of all requests, the repository left out: `manifests/1.0.0`.
    pub(crate) fn asked(&self) -> Vec<String> {
        let short = |request: Request| request.path.replace(&format!("/v2/{NAME}/"), "");
        self.registry.requests().into_iter().map(short).collect()
    }

    /// How often this path was asked for.
    pub(crate) fn times_asked(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| *asked == path).count()
    }
}

/// The path of a subject's referrers.
pub(crate) fn referrers_path(digest: &str) -> String {
    format!("referrers/{digest}")
}

/// The path of a subject's fallback tag, or with `.sig` and `.att` of cosign's tags.
pub(crate) fn tag_path(digest: &str, suffix: &str) -> String {
    format!("manifests/{}{suffix}", fallback_tag(digest))
}
