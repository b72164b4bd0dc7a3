// SPDX-License-Identifier: Apache-2.0
// What the device may do with each byte of host memory: how many mappings let it read the byte, how many let it write
// it, and whether the CPU owns it at the moment (dma_sync_*).
//
// Buffers are long and their bytes alike, so a block of 64 bytes has one entry for all of them, and counts for each
// byte only while they differ. A ring of buffers would otherwise have more of counts than of data, and each packet would
// wait for them to come from the machine's memory.
// Nothing here allocates after construction. Callers check that an index lies in the memory.
#ifndef RINGSIDE_PERMISSIONS_H
#define RINGSIDE_PERMISSIONS_H

#include <cstdint>

namespace ringside {

enum Access : uint32_t { DEV_READ = 1, DEV_WRITE = 2 };

class Permissions {
  public:
    explicit Permissions(uint64_t size);
    ~Permissions();
    Permissions(const Permissions&) = delete;
    Permissions& operator=(const Permissions&) = delete;
    bool ok() const { return blocks_ && readers_ && writers_ && cpu_; }

    // Add or take away one mapping. Returns -1, or the index of the first byte that refuses (already 65,535 mappings;
    // no mapping to take away); nothing is changed then.
    int64_t change(uint64_t index, uint64_t length, uint32_t access, bool add);

    // Who owns bytes that the device may write: a byte of the CPU has one writer less. Bytes that nobody may write, or
    // are owned so already, stay as they are. Calls changed(index, length) for each run of the others.
    template <class Changed>
    void own(uint64_t index, uint64_t length, bool cpu, Changed changed) {
        const uint64_t end = index + length;
        uint64_t run = index;  // what has changed begins here and ends where one stays
        const auto stays = [&](uint64_t at, uint64_t next) {
            if (at > run) changed(run, at - run);
            run = next;
        };
        for (uint64_t at = index, n; at < end; at += n) {
            n = piece(at, end);
            Block& b = blocks_[at / BLOCK];
            if (!b.mixed && (b.cpu == cpu || (cpu && !b.writers))) {
                stays(at, at + n);
            } else if (!b.mixed && n == BLOCK) {
                b.cpu = cpu;
                b.writers = static_cast<uint16_t>(b.writers + (cpu ? -1 : 1));
            } else {
                split(at / BLOCK);
                for (uint64_t i = at; i < at + n; i++) {
                    if (cpu_[i] == cpu || (cpu && !writers_[i])) {
                        stays(i, i + 1);
                        continue;
                    }
                    cpu_[i] = cpu;
                    writers_[i] = static_cast<uint16_t>(writers_[i] + (cpu ? -1 : 1));
                }
                join(at / BLOCK);
            }
        }
        stays(end, end);
    }
    bool cpu_owns(uint64_t index) const {
        const Block& b = blocks_[index / BLOCK];
        return b.mixed ? cpu_[index] : b.cpu;
    }

    bool readable(uint64_t index) const { return all_readable(index, 1); }
    bool writable(uint64_t index) const { return all_writable(index, 1); }
    bool all_readable(uint64_t index, uint64_t length) const { return all(&Block::readers, readers_, index, length); }
    bool all_writable(uint64_t index, uint64_t length) const { return all(&Block::writers, writers_, index, length); }
    // The first byte that the device may touch, or -1.
    int64_t first_granted() const;

  private:
    static constexpr uint64_t BLOCK = 64;  // the widest AXI beat: one entry tells about a beat

    struct Block {
        uint16_t readers, writers;
        uint8_t cpu;
        uint8_t mixed;  // its bytes differ: see the arrays, the rest of the entry says nothing
    };

    // The length of what begins at `at` and ends with its block or at `end`.
    static uint64_t piece(uint64_t at, uint64_t end) {
        const uint64_t n = BLOCK - at % BLOCK;
        return n < end - at ? n : end - at;
    }

    bool all(uint16_t Block::*of_block, const uint16_t* of_bytes, uint64_t index, uint64_t length) const {
        const Block& b = blocks_[index / BLOCK];
        if (!b.mixed && index % BLOCK + length <= BLOCK) return b.*of_block != 0;
        return first_equal(of_block, of_bytes, index, length, 0) < 0;
    }

    int64_t first_equal(uint16_t Block::*of_block, const uint16_t* of_bytes, uint64_t index, uint64_t length,
                        uint16_t count) const;
    void add(uint16_t Block::*of_block, uint16_t* of_bytes, uint64_t index, uint64_t length, uint16_t delta);
    void split(uint64_t block);
    void join(uint64_t block);

    uint64_t size_;  // a multiple of BLOCK
    Block* blocks_;
    uint16_t* readers_;  // these three: an entry a byte, of mixed blocks
    uint16_t* writers_;
    uint8_t* cpu_;
};

}  // namespace ringside

#endif
