// SPDX-License-Identifier: Apache-2.0
// One seeded generator per channel, so that what one channel draws never depends on what happens on another.
#ifndef RINGSIDE_RANDOM_H
#define RINGSIDE_RANDOM_H

#include <cstdint>

namespace ringside {

inline uint64_t mix64(uint64_t x) {  // the finaliser of splitmix64
    x += 0x9E3779B97F4A7C15ULL;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

class Random {  // xorshift64*
  public:
    void seed(uint64_t seed, uint64_t channel) { state_ = mix64(mix64(seed) + channel) | 1; }
    uint32_t next() {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return static_cast<uint32_t>((state_ * 0x2545F4914F6CDD1DULL) >> 32);
    }
    // A number below `n`; 0 for n = 0.
    uint32_t below(uint32_t n) { return static_cast<uint32_t>((static_cast<uint64_t>(next()) * n) >> 32); }
    // True once in 65536 / `per_65536` draws. Draws nothing when that is never.
    bool chance(uint32_t per_65536) { return per_65536 && (next() & 0xFFFF) < per_65536; }

  private:
    uint64_t state_ = 1;
};

// A running hash, order-sensitive, 8 bytes a step.
class Digest {
  public:
    void add(uint64_t word) {  // one to one, so that a difference stays one
        state_ = (state_ ^ word) * 0x9E3779B97F4A7C15ULL;
        state_ ^= state_ >> 32;
    }
    void add(const uint8_t* data, uint64_t length) {
        add(length);
        while (length) {
            uint64_t word = 0;
            const uint64_t n = length < 8 ? length : 8;
            __builtin_memcpy(&word, data, n);
            add(word);
            data += n;
            length -= n;
        }
    }
    uint64_t value() const { return state_; }

  private:
    uint64_t state_ = 0x52696E6773696465ULL;
};

}  // namespace ringside

#endif
