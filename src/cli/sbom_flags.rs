//! What flags ask of an SBOM: the rules that fit on a line. A policy file can ask for more.

use clap::Args as ClapArgs;

use crate::policy::{
    Asked, LicenseRule, LicenseRuleError, MinimumElements, PackageRule, PackageRules, PolicyError, Requirement,
    SbomRules,
};

use super::diagnostics::Diagnostic;
use super::given::Given;
use super::words::{self, completed};

/// What the SBOM must say
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "SBOM")]
pub(super) struct SbomArgs {
    /// A package that the SBOM must not list, such as pkg:npm/event-stream@3.3.6; * stays inside a part, ** crosses; repeatable
    #[arg(long, value_name = "PURL", value_parser = package)]
    pub(super) deny_package: Vec<PackageRule>,
    /// A licence that no package may be under, such as AGPL-3.0-only or AGPL-*; of an OR one side is enough; repeatable
    #[arg(long, value_name = "LICENSE", value_parser = license)]
    pub(super) deny_license: Vec<LicenseRule>,
    /// A licence that packages may be under, and no other: packages without one are refused; repeatable
    #[arg(long, value_name = "LICENSE", value_parser = license)]
    pub(super) allow_license: Vec<LicenseRule>,
    /// Whose minimum elements it must have: ntia-2021 or cisa-2025
    #[arg(
        long,
        value_name = "STANDARD",
        hide_possible_values = true,
        value_parser = completed(minimum_elements, words::minimum_elements)
    )]
    pub(super) minimum_elements: Option<MinimumElements>,
}

impl SbomArgs {
    fn rules(&self) -> SbomRules {
        let mut rules = SbomRules { minimum_elements: self.minimum_elements, ..SbomRules::default() };
        rules.deny.packages = PackageRules::new(self.deny_package.clone());
        rules.deny.licenses.clone_from(&self.deny_license);
        rules.allow.licenses.clone_from(&self.allow_license);
        rules
    }
}

/// Adds the flags about the SBOM to the requirements. A flag about a kind that is not required would have no effect.
pub(super) fn asked(required: Vec<Asked>, args: &Given<SbomArgs>) -> Result<Vec<Asked>, Diagnostic> {
    let Some(flag) = args.flags().next() else { return Ok(required) };
    let requirement = Requirement::Sbom;
    if !required.iter().any(|asked| asked.requirement() == requirement) {
        return Err(PolicyError::NotRequired { flag: flag.to_owned(), requirement }.into());
    }
    let ask = |asked| match asked {
        Asked::Sbom(_) => Asked::Sbom(Box::new(args.rules())),
        other => other,
    };
    Ok(required.into_iter().map(ask).collect())
}

fn package(text: &str) -> Result<PackageRule, String> {
    let hint =
        if text.contains(':') { "pkg:TYPE/NAMESPACE/NAME@VERSION".to_owned() } else { format!("pkg:TYPE/{text}") };
    PackageRule::purl(text).map_err(|error| format!("{error}; expected {hint}"))
}

fn license(text: &str) -> Result<LicenseRule, String> {
    LicenseRule::parse(text).map_err(|error| match &error {
        LicenseRuleError::Unknown { nearest: Some(nearest), .. } => format!("{error}; did you mean {nearest}?"),
        LicenseRuleError::Several(_) => format!("{error}; give the flag once for each"),
        _ => format!("{error}; expected an identifier such as AGPL-3.0-only, or AGPL-*"),
    })
}

fn minimum_elements(text: &str) -> Result<MinimumElements, String> {
    let named = MinimumElements::ALL.into_iter().find(|elements| elements.as_str() == text);
    named.ok_or_else(|| "expected ntia-2021 or cisa-2025".to_owned())
}
