# The virtual environment is .venv.  TORCH_INDEX=URL names a package index with CPU builds of
# torch, for machines where pip would bring the CUDA ones; the README has the line.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
AUDIT := .venv-audit
PIP := $(BIN)/python -m pip --disable-pip-version-check
CONSTRAINED := $(PIP) install --quiet --constraint constraints.txt

export Q

.PHONY: ask repl test test-services check format install dev peers bench bench-quality bench-speed bench-scale bench-start bench-discord bench-search bench-answers bench-reader bench-gate bench-injection bench-small-model bench-followups chaos fuzz audit screenshots clean

install: $(VENV)/.installed
dev: $(VENV)/.dev

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Footnote needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Setting up $(VENV) (some minutes, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch==2.13.0
	@$(CONSTRAINED) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	@$(CONSTRAINED) --editable '.[dev]'
	@touch $@

ask: install
	@$(BIN)/footnote ask "$${Q:?say what: make ask Q=\"how many were arrested?\"}"

repl: install
	@$(BIN)/footnote repl

# Those that want a PostgreSQL and a Chroma server, which they start themselves, are apart.
test: dev
	@$(BIN)/python -m pytest -n auto -m "not services" $(ARGS)

test-services: dev
	@FOOTNOTE_SERVICES=1 $(BIN)/python -m pytest -n auto -m services $(ARGS)

check: dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -n auto -m "not services" $(ARGS)

format: dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

screenshots: dev
	@$(CONSTRAINED) --editable '.[screenshots]'
	@$(BIN)/python -W ignore::DeprecationWarning docs/screenshots.py

$(PEERS)/.installed: bench/peers/requirements.txt
	@echo "Setting up $(PEERS), for what Footnote is measured beside (some minutes, once)"
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip --disable-pip-version-check install --quiet \
	  $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch==2.13.0
	@$(PEERS)/bin/python -m pip --disable-pip-version-check install --quiet torch==2.13.0 \
	  --requirement $<
	@touch $@

peers: $(PEERS)/.installed

$(VENV)/.bench: $(VENV)/.dev
	@$(CONSTRAINED) --editable '.[bench]'
	@touch $@

bench: $(VENV)/.bench peers
	@$(BIN)/python -m bench $(ARGS)

bench-quality: $(VENV)/.bench peers
	@$(BIN)/python -m bench.quality $(ARGS)

bench-speed: $(VENV)/.bench peers
	@$(BIN)/python -m bench.speed $(ARGS)

bench-scale: $(VENV)/.bench
	@$(BIN)/python -m bench.scale $(ARGS)

bench-start: dev
	@$(BIN)/python -m bench.start

bench-discord: dev
	@$(BIN)/python -W ignore::DeprecationWarning -m bench.discord

bench-search: dev
	@$(BIN)/python -m bench.search $(ARGS)

bench-answers: dev
	@$(BIN)/python -m bench.answers $(ARGS)

bench-reader: dev
	@$(BIN)/python -m bench.reader $(ARGS)

bench-gate: dev
	@$(BIN)/python -m bench.gate $(ARGS)

bench-injection: dev
	@$(BIN)/python -m bench.injection $(ARGS)

bench-small-model: dev
	@$(BIN)/python -m bench.small_model $(ARGS)

bench-followups: dev
	@$(BIN)/python -m bench.followups $(ARGS)

chaos: dev
	@$(BIN)/python -m bench.chaos $(ARGS)

fuzz: dev
	@$(BIN)/python -m bench.fuzz $(ARGS)

$(AUDIT)/.installed:
	@$(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip --disable-pip-version-check install --quiet pip-audit==2.10.1
	@touch $@

# --strict: a package that the index knows nothing of is not taken for a sound one.
audit: $(AUDIT)/.installed
	@$(AUDIT)/bin/pip-audit --strict --requirement constraints.txt --no-deps --disable-pip || \
	  { echo "Not all is well: what stands above is vulnerable, or could not be audited; without"; \
	    echo "a network, or with an index that has no advisories, nothing is."; exit 1; }

clean:
	rm -rf $(VENV) $(PEERS) $(AUDIT) .footnote build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
