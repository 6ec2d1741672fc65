//! In-toto statements signed by a trusted signer.

use crate::{forge, lab};

/// Every statement ends in a report.
pub fn run(data: &[u8]) {
    forge::judge(data);
}

/// The statements of the fixtures, said of the image that is asked about.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut statements = lab::statements();
    for statement in &mut statements {
        statement["subject"][0]["digest"]["sha256"] = forge::IMAGE.hex().into();
    }
    statements.iter().map(|statement| statement.to_string().into_bytes()).collect()
}
