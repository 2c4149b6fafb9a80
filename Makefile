# Everything a newcomer and CI need; wants git, make, python3 (3.11 or newer) and python3-venv, and uses node if there.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
YJS := tests/yjs/node_modules
NPM := PATH="$(abspath $(BIN)):$$PATH" npm --prefix tests/yjs --loglevel=error

.DEFAULT_GOAL := help
.PHONY: help demo test check docs simulate planted format coverage bench clean
.DELETE_ON_ERROR:

help: ## say what can be made
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

demo: $(VENV)/installed ## install syncore into .venv and run its demonstration
	$(BIN)/syncore demo

test: $(VENV)/installed-dev $(YJS)/installed ## run every test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/installed-dev ## format, lint, floors and types, changing nothing
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m mypy

docs: $(VENV)/installed-docs ## make a site of the documentation, in docs/_build/html
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --builder html docs docs/_build/html

simulate: $(VENV)/installed-dev ## play 300 simulated worlds under faults
	$(BIN)/python -m simulations swarm --seeds 1..300 --jobs 2 --table --every-fault $(SIMULATION_ARGS)

planted: $(VENV)/installed-dev ## show that the simulation catches faults that are planted in the code
	$(BIN)/python -m simulations planted --jobs 2 $(SIMULATION_ARGS)

format: $(VENV)/installed-dev ## format the sources and mend what ruff can mend
	$(BIN)/python -m ruff check --fix-only .
	$(BIN)/python -m ruff format .

coverage: $(VENV)/installed-dev $(YJS)/installed ## run every test and show the branches that none took
	$(BIN)/python -m pytest --cov --cov-report=term $(PYTEST_ARGS)

bench: $(VENV)/installed-dev ## measure
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

clean: ## remove the virtual environment and what the tools have cached
	rm -rf $(VENV) $(YJS) docs/_build .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

# The two stamps: what a program needs, and on top of it what a developer needs. Both are redone when a pin changes.
$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing syncore and its pinned dependencies into $(VENV)"
	@$(PIP) install --constraint constraints.txt pip
	@$(PIP) install --constraint constraints.txt --build-constraint constraints.txt --editable '.[demo,relay]'
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	@echo "Installing the pinned development tools into $(VENV)"
	@$(PIP) install --constraint constraints.txt --group dev --group examples
	@touch $@

$(VENV)/installed-docs: $(VENV)/installed
	@echo "Installing the pinned documentation tools into $(VENV)"
	@$(PIP) install --constraint constraints.txt --group docs
	@touch $@

# Yjs itself, which the tests of rich text are held against. Whoever has no node goes without and is told so; CI gets
# node as a wheel where it has none.
$(YJS)/installed: tests/yjs/package.json | $(VENV)/installed-dev
	@[ "$${CI:-}" != true ] || command -v npm >/dev/null || $(PIP) install --constraint constraints.txt --group node
	@if $(NPM) --version >/dev/null 2>&1; then \
		echo "Installing the pinned Yjs into $(YJS)"; \
		$(NPM) install --no-package-lock --ignore-scripts --no-audit --no-fund >/dev/null && touch $@ || \
			echo "npm could not install Yjs: the tests against it are skipped." >&2; \
	else echo "There is no npm here: the tests against Yjs are skipped."; fi

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "syncore needs Python 3.11 or newer, and there is no $(PYTHON) here." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "syncore needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) -V 2>&1); set PYTHON=/path/to/a/newer/one." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "syncore needs Python's venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
