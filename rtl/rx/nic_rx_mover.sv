// SPDX-License-Identifier: Apache-2.0
// Carries out write jobs: reads a burst's bytes from the RX packet buffer, turned to the alignment of their
// destination, and hands them on as beats with strobes. A beat a clock, jobs without a gap; three clocks from a job
// to its first beat. Releases a frame's words when the last of them has been read.

module nic_rx_mover
  import nic_pkg::*;
  import nic_dma_pkg::*;
#(
    parameter int unsigned DataWidth = 64,
    parameter int unsigned Queues    = 4,
    parameter int unsigned BufLog2   = 14,
    localparam int unsigned QWidth   = (Queues > 1) ? $clog2(Queues) : 1,
    localparam int unsigned Bytes    = DataWidth / 8,
    localparam int unsigned ByteLog2 = $clog2(Bytes),
    localparam int unsigned WordLog2 = BufLog2 - ByteLog2
) (
    input  logic clk_i,
    input  logic rst_ni,
    output logic busy_o,

    // jobs
    input  logic                   job_valid_i,
    output logic                   job_ready_o,
    input  logic                   job_drop_i,
    input  logic [QWidth-1:0]      job_queue_i,
    input  logic [63:0]            job_addr_i,
    input  logic [7:0]             job_len_i,    // beats, minus one
    input  logic [ByteLog2-1:0]    job_end_i,    // lane of the last byte
    input  logic [BufLog2-1:0]     job_src_i,    // what belongs to the first beat's lane 0
    input  logic                   job_last_i,
    input  logic [WordLog2:0]      job_free_i,

    // packet buffer
    output logic                   ram_re_o,
    output logic [QWidth-1:0]      ram_queue_o,
    output logic [BufLog2-1:0]     ram_byte_o,
    output logic                   ram_turn_o,
    input  logic [DataWidth-1:0]   ram_data_i,
    output logic                   free_valid_o,
    output logic [QWidth-1:0]      free_queue_o,
    output logic [WordLog2:0]      free_ptr_o,

    // beats to the write channels
    output logic                   out_valid_o,
    input  logic                   out_ready_i,
    output logic                   out_first_o,
    output logic                   out_last_o,
    output dma_req_t               out_req_o,
    output logic [DataWidth-1:0]   out_data_o,
    output logic [Bytes-1:0]       out_strb_o
);

  // ------------------------------------------------------------------ jobs that wait
  typedef struct packed {
    logic               drop;
    logic               last;
    logic [QWidth-1:0]  qp;
    logic [WordLog2:0]  free;
    logic [BufLog2-1:0] src;
    logic [7:0]         len;
    logic [ByteLog2-1:0] lane;
  } job_t;

  localparam int unsigned JobLog2 = 2;
  typedef logic [JobLog2:0] job_ptr_t;        // one bit more than the address: full differs from empty

  job_t        jobs  [1 << JobLog2];
  logic [63:0] addrs [1 << JobLog2];
  job_ptr_t    wp_q, rp_q;
  job_t        job;
  logic [63:0] addr;
  logic        job_valid, job_pop;

  assign job_valid   = wp_q != rp_q;
  assign job         = jobs[rp_q[JobLog2-1:0]];
  assign addr        = addrs[rp_q[JobLog2-1:0]];

  always_ff @(posedge clk_i) begin
    if (job_valid_i && job_ready_o) begin
      addrs[wp_q[JobLog2-1:0]] <= job_addr_i;
      jobs[wp_q[JobLog2-1:0]]  <= '{
          drop: job_drop_i,
          last: job_last_i,
          qp: job_queue_i,
          free: job_free_i,
          src: job_src_i,
          len: job_len_i,
          lane: job_end_i
      };
    end
  end

  always_ff @(posedge clk_i) begin
    // Room for one more than was seen in the clock before.
    job_ready_o <= rst_ni && (wp_q - rp_q) < job_ptr_t'((1 << JobLog2) - 1);
    if (!rst_ni) begin
      wp_q <= '0;
      rp_q <= '0;
    end else begin
      if (job_valid_i && job_ready_o) wp_q <= wp_q + 1'b1;
      if (job_pop) rp_q <= rp_q + 1'b1;
    end
  end

  // ------------------------------------------------------------------ one read a clock while the output moves
  logic                en, read, first, last;
  logic [7:0]          beat_q;                // of the job
  logic [BufLog2-1:0]  next_q;                // byte to read for it, but for the first

  assign en    = !out_valid_o || out_ready_i;
  assign first = beat_q == '0;
  assign last  = beat_q == job.len;

  assign read    = en && job_valid && !job.drop;
  assign job_pop = job_valid && (job.drop || (read && last));

  assign ram_re_o    = read;
  assign ram_queue_o = job.qp;
  assign ram_byte_o  = first ? job.src : next_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) beat_q <= '0;
    else if (read) beat_q <= last ? '0 : beat_q + 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (read) next_q <= ram_byte_o + BufLog2'(Bytes);
  end

  always_ff @(posedge clk_i) begin
    free_valid_o <= rst_ni && job_pop && job.last;
    if (job_pop) begin
      free_queue_o <= job.qp;
      free_ptr_o   <= job.free;
    end
  end

  // ------------------------------------------------------------------ words read; then turned and offered
  logic             rd_valid_q, rd_first_q, rd_last_q;
  logic [Bytes-1:0] rd_strb_q;
  dma_req_t         rd_req_q;

  assign ram_turn_o = en && rd_valid_q;
  assign out_data_o = ram_data_i;
  assign busy_o     = job_valid || rd_valid_q || out_valid_o;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      rd_valid_q  <= 1'b0;
      out_valid_o <= 1'b0;
    end else if (en) begin
      rd_valid_q  <= read;
      out_valid_o <= rd_valid_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (read) begin
      rd_first_q <= first;
      rd_last_q  <= last;
      rd_strb_q  <= ({Bytes{1'b1}} << (first ? addr[ByteLog2-1:0] : '0)) & ({Bytes{1'b1}} >> (last ? ~job.lane : '0));
      if (first) rd_req_q <= '{id: '{kind: WrRxData, qp: queue_t'(job.qp)}, addr: addr, len: job.len};
    end
    if (ram_turn_o) begin
      out_first_o <= rd_first_q;
      out_last_o  <= rd_last_q;
      out_strb_o  <= rd_strb_q;
      if (rd_first_q) out_req_o <= rd_req_q;
    end
  end

endmodule
