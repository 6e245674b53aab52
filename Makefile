# Every target that needs Python makes .venv first; that takes no time when nothing changed.
PYTHON := .venv/bin/python
SOURCES := conftest.py shared gateway services cli deploy tests
RELIABILITY = $(PYTHON) -m pytest -q tests/reliability

.DEFAULT_GOAL := help
.PHONY: help setup audit run graphiql test test-unit conformance reliability reliability-ci bench-gateway bench-hostile bench-sync bench-customers import-cdnow check format schema lock up down clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: ## Make .venv and install everything that the lock names
	@sh deploy/setup.sh

run: setup graphiql ## Start the whole system on this machine (Ctrl-C stops it)
	@$(PYTHON) -m rapport_local run

graphiql: ## Get GraphiQL for the gateway's page, from npm (it is left out where there is no npm)
	@sh deploy/graphiql.sh

test: setup ## Run all tests (WORKERS=2: in two processes, each with a database and a broker of its own)
	@$(PYTHON) -m pytest $(if $(WORKERS),--numprocesses $(WORKERS) --dist loadfile)

test-unit: setup ## Run the tests that need no database and no broker
	@$(PYTHON) -m pytest -m "not backing"

conformance: setup ## Compare composition and plans with others', from npm (ARGS=--verbose tells how they differ)
	@$(PYTHON) -m tests.conformance.run $(ARGS)

bench-gateway: setup ## Measure the gateway beside others from npm, and write docs/performance.md (30 minutes)
	@$(PYTHON) -m tests.benchmarks.gateway.run --publish

reliability-ci: setup ## Kill everything for some minutes: nothing lost, nothing done twice
	@$(RELIABILITY) -m "reliability and not nightly" --kills 15 --seconds 100 --repeats 3

reliability: setup ## The same at night's size: 100 kills in 30 minutes, 12 crashes at each point; bad networks, frozen replicas
	@$(RELIABILITY) -m reliability --kills 100 --seconds 1800 --repeats 12

audit: setup ## Verify the audit log of every service (with the addresses that the environment names)
	@for service in $(notdir $(wildcard services/*)); do $(PYTHON) -m rapport_$$service audit verify || bad=1; done; test -z "$$bad"

bench-hostile: setup ## Measure what refusing hostile requests takes, and what another client notices (2 minutes)
	@$(PYTHON) tests/benchmarks/hostile_requests.py
	@$(PYTHON) tests/benchmarks/hostile_latency.py --beside

bench-sync: setup ## Measure how long a change takes to a subscription, and a relay's speed, beside the bare broker
	@$(PYTHON) -m tests.benchmarks.sync.run $(ARGS)

bench-customers: setup ## Measure lists, searches, previews and imports of many customers beside the bare driver (ARGS=--help)
	@$(PYTHON) tests/benchmarks/customers.py $(ARGS)

import-cdnow: setup ## Import real orders, got from PyPI, and check every customer's sums (ARGS="--customers 0": all)
	@$(PYTHON) tests/benchmarks/cdnow.py $(ARGS)

check: setup ## Format, lint, types, import rules, sizes, committed schemas
	@$(PYTHON) -m ruff format --check --quiet $(SOURCES)
	@$(PYTHON) -m ruff check --quiet $(SOURCES)
	@$(PYTHON) -m mypy $(SOURCES)
	@.venv/bin/lint-imports
	@$(PYTHON) -m pytest -q -s tests/architecture
	@$(PYTHON) -m rapport_local schema --check
	@$(PYTHON) -m rapport_shared.contracts --check

format: setup ## Format the code and mend what the linter can mend
	@$(PYTHON) -m ruff check --fix --quiet $(SOURCES)
	@$(PYTHON) -m ruff format $(SOURCES)

schema: setup ## Write the services' SDL and the event schemas from the code
	@$(PYTHON) -m rapport_local schema
	@$(PYTHON) -m rapport_shared.contracts

lock: setup ## Write the lock files again (UPGRADE=1: with the newest versions)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" sh deploy/lock.sh

up: ## Start the whole system in containers
	@test -n "$$RAPPORT_SERVICE_KEY" || \
	  { echo "make up: set RAPPORT_SERVICE_KEY, what the gateway signs its calls to services with" >&2; \
	    echo "(32 characters or more: python3 -c 'import secrets; print(secrets.token_urlsafe(32))')" >&2; exit 1; }
	@test -n "$$RAPPORT_IDENTITY_ADMIN_PASSWORD" || \
	  { echo "make up: set RAPPORT_IDENTITY_ADMIN_PASSWORD, the password of the first administrator" >&2; exit 1; }
	@docker compose up --build --detach --wait

down: ## Stop the containers (their data stays)
	@docker compose down

clean: ## Remove the environment, the local data and the caches
	@rm -rf .venv .rapport .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
