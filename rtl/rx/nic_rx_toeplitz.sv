// SPDX-License-Identifier: Apache-2.0
// The Toeplitz hash of addresses and ports, as Microsoft defines it for RSS: for each bit that is 1, counted from the first
// byte's most significant, the 32 bits of the key that begin there. Ports follow the addresses: 8 bytes of IPv4, 32 of IPv6;
// zeros change nothing. Three clocks, 12 bytes each; one frame a clock. The hash is 0 if it is not wanted. What goes along
// comes out with it.

module nic_rx_toeplitz #(
    parameter int unsigned Along = 1
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic [319:0]      key_i,      // first byte most significant

    input  logic              valid_i,
    input  logic              want_i,
    input  logic              ip4_i,
    input  logic [255:0]      addrs_i,    // first byte most significant, zeros after those of IPv4
    input  logic [31:0]       ports_i,    // a clock later; 0 if they are not hashed
    input  logic [Along-1:0]  along_i,

    output logic              valid_o,
    output logic [31:0]       hash_o,
    output logic [Along-1:0]  along_o
);

  function automatic logic [31:0] of_word(logic [31:0] word, logic [63:0] key);
    of_word = '0;
    for (int i = 0; i < 32; i++) of_word ^= word[31-i] ? key[32-i+:32] : '0;
  endfunction

  // Of the three words that begin with word w.
  function automatic logic [31:0] of_part(logic [95:0] part, logic [127:0] key);
    return of_word(part[95:64], key[127:64]) ^ of_word(part[63:32], key[95:32]) ^ of_word(part[31:0], key[63:0]);
  endfunction

  logic             valid0_q, valid1_q, want0_q, want1_q, ip4_0_q;
  logic [31:0]      hash0_q, hash1_q, ports1_q;
  logic [63:0]      ports_key_q;
  logic [159:0]     addrs0_q;
  logic [63:0]      addrs1_q;
  logic [Along-1:0] along0_q, along1_q;

  always_ff @(posedge clk_i) begin
    valid0_q <= rst_ni && valid_i;
    valid1_q <= rst_ni && valid0_q;
    valid_o  <= rst_ni && valid1_q;
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      hash0_q  <= of_part(addrs_i[255:160], key_i[319:192]);
      addrs0_q <= addrs_i[159:0];
      ip4_0_q  <= ip4_i;
      want0_q  <= want_i;
      along0_q <= along_i;
    end
    if (valid0_q) begin
      hash1_q     <= hash0_q ^ of_part(addrs0_q[159:64], key_i[223:96]);
      addrs1_q    <= addrs0_q[63:0];
      ports1_q    <= ports_i;
      ports_key_q <= ip4_0_q ? key_i[255:192] : key_i[63:0];
      want1_q     <= want0_q;
      along1_q    <= along0_q;
    end
    if (valid1_q) begin
      hash_o <= '0;
      if (want1_q) begin
        hash_o <= hash1_q ^ of_word(addrs1_q[63:32], key_i[127:64]) ^ of_word(addrs1_q[31:0], key_i[95:32]) ^
                  of_word(ports1_q, ports_key_q);
      end
      along_o <= along1_q;
    end
  end

endmodule
