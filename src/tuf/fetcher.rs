//! Fetches the files that the workflow wants from a mirror.
//!
//! The workflow may run on any thread, but each connection belongs to one. So the workflow sends requests through a
//! channel, and the caller's task fetches the files.

use std::pin::pin;

use futures_util::future::{Either, select};
use sigstore_tuf::transport::FetchFuture;
use sigstore_tuf::{Error, Repository};
use tokio::sync::{mpsc, oneshot};

use crate::collect::{FileServer, SourceError};

use super::strict;

/// The repository on a mirror, as the workflow sees it.
pub(super) struct Remote(mpsc::UnboundedSender<Request>);

/// Requests without an answer yet.
pub(super) struct Requests(mpsc::UnboundedReceiver<Request>);

/// A file to fetch.
struct Request {
    path: String,
    limit: u64,
    answer: oneshot::Sender<Answer>,
}

type Answer = Result<Option<Vec<u8>>, Error>;

/// Returns a repository, and the requests made to it.
pub(super) fn remote() -> (Remote, Requests) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Remote(sender), Requests(receiver))
}

impl Remote {
    fn ask(&self, path: String, limit: u64) -> FetchFuture<'_> {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            let unanswered = || Error::transport("the fetching task has ended");
            self.0.send(Request { path, limit, answer }).map_err(|_| unanswered())?;
            answered.await.map_err(|_| unanswered())?
        })
    }
}

impl Repository for Remote {
    fn fetch_metadata<'a>(&'a self, name: &'a str, limit: u64) -> FetchFuture<'a> {
        let asked = self.ask(name.to_owned(), limit);
        Box::pin(async move {
            let found = asked.await?;
            found.as_deref().map_or(Ok(()), |bytes| strict::check(name, bytes))?;
            Ok(found)
        })
    }

    fn fetch_target<'a>(&'a self, path: &'a str, limit: u64) -> FetchFuture<'a> {
        self.ask(format!("targets/{path}"), limit)
    }
}

impl Requests {
    /// Runs work that makes requests to its end, and answers them from a mirror.
    pub(super) async fn answer_while<T>(mut self, mirror: &FileServer, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            let request = match select(work.as_mut(), pin!(self.0.recv())).await {
                Either::Left((done, _)) => return done,
                Either::Right((request, _)) => request,
            };
            match request {
                Some(Request { path, limit, answer }) => {
                    // The work may have stopped waiting for this answer.
                    let _ = answer.send(fetch(mirror, &path, limit).await);
                }
                None => return work.await,
            }
        }
    }
}

async fn fetch(mirror: &FileServer, path: &str, limit: u64) -> Answer {
    match mirror.get(path, limit).await {
        Ok(bytes) => Ok(Some(bytes.into())),
        Err(SourceError::NotFound { .. }) => Ok(None),
        // Storage without the right to list answers "forbidden" for a missing file; python-tuf and go-tuf also end the
        // chain of roots there. Any other failure does not end it: a mirror that is down must not look like one that is
        // current.
        Err(SourceError::Status { status: 403, .. }) if path.ends_with(".root.json") => Ok(None),
        Err(error) => Err(Error::transport_with_source(format!("`{path}`"), error)),
    }
}
