//! Progress of a long run, on standard error.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, interval_at, sleep};

use crate::render::escape::terminal;

use super::streams;

/// Pauses that grow, up to an end.
pub(super) struct Wait {
    end: Instant,
    next: Duration,
    allowed: Duration,
    is_said: bool,
}

/// A progress line on a terminal, shown once the run takes longer than a moment.
struct Progress<W> {
    out: W,
    patience: Duration,
}

const PATIENCE: Duration = Duration::from_secs(2);
const REFRESH: Duration = Duration::from_millis(200);
const MINUTE: Duration = Duration::from_secs(60);
/// To the start of the line, and everything on it erased (ECMA-48, EL).
const BLANK: &str = "\r\u{1b}[K";

/// Does the work, and shows the text of `state` on standard error: on a terminal as one changing line, otherwise as a new line
/// each minute.
pub(super) async fn shown<T>(is_silent: bool, state: impl Fn() -> String, work: impl Future<Output = T>) -> T {
    if is_silent {
        work.await
    } else if io::stderr().is_terminal() {
        Progress { out: io::stderr(), patience: PATIENCE }.show(state, work).await
    } else {
        told(MINUTE, || say(&state()), work).await
    }
}

/// Does the work, and tells how far it is as often as this.
async fn told<T>(every: Duration, tell: impl Fn(), work: impl Future<Output = T>) -> T {
    let mut work = Box::pin(work);
    let mut ticks = interval_at(Instant::now() + every, every);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = ticks.tick() => tell(),
        }
    }
}

/// Describes the speed of a run and the time left at that speed, once both are known.
pub(super) fn speed(done: usize, all: usize, took: Duration) -> Option<String> {
    if done == 0 || took < PATIENCE {
        return None;
    }
    let hundredths = done as u128 * 100_000 / took.as_millis();
    let speed = match hundredths {
        1_000.. => format!("{}/s", hundredths / 100),
        100.. => format!("{}.{}/s", hundredths / 100, hundredths % 100 / 10),
        _ => format!("{}/min", (done as u128 * 60_000).div_ceil(took.as_millis())),
    };
    let left = took.as_millis() * all.saturating_sub(done) as u128 / done as u128 / 1000;
    Some(match left {
        0 => speed,
        seconds @ ..90 => format!("{speed}, {seconds} s left"),
        seconds @ ..5_400 => format!("{speed}, {} min left", seconds / 60),
        seconds => format!("{speed}, {}.{} h left", seconds / 3_600, seconds % 3_600 / 360),
    })
}

/// Writes a number of bytes for people.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match UNITS.into_iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} bytes"),
    }
}

impl<W: Write> Progress<W> {
    /// Shows what `state` says until the work is done, and leaves nothing of it behind.
    async fn show<T>(&mut self, state: impl Fn() -> String, work: impl Future<Output = T>) -> T {
        let mut work = Box::pin(work);
        let mut ticks = interval_at(Instant::now() + self.patience, REFRESH);
        let mut is_shown = false;
        loop {
            tokio::select! {
                done = &mut work => {
                    if is_shown {
                        self.draw("");
                    }
                    return done;
                }
                _ = ticks.tick() => {
                    is_shown = true;
                    self.draw(&state());
                }
            }
        }
    }

    fn draw(&mut self, line: &str) {
        // As in `say`: a failed write is ignored, because the verdict does not depend on it.
        let line = streams::secrets().hide(&terminal(line));
        let _ = write!(self.out, "{BLANK}{line}").and_then(|()| self.out.flush());
    }
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

/// Says how much evidence was saved.
pub(super) fn saved(count: usize, folder: &Path) {
    match count {
        0 => say("no evidence was saved: no image is verified by any"),
        1 => say(&format!("saved 1 piece of evidence in {}", folder.display())),
        count => say(&format!("saved {count} pieces of evidence in {}", folder.display())),
    }
}

/// Writes a line, without secrets and without anything that a terminal would obey.
pub(super) fn say(line: &str) {
    streams::to_stderr(&format!("{}\n", terminal(line)));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text written while work takes this long.
    fn shown(patience: Duration, work: Duration) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut progress = Progress { out: Vec::new(), patience };
        let done = runtime.block_on(progress.show(|| "3 requests\u{1b}".to_owned(), async {
            sleep(work).await;
            "done"
        }));
        assert_eq!(done, "done");
        String::from_utf8(progress.out).expect("text")
    }

    #[test]
    fn a_long_run_shows_a_line_and_takes_it_back() {
        let text = shown(Duration::ZERO, Duration::from_millis(50));
        assert!(text.starts_with(&format!("{BLANK}3 requests")) && text.ends_with(BLANK), "{text:?}");
        assert!(!text.replace(BLANK, "").contains('\u{1b}'), "{text:?}");
        assert_eq!(shown(Duration::from_secs(60), Duration::ZERO), "", "no wait");
    }

    #[test]
    fn without_a_terminal_a_long_run_is_told_of_again_and_again() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let count = std::cell::Cell::new(0);
        let work = |took: u64| sleep(Duration::from_millis(took));
        let told_of = |work| told(Duration::from_millis(20), || count.set(count.get() + 1), work);
        runtime.block_on(async { told_of(work(1)).await });
        assert_eq!(count.get(), 0, "no wait");
        runtime.block_on(async { told_of(work(200)).await });
        assert!(count.get() > 1, "{}", count.get());
    }

    #[test]
    fn speeds_are_for_people() {
        let said = |done, all, seconds| speed(done, all, Duration::from_secs(seconds)).unwrap_or_default();
        assert_eq!((said(0, 9, 60), said(5, 9, 1)), (String::new(), String::new()), "not known yet");
        assert_eq!(said(100, 1_000, 10), "10/s, 1 min left");
        assert_eq!(said(25, 30, 10), "2.5/s, 2 s left");
        assert_eq!(said(3, 1_000, 360), "1/min, 33.2 h left");
        assert_eq!(said(10, 10, 10), "1.0/s");
    }

    #[test]
    fn sizes_are_for_people() {
        let shown = [0, 999, 1_000, 52_499, 1_999_999, 3_210_000_000].map(size);
        assert_eq!(shown, ["0 bytes", "999 bytes", "1.0 kB", "52.4 kB", "1.9 MB", "3.2 GB"]);
    }

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
