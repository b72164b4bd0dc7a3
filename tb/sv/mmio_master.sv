// SPDX-License-Identifier: Apache-2.0
// The CPU's register accesses: an AXI4-Lite master fed with timed commands by tb/native/mmio.cpp.
//
// kick_i is high while a command is due; only then is C++ asked for it. Writes follow one another without waiting for answers, up
// to MaxWrites; a read starts when all writes are answered (posted writes are flushed by a read) and is alone on the bus.
module mmio_master #(
    parameter int unsigned AddrWidth = 20,
    parameter int unsigned MaxWrites = 8
) (
    input logic clk_i,
    input logic rst_ni,
    input logic [4:0] stall_i,  // of AW, W, B, AR, R
    input logic kick_i,

    output logic [AddrWidth-1:0] m_axil_awaddr,
    output logic [          2:0] m_axil_awprot,
    output logic                 m_axil_awvalid,
    input  logic                 m_axil_awready,
    output logic [         31:0] m_axil_wdata,
    output logic [          3:0] m_axil_wstrb,
    output logic                 m_axil_wvalid,
    input  logic                 m_axil_wready,
    input  logic [          1:0] m_axil_bresp,
    input  logic                 m_axil_bvalid,
    output logic                 m_axil_bready,
    output logic [AddrWidth-1:0] m_axil_araddr,
    output logic [          2:0] m_axil_arprot,
    output logic                 m_axil_arvalid,
    input  logic                 m_axil_arready,
    input  logic [         31:0] m_axil_rdata,
    input  logic [          1:0] m_axil_rresp,
    input  logic                 m_axil_rvalid,
    output logic                 m_axil_rready
);
  import "DPI-C" function void rs_mmio_reset();
  import "DPI-C" function void rs_mmio_next(
    input bit idle,
    output int unsigned kind,
    output int unsigned addr,
    output int unsigned data,
    output int unsigned strobe
  );
  import "DPI-C" function void rs_mmio_b(input int unsigned resp);
  import "DPI-C" function void rs_mmio_r(
    input int unsigned data,
    input int unsigned resp
  );

  // A command waits in *_todo_q while its channel stalls, and is on the bus while valid.
  logic aw_todo_q, w_todo_q, ar_todo_q, reading_q;
  localparam int unsigned WriteBits = $clog2(MaxWrites + 1);
  logic [WriteBits-1:0] writes_q;  // sent and unanswered

  assign m_axil_awprot = 3'b000;
  assign m_axil_arprot = 3'b000;
  assign m_axil_bready = !stall_i[2];
  assign m_axil_rready = !stall_i[4];

  // Nothing to do while no command is due and none is under way. busy_q: something is on the bus or waits for its answer.
  logic busy_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      rs_mmio_reset();
      m_axil_awvalid <= 1'b0;
      m_axil_wvalid  <= 1'b0;
      m_axil_arvalid <= 1'b0;
      aw_todo_q      <= 1'b0;
      w_todo_q       <= 1'b0;
      ar_todo_q      <= 1'b0;
      reading_q      <= 1'b0;
      writes_q       <= '0;
      busy_q         <= 1'b0;
    end else if (kick_i || busy_q || m_axil_bvalid || m_axil_rvalid) begin
      automatic int unsigned kind = 0;
      automatic int unsigned addr, data, strobe;
      automatic logic b_taken = m_axil_bvalid && m_axil_bready;
      automatic logic r_taken = m_axil_rvalid && m_axil_rready;
      automatic logic aw_busy = aw_todo_q || (m_axil_awvalid && !m_axil_awready);
      automatic logic w_busy = w_todo_q || (m_axil_wvalid && !m_axil_wready);
      if (m_axil_awready) m_axil_awvalid <= 1'b0;
      if (m_axil_wready) m_axil_wvalid <= 1'b0;
      if (m_axil_arready) m_axil_arvalid <= 1'b0;
      if (aw_todo_q && !stall_i[0]) begin
        m_axil_awvalid <= 1'b1;
        aw_todo_q      <= 1'b0;
      end
      if (w_todo_q && !stall_i[1]) begin
        m_axil_wvalid <= 1'b1;
        w_todo_q      <= 1'b0;
      end
      if (ar_todo_q && !stall_i[3]) begin
        m_axil_arvalid <= 1'b1;
        ar_todo_q      <= 1'b0;
      end
      if (b_taken) rs_mmio_b(32'(m_axil_bresp));
      if (r_taken) begin
        rs_mmio_r(m_axil_rdata, 32'(m_axil_rresp));
        reading_q <= 1'b0;
      end
      if (kick_i && !aw_busy && !w_busy && !reading_q && writes_q != WriteBits'(MaxWrites)) begin
        rs_mmio_next(writes_q == 0, kind, addr, data, strobe);
        if (kind == 1) begin
          m_axil_awaddr  <= addr[AddrWidth-1:0];
          m_axil_awvalid <= !stall_i[0];
          aw_todo_q      <= stall_i[0];
          m_axil_wdata   <= data;
          m_axil_wstrb   <= strobe[3:0];
          m_axil_wvalid  <= !stall_i[1];
          w_todo_q       <= stall_i[1];
        end
        if (kind == 2) begin
          m_axil_araddr  <= addr[AddrWidth-1:0];
          m_axil_arvalid <= !stall_i[3];
          ar_todo_q      <= stall_i[3];
          reading_q      <= 1'b1;
        end
      end
      if ((kind == 1) != b_taken) writes_q <= (kind == 1) ? writes_q + 1 : writes_q - 1;
      busy_q <= kind != 0 || aw_busy || w_busy || writes_q != 0 || reading_q;
    end
  end
endmodule
