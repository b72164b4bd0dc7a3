// SPDX-License-Identifier: Apache-2.0
// The side of the host that software sees: registers and interrupts. Behind it are the device's settings, its state
// (busy, reset, idle), and the register bus for the blocks that keep registers of their own (errors, MAC side).
//
// Reset: software's leaves the AXI4-Lite slave alone; all else runs on core_rst_no (nic_csr).

`include "nic_assert.svh"

module nic_host
  import nic_pkg::*;
#(
    parameter int unsigned  DataWidth = 256,
    parameter int unsigned  Queues    = 4,
    parameter int unsigned  ClockMhz  = 250,
    localparam int unsigned QWidth    = (Queues > 1) ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic [RegAddrWidth-1:0] s_axil_awaddr,
    input  logic [2:0]              s_axil_awprot,
    input  logic                    s_axil_awvalid,
    output logic                    s_axil_awready,
    input  logic [31:0]             s_axil_wdata,
    input  logic [3:0]              s_axil_wstrb,
    input  logic                    s_axil_wvalid,
    output logic                    s_axil_wready,
    output logic [1:0]              s_axil_bresp,
    output logic                    s_axil_bvalid,
    input  logic                    s_axil_bready,
    input  logic [RegAddrWidth-1:0] s_axil_araddr,
    input  logic [2:0]              s_axil_arprot,
    input  logic                    s_axil_arvalid,
    output logic                    s_axil_arready,
    output logic [31:0]             s_axil_rdata,
    output logic [1:0]              s_axil_rresp,
    output logic                    s_axil_rvalid,
    input  logic                    s_axil_rready,

    // the register bus
    output reg_req_t                req_o,
    input  reg_rsp_t                err_rsp_i, mac_rsp_i, rmon_rsp_i,

    // the device
    output glob_cfg_t               glob_o,
    output logic                    core_rst_no,
    output logic                    soft_reset_o,       // begin nothing new
    output logic                    go_next_o,          // rings may run in the next clock
    input  logic                    dma_idle_i,         // no access to memory and no frame on the stream
    input  logic                    rings_idle_i,       // no ring has anything under way
    input  logic                    rx_idle_i,          // no frame in the RX packet buffer
    input  logic                    link_i,
    input  cnt_evt_t                cnt_evt_i,

    // what RX looks up
    output rss_cfg_t                rss_cfg_o,
    input  logic [6:0]              rss_index_i,
    output queue_t                  rss_queue_o,
    input  logic                    filter_look_i,
    input  logic [47:0]             filter_dest_i,
    input  logic [11:0]             filter_vid_i,
    output logic                    filter_addr_o, filter_vlan_o,

    // rings: settings, of those that are looked at next too; state
    output logic [Queues-1:0]       tx_enable_o, rx_enable_o,
    output index_t                  tx_tail_o [Queues], rx_tail_o [Queues],
    output logic [7:0]              tx_weight_o [Queues],
    input  logic [QWidth-1:0]       scan_next_i,
    output logic [63:0]             tx_base_o, tx_cq_base_o, rx_base_o, rx_cq_base_o,
    output logic [3:0]              tx_log2_o, rx_log2_o,
    output index_t                  tx_scan_tail_o, rx_scan_tail_o,
    input  ring_sts_t               tx_sts_i [Queues], rx_sts_i [Queues],
    input  logic [Queues-1:0]       tx_active_i, rx_active_i,
    input  logic [Queues-1:0]       tx_error_i, rx_error_i,
    input  ring_error_e [Queues-1:0] tx_code_i, rx_code_i,

    // what interrupts tell of: completion records that are answered, errors
    input  logic                    tx_start_i, rx_start_i,
    input  logic [QWidth-1:0]       tx_start_queue_i, rx_start_queue_i,
    input  logic                    tx_cq_valid_i, rx_cq_valid_i,
    input  logic [QWidth-1:0]       cq_queue_i,
    input  logic [Queues-1:0]       cpl_out_i,          // queue pairs with records under way
    output logic [Queues-1:0]       cpl_hold_o,         // to begin no further ones
    input  logic                    error_i,

    // messages
    output logic                    msix_valid_o,
    input  logic                    msix_ready_i,
    output logic [63:0]             msix_addr_o,
    output logic [31:0]             msix_data_o,
    output vector_t                 msix_vector_o,
    input  logic                    msix_done_i,        // one is answered: which, and whose it was
    input  queue_t                  msix_id_i,
    output msix_by_t                msix_by_o,
    output logic                    msix_live_o,
    output logic                    irq_o
);

  reg_rsp_t irq_rsp;
  logic     irq_busy, irq_hold, soft_q, quiesced_q, idle_q;

  nic_csr #(
      .Queues   (Queues),
      .DataWidth(DataWidth)
  ) u_csr (
      .clk_i,
      .rst_ni,
      .s_axil_awaddr, .s_axil_awprot, .s_axil_awvalid, .s_axil_awready,
      .s_axil_wdata, .s_axil_wstrb, .s_axil_wvalid, .s_axil_wready,
      .s_axil_bresp, .s_axil_bvalid, .s_axil_bready,
      .s_axil_araddr, .s_axil_arprot, .s_axil_arvalid, .s_axil_arready,
      .s_axil_rdata, .s_axil_rresp, .s_axil_rvalid, .s_axil_rready,
      .irq_req_o     (req_o),
      .irq_rsp_i     (irq_rsp),
      .err_rsp_i, .mac_rsp_i, .rmon_rsp_i,
      .irq_busy_i    (irq_busy),
      .irq_hold_i    (irq_hold),
      .glob_cfg_o    (glob_o),
      .rss_cfg_o, .rss_index_i, .rss_queue_o,
      .filter_look_i, .filter_dest_i, .filter_vid_i, .filter_addr_o, .filter_vlan_o,
      .tx_enable_o, .tx_tail_o, .tx_weight_o,
      .rx_enable_o, .rx_tail_o,
      .scan_i        (scan_next_i),
      .tx_base_o, .tx_cq_base_o, .tx_log2_o, .tx_scan_tail_o,
      .rx_base_o, .rx_cq_base_o, .rx_log2_o, .rx_scan_tail_o,
      .soft_reset_o,
      .quiesced_i    (quiesced_q),
      .core_rst_no,
      .tx_sts_i, .tx_active_i, .tx_error_i, .tx_code_i,
      .rx_sts_i, .rx_active_i, .rx_error_i, .rx_code_i,
      .cnt_evt_i,
      .link_i,
      .idle_i        (idle_q)
  );

  nic_irq #(
      .Queues  (Queues),
      .ClockMhz(ClockMhz)
  ) u_irq (
      .clk_i,
      .rst_ni       (core_rst_no),
      .req_i        (req_o),
      .rsp_o        (irq_rsp),
      .tx_sts_i, .tx_error_i, .tx_cq_valid_i, .tx_start_i, .tx_start_queue_i,
      .rx_sts_i, .rx_error_i, .rx_cq_valid_i, .rx_start_i, .rx_start_queue_i,
      .cq_queue_i, .cpl_out_i, .cpl_hold_o,
      .link_i,
      .error_i,
      .soft_reset_i (soft_reset_o),
      .busy_o       (irq_busy),
      .hold_read_o  (irq_hold),
      .msix_valid_o, .msix_ready_i, .msix_addr_o, .msix_data_o, .msix_vector_o,
      .msix_done_i, .msix_done_id_i(msix_id_i), .done_by_o(msix_by_o), .done_live_o(msix_live_o),
      .irq_o
  );

  assign go_next_o = core_rst_no && glob_o.enable && !soft_reset_o;

  // Idle: no DMA, no frame, and no ring had anything on its way when it was last looked at.
  always_ff @(posedge clk_i) begin
    soft_q     <= core_rst_no && soft_reset_o;          // and what it stops has seen it
    if (soft_q || quiesced_q || req_o.setup || !core_rst_no) begin
      automatic logic still = core_rst_no && dma_idle_i;
      quiesced_q <= still && soft_q && !msix_valid_o;
      idle_q     <= still && rx_idle_i && rings_idle_i;      // as it is when a register is about to be read
    end
  end

  `NIC_ASSERT_IF(MsixVectorExists, msix_valid_o, 32'(msix_vector_o) <= Queues)

endmodule
