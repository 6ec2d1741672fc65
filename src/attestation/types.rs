//! The predicate types of each kind.

/// The predicate types of one kind.
#[derive(Debug)]
pub struct Types {
    /// Whether a type is of this kind, in a version that is read or one that is known and refused.
    pub is: fn(&str) -> bool,
    /// How its types begin, whatever their version.
    pub starts: &'static [&'static str],
    /// Families of types that differ in their version alone, and the newest version that is known.
    pub newest: &'static [(&'static str, &'static [u32])],
    /// What is not asked of it where a policy names its type alone, and what to write instead.
    pub by_type: Option<(&'static str, &'static str)>,
}

macro_rules! types {
    ($($variant:ident $word:literal $folder:ident { $($rest:tt)* })+) => {
        /// A kind of attestation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind {
            $(#[doc = concat!("`", $word, "`")] $variant,)+
        }

        impl Kind {
            /// Every kind, in the order of reports.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Returns the word used in policies and reports.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Returns its predicate types.
            pub const fn types(self) -> &'static Types {
                match self { $(Self::$variant => &super::$folder::types::TYPES,)+ }
            }
        }
    };
}
kinds!(types);

impl Kind {
    /// Returns the kind that a predicate type is of. What is of no other is an attestation that only its fields say something of.
    pub fn of_type(predicate_type: &str) -> Self {
        Self::ALL.iter().copied().find(|kind| (kind.types().is)(predicate_type)).unwrap_or(Self::Attestation)
    }

    /// Returns the kind that a predicate type is of, whatever its version.
    pub fn of_family(predicate_type: &str) -> Option<Self> {
        let begins = |kind: &Self| kind.types().starts.iter().any(|start| predicate_type.starts_with(start));
        Self::ALL.iter().copied().find(begins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::COSIGN_TYPES;

    /// What a policy calls a kind is what a statement of that type is judged as.
    #[test]
    fn a292_policies_and_statements_know_the_same_kinds() {
        let types = [
            "https://slsa.dev/provenance/v0.1",
            "https://in-toto.io/Provenance/v0.1",
            "https://spdx.dev/Document/v2.3",
            "https://spdx.dev/Document/v3.0.1",
            "https://cyclonedx.org/bom/v1.6",
            "https://cyclonedx.org/schema",
            "https://slsa.dev/verification_summary/v0.2",
            "https://slsa.dev/verification_summary/v1",
            "cosign.sigstore.dev/attestation/vuln/v1",
            "https://in-toto.io/attestation/vulns/v0.1",
            "https://in-toto.io/attestation/vulns/v0.2",
            "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "https://json.schemastore.org/sarif-2.1.0.json",
            "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json",
            "https://openvex.dev/ns/v0.2.0",
            "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json",
            "https://acme.example/review/v1",
            "https://in-toto.io/attestation/link/v0.3",
            "https://sigstore.dev/cosign/sign/v1",
        ];
        for predicate_type in types.into_iter().chain(COSIGN_TYPES.map(|(_, full)| full)) {
            let kind = Kind::of_type(predicate_type);
            let expected = Some(kind).filter(|kind| !matches!(kind, Kind::Signature | Kind::Attestation));
            assert_eq!(Kind::of_family(predicate_type), expected, "{predicate_type}");
        }
    }

    #[test]
    fn no_type_is_of_two_kinds() {
        for (place, kind) in Kind::ALL.iter().enumerate() {
            for start in kind.types().starts {
                let others = Kind::ALL[place + 1..].iter().flat_map(|other| other.types().starts);
                for other in others {
                    assert!(!start.starts_with(other) && !other.starts_with(start), "{start} and {other}");
                }
            }
        }
    }
}
