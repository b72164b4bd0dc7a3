// SPDX-License-Identifier: Apache-2.0
// The 64-bit counters, and each queue's 32-bit RX_DROPS. Reading LO latches HI of the same counter. An event counts in the
// clock after it, so a request sees those of all clocks but the last before it. They return to 0 only with the device's
// reset, in which there are no events (nic_counter_bank has the upper bits).

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

  // Counters by their place in the register space, 8 bytes each, dense.
  localparam logic [15:0] First    = TX_FRAMES_LO_OFFSET;
  localparam int unsigned Counters = 12;
  typedef logic [3:0] place_t;

  function automatic place_t place_of(logic [15:0] offset);
    return place_t'((offset - First) >> 3);
  endfunction

  function automatic place_t place_of_verdict(rx_verdict_e verdict);
    case (verdict)
      RxNoRoom:   return place_of(RX_DROP_FIFO_LO_OFFSET);
      RxAddress:  return place_of(RX_DROP_FILTER_LO_OFFSET);
      RxOversize: return place_of(RX_DROP_OVERSIZE_LO_OFFSET);
      RxBad:      return place_of(RX_DROP_ERROR_LO_OFFSET);
      RxRunt:     return place_of(RX_DROP_RUNT_LO_OFFSET);
      RxVlan:     return place_of(RX_DROP_VLAN_LO_OFFSET);
      default:    return place_t'(Counters);     // not counted
    endcase
  endfunction

  // ------------------------------------------------------------------ counting
  logic [19:0] tx_frames_q, tx_bytes_q, rx_frames_q, rx_bytes_q, rx_stream_q, rx_nodesc_q;
  logic [19:0] verdict_mem [16];     // by place
  logic [31:0] drops_mem [1 << QueueWidth];
  logic [15:0] carry_q;              // what has wrapped in the clock before
  place_t      clear;

  cnt_evt_t    evt_q;                // of the clock before
  logic        any, any_q;

  assign any = evt_i.tx_frame || evt_i.rx_frame || evt_i.rx_verdict != RxNoFrame || evt_i.rx_drop_nodesc;

  always_ff @(posedge clk_i) begin
    any_q <= any && rst_ni;
    if (any || any_q || !rst_ni) begin
      automatic cnt_evt_t evt = evt_i;
      evt_q <= rst_ni ? evt : '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (any_q || carry_q != '0 || !rst_ni) begin : count
      // In reset one entry after the other is cleared.
      automatic place_t                at    = rst_ni ? place_of_verdict(evt_q.rx_verdict) : clear;
      automatic logic [QueueWidth-1:0] queue = rst_ni ? evt_q.rx_drop_queue[QueueWidth-1:0] : clear[QueueWidth-1:0];
      automatic logic [20:0]           tx    = {1'b0, tx_bytes_q} + 21'(evt_q.tx_len);
      automatic logic [20:0]           rx    = {1'b0, rx_bytes_q} + 21'(evt_q.rx_len);
      automatic logic [15:0]           carry = '0;
      if (evt_q.rx_verdict != RxNoFrame || !rst_ni) verdict_mem[at] <= rst_ni ? verdict_mem[at] + 1'b1 : '0;
      if (evt_q.rx_drop_nodesc || !rst_ni) drops_mem[queue] <= rst_ni ? drops_mem[queue] + 1'b1 : '0;
      if (evt_q.tx_frame) begin
        tx_frames_q <= tx_frames_q + 1'b1;
        tx_bytes_q  <= tx[19:0];
        carry[place_of(TX_FRAMES_LO_OFFSET)] = &tx_frames_q;
        carry[place_of(TX_BYTES_LO_OFFSET)]  = tx[20];
      end
      if (evt_q.rx_frame) begin
        rx_frames_q <= rx_frames_q + 1'b1;
        rx_bytes_q  <= rx[19:0];
        carry[place_of(RX_FRAMES_LO_OFFSET)] = &rx_frames_q;
        carry[place_of(RX_BYTES_LO_OFFSET)]  = rx[20];
      end
      if (evt_q.rx_drop_nodesc) begin
        rx_nodesc_q <= rx_nodesc_q + 1'b1;
        carry[place_of(RX_DROP_NODESC_LO_OFFSET)] = &rx_nodesc_q;
      end
      if (evt_q.rx_verdict != RxNoFrame) begin
        rx_stream_q <= rx_stream_q + 1'b1;
        carry[place_of(RX_STREAM_LO_OFFSET)] = &rx_stream_q;
        if (evt_q.rx_verdict != RxGood) carry[at] = &verdict_mem[at];
      end
      carry_q <= carry;
      if (!rst_ni) begin
        tx_frames_q <= '0;
        tx_bytes_q  <= '0;
        rx_frames_q <= '0;
        rx_bytes_q  <= '0;
        rx_stream_q <= '0;
        rx_nodesc_q <= '0;
        carry_q     <= '0;
      end
    end
  end

  // ------------------------------------------------------------------ registers
  logic                  is_counter_q, is_drops_q;     // what is asked for
  place_t                place_q;
  logic [QueueWidth-1:0] queue_q;
  logic [19:0]           low;
  logic [31:0]           value;

  always_ff @(posedge clk_i) begin
    if (req_i.setup) begin
      is_counter_q <= req_i.addr[15:7] == First[15:7] && req_i.addr[6:3] < place_t'(Counters);
      is_drops_q   <= req_i.addr[15:12] == QP_BASE[15:12] && 32'(req_i.addr[11:8]) < Queues &&
                      req_i.addr[7:0] == QP_RX_DROPS_OFFSET[7:0];
      place_q      <= req_i.addr[6:3];
      queue_q      <= req_i.addr[8+:QueueWidth];
    end
  end

  always_comb begin
    low = '0;
    if (req_i.valid) begin
      case (place_q)
        place_of(TX_FRAMES_LO_OFFSET):      low = tx_frames_q;
        place_of(TX_BYTES_LO_OFFSET):       low = tx_bytes_q;
        place_of(RX_FRAMES_LO_OFFSET):      low = rx_frames_q;
        place_of(RX_BYTES_LO_OFFSET):       low = rx_bytes_q;
        place_of(RX_DROP_NODESC_LO_OFFSET): low = rx_nodesc_q;
        place_of(RX_STREAM_LO_OFFSET):      low = rx_stream_q;
        default:                            low = verdict_mem[place_q];
      endcase
    end
  end

  nic_counter_bank #(
      .Counters(16)
  ) u_bank (
      .clk_i,
      .rst_ni,
      .clear_o (clear),
      .carry_i (carry_q),
      .look_i  (req_i.valid),
      .select_i(req_i.valid && is_counter_q),
      .write_i (req_i.write),
      .index_i (place_q),
      .high_i  (req_i.addr[2]),
      .low_i   (low),
      .value_o (value)
  );

  logic        hit_q;
  logic [31:0] drops_q;

  always_ff @(posedge clk_i) begin
    if (req_i.valid) begin
      hit_q   <= is_counter_q || is_drops_q;
      drops_q <= is_drops_q ? drops_mem[queue_q] : '0;
    end
  end
  assign rsp_o = {hit_q, value | drops_q};

  if (First[6:0] != '0) begin : gen_layout
    $fatal(1, "nic.rdl: the counters do not lie at a multiple of 128 bytes");
  end

  `NIC_ASSERT_IF(CounterDropQueueExists, evt_q.rx_drop_nodesc, 32'(evt_q.rx_drop_queue) < Queues)

  // A write is answered and changes nothing.
  logic unused;
  assign unused = ^{req_i.wdata, req_i.wstrb};

endmodule
