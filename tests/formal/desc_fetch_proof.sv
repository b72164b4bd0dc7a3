// SPDX-License-Identifier: Apache-2.0
// nic_desc_fetch: each posted descriptor is asked for once, in order, within the ring, in bursts that end at multiples of 128
// bytes (so none crosses 4 KiB), and the consumer gets what memory gave for it; the window never overflows; no more
// than four bursts are outstanding; a ring that is not busy has nothing in flight; after an error nothing of the ring arrives.
//
// Two rings, a window of 16. One descriptor of one ring is watched, any of them, by one of its bits, any: what memory
// gives for it must be what the consumer reads at its index. Rings have any base and size; software may post any number at a
// time, more than the ring has entries too, but takes nothing back.

`include "nic_assert.svh"

module desc_fetch_proof
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 256
) (
    input logic                 clk_i,
    input index_t [1:0]         tail,
    input logic [1:0]           run_i,
    input logic                 start_i,
    input logic [0:0]           start_queue_i,
    input logic [0:0]           scan_i,
    input logic                 req_ready_i,
    input logic                 r_valid_i,
    input logic [0:0]           r_queue_i,
    input logic [DataWidth-1:0] r_data_i,
    input logic                 r_err_i,
    input logic [0:0]           rd_queue_i,
    input logic [3:0]           rd_skip_i,
    input logic                 pop_i,
    input logic [0:0]           pop_queue_i
);
  localparam int unsigned Depth   = 16;
  localparam int unsigned PerBeat = (DataWidth > 128) ? DataWidth / 128 : 1;
  localparam index_t      Lanes   = index_t'(PerBeat - 1);

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  // Base and size of each ring: any, for ever. And what is watched: a bit of a descriptor of a ring.
  logic   [1:0][63:0] base;
  logic   [1:0][3:0]  log2;
  logic               mine;
  index_t             idx;
  logic   [6:0]       nth;
  always_ff @(posedge clk_i) begin
    base <= base;
    log2 <= log2;
    mine <= mine;
    idx  <= idx;
    nth  <= nth;
  end

  index_t      tail_i [2];
  assign tail_i[0] = tail[0];
  assign tail_i[1] = tail[1];
  logic [63:0] scan_base_i;
  logic [3:0]  scan_log2_i;
  index_t      scan_tail_i, rd_index_o, scan_head_o;
  logic        busy_o, err_tail_o, req_valid_o, r_last_i, rd_valid_o, rd_more_o, arrived_o;
  dma_req_t    req_o;
  logic [1:0]  avail_o;
  desc_t       rd_desc_o;
  assign scan_base_i = base[scan_i];
  assign scan_log2_i = log2[scan_i];
  assign scan_tail_i = tail[scan_i];
  nic_desc_fetch #(
      .DataWidth(DataWidth),
      .Queues   (2),
      .Depth    (Depth)
  ) dut (.*);

  // ------------------------------------------------------------------ surroundings
  typedef logic [4:0] near_t;     // of an index, which is less than 32 from all others in flight
  index_t [1:0]      came_q;      // the first descriptor that memory has not given
  logic   [1:0]      half_q;      // but for its upper half, on a bus of 64 bits
  near_t [1:0][3:0]  end_q;       // of each burst, in order: the descriptor after it
  logic   [1:0][2:0] open_q;      // bursts that memory knows of and has not ended
  logic   [1:0]      idle_q;      // does not run since nothing of it was in flight
  logic   [1:0]      bad_q;
  logic   [0:0]      scan_was_q;
  logic   [1:0]      run_was_q;
  index_t [1:0]      tail_was_q, con_was_q;
  near_t             given;       // the descriptors that this beat completes
  near_t             left;        // of its burst, with these
  assign left     = end_q[r_queue_i][dut.len_rp_q[r_queue_i]] - near_t'(came_q[r_queue_i]);
  assign r_last_i = left == given;
  always_comb begin
    given = near_t'(PerBeat) - near_t'(came_q[r_queue_i] & Lanes);
    if (given > left) given = left;
    if (DataWidth == 64 && !half_q[r_queue_i]) given = '0;
  end
  always_ff @(posedge clk_i) begin
    scan_was_q <= scan_i;
    run_was_q  <= run_i;
    tail_was_q <= tail;
    con_was_q  <= {dut.con_q[1], dut.con_q[0]};
  end
  `NIC_ASSUME(AnswersWhatWasAsked, !r_valid_i || open_q[r_queue_i] != '0)
  `NIC_ASSUME(PopsWhatIsHere, !pop_i || avail_o[pop_queue_i])
  // nic_ring_ctl.
  `NIC_ASSUME(StartsIdle, !start_i || (idle_q[start_queue_i] && !run_i[start_queue_i]))

  for (genvar q = 0; q < 2; q++) begin : gen_ring
    logic       was_q, waits, wanted, starts, comes, looked;
    logic [2:0] out;
    index_t     wanted_end;
    assign wanted_end = dut.req_q[q] + index_t'(dut.want_n_q) - dut.con_q[q];
    assign out    = dut.out_q[q][2:0];
    assign waits  = req_valid_o && req_o.id.qp == 4'(q);
    assign wanted = dut.want_q && dut.want_queue_q == 1'(q);
    assign looked = dut.look_q && dut.queue_q == 1'(q);
    assign starts = start_i && start_queue_i == 1'(q);
    assign comes  = r_valid_i && r_queue_i == 1'(q);
    always_ff @(posedge clk_i) begin
      was_q      <= rst_ni && !starts;
      idle_q[q]  <= !rst_ni || (!run_i[q] && (idle_q[q] || (scan_was_q == 1'(q) && !run_was_q[q] && !busy_o)));
      if (wanted) end_q[q][dut.len_wp_q[q]] <= near_t'(dut.req_q[q]) + near_t'(dut.want_n_q);
      if (!rst_ni || starts) came_q[q] <= '0;
      else if (comes) came_q[q] <= came_q[q] + index_t'(given);
      if (!rst_ni) half_q[q] <= 1'b0;
      else if (comes) half_q[q] <= DataWidth == 64 && !half_q[q];
      if (!rst_ni) open_q[q] <= '0;
      else open_q[q] <= open_q[q] + 3'(waits && req_ready_i) - 3'(comes && r_last_i);
      if (!rst_ni || starts) bad_q[q] <= 1'b0;
      else if (comes && r_err_i) bad_q[q] <= 1'b1;
    end
    `NIC_ASSUME(RingAligned, base[q][5:0] == '0 && log2[q] >= 4'd3)
    `NIC_ASSUME(NothingTakenBack, !was_q || 16'(tail[q] - dut.con_q[q]) >= 16'(tail_was_q[q] - dut.con_q[q]))

    `NIC_ASSERT(InOrder, 16'(dut.arr_q[q] - dut.con_q[q]) <= 16'(came_q[q] - dut.con_q[q]) &&
                16'(came_q[q] - dut.con_q[q]) <= 16'(dut.req_q[q] - dut.con_q[q]) &&
                16'(dut.req_q[q] - dut.con_q[q]) <= 16'(Depth))
    `NIC_ASSERT(StartsEmpty, was_q || (dut.con_q[q] == '0 && dut.arr_q[q] == '0 && dut.req_q[q] == '0 && idle_q[q]))
    `NIC_ASSERT(OnlyPosted, 16'(dut.req_q[q] - dut.con_q[q]) <= 16'(tail[q] - dut.con_q[q]))
    `NIC_ASSERT(AvailIsTrue, avail_o[q] == (dut.arr_q[q] != dut.con_q[q]))
    `NIC_ASSERT(OutIsTrue, 4'(out) + 4'(wanted) == 4'(open_q[q]) + 4'(waits) && dut.out_q[q] <= 4'd4 &&
                open_q[q] <= 3'd4)
    `NIC_ASSERT(NothingInFlightWhenIdle, !idle_q[q] || (!waits && !wanted && !looked && open_q[q] == '0))
    `NIC_ASSERT(CameIsHere, bad_q[q] || came_q[q] == dut.arr_q[q])
    // What makes it inductive: the bursts follow each other, from what comes next to what was asked for last.
    `NIC_ASSERT(BadAgrees, bad_q[q] == dut.bad_q[q])
    `NIC_ASSERT(HalfAgrees, half_q[q] == dut.half_q[q] && (!half_q[q] || open_q[q] != '0))
    `NIC_ASSERT(FirstAgrees, dut.first_q[q] || open_q[q] != '0)
    `NIC_ASSERT(ListAgrees, 2'(dut.len_wp_q[q] - dut.len_rp_q[q]) == out[1:0] && (!wanted || out < 3'd4))
    `NIC_ASSERT(WantedFits, !wanted || (wanted_end <= 16'(Depth) && wanted_end <= 16'(tail_was_q[q] - dut.con_q[q]) &&
                wanted_end > 16'(dut.req_q[q] - dut.con_q[q])))
    `NIC_ASSERT(MoreWasPosted, !looked || 16'(dut.req_q[q] - dut.con_q[q]) < 16'(tail_was_q[q] - dut.con_q[q]))
    `NIC_ASSERT(OneLooks, !(looked && wanted))
    `NIC_ASSERT(BusyIsTrue, scan_was_q != 1'(q) || busy_o || run_was_q[q] ||
                (!waits && !wanted && !looked && out == '0))
    for (genvar k = 0; k < 4; k++) begin : gen_burst
      logic [1:0] at, prior;
      near_t      from, n;
      assign at     = dut.len_rp_q[q] + 2'(k);
      assign prior  = at - 1'b1;
      assign from   = (k == 0) ? near_t'(came_q[q]) : end_q[q][prior];
      assign n      = end_q[q][at] - from;
      `NIC_ASSERT(BurstsFollow, out <= 3'(k) || (n != '0 && n <= 5'd8 &&
                  5'(end_q[q][at] - 5'(dut.con_q[q])) <= 5'(dut.req_q[q] - dut.con_q[q])))
      `NIC_ASSERT(LengthAgrees, out <= 3'(k) || ((k == 0 && !dut.first_q[q]) ?
                  bad_q[q] || near_t'(dut.rem_q[q]) == n : near_t'(dut.len_mem[{1'(q), at}]) == n))
      `NIC_ASSERT(LastIsAskedFor, out != 3'(k + 1) || end_q[q][at] == near_t'(dut.req_q[q]))
    end
    `NIC_ASSERT(AllCame, out != '0 || came_q[q] == dut.req_q[q])
  end
  `NIC_ASSERT(WantedIsFew, !dut.want_q || (dut.want_n_q != '0 && dut.want_n_q <= 4'd8))

  // ------------------------------------------------------------------ what is asked for
  index_t      size, slot, mask;
  logic [63:0] addr;
  logic [4:0]  n;
  logic        wait_q, new_q;
  dma_req_t    was_q, new_req_q;
  assign size = 16'd1 << log2[dut.queue_q];
  assign mask = size - 1'b1;
  assign slot = dut.req_q[dut.queue_q] & mask;
  assign addr = base[dut.queue_q] + {44'b0, slot, 4'b0};
  assign n    = {1'b0, dut.n};
  always_ff @(posedge clk_i) begin
    wait_q    <= rst_ni && req_valid_o && !req_ready_i;
    was_q     <= req_o;
    new_q     <= rst_ni && dut.want;
    new_req_q <= '{
        id: '{kind: RdTxDesc, qp: 4'(dut.queue_q)},
        addr: addr,
        // Beats that have a byte of theirs.
        len: (DataWidth == 64) ? 8'(2 * n - 1) : 8'((8'(slot & Lanes) + 8'(n) - 8'd1) / PerBeat)
    };
  end
  `NIC_ASSERT(RequestHolds, !wait_q || (req_valid_o && req_o == was_q))
  `NIC_ASSERT(AsksWhatIsNext, !new_q || (req_valid_o && req_o == new_req_q))
  `NIC_ASSERT(NothingElse, !(req_valid_o && !wait_q) || new_q)
  `NIC_ASSERT(WithinRing, !dut.want || (n != '0 && slot + 16'(n) <= size))
  `NIC_ASSERT(Within128Bytes, !dut.want || {2'b0, addr[6:4]} + n <= 5'd8)
  `NIC_ASSERT(NotBeyondTail, !dut.want || 16'(n) <= 16'(tail_was_q[dut.queue_q] - dut.req_q[dut.queue_q]))
  `NIC_ASSERT(OnlyWhileItRuns, !dut.want || run_i[dut.queue_q])
  `NIC_ASSERT(TailIsChecked, !dut.want || 16'(tail_was_q[dut.queue_q] - con_was_q[dut.queue_q]) <= size)
  // What was looked at holds a clock later, when it is asked for.
  `NIC_ASSERT(LookAgrees, !dut.look_q || (dut.queue_q == scan_was_q && run_was_q[scan_was_q] &&
              dut.base_q == base[dut.queue_q] && dut.log2_q == log2[dut.queue_q] && dut.slot_q == slot &&
              dut.posted_q == 16'(tail_was_q[dut.queue_q] - dut.req_q[dut.queue_q]) && dut.posted_q != '0 &&
              dut.ahead_q == 16'(tail_was_q[dut.queue_q] - con_was_q[dut.queue_q])))
  `NIC_ASSERT(LimitIsRight, !dut.look_q || (dut.limit_q != '0 && slot + 16'(dut.limit_q) <= size &&
              {1'b0, addr[6:4]} + dut.limit_q <= 4'd8))
  `NIC_ASSERT(RoomIsThere, !dut.look_q || 16'(dut.room_q) <= 16'(Depth) -
              16'(dut.req_q[dut.queue_q] - dut.con_q[dut.queue_q]))
  `NIC_ASSERT(RequestIsOfWanted, !dut.want_q || (req_valid_o && req_o.id.qp == 4'(dut.want_queue_q)))
  `NIC_ASSERT(RequestIsOfRings, !req_valid_o || req_o.id.qp < 4'd2)

  // ------------------------------------------------------------------ what the consumer sees
  logic bit_q;        // what memory gave for the watched descriptor last
  logic here;         // it has come and is not consumed
  logic read;
  logic comes;
  assign here  = 16'(idx - dut.con_q[mine]) < 16'(dut.arr_q[mine] - dut.con_q[mine]);
  assign read  = rd_queue_i == mine && 16'(dut.con_q[mine] + 16'(rd_skip_i)) == idx;
  assign comes = r_valid_i && r_queue_i == mine && !r_err_i && ((DataWidth == 64) ?
                 came_q[mine] == idx && half_q[mine] == nth[6] : 16'(idx - came_q[mine]) < 16'(given));
  always_ff @(posedge clk_i) begin
    if (comes) bit_q <= (DataWidth == 64) ? r_data_i[nth[5:0]] : r_data_i[128*(idx & Lanes)+16'(nth)];
  end
  `NIC_ASSERT(ReadsWhatCame, !(read && rd_valid_o) || rd_desc_o[nth] == bit_q)
  `NIC_ASSERT(ValidIsHere, !read || (rd_valid_o == here && rd_index_o == idx && rd_more_o == (tail[mine] != idx)))
  for (genvar i = 0; i < int'(PerBeat); i++) begin : gen_lane
    logic [3:0] row;
    assign row = 4'(idx[3:0] / PerBeat);
    localparam int unsigned RowLog2 = $clog2(Depth / PerBeat);
    `NIC_ASSERT(StoredIsHere, (idx & Lanes) != index_t'(i) ||
                !(here || (half_q[mine] && came_q[mine] == idx && !nth[6] && !bad_q[mine])) ||
                (nth[6] ? dut.gen_lane[i].ctrl_mem[{mine, row[RowLog2-1:0]}][nth[5:0]] :
                dut.gen_lane[i].addr_mem[{mine, row[RowLog2-1:0]}][nth[5:0]]) == bit_q)
  end
  `NIC_ASSERT(NothingAfterError, !(r_valid_i && (bad_q[r_queue_i] || r_err_i)) || !arrived_o)
  `NIC_ASSERT(HeadIsTrue, scan_head_o == dut.con_q[scan_i])

  `NIC_COVER(FullWindow, 16'(dut.arr_q[mine] - dut.con_q[mine]) == 16'(Depth))
  `NIC_COVER(WrapsAtItsEnd, dut.want && dut.queue_q == mine && slot == '0 && dut.req_q[mine] == 16'd8)
  `NIC_COVER(FourOutstanding, open_q[mine] == 3'd4)
  `NIC_COVER(Consumed, pop_i && pop_queue_i == mine && idx == 16'd9 && dut.con_q[mine] == idx)
  `NIC_COVER(StartsAnew, start_i && start_queue_i == mine && bad_q[mine] && dut.req_q[mine] == 16'd5)
endmodule
