// SPDX-License-Identifier: Apache-2.0
// Cuts a piece of host memory, which nic_tx_issue took, into read bursts: each ends with the piece or at a multiple of
// BurstBytes, so that none crosses 4 KiB.
//
// take_i, only with free_o: the piece. Its bursts follow from the next clock on, one for each req_ready_i; the next piece may
// be taken in the clock after the last of them: what it is does not wait for req_ready_i. With each request comes what the burst is for; a request stays
// as it is until it is taken.

`include "nic_assert.svh"

module nic_tx_cut
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned ByteLog2 = $clog2(DataWidth / 8)
) (
    input  logic clk_i,
    input  logic rst_ni,

    output logic                free_o,
    input  logic                look_i,            // a piece is there
    input  logic                take_i,            // it is taken, only while free_o
    input  logic [QWidth-1:0]   queue_i,
    input  logic [63:0]         addr_i,
    input  frame_len_t          len_i,             // bytes, at least 1
    input  logic                end_i,             // it ends a frame
    input  logic                sum_i,             // of a frame that wants a checksum
    input  frame_len_t          skip_i,            // bytes in front of what the checksum covers
    input  frame_len_t          ip_skip_i,         // and of the IPv4 header

    output logic                req_valid_o,
    output dma_req_t            req_o,
    input  logic                req_ready_i,
    output logic [QWidth-1:0]   queue_o,
    output logic [ByteLog2-1:0] offset_o,          // of the burst's first byte in its first beat
    output logic [BurstLog2:0]  bytes_o,
    output logic                eof_o,
    output logic                sum_o,
    output logic [BurstLog2:0]  skip_o,            // at most bytes_o
    output logic [BurstLog2:0]  ip_skip_o
);

  typedef logic [BurstLog2:0] part_t;

  function automatic frame_len_t behind(frame_len_t skip, part_t bytes);
    return (skip > frame_len_t'(bytes)) ? skip - frame_len_t'(bytes) : '0;
  endfunction

  logic        valid_q, end_q, sum_q, last_q;
  logic [63:0] addr_q;
  part_t       bytes_q;                // of this burst
  frame_len_t  left_q;                 // behind it, if it is not the last
  frame_len_t  skip_q, ip_skip_q;      // from its first byte on
  part_t       room, span;
  logic        fire;

  assign fire   = valid_q && req_ready_i;
  assign free_o = !valid_q;
  assign room   = part_t'(BurstBytes) - part_t'(addr_i[BurstLog2-1:0]);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= 1'b0;
    else if (free_o || (req_ready_i && last_q)) valid_q <= take_i;
  end

  always_ff @(posedge clk_i) begin
    if (look_i && free_o) begin
      queue_o   <= queue_i;
      addr_q    <= addr_i;
      last_q    <= !(frame_len_t'(room) < len_i);
      bytes_q   <= (frame_len_t'(room) < len_i) ? room : len_i[BurstLog2:0];
      left_q    <= len_i - frame_len_t'(room);
      end_q     <= end_i;
      sum_q     <= sum_i;
      skip_q    <= skip_i;
      ip_skip_q <= ip_skip_i;
    end else if (fire) begin
      addr_q    <= {addr_q[63:BurstLog2] + 1'b1, BurstLog2'(0)};
      last_q    <= !(frame_len_t'(BurstBytes) < left_q);
      bytes_q   <= (frame_len_t'(BurstBytes) < left_q) ? part_t'(BurstBytes) : left_q[BurstLog2:0];
      left_q    <= left_q - frame_len_t'(BurstBytes);
      if (sum_q) begin
        skip_q    <= behind(skip_q, bytes_q);
        ip_skip_q <= behind(ip_skip_q, bytes_q);
      end
    end
  end

  assign req_valid_o = valid_q;
  assign offset_o    = addr_q[ByteLog2-1:0];
  assign bytes_o     = bytes_q;
  assign eof_o       = last_q && end_q;
  assign sum_o       = sum_q;

  always_comb begin
    span      = '0;                    // bytes from the start of the first beat, minus one
    req_o     = '0;
    skip_o    = '0;
    ip_skip_o = '0;
    if (valid_q) begin
      span  = bytes_q + part_t'(offset_o) - 1'b1;
      req_o = '{id: '{kind: RdTxData, qp: queue_t'(queue_o)}, addr: addr_q, len: 8'(span >> ByteLog2)};
      if (sum_q) begin
        skip_o    = (skip_q > frame_len_t'(bytes_q)) ? bytes_q : skip_q[BurstLog2:0];
        ip_skip_o = (ip_skip_q > frame_len_t'(bytes_q)) ? bytes_q : ip_skip_q[BurstLog2:0];
      end
    end
  end

  `NIC_ASSERT_IF(TxPieceTakenWhenFree, take_i, free_o)
  `NIC_ASSERT_IF(TxBurstWithinLimit, fire,
                 bytes_o != '0 && part_t'(addr_q[BurstLog2-1:0]) + bytes_o <= part_t'(BurstBytes))

endmodule
