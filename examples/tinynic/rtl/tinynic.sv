// SPDX-License-Identifier: Apache-2.0
// A tiny NIC: registers and descriptors behind AXI4-Lite, DMA over AXI4 without IDs, the wire on a clock of its own.
// Registers (32 bit, whole words; a write of less gets SLVERR; what is not listed reads 0). README.md tells how to use them.
//   000 ID          "TINY"                          010 IRQ_ENABLE  0 TX, 1 RX; irq_o = some enabled event is pending
//   004 CTRL        0 TX, 1 RX enable, 31 reset     014 RX_DROPS    frames from the wire dropped while RX was enabled; wraps
//   008 STATUS      0 TX, 1 RX active               018 MAC_LO      station address, first byte in 7:0
//   00c IRQ_STATUS  0 TX, 1 RX done: reads those    01c MAC_HI      15:0 its last two bytes, 31 promiscuous
//                   enabled; write 1 to clear       400, 800        TX, RX descriptors of 16 bytes: see tiny_ring.sv
// Reset disables both directions (STATUS tells when they have come to rest) and clears every register at once.
module tinynic #(
  parameter int unsigned Entries = 32
) (
  input  logic        clk_i, rst_ni, mac_clk_i, mac_rst_ni,
  input  logic [11:0] s_axil_awaddr, s_axil_araddr,
  input  logic        s_axil_awvalid, s_axil_wvalid, s_axil_arvalid, s_axil_bready, s_axil_rready,
  output logic        s_axil_awready, s_axil_wready, s_axil_arready, s_axil_bvalid, s_axil_rvalid,
  input  logic [31:0] s_axil_wdata,
  input  logic [3:0]  s_axil_wstrb,
  output logic [31:0] s_axil_rdata,
  output logic [1:0]  s_axil_bresp,
  output logic [63:0] m_axi_awaddr, m_axi_araddr, m_axi_wdata,
  output logic [7:0]  m_axi_awlen, m_axi_arlen, m_axi_wstrb,
  output logic        m_axi_awvalid, m_axi_wlast, m_axi_wvalid, m_axi_bready, m_axi_arvalid, m_axi_rready,
  input  logic        m_axi_awready, m_axi_wready, m_axi_bvalid, m_axi_arready, m_axi_rvalid, m_axi_rlast,
  input  logic [1:0]  m_axi_bresp, m_axi_rresp,
  input  logic [63:0] m_axi_rdata,
  output logic [63:0] m_axis_tdata,
  output logic [7:0]  m_axis_tkeep,
  output logic        m_axis_tvalid, m_axis_tlast,
  input  logic        m_axis_tready,
  input  logic [63:0] s_axis_tdata,
  input  logic [7:0]  s_axis_tkeep,
  input  logic        s_axis_tvalid, s_axis_tlast, s_axis_tuser,
  output logic        s_axis_tready,
  output logic        irq_o
);
  // Reset of either clock resets both sides, each in step with its own clock.
  logic rst_n, mac_rst_n, rst_meta_q, mac_rst_meta_q;
  always_ff @(posedge clk_i) {rst_n, mac_rst_meta_q} <= {mac_rst_meta_q && rst_ni, mac_rst_ni};
  always_ff @(posedge mac_clk_i) {mac_rst_n, rst_meta_q} <= {rst_meta_q && mac_rst_ni, rst_ni};

  // ---------------------------------------------------------------- registers
  typedef enum logic [11:0] {
    Id = 'h000, Ctrl = 'h004, Status = 'h008, IrqStatus = 'h00c, IrqEnable = 'h010, RxDrops = 'h014, MacLo = 'h018, MacHi = 'h01c
  } reg_e;
  localparam int unsigned EntryBits = $clog2(Entries);
  logic [1:0]  enable_q, active, irq_status_q, irq_enable_q;  // bit 0 is TX, bit 1 RX
  logic [1:0]  done, busy, err, desc_valid, desc_write;
  logic [31:0] drops_q;
  logic [47:0] station_q;
  logic        promisc_q, drop, write, read;
  logic [1:0][63:0] desc_addr;
  logic [1:0][15:0] desc_len, done_len;
  logic [1:0][31:0] desc_rdata;

  assign write          = s_axil_awvalid && s_axil_wvalid && !s_axil_bvalid;
  assign s_axil_awready = write;
  assign s_axil_wready  = write;
  assign read           = s_axil_arvalid && !s_axil_rvalid;
  assign s_axil_arready = read;
  assign desc_write     = {2{write && &s_axil_wstrb}} & s_axil_awaddr[11:10];
  assign irq_o          = |(irq_status_q & irq_enable_q);

  always_ff @(posedge clk_i) begin
    if (write) {s_axil_bvalid, s_axil_bresp} <= {1'b1, !(&s_axil_wstrb), 1'b0};
    else if (s_axil_bready) s_axil_bvalid <= 1'b0;
    irq_status_q <= irq_status_q | done;
    if (drop && enable_q[1]) drops_q <= drops_q + 1;
    if (write && &s_axil_wstrb) case (s_axil_awaddr)
      Ctrl:      enable_q <= s_axil_wdata[1:0];
      IrqStatus: irq_status_q <= irq_status_q & ~s_axil_wdata[1:0] | done;  // an event in the clock of its acknowledge stays
      IrqEnable: irq_enable_q <= s_axil_wdata[1:0];
      MacLo:     station_q[31:0] <= s_axil_wdata;
      MacHi:     {promisc_q, station_q[47:32]} <= {s_axil_wdata[31], s_axil_wdata[15:0]};
      default: ;
    endcase
    if (!rst_n || write && s_axil_awaddr == Ctrl && s_axil_wdata[31] && &s_axil_wstrb)
      {enable_q, irq_status_q, irq_enable_q, drops_q, promisc_q, station_q} <= '0;
    if (!rst_n) s_axil_bvalid <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (read) begin
      s_axil_rvalid <= 1'b1;
      case (s_axil_araddr)
        Id:        s_axil_rdata <= "TINY";
        Ctrl:      s_axil_rdata <= 32'(enable_q);
        Status:    s_axil_rdata <= 32'(active);
        IrqStatus: s_axil_rdata <= 32'(irq_status_q & irq_enable_q);  // 0: not ours
        IrqEnable: s_axil_rdata <= 32'(irq_enable_q);
        RxDrops:   s_axil_rdata <= drops_q;
        MacLo:     s_axil_rdata <= station_q[31:0];
        MacHi:     s_axil_rdata <= {promisc_q, 15'b0, station_q[47:32]};
        default:   s_axil_rdata <= s_axil_araddr[3:2] != 2 ? '0 : desc_rdata[0] & {32{s_axil_araddr[10]}} | desc_rdata[1] & {32{s_axil_araddr[11]}};
      endcase
    end else if (s_axil_rready) s_axil_rvalid <= 1'b0;
    if (!rst_n) s_axil_rvalid <= 1'b0;
  end

  // ---------------------------------------------------------------- descriptors and engines
  for (genvar i = 0; i < 2; i++) begin : gen_ring
    tiny_ring #(.Entries(Entries)) u_ring (
      .clk_i, .rst_ni(rst_n),
      .wr_en_i(desc_write[i]), .entry_i(s_axil_awaddr[4+:EntryBits]), .word_i(s_axil_awaddr[3:2]), .wdata_i(s_axil_wdata),
      .rd_entry_i(s_axil_araddr[4+:EntryBits]), .rdata_o(desc_rdata[i]),
      .valid_o(desc_valid[i]), .addr_o(desc_addr[i]), .len_o(desc_len[i]),
      .done_i(done[i]), .err_i(err[i]), .len_i(done_len[i]), .enable_i(enable_q[i]), .busy_i(busy[i]), .active_o(active[i]));
  end

  assign done_len[0] = desc_len[0];
  tiny_tx u_tx (
    .clk_i, .rst_ni(rst_n), .desc_valid_i(desc_valid[0]), .desc_addr_i(desc_addr[0]), .desc_len_i(desc_len[0]),
    .done_o(done[0]), .err_o(err[0]), .busy_o(busy[0]),
    .m_axi_araddr, .m_axi_arlen, .m_axi_arvalid, .m_axi_arready, .m_axi_rdata, .m_axi_rresp, .m_axi_rlast, .m_axi_rvalid,
    .m_axi_rready, .mac_clk_i, .mac_rst_ni(mac_rst_n), .m_axis_tdata, .m_axis_tkeep, .m_axis_tvalid, .m_axis_tlast, .m_axis_tready);
  tiny_rx u_rx (
    .clk_i, .rst_ni(rst_n), .desc_valid_i(desc_valid[1]), .desc_addr_i(desc_addr[1]), .desc_len_i(desc_len[1]),
    .station_i(station_q), .promisc_i(promisc_q),
    .done_o(done[1]), .err_o(err[1]), .busy_o(busy[1]), .drop_o(drop), .len_o(done_len[1]),
    .m_axi_awaddr, .m_axi_awlen, .m_axi_awvalid, .m_axi_awready, .m_axi_wdata, .m_axi_wstrb, .m_axi_wlast, .m_axi_wvalid,
    .m_axi_wready, .m_axi_bresp, .m_axi_bvalid, .m_axi_bready, .mac_clk_i, .mac_rst_ni(mac_rst_n),
    .s_axis_tdata, .s_axis_tkeep, .s_axis_tvalid, .s_axis_tlast, .s_axis_tuser, .s_axis_tready);
endmodule
