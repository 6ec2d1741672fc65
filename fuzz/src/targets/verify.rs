//! The whole of `verify`: evidence put together out of what the lab signed, part by part, by a small program.
//!
//! What text alone hardly ever becomes is the rule here: an entry of another bundle, a certificate of another signer, half a
//! proof, a timestamp twice, on another image, beside gaps, under other policies and roots.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bonafide::check::Verdict;
use bonafide::evidence::{Content, Evidence, Gap, GapReason, Obstacle, Opened};
use bonafide::oci::Digest;
use bonafide::policy::Requirement;
use bonafide::verify::{TrustDomain, verify};
use serde_json::{Map, Value, json};

use crate::{holds, lab};

/// The domain as it is, and without each kind of authority that a root may do without.
static DOMAINS: LazyLock<Vec<Vec<TrustDomain>>> = LazyLock::new(|| {
    let without = |lists: &[&str]| {
        let mut root = lab::json(&lab::ROOT);
        for list in lists {
            root[*list] = json!([]);
        }
        lab::domain(root.to_string().as_bytes()).expect("a root")
    };
    vec![
        vec![without(&[])],
        vec![without(&["tlogs"])],
        vec![without(&["tlogs", "ctlogs"])],
        vec![without(&["timestampAuthorities"])],
        vec![without(&["timestampAuthorities"]), without(&[])],
        Vec::new(),
    ]
});

/// Good evidence as JSON, so that every part has a place.
static GOOD: LazyLock<Vec<(Digest, Value)>> =
    LazyLock::new(|| lab::SAMPLES.iter().map(|sample| (sample.image.clone(), to_json(&sample.content))).collect());

/// Only what was signed is believed; order is nothing, and less evidence or a gap never makes an image verified.
pub fn run(data: &[u8]) {
    let mut program = Program { rest: data };
    let requirements: Vec<Requirement> = match program.below(4) {
        3 => Requirement::DEFAULT.to_vec(),
        one => vec![Requirement::DEFAULT[one]],
    };
    let policy = lab::policy(&lab::SIGNERS[program.below(3)], &requirements);
    let domains = &DOMAINS[program.below(DOMAINS.len())];
    let first = program.below(GOOD.len());
    let image = &GOOD[first].0;
    let candidates =
        (0..=program.below(3)).map(|position| lab::candidate(image, position, program.content(first))).collect();
    let mut evidence = lab::evidence(image, candidates);
    if program.below(4) == 1 {
        evidence.gaps.push(gap(image));
    }
    let judge = |evidence: &Evidence| verify(evidence, &policy, domains, lab::NOW);
    let report = judge(&evidence);
    holds::of_lab_evidence(&report);
    // One of the properties in each run: three would cost as much as three runs, and find less.
    let is_verified = report.verdict == Verdict::Verified;
    match program.below(3) {
        0 => {
            evidence.candidates.reverse();
            assert_eq!(judge(&evidence).verdict, report.verdict, "the order changed the verdict");
        }
        1 if !is_verified => {
            evidence.candidates.pop();
            assert_ne!(judge(&evidence).verdict, Verdict::Verified, "less evidence made it verified");
        }
        2 if !is_verified => {
            evidence.gaps.push(gap(image));
            assert_ne!(judge(&evidence).verdict, Verdict::Verified, "a gap made it verified");
        }
        _ => {}
    }
}

fn gap(image: &Digest) -> Gap {
    let (what, detail) = ("referrers".to_owned(), "no answer".to_owned());
    Gap { subject: image.clone(), what, obstacle: Obstacle::new(GapReason::Timeout, detail) }
}

/// Bytes that say what to do; when they are used up they are all zero.
struct Program<'a> {
    rest: &'a [u8],
}

impl Program<'_> {
    fn next(&mut self) -> usize {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        usize::from(*first)
    }

    fn below(&mut self, end: usize) -> usize {
        let wide = self.next() | self.next() << 8;
        wide % end.max(1)
    }

    /// Good content, usually about the image, after a few changes.
    fn content(&mut self, first: usize) -> Content {
        let position = match self.below(3) {
            0 => first,
            _ => self.below(GOOD.len()),
        };
        let mut json = GOOD[position].1.clone();
        for _ in 0..self.below(4) {
            self.change(&mut json);
        }
        to_content(&json)
    }

    /// One change at one place of the document.
    fn change(&mut self, json: &mut Value) {
        let places = places(json, "");
        let place = places[self.below(places.len())].clone();
        let action = self.below(8);
        let other = GOOD[self.below(GOOD.len())].1.pointer(&place).cloned();
        let Some(value) = json.pointer_mut(&place) else { return };
        match (action, value) {
            (0 | 1, Value::String(text)) => *text = self.flip(text),
            (2, Value::Array(items)) => items.extend(items.first().cloned()),
            (3, Value::Object(members)) => remove_one(members, self.next()),
            (4, Value::Number(number)) => *number = number.as_u64().map_or(7, |number| number.wrapping_add(1)).into(),
            (5, value) => *value = Value::Null,
            (6, Value::String(text)) => text.push(STRANGE[self.below(STRANGE.len())]),
            (7, Value::Array(items)) => {
                items.extend(other.and_then(|other| other.as_array().cloned()).unwrap_or_default());
            }
            (_, value) => *value = other.unwrap_or(Value::Null),
        }
    }

    /// Changes a bit of what base64 stands for, or of the text.
    fn flip(&mut self, text: &str) -> String {
        let (position, mask) = (self.below(usize::MAX), 1 << self.below(8));
        let flip = |bytes: &mut Vec<u8>| {
            let length = bytes.len().max(1);
            if let Some(byte) = bytes.get_mut(position % length) {
                *byte ^= mask;
            }
        };
        let mut bytes = match STANDARD.decode(text) {
            Ok(bytes) if bytes.len() > 8 => bytes,
            _ => {
                let mut bytes = text.as_bytes().to_vec();
                flip(&mut bytes);
                return String::from_utf8_lossy(&bytes).into_owned();
            }
        };
        flip(&mut bytes);
        STANDARD.encode(bytes)
    }
}

/// Characters that end, hide or turn around what they stand in.
const STRANGE: [char; 6] = ['\0', '\n', '"', '\u{1b}', '\u{202e}', '\u{feff}'];

fn remove_one(members: &mut Map<String, Value>, choice: usize) {
    if let Some(name) = members.keys().nth(choice % members.len().max(1)).cloned() {
        members.remove(&name);
    }
}

/// Every place of a document as a JSON pointer (RFC 6901), the document itself left out.
fn places(value: &Value, at: &str) -> Vec<String> {
    let below: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, item)| (name.replace('~', "~0").replace('/', "~1"), item)).collect()
        }
        _ => Vec::new(),
    };
    let mut found = Vec::new();
    for (name, item) in below {
        let place = format!("{at}/{name}");
        found.push(place.clone());
        found.extend(places(item, &place));
    }
    found
}

/// A bundle as it is; a legacy layer with its annotations, its log entry opened.
fn to_json(content: &Content) -> Value {
    match content {
        Content::LegacySignature { payload, annotations } => layer("signature", payload.bytes(), annotations),
        Content::LegacyAttestation { envelope, annotations } => layer("attestation", &envelope.original(), annotations),
        Content::Bundle(bundle) => lab::json(&bundle.original()),
        _ => Value::Null,
    }
}

const ENTRY: &str = "dev.sigstore.cosign/bundle";

fn layer(kind: &str, layer: &[u8], annotations: &BTreeMap<String, String>) -> Value {
    let entry = annotations.get(ENTRY).map(|text| lab::json(text.as_bytes()));
    json!({"kind": kind, "layer": lab::encode(layer), "annotations": annotations, "entry": entry})
}

fn to_content(json: &Value) -> Content {
    let Some(annotations) = json["annotations"].as_object() else {
        return Content::Bundle(Opened::bundle(lab::blob(json.to_string())));
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut annotations: BTreeMap<String, String> =
        annotations.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    annotations.insert(ENTRY.to_owned(), json["entry"].to_string());
    let layer = lab::blob(STANDARD.decode(text(&json["layer"])).unwrap_or_default());
    match json["kind"].as_str() {
        Some("signature") => Content::LegacySignature { payload: layer, annotations },
        _ => Content::LegacyAttestation { envelope: Opened::envelope(layer), annotations },
    }
}

/// Programs that judge each sample as it is, and some that put two together.
pub fn seeds() -> Vec<Vec<u8>> {
    let count = u8::try_from(GOOD.len()).expect("a few samples");
    let plain = (0..count).map(|first| vec![3, 0, 0, 0, 0, 0, first, 0, 0, 0]);
    let spliced = (0..count).map(|first| {
        let mut program = vec![first % 4, 0, 0, 0, first % 6, 0, first, 0, 2, 0];
        program.extend((0..96).map(|position: u8| position.wrapping_mul(29).wrapping_add(first.wrapping_mul(53))));
        program
    });
    plain.chain(spliced).collect()
}
