// SPDX-License-Identifier: Apache-2.0
// The 64-bit counters, and each queue's 32-bit RX_DROPS. Reading LO latches HI of the same counter. They are at the
// value after the events of all clocks before the request, and return to 0 only with the device's reset.

`include "nic_assert.svh"

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

  logic [63:0] tx_frames_q, tx_bytes_q, rx_frames_q, rx_bytes_q, rx_stream_q;
  logic [63:0] rx_drop_nodesc_q;
  logic [63:0] rx_verdict_q [1 << $bits(rx_verdict_e)];
  logic [31:0] drops_q [Queues];

  always_ff @(posedge clk_i) begin
    if (evt_i.tx_frame) begin
      tx_frames_q <= tx_frames_q + 64'd1;
      tx_bytes_q  <= tx_bytes_q + 64'(evt_i.tx_len);
    end
    if (evt_i.rx_frame) begin
      rx_frames_q <= rx_frames_q + 64'd1;
      rx_bytes_q  <= rx_bytes_q + 64'(evt_i.rx_len);
    end
    if (evt_i.rx_verdict != RxNoFrame) begin
      rx_stream_q                    <= rx_stream_q + 64'd1;
      rx_verdict_q[evt_i.rx_verdict] <= rx_verdict_q[evt_i.rx_verdict] + 64'd1;
    end
    if (evt_i.rx_drop_nodesc) rx_drop_nodesc_q <= rx_drop_nodesc_q + 64'd1;
    if (!rst_ni) begin
      tx_frames_q      <= '0;
      tx_bytes_q       <= '0;
      rx_frames_q      <= '0;
      rx_bytes_q       <= '0;
      rx_stream_q      <= '0;
      rx_drop_nodesc_q <= '0;
      for (int unsigned v = 0; v < 1 << $bits(rx_verdict_e); v++) rx_verdict_q[v] <= '0;
    end
  end

  logic [QueueWidth-1:0] drop_queue;
  assign drop_queue = evt_i.rx_drop_queue[QueueWidth-1:0];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      for (int unsigned q = 0; q < Queues; q++) drops_q[q] <= '0;
    end else if (evt_i.rx_drop_nodesc) begin
      drops_q[drop_queue] <= drops_q[drop_queue] + 32'd1;
    end
  end

  // Registers. The counters are dense, 8 bytes each.
  localparam logic [15:0] First = TX_FRAMES_LO_OFFSET;
  localparam int unsigned Counters = 12;

  logic                  is_counter, is_drops, is_high;
  logic [3:0]            counter;
  logic [63:0]           value;              // of the counter that is read
  logic [31:0]           high_q [Counters];  // bits 63:32 of each, latched when LO was read
  logic [QueueWidth-1:0] queue;
  logic [15:0]           place;

  always_comb begin
    place      = '0;
    is_counter = 1'b0;
    is_drops   = 1'b0;
    value      = '0;
    if (req_i.valid) begin
      place      = req_i.addr - First;
      is_counter = place < 16'(8 * Counters);
      is_drops   = req_i.addr[15:12] == QP_BASE[15:12] && 32'(req_i.addr[11:8]) < Queues &&
                   req_i.addr[7:0] == QP_RX_DROPS_OFFSET[7:0];
      case ({req_i.addr[15:3], 3'b000})
        TX_FRAMES_LO_OFFSET:      value = tx_frames_q;
        TX_BYTES_LO_OFFSET:       value = tx_bytes_q;
        RX_FRAMES_LO_OFFSET:      value = rx_frames_q;
        RX_BYTES_LO_OFFSET:       value = rx_bytes_q;
        RX_DROP_NODESC_LO_OFFSET: value = rx_drop_nodesc_q;
        RX_DROP_FIFO_LO_OFFSET:   value = rx_verdict_q[RxNoRoom];
        RX_DROP_FILTER_LO_OFFSET: value = rx_verdict_q[RxAddress];
        RX_DROP_OVERSIZE_LO_OFFSET: value = rx_verdict_q[RxOversize];
        RX_DROP_ERROR_LO_OFFSET:  value = rx_verdict_q[RxBad];
        RX_STREAM_LO_OFFSET:      value = rx_stream_q;
        RX_DROP_RUNT_LO_OFFSET:   value = rx_verdict_q[RxRunt];
        RX_DROP_VLAN_LO_OFFSET:   value = rx_verdict_q[RxVlan];
        default: ;
      endcase
    end
  end
  assign is_high = place[2];
  assign counter = place[6:3];
  assign queue   = req_i.addr[8+:QueueWidth];

  always_ff @(posedge clk_i) begin
    if (req_i.valid) begin
      rsp_o <= '0;
      if (is_counter) begin
        rsp_o.hit   <= 1'b1;
        rsp_o.rdata <= is_high ? high_q[counter] : value[31:0];
      end
      if (is_drops) begin
        rsp_o.hit   <= 1'b1;
        rsp_o.rdata <= drops_q[queue];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      for (int unsigned c = 0; c < Counters; c++) high_q[c] <= '0;
    end else if (is_counter && !req_i.write && !is_high) begin
      high_q[counter] <= value[63:32];
    end
  end

  `NIC_ASSERT_IF(CounterDropQueueExists, evt_i.rx_drop_nodesc, 32'(evt_i.rx_drop_queue) < Queues)

  // A write is answered and changes nothing.
  logic unused;
  assign unused = ^{req_i.wdata, req_i.wstrb};

endmodule
