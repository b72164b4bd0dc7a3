// SPDX-License-Identifier: Apache-2.0
// Interrupts: one vector a queue pair, sent as MSI-X writes or as one level line (IRQ_CTRL.line_mode).
//
// A vector's event becomes pending when a completion ring of its queue pair holds a record beyond the index last
// written to IRQ_ARM, and moderation (nic_irq_moderate) lets it through. Since ring_sts_t.cq_head advances only when the completion writes are answered, an MSI-X
// never overtakes what it announces.
//
// MSI-X hand-over: msix_valid_o with address, data and vector, held until msix_ready_i; then msix_done_i for one
// clock when the write has been answered on B (with any response; the same clock as msix_ready_i or later). One
// request at a time. A mask (IRQ_MASK or the MSI-X table's) set before msix_valid_o rises withdraws the request and
// the event stays pending; one set later does not, and the MSI-X may still arrive; a read of any register waits
// for it (busy_o), so that nothing comes after a mask that was read back.

`include "nic_assert.svh"

module nic_irq
  import nic_pkg::*;
  import nic_regs_pkg::*;
#(
    parameter int unsigned Queues   = 4,
    parameter int unsigned ClockMhz = 250
) (
    input  logic clk_i,
    input  logic rst_ni,               // the core's reset (nic_csr.core_rst_no)

    // register bus
    input  reg_req_t                req_i,
    output reg_rsp_t                rsp_o,

    // rings
    input  ring_sts_t               tx_sts_i [Queues],
    input  ring_sts_t               rx_sts_i [Queues],

    // reset
    input  logic                    soft_reset_i,   // hand nothing more over
    output logic                    busy_o,         // handed over, not yet answered

    // MSI-X to the DMA write engine: one 4-byte write
    output logic                    msix_valid_o,
    input  logic                    msix_ready_i,
    output logic [63:0]             msix_addr_o,
    output logic [31:0]             msix_data_o,
    output queue_t                  msix_vector_o,
    input  logic                    msix_done_i,

    // level line
    output logic                    irq_o
);

  localparam int unsigned QueueWidth = Queues > 1 ? $clog2(Queues) : 1;
  typedef logic [QueueWidth-1:0] vector_t;

  // Vectors
  logic [Queues-1:0] tx_event, rx_event, masked, auto_mask;
  logic [Queues-1:0] tx_restart, rx_restart;
  logic [Queues-1:0] tx_ready, rx_ready;   // moderation lets the event through
  index_t            tx_seen [Queues], rx_seen [Queues];
  logic [Queues-1:0] pend;          // event, ready and not masked
  logic [Queues-1:0] table_mask;
  logic [Queues-1:0] sent;          // handed over in this clock
  logic              line_mode_q;

  // ------------------------------------------------------------------ registers
  logic              is_vector;     // an address in the block of a queue pair
  vector_t           vector;
  logic [Queues-1:0] arm, write_mask;
  logic [31:0]       arm_data;
  reg_rsp_t          own_rsp_q, table_rsp, tx_mod_rsp, rx_mod_rsp;

  assign is_vector = req_i.valid && req_i.addr[15:12] == QP_BASE[15:12] && 32'(req_i.addr[11:8]) < Queues;
  assign vector    = req_i.addr[8+:QueueWidth];
  assign arm_data  = apply_strb({tx_seen[vector], rx_seen[vector]}, req_i.wdata, req_i.wstrb);

  always_comb begin
    arm        = '0;
    write_mask = '0;
    if (is_vector && req_i.write) begin
      arm[vector]        = req_i.addr[7:0] == QP_IRQ_ARM_OFFSET[7:0];
      write_mask[vector] = req_i.addr[7:0] == QP_IRQ_MASK_OFFSET[7:0] && req_i.wstrb[0];
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i.valid && req_i.write && req_i.addr == IRQ_CTRL_OFFSET && req_i.wstrb[0]) begin
      line_mode_q <= req_i.wdata[IRQ_CTRL_LINE_MODE_LSB];
    end
    if (!rst_ni) line_mode_q <= IRQ_CTRL_DEFAULT[IRQ_CTRL_LINE_MODE_LSB];
  end

  always_ff @(posedge clk_i) begin
    own_rsp_q <= '0;
    if (is_vector) begin
      own_rsp_q.hit <= 1'b1;
      case (req_i.addr[7:0])
        QP_IRQ_ARM_OFFSET[7:0]: ;
        QP_IRQ_MASK_OFFSET[7:0]: begin
          own_rsp_q.rdata[QP_IRQ_MASK_MASKED_LSB]    <= masked[vector];
          own_rsp_q.rdata[QP_IRQ_MASK_AUTO_MASK_LSB] <= auto_mask[vector];
        end
        QP_IRQ_STATUS_OFFSET[7:0]: own_rsp_q.rdata[QP_IRQ_STATUS_EVENT_LSB] <= tx_event[vector] || rx_event[vector];
        default: own_rsp_q.hit <= 1'b0;
      endcase
    end else if (req_i.valid) begin
      own_rsp_q.hit <= 1'b1;
      case (req_i.addr)
        IRQ_CTRL_OFFSET:    own_rsp_q.rdata[IRQ_CTRL_LINE_MODE_LSB] <= line_mode_q;
        IRQ_PENDING_OFFSET: own_rsp_q.rdata <= 32'(pend);
        CLOCK_OFFSET:       own_rsp_q.rdata[CLOCK_MHZ_LSB+:CLOCK_MHZ_WIDTH] <= CLOCK_MHZ_WIDTH'(ClockMhz);
        MSIX_PBA_OFFSET:    own_rsp_q.rdata <= line_mode_q ? '0 : 32'(pend & table_mask);
        MSIX_PBA_HI_OFFSET: ;
        default:            own_rsp_q.hit <= 1'b0;
      endcase
    end
  end

  assign rsp_o = own_rsp_q | table_rsp | tx_mod_rsp | rx_mod_rsp;

  // ------------------------------------------------------------------ vectors
  for (genvar v = 0; v < Queues; v++) begin : gen_vector
    nic_irq_vector u_vector (
        .clk_i,
        .rst_ni,
        .arm_i       (arm[v]),
        .tx_index_i  (arm_data[QP_IRQ_ARM_TX_INDEX_LSB+:QP_IRQ_ARM_TX_INDEX_WIDTH]),
        .rx_index_i  (arm_data[QP_IRQ_ARM_RX_INDEX_LSB+:QP_IRQ_ARM_RX_INDEX_WIDTH]),
        .write_mask_i(write_mask[v]),
        .masked_i    (req_i.wdata[QP_IRQ_MASK_MASKED_LSB]),
        .auto_mask_i (req_i.wdata[QP_IRQ_MASK_AUTO_MASK_LSB]),
        .tx_seen_o   (tx_seen[v]),
        .rx_seen_o   (rx_seen[v]),
        .tx_event_o  (tx_event[v]),
        .rx_event_o  (rx_event[v]),
        .masked_o    (masked[v]),
        .auto_mask_o (auto_mask[v]),
        .tx_head_i   (tx_sts_i[v].cq_head),
        .rx_head_i   (rx_sts_i[v].cq_head),
        .tx_active_i (tx_sts_i[v].active),
        .rx_active_i (rx_sts_i[v].active),
        .tx_restart_o(tx_restart[v]),
        .rx_restart_o(rx_restart[v]),
        .sent_i      (sent[v])
    );
  end

  // ------------------------------------------------------------------ moderation
  vector_t winner;                  // of the MSI-X turn
  logic    grant, unmask;

  assign unmask = |write_mask && masked[vector] && !req_i.wdata[QP_IRQ_MASK_MASKED_LSB];

  nic_irq_moderate #(
      .Queues  (Queues),
      .ClockMhz(ClockMhz),
      .Offset  (QP_IRQ_TX_MOD_OFFSET[7:0])
  ) u_tx_moderate (
      .clk_i,
      .rst_ni,
      .req_i,
      .rsp_o        (tx_mod_rsp),
      .sts_i        (tx_sts_i),
      .event_i      (tx_event),
      .restart_i    (tx_restart),
      .arm_i        (|arm),
      .unmask_i     (unmask),
      .vector_i     (vector),
      .index_i      (arm_data[QP_IRQ_ARM_TX_INDEX_LSB+:QP_IRQ_ARM_TX_INDEX_WIDTH]),
      .told_i       (grant),
      .told_vector_i(winner),
      .ready_o      (tx_ready)
  );

  nic_irq_moderate #(
      .Queues  (Queues),
      .ClockMhz(ClockMhz),
      .Offset  (QP_IRQ_RX_MOD_OFFSET[7:0])
  ) u_rx_moderate (
      .clk_i,
      .rst_ni,
      .req_i,
      .rsp_o        (rx_mod_rsp),
      .sts_i        (rx_sts_i),
      .event_i      (rx_event),
      .restart_i    (rx_restart),
      .arm_i        (|arm),
      .unmask_i     (unmask),
      .vector_i     (vector),
      .index_i      (arm_data[QP_IRQ_ARM_RX_INDEX_LSB+:QP_IRQ_ARM_RX_INDEX_WIDTH]),
      .told_i       (grant),
      .told_vector_i(winner),
      .ready_o      (rx_ready)
  );

  assign pend = ((tx_event & tx_ready) | (rx_event & rx_ready)) & ~masked;

  always_ff @(posedge clk_i) irq_o <= rst_ni && line_mode_q && |pend;

  // ------------------------------------------------------------------ MSI-X
  vector_t           next_q;        // the vector that is asked first
  logic [Queues-1:0] want;
  logic [63:0]       table_addr;
  logic [31:0]       table_data;

  nic_msix_table #(
      .Queues(Queues)
  ) u_table (
      .clk_i,
      .rst_ni,
      .req_i,
      .rsp_o   (table_rsp),
      .mask_o  (table_mask),
      .vector_i(winner),
      .addr_o  (table_addr),
      .data_o  (table_data)
  );

  assign want  = line_mode_q ? '0 : pend & ~table_mask;
  assign grant = |want && !busy_o && !soft_reset_i;

  // The first vector from next_q on that wants; else the first of all.
  always_comb begin
    winner = '0;
    for (int v = Queues - 1; v >= 0; v--) if (want[v]) winner = vector_t'(v);
    for (int v = Queues - 1; v >= 0; v--) if (want[v] && vector_t'(v) >= next_q) winner = vector_t'(v);
  end

  always_comb begin
    sent = '0;
    if (grant) sent[winner] = 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (grant) begin
      msix_addr_o   <= table_addr;
      msix_data_o   <= table_data;
      msix_vector_o <= queue_t'(winner);
      next_q        <= winner == vector_t'(Queues - 1) ? '0 : winner + 1'b1;
    end
    if (msix_ready_i) msix_valid_o <= 1'b0;
    if (msix_done_i) busy_o <= 1'b0;
    if (grant) begin
      msix_valid_o <= 1'b1;
      busy_o       <= 1'b1;
    end
    if (!rst_ni) begin
      msix_valid_o <= 1'b0;
      busy_o       <= 1'b0;
      next_q       <= '0;
    end
  end

  // A request holds until it is taken: the next one never comes while it waits.
  `NIC_ASSERT(MsixHolds, !(grant && (msix_valid_o || busy_o)))
  `NIC_ASSERT_IF(MsixDoneOnce, msix_done_i, (busy_o && (!msix_valid_o || msix_ready_i)))
  `NIC_ASSERT(MsixMaskedNotSent, (sent & (table_mask | ~pend)) == '0)

endmodule
