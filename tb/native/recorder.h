// SPDX-License-Identifier: Apache-2.0
// Writes down everything that Python does to the simulation, with its time, so that replay_main.cpp can do it again without Python.
//
// The log is a header and then entries, each a kind, a time and a payload. Memory is recorded at the end of a crossing: the regions
// granted for reading in it, and what has changed in regions that Python and the device share (HostMemory.watch).
#ifndef RINGSIDE_RECORDER_H
#define RINGSIDE_RECORDER_H

#include <cstdio>
#include <string>
#include <vector>

#include "sim.h"

namespace ringside {

constexpr uint64_t LOG_MAGIC = 0x31474F4C44535252ULL;  // "RRSDLOG1"

enum EntryKind : uint32_t { LOG_COMMAND = 1, LOG_GRANT, LOG_REVOKE, LOG_BYTES, LOG_FRAME, LOG_SETTINGS, LOG_END, LOG_LINK };

struct LogHeader {
    uint64_t magic, seed, clk_ps, mac_ps, has_mac_clock, memory_size, bus_offset, memory_seed;
    Settings settings;
};

// `time` is the step after whose evaluation the entry is applied; `length` bytes follow, padded so that entries are aligned.
struct LogEntry {
    uint32_t kind, access;
    uint64_t time, index, length;
};

inline uint64_t padded(uint64_t length) { return (length + 7) & ~7ULL; }

// What LOG_END carries: what a replay must reach.
struct LogEnd {
    uint64_t clocks, digest, wakes;
};

class Recorder : public MemoryListener {
  public:
    // Null with *why set where the file cannot be written.
    static Recorder* open(const char* path, std::string* why);
    ~Recorder() override;

    void command(const Command& command);
    void wire_frame(const uint8_t* frame, uint64_t length, uint64_t at, bool bad);
    void settings();
    void link();
    void end_of_crossing();
    void finish();

    void granted(uint64_t index, uint64_t length, uint32_t access) override;
    void revoked(uint64_t index, uint64_t length, uint32_t access) override;
    void watched(uint64_t index, uint64_t length) override;
    void device_wrote(uint64_t index, const uint8_t* data, uint64_t length) override;

  private:
    struct Region {
        uint64_t index, length;
    };
    explicit Recorder(FILE* file);
    void entry(EntryKind kind, uint32_t access, uint64_t index, const void* data, uint64_t length);
    void bytes(uint64_t index, uint64_t length);

    FILE* file_;
    uint8_t* shadow_;  // the device's view of watched regions
    std::vector<Region> granted_;
    std::vector<Region> watched_;
    bool finished_ = false;
};

}  // namespace ringside

#endif
