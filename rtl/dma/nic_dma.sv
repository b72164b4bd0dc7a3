// SPDX-License-Identifier: Apache-2.0
// The AXI4 master: nic_dma_read and nic_dma_write, which share its channels among the blocks, and what becomes of an
// access that is answered with an error: nic_err_log notes it, and the ring that it was for is told (err_*_o, in the
// clock of the answer).

module nic_dma
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned  DataWidth = 256,
    parameter int unsigned  Queues    = 4,
    localparam int unsigned QWidth    = (Queues > 1) ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,

    output logic [IdBits-1:0]       m_axi_awid,
    output logic [63:0]             m_axi_awaddr,
    output logic [7:0]              m_axi_awlen,
    output logic                    m_axi_awvalid,
    input  logic                    m_axi_awready,
    output logic [DataWidth-1:0]    m_axi_wdata,
    output logic [DataWidth/8-1:0]  m_axi_wstrb,
    output logic                    m_axi_wlast,
    output logic                    m_axi_wvalid,
    input  logic                    m_axi_wready,
    input  logic [IdBits-1:0]       m_axi_bid,
    input  logic [1:0]              m_axi_bresp,
    input  logic                    m_axi_bvalid,
    output logic                    m_axi_bready,
    output logic [IdBits-1:0]       m_axi_arid,
    output logic [63:0]             m_axi_araddr,
    output logic [7:0]              m_axi_arlen,
    output logic                    m_axi_arvalid,
    input  logic                    m_axi_arready,
    input  logic [IdBits-1:0]       m_axi_rid,
    input  logic [DataWidth-1:0]    m_axi_rdata,
    input  logic [1:0]              m_axi_rresp,
    input  logic                    m_axi_rlast,
    input  logic                    m_axi_rvalid,
    output logic                    m_axi_rready,

    // reads asked for, in the order of precedence: RX descriptors, TX descriptors, TX data
    input  logic [2:0]              req_valid_i,
    input  dma_req_t [2:0]          req_i,
    output logic [2:0]              req_ready_o,
    // and their data
    output logic                    rx_desc_valid_o, tx_desc_valid_o, tx_data_valid_o,
    output logic [QWidth-1:0]       r_queue_o,
    output logic [DataWidth-1:0]    r_data_o,
    output logic                    r_last_o,
    output logic                    r_err_o,
    output logic                    idle_o,          // no access is under way

    // writes: RX data, completion records, messages
    input  logic                    data_valid_i, data_first_i, data_last_i,
    output logic                    data_ready_o,
    input  dma_req_t                data_req_i,
    input  logic [DataWidth-1:0]    data_wdata_i,
    input  logic [DataWidth/8-1:0]  data_wstrb_i,
    input  logic                    cpl_valid_i, cpl_first_i, cpl_last_i,
    output logic                    cpl_ready_o,
    input  dma_req_t                cpl_req_i,
    input  logic [DataWidth-1:0]    cpl_wdata_i,
    input  logic [DataWidth/8-1:0]  cpl_wstrb_i,
    input  logic                    msix_valid_i,
    output logic                    msix_ready_o,
    input  logic [63:0]             msix_addr_i,
    input  logic [31:0]             msix_data_i,
    input  vector_t                 msix_vector_i,
    // and their answers
    output logic                    rx_data_done_o, rx_cpl_done_o, tx_cpl_done_o, msix_done_o,
    output logic [QWidth-1:0]       b_queue_o,
    output queue_t                  msix_id_o,       // with msix_done_o: which message; the interrupts say
    input  msix_by_t                msix_by_i,       // whose it was,
    input  logic                    msix_live_i,     // and that the ring has not begun anew since
    output logic                    b_err_o,

    // errors, of the ring r_queue_o or err_write_queue_o
    input  logic [Queues-1:0]       tx_active_i, rx_active_i,
    output logic                    tx_err_read_o, rx_err_read_o,
    output logic                    tx_err_write_o, rx_err_write_o,
    output logic [QWidth-1:0]       err_write_queue_o,

    // bad descriptors, and the ring that is looked at: for the log
    input  logic                    tx_err_desc_i, rx_err_desc_i,
    input  logic [QWidth-1:0]       tx_err_queue_i, rx_err_queue_i,
    input  logic                    tx_err_tail_i, rx_err_tail_i,
    input  logic [QWidth-1:0]       scan_i,
    input  logic [63:0]             tx_base_i, rx_base_i,
    input  logic [3:0]              tx_log2_i, rx_log2_i,
    input  index_t                  tx_head_i, rx_head_i,
    input  reg_req_t                req_reg_i,
    output reg_rsp_t                rsp_o,
    output logic                    error_o
);

  logic read_idle, write_idle;

  nic_dma_read #(
      .DataWidth(DataWidth),
      .Queues   (Queues)
  ) u_read (
      .clk_i,
      .rst_ni,
      .req_valid_i, .req_i, .req_ready_o,
      .rx_desc_valid_o, .tx_desc_valid_o, .tx_data_valid_o, .r_queue_o, .r_data_o, .r_last_o, .r_err_o,
      .idle_o(read_idle),
      .m_axi_arvalid, .m_axi_arready, .m_axi_arid, .m_axi_araddr, .m_axi_arlen,
      .m_axi_rvalid, .m_axi_rready, .m_axi_rid, .m_axi_rdata, .m_axi_rresp, .m_axi_rlast
  );

  nic_dma_write #(
      .DataWidth(DataWidth),
      .Queues   (Queues)
  ) u_write (
      .clk_i,
      .rst_ni,
      .data_valid_i, .data_ready_o, .data_first_i, .data_last_i, .data_req_i, .data_wdata_i, .data_wstrb_i,
      .cpl_valid_i, .cpl_ready_o, .cpl_first_i, .cpl_last_i, .cpl_req_i, .cpl_wdata_i, .cpl_wstrb_i,
      .msix_valid_i, .msix_ready_o, .msix_addr_i, .msix_data_i, .msix_vector_i,
      .rx_data_done_o, .rx_cpl_done_o, .tx_cpl_done_o, .msix_done_o, .b_queue_o, .msix_id_o, .b_err_o,
      .idle_o       (write_idle),
      .m_axi_awvalid, .m_axi_awready, .m_axi_awid, .m_axi_awaddr, .m_axi_awlen,
      .m_axi_wvalid, .m_axi_wready, .m_axi_wdata, .m_axi_wstrb, .m_axi_wlast,
      .m_axi_bvalid, .m_axi_bready, .m_axi_bid, .m_axi_bresp
  );

  assign idle_o = read_idle && write_idle;

  // ------------------------------------------------------------------ errors
  // A message that could not be written halts the ring that asked for it, unless that has ended meanwhile.
  logic tx_err_msix, rx_err_msix;
  always_comb begin
    tx_err_msix       = 1'b0;
    rx_err_msix       = 1'b0;
    err_write_queue_o = b_queue_o;
    if (msix_done_o && b_err_o) begin
      err_write_queue_o = msix_by_i.qp[QWidth-1:0];
      tx_err_msix       = msix_live_i && msix_by_i.tx && tx_active_i[err_write_queue_o];
      rx_err_msix       = msix_live_i && !msix_by_i.tx && rx_active_i[err_write_queue_o];
    end
  end

  assign tx_err_read_o  = r_err_o && (tx_desc_valid_o || tx_data_valid_o);
  assign rx_err_read_o  = r_err_o && rx_desc_valid_o;
  assign tx_err_write_o = (b_err_o && tx_cpl_done_o) || tx_err_msix;
  assign rx_err_write_o = (b_err_o && (rx_data_done_o || rx_cpl_done_o)) || rx_err_msix;

  nic_err_log #(
      .Queues(Queues)
  ) u_err (
      .clk_i,
      .rst_ni,
      .req_i          (req_reg_i),
      .rsp_o,
      .error_o,
      .ar_fire_i      (m_axi_arvalid && m_axi_arready),
      .ar_kind_i      (m_axi_arid[5:4]),
      .ar_queue_i     (m_axi_arid[QWidth-1:0]),
      .ar_addr_i      (m_axi_araddr),
      .aw_fire_i      (m_axi_awvalid && m_axi_awready),
      .aw_kind_i      (m_axi_awid[5:4]),
      .aw_queue_i     (m_axi_awid[QWidth-1:0]),
      .aw_addr_i      (m_axi_awaddr),
      .r_valid_i      (m_axi_rvalid),
      .r_resp_i       (m_axi_rresp),
      .b_valid_i      (m_axi_bvalid),
      .b_resp_i       (m_axi_bresp),
      .tx_desc_valid_i(tx_desc_valid_o),
      .rx_desc_valid_i(rx_desc_valid_o),
      .tx_data_valid_i(tx_data_valid_o),
      .r_queue_i      (r_queue_o),
      .r_last_i       (r_last_o),
      .r_err_i        (r_err_o),
      .rx_data_done_i (rx_data_done_o),
      .rx_cpl_done_i  (rx_cpl_done_o),
      .tx_cpl_done_i  (tx_cpl_done_o),
      .msix_done_i    (msix_done_o),
      .msix_by_i,
      .b_queue_i      (b_queue_o),
      .b_err_i        (b_err_o),
      .tx_err_desc_i, .tx_err_queue_i, .tx_err_tail_i,
      .rx_err_desc_i, .rx_err_queue_i, .rx_err_tail_i,
      .scan_i,
      .tx_base_i, .tx_log2_i, .tx_head_i,
      .rx_base_i, .rx_log2_i, .rx_head_i
  );

endmodule
