//! Where the trusted roots of a run come from: files, the cache, or the program itself.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::collect::files::{self, FileError};
use crate::collect::{FileServer, FileServerError, FileServerSettings, Limits, NetworkUse};
use crate::policy::Document;
use crate::trust::{Instance, RootOrigin, TrustError, TrustRoot};
use crate::tuf::{Cache, Current, Repository, TufError, Update, cached, update};
use crate::verify::{TrustDomain, TrustDomainError};

use super::args::{RepositoryArgs, TransportArgs, TrustArgs};
use super::diagnostics::{Diagnostic, Warning};
use super::{input, runtime};

/// Bytes of a trusted root, of a TUF root or of a list of authorities. Those of systems have a quarter of a million.
const LARGEST: u64 = 4 * 1024 * 1024;

/// The domains that evidence may verify in, and what it took to have them.
#[derive(Default)]
pub(super) struct Trusted {
    pub(super) domains: Vec<TrustDomain>,
    /// The documents of the same.
    pub(super) documents: Vec<TrustRoot>,
    pub(super) network: NetworkUse,
    /// Whether a root is one that the cache kept.
    pub(super) has_cached_root: bool,
}

impl Trusted {
    /// The names of the domains.
    pub(super) fn names(&self) -> Vec<String> {
        self.domains.iter().map(|domain| domain.name().to_owned()).collect()
    }

    /// Adds the domains that a policy names and that are not there yet.
    pub(super) fn add_named(&mut self, document: &Document, file: &Path, now: Timestamp) -> Result<(), Diagnostic> {
        let known = self.names();
        for name in document.trust().iter().filter(|name| !known.contains(name)) {
            let chosen = named(name, file, now)?;
            self.has_cached_root |= chosen.is_cached();
            self.domains.push(chosen.domain);
            self.documents.push(chosen.root);
        }
        Ok(())
    }
}

/// How mirrors are reached.
#[derive(Debug)]
pub(super) struct Reach {
    pub(super) ca_file: Option<PathBuf>,
    pub(super) total_time: Duration,
}

impl Reach {
    /// As registries are reached.
    pub(super) fn of(args: &TransportArgs) -> Self {
        Self { ca_file: args.ca_file.clone(), total_time: args.timeout }
    }

    /// Returns the certificates of the file that is trusted beside those of the system.
    pub(super) fn authorities(&self) -> Result<Option<Vec<u8>>, Diagnostic> {
        self.ca_file.as_deref().map(pem_file).transpose()
    }
}

/// Reads a file of certificates or keys in PEM.
pub(super) fn pem_file(file: &Path) -> Result<Vec<u8>, Diagnostic> {
    files::read_given(file, LARGEST).map_err(|error| input::unreadable(file, error))
}

impl Default for Reach {
    fn default() -> Self {
        Self { ca_file: None, total_time: Limits::default().total_time }
    }
}

/// The trusted root of one domain, ready for use.
pub(super) struct Chosen {
    pub(super) root: TrustRoot,
    pub(super) domain: TrustDomain,
    /// When the metadata that vouches for a cached root expires.
    pub(super) valid_until: Option<Timestamp>,
    pub(super) warnings: Vec<Warning>,
}

impl Chosen {
    fn is_cached(&self) -> bool {
        self.root.origin == RootOrigin::Cached
    }
}

/// Returns the domains of a run: the files given, the instances named, or the public instance if neither is. Warnings
/// go to standard error: they are about this machine, not about the evidence.
pub(super) fn trusted(args: &TrustArgs, reach: &Reach, now: Timestamp) -> Result<Trusted, Diagnostic> {
    let sources = sources(args)?;
    let mut network = NetworkUse::default();
    let mut chosen = Vec::new();
    if args.update_trust {
        if sources.is_empty() {
            return Err(Diagnostic::usage(
                "`--update-trust` has nothing to update: files given with `--trusted-root` are never updated",
                "leave it out, or name an instance with `--trust` or `--tuf-mirror`",
            ));
        }
        for source in &sources {
            chosen.push(updated(source, reach, now, &mut network)?);
        }
    } else {
        for source in &sources {
            chosen.push(source.at_hand(&cache(), now)?);
        }
    }
    for file in &args.trusted_root {
        chosen.extend(of_file(file)?);
    }
    for warning in chosen.iter().flat_map(|one| &one.warnings) {
        warning.print();
    }
    let has_cached_root = chosen.iter().any(Chosen::is_cached);
    let (domains, documents) = chosen.into_iter().map(|one| (one.domain, one.root)).unzip();
    Ok(Trusted { domains, documents, network, has_cached_root })
}

fn sources(args: &TrustArgs) -> Result<Vec<Source>, Diagnostic> {
    let repository = repository(&args.repository)?;
    let mut instances = args.trust.clone();
    if instances.is_empty() && args.trusted_root.is_empty() && repository.is_none() {
        instances.push(Instance::PublicGood);
    }
    Ok(sources_of(instances, repository))
}

/// Each instance once, and the repository of another.
pub(super) fn sources_of(mut instances: Vec<Instance>, repository: Option<Repository>) -> Vec<Source> {
    instances.sort_unstable();
    instances.dedup();
    instances
        .into_iter()
        .map(Source::of)
        .chain(repository.map(|repository| Source { repository, embedded: None }))
        .collect()
}

/// The repository that the flags name.
pub(super) fn repository(args: &RepositoryArgs) -> Result<Option<Repository>, Diagnostic> {
    let (Some(mirror), Some(file)) = (&args.tuf_mirror, &args.tuf_root) else { return Ok(None) };
    let anchor = files::read_given(file, LARGEST).map_err(|error| input::unreadable(file, error))?;
    Ok(Some(Repository::at(mirror, anchor)))
}

/// The folder that the XDG base directory specification names for what can be fetched again.
pub(super) fn cache() -> Cache {
    // "All paths set in these environment variables must be absolute. … consider the path invalid and ignore it."
    let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")));
    Cache::new(base.map(|base| base.join("bonafide").join("trust")))
}

/// The domain that a policy names: an embedded instance as it is at hand, or a file.
fn named(name: &str, policy: &Path, now: Timestamp) -> Result<Chosen, Diagnostic> {
    let chosen = if let Ok(instance) = name.parse::<Instance>() {
        Source::of(instance).at_hand(&cache(), now)?
    } else {
        let mut roots = of_bytes(Path::new(name), files::read_named(Path::new(name), policy, LARGEST))?;
        match (roots.pop(), roots.is_empty()) {
            (Some(only), true) => only,
            _ => {
                return Err(Diagnostic::usage(
                    format!("trusted root `{name}` holds several documents, one on each line"),
                    "a policy names one trusted root by each file: write each line into a file of its own, and name those that count",
                ));
            }
        }
    };
    chosen.warnings.iter().for_each(Warning::print);
    Ok(chosen)
}

/// A file's name is never that of an embedded instance.
pub(super) fn name_of_file(file: &Path) -> String {
    let name = file.display().to_string();
    if name.parse::<Instance>().is_ok() { format!("./{name}") } else { name }
}

/// Reads the trusted roots of a file that is given on the command line, each a domain of its own.
pub(super) fn of_file(file: &Path) -> Result<Vec<Chosen>, Diagnostic> {
    of_bytes(file, files::read_given(file, LARGEST))
}

/// Prepares the trusted roots that were read from a file.
fn of_bytes(file: &Path, read: Result<Vec<u8>, FileError>) -> Result<Vec<Chosen>, Diagnostic> {
    let bytes = read.map_err(|error| input::unreadable(file, error))?;
    let roots = TrustRoot::parse_all(&name_of_file(file), &file.display().to_string(), &bytes);
    roots?.into_iter().map(given).collect()
}

/// Prepares a root that was given, and says so if it is an earlier state of an embedded one (A253).
fn given(root: TrustRoot) -> Result<Chosen, Diagnostic> {
    let embedded = Instance::ALL.into_iter().filter_map(|instance| instance.root().ok());
    let later = embedded.into_iter().filter(|embedded| root.is_earlier_than(embedded));
    let warning = |embedded: TrustRoot| {
        let message = format!("`{}` is older than the {}; it is used as it is", root.domain, described(&embedded));
        Warning::new(message, format!("leave it out and use `--trust {}`, or give a newer file", embedded.domain))
    };
    let warnings = later.map(warning).collect();
    let domain = TrustDomain::prepare(&root).map_err(refused)?;
    Ok(Chosen { root, domain, valid_until: None, warnings })
}

/// Where a root may come from that TUF keeps current.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) repository: Repository,
    embedded: Option<Instance>,
}

impl Source {
    fn of(instance: Instance) -> Self {
        Self { repository: Repository::of(instance), embedded: Some(instance) }
    }

    /// Takes the cached or embedded root, without a network.
    pub(super) fn at_hand(&self, cache: &Cache, now: Timestamp) -> Result<Chosen, Diagnostic> {
        let found = cached(&self.repository, cache, now);
        match self.embedded {
            Some(instance) => {
                let expired = self.repository.anchor_expires().filter(|expires| *expires < now);
                choose(instance.root()?, expired, found)
            }
            None => match found? {
                Some(current) => prepared(current),
                None => Err(nothing_cached(&self.repository)),
            },
        }
    }

    /// Updates from the mirror.
    pub(super) fn update(
        &self,
        cache: &Cache,
        reach: &Reach,
        now: Timestamp,
        network: &mut NetworkUse,
    ) -> Result<Result<Update, TufError>, Diagnostic> {
        let settings = FileServerSettings {
            ca_file: reach.authorities()?,
            silence: Limits::default().silence,
            total_time: reach.total_time,
        };
        let runtime = runtime::start()?;
        runtime.block_on(async {
            let mirror = FileServer::open(self.repository.mirror(), &settings)?;
            let outcome = update(&self.repository, cache, &mirror, now).await;
            network.add(&mirror.network_use());
            Ok(outcome)
        })
    }
}

/// Updates a root, or falls back to a cached one that is still valid, never to an expired or an embedded one.
fn updated(source: &Source, reach: &Reach, now: Timestamp, network: &mut NetworkUse) -> Result<Chosen, Diagnostic> {
    let cache = cache();
    match source.update(&cache, reach, now, network)? {
        Ok(Update { current, not_cached }) => {
            let mut chosen = prepared(current)?;
            chosen.warnings.extend(not_cached.map(|reason| {
                let domain = source.repository.domain();
                let message = format!("the new trusted root of {domain} is used, but could not be kept: {reason}");
                Warning::new(message, "set `XDG_CACHE_HOME` to a folder that can be written")
            }));
            Ok(chosen)
        }
        Err(error) => {
            let Ok(Some(current)) = cached(&source.repository, &cache, now) else {
                return Err(at_hand(error.into(), &source.at_hand(&cache, now)));
            };
            let warning = update_failed(&current, &error.into());
            let mut chosen = prepared(current)?;
            chosen.warnings.push(warning);
            Ok(chosen)
        }
    }
}

/// Chooses the cached root if it is valid and not older than the embedded one, else the embedded one with a warning.
fn choose(
    embedded: TrustRoot,
    expired: Option<Timestamp>,
    found: Result<Option<Current>, TufError>,
) -> Result<Chosen, Diagnostic> {
    let found = found.map(|found| found.filter(|current| current.root.updated_at >= embedded.updated_at));
    let unusable = match found.map_err(Diagnostic::from).and_then(|found| found.map(prepared).transpose()) {
        Ok(Some(chosen)) => return Ok(chosen),
        Ok(None) => None,
        Err(error) => {
            let message = format!("{}; using the {}", error.message(), described(&embedded));
            Some(Warning::new(message, "`bonafide trust update`"))
        }
    };
    let old = expired.map(|expired| {
        let embedded = described(&embedded);
        let message = format!("the {embedded} is old: the TUF root that came with it expired on {expired}");
        Warning::new(message, "`bonafide trust update`, or install a newer version")
    });
    let domain = TrustDomain::prepare(&embedded).map_err(refused)?;
    Ok(Chosen { root: embedded, domain, valid_until: None, warnings: unusable.into_iter().chain(old).collect() })
}

/// Prepares a root that TUF vouches for.
pub(super) fn prepared(current: Current) -> Result<Chosen, Diagnostic> {
    let Current { root, valid_until } = current;
    let domain = TrustDomain::prepare(&root)
        .map_err(|error| Diagnostic::undecided(error, "a newer version of this program may be able to use it"))?;
    Ok(Chosen { root, domain, valid_until: Some(valid_until), warnings: Vec::new() })
}

/// Adds which root stays in use after an update that failed.
pub(super) fn in_use(error: Diagnostic, chosen: &Result<Chosen, Diagnostic>) -> Diagnostic {
    error.with_hint(match chosen {
        Ok(Chosen { root, valid_until: Some(time), .. }) => {
            format!("the {} stays in use until {time}", described(root))
        }
        Ok(Chosen { root, .. }) => format!("the {} stays in use", described(root)),
        Err(_) => "it has no cached or embedded trusted root".to_owned(),
    })
}

/// Adds which root would do for a user who does not insist on an update.
fn at_hand(error: Diagnostic, chosen: &Result<Chosen, Diagnostic>) -> Diagnostic {
    match chosen {
        Ok(Chosen { root, .. }) => error.with_hint(format!("without `--update-trust` the {} is used", described(root))),
        Err(_) => error,
    }
}

/// A root as a message names it.
fn described(root: &TrustRoot) -> String {
    let date = root.updated_at.map(|time| format!(" of {}", time.strftime("%Y-%m-%d"))).unwrap_or_default();
    let source = if root.origin == RootOrigin::Cached { "cached" } else { &root.source };
    format!("{source} trusted root of {}{date}", root.domain)
}

/// An update that failed while the cache is still good.
fn update_failed(current: &Current, error: &Diagnostic) -> Warning {
    let Current { root, valid_until } = current;
    let message = format!("{}; using the {}, which is valid until {valid_until}", error.message(), described(root));
    Warning::new(message, error.hint().unwrap_or_default())
}

/// A repository without a cached or embedded trusted root.
fn nothing_cached(repository: &Repository) -> Diagnostic {
    let (domain, mirror) = (repository.domain(), repository.mirror());
    Diagnostic::undecided(
        format!("no trusted root of {domain} is cached, and none is embedded"),
        format!("`bonafide trust update --tuf-mirror {mirror} --tuf-root FILE`, or add `--update-trust`"),
    )
}

/// A trusted root whose keys cannot be used.
fn refused(error: TrustDomainError) -> Diagnostic {
    Diagnostic::usage(error, "ask the operator of that Sigstore instance for its current `trusted_root.json`")
}

impl From<TrustError> for Diagnostic {
    fn from(error: TrustError) -> Self {
        let hint = error.hint();
        Self::usage(error, hint)
    }
}

impl From<TufError> for Diagnostic {
    fn from(error: TufError) -> Self {
        let hint = error.hint();
        if error.is_of_anchor() { Self::usage(error, hint) } else { Self::undecided(error, hint) }
    }
}

impl From<FileServerError> for Diagnostic {
    fn from(error: FileServerError) -> Self {
        let hint = error.hint();
        Self::usage(error, hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedded() -> TrustRoot {
        Instance::PublicGood.root().expect("an embedded root")
    }

    /// What the cache holds: the trusted root of another time.
    fn current(updated_at: &str) -> Current {
        let mut root = embedded();
        "cache".clone_into(&mut root.source);
        root.origin = RootOrigin::Cached;
        root.updated_at = Some(updated_at.parse().expect("a time"));
        Current { root, valid_until: "2100-01-01T00:00:00Z".parse().expect("a time") }
    }

    fn warnings(chosen: &Chosen) -> Vec<&str> {
        chosen.warnings.iter().map(Warning::message).collect()
    }

    #[test]
    fn the_cached_root_is_used_unless_the_embedded_one_is_newer() {
        for (updated_at, source) in
            [("2026-10-12T00:00:00Z", "embedded"), ("2026-10-13T00:00:00Z", "cache"), ("2027-01-01T00:00:00Z", "cache")]
        {
            let chosen = choose(embedded(), None, Ok(Some(current(updated_at)))).expect("a root");
            assert_eq!((chosen.root.source.as_str(), warnings(&chosen).len()), (source, 0), "{updated_at}");
        }
    }

    #[test]
    fn a_cached_root_that_is_refused_is_not_used_and_not_passed_over() {
        let expired = sigstore_tuf::Error::Expired {
            role: "timestamp".to_owned(),
            expires: "2026-06-01T00:00:00Z".parse().expect("a time"),
        };
        let refused = TufError::Cached { domain: "public-good".to_owned(), source: Box::new(expired) };
        let chosen = choose(embedded(), None, Err(refused)).expect("a root");
        assert_eq!(chosen.root.source, "embedded");
        let said = "the cached trusted root of public-good cannot be used: timestamp metadata expired at 2026-06-01T00:00:00Z; \
            using the embedded trusted root of public-good of 2026-10-13";
        assert_eq!(warnings(&chosen), [said]);
    }

    /// A repository renews its root well before it expires: a program whose root has expired was not renewed for as long.
    #[test]
    fn an_embedded_root_is_old_when_the_tuf_root_beside_it_has_expired() {
        for instance in Instance::ALL {
            let source = Source::of(instance);
            let nowhere = Cache::new(None);
            let taken = instance.root().expect("an embedded root").updated_at.expect("a date");
            let fresh = source.at_hand(&nowhere, taken).expect("a root");
            assert_eq!(warnings(&fresh).len(), 0, "{instance}");
            let later = taken + jiff::SignedDuration::from_hours(24 * 365);
            let old = source.at_hand(&nowhere, later).expect("a root");
            assert_eq!(old.root.source, "embedded");
            assert!(matches!(&warnings(&old)[..], [one] if one.contains("is old")), "{instance}: {:?}", warnings(&old));
        }
    }

    #[test]
    fn each_instance_is_asked_once() {
        let sources = sources_of(vec![Instance::GitHub, Instance::PublicGood, Instance::GitHub], None);
        let domains: Vec<&str> = sources.iter().map(|source| source.repository.domain()).collect();
        assert_eq!(domains, ["public-good", "github"]);
    }
}
