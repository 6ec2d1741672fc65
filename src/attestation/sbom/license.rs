//! Licences of SPDX 3, which are elements of their own, as the expressions that they stand for.

use std::borrow::Cow;
use std::collections::HashMap;

use super::builder::Builder;
use super::lenient::LenientStr;
use super::model::Text;

/// Licences within licences that are followed.
const MAX_DEPTH: usize = 8;
/// The length of an expression that is put together from others, in bytes.
const MAX_LENGTH: usize = 512;
/// The length of an expression that is written with escapes, in bytes: every package that has it copies it.
const MAX_COPIED: usize = 4096;

/// The licences of a document while it is read.
#[derive(Default)]
pub(super) struct Licenses<'a> {
    known: HashMap<Text<'a>, License<'a>>,
    /// Which package has which licence, and whether it was concluded.
    stated: Vec<(Text<'a>, bool, Text<'a>)>,
    /// The expressions of sets, each made once; of one that is being made, its id.
    made: HashMap<Text<'a>, Text<'a>>,
}

/// An element that may be a licence.
pub(super) struct LicenseElement<'a> {
    pub(super) id: Text<'a>,
    pub(super) expression: LenientStr<'a>,
    pub(super) name: LenientStr<'a>,
    /// The licences of a set.
    pub(super) members: Vec<Text<'a>>,
}

/// What an element of a licensing profile says.
enum License<'a> {
    /// `simplelicensing_LicenseExpression`, or the name of a licence.
    Expression(Text<'a>),
    /// A set; all of its members hold, or any one.
    Set(&'static str, Vec<Text<'a>>),
    /// `NoneLicense` and `NoAssertionLicense`.
    Nothing,
}

impl<'a> Licenses<'a> {
    /// Notes what an element says, if it is a licence.
    pub(super) fn define(&mut self, class: &str, element: LicenseElement<'a>) {
        let LicenseElement { id, expression, name, members } = element;
        let text = |stated: Option<Text<'a>>| stated.map_or(License::Nothing, License::Expression);
        let license = match class {
            "simplelicensing_LicenseExpression" => text(expression.stated()),
            "expandedlicensing_ListedLicense" => text(listed(&id).or(name.stated())),
            "expandedlicensing_CustomLicense" | "simplelicensing_SimpleLicensingText" => text(name.stated()),
            "expandedlicensing_ConjunctiveLicenseSet" => License::Set(" AND ", members),
            "expandedlicensing_DisjunctiveLicenseSet" => License::Set(" OR ", members),
            "expandedlicensing_IndividualLicensingInfo" => License::Nothing,
            _ => return,
        };
        self.known.insert(id, license);
    }

    /// Notes that a package has a licence, by `hasConcludedLicense` or `hasDeclaredLicense`.
    pub(super) fn state(&mut self, kind: &str, package: &Text<'a>, license: &Text<'a>) {
        self.stated.push((package.clone(), kind == "hasConcludedLicense", license.clone()));
    }

    /// Tells the packages their licences, now that all of them are read.
    pub(super) fn apply(mut self, builder: &mut Builder<'a>) {
        for (package, is_concluded, license) in std::mem::take(&mut self.stated) {
            let Some(package) = builder.package_named(&package) else { continue };
            let place = if is_concluded { &mut package.license_concluded } else { &mut package.license_declared };
            *place = match (place.take(), self.expression(&license, 0)) {
                (Some(one), Some(other)) => Some(both(one, &other)),
                (one, other) => one.or(other),
            };
        }
    }

    /// The expression that an element stands for. An undecidable one is named by its id, which is not an expression, so
    /// that the package does not seem to lack a licence.
    fn expression(&mut self, id: &Text<'a>, depth: usize) -> Option<Text<'a>> {
        if let Some(text) = self.made.get(id) {
            return Some(text.clone());
        }
        let (operator, members) = match self.known.get(id) {
            // Each package would hold a copy of a text that cannot be borrowed. Its name is not an expression.
            Some(License::Expression(Cow::Owned(text))) if text.len() > MAX_COPIED => return Some(id.clone()),
            Some(License::Expression(text)) => return Some(text.clone()),
            Some(License::Nothing) => return None,
            Some(License::Set(operator, members)) => (*operator, members.clone()),
            // A listed licence need not be in the document: its address is its name.
            None => return listed(id).or_else(|| Some(id.clone()).filter(|id| !is_nothing(id))),
        };
        self.made.insert(id.clone(), id.clone());
        let whole = self.set(operator, &members, depth).unwrap_or_else(|| id.clone());
        self.made.insert(id.clone(), whole.clone());
        Some(whole)
    }

    fn set(&mut self, operator: &str, members: &[Text<'a>], depth: usize) -> Option<Text<'a>> {
        let mut whole = String::new();
        for member in members.iter().take_while(|_| depth < MAX_DEPTH) {
            let part = self.expression(member, depth + 1)?;
            whole.push_str(if whole.is_empty() { "" } else { operator });
            let is_set = matches!(self.known.get(member), Some(License::Set(..)));
            whole.push_str(&if is_set { format!("({part})").into() } else { operand(&part) });
            if whole.len() > MAX_LENGTH {
                return None;
            }
        }
        (!whole.is_empty()).then(|| whole.into())
    }
}

/// What several relationships say of one package holds, all of it.
fn both<'a>(one: Text<'a>, other: &str) -> Text<'a> {
    if one == other || one.len() > MAX_LENGTH {
        return one;
    }
    // Beyond the limit, the text is cut so that it is not an expression.
    let whole = format!("{} AND {}", operand(&one), operand(other));
    if whole.len() > MAX_LENGTH { format!("{whole} …").into() } else { whole.into() }
}

/// A licence as one side of an `AND`, in any spelling: a choice in it stays its own. An unmatched closing parenthesis
/// is quoted, so that the text is not an expression.
pub(super) fn operand(text: &str) -> Cow<'_, str> {
    let depths = text.chars().scan(0_i64, |depth, c| {
        *depth += i64::from(c == '(') - i64::from(c == ')');
        Some(*depth)
    });
    let (lowest, end) = depths.fold((0, 0), |(lowest, _), depth| (lowest.min(depth), depth));
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':');
    if lowest < 0 || end != 0 {
        Cow::Owned(format!("{text:?}"))
    } else if text.split(|c| !is_of_word(c)).any(|word| word.eq_ignore_ascii_case("or")) {
        Cow::Owned(format!("({text})"))
    } else {
        Cow::Borrowed(text)
    }
}

/// SPDX 3.0.1 ExpandedLicensing, `NoAssertionLicense` and `NoneLicense`, by their short and their full names.
fn is_nothing(id: &str) -> bool {
    let name = id.rsplit(['/', '_']).next().unwrap_or(id);
    matches!(name, "NoAssertion" | "None" | "NoAssertionLicense" | "NoneLicense")
}

/// The id of a listed licence, by its address (`https://spdx.org/licenses/MIT`).
fn listed<'a>(address: &Text<'a>) -> Option<Text<'a>> {
    const PLACES: [&str; 2] = ["https://spdx.org/licenses/", "http://spdx.org/licenses/"];
    let id = PLACES.iter().find_map(|place| address.strip_prefix(place))?;
    (!id.is_empty()).then(|| id.to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set<'a>(licenses: &mut Licenses<'a>, class: &str, id: &'a str, members: &[&'a str]) {
        let members = members.iter().map(|member| Text::Borrowed(*member)).collect();
        let (expression, name) = (LenientStr::default(), LenientStr::default());
        licenses.define(class, LicenseElement { id: id.into(), expression, name, members });
    }

    #[test]
    fn sets_become_expressions() {
        let mut licenses = Licenses::default();
        let [mit, zlib] = ["https://spdx.org/licenses/MIT", "https://spdx.org/licenses/Zlib"];
        set(&mut licenses, "expandedlicensing_DisjunctiveLicenseSet", "either", &[mit, zlib]);
        set(&mut licenses, "expandedlicensing_ConjunctiveLicenseSet", "both", &["either", mit]);
        assert_eq!(licenses.expression(&"both".into(), 0).as_deref(), Some("(MIT OR Zlib) AND MIT"));
    }

    #[test]
    fn licences_that_several_relationships_state_all_hold() {
        let mut builder = Builder::new("");
        for id in ["a", "b", "c"] {
            builder.package(super::super::model::Package { id: id.into(), ..Default::default() });
        }
        let mut licenses = Licenses::default();
        let nothing = "https://spdx.org/rdf/3.0.1/terms/Licensing/NoAssertion";
        let [gpl, mit] = ["https://spdx.org/licenses/GPL-3.0-only", "https://spdx.org/licenses/MIT"];
        let many: Vec<String> = (0..100_000).map(|number| format!("https://spdx.org/licenses/L{number}")).collect();
        for (package, license) in [("a", gpl), ("a", mit), ("a", nothing), ("b", nothing), ("b", gpl)] {
            licenses.state("hasConcludedLicense", &package.into(), &license.into());
        }
        for one in &many {
            licenses.state("hasConcludedLicense", &"c".into(), &one.as_str().into());
        }
        licenses.apply(&mut builder);
        let of = |builder: &Builder<'_>, place: usize| builder.sbom.packages[place].license().map(str::to_owned);
        assert_eq!(of(&builder, 0).as_deref(), Some("GPL-3.0-only AND MIT"));
        assert_eq!(of(&builder, 1).as_deref(), Some("GPL-3.0-only"));
        let too_many = of(&builder, 2).expect("a licence");
        assert!(too_many.len() < 2 * MAX_LENGTH && crate::policy::LicenseExpression::parse(&too_many).is_err());
    }

    #[test]
    fn a223_a_set_that_holds_itself_is_named_and_not_followed() {
        let mut licenses = Licenses::default();
        set(&mut licenses, "expandedlicensing_ConjunctiveLicenseSet", "loop", &["loop", "loop"]);
        assert!(licenses.expression(&"loop".into(), 0).expect("a name").contains("loop"));
        assert_eq!(licenses.expression(&"nowhere".into(), 0).as_deref(), Some("nowhere"));
        let nothing = "https://spdx.org/rdf/3.0.1/terms/Licensing/NoAssertion";
        assert_eq!(licenses.expression(&nothing.into(), 0), None);
    }

    #[test]
    fn a222_sets_of_sets_do_not_grow_without_bound() {
        let mut licenses = Licenses::default();
        let names = ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"];
        for pair in names.windows(2) {
            set(&mut licenses, "expandedlicensing_ConjunctiveLicenseSet", pair[0], &[pair[1]; 1000]);
        }
        set(&mut licenses, "expandedlicensing_ConjunctiveLicenseSet", "s7", &["https://spdx.org/licenses/MIT"; 1000]);
        assert!(licenses.expression(&"s0".into(), 0).expect("a name").len() <= MAX_LENGTH);
    }
}
