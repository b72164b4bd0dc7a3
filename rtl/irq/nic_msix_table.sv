// SPDX-License-Identifier: Apache-2.0
// The MSI-X table: address, data and mask of each vector (PCI Express Base 5.0, 7.7.2). Byte writes are taken.
// addr_o and data_o are the entry of vector_i, in the same clock. An entry is to be changed while it is masked.

module nic_msix_table
  import nic_pkg::*;
  import nic_regs_pkg::*;
#(
    parameter  int unsigned Vectors    = 5,
    localparam int unsigned EntryWidth = $clog2(Vectors)
) (
    input  logic clk_i,
    input  logic rst_ni,

    // register bus
    input  reg_req_t req_i,
    output reg_rsp_t rsp_o,

    output logic [Vectors-1:0]    mask_o,

    input  logic [EntryWidth-1:0] vector_i,
    output logic [63:0]           addr_o,
    output logic [31:0]           data_o
);

  logic [31:0] addr_lo_q [Vectors];
  logic [31:0] addr_hi_q [Vectors];
  logic [31:0] data_q [Vectors];

  logic [EntryWidth-1:0] entry;
  logic                  select_q, select;

  always_ff @(posedge clk_i) begin
    if (req_i.setup) select_q <= req_i.addr[15:9] == MSIX_BASE[15:9] && 32'(req_i.addr[8:4]) < Vectors;
  end
  assign select = req_i.valid && select_q;
  assign entry  = req_i.addr[4+:EntryWidth];

  assign addr_o = {addr_hi_q[vector_i], addr_lo_q[vector_i]};
  assign data_o = data_q[vector_i];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      for (int unsigned v = 0; v < Vectors; v++) begin
        addr_lo_q[v] <= MSIX_ADDR_LO_DEFAULT;
        addr_hi_q[v] <= MSIX_ADDR_HI_DEFAULT;
        data_q[v]    <= MSIX_DATA_DEFAULT;
        mask_o[v]    <= MSIX_VECTOR_CTRL_DEFAULT[MSIX_VECTOR_CTRL_MASK_LSB];
      end
    end else if (select && req_i.write) begin
      case (req_i.addr[3:0])
        MSIX_ADDR_LO_OFFSET[3:0]:
        addr_lo_q[entry] <= apply_strb(addr_lo_q[entry], req_i.wdata, req_i.wstrb) & MSIX_ADDR_LO_WMASK;
        MSIX_ADDR_HI_OFFSET[3:0]: addr_hi_q[entry] <= apply_strb(addr_hi_q[entry], req_i.wdata, req_i.wstrb);
        MSIX_DATA_OFFSET[3:0]: data_q[entry] <= apply_strb(data_q[entry], req_i.wdata, req_i.wstrb);
        MSIX_VECTOR_CTRL_OFFSET[3:0]:
        if (req_i.wstrb[0]) mask_o[entry] <= req_i.wdata[MSIX_VECTOR_CTRL_MASK_LSB];
        default: ;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i.valid) rsp_o <= '0;
    if (select) begin
      rsp_o.hit <= 1'b1;
      case (req_i.addr[3:0])
        MSIX_ADDR_LO_OFFSET[3:0]:     rsp_o.rdata <= addr_lo_q[entry];
        MSIX_ADDR_HI_OFFSET[3:0]:     rsp_o.rdata <= addr_hi_q[entry];
        MSIX_DATA_OFFSET[3:0]:        rsp_o.rdata <= data_q[entry];
        MSIX_VECTOR_CTRL_OFFSET[3:0]: rsp_o.rdata[MSIX_VECTOR_CTRL_MASK_LSB] <= mask_o[entry];
        default:                      rsp_o.hit <= 1'b0;
      endcase
    end
  end

endmodule
