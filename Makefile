# Everything a contributor runs. `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: help demo test check bench up down env lock clean

VENV := .venv/bin
# A run starts hundreds of processes, each of which would compile anew all that it imports.
unexport PYTHONDONTWRITEBYTECODE
ci_demo := $(filter-out 0 false no,$(CI))

help: ## what there is
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

demo: env ## a whole system with 2,003 applications; CI=1 stops it at the end
	$(VENV)/qmas demo $(if $(ci_demo),--ci)

test: env ## the whole test suite; ARGS="tests/domain -k rank" for a part of it
	$(VENV)/pytest -n 4 $(ARGS)

check: env ## lint, format, types, imports
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy
	$(VENV)/lint-imports

bench: env ## throughput and latency beside peers and limits; ARGS=--quick for a short one
	$(VENV)/python -m benchmarks $(ARGS)

up: env ## start the embedded servers, web, worker and beat
	$(VENV)/qmas up

down: env ## stop them
	$(VENV)/qmas down

# Only 3.11 and 3.12 will do; PYTHON names one where several are installed.
env: ## build .venv from requirements.lock; takes no time when it is complete
	@python=$$(.ci/find-python) && "$$python" .ci/environment.py

lock: ## resolve the dependencies anew into the two lock files; needs uv on the PATH
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --output-file requirements.lock --upgrade
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --constraint requirements.lock \
		--output-file requirements-production.lock

clean: ## remove whatever can be built again; data folders stay
	rm -rf .venv build tests/integration/oidc/node_modules *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
