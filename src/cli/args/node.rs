//! The flags of containerd's image verifier. containerd gives none, so a file of the node has them, one on each line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches, Parser};

use crate::cli::duration::duration;
use crate::oci::ImageName;

use super::groups::{PlatformArg, TransportArgs, TrustArgs, platform};

/// How a node verifies
#[derive(Debug, Parser)]
#[command(name = "flags", no_binary_name = true, disable_help_flag = true)]
pub(in crate::cli) struct NodeArgs {
    /// Pull images of this registry, unverified, while nothing can be decided about them
    #[arg(long, value_name = "REGISTRY", value_parser = registry)]
    pub(in crate::cli) allow_undecided: Vec<String>,
    /// A file with logins, as docker writes it, beside config.json in the node's folder
    #[arg(long, value_name = "FILE", default_value = "/var/lib/kubelet/config.json")]
    pub(in crate::cli) login_file: Vec<PathBuf>,
    /// The folder in which containerd looks for hosts.toml
    #[arg(long, value_name = "DIR", default_value = "/etc/containerd/certs.d")]
    pub(in crate::cli) certs_dir: PathBuf,
    /// The folder in which verified digests are kept
    #[arg(long, value_name = "DIR", default_value = "/run/bonafide")]
    pub(in crate::cli) cache: PathBuf,
    /// How long a digest that was verified is not verified again
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = cache_time)]
    pub(in crate::cli) cache_for: Duration,
    /// Verify every time
    #[arg(long)]
    pub(in crate::cli) no_cache: bool,
    /// The platform to verify
    #[arg(long, value_name = "OS/ARCH[/VARIANT]|all", value_parser = platform)]
    pub(in crate::cli) platform: Vec<PlatformArg>,
    #[command(flatten)]
    pub(in crate::cli) trust: TrustArgs,
    #[command(flatten)]
    pub(in crate::cli) transport: TransportArgs,
}

impl NodeArgs {
    /// Reads the lines of the file. `--timeout` is how long everything may take, and has to be shorter than containerd's own limit.
    pub(in crate::cli) fn read(lines: &[String]) -> Result<Self, clap::Error> {
        let command = Self::command().mut_arg("timeout", |timeout| timeout.default_value("9s"));
        Self::from_arg_matches(&command.try_get_matches_from(lines)?)
    }
}

fn registry(text: &str) -> Result<String, String> {
    ImageName::registry_from(text).map_err(|error| error.to_string())
}

fn cache_time(text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    if time <= Duration::from_secs(60 * 60) { Ok(time) } else { Err("expected at most 1h".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_of_a_node_are_consistent() {
        NodeArgs::command().debug_assert();
        let read = |lines: &[&str]| NodeArgs::read(&lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>());
        let usual = read(&[]).expect("no flags");
        assert_eq!(usual.transport.timeout, Duration::from_secs(9));
        let given = read(&["--allow-undecided=index.docker.io", "--timeout=25s"]).expect("flags");
        assert_eq!(given.allow_undecided, ["docker.io"]);
        assert_eq!(given.transport.timeout, Duration::from_secs(25));
        for refused in ["--policy=x", "--repo=a/b", "--require=sbom", "ghcr.io/a", "--help", "--cache-for=2h", "-v"] {
            assert!(read(&[refused]).is_err(), "{refused}");
        }
    }
}
