// SPDX-License-Identifier: Apache-2.0
// The same RTL and transactors without Python: repeats a recording (recorder.h) clock for clock, and must reach the same digest.
// This is the limit that the benchmark compares with: what the simulation costs when the host's model costs nothing.
//
//   replay LOG [+verilator+...]      prints JSON; exit code 0: same clocks and digest, 1: not, 2: the log cannot be read
#include <sys/resource.h>

#include <cstdio>
#include <cstring>
#include <vector>

#include "Vtop___024root.h"
#include "clock_loop.h"
#include "recorder.h"
#if VM_TRACE
#include "verilated_fst_c.h"
#endif

namespace ringside {
namespace {

double cpu_seconds() {
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The log, read ahead whole: reading must not be part of what is measured.
class Log {
  public:
    bool read(const char* path) {
        FILE* file = std::fopen(path, "rb");
        if (!file) return false;
        std::fseek(file, 0, SEEK_END);
        bytes_.resize(static_cast<size_t>(std::ftell(file)));
        std::rewind(file);
        const size_t n = std::fread(bytes_.data(), 1, bytes_.size(), file);
        std::fclose(file);
        if (n != bytes_.size() || n < sizeof(LogHeader)) return false;
        std::memcpy(&header, bytes_.data(), sizeof header);
        at_ = sizeof header;
        return header.magic == LOG_MAGIC;
    }
    // The next entry, or null at the end of a log that is cut off.
    const LogEntry* peek() const {
        if (bytes_.size() - at_ < sizeof(LogEntry)) return nullptr;
        const LogEntry* entry = reinterpret_cast<const LogEntry*>(bytes_.data() + at_);
        return bytes_.size() - at_ - sizeof(LogEntry) < padded(entry->length) ? nullptr : entry;
    }
    void next() { at_ += sizeof(LogEntry) + padded(peek()->length); }

    LogHeader header{};

  private:
    std::vector<uint8_t> bytes_;
    size_t at_ = 0;
};

void apply(const LogEntry& entry, HostMemory& memory) {
    const uint8_t* data = reinterpret_cast<const uint8_t*>(&entry + 1);
    uint64_t length = 0;
    switch (entry.kind) {
    case LOG_COMMAND: {
        Command command;
        std::memcpy(&command, data, sizeof command);
        mmio::post(command);
        break;
    }
    case LOG_GRANT:
        std::memcpy(&length, data, sizeof length);
        memory.grant(entry.index, length, entry.access);
        break;
    case LOG_REVOKE:
        std::memcpy(&length, data, sizeof length);
        memory.revoke(entry.index, length, entry.access);
        break;
    case LOG_BYTES:
        std::memcpy(memory.bytes() + entry.index, data, entry.length);
        break;
    case LOG_FRAME:
        wire::send(data, entry.length, entry.index, entry.access);
        break;
    case LOG_SETTINGS:
        std::memcpy(&sim.settings, data, sizeof sim.settings);
        sim.settings_changed();
        break;
    case LOG_LINK:
        sim.link = entry.access;
        sim.settings_changed();
        break;
    default:
        break;
    }
}

}  // namespace
}  // namespace ringside

int main(int argc, char** argv) {
    using namespace ringside;
    Log log;
    if (argc < 2 || !log.read(argv[1])) {
        std::fprintf(stderr, "replay: %s is no recording of Ringside\n", argc < 2 ? "(no file)" : argv[1]);
        return 2;
    }
    VerilatedContext* context = Verilated::threadContextp();
    context->commandArgs(argc, argv);
    sim.seed = log.header.seed;
    sim.clk_ps = log.header.clk_ps;
    sim.mac_ps = log.header.has_mac_clock ? log.header.mac_ps : 0;
    sim.settings = log.header.settings;
    HostMemory memory(log.header.memory_size, log.header.bus_offset, log.header.memory_seed);
    sim.memory = &memory;
    ClockLoop loop(context);
    sim.settings_changed();

    LogEnd expected{};
    bool ended = false;
    const double began = cpu_seconds();
    // As in main.cpp: what was done in a time step is applied after its evaluation.
    const auto apply_until = [&](uint64_t now) {
        const LogEntry* entry = log.peek();
        while (entry && entry->time <= now) {
            if (entry->kind == LOG_END) {
                std::memcpy(&expected, entry + 1, sizeof expected);
                ended = true;
                return;
            }
            apply(*entry, memory);
            log.next();
            entry = log.peek();
        }
    };
    try {
        loop.top()->eval();
        apply_until(0);
        while (!ended) {
            const LogEntry* entry = log.peek();
            if (!entry) break;
            const uint64_t until = entry->time;
            uint64_t next = loop.next_edge();
            bool first = true;
            for (; next <= until; next = loop.next_edge(), first = false) {
                loop.advance(next);
                loop.evaluate(first);
                sim.ctl.events = sim.ctl.arena = 0;
            }
            apply_until(until);
        }
    } catch (const Fatal&) {
        return 1;
    }
    const double seconds = cpu_seconds() - began;
    const uint64_t clocks = sim.ctl.clocks, digest = sim.digest();
    const bool same = ended && clocks == expected.clocks && digest == expected.digest;
    std::printf("{\"clocks\": %llu, \"cpu_seconds\": %.6f, \"digest\": \"%016llx\", \"recorded_clocks\": %llu, "
                "\"recorded_digest\": \"%016llx\", \"same\": %s}\n",
                static_cast<unsigned long long>(clocks), seconds, static_cast<unsigned long long>(digest),
                static_cast<unsigned long long>(expected.clocks), static_cast<unsigned long long>(expected.digest),
                same ? "true" : "false");
    return same ? 0 : 1;
}
