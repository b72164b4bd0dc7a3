// SPDX-License-Identifier: Apache-2.0
// nic_irq: the masks, and what pending means. A queue pair is masked as it was written last, unmasked by IRQ_ARM, and
// masked by each message that tells of it with auto_mask, whatever meets in one clock; masked, it asks for nothing and
// nothing tells of it; unmasked, what is let through goes at once if no message is under way, or shows on the line,
// and until then it stays.
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
    input logic       msix_ready_i,
    input logic       msix_done_i
);
  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  reg_rsp_t    rsp_o;
  ring_sts_t   tx_sts_i [2], rx_sts_i [2];
  logic        busy_o, msix_valid_o, msix_cause_o, msix_tx_o, irq_o;
  logic [63:0] msix_addr_o;
  logic [31:0] msix_data_o;
  vector_t     msix_vector_o;
  queue_t      msix_queue_o;
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
  `NIC_ASSUME(DoneOnce, !msix_done_i || (busy_o && (!msix_valid_o || msix_ready_i)))
  `NIC_ASSUME(TxStartsAtZero, !tx_start_i || tx_sts_i[tx_start_queue_i].cq_head == '0)
  `NIC_ASSUME(RxStartsAtZero, !rx_start_i || rx_sts_i[rx_start_queue_i].cq_head == '0)
  logic tx_moved_q, rx_moved_q;
  always_ff @(posedge clk_i) begin
    tx_moved_q <= tx_cq_valid_i;
    rx_moved_q <= rx_cq_valid_i;
  end
  `NIC_ASSUME(RingsRest, !(tx_moved_q && tx_cq_valid_i) && !(rx_moved_q && rx_cq_valid_i))
  `NIC_ASSUME(WordAligned, req_i.addr[1:0] == '0)

  logic [0:0] mine;        // either queue pair, for ever
  always_ff @(posedge clk_i) mine <= mine;

  // What software does with it.
  logic mine_written, arm, write_mask;
  assign mine_written = req_i.valid && req_i.write && req_i.addr[15:8] == QP_BASE[15:8] + 8'(mine);
  assign arm          = mine_written && req_i.addr[7:0] == QP_IRQ_ARM_OFFSET[7:0];
  assign write_mask   = mine_written && req_i.addr[7:0] == QP_IRQ_MASK_OFFSET[7:0] && req_i.wstrb[0];

  logic tx_sent, rx_sent, masked, auto_mask, hidden_q, arm_q, write_q, to_q, was_q, masked_was_q, pend, pend_q, sent_q;
  assign tx_sent   = dut.tx_sent[mine];
  assign rx_sent   = dut.rx_sent[mine];
  assign masked    = dut.masked_q[mine];
  assign auto_mask = dut.auto_mask_q[mine];
  assign pend      = dut.tx_event[mine] && dut.tx_ready[mine] && !masked;   // of its TX ring
  logic seen, starts, keep_q, line_q, free_q;
  assign seen   = arm || (mine_written && req_i.addr[7:0] == QP_IRQ_SEEN_OFFSET[7:0]);
  assign starts = tx_start_i && tx_start_queue_i == mine;
  always_ff @(posedge clk_i) begin
    hidden_q     <= rst_ni && (tx_sent || rx_sent) && auto_mask;
    arm_q        <= rst_ni && arm;
    write_q      <= rst_ni && write_mask;
    to_q         <= req_i.wdata[QP_IRQ_MASK_MASKED_LSB];
    was_q        <= rst_ni;
    masked_was_q <= masked;
    sent_q       <= rst_ni && (dut.tx_sent != '0 || dut.rx_sent != '0 || dut.cause_sent);
    keep_q       <= rst_ni && dut.tx_event[mine] && !tx_sent && !seen && !starts;
    line_q       <= rst_ni && dut.line_mode_q && (dut.tx_pend != '0 || dut.rx_pend != '0 || dut.cause_pending);
  end

  `NIC_ASSERT(MaskedAfterMessage, !hidden_q || masked)
  `NIC_ASSERT(ArmUnmasks, !arm_q || hidden_q || !masked)
  `NIC_ASSERT(MaskAsWritten, !write_q || arm_q || hidden_q || masked == to_q)
  `NIC_ASSERT(MaskStays, !was_q || write_q || arm_q || hidden_q || masked == masked_was_q)
  `NIC_ASSERT(MaskedIsNotTold, !masked || (!tx_sent && !rx_sent))
  `NIC_ASSERT(PendingIsNotMasked, dut.tx_pend[mine] == pend)
  `NIC_ASSERT(GoesAtOnce, !(pend && !busy_o && !soft_reset_i && !dut.line_mode_q &&
              !dut.u_msix.mask[dut.u_msix.exists(dut.tx_vector[mine])]) || dut.u_msix.grant)
  `NIC_ASSERT(EventStays, !keep_q || dut.tx_event[mine])
  `NIC_ASSERT(LineIsPending, irq_o == line_q)
  `NIC_ASSERT(NoMessageInLineMode, !dut.line_mode_q || !dut.u_msix.grant)
  `NIC_ASSERT(SentIsOffered, !sent_q || (msix_valid_o && busy_o))
  // What makes it inductive.
  `NIC_ASSERT(NextExists, dut.u_msix.next_q < 3'd5)
  `NIC_ASSERT(ValidIsBusy, !msix_valid_o || busy_o)

  `NIC_COVER(MessageMeetsArm, hidden_q && arm_q && masked && msix_tx_o)
  `NIC_COVER(Line, irq_o && !dut.cause_pending)
  `NIC_COVER(UnmaskedFindsMore, tx_sent && !masked && auto_mask && msix_queue_o == 4'd1 && !busy_o)
endmodule
