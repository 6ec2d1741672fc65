//! Verifies candidates on every core if there are enough of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::verify::{Alone, Workers};

/// The fewest candidates for which threads are started: the gain for fewer is in `benches/README.md`.
const WORTH_IT: usize = 8;
/// Stack of a thread in bytes, as the main one has it.
pub(super) const STACK: usize = 8 * 1024 * 1024;

/// One thread for each core that this process may use, the calling one among them.
#[derive(Debug, Clone, Copy)]
pub struct Threads;

impl Workers for Threads {
    fn share(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        let cores = if pieces < WORTH_IT { 1 } else { thread::available_parallelism().map_or(1, usize::from) };
        if cores == 1 {
            return Alone.share(pieces, work);
        }
        let next = AtomicUsize::new(0);
        let take = || {
            loop {
                let position = next.fetch_add(1, Ordering::Relaxed);
                if position >= pieces {
                    return;
                }
                work(position);
            }
        };
        thread::scope(|scope| {
            for _ in 1..cores.min(pieces) {
                // A thread that cannot be started leaves more to the others, and the calling one is always there.
                let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, take);
            }
            take();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_done_once_however_many_there_are() {
        for pieces in [0, 1, WORTH_IT - 1, WORTH_IT, 1000] {
            let done: Vec<AtomicUsize> = (0..pieces).map(|_| AtomicUsize::new(0)).collect();
            Threads.share(pieces, &|position| {
                done[position].fetch_add(1, Ordering::Relaxed);
            });
            assert!(done.iter().all(|count| count.load(Ordering::Relaxed) == 1), "{pieces}");
        }
    }

    /// A panic in any thread ends the run: it never looks like a verdict.
    #[test]
    fn a266_a_panic_in_one_thread_is_a_panic_of_the_run() {
        let run = std::panic::catch_unwind(|| Threads.share(100, &|position| assert_ne!(position, 50)));
        assert!(run.is_err());
    }
}
