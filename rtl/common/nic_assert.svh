// SPDX-License-Identifier: Apache-2.0
// Assertions beside the logic, on in every simulation and in formal, absent from synthesis.
//
// `NIC_ASSERT(Name, expr)  at each rising edge of clk_i with rst_ni high, expr holds. It expands to a clocked
// immediate assertion, the one form that Verilator and Yosys both take. It belongs at module level, in a module
// that has clk_i and rst_ni; `NIC_ASSERT_RST takes another (active low) reset. Signals of the clock before are
// written $past(x); guard such an expression with $past(rst_ni).
//
// A failure calls $error, which ends a Verilator run with a non-zero exit code (build with --assert).
// The message holds NIC_ASSERT, the name and the instance, so that a run can be asked which assertion fired.

`ifndef NIC_ASSERT_SVH
`define NIC_ASSERT_SVH

`ifdef FORMAL
`define NIC_ASSERT_RST(Name, expr, rst) \
  always_ff @(posedge clk_i) begin : Name \
    if (rst) assert (expr); \
  end
`elsif SYNTHESIS
`define NIC_ASSERT_RST(Name, expr, rst)
`else
`define NIC_ASSERT_RST(Name, expr, rst) \
  always_ff @(posedge clk_i) begin : Name \
    if (rst) assert (expr) else $error(`"NIC_ASSERT Name: %m`"); \
  end
`endif

`define NIC_ASSERT(Name, expr) `NIC_ASSERT_RST(Name, expr, rst_ni)

`endif
