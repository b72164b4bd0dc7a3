// SPDX-License-Identifier: Apache-2.0
// The gate between TX and the stream: decides at each frame boundary what comes next, and passes beats on with no delay.
//
// In order of priority: a PAUSE frame that is asked for; nothing, while the stream's other end is being changed (hold_i);
// a data frame, unless stall_i. A frame that has been shown goes on to its end whatever happens.
// Data frames are taken and thrown away when there is no link (discard_i), and when the device is being reset while they
// must wait (flush_i): a reset does not wait for the link partner. While special_i is 0, all these are 0 as well.

module nic_mac_tx
  import nic_pkg::*;
  import nic_mac_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    localparam int unsigned Bytes    = DataWidth / 8
) (
    input  logic clk_i,
    input  logic rst_ni,

    input  logic                 special_i,     // one of the following may be 1
    input  logic                 discard_i,
    input  logic                 flush_i,
    input  logic                 stall_i,       // begin no data frame
    input  logic                 hold_i,        // begin no frame
    input  logic                 pause_i,       // send a PAUSE frame
    input  logic [15:0]          quanta_i,
    input  logic [47:0]          station_i,
    output logic                 pause_taken_o,
    input  logic                 loop_i,        // frames go back, not to the wire
    output logic                 inside_o,      // within a frame
    output logic                 busy_o,        // a PAUSE frame is under way

    // from TX
    input  logic [DataWidth-1:0] s_tdata,
    input  logic [Bytes-1:0]     s_tkeep,
    input  logic                 s_tvalid,
    output logic                 s_tready,
    input  logic                 s_tlast,

    // onwards: to the wire, or back to RX, which takes all
    output logic [DataWidth-1:0] m_tdata,
    output logic [Bytes-1:0]     m_tkeep,
    output logic                 m_tvalid,
    input  logic                 m_tready,
    output logic                 m_tlast,
    output logic                 back_valid_o,

    output logic                 pause_done_o,  // a PAUSE frame's last beat is taken
    output logic                 dropped_o,     // the last beat of a frame that is thrown away
    output mac_cast_e            cast_o         // of the data frame whose beats after the first are passing
);

  localparam int unsigned Beats    = (PadFrame + Bytes - 1) / Bytes;     // of a PAUSE frame
  localparam int unsigned LastKeep = PadFrame - (Beats - 1) * Bytes;

  logic        inside_q;      // a data frame was shown and its last beat has not been taken
  logic        drop_q;        // it is thrown away
  logic        begins;        // a data frame may begin now: to pass, or
  logic        begins_drop;   // to be thrown away
  logic        passes, drop;  // a data beat passes, is thrown away
  logic        pause_q;       // a PAUSE frame is under way
  logic        gate_q, gate;  // something special: otherwise the gate is open
  logic [3:0]  beat_q;        // of the PAUSE frame
  logic [15:0] quanta_q;
  logic [DataWidth-1:0] pause_data_q;

  assign gate     = special_i || gate_q;
  assign inside_o = inside_q || pause_q;
  assign busy_o   = pause_q;

  always_comb begin
    m_tdata       = s_tdata;
    m_tkeep       = s_tkeep;
    m_tlast       = s_tlast;
    m_tvalid      = s_tvalid;
    s_tready      = m_tready;
    begins        = 1'b1;
    begins_drop   = 1'b0;
    passes        = s_tvalid;
    drop          = 1'b0;
    dropped_o     = 1'b0;
    back_valid_o  = 1'b0;
    pause_taken_o = 1'b0;
    pause_done_o  = 1'b0;
    if (gate) begin
      begins        = !pause_i && !hold_i && !stall_i && !discard_i;
      begins_drop   = !pause_i && !hold_i && (discard_i || (flush_i && stall_i));
      passes        = s_tvalid && !pause_q && (inside_q ? !drop_q : begins);
      drop          = s_tvalid && !pause_q && (inside_q ? drop_q : begins_drop);
      s_tready      = drop || (passes && (loop_i || m_tready));
      dropped_o     = drop && s_tlast;
      pause_taken_o = pause_i && !pause_q && !inside_q && !hold_i;
      if (pause_q) begin
        m_tdata      = pause_data_q;
        m_tlast      = beat_q == 4'(Beats - 1);
        m_tkeep      = m_tlast ? Bytes'({LastKeep{1'b1}}) : '1;
        pause_done_o = (m_tready || loop_i) && m_tlast;
      end
      m_tvalid     = (pause_q || passes) && !loop_i;
      back_valid_o = (pause_q || passes) && loop_i;
    end
  end

  // ------------------------------------------------------------------ PAUSE frames
  // A beat of the frame: destination, station, EtherType 0x8808, opcode 1, quanta, zeros.
  always_ff @(posedge clk_i) begin
    if (gate) begin
      // Back to an open gate at a boundary only.
      gate_q <= special_i || pause_q || ((passes || drop) ? !(s_tready && s_tlast) : inside_q);
      if (pause_taken_o || (pause_q && (m_tready || loop_i))) begin : pause
        automatic logic [3:0]  beat   = pause_taken_o ? '0 : beat_q + 1'b1;
        automatic logic [15:0] quanta = pause_taken_o ? quanta_i : quanta_q;
        automatic logic [511:0] frame = 512'({quanta[7:0], quanta[15:8], 32'h01000888, station_i, 48'h010000C28001});
        pause_data_q <= frame[beat*DataWidth+:DataWidth];
        pause_q      <= pause_taken_o || !m_tlast;
        beat_q       <= beat;
        quanta_q     <= quanta;
      end
    end
    if (passes || drop) begin
      if (!inside_q) begin
        cast_o <= cast_of(s_tdata[47:0]);
        drop_q <= drop;
      end
      inside_q <= !(s_tready && s_tlast);
    end
    if (!rst_ni) begin
      inside_q <= 1'b0;
      pause_q  <= 1'b0;
      gate_q   <= 1'b0;
    end
  end

endmodule
