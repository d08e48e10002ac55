# `just RECIPE`, or the plain command that stands in each recipe. Install: `cargo install just`.

# What there is.
default:
    @just --list

# Format and lint.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Format in place.
fmt:
    cargo fmt --all

# All tests.
test:
    cargo test --workspace

# Exactly what the build server runs.
ci:
    .ci/run

# The whole system in one process on this machine: `just local up`, `just local --help`.
local *ARGS:
    cargo local {{ARGS}}

# Link, backfill, receive and show, without network or credentials.
demo:
    cargo local demo

# Check the templates.
template:
    infra/scripts/check-template

# Build the Lambdas, deploy the template to an emulator of AWS, and send real traffic through it.
deploy-emulated:
    infra/scripts/deploy-emulated

# Work with an emulator of GitHub, Vercel and Linear that others wrote.
interop:
    infra/scripts/interop

# Write the OpenAPI document of the management API anew.
openapi:
    cargo run --quiet --package connector-api --example openapi > target/openapi.json
    mv target/openapi.json docs/openapi.json

# Hold the management API against its description.
api-check:
    infra/scripts/check-api

# Write the inputs for `sam local invoke` anew.
events:
    cargo local events

# A GitHub to experiment with.
simulate-github *ARGS:
    cargo run --package connector-simulator -- {{ARGS}}

# Run the pipeline through histories in which things break: `just simulate 1000000`, `just simulate replay SEED`.
simulate *ARGS:
    cargo run --quiet --profile simulation --package connector-simulation --bin simulate -- {{ARGS}}

# Fuzz one target or all of them, for some seconds each. Best with `rustup toolchain install nightly`.
fuzz TARGET="all" SECONDS="60":
    infra/scripts/fuzz {{TARGET}} {{SECONDS}}

# Benchmarks.
bench:
    cargo bench --workspace

# How fast history is fetched, and what it takes: `just bench-backfill --items 10000 --latency-ms 0,80`.
bench-backfill *ARGS:
    cargo run --quiet --profile simulation --package connectors --example backfill-bench -- {{ARGS}}

# Licences, advisories and sources of the dependencies. Install: `cargo install cargo-deny`.
deny:
    cargo deny --locked check
