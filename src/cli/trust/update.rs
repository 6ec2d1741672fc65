//! `bonafide trust update`: one line for each repository, and an error for each that failed.

use jiff::Timestamp;

use crate::collect::NetworkUse;
use crate::render::escape::terminal;
use crate::trust::Instance;
use crate::tuf::{Cache, cached};

use super::super::args::{Args, TrustUpdateArgs};
use super::super::diagnostics::Diagnostic;
use super::super::output::print;
use super::super::roots::{self, Chosen, Reach, Source};

/// Updates the repositories one after the other. What fails keeps none of the others from it.
pub(super) fn run(update: &TrustUpdateArgs, args: &Args) -> Result<u8, Diagnostic> {
    let repository = roots::repository(&update.repository)?;
    let mut instances = update.trust.clone();
    if instances.is_empty() && repository.is_none() {
        instances.extend([Instance::PublicGood, Instance::GitHub]);
    }
    let reach = Reach { ca_file: update.ca_file.clone(), total_time: update.timeout };
    let cache = roots::cache();
    let now = Timestamp::now();
    let mut exit = 0;
    for source in roots::sources_of(instances, repository) {
        match one(&source, &cache, &reach, now) {
            Ok(line) if args.quiet => drop(line),
            Ok(line) => drop(print(line.as_bytes())?),
            Err(diagnostic) => {
                diagnostic.print(args.color);
                // An update that could not be made outweighs a command line that is wrong.
                exit = exit.max(diagnostic.exit_code());
            }
        }
    }
    Ok(exit)
}

fn one(source: &Source, cache: &Cache, reach: &Reach, now: Timestamp) -> Result<String, Diagnostic> {
    let before = cached(&source.repository, cache, now).ok().flatten().map(|current| current.root.sha256);
    let outcome = source.update(cache, reach, now, &mut NetworkUse::default())?;
    let update = outcome.map_err(|error| roots::in_use(error.into(), &source.at_hand(cache, now)))?;
    if let Some(reason) = update.not_cached {
        let hint = "set `XDG_CACHE_HOME` to a folder that can be written, or use `--update-trust` with each run";
        let message = format!("the trusted root of {} is current, but could not be kept", source.repository.domain());
        return Err(Diagnostic::undecided(reason, hint).about(message));
    }
    let Chosen { root, valid_until, .. } = roots::prepared(update.current)?;
    let what = if before.as_ref() == Some(&root.sha256) { "unchanged" } else { "updated" };
    let until = valid_until.map(|time| format!(", valid until {time}")).unwrap_or_default();
    Ok(format!("{what:<9}  {}  trusted root sha256:{}{until}\n", terminal(&root.domain), root.sha256))
}
