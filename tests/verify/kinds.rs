//! Every kind of attestation is whole: what a policy may ask of it, its checks, its part of the JSON Schemas, a first policy and a
//! good one to begin with.

use bonafide::attestation::types::Kind;
use bonafide::check::CheckId;
use bonafide::policy::{Document, Requirement};
use bonafide::verify::inspect;
use serde_json::{Value, json};

use crate::support::schema::complaints;
use crate::support::sigstore::Version;
use crate::support::statement::statement;
use crate::world::{World, bundle, evidence};

fn parsed(kind: Kind, text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{kind:?}: {error}"))
}

#[test]
fn every_kind_has_checks_of_its_own_and_the_page_of_each() {
    // A signature is checked by what every signature is checked by.
    for kind in Kind::ALL.iter().filter(|kind| **kind != Kind::Signature) {
        assert!(!kind.checks().is_empty(), "{kind:?}");
        for check in kind.checks() {
            assert_eq!(check.id.as_str().parse::<CheckId>().map(CheckId::page), Ok(check.page), "{kind:?}");
        }
    }
}

#[test]
fn every_requirement_is_in_the_schema_of_policies_and_in_a_first_policy() {
    for requirement in Requirement::ALL {
        let kind = requirement.kind();
        let schema = parsed(kind, kind.policy_schema().expect("a schema"));
        assert!(schema["require"]["description"].is_string() && schema["$defs"].is_object(), "{kind:?}");
        let starter: String =
            kind.starter().expect("a starter").lines().flat_map(|line| ["      ", line, "\n"]).collect();
        let text = format!(
            "version: 1\nimages:\n  - match: '**'\n    signers: [{{github: acme/shop}}]\n    require:\n{starter}"
        );
        let document = Document::parse("starter", text.as_bytes(), &|_| unreachable!("no file is named"))
            .unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        let policy = document
            .policy_for("registry.test/acme/shop", &[], None, World::new().for_provenance().now)
            .expect("a policy");
        let required: Vec<Requirement> =
            policy.expectations().iter().map(bonafide::policy::Expectation::requirement).collect();
        assert_eq!(required, [*requirement], "{text}");
    }
}

#[test]
fn a_good_one_of_every_kind_is_read_and_said_in_the_report() {
    let world = World::new();
    for kind in Kind::ALL {
        let Some(seed) = kind.seed() else {
            assert!(kind.section_schema().is_none(), "{kind:?}: what is not read is not said");
            continue;
        };
        let seed = parsed(*kind, seed);
        let predicate_type = seed["predicateType"].as_str().expect("a type");
        assert_eq!(Kind::of_type(predicate_type), *kind);
        let signed = world.signer().attest(&statement(&world.subject, predicate_type, seed["predicate"].clone()));
        let evidence = evidence(&world.image, [bundle(&signed.bundle(Version::V03))]);
        let report = inspect(&evidence, None, &[world.domain()], world.for_provenance().now);
        let candidate = serde_json::to_value(&report.candidates[0]).expect("a report");
        assert_eq!(
            (&candidate["kind"], &candidate["accepted"]),
            (&json!(kind.as_str()), &json!(true)),
            "{candidate:#}"
        );
        let schema = parsed(*kind, kind.section_schema().expect("a schema"));
        assert_eq!(complaints(&schema, &candidate[kind.as_str()]), Vec::<String>::new(), "{kind:?}");
        let section = report.candidates[0].section.as_ref().expect("what it says").shown();
        assert!(!section.lines().is_empty() && !section.brief(None).is_empty(), "{kind:?}");
    }
}
