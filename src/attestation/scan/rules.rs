//! What a vulnerability scan must say.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::packages::Severity;

use crate::attestation::rules::{Missing, Rules, warning_of_all};
use crate::policy::age::MaxAge;
use crate::policy::exception::Exception;
use crate::policy::signer::{Signer, Signers};
use crate::policy::text::TextRule;

/// The rules for a vulnerability scan, beyond that it is signed and can be read.
#[derive(Debug, Clone, Default)]
pub struct VulnerabilityRules {
    /// The scanners that may have looked, by their URIs; any scanner without one.
    pub scanners: Vec<TextRule>,
    /// How long ago the scan may have ended.
    pub max_age: Option<MaxAge>,
    /// How old the scanner's database may be.
    pub max_database_age: Option<MaxAge>,
    /// From which severity on nothing may be open.
    pub deny: Option<Severity>,
    /// Whether vulnerabilities of unknown severity may be open although `deny` is set.
    pub unknown_allowed: bool,
    /// Vulnerabilities ignored by name.
    pub ignored: Vec<Ignored>,
    /// The signers whose VEX statements may close vulnerabilities; without them no statement does.
    pub vex: Option<Signers>,
    /// Whether every scan of an expected signer that is attached must satisfy this, not one alone.
    pub all: bool,
}

/// A vulnerability that is let through by name.
#[derive(Debug, Clone)]
pub struct Ignored {
    /// Its id or an alias, compared exactly.
    pub id: String,
    /// Until when and why; for good without it.
    pub exception: Option<Exception>,
}

impl Ignored {
    /// Whether it still counts at a time.
    pub fn works_at(&self, now: Timestamp) -> bool {
        self.exception.as_ref().is_none_or(|exception| exception.works_at(now))
    }
}

impl Rules for VulnerabilityRules {
    fn describe(&self) -> Vec<String> {
        let scanners: Vec<String> = self.scanners.iter().map(ToString::to_string).collect();
        let mut lines = Vec::new();
        lines.extend((!scanners.is_empty()).then(|| format!("by the scanner {}", scanners.join(" or "))));
        lines.extend(self.max_age.as_ref().map(|age| format!("ended not longer ago than {age}")));
        lines.extend(self.max_database_age.as_ref().map(|age| format!("with a database not older than {age}")));
        lines.extend(self.deny.map(|severity| {
            let unknown = if self.unknown_allowed { "" } else { ", or unknown" };
            format!("nothing open of severity {severity} or above{unknown}")
        }));
        lines.extend(self.ignored.iter().map(|one| match &one.exception {
            Some(exception) => format!("but for {} until {}: {}", one.id, exception.until, exception.because),
            None => format!("but for {}", one.id),
        }));
        lines.extend(self.vex.as_ref().map(|signers| {
            let names: Vec<String> = signers.listed().iter().map(Signer::describe).collect();
            format!("and what VEX closes that is signed by {}", names.join(" or "))
        }));
        lines.extend(self.all.then(|| "every attached scan of an expected signer".to_owned()));
        lines
    }

    fn canonical_text(&self) -> String {
        let Self { scanners, max_age, max_database_age, deny, unknown_allowed, ignored, vex, all } = self;
        let scanners: Vec<String> = scanners.iter().map(TextRule::canonical_text).collect();
        let age = |age: &Option<MaxAge>| age.as_ref().map(ToString::to_string);
        let ignored: Vec<String> = ignored
            .iter()
            .map(|one| {
                let exception = one.exception.as_ref().map(Exception::canonical_text).unwrap_or_default();
                format!("{} {exception}", one.id)
            })
            .collect();
        format!(
            "scanners {scanners:?}\nage {:?} {:?}\ndeny {deny:?} {unknown_allowed}\nignore {ignored:?}\nvex {:?}\nall {all}\n",
            age(max_age),
            age(max_database_age),
            vex.as_ref().map(Signers::canonical_text)
        )
    }

    fn missing(&self) -> Missing {
        Missing {
            what: "vulnerability scan",
            expected: "a signed vulnerability scan (cosign vuln, in-toto vulns, or SARIF)".to_owned(),
            make: "`trivy image --format cosign-vuln`, then `cosign attest --type vuln --predicate SCAN IMAGE@DIGEST`"
                .to_owned(),
        }
    }

    fn all(&self) -> bool {
        self.all
    }

    fn vex(&self) -> Option<&Signers> {
        self.vex.as_ref()
    }

    fn warnings(&self, _: Date) -> Vec<(String, &'static str)> {
        self.all.then(warning_of_all).into_iter().collect()
    }
}
