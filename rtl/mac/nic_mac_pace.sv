// SPDX-License-Identifier: Apache-2.0
// Pacing: keeps the average rate on the wire at TX_RATE. A frame counts with all that it occupies on the wire: its bytes,
// FCS, preamble and gap.
//
// A frame's cost is a debt that shrinks with each clock; the next frame may begin when it is paid. What a clock pays too
// much goes to the next frame, so that the average is exact; an idle wire saves nothing up.
// Debt is counted in bits * ClockMhz, so that a clock pays exactly the rate in Mb/s. Each beat costs what it carries as it
// is taken, the first one the rest too; a last beat that is not full is corrected a clock later. Beyond 64 KiB, ahead (a
// frame whose beats wait and wait) or behind (PAUSE frames, which go whatever is owed), no more is counted.

module nic_mac_pace #(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned ClockMhz  = 250,
    localparam int unsigned ByteLog2 = $clog2(DataWidth / 8)
) (
    input  logic clk_i,

    input  logic [19:0]         mbps_i,    // 0: no limit; so in reset
    input  logic                busy_i,    // a beat of a frame is shown on the stream
    input  logic                taken_i,   // and taken
    input  logic                last_i,    // the frame's last
    input  logic [ByteLog2-1:0] tail_i,    // with it: the frame's bytes beyond whole beats
    output logic                stall_o    // begin no frame
);

  localparam int unsigned Overhead = 24;   // bytes: FCS 4, preamble 8, gap 12
  localparam int unsigned Byte     = 8 * ClockMhz;
  localparam int unsigned Width    = 15 + $clog2(Byte + 1) + 3;
  typedef logic signed [Width-1:0] debt_t;

  localparam debt_t Beat  = debt_t'(DataWidth / 8 * Byte);
  localparam debt_t First = debt_t'((DataWidth / 8 + Overhead) * Byte);

  // What the bytes cost that are missing in a frame's last beat, which has `tail` of them, or all if that is 0. A table:
  // a multiplier would take too long.
  function automatic debt_t missing(logic [ByteLog2-1:0] tail);
    missing = '0;
    for (int unsigned n = 1; n < DataWidth / 8; n++) begin
      if (tail == ByteLog2'(n)) missing = debt_t'((DataWidth / 8 - n) * Byte);
    end
  endfunction

  debt_t debt_q;                           // less 1: negative when all is paid
  debt_t less_q;                           // if the last beat was not full
  logic  part_q;                           // a frame's last beat was taken
  debt_t beat_q, first_q;                  // what a beat adds, less what a clock pays
  logic  inside_q;                         // between a frame's first and last beat
  logic  on_q, stall_q;

  assign stall_o = on_q && stall_q;

  always_ff @(posedge clk_i) begin
    if (mbps_i != '0 || on_q) begin
      on_q    <= mbps_i != '0;
      beat_q  <= Beat - debt_t'({1'b0, mbps_i});
      first_q <= First - debt_t'({1'b0, mbps_i});
      part_q  <= 1'b0;
      if (last_i) less_q <= missing(tail_i);
      if (on_q && mbps_i != '0 && (busy_i || stall_q)) begin : pay
        automatic logic  far    = debt_q[Width-1] != debt_q[Width-2];
        automatic logic  ahead  = far && debt_q[Width-1];
        automatic logic  behind = far && !debt_q[Width-1];
        automatic debt_t owed   = part_q ? debt_q - less_q : debt_q;
        automatic debt_t rest   = ahead ? owed : owed - debt_t'({1'b0, mbps_i});
        automatic debt_t more   = owed + (ahead ? (inside_q ? Beat : First) : (inside_q ? beat_q : first_q));
        automatic debt_t left   = (taken_i && !behind) ? more : rest;
        debt_q  <= left;
        stall_q <= !left[Width-1];
        if (taken_i) inside_q <= !last_i;
        part_q <= taken_i && last_i && !behind;
      end else begin
        debt_q   <= '1;   // idle, and all is paid
        stall_q  <= 1'b0;
        inside_q <= 1'b0;
      end
    end
  end

endmodule
