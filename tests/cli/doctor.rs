//! `bonafide doctor`: a line for each thing between this machine and a verdict, and never a secret.

use serde_json::{Value, json};

use crate::program::{Program, Run, Scratch};
use crate::shop::{NAME, Served, Shop};
use crate::support::digest::hex;
use crate::support::image::IMAGE_MANIFEST;
use crate::support::json::base64;
use crate::support::registry::{Access, Referrers, Response, fault};
use crate::support::tls::file;

const USER: &str = "robot";
const PASSWORD: &str = "correct-horse-battery";

/// Runs it in a folder of its own.
fn doctor(folder: &Scratch, arguments: &[&str], prepare: impl FnOnce(Program) -> Program) -> Run {
    let program = Program::new(["doctor"].iter().chain(arguments)).within(folder.directory());
    let run = prepare(program).run();
    for secret in [PASSWORD.to_owned(), base64(format!("{USER}:{PASSWORD}"))] {
        assert!(!run.stdout.contains(&secret) && !run.stderr.contains(&secret), "{}{}", run.stdout, run.stderr);
    }
    assert_eq!(run.stderr, "");
    run
}

fn of_image(served: &Served, more: &[&str]) -> Run {
    let reference = served.by_tag();
    doctor(&Scratch::new(), &[&[reference.as_str()], more].concat(), |program| program)
}

/// The line of a topic, with its state in front.
#[track_caller]
fn line<'a>(run: &'a Run, topic: &str) -> &'a str {
    let mut lines = run.stdout.lines().filter(|line| line.split_whitespace().nth(1) == Some(topic));
    lines.next().unwrap_or_else(|| panic!("no `{topic}` in\n{}", run.stdout))
}

#[test]
fn a_registry_that_answers_is_described() {
    let served = Shop::with_bundles().serve();
    let run = of_image(&served, &[]);
    assert_eq!(run.exit, 0, "{}", run.stdout);
    assert!(line(&run, "registry").starts_with("ok "), "{}", run.stdout);
    assert!(line(&run, "referrers").contains("supported: 3 attached"), "{}", run.stdout);
    assert!(line(&run, "login").contains("none for "), "{}", run.stdout);
    assert!(line(&run, "proxy").contains("none for this registry"), "{}", run.stdout);
    assert!(line(&run, "policy").contains("no bonafide.yaml"), "{}", run.stdout);
    assert!(run.stdout.contains("public-good: comes with this version, of "), "{}", run.stdout);
    assert!(line(&run, "environment").contains("HTTPS_PROXY"), "{}", run.stdout);
    served.registry.list_referrers(Referrers::Unsupported);
    let run = of_image(&served, &[]);
    assert!(line(&run, "referrers").contains("not supported: attached evidence is listed under the tag sha256-"));
}

#[test]
fn what_the_registry_refuses_is_an_error_with_the_fix() {
    let served = Shop::with_bundles().serve();
    served.registry.restrict(Access::token(USER, PASSWORD));
    let run = of_image(&served, &[]);
    assert_eq!(run.exit, 3, "{}", run.stdout);
    let at = run.stdout.find("error    registry").expect("an error");
    assert!(run.stdout[at..].lines().nth(1).is_some_and(|next| next.contains("→ ")), "{}", run.stdout);
    let offline = of_image(&served, &["--offline"]);
    assert!(offline.exit == 0 && line(&offline, "registry").contains("not asked"), "{}", offline.stdout);
}

#[test]
fn a_login_is_named_by_whose_it_is_and_where_it_is_from() {
    let served = Shop::with_bundles().serve();
    served.registry.restrict(Access::token(USER, PASSWORD));
    let reference = served.by_tag();
    let config = Scratch::new();
    let auth = json!({"auth": base64(format!("{USER}:{PASSWORD}"))});
    let file = config.write("config.json", json!({"auths": {served.registry.host(): auth}}).to_string());
    let with = |program: Program| program.env("DOCKER_CONFIG", config.directory());
    let run = doctor(&Scratch::new(), &[&reference], with);
    assert_eq!(run.exit, 0, "{}", run.stdout);
    let said = format!("robot's, for {}, from {file}", served.registry.host());
    assert!(line(&run, "login").ends_with(&said), "{}", run.stdout);
    config.write("config.json", "{");
    let run = doctor(&Scratch::new(), &[&reference], with);
    assert_eq!(run.exit, 3);
    assert!(line(&run, "login").starts_with("error") && line(&run, "login").contains(&file), "{}", run.stdout);
    let token = doctor(&Scratch::new(), &[&reference], |program| program.env("BONAFIDE_REGISTRY_TOKEN", PASSWORD));
    assert!(line(&token, "login").contains("a registry token"), "{}", token.stdout);
}

#[test]
fn a_clock_that_is_wrong_is_said() {
    let served = Shop::with_bundles().serve();
    served.registry.bend("", fault::header("Date", "Mon, 21 Sep 2020 15:13:20 GMT"));
    let run = of_image(&served, &[]);
    assert_eq!(run.exit, 3, "{}", run.stdout);
    assert!(line(&run, "clock").starts_with("error") && line(&run, "clock").contains(" ahead of the registry's"));
}

#[test]
fn the_policy_says_which_rule_is_about_the_image() {
    let served = Shop::with_bundles().serve();
    let reference = served.by_tag();
    let folder = Scratch::new();
    let run_with = |arguments: &[&str]| doctor(&folder, arguments, |program| program);
    folder.write("bonafide.yml", "version: 1\n");
    let run = run_with(&[]);
    assert!(run.exit == 0 && line(&run, "policy").starts_with("warning"), "{}", run.stdout);
    assert!(line(&run, "policy").contains("`bonafide.yml` is not read"), "{}", run.stdout);
    let rule = |pattern: &str| {
        format!(
            "version: 1\nimages:\n- name: shop\n  match: '{pattern}'\n  signers: [{{github: acme/shop}}]\n  require: [signature]\n"
        )
    };
    folder.write("bonafide.yaml", rule("**"));
    let run = run_with(&[&reference]);
    assert!(run.stdout.contains("shop (line 3) asks for signature"), "{}", run.stdout);
    assert!(line(&run, "policy").contains("lint warning"), "every branch may sign: {}", run.stdout);
    folder.write("bonafide.yaml", rule("ghcr.io/acme/*"));
    let run = run_with(&[&reference]);
    assert!(run.exit == 3 && run.stdout.contains("\nerror    policy"), "{}", run.stdout);
    folder.write("bonafide.yaml", "version: 1\nimages: 7\n");
    let run = run_with(&[]);
    assert!(run.exit == 3 && line(&run, "policy").contains("bonafide.yaml"), "{}", run.stdout);
}

#[test]
fn json_has_the_same_lines() {
    let served = Shop::with_bundles().serve();
    let run = of_image(&served, &["--output", "json"]);
    let shown: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!((&shown["schemaVersion"], &shown["reference"]), (&json!(1), &json!(served.by_tag())));
    let topics: Vec<&str> =
        shown["lines"].as_array().expect("lines").iter().filter_map(|line| line["topic"].as_str()).collect();
    for topic in ["login", "proxy", "certificates", "registry", "referrers", "trusted root", "policy", "environment"] {
        assert!(topics.contains(&topic), "{topic} in {topics:?}");
    }
    let layout = format!("oci:{}/fixtures/images/signed", env!("CARGO_MANIFEST_DIR"));
    let run = doctor(&Scratch::new(), &[&layout], |program| program);
    assert!(run.exit == 0 && line(&run, "layout").contains("no registry is asked"), "{}", run.stdout);
}

#[test]
fn a_root_in_a_file_is_one_of_a_file_whatever_it_is_called() {
    let folder = Scratch::new();
    let root = Shop::new().sigstore.trusted_root();
    for name in ["cache", "embedded"] {
        folder.write(name, &root);
        let run = doctor(&folder, &["--trusted-root", name], |program| program);
        let said = line(&run, "trusted");
        assert!(
            said.contains(&format!(": {name}")) && !said.contains("TUF") && !said.contains("this version"),
            "{said}"
        );
    }
}

#[test]
fn the_token_of_github_has_no_name() {
    let run = doctor(&Scratch::new(), &["ghcr.io/acme/shop:1"], |program| program.env("GH_TOKEN", PASSWORD));
    let said = line(&run, "login");
    assert!(said.contains("a token, for ghcr.io, from GH_TOKEN or GITHUB_TOKEN") && !said.contains("unset"), "{said}");
}

#[test]
fn where_a_mirror_is_asked_the_lines_are_about_the_mirror() {
    let served = Shop::with_bundles().serve();
    let host = served.registry.host();
    let mirror = format!("registry.invalid={host}");
    let config = Scratch::new();
    let auth = json!({"auth": base64(format!("{USER}:{PASSWORD}"))});
    config.write("config.json", json!({"auths": {"registry.invalid": auth}}).to_string());
    let arguments = ["registry.invalid/acme/shop:1.0.0", "--mirror", &mirror];
    let run = doctor(&Scratch::new(), &arguments, |program| program.env("DOCKER_CONFIG", config.directory()));
    assert_eq!(run.exit, 0, "{}", run.stdout);
    assert!(line(&run, "login").contains(&format!("none for {host}")), "{}", run.stdout);
    assert!(line(&run, "certificates").contains("none: this machine is asked without TLS"), "{}", run.stdout);
    assert!(line(&run, "registry").contains(&format!("{host} answers")), "{}", run.stdout);
}

#[test]
fn authorities_are_of_no_use_without_tls() {
    let served = Shop::with_bundles().serve();
    let run = of_image(&served, &["--plain-http", "--ca-file", &file("authority.pem")]);
    assert!(line(&run, "certificates").contains("none: this machine is asked without TLS"), "{}", run.stdout);
}

#[test]
fn the_fallback_tag_of_a_long_digest_is_cut_short() {
    let served = Shop::new().serve();
    let bytes = served.shop.image.top.bytes.clone();
    let digest = format!("sha512:{}", hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, &bytes).as_ref()));
    served.registry.list_referrers(Referrers::Unsupported);
    served.registry.bend("/manifests/sha512:", move |response| {
        *response = Response::new(200, IMAGE_MANIFEST, bytes.clone());
    });
    let reference = served.registry.reference(NAME, &digest);
    let run = doctor(&Scratch::new(), &[&reference], |program| program);
    let tag = digest.replace(':', "-");
    assert!(line(&run, "referrers").ends_with(&tag[..7 + 64]), "{}", run.stdout);
}

#[test]
fn a_new_login_for_docker_hub_is_made_as_docker_makes_it() {
    let config = Scratch::new();
    config.write("config.json", "{");
    let run = doctor(&Scratch::new(), &["alpine:3"], |program| program.env("DOCKER_CONFIG", config.directory()));
    assert!(run.stdout.contains("`docker login`"), "{}", run.stdout);
}

#[test]
fn a_policy_that_is_named_is_the_one_whatever_else_is_there() {
    let folder = Scratch::new();
    folder.write("bonafide.yml", "version: 1\n");
    let text =
        "version: 1\nimages:\n- match: '**'\n  signers: [{github: {repository: acme/shop, ref: 'refs/tags/v*'}}]\n";
    folder.write("other.yaml", text);
    let run = doctor(&folder, &["--policy", "other.yaml"], |program| program);
    assert!(!run.stdout.contains("bonafide.yml"), "{}", run.stdout);
}
