//! A build of a pull request that a repository alone lets pass is warned of.

use crate::program::Program;
use crate::shop::{NAME, Shop};
use crate::support::statement::Build;

#[test]
fn a_build_of_a_pull_request_that_passes_is_warned_of_unless_a_ref_is_pinned() {
    let mut shop = Shop::new();
    shop.identity = Build::github(NAME, ".github/workflows/release.yml", "refs/pull/7/merge").identity();
    let top = shop.top();
    let signed = shop.signature(&top);
    shop.attach(&top, &signed);
    let served = shop.serve();
    let reference = served.by_tag();
    let verify = |flags: &[&str]| {
        let common = ["verify", &reference, "--trusted-root", &served.root, "--require", "signature", "-q"];
        Program::new(common.iter().chain(flags)).run()
    };
    for flags in [["--repo", NAME], ["--owner", "acme"]] {
        let run = verify(&flags);
        assert_eq!(run.exit, 0, "{}", run.stderr);
        let said = format!("is signed by a build of a pull request (refs/pull/7/merge): {} alone", flags[0]);
        assert!(run.stderr.contains(&said) && run.stderr.contains("--source-ref"), "{}", run.stderr);
    }
    assert_eq!(verify(&["--repo", NAME, "--source-ref", "refs/pull/7/merge"]).stderr, "");
    let repository = format!("{}/{NAME}", served.registry.host());
    let audit = ["audit", &repository, "--trusted-root", &served.root, "--require", "signature", "-q", "--repo", NAME];
    let run = Program::new(audit).run();
    assert!(run.exit == 0 && run.stderr.contains("a build of a pull request (refs/pull/7/merge)"), "{}", run.stderr);
}
