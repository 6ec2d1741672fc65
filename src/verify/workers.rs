//! The workers that judge the candidates: the calling thread here, or the caller's workers.
//!
//! The result does not depend on them. Each candidate is judged by itself, the results have the order of the
//! candidates, and this module starts no thread.

use std::sync::OnceLock;

/// Does pieces of work that know nothing of each other.
pub trait Workers: Sync {
    /// Calls `work` once with each number below `pieces`, in any order and perhaps at once, and returns when all calls have.
    fn share(&self, pieces: usize, work: &(dyn Fn(usize) + Sync));
}

/// Does one piece after the other.
#[derive(Debug, Clone, Copy)]
pub struct Alone;

impl Workers for Alone {
    fn share(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..pieces).for_each(work);
    }
}

/// Makes one result of each number below `pieces`, in their order.
pub(super) fn gather<R: Send + Sync>(workers: &dyn Workers, pieces: usize, make: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let results: Vec<OnceLock<R>> = (0..pieces).map(|_| OnceLock::new()).collect();
    workers.share(pieces, &|position| {
        results[position].get_or_init(|| make(position));
    });
    // The caller makes the results that the workers left out, so that no evidence is skipped.
    let finished = results.into_iter().enumerate();
    finished.map(|(position, result)| result.into_inner().unwrap_or_else(|| make(position))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Begins at the end, and does some twice and others never.
    struct Odd;

    impl Workers for Odd {
        fn share(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
            (0..pieces).rev().filter(|position| position % 3 != 0).for_each(|position| {
                work(position);
                work(position);
            });
        }
    }

    #[test]
    fn results_stand_in_order_and_none_is_missing_whoever_worked() {
        let squares: Vec<usize> = (0..10).map(|number| number * number).collect();
        assert_eq!(gather(&Alone, 10, |number| number * number), squares);
        assert_eq!(gather(&Odd, 10, |number| number * number), squares);
        assert!(gather(&Odd, 0, |number| number).is_empty());
    }
}
