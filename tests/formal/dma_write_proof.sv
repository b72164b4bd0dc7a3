// SPDX-License-Identifier: Apache-2.0
// nic_dma_write, the AXI4 master's write side: valid and payload of AW and W hold, no burst crosses 4 KiB, W data comes
// in the order of the addresses and ends where its length says, answers are counted right, and an owner hears of its
// answer only after the memory has given it, which is only after the burst's last beat.
//
// Two queues, 64 bits, bursts of up to four beats. The sources hold what they offer, deliver whole bursts within 4 KiB,
// and have up to 6 bursts outstanding together, a bound of this harness.

`include "nic_assert.svh"

module dma_write_proof
  import nic_pkg::*;
  import nic_dma_pkg::*;
(
    input logic        clk_i,
    input logic        data_valid_i,
    input dma_req_t    data_req_i,
    input logic [63:0] data_wdata_i,
    input logic  [7:0] data_wstrb_i,
    input logic        cpl_valid_i,
    input dma_req_t    cpl_req_i,
    input logic [63:0] cpl_wdata_i,
    input logic  [7:0] cpl_wstrb_i,
    input logic        msix_valid_i,
    input logic [63:0] msix_addr_i,
    input logic [31:0] msix_data_i,
    input vector_t     msix_vector_i,
    input logic        m_axi_awready,
    input logic        m_axi_wready,
    input logic        m_axi_bvalid,
    input logic  [5:0] m_axi_bid,
    input logic  [1:0] m_axi_bresp
);
  localparam int unsigned Limit = 6;

  logic rst_ni;
  initial rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  logic        data_ready_o, cpl_ready_o, msix_ready_o, b_err_o, idle_o;
  logic        rx_data_done_o, rx_cpl_done_o, tx_cpl_done_o, msix_done_o;
  logic [0:0]  b_queue_o;
  queue_t      msix_id_o;
  logic        m_axi_awvalid, m_axi_wvalid, m_axi_wlast, m_axi_bready;
  logic [5:0]  m_axi_awid;
  logic [63:0] m_axi_awaddr, m_axi_wdata;
  logic [7:0]  m_axi_awlen, m_axi_wstrb;

  // Sources: beats of whole bursts, held until taken.
  logic [1:0] data_beat_q, cpl_beat_q;
  logic data_first_i, data_last_i, cpl_first_i, cpl_last_i;
  logic [7:0] data_len_q, cpl_len_q;
  assign data_first_i = data_beat_q == '0;
  assign cpl_first_i  = cpl_beat_q == '0;
  assign data_last_i  = 8'(data_beat_q) == (data_first_i ? data_req_i.len : data_len_q);
  assign cpl_last_i   = 8'(cpl_beat_q) == (cpl_first_i ? cpl_req_i.len : cpl_len_q);

  nic_dma_write #(
      .DataWidth(64),
      .Queues   (2)
  ) dut (.*);
  logic b_valid;
  assign b_valid = rx_data_done_o || rx_cpl_done_o || tx_cpl_done_o || msix_done_o;

  logic        data_wait_q, cpl_wait_q, msix_wait_q;
  dma_req_t    data_was_q, cpl_was_q;
  logic [71:0] data_beat_was_q, cpl_beat_was_q;
  logic [100:0] msix_was_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      data_beat_q <= '0;
      cpl_beat_q  <= '0;
    end else begin
      if (data_valid_i && data_ready_o) data_beat_q <= data_last_i ? '0 : data_beat_q + 1'b1;
      if (cpl_valid_i && cpl_ready_o) cpl_beat_q <= cpl_last_i ? '0 : cpl_beat_q + 1'b1;
    end
    if (data_first_i) data_len_q <= data_req_i.len;
    if (cpl_first_i) cpl_len_q <= cpl_req_i.len;
    data_wait_q     <= rst_ni && data_valid_i && !data_ready_o;
    cpl_wait_q      <= rst_ni && cpl_valid_i && !cpl_ready_o;
    msix_wait_q     <= rst_ni && msix_valid_i && !msix_ready_o;
    data_was_q      <= data_req_i;
    cpl_was_q       <= cpl_req_i;
    data_beat_was_q <= {data_wdata_i, data_wstrb_i};
    cpl_beat_was_q  <= {cpl_wdata_i, cpl_wstrb_i};
    msix_was_q      <= {msix_addr_i, msix_data_i, msix_vector_i};
  end
  `NIC_ASSUME(DataHolds, !data_wait_q || (data_valid_i && data_req_i == data_was_q &&
              {data_wdata_i, data_wstrb_i} == data_beat_was_q))
  `NIC_ASSUME(CplHolds, !cpl_wait_q || (cpl_valid_i && cpl_req_i == cpl_was_q &&
              {cpl_wdata_i, cpl_wstrb_i} == cpl_beat_was_q))
  `NIC_ASSUME(MsixHolds, !msix_wait_q || (msix_valid_i && {msix_addr_i, msix_data_i, msix_vector_i} == msix_was_q))
  `NIC_ASSUME(DataWithin4KiB,
              13'({data_req_i.addr[11:3], 3'b0}) + {2'b0, data_req_i.len, 3'b0} + 13'd7 < 13'd4096 &&
              data_req_i.len < 8'd4)
  `NIC_ASSUME(CplWithin4KiB,
              13'({cpl_req_i.addr[11:3], 3'b0}) + {2'b0, cpl_req_i.len, 3'b0} + 13'd7 < 13'd4096 &&
              cpl_req_i.len < 8'd4)
  `NIC_ASSUME(Msix4Aligned, msix_addr_i[1:0] == '0)

  // The memory answers a burst after its last beat and its address.
  logic [2:0] open_q;         // begun by the sources, answer not handed back
  logic [2:0] addr_q, data_q; // addresses, and bursts of data, accepted and not answered
  logic begun, aw, wl, b_q;
  assign begun = (data_valid_i && data_ready_o && data_first_i) || (cpl_valid_i && cpl_ready_o && cpl_first_i) ||
                 (msix_valid_i && msix_ready_o);
  assign aw = m_axi_awvalid && m_axi_awready;
  assign wl = m_axi_wvalid && m_axi_wready && m_axi_wlast;
  `NIC_ASSUME(WithinLimit, open_q < 3'(Limit) || !begun)
  `NIC_ASSUME(AnswersWhole, !m_axi_bvalid || (addr_q != '0 && data_q != '0))
  `NIC_ASSUME(AnswersWhoAsked, !m_axi_bvalid || m_axi_bid[3:0] < 4'd2 + 4'(m_axi_bid[5:4] == WrMsix))
  logic [5:0] bid_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      open_q <= '0;
      addr_q <= '0;
      data_q <= '0;
      b_q    <= 1'b0;
    end else begin
      open_q <= open_q + 3'(begun) - 3'(b_valid);
      addr_q <= addr_q + 3'(aw) - 3'(m_axi_bvalid);
      data_q <= data_q + 3'(wl) - 3'(m_axi_bvalid);
      b_q    <= m_axi_bvalid;
    end
    bid_q <= m_axi_bid;
  end

  // The lengths of the bursts in the order in which their addresses were taken from the sources.
  logic [7:0] len_q [8];
  logic [2:0] in_q, out_q;    // first free, first whose data is not all out
  logic [7:0] beat_q, len;
  assign len = (data_valid_i && data_ready_o) ? data_req_i.len : (cpl_valid_i && cpl_ready_o) ? cpl_req_i.len : 8'd0;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_q   <= '0;
      out_q  <= '0;
      beat_q <= '0;
    end else begin
      if (begun) begin
        len_q[in_q] <= len;
        in_q <= in_q + 1'b1;
      end
      if (m_axi_wvalid && m_axi_wready) begin
        beat_q <= m_axi_wlast ? '0 : beat_q + 1'b1;
        if (m_axi_wlast) out_q <= out_q + 1'b1;
      end
    end
  end
  // And the addresses: AW gives them in the same order.
  logic [7:0] aw_len;
  logic [2:0] aw_q;
  assign aw_len = len_q[aw_q];
  always_ff @(posedge clk_i) begin
    if (!rst_ni) aw_q <= '0;
    else if (aw) aw_q <= aw_q + 1'b1;
  end

  `NIC_ASSERT(LastWhereLengthSays, !m_axi_wvalid || (in_q != out_q && m_axi_wlast == (beat_q == len_q[out_q])))
  `NIC_ASSERT(AddressesInOrder, !m_axi_awvalid || (in_q != aw_q && m_axi_awlen == aw_len))
  `NIC_ASSERT(DataNotBeforeItsTurn, !m_axi_wvalid || 3'(in_q - out_q) <= 3'd2)
  `NIC_ASSERT(CountIsTrue, dut.out_q == 12'(open_q) && open_q <= 3'(Limit))
  `NIC_ASSERT(AnswerHasOwner, dut.b_valid_q == b_valid)
  `NIC_ASSERT(OwnerHearsAfterB, b_valid == b_q && (!b_q || (b_queue_o == bid_q[0] && msix_id_o == bid_q[3:0] &&
              {msix_done_o, tx_cpl_done_o, rx_cpl_done_o, rx_data_done_o} == 4'(1) << bid_q[5:4])))
  `NIC_ASSERT(IdleIsTrue, idle_o == (open_q == '0 && !data_valid_i && !cpl_valid_i && !msix_valid_i))
  `NIC_ASSERT(AlwaysTaken, m_axi_bready)

  // What makes it inductive: where each burst and each beat is.
  logic       locked, last_waits;
  logic [1:0] at;             // beats that the source under way has handed over
  logic [7:0] at_len;
  assign locked     = dut.lock_q != 2'd0;
  assign last_waits = m_axi_wvalid && m_axi_wlast;
  assign at         = dut.lock_q == 2'd1 ? data_beat_q : cpl_beat_q;
  assign at_len     = dut.lock_q == 2'd1 ? data_len_q : cpl_len_q;
  `NIC_ASSERT(LockIsSource, (dut.lock_q == 2'd1) == (data_beat_q != '0) &&
              (dut.lock_q == 2'd2) == (cpl_beat_q != '0) && dut.lock_q != 2'd3)
  `NIC_ASSERT(AtWithinLength, !locked || (8'(at) <= at_len && at_len < 8'd4 &&
              at_len == len_q[3'(in_q - 3'd1)] && dut.beat_q == 8'(at) && dut.beats_q == at_len))
  `NIC_ASSERT(NoBeatWithoutLock, locked || dut.beat_q == '0)
  `NIC_ASSERT(LastUnlocks, !last_waits || !locked)
  `NIC_ASSERT(NotLastLocks, !(m_axi_wvalid && !m_axi_wlast) || (locked && 8'(at) == beat_q + 8'd1))
  `NIC_ASSERT(BetweenBeats, m_axi_wvalid || (locked ? 8'(at) == beat_q : beat_q == '0))
  `NIC_ASSERT(BurstsOnW, 3'(in_q - out_q) == 3'(locked) + 3'(last_waits))
  `NIC_ASSERT(BurstsOnAw, 3'(in_q - aw_q) == 3'(m_axi_awvalid))
  `NIC_ASSERT(AddressesAreOpen, open_q == 3'(m_axi_awvalid) + addr_q + 3'(b_q) && addr_q <= 3'(Limit))
  `NIC_ASSERT(DataIsOpen, open_q == 3'(locked) + 3'(last_waits) + data_q + 3'(b_q) && data_q <= 3'(Limit))

  `NIC_COVER(LimitReached, open_q == 3'(Limit))
  `NIC_COVER(DataBeforeAddress, wl && m_axi_awvalid && !m_axi_awready && beat_q == 8'd2)
  logic upto_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) upto_q <= 1'b0;
    else if (aw) upto_q <= m_axi_awaddr == 64'h1FE8 && m_axi_awlen == 8'd2;
  end
  `NIC_COVER(SplitAt4KiB, aw && upto_q && m_axi_awaddr == 64'h2000 && m_axi_awlen == 8'd1)
endmodule
