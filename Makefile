# Each verb does all its own set-up. `make help` lists them.

# The first of these that is there and is 3.11 to 3.13 makes the environment.
PYTHON ?= $(firstword $(foreach python,python3.13 python3.12 python3.11 python3,\
	$(shell $(python) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) and print("$(python)")' 2>/dev/null)))
BIN := .venv/bin
SOURCES := retailrec local functions layers/shared algorithm benchmarks tests
SHELL := /bin/sh
.SHELLFLAGS := -eu -c
.DEFAULT_GOAL := help
export PIP_DISABLE_PIP_VERSION_CHECK := 1

##@ Use

demo: .venv/laptop ## A file becomes recommendations behind a REST API [DATA=file]
	@$(BIN)/retailrec demo $(if $(DATA),--data "$(DATA)")

up: .venv/laptop ## Bring the local cloud up, with the stack deployed on it
	@$(BIN)/retailrec up

down: .venv/laptop ## Take the local cloud down
	@$(BIN)/retailrec down

setup: .venv/laptop ## Install everything that the verbs above need

##@ Contribute

test: .venv/dev lint types template ## All checks and tests that end within ten minutes
	@$(BIN)/python -m pytest -m "not slow" $(PYTEST)

test-slow: .venv/dev ## The tests that need minutes, the full real file, or Docker
	@$(BIN)/python -m pytest -m slow --timeout 1800 $(PYTEST)

bench-prepare: .venv/laptop .venv-bench/installed ## Measure preparing against the tutorial's way [DATA=workbook]
	@$(BIN)/python -m benchmarks.prepare $(if $(DATA),--data "$(DATA)")

lint: .venv/dev ## Lint and check the format
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)

types: .venv/dev ## Check the types, strictly
	@$(BIN)/mypy $(SOURCES)

template: .venv/dev ## Check the template: cfn-lint and sam validate
	@$(BIN)/cfn-lint template.yaml
	@AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam validate --lint

format: .venv/dev ## Mend the format and what the linter can mend
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

lock: .venv/dev ## Lock the dependencies anew, with hashes
	@scripts/lock.sh

clean: ## Remove what was built (not the environments, not data/)
	@rm -rf build .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis

help: ## List the verbs
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---------------------------------------------------------------- environments

# uv installs in seconds what pip installs in minutes; where it cannot (a registry
# that only pip is configured for), pip does it. The locks are whole: nothing is resolved.
define install
	@echo "Installing $(1)"
	@$(2)/bin/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	@$(2)/bin/uv pip install --quiet --system-certs --python $(2)/bin/python --no-deps --require-hashes -r $(1) || \
		$(2)/bin/python -m pip install --quiet --no-deps --require-hashes -r $(1)
endef

# Made anew when half made: Debian's venv, without python3-venv, leaves one without pip.
define environment
	@[ -n "$(PYTHON)" ] || { echo "retailrec needs Python 3.11, 3.12 or 3.13; set PYTHON=..." >&2; exit 1; }
	@$(1)/bin/python -m pip --version >/dev/null 2>&1 || { rm -rf $(1); $(PYTHON) -m venv $(1); }
endef

.venv/laptop: requirements/laptop.txt requirements/uv.txt pyproject.toml .venv-sam/installed
	$(call environment,.venv)
	$(call install,requirements/laptop.txt,.venv)
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: requirements/dev.txt .venv/laptop
	$(call install,requirements/dev.txt,.venv)
	@touch $@

# The SAM CLI pins many of its libraries: it gets an environment of its own.
.venv-sam/installed: requirements/sam.txt requirements/uv.txt
	$(call environment,.venv-sam)
	$(call install,requirements/sam.txt,.venv-sam)
	@touch $@

.venv-bench/installed: requirements/bench.txt requirements/uv.txt
	$(call environment,.venv-bench)
	$(call install,requirements/bench.txt,.venv-bench)
	@touch $@

.PHONY: demo up down setup test test-slow bench-prepare lint types template format lock clean help
