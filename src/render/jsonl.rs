//! JSON Lines: an object for each target as soon as it and all before it are known, then one for the run.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use crate::check::{
    AdvisoriesReport, Counts, ImageReport, Network, PolicyReport, Report, RepositoryReport, ShardReport, Tool,
    TrustReport, VariableReport, Verdict,
};

use super::json;
use super::output::Output;

pub(super) const OUTPUT: Output = Output::new(
    "jsonl",
    "a line of JSON for each image as soon as it is known, then one for the run",
    |_, report, out| json::write_line(&Line::Summary(summary(report)), out),
)
.streamed(|_| true, |_, image, out| target(image, out))
.for_bundles()
.for_audits();

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Line<'a> {
    Target(&'a ImageReport),
    Summary(Summary<'a>),
}

/// What the report says beside its images.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'a> {
    schema_version: u32,
    tool: &'a Tool,
    verdict: Verdict,
    exit_code: u8,
    counts: Counts,
    started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    judged_at: Option<Timestamp>,
    policy: &'a PolicyReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    verifier: Option<&'a str>,
    trust: &'a [TrustReport],
    #[serde(skip_serializing_if = "Option::is_none")]
    advisories: Option<&'a AdvisoriesReport>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    repositories: &'a [RepositoryReport],
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<&'a ShardReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<usize>,
    network: &'a Network,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    environment: &'a [VariableReport],
}

fn target(image: &ImageReport, out: &mut dyn Write) -> io::Result<()> {
    json::write_line(&Line::Target(image), out)
}

fn summary(report: &Report) -> Summary<'_> {
    Summary {
        schema_version: report.schema_version,
        tool: &report.tool,
        verdict: report.verdict,
        exit_code: report.exit_code(),
        counts: report.counts(),
        started_at: report.started_at,
        judged_at: report.judged_at,
        policy: &report.policy,
        verifier: report.verifier.as_deref(),
        trust: &report.trust,
        advisories: report.advisories.as_ref(),
        repositories: &report.repositories,
        shard: report.shard.as_ref(),
        left_out: Some(report.left_out).filter(|count| *count > 0),
        network: &report.network,
        environment: &report.environment,
    }
}
