// SPDX-License-Identifier: Apache-2.0
// The device's reset, asked for by software (RESET.reset) or at power-up.
//
// request_i -> soft_reset_o until quiesced_i -> core_rst_no low for ResetClocks -> done. At power-up it begins with
// the last step, so that core_rst_no, a register, is the one reset of the core: it follows rst_ni by a clock. busy_o is
// what RESET.reset reads. A request while busy_o is a part of the reset under way.

module nic_csr_reset #(
    parameter int unsigned ResetClocks = 128    // memories clear themselves meanwhile, a word a clock
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic request_i,      // one clock
    input  logic quiesced_i,     // looked at only while soft_reset_o
    output logic soft_reset_o,
    output logic core_rst_no,
    output logic busy_o
);

  localparam int unsigned CountWidth = $clog2(ResetClocks + 1);

  logic [CountWidth-1:0] count_q;   // clocks of core reset left

  assign busy_o = soft_reset_o || !core_rst_no;

  initial core_rst_no = 1'b0;       // nothing of the core runs before its first reset

  always_ff @(posedge clk_i) begin
    core_rst_no <= count_q == '0;
    if (count_q != '0) count_q <= count_q - 1'b1;
    if (request_i && core_rst_no) soft_reset_o <= 1'b1;
    if (soft_reset_o && quiesced_i) begin
      soft_reset_o <= 1'b0;
      core_rst_no  <= 1'b0;
      count_q      <= CountWidth'(ResetClocks);
    end
    if (!rst_ni) begin
      soft_reset_o <= 1'b0;
      core_rst_no  <= 1'b0;
      count_q      <= CountWidth'(ResetClocks);
    end
  end

endmodule
