// SPDX-License-Identifier: Apache-2.0
// The top that the testbench knows (docs/design.md, "The wrapper top"). The wire runs on clk_i; the streams are as
// wide as the DMA.

module dut_wrapper #(
    parameter int unsigned DataWidth     = 256,
    parameter int unsigned StreamWidth   = 256,
    parameter int unsigned IdWidth       = 6,
    parameter int unsigned MmioAddrWidth = 16,
    parameter int unsigned Queues        = 4
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     mac_clk_i,
    input  logic                     mac_rst_ni,

    input  logic [MmioAddrWidth-1:0] s_axil_awaddr,
    input  logic [2:0]               s_axil_awprot,
    input  logic                     s_axil_awvalid,
    output logic                     s_axil_awready,
    input  logic [31:0]              s_axil_wdata,
    input  logic [3:0]               s_axil_wstrb,
    input  logic                     s_axil_wvalid,
    output logic                     s_axil_wready,
    output logic [1:0]               s_axil_bresp,
    output logic                     s_axil_bvalid,
    input  logic                     s_axil_bready,
    input  logic [MmioAddrWidth-1:0] s_axil_araddr,
    input  logic [2:0]               s_axil_arprot,
    input  logic                     s_axil_arvalid,
    output logic                     s_axil_arready,
    output logic [31:0]              s_axil_rdata,
    output logic [1:0]               s_axil_rresp,
    output logic                     s_axil_rvalid,
    input  logic                     s_axil_rready,

    output logic [IdWidth-1:0]       m_axi_awid,
    output logic [63:0]              m_axi_awaddr,
    output logic [7:0]               m_axi_awlen,
    output logic [2:0]               m_axi_awsize,
    output logic [1:0]               m_axi_awburst,
    output logic                     m_axi_awlock,
    output logic [3:0]               m_axi_awcache,
    output logic [2:0]               m_axi_awprot,
    output logic                     m_axi_awvalid,
    input  logic                     m_axi_awready,
    output logic [DataWidth-1:0]     m_axi_wdata,
    output logic [DataWidth/8-1:0]   m_axi_wstrb,
    output logic                     m_axi_wlast,
    output logic                     m_axi_wvalid,
    input  logic                     m_axi_wready,
    input  logic [IdWidth-1:0]       m_axi_bid,
    input  logic [1:0]               m_axi_bresp,
    input  logic                     m_axi_bvalid,
    output logic                     m_axi_bready,
    output logic [IdWidth-1:0]       m_axi_arid,
    output logic [63:0]              m_axi_araddr,
    output logic [7:0]               m_axi_arlen,
    output logic [2:0]               m_axi_arsize,
    output logic [1:0]               m_axi_arburst,
    output logic                     m_axi_arlock,
    output logic [3:0]               m_axi_arcache,
    output logic [2:0]               m_axi_arprot,
    output logic                     m_axi_arvalid,
    input  logic                     m_axi_arready,
    input  logic [IdWidth-1:0]       m_axi_rid,
    input  logic [DataWidth-1:0]     m_axi_rdata,
    input  logic [1:0]               m_axi_rresp,
    input  logic                     m_axi_rlast,
    input  logic                     m_axi_rvalid,
    output logic                     m_axi_rready,

    output logic [StreamWidth-1:0]   m_axis_tdata,
    output logic [StreamWidth/8-1:0] m_axis_tkeep,
    output logic                     m_axis_tvalid,
    input  logic                     m_axis_tready,
    output logic                     m_axis_tlast,
    output logic                     m_axis_tuser,
    input  logic [StreamWidth-1:0]   s_axis_tdata,
    input  logic [StreamWidth/8-1:0] s_axis_tkeep,
    input  logic                     s_axis_tvalid,
    output logic                     s_axis_tready,
    input  logic                     s_axis_tlast,
    input  logic                     s_axis_tuser,

    output logic                     irq_o,

    // the link's pins, which not every testbench drives: all 0 is a link that is up
    input  logic                     link_down_i = 1'b0,
    input  logic [19:0]              link_mbps_i = '0
);

  if (StreamWidth != DataWidth) begin : gen_refuse_stream
    $fatal(1, "StreamWidth has to equal DataWidth");
  end
  if (!(DataWidth inside {64, 128, 256, 512})) begin : gen_refuse_width
    $fatal(1, "DataWidth is 64, 128, 256 or 512");
  end
  if (Queues < 1 || Queues > nic_pkg::MaxQueues) begin : gen_refuse_queues
    $fatal(1, "Queues is 1 to 16");
  end
  if (IdWidth < nic_dma_pkg::IdBits || MmioAddrWidth < nic_pkg::RegAddrWidth) begin : gen_refuse_buses
    $fatal(1, "IdWidth is 6 or more, MmioAddrWidth 16 or more");
  end

  logic [nic_dma_pkg::IdBits-1:0] awid, arid;

  assign m_axi_awid    = IdWidth'(awid);
  assign m_axi_arid    = IdWidth'(arid);
  assign m_axi_awsize  = 3'($clog2(DataWidth / 8));
  assign m_axi_arsize  = 3'($clog2(DataWidth / 8));
  assign m_axi_awburst = 2'b01;
  assign m_axi_arburst = 2'b01;
  assign m_axi_awlock  = 1'b0;
  assign m_axi_arlock  = 1'b0;
  assign m_axi_awcache = 4'b0011;   // normal memory, not cached
  assign m_axi_arcache = 4'b0011;
  assign m_axi_awprot  = 3'b000;
  assign m_axi_arprot  = 3'b000;
  assign m_axis_tuser  = 1'b0;

  nic_top #(
      .DataWidth(DataWidth),
      .Queues   (Queues)
  ) u_nic (
      .clk_i,
      .rst_ni,
      .s_axil_awaddr(s_axil_awaddr[nic_pkg::RegAddrWidth-1:0]),
      .s_axil_awprot,
      .s_axil_awvalid,
      .s_axil_awready,
      .s_axil_wdata,
      .s_axil_wstrb,
      .s_axil_wvalid,
      .s_axil_wready,
      .s_axil_bresp,
      .s_axil_bvalid,
      .s_axil_bready,
      .s_axil_araddr(s_axil_araddr[nic_pkg::RegAddrWidth-1:0]),
      .s_axil_arprot,
      .s_axil_arvalid,
      .s_axil_arready,
      .s_axil_rdata,
      .s_axil_rresp,
      .s_axil_rvalid,
      .s_axil_rready,
      .m_axi_awid   (awid),
      .m_axi_awaddr,
      .m_axi_awlen,
      .m_axi_awvalid,
      .m_axi_awready,
      .m_axi_wdata,
      .m_axi_wstrb,
      .m_axi_wlast,
      .m_axi_wvalid,
      .m_axi_wready,
      .m_axi_bid    (m_axi_bid[nic_dma_pkg::IdBits-1:0]),
      .m_axi_bresp,
      .m_axi_bvalid,
      .m_axi_bready,
      .m_axi_arid   (arid),
      .m_axi_araddr,
      .m_axi_arlen,
      .m_axi_arvalid,
      .m_axi_arready,
      .m_axi_rid    (m_axi_rid[nic_dma_pkg::IdBits-1:0]),
      .m_axi_rdata,
      .m_axi_rresp,
      .m_axi_rlast,
      .m_axi_rvalid,
      .m_axi_rready,
      .m_axis_tdata,
      .m_axis_tkeep,
      .m_axis_tvalid,
      .m_axis_tready,
      .m_axis_tlast,
      .s_axis_tdata,
      .s_axis_tkeep,
      .s_axis_tvalid,
      .s_axis_tready,
      .s_axis_tlast,
      .s_axis_tuser,
      .link_down_i,
      .link_mbps_i,
      .irq_o
  );

endmodule
