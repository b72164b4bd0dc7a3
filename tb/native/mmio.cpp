// SPDX-License-Identifier: Apache-2.0
// The CPU's side of the DUT's AXI4-Lite slave: timed commands from Python, in order of their time.
//
// Called by tb/sv/mmio_master.sv. Writes are posted. A read starts after all earlier writes have been answered, and its
// data is held back until every DMA write that was accepted before is visible (kernel-rules.md: IO1).
#include <deque>

#include "sim.h"

namespace ringside {
namespace {

struct State {
    std::deque<Command> queue;   // sorted by time; equal times in order of posting
    std::deque<uint64_t> writes;  // addresses, sent and not yet answered
    Command read{};               // the read on the bus
    bool reading = false;
    bool holding = false;  // the device has answered, the value waits for DMA writes
    uint64_t held_since = 0;
    uint64_t value = 0;
    uint32_t resp = 0;
    Digest sent, answered;
};
State s;

void complete_read() {
    s.reading = s.holding = false;
    const uint64_t lane = s.read.addr & 3;
    const uint64_t mask = s.read.size >= 4 ? 0xFFFFFFFFULL : (1ULL << 8 * s.read.size) - 1;
    // A refused read gives all ones, as on PCIe; the response goes along.
    const uint64_t value = s.resp ? mask : (s.value >> 8 * lane) & mask;
    sim.count.mmio_open--;
    sim.emit(EV_MMIO_READ, static_cast<uint32_t>(s.read.tag), value, static_cast<uint64_t>(s.read.addr) << 8 | s.resp, true);
}

}  // namespace

namespace mmio {

void reset() { s = State(); }

void post(const Command& command) {
    auto at = s.queue.end();
    while (at != s.queue.begin() && (at - 1)->at > command.at) --at;
    s.queue.insert(at, command);
    sim.count.mmio_open++;
    sim.due_at(command.at);
}

uint64_t due() { return s.queue.empty() || sim.in_reset ? NEVER : s.queue.front().at; }

void writes_advanced() {
    if (s.holding && axi::writes_before_are_visible(s.held_since)) complete_read();
}

uint64_t digest() {
    Digest d;
    d.add(s.sent.value());
    d.add(s.answered.value());
    return d.value();
}

void describe(std::string& out) {
    char line[160];
    for (uint64_t addr : s.writes) {
        snprintf(line, sizeof line, "MMIO write at 0x%llx: not answered by the device\n", static_cast<unsigned long long>(addr));
        out += line;
    }
    if (s.reading) {
        snprintf(line, sizeof line, "MMIO read at 0x%x: %s\n", s.read.addr,
                 s.holding ? "answered, held until earlier DMA writes are visible" : "not answered by the device");
        out += line;
    }
    if (!s.queue.empty()) {
        snprintf(line, sizeof line, "MMIO: %zu commands wait, the first a %s at 0x%x\n", s.queue.size(),
                 s.queue.front().is_read ? "read" : "write", s.queue.front().addr);
        out += line;
    }
}

}  // namespace mmio
}  // namespace ringside

using namespace ringside;

extern "C" {

void rs_mmio_reset() {
    // Commands that Python posted before the end of reset stay.
    s.writes.clear();
    s.reading = s.holding = false;
}

// The next command, if it may go: 0 none, 1 write, 2 read. `idle`: no write waits for its answer.
void rs_mmio_next(unsigned char idle, unsigned int* kind, unsigned int* addr, unsigned int* data, unsigned int* strobe) {
    const Ticks ticks;
    *kind = 0;
    if (s.queue.empty() || s.queue.front().at > sim.now) return;
    const Command command = s.queue.front();
    if (command.is_read && (!idle || s.reading)) return;
    s.queue.pop_front();
    const uint64_t next = mmio::due();
    *sim.mmio_kick = next <= sim.now;
    sim.due_at(next);
    const uint32_t lane = command.addr & 3;
    *kind = command.is_read ? 2 : 1;
    *addr = command.addr & ~3u;  // a word of the bus; strobes choose the bytes
    s.sent.add(sim.now);
    s.sent.add(static_cast<uint64_t>(command.addr) << 32 ^ command.value ^ *kind << 20);
    if (command.is_read) {
        s.read = command;
        s.reading = true;
        sim.count.mmio_reads++;
    } else {
        *data = command.value << 8 * lane;
        *strobe = ((1u << command.size) - 1) << lane & 0xF;
        s.writes.push_back(command.addr);
        sim.count.mmio_writes++;
    }
}

void rs_mmio_b(unsigned int resp) {
    const Ticks ticks;
    s.answered.add(sim.now);
    if (s.writes.empty()) return;  // axil_check.sv says so
    const uint64_t addr = s.writes.front();
    s.writes.pop_front();
    sim.count.mmio_open--;
    if (resp) sim.emit(EV_MMIO_ERROR, resp, addr, 0, true);
}

void rs_mmio_r(unsigned int data, unsigned int resp) {
    const Ticks ticks;
    s.answered.add(sim.now ^ data);
    if (!s.reading || s.holding) return;  // axil_check.sv says so
    s.value = data;
    s.resp = resp;
    s.holding = true;
    s.held_since = sim.now;
    mmio::writes_advanced();
}
}
