//! The packages of SBOMs that verify: as a table for people, as JSON, or as CSV for spreadsheets.
//!
//! The author of the SBOM chose every text in it, so each is escaped for its output (A230).

use std::borrow::Cow;
use std::io::{self, Write};

use crate::check::{ListedDocument, ListedPackage, Listing, SignerKind};

use super::escape::{self, terminal};
use super::json;

/// A form of the list of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageFormat {
    /// For people.
    Table,
    /// The whole list, versioned.
    Json,
    /// One line per package, for spreadsheets (RFC 4180).
    Csv,
}

impl PackageFormat {
    /// Every format, with its name on the command line.
    pub const ALL: [(&'static str, Self); 3] = [("table", Self::Table), ("json", Self::Json), ("csv", Self::Csv)];
}

/// Writes the list in one format.
pub fn write_packages(listing: &Listing, format: PackageFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        PackageFormat::Table => listing.documents.iter().try_for_each(|document| table(document, out)),
        PackageFormat::Json => json::write(listing, out),
        PackageFormat::Csv => csv(listing, out),
    }
}

fn table(document: &ListedDocument, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{} on {}", terminal(&document.reference), document.subject)?;
    let name = document.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
    let format = format!("{} {}{name}, {} packages", document.candidate, document.format, document.packages.len());
    writeln!(out, "  verified    {}", terminal(&format))?;
    writeln!(out, "  signed by   {}", terminal(&signer(document)))?;
    let shown =
        |package: &ListedPackage, column: fn(&ListedPackage) -> Cow<'_, str>| terminal(&column(package)).into_owned();
    let widths: Vec<usize> = COLUMNS
        .iter()
        .map(|(heading, column, most)| {
            let widest = document.packages.iter().map(|package| shown(package, *column).chars().count()).max();
            widest.unwrap_or_default().max(heading.len()).min(*most)
        })
        .collect();
    let mut line = |cells: &mut dyn Iterator<Item = String>| {
        let padded: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(out, "  {}", padded.join("  ").trim_end())
    };
    line(&mut COLUMNS.iter().map(|(heading, ..)| (*heading).to_owned()))?;
    for package in &document.packages {
        line(&mut COLUMNS.iter().map(|(_, column, _)| shown(package, *column)))?;
    }
    writeln!(out)
}

/// A column: its heading, its content, and its greatest width; a longer text shifts the rest of its line.
type Column = (&'static str, fn(&ListedPackage) -> Cow<'_, str>, usize);

const COLUMNS: [Column; 5] = [
    ("NAME", |package| Cow::Borrowed(&package.name), 40),
    ("VERSION", |package| or_dash(package.version.as_deref()), 24),
    ("LICENSE", |package| or_dash(package.license.as_deref()), 32),
    ("SUPPLIER", |package| or_dash(package.supplier.as_deref()), 32),
    ("PURL", |package| or_dash(package.purls.first().map(String::as_str)), 0),
];

fn or_dash(text: Option<&str>) -> Cow<'_, str> {
    Cow::Borrowed(text.unwrap_or("-"))
}

fn signer(document: &ListedDocument) -> String {
    let signer = &document.signer;
    match (signer.identity_kind, signer.issuer.as_str()) {
        (SignerKind::Key, _) => format!("the key {}", signer.identity),
        (_, issuer) => format!("{} (issuer {issuer})", signer.identity),
    }
}

fn csv(listing: &Listing, out: &mut dyn Write) -> io::Result<()> {
    let row = |out: &mut dyn Write, cells: &[&str]| {
        let cells: Vec<String> = cells.iter().map(|cell| escape::csv(cell)).collect();
        write!(out, "{}\r\n", cells.join(","))
    };
    row(
        out,
        &["image", "subject", "signer", "format", "name", "version", "license", "supplier", "purls", "checksums"],
    )?;
    for document in &listing.documents {
        let signer = signer(document);
        for package in &document.packages {
            let (purls, checksums) = (package.purls.join(" "), package.checksums.join(" "));
            let text = |text: &'_ Option<String>| text.clone().unwrap_or_default();
            let (version, license, supplier) =
                (text(&package.version), text(&package.license), text(&package.supplier));
            row(
                out,
                &[
                    &document.reference,
                    &document.subject,
                    &signer,
                    &document.format,
                    &package.name,
                    &version,
                    &license,
                    &supplier,
                    &purls,
                    &checksums,
                ],
            )?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{SCHEMA_VERSION, SignerReport, Tool};

    fn listing(name: &str) -> Listing {
        let package = ListedPackage {
            name: name.to_owned(),
            version: Some("1.0".to_owned()),
            purls: vec!["pkg:npm/a@1.0".to_owned()],
            ..ListedPackage::default()
        };
        let signer = SignerReport {
            identity: "alice@example.com".to_owned(),
            identity_kind: SignerKind::Email,
            issuer: "https://accounts.example.com".to_owned(),
            claims: Vec::new(),
        };
        let document = ListedDocument {
            reference: "example.com/shop:v1".to_owned(),
            candidate: "c1".to_owned(),
            subject: "sha256:00".to_owned(),
            signer,
            format: "SPDX-2.3".to_owned(),
            name: None,
            packages: vec![package],
        };
        Listing { schema_version: SCHEMA_VERSION, tool: Tool::default(), documents: vec![document] }
    }

    fn written(name: &str, format: PackageFormat) -> String {
        let mut out = Vec::new();
        write_packages(&listing(name), format, &mut out).expect("a vector takes everything");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn the_table_says_who_signed_the_document() {
        assert_eq!(
            written("zlib", PackageFormat::Table),
            "example.com/shop:v1 on sha256:00
  verified    c1 SPDX-2.3, 1 packages
  signed by   alice@example.com (issuer https://accounts.example.com)
  NAME  VERSION  LICENSE  SUPPLIER  PURL
  zlib  1.0      -        -         pkg:npm/a@1.0

"
        );
    }

    #[test]
    fn a230_escape_sequences_reach_no_terminal() {
        for format in [PackageFormat::Table, PackageFormat::Csv, PackageFormat::Json] {
            let text = written("a\u{1b}[2J\u{202e}\r\nb\n", format);
            assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
            assert!(!text.replace("\r\n\"example", "").contains("\nb"), "{text}");
        }
    }

    #[test]
    fn a230_no_cell_is_a_formula() {
        for (cell, written) in [
            ("=cmd()", "\"'=cmd()\""),
            ("+1", "\"'+1\""),
            (" @SUM(A1)", "\"' @SUM(A1)\""),
            ("-1", "\"'-1\""),
            ("a\"b,c", "\"a\"\"b,c\""),
        ] {
            assert_eq!(escape::csv(cell), written);
        }
    }
}
