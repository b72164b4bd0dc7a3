// SPDX-License-Identifier: Apache-2.0
// The registers and the interrupt block as nic_top joins them, with everything else at the ports: for block tests.

module test_csr_top
  import nic_pkg::*;
  import nic_mac_pkg::*;
#(
    parameter  int unsigned Queues     = 4,
    parameter  int unsigned DataWidth  = 256,
    localparam int unsigned QueueWidth = Queues > 1 ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic [15:0] s_axil_awaddr,
    input  logic [2:0]  s_axil_awprot,
    input  logic        s_axil_awvalid,
    output logic        s_axil_awready,
    input  logic [31:0] s_axil_wdata,
    input  logic [3:0]  s_axil_wstrb,
    input  logic        s_axil_wvalid,
    output logic        s_axil_wready,
    output logic [1:0]  s_axil_bresp,
    output logic        s_axil_bvalid,
    input  logic        s_axil_bready,
    input  logic [15:0] s_axil_araddr,
    input  logic [2:0]  s_axil_arprot,
    input  logic        s_axil_arvalid,
    output logic        s_axil_arready,
    output logic [31:0] s_axil_rdata,
    output logic [1:0]  s_axil_rresp,
    output logic        s_axil_rvalid,
    input  logic        s_axil_rready,

    output glob_cfg_t              glob_cfg_o,
    output rss_cfg_t               rss_cfg_o,
    input  logic [6:0]             rss_index_i,
    output queue_t                 rss_queue_o,
    input  logic                   filter_look_i,
    input  logic [47:0]            filter_dest_i,
    input  logic [11:0]            filter_vid_i,
    output logic                   filter_addr_o,
    output logic                   filter_vlan_o,
    // What the datapath saw when it last looked at each ring: base, cq_base, log2, enable, tail.
    output logic [Queues-1:0][148:0] tx_cfg_o,
    output logic [Queues-1:0][148:0] rx_cfg_o,
    // What the rings are to be: head, cq_head, cq_frames, active, error, error_code. And what the blocks see of it:
    // one ring advances or starts in a clock, as in the datapath.
    input  logic [Queues-1:0][47:0] tx_sts_i,
    input  logic [Queues-1:0][47:0] rx_sts_i,
    output logic [Queues-1:0][47:0] tx_seen_o,
    output logic [Queues-1:0][47:0] rx_seen_o,
    input  cnt_evt_t               cnt_evt_i,
    input  logic                   link_i,
    input  logic                   error_i,
    input  logic                   idle_i,

    // what the error log watches (nic_err_log)
    input  logic        ar_fire_i,
    input  logic [1:0]  ar_kind_i,
    input  logic [QueueWidth-1:0] ar_queue_i,
    input  logic [63:0] ar_addr_i,
    input  logic        aw_fire_i,
    input  logic [1:0]  aw_kind_i,
    input  logic [QueueWidth-1:0] aw_queue_i,
    input  logic [63:0] aw_addr_i,
    input  logic        r_valid_i,
    input  logic [1:0]  r_resp_i,
    input  logic        b_valid_i,
    input  logic [1:0]  b_resp_i,
    input  logic        tx_desc_valid_i,
    input  logic        rx_desc_valid_i,
    input  logic        tx_data_valid_i,
    input  logic [QueueWidth-1:0] r_queue_i,
    input  logic        r_last_i,
    input  logic        r_err_i,
    input  logic        rx_data_done_i,
    input  logic        rx_cpl_done_i,
    input  logic        tx_cpl_done_i,
    input  logic        msix_err_done_i,
    input  logic [69:0] msix_err_by_i,       // none, tx, queue, address
    input  logic [QueueWidth-1:0] b_queue_i,
    input  logic        b_err_i,
    input  logic        tx_err_desc_i,
    input  logic [QueueWidth-1:0] tx_err_queue_i,
    input  logic        tx_err_tail_i,
    input  logic        rx_err_desc_i,
    input  logic [QueueWidth-1:0] rx_err_queue_i,
    input  logic        rx_err_tail_i,
    output logic soft_reset_o,
    input  logic quiesced_i,
    output logic core_rst_no,

    // records under way, and what the interrupts say to that
    input  logic [Queues-1:0] cpl_out_i,
    output logic [Queues-1:0] cpl_hold_o,

    output logic        msix_valid_o,
    input  logic        msix_ready_i,
    output logic [63:0] msix_addr_o,
    output logic [31:0] msix_data_o,
    output logic [4:0]  msix_vector_o,
    output logic        msix_cause_o,       // who asked
    output logic        msix_tx_o,
    output logic [3:0]  msix_queue_o,
    input  logic        msix_done_i,
    input  logic [3:0]  msix_done_id_i,
    output logic [6:0]  done_by_o,          // live, none, tx, queue
    output logic        irq_o
);

  reg_req_t irq_req;
  reg_rsp_t irq_rsp, mac_rsp, rmon_rsp;
  logic     irq_busy, irq_hold;
  msix_by_t done_by;
  logic     done_live;

  assign {msix_cause_o, msix_tx_o, msix_queue_o} = {u_irq.msix_by.none, u_irq.msix_by.tx, u_irq.msix_by.qp};
  assign done_by_o = {done_live, done_by.none, done_by.tx, done_by.qp};

  // Initial values are random, rst_ni's too, and time 0 may hold a clock edge: in reset until the first real one.
  logic was_reset, rst_n;
  initial was_reset = 1'b0;
  always_ff @(posedge clk_i) if (!rst_ni) was_reset <= 1'b1;
  assign rst_n = rst_ni && was_reset;

  // Every ring is looked at in turn, as nic_ring_ctl does it.
  logic [QueueWidth-1:0] scan_i, scan_q;
  logic [Queues-1:0]     tx_enable_o, rx_enable_o;
  index_t                tx_tail_o [Queues], rx_tail_o [Queues];
  logic [7:0]            tx_weight_o [Queues];
  ring_sts_t             tx_sts [Queues], rx_sts [Queues];
  logic [63:0]           tx_base_o, tx_cq_base_o, rx_base_o, rx_cq_base_o;
  logic [3:0]            tx_log2_o, rx_log2_o;
  index_t                tx_scan_tail_o, rx_scan_tail_o;

  assign scan_i = scan_q == QueueWidth'(Queues - 1) ? '0 : scan_q + 1'b1;
  always_ff @(posedge clk_i) begin
    scan_q <= rst_n ? scan_i : '0;
    if (tx_tail_o[scan_q] == tx_scan_tail_o) begin
      tx_cfg_o[scan_q] <= {tx_base_o, tx_cq_base_o, tx_log2_o, tx_enable_o[scan_q], tx_tail_o[scan_q]};
    end
    if (rx_tail_o[scan_q] == rx_scan_tail_o) begin
      rx_cfg_o[scan_q] <= {rx_base_o, rx_cq_base_o, rx_log2_o, rx_enable_o[scan_q], rx_tail_o[scan_q]};
    end
  end
  // The datapath: in each clock one ring, the next in turn that differs, becomes what it is to be.
  typedef struct packed {
    index_t     head;
    index_t     cq_head;
    frame_cnt_t cq_frames;
    logic       active;
    logic       error;
    logic [3:0] code;
  } ring_t;

  ring_t [2*Queues-1:0]      want, is_q;              // RX, then TX
  logic [2*Queues-1:0]       starts, ends, advances;
  logic [$clog2(2*Queues)-1:0] turn_q, pick;
  logic                      any;
  logic [2*Queues-1:0]       rest_q;                  // it advanced or began a clock ago
  logic                      start_q, start_tx_q, cq_valid;
  logic [QueueWidth-1:0]     start_queue_q, cq_queue_i;
  logic [Queues-1:0]         tx_active, rx_active, tx_error, rx_error;
  ring_error_e [Queues-1:0]  tx_code, rx_code;

  assign {tx_seen_o, rx_seen_o} = is_q;
  assign want                   = {tx_sts_i, rx_sts_i};

  always_comb begin
    for (int r = 0; r < 2 * Queues; r++) begin
      starts[r]   = want[r].active && !is_q[r].active;
      ends[r]     = !want[r].active && is_q[r].active;
      advances[r] = want[r].active && is_q[r].active && !rest_q[r] &&
                    (want[r].cq_head != is_q[r].cq_head || want[r].cq_frames != is_q[r].cq_frames);
    end
    pick = '0;
    any  = (starts | ends | advances) != '0;
    for (int r = 2 * Queues - 1; r >= 0; r--) if (starts[r] || ends[r] || advances[r]) pick = r[$bits(pick)-1:0];
    for (int r = 2 * Queues - 1; r >= 0; r--) begin
      if ((starts[r] || ends[r] || advances[r]) && r >= int'(turn_q)) pick = r[$bits(pick)-1:0];
    end
    cq_valid   = any && advances[pick];
    cq_queue_i = QueueWidth'(int'(pick) % Queues);
  end

  always_ff @(posedge clk_i) begin
    start_q <= 1'b0;
    rest_q  <= '0;
    for (int r = 0; r < 2 * Queues; r++) begin
      is_q[r].head  <= want[r].head;
      is_q[r].error <= want[r].error;
      is_q[r].code  <= want[r].code;
    end
    if (any) begin
      turn_q <= pick + 1'b1;
      is_q[pick].active    <= want[pick].active;
      if (starts[pick]) {is_q[pick].cq_head, is_q[pick].cq_frames} <= '0;
      if (advances[pick]) begin
        is_q[pick].cq_head   <= want[pick].cq_head;
        is_q[pick].cq_frames <= want[pick].cq_frames;
      end
      start_q       <= starts[pick];
      start_tx_q    <= int'(pick) >= Queues;
      start_queue_q <= cq_queue_i;
      rest_q[pick]  <= advances[pick] || starts[pick];     // the datapath takes turns from a start to its first record
    end
    if (!core_rst_no) begin
      is_q    <= '0;
      start_q <= 1'b0;
      turn_q  <= '0;
    end
  end

  for (genvar q = 0; q < Queues; q++) begin : gen_sts
    assign tx_sts[q]    = '{head: is_q[Queues+q].head, cq_head: is_q[Queues+q].cq_head,
                            cq_frames: is_q[Queues+q].cq_frames};
    assign rx_sts[q]    = '{head: is_q[q].head, cq_head: is_q[q].cq_head, cq_frames: is_q[q].cq_frames};
    assign tx_active[q] = is_q[Queues+q].active;
    assign rx_active[q] = is_q[q].active;
    assign tx_error[q]  = is_q[Queues+q].error;
    assign rx_error[q]  = is_q[q].error;
    assign tx_code[q]   = ring_error_e'(is_q[Queues+q].code);
    assign rx_code[q]   = ring_error_e'(is_q[q].code);
  end

  // The error log; the scan shows where each ring's descriptors are.
  reg_rsp_t err_rsp;
  logic     err_error;
  msix_by_t err_by;

  assign err_by = msix_err_by_i;

  nic_err_log #(
      .Queues(Queues)
  ) u_err (
      .clk_i,
      .rst_ni         (core_rst_no),
      .req_i          (irq_req),
      .rsp_o          (err_rsp),
      .error_o        (err_error),
      .ar_fire_i      (ar_fire_i),
      .ar_kind_i      (ar_kind_i),
      .ar_queue_i     (ar_queue_i),
      .ar_addr_i      (ar_addr_i),
      .aw_fire_i      (aw_fire_i),
      .aw_kind_i      (aw_kind_i),
      .aw_queue_i     (aw_queue_i),
      .aw_addr_i      (aw_addr_i),
      .r_valid_i      (r_valid_i),
      .r_resp_i       (r_resp_i),
      .b_valid_i      (b_valid_i),
      .b_resp_i       (b_resp_i),
      .tx_desc_valid_i(tx_desc_valid_i),
      .rx_desc_valid_i(rx_desc_valid_i),
      .tx_data_valid_i(tx_data_valid_i),
      .r_queue_i      (r_queue_i),
      .r_last_i       (r_last_i),
      .r_err_i        (r_err_i),
      .rx_data_done_i (rx_data_done_i),
      .rx_cpl_done_i  (rx_cpl_done_i),
      .tx_cpl_done_i  (tx_cpl_done_i),
      .msix_done_i    (msix_err_done_i),
      .msix_by_i      (err_by),
      .b_queue_i      (b_queue_i),
      .b_err_i        (b_err_i),
      .tx_err_desc_i  (tx_err_desc_i),
      .tx_err_queue_i (tx_err_queue_i),
      .tx_err_tail_i  (tx_err_tail_i),
      .rx_err_desc_i  (rx_err_desc_i),
      .rx_err_queue_i (rx_err_queue_i),
      .rx_err_tail_i  (rx_err_tail_i),
      .scan_i         (scan_q),
      .tx_base_i      (tx_base_o),
      .tx_log2_i      (tx_log2_o),
      .tx_head_i      ('0),
      .rx_base_i      (rx_base_o),
      .rx_log2_i      (rx_log2_o),
      .rx_head_i      ('0)
  );

  nic_csr #(
      .Queues   (Queues),
      .DataWidth(DataWidth)
  ) u_csr (
      .rst_ni    (rst_n),
      .irq_req_o (irq_req),
      .irq_rsp_i (irq_rsp),
      .mac_rsp_i (mac_rsp),
      .rmon_rsp_i(rmon_rsp),
      .irq_busy_i(irq_busy),
      .irq_hold_i(irq_hold),
      .err_rsp_i (err_rsp),
      .tx_sts_i  (tx_sts),
      .rx_sts_i  (rx_sts),
      .tx_active_i(tx_active),
      .rx_active_i(rx_active),
      .tx_error_i(tx_error),
      .rx_error_i(rx_error),
      .tx_code_i (tx_code),
      .rx_code_i (rx_code),
      .*
  );

  nic_irq #(
      .Queues(Queues)
  ) u_irq (
      .rst_ni      (core_rst_no),
      .req_i       (irq_req),
      .rsp_o       (irq_rsp),
      .soft_reset_i(soft_reset_o),
      .busy_o      (irq_busy),
      .hold_read_o (irq_hold),
      .done_by_o   (done_by),
      .done_live_o (done_live),
      .tx_sts_i    (tx_sts),
      .rx_sts_i    (rx_sts),
      .error_i     (error_i || err_error),
      .tx_error_i  (tx_error),
      .rx_error_i  (rx_error),
      .tx_cq_valid_i(cq_valid && int'(pick) >= Queues),
      .rx_cq_valid_i(cq_valid && int'(pick) < Queues),
      .tx_start_i  (start_q && start_tx_q),
      .tx_start_queue_i(start_queue_q),
      .rx_start_i  (start_q && !start_tx_q),
      .rx_start_queue_i(start_queue_q),
      .*
  );

  // The MAC side with the link alone.
  rx_tag_t rx_tag;
  /* verilator lint_off PINCONNECTEMPTY */
  nic_mac #(
      .DataWidth(64)
  ) u_mac (
      .clk_i,
      .rst_ni       (core_rst_no),
      .hard_rst_ni  (rst_n),
      .stop_i       (soft_reset_o),
      .busy_o       (),
      .req_i        (irq_req),
      .rsp_o        (mac_rsp),
      .rmon_rsp_o   (rmon_rsp),
      .station_i    (glob_cfg_o.mac),
      .max_frame_i  (glob_cfg_o.max_frame),
      .link_down_i  (!link_i),
      .link_mbps_i  ('0),
      .link_o       (),
      .link_change_o(),
      .fill_enable_o(),
      .fill_high_o  (),
      .fill_low_o   (),
      .fill_i       (1'b0),
      .tx_tdata     ('0),
      .tx_tkeep     ('0),
      .tx_tvalid    (1'b0),
      .tx_tready    (),
      .tx_tlast     (1'b0),
      .tx_sent_i    (1'b0),
      .tx_len_i     ('0),
      .tx_dropped_o (),
      .rx_tdata     (),
      .rx_tkeep     (),
      .rx_tvalid    (),
      .rx_tlast     (),
      .rx_tag_o     (rx_tag),
      .count_i      (1'b0),
      .count_len_i  ('0),
      .count_tag_i  (rx_tag),
      .m_axis_tdata (),
      .m_axis_tkeep (),
      .m_axis_tvalid(),
      .m_axis_tready(1'b1),
      .m_axis_tlast (),
      .s_axis_tdata ('0),
      .s_axis_tkeep ('0),
      .s_axis_tvalid(1'b0),
      .s_axis_tlast (1'b0),
      .s_axis_tuser (1'b0)
  );
  /* verilator lint_on PINCONNECTEMPTY */

endmodule
