// SPDX-License-Identifier: Apache-2.0
// The error log (ERR_LOG, ERR_ADDR): what went wrong first since software cleared it, of the AXI accesses and of the
// descriptors, with queue, direction, kind of access, response and address. Later errors are only noted as such.
//
// It watches: the addresses as they go out, the answers as the datapath gets them (one of each channel a clock, with
// the ID split into kind and queue), and what the datapath says of descriptors. The address of a burst that failed
// comes from nic_err_addr; that of a descriptor is put together when its ring is looked at (scan_i), from what the
// ring's blocks show then: at the latest after one turn. error_o tells of each error: of an access in the clock of its
// answer, of a descriptor or a tail a clock later.

`include "nic_assert.svh"

module nic_err_log
  import nic_pkg::*;
  import nic_dma_pkg::*;
  import nic_regs_pkg::*;
#(
    parameter  int unsigned Queues = 4,
    localparam int unsigned QWidth = Queues > 1 ? $clog2(Queues) : 1
) (
    input  logic clk_i,
    input  logic rst_ni,

    // register bus
    input  reg_req_t          req_i,
    output reg_rsp_t          rsp_o,

    output logic              error_o,

    // AXI: addresses that are accepted, and responses
    input  logic              ar_fire_i,
    input  logic [1:0]        ar_kind_i,
    input  logic [QWidth-1:0] ar_queue_i,
    input  logic [63:0]       ar_addr_i,
    input  logic              aw_fire_i,
    input  logic [1:0]        aw_kind_i,
    input  logic [QWidth-1:0] aw_queue_i,
    input  logic [63:0]       aw_addr_i,
    input  logic              r_valid_i,
    input  logic [1:0]        r_resp_i,
    input  logic              b_valid_i,
    input  logic [1:0]        b_resp_i,

    // beats of read data, a clock after they came
    input  logic              tx_desc_valid_i,
    input  logic              rx_desc_valid_i,
    input  logic              tx_data_valid_i,
    input  logic [QWidth-1:0] r_queue_i,
    input  logic              r_last_i,
    input  logic              r_err_i,

    // answers to writes, a clock after they came
    input  logic              rx_data_done_i,
    input  logic              rx_cpl_done_i,
    input  logic              tx_cpl_done_i,
    input  logic              msix_done_i,
    input  msix_by_t          msix_by_i,         // of that message: who asked for it, and its address
    input  logic [QWidth-1:0] b_queue_i,
    input  logic              b_err_i,

    // descriptors and tails
    input  logic              tx_err_desc_i,
    input  logic [QWidth-1:0] tx_err_queue_i,
    input  logic              tx_err_tail_i,     // of the ring that was scan_i before
    input  logic              rx_err_desc_i,
    input  logic [QWidth-1:0] rx_err_queue_i,
    input  logic              rx_err_tail_i,

    // the rings that are looked at
    input  logic [QWidth-1:0] scan_i,
    input  logic [63:0]       tx_base_i,
    input  logic [3:0]        tx_log2_i,
    input  index_t            tx_head_i,         // first descriptor that was not taken
    input  logic [63:0]       rx_base_i,
    input  logic [3:0]        rx_log2_i,
    input  index_t            rx_head_i
);

  localparam int unsigned Slots      = 1 << QWidth;
  localparam int unsigned ReadDepth  = 32;       // bursts of an ID outstanding: TX data has the most
  localparam int unsigned WriteDepth = 128;      // RX data

  typedef enum logic [2:0] {Free, Fetch, Seek, Add, Kept} state_e;

  typedef struct packed {
    logic              tx;
    logic              none;                     // no queue: a message of a cause
    logic [3:0]        access;                   // ERR_ACCESS_*
    logic [1:0]        resp;
    logic [QWidth-1:0] qp;
  } what_t;

  // ------------------------------------------------------------------ addresses
  logic        read_err, write_err;
  logic        r_decode_q, b_decode_q;           // the last error of the channel was DECERR
  logic [63:0] read_addr, data_addr, record_addr;
  logic [1:0]  r_kind;

  assign r_kind = tx_desc_valid_i ? RdTxDesc : rx_desc_valid_i ? RdRxDesc : RdTxData;

  always_comb begin
    read_err  = 1'b0;
    write_err = 1'b0;
    if (r_err_i) read_err = tx_desc_valid_i || rx_desc_valid_i || tx_data_valid_i;
    if (b_err_i) write_err = rx_data_done_i || rx_cpl_done_i || tx_cpl_done_i || msix_done_i;
  end

  nic_err_addr #(
      .Streams(4 * Slots),
      .Depth  (ReadDepth)
  ) u_read (
      .clk_i,
      .rst_ni,
      .push_i       (ar_fire_i),
      .push_stream_i({ar_kind_i, ar_queue_i}),
      .push_addr_i  (ar_addr_i),
      .pop_i        (r_last_i && (tx_desc_valid_i || rx_desc_valid_i || tx_data_valid_i)),
      .stream_i     ({r_kind, r_queue_i}),
      .look_i       (read_err),
      .addr_o       (read_addr)
  );

  nic_err_addr #(
      .Streams(Slots),
      .Depth  (WriteDepth)
  ) u_data (
      .clk_i,
      .rst_ni,
      .push_i       (aw_fire_i && aw_kind_i == WrRxData),
      .push_stream_i(aw_queue_i),
      .push_addr_i  (aw_addr_i),
      .pop_i        (rx_data_done_i),
      .stream_i     (b_queue_i),
      .look_i       (write_err),
      .addr_o       (data_addr)
  );

  nic_err_addr #(
      .Streams(2 * Slots),
      .Depth  (2)
  ) u_records (
      .clk_i,
      .rst_ni,
      .push_i       (aw_fire_i && (aw_kind_i == WrRxCpl || aw_kind_i == WrTxCpl)),
      .push_stream_i({aw_kind_i == WrTxCpl, aw_queue_i}),
      .push_addr_i  (aw_addr_i),
      .pop_i        (rx_cpl_done_i || tx_cpl_done_i),
      .stream_i     ({tx_cpl_done_i, b_queue_i}),
      .look_i       (write_err),
      .addr_o       (record_addr)
  );

  // ------------------------------------------------------------------ the log
  state_e      state_q;
  what_t       what_q;
  logic [63:0] addr_q, fetched_q;                // of a descriptor or a message; of a burst
  logic        burst_q, of_read_q, of_data_q;    // where the address is
  index_t      slot_q;                           // of a descriptor
  logic        more_q;
  logic        clear;                            // ERR_LOG is cleared

  // Errors of the clock before: of descriptors, of tails.
  logic              tx_desc_q, rx_desc_q, tx_tail_q, rx_tail_q;
  logic [QWidth-1:0] tx_queue_q, rx_queue_q, tail_queue_q, before_q;
  logic              early, early_q;             // one of them

  assign early = tx_err_desc_i || rx_err_desc_i || tx_err_tail_i || rx_err_tail_i;

  always_ff @(posedge clk_i) begin
    if (r_valid_i && r_resp_i[1]) r_decode_q <= r_resp_i[0];
    if (b_valid_i && b_resp_i[1]) b_decode_q <= b_resp_i[0];
    before_q <= scan_i;
    early_q  <= early && rst_ni;
    if (early || early_q || !rst_ni) begin
      tx_desc_q <= tx_err_desc_i && rst_ni;
      rx_desc_q <= rx_err_desc_i && rst_ni;
      tx_tail_q <= tx_err_tail_i && rst_ni;
      rx_tail_q <= rx_err_tail_i && rst_ni;
    end
    if (tx_err_desc_i) tx_queue_q <= tx_err_queue_i;
    if (rx_err_desc_i) rx_queue_q <= rx_err_queue_i;
    if (tx_err_tail_i || rx_err_tail_i) tail_queue_q <= before_q;
  end

  assign error_o = read_err || write_err || early_q;

  // One of those of this clock.
  what_t what;
  always_comb begin
    what = '0;
    if (error_o) begin
      if (read_err) begin
        what = '{
            tx: !rx_desc_valid_i,
            none: 1'b0,
            access: tx_data_valid_i ? ERR_ACCESS_DATA : ERR_ACCESS_DESC,
            resp: {1'b1, r_decode_q},
            qp: r_queue_i
        };
      end else if (write_err) begin
        what = '{
            tx: tx_cpl_done_i || (msix_done_i && msix_by_i.tx),
            none: msix_done_i && msix_by_i.none,
            access: rx_data_done_i ? ERR_ACCESS_DATA : msix_done_i ? ERR_ACCESS_MESSAGE : ERR_ACCESS_COMPLETION,
            resp: {1'b1, b_decode_q},
            qp: msix_done_i ? msix_by_i.qp[QWidth-1:0] : b_queue_i
        };
      end else if (tx_desc_q || rx_desc_q) begin
        what.tx     = tx_desc_q;
        what.access = ERR_ACCESS_BAD_DESC;
        what.qp     = tx_desc_q ? tx_queue_q : rx_queue_q;
      end else begin
        what.tx     = tx_tail_q;
        what.access = ERR_ACCESS_BAD_TAIL;
        what.qp     = tail_queue_q;
      end
    end
  end

  logic is_log_q, is_low_q, is_high_q;           // the register that is asked for
  always_ff @(posedge clk_i) begin
    if (req_i.setup) begin
      is_log_q  <= req_i.addr == ERR_LOG_OFFSET;
      is_low_q  <= req_i.addr == ERR_ADDR_LO_OFFSET;
      is_high_q <= req_i.addr == ERR_ADDR_HI_OFFSET;
    end
  end

  always_comb begin
    clear = 1'b0;
    if (req_i.valid && req_i.write && is_log_q && req_i.wstrb[0]) clear = req_i.wdata[ERR_LOG_VALID_LSB];
  end

  always_ff @(posedge clk_i) begin
    if (state_q != Free) begin
      case (state_q)
        Fetch: begin
          state_q   <= Kept;
          fetched_q <= of_read_q ? read_addr : of_data_q ? data_addr : record_addr;
        end
        Seek: begin
          automatic index_t mask = (16'd1 << (what_q.tx ? tx_log2_i : rx_log2_i)) - 1'b1;
          if (what_q.qp == scan_i) state_q <= Add;
          addr_q  <= what_q.tx ? tx_base_i : rx_base_i;
          slot_q  <= (what_q.tx ? tx_head_i : rx_head_i) & mask;
        end
        Add: begin
          state_q <= Kept;
          addr_q  <= addr_q + {44'b0, slot_q, 4'b0};
        end
        default:
        if (clear) begin
          state_q <= Free;
          more_q  <= 1'b0;
        end
      endcase
    end
    if (error_o) begin
      automatic logic [5:0] errors = {read_err, write_err, tx_desc_q, rx_desc_q, tx_tail_q, rx_tail_q};
      if (state_q == Free) begin
        state_q   <= read_err || write_err ? Fetch : Seek;
        what_q    <= what;
        burst_q   <= read_err || (write_err && !msix_done_i);
        of_read_q <= read_err;
        of_data_q <= rx_data_done_i;
        if (msix_done_i) addr_q <= msix_by_i.addr;
      end else begin
        more_q <= 1'b1;
      end
      if ((errors & (errors - 1'b1)) != '0) more_q <= 1'b1;      // more than one
    end
    if (!rst_ni) begin
      state_q <= Free;
      more_q  <= 1'b0;
    end
  end

  // ------------------------------------------------------------------ registers
  always_ff @(posedge clk_i) begin
    if (req_i.valid) begin
      rsp_o     <= '0;
      rsp_o.hit <= is_log_q || is_low_q || is_high_q;
      if (state_q == Kept) begin
        if (is_log_q) begin
          rsp_o.rdata[ERR_LOG_VALID_LSB]                        <= 1'b1;
          rsp_o.rdata[ERR_LOG_MORE_LSB]                         <= more_q;
          rsp_o.rdata[ERR_LOG_TX_LSB]                           <= what_q.tx;
          rsp_o.rdata[ERR_LOG_NO_QUEUE_LSB]                     <= what_q.none;
          rsp_o.rdata[ERR_LOG_ACCESS_LSB+:ERR_LOG_ACCESS_WIDTH] <= what_q.access;
          rsp_o.rdata[ERR_LOG_RESP_LSB+:ERR_LOG_RESP_WIDTH]     <= what_q.resp;
          rsp_o.rdata[ERR_LOG_QUEUE_LSB+:ERR_LOG_QUEUE_WIDTH]   <= ERR_LOG_QUEUE_WIDTH'(what_q.qp);
        end
        if (is_low_q) rsp_o.rdata <= burst_q ? fetched_q[31:0] : addr_q[31:0];
        if (is_high_q) rsp_o.rdata <= burst_q ? fetched_q[63:32] : addr_q[63:32];
      end
    end
  end

endmodule
