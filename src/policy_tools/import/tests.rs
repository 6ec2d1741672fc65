use super::*;
use crate::policy::Document;

const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEkOC8XeJlj4NKSA2P/a9q3JAj3zRDXOKtVj8S1A/I41uYFxmsoB888/Jpa3KnKX2kWA9R5qIBMeUbxR63vhKOwg==";

/// A policy with these parts of a `spec`, in YAML's flow style or lines of two spaces.
fn policy(name: &str, glob: &str, rest: &str) -> String {
    format!(
        "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata:\n  name: {name}\nspec:\n  images:\n  - glob: '{glob}'\n{rest}\n"
    )
}

fn keyless(identity: &str, more: &str) -> String {
    format!(
        "  authorities:\n  - name: a\n    keyless: {{url: 'https://fulcio.sigstore.dev', identities: [{identity}]}}\n{more}"
    )
}

fn key_authority(more: &str) -> String {
    format!(
        "  authorities:\n  - key:\n      data: |\n        -----BEGIN PUBLIC KEY-----\n        {KEY}\n        -----END PUBLIC KEY-----\n{more}"
    )
}

const RELEASE: &str = "{issuer: 'https://token.actions.githubusercontent.com', subject: 'https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1'}";

fn import(source: &str) -> Import {
    let import = Import::read("cip.yaml", source.as_bytes()).expect("an import");
    read_back(&import);
    import
}

fn read_back(import: &Import) -> Document {
    let no_files = |name: &str| Err(format!("no file {name} is expected"));
    Document::parse("bonafide.yaml", import.text.as_bytes(), &no_files)
        .unwrap_or_else(|error| panic!("{error}\n{}", import.text))
}

fn fields(import: &Import, effect: Effect) -> Vec<&str> {
    import.remarks.iter().filter(|remark| remark.effect == effect).map(|remark| remark.field.as_str()).collect()
}

fn body(import: &Import) -> String {
    import.text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_keyless_policy_is_carried_over_whole() {
    let import = import(&policy("release", "ghcr.io/acme/**", &keyless(RELEASE, "")));
    assert_eq!(import.remarks, []);
    assert_eq!(
        body(&import),
        "version: 1

images:
  - name: 'release'
    match:
      - 'ghcr.io/acme/**'
    trust: ['public-good']
    signers:
      - identity: 'https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1'
        issuer: 'https://token.actions.githubusercontent.com'
    require: [signature]
"
    );
}

#[test]
fn a_key_policy_keeps_its_key_and_that_it_needs_no_log() {
    let import = import(&policy("key", "ghcr.io/acme/**", &key_authority("")));
    assert!(body(&import).contains("log: not-required"), "{}", import.text);
    assert!(body(&import).contains("        -----BEGIN PUBLIC KEY-----\n"), "{}", import.text);
    assert_eq!(fields(&import, Effect::Check), ["key: spec.authorities[0].key"]);
    assert!(!import.is_lossy());

    let logged = self::import(&policy(
        "key",
        "ghcr.io/acme/**",
        &key_authority("    ctlog: {url: 'https://rekor.sigstore.dev'}"),
    ));
    assert!(!body(&logged).contains("log: not-required"), "{}", logged.text);
    assert!(body(&logged).contains("trust: ['public-good']"), "{}", logged.text);
}

#[test]
fn attestations_become_requirements_and_those_unknown_are_lost() {
    let more = "    attestations:\n    - {name: p, predicateType: slsaprovenance}\n    - {name: s, predicateType: spdxjson}\n    - {name: v, predicateType: vuln}\n    - {name: x, predicateType: nothing}";
    let import = import(&policy("attested", "ghcr.io/acme/**", &keyless(RELEASE, more)));
    assert!(body(&import).contains("require: [provenance, sbom, vulnerabilities]"), "{}", import.text);
    assert_eq!(fields(&import, Effect::Lost), ["attested: spec.authorities[0].attestations[3]"]);
    assert!(import.is_lossy());
}

#[test]
fn attestations_of_any_other_type_are_required_by_it() {
    let more = "    attestations:\n    - {name: s, predicateType: spdxjson}\n    - {name: c, predicateType: custom}\n    - {name: r, predicateType: 'https://acme.example/review/v1'}";
    let import = import(&policy("attested", "ghcr.io/acme/**", &keyless(RELEASE, more)));
    let required = "\
    require:
      sbom: {}
      attestation:
        - type: 'https://acme.example/review/v1'
        - type: 'https://cosign.sigstore.dev/attestation/v1'
";
    assert!(body(&import).contains(required), "{}", import.text);
    assert!(!import.is_lossy());
}

#[test]
fn an_expression_that_is_found_anywhere_is_carried_over_with_a_doubt() {
    let identity = r"{issuerRegExp: '^https://accounts\.acme\.example$', subjectRegExp: 'acme/app'}";
    let import = import(&policy("open", "ghcr.io/acme/**", &keyless(identity, "")));
    assert!(body(&import).contains("identity-regexp: '.*acme/app.*'"), "{}", import.text);
    assert!(body(&import).contains(r"issuer-regexp: 'https://accounts\.acme\.example'"), "{}", import.text);
    assert_eq!(fields(&import, Effect::Check), ["open: spec.authorities[0].keyless.identities[0].subjectRegExp"]);
}

#[test]
fn a293_an_identity_that_strangers_can_have_is_left_out() {
    for identity in [
        r"{issuer: 'https://token.actions.githubusercontent.com', subjectRegExp: '^https://github\.com/acme.*$'}",
        r"{issuer: 'https://token.actions.githubusercontent.com', subjectRegExp: 'github\.com/acme/app'}",
        r"{issuer: 'https://token.actions.githubusercontent.com', subjectRegExp: '.*@refs/tags/v1$'}",
        r"{issuer: 'https://accounts.google.com', subjectRegExp: '.*@gmail\.com$'}",
        r"{issuerRegExp: '^https://oidc\.eks\..*$', subject: 'https://kubernetes.io/namespaces/a/serviceaccounts/b'}",
        r"{issuerRegExp: '.*', subjectRegExp: '^https://gitlab\.com/.*$'}",
    ] {
        let source = policy("wide", "ghcr.io/acme/**", &keyless(identity, ""));
        let Err(ImportError::NothingLeft { remarks, .. }) = Import::read("cip.yaml", source.as_bytes()) else {
            panic!("expected that nothing is left of {identity}")
        };
        assert!(remarks.iter().any(|remark| remark.message.contains("strangers can sign")), "{remarks:?}");
    }
}

#[test]
fn a293_what_names_a_beginning_and_is_found_anywhere_must_be_the_beginning_here() {
    let identity =
        r"{issuerRegExp: 'https://token\.actions\.githubusercontent\.com', subjectRegExp: 'https://github\.com/acme/'}";
    let import = import(&policy("begins", "ghcr.io/acme/**", &keyless(identity, "")));
    assert!(body(&import).contains(r"identity-regexp: 'https://github\.com/acme/.*'"), "{}", import.text);
    assert_eq!(fields(&import, Effect::LeftOut), ["begins: spec.authorities[0].keyless.identities[0]"]);
}

#[test]
fn an_asterisk_of_an_exact_subject_is_no_glob() {
    let import =
        import(&policy("star", "ghcr.io/acme/**", &keyless("{issuer: 'https://a.example', subject: 'a*b'}", "")));
    assert!(body(&import).contains(r"identity-regexp: 'a\*b'"), "{}", import.text);
}

#[test]
fn a182_a_static_pass_and_a_keyless_authority_without_identities_are_never_imported() {
    let source = policy(
        "pass",
        "ghcr.io/acme/**",
        "  authorities:\n  - static: {action: pass}\n  - keyless: {url: 'https://fulcio.sigstore.dev'}",
    );
    let Err(ImportError::NothingLeft { remarks, .. }) = Import::read("cip.yaml", source.as_bytes()) else {
        panic!("expected that nothing is left")
    };
    assert!(remarks.iter().all(|remark| remark.effect == Effect::LeftOut), "{remarks:?}");

    let both = format!("{}---\n{}", source, policy("release", "ghcr.io/acme/app*", &keyless(RELEASE, "")));
    let import = import(&both);
    assert_eq!(read_back(&import).rules().len(), 1);
    assert!(!import.is_lossy());
}

#[test]
fn a181_an_identity_that_everybody_has_is_left_out_and_the_others_stay() {
    let anyone = "{issuerRegExp: '.*', subjectRegExp: '.*'}";
    let import = import(&policy("a", "ghcr.io/acme/**", &keyless(&format!("{anyone}, {RELEASE}"), "")));
    assert!(fields(&import, Effect::LeftOut)[0].ends_with("identities[0]"), "{:?}", import.remarks);
    assert!(body(&import).contains("release.yml") && !body(&import).contains("'.*'"), "{}", body(&import));
}

#[test]
fn a_policy_of_which_no_authority_is_left_is_lost() {
    for authority in
        ["static: {action: fail, message: no}", "key: {kms: 'gcpkms://projects/acme'}", "key: {secretRef: {name: k}}"]
    {
        let first = policy("gone", "ghcr.io/acme/**", &format!("  authorities:\n  - {authority}"));
        let import = import(&format!("{first}---\n{}", policy("release", "ghcr.io/acme/**", &keyless(RELEASE, ""))));
        assert_eq!(fields(&import, Effect::Lost), ["gone: spec"], "{authority}");
        assert!(import.text.contains("# No rule is left of gone."), "{}", import.text);
    }
}

#[test]
fn any_authority_is_enough_and_one_that_wants_something_else_is_left_out() {
    let more = format!(
        "  - keyless: {{url: 'https://fulcio.sigstore.dev', identities: [{{issuer: 'https://a.example', subject: b}}]}}\n  - keyless: {{url: 'https://fulcio.sigstore.dev', identities: [{RELEASE}]}}\n    attestations: [{{name: p, predicateType: spdx}}]\n  - keyless: {{url: 'https://fulcio.acme.example', identities: [{RELEASE}]}}"
    );
    let import = import(&policy("several", "ghcr.io/acme/**", &keyless(RELEASE, &more)));
    assert_eq!(body(&import).matches("- identity:").count(), 2, "{}", import.text);
    assert_eq!(fields(&import, Effect::LeftOut), ["several: spec.authorities[2]", "several: spec.authorities[3]"]);
    assert!(!import.is_lossy());
}

#[test]
fn what_an_authority_demanded_that_is_left_out_is_no_loss() {
    let more = "  - keyless: {url: 'https://fulcio.sigstore.dev', identities: [{issuer: 'https://a.example', subject: b}]}\n    attestations: [{name: v, predicateType: vuln, policy: {type: cue, data: x}}]";
    let import = import(&policy("alternative", "ghcr.io/acme/**", &keyless(RELEASE, more)));
    assert_eq!(fields(&import, Effect::Lost), Vec::<&str>::new(), "{:?}", import.remarks);
    assert_eq!(fields(&import, Effect::LeftOut).len(), 2);
}

#[test]
fn that_one_authority_had_to_sign_all_of_it_is_lost() {
    let attestations = "    attestations: [{name: p, predicateType: spdx}, {name: q, predicateType: slsaprovenance1}]";
    let more = format!(
        "{attestations}\n  - keyless: {{url: 'https://fulcio.sigstore.dev', identities: [{{issuer: 'https://a.example', subject: b}}]}}\n{attestations}"
    );
    let import = import(&policy("all", "ghcr.io/acme/**", &keyless(RELEASE, &more)));
    assert_eq!(fields(&import, Effect::Lost), ["all: spec.authorities[1]"]);
}

#[test]
fn an_instance_of_ones_own_needs_its_trusted_root_and_nothing_passes_by_the_public_one() {
    for (authority, file) in [
        ("{url: 'https://fulcio.acme.example', identities: [%]}", "fulcio.acme.example"),
        ("{trustRootRef: my-root, identities: [%]}", "my-root"),
        ("{ca-cert: {data: x}, identities: [%]}", "ca-cert"),
        ("{trustRootRef: '../../etc/pass wd', identities: [%]}", "etcpasswd"),
    ] {
        let rest = format!("  authorities:\n  - keyless: {}", authority.replace('%', RELEASE));
        let import = import(&policy("private", "ghcr.io/acme/**", &rest));
        assert!(body(&import).contains(&format!("trust: ['./{file}.trusted_root.json']")), "{}", import.text);
        assert_eq!(fields(&import, Effect::Check).len(), 1);
    }
}

#[test]
fn everything_else_that_a_policy_says_is_listed() {
    let rest = keyless(
        RELEASE,
        "    source: [{oci: registry.acme.example/signatures, tagPrefix: x}]
    rfc3161timestamp: {trustRootRef: tsa}
    signatureFormat: bundle
    future: stricter
    attestations:
    - name: s
      predicateType: spdx
      policy: {type: cue, data: 'x: 1'}
  mode: warn
  match: [{resource: pods}]
  policy: {type: rego, data: 'package x'}",
    );
    let import = import(&policy("all", "ghcr.io/acme/app:v1", &rest));
    assert_eq!(
        fields(&import, Effect::Lost),
        [
            "all: spec.images[0]",
            "all: spec.authorities[0].future",
            "all: spec.authorities[0].attestations[0].policy",
            "all: spec.policy"
        ]
    );
    assert_eq!(
        fields(&import, Effect::LeftOut),
        [
            "all: spec.authorities[0].source[0]",
            "all: spec.authorities[0].source[0].tagPrefix",
            "all: spec.authorities[0].rfc3161timestamp",
            "all: spec.mode",
            "all: spec.match"
        ]
    );
    for remark in &import.remarks {
        assert!(import.text.contains(&format!(
            "# {}: {} (line {}): ",
            remark.effect.as_str(),
            remark.field,
            remark.place.line
        )));
    }
}

#[test]
fn several_documents_and_lists_are_read_and_what_is_no_policy_is_named() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: policy.sigstore.dev/v1alpha1, kind: ClusterImagePolicy, metadata: {name: a}, spec: {images: [{glob: 'ghcr.io/a/*'}], authorities: [{keyless: {url: 'https://fulcio.sigstore.dev', identities: [%]}}]}}\n- {apiVersion: v1, kind: ConfigMap}\n".replace('%', RELEASE);
    let import = import(&format!(
        "{list}---\n{}---\n---\n{}",
        policy("b", "ghcr.io/b/*", &keyless(RELEASE, "")),
        policy("b", "ghcr.io/c/*", &keyless(RELEASE, ""))
    ));
    let document = read_back(&import);
    let names: Vec<&str> = document.rules().iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "b (2)"]);
    assert_eq!(fields(&import, Effect::LeftOut), ["items[1]"]);
}

#[test]
fn a_hostile_policy_writes_nothing_but_texts() {
    let hostile = r#""x\nversion: 2\nimages: []\n# \u202e'\"*&""#;
    let identity = format!("{{issuer: {hostile}, subject: {hostile}}}");
    let source = policy(hostile, "ghcr.io/acme/**", &keyless(&identity, &format!("    {hostile}: 1")));
    let import = import(&source);
    assert_eq!(read_back(&import).rules()[0].name, "x\nversion: 2\nimages: []\n# \u{202e}'\"*&");
    assert!(!import.text.contains('\u{202e}'));
    assert!(import.is_lossy());
}

#[test]
fn a259_what_is_no_policy_or_too_much_is_an_error() {
    assert!(matches!(Import::read("x", b"a: b"), Err(ImportError::NoPolicy { .. })));
    assert!(matches!(Import::read("x", b""), Err(ImportError::NoPolicy { .. })));
    assert!(matches!(Import::read("x", b"\xff"), Err(ImportError::Source(_))));
    assert!(matches!(Import::read("x", b"a: [b"), Err(ImportError::Source(_))));
    assert!(matches!(Import::read("x", &b"a: 1\n---\n".repeat(1000)), Err(ImportError::Source(_))));
    assert!(matches!(Import::read("x", &vec![b' '; 2 * 1024 * 1024]), Err(ImportError::Source(_))));
}

#[test]
fn places_are_those_of_the_whole_stream() {
    let first = policy("a", "ghcr.io/a/*", &keyless(RELEASE, ""));
    let import = import(&format!("{first}---\n{}", policy("b", "ghcr.io/b/*", &keyless(RELEASE, "  mode: warn"))));
    let expected = first.lines().count() + 1 + policy("b", "ghcr.io/b/*", &keyless(RELEASE, "")).lines().count();
    assert_eq!(import.remarks[0].place.line, expected, "{}", import.text);
}
