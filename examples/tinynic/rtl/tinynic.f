// SPDX-License-Identifier: Apache-2.0
// tinynic's RTL without the wrapper; paths are relative to this file (verilator -F).
tiny_fifo.sv
tiny_tx.sv
tiny_rx.sv
tinynic.sv
