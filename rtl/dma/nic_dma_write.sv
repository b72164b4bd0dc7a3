// SPDX-License-Identifier: Apache-2.0
// AXI4 write channels: joins RX data, completion records and MSI-X writes into AW and W, and hands B to its owner.
//
// A source delivers a burst as beats; the first carries the burst's address. Bursts are not mixed: a source keeps
// the channel from its first beat to its last, so W data follows the order of the addresses. Priority at a burst's
// start: MSI-X, completions, data (the first two are few: one outstanding per ring and vector); so a message goes before
// any record that is offered later. AW and W are offered independently of each other's ready. B is never stalled.

`include "nic_assert.svh"

module nic_dma_write
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned Bytes    = DataWidth / 8
) (
    input  logic clk_i,
    input  logic rst_ni,

    // RX data
    input  logic                 data_valid_i,
    output logic                 data_ready_o,
    input  logic                 data_first_i,
    input  logic                 data_last_i,
    input  dma_req_t             data_req_i,      // with the first beat
    input  logic [DataWidth-1:0] data_wdata_i,
    input  logic [Bytes-1:0]     data_wstrb_i,

    // completion records
    input  logic                 cpl_valid_i,
    output logic                 cpl_ready_o,
    input  logic                 cpl_first_i,
    input  logic                 cpl_last_i,
    input  dma_req_t             cpl_req_i,
    input  logic [DataWidth-1:0] cpl_wdata_i,
    input  logic [Bytes-1:0]     cpl_wstrb_i,

    // MSI-X: one write of four bytes
    input  logic                 msix_valid_i,
    output logic                 msix_ready_o,
    input  logic [63:0]          msix_addr_i,
    input  logic [31:0]          msix_data_i,
    input  vector_t              msix_vector_i,

    // answers
    output logic                 rx_data_done_o,
    output logic                 rx_cpl_done_o,
    output logic                 tx_cpl_done_o,
    output logic                 msix_done_o,
    output logic [QWidth-1:0]    b_queue_o,
    output queue_t               msix_id_o,       // of a message that is answered
    output logic                 b_err_o,

    output logic                 idle_o,          // nothing offered, nothing outstanding

    // AXI4
    output logic                 m_axi_awvalid,
    input  logic                 m_axi_awready,
    output logic [IdBits-1:0]    m_axi_awid,
    output logic [63:0]          m_axi_awaddr,
    output logic [7:0]           m_axi_awlen,
    output logic                 m_axi_wvalid,
    input  logic                 m_axi_wready,
    output logic [DataWidth-1:0] m_axi_wdata,
    output logic [Bytes-1:0]     m_axi_wstrb,
    output logic                 m_axi_wlast,
    input  logic                 m_axi_bvalid,
    output logic                 m_axi_bready,
    input  logic [IdBits-1:0]    m_axi_bid,
    input  logic [1:0]           m_axi_bresp
);

  typedef enum logic [1:0] {SrcNone, SrcData, SrcCpl} src_e;

  // ------------------------------------------------------------------ choice
  src_e lock_q;                // the source whose burst is under way
  logic aw_free, w_free, open;
  logic sel_data, sel_cpl, sel_msix;
  logic sel_first, sel_last, fire, begun;

  assign aw_free = !m_axi_awvalid || m_axi_awready;
  assign w_free  = !m_axi_wvalid || m_axi_wready;

  assign sel_first = lock_q == SrcNone;
  assign open      = w_free && (aw_free || !sel_first);       // a beat may go
  assign sel_msix  = msix_valid_i && sel_first;
  assign sel_cpl   = cpl_valid_i && (lock_q == SrcCpl || (sel_first && !msix_valid_i));
  assign sel_data  = data_valid_i && (lock_q == SrcData || (sel_first && !msix_valid_i && !cpl_valid_i));
  assign sel_last  = sel_msix || (sel_cpl && cpl_last_i) || (sel_data && data_last_i);
  assign fire      = open && (sel_msix || sel_cpl || sel_data);
  assign begun     = fire && sel_first;

  assign data_ready_o = open && sel_data;
  assign cpl_ready_o  = open && sel_cpl;
  assign msix_ready_o = open && sel_msix;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) lock_q <= SrcNone;
    else if (fire) lock_q <= sel_last ? SrcNone : sel_cpl ? SrcCpl : SrcData;
  end

  // ------------------------------------------------------------------ AW, W
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      m_axi_awvalid <= 1'b0;
      m_axi_wvalid  <= 1'b0;
    end else begin
      if (aw_free) m_axi_awvalid <= begun;
      if (w_free)  m_axi_wvalid  <= fire;
    end
  end

  always_ff @(posedge clk_i) begin
    if (begun) begin
      if (sel_msix)
        {m_axi_awid, m_axi_awaddr, m_axi_awlen} <= {WrMsix, message_id(msix_vector_i), msix_addr_i, 8'd0};
      else if (sel_cpl) {m_axi_awid, m_axi_awaddr, m_axi_awlen} <= cpl_req_i;
      else              {m_axi_awid, m_axi_awaddr, m_axi_awlen} <= data_req_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (fire) begin
      m_axi_wlast <= sel_last;
      if (sel_msix) begin
        m_axi_wdata <= {DataWidth/32{msix_data_i}};
        m_axi_wstrb <= Bytes'(15) << {msix_addr_i[$clog2(Bytes)-1:2], 2'b00};
      end else if (sel_cpl) begin
        m_axi_wdata <= cpl_wdata_i;
        m_axi_wstrb <= cpl_wstrb_i;
      end else begin
        m_axi_wdata <= data_wdata_i;
        m_axi_wstrb <= data_wstrb_i;
      end
    end
  end

  // ------------------------------------------------------------------ B
  logic b_valid_q;
  assign m_axi_bready = 1'b1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) b_valid_q <= 1'b0;
    else b_valid_q <= m_axi_bvalid;
  end

  always_ff @(posedge clk_i) begin
    rx_data_done_o <= 1'b0;
    rx_cpl_done_o  <= 1'b0;
    tx_cpl_done_o  <= 1'b0;
    msix_done_o    <= 1'b0;
    if (m_axi_bvalid && rst_ni) begin
      rx_data_done_o <= m_axi_bid[5:4] == WrRxData;
      rx_cpl_done_o  <= m_axi_bid[5:4] == WrRxCpl;
      tx_cpl_done_o  <= m_axi_bid[5:4] == WrTxCpl;
      msix_done_o    <= m_axi_bid[5:4] == WrMsix;
      b_queue_o      <= m_axi_bid[QWidth-1:0];
      msix_id_o      <= m_axi_bid[3:0];
      b_err_o        <= m_axi_bresp >= 2'b10;   // SLVERR, DECERR
    end
  end

  // ------------------------------------------------------------------ outstanding bursts
  logic [11:0] out_q;
  assign idle_o = out_q == '0 && !data_valid_i && !cpl_valid_i && !msix_valid_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) out_q <= '0;
    else if (begun != b_valid_q) out_q <= begun ? out_q + 1'b1 : out_q - 1'b1;
  end

  // ------------------------------------------------------------------ rules
  // The burst's last byte is in the same 4 KiB.
  `NIC_ASSERT_IF(AwWithin4KiB, m_axi_awvalid, {1'b0, m_axi_awaddr[11:0] & ~12'(Bytes - 1)} +
                 ({5'b0, m_axi_awlen} << $clog2(Bytes)) + 13'(Bytes - 1) < 13'd4096)
  `NIC_ASSERT_IF(BOnlyWhenOutstanding, b_valid_q, out_q != '0)
  `NIC_ASSERT_IF(BQueueExists, m_axi_bvalid, 32'(m_axi_bid[3:0]) < Queues + 32'(m_axi_bid[5:4] == WrMsix))
  `NIC_ASSERT(WritesOutstandingBounded, out_q != '1)
  `NIC_ASSERT_IF(BurstBeginsWithFirst, fire,
                 sel_first == (sel_msix || (sel_cpl && cpl_first_i) || (sel_data && data_first_i)))
  `NIC_ASSERT_IF(MsixGoesFirst, begun, !msix_valid_i || !(sel_cpl || sel_data))
`ifndef SYNTHESIS
  logic [7:0] beat_q;       // of the burst that enters W
  logic [7:0] beats_q;      // its length
  logic       aw_wait_q, w_wait_q;
  dma_req_t   aw_was_q;
  logic [Bytes-1:0]     strb_was_q;
  logic [DataWidth-1:0] data_was_q;
  logic                 last_was_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) beat_q <= '0;
    else if (fire) beat_q <= sel_last ? '0 : beat_q + 1'b1;
    if (begun)
      beats_q <= sel_msix ? 8'd0 : sel_cpl ? cpl_req_i.len : data_req_i.len;
    aw_wait_q <= rst_ni && m_axi_awvalid && !m_axi_awready;
    w_wait_q  <= rst_ni && m_axi_wvalid && !m_axi_wready;
    if (m_axi_awvalid && !m_axi_awready) aw_was_q <= {m_axi_awid, m_axi_awaddr, m_axi_awlen};
    if (m_axi_wvalid && !m_axi_wready) begin
      data_was_q <= m_axi_wdata;
      strb_was_q <= m_axi_wstrb;
      last_was_q <= m_axi_wlast;
    end
  end
  `NIC_ASSERT_IF(AwStable, aw_wait_q, (m_axi_awvalid && {m_axi_awid, m_axi_awaddr, m_axi_awlen} == aw_was_q))
  `NIC_ASSERT_IF(WStable, w_wait_q, (m_axi_wvalid && m_axi_wlast == last_was_q && m_axi_wstrb == strb_was_q &&
                                     m_axi_wdata == data_was_q))
  `NIC_ASSERT_IF(WLastAtLength, fire, sel_first || (sel_last == (beat_q == beats_q)))
`endif

endmodule
