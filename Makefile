# Two commands do everything: `make demo` runs the whole road on real input, `make test` checks it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= out
# Test processes; 2 fits the smallest machine that is supported.
JOBS ?= 2

.PHONY: setup demo test lint clean

setup: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: setup
	$(BIN)/hpctc doctor
	$(BIN)/hpctc generate docs/examples/*.graph softmax --effort trials=4 --jobs 2 --out $(OUT)/pairs
	$(BIN)/hpctc show $(OUT)/pairs convblock
	$(BIN)/hpctc dataset suite $(OUT)/pairs --out $(OUT)/demo --tasks 4 --least-ms 0
	$(BIN)/hpctc eval $(OUT)/demo --model reference --seconds 4 --out $(OUT)/runs/reference
	$(BIN)/hpctc eval $(OUT)/demo --model null --seconds 4 --out $(OUT)/runs/null
	$(BIN)/hpctc eval $(OUT)/demo --model rules --seconds 4 --out $(OUT)/runs/rules
	$(BIN)/hpctc report $(OUT)/runs/reference $(OUT)/runs/null $(OUT)/runs/rules

test: setup
	$(BIN)/pytest -n $(JOBS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(OUT) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
