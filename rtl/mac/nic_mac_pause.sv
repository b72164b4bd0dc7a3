// SPDX-License-Identifier: Apache-2.0
// 802.3x flow control (IEEE 802.3 Annex 31B): how long the link partner has us wait, and when it is to wait for us.
//
// In: a PAUSE frame with quanta q stops the beginning of frames for q * 512 bit times at the link's rate, from its last beat
// on; 0 ends that. A later frame replaces the time of an earlier one.
// Out: while high_i, the partner is asked to wait (XOFF, quanta_i); asked again when half of that time is over, and let go
// (XON, quanta 0) when high_i falls. The frames themselves are nic_mac_tx's: req_o with req_quanta_o until taken_i.
// Time is counted in bits * ClockMhz, so that a clock is exactly the rate in Mb/s.

module nic_mac_pause #(
    parameter int unsigned ClockMhz = 250
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic [19:0] mbps_i,        // of the link, not 0
    input  logic        up_i,          // without a link nobody waits
    input  logic        active_i,      // 0: nothing is enabled, and nobody waits or is asked to

    // in
    input  logic        rx_enable_i,
    input  logic        rx_pause_i,    // a PAUSE frame has come
    input  logic [15:0] rx_quanta_i,
    output logic        paused_o,      // begin no frame

    // out
    input  logic        high_i,        // the packet buffer fills (and PAUSE out is enabled)
    input  logic [15:0] quanta_i,
    input  logic        stop_i,        // let the partner go
    output logic        req_o,         // send a PAUSE frame
    output logic [15:0] req_quanta_o,
    input  logic        taken_i,       // it begins
    output logic        xoff_o         // the partner waits for us
);

  localparam int unsigned Quantum = 512;   // bit times
  localparam int unsigned Width   = 16 + $clog2(Quantum * ClockMhz + 1);
  typedef logic [Width-1:0] time_t;
  localparam time_t Full = time_t'(Quantum * ClockMhz);       // of a quantum
  localparam time_t Half = time_t'(Quantum * ClockMhz / 2);

  time_t wait_q;       // left while paused_o
  time_t renew_q;      // until XOFF is repeated

  always_ff @(posedge clk_i) begin
    if (active_i) begin : waiting
      automatic logic turn  = up_i && (high_i && !stop_i) != xoff_o;
      automatic logic again = up_i && !turn && xoff_o && renew_q <= time_t'(mbps_i);

      // in
      paused_o <= rx_enable_i && up_i && (rx_pause_i ? rx_quanta_i != '0 : paused_o && wait_q > time_t'(mbps_i));
      wait_q   <= rx_pause_i ? time_t'(rx_quanta_i) * Full : wait_q - time_t'(mbps_i);

      // out
      renew_q <= (turn || again) ? time_t'(quanta_i) * Half : renew_q - time_t'(mbps_i);
      if (turn || again) req_quanta_o <= (turn && xoff_o) ? '0 : quanta_i;
      req_o  <= up_i && (turn || again || (req_o && !taken_i));
      xoff_o <= up_i && xoff_o != turn;
    end
    if (!rst_ni) begin
      paused_o <= 1'b0;
      req_o    <= 1'b0;
      xoff_o   <= 1'b0;
    end
  end

endmodule
