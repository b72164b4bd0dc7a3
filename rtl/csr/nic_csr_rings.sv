// SPDX-License-Identifier: Apache-2.0
// The ring registers of all queues in one direction. The TX and RX halves of a queue pair's block have the same
// layout, 0x40 apart (Offset says which half; the checks at the end hold nic.rdl to it), so there are two
// instances. The tail register is the doorbell: the datapath sees it in the clock after the write.

module nic_csr_rings
  import nic_pkg::*;
  import nic_regs_pkg::*;
#(
    parameter int unsigned Queues = 4,
    parameter logic [7:0]  Offset = 8'h00   // of TX_BASE_LO or RX_BASE_LO in the block
) (
    input  logic clk_i,
    input  logic rst_ni,

    // register bus
    input  reg_req_t req_i,
    output reg_rsp_t rsp_o,

    // rings
    output ring_cfg_t [Queues-1:0] cfg_o,
    input  ring_sts_t [Queues-1:0] sts_i
);

  localparam int unsigned QueueWidth = Queues > 1 ? $clog2(Queues) : 1;

  // Registers of one half of the block, by their place in the TX half.
  localparam logic [5:0] BaseLo  = QP_TX_BASE_LO_OFFSET[5:0];
  localparam logic [5:0] BaseHi  = QP_TX_BASE_HI_OFFSET[5:0];
  localparam logic [5:0] Size    = QP_TX_SIZE_OFFSET[5:0];
  localparam logic [5:0] Ctrl    = QP_TX_CTRL_OFFSET[5:0];
  localparam logic [5:0] Tail    = QP_TX_TAIL_OFFSET[5:0];
  localparam logic [5:0] Head    = QP_TX_HEAD_OFFSET[5:0];
  localparam logic [5:0] Status  = QP_TX_STATUS_OFFSET[5:0];
  localparam logic [5:0] CBaseLo = QP_TXC_BASE_LO_OFFSET[5:0];
  localparam logic [5:0] CBaseHi = QP_TXC_BASE_HI_OFFSET[5:0];
  localparam logic [5:0] CHead   = QP_TXC_HEAD_OFFSET[5:0];

  function automatic logic [3:0] limit_log2(logic [3:0] log2);
    return log2 < 4'(MinRingLog2) ? 4'(MinRingLog2) : log2;
  endfunction

  logic [Queues-1:0][3:0] size_q;   // as written; cfg_o has the limited value
  logic [QueueWidth-1:0]  queue;
  logic [5:0]             place;
  logic                   select;

  assign select = req_i.valid && req_i.addr[15:12] == QP_BASE[15:12] && 32'(req_i.addr[11:8]) < Queues &&
                  req_i.addr[7:6] == Offset[7:6];
  assign queue  = req_i.addr[8+:QueueWidth];
  assign place  = req_i.addr[5:0];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      for (int unsigned q = 0; q < Queues; q++) begin
        cfg_o[q].base    <= {QP_TX_BASE_HI_DEFAULT, QP_TX_BASE_LO_DEFAULT};
        cfg_o[q].cq_base <= {QP_TXC_BASE_HI_DEFAULT, QP_TXC_BASE_LO_DEFAULT};
        cfg_o[q].log2    <= limit_log2(4'(QP_TX_SIZE_DEFAULT));
        cfg_o[q].enable  <= QP_TX_CTRL_DEFAULT[QP_TX_CTRL_ENABLE_LSB];
        cfg_o[q].tail    <= index_t'(QP_TX_TAIL_DEFAULT);
        size_q[q]        <= 4'(QP_TX_SIZE_DEFAULT);
      end
    end else if (select && req_i.write) begin
      case (place)
        BaseLo:
        cfg_o[queue].base[31:0] <=
            apply_strb(cfg_o[queue].base[31:0], req_i.wdata, req_i.wstrb) & QP_TX_BASE_LO_WMASK;
        BaseHi: cfg_o[queue].base[63:32] <= apply_strb(cfg_o[queue].base[63:32], req_i.wdata, req_i.wstrb);
        Size:
        if (req_i.wstrb[0]) begin
          size_q[queue]     <= req_i.wdata[QP_TX_SIZE_LOG2_LSB+:QP_TX_SIZE_LOG2_WIDTH];
          cfg_o[queue].log2 <= limit_log2(req_i.wdata[QP_TX_SIZE_LOG2_LSB+:QP_TX_SIZE_LOG2_WIDTH]);
        end
        Ctrl: if (req_i.wstrb[0]) cfg_o[queue].enable <= req_i.wdata[QP_TX_CTRL_ENABLE_LSB];
        Tail: cfg_o[queue].tail <= index_t'(apply_strb(32'(cfg_o[queue].tail), req_i.wdata, req_i.wstrb));
        CBaseLo:
        cfg_o[queue].cq_base[31:0] <=
            apply_strb(cfg_o[queue].cq_base[31:0], req_i.wdata, req_i.wstrb) & QP_TXC_BASE_LO_WMASK;
        CBaseHi:
        cfg_o[queue].cq_base[63:32] <= apply_strb(cfg_o[queue].cq_base[63:32], req_i.wdata, req_i.wstrb);
        default: ;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    rsp_o <= '0;
    if (select) begin
      rsp_o.hit <= 1'b1;
      case (place)
        BaseLo:  rsp_o.rdata <= cfg_o[queue].base[31:0];
        BaseHi:  rsp_o.rdata <= cfg_o[queue].base[63:32];
        Size:    rsp_o.rdata <= 32'(size_q[queue]);
        Ctrl:    rsp_o.rdata <= 32'(cfg_o[queue].enable);
        Tail:    rsp_o.rdata <= 32'(cfg_o[queue].tail);
        Head:    rsp_o.rdata <= 32'(sts_i[queue].head);
        Status: begin
          rsp_o.rdata[QP_TX_STATUS_ACTIVE_LSB] <= sts_i[queue].active;
          rsp_o.rdata[QP_TX_STATUS_ERROR_LSB]  <= sts_i[queue].error;
          rsp_o.rdata[QP_TX_STATUS_ERROR_CODE_LSB+:QP_TX_STATUS_ERROR_CODE_WIDTH] <= sts_i[queue].error_code;
        end
        CBaseLo: rsp_o.rdata <= cfg_o[queue].cq_base[31:0];
        CBaseHi: rsp_o.rdata <= cfg_o[queue].cq_base[63:32];
        CHead:   rsp_o.rdata <= 32'(sts_i[queue].cq_head);
        default: rsp_o.hit <= 1'b0;
      endcase
    end
  end

  // The RX half is laid out as the TX half.
  localparam logic [15:0] Half = QP_RX_BASE_LO_OFFSET - QP_TX_BASE_LO_OFFSET;
  if (Half[5:0] != '0 || QP_RX_BASE_HI_OFFSET - QP_TX_BASE_HI_OFFSET != Half ||
      QP_RX_SIZE_OFFSET - QP_TX_SIZE_OFFSET != Half || QP_RX_CTRL_OFFSET - QP_TX_CTRL_OFFSET != Half ||
      QP_RX_TAIL_OFFSET - QP_TX_TAIL_OFFSET != Half || QP_RX_HEAD_OFFSET - QP_TX_HEAD_OFFSET != Half ||
      QP_RX_STATUS_OFFSET - QP_TX_STATUS_OFFSET != Half || QP_RXC_HEAD_OFFSET - QP_TXC_HEAD_OFFSET != Half ||
      QP_RXC_BASE_LO_OFFSET - QP_TXC_BASE_LO_OFFSET != Half ||
      QP_RXC_BASE_HI_OFFSET - QP_TXC_BASE_HI_OFFSET != Half) begin : gen_layout
    $fatal(1, "nic.rdl: the TX and RX halves of a queue pair differ in layout");
  end

endmodule
