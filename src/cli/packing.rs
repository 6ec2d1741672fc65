//! The pack that `collect` writes: its destination, and the policy, trusted roots and report that it holds beside the evidence.

use std::io::{self, ErrorKind};
use std::rc::Rc;

use crate::check::Report;
use crate::collect::{Limits, Pack, Registries};
use crate::trust::TrustRoot;

use super::args::CollectArgs;
use super::diagnostics::Diagnostic;
use super::policies::Policies;
use super::{output, progress, runtime};

/// A pack that is being filled, and whether it holds layers.
pub(super) struct Packing {
    pub(super) pack: Pack,
    layers: bool,
}

/// The inputs of the verdicts, which the pack holds too.
pub(super) struct Belongings<'a> {
    pub(super) policies: &'a Policies,
    pub(super) roots: &'a [TrustRoot],
    pub(super) report: &'a Report,
}

/// Begins a pack.
pub(super) fn begin(collect: &CollectArgs) -> Result<Packing, Diagnostic> {
    let to = &collect.to;
    let pack = Pack::begin(to).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Diagnostic::usage(
            format!("there is something at `{}`", to.display()),
            "name a new folder or archive: existing files could be taken for evidence that this run collected",
        ),
        _ => Diagnostic::usage(error, "check the folder").about(format!("cannot write a pack to `{}`", to.display())),
    });
    Ok(Packing { pack: pack?, layers: collect.layers })
}

impl Packing {
    /// Fetches the layers, if they are asked for.
    pub(super) fn add_layers(
        &self,
        registries: &Rc<Registries>,
        limits: &Limits,
        is_quiet: bool,
    ) -> Result<(), Diagnostic> {
        if self.layers {
            let before = registries.network_use().bytes;
            let state = || format!("{} of layers fetched", progress::size(registries.network_use().bytes - before));
            let work = self.pack.add_layers(registries, limits);
            runtime::start()?.block_on(progress::shown(is_quiet, state, work));
        }
        Ok(())
    }
}

/// Writes the inputs of the verdicts, and moves the pack to its destination.
pub(super) fn finish(pack: Pack, with: &Belongings<'_>, is_quiet: bool) -> Result<(), Diagnostic> {
    if let Some(error) = pack.failure() {
        let message = "nothing was written: not everything could be read, and a pack is whole";
        return Err(Diagnostic::undecided(error.detail(), error.next()).about(message.to_owned()));
    }
    let to = pack.place().to_owned();
    let written = write(&pack, with).and_then(|()| pack.finish());
    let count = written.map_err(|error| {
        Diagnostic::undecided(error, "check the folder and the free space")
            .about(format!("cannot write the pack `{}`", to.display()))
    })?;
    if !is_quiet {
        progress::say(&format!("collected {count} files in {}", to.display()));
    }
    Ok(())
}

fn write(pack: &Pack, with: &Belongings<'_>) -> io::Result<()> {
    pack.write("report.json", &output::json(with.report)?)?;
    for (name, bytes) in with.policies.files() {
        pack.write(&format!("policy/{name}"), &bytes)?;
    }
    for root in with.roots {
        pack.write(&format!("trust/{}.json", root.sha256), root.bytes())?;
    }
    Ok(())
}
