// SPDX-License-Identifier: Apache-2.0
// What the frame list holds of a frame, three clocks after its last piece is taken; of a frame of a TSO that is the new
// header fields, and what they add to the sums for TCP's and IPv4's checksum. One frame a clock; not in a clock of hold_i.

module nic_tx_frame
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned QWidth = 2
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic hold_i,                // nothing moves

    input  logic              load_i,   // a frame's last piece is there
    input  logic              valid_i,  // and taken
    input  logic [QWidth-1:0] queue_i,
    input  index_t            index_i,  // of its last descriptor
    input  tx_word_t          word_i,   // its first word in the buffer
    input  frame_len_t        total_i,  // bytes
    input  logic              last_i,   // the last of its descriptors
    input  logic              first_i,  // and the first
    input  frame_len_t        csum_at_i,
    input  tx_todo_t          todo_i,
    input  logic [31:0]       seq_i,    // of this frame of a TSO
    input  logic [15:0]       id_i,

    output logic              valid_o,
    output logic [QWidth-1:0] queue_o,
    output tx_frame_t         frame_o
);

  localparam int unsigned Ipv6Bytes = 40;
  localparam logic [7:0] Cwr = 8'h80, FinPsh = 8'h09;

  function automatic logic [15:0] fold(logic [18:0] sum);
    logic [16:0] once;
    once = {1'b0, sum[15:0]} + 17'(sum[18:16]);
    return once[15:0] + 16'(once[16]);
  endfunction

  // In the sum of the frame as it is in memory: less what the fields were (their complement is added), plus what they are.
  logic              one_q, two_q, three_q;
  logic [QWidth-1:0] one_queue_q, two_queue_q;
  tx_frame_t         one_frame_q, two_frame_q;
  logic [15:0]       one_old_id_q;
  logic [17:0]       one_seq_q, one_rest_q, two_ip_q;
  logic [16:0]       one_old_q;
  logic [18:0]       two_sum_q;

  always_ff @(posedge clk_i) begin
    if (!hold_i) begin
      one_q   <= valid_i;
      two_q   <= one_q;
      three_q <= two_q;
      if (load_i) begin
        automatic logic [7:0] flags = todo_i.flags & ~(first_i ? 8'h00 : Cwr) & ~(last_i ? 8'h00 : FinPsh);
        one_queue_q <= queue_i;
        one_frame_q <= '{
            tso: todo_i.tso,
            part: todo_i.tso && !last_i,
            headers: '{ipv6: todo_i.ipv6, l3_off: todo_i.l3_off, l4_off: todo_i.csum_start[7:0],
                       ip_len: 16'(total_i) - 16'(todo_i.l3_off), ip_id: id_i, seq: seq_i, flags: flags},
            adjust: '0,
            ip_adjust: '0,
            edit: '{vlan: todo_i.vlan, tci: todo_i.tci, csum: todo_i.csum, csum_at: csum_at_i},
            csum_odd: todo_i.csum_start[0],
            last: index_i + 1'b1,
            word: word_i,
            len: total_i
        };
        one_old_id_q <= todo_i.ip_id;
        one_seq_q    <= 18'(seq_i[31:16]) + 18'(seq_i[15:0]);
        one_old_q    <= 17'(16'(~todo_i.seq[31:16])) + 17'(16'(~todo_i.seq[15:0]));
        one_rest_q   <= 18'(16'(16'(total_i) - 16'(todo_i.csum_start))) + 18'(flags) +
                        18'({8'hFF, ~todo_i.flags});
      end
      if (one_q) begin
        automatic logic [15:0] ip_len = one_frame_q.headers.ip_len - (one_frame_q.headers.ipv6 ? 16'(Ipv6Bytes) : '0);
        two_queue_q <= one_queue_q;
        two_frame_q <= one_frame_q;
        two_frame_q.headers.ip_len <= ip_len;
        two_sum_q   <= 19'(one_seq_q) + 19'(one_old_q) + 19'(one_rest_q);
        two_ip_q    <= 18'(ip_len) + 18'(one_frame_q.headers.ip_id) + {2'b0, ~one_old_id_q};
      end
      if (two_q) begin
        queue_o <= two_queue_q;
        frame_o <= two_frame_q;
        if (two_frame_q.tso) begin
          frame_o.adjust    <= fold(two_sum_q);
          frame_o.ip_adjust <= fold(19'(two_ip_q));
        end
      end
    end
    if (!rst_ni) begin
      one_q   <= 1'b0;
      two_q   <= 1'b0;
      three_q <= 1'b0;
    end
  end

  assign valid_o = three_q && !hold_i;

endmodule
