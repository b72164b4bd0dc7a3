// SPDX-License-Identifier: Apache-2.0
// The MAC's receive side: frames from the wire as an AXI4-Stream towards the DUT. Rate and FIFO are in tb/native/wire.cpp.
//
// kick_i is high while a beat has arrived that the stream has not carried. tuser marks, on the last beat, a frame with a bad FCS.
module wire_source #(
    parameter int unsigned Width = 256
) (
    input logic clk_i,
    input logic rst_ni,
    input logic stall_i,
    input logic kick_i,

    output logic [  Width-1:0] m_axis_tdata,
    output logic [Width/8-1:0] m_axis_tkeep,
    output logic               m_axis_tvalid,
    input  logic               m_axis_tready,
    output logic               m_axis_tlast,
    output logic               m_axis_tuser
);
  import "DPI-C" function void rs_source_reset(input int unsigned width);
  import "DPI-C" function void rs_source(
    input bit taken,
    input bit may,
    output bit valid,
    output bit [Width-1:0] data,
    output longint unsigned keep,
    output bit last,
    output bit bad
  );

  wire taken = m_axis_tvalid && m_axis_tready;

  always_ff @(posedge clk_i) begin
    bit valid, last, bad;
    bit [Width-1:0] data;
    longint unsigned keep;
    if (!rst_ni) begin
      rs_source_reset(Width);
      m_axis_tvalid <= 1'b0;
    end else if (taken || (kick_i && !m_axis_tvalid)) begin
      rs_source(taken, !stall_i, valid, data, keep, last, bad);
      m_axis_tvalid <= valid;
      if (valid) begin
        m_axis_tdata <= data;
        m_axis_tkeep <= keep[Width/8-1:0];
        m_axis_tlast <= last;
        m_axis_tuser <= bad;
      end
    end
  end
endmodule
