# make run [CASES=DIR]   set up, and open the dashboard
# make test              set up, check and test everything; browser tests that fail run once more
# make test-strict       the same, nothing repeated
# make lint              the checkers alone
# make pictures          take the README's pictures anew
# make bench [BENCH=...] speed beside public peers; BENCH="--channels 32 --points 48" for a short run
# make mutants [MUTANTS=...] do tests notice small changes?  To tests/mutation/results.md; takes long

PYTHON ?= python3.11
VENV   ?= .venv
BIN    := $(VENV)/bin
CASES  ?= library

BENCH  ?=
MUTANTS ?=

.PHONY: run test test-strict lint bench mutants pictures setup setup-dev clean

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

# Two files at a time: most of a browser test is waiting.  One thread each, so that they share the
# processor instead of taking turns at all of it.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

test: lint
	$(PYTEST)

test-strict: lint
	$(PYTEST) -p no:rerunfailures

bench: setup-dev
	$(BIN)/python -m benchmarks $(BENCH)

mutants: setup-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.mutation $(MUTANTS)

pictures: setup-dev
	$(BIN)/python -m docs.pictures

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
