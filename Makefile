# make run [CASES=DIR]   set up, and open the dashboard
# make test              set up, check and test everything; browser tests that fail run once more
# make test-strict       the same, nothing repeated
# make lint              the checkers alone
# make lock              write the exact versions of all packages anew, after a change of requirements*.txt
# make sbom              write the software bill of materials, docs/sbom.json, from requirements.lock
# make pictures          take the README's pictures anew
# make bench [BENCH=...] speed beside public peers; BENCH="--channels 32 --points 48" for a short run
# make mutants [MUTANTS=...] do tests notice small changes?  To tests/mutation/results.md; takes long

PYTHON ?= python3.11
VENV   ?= .venv
BIN    := $(VENV)/bin
CASES  ?= library

BENCH  ?=
MUTANTS ?=

.PHONY: run test test-strict lint lock sbom bench mutants pictures setup setup-dev clean

run: setup
	XAI_CASES="$(CASES)" $(BIN)/python -m streamlit run app.py

setup: $(VENV)/.ready
setup-dev: $(VENV)/.ready-dev

# A stamp per requirements file: nothing is installed again until the file changes.
# To run, every package is installed at the locked version, if its file has the locked digest.  torch and
# torchvision come last and by version alone: registries serve several builds of one version (for
# a processor, for a graphics card), each with packages of its own.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(VENV)/.ready: requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) --no-deps --require-hashes -r requirements.lock
	$(INSTALL) $$(grep -E '^torch(vision)?==' requirements.txt)
	touch $@

# For the tests by version alone: they run wherever a registry has these versions.
$(VENV)/.ready-dev: requirements.txt requirements-dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) -r requirements-dev.txt
	touch $(VENV)/.ready $@

UNLOCKED := torch torchvision triton cuda-bindings cuda-pathfinder cuda-toolkit $(addprefix nvidia-, \
  cublas cuda-cupti cuda-nvrtc cuda-runtime cudnn-cu13 cufft cufile curand cusolver cusparse \
  cusparselt-cu13 nccl-cu13 nvjitlink nvshmem-cu13 nvtx)

lock:
	$(PYTHON) -m venv .lock
	.lock/bin/python -m pip install --quiet uv==0.13.9
	for name in requirements requirements-dev; do \
	  .lock/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	    --custom-compile-command "make lock" $(addprefix --no-emit-package ,$(UNLOCKED)) \
	    $$name.txt -o $$name.lock; \
	done
	rm -r .lock

sbom:
	$(PYTHON) -m venv .lock
	.lock/bin/python -m pip install --quiet cyclonedx-bom==7.5.0
	(cat requirements.lock; grep -E '^torch(vision)?==' requirements.txt) > .lock/all.txt
	.lock/bin/cyclonedx-py requirements --output-reproducible --of JSON -o docs/sbom.json .lock/all.txt
	rm -r .lock

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
