//! The situations of [`super::diagnosis`] in which a registry is not reached or does not answer: the cause comes first, in plain
//! words, and what to do fits it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use serde_json::json;

use crate::diagnosis::{never_says, says, signer};
use crate::program::{Program, Run, Scratch};
use crate::report::gap_reasons;
use crate::shop::{BY_SIGNER, NAME, Served, Shop, TAG};
use crate::support::image::Image;
use crate::support::json::base64;
use crate::support::registry::{Access, Response, fault};
use crate::support::tls::{Client, Front, file};

const FAR: &str = "registry.corp.example";

/// The text of no library below this program.
const CHAIN: [&str; 3] = ["error sending request", "client error", "os error"];

/// Verifies a signature of the image that this reference names; asserts that the short report is short.
#[track_caller]
fn verify(served: &Served, reference: &str, arguments: &[&str], prepare: impl FnOnce(Program) -> Program) -> Run {
    let common = ["verify", reference, "--trusted-root", &served.root, "--require", "signature"];
    let run = prepare(Program::new([&common[..], &BY_SIGNER, arguments].concat())).run();
    assert!(run.stdout.lines().count() <= 10, "{}", run.stdout);
    never_says(&run, &CHAIN);
    run
}

/// The image as a registry far away has it.
fn far(served: &Served) -> String {
    format!("{FAR}/{NAME}@{}", served.shop.digest())
}

fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A proxy that answers every request with this status.
fn proxy(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes());
        }
    });
    address.to_string()
}

#[test]
fn s06_the_certificate_of_the_registry_is_not_valid_yet() {
    let served = Shop::with_signature().serve();
    let texts = [
        "is not valid yet, by this machine's clock",
        "expected  a time from 2900-01-01T00:00:00Z on",
        "found     this machine's clock says 20",
        "set this machine's clock (`date -u` shows it)",
    ];
    let run = behind(&served, "server-early.pem", "clock");
    says(&run, 3, &texts);
    never_says(&run, &["--ca-file", "somebody"]);
}

#[test]
fn s06_the_certificate_of_the_registry_has_ended() {
    let served = Shop::with_signature().serve();
    let texts = [
        "has expired, by this machine's clock",
        "expected  a time up to 2001-01-01T00:00:00Z",
        "found     this machine's clock says 20",
        "check this machine's clock (`date -u`)",
        "has to be renewed",
    ];
    says(&behind(&served, "server-ended.pem", "certificate"), 3, &texts);
}

#[test]
fn s08_the_certificate_of_the_registry_is_for_another_name() {
    let served = Shop::with_signature().serve();
    let run = behind(&served, "server-elsewhere.pem", "certificate");
    says(
        &run,
        3,
        &["is for other names", "expected  a certificate for 127.0.0.1", "registry.example", "check the host"],
    );
}

/// Verifies the image behind TLS with a certificate of this file, whose authority is trusted.
#[track_caller]
fn behind(served: &Served, certificate: &str, reason: &str) -> Run {
    let front = Front::with(&served.registry.host(), Client::May, certificate);
    let reference = format!("127.0.0.1:{}/{NAME}:{TAG}", front.port());
    let json = served.scratch.path("report.json").display().to_string();
    let output = format!("json={json}");
    let arguments = ["--ca-file", &file("all-times-authority.pem"), "--output", "text", "--output", &output];
    let run = verify(served, &reference, &arguments, |program| program.env("NO_PROXY", "127.0.0.1"));
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(json).expect("a report")).expect("JSON");
    assert_eq!(gap_reasons(&report["images"][0]), [reason]);
    run
}

#[test]
fn s07_a_proxy_that_refuses_the_connection() {
    let served = Shop::with_signature().serve();
    let address = format!("127.0.0.1:{}", closed_port());
    let run = verify(&served, &far(&served), &[], |program| program.env("HTTPS_PROXY", format!("http://{address}")));
    let cause = format!("the proxy {address} (HTTPS_PROXY) refused the connection");
    says(&run, 3, &[&cause, "check HTTPS_PROXY and the proxy", &format!("`NO_PROXY={FAR}` goes around it")]);
    never_says(&run, &["--plain-http"]);
}

#[test]
fn s07_a_proxy_that_lets_nothing_through() {
    let served = Shop::with_signature().serve();
    for status in ["403 Forbidden", "407 Proxy Authentication Required"] {
        let address = proxy(status);
        let run = verify(&served, &far(&served), &[], |program| {
            program.env("HTTPS_PROXY", format!("http://ci:hunter2@{address}"))
        });
        let cause = format!("the proxy {address} (HTTPS_PROXY) does not let the connection to {FAR} through");
        says(&run, 3, &[&cause, "expected  the proxy to connect to", "if it wants a login"]);
        never_says(&run, &["hunter2", "--plain-http"]);
    }
}

#[test]
fn s07_a_registry_that_is_not_there() {
    let served = Shop::with_signature().serve();
    let port = closed_port();
    let run = verify(&served, &format!("127.0.0.1:{port}/{NAME}:{TAG}"), &[], |program| program);
    says(&run, 3, &[&format!("127.0.0.1:{port} refused the connection"), "check the host and the port"]);
    never_says(&run, &["--plain-http"]);
}

#[test]
fn s08_the_authority_of_the_registry_is_not_known() {
    let served = Shop::with_signature().serve();
    let front = Front::start(&served.registry.host(), Client::May);
    let (port, other) = (front.port(), file("all-times-authority.pem"));
    let reference = format!("127.0.0.1:{port}/{NAME}:{TAG}");
    let run = verify(&served, &reference, &["--ca-file", &other], |program| program.env("NO_PROXY", "127.0.0.1"));
    let cause = format!("the certificate of 127.0.0.1:{port} is from an authority that is not trusted");
    says(
        &run,
        3,
        &[&cause, "expected  an authority of this system, or one of `--ca-file`", "give it with `--ca-file FILE`"],
    );
}

#[test]
fn s08_a_registry_without_tls() {
    let served = Shop::with_signature().serve();
    // Servers answer so to what is no HTTP for them.
    let reference = format!("{}/{NAME}:{TAG}", proxy("400 Bad Request"));
    let run = verify(&served, &reference, &["--ca-file", &file("authority.pem")], |program| {
        program.env("NO_PROXY", "127.0.0.1")
    });
    says(&run, 3, &["does not speak TLS", "only if you know this registry to have no TLS: `--plain-http`"]);
}

#[test]
fn s09_a_registry_asks_for_a_login() {
    for access in [Access::basic("ci", "right"), Access::token("ci", "right")] {
        let served = Shop::with_signature().serve();
        served.registry.restrict(access);
        let host = served.registry.host();
        let run = verify(&served, &served.by_tag(), &[], |program| program);
        let texts = [format!("{host} asks for a login"), format!("log in: `docker login {host}`")];
        says(&run, 3, &[&texts[0], &texts[1], "status 401", "asked anonymously"]);
    }
}

#[test]
fn s10_a_registry_refuses_the_login() {
    for access in [Access::basic("ci", "right"), Access::token("ci", "right")] {
        let served = Shop::with_signature().serve();
        served.registry.restrict(access);
        let host = served.registry.host();
        let scratch = Scratch::new();
        let auth = json!({"auths": {host.clone(): {"auth": base64("ci:wrong-password")}}});
        let config = scratch.write("config.json", auth.to_string());
        let in_file =
            verify(&served, &served.by_tag(), &[], |program| program.env("DOCKER_CONFIG", scratch.directory()));
        let whose = format!("user `ci` of `{config}`");
        let cause = format!("{host} refused the login of `ci`");
        says(&in_file, 3, &[&cause, &whose, &format!("log in again: `docker login {host}`")]);
        let password = scratch.path("password");
        std::fs::write(&password, "wrong-password").expect("a file");
        let arguments = ["--username", "ci", "--password-stdin"];
        let given = verify(&served, &served.by_tag(), &arguments, |program| program.stdin_from(&password));
        says(
            &given,
            3,
            &[&cause, "user `ci` of `--username`", "check `--username`, and the password on standard input"],
        );
        for run in [&in_file, &given] {
            never_says(run, &["wrong-password", &base64("ci:wrong-password")]);
        }
        never_says(&given, &["docker login"]);
    }
}

#[test]
fn s10_a_registry_refuses_the_token_of_a_file() {
    let served = Shop::with_signature().serve();
    served.registry.restrict(Access::basic("ci", "right"));
    let token = served.scratch.write("token", "wrong-token");
    let run = verify(&served, &served.by_tag(), &["--registry-token-file", &token], |program| program);
    let texts = ["refused the token", "`--registry-token-file ", "get a new token, and write it into `"];
    says(&run, 3, &texts);
    never_says(&run, &["docker login", "wrong-token"]);
}

#[test]
fn s10_a_login_that_may_not_pull() {
    let served = Shop::with_signature().serve();
    served.registry.restrict(Access::basic("ci", "right"));
    served.registry.bend("/manifests/", |response| {
        if response.status != 401 {
            *response = Response::error(403, "DENIED");
        }
    });
    let host = served.registry.host();
    let scratch = Scratch::new();
    scratch.write("config.json", json!({"auths": {host.clone(): {"auth": base64("ci:right")}}}).to_string());
    let run = verify(&served, &served.by_tag(), &[], |program| program.env("DOCKER_CONFIG", scratch.directory()));
    says(
        &run,
        3,
        &[&format!("{host} denies access to the login of `ci`"), "ask for the right to pull this repository"],
    );
}

#[test]
fn s11_a_registry_limits_requests() {
    let mut shop = Shop::selling(Image::index(&["linux/amd64", "linux/arm64", "linux/s390x"]));
    let top = shop.top();
    let signed = shop.signature(&top);
    shop.attach(&top, &signed);
    let served = shop.serve();
    served.registry.bend("/referrers/", fault::retry_after(429, 3600));
    let host = served.registry.host();
    let run = verify(&served, &served.by_tag(), &[], |program| program);
    let texts = [
        &format!("{host} limits requests: referrers of sha256:"),
        "and 3 more could not be read",
        "asked to wait 3600 s",
        "wait and run it again, or log in for a higher limit",
    ];
    says(&run, 3, &texts);
    assert_eq!(run.stdout.matches("limits requests").count(), 1, "{}", run.stdout);
    never_says(&run, &["not read"]);
}

#[test]
fn s11_a_registry_is_down() {
    let served = Shop::with_signature().serve();
    served.registry.bend("/manifests/", fault::status(500));
    let run = verify(&served, &served.by_tag(), &[], |program| program);
    let host = served.registry.host();
    says(&run, 3, &[&format!("{host} failed"), "expected  status 200", "status 500", "try again later"]);
}

#[test]
fn s11_a_web_page_answers_for_the_list_of_referrers() {
    let served = Shop::with_signature().serve();
    served.registry.bend("/referrers/", fault::html());
    let run = verify(&served, &served.by_tag(), &[], |program| program);
    let host = served.registry.host();
    let texts = [
        &format!("{host} answered with text/html"),
        "expected  an OCI index of referrers",
        &format!("check that {host} is the registry, and not a proxy or a page to log in"),
    ];
    says(&run, 3, &texts);
    never_says(&run, &["try again later"]);
}

#[test]
fn s07_offline_names_no_flag_that_asks_the_network() {
    let served = Shop::with_signature().serve();
    let root = ["--offline", "--trusted-root", &served.root, "--require", "provenance"];
    let arguments = [
        &["verify", "oci:fixtures/images/unsigned:v1.0.0"],
        &signer("x@acme.example", "https://a.example")[..4],
        &root,
    ]
    .concat();
    let run = Program::new(arguments).run();
    says(&run, 4, &["no provenance is attached"]);
    never_says(&run, &["--github-api", "--evidence-repository"]);
}
