// SPDX-License-Identifier: Apache-2.0
// Assertions beside the logic, on in every simulation and in formal, absent from synthesis.
//
// `NIC_ASSERT(Name, expr)  at each rising edge of clk_i with rst_ni high, expr holds. It belongs at module level, in
// a module that has clk_i and rst_ni; `NIC_ASSERT_RST takes another (active low) reset. In formal it is a clocked
// immediate assertion. In simulation it is a plain test that calls $error, which ends a Verilator run with a
// non-zero exit code: so no option of the simulator can switch it off, and it costs a compare.
// The message holds NIC_ASSERT, the name and the instance, so that a run can be asked which assertion fired.
//
// Every assertion is evaluated in every clock of every run. Prefer conditions of one clock (an answer never
// overwrites one that was not taken) to $past, for which Verilator copies its argument in each evaluation.

`ifndef NIC_ASSERT_SVH
`define NIC_ASSERT_SVH

`ifdef FORMAL
`define NIC_ASSERT_RST(Name, expr, rst) \
  always_ff @(posedge clk_i) if (rst) Name : assert (expr);
`elsif SYNTHESIS
`define NIC_ASSERT_RST(Name, expr, rst)
`else
`define NIC_ASSERT_RST(Name, expr, rst) \
  always_ff @(posedge clk_i) begin : Name \
    if (rst && !(expr)) $error(`"NIC_ASSERT Name: %m`"); \
  end
`endif

`define NIC_ASSERT(Name, expr) `NIC_ASSERT_RST(Name, expr, rst_ni)

// For the harnesses of tests/formal: what the surroundings keep to, and what must be possible.
`ifdef FORMAL
`define NIC_ASSUME(Name, expr) \
  always_ff @(posedge clk_i) if (rst_ni) Name : assume (expr);
`define NIC_COVER(Name, expr) \
  always_ff @(posedge clk_i) if (rst_ni) Name : cover (expr);
`endif

`endif
