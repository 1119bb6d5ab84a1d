# Two commands do all the set-up on a fresh machine: `make run` and `make test`.
# They need Python >= 3.11 with venv and pip, and nothing else.
#
#   make run     the daemon, with config/seedwatch.yaml
#   make demo    a stream of 2021 in quick motion: no network, no secret, no waiting
#   make test    the tests
#   make check   ruff, mypy strict and the tests: what each commit passes
#   make man     renew docs/man/seedwatch.1 from what the commands say of themselves
#   make dist    wheel and sdist, the same bytes for the same commit
#   make lock    renew requirements.lock from pyproject.toml (needs uv)

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
CONFIG ?= config/seedwatch.yaml
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help setup run demo test lint check man dist lock clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "seedwatch needs Python >= 3.11, and found none: install one, or name it with PYTHON=/path/to/python" >&2; exit 1; fi
	@echo "Setting up .venv with $(PYTHON) (once; a minute or two)"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

run: setup
	@exec $(BIN)/seedwatch --config $(CONFIG) run

demo: setup
	@exec $(BIN)/seedwatch demo

test: setup
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test

man: setup
	$(BIN)/seedwatch man > docs/man/seedwatch.1.new
	mv docs/man/seedwatch.1.new docs/man/seedwatch.1

# What stands in the archives is dated by the last commit, not by the clock.
dist: setup
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m hatchling build

lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header --output-file requirements.lock

clean:
	rm -rf .venv build dist
