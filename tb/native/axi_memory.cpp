// SPDX-License-Identifier: Apache-2.0
// The host side of the DUT's AXI4 master: memory behind an IOMMU, and the window of interrupt messages.
//
// Called by tb/sv/axi_memory.sv, once for each handshake and each clock in which a response may start. A write is held until its B
// handshake and only then visible (settings.delayed_writes), reads are answered after a seeded latency, in any order
// between IDs and, beat by beat, interleaved; the order within an ID is kept.
#include <algorithm>
#include <cstring>
#include <deque>

#include "recorder.h"
#include "sim.h"

namespace ringside {
namespace {

constexpr uint64_t MSI_PAGE = 0xFEE;  // 31:20 of the addresses of messages; 63:32 are settings.msi_high
enum Resp : uint32_t { OKAY = 0, SLVERR = 2, DECERR = 3 };
enum BurstType : uint32_t { FIXED = 0, WRAP = 2 };  // others count up

struct Burst {
    uint32_t id;
    uint64_t addr;
    uint32_t len;   // beats - 1
    uint32_t size;  // log2 of bytes a beat
    uint32_t type;  // AxBURST
    uint64_t accepted;  // time
    uint64_t ready = 0; // clock from which it may be answered
    uint32_t beat = 0;
    uint32_t resp = OKAY;      // a read's: of its beat
    uint32_t injected = OKAY;  // the error that it is to get
    uint32_t refused = 0;      // a read's beat that gets it; the others bring data

    // The bytes of this beat: from `first` up to the next boundary of the size.
    uint64_t first() const {
        if (type == FIXED || beat == 0) return addr;
        const uint64_t next = ((addr >> size) + beat) << size;
        if (type != WRAP) return next;
        const uint64_t inside = (static_cast<uint64_t>(len + 1) << size) - 1;
        return (addr & ~inside) | (next & inside);
    }
    uint64_t end() const { return ((first() >> size) + 1) << size; }
};

struct HeldBeat {  // a write of `strobe` at the bus word `base`
    uint64_t base, strobe;
    uint8_t data[64];
};

struct Write : Burst {
    explicit Write(const Burst& b) : Burst(b) {}
    bool complete = false;
    std::vector<HeldBeat> held;
};

struct EarlyBeat {
    uint64_t strobe;
    uint8_t data[64];
};

// A message and the writes whose answers are its events.
struct Announcement {
    uint64_t addr;
    uint32_t data;
    uint64_t ids;
    uint64_t told = 0;  // answers up to this one it has told of
};
std::vector<Announcement> announcements;

// Accesses that are to fail: `times` of those that match, after `skip` of them.
struct Failure {
    bool write;
    uint64_t ids;          // a bit each
    uint64_t first, last;  // bytes of which the burst has one
    uint64_t skip, times;
    uint32_t resp;
};
std::vector<Failure> failures;

struct Answer {
    uint64_t number = 0;  // counted by State::answers
    uint64_t clock = 0;
};

struct State {
    uint32_t bus_bytes = 8;
    uint64_t clock = 0;  // set by the clock loop's counter at each call
    std::deque<Write> writes;   // in order of acceptance, until their B handshake
    std::deque<Burst> reads;
    std::deque<EarlyBeat> early;  // W beats before their AW
    size_t filling = 0;          // writes[filling] takes the next W beat
    int64_t answering = -1;      // the write whose B is offered
    int64_t reading = -1;        // the read burst whose beats are under way
    uint64_t next_read_256 = 0;  // bandwidth: when the next beat may start, in 1/256 clocks
    uint64_t answers = 0;         // to writes of memory, so far
    Answer last_answer[64];         // by ID
    Random read_latency, write_latency, read_order, write_order, errors;
    Digest aw, w, b, ar, r;
};
State s;

uint64_t clock_now() { return sim.ctl.clocks; }

// A beat is no wider than the bus, whatever the device asks for (axi4_check.sv names the rule).
uint32_t size_on_bus(uint32_t size) { return (1u << size) > s.bus_bytes ? static_cast<uint32_t>(__builtin_ctz(s.bus_bytes)) : size; }

bool is_msi(uint64_t addr) { return addr >> 20 == (sim.settings.msi_high << 12 | MSI_PAGE); }

// The response that this burst is to get, on its way: OKAY, unless it was ordered to fail.
uint32_t ordered_response(const Burst& burst, bool write) {
    const uint64_t inside = (1ull << burst.size) - 1;
    const uint64_t end = (burst.addr & ~inside) + (static_cast<uint64_t>(burst.len + 1) << burst.size);
    for (Failure& f : failures) {
        if (f.write != write || !f.times || !(f.ids >> (burst.id & 63) & 1) || burst.addr > f.last || end <= f.first) continue;
        if (f.skip) {
            f.skip--;
            continue;
        }
        f.times--;
        return f.resp;
    }
    return OKAY;
}

// Whether an access fails: as ordered, or by chance (settings.error_reads, error_writes), messages excepted.
void inject(Burst& burst, bool write) {
    burst.injected = failures.empty() ? OKAY : ordered_response(burst, write);
    const uint64_t chance = write ? sim.settings.error_writes : sim.settings.error_reads;
    if (burst.injected == OKAY && !(write && is_msi(burst.addr)) && s.errors.chance(static_cast<uint32_t>(chance))) burst.injected = SLVERR;
    if (burst.injected == OKAY) return;
    if (write) burst.resp = burst.injected;
    else burst.refused = s.errors.below(burst.len + 1);
    sim.count.injected++;
    sim.emit(EV_INJECTED, (write ? 1u << 8 : 0) | burst.id << 16, burst.addr, 0);
}

void report_fault(Burst& burst, Fault fault, bool write, uint64_t base, uint64_t first_bad) {
    burst.resp = fault == Fault::UNMAPPED ? DECERR : SLVERR;
    sim.count.faults++;
    const uint32_t bytes = static_cast<uint32_t>(write ? s.bus_bytes : burst.end() - burst.first());
    sim.emit(EV_FAULT, static_cast<uint32_t>(fault) | (write ? 1u << 8 : 0) | bytes << 9 | burst.id << 16, base, first_bad, true);
}

// IDs, a bit each, whose writes to memory wait for their response.
uint64_t unanswered_ids(const Write* but) {
    uint64_t ids = 0;
    for (const Write& w : s.writes) {
        if (&w != but && !is_msi(w.addr)) ids |= 1ULL << (w.id & 63);
    }
    return ids;
}

// IRQ3: nothing that this message could announce has been answered and not yet been told of, yet something is under way: it
// came too early. Further writes under way beside an answered one are no fault: a NIC may be at the next packet already.
//
// A message has told of the first answer since the last one, and of all that came before the NIC decided to send it. When
// that was does not show: answers of the last DECIDING clocks may still be told of by the next message.
constexpr uint64_t DECIDING = 128;

// Where several queue pairs share a message, one that software arms anew, having looked before the last answer, is told of
// what the message before told of already. When software looked does not show: answers of the last ARMING clocks count.
constexpr uint64_t ARMING = 16384;

void check_announcement(const Write& message, uint32_t data) {
    for (Announcement& a : announcements) {
        if (a.addr != message.addr || a.data != data) continue;
        bool answered = false;
        const bool shared = __builtin_popcountll(a.ids) > 2;
        uint64_t first = UINT64_MAX, told = a.told;
        for (uint64_t ids = a.ids; ids; ids &= ids - 1) {
            const Answer& answer = s.last_answer[__builtin_ctzll(ids)];
            if (answer.number <= a.told) {
                if (shared && answer.number && answer.clock + ARMING > clock_now()) answered = true;
                continue;
            }
            answered = true;
            first = std::min(first, answer.number);
            if (answer.clock + DECIDING < clock_now()) told = std::max(told, answer.number);
        }
        const uint64_t late = unanswered_ids(&message) & a.ids;
        if (late && !answered) sim.rule(RULE_IRQ3, data, late);
        if (first != UINT64_MAX) a.told = std::max(first, told);
    }
}

void take_msi(Write& write, uint64_t strobe, const uint8_t* bytes) {
    const uint32_t lane = static_cast<uint32_t>(write.addr) & (s.bus_bytes - 1);
    if (write.len || (write.addr & 3) || strobe != 0xFULL << lane) {
        sim.rule(RULE_MSI_SHAPE, write.addr, strobe);
        return;
    }
    uint32_t data;
    std::memcpy(&data, bytes + lane, 4);
    sim.count.msis++;
    check_announcement(write, data);
    sim.emit(EV_MSI, data, write.addr, 0);
}

// One beat of the write that takes data. True when it was its last.
bool take_beat(uint64_t strobe, const uint8_t* bytes) {
    Write& write = s.writes[s.filling];
    const uint64_t base = write.first() & ~static_cast<uint64_t>(s.bus_bytes - 1);
    if (write.injected) {
        // it is lost
    } else if (is_msi(write.addr)) {
        take_msi(write, strobe, bytes);
    } else {
        uint64_t first_bad = 0;
        const Fault fault = sim.memory ? sim.memory->check_write(base, s.bus_bytes, strobe, &first_bad) : Fault::UNMAPPED;
        if (fault != Fault::NONE) {
            report_fault(write, fault, true, base, first_bad);
        } else if (sim.settings.delayed_writes) {
            write.held.emplace_back();
            HeldBeat& held = write.held.back();
            held.base = base;
            held.strobe = strobe;
            std::memcpy(held.data, bytes, s.bus_bytes);
        } else {
            sim.memory->commit_write(base, s.bus_bytes, strobe, bytes);
        }
    }
    if (write.beat == write.len) {
        write.complete = true;
        write.ready = clock_now() + sim.settings.write_latency + s.write_latency.below(static_cast<uint32_t>(sim.settings.write_jitter + 1));
        s.filling++;
        return true;
    }
    write.beat++;
    return false;
}

// The next to be answered among `queue`: only the oldest of each ID may be, and only once it is ready.
template <class Queue, class Ready>
int64_t choose(const Queue& queue, Random& random, Ready ready) {
    uint64_t seen = 0;
    int64_t chosen = -1;
    uint32_t candidates = 0;
    for (size_t i = 0; i < queue.size(); i++) {
        const uint64_t id = 1ULL << (queue[i].id & 63);
        if (!(seen & id) && ready(queue[i])) {
            candidates++;
            if (chosen < 0 || (sim.settings.reorder && random.below(candidates) == 0)) chosen = static_cast<int64_t>(i);
        }
        seen |= id;
        if (!sim.settings.reorder) break;  // strictly in order of acceptance
    }
    return chosen;
}

void finish_write(size_t index) {
    Write& write = s.writes[index];
    if (!is_msi(write.addr)) s.last_answer[write.id & 63] = {++s.answers, clock_now()};
    for (const HeldBeat& held : write.held) sim.memory->commit_write(held.base, s.bus_bytes, held.strobe, held.data);
    s.writes.erase(s.writes.begin() + static_cast<ptrdiff_t>(index));
    s.filling--;
    sim.count.writes_open--;
    mmio::writes_advanced();
}

}  // namespace

namespace axi {

void reset() {
    const uint32_t bus_bytes = s.bus_bytes;
    s = State();
    s.bus_bytes = bus_bytes;
    s.read_latency.seed(sim.seed, 1);
    s.write_latency.seed(sim.seed, 2);
    s.read_order.seed(sim.seed, 3);
    s.write_order.seed(sim.seed, 4);
    s.errors.seed(sim.seed, 5);
}

void announce(uint64_t addr, uint32_t data, uint64_t ids) {
    for (Announcement& a : announcements) {
        if (a.addr == addr && a.data == data) {
            a.ids = ids;
            return;
        }
    }
    announcements.push_back({addr, data, ids, s.answers});
}

void fail(bool write, uint64_t ids, uint64_t first, uint64_t last, uint64_t skip, uint64_t times, uint32_t resp) {
    failures.push_back({write, ids, first, last, skip, times, resp});
}

void fail_no_more() { failures.clear(); }

bool writes_before_are_visible(uint64_t time) { return s.writes.empty() || s.writes.front().accepted >= time; }

uint64_t digest() {
    Digest d;
    for (const Digest* channel : {&s.aw, &s.w, &s.b, &s.ar, &s.r}) d.add(channel->value());
    return d.value();
}

void describe(std::string& out) {
    char line[160];
    for (const Write& w : s.writes) {
        snprintf(line, sizeof line, "AXI write of ID %u at 0x%llx, %u beats, accepted at %llu ps: %s\n", w.id,
                 static_cast<unsigned long long>(w.addr), w.len + 1, static_cast<unsigned long long>(w.accepted),
                 w.complete ? "waits for its response" : "waits for data from the device");
        out += line;
    }
    for (const Burst& r : s.reads) {
        snprintf(line, sizeof line, "AXI read of ID %u at 0x%llx, beat %u of %u, accepted at %llu ps\n", r.id,
                 static_cast<unsigned long long>(r.addr), r.beat, r.len + 1, static_cast<unsigned long long>(r.accepted));
        out += line;
    }
}

}  // namespace axi
}  // namespace ringside

using namespace ringside;

extern "C" {

void rs_axi_reset(unsigned int data_width) {
    s.bus_bytes = data_width / 8;
    axi::reset();
}

unsigned int rs_axi_aw(unsigned int id, unsigned long long addr, unsigned int len, unsigned int size, unsigned int burst) {
    const Ticks ticks;
    Burst b{id, addr, len, size_on_bus(size), burst, sim.now};
    sim.count.axi_aw++;
    sim.count.writes_open++;
    s.aw.add(addr ^ id << 20 ^ len);
    s.aw.add(sim.now);
    Write write(b);
    inject(write, true);
    s.writes.push_back(std::move(write));
    unsigned int whole = 0;
    while (!s.early.empty() && s.filling < s.writes.size()) {
        whole += take_beat(s.early.front().strobe, s.early.front().data);
        s.early.pop_front();
    }
    return whole;
}

unsigned int rs_axi_w(const unsigned int* data, unsigned long long strobe) {
    const Ticks ticks;
    const uint8_t* bytes = reinterpret_cast<const uint8_t*>(data);
    sim.count.axi_w++;
    s.w.add(sim.now ^ strobe);
    s.w.add(bytes, s.bus_bytes);
    if (s.filling < s.writes.size()) return take_beat(strobe, bytes);
    s.early.emplace_back();
    s.early.back().strobe = strobe;
    std::memcpy(s.early.back().data, bytes, s.bus_bytes);
    return 0;
}

// `taken`: the offered response has been accepted. `may`: another may be offered.
void rs_axi_b(unsigned char taken, unsigned char may, unsigned char* valid, unsigned int* id, unsigned int* resp) {
    const Ticks ticks;
    if (taken) {
        s.b.add(sim.now);
        finish_write(static_cast<size_t>(s.answering));
        s.answering = -1;
    }
    *valid = 0;
    if (!may) return;
    const uint64_t clock = clock_now();
    s.answering = choose(s.writes, s.write_order, [clock](const Write& w) { return w.complete && w.ready <= clock; });
    if (s.answering < 0) return;
    const Write& write = s.writes[static_cast<size_t>(s.answering)];
    *valid = 1;
    *id = write.id;
    *resp = write.resp;
    sim.count.axi_b++;
}

void rs_axi_ar(unsigned int id, unsigned long long addr, unsigned int len, unsigned int size, unsigned int burst) {
    const Ticks ticks;
    Burst b{id, addr, len, size_on_bus(size), burst, sim.now};
    sim.count.axi_ar++;
    sim.count.reads_open++;
    s.ar.add(addr ^ id << 20 ^ len);
    s.ar.add(sim.now);
    b.ready = clock_now() + sim.settings.read_latency + s.read_latency.below(static_cast<uint32_t>(sim.settings.read_jitter + 1));
    inject(b, false);
    s.reads.push_back(b);
}

// One beat of read data, if one may start now.
void rs_axi_r(unsigned char may, unsigned char* valid, unsigned int* data, unsigned int* id, unsigned int* resp,
              unsigned char* last) {
    const Ticks ticks;
    *valid = 0;
    if (!may) return;
    const uint64_t clock = clock_now();
    if (clock * 256 < s.next_read_256) return;
    if (s.reading < 0 || sim.settings.interleave) {
        s.reading = choose(s.reads, s.read_order, [clock](const Burst& r) { return r.ready <= clock; });
    }
    if (s.reading < 0) return;
    Burst& burst = s.reads[static_cast<size_t>(s.reading)];
    const uint64_t first = burst.first(), end = burst.end();
    const uint64_t lane = first & (s.bus_bytes - 1);
    burst.resp = burst.beat == burst.refused ? burst.injected : OKAY;
    if (end - first < s.bus_bytes || burst.resp) std::memset(data, 0, s.bus_bytes);
    if (!burst.resp) {
        uint64_t first_bad = first;
        uint8_t* to = reinterpret_cast<uint8_t*>(data) + lane;
        const Fault fault = sim.memory ? sim.memory->read_beat(first, end - first, to, &first_bad) : Fault::UNMAPPED;
        if (fault != Fault::NONE) report_fault(burst, fault, false, first, first_bad);
    }
    *valid = 1;
    *id = burst.id;
    *resp = burst.resp;
    *last = burst.beat == burst.len;
    sim.count.axi_r++;
    s.r.add(sim.now ^ burst.id);
    if (sim.settings.read_period_256 > 256) s.next_read_256 = clock * 256 + sim.settings.read_period_256;
    if (*last) {
        s.reads.erase(s.reads.begin() + s.reading);
        s.reading = -1;
        sim.count.reads_open--;
    } else {
        burst.beat++;
    }
}
}
