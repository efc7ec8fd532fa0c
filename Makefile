# Two commands matter on a fresh machine: `make demo` and `make test`. Everything they need is made in
# .venv, with a Python of 3.11 or later and nothing else. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made
# Tests mostly wait for processes, so two workers for each core pay.
JOBS ?= $(shell expr 2 '*' $$(getconf _NPROCESSORS_ONLN))
ARGS ?=
# The tests start hundreds of daemons and commands: none of them shall compile what is compiled already, though the
# environment may say so (an empty variable counts as none).
export PYTHONDONTWRITEBYTECODE :=
PURE := tests/core tests/wire tests/config
QUICK := $(PURE) tests/engine tests/control tests/fronts

.PHONY: help demo test fast compiled check coverage format bench survival screenshots soak peers recipe-programs clean
.DEFAULT_GOAL := help

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

demo: $(STAMP) ## run a supervisord with a few programs and watch it; Ctrl-C ends it
	@$(BIN)/python examples/demo/run.py

test: $(STAMP) peers recipe-programs compiled ## every test (ARGS="..." goes to pytest)
	$(BIN)/pytest -n $(JOBS) --dist loadgroup $(ARGS)

fast: $(STAMP) ## the tests without real servers, in under a minute
	$(BIN)/pytest -n $(JOBS) $(QUICK) $(ARGS)

check: $(STAMP) ## format, lint, types, floors, sizes, partner tests, coverage
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_sizes.py
	$(BIN)/python scripts/check_partners.py
	$(BIN)/python scripts/check_sleeps.py
	$(MAKE) --no-print-directory coverage

coverage: $(STAMP) ## core, wire and config must be covered to the last branch
	$(BIN)/coverage run --source=src/vigild/core,src/vigild/wire,src/vigild/config -m pytest -q $(PURE)
	$(BIN)/coverage report --show-missing --skip-covered --fail-under=100

format: $(STAMP) ## format the code and mend what can be mended by machine
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) ## measure against the peers and print one table
	$(BIN)/python -m benchmarks $(ARGS)

survival: $(STAMP) ## kill and upgrade Vigil and its peers, and print who loses what
	$(BIN)/python -m benchmarks.survival $(ARGS)

screenshots: $(STAMP) ## take the pictures of the web console in docs/images
	$(BIN)/python scripts/make_screenshots.py

soak: $(STAMP) ## ten minutes under churn: no leaks, memory flat
	VIGIL_SOAK_SECONDS=$${VIGIL_SOAK_SECONDS:-600} $(BIN)/pytest tests/soak $(ARGS)

peers: $(STAMP)
	@$(BIN)/python scripts/install_peers.py

# Real servers for tests/recipes: installed where that can be done, else those tests skip visibly (in CI they fail).
recipe-programs:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    sh scripts/install_recipes.sh || echo "without them, tests/recipes skips what it cannot run"; \
	fi

compiled: $(STAMP)
	@$(BIN)/python -m compileall -q -j 0 src tests/support

clean: ## remove everything that was made here
	rm -rf $(VENV) .peers build dist .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml scripts/make_venv.sh
	@sh scripts/make_venv.sh $(VENV) $(PYTHON)
	@touch $(STAMP)
