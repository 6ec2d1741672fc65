//! Threads that judge while the thread of the network goes on.
//!
//! Answers are read on one thread; what has been collected for an image is judged on another, so that neither waits for the
//! other. The threads end with the call that started them, so that what they work on may borrow from there.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use super::threads::STACK;

type Work<'env> = Box<dyn FnOnce() + Send + 'env>;

/// Takes work for other threads.
pub(super) struct Pool<'env> {
    /// `None` where the thread that asks does the work itself.
    work: Option<Sender<Work<'env>>>,
}

/// The threads for so many tasks. For a single one no thread is started: there is nothing else to do meanwhile.
pub(super) fn threads_for(tasks: usize) -> usize {
    if tasks > 1 { thread::available_parallelism().map_or(1, usize::from) } else { 0 }
}

/// Starts this many threads, and ends them when `body` returns. Without threads, the caller does the work itself.
pub(super) fn with_threads<'env, R>(threads: usize, body: impl FnOnce(&Pool<'env>) -> R) -> R {
    let (sender, receiver) = mpsc::channel();
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        let start = || thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || work_off(&receiver));
        // One that cannot be started leaves more to the others.
        let started = (0..threads).filter(|_| start().is_ok()).count();
        body(&Pool { work: (started > 0).then_some(sender) })
    })
}

/// Does what comes, until nothing more can come.
fn work_off(receiver: &Mutex<Receiver<Work<'_>>>) {
    // The lock is released before the work begins. No panic can leave the receiver half changed.
    let next = || receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(work) = next() {
        work();
    }
}

impl<'env> Pool<'env> {
    /// Does this work on another thread, and returns what it makes. A panic there is a panic here.
    pub(super) async fn run<R: Send + 'env>(&self, work: impl FnOnce() -> R + Send + 'env) -> R {
        let Some(threads) = &self.work else { return work() };
        let (done, result) = oneshot::channel();
        let work = move || {
            // If the run ends early, the receiver is gone.
            let _ = done.send(work());
        };
        threads.send(Box::new(work)).expect("the receiver lives as long as the pool");
        result.await.expect("the thread that judges ended in a panic")
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};

    use super::*;

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(work)
    }

    #[test]
    fn work_is_done_elsewhere_and_its_results_come_back() {
        let words = ["a".to_owned(), "b".to_owned()];
        for threads in [0, 1, 4] {
            let here = thread::current().id();
            let done = with_threads(threads, |pool| {
                let work = |number: usize| {
                    let words = &words;
                    pool.run(move || (words[number % 2].clone(), thread::current().id()))
                };
                block_on(stream::iter(0..100).map(work).buffered(10).collect::<Vec<_>>())
            });
            let said: String = done.iter().map(|(word, _)| word.as_str()).collect();
            assert_eq!(said, "ab".repeat(50));
            assert_eq!(done.iter().any(|(_, thread)| *thread == here), threads == 0);
        }
    }

    /// A panic in any thread ends the run: it never looks like a verdict, and no thread waits for ever.
    #[test]
    fn a266_a_panic_in_one_thread_is_a_panic_of_the_run() {
        let run = || with_threads(2, |pool| block_on(pool.run(|| panic!("in a thread"))));
        assert!(std::panic::catch_unwind(run).is_err());
    }
}
