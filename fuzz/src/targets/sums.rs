//! Lists of digests, from any author.

use bonafide::oci::Sums;

/// A list that is read has each of its names, with a digest that the text has too.
pub fn run(data: &[u8]) {
    let Ok(sums) = Sums::parse(data) else { return };
    let text = std::str::from_utf8(data).expect("what is read is text").to_ascii_lowercase();
    for name in ["app", "a b", "", ".", ".."] {
        let digests = sums.of(name);
        assert!(digests.is_empty() || !["", ".", ".."].contains(&name), "{name:?} names no file");
        for digest in digests {
            assert!(text.contains(digest.hex()), "{digest} is not in the list");
        }
    }
}

/// Lists in every form.
pub fn seeds() -> Vec<Vec<u8>> {
    let (short, long) = ("0123456789abcdef".repeat(4), "0123456789abcdef".repeat(8));
    [
        format!("{short}  app\n{short} *dist/a b\r\n\\{short}  a\\\\b\\nc\n"),
        format!("{long}  app\n"),
        format!("SHA256 (app) = {short}\nSHA512 (a b) = {long}\n"),
    ]
    .map(String::into_bytes)
    .to_vec()
}
