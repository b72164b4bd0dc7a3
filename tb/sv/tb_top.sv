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

  mmio_master #(
      .AddrWidth(MmioAddrWidth)
  ) i_mmio (
      .clk_i,
      .rst_ni        (rst_n),
      .settings_i,
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
      .settings_i,
      .s_axi_awid   (axi_awid),
      .s_axi_awaddr (axi_awaddr),
      .s_axi_awlen  (axi_awlen),
      .s_axi_awsize (axi_awsize),
      .s_axi_awburst(axi_awburst),
      .s_axi_awvalid(axi_awvalid),
      .s_axi_awready(axi_awready),
      .s_axi_wdata  (axi_wdata),
      .s_axi_wstrb  (axi_wstrb),
      .s_axi_wlast  (axi_wlast),
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
      .settings_i,
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
      .settings_i,
      .s_axis_tdata (tx_tdata),
      .s_axis_tkeep (tx_tkeep),
      .s_axis_tvalid(tx_tvalid),
      .s_axis_tready(tx_tready),
      .s_axis_tlast (tx_tlast),
      .s_axis_tuser (tx_tuser)
  );

  hold_check #(
      .Channel(0),
      .Width  (IdWidth + 64 + 8 + 3 + 2)
  ) i_aw_hold (
      .clk_i,
      .rst_ni   (rst_n),
      .valid_i  (axi_awvalid),
      .ready_i  (axi_awready),
      .payload_i({axi_awid, axi_awaddr, axi_awlen, axi_awsize, axi_awburst})
  );
  hold_check #(
      .Channel(1),
      .Width  (DataWidth + DataWidth / 8 + 1)
  ) i_w_hold (
      .clk_i,
      .rst_ni   (rst_n),
      .valid_i  (axi_wvalid),
      .ready_i  (axi_wready),
      .payload_i({axi_wdata, axi_wstrb, axi_wlast})
  );
  hold_check #(
      .Channel(3),
      .Width  (IdWidth + 64 + 8 + 3 + 2)
  ) i_ar_hold (
      .clk_i,
      .rst_ni   (rst_n),
      .valid_i  (axi_arvalid),
      .ready_i  (axi_arready),
      .payload_i({axi_arid, axi_araddr, axi_arlen, axi_arsize, axi_arburst})
  );
  hold_check #(
      .Channel(7),
      .Width  (2)
  ) i_axil_b_hold (
      .clk_i,
      .rst_ni   (rst_n),
      .valid_i  (axil_bvalid),
      .ready_i  (axil_bready),
      .payload_i(axil_bresp)
  );
  hold_check #(
      .Channel(9),
      .Width  (34)
  ) i_axil_r_hold (
      .clk_i,
      .rst_ni   (rst_n),
      .valid_i  (axil_rvalid),
      .ready_i  (axil_rready),
      .payload_i({axil_rdata, axil_rresp})
  );
  hold_check #(
      .Channel(11),
      .Width  (StreamWidth + StreamWidth / 8 + 2)
  ) i_tx_hold (
      .clk_i    (mac_clk),
      .rst_ni   (mac_rst_n),
      .valid_i  (tx_tvalid),
      .ready_i  (tx_tready),
      .payload_i({tx_tdata, tx_tkeep, tx_tlast, tx_tuser})
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
      .irq_o         (irq)
  );

  // Ringside does not look at these.
  wire unused = ^{axi_awlock, axi_awcache, axi_awprot, axi_arlock, axi_arcache, axi_arprot};
endmodule
