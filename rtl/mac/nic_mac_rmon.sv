// SPDX-License-Identifier: Apache-2.0
// The RMON counters (RFC 2819, IEEE 802.3 clause 5): 64 bits each, in small memories of which each takes at most one event a
// clock. Reading LO latches HI of the same counter, and they return to 0 only with the device's reset: a counter that has not
// counted since is known by a bit, so that the memories need no reset.
//
// Lengths on the streams are without the 4 bytes of FCS that the RMON sizes include.

module nic_mac_rmon
  import nic_pkg::*;
  import nic_regs_pkg::*;
  import nic_mac_pkg::*;
(
    input  logic clk_i,
    input  logic rst_ni,

    // register bus
    input  reg_req_t req_i,
    output reg_rsp_t rsp_o,

    input  frame_len_t max_frame_i,

    // a frame came
    input  logic       rx_i,
    input  frame_len_t rx_len_i,
    input  rx_tag_t    rx_tag_i,

    // a frame was sent, or thrown away
    input  logic       tx_i,
    input  logic       tx_dropped_i,
    input  frame_len_t tx_len_i,
    input  mac_cast_e  tx_cast_i,
    input  logic       tx_pause_i
);

  localparam int unsigned Header = 14;

  // Counters by their place in the register space, 8 bytes each.
  typedef logic [4:0] place_t;
  function automatic place_t place_of(logic [15:0] offset);
    return place_t'((offset - RMON_RX_UNICAST_LO_OFFSET) >> 3);
  endfunction
  localparam place_t RxClass  = place_of(RMON_RX_UNICAST_LO_OFFSET);   // 8: one for each frame
  localparam place_t RxBin    = place_of(RMON_RX_64_LO_OFFSET);        // 7: one for each of 64 bytes or more
  localparam place_t RxOctets = place_of(RMON_RX_OCTETS_LO_OFFSET);
  localparam place_t TxClass  = place_of(RMON_TX_UNICAST_LO_OFFSET);   // 4
  localparam place_t TxOctets = place_of(RMON_TX_OCTETS_LO_OFFSET);
  localparam place_t RxPause  = place_of(RMON_RX_PAUSE_LO_OFFSET);
  localparam place_t TxPause  = place_of(RMON_TX_PAUSE_LO_OFFSET);
  localparam place_t TxBin    = place_of(RMON_TX_64_LO_OFFSET);        // 7

  logic [63:0] rx_class_q [8], rx_bin_q [8], tx_class_q [4], tx_bin_q [8];
  logic [63:0] rx_octets_q, tx_octets_q, rx_pause_q, tx_pause_q;
  logic [31:0] used_q;              // by place: it is not 0

  // Size bin of a frame.
  function automatic logic [2:0] bin_of(frame_len_t len);
    if (len <= 14'd60) return 3'd0;
    if (len <= 14'd123) return 3'd1;
    if (len <= 14'd251) return 3'd2;
    if (len <= 14'd507) return 3'd3;
    if (len <= 14'd1019) return 3'd4;
    return (len <= 14'd1514) ? 3'd5 : 3'd6;
  endfunction

  function automatic logic [63:0] octets_of(frame_len_t len);
    return 64'(len - frame_len_t'(Header));
  endfunction

  // Unicast, multicast, broadcast; FCS error; undersize, oversize; fragment, jabber.
  function automatic logic [2:0] rx_kind(frame_len_t len, frame_len_t max_frame, logic bad, mac_cast_e to);
    if (len < frame_len_t'(PadFrame)) return {1'b1, bad, 1'b0};
    if (len > max_frame) return {1'b1, bad, 1'b1};
    return bad ? 3'd3 : {1'b0, to};
  endfunction

  // ------------------------------------------------------------------ counting
  always_ff @(posedge clk_i) begin
    if (rx_i) begin : rx
      automatic logic [2:0] kind = rx_kind(rx_len_i, max_frame_i, rx_tag_i.bad, rx_tag_i.to);
      automatic logic [2:0] bin  = bin_of(rx_len_i);
      rx_class_q[kind] <= (used_q[RxClass+place_t'(kind)] ? rx_class_q[kind] : '0) + 64'd1;
      used_q[RxClass+place_t'(kind)] <= 1'b1;
      if (rx_len_i >= frame_len_t'(PadFrame)) begin
        rx_bin_q[bin] <= (used_q[RxBin+place_t'(bin)] ? rx_bin_q[bin] : '0) + 64'd1;
        used_q[RxBin+place_t'(bin)] <= 1'b1;
      end
      if (kind < 3'd3) begin
        rx_octets_q      <= (used_q[RxOctets] ? rx_octets_q : '0) + octets_of(rx_len_i);
        used_q[RxOctets] <= 1'b1;
      end
      if (rx_tag_i.pause) begin
        rx_pause_q      <= (used_q[RxPause] ? rx_pause_q : '0) + 64'd1;
        used_q[RxPause] <= 1'b1;
      end
    end
    if (tx_i) begin : tx
      automatic logic [1:0] kind = tx_dropped_i ? 2'd3 : tx_cast_i;
      automatic logic [2:0] bin  = bin_of(tx_len_i);
      tx_class_q[kind] <= (used_q[TxClass+place_t'(kind)] ? tx_class_q[kind] : '0) + 64'd1;
      used_q[TxClass+place_t'(kind)] <= 1'b1;
      if (!tx_dropped_i) begin
        tx_bin_q[bin] <= (used_q[TxBin+place_t'(bin)] ? tx_bin_q[bin] : '0) + 64'd1;
        used_q[TxBin+place_t'(bin)] <= 1'b1;
        tx_octets_q      <= (used_q[TxOctets] ? tx_octets_q : '0) + octets_of(tx_len_i);
        used_q[TxOctets] <= 1'b1;
      end
      if (tx_pause_i) begin
        tx_pause_q      <= (used_q[TxPause] ? tx_pause_q : '0) + 64'd1;
        used_q[TxPause] <= 1'b1;
      end
    end
    if (!rst_ni) used_q <= '0;
  end

  // ------------------------------------------------------------------ registers
  function automatic logic known(place_t place);
    return place != TxPause + 5'd1 && place != TxBin + 5'd7;
  endfunction

  logic        select;
  place_t      place;
  logic [63:0] value;               // of the counter that is read
  logic [31:0] high_q [32];         // latched when LO was read
  logic [31:0] latched_q;           // by place: since the reset

  always_comb begin
    select = 1'b0;
    place  = '0;
    value  = '0;
    if (req_i.valid && req_i.addr[15:8] == RMON_RX_UNICAST_LO_OFFSET[15:8]) begin
      place  = req_i.addr[7:3];
      select = known(place);
      if (place < RxBin) value = rx_class_q[place[2:0]];
      else if (place < RxOctets) value = rx_bin_q[place[2:0]];
      else if (place == RxOctets) value = rx_octets_q;
      else if (place < TxOctets) value = tx_class_q[place[1:0]];
      else if (place == TxOctets) value = tx_octets_q;
      else if (place == RxPause) value = rx_pause_q;
      else value = (place == TxPause) ? tx_pause_q : tx_bin_q[place[2:0]];
      if (!used_q[place]) value = '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i.valid) begin
      rsp_o <= '0;
      if (select) begin
        rsp_o.hit <= 1'b1;
        if (!req_i.addr[2]) rsp_o.rdata <= value[31:0];
        else if (latched_q[place]) rsp_o.rdata <= high_q[place];
        if (!req_i.write && !req_i.addr[2]) begin
          high_q[place]    <= value[63:32];
          latched_q[place] <= 1'b1;
        end
      end
    end
    if (!rst_ni) latched_q <= '0;
  end

  // The counters lie as they are addressed here.
  if (RxClass != 5'd0 || RxBin != 5'd8 || RxOctets != 5'd15 || TxClass != 5'd16 || TxOctets != 5'd20 ||
      RxPause != 5'd21 || TxPause != 5'd22 || TxBin != 5'd24) begin : gen_layout
    $fatal(1, "nic.rdl: the RMON counters lie elsewhere");
  end

  // A write is answered and changes nothing.
  logic unused;
  assign unused = ^{req_i.wdata, req_i.wstrb, req_i.addr[1:0]};

endmodule
