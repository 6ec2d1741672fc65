//! The commands of README and `docs/`, run as a reader would run them.
//!
//! Each block that is marked `sh` is a script for the shell, and must end with 0. Its `ghcr.io`, `registry.acme.example` and other
//! hosts are servers of this process behind a proxy, and its images are signed by a Sigstore of this process, whose trusted root
//! the program is given where a command names none. Words after `sh` say what else a block needs:
//!
//! - `sh policy`: a folder with a `bonafide.yaml`;
//! - `sh internet`: hosts that no test can stand for. Each command must be understood and fail at the connection.
//!
//! Each block that is marked `console` shows commands after `$ ` and exactly what they print.
//!
//! `jq` is the real one if `BONAFIDE_JQ` names it. Without it those lines only prove that the report is there.
#![cfg(unix)]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use support::folder::Folder;
use support::image::Image;
use support::registry::{Registry, Response};
use support::repository::Repository;
use support::sigstore::{Identity, Key, Sigstore, Version};
use support::statement::{Build, STATEMENT_V1, Subject, slsa_v1, spdx_23, spdx_document};
use support::tls::{Front, file};
use support::tuf::{TufRepository, serve};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const TAG: &str = "1.4.2";

/// A script in a document.
struct Block {
    /// File and line, for messages.
    place: String,
    /// What follows the three backticks.
    kind: String,
    text: String,
}

/// Returns every block of the documents whose kind begins with this word.
fn blocks(word: &str) -> Vec<Block> {
    let mut files = documents("docs");
    files.push(Path::new(ROOT).join("README.md"));
    let found = files.iter().flat_map(|path| blocks_of(path));
    found.filter(|block| block.kind.split(' ').next() == Some(word)).collect()
}

fn blocks_of(path: &Path) -> Vec<Block> {
    let content = fs::read_to_string(path).expect("a document");
    let name = path.strip_prefix(ROOT).expect("below the root").display().to_string();
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in content.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(kind), None) => {
                let place = format!("{name}:{}", number + 1);
                open = Some(Block { place, kind: kind.to_owned(), text: String::new() });
            }
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some(block)) => block.text.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{name} ends inside a block");
    found
}

/// The servers that the documents name.
struct World {
    sigstore: Sigstore,
    key: Key,
    digest: String,
    tuf_root: Vec<u8>,
    _servers: Vec<Registry>,
    proxy: Front,
}

impl World {
    fn new() -> World {
        let sigstore = Sigstore::new();
        let key = Key::p256();
        let image = Image::index(&["linux/amd64", "linux/arm64"]);
        let subject = Subject::new("ghcr.io/acme/app", &image.digest());
        let bundles = evidence(&sigstore, &subject);
        let mut signed = Repository::new();
        signed.push_tagged(TAG, &image);
        signed.tags.insert("1.4.1".to_owned(), image.digest());
        for bundle in &bundles {
            signed.attach_bundle(&image.descriptor(), bundle);
        }
        let mut private = Repository::new();
        private.push_tagged(TAG, &image);
        let release = Identity::email("release@acme.example", "https://accounts.acme.example");
        for bundle in [sigstore.key_signer(&key).sign_image(&subject), sigstore.sign_image(&release, &subject)] {
            private.attach_bundle(&image.descriptor(), &bundle.bundle(Version::V03));
        }
        let registry = Registry::start();
        for name in ["acme/app", "acme/signatures", "hub/acme/app"] {
            registry.edit(name, |content| *content = signed.clone());
        }
        registry.edit("app", |content| *content = private);
        let github = Registry::start();
        let listed: Vec<Value> = bundles.iter().map(|bundle| json!({"bundle": bundle})).collect();
        let answer = json!({"attestations": listed}).to_string().into_bytes();
        github.bend("/repos/acme/app/attestations/", move |response| {
            *response = Response::new(200, "application/json; charset=utf-8", answer.clone());
        });
        let tuf = Registry::start();
        let repository = TufRepository::new(&sigstore.trusted_root());
        serve(&tuf, &repository.files());
        let hosts = [&registry, &github, &tuf].map(Registry::host);
        let proxy = Front::proxy(move |host| match host {
            "ghcr.io" | "registry.acme.example" | "mirror.acme.example" => Some(hosts[0].clone()),
            "api.github.com" => Some(hosts[1].clone()),
            "tuf.acme.example" => Some(hosts[2].clone()),
            _ => None,
        });
        let tuf_root = repository.anchor();
        World { sigstore, key, digest: image.digest(), tuf_root, _servers: vec![registry, github, tuf], proxy }
    }

    /// Runs a script in a folder of its own that has every file the documents name.
    fn run(&self, block: &Block, script: &str) -> Output {
        let folder = Folder::new();
        let needs: Vec<&str> = block.kind.split(' ').skip(1).collect();
        self.furnish(&folder, &needs);
        Command::new("/bin/sh")
            .args(["-eu", "-c", script])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", folder.path().join("bin").display()))
            .env("HOME", folder.path().join("home"))
            .env("HTTPS_PROXY", format!("http://127.0.0.1:{}", self.proxy.port()))
            .env("SSL_CERT_FILE", file("documents-authority.pem"))
            .env("BONAFIDE_PROGRAM", env!("CARGO_BIN_EXE_bonafide"))
            .env("BONAFIDE_JQ", std::env::var_os("BONAFIDE_JQ").unwrap_or_default())
            .env("IMAGE", format!("ghcr.io/acme/app:{TAG}"))
            .env("DIGEST", &self.digest)
            .env("TOKEN", "correct-horse-battery")
            .env("GITHUB_STEP_SUMMARY", folder.path().join("step-summary"))
            .env("GITHUB_OUTPUT", folder.path().join("step-output"))
            .stdin(Stdio::null())
            .output()
            .expect("the shell starts")
    }

    fn furnish(&self, folder: &Folder, needs: &[&str]) {
        fs::create_dir(folder.path().join("home")).expect("a folder");
        symlink(Path::new(ROOT).join("fixtures"), folder.path().join("fixtures")).expect("a link");
        folder.write("root.json", self.sigstore.trusted_root());
        folder.write("acme.trusted_root.json", self.sigstore.trusted_root());
        folder.write("acme.root.json", &self.tuf_root);
        folder.write("cosign.pub", self.key.public_pem());
        folder.write("password", "correct-horse-battery");
        folder.write("acme-ca.pem", fs::read(file("documents-authority.pem")).expect("a fixture"));
        for name in ["client.pem", "client.key"] {
            folder.write(name, fs::read(file(name)).expect("a fixture"));
        }
        let content = "the content of the file";
        let subject = Subject::new("app.tar.gz", &support::digest::oci_digest(content.as_bytes()));
        let bundles: Vec<String> = evidence(&self.sigstore, &subject).iter().map(Value::to_string).collect();
        folder.write("app.tar.gz", content);
        folder.write("app.tar.gz.sigstore.json", bundles.join("\n"));
        let list = format!("{}  app.tar.gz\n", subject.hex());
        let listed = Subject::new("SHA256SUMS", &support::digest::oci_digest(list.as_bytes()));
        folder.write("SHA256SUMS", list);
        folder.write("SHA256SUMS.sigstore.json", evidence(&self.sigstore, &listed)[0].to_string());
        folder.write("app.spdx.json", spdx_document(&subject, &[("openssl", "3.0.0")]).to_string());
        folder.write("advisory/GHSA-0.json", ADVISORY);
        symlink(folder.path().join("advisory"), folder.path().join("npm.zip")).expect("a link");
        folder.write("clusterimagepolicies.yaml", CLUSTER_IMAGE_POLICY);
        folder.write("images", format!("ghcr.io/acme/app:{TAG}\nghcr.io/acme/app@{}\n", self.digest));
        folder.write("package-lock.json", LOCK);
        folder.write("step-summary", "");
        folder.write("step-output", "");
        if needs.contains(&"policy") {
            folder.write("bonafide.yaml", POLICY);
        }
        for (name, script) in PROGRAMS {
            folder.write_script(&format!("bin/{name}"), script);
        }
    }
}

/// Returns signature, provenance, SBOM and a review of this subject, by the release workflow of acme/app.
fn evidence(sigstore: &Sigstore, subject: &Subject) -> [Value; 4] {
    let build = Build::github("acme/app", ".github/workflows/release.yml", &format!("refs/tags/v{TAG}"));
    let identity = build.identity();
    let review = json!({
        "_type": STATEMENT_V1,
        "subject": [subject.to_json()],
        "predicateType": "https://acme.example/review/v1",
        "predicate": {"result": "PASSED"},
    });
    [
        sigstore.sign_image(&identity, subject),
        sigstore.attest(&identity, &slsa_v1(subject, &build)),
        sigstore.attest(&identity, &spdx_23(subject, &[("openssl", "3.0.0"), ("zlib", "1.3.1")])),
        sigstore.attest(&identity, &review),
    ]
    .map(|signed| signed.bundle(Version::V03))
}

const POLICY: &str = "\
version: 1
images:
  - match: ghcr.io/acme/**
    trust: [./acme.trusted_root.json]
    signers:
      - github: {repository: acme/app, workflow: release.yml, ref: refs/tags/v*}
    require: [signature, provenance, sbom]
";

const LOCK: &str = r#"{"lockfileVersion": 3, "packages": {"node_modules/@acme/app": {"version": "1.4.2", "integrity":
  "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="}}}"#;

const ADVISORY: &str = r#"{"id": "GHSA-0", "modified": "2026-01-01T00:00:00Z",
  "affected": [{"package": {"ecosystem": "npm", "name": "leftpad"}, "versions": ["1.0.0"]}]}"#;

const CLUSTER_IMAGE_POLICY: &str = "\
apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: {name: release}
spec:
  images: [{glob: ghcr.io/acme/**}]
  authorities:
    - keyless:
        url: https://fulcio.sigstore.dev
        identities:
          - issuer: https://token.actions.githubusercontent.com
            subject: https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.4.2
      ctlog: {url: https://rekor.sigstore.dev}
";

/// What the documents call beside `bonafide`. `bonafide` itself is given the trusted root of this process where flags name a signer
/// and none names a root.
const PROGRAMS: [(&str, &str); 5] = [
    (
        "bonafide",
        r#"case " $* " in
  *" --trusted-root "*|*" --tuf-mirror "*|*" trust "*|*" policy "*|*" --update-trust"*) ;;
  *" verify "*" --repo "*|*" verify "*" --key "*|*" verify "*" --certificate-identity "*|*" inspect ghcr"*|*" audit "*|*" collect "*|*" diff "*|*" bundle "*)
    set -- "$@" --trusted-root root.json ;;
esac
exec "$BONAFIDE_PROGRAM" "$@""#,
    ),
    (
        "cargo",
        r#"case "$1" in
  run) while [ "$1" != -- ]; do shift; done; shift; exec bonafide "$@" ;;
  test|install) ;;
  *) exit 99 ;;
esac"#,
    ),
    ("docker", r#"[ "$1" = pull ] && case "$2" in ghcr.io/acme/app@sha256:*) ;; *) exit 99 ;; esac"#),
    (
        "kubectl",
        r#"case "$2" in pods) cat images ;; clusterimagepolicies) cat clusterimagepolicies.yaml ;; *) exit 99 ;; esac"#,
    ),
    (
        "jq",
        r#"for last; do :; done
[ -s "$last" ] || exit 99
[ -z "$BONAFIDE_JQ" ] || exec "$BONAFIDE_JQ" "$@""#,
    ),
];

fn seen(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Splits a script into its commands: lines that end with a backslash go on in the next one.
fn commands(script: &str) -> Vec<String> {
    let joined = script.replace("\\\n", " ");
    joined.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn every_script_of_the_documents_runs_as_it_is_printed() {
    let world = World::new();
    let blocks = blocks("sh");
    let mut count = 0;
    for block in blocks.iter().filter(|block| block.kind != "sh internet") {
        let output = world.run(block, &block.text);
        assert_eq!(output.status.code(), Some(0), "{}\n{}\n{}", block.place, block.text, seen(&output));
        count += commands(&block.text).len();
    }
    assert!(count > 50, "the documents have more commands than {count}");
}

#[test]
fn every_command_that_needs_the_internet_is_understood() {
    let world = World::new();
    for block in blocks("sh").iter().filter(|block| block.kind == "sh internet") {
        for command in commands(&block.text) {
            let output = world.run(block, &command);
            let message = format!("{}\n{command}\n{}", block.place, seen(&output));
            assert_eq!(output.status.code(), Some(3), "{message}");
        }
    }
}

#[test]
fn every_terminal_of_the_documents_shows_what_is_printed() {
    let world = World::new();
    let blocks = blocks("console");
    assert!(!blocks.is_empty());
    for block in &blocks {
        for session in block.text.split("$ ").filter(|session| !session.trim().is_empty()) {
            let (command, shown) = session.split_once('\n').expect("a command on a line of its own");
            let output = world.run(block, command);
            assert_eq!(shown.trim_end(), seen(&output).trim_end(), "{}\n{command}", block.place);
        }
    }
}

/// Returns the documents in a folder.
fn documents(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(ROOT).join(folder)).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    files.sort();
    files
}

/// Returns where a document links to within the repository.
fn links(content: &str) -> impl Iterator<Item = &str> {
    let targets = content.split("](").skip(1).map(|rest| rest.split(')').next().expect("a part"));
    targets.filter(|target| !target.contains("://"))
}

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    let folders = [".", "docs", "docs/reference", "release", "integrations", "benches", "src/packages", "fixtures"];
    for path in folders.into_iter().flat_map(documents) {
        let content = fs::read_to_string(&path).expect("a document");
        for link in links(&content) {
            let (name, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if name.is_empty() { path.clone() } else { path.parent().expect("a folder").join(name) };
            assert!(target.exists(), "{}: {link}", path.display());
            if !anchor.is_empty() {
                let text = fs::read_to_string(&target).expect("a document");
                let has = text.lines().filter(|line| line.starts_with('#')).any(|line| anchor_of(line) == anchor);
                assert!(has, "{}: {link}", path.display());
            }
        }
    }
}

#[test]
fn the_summary_of_the_site_names_every_document() {
    let summary = fs::read_to_string(Path::new(ROOT).join("docs/SUMMARY.md")).expect("a summary");
    let named: Vec<&str> = links(&summary).collect();
    let top = documents(".").into_iter().map(|path| format!("../{}", file_name(&path)));
    let docs = documents("docs").into_iter().map(|path| file_name(&path)).filter(|name| name != "SUMMARY.md");
    let reference = documents("docs/reference").into_iter().map(|path| format!("reference/{}", file_name(&path)));
    for document in top.chain(docs).chain(reference) {
        assert_eq!(named.iter().filter(|name| **name == document).count(), 1, "{document}");
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// Returns the anchor that GitHub gives a heading.
fn anchor_of(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'));
    kept.collect::<String>().replace(' ', "-")
}

/// The pages of `docs/reference/` that are written by the program, each with what must be in it.
fn reference() -> [(&'static str, String); 4] {
    [("command-line", command_line()), ("checks", checks()), ("policy", policy_keys()), ("report", report_fields())]
}

const GENERATED: &str = "<!-- Written by `BONAFIDE_REWRITE=1 cargo test --test documents`. -->\n";

/// Returns the help of every command.
fn command_line() -> String {
    let mut page = format!("{GENERATED}# Command line\n");
    let mut waiting = vec![Vec::new()];
    while let Some(command) = waiting.pop() {
        let help = help(&command);
        let name = std::iter::once("bonafide").chain(command.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
        page.extend(["\n## ", &name, "\n\n```text\n", help.trim_end(), "\n```\n"]);
        let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
        let names = listed.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
        let below: Vec<Vec<String>> = names.map(|name| [&command[..], &[name.to_owned()]].concat()).collect();
        waiting.extend(below.into_iter().rev());
    }
    page
}

fn help(command: &[String]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_bonafide")).args(command).arg("--help").env_clear().output();
    let text = String::from_utf8(output.expect("the program starts").stdout).expect("text");
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// Returns the page of every check.
fn checks() -> String {
    let mut page = format!(
        "{GENERATED}# Checks\n\nIn the order in which evidence meets them. `bonafide explain CHECK` prints one.\n"
    );
    for check in bonafide::check::CheckId::all() {
        // Each page begins with its own heading; here all of them stand one level lower.
        for line in check.page.trim().lines() {
            let level = if line.starts_with('#') { "#" } else { "" };
            page.extend(["\n", level, line]);
        }
        page += "\n";
    }
    page
}

/// Returns a table of keys for every part of the policy's JSON Schema.
fn policy_keys() -> String {
    let schema = schema("policy");
    let mut page = format!(
        "{GENERATED}# Keys of a policy\n\nFrom `bonafide schema policy`. [Policy](../policy.md) explains them by example.\n"
    );
    let mut parts = vec![("policy", &schema)];
    parts.extend(schema["$defs"].as_object().expect("parts").iter().map(|(name, part)| (name.as_str(), part)));
    for (name, part) in parts {
        let mut keys: Vec<(String, String)> = Vec::new();
        collect_keys(part, &mut keys);
        let description = part["description"].as_str().unwrap_or("One of the forms that the schema lists.");
        page.extend(["\n## ", name, "\n\n", description, "\n"]);
        if !keys.is_empty() {
            page += "\n| key | what it says |\n|---|---|\n";
            page.extend(keys.iter().map(|(key, text)| format!("| `{key}` | {} |\n", text.replace('|', "\\|"))));
        }
    }
    page
}

fn schema(document: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_bonafide")).args(["schema", document]).env_clear().output();
    serde_json::from_slice(&output.expect("the program starts").stdout).expect("JSON")
}

/// Returns a table of fields for every part of the JSON Schema of reports.
fn report_fields() -> String {
    let schema = schema("report");
    let mut page = format!(
        "{GENERATED}# Report\n\nThe fields of the JSON report, from `bonafide schema report`. A field in another has a dot before it, \
         and one in each item of a list `[].`.\nWithin version 1 fields are added, and none is changed: see \
         [Stability](../stability.md). [CI](../ci.md#read-the-report) reads it with jq.\n"
    );
    let mut parts = vec![("report", &schema)];
    parts.extend(schema["$defs"].as_object().expect("parts").iter().map(|(name, part)| (name.as_str(), part)));
    for (name, part) in parts {
        let mut fields: Vec<(String, String)> = Vec::new();
        collect_fields(part, "", &mut fields);
        page.extend(["\n## ", name, "\n\n", part["description"].as_str().expect("a description"), "\n"]);
        if !fields.is_empty() {
            page += "\n| field | what it says |\n|---|---|\n";
            page.extend(fields.iter().map(|(field, text)| format!("| `{field}` | {} |\n", text.replace('|', "\\|"))));
        }
    }
    page
}

/// Collects the fields of a part with those in them, each once.
fn collect_fields(part: &Value, above: &str, fields: &mut Vec<(String, String)>) {
    for (key, value) in part["properties"].as_object().into_iter().flatten() {
        let field = format!("{above}{key}");
        let referred = [&value["$ref"], &value["items"]["$ref"]].into_iter().find_map(Value::as_str);
        let name = referred.and_then(|target| target.strip_prefix("#/$defs/")).filter(|name| !name.contains('/'));
        let text = value["description"].as_str().map(str::to_owned);
        let text = text.or_else(|| name.map(|name| format!("see [{name}](#{name})"))).unwrap_or_default();
        if fields.iter().all(|(known, _)| *known != field) {
            fields.push((field.clone(), text));
        }
        collect_fields(value, &format!("{field}."), fields);
        collect_fields(&value["items"], &format!("{field}[]."), fields);
    }
    for form in ["anyOf", "oneOf", "allOf"].iter().flat_map(|form| part[*form].as_array().into_iter().flatten()) {
        collect_fields(form, above, fields);
    }
}

/// Collects the keys of every form of a part, each once.
fn collect_keys(part: &Value, keys: &mut Vec<(String, String)>) {
    for (key, value) in part["properties"].as_object().into_iter().flatten() {
        let referred = value["$ref"].as_str().and_then(|target| target.rsplit('/').next());
        let text = value["description"].as_str().map(str::to_owned);
        let text = text.or_else(|| referred.map(|name| format!("see [{name}](#{name})")));
        if keys.iter().all(|(known, _)| known != key) {
            keys.push((key.clone(), text.unwrap_or_default()));
        }
    }
    for form in ["anyOf", "oneOf", "allOf"].iter().flat_map(|form| part[*form].as_array().into_iter().flatten()) {
        collect_keys(form, keys);
    }
}

#[test]
fn the_reference_says_what_the_program_says() {
    for (name, wanted) in reference() {
        let path = Path::new(ROOT).join("docs/reference").join(name).with_extension("md");
        if std::env::var_os("BONAFIDE_REWRITE").is_some() {
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(&path, &wanted).expect("a page");
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(written == wanted, "{name}.md is old: BONAFIDE_REWRITE=1 cargo test --test documents");
    }
}

#[test]
fn every_policy_of_the_examples_passes_one_image_and_refuses_another() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/policy-by-example.md")).expect("a page");
    let sections: Vec<&str> = page.split("\n### ").skip(1).collect();
    assert_eq!(sections.len(), 20);
    for section in sections {
        let (title, rest) = section.split_once('\n').expect("a title");
        let policy = rest.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a policy");
        let said = rest.lines().find_map(|line| line.strip_prefix("Passes: ")).expect("what passes");
        let (passing, failing) = said.split_once(". Fails: ").expect("what fails");
        for name in passing.split(", ") {
            let (exit, text) = judged(policy, name.trim_matches('`'));
            assert_eq!(exit, Some(0), "{title}: {name}\n{text}");
        }
        let mut words = failing.split('`').skip(1).step_by(2);
        let (name, check) = (words.next().expect("an image"), words.next().expect("a check"));
        let (exit, text) = judged(policy, name);
        assert!(matches!(exit, Some(1 | 4)), "{title}: {name}\n{text}");
        assert!(text.contains(&format!("(`bonafide explain {check}`)")), "{title}: {name} by {check}\n{text}");
    }
}

/// Judges an image of `fixtures/` by a policy, as of the day that the page names. Returns the exit code and everything it printed.
fn judged(policy: &str, name: &str) -> (Option<i32>, String) {
    let folder = Folder::new();
    let root = Path::new(ROOT).join("fixtures/trust/lab.trusted_root.json");
    folder.write("bonafide.yaml", policy);
    folder.write("lab.trusted_root.json", fs::read(&root).expect("a fixture"));
    symlink(Path::new(ROOT).join("fixtures"), folder.path().join("fixtures")).expect("a link");
    let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
    command.current_dir(folder.path()).env_clear().args(["verify", "--offline", "--at", "2026-11-30T12:00:00Z"]);
    command.args(["--as", &format!("ghcr.io/acme/{name}:v1.0.0"), &format!("oci:fixtures/images/{name}:v1.0.0")]);
    // The rules name a trusted root, or the command line does.
    if !policy.contains("trust:") {
        command.arg("--trusted-root").arg(root);
    }
    let output = command.stdin(Stdio::null()).output().expect("the program starts");
    (output.status.code(), seen(&output))
}

/// Every text of the sources, with the lines that end with a backslash joined.
fn sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            sources(&entry, into);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let content = fs::read_to_string(&entry).expect("a source");
            let mut joined = content.split("\\\n");
            *into += joined.next().expect("a part");
            joined.for_each(|part| *into += part.trim_start());
        }
    }
}

#[test]
fn every_message_of_troubleshooting_is_one_that_the_program_prints() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/troubleshooting.md")).expect("a page");
    let checks: Vec<&str> = bonafide::check::CheckId::all().map(|check| check.id.as_str()).collect();
    // Texts that the sources put together are looked for where the program printed them.
    let mut known = fs::read_to_string(Path::new(ROOT).join("docs/diagnosis.md")).expect("a page");
    sources(&Path::new(ROOT).join("src"), &mut known);
    let mut count = 0;
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches(|character| matches!(character, '|' | ' ')).split(" | ").collect();
        let message = cells[0].trim_matches(|character| matches!(character, '`' | ' '));
        for part in message.split('…').map(str::trim).filter(|part| part.len() > 4) {
            assert!(known.contains(part), "{message}");
        }
        if let [_, _, _, check] = cells[..] {
            assert!(checks.contains(&check.trim_matches('`')), "{row}");
        }
        count += 1;
    }
    assert!(count > 40, "{count} messages");
}

#[test]
fn the_page_about_the_environment_names_every_variable_of_the_help() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/reference/environment.md")).expect("a page");
    for command in ["verify", "audit", "collect", "bundle", "doctor", "trust"] {
        let help = help(&[command.to_owned()]);
        let lines = help.lines().skip_while(|line| *line != "Environment:").skip(1).take_while(|line| !line.is_empty());
        for word in lines.flat_map(|line| line.split([' ', ','])) {
            let is_name = word.contains('_') && word.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
            assert!(!is_name || page.contains(&format!("`{word}`")), "{word}");
        }
    }
}

#[test]
fn every_check_has_a_legend_that_is_true() {
    let mut known = fs::read_to_string(Path::new(ROOT).join("docs/diagnosis.md")).expect("a page");
    sources(&Path::new(ROOT).join("src"), &mut known);
    let (keys, help) = (policy_keys(), ["verify", "audit"].map(|command| help(&[command.to_owned()])).concat());
    for check in bonafide::check::CheckId::all() {
        let legend = check.page.split_once("\n## Legend\n\n").expect("a legend at the end").1.replace("\n  ", " ");
        let lines: Vec<(&str, &str)> =
            legend.lines().filter_map(|line| line.strip_prefix("- ")?.split_once(": ")).collect();
        let names: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["Since", "Offline", "Policy", "Flags", "SARIF", "Example"], "{}", check.id);
        let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        for key in quoted(lines[2].1) {
            assert!(keys.contains(&format!("\n| `{key}` |")), "{}: {key}", check.id);
        }
        for flag in quoted(lines[3].1) {
            assert!(help.contains(&format!("{flag} <")) || help.contains(&format!("{flag}\n")), "{}: {flag}", check.id);
        }
        let example = lines[5].1.trim_matches('"');
        for part in example.split('…').map(str::trim).filter(|part| part.len() > 4) {
            assert!(known.contains(part), "{}: {part}", check.id);
        }
    }
}
