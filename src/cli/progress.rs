//! What a long run says on standard error while it lasts.

use std::io::{self, Write};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::collect::RequestRecord;
use crate::render::escape::terminal;

/// Pauses that grow, up to an end.
pub(super) struct Wait {
    end: Instant,
    next: Duration,
    allowed: Duration,
    is_said: bool,
}

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Wait {
    /// Starts waiting now.
    pub(super) fn new(allowed: Duration, quiet: bool) -> Self {
        Self { end: Instant::now() + allowed, next: FIRST_PAUSE, allowed, is_said: quiet }
    }

    /// Pauses before another attempt; the last one is at the end. Returns whether there is one.
    pub(super) async fn pause(&mut self) -> bool {
        let rest = self.end.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            return false;
        }
        if !std::mem::replace(&mut self.is_said, true) {
            let allowed = self.allowed.as_secs_f32();
            say(&format!("waiting up to {allowed} s: nothing of a required kind is attached yet"));
        }
        sleep(self.next.min(rest)).await;
        self.next = (self.next * 2).min(LONGEST_PAUSE);
        true
    }
}

/// Writes one line about a login that is of no use for registries that are asked.
pub(super) fn login_not_shown(registry: &str, others: &str) {
    say(&format!(
        "warning: the login is for {registry} alone and is not shown to {others}; use `docker login` or `podman login` there"
    ));
}

/// Writes one line for a request that is over.
pub(super) fn request(record: &RequestRecord) {
    let status = record.status.map_or_else(|| "failed".to_owned(), |status| status.to_string());
    let RequestRecord { method, address, bytes, took, .. } = record;
    say(&format!("{method} {address}  {status}  {bytes} bytes  {} ms", took.as_millis()));
}

fn say(line: &str) {
    // Nobody is kept from a verdict because nobody reads along.
    let _ = writeln!(io::stderr().lock(), "{}", terminal(line));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let began = Instant::now();
            let mut wait = Wait::new(Duration::from_millis(50), true);
            assert!(wait.pause().await, "one attempt at the end");
            assert!(!wait.pause().await);
            assert!(began.elapsed() < FIRST_PAUSE && wait.next == FIRST_PAUSE * 2);
        });
    }
}
