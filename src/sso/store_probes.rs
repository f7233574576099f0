//! Questions whether the user store answers, which anybody may cause.

use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;

use crate::util::single_flight::SingleFlight;

/// How long an answer holds.
const KNOWN_FOR: TimeDelta = TimeDelta::seconds(1);

pub(crate) struct StoreProbes {
    pub(super) flights: SingleFlight<(), bool>,
    is_available: AtomicBool,
}

impl Default for StoreProbes {
    fn default() -> Self {
        Self {
            flights: SingleFlight::new(KNOWN_FOR),
            is_available: AtomicBool::new(true),
        }
    }
}

impl StoreProbes {
    /// The last answer.
    pub(super) fn is_available(&self) -> bool {
        self.is_available.load(Ordering::Relaxed)
    }

    /// Returns the answer before.
    pub(super) fn set_available(&self, is_available: bool) -> bool {
        self.is_available.swap(is_available, Ordering::Relaxed)
    }
}
