//! containerd's image verifier: called as containerd calls it, with the folder of a node.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use crate::program::{Folder, Program, REPOSITORY, Run, fixture, serve};
use crate::support::json::base64;
use crate::support::registry::{Access, Registry, fault};

const MEDIA_TYPE: &str = "application/vnd.oci.descriptor.v1+json";

/// The folder of a node, whose policy is about this registry.
struct Node {
    folder: Folder,
    flags: Vec<String>,
}

impl Node {
    fn of(host: &str) -> Node {
        let folder = Folder::new();
        let policy = format!(
            "version: 1\nimages:\n  - match: {host}/acme/*\n    signers: [{{github: acme/shop}}]\n    require:\n      signature: {{}}\n"
        );
        folder.write("node/bonafide.yaml", policy);
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/trust/lab.trusted_root.json");
        fs::copy(root, folder.path().join("node/trusted_root.json")).expect("a trusted root");
        let at = |name: &str| folder.path().join(name).display().to_string();
        let flags = vec![
            format!("--login-file={}", at("kubelet.json")),
            format!("--certs-dir={}", at("certs.d")),
            format!("--cache={}", at("cache")),
        ];
        Node { folder, flags }
    }

    fn with(mut self, flag: &str) -> Node {
        self.flags.push(flag.to_owned());
        self
    }

    /// Calls the program as containerd does.
    fn call(&self, name: &str, digest: &str, descriptor: &str) -> Run {
        self.folder.write("node/flags", format!("# of a test\n\n{}\n", self.flags.join("\n")));
        let folder = self.folder.path().join("node");
        let folder = folder.to_str().expect("text");
        let arguments = ["-config", folder, "-name", name, "-digest", digest, "-stdin-media-type", MEDIA_TYPE];
        Program::new(arguments).stdin(descriptor).run()
    }

    fn pull(&self, name: &str, digest: &str) -> Run {
        let descriptor = format!(r#"{{"mediaType":"x","digest":"{digest}","size":7}}"#);
        self.call(name, digest, &descriptor)
    }
}

fn digest(image: &str) -> String {
    fixture(image).tags["v1.0.0"].clone()
}

#[test]
fn the_files_of_the_integration_are_taken() {
    let (registry, name) = serve("signed");
    let mut node = Node::of(&registry.host());
    let example = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("integrations/containerd").join(name);
        fs::read_to_string(path).expect("an example")
    };
    let flags = example("flags");
    // Also those that are shown behind a `#`.
    node.flags.splice(
        0..0,
        flags.lines().map(|line| line.trim_start_matches('#')).filter(|line| line.starts_with("--")).map(str::to_owned),
    );
    let policy = node.folder.path().join("node/bonafide.yaml");
    fs::write(
        policy,
        example("bonafide.yaml")
            .replace("ghcr.io/acme/**", &format!("{}/acme/**", registry.host()))
            .replace("acme/app", "acme/shop"),
    )
    .expect("written");
    // The folders of the machine come last, and are the test's own.
    node.flags.retain(|flag| !flag.contains("/var/lib/rancher") && !flag.starts_with("--platform"));
    let run = node.pull(&name, &digest("signed"));
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{}", run.stdout);
}

/// One line that ends, and what it says.
fn line(run: &Run) -> &str {
    assert_eq!(run.stdout.matches('\n').count(), 1, "{}", run.stdout);
    run.stdout.trim_end()
}

#[test]
fn a_signed_image_is_pulled_and_every_other_is_refused_with_its_reason() {
    for (image, code, reason) in [
        ("signed", 0, "verified: "),
        ("unsigned", 4, "absent: "),
        ("other-signer", 1, "rejected: "),
        ("multi-platform", 0, "verified: "),
    ] {
        let (registry, name) = serve(image);
        let run = Node::of(&registry.host()).pull(&name, &digest(image));
        assert_eq!((run.exit, run.stderr.as_str()), (code, ""), "{image}: {}", run.stdout);
        assert!(line(&run).starts_with(reason) && line(&run).contains(&digest(image)), "{}", run.stdout);
    }
    let (registry, name) = serve("other-signer");
    let run = Node::of(&registry.host()).pull(&name, &digest("other-signer"));
    assert!(line(&run).contains("expected") && line(&run).contains("bonafide explain signer-"), "{}", run.stdout);
}

#[test]
fn a001_the_digest_is_judged_and_never_the_tag() {
    let (registry, name) = serve("signed");
    let other = fixture("unsigned");
    registry.edit(REPOSITORY, |content| {
        content.manifests.extend(other.manifests.clone());
        content.blobs.extend(other.blobs.clone());
        content.images.extend(other.images.clone());
    });
    let node = Node::of(&registry.host());
    let run = node.pull(&name, &digest("unsigned"));
    assert_eq!(run.exit, 4, "the tag names a signed image, and another digest is pulled: {}", run.stdout);
    let moved = other.tags["v1.0.0"].clone();
    registry.edit(REPOSITORY, |content| content.tags.insert("v1.0.0".to_owned(), moved));
    assert_eq!(node.pull(&name, &digest("signed")).exit, 0, "the tag has moved since");
    assert!(!registry.paths().iter().any(|path| path.ends_with("/manifests/v1.0.0")), "{:?}", registry.paths());
}

#[test]
fn a_call_about_two_digests_is_refused() {
    let (registry, name) = serve("signed");
    let node = Node::of(&registry.host());
    let (signed, unsigned) = (digest("signed"), digest("unsigned"));
    for (name, descriptor) in [
        (name.clone(), format!(r#"{{"digest":"{unsigned}"}}"#)),
        (format!("{name}@{unsigned}"), format!(r#"{{"digest":"{signed}"}}"#)),
        (name.clone(), String::new()),
        ("--policy=x".to_owned(), format!(r#"{{"digest":"{signed}"}}"#)),
        (format!("{name} x"), format!(r#"{{"digest":"{signed}"}}"#)),
    ] {
        let run = node.call(&name, &signed, &descriptor);
        assert_eq!(run.exit, 2, "{name} {descriptor}: {}", run.stdout);
        assert!(line(&run).starts_with("not judged: "), "{}", run.stdout);
    }
    assert_eq!(registry.paths(), Vec::<String>::new());
}

#[test]
fn the_program_is_known_by_its_name_or_by_its_first_argument() {
    let folder = Folder::new();
    let link = folder.path().join("bonafide-containerd");
    symlink(env!("CARGO_BIN_EXE_bonafide"), &link).expect("a link");
    let output = std::process::Command::new(link).env_clear().output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("not judged: "), "{output:?}");
    let usual = Program::new(["--version"]).run();
    assert_eq!(usual.exit, 0, "{}", usual.stderr);
}

#[test]
fn a_node_that_is_not_set_up_pulls_nothing() {
    let (registry, name) = serve("signed");
    let without_policy = Node::of(&registry.host());
    fs::remove_file(without_policy.folder.path().join("node/bonafide.yaml")).expect("removed");
    let run = without_policy.pull(&name, &digest("signed"));
    assert_eq!(run.exit, 2, "{}", run.stdout);
    assert!(line(&run).contains("cannot read the policy"), "{}", run.stdout);
    let other = Node::of("registry.example");
    let run = other.pull(&name, &digest("signed"));
    assert_eq!(run.exit, 2, "no rule: {}", run.stdout);
    for flag in ["--policy=other.yaml", "--repo=mallory/shop", "--no-policy", "ghcr.io/mallory/x", "--nonsense"] {
        let run = Node::of(&registry.host()).with(flag).pull(&name, &digest("signed"));
        assert_eq!(run.exit, 2, "{flag}: {}", run.stdout);
        assert!(line(&run).contains("node/flags"), "{}", run.stdout);
    }
    assert_eq!(registry.paths(), Vec::<String>::new());
}

#[test]
fn what_is_undecided_is_refused_unless_the_node_names_the_registry() {
    let (registry, name) = serve("signed");
    registry.bend("/v2/", fault::status(500));
    let digest = digest("signed");
    let run = Node::of(&registry.host()).pull(&name, &digest);
    assert_eq!(run.exit, 3, "{}", run.stdout);
    let other = Node::of(&registry.host()).with("--allow-undecided=registry.example");
    assert_eq!(other.pull(&name, &digest).exit, 3);
    let allowed = format!("--allow-undecided={}", registry.host());
    let run = Node::of(&registry.host()).with(&allowed).pull(&name, &digest);
    assert_eq!(run.exit, 0, "{}", run.stdout);
    assert!(line(&run).starts_with("NOT VERIFIED, pulled because of --allow-undecided="), "{}", run.stdout);
    // What is decided is refused as ever.
    for image in ["unsigned", "other-signer"] {
        let (registry, name) = serve(image);
        let node = Node::of(&registry.host()).with(&format!("--allow-undecided={}", registry.host()));
        assert_ne!(node.pull(&name, &self::digest(image)).exit, 0, "{image}");
    }
}

#[test]
fn a_digest_that_was_verified_is_asked_for_once() {
    let (registry, name) = serve("signed");
    let digest = digest("signed");
    let node = Node::of(&registry.host());
    assert!(line(&node.pull(&name, &digest)).starts_with("verified: "));
    let asked = registry.paths().len();
    let again = node.pull(&name, &digest);
    assert!(again.exit == 0 && line(&again).starts_with("verified at 20"), "{}", again.stdout);
    assert_eq!(registry.paths().len(), asked);

    // Under another name, policy or trusted root, and for another digest, it is verified anew.
    registry.bend("/v2/", fault::status(500));
    assert_eq!(node.pull(&format!("{name}-other"), &digest).exit, 3);
    assert_eq!(node.pull(&name, &self::digest("unsigned")).exit, 3);
    let policy = node.folder.path().join("node/bonafide.yaml");
    let text = fs::read_to_string(&policy).expect("the policy");
    fs::write(&policy, text.replace("github: acme/shop", "github: acme/other")).expect("written");
    assert_eq!(node.pull(&name, &digest).exit, 3);
    fs::write(&policy, &text).expect("written");
    assert_eq!(node.pull(&name, &digest).exit, 0);
    let root = node.folder.path().join("node/trusted_root.json");
    let bytes = fs::read(&root).expect("the root");
    fs::write(&root, [bytes.as_slice(), b" "].concat()).expect("written");
    assert_eq!(node.pull(&name, &digest).exit, 3);
    fs::write(&root, bytes).expect("written");
    assert_eq!(node.with("--no-cache").pull(&name, &digest).exit, 3);
}

#[test]
fn what_was_refused_is_asked_for_again() {
    let (registry, name) = serve("signed");
    let node = Node::of(&registry.host());
    registry.bend("/v2/", fault::status(500));
    assert_eq!(node.pull(&name, &digest("signed")).exit, 3);
    registry.mend();
    assert_eq!(node.pull(&name, &digest("signed")).exit, 0);
}

#[test]
fn many_calls_at_once_agree() {
    let (registry, name) = serve("signed");
    let node = Node::of(&registry.host());
    let digest = digest("signed");
    node.pull("x", "y");
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..8).map(|_| scope.spawn(|| node_call(&node, &name, &digest))).collect();
        for call in calls {
            let run = call.join().expect("a call");
            assert_eq!(run.exit, 0, "{}{}", run.stdout, run.stderr);
        }
    });
    let left = fs::read_dir(node.folder.path().join("cache")).expect("the cache").count();
    assert_eq!(left, 1);
}

/// A call that writes no flags: several at once would read half of them.
fn node_call(node: &Node, name: &str, digest: &str) -> Run {
    let folder = node.folder.path().join("node");
    let folder = folder.to_str().expect("text");
    let arguments = ["-config", folder, "-name", name, "-digest", digest, "-stdin-media-type", MEDIA_TYPE];
    Program::new(arguments).stdin(format!(r#"{{"digest":"{digest}"}}"#)).run()
}

#[test]
fn logins_come_from_the_files_of_the_node_alone() {
    let (registry, name) = serve("signed");
    registry.restrict(Access::token("alice", "correct-horse-battery"));
    let digest = digest("signed");
    let auth = base64("alice:correct-horse-battery");
    let file = format!(r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#, registry.host());
    assert_eq!(Node::of(&registry.host()).pull(&name, &digest).exit, 3, "without a login");
    for place in ["node/config.json", "kubelet.json"] {
        let node = Node::of(&registry.host());
        node.folder.write(place, &file);
        let run = node.pull(&name, &digest);
        assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{place}: {}", run.stdout);
    }
}

#[test]
fn images_are_asked_for_where_containerd_asks() {
    let mirror = Registry::serving(REPOSITORY, fixture("signed"));
    let empty = Registry::start();
    let stale = Registry::serving(REPOSITORY, fixture("unsigned"));
    let digest = digest("signed");
    let node = |hosts: &str| {
        let node = Node::of("registry.invalid");
        node.folder.write("certs.d/registry.invalid/hosts.toml", hosts);
        node
    };
    let of = |registry: &Registry| format!("[host.\"{}\"]\n", registry.url());
    let run = node(&of(&mirror)).pull("registry.invalid/acme/shop:v1.0.0", &digest);
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    let run = node(&format!("{}{}", of(&empty), of(&mirror))).pull("registry.invalid/acme/shop:v1.0.0", &digest);
    assert_eq!(run.exit, 0, "the first has nothing: {}", run.stdout);
    // No mirror makes an unsigned image a signed one, and none that has nothing decides.
    let run = node(&of(&stale)).pull("registry.invalid/acme/shop:v1.0.0", &self::digest("unsigned"));
    assert_eq!(run.exit, 3, "{}", run.stdout);
    // One that says that there is no evidence is no registry that cannot be asked.
    let lenient = node(&of(&stale)).with("--allow-undecided=registry.invalid");
    assert_ne!(lenient.pull("registry.invalid/acme/shop:v1.0.0", &self::digest("unsigned")).exit, 0);
    // One that is silent leaves time for the next.
    let silent = Registry::serving(REPOSITORY, fixture("signed"));
    silent.bend("/v2/", fault::delayed(Duration::from_secs(20)));
    let hosts = format!("{}{}", of(&silent), of(&mirror));
    let run = node(&hosts).with("--timeout=6s").pull("registry.invalid/acme/shop:v1.0.0", &digest);
    assert_eq!(run.exit, 0, "the first is silent: {}", run.stdout);
    // A mirror of the node's own takes their place.
    let own = format!("--mirror=registry.invalid={}", mirror.host());
    let run = node(&of(&empty)).with(&own).pull("registry.invalid/acme/shop:v1.0.0", &digest);
    assert_eq!(run.exit, 0, "{}", run.stdout);
    let run = node("[host").pull("registry.invalid/acme/shop:v1.0.0", &digest);
    assert_eq!(run.exit, 3, "{}", run.stdout);
    assert!(line(&run).contains("hosts.toml"), "{}", run.stdout);
}

#[test]
fn the_answer_comes_before_the_time_is_up() {
    let (registry, name) = serve("signed");
    registry.bend("/referrers/", fault::delayed(Duration::from_secs(20)));
    let began = Instant::now();
    let run = Node::of(&registry.host()).with("--timeout=2s").pull(&name, &digest("signed"));
    assert_eq!(run.exit, 3, "{}", run.stdout);
    assert!(!line(&run).is_empty());
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}
