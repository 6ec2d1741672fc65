//! How long a server asks to wait, and how fast the user wants it to be asked.

use std::cell::RefCell;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// The request budget of each host. A host counts requests by sender and not by purpose, so the images of a run share
/// it.
#[derive(Default)]
pub(super) struct Hosts {
    pace: Pace,
    of_each: RefCell<HashMap<String, Host>>,
}

/// How fast each host is asked at most, and how often.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// Requests in a second, evenly spaced.
    pub per_second: Option<NonZeroU32>,
    /// Requests in the whole run.
    pub most: Option<u64>,
}

struct Host {
    turns: Arc<Semaphore>,
    paused_until: Option<Instant>,
    /// When the next request may be sent at this pace.
    next: Option<Instant>,
    sent: u64,
}

/// The most requests to one host that are under way at once.
const AT_ONCE: usize = 32;

impl Hosts {
    pub(super) fn paced(pace: Pace) -> Self {
        Self { pace, of_each: RefCell::default() }
    }

    /// Reserves the next of the host's evenly spaced sending times and returns it; `None` without a limit on the pace. Returns
    /// `Err`, and reserves nothing, if that time is not before `end`.
    pub(super) fn place(&self, host: &str, end: Instant) -> Result<Option<Instant>, ()> {
        let Some(rate) = self.pace.per_second else { return Ok(None) };
        self.with(host, |host| {
            let now = Instant::now();
            let place = host.next.map_or(now, |next| next.max(now));
            if place >= end {
                return Err(());
            }
            host.next = place.checked_add(Duration::from_secs(1) / rate.get());
            Ok(Some(place))
        })
    }

    /// Counts a request to this host. Returns `Err` with the allowed number if the request exceeds it.
    pub(super) fn spend(&self, host: &str) -> Result<(), u64> {
        self.with(host, |host| match self.pace.most {
            Some(most) if host.sent >= most => Err(most),
            _ => {
                host.sent += 1;
                Ok(())
            }
        })
    }

    /// Waits for a turn to send a request to this host. The turn ends when the returned permit is dropped.
    pub(super) async fn turn(&self, host: &str) -> Option<OwnedSemaphorePermit> {
        let turns = self.with(host, |host| Arc::clone(&host.turns));
        // The semaphore is never closed.
        turns.acquire_owned().await.ok()
    }

    /// Makes all requests to this host wait this long from now, unless they wait longer already: early requests prolong the
    /// wait.
    pub(super) fn pause(&self, host: &str, pause: Duration) {
        let end = Instant::now().checked_add(pause);
        self.with(host, |host| host.paused_until = host.paused_until.max(end));
    }

    /// Returns the end of this host's pause, if there is one.
    pub(super) fn paused_until(&self, host: &str) -> Option<Instant> {
        self.with(host, |host| host.paused_until).filter(|end| *end > Instant::now())
    }

    fn with<R>(&self, host: &str, body: impl FnOnce(&mut Host) -> R) -> R {
        let new = || Host { turns: Arc::new(Semaphore::new(AT_ONCE)), paused_until: None, next: None, sent: 0 };
        body(self.of_each.borrow_mut().entry(host.to_owned()).or_insert_with(new))
    }
}

/// Whether the same request may succeed a little later.
pub(super) fn may_pass(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}

/// Whether an answer says that a rate limit is used up.
///
/// docs.github.com, "Rate limits for the REST API": 403 or 429, with this header at 0, or with `Retry-After`.
pub(super) fn is_limit(headers: &HeaderMap) -> bool {
    let is_used_up = |name: &str| text(headers, name).is_some_and(|left| number(left) == Some(0));
    is_used_up("x-ratelimit-remaining") || is_used_up("ratelimit-remaining") || headers.contains_key(RETRY_AFTER)
}

/// Returns the pause until a limit begins anew, if this answer used it up: the next request would be refused.
pub(super) fn pause_of_used_up(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    if is_limit(headers) { asked_pause(headers, now) } else { None }
}

/// Returns the pause that a server asks for: by `Retry-After`, in seconds or as a date (RFC 9110 §10.2.3), else by the time at
/// which its limit begins anew. A time is compared with the server's own clock if the answer shows it.
pub(super) fn asked_pause(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let now = text(headers, DATE.as_str()).and_then(date).or_else(|| Timestamp::try_from(now).ok())?;
    let until = |time: Timestamp| Duration::try_from(time.duration_since(now)).unwrap_or_default();
    if let Some(text) = text(headers, RETRY_AFTER.as_str()) {
        return number(text).map(Duration::from_secs).or_else(|| date(text).map(until));
    }
    // draft-ietf-httpapi-ratelimit-headers-06: seconds from now. GitHub and Docker Hub: seconds since 1970.
    let reset = ["ratelimit-reset", "x-ratelimit-reset"].into_iter().find_map(|name| number(text(headers, name)?))?;
    if reset < A_TIME {
        return Some(Duration::from_secs(reset));
    }
    Timestamp::from_second(i64::try_from(reset).ok()?).ok().map(until)
}

/// A larger value is a time and not a duration, in seconds: thirty years.
const A_TIME: u64 = 1_000_000_000;

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// A number, before an optional policy: `100;w=21600`.
fn number(text: &str) -> Option<u64> {
    text.split([';', ',']).next()?.trim().parse().ok()
}

/// Returns what the server's clock said.
pub(super) fn date_of(headers: &HeaderMap) -> Option<Timestamp> {
    text(headers, DATE.as_str()).and_then(date)
}

/// RFC 9110 §5.6.7: the preferred form of a date is one of RFC 5322.
fn date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    const NOW: u64 = 1_790_000_000;

    fn pause(headers: &[(&str, &str)]) -> Option<u64> {
        let pair = |(name, value): &(&str, &str)| {
            (HeaderName::from_bytes(name.as_bytes()).expect("a name"), HeaderValue::from_str(value).expect("a value"))
        };
        let headers: HeaderMap = headers.iter().map(pair).collect();
        asked_pause(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)).map(|pause| pause.as_secs())
    }

    #[test]
    fn a_pause_is_seconds_or_a_date() {
        assert_eq!(pause(&[("retry-after", "30")]), Some(30));
        assert_eq!(pause(&[("retry-after", " 5 ")]), Some(5));
        // 1_790_000_000 is 2026-09-21T14:13:20Z.
        assert_eq!(pause(&[("retry-after", "Mon, 21 Sep 2026 14:13:50 GMT")]), Some(30));
        assert_eq!(pause(&[("retry-after", "Mon, 21 Sep 2026 14:00:00 GMT")]), Some(0), "it is over");
        // The server's clock is an hour ahead.
        let dated = [("retry-after", "Mon, 21 Sep 2026 15:13:50 GMT"), ("date", "Mon, 21 Sep 2026 15:13:20 GMT")];
        assert_eq!(pause(&dated), Some(30));
        for other in ["soon", "-1", "1.5", ""] {
            assert_eq!(pause(&[("retry-after", other)]), None, "{other}");
        }
    }

    #[test]
    fn the_reset_of_a_limit_is_a_span_or_a_time() {
        assert_eq!(pause(&[("ratelimit-reset", "42")]), Some(42));
        assert_eq!(pause(&[("x-ratelimit-reset", "42;w=60")]), Some(42));
        assert_eq!(pause(&[("x-ratelimit-reset", "1790000012")]), Some(12));
        assert_eq!(pause(&[("x-ratelimit-reset", "1780000000")]), Some(0));
        assert_eq!(pause(&[("x-ratelimit-reset", "1790000012"), ("retry-after", "3")]), Some(3));
        assert_eq!(pause(&[]), None);
    }

    #[test]
    fn a_host_has_so_many_turns_and_others_have_their_own() {
        let hosts = Hosts::default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut held = Vec::new();
            for _ in 0..AT_ONCE {
                held.push(hosts.turn("a").await);
            }
            let one_more = || tokio::time::timeout(Duration::from_millis(20), hosts.turn("a"));
            assert!(one_more().await.is_err());
            assert!(hosts.turn("b").await.is_some());
            held.pop();
            assert!(one_more().await.is_ok());
        });
    }

    #[test]
    fn requests_are_evenly_spaced_and_counted_for_each_host() {
        let hosts = Hosts::paced(Pace { per_second: NonZeroU32::new(10), most: Some(2) });
        let (now, end) = (Instant::now(), Instant::now() + Duration::from_millis(350));
        let places: Vec<_> = (0..4).map(|_| hosts.place("a", end).ok().flatten().expect("a place")).collect();
        let apart: Vec<u128> = places.windows(2).map(|two| (two[1] - two[0]).as_millis()).collect();
        assert!(places[0] >= now && apart == [100, 100, 100], "{apart:?}");
        assert_eq!(hosts.place("a", end), Err(()), "it would come too late");
        assert!(hosts.place("b", end).is_ok_and(|place| place.is_some_and(|place| place < places[1])));
        assert_eq!(
            [hosts.spend("a"), hosts.spend("a"), hosts.spend("a"), hosts.spend("b")],
            [Ok(()), Ok(()), Err(2), Ok(())]
        );
        assert_eq!((Hosts::default().place("a", now), Hosts::default().spend("a")), (Ok(None), Ok(())));
    }

    #[test]
    fn a_limit_that_an_answer_used_up_is_waited_for() {
        let pause = |headers: &[(&'static str, &'static str)]| {
            let pair = |(name, value): &(&'static str, &'static str)| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            };
            pause_of_used_up(&headers.iter().map(pair).collect(), SystemTime::UNIX_EPOCH)
        };
        assert_eq!(pause(&[("ratelimit-remaining", "0;w=60"), ("ratelimit-reset", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(pause(&[("ratelimit-remaining", "1"), ("ratelimit-reset", "7")]), None, "one is left");
        assert_eq!(pause(&[("ratelimit-remaining", "0")]), None, "without a time there is nothing to wait for");
    }

    #[test]
    fn a_limit_is_told_from_a_refusal() {
        let is = |name: &'static str, value: &'static str| {
            is_limit(&HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]))
        };
        assert!(is("x-ratelimit-remaining", "0") && is("ratelimit-remaining", "0;w=21600") && is("retry-after", "60"));
        assert!(!is("x-ratelimit-remaining", "10") && !is("ratelimit-limit", "0"));
    }
}
