//! Limits concurrent sign-ins; the excess waits in a bounded queue, then gets 503.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Longest wait in the queue: shorter than a proxy's time-out.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(5);

/// Length of the queue for each permit: as many as are served within the time-out, when a sign-in
/// takes half a second.
const QUEUE_PER_PERMIT: usize = 10;

#[derive(Debug)]
pub(crate) struct ConcurrencyLimit {
    permits: Arc<Semaphore>,
    max: usize,
    queue_capacity: usize,
    queued: AtomicUsize,
}

/// A place in the queue, given up when dropped.
struct Queued<'a>(&'a AtomicUsize);

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl ConcurrencyLimit {
    pub(crate) fn new(max: u32) -> Self {
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        Self {
            permits: Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS))),
            max: max.min(Semaphore::MAX_PERMITS),
            queue_capacity: max.saturating_mul(QUEUE_PER_PERMIT),
            queued: AtomicUsize::new(0),
        }
    }

    /// How many there may be at once.
    pub(crate) fn max(&self) -> usize {
        self.max
    }

    pub(crate) fn in_use(&self) -> usize {
        self.max.saturating_sub(self.permits.available_permits())
    }

    pub(crate) fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }

    /// Whether the queue is full, so that nobody else should begin.
    pub(crate) fn is_full(&self) -> bool {
        self.queued.load(Ordering::Relaxed) >= self.queue_capacity
    }

    /// A permit, at once or after a wait; `None` when the queue is full or the wait is too long.
    pub(crate) async fn acquire(&self) -> Option<OwnedSemaphorePermit> {
        let permits = || Arc::clone(&self.permits);
        if let Ok(permit) = permits().try_acquire_owned() {
            return Some(permit);
        }
        let ahead = self.queued.fetch_add(1, Ordering::Relaxed);
        let _queued = Queued(&self.queued);
        if ahead >= self.queue_capacity {
            return None;
        }
        let acquired = timeout(QUEUE_TIMEOUT, permits().acquire_owned()).await;
        acquired.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    #[actix_web::test]
    async fn excess_waits_in_a_queue_and_beyond_the_queue_gets_nothing() {
        let limit = ConcurrencyLimit::new(3);
        let taken: Vec<_> = join_all((0..3).map(|_| limit.acquire())).await;
        assert!(taken.iter().all(Option::is_some) && !limit.is_full());
        let queue = join_all((0..30).map(|_| async { limit.acquire().await.is_some() }));
        let (first, ()) = futures_util::future::join(queue, async {
            assert!(limit.is_full());
            assert_eq!((limit.max(), limit.in_use(), limit.queued()), (3, 3, 30));
            assert!(limit.acquire().await.is_none(), "the queue is full");
            drop(taken);
        })
        .await;
        assert!(first.iter().all(|got| *got) && !limit.is_full());
    }

    #[actix_web::test]
    async fn who_goes_away_leaves_the_queue() {
        let limit = ConcurrencyLimit::new(1);
        let taken = limit.acquire().await;
        let queue = join_all((0..10).map(|_| limit.acquire()));
        let gone = timeout(Duration::from_millis(50), queue);
        let (gone, ()) = futures_util::future::join(gone, async {
            assert!(limit.is_full());
        })
        .await;
        assert!(gone.is_err());
        assert!(!limit.is_full());
        drop(taken);
        assert!(limit.acquire().await.is_some());
    }
}
