// SPDX-License-Identifier: Apache-2.0
// What the parts of the datapath bench share: the device, random numbers, failures, host memory.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "Vdut_wrapper.h"
#include "verilated.h"

namespace bench {

using Bytes = std::vector<uint8_t>;

struct Random {  // xorshift64*: the same sequence everywhere
    uint64_t s;
    explicit Random(uint64_t seed) : s(seed * 0x9E3779B97F4A7C15ull + 0x1234567) {}
    uint64_t next() {
        s ^= s >> 12, s ^= s << 25, s ^= s >> 27;
        return s * 2685821657736338717ull;
    }
    uint32_t below(uint32_t n) { return n ? static_cast<uint32_t>((next() >> 32) % n) : 0; }
    uint32_t range(uint32_t lo, uint32_t hi) { return lo + below(hi - lo + 1); }
    bool chance(uint32_t percent) { return below(100) < percent; }
};

extern uint64_t now;  // clocks
extern std::function<void()> on_fail;   // prints the state of things
uint64_t arg(const char* name, uint64_t otherwise);   // of the command line

[[noreturn]] inline void fail(const std::string& what) {
    std::fflush(stdout);
    std::fprintf(stderr, "FAILED at clock %llu: %s\n", static_cast<unsigned long long>(now), what.c_str());
    if (on_fail) on_fail();
    std::fflush(stderr);
    std::_Exit(1);
}

template <class... Args>
std::string text(const char* format, Args... args) {
    char line[300];
    std::snprintf(line, sizeof line, format, args...);
    return line;
}

// Host memory as the device sees it. Each byte may be read, written, or neither. Bus addresses pass 28 GiB at EDGE: what is
// around it is given out on request alone, so that each run has something of its choice lie across.
struct Memory {
    static constexpr uint64_t BASE = 0x6'FF00'0000ull;
    static constexpr size_t SIZE = 48u << 20;
    enum : uint8_t { READ = 1, WRITE = 2 };
    Bytes data = Bytes(SIZE), perm = Bytes(SIZE);
    static constexpr size_t EDGE = 0x7'0000'0000ull - BASE, AROUND = 1u << 20;
    size_t used = 0;

    size_t alloc(size_t bytes, size_t align = 64) {
        used = (used + align - 1) / align * align;
        if (used + bytes > EDGE - AROUND && used < EDGE + AROUND) used = EDGE + AROUND;
        const size_t at = used;
        used += bytes;
        if (used > SIZE) fail("bench: out of memory");
        return at;
    }
    void grant(size_t at, size_t n, uint8_t p) { std::memset(&perm[at], p, n); }
    void put32(size_t at, uint32_t v) { std::memcpy(&data[at], &v, 4); }
    void put64(size_t at, uint64_t v) { std::memcpy(&data[at], &v, 8); }
    uint32_t get32(size_t at) const {
        uint32_t v;
        std::memcpy(&v, &data[at], 4);
        return v;
    }
    bool inside(uint64_t bus) const { return bus >= BASE && bus < BASE + SIZE; }
};

}  // namespace bench
