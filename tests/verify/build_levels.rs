//! The build level of a whole image: what every platform reaches, by what satisfies the requirement there.

use bonafide::check::{ImageReport, Verdict};
use bonafide::evidence::{Candidate, SubjectKind};
use bonafide::oci::{Algorithm, Digest};
use bonafide::verify::verify;
use jiff::SignedDuration;
use serde_json::json;

use crate::policy_files::{policy, rule};
use crate::support::sigstore::{SIGNING_TIME, Version};
use crate::support::statement::Subject;
use crate::world::{World, bundle, candidate, evidence, manifest};

/// Who built it: GitHub for the workflow that signed, which is level 2, or whoever it says, which is level 1.
#[derive(Clone, Copy)]
enum Builder {
    Workflow,
    Unknown,
}

const TWO: Builder = Builder::Workflow;
const ONE: Builder = Builder::Unknown;

struct Index {
    world: World,
    root: Digest,
    platforms: [Digest; 2],
}

impl Index {
    fn new() -> Index {
        let [root, amd64, arm64] =
            ["index", "amd64", "arm64"].map(|text| Digest::of(Algorithm::Sha256, text.as_bytes()));
        Index { world: World::new(), root, platforms: [amd64, arm64] }
    }

    fn provenance(&self, place: usize, of: &Digest, builder: Builder) -> Candidate {
        let mut statement = self.world.provenance();
        statement["subject"][0] = Subject::new("registry.test/acme/shop", &of.to_string()).to_json();
        if let Builder::Unknown = builder {
            statement["predicate"]["runDetails"]["builder"]["id"] = json!("https://builds.acme.example/builder");
        }
        candidate(of, place, bundle(&self.world.signer().attest(&statement).bundle(Version::V03)))
    }

    fn judge(&self, require: &str, attached: &[(&Digest, Builder)]) -> ImageReport {
        let platform = |name: &str| SubjectKind::Image(name.parse().ok());
        let [amd64, arm64] = &self.platforms;
        let mut collected = evidence(&self.root, []);
        collected.target.subjects = vec![
            manifest(&self.root, SubjectKind::Index, &[]),
            manifest(amd64, platform("linux/amd64"), &[&self.root]),
            manifest(arm64, platform("linux/arm64"), &[&self.root]),
        ];
        let attached = attached.iter().enumerate();
        collected.candidates = attached.map(|(place, (of, builder))| self.provenance(place, of, *builder)).collect();
        let rules = policy(&rule(&["signers: [{github: acme/shop}]", require]));
        verify(&collected, &rules, &[self.world.domain()], SIGNING_TIME + SignedDuration::from_hours(1))
    }

    fn level(&self, attached: &[(&Digest, Builder)]) -> (Verdict, Option<u8>) {
        let report = self.judge("require: [provenance]", attached);
        (report.verdict, report.requirements[0].build_level)
    }
}

#[test]
fn a_platform_reaches_the_best_that_satisfies_and_the_image_the_least_of_its_platforms() {
    let index = Index::new();
    let [amd64, arm64] = &index.platforms;
    let verified = |level| (Verdict::Verified, Some(level));
    assert_eq!(index.level(&[(&index.root, TWO)]), verified(2));
    assert_eq!(index.level(&[(&index.root, ONE)]), verified(1));
    assert_eq!(index.level(&[(&index.root, ONE), (&index.root, TWO)]), verified(2));
    assert_eq!(index.level(&[(amd64, TWO), (arm64, ONE)]), verified(1));
    assert_eq!(index.level(&[(amd64, TWO), (arm64, TWO)]), verified(2));
    assert_eq!(index.level(&[(&index.root, ONE), (amd64, TWO)]), verified(1), "the other platform has only the first");
    assert_eq!(index.level(&[(&index.root, ONE), (amd64, TWO), (arm64, TWO)]), verified(2));
}

#[test]
fn an_image_that_is_not_covered_has_no_level() {
    let index = Index::new();
    assert_eq!(index.level(&[(&index.platforms[0], TWO)]), (Verdict::Absent, None));
    assert_eq!(index.level(&[]), (Verdict::Absent, None));
    let refused = index.judge("require: {provenance: {level: 2}}", &[(&index.root, ONE)]);
    assert_eq!((refused.verdict, refused.requirements[0].build_level), (Verdict::Rejected, None));
}
