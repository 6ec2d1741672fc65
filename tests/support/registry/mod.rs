//! A registry on loopback: the pull side of the OCI distribution specification, and every way a server can misbehave.

mod access;
mod answer;
mod connection;
pub mod fault;
mod message;
mod push;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

pub use access::Access;
pub use message::{Delivery, Request, Response};

use super::repository::Repository;

/// A server that lives as long as this value.
pub struct Registry {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    address: SocketAddr,
    stopped: AtomicBool,
    content: Mutex<Content>,
    requests: Mutex<Vec<Request>>,
}

/// What the registry has and how it is set up; requests see it as it is when they arrive.
pub(crate) struct Content {
    repositories: BTreeMap<String, Repository>,
    access: Access,
    referrers: Referrers,
    faults: Vec<Fault>,
    /// What was begun to be pushed, if the registry takes pushes.
    uploads: Option<BTreeMap<String, Vec<u8>>>,
}

/// Whether the registry keeps lists of referrers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Referrers {
    /// In answers of at most so many entries.
    Listed { page_size: usize },
    /// Not at all: the API answers 404, and clients find the fallback tags.
    Unsupported,
}

type Bend = Arc<dyn Fn(&mut Response) + Send + Sync>;

struct Fault {
    applies: Box<dyn Fn(&Request) -> bool + Send>,
    spared: usize,
    remaining: usize,
    bend: Bend,
}

impl Registry {
    /// Starts an empty registry that is open to everybody and lists referrers.
    pub fn start() -> Registry {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let content = Content {
            repositories: BTreeMap::new(),
            access: Access::Open,
            referrers: Referrers::Listed { page_size: usize::MAX },
            faults: Vec::new(),
            uploads: None,
        };
        let state = Arc::new(State {
            address,
            stopped: AtomicBool::new(false),
            content: Mutex::new(content),
            requests: Mutex::new(Vec::new()),
        });
        let served = Arc::clone(&state);
        thread::spawn(move || connection::accept(&listener, &served));
        Registry { address, state }
    }

    /// Starts a registry that has one repository.
    pub fn serving(name: &str, repository: Repository) -> Registry {
        let registry = Registry::start();
        registry.edit(name, |content| *content = repository);
        registry
    }

    /// Returns `127.0.0.1:` and the port.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Returns the address as a URL without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns an image reference; `target` is a tag or a digest.
    pub fn reference(&self, repository: &str, target: &str) -> String {
        let separator = if target.contains(':') { '@' } else { ':' };
        format!("{}/{repository}{separator}{target}", self.address)
    }

    /// Changes a repository, making it if it is not there.
    pub fn edit<Outcome>(&self, name: &str, edit: impl FnOnce(&mut Repository) -> Outcome) -> Outcome {
        edit(self.state.content().repositories.entry(name.into()).or_default())
    }

    /// Sets who may pull.
    pub fn restrict(&self, access: Access) {
        self.state.content().access = access;
    }

    /// Takes pushes from now on. Lists under fallback tags are then those that were pushed, and no others.
    pub fn accept_pushes(&self) {
        self.state.content().uploads = Some(BTreeMap::new());
    }

    /// Sets how referrers are listed.
    pub fn list_referrers(&self, referrers: Referrers) {
        self.state.content().referrers = referrers;
    }

    /// Bends every response to a request whose path and query contain `path`.
    pub fn bend(&self, path: &str, bend: impl Fn(&mut Response) + Send + Sync + 'static) {
        self.bend_some(path, 0, usize::MAX, bend);
    }

    /// Bends the first `times` responses to such requests.
    pub fn bend_first(&self, times: usize, path: &str, bend: impl Fn(&mut Response) + Send + Sync + 'static) {
        self.bend_some(path, 0, times, bend);
    }

    /// Bends all but the first `spared` responses to such requests.
    pub fn bend_after(&self, spared: usize, path: &str, bend: impl Fn(&mut Response) + Send + Sync + 'static) {
        self.bend_some(path, spared, usize::MAX, bend);
    }

    /// Bends the responses to requests that `applies` picks.
    pub fn bend_when(
        &self,
        applies: impl Fn(&Request) -> bool + Send + 'static,
        bend: impl Fn(&mut Response) + Send + Sync + 'static,
    ) {
        let fault = Fault { applies: Box::new(applies), spared: 0, remaining: usize::MAX, bend: Arc::new(bend) };
        self.state.content().faults.push(fault);
    }

    fn bend_some(
        &self,
        path: &str,
        spared: usize,
        remaining: usize,
        bend: impl Fn(&mut Response) + Send + Sync + 'static,
    ) {
        let path = path.to_string();
        let applies = Box::new(move |request: &Request| request.path.contains(&path));
        self.state.content().faults.push(Fault { applies, spared, remaining, bend: Arc::new(bend) });
    }

    /// Behaves from now on.
    pub fn mend(&self) {
        self.state.content().faults.clear();
    }

    /// Returns the requests so far, in the order in which they were answered.
    pub fn requests(&self) -> Vec<Request> {
        self.state.requests().clone()
    }

    /// Returns the paths requested so far, with their queries.
    pub fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.path).collect()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.state.requests().clear();
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
        // The listener waits for a connection before it looks at the flag.
        _ = TcpStream::connect(self.address);
    }
}

impl State {
    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().expect("no holder of the lock panics")
    }

    fn requests(&self) -> MutexGuard<'_, Vec<Request>> {
        self.requests.lock().expect("no holder of the lock panics")
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Answers a request and records both.
    fn answer(&self, mut request: Request) -> Response {
        let mut content = self.content();
        let mut response = answer::answer(&mut content, &request, self.address);
        let faults = content.due_faults(&request);
        // A test's own closure may fail, which must not take the registry's state with it.
        drop(content);
        for bend in faults {
            bend(&mut response);
        }
        request.status = response.status;
        self.requests().push(request);
        response
    }
}

impl Content {
    fn due_faults(&mut self, request: &Request) -> Vec<Bend> {
        let mut due = Vec::new();
        for fault in self.faults.iter_mut().filter(|fault| (fault.applies)(request)) {
            if fault.spared > 0 {
                fault.spared -= 1;
            } else if fault.remaining > 0 {
                fault.remaining -= 1;
                due.push(Arc::clone(&fault.bend));
            }
        }
        due
    }
}
