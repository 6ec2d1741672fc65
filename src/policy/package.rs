//! Rules for packages: by package URL, or by the name that a document gives them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use aho_corasick::AhoCorasick;

use crate::packages::{Purl, PurlError, Range, Same, same_version};
use crate::time_limit::TimeLimit;

use super::text::{PatternError, TextRule};

/// A package of a document, as far as rules are about it.
#[derive(Debug, Clone)]
pub struct Component<'a> {
    /// The name that the document gives it.
    pub name: &'a str,
    /// What the document says that the name is within, apart from it: the group of CycloneDX.
    pub group: Option<&'a str>,
    /// The version that the document gives it.
    pub version: Option<&'a str>,
    /// Who supplies it, as written.
    pub supplier: Option<&'a str>,
    /// Its package URLs, each read once.
    pub purls: Vec<Purl<'a>>,
}

impl Component<'_> {
    /// The names that it is known by, in lower case: alone, and within its group as npm and as Maven write it.
    fn names(&self) -> Vec<String> {
        let name = self.name.to_lowercase();
        let group = self.group.map(str::to_lowercase);
        let within = group.iter().flat_map(|group| [format!("{group}/{name}"), format!("{group}:{name}")]);
        within.chain([name.clone()]).collect()
    }
}

/// Whether a rule is about a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// It is.
    Yes,
    /// It is about the package, and whether about this version cannot be told: why.
    Unknown(String),
    /// It is not.
    No,
}

/// What a rule asks of the version.
#[derive(Debug, Clone, PartialEq)]
enum VersionRule {
    Any,
    /// The text of the version.
    Is(TextRule),
    /// A range in the order of its ecosystem, and how it is written.
    In(Box<Range>, String),
}

/// Why a text is not a rule for packages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageRuleError {
    /// It is not a package URL.
    #[error("`{written}` is not a package URL: {error}")]
    Purl {
        /// The rule as written.
        written: String,
        /// The package URL's error.
        error: PurlError,
    },
    /// A part of the package, which rules are not about.
    #[error("`{0}` has a subpath, which no rule is about")]
    Subpath(String),
    /// The normal form of the type has no asterisks.
    #[error("`{0}` is of a type whose names take no asterisk")]
    Asterisk(String),
    /// A pattern that cannot be used.
    #[error(transparent)]
    Pattern(#[from] PatternError),
}

/// A rule for packages.
///
/// Package URLs are compared by their parts, those of the name in the form that is equal for all of its spellings: tools differ
/// in the case of letters. A name compares with what the document calls the package, which may have a package URL or none; its
/// case does not count either.
#[derive(Debug, Clone, PartialEq)]
pub struct PackageRule {
    /// The package URL or name, as written.
    written: String,
    what: What,
    version: VersionRule,
    supplier: Option<TextRule>,
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    Purl {
        /// The type.
        kind: String,
        /// Namespace and name, as [`Purl::key`] has them behind the type.
        path: TextRule,
        qualifiers: Vec<(String, TextRule)>,
    },
    Name(TextRule),
}

impl PackageRule {
    /// A rule for the packages of a package URL in which `*` stands for any letters within a part, and `**` across slashes. Without
    /// a version it is about every one, and of qualifiers only those count that it has.
    pub fn purl(written: &str) -> Result<Self, PackageRuleError> {
        let encoded = with_encoded_scope(written);
        let purl =
            Purl::parse(&encoded).map_err(|error| PackageRuleError::Purl { written: written.to_owned(), error })?;
        // The subpath of a Go module is a part of its name by now.
        if purl.subpath.is_some() {
            return Err(PackageRuleError::Subpath(written.to_owned()));
        }
        let key = purl.key();
        let asterisks = |text: &str| text.matches('*').count();
        let others = purl.qualifiers.iter().map(|(_, value)| value).chain(&purl.version);
        if asterisks(&key) + others.map(|text| asterisks(text)).sum::<usize>() != asterisks(written) {
            return Err(PackageRuleError::Asterisk(written.to_owned()));
        }
        let qualifiers = purl.qualifiers.iter().map(|(key, value)| Ok((key.to_string(), TextRule::glob(value)?)));
        let what = What::Purl {
            kind: purl.kind.to_string(),
            path: TextRule::glob(&key[purl.kind.len() + 1..])?,
            qualifiers: qualifiers.collect::<Result<_, PatternError>>()?,
        };
        let version = match purl.version.as_deref() {
            None | Some("*" | "**") => VersionRule::Any,
            // A version has no path segments.
            Some(version) => VersionRule::Is(TextRule::glob(&version.replace('*', "**"))?),
        };
        Ok(Self { written: written.to_owned(), what, version, supplier: None })
    }

    /// A rule for the packages that documents call by a name; `*` as in [`purl`](Self::purl).
    pub fn name(name: TextRule) -> Self {
        let written = name.as_str().to_owned();
        let folded = TextRule::glob(&written.to_lowercase()).unwrap_or(name);
        Self { written, what: What::Name(folded), version: VersionRule::Any, supplier: None }
    }

    /// Asks for a version too.
    #[must_use]
    pub fn of_version(mut self, version: TextRule) -> Self {
        self.version = VersionRule::Is(version);
        self
    }

    /// Asks for a version within a range too.
    #[must_use]
    pub fn within(mut self, range: Range, written: &str) -> Self {
        self.version = VersionRule::In(Box::new(range), written.to_owned());
        self
    }

    /// Asks for a supplier too.
    #[must_use]
    pub fn from_supplier(mut self, supplier: TextRule) -> Self {
        self.supplier = Some(supplier);
        self
    }

    /// Returns its parts as policies write them.
    pub(crate) fn parts(&self) -> Vec<(&'static str, &str)> {
        let what = if matches!(self.what, What::Purl { .. }) { "purl" } else { "name" };
        let version = match &self.version {
            VersionRule::Is(version) if !matches!(self.what, What::Purl { .. }) => Some(("version", version.as_str())),
            VersionRule::Is(_) | VersionRule::Any => None,
            VersionRule::In(_, written) => Some(("vers", written.as_str())),
        };
        let supplier = self.supplier.as_ref().map(|supplier| ("supplier", supplier.as_str()));
        [Some((what, self.written.as_str())), version, supplier].into_iter().flatten().collect()
    }

    /// Whether a version is asked for already.
    pub(crate) fn has_version(&self) -> bool {
        self.version != VersionRule::Any
    }

    /// Whether it is about every package.
    pub(crate) fn is_about_all(&self) -> bool {
        let is_any = matches!(&self.what, What::Name(name) if name.as_str().trim_matches('*').is_empty());
        is_any && self.version == VersionRule::Any && self.supplier.is_none()
    }

    /// Whether it names a package of a type whose packages all have a namespace, and names none.
    pub(crate) fn misses_namespace(&self) -> Option<&str> {
        const WITH_NAMESPACE: [&str; 7] = ["apk", "bitbucket", "deb", "github", "maven", "rpm", "swift"];
        match &self.what {
            What::Purl { kind, path, .. } if WITH_NAMESPACE.contains(&kind.as_str()) => {
                (!path.as_str().contains(['/', '*'])).then_some(kind)
            }
            _ => None,
        }
    }

    /// Whether it is about a package known only by its package URL.
    pub fn is_about(&self, purl: &Purl<'_>) -> Match {
        let component = Component { name: &purl.name, group: None, version: None, supplier: None, purls: Vec::new() };
        let key = purl.key();
        self.is_about_purl(purl, &key[purl.kind.len() + 1..], &component)
    }

    fn is_about_purl(&self, purl: &Purl<'_>, path: &str, component: &Component<'_>) -> Match {
        let What::Purl { kind, path: rule, qualifiers } = &self.what else { return Match::No };
        let has = |(key, rule): &(String, TextRule)| purl.qualifier(key).is_some_and(|value| rule.matches(value));
        if purl.kind != *kind || !rule.matches(path) || !qualifiers.iter().all(has) || !self.is_supplied(component) {
            return Match::No;
        }
        match &self.version {
            VersionRule::Any => Match::Yes,
            VersionRule::Is(rule) => is_version(rule, purl, stated_version(purl, component).as_deref()),
            VersionRule::In(range, _) => within(range, stated_version(purl, component).as_deref()),
        }
    }

    fn is_about_name(&self, name: &str, component: &Component<'_>) -> Match {
        let What::Name(rule) = &self.what else { return Match::No };
        if !rule.matches(name) || !self.is_supplied(component) {
            return Match::No;
        }
        match &self.version {
            VersionRule::Any => Match::Yes,
            VersionRule::Is(rule) => is(rule, component.version),
            VersionRule::In(range, _) => within(range, component.version),
        }
    }

    fn is_supplied(&self, component: &Component<'_>) -> bool {
        let is_supplier = |rule: &TextRule| component.supplier.is_some_and(|supplier| names(rule, supplier));
        self.supplier.as_ref().is_none_or(is_supplier)
    }
}

/// Neither answer would be true of a version that is missing.
fn is(rule: &TextRule, version: Option<&str>) -> Match {
    match version {
        Some(version) if rule.matches(version) => Match::Yes,
        Some(_) => Match::No,
        None => Match::Unknown("it has no version".to_owned()),
    }
}

/// Returns the version of a package, its epoch in front: that of the package URL, or else that of the document.
fn stated_version<'a>(purl: &'a Purl<'_>, component: &Component<'a>) -> Option<Cow<'a, str>> {
    let elsewhere = || component.version.map(|version| purl.with_epoch(Cow::Borrowed(version)));
    purl.full_version().or_else(elsewhere).filter(|version| !version.trim().is_empty())
}

/// Compares versions as the ecosystem does. A rule that leaves out the epoch means each one, and one with an asterisk is about the
/// text of the version, with and without its `v` and its epoch.
fn is_version(rule: &TextRule, purl: &Purl<'_>, version: Option<&str>) -> Match {
    let Some(version) = version else { return Match::Unknown("it has no version".to_owned()) };
    let without_epoch = version.split_once(':').filter(|_| matches!(&*purl.kind, "rpm" | "deb")).map(|(_, rest)| rest);
    if !rule.is_exact() {
        let bare = version.strip_prefix(['v', 'V']).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let with_v = format!("v{version}");
        let spellings = [Some(version), without_epoch, bare, Some(&with_v)];
        return if spellings.into_iter().flatten().any(|text| rule.matches(text)) { Match::Yes } else { Match::No };
    }
    let wanted = rule.as_str();
    let version = without_epoch.filter(|_| !wanted.contains(':')).unwrap_or(version);
    match same_version(&purl.kind, wanted, version) {
        Same::Yes => Match::Yes,
        Same::No => Match::No,
        Same::Unknown => Match::Unknown(format!("`{version}` is a version that cannot be compared")),
    }
}

/// Neither answer would be true of a version that is missing or cannot be compared.
fn within(range: &Range, version: Option<&str>) -> Match {
    match version.map(|version| range.contains(version)) {
        Some(Ok(true)) => Match::Yes,
        Some(Ok(false)) => Match::No,
        Some(Err(error)) => Match::Unknown(error.to_string()),
        None => Match::Unknown("it has no version".to_owned()),
    }
}

/// Whether a rule is about a person, organization or tool as SPDX 2 writes them: the whole text, or the name in
/// `Organization: NAME (EMAIL)`.
pub fn names(rule: &TextRule, written: &str) -> bool {
    let name = ["Organization:", "Person:", "Tool:"].iter().find_map(|kind| written.strip_prefix(kind));
    let name = name.unwrap_or(written).trim();
    let without_email = name.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (")).map_or(name, |(name, _)| name);
    rule.matches(written) || rule.matches(name) || rule.matches(without_email.trim())
}

/// `pkg:npm/@acme/*` for `pkg:npm/%40acme/*`: an `@` that begins a part begins no version.
fn with_encoded_scope(written: &str) -> Cow<'_, str> {
    if written.contains("/@") { Cow::Owned(written.replace("/@", "/%40")) } else { Cow::Borrowed(written) }
}

impl fmt::Display for PackageRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)?;
        self.parts().iter().skip(1).try_for_each(|(key, value)| match *key {
            "supplier" => write!(formatter, " from {value}"),
            _ => write!(formatter, " {value}"),
        })
    }
}

/// Rules for packages, found by the type and the name of a package and not one by one.
#[derive(Debug, Clone, Default)]
pub struct PackageRules {
    rules: Vec<PackageRule>,
    /// Rules for one name, by it: [`Purl::key`] of package URLs.
    exact_purls: HashMap<String, Vec<usize>>,
    exact_names: HashMap<String, Vec<usize>>,
    /// Rules with an asterisk, by type.
    purl_globs: HashMap<String, Globs>,
    name_globs: Globs,
}

impl PackageRules {
    /// Puts rules in order.
    pub fn new(rules: Vec<PackageRule>) -> Self {
        let mut index = Self::default();
        let (mut purl_globs, mut name_globs): (HashMap<&str, Vec<_>>, Vec<_>) = Default::default();
        for (place, rule) in rules.iter().enumerate() {
            match &rule.what {
                What::Purl { kind, path, .. } if path.is_exact() => {
                    index.exact_purls.entry(format!("{kind}/{}", path.as_str())).or_default().push(place);
                }
                What::Purl { kind, path, .. } => {
                    purl_globs.entry(kind).or_default().push((place, path));
                }
                What::Name(name) if name.is_exact() => {
                    index.exact_names.entry(name.as_str().to_owned()).or_default().push(place);
                }
                What::Name(name) => name_globs.push((place, name)),
            }
        }
        index.purl_globs = purl_globs.into_iter().map(|(kind, globs)| (kind.to_owned(), Globs::new(globs))).collect();
        index.name_globs = Globs::new(name_globs);
        Self { rules, ..index }
    }

    /// Returns the rules.
    pub fn rules(&self) -> &[PackageRule] {
        &self.rules
    }

    /// Whether the list of rules is empty.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether some rule asks for the package URL.
    pub fn are_about_purls(&self) -> bool {
        !self.exact_purls.is_empty() || !self.purl_globs.is_empty()
    }

    /// Calls `found` with each rule that is, or may be, about a package: with the rule's place, and the place of the
    /// package URL that it is about unless it is about the name. It stops when the time is over, and then misses some
    /// rules.
    pub fn matches(
        &self,
        component: &Component<'_>,
        time: TimeLimit<'_>,
        found: &mut dyn FnMut(usize, Option<usize>, Match),
    ) {
        for (position, purl) in component.purls.iter().enumerate().take_while(|_| !time.is_over()) {
            self.matches_of_purl(purl, component, &mut |rule, matched| found(rule, Some(position), matched));
        }
        if self.exact_names.is_empty() && self.name_globs.all.is_empty() {
            return;
        }
        for name in component.names() {
            self.matches_of_name(&name, component, &mut |rule, matched| found(rule, None, matched));
        }
    }

    fn matches_of_name(&self, name: &str, component: &Component<'_>, found: &mut dyn FnMut(usize, Match)) {
        let exact = self.exact_names.get(name).into_iter().flatten().copied();
        for rule in exact.chain(self.name_globs.candidates(name)) {
            match self.rules[rule].is_about_name(name, component) {
                Match::No => {}
                matched => found(rule, matched),
            }
        }
    }

    fn matches_of_purl(&self, purl: &Purl<'_>, component: &Component<'_>, found: &mut dyn FnMut(usize, Match)) {
        let globs = self.purl_globs.get(purl.kind.as_ref());
        if globs.is_none() && self.exact_purls.is_empty() {
            return;
        }
        let key = purl.key();
        let path = &key[purl.kind.len() + 1..];
        let exact = self.exact_purls.get(&key).into_iter().flatten().copied();
        for rule in exact.chain(globs.map(|globs| globs.candidates(path)).unwrap_or_default()) {
            match self.rules[rule].is_about_purl(purl, path, component) {
                Match::No => {}
                matched => found(rule, matched),
            }
        }
    }

    /// Returns the first rule that is about a package, or else the first undecidable one; after the time is over no
    /// answer counts.
    pub fn first(&self, component: &Component<'_>, time: TimeLimit<'_>) -> Option<(usize, Match)> {
        let mut first: Option<(usize, Match)> = None;
        self.matches(component, time, &mut |rule, _, matched| {
            if first.is_none() || (matched == Match::Yes && !matches!(first, Some((_, Match::Yes)))) {
                first = Some((rule, matched));
            }
        });
        first
    }

    /// Whether rules are about the package under each of its names: every package URL, or what the document calls it. Else an
    /// allowed package URL beside another would let the other in.
    pub fn cover(&self, component: &Component<'_>, time: TimeLimit<'_>) -> bool {
        let mut covered = vec![false; component.purls.len()];
        let mut by_name = false;
        self.matches(component, time, &mut |_, purl, matched| match (purl, matched) {
            (Some(purl), Match::Yes) => covered[purl] = true,
            (None, Match::Yes) => by_name = true,
            _ => {}
        });
        by_name || (!covered.is_empty() && covered.into_iter().all(|one| one))
    }
}

/// Rules with an asterisk. A text is looked through once for the longest part of each that has none, and the rules whose part is not
/// in it are not tried: what a package costs does not grow with the rules (A298).
#[derive(Debug, Clone, Default)]
struct Globs {
    finder: Option<AhoCorasick>,
    /// The rules that have each part.
    having: Vec<Vec<usize>>,
    /// Rules that consist of asterisks alone.
    always: Vec<usize>,
    all: Vec<usize>,
}

/// Bytes of a text that is looked through; no package has a longer name. In a longer one parts could be found again and again.
const LONGEST_NAME: usize = 1024;

impl Globs {
    fn new(globs: Vec<(usize, &TextRule)>) -> Self {
        let all = globs.iter().map(|(place, _)| *place).collect();
        let mut by_part: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, rule) in globs {
            by_part.entry(longest_part(rule)).or_default().push(place);
        }
        let always = by_part.remove("").unwrap_or_default();
        let finder = AhoCorasick::new(by_part.keys()).ok();
        Self { finder, having: by_part.into_values().collect(), always, all }
    }

    /// The rules that a text could match, in their order.
    fn candidates(&self, text: &str) -> Vec<usize> {
        let Some(finder) = self.finder.as_ref().filter(|_| text.len() <= LONGEST_NAME) else { return self.all.clone() };
        let mut found: Vec<usize> = finder.find_overlapping_iter(text).map(|part| part.pattern().as_usize()).collect();
        found.sort_unstable();
        found.dedup();
        let having = found.into_iter().flat_map(|part| &self.having[part]);
        let mut candidates: Vec<usize> = having.chain(&self.always).copied().collect();
        candidates.sort_unstable();
        candidates
    }
}

/// The longest part of a glob that stands in every text that it matches.
fn longest_part(rule: &TextRule) -> &str {
    let part = rule.as_str().split('*').max_by_key(|part| part.len());
    part.filter(|_| rule.is_glob()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(written: &str) -> PackageRule {
        PackageRule::purl(written).expect("a rule")
    }

    fn component<'a>(name: &'a str, version: Option<&'a str>, purls: &[&'a str]) -> Component<'a> {
        let purls = purls.iter().map(|purl| Purl::parse(purl).expect("a package URL")).collect();
        Component { name, group: None, version, supplier: None, purls }
    }

    fn is_about(written: &str, purl: &str) -> bool {
        matches!(
            PackageRules::new(vec![rule(written)]).first(&component("x", None, &[purl]), TimeLimit::NONE),
            Some((_, Match::Yes))
        )
    }

    #[test]
    fn parts_are_compared_one_by_one() {
        assert!(is_about("pkg:npm/event-stream@3.3.6", "pkg:npm/event-stream@3.3.6"));
        assert!(!is_about("pkg:npm/event-stream@3.3.6", "pkg:npm/event-stream@3.3.60"));
        assert!(!is_about("pkg:npm/event-stream@3.3.6", "pkg:npm/@evil/event-stream@3.3.6"));
        assert!(!is_about("pkg:npm/event-stream@3.3.6", "pkg:pypi/event-stream@3.3.6"));
        assert!(is_about("pkg:npm/event-stream", "pkg:npm/event-stream@1"));
        assert!(!is_about("pkg:npm/event-stream@3.3.6", "pkg:npm/event-stream"));
    }

    #[test]
    fn asterisks_stay_inside_a_part_and_two_cross() {
        assert!(is_about("pkg:npm/@acme/*", "pkg:npm/%40acme/shop@1.0"));
        assert!(is_about("pkg:npm/@acme/*", "pkg:npm/@acme/shop@1.0"));
        assert!(!is_about("pkg:npm/@acme/*", "pkg:npm/acme@1.0"));
        assert!(!is_about("pkg:npm/*", "pkg:npm/@acme/shop"));
        assert!(is_about("pkg:npm/**", "pkg:npm/@acme/shop"));
        assert!(is_about("pkg:golang/github.com/acme/**", "pkg:golang/github.com/acme/shop/v2@v2.0.0"));
        assert!(is_about("pkg:deb/debian/openssl@*", "pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=amd64"));
        assert!(is_about("pkg:deb/debian/openssl@3.0.*", "pkg:deb/debian/openssl@3.0.11-1"));
        assert!(!is_about("pkg:deb/debian/openssl@3.0.*", "pkg:deb/debian/openssl@3.1"));
    }

    #[test]
    fn qualifiers_count_where_the_rule_has_them() {
        let installed = "pkg:deb/debian/openssl@3?arch=amd64&distro=debian-12";
        assert!(is_about("pkg:deb/debian/openssl@3", installed));
        assert!(is_about("pkg:deb/debian/openssl?distro=debian-*", installed));
        assert!(!is_about("pkg:deb/debian/openssl?arch=arm64", installed));
        assert!(is_about("pkg:deb/debian/openssl", &format!("{installed}#sub/path")));
    }

    #[test]
    fn a_version_that_cannot_be_compared_is_not_taken_for_one_outside() {
        let range = "vers:npm/<4.17.21";
        let rules =
            PackageRules::new(vec![rule("pkg:npm/lodash").within(Range::parse(range).expect("a range"), range)]);
        let first =
            |purl| rules.first(&component("lodash", None, &[purl]), TimeLimit::NONE).map(|(_, matched)| matched);
        assert_eq!(first("pkg:npm/lodash@4.17.20"), Some(Match::Yes));
        assert_eq!(first("pkg:npm/lodash@4.17.21"), None);
        assert!(matches!(first("pkg:npm/lodash@latest"), Some(Match::Unknown(_))));
        assert!(matches!(first("pkg:npm/lodash"), Some(Match::Unknown(_))));
        assert_eq!(first("pkg:npm/underscore@latest"), None);
    }

    #[test]
    fn an_allowed_package_url_lets_no_other_in_beside_it() {
        let rules = PackageRules::new(vec![rule("pkg:npm/@acme/*")]);
        assert!(rules.cover(&component("shop", None, &["pkg:npm/@acme/shop@1"]), TimeLimit::NONE));
        assert!(!rules.cover(&component("shop", None, &["pkg:npm/@acme/shop@1", "pkg:npm/evil@1"]), TimeLimit::NONE));
        assert!(!rules.cover(&component("shop", None, &[]), TimeLimit::NONE));
    }

    #[test]
    fn names_are_what_the_document_calls_a_package() {
        let name = |text: &str| PackageRule::name(TextRule::glob(text).expect("a glob"));
        let rules = PackageRules::new(vec![name("openssl").of_version(TextRule::exact("3.0")), name("lib*")]);
        let found = |name, version| rules.first(&component(name, version, &[]), TimeLimit::NONE);
        assert_eq!(found("openssl", Some("3.0")), Some((0, Match::Yes)));
        assert_eq!(found("OpenSSL", Some("3.0")), Some((0, Match::Yes)), "another letter case does not escape a rule");
        assert_eq!(found("openssl", Some("3.1")), None);
        assert!(matches!(found("openssl", None), Some((0, Match::Unknown(_)))));
        assert_eq!(found("libc", None), Some((1, Match::Yes)));
    }

    #[test]
    fn a_package_is_known_by_its_name_alone_and_within_its_group() {
        for written in ["core", "@acme/core", "@Acme:core", "@acme/*"] {
            let rules = PackageRules::new(vec![PackageRule::name(TextRule::glob(written).expect("a glob"))]);
            let grouped = Component { group: Some("@acme"), ..component("core", None, &[]) };
            assert_eq!(rules.first(&grouped, TimeLimit::NONE), Some((0, Match::Yes)), "{written}");
        }
    }

    #[test]
    fn tools_that_write_versions_otherwise_are_understood() {
        for (rule, purl) in [
            ("pkg:golang/example.com/a@v1.2.3", "pkg:golang/example.com/a@1.2.3"),
            ("pkg:golang/example.com/a@1.2.3", "pkg:golang/example.com/a@v1.2.3"),
            ("pkg:rpm/redhat/openssl@1:1.1.1k-7", "pkg:rpm/redhat/openssl@1.1.1k-7?epoch=1"),
            ("pkg:rpm/redhat/openssl@1.1.1k-7", "pkg:rpm/redhat/openssl@1.1.1k-7?epoch=1"),
            ("pkg:rpm/redhat/openssl@1.1.1k-7", "pkg:rpm/rhel/openssl@1:1.1.1k-7"),
            ("pkg:deb/debian/vim@2:9.0-1", "pkg:deb/debian/vim@9.0-1?epoch=2"),
            ("pkg:deb/debian/vim@9.0-1", "pkg:deb/debian/vim@2%3A9.0-1"),
            ("pkg:deb/debian/vim@9.*", "pkg:deb/debian/vim@9.0-1?epoch=2"),
            ("pkg:npm/a@v1.2.3", "pkg:npm/a@1.2.3"),
            ("pkg:npm/a@1.*", "pkg:npm/a@v1.2.3"),
            ("pkg:composer/symfony/http-kernel@5.4.20", "pkg:composer/symfony/http-kernel@v5.4.20"),
            ("pkg:pypi/torch@2.0.1", "pkg:pypi/torch@2.0.1%2Bcu118"),
            ("pkg:nuget/Newtonsoft.Json@1.2.0", "pkg:nuget/newtonsoft.json@1.2.0.0"),
            ("pkg:golang/github.com/golang-jwt/jwt/v5@5.2.1", "pkg:golang/github.com/golang-jwt/jwt@v5.2.1#v5"),
            ("pkg:golang/github.com/golang-jwt/jwt@v5.2.1#v5", "pkg:golang/github.com/golang-jwt/jwt/v5@v5.2.1"),
            ("pkg:docker/docker.io/library/node@18", "pkg:docker/node@18?platform=linux%2Famd64"),
            ("pkg:docker/node", "pkg:docker/docker.io/library/node@18"),
            ("pkg:maven/org.a/b@1.0", "pkg:maven/org.a:b@1.0.0"),
        ] {
            assert!(is_about(rule, purl), "{rule} and {purl}");
        }
        for (rule, purl) in [
            ("pkg:rpm/redhat/openssl@2:1.1.1k-7", "pkg:rpm/redhat/openssl@1.1.1k-7?epoch=1"),
            ("pkg:golang/github.com/golang-jwt/jwt", "pkg:golang/github.com/golang-jwt/jwt@v5.2.1#v5"),
            ("pkg:docker/docker.io/library/node@18", "pkg:docker/ghcr.io/acme/node@18"),
            ("pkg:docker/docker.io/library/node@18", "pkg:docker/acme/node@18"),
            ("pkg:npm/a@1.2.3", "pkg:npm/a@1.2.3-rc.1"),
        ] {
            assert!(!is_about(rule, purl), "{rule} and {purl}");
        }
    }

    #[test]
    fn a_package_without_a_version_is_not_taken_for_another_version() {
        let rules = PackageRules::new(vec![rule("pkg:npm/event-stream@3.3.6")]);
        let found = rules.first(&component("event-stream", None, &["pkg:npm/event-stream"]), TimeLimit::NONE);
        assert!(matches!(found, Some((0, Match::Unknown(_)))), "{found:?}");
        let stated = rules.first(&component("event-stream", Some("3.3.6"), &["pkg:npm/event-stream"]), TimeLimit::NONE);
        assert_eq!(stated, Some((0, Match::Yes)));
        assert!(is_about("pkg:npm/event-stream@3.3.6", " pkg:npm/event-stream@3.3.6\n"));
    }

    #[test]
    fn suppliers_are_named_with_and_without_their_kind_and_address() {
        let acme = TextRule::glob("Acme*").expect("a glob");
        for written in ["Organization: Acme Inc (security@acme.example)", "Acme", "Person: Acme"] {
            assert!(names(&acme, written), "{written}");
        }
        assert!(!names(&acme, "Organization: Evil Acme"));
        assert!(names(&TextRule::exact("Acme Inc"), "Organization: Acme Inc (security@acme.example)"));
    }

    #[test]
    fn a298_only_patterns_whose_longest_part_is_in_a_name_are_tried() {
        let name = |text: String| PackageRule::name(TextRule::glob(&text).expect("a glob"));
        let rules: Vec<PackageRule> = (100..1000).map(|number| name(format!("*a{number}*b*"))).collect();
        let rules = PackageRules::new(rules);
        let tried = |name: &str| rules.name_globs.candidates(name);
        assert_eq!(tried("pk123456"), [0; 0]);
        assert_eq!(tried("a100a999"), [0, 899]);
        assert_eq!(tried(&"x".repeat(LONGEST_NAME + 1)).len(), 900);
    }

    #[test]
    fn a298_every_rule_that_matches_is_among_those_that_are_tried() {
        const PATTERNS: [&str; 12] =
            ["*", "**", "a*", "*a", "*a*", "a*b", "a*b*ab", "**/a*", "*é*", "b**a", "ab*ab*ab", "*aa*aa*"];
        let name = |text: &&str| PackageRule::name(TextRule::glob(text).expect("a glob"));
        let rules = PackageRules::new(PATTERNS.iter().map(name).collect());
        let letters = ['a', 'b', '/', 'é'];
        for length in 0..7_u32 {
            for number in 0..4_usize.pow(length) {
                let letter = |place: u32| letters[number / 4_usize.pow(place) % 4];
                let text: String = (0..length).map(letter).collect();
                let matching = (0..PATTERNS.len()).filter(|place| {
                    let What::Name(rule) = &rules.rules[*place].what else { return false };
                    rule.matches(&text)
                });
                let tried = rules.name_globs.candidates(&text);
                assert!(matching.into_iter().all(|place| tried.contains(&place)), "{text}: {tried:?}");
            }
        }
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        assert!(matches!(PackageRule::purl("event-stream"), Err(PackageRuleError::Purl { .. })));
        assert!(matches!(PackageRule::purl("pkg:npm/"), Err(PackageRuleError::Purl { .. })));
        assert!(matches!(PackageRule::purl("pkg:npm/x#dist"), Err(PackageRuleError::Subpath(_))));
        assert!(PackageRule::purl("pkg:*/x").is_err());
    }
}
