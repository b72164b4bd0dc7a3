// SPDX-License-Identifier: Apache-2.0
// Looks at the headers of frames on their way to RX, with no delay: finds PAUSE frames, and says with the last beat what
// RX and the counters need to know (tag_o).
//
// A PAUSE frame (IEEE 802.3 Annex 31B): to 01-80-C2-00-00-01 or the station, EtherType 0x8808, opcode 1, 60 bytes or more, not
// marked bad. With enable_i it is the MAC's own.

module nic_mac_rx
  import nic_pkg::*;
  import nic_mac_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    localparam int unsigned Bytes    = DataWidth / 8
) (
    input  logic clk_i,
    input  logic rst_ni,                       // not with the core: where a frame begins is known throughout

    input  logic                 enable_i,     // PAUSE frames are obeyed
    input  logic [47:0]          station_i,    // first byte on the wire in 7:0

    input  logic                 valid_i,
    input  logic [DataWidth-1:0] data_i,
    input  logic [Bytes-1:0]     keep_i,
    input  logic                 last_i,
    input  logic                 bad_i,        // with last_i

    output logic                 inside_o,     // between a frame's first and last beat
    output rx_tag_t              tag_o,        // with last_i

    output logic                 pause_o,      // one clock: a PAUSE frame has ended
    output logic [15:0]          quanta_o
);

  localparam logic [47:0] PauseDest  = 48'h010000C28001;
  localparam logic [31:0] PauseType  = 32'h01000888;            // EtherType and opcode, as they lie on the stream
  localparam int unsigned TypeBeat   = 12 / Bytes;
  localparam int unsigned QuantaBeat = 16 / Bytes;
  localparam int unsigned LastBeat   = (PadFrame - 1) / Bytes;  // of the shortest frame
  localparam int unsigned LastByte   = (PadFrame - 1) % Bytes;

  logic [3:0] beat_q;               // beats of the frame so far, up to LastBeat + 1
  logic       dest_q, ctrl_q;
  mac_cast_e  cast_q;

  function automatic logic for_us(logic [47:0] dest, logic [47:0] station);
    return dest == PauseDest || dest == station;
  endfunction

  assign inside_o = beat_q != '0;

  // A frame may be no longer than a beat: then nothing of it is in the registers yet.
  always_comb begin
    tag_o = '0;
    if (valid_i && last_i) begin
      automatic logic ctrl = ctrl_q;
      if (beat_q == 4'(TypeBeat)) begin
        ctrl = data_i[8*(12%Bytes)+:32] == PauseType && (TypeBeat == 0 ? for_us(data_i[47:0], station_i) : dest_q);
      end
      if (bad_i || !(beat_q == 4'(LastBeat + 1) || (beat_q == 4'(LastBeat) && keep_i[LastByte]))) ctrl = 1'b0;
      tag_o = {ctrl && enable_i, ctrl, (beat_q == '0) ? cast_of(data_i[47:0]) : cast_q, bad_i};
    end
  end

  always_ff @(posedge clk_i) begin
    pause_o <= tag_o.pause;
    if (valid_i && (last_i || beat_q != 4'(LastBeat + 1))) begin
      if (beat_q == 4'(TypeBeat)) begin
        ctrl_q <= data_i[8*(12%Bytes)+:32] == PauseType && (TypeBeat == 0 ? for_us(data_i[47:0], station_i) : dest_q);
      end
      if (beat_q == 4'(QuantaBeat)) quanta_o <= {data_i[8*(16%Bytes)+:8], data_i[8*(17%Bytes)+:8]};
      if (beat_q == '0) begin
        dest_q <= for_us(data_i[47:0], station_i);
        cast_q <= cast_of(data_i[47:0]);
      end
      beat_q <= last_i ? '0 : beat_q + 1'b1;
    end
    if (!rst_ni) begin
      beat_q  <= '0;
      pause_o <= 1'b0;
    end
  end

endmodule
