// SPDX-License-Identifier: Apache-2.0
// nic_rx_cut: the bursts of a part are all of its bytes, each once, in order, from the right place of the packet buffer;
// each ends at the part's end or at a multiple of 2 KiB, so that none crosses 4 KiB or has more than 256 beats; its record
// goes with the last. A part that is dropped is one job.
//
// 64 bits, two queues.

`include "nic_assert.svh"

module rx_cut_proof
  import nic_pkg::*;
  import nic_dma_pkg::*;
(
    input logic        clk_i,
    input logic        look_i,
    input logic        give_i,
    input logic        drop_i,
    input logic [0:0]  queue_i,
    input logic [63:0] addr_i,
    input logic [13:0] src_i,
    input logic [11:0] free_i,
    input rx_record_t  rec_i,
    input logic        job_ready_i
);
  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  logic        ready_o, soon_o, job_valid_o, job_drop_o, job_last_o, write_o, rec_valid_o;
  logic [0:0]  job_queue_o;
  logic [63:0] job_addr_o;
  logic [7:0]  job_len_o;
  logic [2:0]  job_end_o;
  logic [13:0] job_src_o;
  logic [11:0] job_free_o;
  rx_record_t  rec_o;
  nic_rx_cut #(
      .DataWidth(64),
      .Queues   (2)
  ) dut (.*);

  `NIC_ASSUME(LooksWhenReady, !look_i || ready_o)
  `NIC_ASSUME(GivesWhatIsLookedAt, !give_i || look_i)
  `NIC_ASSUME(HasBytes, !give_i || drop_i || rec_i.len != '0)

  // The part, and how far it is cut.
  logic        part_q, part_drop_q, fire, ends;
  logic [63:0] addr_q;
  logic [13:0] src_q;
  logic [14:0] left_q, bytes;
  logic [0:0]  queue_q;
  logic [11:0] free_q;
  rx_record_t  rec_q;
  assign fire  = job_valid_o && job_ready_i;
  assign bytes = {4'b0, job_len_o, 3'b0} + 15'(job_end_o) + 15'd1 - 15'(addr_q[2:0]);   // of the job
  assign ends  = part_drop_q || bytes == left_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) part_q <= 1'b0;
    else part_q <= give_i || (part_q && !(fire && ends));
    if (give_i) begin
      part_drop_q <= drop_i;
      addr_q      <= addr_i;
      src_q       <= src_i;
      left_q      <= 15'(rec_i.len);
      queue_q     <= queue_i;
      free_q      <= free_i;
      rec_q       <= rec_i;
    end else if (fire) begin
      addr_q <= addr_q + 64'(bytes);
      src_q  <= src_q + bytes[13:0];
      left_q <= left_q - bytes;
    end
  end
  logic job;                 // one that writes
  assign job = job_valid_o && !part_drop_q;

  `NIC_ASSERT(JobWhilePart, job_valid_o == part_q && ready_o == !part_q)
  `NIC_ASSERT(SameToItsEnd, !part_q ||
              {job_drop_o, job_queue_o, job_free_o, rec_o} == {part_drop_q, queue_q, free_q, rec_q})
  `NIC_ASSERT(FromWhereItWas, !job || (job_addr_o == addr_q && job_src_o == src_q - 14'(addr_q[2:0])))
  `NIC_ASSERT(NoMoreThanIsLeft, !job || (bytes <= left_q && bytes != '0 && !bytes[14]))
  `NIC_ASSERT(Within4KiB, !job || 13'({addr_q[11:3], 3'b0}) + {2'b0, job_len_o, 3'b0} + 13'd7 < 13'd4096)
  `NIC_ASSERT(UpToAMultiple, !job || ends || 11'(addr_q[10:0] + bytes[10:0]) == '0)
  `NIC_ASSERT(NoneTooSoon, !job || bytes + 15'(addr_q[10:0]) <= 15'd2048)
  `NIC_ASSERT(LastOfTheFrame, !part_q || job_last_o == (part_drop_q || (ends && rec_q.eop)))
  `NIC_ASSERT(RecordWithTheLast, rec_valid_o == (fire && !part_drop_q && ends) && write_o == (fire && !part_drop_q))
  `NIC_ASSERT(SoonIsReady, !(soon_o && !ready_o) || job_ready_i)
  // What makes it inductive.
  `NIC_ASSERT(LeftAgrees, !(part_q && !part_drop_q) || (15'(dut.left_q) == left_q && dut.src_q == src_q &&
                                                          left_q != '0))

  logic [1:0] jobs_q;        // of the part
  always_ff @(posedge clk_i) jobs_q <= give_i ? '0 : jobs_q + 2'(fire);
  `NIC_COVER(ThreeBursts, rec_valid_o && jobs_q == 2'd2 && rec_q.len == 14'd2056)
  `NIC_COVER(EndsAt4KiB, rec_valid_o && addr_q[11:0] + bytes[11:0] == '0 && bytes == 15'd2048)
  `NIC_COVER(Dropped, fire && part_drop_q && jobs_q == '0)
endmodule
