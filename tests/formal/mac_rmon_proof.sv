// SPDX-License-Identifier: Apache-2.0
// nic_mac_rmon and nic_counter_bank: each counter is the number of its frames or octets since the reset, to 64 bits, and is
// read as one value: LO is it in the clock before the request, HI belongs to the LO that was read last. So it never goes
// back, whichever of its bits wrap while it is read. No carry is lost.
//
// One counter is watched, any of the thirty.

`include "nic_assert.svh"

module mac_rmon_proof
  import nic_pkg::*;
  import nic_regs_pkg::*;
  import nic_mac_pkg::*;
(
    input logic       clk_i,
    input reg_req_t   request_i,
    input frame_len_t max_frame_i,
    input logic       frame_came_i,
    input frame_len_t rx_len_i,
    input rx_tag_t    rx_tag_i,
    input logic       frame_went_i,
    input logic       tx_dropped_i,
    input frame_len_t tx_len_i,
    input mac_cast_e  tx_cast_i,
    input logic       tx_pause_i
);
  typedef logic [4:0] place_t;

  // Reset lasts as long as there are entries to clear.
  logic       rst_ni;
  logic [5:0] boot_q;
  initial rst_ni = 1'b0;
  initial boot_q = '0;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) boot_q <= boot_q + 1'b1;
    rst_ni <= rst_ni || boot_q == 6'd33;
  end

  reg_req_t req_i;
  reg_rsp_t rsp_o;
  logic     rx_i, tx_i;
  assign req_i = rst_ni ? request_i : '0;
  assign rx_i  = rst_ni && frame_came_i;
  assign tx_i  = rst_ni && frame_went_i;
  nic_mac_rmon dut (.*);

  `NIC_ASSUME(WordAligned, req_i.addr[1:0] == '0)
  `NIC_ASSUME(OneCast, 2'(rx_tag_i.to) != 2'd3 && 2'(tx_cast_i) != 2'd3)
  `include "reg_bus.svh"
  // By how much a frame moves the watched counter: RFC 2819, IEEE 802.3 clause 30. Sizes are with FCS.
  place_t      mine;
  logic [15:0] offset;               // of its LO
  logic        tiny, long, good;
  logic [13:0] rx_size, tx_size, step;
  always_ff @(posedge clk_i) mine <= mine;
  `NIC_ASSUME(MineExists, mine != 5'd23 && mine != 5'd31)
  assign offset  = RMON_RX_UNICAST_LO_OFFSET + {8'b0, mine, 3'b0};
  assign rx_size = rx_len_i + 14'd4;
  assign tx_size = tx_len_i + 14'd4;
  assign tiny    = rx_size < 14'd64;
  assign long    = !tiny && rx_size > max_frame_i + 14'd4;
  assign good    = !tiny && !long && !rx_tag_i.bad;
  `NIC_ASSUME(LengthsFit, rx_len_i <= 14'd16379 && tx_len_i <= 14'd16379 && max_frame_i <= 14'd16379)

  function automatic logic in_bin(logic [15:0] first, logic [15:0] place, logic [13:0] size);
    case (16'(place - first))
      16'h00:  return size <= 14'd64;
      16'h08:  return size >= 14'd65 && size <= 14'd127;
      16'h10:  return size >= 14'd128 && size <= 14'd255;
      16'h18:  return size >= 14'd256 && size <= 14'd511;
      16'h20:  return size >= 14'd512 && size <= 14'd1023;
      16'h28:  return size >= 14'd1024 && size <= 14'd1518;
      default: return size >= 14'd1519;
    endcase
  endfunction

  logic sent;
  assign sent = tx_i && !tx_dropped_i;
  always_comb begin
    case (offset)
      RMON_RX_UNICAST_LO_OFFSET:   step = 14'(rx_i && good && rx_tag_i.to == Unicast);
      RMON_RX_MULTICAST_LO_OFFSET: step = 14'(rx_i && good && rx_tag_i.to == Multicast);
      RMON_RX_BROADCAST_LO_OFFSET: step = 14'(rx_i && good && rx_tag_i.to == Broadcast);
      RMON_RX_FCS_LO_OFFSET:       step = 14'(rx_i && !tiny && !long && rx_tag_i.bad);
      RMON_RX_UNDERSIZE_LO_OFFSET: step = 14'(rx_i && tiny && !rx_tag_i.bad);
      RMON_RX_OVERSIZE_LO_OFFSET:  step = 14'(rx_i && long && !rx_tag_i.bad);
      RMON_RX_FRAGMENTS_LO_OFFSET: step = 14'(rx_i && tiny && rx_tag_i.bad);
      RMON_RX_JABBERS_LO_OFFSET:   step = 14'(rx_i && long && rx_tag_i.bad);
      RMON_RX_OCTETS_LO_OFFSET:    step = (rx_i && good) ? rx_len_i - 14'd14 : '0;
      RMON_RX_PAUSE_LO_OFFSET:     step = 14'(rx_i && rx_tag_i.pause);
      RMON_TX_UNICAST_LO_OFFSET:   step = 14'(sent && tx_cast_i == Unicast);
      RMON_TX_MULTICAST_LO_OFFSET: step = 14'(sent && tx_cast_i == Multicast);
      RMON_TX_BROADCAST_LO_OFFSET: step = 14'(sent && tx_cast_i == Broadcast);
      RMON_TX_DROPPED_LO_OFFSET:   step = 14'(tx_i && tx_dropped_i);
      RMON_TX_OCTETS_LO_OFFSET:    step = sent ? tx_len_i - 14'd14 : '0;
      RMON_TX_PAUSE_LO_OFFSET:     step = 14'(tx_i && tx_pause_i);
      default: begin
        if (offset < RMON_RX_OCTETS_LO_OFFSET) begin
          step = 14'(rx_i && !tiny && in_bin(RMON_RX_64_LO_OFFSET, offset, rx_size));
        end else begin
          step = 14'(sent && in_bin(RMON_TX_64_LO_OFFSET, offset, tx_size));
        end
      end
    endcase
  end

  logic [13:0] moved;                // by the frame of the clock before
  always_ff @(posedge clk_i) moved <= step;
  logic [19:0] low;
  logic [13:0] moves;                // as the device has it
  always_comb begin
    unique case (mine) inside
      [5'd0:5'd7]: begin
        low   = dut.rx_class_mem[mine[2:0]];
        moves = 14'(dut.rx_q && dut.rx_class_q == mine[2:0]);
      end
      [5'd8:5'd14]: begin
        low   = dut.rx_bin_mem[mine[2:0]];
        moves = 14'(dut.rx_sized_q && dut.rx_bin_q == mine[2:0]);
      end
      5'd15: begin
        low   = dut.rx_octets_q;
        moves = dut.rx_good_q ? dut.rx_octets_more_q : '0;
      end
      [5'd16:5'd19]: begin
        low   = dut.tx_class_mem[mine[1:0]];
        moves = 14'(dut.tx_q && dut.tx_class_q == mine[1:0]);
      end
      5'd20: begin
        low   = dut.tx_octets_q;
        moves = dut.tx_sent_q ? dut.tx_octets_more_q : '0;
      end
      5'd21: begin
        low   = dut.rx_pause_q;
        moves = 14'(dut.rx_was_pause_q);
      end
      5'd22: begin
        low   = dut.tx_pause_q;
        moves = 14'(dut.tx_was_pause_q);
      end
      default: begin
        low   = dut.tx_bin_mem[mine[2:0]];
        moves = 14'(dut.tx_sent_q && dut.tx_bin_q == mine[2:0]);
      end
    endcase
  end
  logic wraps, waits, ask, other, selects;
  assign wraps   = dut.carry_q[mine];
  assign waits   = dut.u_bank.pend_q[mine] || wraps;
  assign ask     = req_i.valid && {req_i.addr[15:3], 3'b0} == offset;
  assign other   = req_i.addr[15:8] != RMON_RX_UNICAST_LO_OFFSET[15:8] || req_i.addr[7:3] == 5'd23 ||
                   req_i.addr[7:3] == 5'd31;
  assign selects = dut.select_q;
  `include "counter_watch.svh"
  `NIC_ASSERT(MovesAsTheFrame, moves == moved)
  `NIC_ASSERT(DecodedBefore, !req_i.valid || (dut.place_q == req_i.addr[7:3] && dut.select_q ==
              (req_i.addr[15:8] == RMON_RX_UNICAST_LO_OFFSET[15:8] && req_i.addr[7:3] != 5'd23 &&
               req_i.addr[7:3] != 5'd31)))
  // Nothing is counted without a frame.
  logic rest;
  assign rest = (!dut.rx_q && (dut.rx_sized_q || dut.rx_good_q || dut.rx_was_pause_q)) ||
                (!dut.tx_q && (dut.tx_sent_q || dut.tx_was_pause_q));
  `NIC_ASSERT(NothingIsLeft, !rest)
  // A carry is added within 64 clocks, and none comes sooner: in these a counter moves by less than 2^20.
  logic [6:0] age_q;                 // clocks since the last carry, no more than 64 counted
  logic [4:0] ahead;                 // turns until ours
  assign ahead = mine - dut.u_bank.turn_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) age_q <= '0;
    else age_q <= wraps ? 7'd1 : age_q[6] ? age_q : age_q + 1'b1;
  end
  `NIC_ASSERT(CarryTakenInTime, !dut.u_bank.pend_q[mine] ||
              (!age_q[6] && age_q + {1'b0, ahead, 1'b0} <= 7'd62 + 7'(select_q)))
  `NIC_ASSERT(NoneSooner, (age_q[6] && !wraps) || 21'(low) <= {wraps ? 7'd1 : age_q + 7'd1, 14'b0})
  `NIC_ASSERT(CarryLeavesLittle, !wraps || age_q[6])
  // In reset: its entries have been cleared, or their turn comes before the end.
  logic cleared_q, low_cleared_q, in_reset;
  assign in_reset = !rst_ni && boot_q != '0;
  always_ff @(posedge clk_i) begin
    cleared_q     <= !rst_ni && ((boot_q != '0 && cleared_q) || dut.clear == mine);
    low_cleared_q <= !rst_ni && boot_q != '0 && cleared_q;
  end
  `NIC_ASSERT_RST(ClearedInTime, in_reset, boot_q <= 6'd33 && (!low_cleared_q || cleared_q) &&
                  (cleared_q || {2'b0, ahead} + {1'b0, boot_q} <= 7'd31) &&
                  (low_cleared_q || boot_q <= 6'd32), 1'b1)
  `NIC_ASSERT_RST(ClearedIsZero, in_reset, (!waits || boot_q == 6'd1) && (!low_cleared_q || low == '0) &&
                  (!cleared_q || acts || (dut.u_bank.upper_mem[mine] == '0 && dut.u_bank.latch_mem[mine] == '0)), 1'b1)
  `NIC_ASSERT_RST(ClearsNext, in_reset && cleared_q && !low_cleared_q, mine[2:0] == dut.rx_class_q &&
                  mine[2:0] == dut.rx_bin_q && mine[1:0] == dut.tx_class_q && mine[2:0] == dut.tx_bin_q, 1'b1)
  `NIC_ASSERT_RST(ClearsInReset, in_reset, dut.u_bank.work_q && dut.u_bank.clear_q && !rest && !dut.rx_q && !dut.tx_q &&
                  moved == '0, 1'b1)

  `NIC_COVER(HiAfterLo, hi_qq && mine == 5'd15 && count_q == 64'd3_000)
  `NIC_COVER(LoOfTwo, lo_qq && mine == 5'd5 && rsp_o.rdata == 32'd2)
endmodule
