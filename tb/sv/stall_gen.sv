// SPDX-License-Identifier: Apache-2.0
// Seeded stalls for one channel. stall_o is high in the clocks in which the channel's ready, or a new valid, is to be withheld.
//
// Chance and length come from the settings (rs_stall_settings), read in reset and whenever settings_i is high; with chance 0
// nothing toggles and nothing is drawn. The stream of draws depends on seed, channel and clock alone.
module stall_gen #(
    parameter int unsigned Channel = 0
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic settings_i,
    output logic stall_o
);
  import "DPI-C" function int unsigned rs_stall_seed(input int unsigned channel);
  import "DPI-C" function void rs_stall_settings(
    input  int unsigned channel,
    output int unsigned chance,
    output int unsigned mask
  );

  int unsigned chance_q, mask_q, random_q;
  logic [15:0] left_q;

  function automatic int unsigned xorshift(input int unsigned x);
    int unsigned y;
    y = x ^ (x << 13);
    y = y ^ (y >> 17);
    return y ^ (y << 5);
  endfunction

  assign stall_o = left_q != 0;

  always_ff @(posedge clk_i) begin
    int unsigned chance, mask;
    if (!rst_ni) begin
      random_q <= rs_stall_seed(Channel);
      left_q   <= '0;
    end else if (left_q != 0) begin
      left_q <= left_q - 1;
    end else if (chance_q != 0) begin
      random_q <= xorshift(random_q);
      if ({16'b0, random_q[15:0]} < chance_q) begin
        left_q <= 1 + (random_q[31:16] & mask_q[15:0]);
      end
    end
    if (!rst_ni || settings_i) begin
      rs_stall_settings(Channel, chance, mask);
      chance_q <= chance;
      mask_q   <= mask;
    end
  end
endmodule
