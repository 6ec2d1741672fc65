//! Policy files: every message about a mistake, word for word, and the JSON Schema against the parser.
//!
//! `fixtures/policies/README.md` says how the files came about. `BONAFIDE_REWRITE=1 cargo test --test policies` writes the
//! messages anew; read each of them as somebody would who never saw this program.
//! Numbers such as `a259` are rows of the table of hostile inputs.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use serde_saphyr::options::MergeKeyPolicy;

/// Mistakes that only the parser can see, and why a schema cannot.
const BEYOND_THE_SCHEMA: [(&str, &str); 25] = [
    ("a293-any-cluster.yaml", "the table of issuers that many tenants share"),
    ("a293-any-mailbox.yaml", "the table of issuers that many tenants share"),
    ("a293-any-owner.yaml", "the table of issuers that many tenants share"),
    ("at-least-too-many.yaml", "a number is not compared with the length of a list"),
    ("attestation-absent-at-dots.yaml", "a pattern for the key would have to look at the value"),
    ("attestation-name-twice.yaml", "fields of several items are not compared"),
    ("claim-with-fraction.yaml", "1.0 is an integer to JSON Schema"),
    ("exception-no-such-day.yaml", "a pattern does not know how many days a month has"),
    ("key-certificate.yaml", "it is in another file"),
    ("key-file-missing.yaml", "it is about another file"),
    ("key-in-a-file-that-is-no-key.yaml", "it is in another file"),
    ("key-private.yaml", "it is in another file"),
    ("name-twice.yaml", "fields of several items are not compared"),
    ("regexp-glob.yaml", "the syntax of regular expressions"),
    ("regexp-look-around.yaml", "the syntax of regular expressions"),
    ("regexp-unclosed.yaml", "the syntax of regular expressions"),
    ("repository-id-octal.yaml", "0o17 is the integer 15 when a schema gets to see it"),
    ("sbom-license-expression.yaml", "the grammar of licence expressions"),
    ("sbom-license-family.yaml", "the SPDX License List"),
    ("sbom-license-misspelt.yaml", "the SPDX License List"),
    ("sbom-license-pattern-of-nothing.yaml", "the SPDX License List"),
    ("sbom-package-of-any-type.yaml", "the parts of package URLs"),
    ("sbom-package-vers-beside-version.yaml", "the parts of package URLs"),
    ("sbom-package-vers-not-in-order.yaml", "the order of versions"),
    ("version-with-fraction.yaml", "1.0 is the integer 1 to JSON Schema"),
];

/// Files that no schema is ever asked about: they are no YAML, or more of it than is read.
const NO_DOCUMENT: [&str; 17] = [
    "a259-alias-inside-itself.yaml",
    "a259-aliases-that-multiply.yaml",
    "a259-merge-key.yaml",
    "a259-nested-too-deep.yaml",
    "alias-unknown.yaml",
    "binary.yaml",
    "bracket-not-closed.yaml",
    "colon-in-text.yaml",
    "indentation-too-much.yaml",
    "indentation-with-tab.yaml",
    "key-twice.yaml",
    "match-unquoted-asterisks.yaml",
    "null-byte.yaml",
    "quote-not-closed.yaml",
    "top-key-twice.yaml",
    "two-documents.yaml",
    "utf-16.yaml",
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/policies").join(name)
}

/// The policies in a folder, by name.
fn policies(name: &str) -> Vec<String> {
    let entries = fs::read_dir(folder(name)).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name"));
    let mut names: Vec<String> = names.filter(|name| is_policy(name)).collect();
    names.sort();
    names
}

fn is_policy(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "yaml" || ending == "json")
}

fn check(folder: &Path, file: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
    command.args(["policy", "check", file]).current_dir(folder).env_clear();
    command.output().expect("the program runs")
}

#[test]
fn valid_policies_have_no_errors() {
    let names = policies("valid");
    assert!(names.len() >= 12, "{names:?}");
    for name in names {
        let output = check(&folder("valid"), &name);
        let said = String::from_utf8(output.stdout).expect("text");
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()), "{name}");
        assert!(said.contains(&format!("{name}: ")) && said.contains("no errors"), "{said}");
    }
}

/// A policy without a certain signer is refused, in every form.
#[test]
fn a181_a182_a189_a255_nobody_in_particular_is_never_a_signer() {
    for (name, said) in [
        ("signer-nobody.yaml", "anyone with an account there could have signed"),
        ("signer-claims-alone.yaml", "anyone with an account could have signed"),
        ("signers-missing.yaml", "anyone with an account could have signed"),
        ("signers-of-one-requirement-missing.yaml", "`provenance` has no signers"),
        ("signers-empty.yaml", "the list of signers is empty"),
        ("all-of-empty.yaml", "the list of signers is empty"),
        ("at-least-zero.yaml", "a number, 1 or more"),
        ("identity-empty.yaml", "an empty text matches nothing"),
        ("identity-without-issuer.yaml", "any issuer could assert it"),
        ("email-without-issuer.yaml", "any issuer could assert it"),
        ("identity-and-regexp.yaml", "cannot be `identity` and `identity-regexp` at once"),
        ("issuer-twice.yaml", "`issuer` and `issuer-regexp` are both there"),
        ("github-owner-glob.yaml", "anyone can create an owner"),
        ("empty.yaml", "the policy is empty"),
        ("images-empty.yaml", "the list of rules is empty"),
        ("require-empty-list.yaml", "nothing is required"),
        ("require-empty-fields.yaml", "nothing is required"),
    ] {
        let message = String::from_utf8(check(&folder("invalid"), name).stderr).expect("text");
        assert!(message.contains(said), "{name}: {message}");
    }
}

/// The message of each mistake is in the file beside it.
#[test]
fn a254_every_mistake_is_refused_with_its_place_and_what_to_do() {
    let rewrite = std::env::var_os("BONAFIDE_REWRITE").is_some();
    let names = policies("invalid");
    assert!(names.len() >= 40, "{names:?}");
    let mut different = String::new();
    for name in &names {
        let output = check(&folder("invalid"), name);
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), b"".as_slice()), "{name}");
        let message = String::from_utf8(output.stderr).expect("text");
        assert!(message.starts_with("error: the policy cannot be used: it has "), "{name}: {message}");
        let lines: Vec<&str> = message.lines().collect();
        let places = lines.iter().filter(|line| line.starts_with(&format!("{name}:"))).count();
        let hints = lines.iter().filter(|line| line.starts_with("  → ")).count();
        assert!(places > 0 && places == hints, "every error has a place and says what to do: {message}");
        let expected = folder("invalid").join(format!("{}.txt", name.rsplit_once('.').expect("an ending").0));
        if rewrite {
            fs::write(&expected, &message).expect("the fixtures can be written");
        } else if fs::read_to_string(&expected).ok().as_ref() != Some(&message) {
            let _ = writeln!(different, "{name} is refused with\n{message}");
        }
    }
    assert_eq!(different, "", "messages changed: read them, and if they are good `BONAFIDE_REWRITE=1` keeps them");
}

#[test]
fn no_message_is_left_without_its_policy() {
    let names = policies("invalid");
    for entry in fs::read_dir(folder("invalid")).expect("the folder is there") {
        let name = entry.expect("an entry").file_name().into_string().expect("a plain name");
        if let Some(stem) = name.strip_suffix(".txt") {
            assert!(names.iter().any(|policy| policy.rsplit_once('.').is_some_and(|(one, _)| one == stem)), "{name}");
        }
    }
}

/// As an editor reads it before it asks the schema: YAML 1.2, and bounded as the program bounds it.
fn read(path: &Path) -> Option<Value> {
    let text = String::from_utf8(fs::read(path).expect("a fixture")).ok()?;
    let options = serde_saphyr::options! {
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        budget: serde_saphyr::budget! { max_nodes: 20_000, max_depth: 32, max_documents: 1 },
    };
    serde_saphyr::from_str_with_options(text.strip_prefix('\u{feff}').unwrap_or(&text), options).ok()
}

fn schema() -> jsonschema::Validator {
    let output = Command::new(env!("CARGO_BIN_EXE_bonafide")).args(["schema", "policy"]).env_clear().output();
    let schema: Value = serde_json::from_slice(&output.expect("the program runs").stdout).expect("the schema is JSON");
    jsonschema::draft202012::meta::validate(&schema).expect("the schema is a schema");
    jsonschema::draft202012::new(&schema).expect("the schema can be used")
}

#[test]
fn the_schema_accepts_what_the_parser_accepts() {
    let schema = schema();
    let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/policy_tools/starter.yaml");
    let valid = policies("valid").into_iter().map(|name| folder("valid").join(name));
    for path in valid.chain([starter]) {
        let policy = read(&path).unwrap_or_else(|| panic!("{} can be read", path.display()));
        let complaints: Vec<String> =
            schema.iter_errors(&policy).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(complaints, Vec::<String>::new(), "{}", path.display());
    }
}

#[test]
fn the_schema_refuses_what_the_parser_refuses() {
    let schema = schema();
    let (mut accepted, mut unread) = (Vec::new(), Vec::new());
    for name in policies("invalid") {
        match read(&folder("invalid").join(&name)) {
            None => unread.push(name),
            Some(policy) if schema.is_valid(&policy) => accepted.push(name),
            Some(_) => {}
        }
    }
    assert_eq!(accepted, BEYOND_THE_SCHEMA.map(|(name, _)| name), "what the schema does not see");
    assert_eq!(unread, NO_DOCUMENT, "what no schema gets to see");
}

/// Editors show what a key is for.
#[test]
fn every_key_of_the_schema_is_described() {
    let output = Command::new(env!("CARGO_BIN_EXE_bonafide")).args(["schema", "policy"]).env_clear().output();
    let schema: Value = serde_json::from_slice(&output.expect("the program runs").stdout).expect("the schema is JSON");
    let mut count = 0;
    describe(&schema, &schema, &mut count);
    assert!(count > 60, "{count} keys");
}

fn describe(root: &Value, schema: &Value, count: &mut usize) {
    match schema {
        Value::Object(object) => {
            if object.get("type").is_some_and(|kind| kind == "object") && object.contains_key("properties") {
                assert_eq!(object.get("additionalProperties"), Some(&Value::Bool(false)), "{schema:#}");
                for (key, value) in object["properties"].as_object().expect("keys") {
                    *count += 1;
                    let named = value.get("$ref").and_then(Value::as_str).and_then(|path| root.pointer(&path[1..]));
                    let described =
                        [Some(value), named].into_iter().flatten().any(|one| one["description"].is_string());
                    assert!(described, "{key} has no description");
                }
            }
            object.values().for_each(|value| describe(root, value, count));
        }
        Value::Array(items) => items.iter().for_each(|value| describe(root, value, count)),
        _ => {}
    }
}

/// A folder of this run with a key and a policy in it.
fn scratch(policy: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("readme-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("cargo's directory for tests can be written");
    fs::copy(folder("valid").join("cosign.pub"), directory.join("cosign.pub")).expect("the key can be copied");
    fs::write(directory.join("bonafide.yaml"), policy).expect("the policy can be written");
    directory
}

#[test]
fn the_policies_and_the_signers_of_the_documents_can_be_pasted() {
    let page = include_str!("../docs/policy.md");
    let example = page.split_once("```yaml\n").expect("an example").1.split_once("```").expect("its end").0;
    let rows = page.lines().skip_while(|line| !line.starts_with("| signer |")).skip(2);
    let signers: Vec<&str> =
        rows.map_while(|line| line.strip_prefix("| `")).filter_map(|row| row.split('`').next()).collect();
    assert_eq!(signers.len(), 9, "{signers:?}");
    let all: String = signers.iter().map(|signer| format!("      - {{{signer}}}\n")).collect::<Vec<_>>().concat();
    let with_signers =
        format!("version: 1\nimages:\n  - match: ghcr.io/acme/**\n    signers:\n{all}    require: [signature]\n");
    for policy in [example, &with_signers].into_iter().chain(further_examples(page).iter().map(String::as_str)) {
        let directory = scratch(policy);
        let output = check(&directory, "bonafide.yaml");
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()), "{policy}");
        let value = read(&directory.join("bonafide.yaml")).expect("YAML");
        assert!(schema().is_valid(&value), "{policy}");
        fs::remove_dir_all(&directory).expect("the folder can be removed");
    }
}

/// Returns a policy for each further example of the page, with what the page leaves out around it.
fn further_examples(page: &str) -> Vec<String> {
    let head = "version: 1\nimages:\n  - match: ghcr.io/acme/**\n    signers: [{github: acme/app}]\n";
    let blocks = page.split("```yaml\n").skip(2).map(|rest| rest.split_once("```").expect("its end").0);
    let whole = |block: &str| match block.trim_start().split(':').next().expect("a key") {
        "provenance" => format!("{head}    require:\n{block}"),
        "require" => format!("{head}{}", block.lines().flat_map(|line| ["    ", line, "\n"]).collect::<String>()),
        "builders" => format!("{head}    require: [provenance]\n{block}"),
        other => panic!("an example that begins with `{other}`"),
    };
    let filled = |policy: String| policy.replace("sha256:…", &format!("sha256:{}", "0".repeat(64)));
    let parts: Vec<String> =
        blocks.map(whole).map(|policy| filled(policy).replace("tekton.pub", "cosign.pub")).collect();
    assert_eq!(parts.len(), 3);
    parts
}

/// Files that are made to cost: each is refused within half a gigabyte of address space and twenty seconds of the processor,
/// and what is said about it is short.
#[cfg(unix)]
#[test]
fn a187_a259_what_is_made_to_cost_is_refused_within_bounds() {
    let rule = "version: 1\nimages:\n  - match: ghcr.io/acme/**\n    signers: [{github: acme/app}]\n    require: [signature]\n";
    let lines = |count, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<Vec<_>>().concat();
    let anchors = lines(9_000, &|number| format!("k{number}: &a{number} x\n"));
    let keys = lines(9_000, &|number| format!("misspelt{number}: {{}}\n"));
    let large = [
        ("ten-megabytes", rule.replace("ghcr.io/acme/**", &format!("[{}]", "ghcr.io/acme/app, ".repeat(600_000)))),
        ("brackets", "[".repeat(1_000_000)),
        ("indents", lines(1_000, &|depth| format!("{}a:\n", " ".repeat(depth)))),
        ("dashes", "- ".repeat(400_000)),
        ("long-key", format!("{rule}{}: x\n", "k".repeat(1_000))),
        ("longer-key", format!("{rule}? {}\n: x\n", "k".repeat(900_000))),
        ("anchors", format!("{rule}{anchors}")),
        ("unknown-keys", format!("{rule}{keys}")),
        ("documents", "---\n".repeat(200_000)),
        ("question-marks", "? ".repeat(400_000)),
        ("quotes", format!("a: \"{}", "\\u0041".repeat(100_000))),
        ("regexp", rule.replace("github: acme/app", "identity-regexp: \"((((x{99}){99}){99}){99})\", issuer: x")),
        ("asterisks", rule.replace("ghcr.io/acme/**", &format!("ghcr.io/{}a", "*a/".repeat(200_000)))),
    ];
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("policies-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("cargo's directory for tests can be written");
    for (name, text) in large {
        let file = directory.join(format!("{name}.yaml"));
        fs::write(&file, text).expect("the test's directory can be written");
        let output = Command::new("/bin/sh")
            .args(["-c", "ulimit -v 524288; ulimit -t 20; exec \"$0\" policy check \"$1\""])
            .args([Path::new(env!("CARGO_BIN_EXE_bonafide")), &file])
            .env_clear()
            .output()
            .expect("a shell runs");
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {:?} {}", output.status, &message[..message.len().min(500)]);
        assert!(message.len() < 64 * 1024, "{name}: {} bytes are said", message.len());
    }
    fs::remove_dir_all(&directory).expect("the test's directory can be removed");
}

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

/// Breaks a policy in one place: another value, a key less, a key more, an item less, an item twice.
fn break_one(numbers: &mut Numbers, value: &mut Value, words: &[Value]) {
    match value {
        Value::Object(fields) if !fields.is_empty() && numbers.below(5) > 0 => {
            let key = fields.keys().nth(numbers.below(fields.len())).expect("a key").clone();
            match numbers.below(12) {
                0 => drop(fields.remove(&key)),
                1 => drop(fields.insert("misspelt".to_owned(), Value::Null)),
                _ => break_one(numbers, fields.get_mut(&key).expect("the key"), words),
            }
        }
        Value::Array(items) if !items.is_empty() && numbers.below(5) > 0 => {
            let position = numbers.below(items.len());
            match numbers.below(12) {
                0 => drop(items.remove(position)),
                1 => items.push(items[position].clone()),
                _ => break_one(numbers, &mut items[position], words),
            }
        }
        other => *other = words[numbers.below(words.len())].clone(),
    }
}

/// Every value of a document, and every part of it.
fn parts(value: &Value, found: &mut Vec<Value>) {
    found.push(value.clone());
    match value {
        Value::Object(fields) => fields.values().for_each(|value| parts(value, found)),
        Value::Array(items) => items.iter().for_each(|value| parts(value, found)),
        _ => {}
    }
}

/// What the parser says that no schema can.
const SAYS_MORE: [&str; 10] = [
    "two rules are called",
    "two requirements are called",
    "different signers must have signed",
    "the regular expression",
    "no key that can be used",
    "is not a package URL",
    "is not a range of versions",
    "the package URL has a version already",
    "is not on the SPDX License List",
    "is more than one licence",
];

#[test]
fn the_schema_and_the_parser_agree_on_what_is_broken_at_random() {
    let schema = schema();
    let documents: Vec<Value> =
        policies("valid").iter().map(|name| read(&folder("valid").join(name)).expect("YAML")).collect();
    let mut words: Vec<Value> =
        ["", " ", "x", "**", "refs/tags/v*", "ghcr.io/acme/app:1", "a@b.example", "acme/app", "1.0"]
            .map(Value::from)
            .into();
    words.extend([Value::Null, Value::from(true), Value::from(7), Value::from(-7), Value::from(1.5)]);
    for document in &documents {
        parts(document, &mut words);
    }
    let key = fs::read(folder("valid").join("cosign.pub")).expect("a key");
    let mut numbers = Numbers(0x5eed_0254);
    let (mut good, mut disagreements) = (0, String::new());
    for turn in 0..2_000 {
        let mut document = documents[turn % documents.len()].clone();
        break_one(&mut numbers, &mut document, &words);
        let text = serde_json::to_string(&document).expect("JSON");
        let parsed = bonafide::policy::Document::parse("policy.json", text.as_bytes(), &|_| Ok(key.clone()));
        good += usize::from(parsed.is_ok());
        if parsed.is_ok() == schema.is_valid(&document) {
            continue;
        }
        let said = parsed.as_ref().err().map(ToString::to_string).unwrap_or_default();
        if parsed.is_ok() || !SAYS_MORE.iter().any(|word| said.contains(word)) {
            let _ = writeln!(disagreements, "{text}\n{said}\n");
        }
    }
    assert!(good > 50, "{good} of them were still good");
    assert_eq!(disagreements, "");
}
