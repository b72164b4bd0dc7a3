// SPDX-License-Identifier: Apache-2.0
// AXI4-Lite slave in front of the register bus.
//
// One request at a time. A write goes first, but not in the clock in which the answer of the one before it is given:
// so writes and reads take turns when both wait. Each channel has a buffer of one entry, so that its ready is a
// register and AW and W may come in either order. A read takes 6 clocks from AR to R, a write 6 from the later of AW
// and W to B; no address is decoded here. A request that no block answers with a hit gets SLVERR.

`include "nic_assert.svh"

module nic_axil
  import nic_pkg::*;
(
    input  logic clk_i,
    input  logic rst_ni,

    // AXI4-Lite slave
    input  logic [RegAddrWidth-1:0] s_axil_awaddr,
    input  logic [2:0]              s_axil_awprot,
    input  logic                    s_axil_awvalid,
    output logic                    s_axil_awready,
    input  logic [31:0]             s_axil_wdata,
    input  logic [3:0]              s_axil_wstrb,
    input  logic                    s_axil_wvalid,
    output logic                    s_axil_wready,
    output logic [1:0]              s_axil_bresp,
    output logic                    s_axil_bvalid,
    input  logic                    s_axil_bready,
    input  logic [RegAddrWidth-1:0] s_axil_araddr,
    input  logic [2:0]              s_axil_arprot,
    input  logic                    s_axil_arvalid,
    output logic                    s_axil_arready,
    output logic [31:0]             s_axil_rdata,
    output logic [1:0]              s_axil_rresp,
    output logic                    s_axil_rvalid,
    input  logic                    s_axil_rready,

    // register bus
    output reg_req_t req_o,
    input  reg_rsp_t rsp_i,
    output logic     answer_o,   // rsp_i is looked at

    input  logic hold_i,       // begin no request
    input  logic hold_read_i   // begin no read
);

  localparam logic [1:0] RespOkay   = 2'b00;
  localparam logic [1:0] RespSlverr = 2'b10;

  logic                    aw_full_q, w_full_q, ar_full_q;
  logic [RegAddrWidth-1:2] aw_addr_q, ar_addr_q;
  logic [31:0]             w_data_q;
  logic [3:0]              w_strb_q;

  logic wait_q;         // the blocks are about to answer
  logic answer_q;       // their answers are on rsp_i
  logic busy;           // a request is under way and not yet answered
  logic is_write_q;     // the request under way
  logic can_write, can_read, do_write, do_read;

  assign s_axil_awready = !aw_full_q;
  assign s_axil_wready  = !w_full_q;
  assign s_axil_arready = !ar_full_q;

  assign busy      = req_o.setup || req_o.valid || wait_q;
  assign do_write  = can_write;
  assign do_read   = can_read && !can_write;
  assign answer_o  = answer_q;

  always_comb begin
    can_write = 1'b0;
    can_read  = 1'b0;
    if (aw_full_q || ar_full_q) begin
      automatic logic may = !hold_i && !busy;
      can_write = aw_full_q && w_full_q && !s_axil_bvalid && may && !(answer_q && is_write_q);
      can_read  = ar_full_q && !s_axil_rvalid && !hold_read_i && may && !(answer_q && !is_write_q);
    end
  end

  always_ff @(posedge clk_i) begin
    if (s_axil_awvalid && s_axil_awready) aw_addr_q <= s_axil_awaddr[RegAddrWidth-1:2];
    if (s_axil_arvalid && s_axil_arready) ar_addr_q <= s_axil_araddr[RegAddrWidth-1:2];
    if (s_axil_wvalid && s_axil_wready) begin
      w_data_q <= s_axil_wdata;
      w_strb_q <= s_axil_wstrb;
    end
    if (do_write || do_read) begin
      req_o.write  <= do_write;
      req_o.addr   <= {do_write ? aw_addr_q : ar_addr_q, 2'b00};
      req_o.wdata  <= w_data_q;
      req_o.wstrb  <= w_strb_q;
      is_write_q   <= do_write;
    end
    if (answer_q) begin
      automatic reg_rsp_t   rsp  = rsp_i;
      automatic logic [1:0] resp = rsp.hit ? RespOkay : RespSlverr;
      if (is_write_q) begin
        s_axil_bresp <= resp;
      end else begin
        s_axil_rresp <= resp;
        s_axil_rdata <= rsp.rdata;
      end
    end

    if (do_write) begin
      aw_full_q <= 1'b0;
      w_full_q  <= 1'b0;
    end
    if (do_read) ar_full_q <= 1'b0;
    if (s_axil_awvalid && s_axil_awready) aw_full_q <= 1'b1;
    if (s_axil_wvalid && s_axil_wready) w_full_q <= 1'b1;
    if (s_axil_arvalid && s_axil_arready) ar_full_q <= 1'b1;

    if (do_write || do_read || busy || answer_q) begin
      req_o.setup <= do_write || do_read;
      req_o.valid <= req_o.setup;
      wait_q      <= req_o.valid;
      answer_q    <= wait_q;
    end
    if (s_axil_bready) s_axil_bvalid <= 1'b0;
    if (s_axil_rready) s_axil_rvalid <= 1'b0;
    if (answer_q && is_write_q) s_axil_bvalid <= 1'b1;
    if (answer_q && !is_write_q) s_axil_rvalid <= 1'b1;

    if (!rst_ni) begin
      aw_full_q     <= 1'b0;
      w_full_q      <= 1'b0;
      ar_full_q     <= 1'b0;
      req_o.setup   <= 1'b0;
      req_o.valid   <= 1'b0;
      wait_q        <= 1'b0;
      answer_q      <= 1'b0;
      is_write_q    <= 1'b0;
      s_axil_bvalid <= 1'b0;
      s_axil_rvalid <= 1'b0;
    end
  end

  // Address bits 1:0 and the protection bits have no meaning here.
  logic unused;
  assign unused = ^{s_axil_awprot, s_axil_arprot, s_axil_awaddr[1:0], s_axil_araddr[1:0]};

  // An answer holds until it is taken: the next one never comes while it waits.
  `NIC_ASSERT_IF(AxilBHolds, answer_q, !(is_write_q && s_axil_bvalid))
  `NIC_ASSERT_IF(AxilRHolds, answer_q, !(!is_write_q && s_axil_rvalid))
  `NIC_ASSERT_IF(AxilOneRequest, req_o.setup, !(req_o.valid || wait_q || answer_q))

endmodule
