# Each verb does all its own set-up. `make help` lists them.

# The first of these that is there and is 3.11 to 3.13 makes the environment.
PYTHON ?= $(firstword $(foreach python,python3.13 python3.12 python3.11 python3,\
	$(shell $(python) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) and print("$(python)")' 2>/dev/null)))
BIN := .venv/bin
SOURCES := retailrec local functions layers/shared algorithm benchmarks scripts tests
SHELL := /bin/sh
.SHELLFLAGS := -eu -c
.DEFAULT_GOAL := help

# Folders in which every test is slow or soak: `make test` does not even import them.
NEED_MORE := e2e image sam_local integration/algorithm integration/local_sagemaker

# One verb of the three that test: its steps, and what they took.
define verb
	@$(BIN)/python scripts/processor_time.py $(1) $(MAKE) --no-print-directory $(2)
endef

# The seed of Python's hashes and of the order of files is drawn for every run.
define pytest
	@seed="$(SEED)"; [ -n "$$seed" ] || seed=$$($(BIN)/python -c 'import secrets; print(secrets.randbelow(2**32))'); \
	echo "Seed $$seed: \`make $(1) SEED=$$seed\` repeats the order of files and the hashes."; \
	PYTHONHASHSEED=$$seed $(BIN)/python -m pytest --seed $$seed --max-worker-restart 0 --no-loadscope-reorder $(2) $(PYTEST)
endef
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Without bytecode each of hundreds of processes would compile its libraries again: it doubles the time of all tests.
unexport PYTHONDONTWRITEBYTECODE

##@ Use

demo: .venv/laptop ## A file becomes recommendations behind a REST API [DATA=file ALGORITHM_ARN=marketplace]
	@$(BIN)/retailrec demo $(if $(DATA),--data "$(DATA)") $(if $(ALGORITHM_ARN),--algorithm-arn "$(ALGORITHM_ARN)")

up: .venv/laptop ## Bring the local cloud up, with the stack deployed on it [ALGORITHM_ARN=marketplace]
	@$(BIN)/retailrec up $(if $(ALGORITHM_ARN),--algorithm-arn "$(ALGORITHM_ARN)")

down: .venv/laptop ## Take the local cloud down
	@$(BIN)/retailrec down

notebook: .venv/notebook ## Execute notebooks/explore.ipynb into build/notebook/explore.html [STACK=name]
	@$(if $(STACK),,$(BIN)/retailrec up)
	@RETAILREC_STACK="$(STACK)" $(BIN)/python -m jupyter nbconvert --log-level ERROR --to html --execute \
		--output-dir build/notebook notebooks/explore.ipynb
	@echo "Executed: build/notebook/explore.html"

jupyter: .venv/notebook ## Open notebooks/explore.ipynb in JupyterLab [STACK=name]
	@$(if $(STACK),,$(BIN)/retailrec up)
	@RETAILREC_STACK="$(STACK)" $(BIN)/python -m jupyter lab notebooks/explore.ipynb

setup: .venv/laptop ## Install everything that the verbs above need

##@ Deploy, and try in Docker

sam-env: .venv/laptop ## Make `sam local` work against the local cloud that is up
	@$(BIN)/retailrec sam-env

sam-local: .venv/dev ## Run every function with each of its events in Docker, by `sam local`
	@$(BIN)/python -m pytest -m "slow or soak" --timeout 1800 tests/sam_local $(PYTEST)

image: .venv/laptop ## Build the algorithm's image
	@$(BIN)/python -m local.containers.image

image-test: .venv/dev .venv-sdk/installed ## Run the image as SageMaker does, and by AWS's own client
	@$(BIN)/python -m pytest -m "slow or soak" --timeout 1800 tests/image $(PYTEST)

push-image: .venv/laptop ## Build the image and push it to the ECR of your AWS account
	@$(BIN)/retailrec push-image

destroy: .venv/laptop ## Remove a stack on AWS and all that its functions made [STACK=retailrec]
	@$(BIN)/retailrec destroy --stack "$(or $(STACK),retailrec)"

aws-smoke: .venv/laptop ## Deploy on AWS, drop a small file, ask, remove it all, and write a report; asks before it spends [STACK=name YES=1]
	@$(BIN)/python -m scripts.smoke "$(or $(STACK),retailrec-smoke)" $(if $(YES),--yes)

##@ Contribute

test: .venv/dev .venv-audit/installed ## All checks, and every test that needs no cloud, Docker or browser [SEED=n]
	$(call verb,test,checks tests)

test-slow: .venv/dev .venv-bench/installed .venv-sdk/installed ## The real file, Docker, the browser, one history of every kind [SEED=n]
	$(call verb,test-slow,slow-tests)

soak: .venv/dev .venv-audit/installed .venv-bench/installed ## Hours: thousands of histories, every mutant, storms, make test under load [SEED=n]
	$(call verb,soak,soak-tests tests-over-moto tests-under-load)

test-tools: ## Install what make test-slow needs besides Python, where this may be done (Debian, root)
	@scripts/install_test_tools.sh

checks: .venv/dev .venv-audit/installed
	@$(MAKE) --no-print-directory -j2 lint types template template-security

tests: .venv/dev
	$(call pytest,test,-m "not slow and not soak" -n 2 --processor-limit 20 $(NEED_MORE:%=--ignore tests/%))

slow-tests: .venv/dev
	$(call pytest,test-slow,-m slow -n 3 --timeout 1800 --processor-limit 240)

soak-tests: .venv/dev
	$(call pytest,soak,-m soak -n 2 --timeout 7200 --processor-limit 3600)

tests-over-moto: .venv/dev
	@RETAILREC_TABLES=moto $(BIN)/python -m pytest -m "not slow and not soak" -n 2 \
		tests/integration/pipeline tests/integration/command $(PYTEST)

tests-under-load: .venv/dev
	@for round in 1 2 3; do \
		$(BIN)/python scripts/under_load.py 8 $(MAKE) --no-print-directory tests PYTEST=--shuffle-tests || exit 1; done

chaos-cloud: .venv/dev ## Storm a running local cloud and kill its processes, twenty histories
	@$(BIN)/python -m pytest -m soak --timeout 7200 tests/chaos/test_local_cloud.py $(PYTEST)

chaos: .venv/dev ## Simulate histories full of faults [HISTORIES=n SEED=s | REPLAY=seed SHRINK=yes]
	@PYTHONPATH=functions:layers/shared:. $(BIN)/python -m tests.chaos $(if $(HISTORIES),--histories "$(HISTORIES)") $(if $(SEED),--seed "$(SEED)") \
		$(if $(REPLAY),--replay "$(REPLAY)") $(if $(SHRINK),--shrink)

bench-prepare: .venv/laptop .venv-bench/installed ## Measure preparing against the tutorial's way [DATA=workbook]
	@$(BIN)/python -m benchmarks.prepare $(if $(DATA),--data "$(DATA)")

bench-api: .venv/laptop ## Measure the API: its overhead, cold import, and each source's latency
	@PYTHONPATH=functions:layers/shared:algorithm $(BIN)/python -m benchmarks.api

bench-quality: .venv/laptop ## Compare what recommenders find, and their time [DATA=file] [CUTOFF=date]
	@PYTHONPATH=algorithm:functions:layers/shared $(BIN)/python -m benchmarks.quality \
		$(if $(DATA),--data "$(DATA)") $(if $(CUTOFF),--cutoff "$(CUTOFF)")

pictures: .venv/dev ## Take the pictures of the console and of metrics for docs/images
	@$(BIN)/python -m tests.e2e.console_pictures

bench-serve: .venv/laptop .venv-bench/installed ## Measure serving against its /ping and a Flask container
	@PYTHONPATH=algorithm $(BIN)/python -m benchmarks.serve

bench-batch: .venv/laptop ## Measure batch jobs against implicit's bulk recommend
	@PYTHONPATH=algorithm $(BIN)/python -m benchmarks.batch

bench-scale: .venv/laptop ## Measure fit, load, serving and memory as data grows
	@PYTHONPATH=algorithm $(BIN)/python -m benchmarks.scale

lint: .venv/dev ## Lint, check the format, and check the words
	@$(BIN)/ruff check $(SOURCES) notebooks
	@$(BIN)/ruff format --check $(SOURCES) notebooks
	@$(BIN)/python scripts/check_words.py

types: .venv/dev ## Check the types, strictly
	@$(BIN)/mypy $(SOURCES)

template: .venv/dev ## Check the template as SAM expands it: cfn-lint and sam validate
	@$(BIN)/python scripts/expand_template.py build/expanded-template.json
	@$(BIN)/cfn-lint build/expanded-template.json
	@AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam validate

template-security: .venv/dev .venv-audit/installed ## Check the built template with checkov (offline)
	@mkdir -p build
	@RETAILREC_LAPTOP=1 SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam build --build-dir build/sam >build/sam-build.log 2>&1 || \
		{ cat build/sam-build.log; exit 1; }
	@$(BIN)/python scripts/check_template.py build/sam/template.yaml

audit: .venv-audit/installed ## Look every locked package up among the known vulnerabilities (needs the network)
	@.venv-audit/bin/python scripts/audit.py

format: .venv/dev ## Correct the format, and what the linter can correct
	@$(BIN)/ruff check --fix $(SOURCES) notebooks
	@$(BIN)/ruff format $(SOURCES) notebooks

lock: .venv/dev ## Lock the dependencies again, with hashes
	@scripts/lock.sh

events: .venv/laptop ## Write the example events
	@$(BIN)/retailrec events

openapi: .venv/dev ## Write docs/openapi.json from the API's code
	@PYTHONPATH=functions:layers/shared $(BIN)/python scripts/openapi.py

dashboard: .venv/dev ## Write the dashboard of template.yaml from scripts/dashboard.py
	@PYTHONPATH=functions:layers/shared $(BIN)/python scripts/dashboard.py

parameters: .venv/dev ## Write the table of parameters in docs/deploy.md from template.yaml
	@$(BIN)/python scripts/parameters.py

permissions: .venv/dev ## Write docs/permissions.md, docs/deployer-policies and the doctor's list of permissions
	@PYTHONPATH=. $(BIN)/python -m scripts.permissions

clean: ## Remove what was built (not the environments, not data/)
	@rm -rf build .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis

help: ## List the verbs
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---------------------------------------------------------------- environments

# uv installs in seconds what pip installs in minutes; where it cannot (a registry
# that only pip is configured for), pip does it. The locks are whole: nothing is resolved.
define install
	@echo "Installing $(1)"
	@$(2)/bin/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	@$(2)/bin/uv pip install --quiet --system-certs --python $(2)/bin/python --no-deps --require-hashes -r $(1) || \
		$(2)/bin/python -m pip install --quiet --no-deps --require-hashes -r $(1)
endef

# Recreated when incomplete: Debian's venv, without python3-venv, leaves one without pip.
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

.venv/notebook: requirements/notebook.txt .venv/laptop
	$(call install,requirements/notebook.txt,.venv)
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

.venv-audit/installed: requirements/audit.txt requirements/uv.txt
	$(call environment,.venv-audit)
	$(call install,requirements/audit.txt,.venv-audit)
	@touch $@

# AWS's own client: it pins pandas, protobuf and others for itself.
.venv-sdk/installed: requirements/sdk.txt requirements/uv.txt
	$(call environment,.venv-sdk)
	$(call install,requirements/sdk.txt,.venv-sdk)
	@touch $@

.PHONY: demo up down notebook jupyter setup sam-env sam-local image image-test push-image destroy aws-smoke events test test-slow soak test-tools checks tests slow-tests soak-tests tests-over-moto tests-under-load bench-prepare lint types template format lock clean help bench-quality bench-serve bench-batch bench-scale chaos chaos-cloud bench-api openapi dashboard parameters permissions pictures template-security audit
