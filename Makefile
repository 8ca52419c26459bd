# make demo    set everything up and find things in sample files
# make test    run every test            make check   style, types, import contracts
# make bench   run every benchmark       make clean   take away what make made here

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/strongroom
AZURITE := $(CACHE)/azurite/node_modules/.bin/azurite-blob
AZCOPY := $(CACHE)/azcopy/node_modules/@azure-tools/azcopy-linux/dist/bin
OFFICE := libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui python3-uno
TESTS ?= tests
PYTEST_OPTIONS ?=

.PHONY: help demo test check bench docs pictures models office postgres strace litmus chromium azurite azcopy nginx clean

help:
	@sed -n '1,3s/^# //p' $(firstword $(MAKEFILE_LIST))

demo: office models
	$(BIN)/strongroom demo

test: office postgres strace litmus chromium azurite azcopy models
	$(BIN)/python -m pytest $(PYTEST_OPTIONS) $(TESTS)

check: $(VENV)/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: office models azurite nginx
	@for file in bench/[a-z]*.py; do echo "== $$file"; $(BIN)/python "$$file"; done

docs: $(VENV)/ready
	$(BIN)/python -m strongroom.cli.reference docs/reference

pictures: office models chromium
	$(BIN)/python tests/support/pictures.py

models: $(VENV)/ready
	$(BIN)/strongroom models pull

# The environment, made again whenever the dependencies change. pip's own cache lies outside the checkout.
$(VENV)/ready: pyproject.toml
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then break; fi; \
	  python=; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Strongroom needs Python 3.11 or later with venv: install it (Debian: apt-get install python3 python3-venv)," \
	    "or name one: make PYTHON=/path/to/python3" >&2; exit 1; \
	fi; \
	[ -x $(BIN)/python ] || "$$python" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[dav,jxl,mcp,postgres]' --group test --group check
	@touch $@

# System packages, where they can be had: without them Strongroom reads office files by its built-in reader, and
# tests that need them are skipped with their reason.
office:
	@$(call packages,LibreOffice,command -v soffice > /dev/null && /usr/bin/python3 -c 'import uno' 2> /dev/null,$(OFFICE))

postgres:
	@$(call packages,PostgreSQL,compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null || command -v initdb > /dev/null,postgresql)

define packages
if $(2); then exit 0; fi; \
if ! command -v apt-get > /dev/null; then echo "skipped: $(1) is not installed and there is no apt-get"; exit 0; fi; \
if [ "$$(id -u)" != 0 ]; then echo "skipped: $(1) is not installed; install it with: sudo apt-get install $(3)"; exit 0; fi; \
export DEBIAN_FRONTEND=noninteractive; \
echo "installing $(1)"; \
{ apt-get update -qq && apt-get install -y -qq --no-install-recommends $(3); } > /dev/null \
  || echo "skipped: $(1) cannot be installed here (apt-get failed)"
endef

# Shows in which order a write becomes durable.
strace:
	@$(call packages,strace,command -v strace > /dev/null,strace)

# Holds the WebDAV share to the standard.
litmus:
	@$(call packages,litmus,command -v litmus > /dev/null,litmus)

# The browser in which the page is tested.
chromium:
	@$(call packages,Chromium,command -v chromium > /dev/null,chromium)

# What the blob service is held against, on disk and over HTTP, by the benchmark.
nginx:
	@$(call packages,nginx,command -v nginx > /dev/null || [ -x /usr/sbin/nginx ],nginx-light)

# The Azure emulator, against which mounts of az:// and the blob service are tested.
azurite:
	@$(call node_program,azurite,[ -x $(AZURITE) ],azurite@3)

# Microsoft's copier, which asks for a library of the desktop though it uses none of it here.
azcopy:
	@$(call packages,libsecret,ldconfig -p | grep -q libsecret-1.so.0,libsecret-1-0)
	@$(call node_program,azcopy,[ -d $(AZCOPY) ],@azure-tools/azcopy-linux@10)
	@if [ -d $(AZCOPY) ]; then chmod +x $(AZCOPY)/*; fi

define node_program
if $(2); then exit 0; fi; \
if ! command -v npm > /dev/null; then echo "skipped: $(1) needs node and npm"; exit 0; fi; \
echo "installing $(1) into $(CACHE)"; \
npm install --silent --no-audit --no-fund --prefix $(CACHE)/$(1) $(3) > /dev/null \
  || echo "skipped: $(1) cannot be installed here (npm failed)"
endef

clean:
	rm -rf $(VENV) demo-room demo-room-files bench/data build dist .hypothesis .*_cache
