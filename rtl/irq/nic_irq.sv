// SPDX-License-Identifier: Apache-2.0
// Interrupts: one vector a queue pair, sent as MSI-X writes or as one level line (IRQ_CTRL.line_mode).
//
// A vector's event becomes pending when a completion ring of its queue pair holds a record beyond the index last
// written to IRQ_ARM. Since ring_sts_t.cq_head advances only when the completion writes are answered, an MSI-X
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
    parameter int unsigned Queues = 4
) (
    input  logic clk_i,
    input  logic rst_ni,               // the core's reset (nic_csr.core_rst_no)

    // register bus
    input  reg_req_t                req_i,
    output reg_rsp_t                rsp_o,

    // rings
    input  ring_sts_t [Queues-1:0]  tx_sts_i,
    input  ring_sts_t [Queues-1:0]  rx_sts_i,

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

  logic [Queues-1:0] pend;          // event and not masked
  logic [Queues-1:0] table_mask;
  logic [Queues-1:0] sent;          // handed over in this clock
  logic              line_mode_q;

  // ------------------------------------------------------------------ registers
  logic     write, is_ctrl, is_pending, is_pba, is_pba_high;
  reg_rsp_t own_rsp_q, table_rsp;
  reg_rsp_t [Queues-1:0] vector_rsp;

  assign write       = req_i.valid && req_i.write;
  assign is_ctrl     = req_i.addr == IRQ_CTRL_OFFSET;
  assign is_pending  = req_i.addr == IRQ_PENDING_OFFSET;
  assign is_pba      = req_i.addr == MSIX_PBA_OFFSET;
  assign is_pba_high = req_i.addr == MSIX_PBA_HI_OFFSET;

  always_ff @(posedge clk_i) begin
    if (write && is_ctrl && req_i.wstrb[0]) line_mode_q <= req_i.wdata[IRQ_CTRL_LINE_MODE_LSB];
    if (!rst_ni) line_mode_q <= IRQ_CTRL_DEFAULT[IRQ_CTRL_LINE_MODE_LSB];
  end

  always_ff @(posedge clk_i) begin
    own_rsp_q <= '0;
    if (req_i.valid) begin
      own_rsp_q.hit <= is_ctrl || is_pending || is_pba || is_pba_high;
      if (is_ctrl) own_rsp_q.rdata[IRQ_CTRL_LINE_MODE_LSB] <= line_mode_q;
      if (is_pending) own_rsp_q.rdata <= 32'(pend);
      if (is_pba) own_rsp_q.rdata <= line_mode_q ? '0 : 32'(pend & table_mask);
    end
  end

  always_comb begin
    rsp_o = own_rsp_q | table_rsp;
    for (int unsigned v = 0; v < Queues; v++) rsp_o |= vector_rsp[v];
  end

  // ------------------------------------------------------------------ vectors
  for (genvar v = 0; v < Queues; v++) begin : gen_vector
    nic_irq_vector #(
        .Vector(v)
    ) u_vector (
        .clk_i,
        .rst_ni,
        .req_i,
        .rsp_o   (vector_rsp[v]),
        .tx_sts_i(tx_sts_i[v]),
        .rx_sts_i(rx_sts_i[v]),
        .sent_i  (sent[v]),
        .pend_o  (pend[v])
    );
  end

  always_ff @(posedge clk_i) irq_o <= rst_ni && line_mode_q && |pend;

  // ------------------------------------------------------------------ MSI-X
  vector_t           next_q;        // the vector that is asked first
  vector_t           winner;
  logic [Queues-1:0] want;
  logic              grant;
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

  `NIC_ASSERT(MsixHolds, !($past(rst_ni) && $past(msix_valid_o && !msix_ready_i)) ||
              (msix_valid_o && msix_addr_o == $past(msix_addr_o) && msix_data_o == $past(msix_data_o) &&
               msix_vector_o == $past(msix_vector_o)))
  `NIC_ASSERT(MsixOneAtATime, !msix_valid_o || busy_o)
  `NIC_ASSERT(MsixDoneOnce, !msix_done_i || (busy_o && (!msix_valid_o || msix_ready_i)))
  `NIC_ASSERT(MsixMaskedNotSent, (sent & (table_mask | ~pend)) == '0)

endmodule
