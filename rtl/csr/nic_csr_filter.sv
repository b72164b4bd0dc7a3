// SPDX-License-Identifier: Apache-2.0
// The RX filter and its registers: 16 addresses, 256 bits that a hash of the address chooses from, 4096 VLANs.
//
// The datapath looks a frame up and has the answer two clocks later, a frame a clock. Registers may change at any clock; a
// frame at that time may be judged by either setting. VLAN_FILTER is a memory; words that were not written since the reset
// count as 0.

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

  logic [47:0] addr_q    [RX_ADDR_COUNT];
  logic        valid_q   [RX_ADDR_COUNT];
  logic [31:0] hash_q    [RX_HASH_COUNT];
  logic        written_q [VLAN_FILTER_COUNT];

  // ------------------------------------------------------------------ registers
  logic        is_addr_q, is_hash_q, is_vlan_q;      // what is asked for
  logic        is_addr, is_hash, is_vlan;            // in the clock of the request
  logic [3:0]  entry;
  logic [2:0]  hash_word;
  logic [6:0]  vlan_word;
  (* ram_style = "distributed" *)
  logic [31:0] vlans [VLAN_FILTER_COUNT];
  logic [31:0] vlan_q, value_q;
  logic        vlan_known_q, vlan_write_q;
  logic [6:0]  vlan_word_q;
  logic [31:0] wdata_q;
  logic [3:0]  wstrb_q;

  // The arrays lie at multiples of their size.
  always_ff @(posedge clk_i) begin
    if (req_i.setup) begin
      is_addr_q <= req_i.addr[15:7] == 9'(RX_ADDR_BASE >> 7);
      is_hash_q <= req_i.addr[15:5] == 11'(RX_HASH_BASE >> 5);
      is_vlan_q <= req_i.addr[15:9] == 7'(VLAN_FILTER_BASE >> 9);
    end
  end

  assign is_addr   = req_i.valid && is_addr_q;
  assign is_hash   = req_i.valid && is_hash_q;
  assign is_vlan   = req_i.valid && is_vlan_q;
  assign entry     = req_i.addr[6:3];
  assign hash_word = req_i.addr[4:2];
  assign vlan_word = req_i.addr[8:2];

  always_ff @(posedge clk_i) begin
    if (req_i.write) begin
      if (is_addr && !req_i.addr[2]) addr_q[entry][31:0] <= apply_strb(addr_q[entry][31:0], req_i.wdata, req_i.wstrb);
      if (is_addr && req_i.addr[2]) begin
        addr_q[entry][47:32] <= 16'(apply_strb(32'(addr_q[entry][47:32]), req_i.wdata, req_i.wstrb));
        if (req_i.wstrb[3]) valid_q[entry] <= req_i.wdata[RX_ADDR_HI_VALID_LSB];
      end
      if (is_hash) hash_q[hash_word] <= apply_strb(hash_q[hash_word], req_i.wdata, req_i.wstrb);
    end
    if (vlan_write_q) written_q[vlan_word_q] <= 1'b1;
    if (!rst_ni) begin
      for (int unsigned i = 0; i < RX_ADDR_COUNT; i++) begin
        addr_q[i]  <= '0;
        valid_q[i] <= 1'b0;
      end
      for (int unsigned i = 0; i < RX_HASH_COUNT; i++) hash_q[i] <= '0;
      for (int unsigned i = 0; i < VLAN_FILTER_COUNT; i++) written_q[i] <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i.valid) begin
      rsp_o.hit <= is_addr || is_hash || is_vlan;
      value_q   <= '0;
      if (is_hash) value_q <= hash_q[hash_word];
      if (is_addr && !req_i.addr[2]) value_q <= addr_q[entry][31:0];
      if (is_addr && req_i.addr[2]) begin
        value_q[15:0]                 <= addr_q[entry][47:32];
        value_q[RX_ADDR_HI_VALID_LSB] <= valid_q[entry];
      end
    end
  end

  assign rsp_o.rdata = vlan_known_q ? vlan_q : value_q;

  // A word of VLAN_FILTER is read in the clock of the request, and written in the next.
  always_ff @(posedge clk_i) begin
    vlan_write_q <= rst_ni && is_vlan && req_i.write;
    if (req_i.valid) vlan_known_q <= is_vlan && written_q[vlan_word];
    if (is_vlan) begin
      vlan_q      <= vlans[vlan_word];
      vlan_word_q <= vlan_word;
      wdata_q     <= req_i.wdata;
      wstrb_q     <= req_i.wstrb;
    end
  end

  always_ff @(posedge clk_i) begin
    if (vlan_write_q) vlans[vlan_word_q] <= apply_strb(rsp_o.rdata, wdata_q, wstrb_q);
  end

  // ------------------------------------------------------------------ the datapath's question
  // The upper byte of Linux' ether_crc(): CRC-32, each byte's lowest bit first, begun with ones, not inverted.
  function automatic logic [7:0] hash_of(logic [47:0] dest);
    logic [31:0] crc;
    crc = '1;
    for (int unsigned i = 0; i < 48; i++) crc = {crc[30:0], 1'b0} ^ ((crc[31] ^ dest[i]) ? 32'h04c11db7 : '0);
    return crc[31:24];
  endfunction

  function automatic logic open(glob_cfg_t glob, logic [47:0] dest);
    return glob.promisc || dest == glob.mac || (dest[0] && glob.allmulti) || (dest == '1 && glob.broadcast);
  endfunction

  logic [RX_ADDR_COUNT-1:0] equal_q;
  logic        looked_q, open_q, known_q;
  logic [7:0]  dest_hash_q;
  logic [31:0] vlans_q;
  logic [4:0]  vlan_bit_q;

  always_ff @(posedge clk_i) begin
    looked_q <= rst_ni && look_i;
    if (look_i) begin
      open_q      <= open(glob_i, dest_i);
      for (int unsigned i = 0; i < RX_ADDR_COUNT; i++) equal_q[i] <= valid_q[i] && addr_q[i] == dest_i;
      dest_hash_q <= hash_of(dest_i);
      known_q     <= written_q[vid_i[11:5]];
      vlans_q     <= vlans[vid_i[11:5]];
      vlan_bit_q  <= vid_i[4:0];
    end
    if (looked_q) begin
      addr_pass_o <= open_q || equal_q != '0 || hash_q[dest_hash_q[7:5]][dest_hash_q[4:0]];
      vlan_pass_o <= known_q && vlans_q[vlan_bit_q];
    end
  end

endmodule
