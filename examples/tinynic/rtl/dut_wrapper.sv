// SPDX-License-Identifier: Apache-2.0
// The top that the testbench knows (docs/design.md, "The wrapper top"): ties off what this NIC does not have.
module dut_wrapper #(
  parameter int unsigned DataWidth = 64,
  parameter int unsigned StreamWidth = 64,
  parameter int unsigned IdWidth = 1,
  parameter int unsigned MmioAddrWidth = 12,
  parameter int unsigned Queues = 1
) (
  input  logic                     clk_i, rst_ni, mac_clk_i, mac_rst_ni,
  input  logic [MmioAddrWidth-1:0] s_axil_awaddr, s_axil_araddr,
  input  logic [2:0]               s_axil_awprot, s_axil_arprot,
  input  logic                     s_axil_awvalid, s_axil_wvalid, s_axil_bready, s_axil_arvalid, s_axil_rready,
  output logic                     s_axil_awready, s_axil_wready, s_axil_bvalid, s_axil_arready, s_axil_rvalid,
  input  logic [31:0]              s_axil_wdata,
  input  logic [3:0]               s_axil_wstrb,
  output logic [31:0]              s_axil_rdata,
  output logic [IdWidth-1:0]       m_axi_awid, m_axi_arid,
  output logic [63:0]              m_axi_awaddr, m_axi_araddr,
  output logic [7:0]               m_axi_awlen, m_axi_arlen,
  output logic [3:0]               m_axi_awcache, m_axi_arcache,
  output logic [2:0]               m_axi_awsize, m_axi_arsize, m_axi_awprot, m_axi_arprot,
  output logic [1:0]               s_axil_bresp, s_axil_rresp, m_axi_awburst, m_axi_arburst,
  output logic                     m_axi_awlock, m_axi_arlock,
  output logic                     m_axi_awvalid, m_axi_wlast, m_axi_wvalid, m_axi_bready, m_axi_arvalid, m_axi_rready,
  input  logic                     m_axi_awready, m_axi_wready, m_axi_bvalid, m_axi_arready, m_axi_rvalid, m_axi_rlast,
  output logic [DataWidth-1:0]     m_axi_wdata,
  output logic [DataWidth/8-1:0]   m_axi_wstrb,
  input  logic [IdWidth-1:0]       m_axi_bid, m_axi_rid,
  input  logic [1:0]               m_axi_bresp, m_axi_rresp,
  input  logic [DataWidth-1:0]     m_axi_rdata,
  output logic [StreamWidth-1:0]   m_axis_tdata,
  output logic [StreamWidth/8-1:0] m_axis_tkeep,
  output logic                     m_axis_tvalid, m_axis_tlast, m_axis_tuser, s_axis_tready, irq_o,
  input  logic [StreamWidth-1:0]   s_axis_tdata,
  input  logic [StreamWidth/8-1:0] s_axis_tkeep,
  input  logic                     s_axis_tvalid, s_axis_tlast, s_axis_tuser, m_axis_tready
);
  tinynic u_tinynic (.s_axil_awaddr(s_axil_awaddr[11:2]), .s_axil_araddr(s_axil_araddr[11:2]), .*);

  assign {m_axi_awid, m_axi_arid}       = '0;           // a master without IDs
  assign {m_axi_awsize, m_axi_arsize}   = {2{3'd3}};    // of whole beats
  assign {m_axi_awburst, m_axi_arburst} = {2{2'b01}};   // at ascending addresses
  assign {m_axi_awcache, m_axi_arcache} = {2{4'b0011}}; // of normal memory, not cached
  assign {m_axi_awprot, m_axi_arprot, m_axi_awlock, m_axi_arlock, s_axil_rresp, m_axis_tuser} = '0;
endmodule
