// SPDX-License-Identifier: Apache-2.0
// AXI4 read channels: joins the read requests of the datapath into AR, and hands R beats to their owners.
//
// Requests are served by priority (RX descriptors, TX descriptors, TX data): descriptor fetches are few and
// everything else waits for them. R is never stalled: who asks has reserved room. Beats of different IDs may come
// interleaved and out of order; the owner tells them apart by kind and queue. Latency: one clock each way.

`include "nic_assert.svh"

module nic_dma_read
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,

    // requests: 0 RX descriptors, 1 TX descriptors, 2 TX data
    input  logic [2:0]           req_valid_i,
    input  dma_req_t [2:0]       req_i,
    output logic [2:0]           req_ready_o,

    // data, one beat a clock at most
    output logic                 r_valid_o,
    output logic [1:0]           r_kind_o,
    output logic [QWidth-1:0]    r_queue_o,
    output logic [DataWidth-1:0] r_data_o,
    output logic                 r_last_o,
    output logic                 r_err_o,

    output logic                 idle_o,         // nothing requested, nothing outstanding

    // AXI4
    output logic                 m_axi_arvalid,
    input  logic                 m_axi_arready,
    output logic [IdBits-1:0]    m_axi_arid,
    output logic [63:0]          m_axi_araddr,
    output logic [7:0]           m_axi_arlen,
    input  logic                 m_axi_rvalid,
    output logic                 m_axi_rready,
    input  logic [IdBits-1:0]    m_axi_rid,
    input  logic [DataWidth-1:0] m_axi_rdata,
    input  logic [1:0]           m_axi_rresp,
    input  logic                 m_axi_rlast
);

  // ------------------------------------------------------------------ AR
  dma_req_t   ar_q;
  logic       ar_valid_q;
  logic       ar_free;
  logic [1:0] sel;

  assign ar_free = !ar_valid_q || m_axi_arready;
  assign sel     = req_valid_i[0] ? 2'd0 : req_valid_i[1] ? 2'd1 : 2'd2;

  assign req_ready_o[0] = ar_free;
  assign req_ready_o[1] = ar_free && !req_valid_i[0];
  assign req_ready_o[2] = ar_free && !req_valid_i[0] && !req_valid_i[1];

  assign m_axi_arvalid = ar_valid_q;
  assign m_axi_arid    = ar_q.id;
  assign m_axi_araddr  = ar_q.addr;
  assign m_axi_arlen   = ar_q.len;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) ar_valid_q <= 1'b0;
    else if (ar_free) ar_valid_q <= req_valid_i != '0;
  end

  always_ff @(posedge clk_i) begin
    if (ar_free && req_valid_i != '0) ar_q <= req_i[sel];
  end

  // ------------------------------------------------------------------ R
  dma_id_t rid_q;
  assign m_axi_rready = 1'b1;
  assign r_kind_o     = rid_q.kind;
  assign r_queue_o    = rid_q.qp[QWidth-1:0];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) r_valid_o <= 1'b0;
    else r_valid_o <= m_axi_rvalid;
  end

  always_ff @(posedge clk_i) begin
    if (m_axi_rvalid) begin
      rid_q    <= m_axi_rid;
      r_data_o <= m_axi_rdata;
      r_last_o <= m_axi_rlast;
      r_err_o  <= m_axi_rresp >= 2'b10;   // SLVERR, DECERR
    end
  end

  // ------------------------------------------------------------------ outstanding bursts
  logic [11:0] out_q;
  logic        grant, done;
  assign grant  = ar_free && req_valid_i != '0;
  assign done   = r_valid_o && r_last_o;
  assign idle_o = out_q == '0 && req_valid_i == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) out_q <= '0;
    else if (grant != done) out_q <= grant ? out_q + 1'b1 : out_q - 1'b1;
  end

  // ------------------------------------------------------------------ rules
  logic [12:0] last_byte;   // of the burst's last beat, within 4 KiB
  assign last_byte = {1'b0, ar_q.addr[11:0] & ~12'(DataWidth / 8 - 1)} +
                     ({5'b0, ar_q.len} << $clog2(DataWidth / 8)) + 13'(DataWidth / 8 - 1);

  `NIC_ASSERT_IF(ArWithin4KiB, ar_valid_q, last_byte < 13'd4096)
  `NIC_ASSERT_IF(ROnlyWhenOutstanding, r_valid_o, out_q != '0)
  `NIC_ASSERT_IF(RQueueExists, r_valid_o, 32'(rid_q.qp) < Queues)
  `NIC_ASSERT(ReadsOutstandingBounded, out_q != '1)
`ifndef SYNTHESIS
  logic     ar_wait_q;
  dma_req_t ar_was_q;
  always_ff @(posedge clk_i) begin
    ar_wait_q <= rst_ni && m_axi_arvalid && !m_axi_arready;
    if (m_axi_arvalid) ar_was_q <= ar_q;
  end
  `NIC_ASSERT_IF(ArStable, ar_wait_q, (m_axi_arvalid && ar_q == ar_was_q))
`endif

endmodule
