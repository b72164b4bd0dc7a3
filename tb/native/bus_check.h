// SPDX-License-Identifier: Apache-2.0
// The checkers' judgement of bursts, called by tb/sv/axi4_check.sv, and the texts of all checkers (docs/bus-rules.md: the rules).
//
// Knows neither the NIC nor the memory: only what was seen at the port. After a broken rule it goes on by the addresses: a burst has
// as many beats as its address said. The DPI functions are defined here, so one source of a program includes this: sim.cpp, and the
// main of the checkers' own test, which needs nothing else of the testbench.
#ifndef RINGSIDE_BUS_CHECK_H
#define RINGSIDE_BUS_CHECK_H

#include <cstdint>
#include <cstdio>
#include <deque>
#include <string>

namespace ringside {

// The program's own. `what` is what was seen.
void bus_rule_broken(const char* port, const char* rule, const std::string& what);
// An offer that nobody takes for so many clocks is reported; 0: none is.
unsigned int bus_max_wait();

namespace bus_check {

enum BurstType : uint32_t { FIXED = 0, INCR = 1, WRAP = 2, RESERVED = 3 };
constexpr uint32_t EXOKAY = 1;

struct Burst {
    uint32_t id;
    uint64_t addr;
    uint32_t len, size, type;
};

struct Beat {
    uint64_t strobe;
    bool last;
};

struct State {
    uint32_t bus_bytes = 8;
    std::deque<Burst> writes;  // whose data is not complete, in order; the first takes the next beat
    std::deque<Beat> early;    // beats that came before their address
    uint32_t beat = 0;         // of writes.front()
    uint32_t plain = 0;        // what plain_beats() told axi4_check.sv last
    uint32_t asked[64] = {};     // writes whose address has been taken and which are not answered, by ID
    uint32_t complete[64] = {};  // and those whose data has been taken too
    std::deque<uint32_t> reads[64];  // lengths (beats - 1) of the reads of an ID, in order
};
inline State s;

template <class... Values>
inline void broken(const char* port, const char* rule, const char* what, Values... values) {
    char text[256];
    std::snprintf(text, sizeof text, what, static_cast<unsigned long long>(values)...);
    bus_rule_broken(port, rule, text);
}

// The names of the rules of one address channel.
struct AddressRules {
    const char *kind, *boundary, *burst, *size, *wrap_align, *wrap_length, *fixed_length, *cache;
};
constexpr AddressRules WRITE = {"write", "AXI4_ERRM_AWADDR_BOUNDARY", "AXI4_ERRM_AWBURST", "AXI4_ERRM_AWSIZE",
                                "AXI4_ERRM_AWADDR_WRAP_ALIGN", "AXI4_ERRM_AWLEN_WRAP", "AXI4_ERRM_AWLEN_FIXED", "AXI4_ERRM_AWCACHE"};
constexpr AddressRules READ = {"read", "AXI4_ERRM_ARADDR_BOUNDARY", "AXI4_ERRM_ARBURST", "AXI4_ERRM_ARSIZE",
                               "AXI4_ERRM_ARADDR_WRAP_ALIGN", "AXI4_ERRM_ARLEN_WRAP", "AXI4_ERRM_ARLEN_FIXED", "AXI4_ERRM_ARCACHE"};

inline void check_address(const char* port, const AddressRules& rules, const Burst& b, bool lock, uint32_t cache) {
    const std::string kind = rules.kind;
    const auto say = [&](const char* rule, const char* what, auto... values) {
        broken(port, rule, ("the " + kind + " at 0x%llx " + what).c_str(), b.addr, values...);
    };
    const uint64_t bytes = 1ULL << b.size, beats = b.len + 1;
    if (b.type == INCR && ((b.addr ^ ((b.addr & ~(bytes - 1)) + beats * bytes - 1)) >> 12)) {
        say(rules.boundary, "has %llu bytes and crosses a 4 KiB boundary", beats * bytes);
    }
    if (b.type == RESERVED) say(rules.burst, "is of burst type 3, which is reserved");
    if (bytes > s.bus_bytes) say(rules.size, "has beats of %llu bytes on a bus of %llu", bytes, s.bus_bytes);
    if (b.type == WRAP && (b.addr & (bytes - 1))) say(rules.wrap_align, "wraps and is not aligned to its beats of %llu bytes", bytes);
    if (b.type == WRAP && beats != 2 && beats != 4 && beats != 8 && beats != 16) {
        say(rules.wrap_length, "wraps and has %llu beats, not 2, 4, 8 or 16", beats);
    }
    if (b.type == FIXED && beats > 16) say(rules.fixed_length, "is of a fixed address and has %llu beats, more than 16", beats);
    if (!(cache & 2) && cache >> 2) say(rules.cache, "has cache 0x%llx: allocation of what may not be modified", cache);
    if (lock) say("RINGSIDE_AXI4_LOCK", "is exclusive, and host memory has no monitor for that");
}

// The bytes of the bus that this beat may write.
inline uint64_t lanes(const Burst& b, uint32_t beat) {
    const uint64_t bytes = 1ULL << b.size, bus = s.bus_bytes;
    if (bytes > bus) return ~0ULL;  // AWSIZE has been named
    uint64_t first = b.addr;
    if (beat && b.type != FIXED) {
        first = (b.addr & ~(bytes - 1)) + beat * bytes;
        const uint64_t inside = (b.len + 1) * bytes - 1;
        if (b.type == WRAP) first = (b.addr & ~inside) | (first & inside);
    }
    const uint64_t from = first & (bus - 1), to = from | (bytes - 1);
    return (to == 63 ? ~0ULL : (1ULL << (to + 1)) - 1) & ~((1ULL << from) - 1);
}

inline void take_beat(const char* port, Beat beat) {
    const Burst b = s.writes.front();
    const uint64_t allowed = lanes(b, s.beat);
    if (beat.strobe & ~allowed) {
        broken(port, "AXI4_ERRM_WSTRB", "strobes 0x%llx on beat %llu of the write at 0x%llx, and only 0x%llx are its lanes", beat.strobe,
               s.beat + 1, b.addr, allowed);
    }
    if (beat.last != (s.beat == b.len)) {
        broken(port, "AXI4_ERRM_WDATA_NUM", "WLAST is %llu on beat %llu of the write at 0x%llx, which has %llu beats", beat.last, s.beat + 1,
               b.addr, b.len + 1);
    }
    if (s.beat++ == b.len) {
        s.complete[b.id]++;
        s.writes.pop_front();
        s.beat = 0;
    }
}

// How many beats of the write that takes data come before its last one, if every lane is theirs from here on; else 0.
inline uint32_t plain_beats() {
    if (s.writes.empty()) return 0;
    const Burst& b = s.writes.front();
    const uint64_t all = s.bus_bytes == 64 ? ~0ULL : (1ULL << s.bus_bytes) - 1;
    return lanes(b, s.beat) == all ? b.len - s.beat : 0;
}

inline uint32_t tell_plain_beats() { return s.plain = plain_beats(); }

inline std::string hex(const unsigned int* words, int count) {
    while (count > 1 && !words[count - 1]) count--;
    char digits[9];
    std::snprintf(digits, sizeof digits, "%x", words[count - 1]);
    std::string text = std::string("0x") + digits;
    while (--count > 0) {
        std::snprintf(digits, sizeof digits, "%08x", words[count - 1]);
        text += digits;
    }
    return text;
}

inline void say_changed(const char* port, const char* rule, const std::string& was, const std::string& is) {
    bus_rule_broken(port, rule, "was " + was + ", is " + is + ", and nobody had taken the offer");
}

}  // namespace bus_check
}  // namespace ringside

extern "C" {

using namespace ringside::bus_check;

void rs_axi4_reset(unsigned int data_width) {
    s = ringside::bus_check::State();
    s.bus_bytes = data_width / 8;
}

// Returns the plain beats of the write that takes data, if it is this one, else 0: it has them already.
unsigned int rs_axi4_aw(const char* port, unsigned int id, unsigned long long addr, unsigned int len, unsigned int size,
                        unsigned int burst, unsigned char lock, unsigned int cache) {
    const Burst b{id, addr, len, size, burst};
    check_address(port, WRITE, b, lock, cache);
    s.asked[id]++;
    s.writes.push_back(b);
    if (s.writes.size() > 1) return 0;
    while (!s.early.empty() && !s.writes.empty()) {
        take_beat(port, s.early.front());
        s.early.pop_front();
    }
    return tell_plain_beats();
}

unsigned int rs_axi4_ar(const char* port, unsigned int id, unsigned long long addr, unsigned int len, unsigned int size,
                        unsigned int burst, unsigned char lock, unsigned int cache) {
    check_address(port, READ, Burst{id, addr, len, size, burst}, lock, cache);
    s.reads[id].push_back(len);
    return s.reads[id].size() > 1 ? 0 : len;
}

// A beat that is not known to be plain. `plain`: so many of those that were are still to come.
unsigned int rs_axi4_w(const char* port, unsigned long long strobe, unsigned char last, unsigned int plain) {
    const Beat beat{strobe, last != 0};
    if (s.writes.empty()) {
        s.early.push_back(beat);
        return 0;
    }
    s.beat += s.plain - plain;
    take_beat(port, beat);
    return tell_plain_beats();
}

void rs_axi4_b(const char* port, unsigned int id, unsigned int resp) {
    if (!s.asked[id]) {
        broken(port, "AXI4_ERRS_BRESP_AW", "a write response of ID %llu, and no address of that ID waits for one", id);
    } else {
        s.asked[id]--;
        if (!s.complete[id]) {
            broken(port, "AXI4_ERRS_BRESP_WLAST", "a write response of ID %llu before the last data of its write", id);
        } else {
            s.complete[id]--;
        }
    }
    if (resp == EXOKAY) broken(port, "AXI4_ERRS_BRESP_EXOKAY", "EXOKAY to a write of ID %llu that is not exclusive", id);
}

// Likewise for read data; returns the plain beats of the oldest read of this ID after this one.
unsigned int rs_axi4_r(const char* port, unsigned int id, unsigned int resp, unsigned char last, unsigned int plain) {
    if (resp == EXOKAY) broken(port, "AXI4_ERRS_RRESP_EXOKAY", "EXOKAY to a read of ID %llu that is not exclusive", id);
    if (s.reads[id].empty()) {
        broken(port, "AXI4_ERRS_RID", "read data of ID %llu, and no read of that ID is under way", id);
        return 0;
    }
    if (last != (plain == 0)) {
        broken(port, "AXI4_ERRS_RDATA_NUM", "RLAST is %llu with %llu beats of the read of ID %llu to come", last, plain, id);
    }
    if (plain) return plain - 1;
    s.reads[id].pop_front();
    return s.reads[id].empty() ? 0 : s.reads[id].front();
}

// The other checks are in the modules themselves; `what` is a format of two numbers.
void rs_bus_rule(const char* port, const char* rule, const char* what, unsigned long long a, unsigned long long b) {
    broken(port, rule, what, a, b);
}

void rs_bus_changed(const char* port, const char* rule, unsigned long long was, unsigned long long is) {
    const unsigned int before[2] = {static_cast<unsigned int>(was), static_cast<unsigned int>(was >> 32)};
    const unsigned int now[2] = {static_cast<unsigned int>(is), static_cast<unsigned int>(is >> 32)};
    say_changed(port, rule, hex(before, 2), hex(now, 2));
}

void rs_bus_data_changed(const char* port, const char* rule, const unsigned int* was, const unsigned int* is) {
    say_changed(port, rule, hex(was, 16), hex(is, 16));
}

// An offer has waited for this many clocks, a multiple of 16.
void rs_bus_waits(const char* port, const char* rule, unsigned int clocks) {
    const unsigned int limit = ringside::bus_max_wait();
    if (limit && clocks >= limit && clocks < limit + 16) broken(port, rule, "nobody has taken the offer for %llu clocks", clocks);
}
}

#endif
