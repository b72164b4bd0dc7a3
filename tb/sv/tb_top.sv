// SPDX-License-Identifier: Apache-2.0
// The testbench's top: the transactors and one dut_wrapper, which the NIC under test brings (docs/design.md, "The wrapper top").
//
// Clocks, resets and the kicks are driven by the native main (tb/native), never by Python. Resets are low for some clocks at the
// start, synchronous to their clock. Python awaits changes of event_line, and nothing else, in a fast run.
module tb_top #(
    parameter int unsigned DataWidth = 256,
    parameter int unsigned StreamWidth = DataWidth,
    parameter int unsigned IdWidth = 4,
    parameter int unsigned MmioAddrWidth = 20,
    parameter int unsigned Queues = 1,
    parameter bit MacClock = 1'b0  // 1: the wire has its own clock; 0: it runs on clk_i
) (
    input logic clk_i,
    input logic mac_clk_i,
    input logic rst_ni,
    input logic mmio_kick_i,
    input logic source_kick_i,
    input logic settings_i
);
  import "DPI-C" function void rs_irq_line(input bit level);

  logic event_line  /*verilator public_flat_rw*/ = 1'b0;

  // The inputs go into registers only, so that nothing is evaluated on their account between clock edges.
  logic mac_clk, rst_n, mac_rst_n;
  if (MacClock) begin : gen_mac_clock
    assign mac_clk = mac_clk_i;
  end else begin : gen_one_clock
    assign mac_clk = clk_i;
    wire unused_mac_clk = mac_clk_i;
  end
  initial rst_n = 1'b0;  // in reset from the first clock edge on, whatever registers hold by then
  initial mac_rst_n = 1'b0;
  always_ff @(posedge clk_i) rst_n <= rst_ni;
  always_ff @(posedge mac_clk) mac_rst_n <= rst_ni;

  logic [MmioAddrWidth-1:0] axil_awaddr, axil_araddr;
  logic [31:0] axil_wdata, axil_rdata;
  logic [3:0] axil_wstrb;
  logic [2:0] axil_awprot, axil_arprot;
  logic [1:0] axil_bresp, axil_rresp;
  logic axil_awvalid, axil_awready, axil_wvalid, axil_wready, axil_bvalid, axil_bready;
  logic axil_arvalid, axil_arready, axil_rvalid, axil_rready;

  logic [IdWidth-1:0] axi_awid, axi_bid, axi_arid, axi_rid;
  logic [63:0] axi_awaddr, axi_araddr;
  logic [7:0] axi_awlen, axi_arlen;
  logic [2:0] axi_awsize, axi_arsize, axi_awprot, axi_arprot;
  logic [1:0] axi_awburst, axi_arburst, axi_bresp, axi_rresp;
  logic [3:0] axi_awcache, axi_arcache;
  logic axi_awlock, axi_arlock;
  logic [DataWidth-1:0] axi_wdata, axi_rdata;
  logic [DataWidth/8-1:0] axi_wstrb;
  logic axi_awvalid, axi_awready, axi_wvalid, axi_wready, axi_wlast, axi_bvalid, axi_bready;
  logic axi_arvalid, axi_arready, axi_rvalid, axi_rready, axi_rlast;

  logic [StreamWidth-1:0] tx_tdata, rx_tdata;
  logic [StreamWidth/8-1:0] tx_tkeep, rx_tkeep;
  logic tx_tvalid, tx_tready, tx_tlast, tx_tuser, rx_tvalid, rx_tready, rx_tlast, rx_tuser;

  // Stalls, by the channels' numbers: AW W B AR R of AXI4, of AXI4-Lite, then source and sink.
  logic [9:0] stall;
  logic [1:0] mac_stall;
  stall_gen #(
      .First(0),
      .Count(10)
  ) i_stall (
      .clk_i,
      .rst_ni (rst_n),
      .settings_i,
      .stall_o(stall)
  );
  stall_gen #(
      .First(10),
      .Count(2)
  ) i_mac_stall (
      .clk_i  (mac_clk),
      .rst_ni (mac_rst_n),
      .settings_i,
      .stall_o(mac_stall)
  );

  mmio_master #(
      .AddrWidth(MmioAddrWidth)
  ) i_mmio (
      .clk_i,
      .rst_ni        (rst_n),
      .stall_i       (stall[9:5]),
      .kick_i        (mmio_kick_i),
      .m_axil_awaddr (axil_awaddr),
      .m_axil_awprot (axil_awprot),
      .m_axil_awvalid(axil_awvalid),
      .m_axil_awready(axil_awready),
      .m_axil_wdata  (axil_wdata),
      .m_axil_wstrb  (axil_wstrb),
      .m_axil_wvalid (axil_wvalid),
      .m_axil_wready (axil_wready),
      .m_axil_bresp  (axil_bresp),
      .m_axil_bvalid (axil_bvalid),
      .m_axil_bready (axil_bready),
      .m_axil_araddr (axil_araddr),
      .m_axil_arprot (axil_arprot),
      .m_axil_arvalid(axil_arvalid),
      .m_axil_arready(axil_arready),
      .m_axil_rdata  (axil_rdata),
      .m_axil_rresp  (axil_rresp),
      .m_axil_rvalid (axil_rvalid),
      .m_axil_rready (axil_rready)
  );

  axi_memory #(
      .DataWidth(DataWidth),
      .IdWidth  (IdWidth)
  ) i_memory (
      .clk_i,
      .rst_ni       (rst_n),
      .stall_i      (stall[4:0]),
      .s_axi_awid   (axi_awid),
      .s_axi_awaddr (axi_awaddr),
      .s_axi_awlen  (axi_awlen),
      .s_axi_awsize (axi_awsize),
      .s_axi_awburst(axi_awburst),
      .s_axi_awvalid(axi_awvalid),
      .s_axi_awready(axi_awready),
      .s_axi_wdata  (axi_wdata),
      .s_axi_wstrb  (axi_wstrb),
      .s_axi_wvalid (axi_wvalid),
      .s_axi_wready (axi_wready),
      .s_axi_bid    (axi_bid),
      .s_axi_bresp  (axi_bresp),
      .s_axi_bvalid (axi_bvalid),
      .s_axi_bready (axi_bready),
      .s_axi_arid   (axi_arid),
      .s_axi_araddr (axi_araddr),
      .s_axi_arlen  (axi_arlen),
      .s_axi_arsize (axi_arsize),
      .s_axi_arburst(axi_arburst),
      .s_axi_arvalid(axi_arvalid),
      .s_axi_arready(axi_arready),
      .s_axi_rid    (axi_rid),
      .s_axi_rdata  (axi_rdata),
      .s_axi_rresp  (axi_rresp),
      .s_axi_rlast  (axi_rlast),
      .s_axi_rvalid (axi_rvalid),
      .s_axi_rready (axi_rready)
  );

  wire_source #(
      .Width(StreamWidth)
  ) i_source (
      .clk_i        (mac_clk),
      .rst_ni       (mac_rst_n),
      .stall_i      (mac_stall[0]),
      .kick_i       (source_kick_i),
      .m_axis_tdata (rx_tdata),
      .m_axis_tkeep (rx_tkeep),
      .m_axis_tvalid(rx_tvalid),
      .m_axis_tready(rx_tready),
      .m_axis_tlast (rx_tlast),
      .m_axis_tuser (rx_tuser)
  );

  wire_sink #(
      .Width(StreamWidth)
  ) i_sink (
      .clk_i        (mac_clk),
      .rst_ni       (mac_rst_n),
      .stall_i      (mac_stall[1]),
      .s_axis_tdata (tx_tdata),
      .s_axis_tkeep (tx_tkeep),
      .s_axis_tvalid(tx_tvalid),
      .s_axis_tready(tx_tready),
      .s_axis_tlast (tx_tlast),
      .s_axis_tuser (tx_tuser)
  );

  axi4_check #(
      .Port     ("m_axi"),
      .DataWidth(DataWidth),
      .IdWidth  (IdWidth)
  ) i_axi_check (
      .clk_i,
      .rst_ni (rst_n),
      .awid   (axi_awid),
      .awaddr (axi_awaddr),
      .awlen  (axi_awlen),
      .awsize (axi_awsize),
      .awburst(axi_awburst),
      .awlock (axi_awlock),
      .awcache(axi_awcache),
      .awprot (axi_awprot),
      .awvalid(axi_awvalid),
      .awready(axi_awready),
      .wdata  (axi_wdata),
      .wstrb  (axi_wstrb),
      .wlast  (axi_wlast),
      .wvalid (axi_wvalid),
      .wready (axi_wready),
      .bid    (axi_bid),
      .bresp  (axi_bresp),
      .bvalid (axi_bvalid),
      .bready (axi_bready),
      .arid   (axi_arid),
      .araddr (axi_araddr),
      .arlen  (axi_arlen),
      .arsize (axi_arsize),
      .arburst(axi_arburst),
      .arlock (axi_arlock),
      .arcache(axi_arcache),
      .arprot (axi_arprot),
      .arvalid(axi_arvalid),
      .arready(axi_arready),
      .rid    (axi_rid),
      .rdata  (axi_rdata),
      .rresp  (axi_rresp),
      .rlast  (axi_rlast),
      .rvalid (axi_rvalid),
      .rready (axi_rready)
  );

  axil_check #(
      .Port     ("s_axil"),
      .AddrWidth(MmioAddrWidth)
  ) i_axil_check (
      .clk_i,
      .rst_ni (rst_n),
      .awaddr (axil_awaddr),
      .awprot (axil_awprot),
      .awvalid(axil_awvalid),
      .awready(axil_awready),
      .wdata  (axil_wdata),
      .wstrb  (axil_wstrb),
      .wvalid (axil_wvalid),
      .wready (axil_wready),
      .bresp  (axil_bresp),
      .bvalid (axil_bvalid),
      .bready (axil_bready),
      .araddr (axil_araddr),
      .arprot (axil_arprot),
      .arvalid(axil_arvalid),
      .arready(axil_arready),
      .rdata  (axil_rdata),
      .rresp  (axil_rresp),
      .rvalid (axil_rvalid),
      .rready (axil_rready)
  );

  axis_check #(
      .Port ("m_axis"),
      .Width(StreamWidth)
  ) i_tx_check (
      .clk_i (mac_clk),
      .rst_ni(mac_rst_n),
      .tdata (tx_tdata),
      .tkeep (tx_tkeep),
      .tvalid(tx_tvalid),
      .tready(tx_tready),
      .tlast (tx_tlast),
      .tuser (tx_tuser)
  );

  axis_check #(
      .Port ("s_axis"),
      .Width(StreamWidth)
  ) i_rx_check (
      .clk_i (mac_clk),
      .rst_ni(mac_rst_n),
      .tdata (rx_tdata),
      .tkeep (rx_tkeep),
      .tvalid(rx_tvalid),
      .tready(rx_tready),
      .tlast (rx_tlast),
      .tuser (rx_tuser)
  );

  // The level interrupt: C++ hears of changes only.
  logic irq, irq_q;
  always_ff @(posedge clk_i) begin
    if (!rst_n) begin
      irq_q <= 1'b0;
    end else if (irq != irq_q) begin
      rs_irq_line(irq);
      irq_q <= irq;
    end
  end

`ifdef RINGSIDE_LINK
  logic link_down;
  logic [19:0] link_mbps;
  link_pins i_link (
      .clk_i     (mac_clk),
      .settings_i,
      .down_o    (link_down),
      .mbps_o    (link_mbps)
  );
`endif

  dut_wrapper #(
      .DataWidth    (DataWidth),
      .StreamWidth  (StreamWidth),
      .IdWidth      (IdWidth),
      .MmioAddrWidth(MmioAddrWidth),
      .Queues       (Queues)
  ) dut (
      .clk_i,
      .rst_ni        (rst_n),
      .mac_clk_i     (mac_clk),
      .mac_rst_ni    (mac_rst_n),
      .s_axil_awaddr (axil_awaddr),
      .s_axil_awprot (axil_awprot),
      .s_axil_awvalid(axil_awvalid),
      .s_axil_awready(axil_awready),
      .s_axil_wdata  (axil_wdata),
      .s_axil_wstrb  (axil_wstrb),
      .s_axil_wvalid (axil_wvalid),
      .s_axil_wready (axil_wready),
      .s_axil_bresp  (axil_bresp),
      .s_axil_bvalid (axil_bvalid),
      .s_axil_bready (axil_bready),
      .s_axil_araddr (axil_araddr),
      .s_axil_arprot (axil_arprot),
      .s_axil_arvalid(axil_arvalid),
      .s_axil_arready(axil_arready),
      .s_axil_rdata  (axil_rdata),
      .s_axil_rresp  (axil_rresp),
      .s_axil_rvalid (axil_rvalid),
      .s_axil_rready (axil_rready),
      .m_axi_awid    (axi_awid),
      .m_axi_awaddr  (axi_awaddr),
      .m_axi_awlen   (axi_awlen),
      .m_axi_awsize  (axi_awsize),
      .m_axi_awburst (axi_awburst),
      .m_axi_awlock  (axi_awlock),
      .m_axi_awcache (axi_awcache),
      .m_axi_awprot  (axi_awprot),
      .m_axi_awvalid (axi_awvalid),
      .m_axi_awready (axi_awready),
      .m_axi_wdata   (axi_wdata),
      .m_axi_wstrb   (axi_wstrb),
      .m_axi_wlast   (axi_wlast),
      .m_axi_wvalid  (axi_wvalid),
      .m_axi_wready  (axi_wready),
      .m_axi_bid     (axi_bid),
      .m_axi_bresp   (axi_bresp),
      .m_axi_bvalid  (axi_bvalid),
      .m_axi_bready  (axi_bready),
      .m_axi_arid    (axi_arid),
      .m_axi_araddr  (axi_araddr),
      .m_axi_arlen   (axi_arlen),
      .m_axi_arsize  (axi_arsize),
      .m_axi_arburst (axi_arburst),
      .m_axi_arlock  (axi_arlock),
      .m_axi_arcache (axi_arcache),
      .m_axi_arprot  (axi_arprot),
      .m_axi_arvalid (axi_arvalid),
      .m_axi_arready (axi_arready),
      .m_axi_rid     (axi_rid),
      .m_axi_rdata   (axi_rdata),
      .m_axi_rresp   (axi_rresp),
      .m_axi_rlast   (axi_rlast),
      .m_axi_rvalid  (axi_rvalid),
      .m_axi_rready  (axi_rready),
      .m_axis_tdata  (tx_tdata),
      .m_axis_tkeep  (tx_tkeep),
      .m_axis_tvalid (tx_tvalid),
      .m_axis_tready (tx_tready),
      .m_axis_tlast  (tx_tlast),
      .m_axis_tuser  (tx_tuser),
      .s_axis_tdata  (rx_tdata),
      .s_axis_tkeep  (rx_tkeep),
      .s_axis_tvalid (rx_tvalid),
      .s_axis_tready (rx_tready),
      .s_axis_tlast  (rx_tlast),
      .s_axis_tuser  (rx_tuser),
`ifdef RINGSIDE_LINK
      .link_down_i   (link_down),
      .link_mbps_i   (link_mbps),
`endif
      .irq_o         (irq)
  );
endmodule
