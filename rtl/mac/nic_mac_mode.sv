// SPDX-License-Identifier: Apache-2.0
// The link, and what the MAC side is to do that is not as usual. With nothing enabled and the link up, special_o is 0, and no
// more is done than to look at the frames; all else that is said here is 0 then, and up_o is 1.
//
// special_o follows by a clock, and stays until all that was enabled is over: what is switched off is seen as off before
// nobody looks at it any more. Loopback begins and ends between frames, in both directions (hold_o until then).

module nic_mac_mode (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        stop_i,          // the device is being reset

    // the link
    input  logic        link_down_i,
    output logic        link_o,
    output logic        link_change_o,   // one clock
    output logic [15:0] changes_o,

    // settings
    input  logic        active_i,        // something is on
    input  logic        loopback_i,

    // what is under way
    input  logic        tx_inside_i,     // within a frame
    input  logic        rx_inside_i,
    input  logic        paused_i,
    input  logic        xoff_i,
    input  logic        pause_req_i,
    input  logic        pace_stall_i,

    output logic        special_o,
    output logic        up_o,            // frames go somewhere: to the wire, or back
    output logic        loop_o,          // back
    output logic        stall_o,         // begin no data frame
    output logic        hold_o           // begin no frame
);

  assign link_change_o = link_o == link_down_i;

  always_ff @(posedge clk_i) begin
    if (link_change_o) begin
      link_o    <= !link_down_i;
      changes_o <= changes_o + 1'b1;
    end
    if (!rst_ni) begin
      link_o    <= !link_down_i;
      changes_o <= '0;
    end
  end

  always_ff @(posedge clk_i) begin
    special_o <= active_i || !link_o || stop_i;
    if (special_o) begin
      if (loop_o || paused_i || xoff_i || pause_req_i || pace_stall_i) special_o <= 1'b1;
      if (loopback_i != loop_o && !tx_inside_i && !rx_inside_i) loop_o <= loopback_i;
    end
    if (!rst_ni) begin
      special_o <= 1'b0;
      loop_o    <= 1'b0;
    end
  end

  always_comb begin
    up_o    = 1'b1;
    stall_o = 1'b0;
    hold_o  = 1'b0;
    if (special_o) begin
      up_o    = link_o || loop_o;
      stall_o = paused_i || pace_stall_i;
      hold_o  = loopback_i != loop_o;
    end
  end

endmodule
