//! The predicate types of vulnerability scans.

use crate::attestation::generic::types::current_spelling;
use crate::attestation::types::Types;

/// cosign `specs/COSIGN_VULN_ATTESTATION_SPEC.md`; cosign 1 wrote it without `https://` (A285).
const COSIGN: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";
/// in-toto `spec/predicates/vulns.md` and `vulns_02.md`.
pub(super) const INTOTO: [&str; 2] =
    ["https://in-toto.io/attestation/vulns/v0.1", "https://in-toto.io/attestation/vulns/v0.2"];
/// A scanner's report as it is. No specification gives it a predicate type: these are the URIs of SARIF 2.1.0's schema.
pub(super) const SARIF: [&str; 3] = [
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    "https://json.schemastore.org/sarif-2.1.0.json",
    "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json",
];

/// Whether a predicate type is a vulnerability scan.
fn is_scan(predicate_type: &str) -> bool {
    let current = current_spelling(predicate_type);
    current == COSIGN || INTOTO.contains(&current) || SARIF.contains(&current)
}

pub(crate) const TYPES: Types = Types {
    title: "Vulnerability scan",
    is: is_scan,
    starts: &[
        "https://cosign.sigstore.dev/attestation/vuln/",
        "cosign.sigstore.dev/attestation/vuln/",
        "https://in-toto.io/attestation/vulns",
        "https://docs.oasis-open.org/sarif/",
        "https://json.schemastore.org/sarif-",
        "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/",
    ],
    newest: &[
        ("https://cosign.sigstore.dev/attestation/vuln/v", &[1]),
        ("https://in-toto.io/attestation/vulns/v", &[0, 2]),
    ],
    by_type: Some((
        "does not say which findings of the scan count",
        "write `vulnerabilities: {deny: {severity: high}}` instead: a scan that found something satisfies its type",
    )),
};
