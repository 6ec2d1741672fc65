//! How long the work on one image may take.
//!
//! The author of the evidence decides how much work it makes (A298). The pure core has no clock: its caller tells it
//! when the time is over, and every loop whose length depends on the evidence asks.

use std::time::Duration;

/// A time, and whether it is over.
#[derive(Clone, Copy)]
pub struct TimeLimit<'a> {
    allowed: Duration,
    is_over: &'a (dyn Fn() -> bool + Sync),
}

impl<'a> TimeLimit<'a> {
    /// A limit of this length. `is_over` is asked often; once it has said yes it must never say no again.
    pub fn new(allowed: Duration, is_over: &'a (dyn Fn() -> bool + Sync)) -> Self {
        Self { allowed, is_over }
    }

    /// Whether the time is over. What was not done by then is left undone, and decides nothing.
    pub fn is_over(&self) -> bool {
        (self.is_over)()
    }

    /// Returns how long it is.
    pub const fn allowed(&self) -> Duration {
        self.allowed
    }
}

impl TimeLimit<'static> {
    /// A time without an end.
    pub const NONE: Self = Self { allowed: Duration::MAX, is_over: &|| false };
}
