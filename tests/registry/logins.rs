//! Logins: found where people have them, shown to whom they are for, and to nobody else.

use crate::program::{self, Folder, Program, Run, serve};
use crate::support::json::base64;
use crate::support::registry::{Access, Registry, Request, Response, fault};

const USER: &str = "alice";
const PASSWORD: &str = "correct-horse-battery";

fn auths(host: &str) -> String {
    format!(r#"{{"auths":{{"{host}":{{"auth":"{}"}}}}}}"#, base64(format!("{USER}:{PASSWORD}")))
}

fn assert_verified(run: &Run) {
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{}", run.stdout);
}

/// The authorizations that a registry was shown, each once, in order.
fn shown(registry: &Registry) -> Vec<String> {
    let mut shown: Vec<String> =
        registry.requests().iter().filter_map(|request| request.header("Authorization").map(str::to_owned)).collect();
    shown.dedup();
    shown
}

#[test]
fn a_login_is_found_wherever_docker_and_podman_keep_it() {
    let (registry, reference) = serve("signed");
    registry.restrict(Access::token(USER, PASSWORD));
    assert_eq!(program::verify(&[&reference]).run().exit, 3, "without a login");
    for (file, variable, value) in [
        ("docker/config.json", "DOCKER_CONFIG", "docker"),
        (".docker/config.json", "HOME", ""),
        ("named.json", "REGISTRY_AUTH_FILE", "named.json"),
        ("run/containers/auth.json", "XDG_RUNTIME_DIR", "run"),
        (".config/containers/auth.json", "HOME", ""),
    ] {
        let folder = Folder::new();
        folder.write(file, auths(&registry.host()).as_bytes());
        assert_verified(&program::verify(&[&reference]).env(variable, folder.path().join(value)).run());
    }
}

#[test]
fn a_password_is_read_from_standard_input() {
    let (registry, reference) = serve("signed");
    for access in [Access::token(USER, PASSWORD), Access::basic(USER, PASSWORD)] {
        registry.restrict(access);
        let arguments = [reference.as_str(), "--username", USER, "--password-stdin"];
        assert_verified(&program::verify(&arguments).stdin(format!("{PASSWORD}\n")).run());
        assert_eq!(program::verify(&arguments).stdin("wrong\n").run().exit, 3);
        let empty = program::verify(&arguments).run();
        assert_eq!((empty.exit, empty.stdout.as_str()), (2, ""), "{}", empty.stderr);
    }
}

#[test]
fn a_token_for_the_registry_is_shown_as_it_is() {
    let (registry, reference) = serve("signed");
    registry.restrict(Access::token(USER, PASSWORD));
    let token = base64("repository:acme/shop:pull");
    let folder = Folder::new();
    let file = folder.write("token", format!("{token}\n").as_bytes());
    assert_verified(&program::verify(&[&reference]).env("BONAFIDE_REGISTRY_TOKEN", &token).run());
    assert_verified(&program::verify(&[&reference, "--registry-token-file", file.to_str().expect("text")]).run());
    assert_eq!(shown(&registry), [format!("Bearer {token}")]);
    assert!(!registry.paths().iter().any(|path| path.starts_with("/token")), "{:?}", registry.paths());
}

#[test]
fn a015_a_login_given_for_one_registry_is_not_taken_to_two() {
    let arguments = ["a.example/x", "b.example/x", "--username", USER, "--password-stdin"];
    let run = program::verify(&arguments).stdin(PASSWORD).run();
    assert_eq!((run.exit, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("a.example, b.example") && !run.stderr.contains(PASSWORD), "{}", run.stderr);
}

#[test]
fn a015_logins_of_other_registries_are_not_shown() {
    let (registry, reference) = serve("signed");
    registry.restrict(Access::token(USER, PASSWORD));
    let port = registry.host().rsplit(':').next().expect("a port").to_owned();
    let folder = Folder::new();
    for key in ["127.0.0.1".to_owned(), format!("localhost:{port}"), format!("{}0", registry.host()), "*".to_owned()] {
        folder.write("config.json", auths(&key).as_bytes());
        let run = program::verify(&[&reference])
            .env("DOCKER_CONFIG", folder.path())
            .env("GITHUB_TOKEN", PASSWORD)
            .env("GH_TOKEN", PASSWORD)
            .run();
        assert_eq!(run.exit, 3, "{key}");
    }
    assert_eq!(shown(&registry), Vec::<String>::new());
}

#[test]
fn a_public_image_needs_no_login_and_is_shown_none() {
    let (registry, reference) = serve("signed");
    let folder = Folder::new();
    folder.write("config.json", auths(&registry.host()).as_bytes());
    assert_verified(&program::verify(&[&reference]).env("DOCKER_CONFIG", folder.path()).run());
    assert_eq!(shown(&registry), Vec::<String>::new());
}

#[test]
fn a_login_that_reaches_nothing_does_not_hide_a_public_image() {
    let (registry, reference) = serve("signed");
    registry.restrict(Access::anonymous_token());
    let folder = Folder::new();
    folder.write("config.json", auths(&registry.host()).as_bytes());
    // The token server gives this login a token that the registry then refuses.
    let is_for_the_login =
        |request: &Request| request.path.starts_with("/token") && request.header("Authorization").is_some();
    registry.bend_when(is_for_the_login, |response| {
        *response = Response::new(200, "application/json", br#"{"token":"useless"}"#.to_vec());
    });
    assert_verified(&program::verify(&[&reference]).env("DOCKER_CONFIG", folder.path()).run());
    // For what nobody may read, the answer to the login counts.
    registry.restrict(Access::token("somebody", "else"));
    let run = program::verify(&[&reference]).env("DOCKER_CONFIG", folder.path()).run();
    assert_eq!(run.exit, 3);
    assert!(run.stdout.contains("refused the login of `"), "{}", run.stdout);
}

/// Some registries tell strangers "not found" about what is there: that must not take the place of the refusal.
#[test]
fn a_not_found_for_strangers_is_not_the_answer_to_a_login() {
    let (registry, reference) = serve("signed");
    registry.restrict(Access::anonymous_token());
    registry.bend_when(
        |request| request.path.starts_with("/token") && request.header("Authorization").is_some(),
        |response| *response = Response::new(200, "application/json", br#"{"token":"useless"}"#.to_vec()),
    );
    let is_by_a_stranger = |request: &Request| {
        let shown = request.header("Authorization").unwrap_or_default();
        request.path.contains("/manifests/") && shown.starts_with("Bearer ") && shown != "Bearer useless"
    };
    registry.bend_when(is_by_a_stranger, fault::status(404));
    let folder = Folder::new();
    folder.write("config.json", auths(&registry.host()).as_bytes());
    let run = program::verify(&[&reference]).env("DOCKER_CONFIG", folder.path()).run();
    assert_eq!(run.exit, 3);
    let refused = format!("{} refused the login of `", registry.host());
    assert!(run.stdout.contains("status 401") && run.stdout.contains(&refused), "{}", run.stdout);
}

#[cfg(unix)]
mod helpers {
    use super::*;

    /// A folder with a helper `docker-credential-test`, and a configuration that names it.
    fn folder(script: &str) -> Folder {
        let folder = Folder::new();
        folder.write_script("docker-credential-test", script);
        folder.write("config.json", br#"{"credsStore":"test"}"#);
        folder
    }

    fn run(folder: &Folder, reference: &str) -> Run {
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        program::verify(&[reference]).env("DOCKER_CONFIG", folder.path()).env("PATH", path).run()
    }

    #[test]
    fn a_helper_is_asked_for_the_registry_by_name() {
        let (registry, reference) = serve("signed");
        registry.restrict(Access::token(USER, PASSWORD));
        let answer = format!(r#"{{"ServerURL":"","Username":"{USER}","Secret":"{PASSWORD}"}}"#);
        let folder = folder(&format!(
            "[ \"$1\" = get ] || exit 1\n[ \"$(cat)\" = '{}' ] || exit 1\necho x >> '{}'\necho '{answer}'",
            registry.host(),
            registry_calls(&registry).display(),
        ));
        assert_verified(&run(&folder, &reference));
        let calls = std::fs::read_to_string(registry_calls(&registry)).expect("it was called");
        let _ = std::fs::remove_file(registry_calls(&registry));
        assert_eq!(calls, "x\n", "once");
    }

    fn registry_calls(registry: &Registry) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("bonafide-calls-{}", registry.host().replace(':', "-")))
    }

    #[test]
    fn a_failing_helper_is_named_with_what_it_printed() {
        let (registry, reference) = serve("signed");
        registry.restrict(Access::token(USER, PASSWORD));
        let folder =
            folder(r#"cat >/dev/null; printf 'store is locked\033[31m\n' >&2; echo '{"Secret":"hunter2"}'; exit 1"#);
        let run = run(&folder, &reference);
        assert_eq!(run.exit, 3);
        let expected = "`docker-credential-test` failed and printed";
        assert!(run.stdout.contains(expected) && run.stdout.contains("store is locked"), "{}", run.stdout);
        assert!(!run.seen().contains("hunter2") && !run.seen().contains('\u{1b}'), "{}", run.seen());
    }

    #[test]
    fn a_failing_helper_does_not_hide_a_public_image() {
        let (registry, reference) = serve("signed");
        registry.restrict(Access::anonymous_token());
        assert_verified(&run(&folder("exit 1"), &reference));
    }
}

/// Some type a token where the name belongs: it is named nowhere, by no command, and a server may say it back.
#[test]
fn a315_a_token_in_the_place_of_the_name_is_in_no_output() {
    const TOKEN: &str = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";
    let (registry, reference) = serve("signed");
    let repository = format!("{}/acme/shop", registry.host());
    let folder = Folder::new();
    let auth = base64(format!("{TOKEN}:{PASSWORD}"));
    folder.write("config.json", format!(r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#, registry.host()).as_bytes());
    let parrot = format!(r#"{{"errors":[{{"code":"DENIED","message":"who is {TOKEN}?"}}]}}"#);
    registry.bend_when(
        |request| request.header("Authorization").is_some(),
        move |response| *response = Response { body: parrot.clone().into_bytes(), ..Response::error(403, "DENIED") },
    );
    for access in [Access::token(USER, PASSWORD), Access::basic(USER, PASSWORD)] {
        registry.restrict(access);
        for output in ["text", "json"] {
            let flags = ["-vv", "--output", output];
            for (command, at) in
                [("verify", &reference), ("audit", &repository), ("inspect", &reference), ("doctor", &reference)]
            {
                let by = ["--repo", "acme/shop"];
                let by = if matches!(command, "verify" | "audit") { &by[..] } else { &[] };
                let flags = if command == "doctor" { &flags[1..] } else { &flags[..] };
                let arguments = [&[command, at.as_str()], by, flags].concat();
                let stored = Program::new(&arguments).env("DOCKER_CONFIG", folder.path()).run();
                let arguments = [&arguments[..], &["--username", TOKEN, "--password-stdin"]].concat();
                let given = Program::new(&arguments).stdin(PASSWORD).run();
                for run in [stored, given] {
                    assert_eq!(run.exit, 3, "{command}: {}", run.seen());
                    assert!(!run.seen().contains(TOKEN), "{command}: {}", run.seen());
                }
            }
        }
    }
}

/// Registries and token servers that say back what they are shown: no part of any report repeats it.
#[test]
fn no_secret_is_in_any_output() {
    let (registry, reference) = serve("signed");
    let encoded = base64(format!("{USER}:{PASSWORD}"));
    let folder = Folder::new();
    folder.write("config.json", auths(&registry.host()).as_bytes());
    folder.write(
        "identity/config.json",
        format!(r#"{{"auths":{{"{}":{{"identitytoken":"{PASSWORD}"}}}}}}"#, registry.host()).as_bytes(),
    );
    folder.write(
        "broken/config.json",
        format!(r#"{{"auths":{{"{}":{{"auth":["{encoded}"]}}}}}}"#, registry.host()).as_bytes(),
    );
    let parrot = format!(r#"{{"errors":[{{"code":"DENIED","message":"{PASSWORD} {encoded}"}}]}}"#);
    for access in [Access::token(USER, "other"), Access::basic(USER, "other"), Access::token(USER, PASSWORD)] {
        registry.restrict(access);
        let body = parrot.clone();
        registry.bend_when(
            |request| request.header("Authorization").is_some() || !request.body.is_empty(),
            move |response| *response = Response { body: body.clone().into_bytes(), ..Response::error(403, "DENIED") },
        );
        for config in ["", "identity", "broken"] {
            for output in ["text", "json"] {
                let arguments = [reference.as_str(), "-vv", "--output", output];
                let login = program::verify(&arguments).env("DOCKER_CONFIG", folder.path().join(config)).run();
                let token = program::verify(&arguments).env("BONAFIDE_REGISTRY_TOKEN", PASSWORD).run();
                let arguments = [&arguments[..], &["--username", USER, "--password-stdin"]].concat();
                let given = program::verify(&arguments).stdin(PASSWORD).run();
                // Of a run that never held the pair, the registry may say what it likes about it.
                for (run, secrets) in
                    [(login, [PASSWORD, &encoded]), (token, [PASSWORD; 2]), (given, [PASSWORD, &encoded])]
                {
                    assert_eq!(run.exit, 3, "{}", run.seen());
                    assert!(secrets.iter().all(|secret| !run.seen().contains(secret)), "{}", run.seen());
                }
            }
        }
        registry.mend();
    }
}

/// A263: variables change who is asked and with what, and a folder of CI may set them unseen.
#[test]
fn a263_the_variables_that_were_used_are_in_the_report() {
    let (registry, reference) = serve("signed");
    let folder = Folder::new();
    let auth = base64(format!("{USER}:{PASSWORD}"));
    folder.write("config.json", format!(r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#, registry.host()).as_bytes());
    let run = |variable: &str, value: &std::path::Path, more: &[&str]| {
        let run = program::verify(&[&[reference.as_str()], more].concat()).env(variable, value).run();
        assert_eq!(run.exit, 0, "{}", run.seen());
        run.stdout
    };
    let json = |out: &str| serde_json::from_str::<serde_json::Value>(out).expect(out)["environment"].clone();
    let output = ["--output", "json"];
    let public = run("DOCKER_CONFIG", folder.path(), &output);
    assert!(json(&public).is_null(), "set, and of no use: {public}");
    registry.restrict(Access::token(USER, PASSWORD));
    let file = folder.path().join("config.json");
    for (variable, value) in [("DOCKER_CONFIG", folder.path()), ("REGISTRY_AUTH_FILE", file.as_path())] {
        let used = json(&run(variable, value, &output));
        assert_eq!(used, serde_json::json!([{"name": variable, "usedFor": "login"}]));
        assert!(run(variable, value, &["-v"]).contains(&format!("environment: {variable} (login)\n")));
        assert!(!run(variable, value, &[]).contains("environment"));
    }
}
