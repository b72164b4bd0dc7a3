// SPDX-License-Identifier: Apache-2.0
// The RX filter and its registers: 16 addresses, 256 bits that a hash of the address chooses from, 4096 VLANs.
//
// The datapath looks a frame up and has the answer two clocks later, a frame a clock. Registers may change at any clock; a
// frame at that time may be judged by either setting. HASH and VLAN_FILTER are memories, as is the copy of the addresses
// that software reads. Reset clears a word of each in a clock: it lasts VLAN_FILTER_COUNT clocks or more.

module nic_csr_filter
  import nic_pkg::*;
  import nic_regs_pkg::*;
(
    input  logic clk_i,
    input  logic rst_ni,
    input  glob_cfg_t glob_i,

    // register bus
    input  reg_req_t req_i,
    output reg_rsp_t rsp_o,

    // datapath
    input  logic        look_i,
    input  logic [47:0] dest_i,       // first byte on the wire in 7:0
    input  logic [11:0] vid_i,
    output logic        addr_pass_o,  // the destination passes
    output logic        vlan_pass_o   // so does the VLAN
);

  logic [47:0] addr_q  [RX_ADDR_COUNT];
  logic        valid_q [RX_ADDR_COUNT];
  (* ram_style = "distributed" *)
  logic [31:0] hash_mem [RX_HASH_COUNT];
  (* ram_style = "distributed" *)
  logic [31:0] vlan_mem [VLAN_FILTER_COUNT];

  // ------------------------------------------------------------------ registers
  // What software reads are copies: no wide choice between all words that the datapath looks at.
  (* no_rw_check *)
  logic [31:0] low_copy  [64];                       // addresses, then hash
  (* no_rw_check *)
  logic [31:0] vlan_copy [VLAN_FILTER_COUNT];
  logic [31:0] low_q, vlan_q;                        // the word asked for, as it was
  logic        is_addr_q, is_hash_q, is_vlan_q;      // what is asked for
  logic [6:0]  clear_q;                              // in reset, each word in its turn

  // The arrays lie at multiples of their size.
  always_ff @(posedge clk_i) begin
    if (req_i.setup) begin
      is_addr_q <= req_i.addr[15:7] == 9'(RX_ADDR_BASE >> 7);
      is_hash_q <= req_i.addr[15:5] == 11'(RX_HASH_BASE >> 5);
      is_vlan_q <= req_i.addr[15:9] == 7'(VLAN_FILTER_BASE >> 9);
      low_q     <= low_copy[req_i.addr[7:2]];
      vlan_q    <= vlan_copy[req_i.addr[8:2]];
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) clear_q <= clear_q + 1'b1;
    if (!rst_ni || (req_i.valid && req_i.write)) begin : store
      automatic logic [6:0]  word  = rst_ni ? req_i.addr[8:2] : clear_q;
      automatic logic [31:0] value = rst_ni ? apply_strb(is_vlan_q ? vlan_q : low_q, req_i.wdata, req_i.wstrb) : '0;
      if (is_addr_q && word[0]) value &= RX_ADDR_HI_WMASK;
      if (!rst_ni || is_addr_q || is_hash_q) low_copy[word[5:0]] <= value;
      if (!rst_ni || is_hash_q) hash_mem[word[2:0]] <= value;
      if (!rst_ni || is_vlan_q) begin
        vlan_copy[word] <= value;
        vlan_mem[word]  <= value;
      end
      if (!rst_ni || (is_addr_q && !word[0])) addr_q[word[4:1]][31:0] <= value;
      if (!rst_ni || (is_addr_q && word[0])) begin
        addr_q[word[4:1]][47:32] <= value[15:0];
        valid_q[word[4:1]]       <= value[RX_ADDR_HI_VALID_LSB];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i.valid) begin
      rsp_o.hit   <= is_addr_q || is_hash_q || is_vlan_q;
      rsp_o.rdata <= is_vlan_q ? vlan_q : (is_addr_q || is_hash_q) ? low_q : '0;
    end
  end

  // ------------------------------------------------------------------ the datapath's question
  // The upper byte of Linux' ether_crc(): CRC-32, each byte's lowest bit first, begun with ones, not inverted.
  function automatic logic [7:0] hash_of(logic [47:0] dest);
    logic [31:0] crc;
    crc = '1;
    for (int unsigned i = 0; i < 48; i++) crc = {crc[30:0], 1'b0} ^ ((crc[31] ^ dest[i]) ? 32'h04c11db7 : '0);
    return crc[31:24];
  endfunction

  // A CRC is linear: which bits of the address each bit of the hash is the parity of, but for the hash of 0. So written it
  // is three levels of logic, not one for each bit of the address.
  typedef logic [7:0][47:0] hash_taps_t;
  function automatic hash_taps_t hash_taps();
    for (int unsigned i = 0; i < 48; i++) begin
      automatic logic [7:0] changed = hash_of(48'd1 << i) ^ hash_of('0);
      for (int unsigned h = 0; h < 8; h++) hash_taps[h][i] = changed[h];
    end
  endfunction
  localparam hash_taps_t HashTaps = hash_taps();
  localparam logic [7:0] HashOfZero = hash_of('0);

  logic [RX_ADDR_COUNT-1:0] equal_q;
  logic        looked_q, open_q;
  logic [7:0]  dest_hash_q;
  logic [31:0] vlans_q;
  logic [4:0]  vlan_bit_q;

  always_ff @(posedge clk_i) begin
    looked_q <= rst_ni && look_i;
    if (look_i) begin
      open_q      <= glob_i.promisc || dest_i == glob_i.mac || (dest_i[0] && glob_i.allmulti) ||
                     (dest_i == '1 && glob_i.broadcast);
      for (int unsigned i = 0; i < RX_ADDR_COUNT; i++) equal_q[i] <= valid_q[i] && addr_q[i] == dest_i;
      for (int unsigned h = 0; h < 8; h++) dest_hash_q[h] <= ^(dest_i & HashTaps[h]) ^ HashOfZero[h];
      vlans_q     <= vlan_mem[vid_i[11:5]];
      vlan_bit_q  <= vid_i[4:0];
    end
    if (looked_q) begin
      addr_pass_o <= open_q || equal_q != '0 || hash_mem[dest_hash_q[7:5]][dest_hash_q[4:0]];
      vlan_pass_o <= vlans_q[vlan_bit_q];
    end
  end

endmodule
