// SPDX-License-Identifier: Apache-2.0
// The rules of AXI4 (ARM IHI 0022) at one port, both sides of it; passive. Names are those of ARM's protocol assertions; the table of
// all rules is docs/bus-rules.md.
//
// Here: reset, offers that must stay as they are, and how long they wait. What a taken address, a beat or a response may be is judged
// in tb/native/bus_check.h, which is called for addresses, for responses, and for beats unless they are in the middle of a plain
// burst. A response is judged when it appears: what is taken in the same clock is not yet its cause.
// Variables are each used by the one block alone, and assigned at once. Nothing is done for a channel that rests.
module axi4_check
  import bus_rules_pkg::*;
#(
    parameter string Port = "axi4",
    parameter int unsigned DataWidth = 256,  // 64 to 512
    parameter int unsigned IdWidth = 4  // up to 6
) (
    input logic clk_i,
    input logic rst_ni,

    input logic [  IdWidth-1:0] awid,
    input logic [         63:0] awaddr,
    input logic [          7:0] awlen,
    input logic [          2:0] awsize,
    input logic [          1:0] awburst,
    input logic                 awlock,
    input logic [          3:0] awcache,
    input logic [          2:0] awprot,
    input logic                 awvalid,
    input logic                 awready,
    input logic [DataWidth-1:0] wdata,
    input logic [DataWidth/8-1:0] wstrb,
    input logic                 wlast,
    input logic                 wvalid,
    input logic                 wready,
    input logic [  IdWidth-1:0] bid,
    input logic [          1:0] bresp,
    input logic                 bvalid,
    input logic                 bready,
    input logic [  IdWidth-1:0] arid,
    input logic [         63:0] araddr,
    input logic [          7:0] arlen,
    input logic [          2:0] arsize,
    input logic [          1:0] arburst,
    input logic                 arlock,
    input logic [          3:0] arcache,
    input logic [          2:0] arprot,
    input logic                 arvalid,
    input logic                 arready,
    input logic [  IdWidth-1:0] rid,
    input logic [DataWidth-1:0] rdata,
    input logic [          1:0] rresp,
    input logic                 rlast,
    input logic                 rvalid,
    input logic                 rready
);
  import "DPI-C" function void rs_axi4_reset(input int unsigned data_width);
  import "DPI-C" function int unsigned rs_axi4_aw(
    input string port,
    input int unsigned id,
    input longint unsigned addr,
    input int unsigned len,
    input int unsigned size,
    input int unsigned burst,
    input bit lock,
    input int unsigned cache
  );
  import "DPI-C" function int unsigned rs_axi4_ar(
    input string port,
    input int unsigned id,
    input longint unsigned addr,
    input int unsigned len,
    input int unsigned size,
    input int unsigned burst,
    input bit lock,
    input int unsigned cache
  );
  import "DPI-C" function int unsigned rs_axi4_w(
    input string port,
    input longint unsigned strobe,
    input bit last,
    input int unsigned plain
  );
  import "DPI-C" function void rs_axi4_b(
    input string port,
    input int unsigned id,
    input int unsigned resp
  );
  import "DPI-C" function int unsigned rs_axi4_r(
    input string port,
    input int unsigned id,
    input int unsigned resp,
    input bit last,
    input int unsigned plain
  );

  localparam int unsigned Ids = 1 << IdWidth;

  // Offers that wait for their ready, as they were.
  bit aw_waits, w_waits, b_waits, ar_waits, r_waits;
  int unsigned aw_clocks, w_clocks, b_clocks, ar_clocks, r_clocks;
  bit [IdWidth-1:0] aw_id, b_id, ar_id, r_id;
  bit [63:0] aw_addr, ar_addr;
  bit [7:0] aw_len, ar_len;
  bit [2:0] aw_size, ar_size, aw_prot, ar_prot;
  bit [1:0] aw_burst, ar_burst, b_resp, r_resp;
  bit [3:0] aw_cache, ar_cache;
  bit aw_lock, ar_lock, w_last, r_last;
  bit [DataWidth-1:0] w_data, r_data;
  bit [DataWidth/8-1:0] w_strb;

  // Beats of which only last is looked at, and must be low: of the write that takes data, of the oldest read of each ID.
  int unsigned w_plain;
  int unsigned r_plain[Ids];

  bit fresh;  // in the first clock after reset

  always @(posedge clk_i) begin
    if (!rst_ni) begin
      rs_axi4_reset(DataWidth);
      fresh = 1'b1;
      {aw_waits, w_waits, b_waits, ar_waits, r_waits} = '0;
      w_plain = 0;
      for (int unsigned i = 0; i < Ids; i++) r_plain[i] = 0;
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
        if (!bvalid || bid != b_id || bresp != b_resp) begin
          if (!bvalid) begin
            rs_bus_rule(Port, "AXI4_ERRS_BVALID_STABLE", "BVALID fell before BREADY, ID %llu", 64'(b_id), 0);
          end else begin
            if (bid != b_id) rs_bus_changed(Port, "AXI4_ERRS_BID_STABLE", 64'(b_id), 64'(bid));
            if (bresp != b_resp) rs_bus_changed(Port, "AXI4_ERRS_BRESP_STABLE", 64'(b_resp), 64'(bresp));
          end
        end
      end else if (bvalid) begin
        rs_axi4_b(Port, 32'(bid), 32'(bresp));
        b_clocks = 0;
      end
      if (bvalid && !bready) begin
        b_waits = 1'b1;
        b_id = bid;
        b_resp = bresp;
        b_clocks = b_clocks + 1;
        if (b_clocks % WaitPeriod == 0) rs_bus_waits(Port, "AXI4_RECM_BREADY_MAX_WAIT", b_clocks);
      end
      if (r_waits) begin
        r_waits = 1'b0;
        if (!rvalid || rid != r_id || rresp != r_resp || rlast != r_last || rdata != r_data) begin
          if (!rvalid) begin
            rs_bus_rule(Port, "AXI4_ERRS_RVALID_STABLE", "RVALID fell before RREADY, ID %llu", 64'(r_id), 0);
          end else begin
            if (rid != r_id) rs_bus_changed(Port, "AXI4_ERRS_RID_STABLE", 64'(r_id), 64'(rid));
            if (rresp != r_resp) rs_bus_changed(Port, "AXI4_ERRS_RRESP_STABLE", 64'(r_resp), 64'(rresp));
            if (rlast != r_last) rs_bus_changed(Port, "AXI4_ERRS_RLAST_STABLE", 64'(r_last), 64'(rlast));
            if (rdata != r_data) rs_bus_data_changed(Port, "AXI4_ERRS_RDATA_STABLE", 512'(r_data), 512'(rdata));
          end
        end
      end else if (rvalid) begin
        if (r_plain[rid] != 0 && !rlast && rresp != 2'b01) r_plain[rid] = r_plain[rid] - 1;
        else r_plain[rid] = rs_axi4_r(Port, 32'(rid), 32'(rresp), rlast, r_plain[rid]);
        r_clocks = 0;
      end
      if (rvalid && !rready) begin
        r_waits = 1'b1;
        r_id = rid;
        r_resp = rresp;
        r_last = rlast;
        r_data = rdata;
        r_clocks = r_clocks + 1;
        if (r_clocks % WaitPeriod == 0) rs_bus_waits(Port, "AXI4_RECM_RREADY_MAX_WAIT", r_clocks);
      end
      if (aw_waits) begin
        aw_waits = 1'b0;
        if (!awvalid || awid != aw_id || awaddr != aw_addr || awlen != aw_len || awsize != aw_size ||
            awburst != aw_burst || awlock != aw_lock || awcache != aw_cache || awprot != aw_prot) begin
          if (!awvalid) begin
            rs_bus_rule(Port, "AXI4_ERRM_AWVALID_STABLE", "AWVALID fell before AWREADY, address 0x%llx", aw_addr, 0);
          end else begin
            if (awid != aw_id) rs_bus_changed(Port, "AXI4_ERRM_AWID_STABLE", 64'(aw_id), 64'(awid));
            if (awaddr != aw_addr) rs_bus_changed(Port, "AXI4_ERRM_AWADDR_STABLE", 64'(aw_addr), 64'(awaddr));
            if (awlen != aw_len) rs_bus_changed(Port, "AXI4_ERRM_AWLEN_STABLE", 64'(aw_len), 64'(awlen));
            if (awsize != aw_size) rs_bus_changed(Port, "AXI4_ERRM_AWSIZE_STABLE", 64'(aw_size), 64'(awsize));
            if (awburst != aw_burst) rs_bus_changed(Port, "AXI4_ERRM_AWBURST_STABLE", 64'(aw_burst), 64'(awburst));
            if (awlock != aw_lock) rs_bus_changed(Port, "AXI4_ERRM_AWLOCK_STABLE", 64'(aw_lock), 64'(awlock));
            if (awcache != aw_cache) rs_bus_changed(Port, "AXI4_ERRM_AWCACHE_STABLE", 64'(aw_cache), 64'(awcache));
            if (awprot != aw_prot) rs_bus_changed(Port, "AXI4_ERRM_AWPROT_STABLE", 64'(aw_prot), 64'(awprot));
          end
        end
      end else begin
        aw_clocks = 0;
      end
      if (awvalid) begin
        if (awready) begin
          w_plain = w_plain |
              rs_axi4_aw(Port, 32'(awid), awaddr, 32'(awlen), 32'(awsize), 32'(awburst), awlock, 32'(awcache));
        end else begin
          aw_waits = 1'b1;
          aw_id = awid;
          aw_addr = awaddr;
          aw_len = awlen;
          aw_size = awsize;
          aw_burst = awburst;
          aw_lock = awlock;
          aw_cache = awcache;
          aw_prot = awprot;
          aw_clocks = aw_clocks + 1;
          if (aw_clocks % WaitPeriod == 0) rs_bus_waits(Port, "AXI4_RECS_AWREADY_MAX_WAIT", aw_clocks);
        end
      end
      if (w_waits) begin
        w_waits = 1'b0;
        if (!wvalid || wlast != w_last || wstrb != w_strb || wdata != w_data) begin
          if (!wvalid) begin
            rs_bus_rule(Port, "AXI4_ERRM_WVALID_STABLE", "WVALID fell before WREADY, strobes 0x%llx", 64'(w_strb), 0);
          end else begin
            for (int unsigned i = 0; i < DataWidth / 8; i++) begin  // bytes that do not count may change
              if (!w_strb[i]) w_data[8*i+:8] = wdata[8*i+:8];
            end
            if (wlast != w_last) rs_bus_changed(Port, "AXI4_ERRM_WLAST_STABLE", 64'(w_last), 64'(wlast));
            if (wstrb != w_strb) rs_bus_changed(Port, "AXI4_ERRM_WSTRB_STABLE", 64'(w_strb), 64'(wstrb));
            if (wdata != w_data) rs_bus_data_changed(Port, "AXI4_ERRM_WDATA_STABLE", 512'(w_data), 512'(wdata));
          end
        end
      end else begin
        w_clocks = 0;
      end
      if (wvalid) begin
        if (wready) begin
          if (w_plain != 0 && !wlast) w_plain = w_plain - 1;
          else w_plain = rs_axi4_w(Port, 64'(wstrb), wlast, w_plain);
        end else begin
          w_waits = 1'b1;
          w_last = wlast;
          w_strb = wstrb;
          w_data = wdata;
          w_clocks = w_clocks + 1;
          if (w_clocks % WaitPeriod == 0) rs_bus_waits(Port, "AXI4_RECS_WREADY_MAX_WAIT", w_clocks);
        end
      end
      if (ar_waits) begin
        ar_waits = 1'b0;
        if (!arvalid || arid != ar_id || araddr != ar_addr || arlen != ar_len || arsize != ar_size ||
            arburst != ar_burst || arlock != ar_lock || arcache != ar_cache || arprot != ar_prot) begin
          if (!arvalid) begin
            rs_bus_rule(Port, "AXI4_ERRM_ARVALID_STABLE", "ARVALID fell before ARREADY, address 0x%llx", ar_addr, 0);
          end else begin
            if (arid != ar_id) rs_bus_changed(Port, "AXI4_ERRM_ARID_STABLE", 64'(ar_id), 64'(arid));
            if (araddr != ar_addr) rs_bus_changed(Port, "AXI4_ERRM_ARADDR_STABLE", 64'(ar_addr), 64'(araddr));
            if (arlen != ar_len) rs_bus_changed(Port, "AXI4_ERRM_ARLEN_STABLE", 64'(ar_len), 64'(arlen));
            if (arsize != ar_size) rs_bus_changed(Port, "AXI4_ERRM_ARSIZE_STABLE", 64'(ar_size), 64'(arsize));
            if (arburst != ar_burst) rs_bus_changed(Port, "AXI4_ERRM_ARBURST_STABLE", 64'(ar_burst), 64'(arburst));
            if (arlock != ar_lock) rs_bus_changed(Port, "AXI4_ERRM_ARLOCK_STABLE", 64'(ar_lock), 64'(arlock));
            if (arcache != ar_cache) rs_bus_changed(Port, "AXI4_ERRM_ARCACHE_STABLE", 64'(ar_cache), 64'(arcache));
            if (arprot != ar_prot) rs_bus_changed(Port, "AXI4_ERRM_ARPROT_STABLE", 64'(ar_prot), 64'(arprot));
          end
        end
      end else begin
        ar_clocks = 0;
      end
      if (arvalid) begin
        if (arready) begin
          r_plain[arid] = r_plain[arid] |
              rs_axi4_ar(Port, 32'(arid), araddr, 32'(arlen), 32'(arsize), 32'(arburst), arlock, 32'(arcache));
        end else begin
          ar_waits = 1'b1;
          ar_id = arid;
          ar_addr = araddr;
          ar_len = arlen;
          ar_size = arsize;
          ar_burst = arburst;
          ar_lock = arlock;
          ar_cache = arcache;
          ar_prot = arprot;
          ar_clocks = ar_clocks + 1;
          if (ar_clocks % WaitPeriod == 0) rs_bus_waits(Port, "AXI4_RECS_ARREADY_MAX_WAIT", ar_clocks);
        end
      end
    end
  end
endmodule
