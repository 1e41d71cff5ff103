# Every target installs what it needs first (tools/setup.sh), a C compiler too. Once everything is installed,
# no target uses the network.
#
#   PYTHON=/path/to/python3.12         the interpreter to create .venv with
#   ARGS="render neylon-27 -o a.png"   arguments that `make run` passes to the program
#   PYTEST_ARGS="-k presets -x"        arguments that `make test` passes to pytest; "-n 0" for one process

PYTHON ?=
ARGS ?=
PYTEST_ARGS ?=

setup = PYTHON='$(PYTHON)' sh tools/setup.sh
python = .venv/bin/python

.PHONY: help run test test-all lint docs gallery gallery-4k site native wheel clean

help: ## list these targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/make \1	\2/p' Makefile

run: ## install what is missing, then open the window (without a display: write a picture)
	@$(setup) run
	@$(python) -m cppn_gl $(ARGS)

test: ## install what is missing, then run the tests
	@$(setup) test
	$(python) -m pytest $(PYTEST_ARGS)

test-all: ## run all tests, slow ones included, here and on another Debian release (as root)
	@$(setup) test-all
	$(python) -m pytest -m "" $(PYTEST_ARGS)
	PYTEST_ARGS='-m "" $(PYTEST_ARGS)' sh tools/test_other_debian.sh

lint: ## check formatting, style and types
	@$(setup) lint
	$(python) -m ruff format --check .
	$(python) -m ruff check .
	$(python) -m mypy

docs: ## regenerate the documentation's tables and pictures, except for the gallery
	@$(setup) docs
	$(python) tools/make_docs.py

gallery: ## regenerate docs/gallery/ and docs/gallery.md from the presets
	@$(setup) docs
	$(python) tools/make_gallery.py

gallery-4k: ## draw the gallery's stills 3840 pixels wide, into docs/gallery/4k/
	@$(setup) docs
	$(python) tools/make_gallery.py --4k

site: ## write a site of all presets and the tour into site/, for any static host
	@$(setup) run
	@$(python) -m cppn_gl export --gallery site

native: ## compile the native library (CC=clang chooses the compiler)
	@$(setup) wheel
	$(python) native/build.py

wheel: ## build the wheel in dist/
	@$(setup) wheel
	$(python) -m hatchling build -t wheel

clean: ## remove .venv, builds and caches
	rm -rf .venv build dist site cppn_gl/libcppn.* .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
