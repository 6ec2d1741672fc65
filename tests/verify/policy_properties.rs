//! What must hold for any policy file: whatever makes it stricter never makes an image verified.

use bonafide::check::Verdict;
use bonafide::evidence::Content;

use crate::policy_files::{judge, policy};
use crate::support::sigstore::{Identity, Version};
use crate::world::{World, bundle};

/// Numbers that look random and are the same in every run (Marsaglia's xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).expect("below a usize")
    }
}

/// Globs for refs, each narrower than the one before it.
const REFS: [&str; 4] = ["\"**\"", "refs/**", "refs/tags/v*", "refs/tags/v1.0.0"];
/// The same for repositories.
const REPOSITORIES: [&str; 3] = ["acme/*", "acme/s*", "acme/shop"];
const REQUIREMENTS: [&str; 3] = ["signature", "provenance", "sbom"];

#[derive(Clone)]
struct Signer {
    repository: usize,
    reference: usize,
}

/// One rule: how many of which signers, and what they must have signed.
#[derive(Clone)]
struct Rule {
    signers: Vec<Signer>,
    at_least: usize,
    requirements: Vec<usize>,
}

impl Rule {
    fn draw(numbers: &mut Numbers) -> Rule {
        let count = 1 + numbers.below(3);
        let mut signer = || Signer { repository: numbers.below(3), reference: numbers.below(4) };
        let signers: Vec<Signer> = (0..count).map(|_| signer()).collect();
        let at_least = 1 + usize::from(count > 1 && numbers.below(3) == 0);
        let requirements: Vec<usize> = (0..3).filter(|_| numbers.below(2) == 0).collect();
        Rule { signers, at_least, requirements: if requirements.is_empty() { vec![0] } else { requirements } }
    }

    /// Every rule that is stricter by one step, with what was done.
    fn stricter(&self) -> Vec<(&'static str, Rule)> {
        let mut stricter = Vec::new();
        for requirement in (0..3).filter(|one| !self.requirements.contains(one)) {
            let mut more = self.clone();
            more.requirements.push(requirement);
            stricter.push(("adding a requirement", more));
        }
        for position in 0..self.signers.len() {
            let signer = &self.signers[position];
            if signer.reference + 1 < REFS.len() {
                let mut narrower = self.clone();
                narrower.signers[position].reference += 1;
                stricter.push(("narrowing a ref", narrower));
            }
            if signer.repository + 1 < REPOSITORIES.len() {
                let mut narrower = self.clone();
                narrower.signers[position].repository += 1;
                stricter.push(("narrowing a repository", narrower));
            }
            // As many as before must have signed, of fewer.
            if self.signers.len() > self.at_least {
                let mut fewer = self.clone();
                fewer.signers.remove(position);
                stricter.push(("removing a signer", fewer));
            }
        }
        if self.signers.len() > self.at_least {
            stricter.push(("asking for one more of them", Rule { at_least: self.at_least + 1, ..self.clone() }));
        }
        stricter
    }

    fn text(&self, name: &str) -> String {
        let signers: Vec<String> = self
            .signers
            .iter()
            .map(|one| {
                format!("{{github: {{repository: {}, ref: {}}}}}", REPOSITORIES[one.repository], REFS[one.reference])
            })
            .collect();
        let requirements: Vec<&str> = self.requirements.iter().map(|one| REQUIREMENTS[*one]).collect();
        format!(
            "  - match: registry.test/**\n    name: {name}\n    signers: {{at-least: {}, of: [{}]}}\n    require: [{}]\n",
            self.at_least,
            signers.join(", "),
            requirements.join(", ")
        )
    }
}

fn pool(world: &World) -> Vec<Content> {
    let tag = world.identity.clone();
    let branch = Identity::github_workflow("acme/shop", ".github/workflows/release.yml", "refs/heads/main");
    let sister = Identity::github_workflow("acme/web", ".github/workflows/release.yml", "refs/tags/v1.0.0");
    [
        world.instance.sign_image(&tag, &world.subject),
        world.instance.sign_image(&branch, &world.subject),
        world.instance.sign_image(&sister, &world.subject),
        world.signed_provenance(),
        world.instance.attest(&tag, &world.sbom()),
        world.instance.attest(&sister, &world.sbom()),
    ]
    .iter()
    .map(|signed| bundle(&signed.bundle(Version::V03)))
    .collect()
}

#[test]
fn a_stricter_policy_never_makes_it_verified() {
    let world = World::new();
    let pool = pool(&world);
    let mut numbers = Numbers(0x5eed_0006);
    let mut seen = [0, 0];
    for _ in 0..16 {
        let contents: Vec<Content> = pool.iter().filter(|_| numbers.below(4) > 0).cloned().collect();
        let is_verified = |rules: &str| judge(&world, &policy(rules), contents.clone()).verdict == Verdict::Verified;
        let rule = Rule::draw(&mut numbers);
        let before = is_verified(&rule.text("one"));
        seen[usize::from(before)] += 1;
        if before {
            continue;
        }
        for (what, stricter) in rule.stricter() {
            assert!(!is_verified(&stricter.text("one")), "{what} made it verified:\n{}", stricter.text("one"));
        }
        let another = format!("{}{}", rule.text("one"), Rule::draw(&mut numbers).text("two"));
        assert!(!is_verified(&another), "another rule made it verified:\n{another}");
    }
    assert!(seen[0] > 4 && seen[1] > 4, "the draws must reach both: {seen:?}");
}
