//! What a trusted root names, for people; and which of two roots is the older one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;

use super::TrustRoot;
use crate::oci::{Algorithm, Digest, encode_hex};

/// The services of an instance, in the order of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Certificate authorities.
    pub authorities: Vec<Service>,
    /// Transparency logs.
    pub logs: Vec<Service>,
    /// Certificate transparency logs.
    pub ct_logs: Vec<Service>,
    /// Timestamp authorities.
    pub timestamp_authorities: Vec<Service>,
}

/// One authority or log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name: the subject of an authority, the address of a log.
    pub name: String,
    /// The id of a log; of an authority the SHA-256 of its first certificate. Hexadecimal digits.
    pub id: String,
    /// When its validity starts.
    pub start: Option<Timestamp>,
    /// When its validity ends, if that is decided.
    pub end: Option<Timestamp>,
}

impl Contents {
    /// Returns each list with what its entries are.
    pub fn lists(&self) -> [(&'static str, &[Service]); 4] {
        [
            ("certificate authority", &self.authorities),
            ("transparency log", &self.logs),
            ("certificate transparency log", &self.ct_logs),
            ("timestamp authority", &self.timestamp_authorities),
        ]
    }

    /// Returns the kinds of service without a member valid after a time, and the end of the last member of each.
    pub fn ending_before(&self, time: Timestamp) -> Vec<(&'static str, Timestamp)> {
        let last_end = |services: &[Service]| services.iter().map(|service| service.end).collect::<Option<Vec<_>>>();
        let lists = self.lists().into_iter();
        let ends = lists.filter_map(|(kind, services)| Some((kind, last_end(services)?.into_iter().max()?)));
        ends.filter(|(_, end)| *end < time).collect()
    }
}

impl TrustRoot {
    /// Returns what the root names.
    pub fn contents(&self) -> Contents {
        let list = |name: &str| self.document()[name].as_array().into_iter().flatten();
        Contents {
            authorities: list("certificateAuthorities").map(authority).collect(),
            logs: list("tlogs").map(log).collect(),
            ct_logs: list("ctlogs").map(log).collect(),
            timestamp_authorities: list("timestampAuthorities").map(authority).collect(),
        }
    }

    /// Whether this is an earlier state of another root: all it names is in the other, and the other names more or has
    /// closed windows that are open here. Documents have no date, so other pairs cannot be ordered (A253).
    pub fn is_earlier_than(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.contents(), other.contents());
        let pairs = mine.lists().into_iter().zip(theirs.lists());
        let (mut shared, mut more) = (0, false);
        for ((_, mine), (_, theirs)) in pairs {
            for service in mine {
                let Some(known) = theirs.iter().find(|known| known.id == service.id) else { return false };
                shared += 1;
                more |= service.end.is_none() && known.end.is_some();
            }
            more |= theirs.iter().any(|known| mine.iter().all(|service| service.id != known.id));
        }
        shared > 0 && more
    }
}

fn authority(entry: &Value) -> Service {
    let subject = &entry["subject"];
    let names = [&subject["organization"], &subject["commonName"]].into_iter().filter_map(Value::as_str);
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    let certificate = decode(&entry["certChain"]["certificates"][0]["rawBytes"]);
    let id = Digest::of(Algorithm::Sha256, &certificate).hex().to_owned();
    let name = if names.is_empty() { text(&entry["uri"], &id) } else { names.join(" ") };
    service(name, id, &entry["validFor"])
}

fn log(entry: &Value) -> Service {
    let id = encode_hex(&decode(&entry["logId"]["keyId"]));
    service(text(&entry["baseUrl"], &id), id, &entry["publicKey"]["validFor"])
}

fn service(name: String, id: String, window: &Value) -> Service {
    let time = |key: &str| window[key].as_str().and_then(|text| text.parse().ok());
    Service { name, id, start: time("start"), end: time("end") }
}

fn decode(value: &Value) -> Vec<u8> {
    value.as_str().and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default()
}

fn text(value: &Value, otherwise: &str) -> String {
    value.as_str().filter(|text| !text.is_empty()).unwrap_or(otherwise).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::Instance;

    /// A root with logs of these ids, and the ends of their windows.
    fn root(logs: &[(&str, Option<&str>)]) -> TrustRoot {
        let logs: Vec<Value> = logs
            .iter()
            .map(|(id, end)| {
                serde_json::json!({"logId": {"keyId": STANDARD.encode(id)},
                    "publicKey": {"validFor": {"start": "2020-01-01T00:00:00Z", "end": end}}})
            })
            .collect();
        let media_type = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";
        let text = serde_json::json!({"mediaType": media_type, "tlogs": logs}).to_string();
        TrustRoot::parse("test", "test", text.as_bytes()).expect("a root")
    }

    const ENDED: Option<&str> = Some("2026-01-01T00:00:00Z");

    #[test]
    fn a253_a_root_is_earlier_when_the_other_has_all_of_it_and_more() {
        for (mine, theirs, is_earlier) in [
            (root(&[("a", None)]), root(&[("a", None), ("b", None)]), true),
            (root(&[("a", None)]), root(&[("a", ENDED)]), true),
            (root(&[("a", None)]), root(&[("a", None)]), false),
            (root(&[("a", ENDED)]), root(&[("a", None)]), false),
            (root(&[("a", None), ("b", None)]), root(&[("a", None)]), false),
            (root(&[("a", None), ("b", None)]), root(&[("a", None), ("c", None)]), false),
            (root(&[("x", None)]), root(&[("a", None), ("b", None)]), false),
            (root(&[]), root(&[("a", None)]), false),
        ] {
            assert_eq!(mine.is_earlier_than(&theirs), is_earlier, "{:?} {:?}", mine.contents(), theirs.contents());
        }
    }

    #[test]
    fn what_is_about_to_end_is_found_where_nothing_follows_it() {
        let time: Timestamp = "2026-02-01T00:00:00Z".parse().expect("a time");
        let end: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
        assert_eq!(root(&[("a", ENDED)]).contents().ending_before(time), [("transparency log", end)]);
        assert_eq!(root(&[("a", ENDED), ("b", None)]).contents().ending_before(time), []);
        assert_eq!(root(&[("a", ENDED)]).contents().ending_before(end), []);
    }

    #[test]
    fn the_contents_of_the_embedded_roots_have_names_and_windows() {
        for instance in Instance::ALL {
            let contents = instance.root().expect("an embedded root").contents();
            assert!(!contents.authorities.is_empty(), "{instance}");
            for (kind, services) in contents.lists() {
                for service in services {
                    let is_whole = !service.name.is_empty() && service.id.len() == 64 && service.start.is_some();
                    assert!(is_whole, "{instance} {kind}: {service:?}");
                }
            }
        }
    }
}
