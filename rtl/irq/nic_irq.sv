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

module nic_irq
  import nic_pkg::*;
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

endmodule
