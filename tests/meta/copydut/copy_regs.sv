// SPDX-License-Identifier: Apache-2.0
// Registers of the copy engines, on AXI4-Lite. For tests of the testbench (tests/meta).
//
// Engine e at 64 * e: 0x00/0x04 source, 0x08/0x0C destination, 0x10 beats, 0x14 go (bit 1: early message), 0x18 status
// (busy, copies << 16), 0x1C errors. Message e at 0x400 + 16 * e: address, address high, data.
// 0x200 scratch (byte strobes), 0x204 interrupt line, 0x208 fatal when written, 0x20C hang: no answer from then on,
// 0x210 (bit 0: read addresses wobble, bit 1: writes are withdrawn while they wait, bit 2: stream data changes while it waits,
// bit 3: register reads are answered with EXOKAY).
// Any other address answers SLVERR. In its first clock it raises an error, as registers do that reset has not reached yet.
module copy_regs #(
    parameter int unsigned Engines = 4,
    parameter int unsigned AddrWidth = 12
) (
    input logic clk_i,
    input logic rst_ni,
    input logic [AddrWidth-1:0] s_axil_awaddr,
    input logic s_axil_awvalid,
    output logic s_axil_awready,
    input logic [31:0] s_axil_wdata,
    input logic [3:0] s_axil_wstrb,
    input logic s_axil_wvalid,
    output logic s_axil_wready,
    output logic [1:0] s_axil_bresp,
    output logic s_axil_bvalid,
    input logic s_axil_bready,
    input logic [AddrWidth-1:0] s_axil_araddr,
    input logic s_axil_arvalid,
    output logic s_axil_arready,
    output logic [31:0] s_axil_rdata,
    output logic [1:0] s_axil_rresp,
    output logic s_axil_rvalid,
    input logic s_axil_rready,

    output logic [Engines-1:0] go_o,
    output logic early_o,
    output logic [63:0] src_o[Engines],
    output logic [63:0] dst_o[Engines],
    output logic [5:0] beats_o[Engines],
    output logic [63:0] msi_addr_o[Engines],
    output logic [31:0] msi_data_o[Engines],
    input logic [Engines-1:0] busy_i,
    input logic [15:0] copies_i[Engines],
    input logic [15:0] errors_i[Engines],
    output logic wobble_o,
    output logic drop_o,
    output logic smear_o,
    output logic irq_o
);
  localparam int unsigned EngineBits = $clog2(Engines);
  logic [31:0] regs[8*Engines], table_q[4*Engines], scratch_q;
  logic hang_q, exokay_q;
  logic [31:0] noise_q;

  wire write = s_axil_awvalid && s_axil_wvalid && !s_axil_bvalid && !hang_q;
  assign s_axil_awready = write;
  assign s_axil_wready = write;
  assign s_axil_arready = s_axil_arvalid && !s_axil_rvalid && !hang_q;

  for (genvar e = 0; e < Engines; e++) begin : gen_engine
    assign src_o[e] = {regs[8*e+1], regs[8*e]};
    assign dst_o[e] = {regs[8*e+3], regs[8*e+2]};
    assign beats_o[e] = regs[8*e+4][5:0];
    assign msi_addr_o[e] = {table_q[4*e+1], table_q[4*e]};
    assign msi_data_o[e] = table_q[4*e+2];
    assign go_o[e] = write && s_axil_awaddr == AddrWidth'(64 * e + 'h14);
  end
  assign early_o = s_axil_wdata[1];

  function automatic logic is_engine(input logic [AddrWidth-1:0] addr);
    return addr < AddrWidth'(64 * Engines) && !addr[5];
  endfunction
  function automatic logic is_table(input logic [AddrWidth-1:0] addr);
    return addr >= 'h400 && addr < AddrWidth'('h400 + 16 * Engines);
  endfunction

  wire [EngineBits-1:0] engine = s_axil_araddr[6+:EngineBits];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      s_axil_bvalid <= 1'b0;
      s_axil_rvalid <= 1'b0;
      irq_o         <= 1'b0;
      wobble_o      <= 1'b0;
      drop_o        <= 1'b0;
      smear_o       <= 1'b0;
      exokay_q      <= 1'b0;
      hang_q        <= 1'b0;
      table_q       <= '{default: '0};
      noise_q       <= '0;
      if (noise_q != 0) $error("not to be heeded: reset is not through");
    end else begin
      if (s_axil_bready) s_axil_bvalid <= 1'b0;
      if (s_axil_rready) s_axil_rvalid <= 1'b0;
      if (write) begin
        s_axil_bvalid <= 1'b1;
        s_axil_bresp  <= 2'b00;
        if (is_engine(s_axil_awaddr)) begin
          regs[{s_axil_awaddr[6+:EngineBits], s_axil_awaddr[4:2]}] <= s_axil_wdata;
        end else if (is_table(s_axil_awaddr)) begin
          table_q[s_axil_awaddr[2+:EngineBits+2]] <= s_axil_wdata;
        end else begin
          unique case (s_axil_awaddr)
            'h200: for (int i = 0; i < 4; i++) if (s_axil_wstrb[i]) scratch_q[8*i+:8] <= s_axil_wdata[8*i+:8];
            'h204: irq_o <= s_axil_wdata[0];
            'h208: $fatal(1, "software asked for it: %0d", s_axil_wdata);
            'h20C: hang_q <= 1'b1;
            'h210: {exokay_q, smear_o, drop_o, wobble_o} <= s_axil_wdata[3:0];
            default: s_axil_bresp <= 2'b10;
          endcase
        end
      end
      if (s_axil_arready) begin
        s_axil_rvalid <= 1'b1;
        s_axil_rresp  <= {1'b0, exokay_q};
        s_axil_rdata  <= scratch_q;
        if (is_engine(s_axil_araddr)) begin
          unique case (s_axil_araddr[4:2])
            3'd6: s_axil_rdata <= {copies_i[engine], 15'b0, busy_i[engine]};
            3'd7: s_axil_rdata <= 32'(errors_i[engine]);
            default: s_axil_rdata <= regs[{engine, s_axil_araddr[4:2]}];
          endcase
        end else if (s_axil_araddr != 'h200) begin
          s_axil_rresp <= 2'b10;
        end
      end
    end
  end
endmodule
