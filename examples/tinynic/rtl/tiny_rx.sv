// SPDX-License-Identifier: Apache-2.0
// Receive: takes a whole frame, then writes it to the buffer of the descriptor at hand, at any byte address (one burst at a
// time). Good frames have 14 to MaxFrame bytes, fit the buffer and are for us: to station_i, to a group, or promisc_i is set.
// All others, and those that find no descriptor, are dropped: drop_o. done_o comes after the last write response, so whoever
// sees the descriptor done sees the data. A full FIFO makes the MAC wait (tready); how much the MAC can hold is its own affair.
module tiny_rx #(
  parameter int unsigned MaxFrame = 9018
) (
  input  logic        clk_i, rst_ni,
  input  logic        desc_valid_i,
  input  logic [63:0] desc_addr_i,
  input  logic [15:0] desc_len_i,
  input  logic [47:0] station_i,  // first byte on the wire in 7:0
  input  logic        promisc_i,
  output logic        done_o, err_o, busy_o, drop_o,
  output logic [15:0] len_o,
  output logic [63:0] m_axi_awaddr,
  output logic [7:0]  m_axi_awlen,
  output logic        m_axi_awvalid,
  input  logic        m_axi_awready,
  output logic [63:0] m_axi_wdata,
  output logic [7:0]  m_axi_wstrb,
  output logic        m_axi_wlast, m_axi_wvalid,
  input  logic        m_axi_wready,
  input  logic [1:0]  m_axi_bresp,
  input  logic        m_axi_bvalid,
  output logic        m_axi_bready,
  input  logic        mac_clk_i, mac_rst_ni,
  input  logic [63:0] s_axis_tdata,
  input  logic [7:0]  s_axis_tkeep,
  input  logic        s_axis_tvalid, s_axis_tlast, s_axis_tuser,
  output logic        s_axis_tready
);
  // ---------------------------------------------------------------- from the wire into the FIFOs, on mac_clk
  localparam logic [13:0] Cap = 14'((MaxFrame + 8) / 8 * 8);  // of a longer frame no more is kept; it is dropped later
  logic [13:0] len_q, len_d;
  logic        data_ready, frame_ready, bad, taken;

  assign s_axis_tready = data_ready && frame_ready;
  assign taken         = s_axis_tvalid && s_axis_tready;
  assign len_d         = len_q == Cap ? Cap : len_q + 14'($countones(s_axis_tkeep));
  assign bad           = s_axis_tuser || len_d < 14 || len_d > 14'(MaxFrame);

  always_ff @(posedge mac_clk_i) begin
    if (!mac_rst_ni || taken && s_axis_tlast) len_q <= '0;
    else if (taken) len_q <= len_d;
    if (mac_rst_ni) assert (!s_axis_tvalid || s_axis_tkeep[0]) else $error("tiny_rx: a beat of no bytes");
  end

  logic [63:0] word;
  logic [13:0] len;
  logic        word_valid, word_pop, frame_valid, frame_pop, frame_bad;

  tiny_fifo #(.Width(64), .DepthLog2(11)) u_data (
    .wclk_i(mac_clk_i), .wrst_ni(mac_rst_ni), .push_i(taken && len_q != Cap), .wdata_i(s_axis_tdata), .ready_o(data_ready),
    .drained_o(),
    .rclk_i(clk_i), .rrst_ni(rst_ni), .pop_i(word_pop), .valid_o(word_valid), .rdata_o(word));
  tiny_fifo #(.Width(15), .DepthLog2(5)) u_frames (
    .wclk_i(mac_clk_i), .wrst_ni(mac_rst_ni), .push_i(taken && s_axis_tlast), .wdata_i({bad, len_d}), .ready_o(frame_ready),
    .drained_o(),
    .rclk_i(clk_i), .rrst_ni(rst_ni), .pop_i(frame_pop), .valid_o(frame_valid), .rdata_o({frame_bad, len}));

  // ---------------------------------------------------------------- from the FIFOs to memory, on clk
  typedef enum logic [2:0] {Idle, Drop, Addr, Data, Resp} state_e;
  state_e      state_q;
  logic [60:0] addr_q;                // of the next beat
  logic [2:0]  shift_q;               // bytes by which the frame is off the beats
  logic [10:0] words_q, beats_q;      // still to come from the FIFO, still to go to memory
  logic [8:0]  burst, left_q;         // beats of the next burst, beats left of this one
  logic [63:0] prev_q;                // the word before: its upper bytes open the next beat
  logic        first_q, err_q, start, for_us, deliver, need, written, over;

  assign start         = state_q == Idle && frame_valid && word_valid;
  assign for_us        = promisc_i || word[0] || word[47:0] == station_i;
  assign deliver       = desc_valid_i && for_us && !frame_bad && 16'(len) <= desc_len_i;
  assign need          = words_q != 0;
  assign burst         = beats_q < 11'(256 - addr_q[7:0]) ? beats_q[8:0] : 9'd256 - 9'(addr_q[7:0]);  // as in tiny_tx
  assign m_axi_awaddr  = {addr_q, 3'b0};
  assign m_axi_awlen   = 8'(burst - 1'b1);
  assign m_axi_awvalid = state_q == Addr;
  assign m_axi_wdata   = 64'({word, prev_q} << {shift_q, 3'b0} >> 64);
  assign m_axi_wstrb   = (first_q ? 8'hff << shift_q : 8'hff) & (beats_q == 1 ? 8'hff >> (3'd0 - (shift_q + len[2:0])) : 8'hff);
  assign m_axi_wlast   = left_q == 1;
  assign m_axi_wvalid  = state_q == Data && (word_valid || !need);
  assign m_axi_bready  = state_q == Resp;
  assign written       = m_axi_wvalid && m_axi_wready;

  assign over      = state_q == Resp && m_axi_bvalid && beats_q == 0;  // the frame's last write has been answered
  assign word_pop  = word_valid && need && (state_q == Drop || written);
  assign frame_pop = over || state_q == Drop && word_pop && words_q == 1;
  assign done_o    = over;
  assign err_o     = err_q || m_axi_bresp[1];
  assign len_o     = 16'(len);
  assign drop_o    = start && !deliver;
  assign busy_o    = state_q != Idle && state_q != Drop;

  always_ff @(posedge clk_i) begin
    if (word_pop) {prev_q, words_q} <= {word, words_q - 1'b1};
    case (state_q)
      Idle: if (start) begin
        {addr_q, shift_q} <= desc_addr_i;
        words_q           <= 11'((len + 14'd7) >> 3);
        beats_q           <= 11'((len + 14'(desc_addr_i[2:0]) + 14'd7) >> 3);
        {prev_q, err_q}   <= '0;
        first_q           <= 1'b1;
        state_q           <= deliver ? Addr : Drop;
      end
      Drop: if (frame_pop) state_q <= Idle;
      Addr: if (m_axi_awready) {state_q, left_q} <= {Data, burst};
      Data: if (written) begin
        first_q <= 1'b0;
        addr_q  <= addr_q + 1'b1;
        beats_q <= beats_q - 1'b1;
        left_q  <= left_q - 1'b1;
        if (m_axi_wlast) state_q <= Resp;
      end
      default: if (m_axi_bvalid) begin
        err_q   <= err_q || m_axi_bresp[1];
        state_q <= over ? Idle : Addr;
      end
    endcase
    if (!rst_ni) state_q <= Idle;
    else assert (!m_axi_awvalid || (m_axi_awaddr[11:0] + 13'(burst) * 8) <= 4096) else $error("tiny_rx: burst crosses 4 KiB");
  end
endmodule
