//! A map that drops its oldest entry when it is full, so that a long load test doesn't use up the
//! memory.

use std::collections::{HashMap, VecDeque};

const CAPACITY: usize = 20_000;

pub(super) struct BoundedMap<V> {
    entries: HashMap<String, V>,
    insertion_order: VecDeque<String>,
}

impl<V> Default for BoundedMap<V> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            insertion_order: VecDeque::new(),
        }
    }
}

impl<V> BoundedMap<V> {
    /// Inserts under a key that was never used before.
    pub(super) fn insert(&mut self, key: &str, value: V) {
        if self.insertion_order.len() >= CAPACITY
            && let Some(oldest) = self.insertion_order.pop_front()
        {
            self.entries.remove(&oldest);
        }
        self.insertion_order.push_back(key.to_owned());
        self.entries.insert(key.to_owned(), value);
    }

    pub(super) fn get(&self, key: &str) -> Option<&V> {
        self.entries.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.entries.get_mut(key)
    }
}
