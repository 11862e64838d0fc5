#!/usr/bin/env bash
# Runs the tests with cargo-nextest where it is installed, else with cargo test.
#
#   tests.sh          everything that is not marked as long (`#[ignore]`)
#   tests.sh long     only what is marked as long, optimised
set -euo pipefail
cd "$(dirname "$0")/.."

nextest=no
if cargo nextest --version >/dev/null 2>&1; then nextest=yes; fi

# nextest builds the examples, and so the program that kills itself; cargo test with a choice of targets does not.
examples() { cargo build --workspace --locked --examples "$@"; }

case "${1:-}-$nextest" in
  -yes) exec cargo nextest run --workspace --locked ;;
  -no)
    examples
    exec cargo test --workspace --locked --lib --bins --tests
    ;;
  long-yes) exec cargo nextest run --workspace --locked --cargo-profile quick --run-ignored only ;;
  long-no)
    examples --profile quick
    exec cargo test --workspace --locked --lib --bins --tests --profile quick -- --ignored
    ;;
  *)
    echo "usage: tests.sh [long]" >&2
    exit 2
    ;;
esac
