// SPDX-License-Identifier: Apache-2.0
// The RX filter and its registers: 16 addresses, 256 bits that a hash of the address chooses from, 4096 VLANs.
//
// The datapath looks a frame up in one clock and has the answer in the next. Registers may change at any clock; a
// frame at that time may be judged by either setting. VLAN_FILTER is a memory, written once for the datapath and once
// for software to read; words that were not written since the reset count as 0.

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
  logic        is_addr, is_hash, is_vlan, vlan_read, vlan_read_q;
  logic [3:0]  entry;
  logic [2:0]  hash_word;
  logic [6:0]  vlan_word;
  logic [31:0] vlan_data, value_q;
  logic        hit_q;

  always_comb begin
    is_addr = 1'b0;
    is_hash = 1'b0;
    is_vlan = 1'b0;
    if (req_i.valid) begin
      is_addr = (req_i.addr - RX_ADDR_BASE) < 16'(RX_ADDR_COUNT * RX_ADDR_STRIDE);
      is_hash = (req_i.addr - RX_HASH_BASE) < 16'(RX_HASH_COUNT * RX_HASH_STRIDE);
      is_vlan = (req_i.addr - VLAN_FILTER_BASE) < 16'(VLAN_FILTER_COUNT * VLAN_FILTER_STRIDE);
    end
  end

  // The arrays lie at multiples of their size.
  assign entry     = req_i.addr[6:3];
  assign hash_word = req_i.addr[4:2];
  assign vlan_word = req_i.addr[8:2];
  assign vlan_read = is_vlan && !req_i.write;

  always_ff @(posedge clk_i) begin
    if (req_i.write) begin
      if (is_addr && !req_i.addr[2]) addr_q[entry][31:0] <= apply_strb(addr_q[entry][31:0], req_i.wdata, req_i.wstrb);
      if (is_addr && req_i.addr[2]) begin
        addr_q[entry][47:32] <= 16'(apply_strb(32'(addr_q[entry][47:32]), req_i.wdata, req_i.wstrb));
        if (req_i.wstrb[3]) valid_q[entry] <= req_i.wdata[RX_ADDR_HI_VALID_LSB];
      end
      if (is_hash) hash_q[hash_word] <= apply_strb(hash_q[hash_word], req_i.wdata, req_i.wstrb);
      if (is_vlan) written_q[vlan_word] <= 1'b1;
    end
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
      hit_q       <= is_addr || is_hash || is_vlan;
      vlan_read_q <= vlan_read && written_q[vlan_word];
      value_q     <= '0;
      if (is_hash) value_q <= hash_q[hash_word];
      if (is_addr && !req_i.addr[2]) value_q <= addr_q[entry][31:0];
      if (is_addr && req_i.addr[2]) begin
        value_q[15:0]                 <= addr_q[entry][47:32];
        value_q[RX_ADDR_HI_VALID_LSB] <= valid_q[entry];
      end
    end
  end

  assign rsp_o.hit   = hit_q;
  assign rsp_o.rdata = vlan_read_q ? vlan_data : value_q;

  // ------------------------------------------------------------------ VLANs: a word's first write clears what is not written
  logic [3:0]  strb;
  logic [31:0] wdata, look_word;
  logic        known_q;
  logic [4:0]  bit_q;

  always_comb begin
    strb  = req_i.wstrb;
    wdata = req_i.wdata;
    if (is_vlan && !written_q[vlan_word]) begin
      strb  = '1;
      wdata = apply_strb('0, req_i.wdata, req_i.wstrb);
    end
  end

  nic_ram_be #(
      .Width(32),
      .Depth(VLAN_FILTER_COUNT)
  ) u_vlans (
      .clk_i,
      .we_i   (is_vlan && req_i.write),
      .waddr_i(vlan_word),
      .wbe_i  (strb),
      .wdata_i(wdata),
      .re_i   (look_i),
      .raddr_i(vid_i[11:5]),
      .rdata_o(look_word)
  );

  nic_ram_be #(
      .Width(32),
      .Depth(VLAN_FILTER_COUNT)
  ) u_readable (
      .clk_i,
      .we_i   (is_vlan && req_i.write),
      .waddr_i(vlan_word),
      .wbe_i  (strb),
      .wdata_i(wdata),
      .re_i   (vlan_read),
      .raddr_i(vlan_word),
      .rdata_o(vlan_data)
  );

  // ------------------------------------------------------------------ the datapath's question
  // The upper byte of Linux' ether_crc(): CRC-32, each byte's lowest bit first, begun with ones, not inverted.
  function automatic logic [7:0] hash_of(logic [47:0] dest);
    logic [31:0] crc;
    crc = '1;
    for (int unsigned i = 0; i < 48; i++) crc = {crc[30:0], 1'b0} ^ ((crc[31] ^ dest[i]) ? 32'h04c11db7 : '0);
    return crc[31:24];
  endfunction

  function automatic logic passes(glob_cfg_t glob, logic [47:0] dest);
    logic [7:0] hash;
    if (glob.promisc || dest == glob.mac) return 1'b1;
    if (dest[0] && glob.allmulti) return 1'b1;
    if (dest == '1 && glob.broadcast) return 1'b1;
    for (int unsigned i = 0; i < RX_ADDR_COUNT; i++) begin
      if (valid_q[i] && addr_q[i] == dest) return 1'b1;
    end
    hash = hash_of(dest);
    return hash_q[hash[7:5]][hash[4:0]];
  endfunction

  always_ff @(posedge clk_i) begin
    if (look_i) begin
      addr_pass_o <= passes(glob_i, dest_i);
      known_q     <= written_q[vid_i[11:5]];
      bit_q       <= vid_i[4:0];
    end
  end

  assign vlan_pass_o = known_q && look_word[bit_q];

endmodule
