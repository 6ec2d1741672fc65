//! CSAF 2.0, profile 5 (VEX).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use crate::json;

use super::model::{Document, Statement, Status, time};
use super::product::{Component, Product};

/// Nesting of branches that is followed. Documents have three or four: vendor, product, version, architecture.
const MAX_BRANCHES: usize = 16;
/// Products that the groups of all flags and threats may name together: a group may name every product, each flag every group, and
/// there may be as many vulnerabilities as products.
const MAX_GROUPED: usize = 2_000_000;
/// Names of one vulnerability: each statement has all of them.
const MAX_NAMES: usize = 128;

#[derive(Deserialize)]
struct Wire {
    document: Head,
    #[serde(default)]
    product_tree: Option<Tree>,
    vulnerabilities: Vec<WireVulnerability>,
}

#[derive(Deserialize)]
struct Head {
    category: String,
    publisher: Publisher,
    tracking: Tracking,
}

#[derive(Deserialize)]
struct Publisher {
    name: String,
}

#[derive(Deserialize)]
struct Tracking {
    #[serde(default)]
    current_release_date: Option<String>,
}

#[derive(Deserialize, Default)]
struct Tree {
    #[serde(default)]
    branches: Vec<Branch>,
    #[serde(default)]
    full_product_names: Vec<WireProduct>,
    #[serde(default)]
    relationships: Vec<Relationship>,
    #[serde(default)]
    product_groups: Vec<Group>,
}

/// Products that flags and threats name together (CSAF 2.0 §3.2.2.4).
#[derive(Deserialize)]
struct Group {
    group_id: String,
    product_ids: Vec<String>,
}

#[derive(Deserialize)]
struct Branch {
    #[serde(default)]
    branches: Vec<Branch>,
    #[serde(default)]
    product: Option<WireProduct>,
}

#[derive(Deserialize)]
struct WireProduct {
    product_id: String,
    #[serde(default)]
    product_identification_helper: Option<Helper>,
}

#[derive(Deserialize)]
struct Helper {
    #[serde(default)]
    purl: Option<String>,
    #[serde(default)]
    hashes: Vec<Hashes>,
}

#[derive(Deserialize)]
struct Hashes {
    #[serde(default)]
    file_hashes: Vec<Hash>,
}

#[derive(Deserialize)]
struct Hash {
    algorithm: String,
    value: String,
}

/// `product_reference` is a part of `relates_to_product_reference`, and the two together are the product with this name.
#[derive(Deserialize)]
struct Relationship {
    full_product_name: WireProduct,
    product_reference: String,
    relates_to_product_reference: String,
}

#[derive(Deserialize)]
struct WireVulnerability {
    #[serde(default)]
    cve: Option<String>,
    #[serde(default)]
    ids: Vec<Id>,
    #[serde(default)]
    product_status: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    flags: Vec<Flag>,
    #[serde(default)]
    threats: Vec<Threat>,
}

#[derive(Deserialize)]
struct Id {
    text: String,
}

#[derive(Deserialize)]
struct Flag {
    label: String,
    #[serde(default)]
    product_ids: Vec<String>,
    #[serde(default)]
    group_ids: Vec<String>,
}

#[derive(Deserialize)]
struct Threat {
    category: String,
    details: String,
    #[serde(default)]
    product_ids: Vec<String>,
    #[serde(default)]
    group_ids: Vec<String>,
}

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Document, String> {
    let wire: Wire = json::from_part(text).map_err(|error| error.to_string())?;
    if wire.document.category != "csaf_vex" {
        return Err(format!("`document.category` is `{}`, which is not VEX", wire.document.category));
    }
    let mut tree = wire.product_tree.unwrap_or_default();
    let groups = std::mem::take(&mut tree.product_groups);
    let groups: HashMap<String, Vec<String>> =
        groups.into_iter().map(|group| (group.group_id, group.product_ids)).collect();
    let products = products(tree)?;
    let time = time(wire.document.tracking.current_release_date.as_deref())?;
    let (mut statements, mut left) = (Vec::new(), MAX_GROUPED);
    for vulnerability in &wire.vulnerabilities {
        let (called, reasons) = (vulnerability.names()?, vulnerability.reasons(&groups, &mut left));
        // Of contradicting statuses of a product at one time `affected` counts (CSAF 6.1.6).
        let said = vulnerability.product_status.iter().filter_map(|(word, ids)| Some((status(word)?, ids)));
        let (closing, open): (Vec<_>, Vec<_>) =
            said.partition(|(status, _)| matches!(status, Status::NotAffected | Status::Fixed));
        for (status, ids) in closing.into_iter().chain(open) {
            let named = ids.iter().filter_map(|id| Some((products.get(id)?, reasons.get(id.as_str()))));
            statements.extend(named.map(|(product, because)| statement(&called, status, product, because, time)));
        }
    }
    Ok(Document { form: "CSAF", author: wire.document.publisher.name, statements, ..Document::default() })
}

/// One statement of each product, so that a reason for one is none for another. What names no product says nothing.
fn statement(
    names: &Arc<[String]>,
    status: Status,
    product: &Arc<Product>,
    because: Option<&Arc<str>>,
    time: Option<Timestamp>,
) -> Statement {
    Statement { ids: Arc::clone(names), products: vec![Arc::clone(product)], status, because: because.cloned(), time }
}

impl WireVulnerability {
    /// A document that leaves some out could close what another statement of it leaves open, so too many are refused.
    fn names(&self) -> Result<Arc<[String]>, String> {
        if self.ids.len() > MAX_NAMES {
            return Err(format!("a vulnerability has more than {MAX_NAMES} `ids`"));
        }
        Ok(self.cve.iter().cloned().chain(self.ids.iter().map(|id| id.text.clone())).collect())
    }

    /// Why products are not affected, by product: a label before a text, the first of several. Documents name tens of thousands.
    fn reasons<'a>(&'a self, groups: &'a HashMap<String, Vec<String>>, left: &mut usize) -> HashMap<&'a str, Arc<str>> {
        let flags = self.flags.iter().map(|flag| (&flag.label, &flag.product_ids, &flag.group_ids));
        let impacts = self.threats.iter().filter(|threat| threat.category == "impact");
        let impacts = impacts.map(|threat| (&threat.details, &threat.product_ids, &threat.group_ids));
        let mut reasons = HashMap::new();
        for (reason, products, of_groups) in flags.chain(impacts) {
            let reason: Arc<str> = reason.as_str().into();
            let grouped: Vec<&String> =
                of_groups.iter().take(*left).filter_map(|group| groups.get(group)).flatten().take(*left).collect();
            *left -= grouped.len().max(of_groups.len()).min(*left);
            for product in products.iter().chain(grouped) {
                reasons.entry(product.as_str()).or_insert_with(|| Arc::clone(&reason));
            }
        }
        reasons
    }
}

fn status(word: &str) -> Option<Status> {
    Some(match word {
        "known_not_affected" => Status::NotAffected,
        "fixed" | "first_fixed" => Status::Fixed,
        "known_affected" | "first_affected" | "last_affected" => Status::Affected,
        "under_investigation" => Status::UnderInvestigation,
        _ => return None,
    })
}

/// Components are shared: each may be a part of all products.
type Products = BTreeMap<String, (Arc<Component>, Vec<Arc<Component>>)>;

/// Each product, once however many statements name it.
fn products(tree: Tree) -> Result<BTreeMap<String, Arc<Product>>, String> {
    let mut products = Products::new();
    for product in tree.full_product_names {
        insert(&mut products, product);
    }
    branches(tree.branches, &mut products, 0)?;
    for relationship in tree.relationships {
        let whole = products.get(&relationship.relates_to_product_reference).map(|(whole, _)| Arc::clone(whole));
        let part = products.get(&relationship.product_reference).map(|(part, _)| Arc::clone(part));
        // Without a name for the part, the statement would be about the whole product.
        if let (Some(whole), Some(part)) = (whole, part) {
            products.insert(relationship.full_product_name.product_id, (whole, vec![part]));
        }
    }
    let shared = |(id, (component, parts))| (id, Arc::new(Product { component, parts }));
    Ok(products.into_iter().map(shared).collect())
}

fn branches(listed: Vec<Branch>, products: &mut Products, depth: usize) -> Result<(), String> {
    if depth == MAX_BRANCHES {
        return Err(format!("`product_tree.branches` is nested deeper than {MAX_BRANCHES} levels"));
    }
    for branch in listed {
        if let Some(product) = branch.product {
            insert(products, product);
        }
        branches(branch.branches, products, depth + 1)?;
    }
    Ok(())
}

fn insert(products: &mut Products, product: WireProduct) {
    let mut component = Component::default();
    if let Some(helper) = product.product_identification_helper {
        component.names.extend(helper.purl);
        let hashes = helper.hashes.into_iter().flat_map(|hashes| hashes.file_hashes);
        component.sha256.extend(hashes.filter(|hash| hash.algorithm == "sha256").map(|hash| hash.value));
    }
    products.insert(product.product_id, (component.into(), Vec::new()));
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = r#"{"branches":[{"category":"vendor","name":"Acme","branches":[
        {"category":"product_version","name":"1","product":{"name":"app","product_id":"APP","product_identification_helper":{"purl":"pkg:oci/app@sha256%3Aab"}}},
        {"category":"product_version","name":"2","product":{"name":"busybox","product_id":"BOX","product_identification_helper":{"purl":"pkg:apk/alpine/busybox@1.31"}}}]}],
        "relationships":[{"category":"default_component_of","full_product_name":{"name":"both","product_id":"APP:BOX"},
        "product_reference":"BOX","relates_to_product_reference":"APP"}]}"#;

    fn document(category: &str, vulnerability: &str) -> Result<Document, String> {
        read(&format!(
            r#"{{"document":{{"category":"{category}","csaf_version":"2.0","publisher":{{"name":"Acme"}},"tracking":{{"current_release_date":"2026-03-01T10:00:00Z"}}}},
            "product_tree":{TREE},"vulnerabilities":[{vulnerability}]}}"#
        ))
    }

    #[test]
    fn a_part_of_a_product_and_the_reason_of_that_product_are_read() {
        let said = r#"{"cve":"CVE-1","ids":[{"system_name":"x","text":"GHSA-1"}],"product_status":{"known_not_affected":["APP:BOX","APP"]},
            "flags":[{"label":"vulnerable_code_not_in_execute_path","product_ids":["APP:BOX"]}]}"#;
        let document = document("csaf_vex", said).expect("a document");
        let of_part = &document.statements[0];
        assert_eq!(of_part.ids[..], ["CVE-1", "GHSA-1"]);
        assert_eq!(of_part.products[0].component.names, ["pkg:oci/app@sha256%3Aab"]);
        assert_eq!(of_part.products[0].parts[0].names, ["pkg:apk/alpine/busybox@1.31"]);
        assert!(of_part.is_closing());
        assert!(!document.statements[1].is_closing(), "the reason is for the other product");
    }

    #[test]
    fn a301_a_flag_of_a_group_is_the_reason_of_its_products() {
        let tree = TREE.replacen('{', r#"{"product_groups":[{"group_id":"G","product_ids":["APP:BOX"]}],"#, 1);
        let said = r#"{"cve":"CVE-1","product_status":{"known_not_affected":["APP:BOX","APP"]},
            "flags":[{"label":"vulnerable_code_not_present","group_ids":["G","NOWHERE"]}]}"#;
        let text = format!(
            r#"{{"document":{{"category":"csaf_vex","publisher":{{"name":"Acme"}},"tracking":{{}}}},"product_tree":{tree},"vulnerabilities":[{said}]}}"#
        );
        let statements = read(&text).expect("a document").statements;
        assert!(statements[0].is_closing() && !statements[1].is_closing());
    }

    #[test]
    fn a298_what_the_groups_of_all_vulnerabilities_name_together_is_bounded() {
        let said = r#"{"cve":"CVE-1","product_status":{"known_not_affected":["APP"]},"flags":[{"label":"component_not_present","group_ids":["G"]}]}"#;
        let wire: WireVulnerability = json::from_part(said).expect("a vulnerability");
        let groups = HashMap::from([("G".to_owned(), vec!["APP".to_owned(); 3])]);
        let mut left = 4;
        assert_eq!(wire.reasons(&groups, &mut left).len(), 1);
        assert_eq!(left, 1);
        wire.reasons(&groups, &mut left);
        assert_eq!((left, wire.reasons(&groups, &mut left).len()), (0, 0), "reasons beyond the limit do not count");
        let names = vec![r#"{"text":"X"}"#; 1 + MAX_NAMES].join(",");
        assert!(document("csaf_vex", &format!(r#"{{"ids":[{names}],"product_status":{{}}}}"#)).is_err());
    }

    #[test]
    fn a298_parts_are_shared_by_the_products_that_have_them() {
        let document = document("csaf_vex", r#"{"cve":"CVE-1","product_status":{"fixed":["APP","APP:BOX"]}}"#)
            .expect("a document");
        let [whole, both] = &document.statements[..] else { panic!("two statements") };
        assert!(Arc::ptr_eq(&whole.products[0].component, &both.products[0].component));
    }

    #[test]
    fn a_product_that_is_affected_too_is_not_closed() {
        for closing in ["known_not_affected", "fixed"] {
            let said = format!(
                r#"{{"cve":"CVE-1","product_status":{{"{closing}":["APP"],"known_affected":["APP"]}},"flags":[{{"label":"component_not_present","product_ids":["APP"]}}]}}"#
            );
            let document = document("csaf_vex", &said).expect("a document");
            assert_eq!(document.statements.last().map(|last| last.status), Some(Status::Affected), "{closing}");
        }
    }

    #[test]
    fn reasons_are_found_however_many_products_there_are() {
        let others: Vec<String> = (0..50_000).map(|number| format!(r#""P{number}","#)).collect();
        let others = others.concat();
        let named = r#""APP","#.repeat(50_000);
        let said = format!(
            r#"{{"cve":"CVE-1","product_status":{{"known_not_affected":[{named}"APP"]}},"flags":[{{"label":"component_not_present","product_ids":[{others}"APP"]}}]}}"#
        );
        let document = document("csaf_vex", &said).expect("a document");
        assert!(document.statements.len() == 50_001 && document.statements.iter().all(Statement::is_closing));
    }

    #[test]
    fn an_advisory_of_another_category_and_a_product_that_is_not_there_say_nothing() {
        let said = r#"{"cve":"CVE-1","product_status":{"fixed":["NOWHERE"]}}"#;
        assert!(document("csaf_security_advisory", said).is_err());
        assert!(document("csaf_vex", said).expect("a document").statements.is_empty());
    }
}
