// SPDX-License-Identifier: Apache-2.0
// nic_dma_read, the AXI4 master's read side: each request goes out once and unchanged, valid and payload hold, no burst
// crosses 4 KiB, outstanding bursts are counted right (idle_o tells the truth), and each beat reaches its owner.
//
// Two queues, 64 bits. The three who ask hold what they ask for, keep within 4 KiB,
// and have up to 8 bursts outstanding together, a bound of this harness; the memory answers bursts in any order.

`include "nic_assert.svh"

module dma_read_proof
  import nic_pkg::*;
  import nic_dma_pkg::*;
(
    input logic           clk_i,
    input logic     [2:0] req_valid_i,
    input dma_req_t [2:0] req_i,
    input logic           m_axi_arready,
    input logic           m_axi_rvalid,
    input logic     [5:0] m_axi_rid,
    input logic    [63:0] m_axi_rdata,
    input logic     [1:0] m_axi_rresp,
    input logic           m_axi_rlast
);
  localparam int unsigned Limit = 8;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  logic [2:0]  req_ready_o;
  logic        r_last_o, r_err_o, idle_o, m_axi_arvalid, m_axi_rready;
  logic        rx_desc_valid_o, tx_desc_valid_o, tx_data_valid_o, r_valid;
  logic [0:0]  r_queue_o;
  logic [63:0] r_data_o, m_axi_araddr;
  logic [5:0]  m_axi_arid;
  logic [7:0]  m_axi_arlen;
  nic_dma_read #(
      .DataWidth(64),
      .Queues   (2)
  ) dut (.*);
  assign r_valid = rx_desc_valid_o || tx_desc_valid_o || tx_data_valid_o;

  // Who asks holds it until it is taken; bursts within 4 KiB, of queues that exist.
  logic     [2:0] wait_q;
  dma_req_t [2:0] was_q;
  always_ff @(posedge clk_i) begin
    wait_q <= rst_ni ? req_valid_i & ~req_ready_o : '0;
    was_q  <= req_i;
  end
  for (genvar i = 0; i < 3; i++) begin : gen_source
    `NIC_ASSUME(Holds, !wait_q[i] || (req_valid_i[i] && req_i[i] == was_q[i]))
    `NIC_ASSUME(Within4KiB, 13'({req_i[i].addr[11:3], 3'b0}) + {2'b0, req_i[i].len, 3'b0} + 13'd7 < 13'd4096)
    `NIC_ASSUME(QueueExists, req_i[i].id.qp < 4'd2)
  end

  // The memory: answers what it was asked for. Of one ID, any, the beats of each burst are followed.
  logic [3:0] open_q;      // asked for by the sources and not answered to them
  logic [3:0] asked_q;     // accepted on AR and not ended on R
  logic       ar, last, in;
  assign ar   = m_axi_arvalid && m_axi_arready;
  assign last = m_axi_rvalid && m_axi_rlast;
  assign in   = (req_valid_i & req_ready_o) != '0;
  `NIC_ASSUME(WithinLimit, open_q < 4'(Limit) || (req_valid_i & req_ready_o) == '0)
  `NIC_ASSUME(AnswersWhatWasAsked, !m_axi_rvalid || asked_q != '0)
  `NIC_ASSUME(AnswersWhoAsked, !m_axi_rvalid || (m_axi_rid[3:0] < 4'd2 && m_axi_rid[5:4] != 2'd3))
  logic        beat_q, beat_last_q, beat_err_q;
  logic [5:0]  beat_id_q;
  logic [63:0] beat_data_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      open_q  <= '0;
      asked_q <= '0;
      beat_q  <= 1'b0;
    end else begin
      open_q  <= open_q + 4'(in) - 4'(r_valid && r_last_o);
      asked_q <= asked_q + 4'(ar) - 4'(last);
      beat_q  <= m_axi_rvalid;
    end
    beat_id_q   <= m_axi_rid;
    beat_data_q <= m_axi_rdata;
    beat_last_q <= m_axi_rlast;
    beat_err_q  <= m_axi_rresp[1];
  end

  // What goes in comes out on AR, once: at most one request is between, and it is the last that was taken.
  logic     held_q;
  dma_req_t held_req_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) held_q <= 1'b0;
    else held_q <= in || (held_q && !m_axi_arready);
    for (int i = 0; i < 3; i++) if (req_valid_i[i] && req_ready_o[i]) held_req_q <= req_i[i];
  end
  `NIC_ASSERT(OneSourceAtATime, $onehot0(req_valid_i & req_ready_o))
  `NIC_ASSERT(EachGoesOutOnce, m_axi_arvalid == held_q)
  `NIC_ASSERT(Unchanged, !held_q || {m_axi_arid, m_axi_araddr, m_axi_arlen} == held_req_q)
  `NIC_ASSERT(CountIsTrue, dut.out_q == 12'(open_q) && open_q <= 4'(Limit))
  `NIC_ASSERT(OpenIsAsked, open_q == asked_q + 4'(held_q) + 4'(beat_q && beat_last_q) && asked_q <= 4'(Limit))
  `NIC_ASSERT(BeatHasOwner, dut.r_valid_q == r_valid)
  `NIC_ASSERT(BeatIsOfOpenBurst, !beat_q || beat_last_q || asked_q != '0)
  `NIC_ASSERT(IdleIsTrue, idle_o == (open_q == '0 && req_valid_i == '0))
  `NIC_ASSERT(BeatReachesOwner, r_valid == beat_q && (!beat_q ||
              ({tx_data_valid_o, rx_desc_valid_o, tx_desc_valid_o} == 3'(1) << beat_id_q[5:4] &&
              r_queue_o == beat_id_q[0] &&
              r_data_o == beat_data_q && r_last_o == beat_last_q && r_err_o == beat_err_q)))
  `NIC_ASSERT(AlwaysTaken, m_axi_rready)

  `NIC_COVER(LimitReached, open_q == 4'(Limit) && asked_q == 4'(Limit))
  // Two bursts, one up to a 4 KiB boundary, the next from it on.
  logic upto_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) upto_q <= 1'b0;
    else if (ar) upto_q <= m_axi_araddr == 64'h1800 && m_axi_arlen == 8'd255;
  end
  `NIC_COVER(SplitAt4KiB, ar && upto_q && m_axi_araddr == 64'h2000 && m_axi_arlen == 8'd3)
  `NIC_COVER(AllAnswered, idle_o && m_axi_araddr == 64'h2000 && !beat_q)
endmodule
