//! SARIF 2.1.0, as trivy, grype and others write it for vulnerabilities.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::json;
use crate::packages::Severity;

use super::model::{Findings, Rating, Scan, Scanner, Vulnerability, time};

#[derive(Deserialize)]
struct Document {
    version: String,
    runs: Vec<Run>,
    /// §3.13.6: parts of runs that are kept beside them.
    #[serde(default, rename = "inlineExternalProperties")]
    inline: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
struct Run {
    tool: Tool,
    #[serde(default)]
    invocations: Option<Vec<Invocation>>,
    /// §3.14.23: absent or null where the tool did not run to its end.
    #[serde(default)]
    results: Option<Vec<Reported>>,
    /// §3.15: parts of the run that are in other files.
    #[serde(default, rename = "externalPropertyFileReferences")]
    external: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
struct Tool {
    driver: Component,
    #[serde(default)]
    extensions: Option<Vec<Component>>,
}

/// §3.19: the tool itself, or one of its extensions.
#[derive(Deserialize)]
struct Component {
    name: String,
    #[serde(default)]
    guid: Option<String>,
    #[serde(default, rename = "informationUri")]
    uri: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    rules: Option<Vec<Rule>>,
}

#[derive(Deserialize)]
struct Rule {
    id: String,
    #[serde(default)]
    guid: Option<String>,
    #[serde(default)]
    properties: Option<Properties>,
}

#[derive(Deserialize)]
struct Properties {
    /// GitHub's code scanning: a score of CVSS as a text.
    #[serde(default, rename = "security-severity")]
    severity: Option<Value>,
}

#[derive(Deserialize)]
struct Invocation {
    #[serde(default, rename = "endTimeUtc")]
    ended: Option<String>,
    /// §3.20.14: whether the tool did what it was started for. Required, and left out by some.
    #[serde(default, rename = "executionSuccessful")]
    is_successful: Option<bool>,
}

#[derive(Deserialize)]
struct Reported {
    #[serde(default, rename = "ruleId")]
    rule_id: Option<String>,
    #[serde(default, rename = "ruleIndex")]
    rule_index: Option<i64>,
    #[serde(default)]
    rule: Option<RuleReference>,
    /// §3.27.9: `fail` where it is absent.
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    properties: Option<Properties>,
}

/// §3.52: the rule and its component.
#[derive(Default, Deserialize)]
struct RuleReference {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    index: Option<i64>,
    #[serde(default)]
    guid: Option<String>,
    #[serde(default, rename = "toolComponent")]
    component: Option<ComponentReference>,
}

/// §3.54.
#[derive(Deserialize)]
struct ComponentReference {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    index: Option<i64>,
    #[serde(default)]
    guid: Option<String>,
}

/// Reads a report inside of another predicate.
pub(super) fn read(text: &str) -> Result<Findings, String> {
    let mut all = Findings::default();
    for run in document(text)?.runs {
        all.vulnerabilities.extend(findings(run)?.vulnerabilities);
    }
    Ok(all)
}

/// Reads a report that is the predicate.
pub(super) fn read_document(text: &str) -> Result<Scan, String> {
    let mut scan = Scan::default();
    for run in document(text)?.runs {
        let ended = run.invocations.iter().flatten().filter_map(|one| one.ended.clone()).max();
        // Of several runs the first to end is the oldest knowledge.
        let ended = time("endTimeUtc", ended.as_deref())?;
        scan.finished = if scan.scanners.is_empty() { ended } else { scan.finished.min(ended) };
        let driver = &run.tool.driver;
        scan.scanners.push(Scanner {
            uri: driver.uri.clone().unwrap_or_else(|| driver.name.clone()),
            version: driver.version.clone(),
            database: None,
            stated_update: None,
            result: findings(run),
        });
    }
    Ok(scan)
}

fn document(text: &str) -> Result<Document, String> {
    let document: Document = json::from_part(text).map_err(|error| error.to_string())?;
    if document.inline.as_ref().is_some_and(|inline| !inline.is_empty()) {
        return Err("a SARIF report that keeps parts of its runs beside them".to_owned());
    }
    match (document.version.as_str(), document.runs.is_empty()) {
        ("2.1.0", false) => Ok(document),
        ("2.1.0", true) => Err("a SARIF report without a run".to_owned()),
        (other, _) => Err(format!("SARIF {other}: only 2.1.0 is supported")),
    }
}

fn findings(run: Run) -> Result<Findings, String> {
    if run.invocations.iter().flatten().any(|one| one.is_successful == Some(false)) {
        return Err("a SARIF report of a run that failed".to_owned());
    }
    // The other file may hold findings, their severity, or the failure of the run.
    if let Some(part) = run.external.iter().flat_map(BTreeMap::keys).find(|part| *part != "artifacts") {
        return Err(format!("a SARIF report whose `{}` is in another file", part.escape_debug()));
    }
    let results = run.results.ok_or("a SARIF report of a run without results")?;
    let rules = Rules::of(run.tool)?;
    let failed = results.into_iter().filter(|one| !matches!(one.kind.as_deref(), Some("pass" | "notApplicable")));
    let vulnerabilities = failed.map(|one| vulnerability(one, &rules)).collect::<Result<_, _>>()?;
    Ok(Findings { vulnerabilities, ..Findings::default() })
}

/// Extensions of a tool that are looked through for each result. Tools have a handful.
const MAX_EXTENSIONS: usize = 256;
/// Parts of an id behind its rule's: "CA1000/1" has one.
const MAX_PARTS: usize = 16;

/// The rules of a tool and its extensions, found by place and by id: there may be as many as there are results.
struct Rules {
    /// The tool itself first, then its extensions.
    components: Vec<Component>,
    /// What the rules of one id are rated together.
    by_id: HashMap<String, Rating>,
}

impl Rules {
    fn of(tool: Tool) -> Result<Self, String> {
        if tool.extensions.as_ref().is_some_and(|extensions| extensions.len() > MAX_EXTENSIONS) {
            return Err(format!("a SARIF report of a tool with more than {MAX_EXTENSIONS} extensions"));
        }
        let components: Vec<Component> =
            std::iter::once(tool.driver).chain(tool.extensions.unwrap_or_default()).collect();
        let mut by_id: HashMap<String, Rating> = HashMap::new();
        for rule in components.iter().flat_map(|component| component.rules.iter().flatten()) {
            // Of several rules with one id the worst counts, in any component (A294).
            by_id
                .entry(rule.id.clone())
                .and_modify(|known| *known = Rating::worst([*known, rule.rating()]))
                .or_insert_with(|| rule.rating());
        }
        Ok(Self { components, by_id })
    }

    /// The rule that a result names by its place, if that can be found.
    fn at(&self, index: i64, reference: &RuleReference) -> Option<&Rule> {
        let component = match &reference.component {
            None => &self.components[0],
            Some(named) => self.component(named)?,
        };
        component.rules.as_ref()?.get(usize::try_from(index).ok()?)
    }

    /// §3.54: every property that is there must fit.
    fn component(&self, named: &ComponentReference) -> Option<&Component> {
        let extension = named.index.filter(|index| *index >= 0);
        let fits = |(place, component): &(usize, &Component)| {
            extension.is_none_or(|index| usize::try_from(index).is_ok_and(|index| index + 1 == *place))
                && named.name.as_ref().is_none_or(|name| *name == component.name)
                && named.guid.as_ref().is_none_or(|guid| component.guid.as_ref() == Some(guid))
        };
        let mut found = self.components.iter().enumerate().filter(fits);
        let (_, component) = found.next()?;
        found.next().is_none().then_some(component)
    }

    /// §3.27.5: the id of a result is that of its rule, with more after a slash if need be.
    fn by_id<'i>(&self, id: &'i str) -> Option<Rating> {
        let shorter = |id: &&'i str| id.rsplit_once('/').map(|(id, _)| id);
        let mut ids = std::iter::successors(Some(id), shorter).take(1 + MAX_PARTS);
        let rating = ids.find_map(|id| self.by_id.get(id)).copied();
        // The rule may have the shortened id.
        rating.or_else(|| id.split('/').nth(1 + MAX_PARTS).map(|_| Rating::UNKNOWN))
    }
}

impl Rule {
    fn rating(&self) -> Rating {
        self.properties.as_ref().and_then(Properties::rating).unwrap_or(Rating::UNKNOWN)
    }

    fn is_called(&self, id: &str) -> bool {
        id.strip_prefix(self.id.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl Properties {
    /// trivy and grype write 0.0 both for a missing score and for a negligible one.
    fn rating(&self) -> Option<Rating> {
        let rating = Rating::of_value(self.severity.as_ref()?);
        Some(if rating.severity == Some(Severity::None) { Rating::UNKNOWN } else { rating })
    }
}

fn vulnerability(one: Reported, rules: &Rules) -> Result<Vulnerability, String> {
    let reference = one.rule.unwrap_or_default();
    // §3.27.6, §3.52.5: -1 stands for none.
    let places = [one.rule_index, reference.index].map(|index| index.filter(|index| *index >= 0));
    let place = places[0].or(places[1]);
    let rule = place.and_then(|index| rules.at(index, &reference));
    let ids: Vec<&String> = one.rule_id.iter().chain(&reference.id).collect();
    let id = ids.first().map(|id| (*id).clone()).or_else(|| rule.map(|rule| rule.id.clone()));
    let id = id.ok_or("a SARIF result without a rule")?;
    let by_place = match (place, rule) {
        (None, _) => None,
        (Some(_), None) => Some(Rating::UNKNOWN),
        (Some(_), Some(rule)) => Some(rule.rating()),
    };
    // Places and ids are two ways of naming one rule: if they name two, the severity is unknown (A294).
    let agree = ids.windows(2).all(|pair| pair[0] == pair[1])
        && places[0].zip(places[1]).is_none_or(|(one, other)| one == other)
        && rule.is_none_or(|rule| ids.iter().all(|id| rule.is_called(id)))
        && rule.is_none_or(|rule| reference.guid.is_none() || rule.guid == reference.guid);
    let doubt = (!agree).then_some(Rating::UNKNOWN);
    let by_ids = ids.iter().filter_map(|id| rules.by_id(id));
    let own = one.properties.as_ref().and_then(Properties::rating);
    let rating = Rating::worst(by_place.into_iter().chain(doubt).chain(by_ids).chain(own));
    let known = known_id(&id).filter(|known| *known != id).map(str::to_owned);
    Ok(Vulnerability { ids: known.into_iter().chain([id]).collect(), rating, ..Vulnerability::default() })
}

/// grype's rules are called by vulnerability and package: `CVE-2021-28831-busybox`.
fn known_id(rule: &str) -> Option<&str> {
    let parts = if rule.starts_with("CVE-") {
        3
    } else if rule.starts_with("GHSA-") {
        4
    } else {
        return None;
    };
    let end = rule.match_indices('-').nth(parts - 1).map_or(rule.len(), |(position, _)| position);
    Some(&rule[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"Grype","informationUri":"https://github.com/anchore/grype",
        "version":"0.80.0","rules":[{"id":"CVE-2021-28831-busybox","properties":{"security-severity":"7.5"}},{"id":"GHSA-aaaa-bbbb-cccc-x"}]}},
        "invocations":[{"endTimeUtc":"2026-03-01T11:00:00Z"}],
        "results":[{"ruleId":"CVE-2021-28831-busybox","ruleIndex":0},{"ruleId":"GHSA-aaaa-bbbb-cccc-x"},{"ruleId":"ok","kind":"pass"}]}]}"#;

    #[test]
    fn results_have_the_severity_of_their_rule_and_the_id_in_its_name() {
        let scan = read_document(REPORT).expect("a report");
        assert_eq!(scan.finished.map(|time| time.to_string()).as_deref(), Some("2026-03-01T11:00:00Z"));
        assert_eq!(scan.scanners[0].uri, "https://github.com/anchore/grype");
        let found = &scan.scanners[0].result.as_ref().expect("results").vulnerabilities;
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].ids[0].as_str(), found[0].rating.severity), ("CVE-2021-28831", Some(Severity::High)));
        assert_eq!((found[1].ids[0].as_str(), found[1].rating.severity), ("GHSA-aaaa-bbbb-cccc", None));
    }

    fn rating(rules: &str, extensions: &str, result: &str) -> Rating {
        let text = format!(
            r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"x","rules":[{rules}]}},"extensions":[{extensions}]}},"results":[{result}]}}]}}"#
        );
        read(&text).expect("a report").vulnerabilities[0].rating
    }

    #[test]
    fn a294_place_and_id_name_one_rule_and_the_worst_of_one_id_counts() {
        let rules = r#"{"id":"low","properties":{"security-severity":"2.0"}},{"id":"bad","properties":{"security-severity":9.8}},{"id":"none"}"#;
        let extension = r#"{"name":"e","guid":"g","rules":[{"id":"bad","properties":{"security-severity":"9.8"}},{"id":"mild","properties":{"security-severity":"5.0"}}]}"#;
        let rated = |result: &str| rating(rules, extension, result);
        for (result, severity) in [
            (r#"{"ruleId":"low","ruleIndex":0}"#, Severity::Low),
            (r#"{"ruleId":"low/1","ruleIndex":0}"#, Severity::Low),
            (r#"{"ruleId":"low","ruleIndex":-1}"#, Severity::Low),
            (r#"{"ruleIndex":0}"#, Severity::Low),
            (r#"{"ruleId":"bad"}"#, Severity::Critical),
            (r#"{"ruleId":"mild"}"#, Severity::Medium),
            (r#"{"rule":{"index":1,"toolComponent":{"index":0}}}"#, Severity::Medium),
            (r#"{"ruleIndex":1,"rule":{"toolComponent":{"name":"e"}}}"#, Severity::Medium),
            (r#"{"ruleId":"mild","rule":{"id":"mild","index":1,"toolComponent":{"guid":"g"}}}"#, Severity::Medium),
            (r#"{"ruleId":"low","properties":{"security-severity":"7.0"}}"#, Severity::High),
        ] {
            assert_eq!(rated(result), Rating::of(Some(severity)), "{result}");
        }
        for open in [
            r#"{"ruleId":"bad","ruleIndex":0}"#,
            r#"{"ruleId":"low","rule":{"id":"bad"}}"#,
            r#"{"ruleId":"low","ruleIndex":0,"rule":{"index":1}}"#,
            r#"{"ruleId":"low","ruleIndex":9}"#,
            r#"{"ruleId":"low","ruleIndex":0,"rule":{"toolComponent":{"index":0}}}"#,
            r#"{"ruleId":"low","ruleIndex":0,"rule":{"toolComponent":{"index":7}}}"#,
            r#"{"ruleId":"none"}"#,
            r#"{"ruleId":"other"}"#,
            r#"{"ruleId":"low","properties":{"security-severity":["9.8"]}}"#,
        ] {
            assert!(rated(open).is_open, "{open}");
        }
        let twice = r#"{"id":"a","properties":{"security-severity":"2.0"}},{"id":"a","properties":{"security-severity":"9.8"}}"#;
        assert_eq!(rating(twice, "", r#"{"ruleId":"a","ruleIndex":0}"#), Rating::of(Some(Severity::Critical)));
        // What trivy and grype write for what they have no score of.
        let zero = r#"{"id":"a","properties":{"security-severity":"0.0"}}"#;
        assert_eq!(rating(zero, "", r#"{"ruleId":"a"}"#), Rating::UNKNOWN);
    }

    #[test]
    fn a298_ids_of_many_parts_and_tools_of_many_extensions_are_bounded() {
        let result = |parts: usize| {
            format!(r#"{{"ruleId":"R{}","properties":{{"security-severity":"2.0"}}}}"#, "/1".repeat(parts))
        };
        let rule = r#"{"id":"R","properties":{"security-severity":"1.0"}}"#;
        assert_eq!(rating(rule, "", &result(MAX_PARTS)), Rating::of(Some(Severity::Low)));
        for parts in [1 + MAX_PARTS, 1_000_000] {
            let open = rating(rule, "", &result(parts));
            assert_eq!(open, Rating { severity: Some(Severity::Low), is_open: true }, "the rule may be a worse one");
        }
        let tool = |extensions: usize| {
            let listed = vec![r#"{"name":"x"}"#; extensions].join(",");
            read(&format!(
                r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"x"}},"extensions":[{listed}]}},"results":[]}}]}}"#
            ))
        };
        assert!(tool(MAX_EXTENSIONS).is_ok() && tool(1 + MAX_EXTENSIONS).is_err());
    }

    #[test]
    fn a294_parts_that_are_elsewhere_are_not_read() {
        let run = |more: &str| {
            format!(r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"x"}}}},"results":[]{more}}}]}}"#)
        };
        assert!(read(&run("")).is_ok());
        assert!(read(&run(r#","externalPropertyFileReferences":{"artifacts":[{}]}"#)).is_ok());
        for part in ["results", "driver", "extensions", "invocations", "unknown"] {
            let more = format!(r#","externalPropertyFileReferences":{{"{part}":[{{"location":{{"uri":"x.json"}}}}]}}"#);
            assert!(read(&run(&more)).is_err(), "{part}");
        }
        let inline = run("").replace(r#""runs""#, r#""inlineExternalProperties":[{"results":[{}]}],"runs""#);
        assert!(read(&inline).is_err());
    }

    #[test]
    fn a_run_that_did_not_end_or_never_began_is_not_clean() {
        for report in [
            r#"{"version":"2.1.0","runs":[]}"#,
            r#"{"version":"2.0.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[]}]}"#,
            r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}}}]}"#,
            r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":null}]}"#,
            r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[{}]}]}"#,
            r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[],"invocations":[{"executionSuccessful":false}]}]}"#,
        ] {
            assert!(read(report).is_err(), "{report}");
        }
    }
}
