// SPDX-License-Identifier: Apache-2.0
// nic_rx_mover: each job's beats come out once, in order, from the right place of the packet buffer, with strobes for just
// its bytes; what is offered holds until it is taken; a frame's words are released once, when they have been read.
//
// 64 bits, two queues. One job is watched at a time, any of them. The packet buffer is what it promises: a place that is
// read comes out behind the turn.

`include "nic_assert.svh"

module rx_mover_proof
  import nic_pkg::*;
  import nic_dma_pkg::*;
(
    input logic        clk_i,
    input logic        watch,            // the job that is taken, if none is watched
    input logic        job_valid_i,
    input logic        job_drop_i,
    input logic [0:0]  job_queue_i,
    input logic [63:0] job_addr_i,
    input logic [7:0]  job_len_i,
    input logic [2:0]  job_end_i,
    input logic [7:0]  job_src_i,
    input logic        job_last_i,
    input logic [5:0]  job_free_i,
    input logic [63:0] ram_data_i,
    input logic        out_ready_i
);
  localparam int unsigned Jobs = 4;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  logic        busy_o, job_ready_o, ram_re_o, ram_turn_o, free_valid_o, out_valid_o, out_first_o, out_last_o;
  logic [0:0]  ram_queue_o, free_queue_o;
  logic [7:0]  ram_byte_o;
  logic [5:0]  free_ptr_o;
  dma_req_t    out_req_o;
  logic [63:0] out_data_o;
  logic [7:0]  out_strb_o;
  nic_rx_mover #(
      .DataWidth(64),
      .Queues   (2),
      .BufLog2  (8)
  ) dut (.*);

  typedef struct packed {
    logic        drop;
    logic        last;
    logic [0:0]  qp;
    logic [5:0]  free;
    logic [7:0]  src;
    logic [7:0]  len;
    logic [2:0]  lane;
    logic [63:0] addr;
  } job_t;

  // Jobs in, and done with: all of their beats have been read. The watched one, and how many of its beats have been.
  logic [2:0] slot, in_q, done_q, held;
  logic       take, there_q, mine, moves, ends, ended_q, mine_q, out_mine_q;
  job_t       job_q;
  logic [8:0] read_q;
  assign held  = in_q - done_q;
  assign take  = job_valid_i && job_ready_o;
  assign mine  = there_q && done_q == slot;            // it is read, or dropped, next
  assign moves = !out_valid_o || out_ready_i;
  assign ends  = mine && (job_q.drop || (ram_re_o && read_q == {1'b0, job_q.len}));
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_q   <= '0;
      done_q <= '0;
    end else begin
      in_q   <= in_q + 3'(take);
      done_q <= done_q + 3'(dut.job_pop);
    end
    if (take && watch && !(there_q || mine_q || out_mine_q || ended_q)) begin
      there_q <= 1'b1;
      slot    <= in_q;
      job_q   <= {job_drop_i, job_last_i, job_queue_i, job_free_i, job_src_i, job_len_i, job_end_i, job_addr_i};
    end
    if (ends || !rst_ni) there_q <= 1'b0;
    if (!mine) read_q <= '0;
    else if (ram_re_o) read_q <= read_q + 1'b1;
    ended_q <= rst_ni && ends;
  end

  // The packet buffer: the place that was read, and the place whose bytes are out. Beside them which beat of the watched
  // job that is.
  logic [8:0] read_place_q, place_q, beat_q, out_beat_q;
  logic       some_q, out_some_q;
  always_ff @(posedge clk_i) begin
    if (ram_re_o) read_place_q <= {ram_queue_o, ram_byte_o};
    if (ram_turn_o) place_q <= read_place_q;
    if (moves) begin
      some_q     <= ram_re_o;
      mine_q     <= ram_re_o && mine;
      beat_q     <= read_q;
      out_some_q <= some_q;
      out_mine_q <= mine_q;
      out_beat_q <= beat_q;
    end
    if (!rst_ni) {some_q, mine_q, out_some_q, out_mine_q} <= '0;
  end
  function automatic logic [8:0] place(job_t job, logic [8:0] beat);
    return {job.qp, 8'(job.src + {beat[4:0], 3'b0})};
  endfunction
  function automatic logic [7:0] strobes(job_t job, logic [8:0] beat);
    logic [7:0] strobe;
    for (int lane = 0; lane < 8; lane++) begin
      strobe[lane] = (beat != '0 || 3'(lane) >= job.addr[2:0]) && (beat != {1'b0, job.len} || 3'(lane) <= job.lane);
    end
    return strobe;
  endfunction

  // What was offered and not taken.
  logic       wait_q;
  logic [1:0] was_q;
  logic [7:0] was_strb_q;
  logic [8:0] was_place_q;
  dma_req_t   was_req_q;
  always_ff @(posedge clk_i) begin
    wait_q      <= rst_ni && out_valid_o && !out_ready_i;
    was_q       <= {out_first_o, out_last_o};
    was_strb_q  <= out_strb_o;
    was_place_q <= place_q;
    was_req_q   <= out_req_o;
  end

  `NIC_ASSERT(BeatForEachRead, out_valid_o == out_some_q)
  `NIC_ASSERT(FirstAndLast, !out_mine_q ||
              (out_first_o == (out_beat_q == '0) && out_last_o == (out_beat_q == {1'b0, job_q.len})))
  `NIC_ASSERT(PlaceIsRight, !out_mine_q || (place_q == place(job_q, out_beat_q) && out_data_o == ram_data_i))
  `NIC_ASSERT(StrobesAreItsBytes, !out_mine_q || out_strb_o == strobes(job_q, out_beat_q))
  `NIC_ASSERT(RequestIsTheJobs, !out_mine_q ||
              out_req_o == {WrRxData, 3'b0, job_q.qp, job_q.addr, job_q.len})
  `NIC_ASSERT(OfferHolds, !wait_q || (out_valid_o && {out_first_o, out_last_o} == was_q && out_strb_o == was_strb_q &&
              place_q == was_place_q && out_req_o == was_req_q))
  `NIC_ASSERT(AllOfIt, !mine || dut.job_pop == ends)
  `NIC_ASSERT(NoGap, !(mine && moves && !job_q.drop) || ram_re_o)
  `NIC_ASSERT(DropReadsNothing, !(mine && job_q.drop) || !ram_re_o)
  `NIC_ASSERT(ReleasedWhenRead, !ended_q || (free_valid_o == job_q.last &&
              (!job_q.last || (free_queue_o == job_q.qp && free_ptr_o == job_q.free))))
  `NIC_ASSERT(BusyIsTrue, busy_o == (held != '0 || some_q || out_some_q))
  // What makes it inductive.
  `NIC_ASSERT(CountsAgree, dut.wp_q == in_q && dut.rp_q == done_q && dut.rd_valid_q == some_q)
  `NIC_ASSERT(Bounded, held <= 3'(Jobs) && !(job_ready_o && held == 3'(Jobs)))
  `NIC_ASSERT(SlotHoldsJob, !there_q ||
              (3'(slot - done_q) < held && {dut.jobs[slot[1:0]], dut.addrs[slot[1:0]]} == job_q))
  `NIC_ASSERT(BeatAgrees, !mine || (read_q == {1'b0, dut.beat_q} && dut.beat_q <= job_q.len &&
              (!job_q.drop || read_q == '0)))
  `NIC_ASSERT(NextAgrees, !(mine && read_q != '0) || {job_q.qp, dut.next_q} == place(job_q, read_q))
  `NIC_ASSERT(NotYetRead, !(there_q && (!mine || read_q == '0)) || !(mine_q || out_mine_q))
  `NIC_ASSERT(BeatsInPlace, (!mine_q || beat_q <= {1'b0, job_q.len}) &&
              (!out_mine_q || out_beat_q <= {1'b0, job_q.len}) &&
              (!(mine_q && out_mine_q) || beat_q == out_beat_q + 1'b1) && (!mine_q || some_q) &&
              (!out_mine_q || out_some_q))
  `NIC_ASSERT(ReadAgrees, !mine_q || (read_place_q == place(job_q, beat_q) &&
              dut.rd_first_q == (beat_q == '0) && dut.rd_last_q == (beat_q == {1'b0, job_q.len}) &&
              dut.rd_strb_q == strobes(job_q, beat_q) &&
              dut.rd_req_q == {WrRxData, 3'b0, job_q.qp, job_q.addr, job_q.len}))
  `NIC_ASSERT(BeatOfTheJob, dut.beat_q == '0 || (held != '0 && dut.beat_q <= dut.job.len && !dut.job.drop))
  `NIC_ASSERT(ReadsInARow, !(mine && read_q != '0) || (mine_q && read_q == beat_q + 1'b1))
  `NIC_ASSERT(RequestStays, !(mine_q && beat_q != '0) || out_req_o == dut.rd_req_q)

  `NIC_COVER(ThreeBeats, out_mine_q && out_last_o && out_beat_q == 9'd2 && wait_q)
  `NIC_COVER(DropBehindBeats, ended_q && job_q.drop && free_valid_o && out_valid_o && !out_ready_i)
  `NIC_COVER(Full, held == 3'(Jobs) && mine && in_q == 3'd6)
endmodule
