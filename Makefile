# make run [CASES=DIR]   set up, and open the dashboard
# make test              set up, check and test everything
# make lint              the checkers alone
# make bench [BENCH=...] speed beside public peers; BENCH="--channels 32 --points 48" for a short run

PYTHON ?= python3.11
VENV   ?= .venv
BIN    := $(VENV)/bin
CASES  ?= library

BENCH  ?=

.PHONY: run test lint bench setup setup-dev clean

run: setup
	XAI_CASES="$(CASES)" $(BIN)/python -m streamlit run app.py

setup: $(VENV)/.ready
setup-dev: $(VENV)/.ready-dev

# A stamp per requirements file: nothing is installed again until the file changes.
$(VENV)/.ready: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.ready-dev: requirements.txt requirements-dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $(VENV)/.ready $@

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/python -m pytest

bench: setup-dev
	$(BIN)/python -m benchmarks $(BENCH)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
