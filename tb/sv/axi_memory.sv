// SPDX-License-Identifier: Apache-2.0
// Host memory as the DUT's AXI4 master meets it: a slave whose behaviour is in tb/native/axi_memory.cpp.
//
// C++ is called once for each handshake, and once a clock while read data, or the response to a whole write, is
// outstanding and may start. All calls are made from one block, so that their order within a clock is fixed. Ready
// signals come from registers; a response, once valid, stays.
module axi_memory #(
    parameter int unsigned DataWidth = 256,  // 64 to 512
    parameter int unsigned IdWidth = 4,  // up to 6: tb/native keeps IDs as bits of a 64-bit word
    parameter int unsigned MaxWrites = 64,  // accepted and unanswered
    parameter int unsigned MaxReads = 64
) (
    input logic clk_i,
    input logic rst_ni,
    input logic [4:0] stall_i,  // of AW, W, B, AR, R

    input  logic [  IdWidth-1:0] s_axi_awid,
    input  logic [         63:0] s_axi_awaddr,
    input  logic [          7:0] s_axi_awlen,
    input  logic [          2:0] s_axi_awsize,
    input  logic [          1:0] s_axi_awburst,
    input  logic                 s_axi_awvalid,
    output logic                 s_axi_awready,
    input  logic [DataWidth-1:0] s_axi_wdata,
    input  logic [DataWidth/8-1:0] s_axi_wstrb,
    input  logic                 s_axi_wvalid,
    output logic                 s_axi_wready,
    output logic [  IdWidth-1:0] s_axi_bid,
    output logic [          1:0] s_axi_bresp,
    output logic                 s_axi_bvalid,
    input  logic                 s_axi_bready,
    input  logic [  IdWidth-1:0] s_axi_arid,
    input  logic [         63:0] s_axi_araddr,
    input  logic [          7:0] s_axi_arlen,
    input  logic [          2:0] s_axi_arsize,
    input  logic [          1:0] s_axi_arburst,
    input  logic                 s_axi_arvalid,
    output logic                 s_axi_arready,
    output logic [  IdWidth-1:0] s_axi_rid,
    output logic [DataWidth-1:0] s_axi_rdata,
    output logic [          1:0] s_axi_rresp,
    output logic                 s_axi_rlast,
    output logic                 s_axi_rvalid,
    input  logic                 s_axi_rready
);
  import "DPI-C" function void rs_axi_reset(input int unsigned data_width);
  // These two return how many writes they have made whole: address and all data have come.
  import "DPI-C" function int unsigned rs_axi_aw(
    input int unsigned id,
    input longint unsigned addr,
    input int unsigned len,
    input int unsigned size,
    input int unsigned burst
  );
  import "DPI-C" function int unsigned rs_axi_w(
    input bit [DataWidth-1:0] data,
    input longint unsigned strobe
  );
  import "DPI-C" function void rs_axi_b(
    input bit taken,
    input bit may,
    output bit valid,
    output int unsigned id,
    output int unsigned resp
  );
  import "DPI-C" function void rs_axi_ar(
    input int unsigned id,
    input longint unsigned addr,
    input int unsigned len,
    input int unsigned size,
    input int unsigned burst
  );
  import "DPI-C" function void rs_axi_r(
    input bit may,
    output bit valid,
    output bit [DataWidth-1:0] data,
    output int unsigned id,
    output int unsigned resp,
    output bit last
  );

  if (IdWidth > 6) begin : gen_id_width_check
    $error("IdWidth is %0d; the testbench follows up to 64 IDs: bridge the IDs in dut_wrapper", IdWidth);
  end

  localparam int unsigned WriteBits = $clog2(MaxWrites + 1);
  localparam int unsigned ReadBits = $clog2(MaxReads + 1);
  logic [WriteBits-1:0] writes_q;  // accepted and unanswered
  logic [WriteBits-1:0] whole_q;  // of them, those that may be answered
  logic [ReadBits-1:0] reads_q;

  assign s_axi_awready = !stall_i[0] && writes_q != WriteBits'(MaxWrites);
  assign s_axi_wready  = !stall_i[1];
  assign s_axi_arready = !stall_i[3] && reads_q != ReadBits'(MaxReads);

  wire aw_taken = s_axi_awvalid && s_axi_awready;
  wire w_taken = s_axi_wvalid && s_axi_wready;
  wire b_taken = s_axi_bvalid && s_axi_bready;
  wire ar_taken = s_axi_arvalid && s_axi_arready;
  wire r_taken = s_axi_rvalid && s_axi_rready;

  always_ff @(posedge clk_i) begin
    bit valid, last;
    bit [DataWidth-1:0] data;
    int unsigned id, resp, whole;
    if (!rst_ni) begin
      rs_axi_reset(DataWidth);
      s_axi_bvalid <= 1'b0;
      s_axi_rvalid <= 1'b0;
      writes_q     <= '0;
      whole_q      <= '0;
      reads_q      <= '0;
    end else begin
      // Responses first: a write answered in this clock no longer counts for a message accepted in it.
      if (b_taken || (!s_axi_bvalid && whole_q != 0)) begin
        rs_axi_b(b_taken, !stall_i[2], valid, id, resp);
        s_axi_bvalid <= valid;
        s_axi_bid    <= id[IdWidth-1:0];
        s_axi_bresp  <= resp[1:0];
      end
      if (r_taken || (!s_axi_rvalid && reads_q != 0)) begin
        rs_axi_r(!stall_i[4], valid, data, id, resp, last);
        s_axi_rvalid <= valid;
        if (valid) begin
          s_axi_rdata <= data;
          s_axi_rid   <= id[IdWidth-1:0];
          s_axi_rresp <= resp[1:0];
          s_axi_rlast <= last;
        end
      end
      if (aw_taken || w_taken || b_taken) begin
        whole = 32'(whole_q) - 32'(b_taken);
        if (aw_taken) begin
          whole += rs_axi_aw(32'(s_axi_awid), s_axi_awaddr, 32'(s_axi_awlen), 32'(s_axi_awsize), 32'(s_axi_awburst));
        end
        if (w_taken) whole += rs_axi_w(s_axi_wdata, 64'(s_axi_wstrb));
        whole_q <= whole[WriteBits-1:0];
      end
      if (ar_taken) begin
        rs_axi_ar(32'(s_axi_arid), s_axi_araddr, 32'(s_axi_arlen), 32'(s_axi_arsize), 32'(s_axi_arburst));
      end
      if (aw_taken != b_taken) writes_q <= aw_taken ? writes_q + 1 : writes_q - 1;
      if (ar_taken != (r_taken && s_axi_rlast)) reads_q <= ar_taken ? reads_q + 1 : reads_q - 1;
    end
  end
endmodule
