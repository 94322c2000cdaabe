# Python 3.11 or later, git and make are all that a Debian machine needs to begin with; the rest is set up
# in .venv from requirements.lock, whose hashes pin every file. `make help` lists the targets.

# Another Python: `make run PYTHON=python3.13`. Options of `vigie up`: `make run OPTIONS="--port 8090"`.
PYTHON ?= python3
OPTIONS ?=
BIN := .venv/bin
READY := .venv/set-up-done

.PHONY: help run test check bench places clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-7s %s\n", $$1, $$2}' Makefile

run: $(READY) ## start everything with the sample agency, and text one sample report
	@exec $(BIN)/vigie up --demo --sample $(OPTIONS)

test: check ## check, then run every test
	@.ci/set-up-tests
	@$(BIN)/python -m pytest --numprocesses auto

check: $(READY) ## lint, formatting, types and who may import whom
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(READY) ## measure what the performance promises say
	@$(BIN)/python -m benchmarks

places: $(READY) ## make the towns of gateway/data/places.csv again from GeoNames
	@$(BIN)/python -m pip --quiet --disable-pip-version-check install --require-hashes --requirement requirements-places.lock
	@$(BIN)/python -m tools.places

clean: ## remove what the set-up and the tools made; the data in var/ stays
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist

# Redone when what is installed changes; else a second `make run` starts at once.
$(READY): requirements.lock pyproject.toml
	@.ci/set-up "$(PYTHON)"
	@touch $@
