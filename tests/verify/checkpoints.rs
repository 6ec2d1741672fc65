//! Inclusion proofs and the signed tree heads they lead to (G7, A141 to A151).

use std::collections::BTreeMap;

use bonafide::check::CheckId;
use serde_json::{Value, json};

use crate::forge::{append, body};
use crate::support::json::{base64, canonical};
use crate::support::sigstore::rekor::note_id;
use crate::support::sigstore::{EntryKind, InclusionProof, Key, Rekor, SIGNING_TIME, Signed, Sigstore, Version};
use crate::world::{ENVELOPE_ENTRIES, Judge, World, bundle};

/// Bends the proof, for every kind of entry, and asserts that the log's word is refused.
#[track_caller]
fn proof_is_refused(world: &World, bend: impl Fn(&Rekor, &mut InclusionProof)) {
    for kind in ENVELOPE_ENTRIES {
        let mut signed = world.provenance_logged_as(kind);
        let log = log(&world.instance, kind);
        bend(log, signed.entries[0].proof.as_mut().expect("a proof"));
        let content = bundle(&signed.bundle(Version::V03));
        world.for_provenance().rejects(content, CheckId::TransparencyLog);
    }
}

fn log(instance: &Sigstore, kind: EntryKind) -> &Rekor {
    match kind {
        EntryKind::HashedRekordV002 => &instance.rekor_v2,
        _ => &instance.rekor,
    }
}

fn proof(signed: &mut Signed) -> &mut InclusionProof {
    signed.entries[0].proof.as_mut().expect("a proof")
}

/// The note's text, without its signatures.
fn text(proof: &InclusionProof) -> &str {
    &proof.checkpoint[..=proof.checkpoint.find("\n\n").expect("a note")]
}

#[test]
fn a141_an_index_beyond_the_tree_is_refused() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let mut signed = world.provenance_logged_as(kind);
        let size = proof(&mut signed).tree_size;
        for index in [size, 1_000_000, u64::MAX / 2, u64::MAX] {
            let json = signed.bundle_with(Version::V03, |json| {
                let entry = &mut json["verificationMaterial"]["tlogEntries"][0];
                entry["inclusionProof"]["logIndex"] = json!(index.to_string());
                // Rekor v2 has one index for both.
                if kind == EntryKind::HashedRekordV002 {
                    entry["logIndex"] = json!(index.to_string());
                }
            });
            let check = CheckId::TransparencyLog;
            world.for_provenance().rejects(bundle(&json), check);
        }
    }
}

#[test]
fn a141_a_tree_of_another_size_is_refused() {
    let world = World::new();
    for size in [0_u64, 1, 6, u64::MAX] {
        // A note that is signed for that size, and a proof that says the same.
        proof_is_refused(&world, |log, proof| {
            proof.tree_size = size;
            proof.checkpoint = log.checkpoint(size, &proof.root_hash);
        });
    }
}

#[test]
fn a141_a_proof_that_is_too_short_or_too_long_or_flipped_is_refused() {
    let world = World::new();
    proof_is_refused(&world, |_, proof| {
        proof.hashes.pop();
    });
    proof_is_refused(&world, |_, proof| proof.hashes.clear());
    proof_is_refused(&world, |_, proof| proof.hashes.push([0; 32]));
    proof_is_refused(&world, |_, proof| proof.hashes[0][31] ^= 1);
    proof_is_refused(&world, |_, proof| proof.hashes.reverse());
}

#[test]
fn a141_hashes_have_32_bytes_and_are_at_most_64() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let signed = world.provenance_logged_as(kind);
        let bent = |bend: fn(&mut Value)| {
            bundle(&signed.bundle_with(Version::V03, |json| {
                bend(&mut json["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]);
            }))
        };
        let judge = world.for_provenance();
        judge.rejects(bent(|proof| proof["hashes"][0] = json!(base64([0; 31]))), CheckId::TransparencyLog);
        judge.rejects(bent(|proof| proof["hashes"] = json!(vec![base64([0; 32]); 65])), CheckId::BundleFormat);
        judge.rejects(bent(|proof| proof["hashes"] = json!(vec![base64([0; 32]); 100_000])), CheckId::BundleFormat);
        judge.rejects(bent(|proof| proof["hashes"][0] = json!("%")), CheckId::BundleFormat);
    }
}

/// A142: the entry's index counts over all shards of the log, the proof's over its own. The good case has both apart.
#[test]
fn a142_the_index_of_the_log_is_not_that_of_its_shard() {
    let world = World::new();
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        let mut signed = world.provenance_logged_as(kind);
        let (in_log, in_shard) = (signed.entries[0].log_index, proof(&mut signed).log_index);
        assert_ne!(in_log, in_shard);
        world.for_provenance().accepts(bundle(&signed.bundle(Version::V03)));
        proof(&mut signed).log_index = in_log;
        world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::TransparencyLog);
    }
}

#[test]
fn a143_a_proof_that_disagrees_with_the_checkpoint_is_refused() {
    let world = World::new();
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        let good = world.provenance_logged_as(kind);
        let mut root = good.clone();
        proof(&mut root).root_hash = [0; 32];
        let mut size = good.clone();
        proof(&mut size).tree_size += 1;
        let mut checkpoint = good.clone();
        let (tree_size, root_hash) = (proof(&mut checkpoint).tree_size, [7; 32]);
        proof(&mut checkpoint).checkpoint = world.instance.rekor.checkpoint(tree_size, &root_hash);
        for broken in [root, size, checkpoint] {
            world.for_provenance().rejects(bundle(&broken.bundle(Version::V03)), CheckId::TransparencyLog);
        }
    }
}

/// Rekor v2 leaves these fields to the checkpoint, which is what counts (rekor-tiles `CLIENTS.md`).
#[test]
fn a143_what_rekor_v2_leaves_to_the_checkpoint_is_read_from_there() {
    let world = World::new();
    let mut signed = world.provenance_logged_as(EntryKind::HashedRekordV002);
    proof(&mut signed).root_hash = [0; 32];
    world.for_provenance().accepts(bundle(&signed.bundle(Version::V03)));
    let checkpoint = world.instance.rekor_v2.checkpoint(proof(&mut signed).tree_size, &[7; 32]);
    proof(&mut signed).checkpoint = checkpoint;
    world.for_provenance().rejects(bundle(&signed.bundle(Version::V03)), CheckId::TransparencyLog);
}

#[test]
fn a_checkpoint_by_another_key_is_refused() {
    let world = World::new();
    proof_is_refused(&world, |log, proof| {
        let stranger = match log.generation {
            crate::support::sigstore::Generation::V1 => Key::p256(),
            crate::support::sigstore::Generation::V2 => Key::ed25519(),
        };
        let impostor = Rekor { key: stranger, ..log.clone() };
        proof.checkpoint = impostor.checkpoint(proof.tree_size, &proof.root_hash);
    });
}

#[test]
fn a_checkpoint_changed_after_signing_is_refused() {
    let world = World::new();
    proof_is_refused(&world, |_, proof| {
        proof.checkpoint = proof.checkpoint.replacen("sigstore.test", "sigstore.tset", 1);
    });
    proof_is_refused(&world, |_, proof| {
        let text = text(proof).to_owned();
        proof.checkpoint = proof.checkpoint.replacen(&text, &format!("{text}Timestamp: 1\n"), 1);
    });
}

#[test]
fn checkpoints_that_are_none_are_refused() {
    let world = World::new();
    for broken in ["", "\n\n", "x\n1\n\n\u{2014} x AAAA\n", "\n1\nAAAA\n\n", "\u{0}"] {
        proof_is_refused(&world, |_, proof| proof.checkpoint = broken.to_owned());
    }
    proof_is_refused(&world, |_, proof| proof.checkpoint = text(proof).to_owned());
}

/// C2SP signed-note: a signature counts for the key of that name. The log's own line under another name is nobody's.
#[test]
fn a145_the_logs_signature_under_another_name_is_refused() {
    let world = World::new();
    proof_is_refused(&world, |log, proof| {
        let (from, to) = (format!("\u{2014} {} ", log.name), "\u{2014} github.sigstore.test ".to_owned());
        proof.checkpoint = proof.checkpoint.replacen(&from, &to, 1);
    });
}

#[test]
fn a146_signatures_of_witnesses_are_passed_over() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let log = log(&world.instance, kind);
        for witnesses_first in [true, false] {
            let mut signed = world.provenance_logged_as(kind);
            let proof = proof(&mut signed);
            let text = text(proof).to_owned();
            let witnesses: String = [Rekor::v2(), Rekor::v1()]
                .into_iter()
                .zip(["witness.example", "other-witness.example"])
                .map(|(rekor, name)| Rekor { name: name.to_owned(), ..rekor }.signature_line(&text))
                .collect();
            let own = log.signature_line(&text);
            let lines = if witnesses_first { witnesses + &own } else { own + &witnesses };
            proof.checkpoint = format!("{text}\n{lines}");
            world.for_provenance().accepts(bundle(&signed.bundle(Version::V03)));
        }
    }
}

#[test]
fn a146_two_signatures_of_the_log_itself_are_as_good_as_one() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        let mut signed = world.provenance_logged_as(kind);
        let line = log(&world.instance, kind).signature_line(text(proof(&mut signed)));
        proof(&mut signed).checkpoint.push_str(&line);
        world.for_provenance().accepts(bundle(&signed.bundle(Version::V03)));
    }
}

/// C2SP signed-note: "If … the signature fails to verify, the verifier MUST … reject the note" for a key it knows.
#[test]
fn a147_a_known_key_with_a_broken_signature_spoils_the_note() {
    let world = World::new();
    proof_is_refused(&world, |log, proof| {
        let broken = log.signature_line("another text");
        proof.checkpoint.push_str(&broken);
    });
}

#[test]
fn a149_a_checkpoint_of_another_trusted_log_is_refused() {
    let world = World::new();
    proof_is_refused(&world, |log, proof| {
        let other = match log.generation {
            crate::support::sigstore::Generation::V1 => &world.instance.rekor_v2,
            crate::support::sigstore::Generation::V2 => &world.instance.rekor,
        };
        proof.checkpoint = other.checkpoint(proof.tree_size, &proof.root_hash);
    });
}

/// The tree is the other log's from leaf to head; only the entry says that it is from this one.
#[test]
fn a149_a_proof_in_the_tree_of_another_trusted_log_is_refused() {
    let world = World::new();
    let mut signed = world.provenance_logged_as(EntryKind::HashedRekordV002);
    let second = World::of(Sigstore { rekor_v2: Rekor::v2(), ..world.instance.clone() });
    let theirs: Value = serde_json::from_str(&second.instance.trusted_root()).expect("JSON");
    let both = || {
        world.domain_with(|root| {
            root["tlogs"].as_array_mut().expect("a list").push(theirs["tlogs"][1].clone());
        })
    };
    let judge = world.for_provenance().trusting([both()]);
    judge.accepts(bundle(&signed.bundle(Version::V03)));
    let body = canonical(&body(&signed, EntryKind::HashedRekordV002));
    let entry = append(&second.instance, EntryKind::HashedRekordV002, body);
    signed.entries = vec![entry.clone()];
    judge.accepts(bundle(&signed.bundle(Version::V03)));
    signed.entries[0].log_id = world.instance.rekor_v2.log_id;
    judge.rejects(bundle(&signed.bundle(Version::V03)), CheckId::TransparencyLog);
}

/// Two logs of one instance whose identifiers begin with the same four bytes, and a root that knows both.
struct Twins {
    world: World,
    twin: World,
}

impl Twins {
    fn new() -> Twins {
        let instance = Sigstore::new();
        let keys = [Key::ed25519(), Key::ed25519()];
        let mut ids = BTreeMap::new();
        let named = |name: String, key: &Key| Rekor::named(&name, key.clone(), instance.rekor.generation);
        for number in 0.. {
            // Whoever runs a log chooses its name, and so the four bytes: of 2^17 names two are likely to have the same.
            for (position, key) in keys.iter().enumerate() {
                let name = format!("log{number}.{position}.test");
                let log_id = note_id(&name, key);
                match ids.insert(log_id[..4].to_vec(), (position, name.clone())) {
                    Some((other, theirs)) if other != position => {
                        let world = named(theirs, &keys[other]);
                        let twin = named(name, key);
                        let of = |rekor| World::of(Sigstore { rekor, ..instance.clone() });
                        return Twins { world: of(world), twin: of(twin) };
                    }
                    _ => {}
                }
            }
        }
        unreachable!("a number is found")
    }

    fn judge(&self, twin_first: bool) -> Judge {
        let theirs: Value = serde_json::from_str(&self.twin.instance.trusted_root()).expect("JSON");
        let both = self.world.domain_with(|root| {
            let logs = root["tlogs"].as_array_mut().expect("a list");
            logs.insert(if twin_first { 0 } else { logs.len() }, theirs["tlogs"][0].clone());
        });
        self.world.for_provenance().trusting([both])
    }
}

/// The first four bytes of an identifier are a hint, not the identifier.
#[test]
fn a151_logs_whose_key_ids_begin_alike_are_told_apart() {
    let twins = Twins::new();
    for twin_first in [true, false] {
        for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
            for signer in [&twins.world, &twins.twin] {
                let signed = bundle(&signer.provenance_logged_as(kind).bundle(Version::V03));
                twins.judge(twin_first).accepts(signed);
            }
        }
    }
}

/// Promised by the one, and in the tree of the other.
#[test]
fn a151_a_checkpoint_of_a_log_whose_key_id_begins_alike_is_refused() {
    let twins = Twins::new();
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        let mut signed = twins.world.provenance_logged_as(kind);
        let proof = proof(&mut signed);
        proof.checkpoint = twins.twin.instance.rekor.checkpoint(proof.tree_size, &proof.root_hash);
        let content = bundle(&signed.bundle(Version::V03));
        twins.judge(true).rejects(content, CheckId::TransparencyLog);
    }
}

/// A log that is retired has stopped, but what it had said while it ran still stands.
#[test]
fn a150_a_retired_log_vouches_for_its_own_time() {
    let world = World::new();
    let until = |end: &str| {
        world.domain_with(|root| {
            for log in root["tlogs"].as_array_mut().expect("a list") {
                log["publicKey"]["validFor"]["end"] = json!(end);
            }
        })
    };
    let signing_time = SIGNING_TIME.to_string();
    for kind in [EntryKind::DsseV001, EntryKind::IntotoV001, EntryKind::IntotoV002] {
        let signed = bundle(&world.provenance_logged_as(kind).bundle(Version::V03));
        let judge = |end: &str| world.for_provenance().trusting([until(end)]);
        judge(&signing_time).accepts(signed.clone());
        let refused = judge("2026-03-01T11:59:59Z").rejects(signed, CheckId::TransparencyLog);
        let words = format!("{refused:?}");
        for expected in
            ["the key of the log was not trusted when it made the entry", "2026-03-01T11:59:59Z", &signing_time]
        {
            assert!(words.contains(expected), "{expected}: {words}");
        }
    }
    // Rekor v2 says no time, so the window of its key has nothing to be compared with.
    let signed = bundle(&world.provenance_logged_as(EntryKind::HashedRekordV002).bundle(Version::V03));
    world.for_provenance().trusting([until("2026-03-01T11:59:59Z")]).accepts(signed);
}

/// One key may sign for several logs: the first line says which of them it is.
#[test]
fn a318_a_checkpoint_of_rekor_v2_names_the_log_of_the_trusted_root() {
    let world = World::new();
    let signed = world.provenance_logged_as(EntryKind::HashedRekordV002);
    let named = |name: &str| {
        let mut signed = signed.clone();
        let log = Rekor { name: name.to_owned(), ..world.instance.rekor_v2.clone() };
        let proof = proof(&mut signed);
        proof.checkpoint = log.checkpoint(proof.tree_size, &proof.root_hash);
        bundle(&signed.bundle(Version::V03))
    };
    let own = world.instance.rekor_v2.name.clone();
    world.for_provenance().accepts(named(&own));
    for name in ["other.sigstore.test", "LOG2026.sigstore.test", "sigstore.test", "xlog2026.sigstore.test"] {
        world.for_provenance().rejects(named(name), CheckId::TransparencyLog);
    }
    // The root of an instance that gives its logs no address says it by the id alone.
    let addressed = |address: &str| {
        world.for_provenance().trusting([world.domain_with(|root| root["tlogs"][1]["baseUrl"] = json!(address))])
    };
    for address in [format!("https://{own}/"), format!("http://{own}:8080/api"), own.clone()] {
        addressed(&address).accepts(named(&own));
    }
}

#[test]
fn a318_a_tree_size_is_written_in_one_way() {
    let world = World::new();
    for kind in ENVELOPE_ENTRIES {
        for bend in [|size: &str| format!("0{size}"), |size: &str| format!("+{size}"), |size: &str| format!("{size} ")]
        {
            let mut signed = world.provenance_logged_as(kind);
            let log = log(&world.instance, kind);
            let proof = proof(&mut signed);
            let text = proof.checkpoint.split("\n\n").next().expect("a body");
            let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
            lines[1] = bend(&lines[1]);
            proof.checkpoint = log.note(&format!("{}\n", lines.join("\n")));
            let content = bundle(&signed.bundle(Version::V03));
            world.for_provenance().rejects(content, CheckId::TransparencyLog);
        }
    }
}
