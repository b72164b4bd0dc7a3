// SPDX-License-Identifier: Apache-2.0
// Host memory: one flat array, what the device may do with each of its bytes, and what it sees of them.
//
// An `index` is an offset in the array (a kernel pointer in Python); a `bus` address is what the device uses:
// index + bus_offset. Nothing here allocates after construction, and nothing knows a simulator.
// Python reaches this through the C functions at the end (pymodel/hw/memory.py), the simulator's AXI slave through the class.
#ifndef RINGSIDE_HOST_MEMORY_H
#define RINGSIDE_HOST_MEMORY_H

#include <cstddef>
#include <cstdint>

#include "permissions.h"
#include "weak_order.h"

namespace ringside {

// What the IOMMU says to an access. UNMAPPED: no mapping of any kind; READ/WRITE: mapped, but not in this direction.
// MASTER: the device may not master the bus at all.
enum class Fault : int32_t { NONE = 0, READ = 1, WRITE = 2, UNMAPPED = 3, MASTER = 4 };

// Told of changes that Python makes: the recorder for replays. None in other runs.
class MemoryListener {
  public:
    virtual ~MemoryListener() = default;
    virtual void granted(uint64_t index, uint64_t length, uint32_t access) = 0;
    virtual void revoked(uint64_t index, uint64_t length, uint32_t access) = 0;
    virtual void watched(uint64_t index, uint64_t length) = 0;
    virtual void device_wrote(uint64_t index, const uint8_t* data, uint64_t length) = 0;
};

class HostMemory {
  public:
    HostMemory(uint64_t size, uint64_t bus_offset, uint64_t seed);
    ~HostMemory();
    HostMemory(const HostMemory&) = delete;
    HostMemory& operator=(const HostMemory&) = delete;
    bool ok() const { return bytes_ && permissions_.ok() && weak_; }

    uint8_t* bytes() { return bytes_; }
    uint64_t size() const { return size_; }
    uint64_t bus_offset() const { return bus_offset_; }
    uint64_t seed() const { return seed_; }

    // Add or take away one mapping: Permissions::change(). Outside the array, the size is returned.
    int64_t grant(uint64_t index, uint64_t length, uint32_t access);
    int64_t revoke(uint64_t index, uint64_t length, uint32_t access);

    // Who owns bytes that the device may write: Permissions::own(). False outside the array.
    bool own(uint64_t index, uint64_t length, bool cpu);
    bool cpu_owns(uint64_t index) const { return index < size_ && permissions_.cpu_owns(index); }

    // One beat of a device's read: `length` bytes from `bus`. Bytes that the device may not read become poison.
    // A beat with no readable byte is a fault, and *first_bad its first bus address.
    Fault read_beat(uint64_t bus, uint64_t length, uint8_t* out, uint64_t* first_bad) const;

    // May the device write the strobed bytes of this beat? strobe bit i is byte bus + i; length <= 64.
    Fault check_write(uint64_t bus, uint64_t length, uint64_t strobe, uint64_t* first_bad) const;

    // Store the strobed bytes of a checked beat.
    void commit_write(uint64_t bus, uint64_t length, uint64_t strobe, const uint8_t* data);

    // What the device may do with the byte at `index`: DEV_READ | DEV_WRITE, 0 outside the array.
    uint32_t access(uint64_t index) const;
    // The first byte that the device may touch, or -1: what leaked at the end of a run.
    int64_t first_granted() const { return permissions_.first_granted(); }
    uint8_t poison(uint64_t bus) const;
    // Whether the device may master the bus. It may until somebody says otherwise.
    void set_master(bool on) { master_ = on; }
    // Whether what the device writes to these pages may reach the CPU out of order.
    void set_weak(uint64_t index, uint64_t length, bool on);
    WeakOrder& order() { return order_; }
    void set_listener(MemoryListener* listener) { listener_ = listener; }
    MemoryListener* listener() const { return listener_; }

  private:
    bool holds(uint64_t index, uint64_t length) const { return index <= size_ && length <= size_ - index; }
    Fault why(uint64_t bus, bool write) const;

    uint64_t size_;
    uint64_t bus_offset_;
    uint64_t seed_;
    uint8_t* bytes_;
    Permissions permissions_;
    bool master_ = true;
    uint8_t* weak_;  // a byte a page: set_weak()
    mutable WeakOrder order_;
    MemoryListener* listener_ = nullptr;
};

}  // namespace ringside

extern "C" {
// A refused access, filled for Python: kind is a Fault, first_bad a bus address.
struct rs_fault {
    int64_t kind;
    uint64_t first_bad;
};

void* rs_mem_create(uint64_t size, uint64_t bus_offset, uint64_t seed);  // null: no memory
void rs_mem_destroy(void* handle);
void* rs_mem_bytes(void* handle);
int64_t rs_mem_grant(void* handle, uint64_t index, uint64_t length, uint32_t access);
int64_t rs_mem_revoke(void* handle, uint64_t index, uint64_t length, uint32_t access);
int rs_mem_dev_read(void* handle, uint64_t bus, uint64_t length, void* out, rs_fault* fault);
int rs_mem_dev_write(void* handle, uint64_t bus, uint64_t length, const void* data, rs_fault* fault);
int rs_mem_own(void* handle, uint64_t index, uint64_t length, int cpu);  // 1, or 0 outside the array
int rs_mem_cpu_owns(void* handle, uint64_t index);
uint32_t rs_mem_access(void* handle, uint64_t index);  // DEV_READ | DEV_WRITE as counted for this byte
int64_t rs_mem_first_granted(void* handle);            // index of the first byte the device may touch, or -1
void rs_mem_watch(void* handle, uint64_t index, uint64_t length);
void rs_mem_set_master(void* handle, int on);
void rs_mem_set_weak(void* handle, uint64_t index, uint64_t length, int on);
void rs_mem_store(void* handle, uint64_t index, const void* data, uint64_t length);
void rs_mem_publish(void* handle);
void rs_mem_settle(void* handle);
void* rs_mem_python(const void* api);  // python_calls.cpp
uint64_t rs_mem_method_size();
uint64_t rs_mem_first_bad();
}

#endif
