# Everything that people and machines run here. `make` lists it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Where rustup puts cargo, for shells that have not read its profile yet.
export PATH := $(PATH):$(HOME)/.cargo/bin
export PIPELINE_HUGO ?= $(CURDIR)/.tools/hugo

# The corpus of `make eval`: folders feeds, pages, neardup, hostile and hugo; own cases of evidence in evidence/*.jsonl.
DATA ?= $(or $(PIPELINE_TEST_DATA),../shared/data)
TARGET := $(or $(CARGO_TARGET_DIR),target)
step = @printf '\n== %s\n' '$(1)'

.PHONY: help setup run test bench eval soak clean

help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 16

setup: ## install what is missing: C compiler, OpenSSL headers, Hugo
	@.ci/setup.sh run

run: setup ## build, then one run with pipeline.toml (ARGS="…" is passed on)
	$(call step,build (minutes the first time; seconds after that))
	@cargo build --locked
	$(call step,pipeline run)
	@$(TARGET)/debug/pipeline run $(ARGS)

test: ## every check: format, lints, tests, documentation, the site
	@.ci/setup.sh test
	$(call step,format)
	@cargo fmt --all --check
	@bash -n .ci/run .ci/*.sh
	$(call step,lints)
	@cargo clippy --workspace --all-targets --locked -- -D warnings
	$(call step,tests)
	@.ci/tests.sh
	$(call step,examples in the documentation)
	@cargo test --workspace --locked --doc
	$(call step,documentation)
	@RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
	$(call step,the site builds without a warning)
	@"$$PIPELINE_HUGO" --source hugo-site --renderToMemory --noBuildLock --panicOnWarning --printPathWarnings --quiet
	$(call step,broken builds still apply)
	@.ci/mutants.sh check
	@printf '\nAll checks passed.\n'

bench: setup ## measure speed, and what a day of 800 leads costs (ARGS="--json FILE" writes that down)
	@cargo bench --locked --profile quick --package pipeline --bench desk
	@cargo bench --locked --profile quick --package pipeline --bench day -- $(ARGS)

eval: setup ## score feeds, extraction, duplicates, evidence, hostile input, real sites on a corpus (DATA=folder)
	@test -d "$(DATA)" || { echo "There is no corpus at $(DATA). Name its folder: make eval DATA=…"; exit 1; }
	@.ci/setup.sh peers
	@cargo build --locked --profile quick --package evals
	@$(TARGET)/quick/evals all "$(DATA)" --peers .tools/peers/bin/python --write docs/evals.md

soak: ## the long tests (with a real inference server), and every broken build has to be caught by a test
	@.ci/setup.sh test
	@.ci/setup.sh llama
	$(call step,long tests)
	@.ci/tests.sh long
	$(call step,broken builds)
	@.ci/mutants.sh catch

clean: ## remove what was built and installed here (the state in var/ stays)
	@cargo clean
	@rm -rf .tools hugo-site/public hugo-site/resources
