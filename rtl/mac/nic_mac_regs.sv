// SPDX-License-Identifier: Apache-2.0
// Registers of the MAC side: MAC_CTRL to TX_RATE.

module nic_mac_regs
  import nic_pkg::*;
  import nic_regs_pkg::*;
(
    input  logic clk_i,
    input  logic rst_ni,

    // register bus
    input  reg_req_t req_i,
    output reg_rsp_t rsp_o,

    // settings
    output logic        loopback_o,
    output logic        rx_pause_o,
    output logic        tx_pause_o,
    output logic [15:0] quanta_o,
    output logic [15:0] fill_high_o,   // bytes
    output logic [15:0] fill_low_o,
    output logic [19:0] tx_mbps_o,
    output logic        active_o,      // something of this is on

    // status
    input  logic        up_i,
    input  logic        paused_i,
    input  logic        xoff_i,
    input  logic [15:0] changes_i,
    input  logic [19:0] link_mbps_i
);

  logic [31:0] fill;
  assign fill_high_o = fill[PAUSE_FILL_HIGH_LSB+:PAUSE_FILL_HIGH_WIDTH];
  assign fill_low_o  = fill[PAUSE_FILL_LOW_LSB+:PAUSE_FILL_LOW_WIDTH];

  logic       mine_q;            // a register of these is asked for
  logic [4:0] place_q;

  always_ff @(posedge clk_i) begin
    if (req_i.setup) begin
      mine_q <= req_i.addr[15:5] == MAC_CTRL_OFFSET[15:5];
      if (req_i.addr[15:5] == MAC_CTRL_OFFSET[15:5]) place_q <= req_i.addr[4:0];
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i.valid && req_i.write && mine_q) begin
      automatic logic [31:0] wdata = req_i.wdata;
      automatic logic [3:0]  wstrb = req_i.wstrb;
      case (place_q)
        MAC_CTRL_OFFSET[4:0]:
        if (wstrb[0]) begin
          loopback_o <= wdata[MAC_CTRL_LOOPBACK_LSB];
          rx_pause_o <= wdata[MAC_CTRL_RX_PAUSE_LSB];
          tx_pause_o <= wdata[MAC_CTRL_TX_PAUSE_LSB];
          active_o   <= |(wdata & MAC_CTRL_WMASK) || tx_mbps_o != '0;
        end
        PAUSE_QUANTA_OFFSET[4:0]: quanta_o <= 16'(apply_strb(32'(quanta_o), wdata, wstrb));
        PAUSE_FILL_OFFSET[4:0]:   fill <= apply_strb(fill, wdata, wstrb);
        TX_RATE_OFFSET[4:0]: begin
          automatic logic [19:0] mbps = 20'(apply_strb(32'(tx_mbps_o), wdata, wstrb));
          tx_mbps_o <= mbps;
          active_o  <= loopback_o || rx_pause_o || tx_pause_o || mbps != '0;
        end
        default: ;
      endcase
    end
    if (!rst_ni) begin
      loopback_o <= MAC_CTRL_DEFAULT[MAC_CTRL_LOOPBACK_LSB];
      rx_pause_o <= MAC_CTRL_DEFAULT[MAC_CTRL_RX_PAUSE_LSB];
      tx_pause_o <= MAC_CTRL_DEFAULT[MAC_CTRL_TX_PAUSE_LSB];
      quanta_o   <= 16'(PAUSE_QUANTA_DEFAULT);
      fill       <= PAUSE_FILL_DEFAULT;
      tx_mbps_o  <= 20'(TX_RATE_DEFAULT);
      active_o   <= 1'b0;
    end
  end

  reg_rsp_t rsp;
  always_comb begin
    rsp = '0;
    if (req_i.valid && mine_q) begin
      rsp.hit = 1'b1;
      case (place_q)
        MAC_CTRL_OFFSET[4:0]: begin
          rsp.rdata[MAC_CTRL_LOOPBACK_LSB] = loopback_o;
          rsp.rdata[MAC_CTRL_RX_PAUSE_LSB] = rx_pause_o;
          rsp.rdata[MAC_CTRL_TX_PAUSE_LSB] = tx_pause_o;
        end
        LINK_OFFSET[4:0]: begin
          rsp.rdata[LINK_UP_LSB]     = up_i;
          rsp.rdata[LINK_PAUSED_LSB] = paused_i;
          rsp.rdata[LINK_XOFF_LSB]   = xoff_i;
          rsp.rdata[LINK_CHANGES_LSB+:LINK_CHANGES_WIDTH] = changes_i;
        end
        LINK_RATE_OFFSET[4:0]:    rsp.rdata = 32'(link_mbps_i);
        PAUSE_QUANTA_OFFSET[4:0]: rsp.rdata = 32'(quanta_o);
        PAUSE_FILL_OFFSET[4:0]:   rsp.rdata = fill;
        TX_RATE_OFFSET[4:0]:      rsp.rdata = 32'(tx_mbps_o);
        default:             rsp.hit = 1'b0;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i.valid) rsp_o <= rsp;
  end

endmodule
