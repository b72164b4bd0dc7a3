// SPDX-License-Identifier: Apache-2.0
// nic_tx_cut: the bursts of a piece are all of its bytes, each once and in order; each ends at the piece's end or at a
// multiple of 2 KiB, so that none crosses 4 KiB or has more than 256 beats; what is told with them of the checksum adds up;
// a request holds until it is taken.
//
// 64 bits, two queues.

`include "nic_assert.svh"

module tx_cut_proof
  import nic_pkg::*;
  import nic_dma_pkg::*;
(
    input logic        clk_i,
    input logic        look_i,
    input logic        take_i,
    input logic [0:0]  queue_i,
    input logic [63:0] addr_i,
    input frame_len_t  len_i,
    input logic        end_i,
    input logic        sum_i,
    input frame_len_t  skip_i,
    input frame_len_t  ip_skip_i,
    input logic        req_ready_i
);
  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  logic               free_o, req_valid_o, eof_o, sum_o;
  dma_req_t           req_o;
  logic [0:0]         queue_o;
  logic [2:0]         offset_o;
  logic [BurstLog2:0] bytes_o, skip_o, ip_skip_o;
  nic_tx_cut #(
      .DataWidth(64),
      .Queues   (2)
  ) dut (.*);

  `NIC_ASSUME(TakenWhenFree, !take_i || (look_i && free_o))
  `NIC_ASSUME(HasBytes, !take_i || len_i != '0)

  // The piece, and how far it is read; of what the checksum does not cover, how far it is told.
  logic        piece_q, end_q, sums_q, fire, last;
  logic [0:0]  queue_q;
  logic [63:0] addr_q;
  logic [14:0] left_q, skip_q, ip_skip_q, len, bytes;
  assign fire  = req_valid_o && req_ready_i;
  assign bytes = 15'(bytes_o);
  assign len   = {4'b0, req_o.len, 3'b0};
  assign last  = bytes == left_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) piece_q <= 1'b0;
    else piece_q <= take_i || (piece_q && !(fire && last));
    if (take_i) begin
      addr_q    <= addr_i;
      left_q    <= 15'(len_i);
      queue_q   <= queue_i;
      end_q     <= end_i;
      sums_q    <= sum_i;
      skip_q    <= 15'(skip_i);
      ip_skip_q <= 15'(ip_skip_i);
    end else if (fire) begin
      addr_q    <= addr_q + 64'(bytes);
      left_q    <= left_q - bytes;
      skip_q    <= skip_q - 15'(skip_o);
      ip_skip_q <= ip_skip_q - 15'(ip_skip_o);
    end
  end
  logic     wait_q;
  dma_req_t was_q;
  always_ff @(posedge clk_i) begin
    wait_q <= rst_ni && req_valid_o && !req_ready_i;
    was_q  <= req_o;
  end
  function automatic logic [14:0] least(logic [14:0] a, logic [14:0] b);
    return (a < b) ? a : b;
  endfunction

  `NIC_ASSERT(RequestWhilePiece, req_valid_o == piece_q && free_o == !piece_q)
  `NIC_ASSERT(RequestHolds, !wait_q || (req_valid_o && req_o == was_q))
  `NIC_ASSERT(FromWhereItWas, !piece_q || (req_o.addr == addr_q && req_o.id == {RdTxData, 3'b0, queue_q} &&
              offset_o == addr_q[2:0] && queue_o == queue_q))
  `NIC_ASSERT(NoMoreThanIsLeft, !piece_q || (bytes <= left_q && bytes != '0))
  `NIC_ASSERT(BeatsHoldTheBytes, !piece_q ||
              (15'(addr_q[2:0]) + bytes <= len + 15'd8 && 15'(addr_q[2:0]) + bytes > len))
  `NIC_ASSERT(Within4KiB, !piece_q || 13'({addr_q[11:3], 3'b0}) + {2'b0, req_o.len, 3'b0} + 13'd7 < 13'd4096)
  `NIC_ASSERT(UpToAMultiple, !piece_q || last || 11'(addr_q[10:0] + bytes[10:0]) == '0)
  `NIC_ASSERT(NoneTooSoon, !piece_q || bytes + 15'(addr_q[10:0]) <= 15'd2048)
  `NIC_ASSERT(EndWithTheLast, !piece_q || (eof_o == (last && end_q) && sum_o == sums_q))
  `NIC_ASSERT(SkipsAddUp, !(piece_q && sums_q) ||
              (15'(skip_o) == least(skip_q, bytes) && 15'(ip_skip_o) == least(ip_skip_q, bytes)))
  // What makes it inductive.
  `NIC_ASSERT(LeftAgrees, !piece_q || (dut.last_q == last && (last || 15'(dut.left_q) == left_q - bytes) &&
              left_q != '0 && !left_q[14]))
  `NIC_ASSERT(FlagsAgree, !piece_q || (dut.end_q == end_q && dut.sum_q == sums_q))
  `NIC_ASSERT(SkipAgrees, !(piece_q && sums_q) || (15'(dut.skip_q) == skip_q && 15'(dut.ip_skip_q) == ip_skip_q))

  logic [1:0] bursts_q;
  always_ff @(posedge clk_i) bursts_q <= take_i ? '0 : bursts_q + 2'(fire);
  `NIC_COVER(ThreeBursts, fire && last && bursts_q == 2'd2 && bytes == 15'd8 && end_q)
  `NIC_COVER(EndsAt4KiB, fire && last && addr_q[11:0] + bytes[11:0] == '0 && bytes == 15'd2048)
  `NIC_COVER(SkipOverTwo, fire && sums_q && bursts_q == 2'd1 && skip_o == 12'd5 && ip_skip_o == '0)
endmodule
