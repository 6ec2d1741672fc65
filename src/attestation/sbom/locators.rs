//! Packages that are named in other ways than by a package URL, as package URLs.

use std::fmt::Write as _;

/// A locator of SPDX 2.3 annex F.3. `None`: it has not the form that the annex gives it.
pub(super) fn purl(manager: &str, locator: &str) -> Option<String> {
    let (kind, name, version) = match manager {
        // F.3.2 `package@version`; a scope begins with an `@` of its own.
        "npm" => split("npm", locator, '@'),
        // F.3.1 `group:artifact[:version]`
        "maven-central" => {
            let mut parts = locator.split(':');
            let (group, artifact, version) = (parts.next()?, parts.next()?, parts.next());
            if group.is_empty() || artifact.is_empty() || parts.next().is_some() {
                return None;
            }
            return Some(written("maven", &format!("{group}/{artifact}"), version));
        }
        // F.3.3 `package/version`
        "nuget" => split("nuget", locator, '/'),
        // F.3.4 `package#version`
        "bower" => split("bower", locator, '#'),
        _ => return None,
    };
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    is_name.then(|| written(kind, name, version))
}

fn split<'a>(kind: &'static str, locator: &'a str, separator: char) -> (&'static str, &'a str, Option<&'a str>) {
    match locator.rsplit_once(separator).filter(|(name, _)| !name.is_empty()) {
        Some((name, version)) => (kind, name, Some(version)),
        None => (kind, locator, None),
    }
}

/// GitHub's export of a dependency graph: names with the ecosystem in front, such as `npm:event-stream`.
pub(super) fn of_dependency_graph(name: &str) -> Option<(&'static str, &str)> {
    const ECOSYSTEMS: [(&str, &str); 12] = [
        ("npm", "npm"),
        ("pip", "pypi"),
        ("rubygems", "gem"),
        ("maven", "maven"),
        ("nuget", "nuget"),
        ("composer", "composer"),
        ("go", "golang"),
        ("rust", "cargo"),
        ("cargo", "cargo"),
        ("actions", "githubactions"),
        ("pub", "pub"),
        ("swift", "swift"),
    ];
    let (ecosystem, rest) = name.split_once(':')?;
    let (_, kind) = ECOSYSTEMS.iter().find(|(known, _)| *known == ecosystem)?;
    (!rest.is_empty() && !rest.contains(char::is_whitespace)).then_some((*kind, rest))
}

/// A package URL (purl-spec, "How to build a purl string from its components").
pub(super) fn written(kind: &str, name: &str, version: Option<&str>) -> String {
    let name = if kind == "maven" { name.replacen(':', "/", 1) } else { name.to_owned() };
    let mut purl = format!("pkg:{kind}/");
    encode(&mut purl, &name, b"/");
    if let Some(version) = version.filter(|version| !version.is_empty()) {
        purl.push('@');
        encode(&mut purl, version, b"");
    }
    purl
}

fn encode(purl: &mut String, text: &str, also: &[u8]) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) || also.contains(&byte) {
            purl.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(purl, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a295_the_locators_of_annex_f_are_package_urls() {
        for (manager, locator, expected) in [
            ("npm", "event-stream@3.3.6", Some("pkg:npm/event-stream@3.3.6")),
            ("npm", "@acme/evil@1.0", Some("pkg:npm/%40acme/evil@1.0")),
            ("npm", "@acme/evil", Some("pkg:npm/%40acme/evil")),
            ("npm", "left-pad", Some("pkg:npm/left-pad")),
            ("maven-central", "org.apache.tomcat:tomcat:9.0.0.M4", Some("pkg:maven/org.apache.tomcat/tomcat@9.0.0.M4")),
            ("maven-central", "org.apache.tomcat:tomcat", Some("pkg:maven/org.apache.tomcat/tomcat")),
            ("maven-central", "tomcat", None),
            ("maven-central", "a:b:c:d", None),
            ("nuget", "Microsoft.AspNet.MVC/5.0.0", Some("pkg:nuget/Microsoft.AspNet.MVC@5.0.0")),
            ("bower", "modernizr#2.6.2", Some("pkg:bower/modernizr@2.6.2")),
            ("npm", "", None),
            ("npm", "a b", None),
        ] {
            assert_eq!(purl(manager, locator).as_deref(), expected, "{manager} {locator}");
        }
    }

    #[test]
    fn a295_names_of_a_dependency_graph_have_their_ecosystem_in_front() {
        assert_eq!(of_dependency_graph("npm:event-stream"), Some(("npm", "event-stream")));
        assert_eq!(of_dependency_graph("npm:@acme/evil"), Some(("npm", "@acme/evil")));
        assert_eq!(written("maven", "org.apache:commons", Some("1")), "pkg:maven/org.apache/commons@1");
        for other in ["event-stream", "urn:x", "npm:", "org.apache:commons", "npm: a"] {
            assert_eq!(of_dependency_graph(other), None, "{other}");
        }
    }
}
