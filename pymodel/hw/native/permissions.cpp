// SPDX-License-Identifier: Apache-2.0
// Permissions of host memory; see permissions.h.
#include "permissions.h"

#include <cstring>

#include "zeros.h"

namespace ringside {
namespace {

// True where some count of the array is `count`; no early exit, so that the compiler uses vector instructions.
bool some_equal(const uint16_t* counts, uint64_t length, uint16_t count) {
    uint16_t found = 0;
    for (uint64_t i = 0; i < length; i++) found |= static_cast<uint16_t>(counts[i] == count);
    return found;
}

template <class T>
bool alike(const T* values, uint64_t length) {
    return !std::memcmp(values, values + 1, (length - 1) * sizeof(T));
}

template <class T>
void fill(T* values, uint64_t length, T value) {
    for (uint64_t i = 0; i < length; i++) values[i] = value;
}

}  // namespace

Permissions::Permissions(uint64_t size)
    : size_((size + BLOCK - 1) / BLOCK * BLOCK), blocks_(zeros<Block>(size_ / BLOCK)), readers_(zeros<uint16_t>(size_)),
      writers_(zeros<uint16_t>(size_)), cpu_(zeros<uint8_t>(size_)) {}

Permissions::~Permissions() {
    give_back(blocks_, size_ / BLOCK);
    give_back(readers_, size_);
    give_back(writers_, size_);
    give_back(cpu_, size_);
}

int64_t Permissions::change(uint64_t index, uint64_t length, uint32_t access, bool add_one) {
    const uint16_t bad = add_one ? 0xFFFF : 0;
    const uint16_t delta = add_one ? 1 : 0xFFFF;
    int64_t refused = -1;
    if (access & DEV_READ) refused = first_equal(&Block::readers, readers_, index, length, bad);
    if (refused < 0 && access & DEV_WRITE) refused = first_equal(&Block::writers, writers_, index, length, bad);
    if (refused >= 0) return refused;
    if (access & DEV_READ) add(&Block::readers, readers_, index, length, delta);
    if (access & DEV_WRITE) add(&Block::writers, writers_, index, length, delta);
    return -1;
}

int64_t Permissions::first_granted() const {
    for (uint64_t i = 0; i < size_; i += blocks_[i / BLOCK].mixed ? 1 : BLOCK) {
        if (readable(i) || writable(i)) return static_cast<int64_t>(i);
    }
    return -1;
}

int64_t Permissions::first_equal(uint16_t Block::*of_block, const uint16_t* of_bytes, uint64_t index, uint64_t length,
                                 uint16_t count) const {
    const uint64_t end = index + length;
    for (uint64_t at = index, n; at < end; at += n) {
        n = piece(at, end);
        const Block& b = blocks_[at / BLOCK];
        if (b.mixed ? !some_equal(of_bytes + at, n, count) : b.*of_block != count) continue;
        while (b.mixed && of_bytes[at] != count) at++;
        return static_cast<int64_t>(at);
    }
    return -1;
}

void Permissions::add(uint16_t Block::*of_block, uint16_t* of_bytes, uint64_t index, uint64_t length, uint16_t delta) {
    const uint64_t end = index + length;
    for (uint64_t at = index, n; at < end; at += n) {
        n = piece(at, end);
        Block& b = blocks_[at / BLOCK];
        if (!b.mixed && n == BLOCK) {
            b.*of_block = static_cast<uint16_t>(b.*of_block + delta);
            continue;
        }
        split(at / BLOCK);
        for (uint64_t i = at; i < at + n; i++) of_bytes[i] = static_cast<uint16_t>(of_bytes[i] + delta);
        join(at / BLOCK);
    }
}

// The bytes of the block get counts of their own.
void Permissions::split(uint64_t block) {
    Block& b = blocks_[block];
    if (b.mixed) return;
    const uint64_t at = block * BLOCK;
    fill(readers_ + at, BLOCK, b.readers);
    fill(writers_ + at, BLOCK, b.writers);
    fill(cpu_ + at, BLOCK, b.cpu);
    b.mixed = 1;
}

// The block speaks for its bytes again if they are alike.
void Permissions::join(uint64_t block) {
    const uint64_t at = block * BLOCK;
    const bool same = alike(readers_ + at, BLOCK) && alike(writers_ + at, BLOCK) && alike(cpu_ + at, BLOCK);
    if (same) blocks_[block] = {readers_[at], writers_[at], cpu_[at], 0};
}

}  // namespace ringside
