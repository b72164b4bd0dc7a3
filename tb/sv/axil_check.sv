// SPDX-License-Identifier: Apache-2.0
// The rules of AXI4-Lite (ARM IHI 0022, part B) at one port, both sides of it; passive. ARM's assertions for AXI4-Lite are those of
// AXI4, under the same names, and two of their own. Built as axi4_check.sv, without the need
// of any C++; the table of all rules is docs/bus-rules.md.
module axil_check
  import bus_rules_pkg::*;
#(
    parameter string Port = "axil",
    parameter int unsigned AddrWidth = 20
) (
    input logic clk_i,
    input logic rst_ni,

    input logic [AddrWidth-1:0] awaddr,
    input logic [          2:0] awprot,
    input logic                 awvalid,
    input logic                 awready,
    input logic [         31:0] wdata,
    input logic [          3:0] wstrb,
    input logic                 wvalid,
    input logic                 wready,
    input logic [          1:0] bresp,
    input logic                 bvalid,
    input logic                 bready,
    input logic [AddrWidth-1:0] araddr,
    input logic [          2:0] arprot,
    input logic                 arvalid,
    input logic                 arready,
    input logic [         31:0] rdata,
    input logic [          1:0] rresp,
    input logic                 rvalid,
    input logic                 rready
);

  // Offers that wait for their ready, as they were.
  bit aw_waits, w_waits, b_waits, ar_waits, r_waits;
  int unsigned aw_clocks, w_clocks, b_clocks, ar_clocks, r_clocks;
  bit [AddrWidth-1:0] aw_addr, ar_addr;
  bit [2:0] aw_prot, ar_prot;
  bit [31:0] w_data, r_data;
  bit [3:0] w_strb;
  bit [1:0] b_resp, r_resp;

  int unsigned addresses, words, reads;  // taken and not answered: of writes; their data; reads
  bit fresh;  // in the first clock after reset

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      fresh = 1'b1;
      {aw_waits, w_waits, b_waits, ar_waits, r_waits} = '0;
      addresses = 0;
      words = 0;
      reads = 0;
    end else begin
      if (fresh) begin
        fresh = 1'b0;
        if (awvalid) rs_bus_rule(Port, "AXI4_ERRM_AWVALID_RESET", "AWVALID is high as reset ends", 0, 0);
        if (wvalid) rs_bus_rule(Port, "AXI4_ERRM_WVALID_RESET", "WVALID is high as reset ends", 0, 0);
        if (bvalid) rs_bus_rule(Port, "AXI4_ERRS_BVALID_RESET", "BVALID is high as reset ends", 0, 0);
        if (arvalid) rs_bus_rule(Port, "AXI4_ERRM_ARVALID_RESET", "ARVALID is high as reset ends", 0, 0);
        if (rvalid) rs_bus_rule(Port, "AXI4_ERRS_RVALID_RESET", "RVALID is high as reset ends", 0, 0);
      end
      if (b_waits) begin
        b_waits = 1'b0;
        if (!bvalid || bresp != b_resp) begin
          if (!bvalid) begin
            rs_bus_rule(Port, "AXI4_ERRS_BVALID_STABLE", "BVALID fell before BREADY, response %llu", 64'(b_resp), 0);
          end else begin
            if (bresp != b_resp) rs_bus_changed(Port, "AXI4_ERRS_BRESP_STABLE", 64'(b_resp), 64'(bresp));
          end
        end
      end else if (bvalid) begin
        if (addresses != 0) addresses = addresses - 1;
        else rs_bus_rule(Port, "AXI4_ERRS_BRESP_AW", "response %llu to a write, and no address waits", 64'(bresp), 0);
        if (words != 0) words = words - 1;
        else rs_bus_rule(Port, "AXI4_ERRS_BRESP_WLAST", "response %llu to a write, and no data waits", 64'(bresp), 0);
        if (bresp == 2'b01) rs_bus_rule(Port, "AXI4LITE_ERRS_BRESP_EXOKAY", "EXOKAY to a write", 0, 0);
        b_clocks = 0;
      end
      if (bvalid && !bready) begin
        b_waits = 1'b1;
        b_resp = bresp;
        b_clocks = b_clocks + 1;
        if (b_clocks % WaitPeriod == 0) rs_bus_waits(Port, "AXI4_RECM_BREADY_MAX_WAIT", b_clocks);
      end
      if (r_waits) begin
        r_waits = 1'b0;
        if (!rvalid || rresp != r_resp || rdata != r_data) begin
          if (!rvalid) begin
            rs_bus_rule(Port, "AXI4_ERRS_RVALID_STABLE", "RVALID fell before RREADY, data 0x%llx", 64'(r_data), 0);
          end else begin
            if (rresp != r_resp) rs_bus_changed(Port, "AXI4_ERRS_RRESP_STABLE", 64'(r_resp), 64'(rresp));
            if (rdata != r_data) rs_bus_changed(Port, "AXI4_ERRS_RDATA_STABLE", 64'(r_data), 64'(rdata));
          end
        end
      end else if (rvalid) begin
        if (reads != 0) reads = reads - 1;
        else rs_bus_rule(Port, "AXI4_ERRS_RID", "read data 0x%llx, and no read waits for it", 64'(rdata), 0);
        if (rresp == 2'b01) rs_bus_rule(Port, "AXI4LITE_ERRS_RRESP_EXOKAY", "EXOKAY to a read", 0, 0);
        r_clocks = 0;
      end
      if (rvalid && !rready) begin
        r_waits = 1'b1;
        r_resp = rresp;
        r_data = rdata;
        r_clocks = r_clocks + 1;
        if (r_clocks % WaitPeriod == 0) rs_bus_waits(Port, "AXI4_RECM_RREADY_MAX_WAIT", r_clocks);
      end
      if (aw_waits) begin
        aw_waits = 1'b0;
        if (!awvalid || awaddr != aw_addr || awprot != aw_prot) begin
          if (!awvalid) begin
            rs_bus_rule(Port, "AXI4_ERRM_AWVALID_STABLE", "AWVALID fell before AWREADY, at 0x%llx", 64'(aw_addr), 0);
          end else begin
            if (awaddr != aw_addr) rs_bus_changed(Port, "AXI4_ERRM_AWADDR_STABLE", 64'(aw_addr), 64'(awaddr));
            if (awprot != aw_prot) rs_bus_changed(Port, "AXI4_ERRM_AWPROT_STABLE", 64'(aw_prot), 64'(awprot));
          end
        end
      end else begin
        aw_clocks = 0;
      end
      if (awvalid) begin
        if (awready) begin
          addresses = addresses + 1;
        end else begin
          aw_waits = 1'b1;
          aw_addr = awaddr;
          aw_prot = awprot;
          aw_clocks = aw_clocks + 1;
          if (aw_clocks % WaitPeriod == 0) rs_bus_waits(Port, "AXI4_RECS_AWREADY_MAX_WAIT", aw_clocks);
        end
      end
      if (w_waits) begin
        w_waits = 1'b0;
        if (!wvalid || wstrb != w_strb || wdata != w_data) begin
          if (!wvalid) begin
            rs_bus_rule(Port, "AXI4_ERRM_WVALID_STABLE", "WVALID fell before WREADY, data 0x%llx", 64'(w_data), 0);
          end else begin
            for (int unsigned i = 0; i < 4; i++) begin  // bytes that do not count may change
              if (!w_strb[i]) w_data[8*i+:8] = wdata[8*i+:8];
            end
            if (wstrb != w_strb) rs_bus_changed(Port, "AXI4_ERRM_WSTRB_STABLE", 64'(w_strb), 64'(wstrb));
            if (wdata != w_data) rs_bus_changed(Port, "AXI4_ERRM_WDATA_STABLE", 64'(w_data), 64'(wdata));
          end
        end
      end else begin
        w_clocks = 0;
      end
      if (wvalid) begin
        if (wready) begin
          words = words + 1;
        end else begin
          w_waits = 1'b1;
          w_strb = wstrb;
          w_data = wdata;
          w_clocks = w_clocks + 1;
          if (w_clocks % WaitPeriod == 0) rs_bus_waits(Port, "AXI4_RECS_WREADY_MAX_WAIT", w_clocks);
        end
      end
      if (ar_waits) begin
        ar_waits = 1'b0;
        if (!arvalid || araddr != ar_addr || arprot != ar_prot) begin
          if (!arvalid) begin
            rs_bus_rule(Port, "AXI4_ERRM_ARVALID_STABLE", "ARVALID fell before ARREADY, at 0x%llx", 64'(ar_addr), 0);
          end else begin
            if (araddr != ar_addr) rs_bus_changed(Port, "AXI4_ERRM_ARADDR_STABLE", 64'(ar_addr), 64'(araddr));
            if (arprot != ar_prot) rs_bus_changed(Port, "AXI4_ERRM_ARPROT_STABLE", 64'(ar_prot), 64'(arprot));
          end
        end
      end else begin
        ar_clocks = 0;
      end
      if (arvalid) begin
        if (arready) begin
          reads = reads + 1;
        end else begin
          ar_waits = 1'b1;
          ar_addr = araddr;
          ar_prot = arprot;
          ar_clocks = ar_clocks + 1;
          if (ar_clocks % WaitPeriod == 0) rs_bus_waits(Port, "AXI4_RECS_ARREADY_MAX_WAIT", ar_clocks);
        end
      end
    end
  end
endmodule
