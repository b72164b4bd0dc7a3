// SPDX-License-Identifier: Apache-2.0
// A tiny NIC: registers and descriptors behind AXI4-Lite, DMA over AXI4 without IDs, the wire on a clock of its own.
// Registers (32 bit, whole words: a write of less gets SLVERR; the rest reads 0). ../README.md tells how to use them.
//   000 ID          "TINY"                        010 IRQ_ENABLE  0 TX, 1 RX; irq_o: an enabled event is pending
//   004 CTRL        0 TX, 1 RX enable, 31 reset   014 RX_DROPS    frames dropped while RX was enabled; wraps
//   008 STATUS      0 TX, 1 RX active             018 MAC_LO      station address, first byte in 7:0
//   00c IRQ_STATUS  0 TX, 1 RX done: reads those  01c MAC_HI      15:0 its last two bytes, 31 promiscuous
//                   enabled; write 1 to clear     400, 600        32 TX, 32 RX descriptors: see below
// Reset disables both directions (STATUS tells when they have come to rest) and clears every register at once.
module tinynic (
  input  logic        clk_i, rst_ni, mac_clk_i, mac_rst_ni,
  input  logic [11:2] s_axil_awaddr, s_axil_araddr,
  input  logic        s_axil_awvalid, s_axil_wvalid, s_axil_bready, s_axil_arvalid, s_axil_rready,
  output logic        s_axil_awready, s_axil_wready, s_axil_bvalid, s_axil_arready, s_axil_rvalid,
  input  logic [31:0] s_axil_wdata,
  input  logic [3:0]  s_axil_wstrb,
  output logic [31:0] s_axil_rdata,
  output logic [1:0]  s_axil_bresp,
  output logic [63:0] m_axi_awaddr, m_axi_araddr, m_axi_wdata,
  output logic [7:0]  m_axi_awlen, m_axi_arlen, m_axi_wstrb,
  output logic        m_axi_awvalid, m_axi_wlast, m_axi_wvalid, m_axi_bready, m_axi_arvalid, m_axi_rready,
  input  logic        m_axi_awready, m_axi_wready, m_axi_bvalid, m_axi_arready, m_axi_rvalid, m_axi_rlast,
  input  logic [1:0]  m_axi_bresp, m_axi_rresp,
  input  logic [63:0] m_axi_rdata, s_axis_tdata,
  output logic [63:0] m_axis_tdata,
  output logic [7:0]  m_axis_tkeep,
  output logic        m_axis_tvalid, m_axis_tlast, s_axis_tready, irq_o,
  input  logic [7:0]  s_axis_tkeep,
  input  logic        s_axis_tvalid, s_axis_tlast, s_axis_tuser, m_axis_tready
);
  // A reset of either clock's side resets both, each in step with its own clock.
  logic [1:0] rst_sync_q, mac_rst_sync_q;
  logic       rst_n, mac_rst_n;
  always_ff @(posedge clk_i) mac_rst_sync_q <= {mac_rst_sync_q[0], mac_rst_ni};
  always_ff @(posedge mac_clk_i) rst_sync_q <= {rst_sync_q[0], rst_ni};
  assign {rst_n, mac_rst_n} = {rst_ni && mac_rst_sync_q[1], mac_rst_ni && rst_sync_q[1]};

  // ---------------------------------------------------------------- registers
  typedef enum logic [9:0] {Id, Ctrl, Status, IrqStatus, IrqEnable, RxDrops, MacLo, MacHi} reg_e;  // words
  logic [1:0]       enable_q, active_q, irq_status_q, irq_enable_q;  // bit 0 is TX, bit 1 RX, and so on below
  logic [1:0]       done, busy, err, desc_valid;
  logic [1:0][60:0] desc_addr;
  logic [1:0][31:0] desc_rdata;
  logic [1:0][15:0] desc_len, done_len;
  logic [31:0]      drops_q;
  logic [47:0]      station_q;
  logic             promisc_q, drop, take, write, read;

  assign take  = s_axil_awvalid && s_axil_wvalid && !s_axil_bvalid;
  assign write = take && &s_axil_wstrb;
  assign read  = s_axil_arvalid && !s_axil_rvalid;
  assign irq_o = |(irq_status_q & irq_enable_q);
  assign {s_axil_awready, s_axil_wready, s_axil_arready} = {take, take, read};

  always_ff @(posedge clk_i) begin
    if (take) {s_axil_bvalid, s_axil_bresp} <= {1'b1, !write, 1'b0};
    else if (s_axil_bready) s_axil_bvalid <= 1'b0;
    irq_status_q <= irq_status_q | done;
    if (drop && enable_q[1]) drops_q <= drops_q + 1;
    if (write) case (s_axil_awaddr)
      Ctrl:      enable_q <= s_axil_wdata[1:0];
      IrqStatus: irq_status_q <= irq_status_q & ~s_axil_wdata[1:0] | done;  // an event in the clock of its clear stays
      IrqEnable: irq_enable_q <= s_axil_wdata[1:0];
      MacLo:     station_q[31:0] <= s_axil_wdata;
      MacHi:     {promisc_q, station_q[47:32]} <= {s_axil_wdata[31], s_axil_wdata[15:0]};
      default: ;
    endcase
    if (!rst_n || write && s_axil_awaddr == Ctrl && s_axil_wdata[31])
      {enable_q, irq_status_q, irq_enable_q, drops_q, promisc_q, station_q} <= '0;
    if (read) case (s_axil_araddr)
      Id:        s_axil_rdata <= "TINY";
      Ctrl:      s_axil_rdata <= 32'(enable_q);
      Status:    s_axil_rdata <= 32'(active_q);
      IrqStatus: s_axil_rdata <= 32'(irq_status_q & irq_enable_q);  // 0: the interrupt is not ours
      IrqEnable: s_axil_rdata <= 32'(irq_enable_q);
      RxDrops:   s_axil_rdata <= drops_q;
      MacLo:     s_axil_rdata <= station_q[31:0];
      MacHi:     s_axil_rdata <= {promisc_q, 15'b0, station_q[47:32]};
      default:   s_axil_rdata <= s_axil_araddr[11:10] == 1 && s_axil_araddr[3] ? desc_rdata[s_axil_araddr[9]] : '0;
    endcase
    s_axil_rvalid <= read || s_axil_rvalid && !s_axil_rready;
    if (!rst_n) {s_axil_bvalid, s_axil_rvalid} <= '0;
  end

  // ---------------------------------------------------------------- descriptors, TX and RX: four words each
  //   word 0, 1  bus address of the buffer, low and high half: a multiple of 8 bytes (write only)
  //   word 2     31 own, 30 error, 15:0 bytes. Writing own = 1 hands the descriptor to the device: write this word last.
  //              The device clears own when it is done with the buffer, and leaves error and the frame's bytes here.
  // Enabling starts at descriptor 0. Disabling lets the engine finish its frame, then STATUS falls; own bits stay.
  for (genvar i = 0; i < 2; i++) begin : gen_table
    logic [31:0] addr_lo[32], addr_hi[32];
    logic [15:0] len[32];
    logic [16:0] result[32];
    logic [31:0] own_q;
    logic [4:0]  index_q, wr, rd;
    wire         wr_en   = write && s_axil_awaddr[11:9] == 3'(2 + i);
    assign {wr, rd}      = {s_axil_awaddr[8:4], s_axil_araddr[8:4]};
    assign desc_valid[i] = active_q[i] && enable_q[i] && own_q[index_q];
    assign desc_addr[i]  = {addr_hi[index_q], addr_lo[index_q][31:3]};
    assign desc_len[i]   = len[index_q];
    assign desc_rdata[i] = {own_q[rd], result[rd][16], 14'b0, result[rd][15:0]};

    always_ff @(posedge clk_i) begin
      if (wr_en && s_axil_awaddr[3:2] == 0) addr_lo[wr] <= s_axil_wdata;
      if (wr_en && s_axil_awaddr[3:2] == 1) addr_hi[wr] <= s_axil_wdata;
      if (wr_en && s_axil_awaddr[3:2] == 2) {own_q[wr], len[wr]} <= {s_axil_wdata[31], s_axil_wdata[15:0]};
      if (done[i]) {result[index_q], own_q[index_q], index_q} <= {err[i], done_len[i], 1'b0, index_q + 1'b1};
      active_q[i] <= enable_q[i] || busy[i];
      if (!active_q[i]) index_q <= '0;
      if (!rst_n) {own_q, index_q, active_q[i]} <= '0;
      else assert (!desc_valid[i] || addr_lo[index_q][2:0] == 0) else $error("tinynic: buffer not at a multiple of 8");
    end
  end

  assign done_len[0] = desc_len[0];
  tiny_tx u_tx (
    .rst_ni(rst_n), .mac_rst_ni(mac_rst_n), .desc_valid_i(desc_valid[0]), .desc_addr_i(desc_addr[0]),
    .desc_len_i(desc_len[0]), .done_o(done[0]), .err_o(err[0]), .busy_o(busy[0]), .*);
  tiny_rx u_rx (
    .rst_ni(rst_n), .mac_rst_ni(mac_rst_n), .desc_valid_i(desc_valid[1]), .desc_addr_i(desc_addr[1]),
    .desc_len_i(desc_len[1]), .done_o(done[1]), .err_o(err[1]), .busy_o(busy[1]), .len_o(done_len[1]),
    .drop_o(drop), .station_i(station_q), .promisc_i(promisc_q), .*);
endmodule
