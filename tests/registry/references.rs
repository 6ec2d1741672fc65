//! References in all their forms.

use std::path::Path;
use std::process::Command;

use crate::program::{self, Folder, serve};

/// Packs a fixture with the tar of the system, as those who move images do.
fn pack(name: &str, flags: &str, folder: &Folder) -> String {
    let archive = folder.path().join("image.tar");
    let packed = Command::new("tar")
        .args(["-C", &format!("fixtures/images/{name}"), flags])
        .args([archive.as_os_str(), ".".as_ref()])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .status();
    assert!(packed.expect("tar runs").success());
    format!("oci-archive:{}", archive.display())
}

#[test]
fn an_archive_says_what_its_directory_says() {
    for (name, code) in [("signed", 0), ("legacy", 0), ("multi-platform", 0), ("unsigned", 4), ("other-signer", 1)] {
        for flags in ["-cf", "-czf"] {
            let folder = Folder::new();
            let archive = pack(name, flags, &folder);
            for end in ["", ":v1.0.0"] {
                let reference = format!("{archive}{end}");
                let expected = program::verify(&[&format!("oci:fixtures/images/{name}{end}"), "-v", "--offline"]).run();
                let run = program::verify(&[&reference, "-v", "--offline"]).run();
                assert_eq!((run.exit, run.stderr.as_str()), (code, ""), "{reference}: {}", run.stdout);
                let without_name = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
                assert_eq!(without_name(&run.stdout), without_name(&expected.stdout), "{reference}");
            }
        }
    }
}

#[test]
fn a279_an_archive_with_a_link_is_not_read() {
    let folder = Folder::new();
    let content = folder.path().join("content");
    std::fs::create_dir_all(&content).expect("a folder");
    std::os::unix::fs::symlink("/etc/passwd", content.join("index.json")).expect("a link");
    let archive = folder.path().join("image.tar");
    let packed = Command::new("tar").arg("-C").arg(&content).arg("-cf").arg(&archive).arg(".").status();
    assert!(packed.expect("tar runs").success());
    let run = program::verify(&[&format!("oci-archive:{}", archive.display())]).run();
    assert_eq!(run.exit, 3, "{}", run.seen());
    assert!(run.stdout.contains("a symbolic link at index.json"), "{}", run.stdout);
}

#[test]
fn references_are_read_from_standard_input() {
    let (_registry, reference) = serve("signed");
    let list = format!("# what is deployed\n\n{reference}\n  oci:fixtures/images/unsigned:v1.0.0\r\n");
    let run = program::verify(&["-", "oci:fixtures/images/legacy:v1.0.0", "-q"]).stdin(&list).run();
    assert_eq!((run.exit, run.stderr.as_str()), (4, ""), "{}", run.stdout);
    assert_eq!(run.stdout.matches("verified").count(), 2, "{}", run.stdout);
    assert_eq!(run.stdout.matches("incomplete").count(), 1, "{}", run.stdout);
}

#[test]
fn an_empty_list_is_no_success() {
    for (arguments, input) in [
        (&["-"][..], ""),
        (&["-"], "# nothing\n"),
        (&["-", "-"], "oci:x\n"),
        (&["-"], "# none of these is a reference\nhttps://x/y\n"),
        (&["-", "--username", "u", "--password-stdin"], "p\n"),
    ] {
        let run = program::verify(arguments).stdin(input).run();
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{arguments:?}: {}", run.seen());
    }
}

#[test]
fn archives_of_docker_are_refused_with_what_to_do() {
    let run = program::verify(&["docker-archive:image.tar"]).run();
    assert_eq!((run.exit, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("oci-archive:FILE"), "{}", run.stderr);
}
