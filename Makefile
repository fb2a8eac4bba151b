# Two commands do everything on a fresh machine: `make demo` and `make test`. `make help` lists the others.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# What has other owners, or belongs to them that measure, lies outside of the repository.
EVALUATION ?= ../shared/evaluation
CORPORA ?= ../shared/training
DEV = $(EVALUATION)/dev.jsonl
WIKINEWS = $(CORPORA)/wikinews.jsonl
TRAIN_OUT ?= /tmp/lagebild-train
FUZZ_SECONDS ?= 300

.DEFAULT_GOAL := help
.PHONY: help setup demo lint test test-faults fuzz check evaluate train bench bench-store lock clean

help: ## Show what there is
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

setup: $(READY) ## Make .venv with everything in it, .venv/bin/lagebild included

$(READY): requirements/dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || \
	  { echo "lagebild: Python 3.11 or 3.12 is needed, found none as '$(PYTHON)': install it, or name it: make setup PYTHON=python3.11" >&2; exit 2; }
	@$(PYTHON) -m venv --clear $(VENV) || \
	  { echo "lagebild: '$(PYTHON) -m venv' does not work: on Debian install the package python3-venv" >&2; exit 2; }
	@echo "installing what requirements/dev.lock names into $(VENV) (a minute or two)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	@touch $@

demo: setup ## Start Kafka, extractor and sink, replay the seeds, show the records, stop everything
	@$(BIN)/lagebild demo

lint: setup ## Lint, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

test: lint ## Lint, types and all tests, on a real Kafka and real databases
	@$(BIN)/pytest -q

check: lint ## Lint, types, schema drift and known vulnerabilities of the dependencies
	@$(BIN)/lagebild schema --check
	@$(BIN)/python deploy/audit.py $(if $(STRICT),--strict) requirements/runtime.lock

test-faults: setup ## Hurt a running stream in every way, 5,000 articles each time (an hour)
	@FAULTS=long $(BIN)/pytest -q tests/faults -m faults

fuzz: setup ## Fuzz the extractor's input path, guided by coverage, for FUZZ_SECONDS (Linux on x86-64)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/fuzz.txt
	@$(BIN)/python -m tests.fuzz.run $(FUZZ_SECONDS) .cache/fuzz

evaluate: setup ## Measure events, names, tags, parties and amounts on dev and held-out articles (EVALUATION, CORPORA, GERMEVAL, TREEBANKS)
	@$(BIN)/python -m training.quality $(if $(wildcard $(DEV)),--dev $(DEV)) $(if $(wildcard $(WIKINEWS)),--wikinews $(WIKINEWS))
	$(if $(GERMEVAL),@$(BIN)/python -m training.evaluate_language models/de_lagebild --germeval $(GERMEVAL) --treebanks $(TREEBANKS),\
	  @echo "names and tags are left out: GERMEVAL=DIR TREEBANKS=DIR say where their gold lies (training/README.md)")
	$(if $(wildcard $(DEV)),@$(BIN)/python -m services.extraction.linking.measure $(DEV))
	$(if $(wildcard $(DEV)),@$(BIN)/python -m services.extraction.normalise.measure $(DEV))

train: setup ## Train the network anew on two cores (TRAIN_OUT, CORPORA, GERMEVAL, TREEBANKS; see training/README.md)
	@test -x .venv-train/bin/python || $(PYTHON) -m venv .venv-train
	@.venv-train/bin/pip install --quiet --disable-pip-version-check -r requirements/train.txt
	@.venv-train/bin/python -m training.train --out $(TRAIN_OUT) --epochs 6 --processes 2 --wikinews $(WIKINEWS) --wikinews-raw $(CORPORA)/wikinews-raw.jsonl \
	  $(if $(GERMEVAL),--germeval $(GERMEVAL)) $(if $(TREEBANKS),--treebanks $(TREEBANKS))

bench-store: setup ## Rows a second into both databases, beside the bare drivers with the same rows
	@$(BIN)/python -m tests.bench_store

bench: setup ## The whole stream beside the bare extraction, rows a second into both stores, the pipeline alone
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench_store
	@$(BIN)/python -m training.bench models/de_lagebild training/corpus/passages.jsonl

LOCK = $(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-header --no-emit-index-url --python $(BIN)/python --extra postgres --extra tracing

lock: setup ## Choose the versions anew (requirements/*.lock), with hashes
	@$(LOCK) --output-file requirements/runtime.lock pyproject.toml
	@$(LOCK) --extra dev --constraint requirements/runtime.lock --output-file requirements/dev.lock pyproject.toml

clean: ## Remove the environment, caches and the last demo
	@rm -rf $(VENV) .cache demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
