// SPDX-License-Identifier: Apache-2.0
// Takes a frame's outer VLAN tag out, on its way into the packet buffer, and says what it was. The addresses before it are
// moved over it, four bytes on: the frame begins four bytes late in its first word, and all after the tag stays in
// place. Data passes without a clock's delay.

module nic_rx_untag
  import nic_pkg::*;
#(
    parameter int unsigned DataWidth = 64
) (
    input  logic clk_i,

    input  logic                 valid_i,
    input  logic                 first_i,
    input  logic                 second_i,     // the frame's second beat
    input  logic                 strip_i,      // the same in all of a frame's beats
    input  logic [DataWidth-1:0] data_i,

    output logic [DataWidth-1:0] data_o,
    output rx_vlan_t             vlan_o        // with the frame's last beat; from 18 bytes on
);

  logic [15:0] tci_q;

  // The tag's two bytes are the last of the first 16.
  if (DataWidth == 64) begin : gen_two_beats
    logic [31:0] carry_q;            // bytes 4 to 7 of the frame

    always_comb begin
      data_o = data_i;
      if (strip_i && first_i) data_o = {data_i[31:0], 32'b0};
      if (strip_i && second_i) data_o = {data_i[31:0], carry_q};
    end

    always_ff @(posedge clk_i) begin
      if (valid_i && first_i) carry_q <= data_i[63:32];
      if (valid_i && second_i) tci_q <= {data_i[55:48], data_i[63:56]};
    end

    assign vlan_o.tci = strip_i ? tci_q : '0;
  end else begin : gen_one_beat
    logic [15:0] tci;

    assign tci = first_i ? {data_i[119:112], data_i[127:120]} : tci_q;

    always_comb begin
      data_o = data_i;
      if (strip_i && first_i) data_o[127:0] = {data_i[95:0], 32'b0};
    end

    always_ff @(posedge clk_i) begin
      if (valid_i) tci_q <= tci;
    end

    assign vlan_o.tci = strip_i ? tci : '0;
    logic unused;
    assign unused = second_i;
  end

  assign vlan_o.taken = strip_i;

endmodule
