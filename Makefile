# make demo    the environment, a synthetic county, a model and a list of households to visit, served at the end
#              (DEMO_SERVE=0 ends after the list; DEMO_PORT names another port than 8000)
# make pictures  a picture of every page of the demo, zh and en, wide and narrow: build/pictures
# make test    every test
# make check   format, lint and types; changes nothing
# make fix     what check would complain about, as far as a tool can mend it
# make lock    requirements/*.txt anew from requirements/*.in (needs uv)
# PYTHON names a Python 3.11, if it is not called python3.11: make demo PYTHON=python3

PYTHON ?= python3.11
BIN := .venv/bin
LOCK := requirements/all.txt
# Two workers: what the smallest machine has cores for. A file stays with one of them, and so do its fixtures.
WORKERS ?= 2
DEMO_SERVE ?= 1
DEMO_PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help environment demo pictures test check fix lock

help:
	@sed -n 's/^# \(make.*\)/\1/p' Makefile

# Installed once for a lock and a pyproject.toml; their copies in the environment are written last.
environment:
	@cmp -s $(LOCK) .venv/lock.txt && cmp -s pyproject.toml .venv/pyproject.toml || $(MAKE) --no-print-directory install

.PHONY: install
install:
	@$(PYTHON) -c 'import sys; sys.exit("fangpin needs Python 3.11, this is %d.%d; name one: make PYTHON=..." % sys.version_info[:2] if sys.version_info[:2] != (3, 11) else 0)'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes --requirement $(LOCK)
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@cp $(LOCK) .venv/lock.txt && cp pyproject.toml .venv/pyproject.toml

demo: environment
	$(BIN)/fangpin demo
	@[ "$(DEMO_SERVE)" = 0 ] || exec $(BIN)/fangpin serve --visitor --port $(DEMO_PORT)

pictures: environment
	$(BIN)/python -m tests.browser.pictures

test: environment
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile

check: environment
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m commands.reference --check

fix: environment
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m commands.reference

lock:
	rm -f $(LOCK)
	uv pip compile requirements/all.in --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
		--generate-hashes --quiet --custom-compile-command "make lock" --output-file $(LOCK)
