//! Logins: used where they belong, sent nowhere else, shown nowhere.

use serde_json::{Value, json};

use crate::program::{Checked, Program, Scratch};
use crate::report::gap_reasons;
use crate::shop::{NAME, Served, Shop, TAG};
use crate::support::json::base64;
use crate::support::registry::{Access, Registry, Response, fault};
use crate::support::tls;

const USER: &str = "robot";
const PASSWORD: &str = "correct-horse-battery";

/// What must not be seen: the password, and the forms in which it travels and is stored.
fn secrets() -> [String; 2] {
    [PASSWORD.into(), base64(format!("{USER}:{PASSWORD}"))]
}

/// A Docker configuration with this login for these registries.
fn docker_config(registries: &[&str]) -> Scratch {
    let scratch = Scratch::new();
    let auth = json!({"auth": base64(format!("{USER}:{PASSWORD}"))});
    let auths: serde_json::Map<_, _> = registries.iter().map(|host| ((*host).to_owned(), auth.clone())).collect();
    scratch.write("config.json", json!({"auths": auths}).to_string());
    scratch
}

/// Verifies the image with a login for these registries, and asserts that no report shows it.
#[track_caller]
fn verify_with_login(served: &Served, registries: &[&str]) -> Checked {
    let config = docker_config(registries);
    let prepare = |program: Program| program.env("DOCKER_CONFIG", config.directory());
    let checked = served.verify_in(&served.by_tag(), &["-vv"], prepare);
    secrets().iter().fold(checked, |checked, secret| checked.never_says(secret))
}

/// Asserts that none of the requests to this registry carried the login.
#[track_caller]
fn never_saw_the_login(registry: &Registry) {
    for request in registry.requests() {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let all = request.headers.iter().flat_map(|(name, value)| [name, value]).chain([&request.path, &body]);
        for text in all {
            assert!(secrets().iter().all(|secret| !text.contains(secret)), "{} {}", request.method, request.path);
        }
    }
}

fn authorizations(registry: &Registry) -> Vec<Option<String>> {
    registry.requests().iter().map(|request| request.header("Authorization").map(str::to_owned)).collect()
}

#[test]
fn a_public_registry_hands_out_a_token_for_this_repository() {
    let served = Shop::with_bundles().serve();
    served.registry.restrict(Access::anonymous_token());
    let checked = served.verify(&[]).exits(0);
    let asked = served.asked();
    assert_eq!(asked[0], format!("manifests/{TAG}"));
    assert!(asked[1].starts_with("/token?") && asked[1].contains("scope=repository%3Aacme%2Fshop%3Apull"), "{asked:?}");
    assert!(asked[1].contains("service=registry.test"), "{asked:?}");
    assert_eq!(asked[2], format!("manifests/{TAG}"));
    assert_eq!(asked.len(), 13, "eleven, the refusal and the token: {asked:?}");
    let refused: Vec<u16> = served.registry.requests().iter().map(|request| request.status).take(3).collect();
    assert_eq!(refused, [401, 200, 200]);
    assert_eq!(asked.iter().filter(|path| path.starts_with("/token")).count(), 1, "one token for the run");
    let token = format!("Bearer {}", base64(format!("repository:{NAME}:pull")));
    let sent = authorizations(&served.registry);
    assert_eq!(sent[..2], [None, None], "nothing is shown before it is asked for");
    assert!(sent[2..].iter().all(|value| value.as_deref() == Some(token.as_str())), "{sent:?}");
    checked.never_says(&base64(format!("repository:{NAME}:pull")));
}

#[test]
fn a_password_goes_to_a_registry_that_asks_for_it() {
    let served = Shop::with_bundles().serve();
    served.registry.restrict(Access::basic(USER, PASSWORD));
    verify_with_login(&served, &[&served.registry.host()]).exits(0);
    let sent = authorizations(&served.registry);
    assert_eq!(sent[0], None);
    assert!(sent[1..].iter().all(Option::is_some));
    assert_eq!(sent.len(), 12, "eleven and the refusal");
}

#[test]
fn a_password_buys_a_token_and_goes_nowhere_else() {
    let served = Shop::with_bundles().serve();
    served.registry.restrict(Access::token(USER, PASSWORD));
    verify_with_login(&served, &[&served.registry.host()]).exits(0);
    for request in served.registry.requests() {
        let login = request.header("Authorization").is_some_and(|value| value.starts_with("Basic "));
        assert_eq!(login, request.path.starts_with("/token"), "{}", request.path);
    }
}

#[test]
fn without_a_login_a_closed_registry_is_undecided() {
    for access in [Access::basic(USER, PASSWORD), Access::token(USER, PASSWORD)] {
        let served = Shop::with_bundles().serve();
        served.registry.restrict(access);
        let checked = served.verify(&[]).exits(3);
        assert_eq!(gap_reasons(checked.image()), ["unauthorized"]);
        checked
            .says("asks for a login")
            .says("status 401")
            .says("asked anonymously, without a login for that registry")
            .says(&format!("→ log in: `docker login {}`", served.registry.host()));
    }
}

#[test]
fn a_wrong_password_is_undecided_and_says_whose_login_it_was() {
    for access in [Access::basic("somebody", "else"), Access::token("somebody", "else")] {
        let served = Shop::with_bundles().serve();
        served.registry.restrict(access);
        let host = served.registry.host();
        let checked = verify_with_login(&served, &[&host]).exits(3);
        assert_eq!(gap_reasons(checked.image()), ["unauthorized"]);
        checked.says(&format!("{host} refused the login of `{USER}`"));
    }
}

#[test]
fn a_token_that_runs_out_is_renewed_and_what_was_asked_is_asked_again() {
    let served = Shop::with_bundles().serve();
    served.registry.restrict(Access::token(USER, PASSWORD));
    let realm = format!("Bearer realm=\"{}/token\",service=\"registry.test\"", served.registry.url());
    served.registry.bend_first(1, "/blobs/", move |response| {
        *response = Response::error(401, "UNAUTHORIZED");
        response.set_header("WWW-Authenticate", &realm);
    });
    verify_with_login(&served, &[&served.registry.host()]).exits(0);
    let tokens = served.asked().iter().filter(|path| path.starts_with("/token")).count();
    assert_eq!((tokens, served.asked().len()), (2, 15), "eleven, two refusals and two tokens");
}

#[test]
fn a_repository_has_a_token_of_its_own() {
    let served = Shop::with_bundles().serve();
    served.registry.restrict(Access::anonymous_token());
    let copy = served.shop.repository.clone();
    served.registry.edit("acme/copy", |content| *content = copy);
    served.verify(&[&served.registry.reference("acme/copy", TAG)]).exits(0);
    let mut scopes: Vec<String> = served.asked().into_iter().filter(|path| path.starts_with("/token")).collect();
    // Both images are examined at once.
    scopes.sort();
    assert_eq!(scopes.len(), 2, "{scopes:?}");
    assert!(scopes[0].contains("acme%2Fcopy%3Apull") && scopes[1].contains("acme%2Fshop%3Apull"), "{scopes:?}");
}

/// A login that has expired must not keep anybody from public data.
#[test]
fn a_public_image_verifies_with_a_wrong_password() {
    let served = Shop::with_bundles().serve();
    served.registry.restrict(Access::anonymous_token());
    verify_with_login(&served, &[&served.registry.host()]).exits(0);
}

#[test]
fn a015_a_login_for_another_registry_is_not_used() {
    let served = Shop::with_bundles().serve();
    served.registry.restrict(Access::basic(USER, PASSWORD));
    let port = served.registry.host().replace("127.0.0.1:", "");
    for other in
        ["127.0.0.1", &format!("localhost:{port}"), "registry.example.com", &format!("127.0.0.1:{port}0"), "http"]
    {
        let checked = verify_with_login(&served, &[other]).exits(3);
        assert_eq!(gap_reasons(checked.image()), ["unauthorized"], "{other}");
    }
    never_saw_the_login(&served.registry);
}

#[test]
fn a_login_is_not_looked_up_for_a_registry_that_does_not_ask() {
    let served = Shop::with_bundles().serve();
    verify_with_login(&served, &[&served.registry.host()]).exits(0);
    never_saw_the_login(&served.registry);
    // A configuration that cannot be read is no reason to refuse a public image.
    let broken = Scratch::new();
    broken.write("config.json", "{");
    let prepare = |program: Program| program.env("DOCKER_CONFIG", broken.directory());
    served.verify_in(&served.by_tag(), &[], prepare).exits(0);
}

#[test]
fn a_configuration_that_cannot_be_read_is_named_when_it_matters() {
    let served = Shop::with_bundles().serve();
    served.registry.restrict(Access::basic(USER, PASSWORD));
    let broken = Scratch::new();
    broken.write("config.json", "{");
    let prepare = |program: Program| program.env("DOCKER_CONFIG", broken.directory());
    let checked = served.verify_in(&served.by_tag(), &[], prepare).exits(3);
    checked.says("config.json` cannot be used: EOF while parsing");
}

#[test]
fn a010_a_realm_on_another_host_gets_no_login() {
    let served = Shop::with_bundles().serve();
    let thief = Registry::start();
    thief.restrict(Access::anonymous_token());
    // The same machine under another name: another host to everyone who compares names.
    let realm = thief.url().replace("127.0.0.1", "localhost") + "/token";
    served.registry.restrict(Access::token_from(&realm));
    let checked = verify_with_login(&served, &[&served.registry.host()]);
    assert_eq!(checked.exit, 0, "the token itself is good: {}", checked.text);
    assert_eq!(thief.requests().len(), 1);
    never_saw_the_login(&thief);
    assert_eq!(authorizations(&thief), [None]);
}

/// A registry whose tokens come from another host, and that host.
fn with_token_server(served: &Served) -> Registry {
    let keeper = Registry::start();
    keeper.restrict(Access::token(USER, PASSWORD));
    let realm = keeper.url().replace("127.0.0.1", "localhost") + "/token";
    served.registry.restrict(Access::Token { credentials: Some((USER.into(), PASSWORD.into())), realm: Some(realm) });
    keeper
}

#[test]
fn a_token_server_on_another_host_gets_the_login_only_if_it_is_allowed_by_name() {
    let served = Shop::with_bundles().serve();
    let keeper = with_token_server(&served);
    let (registry, port) = (served.registry.host(), keeper.host().replace("127.0.0.1:", ""));
    let config = docker_config(&[&registry]);
    let flag = format!("--token-server {registry}=localhost:{port}");
    let verify = |arguments: &[&str]| {
        keeper.forget_requests();
        served.verify_in(&served.by_tag(), arguments, |program| program.env("DOCKER_CONFIG", config.directory()))
    };
    verify(&[]).exits(3).says("was not sent to localhost").says(&flag);
    never_saw_the_login(&keeper);
    for other in
        [format!("{registry}=localhost:1"), format!("localhost:{port}=localhost"), format!("{registry}=127.0.0.1")]
    {
        verify(&["--token-server", &other]).exits(3);
        never_saw_the_login(&keeper);
    }
    for allowed in [format!("{registry}=localhost:{port}"), format!("{registry}=localhost")] {
        verify(&["--token-server", &allowed]).exits(0).never_says(PASSWORD);
        assert!(authorizations(&keeper).iter().all(Option::is_some));
    }
    never_saw_the_login(&served.registry);
}

/// The scope is the registry's to name: behind a proxy it knows the repository by another path. More than pulling from one
/// repository is never asked for.
#[test]
fn the_scope_of_the_challenge_is_asked_for() {
    for (scope, asked) in [
        ("repository:virtual/acme/shop:pull,push", "scope=repository%3Avirtual%2Facme%2Fshop%3Apull"),
        ("repository:shop:pull", "scope=repository%3Ashop%3Apull"),
        ("registry:catalog:*", "scope=repository%3Aacme%2Fshop%3Apull"),
        ("repository:acme/shop:pull repository:acme/private:*", "scope=repository%3Aacme%2Fshop%3Apull"),
    ] {
        let served = Shop::with_bundles().serve();
        served.registry.restrict(Access::anonymous_token());
        let challenge =
            format!(r#"Bearer realm="{}/token",service="registry.test",scope="{scope}""#, served.registry.url());
        served.registry.bend("/v2/", move |response| {
            if response.status == 401 {
                response.set_header("WWW-Authenticate", &challenge);
            }
        });
        served.verify(&[]);
        let tokens: Vec<String> = served.asked().into_iter().filter(|path| path.starts_with("/token")).collect();
        assert!(!tokens.is_empty() && tokens.iter().all(|path| path.ends_with(asked)), "{scope}: {tokens:?}");
    }
}

#[test]
fn a_proxy_that_fails_is_named_with_its_variable_and_without_its_login() {
    let proxied = |name: &str| {
        let scratch = Scratch::new();
        let root = scratch.write("root.json", Shop::new().sigstore.trusted_root());
        let program = Program::new([
            "verify",
            "registry.example/acme/shop:1",
            "--repo",
            "acme/shop",
            "--require",
            "signature",
            "--trusted-root",
            &root,
        ]);
        program.env("HTTPS_PROXY", "").env(name, "http://alice:hunter2@127.0.0.1:1").run()
    };
    for name in ["HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        let run = proxied(name);
        assert_eq!(run.exit, 3, "{}", run.stderr);
        let expected = format!("the proxy 127.0.0.1:1 ({name}) refused the connection");
        assert!(run.stdout.contains(&expected), "{name}: {}", run.stdout);
        assert!(!run.stdout.contains("hunter2") && !run.stderr.contains("hunter2"));
    }
}

#[test]
fn the_variable_that_leads_to_a_proxy_or_around_it_is_in_the_json_of_every_command() {
    let scratch = Scratch::new();
    let root = scratch.write("root.json", Shop::new().sigstore.trusted_root());
    for (exceptions, variable) in [("", "HTTPS_PROXY"), ("127.0.0.1", "NO_PROXY")] {
        for command in [&["verify", "--require", "signature", "--repo", "acme/shop"][..], &["inspect"]] {
            let authority = tls::file("authority.pem");
            let more =
                ["127.0.0.1:1/acme/shop:1", "--trusted-root", &root, "--ca-file", &authority, "--output", "json"];
            let program = Program::new(command.iter().chain(&more).copied());
            let run = program.env("HTTPS_PROXY", "http://127.0.0.1:1").env("NO_PROXY", exceptions).run();
            assert_eq!(run.exit, 3, "{}", run.stderr);
            let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
            assert_eq!(report["environment"], json!([{"name": variable, "usedFor": "proxy"}]), "{command:?}");
        }
    }
}

#[test]
fn a009_a_realm_in_a_place_that_is_not_the_registrys_is_not_asked() {
    for realm in
        ["http://169.254.169.254/token", "http://[fd00:ec2::254]/token", "https://10.0.0.1/token", "file:///etc/passwd"]
    {
        let served = Shop::with_bundles().serve();
        served.registry.restrict(Access::token_from(realm));
        let checked = verify_with_login(&served, &[&served.registry.host()]).exits(3);
        assert_eq!(gap_reasons(checked.image()), ["unauthorized"], "{realm}");
        assert_eq!(checked.report["network"]["hosts"], json!([served.registry.host()]), "{realm}");
        checked.says("refused to ask ");
        never_saw_the_login(&served.registry);
    }
}

#[test]
fn a011_a_realm_that_redirects_elsewhere_is_not_followed() {
    let served = Shop::with_bundles().serve();
    served.registry.restrict(Access::token(USER, PASSWORD));
    served.registry.bend("/token", fault::redirect("http://169.254.169.254/latest"));
    let checked = verify_with_login(&served, &[&served.registry.host()]).exits(3);
    assert_eq!(checked.report["network"]["hosts"], json!([served.registry.host()]));
    checked.says("refused to follow it to 169.254.169.254");
}

#[test]
fn a013_a_blob_on_another_host_is_fetched_without_the_login() {
    let mut shop = Shop::with_signature();
    let served_elsewhere = Registry::serving(NAME, shop.repository.clone());
    let bundle = {
        let referrer = shop.repository.referrers(&shop.digest())[0]["digest"].as_str().expect("a digest").to_owned();
        let manifest = shop.repository.manifest(&referrer).expect("there").json();
        manifest["layers"][0]["digest"].as_str().expect("a digest").to_owned()
    };
    shop.repository.lose(&bundle);
    let path = format!("/v2/{NAME}/blobs/{bundle}");
    for access in [Access::basic(USER, PASSWORD), Access::token(USER, PASSWORD)] {
        let served = shop.clone().serve();
        served.registry.restrict(access);
        served
            .registry
            .bend(&path, fault::redirect(&format!("{}{path}?signed=secret-of-the-url", served_elsewhere.url())));
        served_elsewhere.forget_requests();
        let config = docker_config(&[&served.registry.host()]);
        let prepare = |program: Program| program.env("DOCKER_CONFIG", config.directory());
        let checked = served.verify_in(&served.by_tag(), &["--require", "signature"], prepare).exits(0);
        assert_eq!(authorizations(&served_elsewhere), [None]);
        assert_eq!(checked.report["network"]["hosts"].as_array().map(Vec::len), Some(2));
        checked.never_says("secret-of-the-url");
    }
}

#[test]
fn a318_a_redirect_with_a_login_in_its_address_is_not_followed() {
    let shop = Shop::with_signature();
    let elsewhere = Registry::serving(NAME, shop.repository.clone());
    for login in ["u:p@", "u@", ":p@"] {
        let served = shop.clone().serve();
        let path = format!("/v2/{NAME}/blobs/");
        let target = elsewhere.url().replace("http://", &format!("http://{login}"));
        served.registry.bend_when(
            move |request| request.path.starts_with(&path),
            move |response| {
                let digest = crate::support::digest::oci_digest(&response.body);
                fault::redirect(&format!("{target}/v2/{NAME}/blobs/{digest}"))(response);
            },
        );
        let checked = served.verify(&["--require", "signature"]).exits(3);
        checked.says("the address has a login in it");
        assert_eq!(elsewhere.requests().len(), 0);
    }
}

#[test]
fn a_secret_in_the_address_of_a_redirect_is_not_shown_when_it_fails() {
    let shop = Shop::with_signature();
    let served = shop.serve();
    let elsewhere = Registry::start();
    served.registry.bend("/blobs/", fault::redirect(&format!("{}/store?signed=secret-of-the-url", elsewhere.url())));
    let checked = served.verify(&["-vv", "--require", "signature"]).exits(3);
    checked.never_says("secret-of-the-url");
}

/// A Docker configuration that leaves the login for this registry to a helper, and the helper.
fn helper(registry: &str, script: &str) -> Scratch {
    use std::os::unix::fs::PermissionsExt as _;
    let config = Scratch::new();
    config.write("config.json", json!({"credHelpers": {registry: "test"}}).to_string());
    config.write("docker-credential-test", format!("#!/bin/sh\n{script}\n"));
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(config.path("docker-credential-test"), executable).expect("the file is ours");
    config
}

#[track_caller]
fn verify_with_helper(served: &Served, script: &str) -> Checked {
    let config = helper(&served.registry.host(), script);
    let prepare = |program: Program| program.env("DOCKER_CONFIG", config.directory()).env("PATH", config.directory());
    served.verify_in(&served.by_tag(), &[], prepare)
}

#[test]
fn a_helper_is_asked_for_the_login_of_this_registry() {
    let served = Shop::with_bundles().serve();
    served.registry.restrict(Access::basic(USER, PASSWORD));
    let host = served.registry.host();
    let script = format!(
        r#"read asked; [ "$1 $asked" = "get {host}" ] && echo '{{"ServerURL":"{host}","Username":"{USER}","Secret":"{PASSWORD}"}}'"#
    );
    let checked = verify_with_helper(&served, &script).exits(0);
    secrets().iter().fold(checked, |checked, secret| checked.never_says(secret));
}

#[test]
fn a_helper_that_fails_is_named_with_what_it_printed() {
    let served = Shop::with_bundles().serve();
    served.registry.restrict(Access::basic(USER, PASSWORD));
    let checked = verify_with_helper(&served, r"read asked; printf 'locked\033[31m' >&2; exit 1").exits(3);
    assert_eq!(gap_reasons(checked.image()), ["unauthorized"]);
    checked.says("`docker-credential-test` failed and printed").says("locked\\u{1b}[31m").never_says("\u{1b}");
}

#[test]
fn a_helper_without_a_login_is_no_failure() {
    let served = Shop::with_bundles().serve();
    served.registry.restrict(Access::anonymous_token());
    verify_with_helper(&served, "read asked; echo 'credentials not found in native keychain'; exit 1").exits(0);
}

#[test]
fn a_helper_that_does_not_exist_is_named() {
    let served = Shop::with_bundles().serve();
    served.registry.restrict(Access::basic(USER, PASSWORD));
    let config = Scratch::new();
    config.write("config.json", json!({"credHelpers": {served.registry.host(): "no-such-helper"}}).to_string());
    let prepare = |program: Program| program.env("DOCKER_CONFIG", config.directory());
    let checked = served.verify_in(&served.by_tag(), &[], prepare).exits(3);
    assert_eq!(gap_reasons(checked.image()), ["unauthorized"]);
    checked.says("no-such-helper");
}

/// XDG base directory specification: relative paths are to be ignored. A login in the folder where the program happens to run was
/// written by whoever wrote that folder.
#[test]
fn a299_relative_folders_of_logins_are_ignored() {
    let served = Shop::with_bundles().serve();
    served.registry.restrict(Access::basic(USER, PASSWORD));
    let planted = docker_config(&[&served.registry.host()]);
    for folder in [".docker", "containers", ".config/containers"] {
        std::fs::create_dir_all(planted.path(folder)).expect("a folder");
    }
    for file in [".docker/config.json", "containers/auth.json", ".config/containers/auth.json"] {
        std::fs::copy(planted.path("config.json"), planted.path(file)).expect("a copy");
    }
    let verify = |variables: &[(&str, &str)]| {
        let prepare = |program: Program| {
            let start =
                program.within(planted.directory()).env("HOME", "/nonexistent").env("DOCKER_CONFIG", "/nonexistent");
            variables.iter().fold(start, |program, (name, value)| program.env(name, value))
        };
        served.verify_in(&served.by_tag(), &[], prepare)
    };
    for variables in [
        [("HOME", "."), ("DOCKER_CONFIG", "")],
        [("HOME", ".docker/.."), ("DOCKER_CONFIG", "")],
        [("DOCKER_CONFIG", "."), ("HOME", "")],
        [("DOCKER_CONFIG", ".docker"), ("HOME", "")],
        [("XDG_RUNTIME_DIR", "."), ("HOME", "")],
        [("XDG_CONFIG_HOME", "."), ("HOME", "")],
        [("XDG_CONFIG_HOME", ".config"), ("HOME", "")],
    ] {
        verify(&variables).exits(3);
    }
    never_saw_the_login(&served.registry);
    verify(&[("REGISTRY_AUTH_FILE", "containers/auth.json")])
        .exits(3)
        .says("`REGISTRY_AUTH_FILE` is not an absolute path");
    never_saw_the_login(&served.registry);
    let here = planted.directory().display().to_string();
    verify(&[("HOME", &here), ("DOCKER_CONFIG", "")]).exits(0);
    verify(&[("XDG_RUNTIME_DIR", &here), ("HOME", "")]).exits(0);
}
