// SPDX-License-Identifier: Apache-2.0
// The 64-bit counters, and each queue's 32-bit RX_DROPS. Reading LO latches HI of the same counter. They are at the
// value after the events of all clocks before the request, and return to 0 only with the device's reset.

module nic_counters
  import nic_pkg::*;
  import nic_regs_pkg::*;
#(
    parameter int unsigned Queues = 4
) (
    input  logic clk_i,
    input  logic rst_ni,

    // register bus
    input  reg_req_t req_i,
    output reg_rsp_t rsp_o,

    input  cnt_evt_t evt_i
);

  localparam int unsigned QueueWidth = Queues > 1 ? $clog2(Queues) : 1;

  // Counters by their place in the register space: dense, 8 bytes each.
  localparam logic [15:0] First = TX_FRAMES_LO_OFFSET;
  localparam int unsigned Counters = 10;
  localparam int unsigned TxFrames = 32'(TX_FRAMES_LO_OFFSET - First) / 8;
  localparam int unsigned TxBytes = 32'(TX_BYTES_LO_OFFSET - First) / 8;
  localparam int unsigned RxFrames = 32'(RX_FRAMES_LO_OFFSET - First) / 8;
  localparam int unsigned RxBytes = 32'(RX_BYTES_LO_OFFSET - First) / 8;
  localparam int unsigned RxDropNodesc = 32'(RX_DROP_NODESC_LO_OFFSET - First) / 8;
  localparam int unsigned RxDropFifo = 32'(RX_DROP_FIFO_LO_OFFSET - First) / 8;
  localparam int unsigned RxDropFilter = 32'(RX_DROP_FILTER_LO_OFFSET - First) / 8;
  localparam int unsigned RxDropLength = 32'(RX_DROP_LENGTH_LO_OFFSET - First) / 8;
  localparam int unsigned RxDropError = 32'(RX_DROP_ERROR_LO_OFFSET - First) / 8;
  localparam int unsigned RxStream = 32'(RX_STREAM_LO_OFFSET - First) / 8;

  logic [63:0] count_q [Counters];
  logic [31:0] high_q [Counters];    // latched when LO was read
  logic [31:0] drops_q [Queues];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      for (int unsigned c = 0; c < Counters; c++) count_q[c] <= '0;
      for (int unsigned q = 0; q < Queues; q++) drops_q[q] <= '0;
    end else begin
      if (evt_i.tx_frame) begin
        count_q[TxFrames] <= count_q[TxFrames] + 64'd1;
        count_q[TxBytes]  <= count_q[TxBytes] + 64'(evt_i.tx_len);
      end
      if (evt_i.rx_frame) begin
        count_q[RxFrames] <= count_q[RxFrames] + 64'd1;
        count_q[RxBytes]  <= count_q[RxBytes] + 64'(evt_i.rx_len);
      end
      if (evt_i.rx_drop_nodesc) begin
        count_q[RxDropNodesc] <= count_q[RxDropNodesc] + 64'd1;
        for (int unsigned q = 0; q < Queues; q++) begin
          if (evt_i.rx_drop_queue == queue_t'(q)) drops_q[q] <= drops_q[q] + 32'd1;
        end
      end
      if (evt_i.rx_drop_fifo) count_q[RxDropFifo] <= count_q[RxDropFifo] + 64'd1;
      if (evt_i.rx_drop_filter) count_q[RxDropFilter] <= count_q[RxDropFilter] + 64'd1;
      if (evt_i.rx_drop_length) count_q[RxDropLength] <= count_q[RxDropLength] + 64'd1;
      if (evt_i.rx_drop_error) count_q[RxDropError] <= count_q[RxDropError] + 64'd1;
      if (evt_i.rx_stream) count_q[RxStream] <= count_q[RxStream] + 64'd1;
    end
  end

  // Registers
  logic                  is_counter, is_drops, is_high;
  logic [3:0]            counter;
  logic [QueueWidth-1:0] queue;
  logic [15:0]           place;

  assign place      = req_i.addr - First;
  assign is_counter = place < 16'(8 * Counters);
  assign is_high    = place[2];
  assign counter    = place[6:3];
  assign is_drops   = req_i.addr[15:12] == QP_BASE[15:12] && 32'(req_i.addr[11:8]) < Queues &&
                      req_i.addr[7:0] == QP_RX_DROPS_OFFSET[7:0];
  assign queue      = req_i.addr[8+:QueueWidth];

  always_ff @(posedge clk_i) begin
    rsp_o <= '0;
    if (req_i.valid && is_counter) begin
      rsp_o.hit   <= 1'b1;
      rsp_o.rdata <= is_high ? high_q[counter] : count_q[counter][31:0];
    end
    if (req_i.valid && is_drops) begin
      rsp_o.hit   <= 1'b1;
      rsp_o.rdata <= drops_q[queue];
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      for (int unsigned c = 0; c < Counters; c++) high_q[c] <= '0;
    end else if (req_i.valid && !req_i.write && is_counter && !is_high) begin
      high_q[counter] <= count_q[counter][63:32];
    end
  end

  // A write is answered and changes nothing.
  logic unused;
  assign unused = ^{req_i.wdata, req_i.wstrb};

endmodule
