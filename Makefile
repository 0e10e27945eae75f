# Daicho: build, test, demonstrate. `make help` lists the targets.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/stamp
PIP    := $(BIN)/python -m pip --disable-pip-version-check --require-virtualenv -q
PYODIDE := 314.0.7
# The pinned set is there already: nothing of ours may fetch anything.
OURS   := install --no-build-isolation --no-deps --no-index --force-reinstall

# Everything that starts from here uses the environment's Python: PyO3 asks
# `python3`, and the tests look for the executor beside their interpreter.
export PATH := $(CURDIR)/$(BIN):$(PATH)
unexport PYTHONPATH PYTHONHOME

LOCKED := $(wildcard requirements/*.txt)
RUST   := Cargo.toml Cargo.lock $(shell find rust -name '*.rs' -o -name Cargo.toml)
PUMP   := $(wildcard cext/*.toml cext/*.py cext/daicho_pump/*.py cext/daicho_pump/*.py[xi] cext/daicho_pump/*.h)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test test-rust test-sim test-python lint bench pyodide lock fmt clean

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

setup: $(STAMP)/daicho $(STAMP)/pump $(STAMP)/executor ## .venv with everything in it

demo: setup ## play the market day on a local network
	$(BIN)/daicho demo

test: setup lint test-rust test-sim test-programs test-python ## everything that must be green

lint: setup ## formatting, lints and types
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/basedpyright

test-rust: ## the workspace's tests
	cargo test --workspace --locked --quiet

test-sim: ## whole clusters under two hundred seeds of faults
	cargo run --release --locked --quiet -p daicho-sim -- --seeds 0..200

# Two workers, each with whole files: most of these tests wait for processes.
test-python: setup ## the tests in tests/
	$(BIN)/python -m pytest -n 2 --dist loadfile

# SHIFT moves the range: a day's number gives each day programs of its own.
SHIFT ?= 0
test-programs: setup ## twenty thousand generated programs on both backends
	cd tests && ../$(BIN)/python -m differential --seeds $$(($(SHIFT)*20000))..$$(($(SHIFT)*20000+20000))

# SEEDS=0..1000000, and STATE, a file from which it goes on after a stop.
SEEDS ?= 0..20000
differential: setup ## a campaign of generated programs: SEEDS=FIRST..END STATE=FILE
	cd tests && ../$(BIN)/python -m differential --seeds $(SEEDS) $(if $(STATE),--state $(abspath $(STATE)))

faults: setup ## every planted fault of the machine, hunted
	cargo build --release --locked --quiet -p daicho-execution --features faults --example machine
	cd tests && ../$(BIN)/python -m differential.hunting ../target/release/examples/machine

bench: setup ## measure (bench/)
	$(BIN)/python -m pytest bench --benchmark-only

pyodide: setup ## the contract compiler under WebAssembly (wants node and npm, fetches Pyodide)
	npm install --silent --no-audit --no-fund --prefix build/pyodide pyodide@$(PYODIDE)
	DAICHO_PYODIDE=$(CURDIR)/build/pyodide $(BIN)/python -m pytest tests/language/test_reproducible.py

fmt: setup ## format what `make test` checks
	cargo fmt --all
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

lock: ## pin requirements/*.in anew, with hashes
	$(PYTHON) requirements/lock.py

clean: ## remove what was built
	rm -rf $(VENV) build target cext/build cext/*.egg-info cext/daicho_pump/*.c
	find python cext tests bench -name '*.so' -delete -o -name __pycache__ -prune -exec rm -rf {} +

# One stamp per installed part: nothing changed, nothing done.
$(STAMP)/locked: $(LOCKED)
	$(PYTHON) -c 'import sys; sys.exit("needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes --only-binary :all: $(foreach file,$(LOCKED),-r $(file))
	mkdir -p $(@D) && touch $@

$(STAMP)/daicho: $(STAMP)/locked $(RUST) pyproject.toml
	$(PIP) $(OURS) --editable .
	touch $@

$(STAMP)/executor: $(STAMP)/locked $(RUST) rust/executor/pyproject.toml
	$(PIP) $(OURS) ./rust/executor
	touch $@

$(STAMP)/pump: $(STAMP)/locked $(PUMP)
	$(PIP) $(OURS) ./cext
	touch $@
