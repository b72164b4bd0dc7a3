// SPDX-License-Identifier: Apache-2.0
// Registers: the AXI4-Lite slave, the device-wide and ring registers, the counters and the device's reset.
//
// The interrupt block (nic_irq) and the MAC side (nic_mac) have their own registers; the register bus goes out to them and
// comes back. An address that no block knows, registers of queues that do not exist included, is answered with SLVERR
// and data 0.
//
// Device reset: a write of RESET.reset raises soft_reset_o. The datapath begins nothing new, waits until every AXI
// transaction is answered and no frame is half sent on the stream, and holds quiesced_i high. Then core_rst_no
// falls for 128 clocks, in which memories clear themselves: it is the reset of the whole core but for the AXI4-Lite slave,
// which answers throughout (requests wait while the core is in reset). core_rst_no is low as well while rst_ni is,
// a clock later.
//
// A read is answered after those MSI-X that were handed over before it and that software has masked since (irq_hold_i), as
// a read completion pushes posted writes on PCIe: software that masks a vector and reads back sees no interrupt of it later.

`include "nic_assert.svh"

module nic_csr
  import nic_pkg::*;
#(
    parameter  int unsigned Queues     = 4,
    parameter  int unsigned DataWidth  = 256,   // of the AXI master, for CAPS
    localparam int unsigned QueueWidth = Queues > 1 ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,

    // AXI4-Lite slave
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

    // register bus to and from nic_irq and nic_mac
    output reg_req_t                irq_req_o,
    input  reg_rsp_t                irq_rsp_i,
    input  reg_rsp_t                err_rsp_i,      // of nic_err_log, which is on that bus too
    input  reg_rsp_t                mac_rsp_i,
    input  reg_rsp_t                rmon_rsp_i,
    input  logic                    irq_busy_i,     // an MSI-X is handed over and not yet answered
    input  logic                    irq_hold_i,     // a read is to wait for it

    // configuration
    output glob_cfg_t               glob_cfg_o,
    output rss_cfg_t                rss_cfg_o,
    input  logic [6:0]              rss_index_i,    // RSS table entry that is looked up
    output queue_t                  rss_queue_o,
    input  logic                    filter_look_i,  // a frame is looked up: the answer comes two clocks later
    input  logic [47:0]             filter_dest_i,
    input  logic [11:0]             filter_vid_i,
    output logic                    filter_addr_o,
    output logic                    filter_vlan_o,
    output logic [Queues-1:0]       tx_enable_o,
    output index_t                  tx_tail_o [Queues],
    output logic [7:0]              tx_weight_o [Queues],
    output logic [Queues-1:0]       rx_enable_o,
    output index_t                  rx_tail_o [Queues],

    // registers of the rings of queue pair scan_i, a clock later (nic_csr_rings)
    input  logic [QueueWidth-1:0]   scan_i,
    output logic [63:0]             tx_base_o,
    output logic [63:0]             tx_cq_base_o,
    output logic [3:0]              tx_log2_o,
    output index_t                  tx_scan_tail_o,
    output logic [63:0]             rx_base_o,
    output logic [63:0]             rx_cq_base_o,
    output logic [3:0]              rx_log2_o,
    output index_t                  rx_scan_tail_o,

    // reset
    output logic                    soft_reset_o,
    input  logic                    quiesced_i,     // looked at only while soft_reset_o
    output logic                    core_rst_no,    // synchronous, includes rst_ni

    // status
    input  ring_sts_t               tx_sts_i [Queues],
    input  logic [Queues-1:0]       tx_active_i,
    input  logic [Queues-1:0]       tx_error_i,
    input  ring_error_e [Queues-1:0] tx_code_i,
    input  ring_sts_t               rx_sts_i [Queues],
    input  logic [Queues-1:0]       rx_active_i,
    input  logic [Queues-1:0]       rx_error_i,
    input  ring_error_e [Queues-1:0] rx_code_i,
    input  cnt_evt_t                cnt_evt_i,
    input  logic                    link_i,
    input  logic                    idle_i          // no DMA outstanding, no frame in the pipelines
);

  reg_req_t req;
  reg_rsp_t rsp, glob_rsp, rss_rsp, filter_rsp, tx_rsp, rx_rsp, weight_rsp, cnt_rsp;
  logic     answer, reset_request, reset_busy;

  assign irq_req_o = req;

  assign rsp = glob_rsp | rss_rsp | filter_rsp | tx_rsp | rx_rsp | weight_rsp | cnt_rsp | irq_rsp_i | err_rsp_i |
               mac_rsp_i | rmon_rsp_i;

  nic_axil u_axil (
      .clk_i,
      .rst_ni,
      .s_axil_awaddr,
      .s_axil_awprot,
      .s_axil_awvalid,
      .s_axil_awready,
      .s_axil_wdata,
      .s_axil_wstrb,
      .s_axil_wvalid,
      .s_axil_wready,
      .s_axil_bresp,
      .s_axil_bvalid,
      .s_axil_bready,
      .s_axil_araddr,
      .s_axil_arprot,
      .s_axil_arvalid,
      .s_axil_arready,
      .s_axil_rdata,
      .s_axil_rresp,
      .s_axil_rvalid,
      .s_axil_rready,
      .req_o      (req),
      .rsp_i      (rsp),
      .answer_o   (answer),
      .hold_i     (!core_rst_no),
      .hold_read_i(irq_hold_i)
  );

  nic_csr_reset u_reset (
      .clk_i,
      .rst_ni,
      .request_i (reset_request),
      .quiesced_i(quiesced_i && !irq_busy_i),
      .soft_reset_o,
      .core_rst_no,
      .busy_o    (reset_busy)
  );

  nic_csr_global #(
      .Queues   (Queues),
      .DataWidth(DataWidth)
  ) u_global (
      .clk_i,
      .rst_ni         (core_rst_no),
      .req_i          (req),
      .rsp_o          (glob_rsp),
      .glob_cfg_o,
      .reset_request_o(reset_request),
      .reset_busy_i   (reset_busy),
      .link_i,
      .idle_i
  );

  nic_csr_rss #(
      .Queues(Queues)
  ) u_rss (
      .clk_i,
      .rst_ni (core_rst_no),
      .req_i  (req),
      .rsp_o  (rss_rsp),
      .rss_cfg_o,
      .index_i(rss_index_i),
      .queue_o(rss_queue_o)
  );

  nic_csr_filter u_filter (
      .clk_i,
      .rst_ni     (core_rst_no),
      .glob_i     (glob_cfg_o),
      .req_i      (req),
      .rsp_o      (filter_rsp),
      .look_i     (filter_look_i),
      .dest_i     (filter_dest_i),
      .vid_i      (filter_vid_i),
      .addr_pass_o(filter_addr_o),
      .vlan_pass_o(filter_vlan_o)
  );

  nic_csr_rings #(
      .Queues(Queues),
      .Offset(nic_regs_pkg::QP_TX_BASE_LO_OFFSET[7:0])
  ) u_tx (
      .clk_i,
      .rst_ni        (core_rst_no),
      .req_i         (req),
      .rsp_o         (tx_rsp),
      .enable_o      (tx_enable_o),
      .tail_o        (tx_tail_o),
      .sts_i         (tx_sts_i),
      .active_i      (tx_active_i),
      .error_i       (tx_error_i),
      .code_i        (tx_code_i),
      .scan_i,
      .scan_base_o   (tx_base_o),
      .scan_cq_base_o(tx_cq_base_o),
      .scan_log2_o   (tx_log2_o),
      .scan_tail_o   (tx_scan_tail_o)
  );

  nic_csr_weights #(
      .Queues(Queues)
  ) u_weights (
      .clk_i,
      .rst_ni  (core_rst_no),
      .req_i   (req),
      .rsp_o   (weight_rsp),
      .weight_o(tx_weight_o)
  );

  nic_csr_rings #(
      .Queues(Queues),
      .Offset(nic_regs_pkg::QP_RX_BASE_LO_OFFSET[7:0])
  ) u_rx (
      .clk_i,
      .rst_ni        (core_rst_no),
      .req_i         (req),
      .rsp_o         (rx_rsp),
      .enable_o      (rx_enable_o),
      .tail_o        (rx_tail_o),
      .sts_i         (rx_sts_i),
      .active_i      (rx_active_i),
      .error_i       (rx_error_i),
      .code_i        (rx_code_i),
      .scan_i,
      .scan_base_o   (rx_base_o),
      .scan_cq_base_o(rx_cq_base_o),
      .scan_log2_o   (rx_log2_o),
      .scan_tail_o   (rx_scan_tail_o)
  );

  nic_counters #(
      .Queues(Queues)
  ) u_counters (
      .clk_i,
      .rst_ni(core_rst_no),
      .req_i (req),
      .rsp_o (cnt_rsp),
      .evt_i (cnt_evt_i)
  );

  // At most one block has a register at an address.
  `NIC_ASSERT_IF(CsrOneHit, answer,
                 $onehot0({
                   glob_rsp.hit, rss_rsp.hit, filter_rsp.hit, tx_rsp.hit, rx_rsp.hit, cnt_rsp.hit, irq_rsp_i.hit,
                   err_rsp_i.hit, mac_rsp_i.hit, rmon_rsp_i.hit
                 }))

endmodule
