// SPDX-License-Identifier: Apache-2.0
// Registers of receive-side scaling: RSS_CTRL, the hash key and the table of queues, which the datapath looks up
// without a clock's delay. They may change at any clock; a frame at that time may get the hash or queue of either.

module nic_csr_rss
  import nic_pkg::*;
  import nic_regs_pkg::*;
#(
    parameter int unsigned Queues = 4
) (
    input  logic clk_i,
    input  logic rst_ni,

    // register bus
    input  reg_req_t req_i,
    output reg_rsp_t rsp_o,

    // datapath
    output rss_cfg_t   rss_cfg_o,
    input  logic [6:0] index_i,      // table entry
    output queue_t     queue_o       // its queue; one that does not exist acts as 0
);

  logic [6:0]  ctrl_q;
  logic [31:0] key_q [RSS_KEY_COUNT];
  logic [15:0] table_q [RSS_TABLE_COUNT];   // four queues each

  // ------------------------------------------------------------------ registers
  logic        is_ctrl, is_key, is_table;
  logic [15:0] key_at, table_at;
  logic [3:0]  key_word;
  logic [4:0]  table_word;

  assign key_at     = req_i.addr - RSS_KEY_BASE;
  assign table_at   = req_i.addr - RSS_TABLE_BASE;
  assign is_ctrl    = req_i.valid && req_i.addr == RSS_CTRL_OFFSET;
  assign is_key     = req_i.valid && key_at < 16'(4 * RSS_KEY_COUNT);
  assign is_table   = req_i.valid && table_at < 16'(4 * RSS_TABLE_COUNT);
  assign key_word   = is_key ? key_at[5:2] : '0;
  assign table_word = table_at[6:2];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ctrl_q <= RSS_CTRL_DEFAULT[6:0];
      for (int unsigned w = 0; w < RSS_KEY_COUNT; w++) key_q[w] <= RSS_KEY_WORD_DEFAULT;
      for (int unsigned w = 0; w < RSS_TABLE_COUNT; w++) table_q[w] <= '0;
    end else if (req_i.write) begin
      if (is_ctrl && req_i.wstrb[0]) ctrl_q <= req_i.wdata[6:0];
      if (is_key) key_q[key_word] <= apply_strb(key_q[key_word], req_i.wdata, req_i.wstrb);
      if (is_table) begin
        for (int unsigned b = 0; b < 4; b++) begin
          if (req_i.wstrb[b]) table_q[table_word][4*b+:4] <= req_i.wdata[8*b+:4];
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    rsp_o <= '0;
    if (is_ctrl || is_key || is_table) rsp_o.hit <= 1'b1;
    if (is_ctrl) rsp_o.rdata[6:0] <= ctrl_q;
    if (is_key) rsp_o.rdata <= key_q[key_word];
    if (is_table) begin
      for (int unsigned b = 0; b < 4; b++) rsp_o.rdata[8*b+:4] <= table_q[table_word][4*b+:4];
    end
  end

  // ------------------------------------------------------------------ datapath
  queue_t entry;

  assign entry   = table_q[index_i[6:2]][{index_i[1:0], 2'b00}+:4];
  assign queue_o = (32'(entry) < Queues) ? entry : '0;

  always_comb begin
    rss_cfg_o.types   = ctrl_q[5:0];
    rss_cfg_o.sym_xor = ctrl_q[RSS_CTRL_SYM_XOR_LSB];
    for (int unsigned w = 0; w < RSS_KEY_COUNT; w++) begin
      rss_cfg_o.key[32*(RSS_KEY_COUNT-1-w)+:32] = {key_q[w][7:0], key_q[w][15:8], key_q[w][23:16], key_q[w][31:24]};
    end
  end

endmodule
