# Every target does its own set-up (tools/setup.sh) and repeats none of it: once
# things are in place, nothing here touches the network.
#
#   PYTHON=/path/to/python3.12   the interpreter .venv is made with
#   ARGS="render neylon-27 -o a.png"   what `make run` passes to the program
#   PYTEST_ARGS="-k presets -x"  what `make test` passes to pytest; "-n 0" for one process

PYTHON ?=
ARGS ?=
PYTEST_ARGS ?=

setup = PYTHON='$(PYTHON)' sh tools/setup.sh
python = .venv/bin/python

.PHONY: help run test test-all lint docs gallery wheel clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile

run: ## set up what is missing, then open the window (no display: write a picture)
	@$(setup) run
	@$(python) -m cppn_gl $(ARGS)

test: ## set up what is missing, then run the tests
	@$(setup) test
	$(python) -m pytest $(PYTEST_ARGS)

test-all: ## run the tests that take long too, and all of them on another Debian (as root)
	@$(setup) test
	$(python) -m pytest -m "" $(PYTEST_ARGS)
	PYTEST_ARGS='-m "" $(PYTEST_ARGS)' sh tools/test_other_debian.sh

lint: ## check formatting, style and types
	@$(setup) lint
	$(python) -m ruff format --check .
	$(python) -m ruff check .
	$(python) -m mypy

docs: ## write the documentation's tables and its pictures, but for the gallery, again
	@$(setup) docs
	$(python) tools/make_docs.py

gallery: ## draw docs/gallery/ and write docs/gallery.md again, from the presets
	@$(setup) docs
	$(python) tools/make_gallery.py

wheel: ## build the wheel into dist/
	@$(setup) wheel
	$(python) -m hatchling build -t wheel

clean: ## remove .venv, builds and caches
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
