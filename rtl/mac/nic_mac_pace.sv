// SPDX-License-Identifier: Apache-2.0
// Pacing: keeps the average rate on the wire at TX_RATE. A frame counts with all that it occupies on the wire: its bytes
// (at least 60), FCS, preamble and gap.
//
// A frame's cost is a debt that shrinks with each clock; the next frame may begin when it is paid. What a clock pays too
// much goes to the next frame, so that the average is exact; an idle wire saves nothing up.
// Debt is counted in bits * ClockMhz, so that a clock pays exactly the rate in Mb/s. Beyond 64 KiB, ahead (a frame whose
// beats wait and wait) or behind (PAUSE frames, which go whatever is owed), no more is counted.

module nic_mac_pace
  import nic_pkg::*;
#(
    parameter int unsigned ClockMhz = 250
) (
    input  logic clk_i,

    input  logic [19:0] mbps_i,      // 0: no limit; so in reset
    input  logic        busy_i,      // a beat of a frame is shown on the stream
    input  logic        done_i,      // the last one was taken
    input  frame_len_t  len_i,       // bytes of that frame
    output logic        stall_o      // begin no frame
);

  localparam int unsigned Overhead = 24;   // bytes: FCS 4, preamble 8, gap 12
  localparam int unsigned Width    = 15 + $clog2(8 * ClockMhz + 1) + 3;
  typedef logic signed [Width-1:0] debt_t;

  debt_t debt_q;

  function automatic debt_t cost_of(frame_len_t len);
    logic [14:0] bytes;
    bytes = 15'((len < frame_len_t'(PadFrame)) ? frame_len_t'(PadFrame) : len) + 15'(Overhead);
    return debt_t'(int'(bytes) * 8 * int'(ClockMhz));
  endfunction

  always_ff @(posedge clk_i) begin
    if (mbps_i != '0 && (busy_i || stall_o)) begin
      automatic logic  far = debt_q[Width-1] != debt_q[Width-2];
      automatic debt_t cost   = (done_i && !(far && debt_q > 0)) ? cost_of(len_i) : '0;
      automatic debt_t left   = debt_q + cost - ((far && debt_q < 0) ? '0 : debt_t'({1'b0, mbps_i}));
      debt_q  <= left;
      stall_o <= left > 0;
    end else begin
      debt_q  <= '0;   // no limit, or idle and all is paid
      stall_o <= 1'b0;
    end
  end

endmodule
