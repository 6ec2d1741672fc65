//! Limits on collection: bytes, numbers, depth and time.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::error::SourceError;

/// The limits of one image's collection. Each is named in the gap or error that it causes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The largest manifest, index or page of referrers, in bytes.
    pub manifest: u64,
    /// The largest payload of a legacy signature, in bytes.
    pub signature: u64,
    /// The largest bundle or legacy attestation, in bytes. Both carry their payload, an SBOM perhaps, inside.
    pub attestation: u64,
    /// The largest page of a service's attestations, and the largest bundle that it points at, in bytes.
    pub service: u64,
    /// The most referrers of one subject that are looked at.
    pub referrers: usize,
    /// The most pages in which a registry may list them.
    pub referrers_pages: usize,
    /// The most bundles, signatures and attestations of one subject that are fetched.
    pub candidates: usize,
    /// The most attestation manifests of one image that are looked at.
    pub attestation_manifests: usize,
    /// The most statements of one attestation manifest that are looked at.
    pub statements: usize,
    /// The most manifests in an image, nested indexes included.
    pub subjects: usize,
    /// How deep indexes may be nested in indexes.
    pub index_depth: usize,
    /// The most that is read for one image, in bytes.
    pub total_bytes: u64,
    /// The most time that one image may take.
    pub total_time: Duration,
    /// The longest wait for an answer, or for its next bytes.
    pub silence: Duration,
    /// The most requests that are under way at once.
    pub parallel: usize,
}

const MIB: u64 = 1024 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Self {
            // distribution-spec: "a maximum … SHOULD be at least 4 megabytes".
            manifest: 4 * MIB,
            signature: 16 * MIB,
            // Of 128 MiB that were attested, base64 makes a third more; as much beside it as a bundle without a payload may have.
            attestation: (128 * MIB).div_ceil(3) * 4 + 16 * MIB,
            service: 16 * MIB,
            referrers: 1000,
            referrers_pages: 20,
            candidates: 256,
            attestation_manifests: 512,
            statements: 64,
            subjects: 1024,
            index_depth: 4,
            total_bytes: 512 * MIB,
            total_time: Duration::from_secs(120),
            silence: Duration::from_secs(30),
            parallel: 32,
        }
    }
}

/// What all images of a run may hold in memory at once, in bytes.
///
/// Each image takes bytes from this common amount. When too few are left, the image waits for its turn; one image at a time has
/// the turn, and may then hold as much as one image may read. So the run holds at most the sum of both, and one image can always
/// continue.
#[derive(Debug)]
pub struct Share {
    allowed: u64,
    left: Cell<u64>,
    turn: Semaphore,
}

/// As much as one image may read in all.
const SHARED: u64 = 512 * MIB;

impl Default for Share {
    fn default() -> Self {
        Self::of(SHARED)
    }
}

impl Share {
    /// Creates a share of this many bytes for all images without the turn.
    pub fn of(bytes: u64) -> Self {
        Self { allowed: bytes, left: Cell::new(bytes), turn: Semaphore::new(1) }
    }

    fn take(&self, bytes: u64) -> bool {
        let left = self.left.get().checked_sub(bytes);
        left.inspect(|left| self.left.set(*left)).is_some()
    }

    fn give_back(&self, bytes: u64) {
        self.left.set(self.left.get().saturating_add(bytes));
    }
}

/// The rest of [`Limits::total_bytes`] for one image, and its part of the shared bytes. Bytes are reserved before a
/// request, so that parallel requests cannot exceed the limit together, and unneeded ones are given back.
#[derive(Debug)]
pub(super) struct Budget {
    allowed: u64,
    left: Cell<u64>,
    /// What this image holds of the share.
    drawn: Cell<u64>,
    share: Rc<Share>,
    longest_wait: Duration,
    has_turn: OnceCell<()>,
}

/// Bytes that were taken from a [`Budget`].
#[derive(Debug)]
pub(super) struct Taken<'a> {
    budget: &'a Budget,
    unused: u64,
    is_drawn: bool,
}

impl Budget {
    pub(super) fn new(limits: &Limits, share: Rc<Share>) -> Self {
        Self {
            allowed: limits.total_bytes,
            left: Cell::new(limits.total_bytes),
            drawn: Cell::new(0),
            share,
            longest_wait: limits.total_time,
            has_turn: OnceCell::new(),
        }
    }

    /// Takes bytes for `what`. Fewer may be left for the image; or the other images of the run may hold too many for too long.
    pub(super) async fn take(&self, what: &str, bytes: u64) -> Result<Taken<'_>, SourceError> {
        let exceeded =
            |limit, allowed| SourceError::Limit { at: what.to_owned(), limit, allowed, found: "more".to_owned() };
        let left = self.left.get().checked_sub(bytes);
        let left = left.ok_or_else(|| exceeded("bytes for one image in all", self.allowed))?;
        self.left.set(left);
        let mut taken = Taken { budget: self, unused: bytes, is_drawn: false };
        if !self.has_turn.initialized() && self.share.take(bytes) {
            self.drawn.set(self.drawn.get() + bytes);
            taken.is_drawn = true;
        } else if !self.wait_for_turn().await {
            return Err(exceeded("bytes for all images of the run at once", self.share.allowed));
        }
        Ok(taken)
    }

    /// Waits until no other image has the turn; `false` if that takes longer than an image may take.
    pub(super) async fn wait_for_turn(&self) -> bool {
        let turn = &self.share.turn;
        let acquire = async {
            let permit = match turn.try_acquire() {
                Ok(permit) => Some(permit),
                Err(_) => timeout(self.longest_wait, turn.acquire()).await.ok().and_then(Result::ok),
            };
            // It is given back when the image is done.
            permit.map(SemaphorePermit::forget).ok_or(())
        };
        self.has_turn.get_or_try_init(|| acquire).await.is_ok()
    }

    fn give_back(&self, bytes: u64, is_drawn: bool) {
        self.left.set(self.left.get().saturating_add(bytes));
        if is_drawn {
            self.drawn.set(self.drawn.get().saturating_sub(bytes));
            self.share.give_back(bytes);
        }
    }
}

impl Drop for Budget {
    fn drop(&mut self) {
        self.share.give_back(self.drawn.get());
        if self.has_turn.initialized() {
            self.share.turn.add_permits(1);
        }
    }
}

impl Taken<'_> {
    /// Keeps what was read; the rest goes back.
    pub(super) fn keep(mut self, bytes: u64) {
        self.unused = self.unused.saturating_sub(bytes);
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.budget.give_back(self.unused, self.is_drawn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(bytes: u64, share: &Rc<Share>) -> Budget {
        let limits = Limits { total_bytes: bytes, total_time: Duration::from_millis(50), ..Limits::default() };
        Budget::new(&limits, Rc::clone(share))
    }

    fn now<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime").block_on(work)
    }

    fn limit(taken: &Result<Taken<'_>, SourceError>) -> Option<&'static str> {
        match taken {
            Err(SourceError::Limit { limit, .. }) => Some(limit),
            _ => None,
        }
    }

    #[test]
    fn what_was_not_read_is_given_back() {
        now(async {
            let budget = budget(10, &Rc::default());
            let first = budget.take("a", 6).await.expect("six of ten");
            assert_eq!(limit(&budget.take("b", 5).await), Some("bytes for one image in all"));
            first.keep(2);
            assert!(budget.take("b", 9).await.is_err());
            assert!(budget.take("b", 8).await.is_ok());
        });
    }

    #[test]
    fn one_image_goes_on_whatever_the_others_hold_and_the_next_after_it() {
        now(async {
            let share = Rc::new(Share::of(10));
            let (first, second, third) = (budget(100, &share), budget(100, &share), budget(100, &share));
            first.take("a", 6).await.expect("of the share").keep(6);
            second.take("a", 4).await.expect("of the share").keep(4);
            first.take("b", 50).await.expect("it has the turn").keep(50);
            for waiting in [&second, &third] {
                let limit = limit(&waiting.take("b", 1).await);
                assert_eq!(limit, Some("bytes for all images of the run at once"));
            }
            drop(first);
            third.take("b", 6).await.expect("what the first drew is there again").keep(6);
            second.take("b", 50).await.expect("it has the turn now").keep(50);
            drop(second);
            drop(third);
            assert_eq!((share.left.get(), share.turn.available_permits()), (10, 1));
        });
    }

    #[test]
    fn who_waits_goes_on_when_the_other_is_done() {
        now(async {
            let share = Rc::new(Share::of(0));
            let (first, second) = (budget(100, &share), budget(100, &share));
            first.take("a", 5).await.expect("it has the turn").keep(5);
            let done = async {
                tokio::task::yield_now().await;
                drop(first);
            };
            let (taken, ()) = tokio::join!(second.take("a", 5), done);
            assert!(taken.is_ok());
        });
    }
}
