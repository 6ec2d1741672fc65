//! TLS before a plain registry, which may ask its clients for a certificate.

use std::io::{Read, Result, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// A TLS server that passes requests on to a plain one.
pub struct Front {
    address: SocketAddr,
    shown: Arc<Mutex<Vec<bool>>>,
}

/// Whether a client must show a certificate, or may.
#[derive(Clone, Copy, PartialEq)]
pub enum Client {
    Must,
    May,
}

/// Returns the path of a file in `fixtures/tls`.
pub fn file(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "fixtures", "tls", name].iter().collect();
    path.display().to_string()
}

impl Front {
    /// Starts before the server at `target`, such as `127.0.0.1:5000`.
    pub fn start(target: &str, client: Client) -> Front {
        Self::with(target, client, "server.pem")
    }

    /// The same with the certificate and key of this file in `fixtures/tls`.
    pub fn with(target: &str, client: Client, server: &str) -> Front {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let front = Front { address: listener.local_addr().expect("an address"), shown: Arc::default() };
        let (config, shown, target) = (config(client, server), Arc::clone(&front.shown), target.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, shown, target) = (Arc::clone(&config), Arc::clone(&shown), target.clone());
                // A client that hangs up, or a handshake that fails, is the client's affair.
                thread::spawn(move || serve(stream, config, &shown, &target).ok());
            }
        });
        front
    }

    /// Starts as a proxy that reaches every host through `target_of`: it tells the server that stands for a host. The client's
    /// TLS ends here, with the certificate for the hosts of the documentation.
    pub fn proxy(target_of: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Front {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let front = Front { address: listener.local_addr().expect("an address"), shown: Arc::default() };
        let (config, shown) = (config(Client::May, "documents.pem"), Arc::clone(&front.shown));
        let target_of = Arc::new(target_of);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (config, shown, target_of) = (Arc::clone(&config), Arc::clone(&shown), Arc::clone(&target_of));
                thread::spawn(move || {
                    let head = read_head(&mut stream)?;
                    let host = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(':').next());
                    let Some(target) = host.and_then(|host| target_of(host)) else {
                        return stream.write_all(b"HTTP/1.1 502 no such host\r\n\r\n");
                    };
                    stream.write_all(b"HTTP/1.1 200 connected\r\n\r\n")?;
                    serve(stream, config, &shown, &target)
                });
            }
        });
        front
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Whether the client showed a certificate, for each connection that came about.
    pub fn shown(&self) -> Vec<bool> {
        self.shown.lock().expect("no test panics with it").clone()
    }
}

fn config(client: Client, server: &str) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("authority.pem")).expect("a certificate")).expect("a root");
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let verifier = if client == Client::May { verifier.allow_unauthenticated() } else { verifier };
    let certificate = CertificateDer::from_pem_file(file(server)).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(file(server)).expect("a key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier.build().expect("a verifier"))
        .with_single_cert(vec![certificate], key);
    Arc::new(config.expect("a certificate and its key"))
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, shown: &Mutex<Vec<bool>>, target: &str) -> Result<()> {
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut client = StreamOwned::new(connection, stream);
    while client.conn.is_handshaking() {
        client.conn.complete_io(&mut client.sock)?;
    }
    shown.lock().expect("no test panics with it").push(client.conn.peer_certificates().is_some());
    loop {
        let head = read_head(&mut client)?;
        // Each request has a connection of its own to the server behind: it ends with its answer.
        let mut server = TcpStream::connect(target)?;
        server.write_all(head.as_bytes())?;
        server.shutdown(std::net::Shutdown::Write)?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer)?;
        client.write_all(&answer)?;
        client.flush()?;
    }
}

/// Reads a request up to the empty line behind its headers.
fn read_head(client: &mut impl Read) -> Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    String::from_utf8(head).map_err(std::io::Error::other)
}
