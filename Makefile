# Encours. `make help` lists the targets; `make run` and `make test` need Python 3.11, make and git, nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
UV := VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv --quiet
# A file to each worker: what a file or a worker shares is started once. In the order of `encours.testing.plugin`.
# One more than the smallest machine has cores: tests of services wait for disks, locks and days to open.
WORKERS ?= 3
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
MEMBERS := shared services/invoice-svc services/dunning-svc services/risk-svc services/reporting-svc
PYPROJECTS := $(addsuffix /pyproject.toml,$(MEMBERS))
STAMP := $(VENV)/.stamp
COMPILE := compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate \
	--no-emit-package encours $(patsubst services/%,--no-emit-package encours-%,$(filter services/%,$(MEMBERS)))

.PHONY: help env run test check lint fast client bench clean lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(STAMP) ## make .venv from requirements.lock (hash-pinned); instant when nothing changed

$(VENV)/.bootstrap: requirements-bootstrap.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(v != (3, 11) and f"Encours needs Python 3.11, found {v[0]}.{v[1]}: make PYTHON=/path/to/python3.11")'
	@echo "environment: creating $(VENV)"
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-bootstrap.lock
	@touch $@

$(STAMP): $(VENV)/.bootstrap requirements.lock pyproject.toml $(PYPROJECTS)
	@echo "environment: installing $$(grep -c '^[a-z]' requirements.lock) pinned packages"
	@$(UV) pip sync --require-hashes --compile-bytecode requirements.lock
	@$(UV) pip install --no-deps --no-build-isolation $(addprefix -e ./,$(MEMBERS))
	@$(BIN)/python -m compileall -q $(addsuffix /src,$(MEMBERS)) # or eight services would each compile them at once
	@sync -f $(VENV) 2>/dev/null || sync # a power cut after the first start must not leave half a program
	@touch $@

run: env ## start everything on this machine, load the demo, stay up until Ctrl-C
	@exec $(BIN)/encours up --demo

test: env lint ## everything that CI runs
	@$(PYTEST)

check: env lint fast ## format, lint, types, import contracts and fast tests, in under a minute

lint: env ## ruff, mypy --strict, import contracts, dead code
	@$(BIN)/ruff format --check --quiet . || { echo 'format: run $(BIN)/ruff format .'; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --strict
	@$(BIN)/lint-imports --cache-dir var/cache/import-linter
	@$(BIN)/python -m tests.architecture.dead_code

fast: WORKERS = 2
fast: env ## the tests that start no server
	@$(PYTEST) -q -m 'not real and not slow'

client: env ## generate the typed Python client into var/client
	@$(BIN)/python -m tests.client var/client

bench: env ## measure against references of the same run, write var/bench.json
	@$(BIN)/python -m tests.bench

clean: ## stop what runs here; remove .venv, caches and var/ (the local ledger too)
	@if [ -x $(BIN)/encours ]; then $(BIN)/encours down --quiet || true; $(BIN)/python -m encours.embedded.clean || true; fi
	@rm -rf $(VENV) var .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: $(VENV)/.bootstrap ## resolve the lock files again from the pyproject.toml files
	@$(UV) pip $(COMPILE) requirements-bootstrap.in -o requirements-bootstrap.lock
	@$(UV) pip $(COMPILE) pyproject.toml --group dev -o requirements.lock
	@$(UV) pip $(COMPILE) $(addsuffix /pyproject.toml,$(MEMBERS)) -c requirements.lock -o deploy/requirements-service.lock
	@$(UV) pip $(COMPILE) services/risk-svc/pyproject.toml --extra models -c requirements.lock -o deploy/requirements-models.lock
	@! grep -nE 'https?:|^-' requirements*.lock deploy/*.lock
