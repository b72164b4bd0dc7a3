// SPDX-License-Identifier: Apache-2.0
// Time, events and wake-ups; see sim.h.
#include "sim.h"

#include "recorder.h"

namespace ringside {

Sim sim;

namespace {

constexpr size_t EVENTS = 1 << 16;
constexpr size_t COMMANDS = 1 << 12;
constexpr size_t ARENA = 16 << 20;

}  // namespace

Sim::Sim() : events(EVENTS), arena(ARENA), commands(COMMANDS) { ctl.deadline = NEVER; }

// Python's own rhythm: with a quantum, it is woken at multiples of it only.
uint64_t Sim::rounded(uint64_t time) const {
    const uint64_t q = ctl.quantum;
    if (!q || time > NEVER - q) return time;
    return (time + q - 1) / q * q;
}

void Sim::emit_at(uint64_t time, EventKind kind, uint32_t a, uint64_t b, uint64_t c, bool at_once) {
    count.events_total++;
    if (ctl.events == EVENTS || ctl.arena > ARENA - (1 << 16)) ctl.events = ctl.arena = 0;  // nobody listens
    // Within one time step the transactors act in an order that is the compiler's choice; Python sees them by kind.
    size_t i = ctl.events++;
    while (i > 0 && events[i - 1].time == time && events[i - 1].kind > kind) {
        events[i] = events[i - 1];
        i--;
    }
    events[i] = Event{kind, a, b, c, time};
    if (at_once || ctl.events > EVENTS / 2 || ctl.arena > ARENA / 2) {
        event_wake_ = now;
    } else if (event_wake_ == NEVER) {
        event_wake_ = rounded(now);
    }
    if (event_wake_ < wake_at) wake_at = event_wake_;
}

uint64_t Sim::arena_add(const uint8_t* data, uint64_t length) {
    const uint64_t offset = ctl.arena;
    __builtin_memcpy(arena.data() + offset, data, length);
    ctl.arena += length;
    return offset;
}

void Sim::run_due() {
    uint64_t next = wire::run(now);
    const bool source = wire::source_ready(now);
    *source_kick = source;
    const uint64_t command = mmio::due();
    *mmio_kick = command <= now;
    if (command > now && command < next) next = command;
    if (settings_until_) {
        *settings_kick = now < settings_until_;
        if (now >= settings_until_) {
            settings_until_ = 0;
        } else if (settings_until_ < next) {
            next = settings_until_;
        }
    }
    // While a transactor is kicked, look again at each step: what it takes changes what is due.
    next_due = (*mmio_kick || source) ? now : next;
}

void Sim::settings_changed() {
    // Long enough for an edge of each clock; reading the settings twice does no harm.
    settings_until_ = now + 2 * (clk_ps > mac_ps ? clk_ps : mac_ps);
    due_at(now);
}

void Sim::ingest() {
    for (uint64_t i = 0; i < ctl.commands; i++) {
        if (recorder) recorder->command(commands[i]);
        mmio::post(commands[i]);
    }
    ctl.commands = 0;
}

void Sim::events_delivered() { event_wake_ = NEVER; }

void Sim::compute_wake() {
    const uint64_t deadline = rounded(ctl.deadline);
    wake_at = interrupted ? 0 : (deadline < event_wake_ ? deadline : event_wake_);
}

uint64_t Sim::digest() const {
    Digest d;
    d.add(ctl.clocks);
    d.add(axi::digest());
    d.add(mmio::digest());
    d.add(wire::digest());
    return d.value();
}

}  // namespace ringside

// DPI: the random part of tb/sv/stall_gen.sv.
extern "C" unsigned int rs_stall_seed(unsigned int channel) {
    using namespace ringside;
    return static_cast<unsigned int>(mix64(mix64(sim.seed) + 1000 + channel)) | 1;
}

extern "C" void rs_stall_settings(unsigned int channel, unsigned int* chance, unsigned int* mask) {
    using namespace ringside;
    *chance = static_cast<unsigned int>(sim.settings.stall_chance[channel]);
    *mask = static_cast<unsigned int>(sim.settings.stall_mask[channel]);
}

// DPI: tb/sv/hold_check.sv.
extern "C" void rs_hold_broken(unsigned int channel, unsigned char fell) { ringside::sim.rule(ringside::RULE_HOLD, channel, fell); }

// DPI: tb_top.sv, the level interrupt.
extern "C" void rs_irq_line(unsigned char level) {
    using namespace ringside;
    sim.count.irq_edges++;
    sim.emit(EV_IRQ_LINE, level, 0, 0);
}
