//! Whom a certificate names, and the claims Fulcio copies into it from the signer's token.

use super::certificate::Name;

const FULCIO: &str = "1.3.6.1.4.1.57264.1";

pub const GITHUB_ACTIONS: &str = "https://token.actions.githubusercontent.com";

/// The commit the GitHub identities claim to have been built from.
pub const COMMIT: &str = "8f1c2d3e4b5a69788796a5b4c3d2e1f001122334";

/// One subject alternative name, one issuer and any number of claims.
#[derive(Clone, Debug)]
pub struct Identity {
    pub name: Name,
    pub issuer: String,
    /// Object identifier and text, in the order they are written.
    pub claims: Vec<(String, String)>,
}

impl Identity {
    pub fn uri(uri: &str, issuer: &str) -> Identity {
        Identity { name: Name::Uri(uri.into()), issuer: issuer.into(), claims: Vec::new() }
    }

    pub fn email(address: &str, issuer: &str) -> Identity {
        Identity { name: Name::Email(address.into()), issuer: issuer.into(), claims: Vec::new() }
    }

    /// A workflow run by a push to `reference` of the repository that holds it, with every claim Fulcio makes of it.
    ///
    /// `repository` is `owner/name`, `workflow` a path like `.github/workflows/release.yml`.
    pub fn github_workflow(repository: &str, workflow: &str, reference: &str) -> Identity {
        let workflow = format!("https://github.com/{repository}/{workflow}@{reference}");
        Identity::github_reusable_workflow(&workflow, repository, &workflow, reference)
    }

    /// A reusable workflow `signer`, called by `caller` in `repository`: the name is the signer's, the claims are the caller's.
    ///
    /// `signer` and `caller` are whole workflow URIs with their own references.
    pub fn github_reusable_workflow(signer: &str, repository: &str, caller: &str, reference: &str) -> Identity {
        let owner = repository.split('/').next().expect("split yields at least one part");
        let source = format!("https://github.com/{repository}");
        Identity::uri(signer, GITHUB_ACTIONS)
            // Fulcio's OID registry, docs/oid-info.md. `.1` and `.8` are the issuer and added for every identity.
            .claim(2, "push")
            .claim(3, COMMIT)
            .claim(4, "release")
            .claim(5, repository)
            .claim(6, reference)
            .claim(9, signer)
            .claim(10, COMMIT)
            .claim(11, "github-hosted")
            .claim(12, &source)
            .claim(13, COMMIT)
            .claim(14, reference)
            .claim(15, "123456789")
            .claim(16, &format!("https://github.com/{owner}"))
            .claim(17, "9919")
            .claim(18, caller)
            .claim(19, COMMIT)
            .claim(20, "push")
            .claim(21, &format!("{source}/actions/runs/7012345678/attempts/1"))
            .claim(22, "public")
            .claim(24, &format!("repo:{repository}:ref:{reference}"))
    }

    /// Sets the claim with this last arc under Fulcio's `1.3.6.1.4.1.57264.1`, replacing an earlier one.
    pub fn claim(mut self, arc: u32, text: &str) -> Identity {
        let oid = claim_oid(arc);
        match self.claims.iter_mut().find(|(known, _)| *known == oid) {
            Some((_, known)) => *known = text.into(),
            None => self.claims.push((oid, text.into())),
        }
        self
    }

    /// Leaves out the claim with this last arc.
    pub fn without_claim(mut self, arc: u32) -> Identity {
        self.claims.retain(|(oid, _)| *oid != claim_oid(arc));
        self
    }
}

/// Returns Fulcio's identifier for the claim with this last arc: `1` and `8` are the issuer, `12` the source repository.
pub fn claim_oid(arc: u32) -> String {
    format!("{FULCIO}.{arc}")
}

/// Tells whether Fulcio writes the claim as bare text, as it did before it learnt to write UTF8Strings.
pub fn is_bare(oid: &str) -> bool {
    (1..=6).any(|arc| claim_oid(arc) == oid)
}
