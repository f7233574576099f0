//! How many sign-ins a process carries out at once. Beyond that a short line, and beyond the line
//! people are asked to come back in a moment: those who are in get through.

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

/// How long one waits in the line. A proxy's patience is longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many wait in the line for each place: as many as are served before their patience ends, when
/// a sign-in takes half a second.
const LINE: usize = 10;

pub(crate) struct Places {
    free: Arc<Semaphore>,
    /// How long the line gets.
    most: usize,
    waiting: AtomicUsize,
}

/// Somebody in the line, who leaves it when dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Places {
    pub(crate) fn new(most: u32) -> Self {
        let places = usize::try_from(most).unwrap_or(usize::MAX);
        Self {
            free: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            most: places.saturating_mul(LINE),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Whether the line is as long as it gets, so that nobody else should begin.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) >= self.most
    }

    /// A place, at once or after a while in the line; `None` when the line is full or doesn't move.
    pub(crate) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        let free = || Arc::clone(&self.free);
        if let Ok(place) = free().try_acquire_owned() {
            return Some(place);
        }
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if before >= self.most {
            return None;
        }
        timeout(PATIENCE, free().acquire_owned()).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    #[actix_web::test]
    async fn beyond_the_places_there_is_a_line_and_beyond_the_line_nothing() {
        let places = Places::new(3);
        let taken: Vec<_> = join_all((0..3).map(|_| places.take())).await;
        assert!(taken.iter().all(Option::is_some) && !places.is_full());
        let line = join_all((0..30).map(|_| async { places.take().await.is_some() }));
        let (first, ()) = futures_util::future::join(line, async {
            assert!(places.is_full());
            assert!(places.take().await.is_none(), "one too many in the line");
            drop(taken);
        })
        .await;
        assert!(first.iter().all(|got| *got) && !places.is_full());
    }

    #[actix_web::test]
    async fn who_goes_away_leaves_the_line() {
        let places = Places::new(1);
        let taken = places.take().await;
        let line = join_all((0..10).map(|_| places.take()));
        let gone = timeout(Duration::from_millis(50), line);
        let (gone, ()) = futures_util::future::join(gone, async {
            assert!(places.is_full());
        })
        .await;
        assert!(gone.is_err());
        assert!(!places.is_full());
        drop(taken);
        assert!(places.take().await.is_some());
    }
}
