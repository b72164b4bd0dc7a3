// SPDX-License-Identifier: Apache-2.0
// What a block on the register bus may count on (nic_pkg, reg_req_t), for the body of a harness with req_i: a request is set
// up a clock before it is valid, and is the same in both.

  reg_req_t setup_q;
  logic     was_setup_q;
  always_ff @(posedge clk_i) begin
    setup_q     <= req_i;
    was_setup_q <= rst_ni && req_i.setup;
  end
  `NIC_ASSUME(SetUpBefore, req_i.valid == was_setup_q && !(req_i.setup && req_i.valid))
  `NIC_ASSUME(SameInBoth, !req_i.valid || {req_i.write, req_i.addr, req_i.wdata, req_i.wstrb} ==
              {setup_q.write, setup_q.addr, setup_q.wdata, setup_q.wstrb})
