//! Policies of the sigstore policy-controller and of Kyverno, carried over into policy files.
//!
//! A `ClusterImagePolicy` (`policy.sigstore.dev/v1alpha1` and `v1beta1`), a `ClusterPolicy` with `verifyImages` and an
//! `ImageValidatingPolicy` can say things that a policy file cannot. Every rule that is changed or left out gets a
//! [`Remark`], in the written file and beside it. A rule that accepts every image (a static `pass`) is never written.

mod authority;
mod common;
mod expression;
mod field;
mod image_validating;
mod images;
mod kyverno;
mod policy;
mod remark;
mod write;

use crate::policy::{DocumentError, Place, Problem, yaml};

use field::Field;
use policy::Rule;

pub use remark::{Effect, Remark};

const GROUP: &str = "policy.sigstore.dev/";
const KIND: &str = "ClusterImagePolicy";

/// A policy file made of others, and what became of the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The policy file.
    pub text: String,
    /// What was not carried over as it is, in the order of the source.
    pub remarks: Vec<Remark>,
}

/// Why nothing can be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It is not YAML.
    #[error(transparent)]
    Source(DocumentError),
    /// No policy is in it.
    #[error("`{source_name}` contains no policy that verifies images")]
    NoPolicy {
        /// What was read.
        source_name: String,
    },
    /// It is a policy of a tool whose policies are programs.
    #[error("`{source_name}` is a policy of {}, which cannot be carried over: {}", .maker.name(), .maker.reason())]
    Foreign {
        /// What was read.
        source_name: String,
        /// Whose it is.
        maker: Maker,
    },
    /// No rule is left of its policies, and a policy without rules is none.
    #[error("nothing of the policies in `{source_name}` can be carried over")]
    NothingLeft {
        /// What was read.
        source_name: String,
        /// Why.
        remarks: Vec<Remark>,
    },
}

impl ImportError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Source(_) => "give the YAML that `kubectl get clusterimagepolicies -o yaml` prints",
            Self::NoPolicy { .. } => {
                "give the YAML of a ClusterImagePolicy (policy.sigstore.dev), of a ClusterPolicy with verifyImages (kyverno.io) \
                 or of an ImageValidatingPolicy (policies.kyverno.io)"
            }
            Self::Foreign { .. } => {
                "write the signers by hand: `bonafide inspect IMAGE --suggest-policy` begins a policy"
            }
            Self::NothingLeft { .. } => "`bonafide policy init` writes a first policy: add the expected signers to it",
        }
    }
}

/// Who else has policies for images, in another form than rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// Conforma, once Enterprise Contract.
    Conforma,
    /// Ratify.
    Ratify,
}

impl Maker {
    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conforma => "Conforma",
            Self::Ratify => "Ratify",
        }
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::Conforma => "its rules are programs in Rego",
            Self::Ratify => "it configures verifiers and stores, and its rules are programs in Rego",
        }
    }

    /// Whose document it is, by what only theirs have.
    fn of(root: &Field<'_>) -> Option<Self> {
        let version = root.text_of("apiVersion").unwrap_or_default();
        let kind = root.text_of("kind").unwrap_or_default();
        // Without an apiVersion: the policy that `ec validate image --policy` reads.
        let is_bare = version.is_empty() && root.field("sources").and_then(|sources| sources.items()).is_some();
        if kind == "EnterpriseContractPolicy" || version.starts_with("appstudio.redhat.com/") || is_bare {
            return Some(Self::Conforma);
        }
        (version.starts_with("config.ratify.")).then_some(Self::Ratify)
    }
}

impl Import {
    /// Reads every policy that verifies images, of a stream of YAML documents.
    pub fn read(source_name: &str, bytes: &[u8]) -> Result<Self, ImportError> {
        let nodes = parse(source_name, bytes)?;
        let mut policies: Vec<Rule> = Vec::new();
        let mut others: Vec<Remark> = Vec::new();
        let mut maker = None;
        for root in nodes.iter().map(Field::root).flat_map(unlisted) {
            let number = policies.len() + 1;
            if is_policy(&root) {
                policies.push(Rule::read(&root, number));
            } else if kyverno::is_policy(&root) {
                policies.extend(kyverno::rules(&root, number));
            } else if image_validating::is_policy(&root) {
                policies.extend(image_validating::rules(&root, number));
            } else {
                maker = maker.or(Maker::of(&root));
                others.push(other_kind(&root));
            }
        }
        if policies.is_empty() {
            let source_name = source_name.to_owned();
            return Err(match maker {
                Some(maker) => ImportError::Foreign { source_name, maker },
                None => ImportError::NoPolicy { source_name },
            });
        }
        policy::name_apart(&mut policies);
        let text = write::document(source_name, &policies, &others);
        let is_empty = policies.iter().all(|rule| !rule.is_complete());
        let mut remarks: Vec<Remark> = policies.into_iter().flat_map(|rule| rule.remarks).chain(others).collect();
        remarks.sort_by_key(|remark| remark.place);
        if is_empty {
            return Err(ImportError::NothingLeft { source_name: source_name.to_owned(), remarks });
        }
        Ok(Self { text, remarks })
    }

    /// Whether images pass that the original refused.
    pub fn is_lossy(&self) -> bool {
        self.remarks.iter().any(|remark| remark.effect == Effect::Lost)
    }
}

/// Translates a regular expression of cosign or gh, which look for it anywhere, into one for the whole text. What spells the
/// beginning of an address is taken from there: elsewhere in a name it could be a stranger's (A183).
///
/// # Errors
/// What means something else here.
pub fn expression_of_cosign(written: &str) -> Result<String, String> {
    let found = expression::translate(written)?;
    Ok(expression::from_beginning(written).unwrap_or(found.text))
}

fn parse(source_name: &str, bytes: &[u8]) -> Result<Vec<yaml::Node>, ImportError> {
    let error = |text: &str, problem| ImportError::Source(DocumentError::new(source_name, text, vec![problem]));
    let text = std::str::from_utf8(bytes).map_err(|reason| {
        let place = Place { line: 1, column: 1, length: 1 };
        let hint = Some("save the file as UTF-8".to_owned());
        error("", Problem { place, message: format!("this is not UTF-8 text: {reason}"), hint })
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    yaml::parse_stream(text).map_err(|problem| error(text, problem))
}

/// What `kubectl get -o yaml` prints of several is one list of them.
fn unlisted(root: Field<'_>) -> Vec<Field<'_>> {
    let is_list = root.field("kind").and_then(|kind| kind.text()).is_some_and(|kind| kind.ends_with("List"));
    match root.field("items").and_then(|items| items.items()) {
        Some(items) if is_list => items,
        _ => vec![root],
    }
}

fn is_policy(root: &Field<'_>) -> bool {
    let version = root.field("apiVersion").and_then(|version| version.text()).unwrap_or_default();
    let kind = root.field("kind").and_then(|kind| kind.text());
    kind.as_deref() == Some(KIND) && version.starts_with(GROUP)
}

fn other_kind(root: &Field<'_>) -> Remark {
    let kind = root.field("kind").and_then(|kind| kind.text()).unwrap_or_else(|| "something without a kind".to_owned());
    if let Some(maker) = Maker::of(root) {
        let message = format!("{kind} is a policy of {}, and {}", maker.name(), maker.reason());
        return root.remark(Effect::Lost, message, "add its requirements by hand");
    }
    let hint = format!(
        "only {KIND} of {GROUP}v1alpha1 and {GROUP}v1beta1, verifyImages of Kyverno and ImageValidatingPolicy are imported"
    );
    root.remark(Effect::LeftOut, format!("{kind} does not verify images"), hint)
}

#[cfg(test)]
mod tests;
