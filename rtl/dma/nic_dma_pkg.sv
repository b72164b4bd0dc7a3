// SPDX-License-Identifier: Apache-2.0
// What the parts of the datapath share: AXI IDs, requests, descriptors and completion records.

package nic_dma_pkg;
  import nic_pkg::*;

  // Bursts end at multiples of this address, so they never cross 4 KiB and never have more than 256 beats
  // (2048 bytes are 256 beats of the narrowest bus, 64 bits).
  /* verilator lint_off UNUSEDPARAM */   // a build uses a part of what a package offers
  localparam int unsigned BurstLog2 = 11;
  localparam int unsigned BurstBytes = 1 << BurstLog2;

  localparam int unsigned MinRxBuffer = 64;   // bytes; a shorter RX buffer is a bad descriptor

  // AXI ID = {kind, queue}: each queue's traffic of each kind is a stream of its own, so that a slow answer to one
  // delays no other. Of a message {WrMsix, vector} (nic_pkg::message_id).
  localparam int unsigned IdBits = 6;
  /* verilator lint_on UNUSEDPARAM */

  localparam int unsigned WeightBytes = 64;   // what a TX queue may send in its turn for each unit of TX_WEIGHT

  function automatic logic [13:0] turn_bytes(logic [7:0] weight);
    return 14'((weight == '0) ? 8'd1 : weight) << $clog2(WeightBytes);
  endfunction

  typedef enum logic [1:0] {
    RdTxDesc = 2'd0,
    RdRxDesc = 2'd1,
    RdTxData = 2'd2
  } rd_kind_e;

  typedef enum logic [1:0] {
    WrRxData = 2'd0,
    WrRxCpl  = 2'd1,
    WrTxCpl  = 2'd2,
    WrMsix   = 2'd3
  } wr_kind_e;

  typedef struct packed {
    logic [1:0] kind;
    queue_t     qp;
  } dma_id_t;

  // One burst's address: as on AR and AW. size is always the bus width, burst always INCR.
  typedef struct packed {
    dma_id_t     id;
    logic [63:0] addr;
    logic [7:0]  len;     // beats - 1
  } dma_req_t;

  typedef struct packed {
    logic [31:0] rsvd;    // TX only, as all but len
    logic [3:0]  kind;
    logic [10:0] more;    // CTRL[27:17]
    logic        eop;
    logic [15:0] len;
    logic [63:0] addr;    // of an offload descriptor: its first two words
  } desc_t;

  // What is to be done with one TX frame (tx_offload, tx_tso descriptors). Positions count from the frame's first byte.
  typedef struct packed {
    logic        vlan;        // insert a tag
    logic [15:0] tci;
    logic        csum;        // fill in the checksum of all from csum_start on
    frame_len_t  csum_start;
    frame_len_t  csum_offset; // of its two bytes, from csum_start
    logic        tso;         // cut into frames; the rest is valid then
    logic        ipv6;
    logic        fixedid;
    frame_len_t  mss;
    logic [7:0]  hdr_len;
    logic [7:0]  l3_off;
    logic [7:0]  flags;
    logic [15:0] ip_id;
    logic [31:0] seq;
  } tx_todo_t;

  // An offload descriptor: what it says.
  function automatic tx_todo_t todo_of(desc_t desc);
    todo_of = '0;
    if (desc.kind == TxTso) begin
      todo_of.vlan        = desc.len[14];
      todo_of.tci         = desc.addr[63:48];
      todo_of.csum        = 1'b1;
      todo_of.csum_start  = frame_len_t'(desc.rsvd[15:8]);
      todo_of.csum_offset = 14'd16;    // of TCP's checksum in its header
      todo_of.tso         = 1'b1;
      todo_of.ipv6        = desc.len[15];
      todo_of.fixedid     = desc.eop;
      todo_of.mss         = desc.len[13:0];
      todo_of.hdr_len     = desc.more[7:0];
      todo_of.l3_off      = desc.rsvd[7:0];
      todo_of.flags       = desc.rsvd[23:16];
      todo_of.ip_id       = desc.addr[47:32];
      todo_of.seq         = desc.addr[31:0];
    end else begin
      todo_of.vlan        = desc.len[1];
      todo_of.tci         = desc.addr[47:32];
      todo_of.csum        = desc.len[0];
      todo_of.csum_start  = desc.addr[13:0];
      todo_of.csum_offset = desc.addr[29:16];
    end
  endfunction

  // Longest frame without its tag.
  function automatic logic [14:0] longest(logic vlan);
    return 15'(MaxFrame) - (vlan ? 15'(TagBytes) : '0);
  endfunction

  // What is wrong with a tx_tso descriptor: no payload, no room for TCP's or IP's header, frames that are too long.
  function automatic logic [3:0] tso_mistakes(
      frame_len_t mss, logic vlan, logic ipv6, logic [7:0] hdr_len, logic [7:0] l3_off, logic [7:0] l4_off);
    return {mss == '0, 9'(hdr_len) < 9'(l4_off) + 9'd20, 9'(l4_off) < 9'(l3_off) + (ipv6 ? 9'd40 : 9'd20),
            longest(vlan) < 15'(mss) + 15'(hdr_len)};
  endfunction

  // How far a queue is with the frame that is read.
  typedef struct packed {
    logic        given;       // an offload descriptor came before the frame
    frame_len_t  sofar;       // bytes of the frame in the pieces before
    // TSO
    logic        later;       // the headers have been read before
    logic        next;        // a frame has been read before
    logic [15:0] used;        // bytes of the descriptor that are done with
    frame_len_t  left;        // payload of the frame that is still to be read
  } tx_progress_t;

  typedef struct packed {
    logic [63:0] headers;     // their address
    logic [31:0] seq;         // of this frame
    logic [15:0] id;
  } tx_tso_t;

  // Header fields of one frame of a TCP segment that is cut.
  typedef struct packed {
    logic        ipv6;
    logic [7:0]  l3_off;
    logic [7:0]  l4_off;
    logic [15:0] ip_len;      // total length (IPv4) or payload length (IPv6)
    logic [15:0] ip_id;
    logic [31:0] seq;
    logic [7:0]  flags;
  } tx_headers_t;

  typedef logic [11:0] tx_word_t;    // counts words of a queue's part of the packet buffer: at most 2048

  // What egress changes in a frame, and a frame in the TX packet buffer.
  typedef struct packed {
    logic        vlan;
    logic [15:0] tci;
    logic        csum;
    frame_len_t  csum_at;     // the checksum's two bytes
  } tx_edit_t;

  typedef struct packed {
    logic        tso;         // a frame of a TCP segment that is cut
    logic        part;        // and not its last
    tx_headers_t headers;
    logic [15:0] adjust;      // what the new fields add to the sum for TCP's checksum
    logic [15:0] ip_adjust;   // and for IPv4's
    tx_edit_t    edit;
    logic        csum_odd;    // the checksum begins at an odd byte
    index_t      last;        // the descriptor after its last
    tx_word_t    word;        // its first word in the buffer, with a wrap bit
    frame_len_t  len;         // bytes in the buffer: without tag and padding
  } tx_frame_t;

  // What is kept of an RX buffer that is being filled, until its completion record is written.
  typedef struct packed {
    logic        eop;
    rx_meta_t    meta;
    rx_vlan_t    vlan;
    index_t      index;
    frame_len_t  len;
  } rx_record_t;

endpackage
