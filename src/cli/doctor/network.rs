//! Checks of the way to a registry: proxy, certificates, login, referrers, clock.

use std::rc::Rc;

use jiff::SignedDuration;

use crate::collect::{
    FoundLogin, ImageSource, Limits, Login, LoginOrigin, Logins, Pace, Places, Registries, Source, SourceError,
    docker_login,
};
use crate::oci::{Digest, ImageName, Reference, RegistryReference};

use super::super::args::TransportArgs;
use super::super::diagnostics::Diagnostic;
use super::super::{runtime, session};
use super::line::Line;

/// A clock that is wrong by less does no harm.
const WRONG: SignedDuration = SignedDuration::from_secs(60);
/// One that is wrong by more makes roots look expired, and signatures those of the future.
const TOO_WRONG: SignedDuration = SignedDuration::from_hours(1);

/// Looks at the way to a registry, and at the registry.
pub(super) fn lines(
    image: &RegistryReference,
    logins: Logins,
    transport: &TransportArgs,
) -> Result<Vec<Line>, Diagnostic> {
    let registries = session::registries(transport, Pace::default(), logins)?;
    let mut lines = way(&image.name, &registries, transport);
    let runtime = runtime::start()?;
    lines.extend(runtime.block_on(ask(image, &registries, &transport.limits())));
    lines.extend(registries.clock_ahead().map(clock));
    Ok(lines)
}

/// Mirror, login, proxy and certificates, which are known before anything is asked.
fn way(image: &ImageName, registries: &Registries, transport: &TransportArgs) -> Vec<Line> {
    let asked = registries.asked(image);
    let mut lines = Vec::new();
    if registries.mirror_of(image).is_some() {
        lines.push(Line::ok("mirror", format!("{} is asked in the place of {}", asked.registry(), image.registry())));
    }
    lines.push(login(image, asked.registry(), registries));
    lines.push(match registries.proxy_of(image) {
        Some(proxy) => Line::ok("proxy", format!("through {proxy}")),
        None => Line::ok("proxy", "none for this registry"),
    });
    let is_plain = registries.is_plain(&asked);
    lines.push(match &transport.ca_file {
        _ if is_plain && asked.is_loopback() => Line::ok("certificates", "none: this machine is asked without TLS"),
        _ if is_plain => Line::warning(
            "certificates",
            "none: the registry is asked without encryption",
            "leave out `--plain-http` where the registry speaks TLS",
        ),
        Some(file) => Line::ok("certificates", format!("those of the system, and of {}", file.display())),
        None => Line::ok("certificates", "those of the system"),
    });
    lines
}

/// Whose login the registry would be shown, and where it is from.
fn login(image: &ImageName, registry: &str, registries: &Registries) -> Line {
    match registries.login_of(image) {
        Ok(None) => Line::ok("login", format!("none for {registry}: it is asked without one")),
        Ok(Some(found)) => {
            let from = match &found.origin {
                LoginOrigin::Flags => "from the command line".to_owned(),
                LoginOrigin::TokenFile(file) | LoginOrigin::File(file) => format!("from {file}"),
                LoginOrigin::Variable(name) => format!("from {name}"),
                LoginOrigin::Helper { helper, file } => format!("from docker-credential-{helper}, named in {file}"),
                LoginOrigin::GitHubToken => "from GH_TOKEN or GITHUB_TOKEN".to_owned(),
            };
            Line::ok("login", format!("{}, for {registry}, {from}", whose(&found, registry)))
        }
        Err(error) => Line::error("login", error.to_string(), format!("log in again: `{}`", docker_login(registry))),
    }
}

fn whose(found: &FoundLogin, registry: &str) -> String {
    match (found.name(registry).user, &found.login) {
        (Some(user), _) => format!("{user}'s"),
        (None, Login::Password { .. }) if found.origin == LoginOrigin::GitHubToken => "a token".to_owned(),
        (None, Login::Password { .. }) => "a name and a password".to_owned(),
        (None, Login::IdentityToken(_)) => "an identity token".to_owned(),
        (None, Login::RegistryToken(_)) => "a registry token".to_owned(),
    }
}

/// The manifest and its list of referrers.
async fn ask(image: &RegistryReference, registries: &Rc<Registries>, limits: &Limits) -> Vec<Line> {
    let reference = Reference::Registry(image.clone());
    let asked = async {
        let source = ImageSource::open(&reference, Places::default(), registries, limits)?;
        let digest = source.root(limits.manifest).await?.blob.digest().clone();
        Ok((source, digest))
    };
    let (source, digest): (ImageSource, Digest) = match asked.await {
        Ok(found) => found,
        Err(error) => return vec![failed("registry", &error)],
    };
    let answered =
        Line::ok("registry", format!("{} answers: {reference} is {digest}", registries.asked(&image.name).registry()));
    let referrers = match source.referrers(&digest, None, limits.manifest).await {
        Ok(page) => {
            let more = if page.next.is_some() { " and more" } else { "" };
            Line::ok("referrers", format!("supported: {}{more} attached to this digest", page.manifests.len()))
        }
        Err(error) if error.is_not_found() => {
            let tag = digest.referrers_tag();
            Line::ok("referrers", format!("not supported: attached evidence is listed under the tag {tag}"))
        }
        Err(error) => failed("referrers", &error),
    };
    vec![answered, referrers]
}

fn failed(topic: &'static str, error: &SourceError) -> Line {
    Line::error(topic, error.detail(), error.next())
}

fn clock(ahead: SignedDuration) -> Line {
    let next = "set the clock: `timedatectl set-ntp true`, or your system's way";
    let direction = if ahead.is_negative() { "behind" } else { "ahead of" };
    let by = ahead.abs();
    let said = format!("{} s {direction} the registry's", by.as_secs());
    match by {
        by if by >= TOO_WRONG => Line::error("clock", said, next),
        by if by >= WRONG => Line::warning("clock", said, next),
        _ => Line::ok("clock", "agrees with the registry's, to the minute"),
    }
}
