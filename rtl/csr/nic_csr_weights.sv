// SPDX-License-Identifier: Apache-2.0
// The TX weights of all queues (TX_WEIGHT): what each may send in its turn (nic_tx_list).

module nic_csr_weights
  import nic_pkg::*;
  import nic_regs_pkg::*;
#(
    parameter  int unsigned Queues     = 4,
    localparam int unsigned QueueWidth = Queues > 1 ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,

    // register bus
    input  reg_req_t req_i,
    output reg_rsp_t rsp_o,

    output logic [7:0] weight_o [Queues]   // as written
);

  logic                  select_q, select;
  logic [QueueWidth-1:0] queue;

  always_ff @(posedge clk_i) begin
    if (req_i.setup) begin
      select_q <= req_i.addr[15:12] == QP_BASE[15:12] && 32'(req_i.addr[11:8]) < Queues &&
                  req_i.addr[7:0] == QP_TX_WEIGHT_OFFSET[7:0];
    end
  end
  assign select = req_i.valid && select_q;
  assign queue  = req_i.addr[8+:QueueWidth];

  always_ff @(posedge clk_i) begin
    if (select && req_i.write && req_i.wstrb[0])
      weight_o[queue] <= req_i.wdata[QP_TX_WEIGHT_WEIGHT_LSB+:QP_TX_WEIGHT_WEIGHT_WIDTH];
    if (!rst_ni) begin
      for (int unsigned q = 0; q < Queues; q++) weight_o[q] <= 8'(QP_TX_WEIGHT_DEFAULT);
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i.valid) rsp_o <= '0;
    if (select) rsp_o <= '{hit: 1'b1, rdata: 32'(weight_o[queue])};
  end

endmodule
