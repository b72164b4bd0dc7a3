// SPDX-License-Identifier: Apache-2.0
// Transmit: fetches the frame of the descriptor at hand, one burst at a time, and sends it once all of it is here, so
// that the MAC is never starved in a frame. The frame has 14 to 9018 bytes and is sent as it is: padding is the
// driver's. done_o: the buffer has been read. err_o: the length is bad or the bus reported an error; nothing is sent.
module tiny_tx (
  input  logic        clk_i, rst_ni, mac_clk_i, mac_rst_ni,
  input  logic        desc_valid_i,
  input  logic [60:0] desc_addr_i,  // in words of 8 bytes
  input  logic [15:0] desc_len_i,
  output logic        done_o, err_o, busy_o,
  output logic [63:0] m_axi_araddr,
  output logic [7:0]  m_axi_arlen,
  output logic        m_axi_arvalid, m_axi_rready,
  input  logic        m_axi_arready, m_axi_rvalid, m_axi_rlast,
  input  logic [63:0] m_axi_rdata,
  input  logic [1:0]  m_axi_rresp,
  output logic [63:0] m_axis_tdata,
  output logic [7:0]  m_axis_tkeep,
  output logic        m_axis_tvalid, m_axis_tlast,
  input  logic        m_axis_tready
);
  // ---------------------------------------------------------------- from memory into the FIFOs, on clk
  typedef enum logic [1:0] {Idle, Addr, Data, Send} state_e;
  state_e      state_q;
  logic [60:0] addr_q;   // of the next word
  logic [10:0] words_q;  // of the frame, still to be fetched
  logic [8:0]  burst;
  logic        err_q, bad_len, fetched, data_ready, frame_ready, drained;

  assign bad_len = desc_len_i < 14 || desc_len_i > 9018;
  assign fetched = m_axi_rvalid && m_axi_rready;
  assign done_o  = state_q == Send && frame_ready || state_q == Idle && desc_valid_i && bad_len;
  assign err_o   = err_q || state_q == Idle;
  assign busy_o  = state_q != Idle || !drained;
  // Bursts end on a multiple of 2 KiB: at most 256 beats, and none crosses 4 KiB.
  assign burst         = words_q < 11'(256 - addr_q[7:0]) ? words_q[8:0] : 9'd256 - 9'(addr_q[7:0]);
  assign m_axi_araddr  = {addr_q, 3'b0};
  assign m_axi_arlen   = 8'(burst - 1'b1);
  assign m_axi_arvalid = state_q == Addr;
  assign m_axi_rready  = state_q == Data && data_ready;

  always_ff @(posedge clk_i) begin
    unique case (state_q)
      Idle: if (desc_valid_i && !bad_len) begin
        {addr_q, err_q} <= {desc_addr_i, 1'b0};
        words_q         <= 11'((desc_len_i + 16'd7) >> 3);
        state_q         <= Addr;
      end
      Addr: if (m_axi_arready) state_q <= Data;
      Data: if (fetched) begin
        addr_q  <= addr_q + 1'b1;
        words_q <= words_q - 1'b1;
        err_q   <= err_q || m_axi_rresp[1];
        if (m_axi_rlast) state_q <= words_q == 1 ? Send : Addr;
      end
      Send: if (frame_ready) state_q <= Idle;
    endcase
    if (!rst_ni) state_q <= Idle;
    else assert (!m_axi_arvalid || m_axi_araddr[11:0] + 13'(burst) * 8 <= 4096) else $error("tiny_tx: crosses 4 KiB");
  end

  // ---------------------------------------------------------------- across, and onto the wire, on mac_clk
  logic        data_valid, frame_valid, drop, pop;
  logic [13:0] len;
  logic [10:0] word_q;  // of the frame being sent

  tiny_fifo #(.Width(64), .DepthLog2(11)) u_data (
    .wclk_i(clk_i), .wrst_ni(rst_ni), .push_i(fetched), .wdata_i(m_axi_rdata), .ready_o(data_ready), .drained_o(),
    .rclk_i(mac_clk_i), .rrst_ni(mac_rst_ni), .pop_i(pop), .valid_o(data_valid), .rdata_o(m_axis_tdata));
  tiny_fifo #(.Width(15), .DepthLog2(5)) u_frames (  // an entry is popped when its last word has been sent
    .wclk_i(clk_i), .wrst_ni(rst_ni), .push_i(state_q == Send), .wdata_i({err_q, desc_len_i[13:0]}),
    .ready_o(frame_ready), .drained_o(drained), .rclk_i(mac_clk_i), .rrst_ni(mac_rst_ni), .pop_i(pop && m_axis_tlast),
    .valid_o(frame_valid), .rdata_o({drop, len}));

  assign m_axis_tvalid = frame_valid && data_valid && !drop;
  assign m_axis_tlast  = word_q == 11'((len - 1'b1) >> 3);
  assign m_axis_tkeep  = m_axis_tlast ? 8'hff >> (3'd0 - len[2:0]) : 8'hff;
  assign pop           = frame_valid && data_valid && (drop || m_axis_tready);

  always_ff @(posedge mac_clk_i) word_q <= !mac_rst_ni || pop && m_axis_tlast ? '0 : word_q + 11'(pop);
endmodule
