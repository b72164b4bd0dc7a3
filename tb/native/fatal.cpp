// SPDX-License-Identifier: Apache-2.0
// $fatal, failed assertions and Verilator's own errors end the evaluation by an exception instead of the process, so that Python
// can still say what was going on (built with -DVL_USER_FATAL -DVL_USER_STOP).
#include <cstdio>

#include "clock_loop.h"

void vl_fatal(const char* filename, int linenum, const char* hier, const char* msg) {
    std::fflush(stdout);  // the assertion's own words went there
    std::string message = msg ? msg : "fatal error";
    if (filename && *filename) message = std::string(filename) + ":" + std::to_string(linenum) + ": " + message;
    if (hier && *hier) message += std::string(" in ") + hier;
    std::fprintf(stderr, "ringside: RTL fatal at %llu ps: %s\n", static_cast<unsigned long long>(ringside::sim.now),
                 message.c_str());
    std::fflush(stderr);
    Verilated::threadContextp()->gotError(true);
    ringside::Fatal fatal;
    fatal.message = message;
    throw fatal;
}

// $error, $fatal, $stop and failed assertions. While reset is low they mean nothing: before it has reached a register, that holds
// anything, and a NIC may register its reset.
void vl_stop(const char* filename, int linenum, const char* hier) {
    if (ringside::sim.reset_low) {
        Verilated::threadContextp()->errorCount(0);
        return;
    }
    vl_fatal(filename, linenum, hier, "$error, $fatal or a failed assertion");
}
