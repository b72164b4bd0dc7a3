// SPDX-License-Identifier: Apache-2.0
// The rules of AXI4-Stream (ARM IHI 0051) at one port; passive. Built as axi4_check.sv; the table of all rules is docs/bus-rules.md.
module axis_check
  import bus_rules_pkg::*;
#(
    parameter string Port = "axis",
    parameter int unsigned Width = 256  // up to 512
) (
    input logic clk_i,
    input logic rst_ni,

    input logic [  Width-1:0] tdata,
    input logic [Width/8-1:0] tkeep,
    input logic               tvalid,
    input logic               tready,
    input logic               tlast,
    input logic               tuser
);

  // An offer that waits for its ready, as it was.
  bit waits;
  int unsigned clocks;
  bit [Width-1:0] data;
  bit [Width/8-1:0] keep;
  bit last, user;

  bit fresh;  // in the first clock after reset

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      fresh = 1'b1;
      waits = 1'b0;
    end else begin
      if (fresh) begin
        fresh = 1'b0;
        if (tvalid) rs_bus_rule(Port, "AXI4STREAM_ERRM_TVALID_RESET", "TVALID is high as reset ends", 0, 0);
      end
      if (waits) begin
        waits = 1'b0;
        if (!tvalid || tlast != last || tuser != user || tkeep != keep || tdata != data) begin
          if (!tvalid) begin
            rs_bus_rule(Port, "AXI4STREAM_ERRM_TVALID_STABLE", "TVALID fell before TREADY, TKEEP 0x%llx", 64'(keep), 0);
          end else begin
            for (int unsigned i = 0; i < Width / 8; i++) begin  // bytes that do not count may change
              if (!keep[i]) data[8*i+:8] = tdata[8*i+:8];
            end
            if (tlast != last) rs_bus_changed(Port, "AXI4STREAM_ERRM_TLAST_STABLE", 64'(last), 64'(tlast));
            if (tuser != user) rs_bus_changed(Port, "AXI4STREAM_ERRM_TUSER_STABLE", 64'(user), 64'(tuser));
            if (tkeep != keep) rs_bus_changed(Port, "AXI4STREAM_ERRM_TKEEP_STABLE", 64'(keep), 64'(tkeep));
            if (tdata != data) rs_bus_data_changed(Port, "AXI4STREAM_ERRM_TDATA_STABLE", 512'(data), 512'(tdata));
          end
        end
      end else begin
        clocks = 0;
      end
      if (tvalid) begin
        if (tready) begin
          if (!(&tkeep) && (!tlast || (tkeep & (tkeep + 1'b1)) != 0)) begin
            rs_bus_rule(Port, "RINGSIDE_AXIS_PACKED", "TKEEP 0x%llx (TLAST %llu) has a hole, or ends too early",
                        64'(tkeep), 64'(tlast));
          end
        end else begin
          waits = 1'b1;
          last = tlast;
          user = tuser;
          keep = tkeep;
          data = tdata;
          clocks = clocks + 1;
          if (clocks % WaitPeriod == 0) rs_bus_waits(Port, "AXI4STREAM_RECS_TREADY_MAX_WAIT", clocks);
        end
      end
    end
  end
endmodule
