// SPDX-License-Identifier: Apache-2.0
// How the bus checkers report (tb/native/bus_check.h): each call names the port and the rule that it broke.
package bus_rules_pkg;
  // An offer that waits is reported every so many clocks, to be judged against the limit of the NIC's description.
  localparam int unsigned WaitPeriod = 16;

  // `what` may show a and b (printf's %llu, %llx).
  import "DPI-C" function void rs_bus_rule(
    input string port,
    input string rule,
    input string what,
    input longint unsigned a,
    input longint unsigned b
  );
  import "DPI-C" function void rs_bus_changed(
    input string port,
    input string rule,
    input longint unsigned was,
    input longint unsigned is
  );
  import "DPI-C" function void rs_bus_data_changed(
    input string port,
    input string rule,
    input bit [511:0] was,
    input bit [511:0] is
  );
  import "DPI-C" function void rs_bus_waits(
    input string port,
    input string rule,
    input int unsigned clocks
  );
endpackage
