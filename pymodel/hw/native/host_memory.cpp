// SPDX-License-Identifier: Apache-2.0
// Host memory with byte permissions; see host_memory.h.
#include "host_memory.h"

#include <sys/mman.h>

#include <cstring>
#include <new>

namespace ringside {
namespace {

// Lazily backed zeros: only the pages that a run touches cost memory.
void* map_zeros(uint64_t length) {
    void* p = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? nullptr : p;
}

constexpr uint64_t PAGE_SHIFT = 12;

uint64_t pages(uint64_t bytes) { return (bytes + (1ULL << PAGE_SHIFT) - 1) >> PAGE_SHIFT; }

uint64_t mix(uint64_t x) {  // the finaliser of splitmix64: every input bit reaches every output bit
    x += 0x9E3779B97F4A7C15ULL;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

// True where all counts differ from `bad`; no early exit, so that the compiler uses vector instructions.
bool none_equal(const uint16_t* counts, uint64_t length, uint16_t bad) {
    uint16_t found = 0;
    for (uint64_t i = 0; i < length; i++) found |= static_cast<uint16_t>(counts[i] == bad);
    return !found;
}

bool all_equal(const uint8_t* flags, uint64_t length, uint8_t flag) {
    uint8_t differ = 0;
    for (uint64_t i = 0; i < length; i++) differ |= flags[i] ^ flag;
    return !differ;
}

// As none_equal(counts, length, 0), for a beat: 4 counts at once.
bool none_zero(const uint16_t* counts, uint64_t length) {
    constexpr uint64_t ONES = 0x0001000100010001ULL, TOPS = 0x8000800080008000ULL;
    uint64_t found = 0, i = 0;
    for (; i + 4 <= length; i += 4) {
        uint64_t four;
        std::memcpy(&four, counts + i, sizeof four);
        found |= (four - ONES) & ~four & TOPS;  // a top bit stays where some count is 0
    }
    for (; i < length; i++) found |= counts[i] == 0;
    return !found;
}

void add_to_all(uint16_t* counts, uint64_t length, uint16_t delta) {
    for (uint64_t i = 0; i < length; i++) counts[i] = static_cast<uint16_t>(counts[i] + delta);
}

}  // namespace

HostMemory::HostMemory(uint64_t size, uint64_t bus_offset, uint64_t seed)
    : size_(size), bus_offset_(bus_offset), seed_(seed), order_(mix(seed)) {
    bytes_ = static_cast<uint8_t*>(map_zeros(size));
    readers_ = static_cast<uint16_t*>(map_zeros(size * sizeof(uint16_t)));
    writers_ = static_cast<uint16_t*>(map_zeros(size * sizeof(uint16_t)));
    weak_ = static_cast<uint8_t*>(map_zeros(pages(size)));
    cpu_ = static_cast<uint8_t*>(map_zeros(size));
}

HostMemory::~HostMemory() {
    if (bytes_) munmap(bytes_, size_);
    if (readers_) munmap(readers_, size_ * sizeof(uint16_t));
    if (writers_) munmap(writers_, size_ * sizeof(uint16_t));
    if (weak_) munmap(weak_, pages(size_));
    if (cpu_) munmap(cpu_, size_);
}

void HostMemory::set_weak(uint64_t index, uint64_t length, bool on) {
    order_.publish();
    order_.settle(bytes_);
    for (uint64_t p = index >> PAGE_SHIFT; p < pages(index + length) && p < pages(size_); p++) weak_[p] = on;
}

int64_t HostMemory::change(uint64_t index, uint64_t length, uint32_t access, bool add) {
    if (index > size_ || length > size_ - index) return static_cast<int64_t>(size_);
    uint16_t* const both[2] = {(access & DEV_READ) ? readers_ + index : nullptr, (access & DEV_WRITE) ? writers_ + index : nullptr};
    const uint16_t bad = add ? 0xFFFF : 0;
    for (const uint16_t* counts : both) {
        if (!counts || none_equal(counts, length, bad)) continue;
        uint64_t i = 0;
        while (counts[i] != bad) i++;
        return static_cast<int64_t>(index + i);
    }
    for (uint16_t* counts : both) {
        if (!counts) continue;
        add_to_all(counts, length, add ? 1 : 0xFFFF);
        granted_ += add ? length : -length;
    }
    return -1;
}

int64_t HostMemory::grant(uint64_t index, uint64_t length, uint32_t access) {
    const int64_t bad = change(index, length, access, true);
    if (bad < 0 && listener_) listener_->granted(index, length, access);
    return bad;
}

int64_t HostMemory::revoke(uint64_t index, uint64_t length, uint32_t access) {
    const int64_t bad = change(index, length, access, false);
    if (bad < 0 && listener_) listener_->revoked(index, length, access);
    return bad;
}

bool HostMemory::own(uint64_t index, uint64_t length, bool cpu) {
    if (index > size_ || length > size_ - index) return false;
    const uint64_t end = index + length;
    const auto changes = [&](uint64_t i) { return cpu_[i] != cpu && (!cpu || writers_[i]); };
    while (index < end) {
        uint64_t n = 0;
        if (all_equal(cpu_ + index, end - index, !cpu) && (!cpu || none_equal(writers_ + index, end - index, 0))) {
            n = end - index;  // all of it, as nearly always
        } else {
            if (!changes(index)) {
                index++;
                continue;
            }
            while (index + n < end && changes(index + n)) n++;
        }
        std::memset(cpu_ + index, cpu, n);
        add_to_all(writers_ + index, n, cpu ? 0xFFFF : 1);
        granted_ += cpu ? -n : n;
        if (listener_ && cpu) listener_->revoked(index, n, DEV_WRITE);
        if (listener_ && !cpu) listener_->granted(index, n, DEV_WRITE);
        index += n;
    }
    return true;
}

bool HostMemory::inside(uint64_t bus, uint64_t length) const {
    const uint64_t index = bus - bus_offset_;  // an address below the offset wraps to a huge index
    return index < size_ && length <= size_ - index;
}

uint8_t HostMemory::poison(uint64_t bus) const { return static_cast<uint8_t>(mix(seed_ ^ (bus >> 3)) >> (8 * (bus & 7))); }

Fault HostMemory::why(uint64_t bus, bool write) const {
    if (access(bus - bus_offset_) == 0) return Fault::UNMAPPED;
    return write ? Fault::WRITE : Fault::READ;
}

uint32_t HostMemory::access(uint64_t index) const {
    if (index >= size_) return 0;
    return (readers_[index] ? DEV_READ : 0) | (writers_[index] ? DEV_WRITE : 0);
}

int64_t HostMemory::first_granted() const {
    for (uint64_t i = 0; granted_ && i < size_; i++) {
        if (readers_[i] || writers_[i]) return static_cast<int64_t>(i);
    }
    return -1;
}

Fault HostMemory::read_beat(uint64_t bus, uint64_t length, uint8_t* out, uint64_t* first_bad) const {
    const uint64_t index = bus - bus_offset_;
    if (master_ && inside(bus, length) && none_zero(readers_ + index, length)) {
        std::memcpy(out, bytes_ + index, length);
        if (!order_.quiet()) order_.read(index, length, out);
        return Fault::NONE;
    }
    uint8_t seen[64];  // a beat is no longer
    const bool ordered = !order_.quiet() && length <= sizeof seen && inside(bus, length);
    if (ordered) {
        std::memcpy(seen, bytes_ + index, length);
        order_.read(index, length, seen);
    }
    bool readable = false;
    Fault fault = master_ ? Fault::UNMAPPED : Fault::MASTER;
    for (uint64_t i = 0; i < length; i++) {
        if (master_ && inside(bus + i, 1) && readers_[index + i]) {
            out[i] = ordered ? seen[i] : bytes_[index + i];
            readable = true;
        } else {
            out[i] = poison(bus + i);
            if (master_ && why(bus + i, false) == Fault::READ) fault = Fault::READ;
        }
    }
    if (readable) return Fault::NONE;
    *first_bad = bus;
    return fault;
}

Fault HostMemory::check_write(uint64_t bus, uint64_t length, uint64_t strobe, uint64_t* first_bad) const {
    const uint64_t index = bus - bus_offset_;
    const uint64_t all = length >= 64 ? ~0ULL : (1ULL << length) - 1;
    if (!master_) {
        *first_bad = bus;
        return Fault::MASTER;
    }
    if ((strobe & all) == all && inside(bus, length) && none_zero(writers_ + index, length)) return Fault::NONE;
    for (uint64_t i = 0; i < length; i++) {
        if (!((strobe >> i) & 1) || (inside(bus + i, 1) && writers_[index + i])) continue;
        *first_bad = bus + i;
        return why(bus + i, true);
    }
    return Fault::NONE;
}

void HostMemory::commit_write(uint64_t bus, uint64_t length, uint64_t strobe, const uint8_t* data) {
    const uint64_t index = bus - bus_offset_;
    const uint64_t all = length >= 64 ? ~0ULL : (1ULL << length) - 1;
    const bool weak = weak_[index >> PAGE_SHIFT] != 0;
    const bool ordered = weak || !order_.quiet();
    if ((strobe & all) == all) {
        if (ordered) order_.write(bytes_, index, data, length, weak);
        else std::memcpy(bytes_ + index, data, length);
        if (listener_) listener_->device_wrote(index, data, length);
        return;
    }
    for (uint64_t i = 0; i < length;) {  // runs of strobed bytes: a word that is written at once is seen at once
        if (!((strobe >> i) & 1)) {
            i++;
            continue;
        }
        uint64_t n = 1;
        while (i + n < length && (strobe >> (i + n)) & 1) n++;
        if (ordered) order_.write(bytes_, index + i, data + i, n, weak);
        else std::memcpy(bytes_ + index + i, data + i, n);
        if (listener_) listener_->device_wrote(index + i, data + i, n);
        i += n;
    }
}

}  // namespace ringside

using ringside::Fault;
using ringside::HostMemory;

namespace {

constexpr uint64_t BEAT = 64;  // Python's accesses are checked in the widest AXI beat: 512 bit

HostMemory* memory_of(void* handle) { return static_cast<HostMemory*>(handle); }

// The length of the next piece that ends at a beat's boundary.
uint64_t piece_of(uint64_t bus, uint64_t left) {
    const uint64_t to_boundary = BEAT - bus % BEAT;
    return left < to_boundary ? left : to_boundary;
}

}  // namespace

extern "C" {

void* rs_mem_create(uint64_t size, uint64_t bus_offset, uint64_t seed) {
    HostMemory* memory = new (std::nothrow) HostMemory(size, bus_offset, seed);
    if (memory && !memory->ok()) {
        delete memory;
        memory = nullptr;
    }
    return memory;
}

void rs_mem_destroy(void* handle) { delete memory_of(handle); }

void* rs_mem_bytes(void* handle) { return memory_of(handle)->bytes(); }

int64_t rs_mem_grant(void* handle, uint64_t index, uint64_t length, uint32_t access) {
    return memory_of(handle)->grant(index, length, access);
}

int64_t rs_mem_revoke(void* handle, uint64_t index, uint64_t length, uint32_t access) {
    return memory_of(handle)->revoke(index, length, access);
}

int rs_mem_own(void* handle, uint64_t index, uint64_t length, int cpu) { return memory_of(handle)->own(index, length, cpu != 0); }

int rs_mem_cpu_owns(void* handle, uint64_t index) { return memory_of(handle)->cpu_owns(index); }

int rs_mem_dev_read(void* handle, uint64_t bus, uint64_t length, void* out, rs_fault* fault) {
    const HostMemory* memory = memory_of(handle);
    uint8_t* to = static_cast<uint8_t*>(out);
    while (length) {
        const uint64_t n = piece_of(bus, length);
        const Fault f = memory->read_beat(bus, n, to, &fault->first_bad);
        if (f != Fault::NONE) {
            fault->kind = static_cast<int64_t>(f);
            return 1;
        }
        bus += n, to += n, length -= n;
    }
    return 0;
}

int rs_mem_dev_write(void* handle, uint64_t bus, uint64_t length, const void* data, rs_fault* fault) {
    HostMemory* memory = memory_of(handle);
    const uint8_t* from = static_cast<const uint8_t*>(data);
    while (length) {
        const uint64_t n = piece_of(bus, length);
        const Fault f = memory->check_write(bus, n, ~0ULL, &fault->first_bad);
        if (f != Fault::NONE) {
            fault->kind = static_cast<int64_t>(f);
            return 1;
        }
        memory->commit_write(bus, n, ~0ULL, from);
        bus += n, from += n, length -= n;
    }
    return 0;
}

uint32_t rs_mem_access(void* handle, uint64_t index) { return memory_of(handle)->access(index); }

void rs_mem_set_master(void* handle, int on) { memory_of(handle)->set_master(on != 0); }

void rs_mem_set_weak(void* handle, uint64_t index, uint64_t length, int on) {
    memory_of(handle)->set_weak(index, length, on != 0);
}

void rs_mem_store(void* handle, uint64_t index, const void* data, uint64_t length) {
    HostMemory* memory = memory_of(handle);
    if (index > memory->size() || length > memory->size() - index) return;  // Python has checked
    memory->order().store(memory->bytes(), index, static_cast<const uint8_t*>(data), length);
}

void rs_mem_publish(void* handle) { memory_of(handle)->order().publish(); }

void rs_mem_settle(void* handle) { memory_of(handle)->order().settle(memory_of(handle)->bytes()); }

int64_t rs_mem_first_granted(void* handle) { return memory_of(handle)->first_granted(); }

void rs_mem_watch(void* handle, uint64_t index, uint64_t length) {
    HostMemory* memory = memory_of(handle);
    if (memory->listener()) memory->listener()->watched(index, length);
}
}
