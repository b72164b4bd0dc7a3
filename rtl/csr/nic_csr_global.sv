// SPDX-License-Identifier: Apache-2.0
// Device-wide registers, ID to SCRATCH. glob_cfg_o holds what the datapath is to use: where a register's value is
// out of range, the value that it acts as (nic.rdl says which); reading gives back what was written.

module nic_csr_global
  import nic_pkg::*;
  import nic_regs_pkg::*;
#(
    parameter int unsigned Queues    = 4,
    parameter int unsigned DataWidth = 256
) (
    input  logic clk_i,
    input  logic rst_ni,

    // register bus
    input  reg_req_t req_i,
    output reg_rsp_t rsp_o,

    // configuration
    output glob_cfg_t glob_cfg_o,
    output logic      reset_request_o,   // one clock: RESET.reset was written

    // status
    input  logic reset_busy_i,
    input  logic link_i,
    input  logic idle_i
);

  localparam logic [31:0] Caps = (32'(Queues) << CAPS_QUEUES_LSB) |
                                 (32'($clog2(DataWidth / 8)) << CAPS_DATA_LOG2_LSB) |
                                 (32'(MaxRingLog2) << CAPS_RING_LOG2_LSB);

  function automatic frame_len_t limit_frame(frame_len_t bytes);
    return bytes > frame_len_t'(MaxFrame) ? frame_len_t'(MaxFrame) : bytes;
  endfunction

  frame_len_t  max_frame_q;   // as written
  logic [31:0] scratch_q;
  logic        mine_q;        // a register of these is asked for
  logic [5:0]  place_q;
  logic        write;

  always_ff @(posedge clk_i) begin
    if (req_i.setup) begin
      mine_q <= req_i.addr[15:6] == '0;
      if (req_i.addr[15:6] == '0) place_q <= req_i.addr[5:0];
    end
  end

  assign write = req_i.valid && req_i.write && mine_q;

  always_comb begin
    reset_request_o = 1'b0;
    if (write && place_q == RESET_OFFSET[5:0]) begin
      reset_request_o = |(apply_strb('0, req_i.wdata, req_i.wstrb) & RESET_WMASK);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      glob_cfg_o.enable    <= CTRL_DEFAULT[CTRL_ENABLE_LSB];
      glob_cfg_o.mac       <= {MAC_HI_DEFAULT[15:0], MAC_LO_DEFAULT};
      glob_cfg_o.promisc   <= RX_CTRL_DEFAULT[RX_CTRL_PROMISC_LSB];
      glob_cfg_o.allmulti  <= RX_CTRL_DEFAULT[RX_CTRL_ALLMULTI_LSB];
      glob_cfg_o.broadcast <= RX_CTRL_DEFAULT[RX_CTRL_BROADCAST_LSB];
      glob_cfg_o.vlan_strip  <= RX_CTRL_DEFAULT[RX_CTRL_VLAN_STRIP_LSB];
      glob_cfg_o.vlan_filter <= RX_CTRL_DEFAULT[RX_CTRL_VLAN_FILTER_LSB];
      glob_cfg_o.max_frame <= limit_frame(frame_len_t'(MAX_FRAME_DEFAULT));
      max_frame_q          <= frame_len_t'(MAX_FRAME_DEFAULT);
      scratch_q            <= SCRATCH_DEFAULT;
    end else if (write) begin
      case (place_q)
        CTRL_OFFSET[5:0]: if (req_i.wstrb[0]) glob_cfg_o.enable <= req_i.wdata[CTRL_ENABLE_LSB];
        MAC_LO_OFFSET[5:0]: glob_cfg_o.mac[31:0] <= apply_strb(glob_cfg_o.mac[31:0], req_i.wdata, req_i.wstrb);
        MAC_HI_OFFSET[5:0]:
        glob_cfg_o.mac[47:32] <= 16'(apply_strb(32'(glob_cfg_o.mac[47:32]), req_i.wdata, req_i.wstrb));
        RX_CTRL_OFFSET[5:0]:
        if (req_i.wstrb[0]) begin
          glob_cfg_o.promisc   <= req_i.wdata[RX_CTRL_PROMISC_LSB];
          glob_cfg_o.allmulti  <= req_i.wdata[RX_CTRL_ALLMULTI_LSB];
          glob_cfg_o.broadcast <= req_i.wdata[RX_CTRL_BROADCAST_LSB];
          glob_cfg_o.vlan_strip  <= req_i.wdata[RX_CTRL_VLAN_STRIP_LSB];
          glob_cfg_o.vlan_filter <= req_i.wdata[RX_CTRL_VLAN_FILTER_LSB];
        end
        MAX_FRAME_OFFSET[5:0]: begin
          automatic frame_len_t bytes = 14'(apply_strb(32'(max_frame_q), req_i.wdata, req_i.wstrb));
          max_frame_q          <= bytes;
          glob_cfg_o.max_frame <= limit_frame(bytes);
        end
        SCRATCH_OFFSET[5:0]: scratch_q <= apply_strb(scratch_q, req_i.wdata, req_i.wstrb);
        default: ;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i.valid) begin
      rsp_o     <= '0;
      rsp_o.hit <= mine_q;
      if (mine_q) begin
        case (place_q)
          ID_OFFSET[5:0]:        rsp_o.rdata <= ID_DEFAULT;
          VERSION_OFFSET[5:0]:   rsp_o.rdata <= VERSION_DEFAULT;
          CAPS_OFFSET[5:0]:      rsp_o.rdata <= Caps;
          CTRL_OFFSET[5:0]:      rsp_o.rdata[CTRL_ENABLE_LSB] <= glob_cfg_o.enable;
          RESET_OFFSET[5:0]:     rsp_o.rdata[RESET_RESET_LSB] <= reset_busy_i;
          STATUS_OFFSET[5:0]: begin
            rsp_o.rdata[STATUS_LINK_LSB] <= link_i;
            rsp_o.rdata[STATUS_IDLE_LSB] <= idle_i;
          end
          MAC_LO_OFFSET[5:0]:    rsp_o.rdata <= glob_cfg_o.mac[31:0];
          MAC_HI_OFFSET[5:0]:    rsp_o.rdata <= 32'(glob_cfg_o.mac[47:32]);
          RX_CTRL_OFFSET[5:0]: begin
            rsp_o.rdata[RX_CTRL_PROMISC_LSB]   <= glob_cfg_o.promisc;
            rsp_o.rdata[RX_CTRL_ALLMULTI_LSB]  <= glob_cfg_o.allmulti;
            rsp_o.rdata[RX_CTRL_BROADCAST_LSB] <= glob_cfg_o.broadcast;
            rsp_o.rdata[RX_CTRL_VLAN_STRIP_LSB]  <= glob_cfg_o.vlan_strip;
            rsp_o.rdata[RX_CTRL_VLAN_FILTER_LSB] <= glob_cfg_o.vlan_filter;
          end
          MAX_FRAME_OFFSET[5:0]: rsp_o.rdata <= 32'(max_frame_q);
          SCRATCH_OFFSET[5:0]:   rsp_o.rdata <= scratch_q;
          default:          rsp_o.hit <= 1'b0;
        endcase
      end
    end
  end

endmodule
