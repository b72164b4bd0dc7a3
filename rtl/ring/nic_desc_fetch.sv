// SPDX-License-Identifier: Apache-2.0
// Reads the descriptors of one direction's rings ahead of their use, into a small window for each ring.
//
// The ring under examination (scan_i) is fetched from, a clock later, when software has posted descriptors and the window
// has room for a whole burst (what was asked for is counted a clock after that): up to 8 descriptors, ending at a
// multiple of 128 bytes and at the ring's end, several bursts outstanding. So a busy ring is read in full bursts, and a
// single new descriptor at once.
//
// Consumer: rd_queue_i and rd_skip_i choose a descriptor, rd_skip_i beyond the first that is not consumed;
// rd_valid_o says that it is here, rd_more_o that it has been posted. pop_i consumes one of pop_queue_i.
// After a read error nothing more of the ring arrives.

`include "nic_assert.svh"

module nic_desc_fetch
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    parameter int unsigned Depth     = 32,        // descriptors of a ring's window; 16 or more
    parameter rd_kind_e    Kind      = RdTxDesc,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned DepthLog2 = $clog2(Depth)
) (
    input  logic clk_i,
    input  logic rst_ni,

    // rings
    input  index_t                 tail_i [Queues],
    input  logic [63:0]            scan_base_i,   // of ring scan_i
    input  logic [3:0]             scan_log2_i,
    input  index_t                 scan_tail_i,
    input  logic [Queues-1:0]      run_i,
    input  logic                   start_i,
    input  logic [QWidth-1:0]      start_queue_i,
    input  logic [QWidth-1:0]      scan_i,
    output logic                   busy_o,        // reads of the ring looked at before are outstanding
    output logic                   err_tail_o,    // of the ring looked at before: more is posted than it has entries

    // read requests and data
    output logic                   req_valid_o,
    output dma_req_t               req_o,
    input  logic                   req_ready_i,
    input  logic                   r_valid_i,     // beats of this Kind
    input  logic [QWidth-1:0]      r_queue_i,
    input  logic [DataWidth-1:0]   r_data_i,
    input  logic                   r_last_i,
    input  logic                   r_err_i,

    // consumer
    output logic [Queues-1:0]      avail_o,       // the window is not empty
    input  logic [QWidth-1:0]      rd_queue_i,
    input  logic [DepthLog2-1:0]   rd_skip_i,
    output logic                   rd_valid_o,
    output logic                   rd_more_o,
    output desc_t                  rd_desc_o,
    output index_t                 rd_index_o,    // its index
    input  logic                   pop_i,
    input  logic [QWidth-1:0]      pop_queue_i,
    output logic                   arrived_o,     // descriptors came for ring r_queue_i
    output index_t                 scan_head_o    // first descriptor of ring scan_i that is not consumed
);

  localparam int unsigned Slots    = 1 << QWidth;
  localparam int unsigned PerBeat  = (DataWidth > 128) ? DataWidth / 128 : 1;
  localparam int unsigned LaneLog2 = $clog2(PerBeat);
  localparam int unsigned MaxOut   = 4;          // bursts outstanding for a ring
  localparam int unsigned CtrlWidth = (Kind == RdTxDesc) ? 64 : 16;   // kept of a descriptor's upper half

  typedef logic [DepthLog2:0] level_t;

  // Free-running indices of each ring: con <= arr <= req <= tail.
  index_t     con_q [Slots];     // first not consumed
  index_t     arr_q [Slots];     // first not here
  index_t     req_q [Slots];     // first not asked for
  logic [Slots-1:0][3:0] out_q;  // bursts outstanding; bit 3 stays 0, but fields of 4 bits are easy to find
  logic [3:0] len_mem [Slots * MaxOut];   // descriptors of each outstanding burst, in order
  logic [Slots-1:0][1:0] len_wp_q, len_rp_q;

  // ------------------------------------------------------------------ the ring that is looked at: what there is to fetch
  localparam index_t Burst = 16'd8;   // descriptors

  logic              look, look_q, want, want_q, whole;   // whole: a whole burst is posted
  logic [QWidth-1:0] queue_q;         // looked at in the clock before
  logic [QWidth-1:0] want_queue_q;    // asked for in the clock before
  logic [63:0]       base_q;
  logic [3:0]        log2_q;
  index_t            slot_q, ahead_q, posted_q;
  logic [3:0]        limit_q, n, want_n_q;
  level_t            room_q;

  assign look = run_i[scan_i] && scan_tail_i != req_q[scan_i];

  always_ff @(posedge clk_i) begin
    // What may just have been asked for is not in req_q yet.
    look_q <= 1'b0;
    if (look) begin
      automatic index_t mask   = ~(16'hFFFF << scan_log2_i);
      automatic index_t slot   = req_q[scan_i] & mask;
      automatic logic   at_end = &(req_q[scan_i] | ~mask | (Burst - 1'b1));   // among the ring's last 8
      // Up to a multiple of 128 bytes, or the ring's end. A ring begins at one, or 64 bytes before.
      automatic logic   half   = scan_base_i[6] ? !slot[2] || at_end : slot[2];
      look_q   <= rst_ni && !(look_q && queue_q == scan_i) && !(want_q && want_queue_q == scan_i);
      queue_q  <= scan_i;
      base_q   <= scan_base_i;
      log2_q   <= scan_log2_i;
      slot_q   <= slot;
      ahead_q  <= scan_tail_i - con_q[scan_i];
      posted_q <= scan_tail_i - req_q[scan_i];
      limit_q  <= (half ? 4'd4 : 4'd8) - {2'b0, slot[1:0]};
      room_q   <= level_t'(Depth) - level_t'(req_q[scan_i] - con_q[scan_i]);
    end
  end

  // ------------------------------------------------------------------ what is asked for, a clock later
  always_comb begin
    {whole, n, want, err_tail_o} = '0;
    if (look_q) begin
      whole      = posted_q[15:3] != '0;
      n          = (!whole && posted_q[3:0] < limit_q) ? posted_q[3:0] : limit_q;
      err_tail_o = run_i[queue_q] && ahead_q > (16'd1 << log2_q);
      want       = run_i[queue_q] && !err_tail_o && out_q[queue_q] != 4'(MaxOut) && (!req_valid_o || req_ready_i) &&
                   ((!whole && !(room_q < level_t'(posted_q[2:0]))) || !(room_q < level_t'(limit_q)));
    end
  end
  always_ff @(posedge clk_i) begin
    want_q <= want && rst_ni;
    if (!rst_ni) req_valid_o <= 1'b0;
    else if (!req_valid_o || req_ready_i) req_valid_o <= want;
  end

  always_ff @(posedge clk_i) begin
    if (want) begin : burst
      automatic logic [63:0] addr  = base_q + {44'b0, slot_q, 4'b0};
      // From the start of the first beat to the end of the last descriptor.
      automatic logic [8:0]  bytes = {1'b0, n, 4'b0} + 9'(addr[$clog2(DataWidth/8)-1:0]);
      req_o <= '{
          id: '{kind: Kind, qp: queue_t'(queue_q)},
          addr: addr,
          len: 8'((bytes - 1'b1) >> $clog2(DataWidth / 8))
      };
      {want_queue_q, want_n_q} <= {queue_q, n};
    end
    if (want_q) len_mem[{want_queue_q, len_wp_q[want_queue_q]}] <= want_n_q;
  end

  // ------------------------------------------------------------------ what arrives
  logic [Slots-1:0] first_q;         // the next beat begins a burst
  logic [3:0] rem_q [Slots];         // descriptors of the burst still to come
  logic [Slots-1:0] half_q;          // 64-bit bus: the next beat is a descriptor's upper half
  logic [Slots-1:0] bad_q;           // a read of the ring has failed
  logic [3:0] rem, here;
  logic [3:0] lane0;
  logic       store;
  index_t     arr;

  assign arrived_o = store;

  // Descriptors that this beat completes: here.
  always_comb begin
    arr   = '0;
    rem   = '0;
    lane0 = '0;
    here  = '0;
    store = 1'b0;
    if (r_valid_i) begin
      arr   = arr_q[r_queue_i];
      rem   = first_q[r_queue_i] ? len_mem[{r_queue_i, len_rp_q[r_queue_i]}] : rem_q[r_queue_i];
      lane0 = 4'(arr & index_t'(PerBeat - 1));
      store = !bad_q[r_queue_i] && !r_err_i;
      here  = 4'(PerBeat) - lane0;
      if (PerBeat > 1 && rem < here) here = rem;
      if (DataWidth == 64 && !half_q[r_queue_i]) here = '0;
    end
  end

  index_t pos;                       // the descriptor that is read
  logic [PerBeat-1:0][63:0] lane_addr;
  logic [PerBeat-1:0][CtrlWidth-1:0] lane_ctrl;
  assign pos = con_q[rd_queue_i] + index_t'(rd_skip_i);

  for (genvar i = 0; i < PerBeat; i++) begin : gen_lane
    // A slot, lane and row, is an index modulo Depth. None is read when written. Lengths go to comparators: block
    // memories are too slow for that.
    localparam int unsigned Rows = Depth / PerBeat;
    localparam int unsigned RowLog2 = $clog2(Rows);
    (* no_rw_check *) logic [63:0] addr_mem [Slots * Rows];
    (* no_rw_check, ram_style = (Kind == RdRxDesc) ? "distributed" : "block" *)
    logic [CtrlWidth-1:0] ctrl_mem [Slots * Rows];
    logic [QWidth+RowLog2-1:0] rrow;
    always_ff @(posedge clk_i) begin
      if (store) begin
        automatic logic [QWidth+RowLog2-1:0] wrow = {r_queue_i, RowLog2'(arr >> LaneLog2)};
        if (DataWidth == 64 ? !half_q[r_queue_i] : 4'(i) >= lane0 && 4'(i) < lane0 + here) begin
          addr_mem[wrow] <= r_data_i[(DataWidth == 64 ? 0 : 128*i)+:64];
        end
      end
    end
    always_ff @(posedge clk_i) begin
      if (store) begin
        automatic logic [QWidth+RowLog2-1:0] wrow = {r_queue_i, RowLog2'(arr >> LaneLog2)};
        if (DataWidth == 64 ? half_q[r_queue_i] : 4'(i) >= lane0 && 4'(i) < lane0 + here) begin
          ctrl_mem[wrow] <= r_data_i[(DataWidth == 64 ? 0 : 128*i+64)+:CtrlWidth];
        end
      end
    end

    assign rrow         = {rd_queue_i, RowLog2'(pos >> LaneLog2)};
    assign lane_addr[i] = addr_mem[rrow];
    assign lane_ctrl[i] = ctrl_mem[rrow];
  end

  // ------------------------------------------------------------------ consumer
  logic [CtrlWidth-1:0] ctrl;
  level_t               level;

  if (PerBeat == 1) begin : gen_one
    assign rd_desc_o.addr = lane_addr[0];
    assign ctrl           = lane_ctrl[0];
  end else begin : gen_mux
    assign rd_desc_o.addr = lane_addr[LaneLog2'(pos)];
    assign ctrl           = lane_ctrl[LaneLog2'(pos)];
  end
  assign {rd_desc_o.rsvd, rd_desc_o.kind, rd_desc_o.more, rd_desc_o.eop, rd_desc_o.len} = 64'(ctrl);

  assign level      = level_t'(arr_q[rd_queue_i] - con_q[rd_queue_i]);
  assign rd_valid_o = level > level_t'(rd_skip_i);
  assign rd_more_o  = tail_i[rd_queue_i] != pos;
  assign rd_index_o = pos;

  assign scan_head_o = con_q[scan_i];
  always_ff @(posedge clk_i) busy_o <= out_q[scan_i] != '0 || (want_q && want_queue_q == scan_i);

  // ------------------------------------------------------------------ state of the rings
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      for (int q = 0; q < int'(Slots); q++) begin
        con_q[q] <= '0;
        arr_q[q] <= '0;
        req_q[q] <= '0;
      end
      out_q    <= '0;
      len_wp_q <= '0;
      len_rp_q <= '0;
      first_q  <= '1;
      half_q   <= '0;
      bad_q    <= '0;
      avail_o  <= '0;
    end else begin
      if (want_q) begin
        req_q[want_queue_q]    <= req_q[want_queue_q] + {12'b0, want_n_q};
        len_wp_q[want_queue_q] <= len_wp_q[want_queue_q] + 1'b1;
        if (!(r_valid_i && r_last_i && r_queue_i == want_queue_q)) begin
          out_q[want_queue_q][2:0] <= out_q[want_queue_q][2:0] + 1'b1;
        end
      end
      if (r_valid_i) begin
        first_q[r_queue_i] <= r_last_i;
        half_q[r_queue_i]  <= (DataWidth == 64) && !half_q[r_queue_i];
        if (r_last_i) begin
          len_rp_q[r_queue_i] <= len_rp_q[r_queue_i] + 1'b1;
          if (!(want_q && r_queue_i == want_queue_q)) out_q[r_queue_i][2:0] <= out_q[r_queue_i][2:0] - 1'b1;
        end
        if (r_err_i) bad_q[r_queue_i] <= 1'b1;
      end
      if (pop_i) begin
        con_q[pop_queue_i] <= con_q[pop_queue_i] + 1'b1;
        if (level_t'(arr_q[pop_queue_i] - con_q[pop_queue_i]) == level_t'(1)) avail_o[pop_queue_i] <= 1'b0;
      end
      if (store) begin
        arr_q[r_queue_i] <= arr + {12'b0, here};
        if (here != '0) avail_o[r_queue_i] <= 1'b1;
      end
      if (start_i) begin
        avail_o[start_queue_i] <= 1'b0;
        con_q[start_queue_i] <= '0;
        arr_q[start_queue_i] <= '0;
        req_q[start_queue_i] <= '0;
        bad_q[start_queue_i] <= 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (r_valid_i) rem_q[r_queue_i] <= rem - here;
  end

  `NIC_ASSERT_IF(DescLevelInRange, store, level_t'(arr - con_q[r_queue_i]) < level_t'(Depth))
  `NIC_ASSERT_IF(DescAvailIsLevel, pop_i, avail_o[pop_queue_i])
  `NIC_ASSERT_IF(DescPopOnlyWhenHere, pop_i, arr_q[pop_queue_i] != con_q[pop_queue_i])
  `NIC_ASSERT_IF(DescBeatExpected, r_valid_i, out_q[r_queue_i] != '0)
  `NIC_ASSERT_IF(DescBurstLength, store, (r_last_i == (rem == here)))
  `NIC_ASSERT_IF(DescNoneInFlightAtStart, start_i, out_q[start_queue_i] == '0)

endmodule
