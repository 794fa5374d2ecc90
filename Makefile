# The commands of a newcomer: `make compare` and `make test`. Both install what is missing first.
SWIFT ?= swift
PACKAGES := liblapacke-dev libopenblas-dev gnuplot-nox pkg-config
OUT ?= comparison
PYTHON ?= python3
PYTHON_FOLDER := .build/python

.PHONY: compare test bench dependencies python

compare: dependencies
	$(SWIFT) build -c release --product jointloss
	"$$($(SWIFT) build -c release --show-bin-path)/jointloss" compare --out "$(OUT)"

# A test has the public safetensors package read a checkpoint.
test python: PACKAGES += python3-venv
test: dependencies python
	$(SWIFT) test --disable-xctest

# Timings are taken on the BLAS kernel that the processor would get by itself. With PYTHON=… on the command line,
# a Python that has them, the peers are in the same table.
bench: PEERS = $(if $(filter command,$(origin PYTHON)),"$(PYTHON)" Benchmarks/peers.py)
bench: dependencies
	$(SWIFT) build -c release --product jointloss
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(PEERS) "$$($(SWIFT) build -c release --show-bin-path)/jointloss" $(if $(PEERS),,bench)

# A Python of the tests' own, with packages from PyPI; it is made once.
python: dependencies
	@$(PYTHON_FOLDER)/bin/python -c 'import numpy, safetensors' 2>/dev/null || { \
	  echo "Installing safetensors and numpy from PyPI in $(PYTHON_FOLDER)"; \
	  $(PYTHON) -m venv $(PYTHON_FOLDER) && $(PYTHON_FOLDER)/bin/python -m pip install --quiet safetensors numpy; \
	}

dependencies:
	@command -v $(SWIFT) >/dev/null || { echo "Swift 6.2 or later is needed: https://www.swift.org/install"; exit 1; }
	@missing=; \
	if command -v dpkg-query >/dev/null; then \
	  for package in $(PACKAGES); do \
	    dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$package"; \
	  done; \
	else \
	  pkg-config --exists lapacke 2>/dev/null || missing=" $(PACKAGES)"; \
	fi; \
	[ -n "$$missing" ] || exit 0; \
	if ! command -v apt-get >/dev/null; then \
	  echo "Please install these packages, or your system's own of the same purpose:$$missing"; exit 1; \
	elif [ "$$(id -u)" = 0 ]; then as_root=; \
	elif sudo -n true 2>/dev/null; then as_root=sudo; \
	else echo "Not allowed to install packages here. Please run: sudo apt-get install$$missing"; exit 1; \
	fi; \
	echo "Installing with apt-get:$$missing"; \
	$$as_root apt-get update -qq && $$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing
