//! The least that a program can do: fetch an image's bundles in four rounds, verify them with the bare crate, exit.
//!
//! No discovery beyond the referrers API, no policy, no report, no limits. Bonafide is measured against it in
//! `benches/README.md`. Usage: `bare HOST REPOSITORY TAG TRUSTED_ROOT`.

use std::error::Error;

use futures_util::future::try_join_all;
use reqwest::Client;
use serde_json::Value;
use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::types::{Bundle, Sha256Hash};
use sigstore_verify::{VerificationPolicy, Verifier};

const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [host, repository, tag, root] = arguments.as_slice() else {
        println!("bare: nothing measured: it is run by hand, as benches/README.md says");
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (digest, bundles) = runtime.block_on(fetch(&format!("http://{host}/v2/{repository}"), tag))?;
    let root = TrustedRoot::from_json(&std::fs::read_to_string(root)?)?;
    let verifier = Verifier::new(&root)?;
    for text in &bundles {
        verifier.verify(
            Sha256Hash::from_hex(&digest)?,
            &Bundle::from_json(text)?,
            &VerificationPolicy::any_identity(),
        )?;
    }
    println!("{} bundles", bundles.len());
    Ok(())
}

/// Tag, then referrers and cosign tags at once, then manifests at once, then blobs at once.
async fn fetch(base: &str, tag: &str) -> Result<(String, Vec<String>), Box<dyn Error>> {
    let client = Client::builder().tls_certs_only([]).build()?;
    let get =
        async |path: String| client.get(format!("{base}/{path}")).header("accept", ACCEPT).send().await?.text().await;
    let manifest = get(format!("manifests/{tag}")).await?;
    let digest = bonafide::oci::Digest::of(bonafide::oci::Algorithm::Sha256, manifest.as_bytes()).hex().to_owned();
    let (referrers, _, _) = futures_util::try_join!(
        get(format!("referrers/sha256:{digest}")),
        get(format!("manifests/sha256-{digest}.sig")),
        get(format!("manifests/sha256-{digest}.att")),
    )?;
    let referrers: Value = serde_json::from_str(&referrers)?;
    let entries = referrers["manifests"].as_array().ok_or("no referrers")?;
    let manifests = try_join_all(
        entries.iter().map(|entry| get(format!("manifests/{}", entry["digest"].as_str().unwrap_or_default()))),
    )
    .await?;
    let mut blobs = Vec::new();
    for manifest in &manifests {
        let manifest: Value = serde_json::from_str(manifest)?;
        blobs.push(format!("blobs/{}", manifest["layers"][0]["digest"].as_str().unwrap_or_default()));
    }
    let bundles = try_join_all(blobs.into_iter().map(get)).await?;
    Ok((digest, bundles))
}
