// SPDX-License-Identifier: Apache-2.0
// nic_irq: the masks, and what pending means. A queue pair is masked as it was written last, unmasked by IRQ_ARM, and
// masked by each message that tells of it with auto_mask, whatever meets in one clock; masked, it asks for nothing and
// nothing tells of it; unmasked, what is let through asks for a message at once if none of its vector is under way, or shows
// on the line, and until it is told it stays. While a message is under way that tells of what was masked since, no register
// is read.
//
// Two queue pairs, any of them. The parts are proved by themselves: irq_events, irq_moderate, irq_msix, msix_table.

`include "nic_assert.svh"

module irq_proof
  import nic_pkg::*;
  import nic_regs_pkg::*;
(
    input logic       clk_i,
    input reg_req_t   req_i,
    input ring_sts_t  tx_sts_0, tx_sts_1, rx_sts_0, rx_sts_1,
    input logic [1:0] tx_error_i,
    input logic [1:0] rx_error_i,
    input logic       tx_cq_valid_i,
    input logic       rx_cq_valid_i,
    input logic [0:0] cq_queue_i,
    input logic       tx_start_i,
    input logic [0:0] tx_start_queue_i,
    input logic       rx_start_i,
    input logic [0:0] rx_start_queue_i,
    input logic       link_i,
    input logic       error_i,
    input logic       soft_reset_i,
    input logic [1:0] cpl_out_i,
    input logic       msix_ready_i,
    input logic       msix_done_i,
    input queue_t     msix_done_id_i
);
  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  reg_rsp_t    rsp_o;
  ring_sts_t   tx_sts_i [2], rx_sts_i [2];
  logic        busy_o, hold_read_o, msix_valid_o, done_live_o, irq_o;
  logic [1:0]  cpl_hold_o;
  logic [63:0] msix_addr_o;
  logic [31:0] msix_data_o;
  vector_t     msix_vector_o;
  msix_by_t    done_by_o;
  assign tx_sts_i[0] = tx_sts_0;
  assign tx_sts_i[1] = tx_sts_1;
  assign rx_sts_i[0] = rx_sts_0;
  assign rx_sts_i[1] = rx_sts_1;
  nic_irq #(
      .Queues  (2),
      .ClockMhz(1)
  ) dut (.*);

  // Surroundings: the write engine answers what it took, once; rings start at 0 and rest for a clock after they moved.
  `NIC_ASSUME(ReadyForSome, !msix_ready_i || msix_valid_o)
  `NIC_ASSUME(DoneOnce, !msix_done_i || (msix_done_id_i < 4'd3 && dut.busy[msix_done_id_i[1:0]] &&
              !(msix_valid_o && msix_vector_o[1:0] == msix_done_id_i[1:0])))
  `NIC_ASSUME(TxStartsAtZero, !tx_start_i || tx_sts_i[tx_start_queue_i].cq_head == '0)
  `NIC_ASSUME(RxStartsAtZero, !rx_start_i || rx_sts_i[rx_start_queue_i].cq_head == '0)
  logic tx_moved_q, rx_moved_q;
  always_ff @(posedge clk_i) begin
    tx_moved_q <= tx_cq_valid_i;
    rx_moved_q <= rx_cq_valid_i;
  end
  `NIC_ASSUME(RingsRest, !(tx_moved_q && tx_cq_valid_i) && !(rx_moved_q && rx_cq_valid_i))
  `NIC_ASSUME(WordAligned, req_i.addr[1:0] == '0)
  `include "reg_bus.svh"

  logic [0:0] mine;        // either queue pair, for ever
  always_ff @(posedge clk_i) mine <= mine;

  // What software does with it.
  logic mine_written, arm, write_mask;
  assign mine_written = req_i.valid && req_i.write && req_i.addr[15:8] == QP_BASE[15:8] + 8'(mine);
  assign arm          = mine_written && req_i.addr[7:0] == QP_IRQ_ARM_OFFSET[7:0];
  assign write_mask   = mine_written && req_i.addr[7:0] == QP_IRQ_MASK_OFFSET[7:0] && req_i.wstrb[0];

  logic tx_sent, rx_sent, masked, auto_mask, sent_mask_q, arm_q, write_q, to_q, was_q, masked_was_q, pend;
  assign tx_sent   = dut.tx_sent[mine];
  assign rx_sent   = dut.rx_sent[mine];
  assign masked    = dut.masked[mine];
  assign auto_mask = dut.auto_mask[mine];
  assign pend      = dut.tx_event[mine] && dut.tx_ready[mine] && !masked;   // of its TX ring
  logic seen, starts, keep_q, line_q, asks_q, hide_q, hide_qq;
  logic [1:0] vector, hidden_next, hidden_q;    // of its TX ring; that which it had as it was masked or given another
  assign vector = dut.tx_vector[mine];
  assign seen   = arm || (mine_written && req_i.addr[7:0] == QP_IRQ_SEEN_OFFSET[7:0]);
  assign starts = tx_start_i && tx_start_queue_i == mine;
  always_ff @(posedge clk_i) begin
    sent_mask_q  <= rst_ni && (tx_sent || rx_sent) && auto_mask;
    arm_q        <= rst_ni && arm;
    write_q      <= rst_ni && write_mask;
    hide_q       <= rst_ni && (mine_written && req_i.addr[7:0] == QP_IRQ_VECTOR_OFFSET[7:0] ||
                               write_mask && req_i.wdata[QP_IRQ_MASK_MASKED_LSB]);
    hide_qq      <= rst_ni && hide_q;
    if (hide_q) hidden_q <= hidden_next;
    hidden_next  <= vector;
    to_q         <= req_i.wdata[QP_IRQ_MASK_MASKED_LSB];
    was_q        <= rst_ni;
    masked_was_q <= masked;
    asks_q       <= rst_ni && pend && !dut.line_mode && !dut.table_mask[vector] && !dut.busy[vector];
    keep_q       <= rst_ni && dut.tx_event[mine] && !tx_sent && !seen && !starts;
    line_q       <= rst_ni && dut.line_mode && (dut.tx_pend != '0 || dut.rx_pend != '0 || dut.cause_pending);
  end

  `NIC_ASSERT(MaskedAfterMessage, !sent_mask_q || masked)
  `NIC_ASSERT(ArmUnmasks, !arm_q || sent_mask_q || !masked)
  `NIC_ASSERT(MaskAsWritten, !write_q || arm_q || sent_mask_q || masked == to_q)
  `NIC_ASSERT(MaskStays, !was_q || write_q || arm_q || sent_mask_q || masked == masked_was_q)
  `NIC_ASSERT(MaskedIsNotTold, !masked_was_q || !was_q || (!tx_sent && !rx_sent))
  `NIC_ASSERT(PendingIsNotMasked, dut.tx_pend[mine] == pend)
  `NIC_ASSERT(AsksAtOnce, !asks_q || cpl_hold_o[mine])
  `NIC_ASSERT(EventStays, !keep_q || dut.tx_event[mine])
  `NIC_ASSERT(LineIsPending, irq_o == line_q)
  `NIC_ASSERT(NoMessageInLineMode, !dut.line_mode || !dut.grant)
  `NIC_ASSERT(ToldIsSent, !(dut.tx_sent != '0 || dut.rx_sent != '0 || dut.cause_sent) || dut.sent)
  `NIC_ASSERT(SentIsOffered, !dut.sent || (msix_valid_o && busy_o))
  // Two clocks after a mask, when a register may be read.
  `NIC_ASSERT(HidingIsNoticed, !hide_q || (dut.hide && dut.hide_tx_vector == hidden_next && hidden_next < 2'd3))
  `NIC_ASSERT(ReadWaitsForTable, (dut.busy & dut.table_mask) == '0 || hold_read_o)
  `NIC_ASSERT(ReadWaitsForHidden, !hide_qq || !dut.busy[hidden_q] || hold_read_o)
  // What makes it inductive.
  logic pair;
  assign pair = req_i.addr[15:12] == QP_BASE[15:12] && req_i.addr[11:8] < 4'd2;
  `NIC_ASSERT(DecodedBefore, !req_i.valid || (dut.queue == req_i.addr[8] &&
              dut.u_regs.is_arm_q == (pair && req_i.addr[7:0] == QP_IRQ_ARM_OFFSET[7:0]) &&
              dut.u_regs.is_seen_q == (pair && req_i.addr[7:0] == QP_IRQ_SEEN_OFFSET[7:0]) &&
              dut.u_regs.is_mask_q == (pair && req_i.addr[7:0] == QP_IRQ_MASK_OFFSET[7:0]) &&
              dut.u_regs.is_vector_q == (pair && req_i.addr[7:0] == QP_IRQ_VECTOR_OFFSET[7:0])))
  `NIC_ASSERT(VectorsExist, dut.tx_vector[0] < 2'd3 && dut.tx_vector[1] < 2'd3 && dut.rx_vector[0] < 2'd3 &&
              dut.rx_vector[1] < 2'd3 && dut.cause_vector < 2'd3)
  `NIC_ASSERT(PickExists, dut.u_msix.last_q < 3'd5 && (!dut.u_msix.pick_valid_q || dut.u_msix.pick_q < 3'd5))
  `NIC_ASSERT(ValidIsBusy, !msix_valid_o || (msix_vector_o < 5'd3 && dut.busy[msix_vector_o[1:0]]))

  `NIC_COVER(MessageMeetsArm, sent_mask_q && arm_q && masked && dut.msix_by.tx)
  `NIC_COVER(Line, irq_o && !dut.cause_pending)
  `NIC_COVER(UnmaskedFindsMore, tx_sent && !masked && auto_mask && dut.msix_by.qp == 4'd1)
  `NIC_COVER(TwoUnderWay, dut.busy[0] && dut.busy[1] && !hold_read_o)
endmodule
