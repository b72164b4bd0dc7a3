// SPDX-License-Identifier: Apache-2.0
// Four copy engines that share one AXI4 master, their registers, and a loop from the wire back to the wire, with tuser as it came.
// For tests of the testbench (tests/meta). An engine keeps the write channels from its AW to its last W.
module dut_wrapper #(
    parameter int unsigned DataWidth = 256,
    parameter int unsigned StreamWidth = 128,
    parameter int unsigned IdWidth = 3,
    parameter int unsigned MmioAddrWidth = 12,
    parameter int unsigned Queues = 4
) (
    input logic clk_i,
    input logic rst_ni,
    input logic mac_clk_i,
    input logic mac_rst_ni,
    input logic [MmioAddrWidth-1:0] s_axil_awaddr,
    input logic [2:0] s_axil_awprot,
    input logic s_axil_awvalid,
    output logic s_axil_awready,
    input logic [31:0] s_axil_wdata,
    input logic [3:0] s_axil_wstrb,
    input logic s_axil_wvalid,
    output logic s_axil_wready,
    output logic [1:0] s_axil_bresp,
    output logic s_axil_bvalid,
    input logic s_axil_bready,
    input logic [MmioAddrWidth-1:0] s_axil_araddr,
    input logic [2:0] s_axil_arprot,
    input logic s_axil_arvalid,
    output logic s_axil_arready,
    output logic [31:0] s_axil_rdata,
    output logic [1:0] s_axil_rresp,
    output logic s_axil_rvalid,
    input logic s_axil_rready,
    output logic [IdWidth-1:0] m_axi_awid,
    output logic [63:0] m_axi_awaddr,
    output logic [7:0] m_axi_awlen,
    output logic [2:0] m_axi_awsize,
    output logic [1:0] m_axi_awburst,
    output logic m_axi_awlock,
    output logic [3:0] m_axi_awcache,
    output logic [2:0] m_axi_awprot,
    output logic m_axi_awvalid,
    input logic m_axi_awready,
    output logic [DataWidth-1:0] m_axi_wdata,
    output logic [DataWidth/8-1:0] m_axi_wstrb,
    output logic m_axi_wlast,
    output logic m_axi_wvalid,
    input logic m_axi_wready,
    input logic [IdWidth-1:0] m_axi_bid,
    input logic [1:0] m_axi_bresp,
    input logic m_axi_bvalid,
    output logic m_axi_bready,
    output logic [IdWidth-1:0] m_axi_arid,
    output logic [63:0] m_axi_araddr,
    output logic [7:0] m_axi_arlen,
    output logic [2:0] m_axi_arsize,
    output logic [1:0] m_axi_arburst,
    output logic m_axi_arlock,
    output logic [3:0] m_axi_arcache,
    output logic [2:0] m_axi_arprot,
    output logic m_axi_arvalid,
    input logic m_axi_arready,
    input logic [IdWidth-1:0] m_axi_rid,
    input logic [DataWidth-1:0] m_axi_rdata,
    input logic [1:0] m_axi_rresp,
    input logic m_axi_rlast,
    input logic m_axi_rvalid,
    output logic m_axi_rready,
    output logic [StreamWidth-1:0] m_axis_tdata,
    output logic [StreamWidth/8-1:0] m_axis_tkeep,
    output logic m_axis_tvalid,
    input logic m_axis_tready,
    output logic m_axis_tlast,
    output logic m_axis_tuser,
    input logic [StreamWidth-1:0] s_axis_tdata,
    input logic [StreamWidth/8-1:0] s_axis_tkeep,
    input logic s_axis_tvalid,
    output logic s_axis_tready,
    input logic s_axis_tlast,
    input logic s_axis_tuser,
    output logic irq_o
);
  localparam int unsigned Engines = Queues;
  localparam int unsigned EngineBits = $clog2(Engines);
  typedef logic [EngineBits-1:0] engine_t;

  logic [Engines-1:0] go, busy, ar_valid, aw_valid, aw_msi, w_valid, w_last;
  logic early, wobble, drop, smear, odd_q;
  always_ff @(posedge clk_i) odd_q <= rst_ni && !odd_q;
  logic [63:0] src[Engines], dst[Engines], msi_addr[Engines], ar_addr[Engines], aw_addr[Engines];
  logic [31:0] msi_data[Engines];
  logic [5:0] beats[Engines];
  logic [15:0] copies[Engines], errors[Engines];
  logic [7:0] ar_len[Engines], aw_len[Engines];
  logic [DataWidth-1:0] w_data[Engines];
  logic [DataWidth/8-1:0] w_strb[Engines];

  // The grants stay where they are while a valid waits for its ready.
  engine_t ar_grant_q, w_grant_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ar_grant_q <= '0;
      w_grant_q  <= '0;
    end else begin
      if (!ar_valid[ar_grant_q] || m_axi_arready) ar_grant_q <= ar_grant_q + 1;
      if (!aw_valid[w_grant_q] && (!w_valid[w_grant_q] || (m_axi_wready && m_axi_wlast))) w_grant_q <= w_grant_q + 1;
    end
  end

  copy_regs #(
      .Engines  (Engines),
      .AddrWidth(MmioAddrWidth)
  ) i_regs (
      .clk_i, .rst_ni,
      .s_axil_awaddr, .s_axil_awvalid, .s_axil_awready, .s_axil_wdata, .s_axil_wstrb, .s_axil_wvalid, .s_axil_wready,
      .s_axil_bresp, .s_axil_bvalid, .s_axil_bready, .s_axil_araddr, .s_axil_arvalid, .s_axil_arready, .s_axil_rdata,
      .s_axil_rresp, .s_axil_rvalid, .s_axil_rready,
      .go_o(go), .early_o(early), .src_o(src), .dst_o(dst), .beats_o(beats), .msi_addr_o(msi_addr),
      .msi_data_o(msi_data), .busy_i(busy), .copies_i(copies), .errors_i(errors),
      .wobble_o(wobble), .drop_o(drop), .smear_o(smear), .irq_o
  );

  for (genvar e = 0; e < Engines; e++) begin : gen_engine
    copy_engine #(
        .DataWidth(DataWidth)
    ) i_engine (
        .clk_i, .rst_ni,
        .go_i(go[e]), .early_i(early), .src_i(src[e]), .dst_i(dst[e]), .beats_i(beats[e]), .msi_addr_i(msi_addr[e]),
        .msi_data_i(msi_data[e]), .busy_o(busy[e]), .copies_o(copies[e]), .errors_o(errors[e]),
        .ar_valid_o(ar_valid[e]), .ar_addr_o(ar_addr[e]), .ar_len_o(ar_len[e]),
        .ar_ready_i(m_axi_arready && ar_grant_q == engine_t'(e)),
        .r_valid_i(m_axi_rvalid && m_axi_rid == IdWidth'(e)), .r_data_i(m_axi_rdata), .r_resp_i(m_axi_rresp),
        .aw_valid_o(aw_valid[e]), .aw_msi_o(aw_msi[e]), .aw_addr_o(aw_addr[e]), .aw_len_o(aw_len[e]),
        .aw_ready_i(m_axi_awready && m_axi_awvalid && w_grant_q == engine_t'(e)),
        .w_valid_o(w_valid[e]), .w_data_o(w_data[e]), .w_strb_o(w_strb[e]), .w_last_o(w_last[e]),
        .w_ready_i(m_axi_wready && w_grant_q == engine_t'(e)),
        .b_valid_i(m_axi_bvalid && m_axi_bid == IdWidth'(e)), .b_resp_i(m_axi_bresp)
    );
  end

  localparam logic [2:0] Size = 3'($clog2(DataWidth / 8));
  assign m_axi_arid = IdWidth'(ar_grant_q);
  assign m_axi_araddr = ar_addr[ar_grant_q] ^ (64'(wobble && odd_q) << 11);
  assign m_axi_arlen = ar_len[ar_grant_q];
  assign m_axi_arvalid = ar_valid[ar_grant_q];
  assign m_axi_awid = IdWidth'(w_grant_q);
  assign m_axi_awaddr = aw_addr[w_grant_q];
  assign m_axi_awlen = aw_len[w_grant_q];
  assign m_axi_awsize = aw_msi[w_grant_q] ? 3'd2 : Size;
  assign m_axi_awvalid = aw_valid[w_grant_q] && !(drop && odd_q);
  assign m_axi_wdata = w_data[w_grant_q];
  assign m_axi_wstrb = w_strb[w_grant_q];
  assign m_axi_wlast = w_last[w_grant_q];
  assign m_axi_wvalid = w_valid[w_grant_q];
  assign m_axi_arsize = Size;
  assign {m_axi_awburst, m_axi_arburst} = {2{2'b01}};
  assign {m_axi_awlock, m_axi_awcache, m_axi_awprot, m_axi_arlock, m_axi_arcache, m_axi_arprot} = '0;
  assign {m_axi_bready, m_axi_rready} = 2'b11;

  // Wire to wire: one register stage.
  assign s_axis_tready = !m_axis_tvalid || m_axis_tready;
  always_ff @(posedge mac_clk_i) begin
    if (!mac_rst_ni) begin
      m_axis_tvalid <= 1'b0;
    end else if (s_axis_tready) begin
      m_axis_tvalid <= s_axis_tvalid;
      m_axis_tdata  <= s_axis_tdata;
      m_axis_tkeep  <= s_axis_tkeep;
      m_axis_tlast  <= s_axis_tlast;
      m_axis_tuser  <= s_axis_tuser;
    end else if (smear) begin
      m_axis_tdata[0] <= !m_axis_tdata[0];
    end
  end

  wire unused = ^{s_axil_awprot, s_axil_arprot, m_axi_rlast};
endmodule
