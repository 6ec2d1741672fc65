//! Files of evidence that are attached to nothing, from any author.

use std::path::Path;

use bonafide::evidence::{Content, Loose};

/// Nothing of a file is lost or made up: it is one document, or its lines are, in their order; and a bundle or an envelope can be
/// written again as it was read.
pub fn run(data: &[u8]) {
    let Ok(found) = Loose::read(Path::new("file"), data) else { return };
    assert!(!found.is_empty());
    let lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    let mut before = 0;
    for one in &found {
        let line = one.origin().line();
        assert!(line.is_some() || found.len() == 1, "one document, or one on each line");
        if let Some(line) = line {
            assert!(before < line && line <= lines.len(), "{line} is out of order, or not there");
            before = line;
        }
        let whole = line.map_or(data, |line| lines[line - 1]);
        if let Content::Bundle(opened) | Content::LegacyAttestation { envelope: opened, .. } = one.content() {
            let original = opened.original();
            assert!(whole.windows(original.len().max(1)).any(|part| part == &*original) || original.is_empty());
        }
    }
}

/// Files of every form.
pub fn seeds() -> Vec<Vec<u8>> {
    let bundle = r#"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{}}"#;
    let envelope =
        r#"{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"sig":"AAAA","cert":"x"}]}"#;
    let cosign =
        r#"{"base64Signature":"AAAA","cert":"AAAA","rekorBundle":{"SignedEntryTimestamp":"AAAA","Payload":{}}}"#;
    let all = format!("{bundle}\r\n\n{envelope}\n{cosign}\n");
    [bundle, envelope, cosign, &all, "\u{feff}{}\n{}"].map(|text| text.as_bytes().to_vec()).to_vec()
}
