//! Threads that verify evidence while the network thread keeps reading.
//!
//! One thread reads the answers of all requests. Other threads verify the collected evidence, so neither side waits for the
//! other. The threads end before the call that started them returns, so their work may borrow from the caller.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use super::threads::STACK;

type Work<'env> = Box<dyn FnOnce() + Send + 'env>;

/// Passes work to the threads.
pub(super) struct Pool<'env> {
    /// `None` if there are no threads: the caller then does the work itself.
    work: Option<Sender<Work<'env>>>,
}

/// Returns the number of threads for this many tasks. A single task needs none, because there is nothing to do in parallel.
pub(super) fn threads_for(tasks: usize) -> usize {
    if tasks > 1 { thread::available_parallelism().map_or(1, usize::from) } else { 0 }
}

/// Starts this many threads, and ends them when `body` returns. Without threads, the caller does the work itself.
pub(super) fn with_threads<'env, R>(threads: usize, body: impl FnOnce(&Pool<'env>) -> R) -> R {
    let (sender, receiver) = mpsc::channel();
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        let start = || thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || work_off(&receiver));
        // If a thread cannot be started, the others do its work.
        let started = (0..threads).filter(|_| start().is_ok()).count();
        body(&Pool { work: (started > 0).then_some(sender) })
    })
}

/// Does the work that arrives until the sender is gone.
fn work_off(receiver: &Mutex<Receiver<Work<'_>>>) {
    // The lock is released before the work begins. No panic can leave the receiver half changed.
    let next = || receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(work) = next() {
        work();
    }
}

impl<'env> Pool<'env> {
    /// Runs the work on another thread and returns its result. A panic there becomes a panic here.
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
