// SPDX-License-Identifier: Apache-2.0
// What the transactors, the clock loop and Python share: simulated time, the event queue, settings and counters.
//
// The simulator is one thread. Python runs only inside crossings (main.cpp), between two evaluations of the model, so the arrays
// below are shared without locks: Python reads and clears them, and nothing is added meanwhile.
// All times are ps unless a name says fs (the wire: a byte at 400 Gb/s takes 20 ps, at other rates not a whole number).
#ifndef RINGSIDE_SIM_H
#define RINGSIDE_SIM_H

#include <x86intrin.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host_memory.h"
#include "random.h"

namespace ringside {

constexpr uint64_t NEVER = ~0ULL;
constexpr size_t ARENA = 16 << 20;

// What Python is told. `a`, `b`, `c` by kind:
enum EventKind : uint32_t {
    EV_RESET_DONE = 1,
    EV_MMIO_READ = 2,     // a: tag; b: value; c: AXI response | address << 8
    EV_MMIO_ERROR = 3,    // a refused MMIO write; a: AXI response; b: address
    EV_FAULT = 4,         // a: Fault | is_write << 8 | bytes << 9 | AXI ID << 16; b: address of the beat; c: first refused byte
    EV_MSI = 5,           // a: data; b: address
    EV_IRQ_LINE = 6,      // a: level
    EV_WIRE_FRAME = 7,    // from the device; a: bytes; b: offset in the arena
    EV_WIRE_TAKEN = 8,    // b: tag
    EV_WIRE_DROPPED = 9,  // the MAC FIFO was full; b: tag
    EV_RULE = 10,         // a: Rule; b, c: by rule
    EV_INJECTED = 11,     // an error response as ordered (axi::fail, or the settings); a: is_write << 8 | AXI ID << 16; b: address
    EV_CLOCK_LIMIT = 12,
    EV_INTERRUPT = 13,  // Ctrl-C
    EV_FATAL = 14,      // $fatal or a failed assertion: the model stands still; rs_sim_fatal_message()
    EV_BUS_RULE = 15,   // a rule of a bus (docs/bus-rules.md); a: bytes; b: offset in the arena of "rule\0what"
};

enum Rule : uint32_t {
    RULE_IRQ3 = 1,       // a message came before the writes that it announces; b: data; c: IDs, a bit each
    RULE_MSI_SHAPE = 2,  // an interrupt message that is not one aligned write of 4 bytes; b: address; c: strobes
};

struct Event {
    uint32_t kind, a;
    uint64_t b, c, time;
};

// MMIO as Python posts it.
struct Command {
    uint64_t at;
    uint32_t addr, value;
    uint32_t size;  // bytes: 1, 2, 4
    uint32_t is_read;
    uint64_t tag;
};

// Words that Python reads and writes in place; the names are exported (rs_sim_layout), so that there is one list.
#define RINGSIDE_CONTROL(X)                                                                                           \
    X(now) X(deadline) X(quantum) X(events) X(arena) X(commands) X(clocks) X(mac_clocks) X(wakes) X(python_ticks)     \
    X(total_ticks) X(profile) X(transactor_ticks) X(full_steps) X(in_python) X(max_wait)

struct Control {
#define X(name) uint64_t name;
    RINGSIDE_CONTROL(X)
#undef X
};

#define RINGSIDE_COUNTERS(X)                                                                                          \
    X(axi_aw) X(axi_w) X(axi_b) X(axi_ar) X(axi_r) X(mmio_writes) X(mmio_reads) X(msis) X(irq_edges) X(faults)        \
    X(wire_tx_frames) X(wire_tx_bytes) X(wire_tx_beats) X(wire_rx_frames) X(wire_rx_bytes) X(wire_rx_beats)           \
    X(wire_rx_dropped) X(wire_rx_queued) X(wire_tx_busy_ps) X(wire_rx_busy_ps) X(injected) X(events_total)            \
    X(reads_open) X(writes_open) X(mmio_open) X(wire_tx_open)

struct Counters {
#define X(name) uint64_t name = 0;
    RINGSIDE_COUNTERS(X)
#undef X
};

// The channels that can stall; tb_top.sv gives them to its two stall_gen by number.
enum Channel : uint32_t { CH_AW, CH_W, CH_B, CH_AR, CH_R, CH_LAW, CH_LW, CH_LB, CH_LAR, CH_LR, CH_SRC, CH_SNK, CH_COUNT };

// Settings; tb/rtl_platform.py mirrors this struct (rs_sim_layout carries its names).
#define RINGSIDE_SETTINGS(X)                                                                                          \
    X(read_latency) X(read_jitter) X(write_latency) X(write_jitter) X(read_period_256) X(reorder) X(interleave)       \
    X(delayed_writes) X(error_reads) X(error_writes) X(wire_fs_per_byte) X(rx_fifo) X(tx_fifo) X(msi_high)

struct Settings {
#define X(name) uint64_t name = 0;
    RINGSIDE_SETTINGS(X)
#undef X
    uint64_t stall_chance[CH_COUNT] = {};  // per 65,536 clocks without a stall
    uint64_t stall_mask[CH_COUNT] = {};    // a stall lasts 1 + (random & mask) clocks
};

class Recorder;

class Sim {
  public:
    Control ctl{};
    Settings settings;
    uint32_t link = 0;  // the link's pins: bit 31 no link, 19:0 Mb/s (0: not known)
    Counters count;
    HostMemory* memory = nullptr;
    Recorder* recorder = nullptr;
    uint64_t seed = 1;
    uint64_t clk_ps = 4000;
    uint64_t mac_ps = 0;  // of the wire; 0, until the clock loop starts: the wire has no clock of its own
    bool has_mac_clock = false;

    uint64_t now = 0;
    uint64_t next_due = 0;      // when run_due() has something to do
    volatile uint64_t wake_at = NEVER;  // when Python is due; volatile: Ctrl-C sets it from a signal handler
    volatile bool interrupted = false;
    std::string fatal_message;

    // Inputs of tb_top that run_due() and the transactors set; the clock loop points them at the model.
    uint8_t* mmio_kick = nullptr;
    uint8_t* source_kick = nullptr;
    uint8_t* settings_kick = nullptr;

    std::vector<Event> events;
    std::unique_ptr<uint8_t[]> arena;  // of ARENA bytes
    std::vector<Command> commands;

    Sim();
    void emit(EventKind kind, uint32_t a, uint64_t b, uint64_t c, bool at_once = false) { emit_at(now, kind, a, b, c, at_once); }
    void emit_at(uint64_t time, EventKind kind, uint32_t a, uint64_t b, uint64_t c, bool at_once = false);
    void rule(Rule rule, uint64_t b, uint64_t c) { emit(EV_RULE, rule, b, c, true); }
    void bus_rule(const char* rule, const std::string& what);
    uint64_t arena_add(const uint8_t* data, uint64_t length);  // returns its offset

    // Before the step at `now`: let the transactors whose time has come act.
    void run_due();
    void due_at(uint64_t time) {
        if (time < next_due) next_due = time;
    }

    void ingest();        // take over the commands that Python posted
    void events_delivered();  // Python has been told of the events so far, whether it listened or not
    void compute_wake();      // after Python ran: when it is due next
    void settings_changed();
    uint64_t digest() const;
    bool reset_low = true;  // rst_ni is low
    bool in_reset = true;   // and for some clocks after, until both clock domains have seen its end

  private:
    uint64_t rounded(uint64_t time) const;
    uint64_t event_wake_ = NEVER;
    uint64_t settings_until_ = 0;
};

extern Sim sim;

// Counts the ticks of a transactor's DPI call, when profiling is on.
class Ticks {
  public:
    Ticks() : start_(sim.ctl.profile ? __rdtsc() : 0) {}
    ~Ticks() {
        if (start_) sim.ctl.transactor_ticks += __rdtsc() - start_;
    }

  private:
    uint64_t start_;
};

// The transactors' parts that others call.
namespace axi {
void reset();
// The message (addr, data) announces answers to writes with these IDs, a bit each (IRQ3).
void announce(uint64_t addr, uint32_t data, uint64_t ids);
// Of the accesses by these IDs (a bit each) to a byte from `first` to `last`, let `skip` pass and answer `times` with `resp`.
void fail(bool write, uint64_t ids, uint64_t first, uint64_t last, uint64_t skip, uint64_t times, uint32_t resp);
void fail_no_more();
bool writes_before_are_visible(uint64_t time);  // writes that were accepted before `time`
uint64_t digest();
void describe(std::string& out);
}  // namespace axi
namespace mmio {
void reset();
void post(const Command& command);
uint64_t due();          // when the head of the queue is due
void writes_advanced();  // a write has become visible: a held read may complete
uint64_t digest();
void describe(std::string& out);
}  // namespace mmio
namespace wire {
void reset();
uint64_t send(const uint8_t* frame, uint64_t length, uint64_t at, bool bad);
uint64_t run(uint64_t now);  // admissions and completed frames, and the source's kick; returns when it is due next
uint64_t digest();
void describe(std::string& out);
}  // namespace wire

}  // namespace ringside

#endif
