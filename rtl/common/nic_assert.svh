// SPDX-License-Identifier: Apache-2.0
// Assertions beside the logic, on in every simulation and in formal, absent from synthesis.
//
// `NIC_ASSERT(Name, expr)           at each rising edge of clk_i with rst_ni high, expr holds.
// `NIC_ASSERT_IF(Name, when, expr)  the same where `when` holds. Most assertions say something about a rare event: a
//                                   simulator that branches on the event leaves the rest alone.
// `NIC_ASSERT_RST(Name, when, expr, rst)  with another (active low) reset.
//
// They belong at module level, in a module that has clk_i and rst_ni. In formal each is a clocked immediate assertion.
// In simulation it is a plain test that calls $error, which ends a Verilator run with a non-zero exit code: so no option
// of the simulator can switch it off, and it costs a compare. The message holds NIC_ASSERT, the name and the instance,
// so that a run can be asked which assertion fired.
//
// Every assertion is evaluated in every clock of every run. Prefer conditions of one clock (an answer never
// overwrites one that was not taken) to $past, for which Verilator copies its argument in each evaluation.

`ifndef NIC_ASSERT_SVH
`define NIC_ASSERT_SVH

`ifdef FORMAL
`define NIC_ASSERT_RST(Name, when, expr, rst) \
  always_ff @(posedge clk_i) if (rst && (when)) Name : assert (expr);
`elsif SYNTHESIS
`define NIC_ASSERT_RST(Name, when, expr, rst)
`else
`define NIC_ASSERT_RST(Name, when, expr, rst) \
  always_ff @(posedge clk_i) begin : Name \
    if (when) begin \
      if (rst && !(expr)) $error(`"NIC_ASSERT Name: %m`"); \
    end \
  end
`endif

`define NIC_ASSERT(Name, expr) `NIC_ASSERT_RST(Name, 1'b1, expr, rst_ni)
`define NIC_ASSERT_IF(Name, when, expr) `NIC_ASSERT_RST(Name, when, expr, rst_ni)

// For the harnesses of tests/formal: what the surroundings keep to, and what must be possible.
`ifdef FORMAL
`define NIC_ASSUME(Name, expr) \
  always_ff @(posedge clk_i) if (rst_ni) Name : assume (expr);
`define NIC_COVER(Name, expr) \
  always_ff @(posedge clk_i) if (rst_ni) Name : cover (expr);
`endif

`endif
