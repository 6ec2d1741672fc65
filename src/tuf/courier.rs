//! Brings the workflow what it asks a mirror for.
//!
//! The workflow may run on any thread; connections here belong to one. So the workflow leaves questions, and whoever drives
//! it fetches the answers.

use std::pin::pin;

use futures_util::future::{Either, select};
use sigstore_tuf::transport::FetchFuture;
use sigstore_tuf::{Error, Repository};
use tokio::sync::{mpsc, oneshot};

use crate::collect::{FileServer, SourceError};

use super::strict;

/// A repository that is somewhere else.
pub(super) struct Remote(mpsc::UnboundedSender<Question>);

/// Questions that nobody has answered yet.
pub(super) struct Questions(mpsc::UnboundedReceiver<Question>);

/// One file that is wanted.
struct Question {
    path: String,
    limit: u64,
    answer: oneshot::Sender<Answer>,
}

type Answer = Result<Option<Vec<u8>>, Error>;

/// Returns a repository, and the questions that are asked of it.
pub(super) fn remote() -> (Remote, Questions) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Remote(sender), Questions(receiver))
}

impl Remote {
    fn ask(&self, path: String, limit: u64) -> FetchFuture<'_> {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            let unanswered = || Error::transport("nobody fetches");
            self.0.send(Question { path, limit, answer }).map_err(|_| unanswered())?;
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

impl Questions {
    /// Runs work that asks questions to its end, and answers them from a mirror.
    pub(super) async fn answer_while<T>(mut self, mirror: &FileServer, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            let question = match select(work.as_mut(), pin!(self.0.recv())).await {
                Either::Left((done, _)) => return done,
                Either::Right((question, _)) => question,
            };
            match question {
                Some(Question { path, limit, answer }) => {
                    // Work that no longer waits for it needs no answer.
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
        // Storage that does not list its files says "forbidden" of one that it does not have; so do python-tuf and go-tuf
        // find the end of the roots. Anything else is no end: a mirror that is down must not look like one that is current.
        Err(SourceError::Status { status: 403, .. }) if path.ends_with(".root.json") => Ok(None),
        Err(error) => Err(Error::transport_with_source(format!("`{path}`"), error)),
    }
}
