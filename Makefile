# make demo    the whole of csds on the sample study
# make test    the tests
# make lint    ruff, mypy, codespell and the import contract
# make bench   accuracy and speed, as figures
# make clean   removes what the above made
#
# Everything runs in .venv, which is made with PYTHON (3.11 to 3.14) when it is first needed and
# made anew when pyproject.toml changes.

PYTHON ?= python3
PYTEST_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DEVELOP := $(VENV)/.develop

.PHONY: help demo test lint bench clean

help:
	@sed -n 's/^# \{0,1\}//p;/^$$/q' Makefile

demo: $(INSTALLED)
	$(BIN)/csds demo demo

test: $(DEVELOP)
	$(BIN)/python -m pytest -n auto $(PYTEST_ARGS)

lint: $(DEVELOP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell
	$(BIN)/lint-imports

bench: $(DEVELOP)
	$(BIN)/python -m benchmarks.accuracy
	$(BIN)/python -m benchmarks.speed

clean:
	rm -rf $(VENV) build dist demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info[:2] <= (3, 14) or sys.exit("csds needs Python 3.11 to 3.14, and $(PYTHON) is %d.%d: try make PYTHON=python3.12 ..." % sys.version_info[:2])'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(DEVELOP): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
