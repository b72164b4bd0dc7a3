// SPDX-License-Identifier: Apache-2.0
// Cuts a buffer's part of a frame into bursts that end at multiples of BurstBytes: one write job each, and the buffer's
// completion record with the last. A part that is to be dropped becomes one job that writes nothing and releases the frame's
// words, in order with the others. The first job stands a clock after the part came (give_i).

`include "nic_assert.svh"

module nic_rx_cut
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    parameter int unsigned BufLog2   = 14,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned ByteLog2 = $clog2(DataWidth / 8),
    localparam int unsigned WordLog2 = BufLog2 - ByteLog2
) (
    input  logic clk_i,
    input  logic rst_ni,

    output logic                   ready_o,
    output logic                   soon_o,       // ready, or at the last job but for a longer part
    input  logic                   look_i,       // a part is there, only while ready_o
    input  logic                   give_i,       // it is taken
    input  logic                   drop_i,
    input  logic [QWidth-1:0]      queue_i,
    input  logic [63:0]            addr_i,       // of the buffer
    input  logic [BufLog2-1:0]     src_i,        // first byte in the queue's part of the packet buffer
    input  logic [WordLog2:0]      free_i,       // the frame's words end before this one
    input  rx_record_t             rec_i,        // its eop: the frame's last part; its len: bytes of the part

    // jobs: one burst each
    output logic                   job_valid_o,
    input  logic                   job_ready_i,
    output logic                   job_drop_o,
    output logic [QWidth-1:0]      job_queue_o,
    output logic [63:0]            job_addr_o,
    output logic [7:0]             job_len_o,    // beats, minus one
    output logic [ByteLog2-1:0]    job_end_o,    // lane of the last byte
    output logic [BufLog2-1:0]     job_src_o,    // what belongs to the first beat's lane 0
    output logic                   job_last_o,   // of the frame: then all words before job_free_o are released
    output logic [WordLog2:0]      job_free_o,

    // completion records: an entry for each buffer, a flag for each write
    output logic                   write_o,
    output logic                   rec_valid_o,
    output rx_record_t             rec_o
);

  logic                valid_q, drop_q, fire, ends;
  logic [63:0]         addr_q;
  frame_len_t          left_q;        // bytes still to write
  logic [BufLog2-1:0]  src_q;
  logic [14:0]         stop;          // the byte after them, from the last multiple of BurstBytes on
  logic [BurstLog2:0]  bound;         // bytes to the next multiple
  logic [14:0]         beat_stop;     // the last of them, from the first beat's lane 0 on

  assign ready_o = !valid_q;
  assign soon_o  = !valid_q || job_ready_i;
  assign fire    = valid_q && job_ready_i;

  assign job_valid_o = valid_q;
  assign job_drop_o  = drop_q;
  assign job_addr_o  = addr_q;

  always_comb begin
    stop      = '0;
    bound     = '0;
    beat_stop = '0;
    ends      = 1'b0;
    job_len_o = '0;
    job_end_o = '0;
    job_src_o = '0;
    if (valid_q) begin
      stop      = 15'(left_q) + 15'(addr_q[BurstLog2-1:0]);
      bound     = (BurstLog2 + 1)'(BurstBytes) - {1'b0, addr_q[BurstLog2-1:0]};
      beat_stop = 15'(left_q) + 15'(addr_q[ByteLog2-1:0]) - 15'd1;
      ends      = drop_q || stop < 15'(BurstBytes + 1);
      job_len_o = ends ? 8'(beat_stop >> ByteLog2) : 8'({~addr_q[BurstLog2-1:ByteLog2]});
      job_end_o = ends ? beat_stop[ByteLog2-1:0] : '1;
      job_src_o = src_q - BufLog2'(addr_q[ByteLog2-1:0]);
    end
  end

  assign job_last_o  = drop_q || (ends && rec_o.eop);
  assign write_o     = fire && !drop_q;
  assign rec_valid_o = write_o && ends;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= 1'b0;
    else if (give_i) valid_q <= 1'b1;
    else if (fire && ends) valid_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (look_i) begin
      drop_q      <= drop_i;
      job_queue_o <= queue_i;
      job_free_o  <= free_i;
      addr_q      <= addr_i;
      src_q       <= src_i;
      left_q      <= rec_i.len;
      rec_o       <= rec_i;
    end else if (fire) begin
      addr_q <= {addr_q[63:BurstLog2] + 1'b1, BurstLog2'(0)};
      src_q  <= src_q + BufLog2'(bound);
      left_q <= frame_len_t'(stop - 15'(BurstBytes));
    end
  end

  `NIC_ASSERT_IF(RxCutTakesWhenReady, look_i || give_i, (look_i && !valid_q))
  `NIC_ASSERT_IF(RxBurstWithinLimit, write_o, (left_q != '0 && (!ends || stop <= 15'(BurstBytes))))

endmodule
