// SPDX-License-Identifier: Apache-2.0
// One counter of a nic_counter_bank, watched, for the body of a harness with req_i and rsp_o: its value is what was added
// to it, and is read as one. The harness says what is watched and how it moves:
//   mine      its place in the bank      ask, other  a request of it, of none of the bank's
//   moved     what it grows by now       selects     the device looks at a request of the bank
//   low       its lower 20 bits          waits       a carry of it that the upper bits lack

  logic        asked_q, select_q;    // a request, one of the bank, in the clock before
  logic [63:0] count_q, was_q, was_qq;
  logic [31:0] latch_q, latch_was_q, latch_was_qq;
  logic        lo_q, hi_q, other_q, lo_qq, hi_qq, other_qq;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      count_q <= '0;
      latch_q <= '0;
    end else begin
      count_q <= count_q + 64'(moved);
      if (ask && !req_i.addr[2] && !req_i.write) latch_q <= count_q[63:32];
    end
    was_q        <= count_q;
    was_qq       <= was_q;
    latch_was_q  <= latch_q;
    latch_was_qq <= latch_was_q;
    {lo_qq, hi_qq, other_qq} <= rst_ni ? {lo_q, hi_q, other_q} : '0;
    lo_q         <= rst_ni && ask && !req_i.addr[2];
    hi_q         <= rst_ni && ask && req_i.addr[2];
    other_q      <= rst_ni && req_i.valid && other;
    asked_q      <= rst_ni && req_i.valid;
    select_q     <= rst_ni && req_i.valid && selects;
  end
  `NIC_ASSERT(LoIsTheCount, !lo_qq || (rsp_o.hit && rsp_o.rdata == was_qq[31:0]))
  `NIC_ASSERT(HiBelongsToLo, !hi_qq || (rsp_o.hit && rsp_o.rdata == latch_was_qq))
  `NIC_ASSERT(OthersDoNotAnswer, !other_qq || rsp_o == '0)

  // What makes it inductive. The lower bits, a carry that has not been added, and the upper bits are the count; acts is
  // the bank's second clock, upper and latch what they are about to be.
  logic        acts;
  logic [43:0] upper;
  logic [31:0] latch;
  always_comb begin
    acts  = dut.u_bank.work_q && dut.u_bank.at_q == mine;
    upper = dut.u_bank.upper_mem[mine];
    latch = dut.u_bank.latch_mem[mine];
    if (acts) begin
      upper = dut.u_bank.clear_q ? '0 : upper + 44'(dut.u_bank.carry_q);
      if (dut.u_bank.clear_q || dut.u_bank.hold_q) latch = dut.u_bank.clear_q ? '0 : upper[43:12];
    end
  end
  `NIC_ASSERT(TotalAgrees, {44'(upper + 44'(waits)), low} == count_q)
  `NIC_ASSERT(LatchAgrees, latch == latch_q)
  `NIC_ASSERT(SelectedWasAsked, (!(select_q || lo_q || hi_q || other_q) || asked_q) && !(asked_q && was_setup_q))
  `NIC_ASSERT(LoUnderWay, !lo_q || (acts && dut.u_bank.look_q && dut.u_bank.low_q && !dut.u_bank.high_q &&
              !dut.u_bank.clear_q && {upper, dut.u_bank.value_q} == was_q && dut.hit_q))
  `NIC_ASSERT(HiUnderWay, !hi_q || (acts && dut.u_bank.look_q && dut.u_bank.high_q && !dut.u_bank.clear_q &&
              !dut.u_bank.hold_q && dut.u_bank.latch_mem[mine] == latch_was_q && dut.hit_q))
  `NIC_ASSERT(OtherUnderWay, !other_q || (dut.u_bank.work_q && dut.u_bank.look_q && !dut.u_bank.low_q &&
              !dut.u_bank.high_q && !dut.hit_q))
  `NIC_ASSERT(HoldsWhatWasAsked, !(acts && dut.u_bank.hold_q && !dut.u_bank.clear_q) || lo_q)
