# Everything a newcomer needs: `make demo` shows the product, `make test` proves it.
# The environment is built once from the lock file and again whenever the lock changes.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
OUT    ?= demo-out

# Hundreds of processes start in a run of the tests; each would compile the program anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test coverage run bench soak fuzz lint format lock schemas package image clean
help:
	@echo "make demo    play two days of news offline; mails, hooks and digests land in $(OUT)/"
	@echo "make test    run the whole test suite"
	@echo "make coverage  the same, and which lines no test reaches"
	@echo "make run     start the daemon on ./config"
	@echo "make bench   measure against named peers"
	@echo "make soak    kill the program some 1,500 times at any moment, lead it through 10,000 random steps, and count what"
	@echo "             was told (some 30 minutes); docs/benchmarks.md lists the other long runs"
	@echo "make fuzz    hunt for inputs that break the feed readers, FUZZ_SECONDS each"
	@echo "make lint    formatting, lint rules, types, import contracts"
	@echo "make lock    resolve the dependencies anew into requirements.lock"
	@echo "make package build wheel and sdist into dist/, and use the wheel where this repository is not"
	@echo "make image   build the image tidings with docker, or with podman: make image DOCKER=podman"

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Tidings needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; name another with: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY)
	$(BIN)/tidings demo --out $(OUT)

# In the order of the folders: files of few tests, each of which takes long, come before the quick ones of tests/unit.
test: $(READY)
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

coverage: $(READY)
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered

run: $(READY)
	$(BIN)/tidings run

bench: $(READY)
	$(BIN)/python -m tests.benchmarks

# The seed settles the news and the moments of death.
SOAK_SEED ?= 1
soak: $(READY)
	$(BIN)/python -m tests.soak --seed $(SOAK_SEED)
	$(BIN)/python -m tests.soak.model --seed $(SOAK_SEED)

# Atheris is no locked dependency: there are no wheels of it for every machine.
FUZZ_SECONDS ?= 60
fuzz: $(READY)
	@$(BIN)/python -c "import atheris" 2>/dev/null || $(BIN)/python -m pip install --quiet "atheris>=3,<4" || \
	  { echo "make fuzz needs atheris, and it cannot be installed for this Python on this machine"; exit 1; }
	@for entry in feed date opml page; do \
	  echo "fuzzing $$entry for $(FUZZ_SECONDS) s"; \
	  $(BIN)/python -m tests.fuzz $$entry -max_total_time=$(FUZZ_SECONDS) -timeout=5 -rss_limit_mb=1024 -verbosity=0 || exit 1; \
	done

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Locks without hosts: they name versions and hashes, the user's own index gives the files. The two in docs/deploy are
# parts of the first: what the program needs, and what builds its wheel.
lock:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	  --all-extras --python-version 3.11 pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --extra postgres --extra apprise --python-version 3.11 --constraint requirements.lock \
	  pyproject.toml --output-file docs/deploy/runtime.lock
	echo "hatchling>=1.27" | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate --python-version 3.11 --constraint requirements.lock - --output-file docs/deploy/build.lock

package: $(READY)
	$(BIN)/python -m tests.package dist

DOCKER ?= docker
image:
	$(DOCKER) build -f docs/deploy/Dockerfile -t tidings .

schemas: $(READY)
	$(BIN)/python -m tidings.settings.schema config/schema

clean:
	rm -rf $(VENV) $(OUT) build dist .coverage* .mypy_cache .ruff_cache .pytest_cache
