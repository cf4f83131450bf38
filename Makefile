# Everything a person or a machine does with this repository. `make` alone lists it.
# Needs make and Python 3.11 or newer; the rest is installed into .venv from requirements.lock.

PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
READY := .venv/.ready
RIVALS := .bench/venv/.ready
BENCH_LOCK := tests/benchmarks/requirements.lock

# Dagster's usage statistics stay off, for its own commands too, and they take this environment for theirs.
export DAGSTER_DISABLE_TELEMETRY := yes
export VIRTUAL_ENV := $(CURDIR)/.venv

.DEFAULT_GOAL := help
.PHONY: help report test test-slow bench bench-quick check format dev notebook lock clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is $$($(PYTHON) --version); accepted: Python 3.11 or newer. Run: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes --requirement requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q pipelines assets quality
	@mkdir -p .venv/dagster && echo 'telemetry: {enabled: false}' > .venv/dagster/dagster.yaml
	@touch $@

report: $(READY)  ## Build the newest report; simulates 60 days first when the landing zone is empty
	@$(BIN)/upgrade-slo simulate --if-empty
	@$(BIN)/upgrade-slo run

test: $(READY)  ## Run every test but the slow ones
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --quiet

test-slow: $(READY)  ## Run the slow tests: simulations, kills
	@$(BIN)/python -m pytest -m slow

# Tools that the product is measured against and does not need; they may want other versions of what it needs.
$(RIVALS): $(READY) $(BENCH_LOCK)
	@test -x .bench/venv/bin/python || $(PYTHON) -m venv .bench/venv
	@$(BIN)/uv pip install --quiet --compile-bytecode --python .bench/venv/bin/python --require-hashes --requirement $(BENCH_LOCK)
	@touch $@

bench: $(RIVALS)  ## Measure against named baselines, in turn, and print the table; takes about an hour
	@$(BIN)/python tests/benchmarks/bench.py $(BENCH)

bench-quick: $(RIVALS)  ## The same on small sizes, in about five minutes
	@$(BIN)/python tests/benchmarks/bench.py --quick $(BENCH)

check: $(READY)  ## Check format, lint, types, the direction of imports, and the Dagster definitions
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@DAGSTER_HOME="$(CURDIR)/.venv/dagster" $(BIN)/dg check defs

format: $(READY)  ## Format the code and mend what lint can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

dev: $(READY)  ## Open the Dagster UI on this home, with schedule and sensor
	@home="$$($(BIN)/python -m pipelines.settings)" && DAGSTER_HOME="$$home" $(BIN)/dg dev

notebook: $(READY)  ## Open the notebooks on the published snapshot
	@$(BIN)/marimo edit --skip-update-check notebooks

lock: $(READY)  ## Resolve both locks anew from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-header --quiet --output-file requirements.lock
	@$(BIN)/uv pip compile --group bench --universal --python-version 3.11 --generate-hashes \
		--no-header --quiet --output-file $(BENCH_LOCK)

clean:  ## Remove the environment and caches; the home stays
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
