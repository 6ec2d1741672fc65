//! What 200,000 advisories cost, in a folder, in a zip archive as osv.dev publishes them, and in an index: time, and the peak of memory
//! by GNU time.
//!
//! `cargo bench --profile dev --bench advisories -- target/release/bonafide`; the rows are in `benches/README.md`.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use serde_json::json;

const RECORDS: usize = 200_000;
const ROUNDS: usize = 5;

fn main() {
    let program = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let Some(program) = program else {
        println!("advisories: nothing measured: it is run by hand, as benches/README.md says");
        return;
    };
    let folder = std::env::temp_dir().join(format!("bonafide-advisories-{}", std::process::id()));
    let (loose, archive, one) = (folder.join("loose"), folder.join("all.zip"), folder.join("one.json"));
    let index = folder.join("all.jsonl");
    fs::create_dir_all(&loose).expect("a folder");
    fs::write(&one, record(0)).expect("a file");
    let mut bytes = 0;
    for number in 0..RECORDS {
        let text = record(number);
        bytes += text.len();
        fs::write(loose.join(format!("{}.json", id(number))), text).expect("a file");
    }
    fs::write(&archive, zip()).expect("an archive");
    let made = Command::new(&program).args(["advisories", "index"]).arg(&loose).arg("-o").arg(&index).status();
    assert!(made.expect("the program").success());
    println!("{RECORDS} records of {bytes} bytes in all; the fastest of {ROUNDS} rounds");
    for (title, place) in [("one record", one), ("a folder", loose), ("a zip archive", archive), ("an index", index)] {
        measure(&program, title, &place);
    }
    fs::remove_dir_all(&folder).expect("the folder");
}

/// The advisories are read before the image, and there is none.
fn measure(program: &str, title: &str, place: &PathBuf) {
    let rounds = (0..ROUNDS).map(|_| {
        let begin = Instant::now();
        let run = Command::new("/usr/bin/time")
            .args([
                "-f",
                "%M",
                program,
                "verify",
                "oci:/nothing/here",
                "--repo",
                "acme/shop",
                "--offline",
                "--advisories",
            ])
            .arg(place)
            .env_clear()
            .output()
            .expect("GNU time");
        let took = begin.elapsed().as_secs_f64() * 1_000.0;
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        let peak: f64 = said.lines().last().unwrap_or_default().parse().expect("KiB");
        (took, peak / 1024.0)
    });
    let (took, peak) = rounds.min_by(|(one, _), (other, _)| one.total_cmp(other)).expect("a round");
    println!("{title:<20} {took:>8.0} ms  {peak:>7.1} MiB");
}

fn id(number: usize) -> String {
    format!("GHSA-{:04}-{:04}-{number:06}", number % 7919, number % 6007)
}

/// A record such as GitHub's database has of an npm package.
fn record(number: usize) -> String {
    let details = "A crafted request makes the parser of this package read beyond what it was given. ".repeat(10);
    json!({
        "schema_version": "1.7.3", "id": id(number), "modified": "2026-02-01T00:00:00Z", "published": "2026-01-01T00:00:00Z",
        "aliases": [format!("CVE-2026-{number}")], "summary": "Out-of-bounds read in the parser", "details": details,
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}],
        "affected": [{
            "package": {"name": format!("@acme/package-{}", number / 2), "ecosystem": "npm", "purl": format!("pkg:npm/%40acme/package-{}", number / 2)},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "4.17.21"}]}],
            "database_specific": {"source": "https://github.com/github/advisory-database/blob/main/advisories/x.json"},
        }],
        "references": [
            {"type": "WEB", "url": "https://github.com/acme/package/commit/0123456789abcdef0123456789abcdef01234567"},
            {"type": "PACKAGE", "url": "https://github.com/acme/package"},
        ],
        "database_specific": {"github_reviewed": true, "severity": "HIGH", "cwe_ids": ["CWE-125"]},
    })
    .to_string()
}

fn zip() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    for number in 0..RECORDS {
        let name = format!("{}.json", id(number));
        let (mut entry, config) =
            archive.new_file(&name).compression_method(rawzip::CompressionMethod::DEFLATE).start().expect("an entry");
        let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::fast());
        let mut writer = config.wrap(encoder);
        writer.write_all(record(number).as_bytes()).expect("bytes in memory");
        let (encoder, descriptor) = writer.finish().expect("a descriptor");
        encoder.finish().expect("bytes in memory");
        entry.finish(descriptor).expect("an entry");
    }
    archive.finish().expect("an archive");
    bytes
}
