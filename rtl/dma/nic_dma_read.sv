// SPDX-License-Identifier: Apache-2.0
// AXI4 read channels: joins the read requests of the datapath into AR, and hands R beats to their owners.
//
// Requests are served by priority (RX descriptors, TX descriptors, TX data): descriptor fetches are few and
// everything else waits for them. R is never stalled: who asks has reserved room. Beats of different IDs may come
// interleaved and out of order; each owner is told of its own. Latency: one clock each way.

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
    output logic                 rx_desc_valid_o,
    output logic                 tx_desc_valid_o,
    output logic                 tx_data_valid_o,
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
  logic ar_free, grant;

  assign ar_free = !m_axi_arvalid || m_axi_arready;
  assign grant   = ar_free && req_valid_i != '0;

  assign req_ready_o[0] = ar_free;
  assign req_ready_o[1] = ar_free && !req_valid_i[0];
  assign req_ready_o[2] = ar_free && !req_valid_i[0] && !req_valid_i[1];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) m_axi_arvalid <= 1'b0;
    else if (ar_free) m_axi_arvalid <= grant;
  end

  always_ff @(posedge clk_i) begin
    if (grant) {m_axi_arid, m_axi_araddr, m_axi_arlen} <= req_valid_i[0] ? req_i[0] :
                                                          req_valid_i[1] ? req_i[1] : req_i[2];
  end

  // ------------------------------------------------------------------ R
  logic r_valid_q;
  assign m_axi_rready = 1'b1;

  always_ff @(posedge clk_i) begin
    r_valid_q       <= 1'b0;
    rx_desc_valid_o <= 1'b0;
    tx_desc_valid_o <= 1'b0;
    tx_data_valid_o <= 1'b0;
    if (m_axi_rvalid && rst_ni) begin
      r_valid_q       <= 1'b1;
      rx_desc_valid_o <= m_axi_rid[5:4] == RdRxDesc;
      tx_desc_valid_o <= m_axi_rid[5:4] == RdTxDesc;
      tx_data_valid_o <= m_axi_rid[5:4] == RdTxData;
    end
  end

  always_ff @(posedge clk_i) begin
    if (m_axi_rvalid) begin
      r_queue_o <= m_axi_rid[QWidth-1:0];
      r_data_o  <= m_axi_rdata;
      r_last_o  <= m_axi_rlast;
      r_err_o   <= m_axi_rresp >= 2'b10;   // SLVERR, DECERR
    end
  end

  // ------------------------------------------------------------------ outstanding bursts
  logic [11:0] out_q;
  logic        done;
  assign done   = r_valid_q && r_last_o;
  assign idle_o = out_q == '0 && req_valid_i == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) out_q <= '0;
    else if (grant != done) out_q <= grant ? out_q + 1'b1 : out_q - 1'b1;
  end

  // ------------------------------------------------------------------ rules
  // The burst's last byte is in the same 4 KiB.
  `NIC_ASSERT_IF(ArWithin4KiB, m_axi_arvalid, {1'b0, m_axi_araddr[11:0] & ~12'(DataWidth / 8 - 1)} +
                 ({5'b0, m_axi_arlen} << $clog2(DataWidth / 8)) + 13'(DataWidth / 8 - 1) < 13'd4096)
  `NIC_ASSERT_IF(ROnlyWhenOutstanding, r_valid_q, out_q != '0)
  `NIC_ASSERT_IF(RIsOfSomeQueue, m_axi_rvalid, 32'(m_axi_rid[3:0]) < Queues && m_axi_rid[5:4] != 2'd3)
  `NIC_ASSERT(ReadsOutstandingBounded, out_q != '1)
`ifndef SYNTHESIS
  logic     ar_wait_q;
  dma_req_t ar_was_q;
  always_ff @(posedge clk_i) begin
    ar_wait_q <= rst_ni && m_axi_arvalid && !m_axi_arready;
    if (m_axi_arvalid) ar_was_q <= {m_axi_arid, m_axi_araddr, m_axi_arlen};
  end
  `NIC_ASSERT_IF(ArStable, ar_wait_q, (m_axi_arvalid && {m_axi_arid, m_axi_araddr, m_axi_arlen} == ar_was_q))
`endif

endmodule
