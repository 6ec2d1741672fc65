//! The log of a run (`-vv`): each event of this program is one line on standard error.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, Subscriber, set_global_default};
use tracing::{Event, Metadata};

use super::progress;

/// Writes the events from now on.
pub(super) fn start() {
    // Only a second one is refused, and a process has one run.
    let _ = set_global_default(Told { write: progress::say });
}

/// Takes the events of this program only. Events of libraries are dropped, because they contain headers with logins.
struct Told<F> {
    write: F,
}

fn is_told(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && metadata.target().split("::").next() == Some(env!("CARGO_CRATE_NAME"))
}

impl<F: Fn(&str) + Send + Sync + 'static> Subscriber for Told<F> {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_told(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_told(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        (self.write)(&message.0);
    }

    // This program has no spans, and those of libraries are not taken.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The text of an event.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a `String` cannot fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn a315_events_of_libraries_are_never_told() {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = Arc::clone(&lines);
        let write = move |line: &str| sink.lock().expect("no panic").push(line.to_owned());
        tracing::subscriber::with_default(Told { write }, || {
            tracing::debug!("GET {}  {}", "https://ghcr.io/v2/", 200);
            tracing::trace!("too much");
            tracing::error!(target: "h2::hpack", "authorization: Bearer secret");
            tracing::error!(target: "bonafide_other", "authorization: Bearer secret");
            let _inside = tracing::error_span!(target: "h2", "send", authorization = "secret").entered();
        });
        assert_eq!(*lines.lock().expect("no panic"), ["GET https://ghcr.io/v2/  200"]);
    }
}
