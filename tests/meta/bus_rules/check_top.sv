// SPDX-License-Identifier: Apache-2.0
// The bus checkers of tb/sv with every pin driven by main.cpp: for the tests that see each rule fire. One clock, one reset.
module check_top #(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned IdWidth = 2
) (
    input logic clk_i,
    input logic rst_ni,

    input logic [IdWidth-1:0] awid, bid, arid, rid,
    input logic [63:0] awaddr, araddr,
    input logic [7:0] awlen, arlen,
    input logic [2:0] awsize, arsize, awprot, arprot,
    input logic [1:0] awburst, arburst, bresp, rresp,
    input logic [3:0] awcache, arcache,
    input logic awlock, arlock, wlast, rlast,
    input logic [DataWidth-1:0] wdata, rdata,
    input logic [DataWidth/8-1:0] wstrb,
    input logic awvalid, awready, wvalid, wready, bvalid, bready, arvalid, arready, rvalid, rready,

    input logic [11:0] laddr_w, laddr_r,
    input logic [2:0] lprot_w, lprot_r,
    input logic [31:0] ldata_w, ldata_r,
    input logic [3:0] lstrb,
    input logic [1:0] lresp_b, lresp_r,
    input logic lvalid_aw, lready_aw, lvalid_w, lready_w, lvalid_b, lready_b, lvalid_ar, lready_ar, lvalid_r, lready_r,

    input logic [DataWidth-1:0] tdata,
    input logic [DataWidth/8-1:0] tkeep,
    input logic tvalid, tready, tlast, tuser
);
  axi4_check #(
      .Port     ("m_axi"),
      .DataWidth(DataWidth),
      .IdWidth  (IdWidth)
  ) i_axi4 (.*);

  axil_check #(
      .Port     ("s_axil"),
      .AddrWidth(12)
  ) i_axil (
      .clk_i,
      .rst_ni,
      .awaddr (laddr_w),
      .awprot (lprot_w),
      .awvalid(lvalid_aw),
      .awready(lready_aw),
      .wdata  (ldata_w),
      .wstrb  (lstrb),
      .wvalid (lvalid_w),
      .wready (lready_w),
      .bresp  (lresp_b),
      .bvalid (lvalid_b),
      .bready (lready_b),
      .araddr (laddr_r),
      .arprot (lprot_r),
      .arvalid(lvalid_ar),
      .arready(lready_ar),
      .rdata  (ldata_r),
      .rresp  (lresp_r),
      .rvalid (lvalid_r),
      .rready (lready_r)
  );

  axis_check #(
      .Port ("m_axis"),
      .Width(DataWidth)
  ) i_axis (.*);
endmodule
