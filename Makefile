# Two commands do everything: `make demo` runs the whole road on real input, `make test` checks it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= out
# Test processes; 2 fits the smallest machine that is supported.
JOBS ?= 2

.PHONY: setup demo test lint clean hpctranseval train

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

# The suite that ships, made anew; every step goes on where it was interrupted. Some hours on two idle
# cores: schedules are measured, so nothing else should run meanwhile. EFFORT=none is much quicker.
EFFORT ?= fast
POOL := $(OUT)/hpctranseval
MEDIUM := $(BIN)/hpctc generate --size medium --effort $(EFFORT) --jobs $(JOBS)
FURTHER := gelu silu mish hard_swish softplus pow mod atan2 expm1 popcount cast cumsum variance \
  logsumexp layer_norm group_norm instance_norm batch_norm nll_loss concat tile repeat roll pad \
  broadcast_to pack_nchwc where take gather_elements one_hot argmax sort topk tril avg_pool2d \
  unravel_index sequence_mask dense conv1d conv3d conv2d_transpose correlation sparse_dense \
  binary_dense
# The maximum of millions of numbers is their bound, a sort that counts is too long for a sanitizer,
# some grids are too large for the emulator, some bodies too slow: of these there is also the pair
# at the published shape.
AS_PUBLISHED := $(addprefix published:,argsort isnan lrn max min prod scatter_nd \
  softmax_common)
FAMILIES := $(addprefix family:,attention bipolar.w1a1 bipolar.w2a2 bipolar.w4a4 experts gathers \
  longconv norms recurrent scan)

hpctranseval: setup
	$(MEDIUM) published:all --count 160 --out $(POOL)/published
	$(BIN)/hpctc generate $(AS_PUBLISHED) --effort $(EFFORT) --jobs $(JOBS) --out $(POOL)/shapes
	$(MEDIUM) $(FURTHER) --count 44 --out $(POOL)/operators
	$(MEDIUM) $(FAMILIES) --count 40 --out $(POOL)/families
	$(MEDIUM) grown --count 96 --rewrites 1 --out $(POOL)/grown
	$(MEDIUM) family:blocks family:published --count 24 --out $(POOL)/blocks
	$(BIN)/hpctc dataset suite $(POOL)/operators $(POOL)/families $(POOL)/grown $(POOL)/blocks \
	  --keep $(POOL)/published --keep $(POOL)/shapes --operators 106 --graphs 100 --blocks 14 \
	  --most-ms 60 --strength 0.95 --jobs $(JOBS) --out evals/hpctranseval --description \
	  'every operator of HPCTransEval by name, further operators, grown graphs, families and blocks'
	$(BIN)/hpctc audit evals/hpctranseval --jobs $(JOBS) --out $(POOL)/audit

# The training set: pairs that share nothing with the tasks of any suite that ships. How fast they are
# made is a benchmark that fills the same folder:
# python benchmarks/generate.py --pairs 5000 --seed 1 --folder out/train
PAIRS ?= 5000

train: setup
	$(BIN)/hpctc generate all family:all grown --rewrites 1 --variants 1 --seed 1 --count $(PAIRS) \
	  --jobs $(JOBS) --out $(OUT)/train/long/pairs
	$(BIN)/hpctc dataset release $(OUT)/train/long/pairs --apart hpctranseval --apart mini \
	  --name hpctc-train --version 1.0.0 --out datasets/train
	$(BIN)/hpctc dataset leaks datasets/train hpctranseval

clean:
	rm -rf $(OUT) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
