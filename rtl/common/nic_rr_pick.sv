// SPDX-License-Identifier: Apache-2.0
// Round-robin choice: the first request above last_i, else the first of all. Combinational; the caller keeps
// last_i (the queue that it served last), so that a queue is passed over at most Width - 1 times.

module nic_rr_pick #(
    parameter int unsigned Width    = 4,
    parameter int unsigned IdxWidth = 2
) (
    input  logic [Width-1:0]    req_i,
    input  logic [IdxWidth-1:0] last_i,
    output logic                any_o,
    output logic [IdxWidth-1:0] pick_o
);

  logic [Width-1:0] above, from;

  assign any_o = req_i != '0;

  always_comb begin
    above  = '0;
    from   = '0;
    pick_o = '0;
    if (any_o) begin
      above = req_i & ~((Width'(2) << last_i) - Width'(1));
      from  = (above != '0) ? above : req_i;
      for (int i = int'(Width) - 1; i >= 0; i--) begin
        if (from[i]) pick_o = IdxWidth'(i);
      end
    end
  end

endmodule
