//! Deletes expired sessions: in the background, in small batches, so that no request waits for it and
//! no lock is held for long.

use std::time::Duration;

use actix_web::{
    cookie::time::Duration as Age,
    rt::{self, time::sleep},
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::key::{self, FIRST_ID_OF_BEFORE};
use crate::{
    store::{
        diesel::DieselStore,
        error::StoreError,
        pool::on_backend,
        schema::microsoft_sso_sessions::{expires_at, id, table},
    },
    util::log::chain,
};

/// Interval between deletions, in seconds.
const INTERVAL: i64 = 300;

/// Rows of one statement.
const BATCH: i64 = 500;

/// Leaves the database to others between two batches.
const PAUSE: Duration = Duration::from_millis(50);

/// Starts a deletion, if the last one was long enough ago.
pub(super) fn delete_if_due(database: &DieselStore, now: DateTime<Utc>, age: &Age) {
    // Only sessions that are older than that can have expired, and they come first in the primary key.
    let oldest = now.timestamp_millis().saturating_sub(millis(age));
    let now = now.timestamp();
    if !database.is_cleanup_due(now, INTERVAL) {
        return;
    }
    let database = database.clone();
    rt::spawn(async move {
        if let Err(error) = delete(&database, now, &key::first_id(oldest)).await {
            tracing::warn!(reason = %chain(&error), "expired sessions could not be deleted");
        }
    });
}

fn millis(age: &Age) -> i64 {
    i64::try_from(age.whole_milliseconds()).unwrap_or(i64::MAX)
}

async fn delete(database: &DieselStore, now: i64, before: &str) -> Result<(), StoreError> {
    loop {
        let before = before.to_owned();
        let deleted = database.block(move |pool| {
            // Not every database takes a limit in DELETE, so the ids come first.
            let expired = on_backend!(pool, |conn| table
                .filter(id.lt(&before).or(id.ge(FIRST_ID_OF_BEFORE)))
                .filter(expires_at.le(now))
                .select(id)
                .limit(BATCH)
                .load::<String>(conn))?;
            if expired.is_empty() {
                return Ok(0);
            }
            on_backend!(pool, |conn| diesel::delete(
                table.filter(id.eq_any(&expired)).filter(expires_at.le(now))
            )
            .execute(conn))
        });
        if deleted.await? < usize::try_from(BATCH).unwrap_or(usize::MAX) {
            return Ok(());
        }
        sleep(PAUSE).await;
    }
}
