//! Which Graph has swallowed a question, so that known users don't wait for it again and again.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use crate::settings::config::Settings;

/// How long a user who is known waits for a Graph that is silent.
const KNOWN_USER_LIMIT: Duration = Duration::from_secs(1);

/// Time between two probes of a silent Graph.
const PROBE_PERIOD: TimeDelta = TimeDelta::seconds(30);

/// The silent Graphs of this process, each with the time of its last probe.
#[derive(Debug, Default)]
pub(crate) struct GraphHealth(Mutex<HashMap<Url, DateTime<Utc>>>);

impl GraphHealth {
    /// Whether the last question found nobody, or a slow one.
    pub(crate) fn is_silent(&self, graph: &Url) -> bool {
        self.lock().contains_key(graph)
    }

    /// The time limit of a question about a user who is known.
    pub(crate) fn limit_for_known(&self, settings: &Settings) -> Duration {
        if self.is_silent(&settings.graph_url) {
            settings.graph_timeout.min(KNOWN_USER_LIMIT)
        } else {
            settings.graph_timeout
        }
    }

    /// Notes how a question ended.
    pub(crate) fn note(&self, graph: &Url, is_silent: bool, now: DateTime<Utc>) {
        let mut silent = self.lock();
        match (is_silent, silent.contains_key(graph)) {
            (true, false) => {
                tracing::warn!(
                    %graph,
                    "Microsoft Graph gives no answer; until it does, users who are known wait a second for it"
                );
                silent.insert(graph.clone(), now);
            }
            (false, true) => {
                tracing::info!(%graph, "Microsoft Graph answers again");
                silent.remove(graph);
            }
            _ => {}
        }
    }

    /// Whether it is time to ask a silent Graph again, with nobody waiting.
    pub(crate) fn may_probe(&self, graph: &Url, now: DateTime<Utc>) -> bool {
        let mut silent = self.lock();
        match silent.get_mut(graph) {
            Some(last) if now - *last >= PROBE_PERIOD => {
                *last = now;
                true
            }
            _ => false,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Url, DateTime<Utc>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
