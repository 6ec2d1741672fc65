//! What SBOMs list: packages, licences, suppliers and tools, as rules name them.

use crate::packages::Range;
use crate::policy::license::{LicenseRule, LicenseRuleError};
use crate::policy::package::{PackageRule, PackageRuleError, PackageRules};
use crate::policy::text::TextRule;

use crate::policy::document::fields::{Fields, each, pattern, text};
use crate::policy::document::problem::{MAX_PATTERNS, Place, Problems};
use crate::policy::document::yaml::{Node, Value};

const PACKAGE: [&str; 5] = ["purl", "name", "version", "vers", "supplier"];
const LICENSE: [&str; 1] = ["text"];

/// A list of packages: package URLs, or fields.
pub(crate) fn packages(node: &Node, problems: &mut Problems) -> Option<PackageRules> {
    each(node, "packages", problems, package).map(PackageRules::new)
}

fn package(node: &Node, problems: &mut Problems) -> Option<PackageRule> {
    if !matches!(node.value, Value::Map(_)) {
        return purl(node, problems);
    }
    let fields = Fields::of(node, "a package", &PACKAGE, problems)?;
    let rule = match (fields.get("purl"), fields.get("name")) {
        (Some(node), None) => purl(node, problems),
        (None, Some(_)) => {
            fields.glob("name", problems).and_then(|name| counted(name, problems)).map(PackageRule::name)
        }
        (Some(_), Some(_)) => {
            let message = "a package is named by `purl` or by `name`, not by both";
            problems.add(fields.first_place(), message, "leave one of the two out");
            None
        }
        (None, None) if fields.likely_means("purl") || fields.likely_means("name") => None,
        (None, None) => {
            let message = "this names no package";
            problems.add(fields.first_place(), message, "add `purl: pkg:TYPE/NAME`, or `name: …` where there is none");
            None
        }
    };
    let supplier = match fields.get("supplier") {
        Some(_) => Some(fields.glob("supplier", problems).and_then(|rule| counted(rule, problems))?),
        None => None,
    };
    let rule = with_version(rule?, &fields, problems)?;
    Some(match supplier {
        Some(supplier) => rule.from_supplier(supplier),
        None => rule,
    })
}

/// `version` beside a name, or `vers`.
fn with_version(rule: PackageRule, fields: &Fields<'_>, problems: &mut Problems) -> Option<PackageRule> {
    let present = fields.present(&["version", "vers"]);
    match present.as_slice() {
        [] => Some(rule),
        [_, (_, place)] => {
            problems.add(*place, "`version` and `vers` are both there", "leave one of them out");
            None
        }
        [("version", place)] if fields.get("purl").is_some() => {
            let message = "a package URL has its version in it, and so `version` has no place beside it";
            problems.add(*place, message, "write `purl: pkg:TYPE/NAME@VERSION`");
            None
        }
        [("version", _)] => {
            let version = fields.glob("version", problems)?;
            counted(version, problems).map(|version| rule.of_version(version))
        }
        [(_, place)] if rule.has_version() => {
            let message = "the package URL has a version already, and so `vers` has no place beside it";
            problems.add(*place, message, "leave `@VERSION` out of the package URL");
            None
        }
        [_, ..] => {
            let written = fields.text("vers", problems)?;
            let node = fields.get("vers")?;
            let range = Range::parse(&written).map_err(|error| {
                let message = format!("`{written}` is not a range of versions: {error}");
                problems.add(
                    node.place,
                    message,
                    "write the constraints in the order of their versions, such as \"vers:npm/>=1.0.0|<2.0.0\"",
                );
            });
            range.ok().map(|range| rule.within(range, &written))
        }
    }
}

fn purl(node: &Node, problems: &mut Problems) -> Option<PackageRule> {
    let written = text(node, problems)?;
    may_read(&written, problems)?;
    PackageRule::purl(&written)
        .map_err(|error| {
            let hint = match &error {
                PackageRuleError::Purl { .. } if !written.contains(':') => {
                    format!("write pkg:TYPE/{written}, such as pkg:npm/{written}, or `name: {written}` for any type")
                }
                PackageRuleError::Purl { .. } if written.starts_with("pkg:*") => {
                    "name the type, such as pkg:npm/…, or use `name: …` for packages of any type".to_owned()
                }
                PackageRuleError::Purl { .. } => "write it as pkg:TYPE/NAMESPACE/NAME@VERSION".to_owned(),
                PackageRuleError::Subpath(_) => "remove the `#` and the text behind it".to_owned(),
                PackageRuleError::Asterisk(_) => "name each package".to_owned(),
                PackageRuleError::Pattern(_) => "write a shorter one".to_owned(),
            };
            problems.add(node.place, error.to_string(), hint);
        })
        .ok()
}

/// A list of licences: identifiers, or whole texts.
pub(crate) fn licenses(node: &Node, problems: &mut Problems) -> Option<Vec<LicenseRule>> {
    each(node, "licences", problems, license)
}

/// A licence of the SPDX License List, or the whole text of one that no identifier stands for.
pub(crate) fn license(node: &Node, problems: &mut Problems) -> Option<LicenseRule> {
    if matches!(node.value, Value::Map(_)) {
        let fields = Fields::of(node, "a licence", &LICENSE, problems)?;
        fields.required("text", "add `text: …`, or write the identifier alone", problems)?;
        let rule = fields.glob("text", problems)?;
        return counted(rule, problems).map(LicenseRule::text);
    }
    let written = text(node, problems)?;
    may_read(&written, problems)?;
    LicenseRule::parse(&written)
        .map_err(|error| {
            let hint = match &error {
                LicenseRuleError::Unknown { nearest: Some(nearest), .. } => format!("did you mean `{nearest}`?"),
                LicenseRuleError::Unknown { .. } => {
                    "write an identifier of spdx.org/licenses, LicenseRef-…, or `text: …` for what documents write instead"
                        .to_owned()
                }
                LicenseRuleError::Several(_) => "write each licence as an entry of its own".to_owned(),
                LicenseRuleError::NoAssertion(_) => "write `no-assertion: deny` or `no-assertion: allow`".to_owned(),
                LicenseRuleError::Pattern(_) => "write a shorter one".to_owned(),
            };
            problems.add(node.place, error.to_string(), hint);
        })
        .ok()
}

/// A list of names, each of them with optional asterisks.
pub(crate) fn names(node: &Node, what: &str, problems: &mut Problems) -> Option<Vec<TextRule>> {
    each(node, what, problems, |item, problems| {
        let written = text(item, problems)?;
        may_read(&written, problems)?;
        pattern(TextRule::glob(&written), item, problems)
    })
}

fn counted(rule: TextRule, problems: &mut Problems) -> Option<TextRule> {
    may_read(rule.as_str(), problems)?;
    Some(rule)
}

/// Patterns take time and room, however short they are.
fn may_read(written: &str, problems: &mut Problems) -> Option<()> {
    if !written.contains('*') || problems.may_read_pattern() {
        return Some(());
    }
    let message = format!("more than {MAX_PATTERNS} patterns with an asterisk");
    problems.add(Place { line: 1, column: 1, length: 1 }, message, "use ranges, or name packages without asterisks");
    None
}
