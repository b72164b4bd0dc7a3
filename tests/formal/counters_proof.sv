// SPDX-License-Identifier: Apache-2.0
// nic_counters and nic_counter_bank: each counter is the number of its events since the reset, to 64 bits, and is read
// as one value: LO is it in the clock before the request, HI belongs to the LO that was read last. So it never goes back,
// whichever of its bits wrap while it is read. No carry is lost.
//
// One counter is watched, any of the twelve; that each carry is taken before the next is said of all of them.

`include "nic_assert.svh"

module counters_proof
  import nic_pkg::*;
  import nic_regs_pkg::*;
(
    input logic     clk_i,
    input reg_req_t request_i,
    input cnt_evt_t events_i
);
  localparam int unsigned Counters = 12;
  typedef logic [3:0] place_t;

  // Reset lasts as long as there are entries to clear.
  logic       rst_ni;
  logic [5:0] boot_q;
  initial rst_ni = 1'b0;
  initial boot_q = '0;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) boot_q <= boot_q + 1'b1;
    rst_ni <= rst_ni || boot_q == 6'd17;
  end

  reg_req_t req_i;
  reg_rsp_t rsp_o;
  cnt_evt_t evt_i;
  assign req_i = rst_ni ? request_i : '0;
  assign evt_i = rst_ni ? events_i : '0;
  nic_counters #(
      .Queues(2)
  ) dut (.*);

  `NIC_ASSUME(WordAligned, req_i.addr[1:0] == '0)
  `NIC_ASSUME(QueueExists, events_i.rx_drop_queue < 4'd2)
  `include "reg_bus.svh"
  // By how much an event moves a counter.
  function automatic logic [13:0] step_of(place_t place, cnt_evt_t evt);
    case (16'(TX_FRAMES_LO_OFFSET + {9'b0, place, 3'b0}))
      TX_FRAMES_LO_OFFSET:        return 14'(evt.tx_frame);
      TX_BYTES_LO_OFFSET:         return evt.tx_frame ? evt.tx_len : '0;
      RX_FRAMES_LO_OFFSET:        return 14'(evt.rx_frame);
      RX_BYTES_LO_OFFSET:         return evt.rx_frame ? evt.rx_len : '0;
      RX_DROP_NODESC_LO_OFFSET:   return 14'(evt.rx_drop_nodesc);
      RX_DROP_FIFO_LO_OFFSET:     return 14'(evt.rx_verdict == RxNoRoom);
      RX_DROP_FILTER_LO_OFFSET:   return 14'(evt.rx_verdict == RxAddress);
      RX_DROP_OVERSIZE_LO_OFFSET: return 14'(evt.rx_verdict == RxOversize);
      RX_DROP_ERROR_LO_OFFSET:    return 14'(evt.rx_verdict == RxBad);
      RX_STREAM_LO_OFFSET:        return 14'(evt.rx_verdict != RxNoFrame);
      RX_DROP_RUNT_LO_OFFSET:     return 14'(evt.rx_verdict == RxRunt);
      RX_DROP_VLAN_LO_OFFSET:     return 14'(evt.rx_verdict == RxVlan);
      default:                    return '0;
    endcase
  endfunction

  place_t   mine;
  cnt_evt_t evt_q;
  always_ff @(posedge clk_i) begin
    mine  <= mine;
    evt_q <= evt_i;
  end
  `NIC_ASSUME(MineExists, mine < 4'(Counters))
  logic [15:0][19:0] lows;           // of all
  logic [15:0]       carries;
  always_comb begin
    for (int p = 0; p < 16; p++) lows[p] = dut.verdict_mem[p];
    lows[(TX_FRAMES_LO_OFFSET - TX_FRAMES_LO_OFFSET) >> 3]      = dut.tx_frames_q;
    lows[(TX_BYTES_LO_OFFSET - TX_FRAMES_LO_OFFSET) >> 3]       = dut.tx_bytes_q;
    lows[(RX_FRAMES_LO_OFFSET - TX_FRAMES_LO_OFFSET) >> 3]      = dut.rx_frames_q;
    lows[(RX_BYTES_LO_OFFSET - TX_FRAMES_LO_OFFSET) >> 3]       = dut.rx_bytes_q;
    lows[(RX_DROP_NODESC_LO_OFFSET - TX_FRAMES_LO_OFFSET) >> 3] = dut.rx_nodesc_q;
    lows[(RX_STREAM_LO_OFFSET - TX_FRAMES_LO_OFFSET) >> 3]      = dut.rx_stream_q;
  end
  assign carries = dut.u_bank.pend_q | dut.carry_q;

  logic        ask, other, selects, waits;
  logic [13:0] moved;
  logic [19:0] low;
  assign ask     = req_i.valid && req_i.addr[15:3] == 13'(TX_FRAMES_LO_OFFSET >> 3) + 13'(mine);
  assign other   = req_i.addr < TX_FRAMES_LO_OFFSET ||
                   (req_i.addr >= TX_FRAMES_LO_OFFSET + 16'(8 * Counters) && req_i.addr < QP_BASE);
  assign selects = dut.is_counter_q;
  assign moved   = step_of(mine, evt_q);
  assign low     = lows[mine];
  assign waits   = carries[mine];
  `include "counter_watch.svh"
  `NIC_ASSERT(NoneOfAQueue, !(lo_q || hi_q || other_q) || dut.drops_q == '0)
  `NIC_ASSERT(DecodedBefore, !req_i.valid || (dut.place_q == req_i.addr[6:3] &&
              dut.is_counter_q == (req_i.addr >= TX_FRAMES_LO_OFFSET &&
                                   req_i.addr < TX_FRAMES_LO_OFFSET + 16'(8 * Counters)) &&
              (!dut.is_drops_q || req_i.addr >= QP_BASE)))
  function automatic logic is_any(cnt_evt_t evt);
    return evt.tx_frame || evt.rx_frame || evt.rx_drop_nodesc || evt.rx_verdict != RxNoFrame;
  endfunction
  `NIC_ASSERT(EventsAgree, dut.any_q == is_any(evt_q) && (is_any(evt_q) ? dut.evt_q == evt_q : !is_any(dut.evt_q)))
  // A carry is added within 64 clocks, and none comes sooner: in these a counter moves by less than 2^20.
  for (genvar p = 0; p < 16; p++) begin : gen_counter
    logic [6:0] age_q;               // clocks since the last carry, no more than 64 counted
    logic [3:0] ahead;
    assign ahead = 4'(p) - dut.u_bank.turn_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) age_q <= '0;
      else age_q <= dut.carry_q[p] ? 7'd1 : age_q[6] ? age_q : age_q + 1'b1;
    end
    if (p < int'(Counters)) begin : gen_real
      `NIC_ASSERT(CarryTakenInTime, !dut.u_bank.pend_q[p] ||
                  (!age_q[6] && age_q + {2'b0, ahead, 1'b0} <= 7'd30 + 7'(select_q)))
      `NIC_ASSERT(NoneSooner, (age_q[6] && !dut.carry_q[p]) ||
                  21'(lows[p]) <= {dut.carry_q[p] ? 7'd1 : age_q + 7'd1, 14'b0})
      `NIC_ASSERT(CarryLeavesLittle, !dut.carry_q[p] || age_q[6])
    end else begin : gen_none
      `NIC_ASSERT(NoCarry, !carries[p])
    end
  end
  // In reset: an entry has been cleared, or its turn comes before the end.
  logic [15:0] cleared_q;
  logic        in_reset;
  assign in_reset = !rst_ni && boot_q != '0;
  always_ff @(posedge clk_i) cleared_q <= rst_ni ? '0 : (boot_q == '0 ? '0 : cleared_q) | (16'd1 << dut.clear);
  for (genvar p = 0; p < 16; p++) begin : gen_clear
    `NIC_ASSERT_RST(ClearedInTime, in_reset, boot_q <= 6'd17 &&
                    (cleared_q[p] || {2'b0, 4'(4'(p) - dut.clear)} + boot_q <= 6'd16), 1'b1)
    `NIC_ASSERT_RST(ClearedIsZero, in_reset, !carries[p] && (!cleared_q[p] || (lows[p] == '0 &&
                    ((dut.u_bank.work_q && dut.u_bank.at_q == 4'(p)) ||
                     (dut.u_bank.upper_mem[p] == '0 && dut.u_bank.latch_mem[p] == '0)))), 1'b1)
  end

  `NIC_ASSERT_RST(ClearsInReset, in_reset, dut.u_bank.work_q && dut.u_bank.clear_q && !is_any(dut.evt_q) &&
                  !is_any(evt_q) && !dut.any_q, 1'b1)

  `NIC_COVER(HiAfterLo, hi_qq && count_q == 64'd40_000)
endmodule
