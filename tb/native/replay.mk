# SPDX-License-Identifier: Apache-2.0
# Verilator's makefile, and the replay: the same model and transactors, with another main and without Python.
include Vtop.mk

REPLAY_OBJS = $(filter-out main.o vpi_hooks.o,$(VK_USER_OBJS)) $(VK_GLOBAL_OBJS)
VPATH += $(NATIVE)

replay_main.o: $(NATIVE)/replay_main.cpp
	$(OBJCACHE) $(CXX) $(CXXFLAGS) $(CPPFLAGS) $(OPT_FAST) -c -o $@ $<

replay: replay_main.o $(REPLAY_OBJS) $(VM_PREFIX)__ALL.a
	$(LINK) $^ -pthread $(LIBS) $(filter-out -lcocotbvpi_verilator,$(LDLIBS)) -o $@
