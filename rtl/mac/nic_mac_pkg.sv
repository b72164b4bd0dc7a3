// SPDX-License-Identifier: Apache-2.0
// What the blocks of the MAC side share.

package nic_mac_pkg;

  // To how many a frame goes. The values are places in the RMON counters.
  typedef enum logic [1:0] {
    Unicast   = 2'd0,
    Multicast = 2'd1,
    Broadcast = 2'd2
  } mac_cast_e;

  // What is told with a frame's last beat on its way to RX.
  typedef struct packed {
    logic      own;     // a PAUSE frame that was obeyed: RX forgets it, but for its counters
    logic      pause;   // a PAUSE frame
    mac_cast_e to;
    logic      bad;     // marked bad by the wire
  } rx_tag_t;

  // By a destination address, first byte on the wire in 7:0.
  function automatic mac_cast_e cast_of(logic [47:0] dest);
    if (!dest[0]) return Unicast;
    return (dest == '1) ? Broadcast : Multicast;
  endfunction

endpackage
