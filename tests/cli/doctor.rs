//! `bonafide doctor`: a line for each thing between this machine and a verdict, and never a secret.

use serde_json::{Value, json};

use crate::program::{Program, Run, Scratch};
use crate::shop::{Served, Shop};
use crate::support::json::base64;
use crate::support::registry::{Access, Referrers, fault};

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
