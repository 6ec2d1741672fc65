//! A TUF repository in memory: the roles of TUF 1.0.34 §4 with Ed25519 keys, signed honestly unless a test says otherwise.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::digest::{hex, sha256_hex};
use super::registry::{Registry, Response};
use super::sigstore::Key;

/// The end of everything that a test does not end earlier.
pub const FAR: &str = "2100-01-01T00:00:00Z";

/// Files by the path under which a mirror has them.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Who signs for a role, and what its next metadata says.
#[derive(Clone)]
pub struct Role {
    /// Keys by their ids.
    pub keys: Vec<(String, Key)>,
    pub threshold: u64,
    pub version: u64,
    pub expires: String,
}

/// A repository with one target, `trusted_root.json`.
pub struct TufRepository {
    pub root: Role,
    pub timestamp: Role,
    pub snapshot: Role,
    pub targets: Role,
    pub target: Vec<u8>,
    roots: Vec<Vec<u8>>,
    last_root: Option<Role>,
}

impl Role {
    /// A role of so many fresh keys, all of which must sign.
    pub fn of(keys: u64) -> Role {
        let keyed = |_| {
            let key = Key::ed25519();
            (sha256_hex(&key.public_bytes()), key)
        };
        Role { keys: (0..keys).map(keyed).collect(), threshold: keys, version: 1, expires: FAR.to_owned() }
    }

    /// Replaces the keys.
    pub fn rotate(&mut self) {
        self.keys = Role::of(self.keys.len() as u64).keys;
    }

    fn members(&self) -> Value {
        let ids: Vec<&String> = self.keys.iter().map(|(id, _)| id).collect();
        json!({"keyids": ids, "threshold": self.threshold})
    }
}

impl TufRepository {
    /// A repository whose root, of version 1, wants two signatures.
    pub fn new(trusted_root: &str) -> TufRepository {
        let mut repository = TufRepository {
            root: Role::of(2),
            timestamp: Role::of(1),
            snapshot: Role::of(1),
            targets: Role::of(1),
            target: trusted_root.as_bytes().to_vec(),
            roots: Vec::new(),
            last_root: None,
        };
        repository.publish_root();
        repository
    }

    /// Returns the first root, with which a client begins.
    pub fn anchor(&self) -> Vec<u8> {
        self.roots[0].clone()
    }

    /// Publishes a root with the roles as they are, signed by the keys of the root before it and by its own.
    pub fn publish_root(&mut self) {
        let signers = self.root_signers();
        self.publish_root_with(&signers, |_| {});
    }

    /// Publishes a root that these sign after `bend` had its way with it.
    pub fn publish_root_with(&mut self, signers: &[(String, Key)], bend: impl FnOnce(&mut Value)) {
        self.root.version = self.roots.len() as u64 + 1;
        let mut signed = self.root_document();
        bend(&mut signed);
        self.roots.push(sign(&signed, signers));
        self.last_root = Some(self.root.clone());
    }

    /// Returns the keys of the last root and those of the next, each once.
    pub fn root_signers(&self) -> Vec<(String, Key)> {
        let before = self.last_root.iter().flat_map(|role| role.keys.clone());
        let mut signers: Vec<(String, Key)> = before.collect();
        for (id, key) in &self.root.keys {
            if signers.iter().all(|(other, _)| other != id) {
                signers.push((id.clone(), key.clone()));
            }
        }
        signers
    }

    /// Raises the versions of all roles but the root, as a new release does.
    pub fn release(&mut self) {
        for role in [&mut self.timestamp, &mut self.snapshot, &mut self.targets] {
            role.version += 1;
        }
    }

    /// Returns everything that a mirror has, signed honestly.
    pub fn files(&self) -> Files {
        self.files_with(|_, _| {})
    }

    /// The same after `bend` had its way with what is signed, by the name of the role. What refers to it follows.
    pub fn files_with(&self, bend: impl Fn(&str, &mut Value)) -> Files {
        let make = |name: &str, role: &Role, mut signed: Value| {
            signed["version"] = json!(role.version);
            signed["expires"] = json!(role.expires);
            signed["spec_version"] = json!("1.0.34");
            signed["_type"] = json!(name);
            bend(name, &mut signed);
            sign(&signed, &role.keys)
        };
        let digest = sha256_hex(&self.target);
        let entry = json!({"length": self.target.len(), "hashes": {"sha256": digest}});
        let targets = make("targets", &self.targets, json!({"targets": {"trusted_root.json": entry}}));
        let meta = json!({"targets.json": {"version": self.targets.version}});
        let snapshot = make("snapshot", &self.snapshot, json!({"meta": meta}));
        let entry = json!({
            "version": self.snapshot.version, "length": snapshot.len(), "hashes": {"sha256": sha256_hex(&snapshot)},
        });
        let timestamp = make("timestamp", &self.timestamp, json!({"meta": {"snapshot.json": entry}}));
        let roots = self.roots.iter().enumerate();
        let mut files: Files =
            roots.map(|(position, root)| (format!("{}.root.json", position + 1), root.clone())).collect();
        files.insert("timestamp.json".to_owned(), timestamp);
        files.insert(format!("{}.snapshot.json", self.snapshot.version), snapshot);
        files.insert(format!("{}.targets.json", self.targets.version), targets);
        files.insert(format!("targets/{digest}.trusted_root.json"), self.target.clone());
        files
    }

    fn root_document(&self) -> Value {
        let roles = [
            ("root", &self.root),
            ("timestamp", &self.timestamp),
            ("snapshot", &self.snapshot),
            ("targets", &self.targets),
        ];
        let keys: BTreeMap<&String, Value> =
            roles.iter().flat_map(|(_, role)| &role.keys).map(|(id, key)| (id, public(key))).collect();
        let members: BTreeMap<&str, Value> = roles.iter().map(|(name, role)| (*name, role.members())).collect();
        json!({
            "_type": "root", "spec_version": "1.0.34", "version": self.root.version, "expires": self.root.expires,
            "consistent_snapshot": true, "keys": keys, "roles": members,
        })
    }
}

/// A key as metadata has it.
pub fn public(key: &Key) -> Value {
    json!({"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": hex(&key.public_bytes())}})
}

/// Signs a document. Its canonical form is that of serde_json: sorted keys, no white space, and nothing here is escaped.
pub fn sign(signed: &Value, signers: &[(String, Key)]) -> Vec<u8> {
    let canonical = signed.to_string();
    let signatures: Vec<Value> =
        signers.iter().map(|(id, key)| json!({"keyid": id, "sig": hex(&key.sign(canonical.as_bytes()))})).collect();
    json!({"signed": signed, "signatures": signatures}).to_string().into_bytes()
}

/// Has a server answer with these files and no others.
pub fn serve(server: &Registry, files: &Files) {
    server.mend();
    for (path, bytes) in files {
        let (path, bytes) = (format!("/{path}"), bytes.clone());
        server.bend_when(
            move |request| request.path == path,
            move |response| *response = Response::new(200, "application/json", bytes.clone()),
        );
    }
}
