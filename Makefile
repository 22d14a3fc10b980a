# make app    sets up and opens the app        make app WORKSPACE=folder    opens that workspace
# make test   sets up and passes every test    make check                   style, types, import rules
# make bench  speed and quality, by hand: takes long
PYTHON ?= python3
WORKSPACE ?= workspace
PORT ?= 8501
BIN := .venv/bin
STAMP := .venv/.installed
DEV_STAMP := .venv/.installed-dev
export STREAMLIT_BROWSER_GATHER_USAGE_STATS = false

.PHONY: app test check bench clean

app: $(STAMP)
	@LAUNCHDESK_WORKSPACE="$(WORKSPACE)" $(BIN)/python -m streamlit run app.py --server.port $(PORT)

test: $(DEV_STAMP)
	@sh tests/install_chromium.sh $(BIN)/python
	$(BIN)/python -m pytest $(ARGS)

check: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(DEV_STAMP)
	@test -n "$(CASES)" || { echo "Name the folders of the cases: make bench CASES=\"case1 case2\" (see benchmarks/cases.py)"; exit 2; }
	$(BIN)/python -m benchmarks.quality $(CASES) $(ARGS)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Launchdesk needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv

$(STAMP): requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(DEV_STAMP): requirements-dev.txt $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
