# Wattseal. `make demo` shows it, `make test` proves it, `make bench` measures it.
# A fresh Debian 12 with make and python3 (3.11+, with venv) is enough.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check -qq

.PHONY: demo test test-board lint enumerate torture docs bench browser judges tokens clean

demo: $(VENV)/sim
	@$(BIN)/python -m sim.demo $(if $(EXIT),--exit)

test: lint browser judges tokens
	@$(BIN)/python -m pytest $(ARGS)

# The drivers and the interlock on a real kernel, in emulation (docs/VIRTUAL_BOARD.md).
test-board: $(VENV)/dev
	@if ! (command -v qemu-system-aarch64 && command -v aarch64-linux-gnu-gcc && command -v fdtoverlay && \
	  command -v cpio && command -v /sbin/depmod) >/dev/null; then \
	  echo "installing QEMU and what builds its image …"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -qq -y --no-install-recommends qemu-system-arm gcc-aarch64-linux-gnu \
	      device-tree-compiler make xz-utils kmod cpio >/dev/null; fi
	@$(BIN)/python -m pytest tests/board $(ARGS)

lint: $(VENV)/dev
	@$(BIN)/ruff format --check --quiet . || { echo "run: $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy

# Every state that the interlock can reach, and what must hold in each of them: some minutes.
enumerate: $(VENV)/dev
	@$(BIN)/python -m tests.interlock.enumeration

# Every fault in each phase of a charge, every process's end, on the whole bench; draws docs/FAULT_MATRIX.md: a
# quarter of an hour. TORTURE_AT_A_TIME=4 runs so many benches beside each other.
torture: $(VENV)/dev
	@$(BIN)/python -m tests.faults $(ARGS)

# Pages that are drawn from the tables in the code.
docs: $(VENV)/dev
	@$(BIN)/python -m tests.interlock.document
	@$(BIN)/python -m tests.config.meter_document

bench: $(VENV)/dev
	@$(BIN)/python -m tests.bench $(if $(ONLY),--only $(ONLY))

# What is installed is pinned: constraints.txt holds every version, also of what our packages need themselves.
$(VENV)/sim: setup.cfg constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) …"
	@$(PIP) install --constraint constraints.txt --editable '.[sim]'
	@touch $@

$(VENV)/dev: $(VENV)/sim
	@$(PIP) install --constraint constraints.txt --editable '.[sim,test,lint]'
	@touch $@

# The browser tests drive Debian's chromium; without it they are skipped by name.
browser: $(VENV)/dev
	@if ! command -v chromium >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "installing Debian's chromium and a Chinese font …"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	      apt-get install -qq -y --no-install-recommends chromium fonts-wqy-microhei >/dev/null; \
	  else echo "chromium is missing: tests in tests/browser will be skipped (apt install chromium)"; fi; fi

# Programs not written here that ours must agree with: npm's, pinned in tests/node, and Debian's mbpoll (a Modbus
# master). Without them their tests are skipped by name.
judges: tests/node/node_modules/.package-lock.json
	@if ! command -v mbpoll >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "installing Debian's mbpoll …"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	      apt-get install -qq -y --no-install-recommends mbpoll >/dev/null; \
	  else echo "mbpoll is missing: its tests will be skipped (apt install mbpoll)"; fi; fi

# A token, a TPM in software and its PKCS #11 library, for the tests of signing keys (tests/signing); without them
# those tests are skipped by name.
TOKENS := softhsm2 swtpm tpm2-tools libtss2-tcti-swtpm0 libtpm2-pkcs11-1 opensc openssl

tokens:
	@if ! (command -v softhsm2-util && command -v swtpm && command -v tpm2_dictionarylockout && \
	  command -v pkcs11-tool && command -v openssl && ls /usr/lib/*/libtpm2_pkcs11.so.1) >/dev/null 2>&1; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "installing Debian's $(TOKENS) …"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	      apt-get install -qq -y --no-install-recommends $(TOKENS) >/dev/null; \
	  else echo "tests in tests/signing will be skipped (apt install $(TOKENS))"; fi; fi

tests/node/node_modules/.package-lock.json: tests/node/package-lock.json | $(VENV)/dev
	@$(BIN)/npm ci --ignore-scripts --silent --no-audit --no-fund --prefix tests/node || { rm -rf tests/node/node_modules; \
	  echo "npm's packages could not be installed: the tests that use them will be skipped"; }
	@test ! -d tests/node/node_modules || touch $@

clean:
	rm -rf $(VENV) build tests/node/node_modules *.egg-info
