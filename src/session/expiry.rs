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
        schema::{microsoft_sso_sessions as sessions, microsoft_sso_tokens},
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
        let (session, token) = (key::first_id(oldest), tokens::first_id(oldest));
        let deleted = database.block(move |pool| {
            // Not every database takes a limit in DELETE, so the ids come first.
            on_backend!(pool, |conn| {
                let expired = sessions::table
                    .filter(
                        sessions::id
                            .lt(&session)
                            .or(sessions::id.ge(FIRST_ID_OF_BEFORE)),
                    )
                    .filter(sessions::expires_at.le(now))
                    .select(sessions::id)
                    .limit(BATCH)
                    .load::<String>(conn)?;
                let expired_tokens = microsoft_sso_tokens::table
                    .filter(microsoft_sso_tokens::id.lt(&token))
                    .filter(microsoft_sso_tokens::expires_at.le(now))
                    .select(microsoft_sso_tokens::id)
                    .limit(BATCH)
                    .load::<String>(conn)?;
                let mut deleted = 0;
                if !expired.is_empty() {
                    let expired = sessions::table.filter(sessions::id.eq_any(&expired));
                    let expired = expired.filter(sessions::expires_at.le(now));
                    deleted = diesel::delete(expired).execute(conn)?;
                }
                if !expired_tokens.is_empty() {
                    let expired = microsoft_sso_tokens::id.eq_any(&expired_tokens);
                    let expired = microsoft_sso_tokens::table.filter(expired);
                    deleted = deleted.max(diesel::delete(expired).execute(conn)?);
                }
                Ok::<_, StoreError>(deleted)
            })
        });
        if deleted.await? < usize::try_from(BATCH).unwrap_or(usize::MAX) {
            return Ok(());
        }
        sleep(PAUSE).await;
    }
}
