// SPDX-License-Identifier: Apache-2.0
// Registers of receive-side scaling: RSS_CTRL, the hash key and the table of queues, which the datapath looks up
// without a clock's delay. They may change at any clock; a frame at that time may get the hash or queue of either.
// The table is a memory, of which reset clears a word a clock: it lasts as many clocks as there are words, or more.

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

  localparam int unsigned KeyBits = 32 * RSS_KEY_COUNT;

  logic [15:0] table_mem [RSS_TABLE_COUNT];   // four queues each

  // ------------------------------------------------------------------ registers
  // A word of the key has its first byte in 7:0, the key its first byte most significant.
  function automatic logic [31:0] swap(logic [31:0] word);
    return {word[7:0], word[15:8], word[23:16], word[31:24]};
  endfunction

  // A word of the table as the register shows it, and after a write.
  function automatic logic [31:0] widen(logic [15:0] queues);
    return {4'b0, queues[15:12], 4'b0, queues[11:8], 4'b0, queues[7:4], 4'b0, queues[3:0]};
  endfunction

  localparam int unsigned KeyWidth   = $clog2(RSS_KEY_COUNT);
  localparam int unsigned TableWidth = $clog2(RSS_TABLE_COUNT);

  logic                  is_ctrl_q, is_key_q, is_table_q;
  logic [KeyWidth-1:0]   key_word_q;
  logic [TableWidth-1:0] table_word_q, clear_q;
  logic [31:0]           wdata_q;
  logic [3:0]            wstrb_q;

  function automatic logic [15:0] apply_queues(logic [15:0] old);
    for (int b = 0; b < 4; b++) apply_queues[4*b+:4] = wstrb_q[b] ? wdata_q[8*b+:4] : old[4*b+:4];
  endfunction

  always_ff @(posedge clk_i) begin
    if (req_i.setup) begin : decode
      automatic logic [15:0] key_at   = req_i.addr - RSS_KEY_BASE;
      automatic logic [15:0] table_at = req_i.addr - RSS_TABLE_BASE;
      automatic logic        key      = key_at < 16'(4 * RSS_KEY_COUNT);
      automatic logic        is_table = table_at < 16'(4 * RSS_TABLE_COUNT);
      is_ctrl_q  <= req_i.addr == RSS_CTRL_OFFSET;
      is_key_q   <= key;
      is_table_q <= is_table;
      if (key || is_table) begin
        key_word_q   <= key_at[2+:KeyWidth];
        table_word_q <= table_at[2+:TableWidth];
        wdata_q      <= req_i.wdata;
        wstrb_q      <= req_i.wstrb;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i.valid && req_i.write) begin
      if (is_ctrl_q && req_i.wstrb[0]) begin
        rss_cfg_o.types   <= req_i.wdata[5:0];
        rss_cfg_o.sym_xor <= req_i.wdata[RSS_CTRL_SYM_XOR_LSB];
      end
      // The key's first word is its most significant.
      for (int unsigned w = 0; w < RSS_KEY_COUNT; w++) begin
        if (is_key_q && key_word_q == KeyWidth'(w)) begin
          rss_cfg_o.key[KeyBits-32*(w+1)+:32] <=
              swap(apply_strb(swap(rss_cfg_o.key[KeyBits-32*(w+1)+:32]), wdata_q, wstrb_q));
        end
      end
    end
    if (!rst_ni) begin
      rss_cfg_o.types   <= RSS_CTRL_DEFAULT[5:0];
      rss_cfg_o.sym_xor <= RSS_CTRL_DEFAULT[RSS_CTRL_SYM_XOR_LSB];
      rss_cfg_o.key     <= {RSS_KEY_COUNT{swap(RSS_KEY_WORD_DEFAULT)}};
    end
  end

  always_ff @(posedge clk_i) begin
    if ((req_i.valid && req_i.write && is_table_q) || !rst_ni) begin : store
      automatic logic [TableWidth-1:0] at = rst_ni ? table_word_q : clear_q;
      clear_q       <= clear_q + 1'b1;
      table_mem[at] <= rst_ni ? apply_queues(table_mem[at]) : '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i.valid) begin
      rsp_o     <= '0;
      rsp_o.hit <= is_ctrl_q || is_key_q || is_table_q;
      if (is_ctrl_q) begin
        rsp_o.rdata[5:0]                  <= rss_cfg_o.types;
        rsp_o.rdata[RSS_CTRL_SYM_XOR_LSB] <= rss_cfg_o.sym_xor;
      end
      if (is_key_q) rsp_o.rdata <= swap(rss_cfg_o.key[9'(KeyBits-32)-{key_word_q, 5'b0}+:32]);
      if (is_table_q) rsp_o.rdata <= widen(table_mem[table_word_q]);
    end
  end

  // ------------------------------------------------------------------ datapath
  queue_t entry;

  assign entry   = table_mem[index_i[6:2]][{index_i[1:0], 2'b00}+:4];
  assign queue_o = (32'(entry) < Queues) ? entry : '0;

endmodule
