//! A clock that tests set.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

use crate::util::clock::{Clock, SystemClock};

/// A [`Clock`] that follows the machine's clock at an offset that tests set. Clones share the
/// offset: give one to the builder and keep the other.
///
/// ```
/// use std::time::Duration;
/// use microsoft_sso::{Clock, testing::TestClock};
///
/// let clock = TestClock::new();
/// // MicrosoftSso::builder(config).clock(clock.clone())
/// let before = clock.now();
/// clock.advance(Duration::from_secs(3600));
/// assert!((clock.now() - before).num_seconds() >= 3600);
/// ```
///
/// Entra has a clock of its own: let it follow with
/// [`set_clock_offset`](super::FakeEntra::set_clock_offset) and [`TestClock::offset`].
#[derive(Clone, Debug, Default)]
pub struct TestClock {
    offset: Arc<Mutex<TimeDelta>>,
}

impl TestClock {
    /// A clock that shows the machine's time.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the clock forward.
    pub fn advance(&self, time: Duration) {
        let time = TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX);
        self.change_offset(|offset| offset.checked_add(&time).unwrap_or(TimeDelta::MAX));
    }

    /// Sets the clock, forward or back. It goes on from there.
    pub fn set(&self, now: DateTime<Utc>) {
        let offset = now - SystemClock.now();
        self.change_offset(|_| offset);
    }

    /// How far the clock is ahead of the machine's; negative if it is behind.
    pub fn offset(&self) -> TimeDelta {
        *self.offset.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change_offset(&self, change: impl FnOnce(TimeDelta) -> TimeDelta) {
        let mut offset = self.offset.lock().unwrap_or_else(PoisonError::into_inner);
        *offset = change(*offset);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        let now = SystemClock.now();
        now.checked_add_signed(self.offset())
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}
