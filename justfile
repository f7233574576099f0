# What is run often. `just` alone lists it.

list:
    @just --list

# The fast checks, before each commit: format, lints, documentation, unit tests, the public API
check:
    cargo fmt --check
    cargo clippy --all-targets --all-features -- -D warnings
    for features in "" sqlite postgres mysql testing; do cargo clippy --no-default-features --features "$features" -- -D warnings || exit 1; done
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --all-features
    cargo test --all-features --lib --test architecture
    scripts/public-api --check

# All tests; TEST_DATABASE_URL names a database server instead of SQLite
test:
    cargo test --all-features

# All that must pass before a change lands, on each database
ci:
    bash .ci/run

# Write docs/public-api.txt anew
public-api:
    scripts/public-api

# The demo, at http://127.0.0.1:8000
demo:
    cargo run --example demo
