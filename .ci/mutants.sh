#!/usr/bin/env bash
# Broken builds: each patch in tests/mutants/ breaks one thing that a test has to notice.
#
#   mutants.sh check    every patch still applies
#   mutants.sh catch    every patched program builds, and its tests fail
set -euo pipefail
cd "$(dirname "$0")/.."
shopt -s nullglob
patches=(tests/mutants/*.patch)

check() {
  local patch
  for patch in "${patches[@]}"; do
    git apply --check "$patch" || {
      echo "$patch no longer applies: write it anew against the present code" >&2
      exit 1
    }
  done
  echo "${#patches[@]} broken builds apply"
}

# Works on a copy of the last commit, so that a patch never touches the files that somebody is editing.
catch() {
  local patch survivors=0
  # Not local: the trap runs after the function has ended.
  root=$PWD
  copy=$(mktemp -d)
  trap 'git -C "$root" worktree remove --force "$copy/tree" 2>/dev/null || true; rm -rf "$copy"' EXIT
  git worktree add --quiet --detach "$copy/tree"
  export CARGO_TARGET_DIR="$root/target/mutants"
  export PIPELINE_TEST_DATA="${PIPELINE_TEST_DATA:-$root/../shared/data}"
  cd "$copy/tree"
  for patch in "${patches[@]}"; do
    git apply "$patch"
    cargo test --workspace --locked --no-run --quiet || {
      echo "$patch does not build: a compiler's error is not a test's" >&2
      exit 1
    }
    if cargo test --workspace --locked --quiet >"$copy/log" 2>&1; then
      echo "NOT CAUGHT  $patch" >&2
      survivors=$((survivors + 1))
    else
      echo "caught      $patch"
    fi
    git checkout --quiet -- .
    git clean --quiet --force -d
  done
  [ "$survivors" = 0 ]
}

case "${1:-}" in
  check) check ;;
  catch) catch ;;
  *)
    echo "usage: mutants.sh check|catch" >&2
    exit 2
    ;;
esac
