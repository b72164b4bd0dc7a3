// SPDX-License-Identifier: Apache-2.0
// The ring registers of all queues in one direction. The TX and RX halves of a queue pair's block have the same
// layout, 0x40 apart (Offset says which half; the checks at the end hold nic.rdl to it), so there are two
// instances. The tail register is the doorbell: the datapath sees it in the clock after the write. The bases are in
// memories, of which reset clears one entry a clock: it lasts as many clocks as there are queues, or more.

module nic_csr_rings
  import nic_pkg::*;
  import nic_regs_pkg::*;
#(
    parameter  int unsigned Queues     = 4,
    parameter  logic [7:0]  Offset     = 8'h00,   // of TX_BASE_LO or RX_BASE_LO in the block
    localparam int unsigned QueueWidth = Queues > 1 ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,

    // register bus
    input  reg_req_t req_i,
    output reg_rsp_t rsp_o,

    // rings: enable 0 -> 1 starts one from index 0, 1 -> 0 drains and stops it; tail is the first entry that software
    // has not filled. Base and size are stable while a ring is active.
    output logic [Queues-1:0]     enable_o,
    output index_t                tail_o [Queues],
    input  ring_sts_t             sts_i [Queues],
    input  logic [Queues-1:0]     active_i,
    input  logic [Queues-1:0]     error_i,
    input  ring_error_e [Queues-1:0] code_i,

    // one ring's registers, a clock after scan_i has named it, as they were in that clock
    input  logic [QueueWidth-1:0] scan_i,
    output logic [63:0]           scan_base_o,      // bus address of the descriptors, 64-byte aligned
    output logic [63:0]           scan_cq_base_o,   // bus address of the completion records, 64-byte aligned
    output logic [3:0]            scan_log2_o,      // of the number of entries, MinRingLog2..MaxRingLog2
    output index_t                scan_tail_o
);

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

  logic [63:0]           base_mem [1 << QueueWidth];
  logic [63:0]           cq_base_mem [1 << QueueWidth];
  logic [QueueWidth-1:0] clear_q;
  logic [3:0]            log2_q [Queues];   // as written
  logic [QueueWidth-1:0] queue;
  logic [5:0]            place;
  logic                  select_q, select;

  // A base address after a write of its lower or its upper half.
  function automatic logic [63:0] apply_half(logic [63:0] old);
    for (int b = 0; b < 4; b++) begin
      apply_half[8*b+:8]    = old[8*b+:8];
      apply_half[32+8*b+:8] = old[32+8*b+:8];
      if (req_i.wstrb[b] && !place[2]) apply_half[8*b+:8] = req_i.wdata[8*b+:8] & QP_TX_BASE_LO_WMASK[8*b+:8];
      if (req_i.wstrb[b] && place[2]) apply_half[32+8*b+:8] = req_i.wdata[8*b+:8];
    end
  endfunction

  always_ff @(posedge clk_i) begin
    if (req_i.setup) begin : decode
      automatic logic mine = req_i.addr[15:12] == QP_BASE[15:12] && 32'(req_i.addr[11:8]) < Queues &&
                             req_i.addr[7:6] == Offset[7:6];
      select_q <= mine;
      if (mine) begin
        queue <= req_i.addr[8+:QueueWidth];
        place <= req_i.addr[5:0];
      end
    end
  end
  assign select = req_i.valid && select_q;

  always_ff @(posedge clk_i) begin
    if (select && req_i.write) begin
      case (place)
        Size: if (req_i.wstrb[0]) log2_q[queue] <= req_i.wdata[QP_TX_SIZE_LOG2_LSB+:QP_TX_SIZE_LOG2_WIDTH];
        Ctrl: if (req_i.wstrb[0]) enable_o[queue] <= req_i.wdata[QP_TX_CTRL_ENABLE_LSB];
        Tail: tail_o[queue] <= index_t'(apply_strb(32'(tail_o[queue]), req_i.wdata, req_i.wstrb));
        default: ;
      endcase
    end
    if (!rst_ni) begin
      enable_o <= {Queues{QP_TX_CTRL_DEFAULT[QP_TX_CTRL_ENABLE_LSB]}};
      for (int unsigned q = 0; q < Queues; q++) begin
        log2_q[q] <= 4'(QP_TX_SIZE_DEFAULT);
        tail_o[q] <= index_t'(QP_TX_TAIL_DEFAULT);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if ((select && req_i.write) || !rst_ni) begin : bases
      automatic logic [QueueWidth-1:0] at = rst_ni ? queue : clear_q;
      clear_q <= clear_q + 1'b1;
      if (place == BaseLo || place == BaseHi || !rst_ni) base_mem[at] <= rst_ni ? apply_half(base_mem[at]) : '0;
      if (place == CBaseLo || place == CBaseHi || !rst_ni)
        cq_base_mem[at] <= rst_ni ? apply_half(cq_base_mem[at]) : '0;
    end
  end

  always_ff @(posedge clk_i) begin
    scan_base_o    <= base_mem[scan_i];
    scan_cq_base_o <= cq_base_mem[scan_i];
    scan_log2_o    <= limit_log2(log2_q[scan_i]);
    scan_tail_o    <= tail_o[scan_i];
  end

  always_ff @(posedge clk_i) begin
    if (req_i.valid) rsp_o <= '0;
    if (select) begin
      rsp_o.hit <= 1'b1;
      case (place)
        BaseLo, BaseHi:   rsp_o.rdata <= place[2] ? base_mem[queue][63:32] : base_mem[queue][31:0];
        CBaseLo, CBaseHi: rsp_o.rdata <= place[2] ? cq_base_mem[queue][63:32] : cq_base_mem[queue][31:0];
        Size:    rsp_o.rdata <= 32'(log2_q[queue]);
        Ctrl:    rsp_o.rdata <= 32'(enable_o[queue]);
        Tail:    rsp_o.rdata <= 32'(tail_o[queue]);
        Head:    rsp_o.rdata <= 32'(sts_i[queue].head);
        Status: begin
          rsp_o.rdata[QP_TX_STATUS_ACTIVE_LSB] <= active_i[queue];
          rsp_o.rdata[QP_TX_STATUS_ERROR_LSB]  <= error_i[queue];
          rsp_o.rdata[QP_TX_STATUS_ERROR_CODE_LSB+:QP_TX_STATUS_ERROR_CODE_WIDTH] <= code_i[queue];
        end
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
