//! What `collect` carries away: a pack with what judged the images beside their evidence, or a copy in a registry.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::check::Report;
use crate::collect::{self, Copied, CopyError, CopyTarget, Copying, Pack};
use crate::trust::TrustRoot;

use super::args::{CollectArgs, Place, PlatformArg};
use super::diagnostics::Diagnostic;
use super::policies::Policies;
use super::{output, progress, runtime};

/// Images that are being carried away, and where.
pub(super) struct Packing {
    pub(super) pack: Pack,
    goal: Goal,
}

enum Goal {
    Pack { layers: bool },
    Registry(CopyTarget),
}

/// The inputs of the verdicts, which the pack holds too.
pub(super) struct Belongings<'a> {
    pub(super) policies: &'a Policies,
    pub(super) roots: &'a [TrustRoot],
    pub(super) report: &'a Report,
}

/// Begins to carry images away.
pub(super) fn begin(collect: &CollectArgs) -> Result<Packing, Diagnostic> {
    match &collect.to {
        Place::Pack(_) if collect.move_tags => Err(Diagnostic::usage(
            "`--move-tags` is for a copy in a registry",
            "leave it out, or name a registry: `--to docker://REGISTRY/REPOSITORY`",
        )),
        Place::Pack(to) => Ok(Packing { pack: begin_pack(to)?, goal: Goal::Pack { layers: collect.layers } }),
        Place::Registry { .. } if collect.layers => Err(Diagnostic::usage(
            "`--layers` is for a pack: a copy in a registry has its layers anyway",
            "leave it out",
        )),
        Place::Registry { .. } if collect.verify.platform.iter().any(|one| matches!(one, PlatformArg::One(_))) => {
            Err(Diagnostic::usage(
                "`--platform` is for a pack: an index is copied with all its platforms",
                "leave it out, or name the manifest of that platform by its digest",
            ))
        }
        Place::Registry { name, tag } => {
            let pack = Pack::begin_copy().map_err(|error| {
                Diagnostic::undecided(error, "check the folder for temporary files (`TMPDIR`)")
                    .about("cannot begin a copy")
            })?;
            let target = CopyTarget { name: name.clone(), tag: tag.clone(), moves_tags: collect.move_tags };
            Ok(Packing { pack, goal: Goal::Registry(target) })
        }
    }
}

fn begin_pack(to: &Path) -> Result<Pack, Diagnostic> {
    Pack::begin(to).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Diagnostic::usage(
            format!("there is something at `{}`", to.display()),
            "name a new folder or archive: existing files could be taken for evidence that this run collected",
        ),
        _ => Diagnostic::usage(error, "check the folder; a registry is written `docker://REGISTRY/REPOSITORY`")
            .about(format!("cannot write a pack to `{}`", to.display())),
    })
}

impl Packing {
    /// Carries everything to where it goes, with what judged it if that is a pack.
    pub(super) fn finish(self, copying: &Copying<'_>, with: &Belongings<'_>, is_quiet: bool) -> Result<(), Diagnostic> {
        match self.goal {
            Goal::Pack { layers } => {
                if layers {
                    let work = self.pack.add_layers(copying.registries, copying.limits);
                    wait(copying, "fetched", is_quiet, work)?;
                }
                finish(self.pack, with, is_quiet)
            }
            Goal::Registry(target) => {
                refuse_parts(&self.pack, "nothing was copied: not everything could be read, and a copy is whole")?;
                let copied = wait(copying, "read", is_quiet, collect::copy(self.pack, &target, copying))?;
                let copied = copied.map_err(|error| not_copied(error, &target))?;
                if !is_quiet {
                    let Copied { manifests, sent, found, tags } = copied;
                    progress::say(&format!(
                        "copied to {}: {manifests} manifests, {} blobs ({found} were there already), {tags} tags",
                        target.name,
                        sent + found
                    ));
                }
                Ok(())
            }
        }
    }
}

/// Does the work, and says how much was read for it.
fn wait<T>(copying: &Copying<'_>, verb: &str, is_quiet: bool, work: impl Future<Output = T>) -> Result<T, Diagnostic> {
    let before = copying.registries.network_use().bytes;
    let state = || format!("{} {verb}", progress::size(copying.registries.network_use().bytes - before));
    Ok(runtime::start()?.block_on(progress::shown(is_quiet, state, work)))
}

fn not_copied(error: CopyError, target: &CopyTarget) -> Diagnostic {
    let what = format!("not copied to {}", target.name);
    match error {
        CopyError::Source(error) => Diagnostic::undecided(error.detail(), error.next()).about(what),
        CopyError::Taken { .. } => {
            Diagnostic::usage(error, "name another tag (`--to docker://…:TAG`), or move it with `--move-tags`")
                .about(what)
        }
        CopyError::Shared { .. } => {
            Diagnostic::usage(error, "copy them one by one, each with a tag of its own: `--to docker://…:TAG`")
                .about(what)
        }
    }
}

fn refuse_parts(pack: &Pack, message: &str) -> Result<(), Diagnostic> {
    match pack.failure() {
        Some(error) => Err(Diagnostic::undecided(error.detail(), error.next()).about(message)),
        None => Ok(()),
    }
}

/// Writes what judged the images, and puts the pack in its place.
fn finish(pack: Pack, with: &Belongings<'_>, is_quiet: bool) -> Result<(), Diagnostic> {
    refuse_parts(&pack, "nothing was written: not everything could be read, and a pack is whole")?;
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
