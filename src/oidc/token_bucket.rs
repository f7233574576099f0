//! A rate limit that allows a small burst.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// A few at once, then one in each period.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    burst: i32,
    period: TimeDelta,
    /// When the bucket would be full again.
    full_at: Option<DateTime<Utc>>,
}

impl TokenBucket {
    pub(crate) fn new(burst: i32, period: Duration) -> Self {
        Self {
            burst,
            period: TimeDelta::from_std(period).unwrap_or(TimeDelta::MAX),
            full_at: None,
        }
    }

    /// Takes one, if there is one.
    pub(crate) fn take(&mut self, now: DateTime<Utc>) -> bool {
        let from = self.full_at.map_or(now, |full_at| full_at.max(now));
        let full_at = from + self.period;
        let allowed = full_at - now <= self.period * self.burst;
        if allowed {
            self.full_at = Some(full_at);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_in_a_row_then_one_in_each_period() {
        let mut bucket = TokenBucket::new(3, Duration::from_secs(300));
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let take = |bucket: &mut TokenBucket, secs| bucket.take(start + TimeDelta::seconds(secs));
        assert!(take(&mut bucket, 0) && take(&mut bucket, 0) && take(&mut bucket, 1));
        assert!(!take(&mut bucket, 1) && !take(&mut bucket, 299));
        assert!(take(&mut bucket, 300));
        assert!(!take(&mut bucket, 301) && !take(&mut bucket, 599));
        assert!(take(&mut bucket, 600));
        assert!(take(&mut bucket, 2000) && take(&mut bucket, 2000) && take(&mut bucket, 2000));
        assert!(!take(&mut bucket, 2000));
    }
}
