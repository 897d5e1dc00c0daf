PYTHON ?= python3
LAKE ?= lake
SAMPLE ?= sample
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MODELS := $(VENV)/.models

.PHONY: help demo test test-text test-croissant lint ui bench clean

help:  ## Show what can be made
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 18

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(READY)

$(MODELS): $(READY)
	-$(BIN)/dataset-build text-models
	touch $(MODELS)

demo: $(READY)  ## Draw a sample scrape, build a release from it, say what happened
	@test -d $(SAMPLE) || $(BIN)/dataset-build sample $(SAMPLE)
	$(BIN)/dataset-build build --source $(SAMPLE) --lake $(LAKE)
	@echo
	@echo 'Try next:'
	@echo '  $(BIN)/dataset-build sql "select reason, count(*) from rejects group by 1 order by 2 desc" --lake $(LAKE)'
	@echo '  $(BIN)/dataset-build explain alt/0031.jpg --lake $(LAKE)'
	@echo '  make ui'

test: $(READY)  ## Run the tests, those of text detection apart
	$(BIN)/pytest -q --ignore tests/text --ignore tests/test_text_build.py --ignore tests/release/test_mlcroissant.py

test-text: $(MODELS)  ## Run the tests of text detection; they fetch its models, 15 MB
	$(BIN)/pytest -q tests/text tests/test_text_build.py

test-croissant: $(READY)  ## Validate the Croissant metadata by mlcroissant, which is installed first
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[croissant]'
	$(BIN)/pytest -q tests/release/test_mlcroissant.py

lint: $(READY)  ## Check style, imports and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

ui: $(READY)  ## Open the Dagster UI over the lake, on this machine only
	$(BIN)/dataset-build ui --lake $(LAKE)

bench: $(MODELS)  ## Print the benchmarks' ratios
	for b in decode_once near_duplicates ingest releases tags text_heavy verdicts; do $(BIN)/python -m benchmarks.$$b || exit 1; done

clean:  ## Delete the environment, the sample and the lake
	rm -rf $(VENV) $(SAMPLE) $(LAKE)
