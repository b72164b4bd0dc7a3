// SPDX-License-Identifier: Apache-2.0
// Host memory with byte permissions; see host_memory.h.
#include "host_memory.h"

#include <cstring>
#include <new>

#include "zeros.h"

namespace ringside {
namespace {

constexpr uint64_t PAGE_SHIFT = 12;

uint64_t pages(uint64_t bytes) { return (bytes + (1ULL << PAGE_SHIFT) - 1) >> PAGE_SHIFT; }

uint64_t mix(uint64_t x) {  // the finaliser of splitmix64: every input bit reaches every output bit
    x += 0x9E3779B97F4A7C15ULL;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

}  // namespace

HostMemory::HostMemory(uint64_t size, uint64_t bus_offset, uint64_t seed)
    : size_(size), bus_offset_(bus_offset), seed_(seed), bytes_(zeros<uint8_t>(size)), permissions_(size),
      weak_(zeros<uint8_t>(pages(size))), order_(mix(seed)) {}

HostMemory::~HostMemory() {
    give_back(bytes_, size_);
    give_back(weak_, pages(size_));
}

void HostMemory::set_weak(uint64_t index, uint64_t length, bool on) {
    order_.publish();
    order_.settle(bytes_);
    for (uint64_t p = index >> PAGE_SHIFT; p < pages(index + length) && p < pages(size_); p++) weak_[p] = on;
}

int64_t HostMemory::grant(uint64_t index, uint64_t length, uint32_t access) {
    if (!holds(index, length)) return static_cast<int64_t>(size_);
    const int64_t bad = permissions_.change(index, length, access, true);
    if (bad < 0 && listener_) listener_->granted(index, length, access);
    return bad;
}

int64_t HostMemory::revoke(uint64_t index, uint64_t length, uint32_t access) {
    if (!holds(index, length)) return static_cast<int64_t>(size_);
    const int64_t bad = permissions_.change(index, length, access, false);
    if (bad < 0 && listener_) listener_->revoked(index, length, access);
    return bad;
}

bool HostMemory::own(uint64_t index, uint64_t length, bool cpu) {
    if (!holds(index, length)) return false;
    permissions_.own(index, length, cpu, [&](uint64_t from, uint64_t n) {
        if (listener_ && cpu) listener_->revoked(from, n, DEV_WRITE);
        if (listener_ && !cpu) listener_->granted(from, n, DEV_WRITE);
    });
    return true;
}

uint8_t HostMemory::poison(uint64_t bus) const { return static_cast<uint8_t>(mix(seed_ ^ (bus >> 3)) >> (8 * (bus & 7))); }

Fault HostMemory::why(uint64_t bus, bool write) const {
    if (access(bus - bus_offset_) == 0) return Fault::UNMAPPED;
    return write ? Fault::WRITE : Fault::READ;
}

uint32_t HostMemory::access(uint64_t index) const {
    if (index >= size_) return 0;
    return (permissions_.readable(index) ? DEV_READ : 0) | (permissions_.writable(index) ? DEV_WRITE : 0);
}

Fault HostMemory::read_beat(uint64_t bus, uint64_t length, uint8_t* out, uint64_t* first_bad) const {
    const uint64_t index = bus - bus_offset_;
    if (master_ && holds(index, length) && permissions_.all_readable(index, length)) {
        std::memcpy(out, bytes_ + index, length);
        if (!order_.quiet()) order_.read(index, length, out);
        return Fault::NONE;
    }
    uint8_t seen[64];  // a beat is no longer
    const bool ordered = !order_.quiet() && length <= sizeof seen && holds(index, length);
    if (ordered) {
        std::memcpy(seen, bytes_ + index, length);
        order_.read(index, length, seen);
    }
    bool readable = false;
    Fault fault = master_ ? Fault::UNMAPPED : Fault::MASTER;
    for (uint64_t i = 0; i < length; i++) {
        if (master_ && holds(index + i, 1) && permissions_.readable(index + i)) {
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
    if ((strobe & all) == all && holds(index, length) && permissions_.all_writable(index, length)) return Fault::NONE;
    for (uint64_t i = 0; i < length; i++) {
        if (!((strobe >> i) & 1) || (holds(index + i, 1) && permissions_.writable(index + i))) continue;
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
