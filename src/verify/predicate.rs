//! The predicate of a statement: its kind by the predicate type, and its content, read once and judged by the rules.

use crate::attestation::generic as attestation;
use crate::attestation::judging::Judging;
use crate::attestation::section::Section;
use crate::attestation::{kinds, types, vex};
use crate::check::{CandidateKind, Finding};
use crate::oci::Digest;
use crate::policy::{Asked, BuildLevel};

use super::newer;
use super::question::Question;
use super::statement::Statement;

macro_rules! kinds_of_evidence {
    ($($variant:ident $word:literal $folder:ident { $(rules $rules:ident;)? $(predicate $predicate:ident $(<$life:lifetime>)?;)? $(section $section:ident;)? })+) => {
        /// What kind of evidence a candidate is, or claims to be.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind {
            $($variant,)+
            Unreadable,
            Unread,
        }

        impl Kind {
            pub(crate) const fn reported(self) -> CandidateKind {
                match self {
                    $(Self::$variant => CandidateKind::Of(types::Kind::$variant),)+
                    Self::Unreadable => CandidateKind::Unreadable,
                    Self::Unread => CandidateKind::Unread,
                }
            }
        }

        impl From<types::Kind> for Kind {
            fn from(kind: types::Kind) -> Self {
                match kind { $(types::Kind::$variant => Self::$variant,)+ }
            }
        }
    };
}
kinds!(kinds_of_evidence);

impl Kind {
    pub(crate) fn of_predicate(predicate_type: &str) -> Self {
        match types::Kind::of_type(predicate_type) {
            types::Kind::Attestation => newer::predicate(predicate_type).map_or(Self::Attestation, Self::from),
            known => known.into(),
        }
    }

    /// The kind of a statement. Of an SBOM's type it may be a VEX document of its own.
    pub(crate) fn of_statement(statement: &Statement<'_>) -> Self {
        match Self::of_predicate(&statement.predicate_type) {
            Self::Sbom if vex::is_instead_of_sbom(&statement.predicate_type, statement.predicate) => Self::Vex,
            kind => kind,
        }
    }

    /// Whether it could satisfy a requirement, by its actual or claimed kind. An unreadable one may be of any kind.
    pub(crate) fn concerns(self, asked: &Asked, predicate_type: Option<&str>) -> bool {
        if matches!(self, Self::Unreadable | Self::Unread) {
            return true;
        }
        match asked {
            // A requirement for the type of an SBOM wants an SBOM: VEX under that type does not satisfy it.
            Asked::Attestation(rules) => predicate_type.is_some_and(|found| {
                attestation::is_of_type(found, rules)
                    && !(self == Self::Vex && types::Kind::of_type(found) == types::Kind::Sbom)
            }),
            other => self == Self::from(other.requirement().kind()),
        }
    }

    /// Whether a good one counts only where a requirement asks for it by name.
    pub(crate) fn counts_only_if_asked(self) -> bool {
        !matches!(self, Self::Signature | Self::Provenance | Self::Sbom | Self::Unreadable | Self::Unread)
    }
}

macro_rules! predicates {
    ($($variant:ident $word:literal $folder:ident { $(rules $rules:ident;)? $(predicate $predicate:ident $(<$life:lifetime>)?;)? $(section $section:ident;)? })+) => {
        /// The content of a statement, read once and only if an expected signer signed it. Only one exists at a time, so its
        /// size does not matter.
        #[allow(clippy::large_enum_variant)]
        pub(crate) enum Predicate<'a> {
            Unread,
            $($($variant(Result<crate::attestation::$folder::$predicate $(<$life>)?, Finding>),)?)+
            /// Of a kind that is not read.
            Other,
        }

        impl<'a> Predicate<'a> {
            pub(crate) fn read(kind: Kind, statement: &Statement<'a>) -> Self {
                let (predicate_type, predicate) = (&statement.predicate_type, statement.predicate);
                match kind {
                    $($(Kind::$variant => {
                        Self::$variant(crate::attestation::$folder::$predicate::read(predicate_type, predicate))
                    })?)+
                    _ => Self::Other,
                }
            }

            /// The content, or why it cannot be read; `None` for a kind that is not read.
            fn judged(&self) -> Option<Result<&dyn Judging, &Finding>> {
                match self {
                    $($(Self::$variant(read) => Some(match read {
                        Ok(one) => {
                            let one: &crate::attestation::$folder::$predicate $(<$life>)? = one;
                            Ok(one)
                        }
                        Err(finding) => Err(finding),
                    }),)?)+
                    Self::Other | Self::Unread => None,
                }
            }
        }
    };
}
kinds!(predicates);

impl Predicate<'_> {
    fn good(&self) -> Option<&dyn Judging> {
        self.judged()?.ok()
    }

    /// Judges a predicate. An unreadable one is a finding.
    pub(crate) fn check(&self, question: &Question<'_>) -> Vec<Finding> {
        match self.judged() {
            Some(Ok(one)) => one.judge(question),
            Some(Err(finding)) => vec![finding.clone()],
            None => Vec::new(),
        }
    }

    /// The manifests that it is about, where that is not everything that the subject binds.
    pub(crate) fn only_about(&self, question: &Question<'_>) -> Option<Vec<Digest>> {
        self.good()?.only_about(question)
    }

    /// The SLSA build level of a provenance, by its builder and its signer.
    pub(crate) fn build_level(&self, question: &Question<'_>) -> Option<BuildLevel> {
        self.good()?.build_level(question)
    }

    /// When it was made, as it says itself.
    pub(crate) fn made(&self) -> Option<String> {
        self.good()?.made()
    }

    /// What the predicate says goes into the report as far as it can be read, and into no verdict.
    pub(crate) fn set_aside(&self) -> Vec<Finding> {
        let check = self.judged().map(|read| read.map_or_else(|finding| finding.check, Judging::format));
        let message = "its content is reported and not judged: only the signature is required";
        check.map(|check| Finding::skip(check, message)).into_iter().collect()
    }

    /// What it says, for the report.
    pub(crate) fn section(&self) -> Option<Section> {
        Some(self.good()?.section())
    }
}
