//! Every tag of a repository in one audit: how many images in a second, how many requests, and how much memory, by GNU time.
//!
//! `cargo bench --profile dev --bench tags -- PROGRAM…` serves a repository of 100, 1,000 and 10,000 tags from this process, each
//! third of them on a digest of its own with signature, provenance and SBOM as bundles, and has each program audit it. The largest is
//! served once more with every answer 50 ms late. The rows are in `benches/README.md`.

#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Result, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use support::image::{IMAGE_INDEX, Image};
use support::repository::{Repository, referrers_index};
use support::sigstore::{Sigstore, Version};
use support::statement::{Build, Subject, slsa_v1, spdx_23};

const SOURCE: &str = "acme/shop";

/// Tags in one answer of the registry's list.
const PAGE: usize = 1000;

fn main() {
    let programs: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if programs.is_empty() {
        println!("tags: nothing measured: it is run by hand, as benches/README.md says");
        return;
    }
    println!(
        "{:<44} {:>8} {:>8} {:>8} {:>9} {:>9} {:>9} {:>10}",
        "", "tags", "images", "requests", "wall", "cpu", "each", "peak"
    );
    for (tags, delays) in [(100, &[0][..]), (1_000, &[0]), (10_000, &[0, 50])] {
        let releases = Releases::new(tags);
        for delay in delays {
            for program in &programs {
                releases.measure(program, *delay);
            }
        }
    }
}

/// A repository on loopback, and the root that its evidence is trusted by.
struct Releases {
    served: Arc<Served>,
    host: String,
    root: PathBuf,
    tags: usize,
    images: usize,
}

impl Releases {
    fn new(tags: usize) -> Releases {
        let sigstore = Sigstore::new();
        let images = tags.div_ceil(3);
        let mut answers = HashMap::new();
        for number in 0..images {
            keep(&mut answers, &signed(&sigstore, number));
            // A tree of ten thousand leaves would be hashed anew for each of them; a verifier sees only one leaf of it at a time.
            if number % 100 == 0 {
                sigstore.rekor.leaves.lock().expect("nobody panics").clear();
            }
        }
        let digests: Vec<String> = (0..images).map(|number| content(number).digest()).collect();
        let names: Vec<String> =
            (0..tags).map(|tag| format!("v{}.{}.{}", tag / 1000, tag / 10 % 100, tag % 10)).collect();
        for (tag, name) in names.iter().enumerate() {
            let manifest = answers[&format!("manifests/{}", digests[tag / 3])].clone();
            answers.insert(format!("manifests/{name}"), manifest);
        }
        for (page, names) in names.chunks(PAGE).enumerate() {
            let list = json!({"name": SOURCE, "tags": names}).to_string().into_bytes();
            let next = format!("Link: </v2/{SOURCE}/tags/list?page={}>; rel=\"next\"\r\n", page + 1);
            let next = if (page + 1) * PAGE < tags { next } else { String::new() };
            let list = Answer { head: format!("Content-Type: application/json\r\n{next}"), body: list };
            answers.insert(format!("tags/list{page}"), Arc::new(list));
        }
        let served = Arc::new(Served { answers, delay: AtomicU64::new(0), requests: AtomicUsize::new(0) });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let host = listener.local_addr().expect("an address").to_string();
        let served_there = Arc::clone(&served);
        thread::spawn(move || served_there.accept(&listener));
        let root = std::env::temp_dir().join(format!("bonafide-tags-{}.json", std::process::id()));
        std::fs::write(&root, sigstore.trusted_root()).expect("a file");
        Releases { served, host, root, tags, images }
    }

    fn measure(&self, program: &str, delay: u64) {
        self.served.requests.store(0, Ordering::Relaxed);
        self.served.delay.store(delay, Ordering::Relaxed);
        let report = self.root.with_extension("report.json");
        let began = Instant::now();
        let run = Command::new("/usr/bin/time")
            .args(["-f", "%M %U %S", program, "audit", &format!("{}/{SOURCE}", self.host), "--repo", SOURCE])
            .args(["--trusted-root", &self.root.display().to_string(), "--output", "jsonl"])
            .env_clear()
            .stdout(std::fs::File::create(&report).expect("a file"))
            .stderr(Stdio::piped())
            .spawn()
            .and_then(Child::wait_with_output)
            .expect("GNU time");
        let wall = began.elapsed().as_secs_f64();
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(0), "{said}");
        let figures = said.lines().last().unwrap_or_default().split(' ').map(str::parse::<f64>);
        let figures: Vec<f64> = figures.collect::<std::result::Result<_, _>>().expect("KiB and seconds");
        let [peak, user, system] = figures[..] else { panic!("three figures: {said}") };
        let rows = std::fs::read_to_string(&report).expect("a report");
        let verified = rows.lines().map(|row| serde_json::from_str::<Value>(row).expect("JSON"));
        let verified = verified.filter(|row| row["target"]["verdict"] == "verified").count();
        assert_eq!(verified, self.images, "{said}");
        println!(
            "{:<44} {:>8} {:>8} {:>8} {wall:>7.2} s {:>7.2} s {:>6.2} ms {:>6.1} MiB",
            format!("{program}, +{delay} ms"),
            self.tags,
            self.images,
            self.served.requests.load(Ordering::Relaxed),
            user + system,
            (user + system) * 1000.0 / f64::from(u32::try_from(self.images).expect("few")),
            peak / 1024.0
        );
    }
}

fn content(number: usize) -> Image {
    Image::single_containing(&format!("release {number}"), "linux/amd64")
}

/// An image with signature, provenance and SBOM.
fn signed(sigstore: &Sigstore, number: usize) -> Repository {
    let build = Build::github(SOURCE, ".github/workflows/release.yml", "refs/tags/v1");
    let image = content(number);
    let subject = Subject::from(&image.descriptor());
    let identity = build.identity();
    let signer = || sigstore.signer(&identity);
    let mut repository = Repository::new();
    repository.push(&image);
    for evidence in [
        signer().sign_image(&subject),
        signer().attest(&slsa_v1(&subject, &build)),
        signer().attest(&spdx_23(&subject, &[("zlib", "1.3.1"), ("openssl", "3.5.0")])),
    ] {
        repository.attach_bundle(&image.descriptor(), &evidence.bundle(Version::V03));
    }
    repository
}

/// Keeps what a repository of one image answers to every request, by the end of its path.
fn keep(answers: &mut HashMap<String, Arc<Answer>>, repository: &Repository) {
    for manifest in &repository.manifests {
        let digest = manifest.descriptor().digest;
        let head = format!("Content-Type: {}\r\nDocker-Content-Digest: {digest}\r\n", manifest.media_type);
        answers.insert(format!("manifests/{digest}"), Arc::new(Answer { head, body: manifest.bytes.clone() }));
        let referrers = referrers_index(&repository.referrers(&digest)).to_string().into_bytes();
        let head = format!("Content-Type: {IMAGE_INDEX}\r\n");
        answers.insert(format!("referrers/{digest}"), Arc::new(Answer { head, body: referrers }));
    }
    for (digest, blob) in &repository.blobs {
        let head = "Content-Type: application/octet-stream\r\n".to_owned();
        answers.insert(format!("blobs/{digest}"), Arc::new(Answer { head, body: blob.clone() }));
    }
}

struct Answer {
    /// Header lines of its own.
    head: String,
    body: Vec<u8>,
}

/// Answers that were made before, so that the registry costs as little as it can: the program has the processors.
struct Served {
    answers: HashMap<String, Arc<Answer>>,
    /// How late each answer is, in milliseconds.
    delay: AtomicU64,
    requests: AtomicUsize,
}

impl Served {
    fn accept(self: &Arc<Served>, listener: &TcpListener) {
        for stream in listener.incoming() {
            let (Ok(stream), served) = (stream, Arc::clone(self)) else { continue };
            thread::spawn(move || served.serve(stream).ok());
        }
    }

    fn serve(&self, mut stream: TcpStream) -> Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let (mut line, mut rest) = (String::new(), String::new());
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            loop {
                rest.clear();
                if reader.read_line(&mut rest)? <= 2 {
                    break;
                }
            }
            self.requests.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(self.delay.load(Ordering::Relaxed)));
            let mut words = line.split(' ');
            let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let message = self.message(path, method == "HEAD");
            stream.write_all(&message)?;
        }
    }

    fn message(&self, path: &str, without_body: bool) -> Vec<u8> {
        let name = path.strip_prefix(&format!("/v2/{SOURCE}/")).unwrap_or(path);
        let name = match name.strip_prefix("tags/list") {
            Some(query) => {
                let page = query.split(['?', '&']).find_map(|part| part.strip_prefix("page="));
                format!("tags/list{}", page.unwrap_or("0"))
            }
            None => name.split('?').next().unwrap_or_default().to_owned(),
        };
        let Some(answer) = self.answers.get(&name) else {
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec();
        };
        let mut head = String::from("HTTP/1.1 200 OK\r\n");
        write!(head, "{}Content-Length: {}\r\n\r\n", answer.head, answer.body.len()).expect("a string takes all");
        let mut message = head.into_bytes();
        if !without_body {
            message.extend_from_slice(&answer.body);
        }
        message
    }
}
