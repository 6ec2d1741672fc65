//! The predicates of cosign and in-toto around a scanner's report.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json;

use super::model::{Scan, Scanner, time};
use super::result;

/// cosign's specification has a list `scanners`; cosign itself, trivy and in-toto have one `scanner`.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default)]
    scanner: Option<WireScanner<'a>>,
    #[serde(borrow, default)]
    scanners: Option<Vec<WireScanner<'a>>>,
    #[serde(default)]
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct WireScanner<'a> {
    #[serde(default)]
    uri: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    db: Option<Database>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Database {
    #[serde(default)]
    uri: Option<String>,
    #[serde(default, rename = "lastUpdate")]
    last_update: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default, rename = "scanFinishedOn")]
    finished: Option<String>,
}

/// Reads a predicate. `is_intoto` decides what a list as the result is.
pub(super) fn read(text: &str, is_intoto: bool) -> Result<Scan, String> {
    let wire: Wire<'_> = json::from_part(text).map_err(|error| error.to_string())?;
    let listed: Vec<WireScanner<'_>> = wire.scanner.into_iter().chain(wire.scanners.into_iter().flatten()).collect();
    if listed.is_empty() {
        return Err("`scanner` is missing".to_owned());
    }
    let scanners = listed.into_iter().map(|one| scanner(one, is_intoto)).collect::<Result<_, _>>()?;
    let finished = time("metadata.scanFinishedOn", wire.metadata.and_then(|metadata| metadata.finished).as_deref())?;
    Ok(Scan { scanners, finished, is_legacy: false })
}

fn scanner(wire: WireScanner<'_>, is_intoto: bool) -> Result<Scanner, String> {
    let database = wire.db.unwrap_or(Database { uri: None, last_update: None });
    Ok(Scanner {
        uri: wire.uri.unwrap_or_default(),
        version: stated(wire.version),
        database: stated(database.uri),
        stated_update: time("scanner.db.lastUpdate", database.last_update.as_deref())?,
        result: result::read(wire.result.map_or("null", RawValue::get), is_intoto),
    })
}

/// Missing, null and empty are the same.
fn stated(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}
