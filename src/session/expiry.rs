//! Deletes expired sessions and refresh tokens: in the background, in small batches, so that no request waits for it and
//! no lock is held for long.

use std::time::Duration;

use actix_web::{
    cookie::time::Duration as Age,
    rt::{self, time::sleep},
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{
    key::{self, FIRST_ID_OF_BEFORE},
    tokens,
};
use crate::{
    store::{
        diesel::DieselStore,
        error::StoreError,
        pool::on_backend,
        schema::{microsoft_sso_sessions as sessions, microsoft_sso_tokens as refresh_tokens},
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
        if let Err(error) = delete(&database, now, oldest).await {
            tracing::warn!(reason = %chain(&error), "expired sessions could not be deleted");
        }
    });
}

fn millis(age: &Age) -> i64 {
    i64::try_from(age.whole_milliseconds()).unwrap_or(i64::MAX)
}

async fn delete(database: &DieselStore, now: i64, oldest: i64) -> Result<(), StoreError> {
    loop {
        let session = key::first_id(oldest);
        let deleted = database.block(move |pool| {
            // Not every database takes a limit in DELETE, so the ids come first.
            let expired = on_backend!(pool, |conn| sessions::table
                .filter(
                    sessions::id
                        .lt(&session)
                        .or(sessions::id.ge(FIRST_ID_OF_BEFORE))
                )
                .filter(sessions::expires_at.le(now))
                .select(sessions::id)
                .limit(BATCH)
                .load::<String>(conn))?;
            if expired.is_empty() {
                return Ok(0);
            }
            on_backend!(pool, |conn| diesel::delete(
                sessions::table
                    .filter(sessions::id.eq_any(&expired))
                    .filter(sessions::expires_at.le(now))
            )
            .execute(conn))
        });
        if is_last(deleted.await?) {
            break;
        }
        sleep(PAUSE).await;
    }
    delete_tokens(database, now, oldest).await
}

async fn delete_tokens(database: &DieselStore, now: i64, oldest: i64) -> Result<(), StoreError> {
    loop {
        let token = tokens::first_id(oldest);
        let deleted = database.block(move |pool| {
            let expired = on_backend!(pool, |conn| refresh_tokens::table
                .filter(refresh_tokens::id.lt(&token))
                .filter(refresh_tokens::expires_at.le(now))
                .select(refresh_tokens::id)
                .limit(BATCH)
                .load::<String>(conn))?;
            if expired.is_empty() {
                return Ok(0);
            }
            on_backend!(pool, |conn| diesel::delete(
                refresh_tokens::table.filter(refresh_tokens::id.eq_any(&expired))
            )
            .execute(conn))
        });
        if is_last(deleted.await?) {
            return Ok(());
        }
        sleep(PAUSE).await;
    }
}

/// Whether a batch was the last one.
fn is_last(deleted: usize) -> bool {
    deleted < usize::try_from(BATCH).unwrap_or(usize::MAX)
}
