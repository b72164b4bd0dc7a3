// SPDX-License-Identifier: Apache-2.0
// What the stages of the RX parser hand on to each other.

package nic_rx_pkg;
  import nic_pkg::*;

  // A build uses a part of what a package offers.
  /* verilator lint_off UNUSEDPARAM */
  localparam int unsigned HdrBytes = 128;                // of a frame: what the parser sees
  localparam int unsigned L3Bytes  = 104;                // from the network header on: behind two VLAN tags
  localparam int unsigned ExtSteps = 4;                  // IPv6 extension headers that are followed

  localparam logic [7:0] ProtoHopByHop = 8'd0;
  localparam logic [7:0] ProtoTcp      = 8'd6;
  localparam logic [7:0] ProtoUdp      = 8'd17;
  localparam logic [7:0] ProtoRouting  = 8'd43;
  localparam logic [7:0] ProtoFragment = 8'd44;
  localparam logic [7:0] ProtoNone     = 8'd59;          // also: a header that the parser does not know
  localparam logic [7:0] ProtoDest     = 8'd60;
  /* verilator lint_on UNUSEDPARAM */

  typedef logic [8*L3Bytes-1:0] l3_bytes_t;              // first byte on the wire in 7:0

  // The filter's verdict.
  typedef struct packed {
    logic addr;
    logic vlan;
  } rx_pass_t;

  // What an EtherType says.
  typedef struct packed {
    logic ctag;              // a VLAN tag follows: 0x8100
    logic stag;              // 0x88a8
    logic ip4;
    logic ip6;
  } ethertype_t;

  function automatic ethertype_t ethertype_of(logic [15:0] bytes);   // first byte in 7:0
    return '{ctag: bytes == 16'h0081, stag: bytes == 16'ha888, ip4: bytes == 16'h0008, ip6: bytes == 16'hdd86};
  endfunction

  // What is known of a frame once its network header is read. The bytes themselves wait beside it.
  typedef struct packed {
    logic [1:0]   tags;      // VLAN tags
    logic [16:0]  ip_len;    // bytes of the packet from the network header on, as the header tells
    rx_pass_t     pass;
    logic         strip;     // the outer tag is taken out
    logic         is_ip4;    // a whole and sound IPv4 header, or IPv6 header
    logic         is_ip6;
    logic [7:0]   proto;     // of the header at off; ProtoNone in fragments
    logic [4:0]   off;       // where it begins, in words of 4 bytes from the network header: even of IPv6
    logic [6:0]   len;       // bytes from the network header on that are there, at most L3Bytes
  } net_t;

  // Of each word at which an IPv6 header may begin (10, 12 to 24), if it is an extension header. Entry off[3:1] is that of
  // the word off.
  typedef struct packed {
    logic       dead;        // not all there, or what follows it is beyond what the parser sees
    logic       hops;        // segments left
    logic [3:0] to;          // where the next header begins, in units of 8 bytes
    logic [7:0] next;        // which it is
  } ext_t;
  typedef ext_t [7:0] exts_t;

  // Where any four words can be taken: of those from word 4 * off[4:2] + n on, word off[1:0] is word n of the header at off.
  typedef logic [32*29-1:0] padded_t;

  // What is to be summed of a frame. Places are bytes from the frame's beginning.
  typedef struct packed {
    logic        want;       // look at the transport checksum
    logic        ip_ok;
    logic        strip;
    logic [7:0]  l4_start;
    logic [16:0] l4_end;
    logic [16:0] pseudo;     // sum of the pseudo header
  } sum_plan_t;

endpackage
