//! The flags of `bonafide diff`.

use clap::Args as ClapArgs;

use crate::cli::targets::OutputParser;

use super::verify::VerifyArgs;

const EXAMPLES: &str = "\
Examples:
  bonafide diff ghcr.io/acme/app:1.4.1 ghcr.io/acme/app:1.4.2 --repo acme/app
  bonafide diff ghcr.io/acme/app:1.4.1 ghcr.io/acme/app:1.4.2 --policy bonafide.yaml --output markdown=notes.md
  bonafide diff old.json ghcr.io/acme/app:1.4.2 --repo acme/app --output html=changes.html
  bonafide diff old.json new.json --output json

Both images are judged by the same policy, and only evidence that verifies and that a signer of the policy signed is
compared. A name that ends in .json is a report, as `bonafide verify --output json=FILE` writes it: what it says is believed,
and it does not list packages. Differences do not change the exit code: `verify --not-weaker-than` rejects weaker images.

Exit codes: 0 both verified, 1 rejected, 2 usage, 3 undecided, 4 absent";

#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES, override_usage = "bonafide diff [OPTIONS] <OLD> <NEW>")]
#[command(mut_arg("references", |arg| arg.value_names(["OLD", "NEW"]).num_args(2).help(
    "The older and the newer image, or JSON reports about them"
)))]
#[command(mut_arg("output", |arg| arg.value_parser(OutputParser::of_diffs())))]
#[command(mut_args(|arg| {
    let is_of_verdicts =
        ["wait", "expect_digest", "verifier", "from", "bundle", "sums", "save", "not_weaker_than", "failed_only", "replay", "at"].contains(&arg.get_id().as_str());
    if is_of_verdicts { arg.hide(true) } else { arg }
}))]
pub(in crate::cli) struct DiffArgs {
    #[command(flatten)]
    pub(in crate::cli) verify: VerifyArgs,
}
