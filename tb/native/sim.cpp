// SPDX-License-Identifier: Apache-2.0
// Time, events and wake-ups; see sim.h.
#include "sim.h"

#include "bus_check.h"
#include "recorder.h"

namespace ringside {

Sim sim;

namespace {

constexpr size_t EVENTS = 1 << 16;
constexpr size_t COMMANDS = 1 << 12;

}  // namespace

Sim::Sim() : events(EVENTS), arena(new uint8_t[ARENA]), commands(COMMANDS) { ctl.deadline = NEVER; }

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
    __builtin_memcpy(arena.get() + offset, data, length);
    ctl.arena += length;
    return offset;
}

void Sim::bus_rule(const char* rule, const std::string& what) {
    std::string text = rule;
    text += '\0';
    text += what;
    const uint64_t offset = arena_add(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    emit(EV_BUS_RULE, static_cast<uint32_t>(text.size()), offset, 0, true);
}

void Sim::run_due() {
    uint64_t next = wire::run(now);
    const uint64_t command = mmio::due();
    *mmio_kick = command <= now;  // until mmio_master takes it
    if (command > now && command < next) next = command;
    if (settings_until_) {
        *settings_kick = now < settings_until_;
        if (now >= settings_until_) {
            settings_until_ = 0;
        } else if (settings_until_ < next) {
            next = settings_until_;
        }
    }
    next_due = next;
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

// DPI: tb/sv/link_pins.sv.
extern "C" unsigned int rs_link() { return ringside::sim.link; }

// DPI: tb/sv/stall_gen.sv. A clock of `count` channels; a bit each, whether it stalls.
namespace {
struct Stall {
    uint32_t chance, mask, random;
    uint16_t left;  // clocks
};
Stall stalls[ringside::CH_COUNT];

uint32_t xorshift(uint32_t x) {
    x ^= x << 13;
    x ^= x >> 17;
    return x ^ x << 5;
}
}  // namespace

extern "C" unsigned int rs_stalls(unsigned int first, unsigned int count, unsigned char reset, unsigned char settings,
                                  unsigned char* active) {
    using namespace ringside;
    unsigned int bits = 0;
    *active = 0;
    for (unsigned int i = 0; i < count; i++) {
        Stall& s = stalls[first + i];
        if (reset) {
            s.random = static_cast<uint32_t>(mix64(mix64(sim.seed) + 1000 + first + i)) | 1;
            s.left = 0;
        } else if (s.left) {
            s.left--;
        } else if (s.chance) {
            const uint32_t drawn = s.random;
            s.random = xorshift(drawn);
            if ((drawn & 0xFFFF) < s.chance) s.left = static_cast<uint16_t>(1 + (drawn >> 16 & s.mask));
        }
        if (reset || settings) {
            s.chance = static_cast<uint32_t>(sim.settings.stall_chance[first + i]);
            s.mask = static_cast<uint32_t>(sim.settings.stall_mask[first + i]);
        }
        bits |= static_cast<unsigned int>(s.left != 0) << i;
        if (s.left || s.chance) *active = 1;
    }
    return bits;
}

// What bus_check.h finds.
void ringside::bus_rule_broken(const char* port, const char* rule, const std::string& what) {
    sim.bus_rule(rule, std::string(port) + ", clock " + std::to_string(sim.ctl.clocks) + ": " + what);
}

unsigned int ringside::bus_max_wait() { return static_cast<unsigned int>(sim.ctl.max_wait); }

// DPI: tb_top.sv, the level interrupt.
extern "C" void rs_irq_line(unsigned char level) {
    using namespace ringside;
    sim.count.irq_edges++;
    sim.emit(EV_IRQ_LINE, level, 0, 0);
}
