//! What kind of place a host is, by its text alone.
//!
//! A registry names hosts to go to: realms and redirects. It may not send this program to the machine's own services, to
//! the network's, or to a cloud's metadata (A009). The addresses that names resolve to are judged in [`super::resolver`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A kind of place, from the least to the most open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing that a registry ever has reason to name: metadata services, link-local and unspecified addresses.
    Forbidden,
    /// This machine.
    Loopback,
    /// An address inside some network.
    Private,
    /// Anything else, names included.
    Public,
}

/// Names of cloud metadata services. Their addresses are link-local or private and need no list.
const METADATA_NAMES: [&str; 5] =
    ["metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"];

/// Tells the place of a host as a parsed URL shows it, which has one spelling for every address.
pub(super) fn place_of(host: &str) -> Place {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&name);
    match address.parse() {
        Ok(address) => place_of_address(address),
        Err(_) if name == "localhost" || name.ends_with(".localhost") || name == "localhost.localdomain" => {
            Place::Loopback
        }
        Err(_) if METADATA_NAMES.contains(&name.as_str()) => Place::Forbidden,
        Err(_) => Place::Public,
    }
}

/// Tells the place of an address.
pub(super) fn place_of_address(address: IpAddr) -> Place {
    match address {
        IpAddr::V4(address) => place_of_v4(address),
        IpAddr::V6(address) => place_of_v6(address),
    }
}

fn place_of_v4(address: Ipv4Addr) -> Place {
    match address.octets() {
        [127, ..] => Place::Loopback,
        // RFC 6890: "this network", link-local (169.254.169.254), multicast and reserved; 192.0.0.192 is Oracle's metadata
        // service and 100.100.100.200 Alibaba's.
        [0 | 224..=255, ..] | [169, 254, ..] | [192, 0, 0, _] | [100, 100, 100, 200] => Place::Forbidden,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] | [198, 18 | 19, ..] => Place::Private,
        _ => Place::Public,
    }
}

fn place_of_v6(address: Ipv6Addr) -> Place {
    if let Some(embedded) = embedded_v4(address) {
        return place_of_v4(embedded);
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Place::Loopback,
        // Unspecified, link-local fe80::/10, multicast ff00::/8; fd00:ec2::254 is Amazon's metadata service, fd20:ce::254
        // Google's.
        [0, 0, 0, 0, 0, 0, 0, 0]
        | [0xfe80..=0xfebf | 0xff00..=0xffff, ..]
        | [0xfd00, 0xec2, ..]
        | [0xfd20, 0xce, ..] => Place::Forbidden,
        // Unique local fc00::/7, site-local fec0::/10, local-use NAT64 64:ff9b:1::/48.
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] | [0x64, 0xff9b, 1, ..] => Place::Private,
        _ => Place::Public,
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, NAT64 `64:ff9b::/96`, 6to4.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            Some(v4(high, low))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::Url;

    fn place(host: &str) -> Place {
        let url = Url::parse(&format!("https://{host}/")).expect(host);
        place_of(url.host_str().expect(host))
    }

    #[test]
    fn a009_every_spelling_of_an_address_is_the_same_place() {
        for host in [
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "0251.0376.0251.0376",
            "169.254.43518",
            "[::ffff:169.254.169.254]",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:a9fe:a9fe::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "0.0.0.0",
            "[::]",
            "metadata.google.internal",
            "metadata.google.internal.",
            "METADATA",
        ] {
            assert_eq!(place(host), Place::Forbidden, "{host}");
        }
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "127.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::127.0.0.1]",
            "localhost",
            "localhost.",
            "LOCALHOST",
            "x.localhost",
        ] {
            assert_eq!(place(host), Place::Loopback, "{host}");
        }
        for host in [
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "[fc00::1]",
            "[fd12:3456::1]",
            "[::ffff:10.0.0.1]",
            "[64:ff9b::a00:1]",
        ] {
            assert_eq!(place(host), Place::Private, "{host}");
        }
        for host in ["ghcr.io", "93.184.216.34", "[2606:4700::1111]", "172.32.0.1", "localhost.example.com"] {
            assert_eq!(place(host), Place::Public, "{host}");
        }
    }
}
