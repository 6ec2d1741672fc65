//! A registry that knows a login and says it back wherever it can (A315).

use std::fs;

use serde_json::{Value, json};

use crate::program::{Program, Scratch};
use crate::shop::{BY_SIGNER, NAME, Served, Shop, sbom};
use crate::support::image::{Descriptor, Image};
use crate::support::json::base64;
use crate::support::registry::{Access, Request, Response, fault};
use crate::support::sigstore::Identity;
use crate::support::statement::{Build, Subject, slsa_v1, statement};

const USER: &str = "robot";
/// A password of characters that every format leaves as they are, and one of those that none does.
const PASSWORDS: [&str; 2] = ["Correct-Horse-Battery", "c0rr&ct/\"h\\rse\u{e9} <b't> %41"];

/// What must not be seen of a login: the password, what is sent in its place, and the token that it buys.
fn secrets(password: &str) -> [String; 3] {
    [password.into(), base64(format!("{USER}:{password}")), base64(format!("repository:{NAME}:pull"))]
}

/// All of them in one text, once in a form that fits into an address.
fn said(password: &str) -> String {
    secrets(password).join(" and ")
}

fn in_an_address(password: &str) -> String {
    secrets(password).map(|secret| percent_encoded(&secret)).join("/")
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).into() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}

/// The forms in which a text may hide in another.
fn forms(secret: &str) -> Vec<String> {
    let json = json!(secret).to_string();
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let ascii: String = secret.chars().flat_map(char::escape_default).collect();
    let forms = [secret.into(), json.trim_matches('"').into(), html, ascii, percent_encoded(secret)];
    forms.iter().map(|form: &String| form.to_lowercase()).collect()
}

#[track_caller]
fn assert_silent(output: &str, password: &str, what: &str) {
    let lower_case = output.to_lowercase();
    for secret in secrets(password) {
        for form in forms(&secret) {
            assert!(!lower_case.contains(&form), "{what}: `{form}` in\n{output}");
        }
    }
    if let Ok(document) = serde_json::from_str::<Value>(output) {
        strings(&document).for_each(|text| {
            for secret in secrets(password) {
                assert!(!text.contains(&secret), "{what}: {text}");
            }
        });
    }
}

fn strings(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::String(text) => Box::new(std::iter::once(text.as_str())),
        Value::Array(items) => Box::new(items.iter().flat_map(strings)),
        Value::Object(members) => {
            Box::new(members.iter().flat_map(|(name, value)| strings(value).chain([name.as_str()])))
        }
        _ => Box::new(std::iter::empty()),
    }
}

/// An image whose manifests, annotations, types, signers, provenance and SBOM say the secrets.
fn telling_shop(password: &str) -> Shop {
    let told = said(password);
    let image = Image::index(&["linux/amd64", "linux/arm64"])
        .with_unsigned_statements(&json!({"predicateType": told, "predicate": {}}))
        .bent(|index| {
            index["manifests"][1]["platform"] = json!({"os": told, "architecture": told});
            index["annotations"] = json!({ told.clone(): told });
        });
    let mut shop = Shop::selling(image);
    let top = shop.top();
    let subject = Subject::from(&top);
    let note = Descriptor::of(&told, b"x");
    shop.repository.push_blob(b"x");
    shop.repository.attach(&top, &told, &[note], serde_json::Map::from_iter([(told.clone(), json!(told))]));
    let build = Build { builder: told.clone(), ..shop.build.clone() };
    let mut sbom = sbom(&subject);
    sbom["predicate"]["name"] = json!(told);
    sbom["predicate"]["packages"][0]["name"] = json!(told);
    sbom["predicate"]["packages"][0]["versionInfo"] = json!(told);
    sbom["predicate"]["creationInfo"]["creators"] = json!([format!("Tool: {told}")]);
    for document in [slsa_v1(&subject, &build), sbom, statement(&subject, &told, json!({ told.clone(): told }))] {
        let signed = shop.signer().attest(&document);
        shop.attach(&top, &signed);
    }
    let signed = shop.signature(&top);
    shop.attach(&top, &signed);
    let stranger =
        Identity::uri(&format!("https://acme.example/{}", in_an_address(password)), "https://accounts.example");
    let signed = shop.sigstore.sign_image(&stranger, &subject);
    shop.attach(&top, &signed);
    shop.repository.tag(&told, &top);
    shop
}

fn runs(served: &Served, scratch: &Scratch) -> Vec<Vec<String>> {
    let file = |format: &str| format!("{format}={}", scratch.path(&format!("out.{format}")).display());
    let image = served.by_tag();
    let policy = format!("docker://{}", served.registry.reference(NAME, &format!("sha256:{}", "0".repeat(64))));
    let owned = |groups: &[&[&str]]| groups.concat().into_iter().map(str::to_owned).collect::<Vec<String>>();
    let start = ["verify", image.as_str(), "--timeout", "5s"];
    let verify = |more: &[&str]| owned(&[&start, &BY_SIGNER, more]);
    let inspect = |more: &[&str]| owned(&[&["inspect"], &start[1..], more]);
    let (json, vsa, packages) = (file("json"), file("vsa"), file("table"));
    vec![
        verify(&["-v", "--output", "text", "--output", &json]),
        inspect(&["-v"]),
        verify(&["--output", "json", "--require", "signature", "--platform", "all"]),
        inspect(&["--output", "json"]),
        verify(&["--output", "pinned", "--output", &vsa, "--verifier", "https://acme.example/v"]),
        verify(&["--platform", "plan9/386"]),
        owned(&[&start, &["--policy", &policy]]),
        inspect(&["--suggest-policy"]),
        inspect(&["--sbom", "csv=-"]),
        inspect(&["--sbom", &packages, "--output", "text"]),
    ]
}

/// Runs every subcommand that asks a registry, in every format, with the login; returns how many runs ended each way.
#[track_caller]
fn assert_all_silent(served: &Served, password: &str, what: &str) -> Vec<i32> {
    assert_silent_runs(served, password, what, usize::MAX)
}

#[track_caller]
fn assert_silent_runs(served: &Served, password: &str, what: &str, most: usize) -> Vec<i32> {
    let config = Scratch::new();
    let auth = json!({"auths": {served.registry.host(): {"auth": base64(format!("{USER}:{password}"))}}});
    config.write("config.json", auth.to_string());
    let scratch = Scratch::new();
    let mut exits = Vec::new();
    for arguments in runs(served, &scratch).into_iter().take(most) {
        let needs_root = !arguments.iter().any(|argument| argument == "--policy");
        let root = ["--trusted-root", served.root.as_str()];
        let all = arguments.iter().map(String::as_str).chain(root.into_iter().filter(|_| needs_root));
        let ran = Program::new(all).env("DOCKER_CONFIG", config.directory()).run();
        let what = format!("{what}: {arguments:?}");
        assert_silent(&ran.stdout, password, &what);
        assert_silent(&ran.stderr, password, &what);
        exits.push(ran.exit);
    }
    for file in scratch.files() {
        assert_silent(
            &fs::read_to_string(scratch.path(&file)).expect("a report"),
            password,
            &format!("{what}: {file}"),
        );
    }
    exits
}

#[test]
fn a315_what_is_pushed_says_no_secret_back() {
    for password in PASSWORDS {
        let served = telling_shop(password).serve();
        served.registry.restrict(Access::token(USER, password));
        let exits = assert_all_silent(&served, password, "pushed");
        assert_eq!(exits[2], 0, "the signature verifies with the login, and the report is JSON: {exits:?}");
    }
}

/// Only then there is something to say back.
fn is_with_login(request: &Request) -> bool {
    request.header("Authorization").is_some()
}

type Bend = Box<dyn Fn(&mut Response) + Send + Sync>;

fn error(status: u16, body: Value) -> Bend {
    Box::new(move |response| *response = Response::new(status, "application/json", body.to_string().into_bytes()))
}

fn edited(edit: impl Fn(&mut Value) + Send + Sync + 'static) -> Bend {
    Box::new(move |response| response.bend_json(&edit))
}

/// What a registry answers, and to which requests, to say the secrets back.
fn answers(password: &str) -> Vec<(&'static str, Bend)> {
    let told = said(password);
    let path = in_an_address(password);
    let tag = "/manifests/1.0.0";
    let (text, told_again, again, more, twice, third) =
        (told.clone(), told.clone(), told.clone(), told.clone(), told.clone(), told.clone());
    let message = format!("{}{told}", "x".repeat(150));
    // There is no token yet.
    let login = secrets(password)[..2].join(" and ");
    vec![
        (tag, error(403, json!({"errors": [{"code": told, "message": told}]}))),
        // Cut short in the middle of a secret.
        (tag, error(500, json!({"errors": [{"code": "X", "message": message}]}))),
        (tag, error(418, json!({"message": told}))),
        (tag, Box::new(move |response| *response = Response::new(500, "text/plain", text.clone().into_bytes()))),
        (tag, fault::redirect(&format!("http://127.0.0.1:1/{path}"))),
        (tag, fault::redirect(&format!("http://{}.invalid/", PASSWORDS[0]))),
        (tag, fault::redirect(&format!("ftp://x/{path}"))),
        (tag, fault::redirect(&format!("http://{path}"))),
        (tag, fault::redirect(&format!("http://x:{}@127.0.0.1:1/", percent_encoded(password)))),
        (tag, fault::redirect(&format!("/v2/{path}"))),
        (tag, edited(move |manifest| manifest["schemaVersion"] = json!(told_again))),
        (tag, edited(move |manifest| manifest["mediaType"] = json!(again))),
        (tag, edited(move |manifest| manifest["manifests"][0]["digest"] = json!(more))),
        (tag, edited(move |manifest| manifest["manifests"][0]["size"] = json!(twice))),
        (tag, edited(move |manifest| manifest[third.as_str()] = json!({"x": 1}))),
        (tag, fault::header("Content-Type", &path)),
        (tag, fault::header("Docker-Content-Digest", &path)),
        ("/referrers/", error(400, json!({"errors": [{"code": told, "message": told}]}))),
        ("/referrers/", fault::header("Link", &format!("<http://{path}/x>; rel=\"next\""))),
        ("/referrers/", fault::header("Content-Type", &path)),
        ("/referrers/", {
            let told = told.clone();
            edited(move |list| list["manifests"] = json!([{"mediaType": told, "digest": told, "size": 1}]))
        }),
        ("/blobs/", error(404, json!({"errors": [{"code": told, "message": told}]}))),
        ("/blobs/", fault::redirect(&format!("http://127.0.0.1:1/{path}"))),
        ("/token", error(403, json!({"errors": [{"code": login, "message": login}]}))),
        ("/token", error(500, json!(login))),
        ("/token", error(200, json!({"token": [login]}))),
        ("/token", fault::redirect(&format!("http://127.0.0.1:1/{}", percent_encoded(&login)))),
    ]
}

#[test]
fn a315_what_is_answered_says_no_secret_back() {
    for password in PASSWORDS {
        let served = telling_shop(password).serve();
        served.registry.restrict(Access::token(USER, password));
        for (number, (path, bend)) in answers(password).into_iter().enumerate() {
            served.registry.mend();
            served.registry.bend_when(move |request| is_with_login(request) && request.path.contains(path), bend);
            // The formats differ in what they hold, and all of it is in the first two.
            assert_silent_runs(&served, password, &format!("answer {number} to {path}"), 2);
        }
    }
}

/// Where the registry asks for the password itself, and where a challenge says it back.
#[test]
fn a315_a_challenge_says_no_secret_back() {
    let password = PASSWORDS[0];
    for challenge in [
        format!("Bearer realm=\"http://{password}.invalid/token\""),
        format!("Bearer realm=\"{}\",scope=\"{password}\"", said(password)),
        format!("{password} realm=\"{password}\""),
        format!("Basic realm=\"{password}\""),
    ] {
        let served = Shop::with_signature().serve();
        served.registry.restrict(Access::basic(USER, password));
        served.registry.bend_when(is_with_login, move |response| {
            *response = Response::error(401, PASSWORDS[0]);
            response.set_header("WWW-Authenticate", &challenge);
        });
        assert_all_silent(&served, password, "challenge");
    }
}

/// A mask in place of a word that every report has would break the report, and tell the password.
#[test]
fn a315_a_password_that_is_a_word_of_the_report_leaves_the_report_whole() {
    for password in ["verified", "acme/shop", "sha256"] {
        let served = Shop::with_bundles().serve();
        served.registry.restrict(Access::basic(USER, password));
        let config = Scratch::new();
        let auth = json!({"auths": {served.registry.host(): {"auth": base64(format!("{USER}:{password}"))}}});
        config.write("config.json", auth.to_string());
        let checked = served.verify_in(&served.by_tag(), &[], |run| run.env("DOCKER_CONFIG", config.directory()));
        assert!(!checked.exits(0).json.contains("(secret)"));
    }
}
