//! containerd's image verifier: the program as containerd calls it before it pulls an image (containerd `docs/image-verification.md`).
//!
//! "Return an exit code of 0 to allow the image to be pulled and any other exit code to block the image from being pulled." One
//! line on standard output states the reason. The program judges the digest that containerd pulls. It never resolves the tag
//! again.

mod call;
mod verdicts;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use clap::FromArgMatches;
use futures_util::StreamExt;
use jiff::Timestamp;

use crate::check::{ImageReport, Verdict};
use crate::collect::{HostPlace, HostPlaces, Limits, Registries, RegistrySettings, files};
use crate::oci::{ImageName, Reference};
use crate::render::escape::terminal;
use crate::run::{Target, with_examiner};

use super::args::{Args, Command, NodeArgs, VerifyArgs};
use super::diagnostics::Diagnostic;
use super::exit::UNDECIDED;
use super::journal::Facts;
use super::session::Session;
use super::{command, input, logins, roots, runtime, streams};
use call::Call;
use verdicts::Verdicts;

/// The name by which containerd calls the program. Under another name, the first argument selects this mode.
const NAME: &str = "bonafide-containerd";
const ARGUMENTS: [&str; 4] = ["-name", "-digest", "-stdin-media-type", "-config"];
/// The folder with a node's policy and settings, and the names of its files.
const FOLDER: &str = "/etc/bonafide";
const POLICY: &str = "bonafide.yaml";
const ROOT: &str = "trusted_root.json";
const LOGINS: &str = "config.json";
const FLAGS: &str = "flags";

const LARGEST_FILE: u64 = 64 * 1024;
/// The most characters of the reason. containerd reads 32 KiB of it, and writes it into its log and into an event of the pod.
const LONGEST_REASON: usize = 1000;

/// Answers containerd if containerd is the caller.
pub(super) fn answer(arguments: &[OsString]) -> Option<u8> {
    let is_named =
        arguments.first().and_then(|program| Path::new(program).file_stem()).is_some_and(|name| name == NAME);
    let is_asked = arguments.get(1).is_some_and(|first| ARGUMENTS.iter().any(|known| first == known));
    if !is_named && !is_asked {
        return None;
    }
    let (code, reason) = match answered(arguments.get(1..).unwrap_or_default()) {
        Ok(Answer { code, reason }) => (code, reason),
        Err(diagnostic) => {
            let next = diagnostic.hint().map(|hint| format!(" ({})", hint.lines().next().unwrap_or_default()));
            (diagnostic.exit_code(), format!("not judged: {}{}", diagnostic.summary(), next.unwrap_or_default()))
        }
    };
    // Without a reason nothing is pulled.
    Some(say(&reason).map_or(UNDECIDED, |()| code))
}

/// Whether the image is pulled, and why.
struct Answer {
    code: u8,
    reason: String,
}

/// Writes one line to standard output.
fn say(reason: &str) -> io::Result<()> {
    let reason = terminal(reason);
    let end = reason.char_indices().nth(LONGEST_REASON).map(|(end, _)| end);
    let line = end.map_or_else(|| reason.to_string(), |end| format!("{}…", &reason[..end]));
    streams::to_stdout(|out| writeln!(out, "{line}"))
}

/// Ends the program before containerd does. If containerd ends it, the log shows no reason.
fn end_at(end: Instant, allowed: Duration) {
    thread::spawn(move || {
        thread::sleep(end.saturating_duration_since(Instant::now()));
        let _ = say(&format!("not judged: no answer within {allowed:?}, which is what `--timeout` allows"));
        process::exit(i32::from(UNDECIDED));
    });
}

fn answered(arguments: &[OsString]) -> Result<Answer, Diagnostic> {
    let began = Instant::now();
    let named = arguments.chunks(2).find(|pair| pair[0] == "-config").and_then(|pair| pair.get(1));
    let folder = named.map_or_else(|| PathBuf::from(FOLDER), PathBuf::from);
    let node = Node { args: flags(&folder)?, folder };
    let allowed = node.args.transport.timeout;
    end_at(began + allowed, allowed);
    let call = Call::read(arguments)?;
    let verify = node.verify(&call)?;
    files::limit_silence(allowed);
    let asked = Reference::Registry(call.image.clone());
    let mut session = Session::open(&verify, node.logins(&asked))?;
    let target = session.target(&call.image.to_string(), &asked)?;
    let name = &target.text;
    let cache = (!node.args.no_cache).then(|| Verdicts::new(&node.args.cache, node.args.cache_for));
    let now = Timestamp::now();
    let facts = facts(&session, &target, now)?;
    if let Some(at) = cache.as_ref().and_then(|cache| cache.find(&call.digest, &facts, now)) {
        return Ok(Answer { code: Verdict::Verified.exit_code(), reason: format!("verified at {at:.0}: {name}") });
    }
    let judged = node.judge(&mut session, &target, began + allowed)?;
    let report = &judged.report;
    if report.verdict == Verdict::Verified {
        // A report about another digest is about another image.
        let digest = call.digest.to_string();
        if ![&report.digest, &report.index].into_iter().flatten().any(|found| *found == digest) {
            let message = format!("what was judged is not the digest that is pulled, {digest}");
            return Err(Diagnostic::undecided(message, "report it"));
        }
        if let Some(Err(error)) = cache.map(|cache| cache.keep(&call.digest, &facts, now)) {
            streams::to_stderr(&format!("the verdict is not kept in `{}`: {error}\n", node.args.cache.display()));
        }
        return Ok(Answer { code: Verdict::Verified.exit_code(), reason: format!("verified: {name}") });
    }
    let reason = match &report.reason {
        Some(reason) => {
            format!("{}: {name}: {} (bonafide explain {})", report.verdict, reason.in_words(), reason.check)
        }
        None => format!("{}: {name}", report.verdict),
    };
    let registry = call.image.name.registry();
    if judged.is_open && node.args.allow_undecided.iter().any(|allowed| allowed == registry) {
        let reason = format!("NOT VERIFIED, pulled because of --allow-undecided={registry}: {reason}");
        return Ok(Answer { code: 0, reason });
    }
    Ok(Answer { code: report.verdict.exit_code(), reason })
}

/// Returns all inputs of a verdict except the digest. The day is one of them, because exceptions of a policy end with a day.
fn facts(session: &Session<'_>, target: &Target, now: Timestamp) -> Result<Facts, Diagnostic> {
    let mut facts = session.facts(std::slice::from_ref(target))?;
    facts.insert("name", target.text.clone());
    facts.insert("day", now.strftime("%F").to_string());
    Ok(facts)
}

/// A node: its folder, and the flags in it.
struct Node {
    folder: PathBuf,
    args: NodeArgs,
}

/// The result for an image, over all places where it was searched.
struct Judged {
    report: ImageReport,
    /// Whether nothing could be decided at any of them.
    is_open: bool,
}

impl Node {
    /// The flags of `verify` that judge as this node does.
    fn verify(&self, call: &Call) -> Result<Box<VerifyArgs>, Diagnostic> {
        let policy = self.folder.join(POLICY).into_os_string();
        let arguments: [OsString; 5] =
            ["bonafide".into(), "verify".into(), call.image.to_string().into(), "--policy".into(), policy];
        let parsed = command::command().try_get_matches_from(arguments);
        let args = parsed.and_then(|found| Args::from_arg_matches(&found)).map_err(Diagnostic::without_hint)?;
        let Command::Verify(mut verify) = args.command else { unreachable!("the command is `verify`") };
        let NodeArgs { trust, transport, platform, .. } = &self.args;
        verify.trust.clone_from(trust);
        verify.transport.clone_from(transport);
        if !platform.is_empty() {
            verify.platform.clone_from(platform);
        }
        let root = self.folder.join(ROOT);
        if trust.trusted_root.is_empty() && root.symlink_metadata().is_ok() {
            verify.trust.trusted_root.push(root);
        }
        Ok(verify)
    }

    fn logins(&self, image: &Reference) -> crate::collect::Logins {
        logins::of_node([self.folder.join(LOGINS)].into_iter().chain(self.args.login_file.clone()), image)
    }

    /// Asks for the image in the places that containerd uses, one after the other, until it is verified. Evidence is signed, so
    /// it counts from any of them. A mirror without evidence proves nothing.
    fn judge(&self, session: &mut Session<'_>, target: &Target, end: Instant) -> Result<Judged, Diagnostic> {
        let Reference::Registry(image) = &target.reference else { unreachable!("containerd pulls from registries") };
        let places = self.places(&image.name)?;
        let runtime = runtime::start()?;
        let mut judged: Option<Judged> = None;
        for (index, place) in places.iter().enumerate() {
            // The session has opened the registry itself.
            if index > 0 || *place != HostPlace::default() {
                session.registries = self.registries(place, &target.reference)?;
            }
            session.limits = Limits { total_time: share(end, places.len() - index), ..session.limits.clone() };
            let asked = [(target, Ok(target.reference.clone()))];
            let reports: Vec<ImageReport> = with_examiner(&session.run(), 1, |examiner| {
                runtime.block_on(examiner.examine_all(asked).map(|examined| examined.report).collect())
            });
            for report in reports {
                let is_open = report.verdict == Verdict::Undecided;
                if report.verdict == Verdict::Verified {
                    return Ok(Judged { report, is_open });
                }
                judged = Some(match judged {
                    Some(before) => before.and(report),
                    None => Judged { report, is_open },
                });
            }
        }
        judged.ok_or_else(|| Diagnostic::undecided("the image was not examined", "report it"))
    }

    fn places(&self, image: &ImageName) -> Result<Vec<HostPlace>, Diagnostic> {
        // A mirror that a flag gives takes the place of those of containerd.
        if self.args.transport.mirror.iter().any(|mirror| mirror.name_of(image).is_some()) {
            return Ok(vec![HostPlace::default()]);
        }
        let registry = image.registry();
        let read = HostPlaces::of(&self.args.certs_dir, registry);
        let found = read.map_err(|error| {
            let what = format!("hosts.toml of {registry} in `{}`", self.args.certs_dir.display());
            Diagnostic::undecided(error, "correct the file: containerd pulls by it").about(what)
        })?;
        for address in &found.left_out {
            streams::to_stderr(&format!("images of {registry} are not asked for at {}\n", terminal(address)));
        }
        Ok(found.places)
    }

    fn registries(&self, place: &HostPlace, image: &Reference) -> Result<std::rc::Rc<Registries>, Diagnostic> {
        let args = &self.args.transport;
        let read = |files: &[PathBuf]| -> Result<Option<Vec<u8>>, Diagnostic> {
            let read = files.iter().map(|file| roots::pem_file(file)).collect::<Result<Vec<_>, _>>()?;
            Ok((!read.is_empty()).then(|| read.join(&b'\n')))
        };
        let authorities: Vec<PathBuf> = args.ca_file.iter().chain(&place.ca_files).cloned().collect();
        let own: Vec<PathBuf> = args.client_cert.iter().chain(&args.client_key).cloned().collect();
        let client = if place.client_files.is_empty() { &own } else { &place.client_files };
        let settings = RegistrySettings {
            plain_http: args.plain_http || place.plain_http,
            ca_file: read(&authorities)?,
            client_certificate: read(client)?,
            token_servers: args.token_server.clone(),
            mirrors: args.mirror.iter().chain(&place.mirror).cloned().collect(),
            secrets: streams::secrets().clone(),
            ..RegistrySettings::plain(Limits::default().silence)
        };
        Ok(Registries::new(&settings, Box::new(self.logins(image)))?)
    }
}

impl Judged {
    /// Chooses between two places where the image is not verified: the worse verdict counts. With equal verdicts the later place
    /// counts, because it is nearer to the registry itself.
    fn and(self, later: ImageReport) -> Self {
        let is_open = self.is_open && later.verdict == Verdict::Undecided;
        let is_worse = Verdict::join([self.report.verdict, later.verdict]) == self.report.verdict;
        let report = if is_worse && self.report.verdict != later.verdict { self.report } else { later };
        Self { report, is_open }
    }
}

/// Returns the time for collecting evidence in one place, given the number of places left. The rest of the time is for judging.
fn share(end: Instant, places: usize) -> Duration {
    let places = u32::try_from(places).unwrap_or(u32::MAX);
    (end.saturating_duration_since(Instant::now()) * 3 / 4 / places).max(Duration::from_millis(1))
}

/// Reads the flags of a node, if it has any: one on each line, without empty ones and comments.
fn flags(folder: &Path) -> Result<NodeArgs, Diagnostic> {
    let path = folder.join(FLAGS);
    let bytes = match files::read(&path, LARGEST_FILE) {
        Err(error) if error.is_not_found() => Vec::new(),
        read => read.map_err(|error| input::unreadable(&path, error))?,
    };
    let wrong = |message: String| {
        let hint = "write one flag on each line, such as --allow-undecided=registry.acme.example";
        Diagnostic::usage(message, hint).about(format!("`{}`", path.display()))
    };
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is not text in UTF-8".to_owned()))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    NodeArgs::read(&lines).map_err(|error| {
        let text = error.render().to_string();
        wrong(text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned())
    })
}
