//! `hosts.toml` of containerd: where a node asks for the images of a registry (containerd `docs/hosts.md`).
//!
//! Content is requested by digest, and evidence is signed: a mirror can withhold evidence but cannot forge it. containerd's
//! `skip_verify` and `header` are ignored: certificates are always checked, and a header may hold a login.

use std::path::{Path, PathBuf};

use reqwest::Url;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mirror::Mirror;
use crate::collect::files::{self, FileError};
use crate::oci::ImageName;

/// A place to ask for the images of one registry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostPlace {
    /// The mirror; without one, the registry itself.
    pub mirror: Option<Mirror>,
    /// Whether it speaks HTTP without TLS.
    pub plain_http: bool,
    /// Files of certificate authorities to trust beside the system's.
    pub ca_files: Vec<PathBuf>,
    /// Files of a client certificate and its key.
    pub client_files: Vec<PathBuf>,
}

/// The places of one registry, in the order in which they are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPlaces {
    /// The places; never none.
    pub places: Vec<HostPlace>,
    /// Addresses that are left out, because images cannot be asked for there.
    pub left_out: Vec<String>,
}

/// Why a node's places cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HostsError {
    /// The file cannot be read.
    #[error("cannot read `{}`", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: FileError,
    },
    /// It is not TOML in UTF-8.
    #[error("line {line} is not valid TOML")]
    Syntax {
        /// The line.
        line: usize,
    },
    /// A value has another type than containerd gives it.
    #[error("`{key}` has a value of the wrong type")]
    Type {
        /// Its key.
        key: String,
    },
    /// There are too many hosts.
    #[error("it names more than {MOST} hosts")]
    TooMany,
    /// No host is left.
    #[error("it names no host from which images can be pulled")]
    None,
}

const FILE: &str = "hosts.toml";
const LARGEST: u64 = 64 * 1024;
/// Hosts of one registry. Time is short, and each is waited for.
const MOST: usize = 16;

impl HostPlaces {
    /// Where images are asked for unless a file says otherwise.
    fn registry_itself() -> Self {
        Self { places: vec![HostPlace::default()], left_out: Vec::new() }
    }

    /// Reads what a folder such as `/etc/containerd/certs.d` has for a registry, by its name as an [`ImageName`] spells it.
    pub fn of(folder: &Path, registry: &str) -> Result<Self, HostsError> {
        // containerd `core/remotes/docker/config/config_unix.go`, `hostPaths`.
        let with_port = registry.rsplit_once(':').map(|(host, port)| format!("{host}_{port}_"));
        let names = with_port.iter().map(String::as_str).chain([registry, "_default"]);
        let Some(folder) = names.map(|name| folder.join(name)).find(|path| path.symlink_metadata().is_ok()) else {
            return Ok(Self::registry_itself());
        };
        let path = folder.join(FILE);
        match files::read(&path, LARGEST) {
            Ok(bytes) => Self::parse(&bytes, registry, &folder),
            Err(error) if error.is_not_found() => Ok(Self::registry_itself()),
            Err(source) => Err(HostsError::File { path, source }),
        }
    }

    /// Reads the text of a file in this folder.
    pub fn parse(bytes: &[u8], registry: &str, folder: &Path) -> Result<Self, HostsError> {
        let line = |before: &[u8]| before.split(|&byte| byte == b'\n').count();
        let text = std::str::from_utf8(bytes)
            .map_err(|error| HostsError::Syntax { line: line(&bytes[..error.valid_up_to()]) })?;
        let document = DeTable::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start.min(bytes.len()));
            HostsError::Syntax { line: line(&bytes[..start]) }
        })?;
        let document = document.get_ref();
        let mut hosts = match value(document, "host") {
            None => Vec::new(),
            Some(DeValue::Table(hosts)) => hosts.iter().collect(),
            Some(_) => return Err(wrong("host")),
        };
        if hosts.len() >= MOST {
            return Err(HostsError::TooMany);
        }
        // "hosts in the order are they defined in the file"
        hosts.sort_by_key(|(name, _)| name.span().start);
        let mut read = Self { places: Vec::new(), left_out: Vec::new() };
        for (name, settings) in hosts {
            let DeValue::Table(settings) = settings.get_ref() else { return Err(wrong(name.get_ref())) };
            read.add(name.get_ref(), settings, registry, folder)?;
        }
        // "parse root host config and append it as the last element"
        let server = value(document, "server").map(|server| text_of(server, "server")).transpose()?;
        read.add(server.unwrap_or_default(), document, registry, folder)?;
        if read.places.is_empty() { Err(HostsError::None) } else { Ok(read) }
    }

    fn add(&mut self, address: &str, settings: &DeTable<'_>, registry: &str, folder: &Path) -> Result<(), HostsError> {
        let able = texts(settings, "capabilities")?;
        if !able.is_empty() && !able.iter().any(|able| able.eq_ignore_ascii_case("pull")) {
            return Ok(());
        }
        let files = |key| Ok(texts(settings, key)?.into_iter().map(|file| folder.join(file)).collect());
        let (ca_files, client_files) = (files("ca")?, files("client")?);
        let is_path_whole = match value(settings, "override_path") {
            None => false,
            Some(DeValue::Boolean(whole)) => *whole,
            Some(_) => return Err(wrong("override_path")),
        };
        if address.is_empty() {
            self.places.push(HostPlace { ca_files, client_files, ..HostPlace::default() });
            return Ok(());
        }
        match reached(address, is_path_whole, registry) {
            Some((mirror, plain_http)) => self.places.push(HostPlace { mirror, plain_http, ca_files, client_files }),
            None => self.left_out.push(address.to_owned()),
        }
        Ok(())
    }
}

/// Returns the mirror at an address (`None` if the address is the registry itself), and whether it is reached without TLS.
/// Returns nothing for an address that cannot be used, such as one with a path outside `/v2/`.
fn reached(address: &str, is_path_whole: bool, registry: &str) -> Option<(Option<Mirror>, bool)> {
    let url = if address.starts_with("http") { address.to_owned() } else { format!("https://{address}") };
    let url: Url = url.parse().ok()?;
    let plain_http = match url.scheme() {
        "https" => false,
        "http" => true,
        _ => return None,
    };
    let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let host = url.host_str().filter(|_| is_plain)?;
    // A port of its own scheme is left out of the address, and is not that of the other scheme.
    let host = match url.port().or(plain_http.then_some(80)) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let below = match url.path().trim_end_matches('/') {
        "" | "/v2" => "",
        path if is_path_whole => path.strip_prefix("/v2/")?,
        _ => return None,
    };
    if below.is_empty() && ImageName::registry_from(&host).is_ok_and(|found| found == registry) {
        return Some((None, plain_http));
    }
    let place = if below.is_empty() { host } else { format!("{host}/{below}") };
    Some((Some(format!("{registry}={place}").parse().ok()?), plain_http))
}

fn value<'t, 'i>(table: &'t DeTable<'i>, key: &str) -> Option<&'t DeValue<'i>> {
    table.get(key).map(Spanned::get_ref)
}

fn wrong(key: &str) -> HostsError {
    HostsError::Type { key: key.to_owned() }
}

fn text_of<'t>(value: &'t DeValue<'_>, key: &str) -> Result<&'t str, HostsError> {
    value.as_str().ok_or_else(|| wrong(key))
}

/// A text, or a list of texts. Of lists in a list the first counts: it is a certificate and its key.
fn texts<'t>(table: &'t DeTable<'_>, key: &str) -> Result<Vec<&'t str>, HostsError> {
    match value(table, key) {
        None => Ok(Vec::new()),
        Some(DeValue::Array(list)) => match list.iter().next().map(Spanned::get_ref) {
            Some(DeValue::Array(first)) => first.iter().map(|one| text_of(one.get_ref(), key)).collect(),
            _ => list.iter().map(|one| text_of(one.get_ref(), key)).collect(),
        },
        Some(one) => Ok(vec![text_of(one, key)?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, registry: &str) -> Result<HostPlaces, HostsError> {
        HostPlaces::parse(text.as_bytes(), registry, Path::new("/certs.d/x"))
    }

    /// Where `REGISTRY/a/b` is asked for, in order.
    fn asked(text: &str, registry: &str) -> Vec<String> {
        let image: ImageName = format!("{registry}/a/b").parse().expect("a name");
        let read = read(text, registry).expect(text);
        let name = |place: &HostPlace| match &place.mirror {
            Some(mirror) => mirror.name_of(&image).expect("a name on the mirror").to_string(),
            None => "itself".to_owned(),
        };
        read.places.iter().map(name).collect()
    }

    #[test]
    fn hosts_are_asked_in_the_order_of_the_file_and_the_server_last() {
        let text = r#"
            server = "https://registry-1.docker.io"
            [host."https://z.example"]
            [host."http://10.0.0.1:5000"]
              capabilities = ["pull", "resolve"]
            [host."https://a.example/v2/hub"]
              override_path = true
              skip_verify = true
              [host."https://a.example/v2/hub".header]
                authorization = "Basic s3cret"
            [host."https://push.example"]
              capabilities = ["push"]
        "#;
        assert_eq!(asked(text, "docker.io"), ["z.example/a/b", "10.0.0.1:5000/a/b", "a.example/hub/a/b", "itself"]);
        let plain: Vec<bool> =
            read(text, "docker.io").expect("places").places.iter().map(|place| place.plain_http).collect();
        assert_eq!(plain, [false, true, false, false]);
        assert_eq!(asked("", "ghcr.io"), ["itself"]);
        assert_eq!(asked("server = \"mirror.example\"", "ghcr.io"), ["mirror.example/a/b"]);
        assert_eq!(asked("server = \"http://ghcr.io\"", "ghcr.io"), ["ghcr.io:80/a/b"]);
    }

    #[test]
    fn certificates_are_named_by_paths_of_the_folder() {
        let text = r#"
            ca = "ca.crt"
            [host."https://a.example"]
              ca = ["one.pem", "/two.pem"]
              client = [["c.pem", "c.key"], ["other.pem", "other.key"]]
        "#;
        let places = read(text, "ghcr.io").expect("places").places;
        let names = |files: &[PathBuf]| files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>();
        assert_eq!(names(&places[0].ca_files), ["/certs.d/x/one.pem", "/two.pem"]);
        assert_eq!(names(&places[0].client_files), ["/certs.d/x/c.pem", "/certs.d/x/c.key"]);
        assert_eq!(names(&places[1].ca_files), ["/certs.d/x/ca.crt"]);
    }

    #[test]
    fn what_cannot_be_asked_is_left_out_and_said() {
        for address in [
            "https://a.example/hub",
            "https://a.example/artifactory/v2",
            "https://alice:s3cret@a.example",
            "https://a.example/v2?ns=x",
            "httpx://a.example",
            "https://",
            "https://a b",
        ] {
            let read = read(&format!("[host.{address:?}]\n"), "ghcr.io").expect(address);
            assert_eq!((read.places.len(), read.left_out), (1, vec![address.to_owned()]));
        }
    }

    #[test]
    fn files_that_are_no_hosts_are_refused() {
        for text in [
            "host = 1",
            "[host]\na = 1",
            "server = 1",
            "[host.\"https://a.example\"]\ncapabilities = [1]",
            "[host.\"https://a.example\"]\nca = 1",
            "capabilities = [\"push\"]",
            "[host",
            "\u{0}",
        ] {
            assert!(read(text, "ghcr.io").is_err(), "{text}");
        }
        let many =
            (0..MOST).map(|number| format!("[host.\"https://h{number}.example\"]\n")).collect::<Vec<_>>().concat();
        assert!(matches!(read(&many, "ghcr.io"), Err(HostsError::TooMany)));
        assert!(matches!(
            HostPlaces::parse(b"a = 1\n\xff", "ghcr.io", Path::new("")),
            Err(HostsError::Syntax { line: 2 })
        ));
    }

    #[test]
    fn no_text_makes_a_mirror_of_another_registry() {
        let text = "server = \"https://a.example\"\nca = \"c\"\n[host.\"http://b.example:5000/v2/hub\"]\noverride_path = true\n\
                    capabilities = [\"pull\"]\nclient = [[\"c\", \"k\"]]\n[host.\"https://c.example\"]\n";
        let [own, other] =
            ["docker.io/acme/shop", "ghcr.io/acme/shop"].map(|name| name.parse::<ImageName>().expect(name));
        let mut read_anything = 0;
        for place in 0..text.len() {
            for with in ["", "\"", "/", ".", "=", "\n", "@", ":", "\u{e9}", "]", "x", "docker.io"] {
                let changed = [&text.as_bytes()[..place], with.as_bytes(), &text.as_bytes()[place + 1..]].concat();
                let Ok(read) = HostPlaces::parse(&changed, "docker.io", Path::new("")) else { continue };
                read_anything += 1;
                assert!(!read.places.is_empty());
                for mirror in read.places.iter().filter_map(|place| place.mirror.as_ref()) {
                    assert!(mirror.name_of(&own).is_none_or(|name| name.repository().ends_with("acme/shop")));
                    assert_eq!(mirror.name_of(&other), None);
                }
            }
        }
        assert!(read_anything > 100);
    }

    #[test]
    fn a_folder_is_found_by_the_name_of_the_registry() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, server: &str| {
            std::fs::create_dir_all(folder.path().join(name)).expect("a folder");
            let text = format!("server = \"https://{server}\"");
            std::fs::write(folder.path().join(name).join(FILE), text).expect("a file");
        };
        let server = |registry: &str| {
            let places = HostPlaces::of(folder.path(), registry).expect("places").places;
            let image = format!("{registry}/a").parse().expect("a name");
            places[0].mirror.as_ref().and_then(|mirror| mirror.name_of(&image)).map(|name| name.registry().to_owned())
        };
        assert_eq!(server("ghcr.io"), None);
        write("_default", "default.example");
        write("ghcr.io", "own.example");
        write("r.example_5000_", "port.example");
        assert_eq!(server("ghcr.io").as_deref(), Some("own.example"));
        assert_eq!(server("r.example:5000").as_deref(), Some("port.example"));
        assert_eq!(server("quay.io").as_deref(), Some("default.example"));
    }
}
