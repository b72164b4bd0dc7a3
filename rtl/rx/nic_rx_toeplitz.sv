// SPDX-License-Identifier: Apache-2.0
// The Toeplitz hash of addresses and ports, as Microsoft defines it for RSS: for each bit that is 1, counted from the first
// byte's most significant, the 32 bits of the key that begin there. Ports follow the addresses: 8 bytes of IPv4, 32 of IPv6;
// zeros change nothing. A frame takes three steps of 12 bytes, a clock each; one frame a clock. The hash is 0 if it is not
// wanted. What goes along comes out with it.
//
// Frames whose hash is wanted are Interval clocks apart or more: with 3 or more, one set of gates takes all three steps.

`include "nic_assert.svh"

module nic_rx_toeplitz #(
    parameter int unsigned Along    = 1,
    parameter int unsigned Interval = 1
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic [319:0]      key_i,      // first byte most significant

    input  logic              soon_i,     // a frame is in the next clock
    input  logic              valid_i,
    input  logic              want_i,     // only if valid_i
    input  logic              ip4_i,
    input  logic [255:0]      addrs_i,    // first byte most significant, zeros after those of IPv4
    input  logic [31:0]       ports_i,    // a clock later; 0 if they are not hashed
    input  logic [Along-1:0]  along_i,

    output logic              valid_o,
    output logic [31:0]       hash_o,
    output logic [Along-1:0]  along_o
);

  // Of three words, with the key from the first one's place on.
  function automatic logic [31:0] of_part(logic [95:0] part, logic [127:0] key);
    for (int unsigned b = 0; b < 32; b++) of_part[b] = ^(part & key[b+1+:96]);
  endfunction

  // Ports, which come in the second step's clock, are word 8 or, behind the addresses of IPv4, word 2.
  logic             valid0_q, valid1_q, ip4_0_q;
  logic [63:0]      end0_q;            // words 6 and 7
  logic [Along-1:0] along0_q, along1_q;

  always_ff @(posedge clk_i) begin
    valid0_q <= rst_ni && valid_i;
    valid1_q <= rst_ni && valid0_q;
    valid_o  <= rst_ni && valid1_q;
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      end0_q   <= addrs_i[63:0];
      ip4_0_q  <= ip4_i;
      along0_q <= along_i;
    end
    if (valid0_q) along1_q <= along0_q;
    if (valid1_q) along_o <= along1_q;
  end

  if (Interval >= 3) begin : gen_shared
    // Words 3 to 5, 0 to 2 and, with the ports, 6 to 8: those are 0, 1 and 2 again of IPv4, whose addresses are done then.
    logic         first, second_q, third_q;
    logic         later_q;           // the second step or the third
    logic [95:0]  part_q;
    logic [127:0] key_q;             // of the next step
    logic [31:0]  hash_q;            // of the steps taken

    assign first = want_i;

    always_ff @(posedge clk_i) begin
      second_q <= rst_ni && first;
      third_q  <= rst_ni && second_q;
      later_q  <= first || second_q;
      if (first) part_q <= addrs_i[255:160];
      if (second_q) part_q <= {end0_q, ports_i};
      if (first || (second_q && ip4_0_q)) key_q <= key_i[319:192];
      else if (second_q) key_q <= key_i[127:0];
      else if (soon_i) key_q <= key_i[223:96];
    end

    always_ff @(posedge clk_i) begin
      if (valid1_q) hash_o <= '0;
      if (first || second_q || third_q) begin : step
        automatic logic [95:0] part = later_q ? part_q : addrs_i[159:64];
        automatic logic [31:0] hash = hash_q ^ of_part(part, key_q);
        hash_q <= third_q ? '0 : hash;
        if (third_q) hash_o <= hash;
      end
      if (!rst_ni) hash_q <= '0;
    end

    `NIC_ASSERT_IF(RxHashOneAtATime, first, !second_q && !third_q)
  end else begin : gen_steps
    logic        want0_q, want1_q;
    logic [31:0] hash0_q, hash1_q;
    logic [95:0] begin0_q, begin1_q;

    always_ff @(posedge clk_i) begin
      if (valid_i) begin
        hash0_q  <= of_part(addrs_i[159:64], key_i[223:96]);
        begin0_q <= addrs_i[255:160];
        want0_q  <= want_i;
      end
      if (valid0_q) begin
        hash1_q  <= hash0_q ^ of_part({end0_q, ip4_0_q ? 32'b0 : ports_i}, key_i[127:0]);
        begin1_q <= {begin0_q[95:32], ip4_0_q ? ports_i : begin0_q[31:0]};
        want1_q  <= want0_q;
      end
      if (valid1_q) hash_o <= want1_q ? hash1_q ^ of_part(begin1_q, key_i[319:192]) : '0;
    end

    logic unused;
    assign unused = soon_i;
  end

endmodule
