# `make demo` and `make test` need nothing else: both set up .venv first if it is not there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-ray test-gpu storm fuzz properties slow kills bench bench-peers docs docs-commands constraints clean

demo: $(READY)
	$(BIN)/cambrian demo

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadfile

# Several machines: the tests start a Ray cluster of three here.
test-ray: $(READY)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,ray]'
	$(BIN)/pytest tests/sandbox/test_cluster.py tests/sandbox/test_cluster_cards.py

# On a GPU: attacks, agreement with the CPU, the benchmark. Without one it says so and passes.
# PYTHON_ENV=/path/to/env takes an environment as it is, with a torch of its own, and installs nothing. It
# needs pytest, pytest-timeout and what pyproject.toml names, and must find Cambrian, as workers do who are
# started elsewhere: `pip install --no-deps --no-build-isolation -e .` asks no network, and so does a file
# cambrian.pth in its site-packages that holds the path of this folder.
test-gpu: CHOSEN = $(if $(PYTHON_ENV),$(PYTHON_ENV)/bin,$(BIN))
test-gpu: $(if $(PYTHON_ENV),,$(READY))
	@cd / && $(abspath $(CHOSEN))/python -c 'import sandbox.zygote' || \
	  { echo "$(CHOSEN) does not find Cambrian: the Makefile says above test-gpu how it would."; exit 1; }
	$(CHOSEN)/python -m pytest -m gpu -rs --timeout 600 tests/gpu
	$(CHOSEN)/python -m runs.cli bench gpu

# Longer campaigns; their figures are recorded under docs/.
fuzz: $(READY)
	CAMBRIAN_FUZZ=100000 $(BIN)/pytest tests/programs/fuzz -s

storm: $(READY)
	CAMBRIAN_STORM=1000 $(BIN)/pytest tests/attacks/test_storm.py -s --timeout 3600

properties: $(READY)
	CAMBRIAN_GENOMES=20000 $(BIN)/pytest tests/programs/test_genomes.py -s --timeout 3600

slow: $(READY)
	CAMBRIAN_SLOW=1 $(BIN)/pytest tests/attacks/test_cards.py tests/evaluators/lifting tests/evaluators/test_tasks.py tests/evaluators/test_statistics.py -s --timeout 3600

kills: $(READY)
	CAMBRIAN_KILLS=200 $(BIN)/pytest tests/runs/test_kills.py -s --timeout 7200

# Every command of the documents, typed as it stands; what takes longer than 20 s is stopped then.
docs-commands: $(READY)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,ray]'
	CAMBRIAN_DOCS=20 $(BIN)/pytest tests/docs/test_verbatim.py -s --timeout 14400

bench: $(READY)
	$(BIN)/cambrian bench language --programs 20000
	$(BIN)/cambrian bench evaluate

# Cambrian beside its peers, from their public packages: the first time installs them, 1.3 GB. About an
# hour at most; FLAGS="--quick" asks less. Answers are kept in peers.json, and not asked for again.
bench-peers: $(READY)
	$(BIN)/python -m bench.peers --install --keep peers.json $(FLAGS)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Cambrian needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

docs: $(READY)
	$(BIN)/python -m programs.reference > docs/language.md

constraints: $(READY)
	{ echo '# Every dependency, pinned: what the Makefile and CI install. Refresh with `make constraints`.'; \
	  $(BIN)/pip freeze --exclude-editable | sed 's/+cpu//'; } > constraints.txt

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis
