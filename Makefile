# make demo   set up, train the offline default, export it, prove that it serves, ask it
# make test   set up, run the tests          make test-slow   the trainings to their expected values
# make docs   set up, run the notebooks, build the manual into site/
# make bench  set up, compare speed with other libraries, write docs/benchmarks.md (an hour)
# make capabilities  ask tests what each model can do, where they were not asked yet (CPU hours for all)
# make lint   ruff, and mypy                 make clean       remove the environment, runs and exports of the demo
#
# For a release, of which docs/release.md tells more:
# make dist       wheel and sdist into dist/, checked       make licenses   of all dependencies, and an SBOM, into dist/
# make lowest     tests with the lowest versions of all dependencies; TESTS=tests/metrics chooses some
# make acceptance a first day of somebody who installs the wheel
#
# Set-up makes a virtual environment in .venv and downloads packages, nothing else.
# PYTHON=... chooses the interpreter.

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3.11)
VENV := .venv
BIN := $(VENV)/bin
BENCH := .bench
export TF_CPP_MIN_LOG_LEVEL ?= 2

.PHONY: demo test test-slow docs capabilities bench lint types dist licenses lowest acceptance clean

demo: $(VENV)/demo.stamp
	@rm -rf runs/demo served-demo
	@echo "== 1/4 keraszoo train vae/digits --run runs/demo"
	@$(BIN)/keraszoo train vae/digits --run runs/demo
	@echo
	@echo "== 2/4 keraszoo export runs/demo --to served-demo"
	@$(BIN)/keraszoo export runs/demo --to served-demo
	@echo
	@echo "== 3/4 keraszoo doctor served-demo/vae"
	@$(BIN)/keraszoo doctor served-demo/vae
	@echo
	@echo "== 4/4 keraszoo serve served-demo, and a request to it: keraszoo predict ADDRESS vae --signature sample ..."
	@$(BIN)/keraszoo serve served-demo --backend embedded --rest-port 0 --grpc-port 0 > runs/demo/serve.log 2>&1 & \
	  server=$$!; trap 'kill $$server' EXIT; \
	  until grep -qs '^Ready' runs/demo/serve.log; do \
	    kill -0 $$server 2>/dev/null || { cat runs/demo/serve.log; exit 1; }; sleep 0.2; done; \
	  $(BIN)/keraszoo predict $$(sed -n 's/^REST: //p' runs/demo/serve.log) vae --signature sample \
	    --set seed=1,2,3,4 --set temperature=1 --out runs/demo/samples/served.png
	@echo
	@echo "Pictures:     runs/demo/samples/"
	@echo "TensorBoard:  $(BIN)/tensorboard --logdir runs/demo/logs"
	@echo "Served model: served-demo/vae/1"

test: lint
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow and not gpu and not serving and not browser"

test-slow: $(VENV)/test.stamp
	@$(BIN)/python -m pytest -m slow

capabilities: $(VENV)/test.stamp
	@$(BIN)/python tests/capabilities.py

docs: $(VENV)/docs.stamp
	@echo "== Building the manual; notebooks are executed when they or the library have changed (5 CPU minutes)"
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "The manual: site/index.html, or as a server: $(BIN)/python -m http.server --directory site"

bench: $(BENCH)/stamp
	@$(BENCH)/bin/python benchmarks/peers.py

lint: $(VENV)/test.stamp types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "Run ruff format."; exit 1; }

# mypy reads the rooms where an installation has them
types: $(VENV)/test.stamp
	@rm -rf build/types && mkdir -p build/types && cp -rs "$(CURDIR)/keraszoo" build/types/
	@cp -rs "$(CURDIR)/training" "$(CURDIR)/export" build/types/keraszoo/
	@cd build/types && $(CURDIR)/$(BIN)/python -m mypy --config-file ../../setup.cfg --cache-dir ../mypy -p keraszoo

dist: $(VENV)/release.stamp
	@rm -rf dist build/lib build/bdist*
	@$(BIN)/python -m build --outdir dist > dist.log || { cat dist.log; exit 1; }
	@rm dist.log
	@$(BIN)/python -m twine check --strict dist/*.whl dist/*.tar.gz
	@$(BIN)/python -m pytest -q -m slow tests/test_dist.py

licenses: $(VENV)/release.stamp
	@mkdir -p dist build
	@echo "== What KerasZoo installs, into build/dependencies"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python build/dependencies
	@$(BIN)/uv pip install --quiet --python build/dependencies/bin/python ".[serving]"
	@$(BIN)/pip-licenses --python build/dependencies/bin/python --from mixed --partial-match --fail-on GPL \
	  --with-urls --format csv --output-file dist/licenses.csv
	@$(BIN)/cyclonedx-py environment build/dependencies/bin/python --output-reproducible --output-file dist/sbom.json

lowest: $(VENV)/release.stamp
	@mkdir -p build
	@$(BIN)/uv venv --quiet --clear --seed --python $(BIN)/python build/lowest
	@$(BIN)/uv pip compile --quiet --extra test --resolution lowest-direct --no-annotate --output-file build/lowest.txt setup.cfg
	@$(BIN)/uv pip install --quiet --python build/lowest/bin/python --requirements build/lowest.txt
	@$(BIN)/uv pip install --quiet --python build/lowest/bin/python --no-deps --editable .
	@build/lowest/bin/python -m pytest -m "not slow and not gpu and not serving and not browser" $(TESTS)

acceptance: $(VENV)/test.stamp
	@$(BIN)/python -m pytest -m slow -s tests/acceptance

clean:
	@rm -rf $(VENV) $(BENCH) runs/demo served-demo build dist site *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else 1)' 2>/dev/null || \
	  { echo "KerasZoo needs Python 3.11 to 3.13. Received: $$($(PYTHON) --version 2>&1). Name one with make PYTHON=/path/to/python3.11."; exit 2; }
	@echo "== Making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/demo.stamp: $(VENV)/bin/python setup.cfg pyproject.toml
	@echo "== Installing KerasZoo and the packages it needs into $(VENV) (1 to 5 minutes, nearly 3 GB on disk)"
	@rm -rf *.egg-info
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[serving]"
	@touch $@

$(VENV)/test.stamp: $(VENV)/bin/python setup.cfg pyproject.toml
	@echo "== Installing KerasZoo and what its tests need into $(VENV) (1 to 5 minutes, nearly 3 GB on disk)"
	@rm -rf *.egg-info
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	@touch $@ $(VENV)/demo.stamp

$(VENV)/release.stamp: $(VENV)/test.stamp
	@echo "== Installing what builds and checks a release into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[release]"
	@touch $@

$(VENV)/docs.stamp: $(VENV)/bin/python setup.cfg pyproject.toml
	@echo "== Installing KerasZoo and what its manual needs into $(VENV) (1 to 5 minutes, nearly 3 GB on disk)"
	@rm -rf *.egg-info
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[docs]"
	@touch $@

# An environment of its own: PyTorch alone is several GB
$(BENCH)/stamp: $(VENV)/bin/python setup.cfg pyproject.toml
	@echo "== Installing KerasZoo and the libraries it is compared with into $(BENCH) (up to 9 GB on disk)"
	@rm -rf *.egg-info
	@$(BIN)/python -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[bench]"
	@touch $@
