//! Inspects images without a policy: several at once, with the results in the order of the requests.

use std::rc::Rc;
use std::sync::Arc;

use futures_util::{Stream, StreamExt, stream};
use jiff::Timestamp;

use super::pool::{self, Pool};
use super::{AT_ONCE, unread};
use crate::check::{ImageReport, InspectedImage, ListedDocument};
use crate::collect::{
    Collector, Given, ImageSource, Limits, LocalFile, NpmRegistry, Places, PlatformChoice, Registries, Share,
    SourceError, collect_npm,
};
use crate::evidence::Evidence;
use crate::oci::{FileReference, NpmPackage, Reference};
use crate::packages::Advisories;
use crate::policy::{KeyRule, Policy};
use crate::verify::{SignedPredicate, TrustDomain, inspect_with, list_packages, predicates, verify};

/// Settings that all images of an inspection share.
pub struct InspectRun<'a> {
    /// The registries.
    pub registries: &'a Rc<Registries>,
    /// The registry of npm packages, and the keys by which its signatures are recognised.
    pub npm: (&'a NpmRegistry, &'a KeyRule),
    /// Evidence in files of this machine, given for the files that are looked at.
    pub given: &'a Given,
    /// The platforms of each image that are looked at.
    pub platforms: &'a PlatformChoice,
    /// The places to search for evidence.
    pub places: Places<'a>,
    /// Limits on the bytes, numbers and time of each image.
    pub limits: &'a Limits,
    /// Trust domains, keys and advisories for reading the evidence.
    pub means: Means<'a>,
}

/// Trust domains, keys and advisories for reading evidence.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// The trust domains in which a signature may verify.
    pub domains: &'a [TrustDomain],
    /// Keys by which signatures are recognised.
    pub keys: Option<&'a KeyRule>,
    /// The advisories that packages of SBOMs are compared with.
    pub advisories: Option<&'a Advisories>,
    /// Whether the packages of SBOMs are listed.
    pub lists_packages: bool,
    /// What the image is judged by, where predicates are wanted of it.
    pub policy: Option<&'a Policy>,
}

/// The result for one image.
pub struct Inspected {
    /// The image.
    pub image: InspectedImage,
    /// The packages of its SBOMs, where they were asked for.
    pub documents: Vec<ListedDocument>,
    /// The predicates that satisfy the policy, where there is one and the image could be read.
    pub attested: Option<Attested>,
}

/// What a policy says of an image, and the predicates that satisfy it.
pub struct Attested {
    /// The verdict with its reasons.
    pub report: ImageReport,
    /// None of an image that is not verified.
    pub predicates: Vec<SignedPredicate>,
}

/// Starts threads for this many images and calls `body`, which inspects them. The threads end when `body` returns.
pub fn with_inspector<'a, R>(run: &'a InspectRun<'a>, images: usize, body: impl FnOnce(&Inspector<'a, '_>) -> R) -> R {
    pool::with_threads(pool::threads_for(images), |pool| body(&Inspector { run, pool, share: Rc::default() }))
}

/// Inspects images.
pub struct Inspector<'a, 'p> {
    run: &'a InspectRun<'a>,
    pool: &'p Pool<'a>,
    share: Rc<Share>,
}

impl<'a> Inspector<'a, '_> {
    /// Inspects several images at once, given by their references and the texts that the user typed. The results come in that
    /// order, each as soon as it and all earlier ones are known.
    pub fn inspect_all(&self, images: &'a [(String, Reference)]) -> impl Stream<Item = Inspected> {
        stream::iter(images).map(|(text, reference)| self.inspect(text, reference)).buffered(AT_ONCE)
    }

    async fn inspect(&self, text: &'a str, reference: &'a Reference) -> Inspected {
        if let Reference::Npm(package) = reference {
            return self.inspect_package(text, package).await;
        }
        if let Reference::File(file) = reference {
            return self.inspect_file(text, file).await;
        }
        let collector = match self.collect(text, reference).await {
            Ok(collector) => collector,
            Err(error) => return unread_image(text, &error),
        };
        // The collector is dropped only after its evidence was read: until then the evidence counts as held in memory.
        let (means, evidence) = (self.run.means, collector.shared_evidence());
        self.pool.run(move || means.read(&evidence)).await
    }

    async fn inspect_package(&self, text: &str, package: &NpmPackage) -> Inspected {
        let InspectRun { registries, npm: (registry, keys), limits, means, .. } = self.run;
        let evidence = match collect_npm(registries, registry, text, package, limits).await {
            Ok(evidence) => Arc::new(evidence),
            Err(error) => return unread_image(text, &error),
        };
        let means = Means { keys: means.keys.or(Some(*keys)), ..*means };
        self.pool.run(move || means.read(&evidence)).await
    }

    async fn inspect_file(&self, text: &'a str, file: &'a FileReference) -> Inspected {
        let InspectRun { registries, places, limits, means, given, .. } = *self.run;
        let local = match self.pool.run(move || LocalFile::read(text, file, given)).await {
            Ok(local) => local,
            Err(error) => return unread_image(text, &error),
        };
        let evidence = local.collect(registries, places.github, places.alone, limits).await;
        self.pool.run(move || means.read(&evidence)).await
    }

    /// Everything is shown: each place is searched, even after evidence was found.
    async fn collect(&self, text: &str, reference: &Reference) -> Result<Collector<ImageSource>, SourceError> {
        let InspectRun { registries, platforms, places, limits, .. } = self.run;
        let source = ImageSource::open(reference, *places, registries, limits)?;
        let (platforms, limits) = ((*platforms).clone(), (*limits).clone());
        let collector = Collector::resolve_among(&self.share, source, text, platforms, limits).await?;
        let mut collector = collector.naming_sbom_tags();
        collector.finish().await;
        Ok(collector)
    }
}

impl Means<'_> {
    fn read(self, evidence: &Evidence) -> Inspected {
        let Self { domains, keys, advisories, lists_packages, policy } = self;
        let now = Timestamp::now();
        let documents = if lists_packages { list_packages(evidence, keys, domains, now) } else { Vec::new() };
        let attested = policy.map(|policy| {
            let report = verify(evidence, policy, domains, now);
            Attested { predicates: predicates(evidence, &report), report }
        });
        Inspected { image: inspect_with(advisories, evidence, keys, domains, now), documents, attested }
    }
}

fn unread_image(text: &str, error: &SourceError) -> Inspected {
    let image = InspectedImage {
        reference: text.to_owned(),
        pinned: None,
        digest: None,
        media_type: None,
        platforms: Vec::new(),
        candidates: Vec::new(),
        gaps: vec![unread(text, error)],
    };
    Inspected { image, documents: Vec::new(), attested: None }
}
