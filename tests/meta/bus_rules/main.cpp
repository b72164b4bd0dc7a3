// SPDX-License-Identifier: Apache-2.0
// Drives the pins of check_top.sv from standard input and prints the rules that the checkers find broken.
//
// A line of input is a clock: "pin=value ..." changes pins, which keep their values otherwise. After "max_wait=N", offers that wait longer
// are told. A line of output: clock, rule, port, what.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>

#include "Vcheck_top.h"
#include "bus_check.h"

namespace {
unsigned int max_wait = 0;
unsigned long clocks = 0;
}  // namespace

void ringside::bus_rule_broken(const char* port, const char* rule, const std::string& what) {
    std::printf("%lu\t%s\t%s\t%s\n", clocks, rule, port, what.c_str());
}

unsigned int ringside::bus_max_wait() { return max_wait; }

int main() {
    Vcheck_top top;
    std::map<std::string, std::function<void(unsigned long long)>> pins;
#define PIN(name) pins[#name] = [&](unsigned long long value) { top.name = static_cast<decltype(top.name + 0)>(value); };
    PIN(rst_ni)
    PIN(awid) PIN(awaddr) PIN(awlen) PIN(awsize) PIN(awburst) PIN(awlock) PIN(awcache) PIN(awprot) PIN(awvalid) PIN(awready)
    PIN(wdata) PIN(wstrb) PIN(wlast) PIN(wvalid) PIN(wready) PIN(bid) PIN(bresp) PIN(bvalid) PIN(bready)
    PIN(arid) PIN(araddr) PIN(arlen) PIN(arsize) PIN(arburst) PIN(arlock) PIN(arcache) PIN(arprot) PIN(arvalid) PIN(arready)
    PIN(rid) PIN(rdata) PIN(rresp) PIN(rlast) PIN(rvalid) PIN(rready)
    PIN(laddr_w) PIN(lprot_w) PIN(lvalid_aw) PIN(lready_aw) PIN(ldata_w) PIN(lstrb) PIN(lvalid_w) PIN(lready_w)
    PIN(lresp_b) PIN(lvalid_b) PIN(lready_b) PIN(laddr_r) PIN(lprot_r) PIN(lvalid_ar) PIN(lready_ar)
    PIN(ldata_r) PIN(lresp_r) PIN(lvalid_r) PIN(lready_r)
    PIN(tdata) PIN(tkeep) PIN(tvalid) PIN(tready) PIN(tlast) PIN(tuser)
    pins["max_wait"] = [](unsigned long long value) { max_wait = static_cast<unsigned int>(value); };
    std::string line, word;
    while (std::getline(std::cin, line)) {
        std::istringstream words(line);
        while (words >> word) {
            const size_t equals = word.find('=');
            const auto pin = pins.find(word.substr(0, equals));
            if (equals == std::string::npos || pin == pins.end()) {
                std::fprintf(stderr, "no pin: %s\n", word.c_str());
                return 2;
            }
            pin->second(std::strtoull(word.c_str() + equals + 1, nullptr, 0));
        }
        top.clk_i = 0;
        top.eval();
        top.clk_i = 1;
        top.eval();
        clocks++;
    }
}
