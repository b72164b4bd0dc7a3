// SPDX-License-Identifier: Apache-2.0
// Whether the link partner is to be paused: a queue's part of the RX packet buffer has filled to the high threshold, and
// not yet emptied to the low one. Each event changes the bit of its queue alone; there is no sum over the queues.

module nic_mac_fill #(
    parameter int unsigned Queues  = 4,
    parameter int unsigned BufLog2 = 14,                 // bytes of a queue's part
    parameter int unsigned Bytes   = 8,                  // of a word
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned ByteLog2 = $clog2(Bytes),
    localparam int unsigned PtrWidth = BufLog2 - ByteLog2 + 1
) (
    input  logic clk_i,

    input  logic                enable_i,      // 0 in reset
    input  logic [15:0]         high_i,        // bytes
    input  logic [15:0]         low_i,

    input  logic                store_i,       // a frame's word was stored (or should have been)
    input  logic                store_last_i,  // its last: words of frames that are dropped are not counted any more
    input  logic [QWidth-1:0]   store_queue_i,
    input  logic [PtrWidth-1:0] store_words_i, // in use with it
    input  logic                free_i,        // words were released
    input  logic [QWidth-1:0]   free_queue_i,
    input  logic [PtrWidth-1:0] free_words_i,  // still in use by frames that are complete

    output logic                high_o
);

  localparam int unsigned Slots = 1 << QWidth;
  logic [Slots-1:0] above_q;

  assign high_o = above_q != '0;

  function automatic logic [16:0] bytes_of(logic [PtrWidth-1:0] words);
    return 17'(words) << ByteLog2;
  endfunction

  always_ff @(posedge clk_i) begin
    if (enable_i) begin
      if (free_i && bytes_of(free_words_i) <= {1'b0, low_i}) above_q[free_queue_i] <= 1'b0;
      if (store_i) begin
        if (bytes_of(store_words_i) >= {1'b0, high_i}) above_q[store_queue_i] <= 1'b1;
        else if (store_last_i && bytes_of(store_words_i) <= {1'b0, low_i}) above_q[store_queue_i] <= 1'b0;
      end
    end else begin
      above_q <= '0;
    end
  end

endmodule
