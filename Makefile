# Two commands: `make figures` and `make test`. Each makes what it needs, from Python alone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := .venv-peers
PIP = $(@D)/bin/python -m pip install --quiet --disable-pip-version-check
SNAKEMAKE := PATH="$(CURDIR)/$(BIN):$$PATH" snakemake
OPTIONS ?=# e.g. make figures OPTIONS="--config scale=paper"

# snakemake keeps a cache in the home directory, and ends where there is none
ifneq ($(shell test -w "$$HOME" && echo yes),yes)
export XDG_CACHE_HOME ?= $(CURDIR)/.snakemake/cache
endif

.DEFAULT_GOAL := help
.PHONY: help install figures test report same verify faults benchmark peers wheel lint types clean

help: ## print this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

install: $(STAMP) ## make .venv and install the pinned requirements

figures: $(STAMP) ## make all figures and tables (demo scale, CPU or GPU)
	$(SNAKEMAKE) --cores all $(OPTIONS)

test: $(STAMP) lint types ## check style and types, run all tests and a small real run
	PATH="$(CURDIR)/$(BIN):$$PATH" OMP_NUM_THREADS=1 JTFS_ARTEFACTS="$(CURDIR)/logs" \
		pytest -n 2 --dist loadfile --no-loadscope-reorder

report: $(STAMP) ## gather every figure and table, with captions and run times, in report.html
	$(SNAKEMAKE) --cores all report_pages $(OPTIONS)
	$(SNAKEMAKE) --report report.html report_pages $(OPTIONS)

same: $(STAMP) ## run this tree and the commit before at smoke scale, compare every output exactly
	PATH="$(CURDIR)/$(BIN):$$PATH" python -m tools.same $(OPTIONS)

verify: $(STAMP) ## hash all results again and name what does not match
	$(BIN)/python scripts/verify_results.py

faults: $(STAMP) ## kill, fill, corrupt, forbid: docs/reliability.md (OPTIONS="--rounds 40")
	$(BIN)/python -m tools.faults $(OPTIONS)

benchmark: $(STAMP) ## measure seconds and memory of the transform, beside the peers if installed
	$(BIN)/python -m tools.benchmarks $(OPTIONS)

peers: $(PEERS)/.installed ## make .venv-peers: the programs that `make benchmark` compares with

wheel: $(STAMP) ## build dist/, try the wheel in a fresh environment with torch and NumPy alone
	$(BIN)/python -m tools.fresh_install $(OPTIONS)

lint: $(STAMP) ## check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules

types: $(STAMP) ## check types
	$(BIN)/basedpyright

clean: ## remove .venv, .venv-peers and all results that are not part of the repository
	rm -rf $(VENV) $(PEERS) .snakemake .same logs

$(STAMP): requirements.txt requirements-dev.txt setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Python %d.%d is too old; 3.11 is needed (make PYTHON=python3.11 ...)" % sys.version_info[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "$(VENV): $$(cat requirements.txt requirements-dev.txt | grep -c ==) pinned packages, once; 0.5 GB to fetch, 3 GB where torch comes with CUDA; 2 to 8 minutes"
	@$(PIP) -r requirements-dev.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(PEERS)/.installed: requirements-peers.txt
	@test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PIP) -r requirements-peers.txt
	@touch $@
