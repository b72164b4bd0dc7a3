// SPDX-License-Identifier: Apache-2.0
// Causes of interrupts other than completions: link changes and errors (IRQ_CAUSE), with a mask and a vector.
//
// A cause is noted in the clock in which it happens, masked or not, and stays until software clears it; if it happens
// as it is cleared, it stays. event_o asks for a message while a cause is there that is not masked and no message has
// told of since software last wrote IRQ_CAUSE or IRQ_CAUSE_MASK: so each write finds out whether something is left, and
// what comes between a message and the handler's write is not lost.

module nic_irq_cause
  import nic_pkg::*;
  import nic_regs_pkg::*;
#(
    parameter  int unsigned Queues   = 4,
    localparam int unsigned VecWidth = $clog2(Queues + 1)
) (
    input  logic clk_i,
    input  logic rst_ni,

    // register bus
    input  reg_req_t req_i,
    output reg_rsp_t rsp_o,

    // what happens
    input  logic     link_i,       // level: each change is a cause
    input  logic     error_i,      // one clock

    output logic     pending_o,    // a cause that is not masked
    output logic     event_o,      // and no message has told of it
    output logic [VecWidth-1:0] vector_o,      // which is to tell
    input  logic     told_i,       // a message by that vector is handed over
    output logic     hide_o,       // software masked causes or gave them another vector, a clock ago
    output logic [VecWidth-1:0] hide_vector_o  // than this
);

  typedef struct packed {
    logic error;
    logic link;
  } cause_t;

  cause_t  cause_q, mask_q;
  vector_t vector_q;             // as written
  logic    link_q, told_q;
  logic    write;
  logic    is_cause_q, is_mask_q, is_vector_q;    // the register that is asked for

  always_ff @(posedge clk_i) begin
    if (req_i.setup) begin
      is_cause_q  <= req_i.addr == IRQ_CAUSE_OFFSET;
      is_mask_q   <= req_i.addr == IRQ_CAUSE_MASK_OFFSET;
      is_vector_q <= req_i.addr == IRQ_CAUSE_VECTOR_OFFSET;
    end
  end

  assign write     = req_i.valid && req_i.write;
  assign pending_o = (cause_q & ~mask_q) != '0;
  assign event_o   = pending_o && !told_q;

  always_ff @(posedge clk_i) begin
    if (told_i && event_o) told_q <= 1'b1;
    if (write) begin
      if (is_cause_q || is_mask_q) told_q <= 1'b0;
      if (is_cause_q && req_i.wstrb[0]) cause_q <= cause_q & ~req_i.wdata[1:0];
      if (is_mask_q && req_i.wstrb[0]) mask_q <= req_i.wdata[1:0];
      if (is_vector_q && req_i.wstrb[0]) begin
        vector_q <= req_i.wdata[4:0];
        // One that does not exist acts as 0.
        vector_o <= 32'(req_i.wdata[4:0]) <= Queues ? VecWidth'(req_i.wdata[4:0]) : '0;
      end
    end
    link_q <= link_i;
    if (link_i != link_q) cause_q.link <= 1'b1;
    if (error_i) cause_q.error <= 1'b1;
    if (!rst_ni) begin
      cause_q  <= IRQ_CAUSE_DEFAULT[1:0];
      mask_q   <= IRQ_CAUSE_MASK_DEFAULT[1:0];
      vector_q <= vector_t'(Queues);
      vector_o <= VecWidth'(Queues);
      told_q   <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    hide_o <= write && rst_ni && (is_mask_q || is_vector_q);
    if (write) hide_vector_o <= vector_o;
  end

  always_ff @(posedge clk_i) begin
    if (req_i.valid) begin
      rsp_o     <= '0;
      rsp_o.hit <= is_cause_q || is_mask_q || is_vector_q;
      if (is_cause_q) rsp_o.rdata[1:0] <= cause_q;
      if (is_mask_q) rsp_o.rdata[1:0] <= mask_q;
      if (is_vector_q) rsp_o.rdata[4:0] <= vector_q;
    end
  end

endmodule
