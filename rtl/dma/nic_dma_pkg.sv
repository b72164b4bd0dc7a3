// SPDX-License-Identifier: Apache-2.0
// What the parts of the datapath share: AXI IDs, requests, descriptors and completion records.

package nic_dma_pkg;
  import nic_pkg::*;

  // Bursts end at multiples of this address, so they never cross 4 KiB and never have more than 256 beats
  // (2048 bytes are 256 beats of the narrowest bus, 64 bits).
  localparam int unsigned BurstLog2 = 11;
  localparam int unsigned BurstBytes = 1 << BurstLog2;

  localparam int unsigned MinRxBuffer = 64;   // bytes; a shorter RX buffer is a bad descriptor

  // AXI ID = {kind, queue}: each queue's traffic of each kind is a stream of its own, so that a slow answer to one
  // delays no other.
  localparam int unsigned IdBits = 6;

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
    logic [3:0]  kind;    // TX only, as eop
    logic        eop;
    logic [15:0] len;
    logic [63:0] addr;
  } desc_t;

  // What is kept of an RX buffer that is being filled, until its completion record is written.
  typedef struct packed {
    logic        eop;
    rx_meta_t    meta;
    index_t      index;
    frame_len_t  len;
  } rx_record_t;

endpackage
