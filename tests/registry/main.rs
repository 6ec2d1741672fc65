//! The program against registries, as people use it: what it sends, to whom, and what it says.

#[path = "../support/mod.rs"]
mod support;

mod audit;
mod collect;
#[cfg(target_os = "linux")]
mod containerd;
mod elsewhere;
mod files;
mod github;
mod journal;
mod logins;
mod mirror;
mod npm;
mod pace;
mod program;
mod progress;
#[cfg(unix)]
mod references;
mod shards;
#[cfg(target_os = "linux")]
mod store;
mod weaker;
