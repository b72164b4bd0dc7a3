// SPDX-License-Identifier: Apache-2.0
// Recording for replays; see recorder.h.
#include "recorder.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

namespace ringside {

Recorder* Recorder::open(const char* path, std::string* why) {
    FILE* file = std::fopen(path, "wb");
    if (!file) {
        *why = std::string("cannot write ") + path + ": " + std::strerror(errno);
        return nullptr;
    }
    return new Recorder(file);
}

Recorder::Recorder(FILE* file) : file_(file) {
    std::setvbuf(file_, nullptr, _IOFBF, 1 << 20);
    const uint64_t size = sim.memory->size();
    shadow_ = static_cast<uint8_t*>(
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    LogHeader header{LOG_MAGIC, sim.seed, sim.clk_ps, sim.mac_ps, sim.has_mac_clock, size, sim.memory->bus_offset(),
                     sim.memory->seed(), sim.settings};
    std::fwrite(&header, sizeof header, 1, file_);
}

Recorder::~Recorder() {
    finish();
    munmap(shadow_, sim.memory->size());
}

void Recorder::entry(EntryKind kind, uint32_t access, uint64_t index, const void* data, uint64_t length) {
    const LogEntry e{kind, access, sim.now, index, length};
    std::fwrite(&e, sizeof e, 1, file_);
    static const uint8_t padding[8] = {};
    std::fwrite(data, length, 1, file_);
    std::fwrite(padding, padded(length) - length, 1, file_);
}

void Recorder::command(const Command& command) { entry(LOG_COMMAND, 0, 0, &command, sizeof command); }

void Recorder::wire_frame(const uint8_t* frame, uint64_t length, uint64_t at, bool bad) {
    entry(LOG_FRAME, bad, at, frame, length);
}

void Recorder::settings() { entry(LOG_SETTINGS, 0, 0, &sim.settings, sizeof sim.settings); }

void Recorder::link() { entry(LOG_LINK, sim.link, 0, nullptr, 0); }

void Recorder::granted(uint64_t index, uint64_t length, uint32_t access) {
    entry(LOG_GRANT, access, index, &length, sizeof length);
    if (access & DEV_READ) granted_.push_back({index, length});
    if ((access & (DEV_READ | DEV_WRITE)) == (DEV_READ | DEV_WRITE)) watched(index, length);
}

void Recorder::revoked(uint64_t index, uint64_t length, uint32_t access) {
    entry(LOG_REVOKE, access, index, &length, sizeof length);
    for (size_t i = 0; i < watched_.size(); i++) {
        if (watched_[i].index == index && watched_[i].length == length) {
            watched_.erase(watched_.begin() + static_cast<ptrdiff_t>(i));
            return;
        }
    }
}

void Recorder::watched(uint64_t index, uint64_t length) {
    for (const Region& r : watched_) {
        if (r.index == index && r.length == length) return;
    }
    watched_.push_back({index, length});
    granted_.push_back({index, length});  // its contents as of now
}

void Recorder::device_wrote(uint64_t index, const uint8_t* data, uint64_t length) { std::memcpy(shadow_ + index, data, length); }

void Recorder::bytes(uint64_t index, uint64_t length) {
    const uint8_t* now = sim.memory->bytes() + index;
    std::memcpy(shadow_ + index, now, length);
    entry(LOG_BYTES, 0, index, now, length);
}

void Recorder::end_of_crossing() {
    for (const Region& r : granted_) bytes(r.index, r.length);
    granted_.clear();
    constexpr uint64_t PIECE = 64;
    const uint8_t* now = sim.memory->bytes();
    for (const Region& r : watched_) {
        for (uint64_t i = r.index; i < r.index + r.length; i += PIECE) {
            const uint64_t n = r.index + r.length - i < PIECE ? r.index + r.length - i : PIECE;
            if (std::memcmp(now + i, shadow_ + i, n)) bytes(i, n);
        }
    }
}

void Recorder::finish() {
    if (finished_) return;
    finished_ = true;
    const LogEnd end{sim.ctl.clocks, sim.digest(), sim.ctl.wakes};
    entry(LOG_END, 0, 0, &end, sizeof end);
    std::fclose(file_);
}

}  // namespace ringside
