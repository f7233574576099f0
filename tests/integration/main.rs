//! The library as an application uses it, over HTTP, against the emulated Entra and Graph.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that panics has failed"
)]

mod browser;
#[path = "../support/certificate.rs"]
mod certificate;
mod connect_proxy;
mod database;
mod flawed_store;
mod harness;
#[path = "../support/tls.rs"]
#[expect(dead_code, reason = "it serves the demo's tests, too")]
mod tls;

mod addresses;
mod again;
mod another_account;
mod api_caller;
mod attempts;
mod audit;
mod authorities;
mod base_path;
mod cookies;
mod credentials;
mod databases;
mod deep_links;
mod ended;
mod form_post;
mod front_channel;
mod graph;
mod graph_client;
mod guard;
mod handlers;
mod head;
mod health;
mod hooks;
mod id_token;
mod keys;
mod linking;
mod load;
mod log;
mod login_page;
mod logout;
mod memory_store;
mod notices;
mod odd_types;
mod one_origin;
mod outages;
mod parameters;
mod people;
mod picture;
mod proxies;
mod recheck;
mod recheck_ends;
mod refusals;
mod relay;
mod requirements;
mod roles;
mod secrets;
mod sessions;
mod sign_in;
mod sign_in_to;
mod sites;
mod sites_by_next;
mod slow_graph;
mod squid;
mod stale_connections;
mod store_contract;
mod store_errors;
mod stray;
mod strict_types;
mod two_plugins;
mod upstream;
mod upstream_log;
mod wiring;
mod without_graph;
