# make demo     set up, then grade a small class from release to feedback; minutes
# make demo-theory   the same with the theory notebook alone; seconds
# make test     set up, then format, lint, types and tests
# make setup    a virtual environment in .venv with the locked dependencies
# make release  make release/ and solutions/ from source/ again
# make lock     choose the dependencies' versions anew (pyproject.toml → requirements.lock, and the
#               CUDA runtime's for images → containers/requirements-cuda.lock)

PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup demo demo-theory test format lint types release lock wheel-test bench clean

setup: $(VENV)/.done

# Packages are verified against the hashes in the lock; the kit itself is installed in place.
$(VENV)/.done: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: setup
	$(BIN)/python -m demo

demo-theory: setup
	$(BIN)/python -m demo theory

test: setup lint types
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

release: setup
	$(BIN)/autograder release cnn

# The built wheel, alone in a new environment, does what a student and an instructor need.
wheel-test: setup
	$(BIN)/python -m tests.wheel

bench: setup
	$(BIN)/python -m benchmarks.autograde

lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra course --group dev --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--quiet --upgrade --output-file requirements.lock
	echo 'tensorflow[and-cuda]' | $(BIN)/uv pip compile - --constraint requirements.lock --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--quiet --upgrade --output-file containers/requirements-cuda.lock

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
