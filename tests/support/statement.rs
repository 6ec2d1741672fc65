//! What is said about an image: small documents of the shapes that real builders and generators write.

use serde_json::{Value, json};

use super::image::Descriptor;
use super::sigstore::Identity;
use super::sigstore::identity::COMMIT;

pub const STATEMENT_V1: &str = "https://in-toto.io/Statement/v1";
pub const STATEMENT_V01: &str = "https://in-toto.io/Statement/v0.1";
pub const COSIGN_SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";
pub const SLSA_V1: &str = "https://slsa.dev/provenance/v1";
pub const SLSA_V02: &str = "https://slsa.dev/provenance/v0.2";
pub const SPDX: &str = "https://spdx.dev/Document";
pub const SPDX_23: &str = "https://spdx.dev/Document/v2.3";

/// The image that something is said about.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// The repository, without tag or digest.
    pub name: String,
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
}

impl Subject {
    pub fn new(name: &str, digest: &str) -> Subject {
        Subject { name: name.into(), digest: digest.into() }
    }

    /// Returns the digest without `sha256:`.
    pub fn hex(&self) -> &str {
        self.digest.strip_prefix("sha256:").expect("test subjects are named by SHA-256")
    }

    /// Returns the subject as an in-toto resource descriptor.
    pub fn to_json(&self) -> Value {
        json!({"name": self.name, "digest": {"sha256": self.hex()}})
    }
}

impl From<&Descriptor> for Subject {
    fn from(descriptor: &Descriptor) -> Subject {
        Subject::new("registry.test/acme/shop", &descriptor.digest)
    }
}

/// Returns an in-toto statement v1.
pub fn statement(subject: &Subject, predicate_type: &str, predicate: Value) -> Value {
    let mut statement = json!({
        "_type": STATEMENT_V1,
        "subject": [subject.to_json()],
        "predicateType": predicate_type,
    });
    statement["predicate"] = predicate;
    statement
}

/// Returns an in-toto statement v0.1, which `cosign attest` writes to this day.
pub fn statement_v01(subject: &Subject, predicate_type: &str, predicate: Value) -> Value {
    let mut statement = statement(subject, predicate_type, predicate);
    statement["_type"] = json!(STATEMENT_V01);
    statement
}

/// Returns the statement `cosign sign` puts into a bundle; its subject has no name.
pub fn cosign_signature(subject: &Subject) -> Value {
    let mut statement = statement(subject, COSIGN_SIGNATURE, json!({}));
    statement["subject"] = json!([{"digest": {"sha256": subject.hex()}, "annotations": {}}]);
    statement
}

/// Returns the document `cosign sign` signed before bundles, member for member (cosign's SIGNATURE_SPEC.md).
pub fn simple_signing(subject: &Subject) -> String {
    format!(
        r#"{{"critical":{{"identity":{{"docker-reference":{name}}},"image":{{"docker-manifest-digest":{digest}}},"type":"cosign container image signature"}},"optional":null}}"#,
        name = json!(subject.name),
        digest = json!(subject.digest),
    )
}

/// Where a build started, as both provenance formats describe it.
#[derive(Clone, Debug)]
pub struct Build {
    /// `https://github.com/owner/name`
    pub repository: String,
    /// `refs/tags/v1.0.0`
    pub reference: String,
    pub commit: String,
    /// `.github/workflows/release.yml`
    pub workflow: String,
    pub builder: String,
}

impl Build {
    /// A build by a GitHub workflow that agrees with [`Identity::github_workflow`] of the same arguments.
    pub fn github(repository: &str, workflow: &str, reference: &str) -> Build {
        Build {
            repository: format!("https://github.com/{repository}"),
            reference: reference.into(),
            commit: COMMIT.into(),
            workflow: workflow.into(),
            builder: format!("https://github.com/{repository}/{workflow}@{reference}"),
        }
    }

    /// The identity that would have signed this build's provenance.
    pub fn identity(&self) -> Identity {
        let repository = self.repository.strip_prefix("https://github.com/").expect("the build is on GitHub");
        Identity::github_workflow(repository, &self.workflow, &self.reference)
    }
}

/// Returns SLSA provenance v1 of the GitHub Actions build type.
pub fn slsa_v1(subject: &Subject, build: &Build) -> Value {
    let Build { repository, reference, commit, workflow, builder } = build;
    statement(
        subject,
        SLSA_V1,
        json!({
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": {
                    "workflow": {"ref": reference, "repository": repository, "path": workflow},
                },
                "internalParameters": {
                    "github": {
                        "event_name": "push",
                        "repository_id": "123456789",
                        "repository_owner_id": "9919",
                        "runner_environment": "github-hosted",
                    },
                },
                "resolvedDependencies": [
                    {"uri": format!("git+{repository}@{reference}"), "digest": {"gitCommit": commit}},
                ],
            },
            "runDetails": {
                "builder": {"id": builder},
                "metadata": {"invocationId": format!("{repository}/actions/runs/7012345678/attempts/1")},
            },
        }),
    )
}

/// Returns SLSA provenance v0.2 as the SLSA generator for containers writes it.
pub fn slsa_v02(subject: &Subject, build: &Build) -> Value {
    let Build { repository, reference, commit, workflow, builder } = build;
    let source = json!({"uri": format!("git+{repository}@{reference}"), "digest": {"sha1": commit}});
    let mut entry = source.clone();
    entry["entryPoint"] = json!(workflow);
    statement_v01(
        subject,
        SLSA_V02,
        json!({
            "builder": {"id": builder},
            "buildType": "https://github.com/slsa-framework/slsa-github-generator/container@v1",
            "invocation": {
                "configSource": entry,
                "parameters": {},
                "environment": {"github_event_name": "push", "github_ref": reference, "github_sha1": commit},
            },
            "metadata": {
                "buildInvocationID": "7012345678-1",
                "completeness": {"parameters": true, "environment": false, "materials": false},
                "reproducible": false,
            },
            "materials": [source],
        }),
    )
}

/// Returns a statement that carries [`spdx_document`] under the predicate type of `cosign attest --type spdxjson`.
pub fn spdx_23(subject: &Subject, packages: &[(&str, &str)]) -> Value {
    statement_v01(subject, SPDX, spdx_document(subject, packages))
}

/// Returns an SPDX 2.3 document that describes the image and the packages (name and version) it contains.
pub fn spdx_document(subject: &Subject, packages: &[(&str, &str)]) -> Value {
    let image = "SPDXRef-DocumentRoot-Image";
    let mut listed = vec![json!({
        "SPDXID": image,
        "name": subject.name,
        "versionInfo": subject.digest,
        "supplier": "NOASSERTION",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "checksums": [{"algorithm": "SHA256", "checksumValue": subject.hex()}],
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": "CONTAINER",
    })];
    listed.extend(packages.iter().map(|(name, version)| spdx_package(name, version)));
    let contained = packages.iter().map(|(name, _)| relationship(image, "CONTAINS", &spdx_id(name)));
    let described = std::iter::once(relationship("SPDXRef-DOCUMENT", "DESCRIBES", image));
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": subject.name,
        "documentNamespace": format!("https://sigstore.test/spdx/{}", subject.hex()),
        "creationInfo": {
            "created": "2026-03-01T11:59:00Z",
            "creators": ["Organization: Acme", "Tool: syft-1.20.0"],
        },
        "packages": listed,
        "relationships": described.chain(contained).collect::<Vec<_>>(),
    })
}

fn spdx_package(name: &str, version: &str) -> Value {
    json!({
        "SPDXID": spdx_id(name),
        "name": name,
        "versionInfo": version,
        "supplier": "Organization: Acme",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "MIT",
        "copyrightText": "NOASSERTION",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": format!("pkg:generic/{name}@{version}"),
        }],
    })
}

fn spdx_id(name: &str) -> String {
    format!("SPDXRef-Package-{name}")
}

fn relationship(from: &str, kind: &str, to: &str) -> Value {
    json!({"spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to})
}
