// SPDX-License-Identifier: Apache-2.0
// Registers of the interrupts: the queue pairs' masks and vectors, what software has read (IRQ_ARM, IRQ_SEEN), the mode,
// and what they show of events. Moderation, causes and the MSI-X table have theirs beside their logic.
//
// seen_o, unmask_o and the index are of the clock of the request. hide_o says, a clock later, that software masked a queue
// pair or gave it other vectors; hide_*_vector_o are those that it had.

module nic_irq_regs
  import nic_pkg::*;
  import nic_regs_pkg::*;
#(
    parameter  int unsigned Queues     = 4,
    parameter  int unsigned ClockMhz   = 250,
    localparam int unsigned QueueWidth = Queues > 1 ? $clog2(Queues) : 1,
    localparam int unsigned VecWidth   = $clog2(Queues + 1)
) (
    input  logic clk_i,
    input  logic rst_ni,

    // register bus
    input  reg_req_t              req_i,
    output reg_rsp_t              rsp_o,

    // what it shows
    input  logic [Queues-1:0]     event_i,
    input  logic [Queues-1:0]     pend_i,
    input  logic                  cause_pending_i,

    // what software did
    output logic [QueueWidth-1:0] queue_o,
    output logic                  seen_o,            // it has read both rings of queue_o up to these
    output index_t                tx_index_o,
    output index_t                rx_index_o,
    input  index_t                tx_seen_i,         // and before, of queue_o
    input  index_t                rx_seen_i,
    output logic                  unmask_o,          // queue_o, masked so far, by IRQ_MASK
    output logic                  hide_o,
    output logic [VecWidth-1:0]   hide_tx_vector_o,
    output logic [VecWidth-1:0]   hide_rx_vector_o,

    // state of the queue pairs
    input  logic [Queues-1:0]     sent_i,            // a message that tells of them is handed over in this clock
    output logic [Queues-1:0]     masked_o,
    output logic [Queues-1:0]     auto_mask_o,
    output logic [VecWidth-1:0]   tx_vector_o [Queues],
    output logic [VecWidth-1:0]   rx_vector_o [Queues],
    output logic                  line_mode_o
);

  logic                  is_arm_q, is_seen_q, is_mask_q, is_status_q, is_vector_q;    // the register asked for
  logic                  is_ctrl_q, is_pending_q, is_clock_q;
  logic [QueueWidth-1:0] queue;
  logic                  arm, write_mask, write_vector;
  vector_t               tx_written_q [Queues], rx_written_q [Queues];

  // A vector that does not exist acts as 0.
  function automatic logic [VecWidth-1:0] exists(vector_t written);
    return 32'(written) <= Queues ? VecWidth'(written) : '0;
  endfunction

  // What is asked for: known a clock before it happens.
  always_ff @(posedge clk_i) begin
    if (req_i.setup) begin : decode
      automatic logic pair = req_i.addr[15:12] == QP_BASE[15:12] && 32'(req_i.addr[11:8]) < Queues;
      queue        <= req_i.addr[8+:QueueWidth];
      is_arm_q     <= pair && req_i.addr[7:0] == QP_IRQ_ARM_OFFSET[7:0];
      is_seen_q    <= pair && req_i.addr[7:0] == QP_IRQ_SEEN_OFFSET[7:0];
      is_mask_q    <= pair && req_i.addr[7:0] == QP_IRQ_MASK_OFFSET[7:0];
      is_status_q  <= pair && req_i.addr[7:0] == QP_IRQ_STATUS_OFFSET[7:0];
      is_vector_q  <= pair && req_i.addr[7:0] == QP_IRQ_VECTOR_OFFSET[7:0];
      is_ctrl_q    <= req_i.addr == IRQ_CTRL_OFFSET;
      is_pending_q <= req_i.addr == IRQ_PENDING_OFFSET;
      is_clock_q   <= req_i.addr == CLOCK_OFFSET;
    end
  end

  assign queue_o = queue;

  always_comb begin
    arm          = 1'b0;
    seen_o       = 1'b0;
    write_mask   = 1'b0;
    unmask_o     = 1'b0;
    write_vector = 1'b0;
    {tx_index_o, rx_index_o} = '0;
    if (req_i.valid) begin
      if (req_i.write) begin
        arm          = is_arm_q;
        seen_o       = is_seen_q || is_arm_q;
        write_mask   = is_mask_q && req_i.wstrb[0];
        unmask_o     = write_mask && masked_o[queue] && !req_i.wdata[QP_IRQ_MASK_MASKED_LSB];
        write_vector = is_vector_q;
      end
      {tx_index_o, rx_index_o} = apply_strb({tx_seen_i, rx_seen_i}, req_i.wdata, req_i.wstrb);
    end
  end

  always_ff @(posedge clk_i) begin
    if (write_mask) begin
      masked_o[queue]    <= req_i.wdata[QP_IRQ_MASK_MASKED_LSB];
      auto_mask_o[queue] <= req_i.wdata[QP_IRQ_MASK_AUTO_MASK_LSB];
    end
    if (arm) masked_o[queue] <= 1'b0;
    if (write_vector && req_i.wstrb[0]) begin
      rx_written_q[queue] <= req_i.wdata[QP_IRQ_VECTOR_RX_VECTOR_LSB+:5];
      rx_vector_o[queue]  <= exists(req_i.wdata[QP_IRQ_VECTOR_RX_VECTOR_LSB+:5]);
    end
    if (write_vector && req_i.wstrb[1]) begin
      tx_written_q[queue] <= req_i.wdata[QP_IRQ_VECTOR_TX_VECTOR_LSB+:5];
      tx_vector_o[queue]  <= exists(req_i.wdata[QP_IRQ_VECTOR_TX_VECTOR_LSB+:5]);
    end
    if (req_i.valid && req_i.write && is_ctrl_q && req_i.wstrb[0]) begin
      line_mode_o <= req_i.wdata[IRQ_CTRL_LINE_MODE_LSB];
    end
    // "Written, then sent": after each such message the queue pair is masked until a later IRQ_ARM.
    if (sent_i != '0) begin
      for (int unsigned q = 0; q < Queues; q++) if (sent_i[q] && auto_mask_o[q]) masked_o[q] <= 1'b1;
    end
    if (!rst_ni) begin
      masked_o    <= {Queues{QP_IRQ_MASK_DEFAULT[QP_IRQ_MASK_MASKED_LSB]}};
      auto_mask_o <= {Queues{QP_IRQ_MASK_DEFAULT[QP_IRQ_MASK_AUTO_MASK_LSB]}};
      line_mode_o <= IRQ_CTRL_DEFAULT[IRQ_CTRL_LINE_MODE_LSB];
      for (int unsigned q = 0; q < Queues; q++) begin
        tx_written_q[q] <= vector_t'(q);
        rx_written_q[q] <= vector_t'(q);
        tx_vector_o[q]  <= VecWidth'(q);
        rx_vector_o[q]  <= VecWidth'(q);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    hide_o <= rst_ni && (write_vector || (write_mask && req_i.wdata[QP_IRQ_MASK_MASKED_LSB]));
    if (write_vector || write_mask) begin
      hide_tx_vector_o <= tx_vector_o[queue];
      hide_rx_vector_o <= rx_vector_o[queue];
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i.valid) begin
      rsp_o     <= '0;
      rsp_o.hit <= is_arm_q || is_seen_q || is_mask_q || is_status_q || is_vector_q || is_ctrl_q || is_pending_q ||
                   is_clock_q;
      if (is_mask_q) begin
        rsp_o.rdata[QP_IRQ_MASK_MASKED_LSB]    <= masked_o[queue];
        rsp_o.rdata[QP_IRQ_MASK_AUTO_MASK_LSB] <= auto_mask_o[queue];
      end
      if (is_status_q) rsp_o.rdata[QP_IRQ_STATUS_EVENT_LSB] <= event_i[queue];
      if (is_vector_q) begin
        rsp_o.rdata[QP_IRQ_VECTOR_RX_VECTOR_LSB+:5] <= rx_written_q[queue];
        rsp_o.rdata[QP_IRQ_VECTOR_TX_VECTOR_LSB+:5] <= tx_written_q[queue];
      end
      if (is_ctrl_q) rsp_o.rdata[IRQ_CTRL_LINE_MODE_LSB] <= line_mode_o;
      if (is_pending_q) begin
        rsp_o.rdata[Queues-1:0]            <= pend_i;
        rsp_o.rdata[IRQ_PENDING_CAUSE_LSB] <= cause_pending_i;
      end
      if (is_clock_q) rsp_o.rdata[CLOCK_MHZ_LSB+:CLOCK_MHZ_WIDTH] <= CLOCK_MHZ_WIDTH'(ClockMhz);
    end
  end

endmodule
