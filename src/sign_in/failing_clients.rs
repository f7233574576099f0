//! Clients whose codes Entra has refused lately: they get a small part of the concurrent sign-ins, so
//! that made-up codes, which cost their sender nothing, cost others little.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

/// So many refused codes within [`MEMORY`], and a client is suspect. One good code clears it: a whole
/// company may come from one address.
const MAX_FAILURES: u32 = 5;

const MEMORY: TimeDelta = TimeDelta::minutes(1);

/// Most clients that are remembered. When there are more, the oldest are forgotten first.
const CAPACITY: usize = 4096;

#[derive(Debug, Default)]
pub(crate) struct FailingClients {
    clients: Mutex<HashMap<Client, Failures>>,
}

/// The network that a client has for itself: an IPv4 address, or an IPv6 prefix of 64 bits, of which
/// each host has all addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Client(IpAddr);

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: DateTime<Utc>,
}

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let prefix = address.to_bits() & !u128::from(u64::MAX);
                IpAddr::V6(prefix.into())
            }
            v4 => v4,
        })
    }
}

impl FailingClients {
    pub(crate) fn is_suspect(&self, client: Client, now: DateTime<Utc>) -> bool {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = clients.get(&client);
        failures.is_some_and(|failures| {
            failures.count >= MAX_FAILURES && (now - failures.last).abs() <= MEMORY
        })
    }

    /// Entra refused a code of the client.
    pub(crate) fn failed(&self, client: Client, now: DateTime<Utc>) {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= CAPACITY && !clients.contains_key(&client) {
            let is_recent = |failures: &Failures| (now - failures.last).abs() <= MEMORY;
            clients.retain(|_, failures| is_recent(failures));
            let oldest = clients.iter().min_by_key(|(_, failures)| failures.last);
            if clients.len() >= CAPACITY
                && let Some((oldest, _)) = oldest.map(|(client, failures)| (*client, failures.last))
            {
                clients.remove(&oldest);
            }
        }
        let failures = clients.entry(client).or_insert(Failures {
            count: 0,
            last: now,
        });
        if (now - failures.last).abs() > MEMORY {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
    }

    /// Entra redeemed a code of the client.
    pub(crate) fn succeeded(&self, client: Client) {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.remove(&client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn client(address: &str) -> Client {
        Client::from(address.parse::<IpAddr>().unwrap())
    }

    #[test]
    fn a_client_is_suspect_after_some_failures_for_a_while_or_until_a_code_is_good() {
        let clients = FailingClients::default();
        let (evil, other) = (client("192.0.2.1"), client("192.0.2.2"));
        for second in 0..4 {
            clients.failed(evil, at(second));
        }
        assert!(!clients.is_suspect(evil, at(4)));
        clients.failed(evil, at(4));
        assert!(clients.is_suspect(evil, at(5)) && !clients.is_suspect(other, at(5)));
        assert!(clients.is_suspect(evil, at(64)) && !clients.is_suspect(evil, at(65)));
        clients.failed(evil, at(100));
        assert!(!clients.is_suspect(evil, at(100)), "the count began anew");
        for _ in 0..5 {
            clients.failed(evil, at(101));
        }
        clients.succeeded(evil);
        assert!(!clients.is_suspect(evil, at(101)));
    }

    #[test]
    fn a_client_is_an_ipv4_address_or_an_ipv6_network() {
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
        assert_eq!(client("2001:db8::1"), client("2001:db8::ffff:1"));
        assert_ne!(client("2001:db8::1"), client("2001:db8:0:1::1"));
    }

    #[test]
    fn the_memory_is_bounded() {
        let clients = FailingClients::default();
        for number in 0..10_000_u32 {
            clients.failed(
                Client(IpAddr::V4(number.into())),
                at(i64::from(number) / 1000),
            );
        }
        assert!(clients.clients.lock().unwrap().len() <= CAPACITY);
    }
}
