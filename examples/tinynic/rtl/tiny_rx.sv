// SPDX-License-Identifier: Apache-2.0
// Receive: takes a whole frame, then writes it to the buffer of the descriptor at hand, one burst at a time. Good frames
// have 14 to 9018 bytes, fit the buffer and are for us: to station_i, to a group, or promisc_i is set. Others, and
// those that find no descriptor, are dropped: drop_o. done_o follows the last write response, so whoever sees the
// descriptor done sees the data. Full FIFOs make the MAC wait (tready).
module tiny_rx (
  input  logic        clk_i, rst_ni, mac_clk_i, mac_rst_ni,
  input  logic        desc_valid_i, promisc_i,
  input  logic [60:0] desc_addr_i,  // in words of 8 bytes
  input  logic [15:0] desc_len_i,
  input  logic [47:0] station_i,  // first byte on the wire in 7:0
  output logic        done_o, err_o, busy_o, drop_o,
  output logic [15:0] len_o,
  output logic [63:0] m_axi_awaddr, m_axi_wdata,
  output logic [7:0]  m_axi_awlen, m_axi_wstrb,
  output logic        m_axi_awvalid, m_axi_wlast, m_axi_wvalid, m_axi_bready,
  input  logic        m_axi_awready, m_axi_wready, m_axi_bvalid,
  input  logic [1:0]  m_axi_bresp,
  input  logic [63:0] s_axis_tdata,
  input  logic [7:0]  s_axis_tkeep,
  input  logic        s_axis_tvalid, s_axis_tlast, s_axis_tuser,
  output logic        s_axis_tready
);
  // ---------------------------------------------------------------- from the wire into the FIFOs, on mac_clk
  localparam logic [13:0] Cap = 9024;  // no more bytes of a longer frame are kept
  logic [13:0] len_q, len_d, len;
  logic [63:0] word;
  logic        data_ready, frame_ready, bad, taken, word_valid, word_pop, frame_valid, frame_pop, frame_bad;

  assign s_axis_tready = data_ready && frame_ready;
  assign taken         = s_axis_tvalid && s_axis_tready;
  assign len_d         = len_q == Cap ? Cap : len_q + 14'($countones(s_axis_tkeep));
  assign bad           = s_axis_tuser || len_d < 14 || len_d > 9018;

  always_ff @(posedge mac_clk_i) begin
    if (taken) len_q <= s_axis_tlast ? '0 : len_d;
    if (!mac_rst_ni) len_q <= '0;
    else assert (!s_axis_tvalid || s_axis_tkeep[0]) else $error("tiny_rx: a beat without bytes");
  end

  tiny_fifo #(.Width(64), .DepthLog2(11)) u_data (
    .wclk_i(mac_clk_i), .wrst_ni(mac_rst_ni), .push_i(taken && len_q != Cap), .wdata_i(s_axis_tdata), .drained_o(),
    .ready_o(data_ready), .rclk_i(clk_i), .rrst_ni(rst_ni), .pop_i(word_pop), .valid_o(word_valid), .rdata_o(word));
  tiny_fifo #(.Width(15), .DepthLog2(5)) u_frames (
    .wclk_i(mac_clk_i), .wrst_ni(mac_rst_ni), .push_i(taken && s_axis_tlast), .wdata_i({bad, len_d}), .drained_o(),
    .ready_o(frame_ready), .rclk_i(clk_i), .rrst_ni(rst_ni), .pop_i(frame_pop), .valid_o(frame_valid),
    .rdata_o({frame_bad, len}));

  // ---------------------------------------------------------------- from the FIFOs to memory, on clk
  typedef enum logic [2:0] {Idle, Drop, Addr, Data, Resp} state_e;
  state_e      state_q;
  logic [60:0] addr_q;         // of the next beat
  logic [10:0] words_q;        // of the frame, still in the FIFO
  logic [8:0]  burst;          // beats of the next burst
  logic        err_q, start, for_us, deliver, written;

  assign start     = state_q == Idle && frame_valid && word_valid;
  assign for_us    = promisc_i || word[0] || word[47:0] == station_i;
  assign deliver   = desc_valid_i && for_us && !frame_bad && 16'(len) <= desc_len_i;
  assign written   = m_axi_wvalid && m_axi_wready;
  assign word_pop  = state_q == Drop && word_valid || written;
  assign frame_pop = done_o || state_q == Drop && word_valid && words_q == 1;
  assign done_o    = state_q == Resp && m_axi_bvalid && words_q == 0;  // the last write has been answered
  assign err_o     = err_q || m_axi_bresp[1];
  assign len_o     = 16'(len);
  assign drop_o    = start && !deliver;
  assign busy_o    = state_q != Idle && state_q != Drop;
  assign burst         = words_q < 11'(256 - addr_q[7:0]) ? words_q[8:0] : 9'd256 - 9'(addr_q[7:0]);  // as in tiny_tx
  assign m_axi_awaddr  = {addr_q, 3'b0};
  assign m_axi_awlen   = 8'(burst - 1'b1);
  assign m_axi_awvalid = state_q == Addr;
  assign m_axi_wdata   = word;
  assign m_axi_wstrb   = words_q == 1 ? 8'hff >> (3'd0 - len[2:0]) : 8'hff;
  assign m_axi_wlast   = words_q == 1 || &addr_q[7:0];
  assign m_axi_wvalid  = state_q == Data && word_valid;
  assign m_axi_bready  = state_q == Resp;

  always_ff @(posedge clk_i) begin
    if (word_pop) words_q <= words_q - 1'b1;
    case (state_q)
      Idle: if (start) begin
        {addr_q, err_q} <= {desc_addr_i, 1'b0};
        words_q         <= 11'((len + 14'd7) >> 3);
        state_q         <= deliver ? Addr : Drop;
      end
      Drop: if (frame_pop) state_q <= Idle;
      Addr: if (m_axi_awready) state_q <= Data;
      Data: if (written) begin
        addr_q <= addr_q + 1'b1;
        if (m_axi_wlast) state_q <= Resp;
      end
      default: if (m_axi_bvalid) {state_q, err_q} <= {done_o ? Idle : Addr, err_o};
    endcase
    if (!rst_ni) state_q <= Idle;
    else assert (!m_axi_awvalid || m_axi_awaddr[11:0] + 13'(burst) * 8 <= 4096) else $error("tiny_rx: crosses 4 KiB");
  end
endmodule
