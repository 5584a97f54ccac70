# make run     the app, on http://127.0.0.1:8501
# make test    all tests
# make test-extras  tests that need more packages (Ray, ONNX, MLflow with its own server, an earlier Keras version,
#                   fresh environments for exported models and scripts) or more time (the larger pretrained
#                   networks, thousands of damaged files)
# make test-pythons  all tests on every Python found: 3.11, 3.12, 3.13
# make soak    two browsers and the command line for 30 minutes, with kills; SOAK_MINUTES= for longer or shorter
# make check   linter, formatter and type checker
# make bench   all benchmarks (on an otherwise idle machine)
# make example the finished run that comes with the lab, and the images on the home page
# make docs-images  the images of pages in the README
# make lock    update constraints.txt after changing requirements*.txt

PYTHON ?= python3
BIN := .venv/bin

# uv installs in half of pip's time; pip does it where uv cannot, as with an index that only pip is told of.
PIP := $(BIN)/pip install --disable-pip-version-check -q
install = $(PIP) uv && $(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python $(1) || $(PIP) $(1)

.PHONY: run test test-extras test-pythons soak check bench example docs-images lock clean

run: .venv/app
	$(BIN)/streamlit run streamlit_app.py

test: .venv/dev
	$(BIN)/pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-extras: .venv-extras/done
	LAB_TEST_FRESH_ENVIRONMENTS=1 .venv-extras/bin/python -m pytest -rs tests/core/export/models tests/core/export/script/test_running.py
	LAB_TEST_ALL_NETWORKS=1 LAB_TEST_MLFLOW=$(CURDIR)/.venv-extras/server/bin/mlflow .venv-extras/bin/python -m pytest -rs tests/core/workers/test_ray_cluster.py tests/core/export/test_mlflow_mirror.py tests/core/ml/test_portable_file.py tests/core/ml/test_pretrained.py tests/core/export/webpage
	LAB_FUZZ=2000 $(BIN)/pytest --timeout=7200 tests/test_damaged_workspace.py tests/core/test_damaged_archives.py

test-pythons: .venv/dev
	$(BIN)/python tests/all_pythons.py $(PYTEST)

soak: .venv/dev
	$(BIN)/python -m tests.soak

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/dev
	$(BIN)/python -m benchmarks

example: .venv/dev
	$(BIN)/python -m samples.make_example

docs-images: .venv/dev
	$(BIN)/python -m tests.docs_images

lock: .venv/dev
	$(PIP) uv
	grep -v '^-c' requirements.txt > .venv/requirements.txt
	cp requirements-dev.txt .venv/requirements-dev.txt
	(sed -n '1,2p' constraints.txt; $(BIN)/uv pip compile .venv/requirements-dev.txt --universal \
		--python-version 3.11 --no-header --no-annotate --quiet) > .venv/constraints.txt
	mv .venv/constraints.txt constraints.txt

clean:
	rm -rf .venv .venv-extras .venv-python3.* .mypy_cache .ruff_cache .pytest_cache

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11, 3.12 or 3.13 is needed, this is %d.%d: call make with PYTHON=python3.12" % sys.version_info[:2] if not (3, 11) <= sys.version_info < (3, 14) else 0)'
	$(PYTHON) -m venv .venv

.venv/app: .venv/bin/python requirements.txt constraints.txt
	$(call install,-r requirements.txt)
	touch $@

.venv/dev: .venv/app requirements-dev.txt
	$(call install,-r requirements-dev.txt -c constraints.txt)
	touch $@

# Uses the packages of .venv plus Ray, ONNX and MLflow's client; the server needs other versions, hence its own environment.
.venv-extras/done: .venv/dev requirements-ray.txt requirements-mlflow.txt requirements-onnx.txt
	$(BIN)/python -m venv .venv-extras
	$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
		> $$(.venv-extras/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/lab.pth
	.venv-extras/bin/pip install --disable-pip-version-check -q -r requirements-ray.txt -r requirements-mlflow.txt -r requirements-onnx.txt \
		nbclient==0.11.0
	$(BIN)/python -m venv .venv-extras/server
	.venv-extras/server/bin/pip install --disable-pip-version-check -q \
		mlflow==$$(.venv-extras/bin/python -c 'import mlflow; print(mlflow.__version__)')
	$(PIP) --no-deps --target .venv-extras/old-keras keras==3.5.0
	touch $@
