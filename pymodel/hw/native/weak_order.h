// SPDX-License-Identifier: Apache-2.0
// Where CPU and device see different bytes, because stores or loads are not ordered: the weakly ordered machine of
// memory-barriers.txt, for memory that both share.
//
// The array holds what the CPU sees. Each entry is an aligned word of 8 bytes of which the device sees something else:
// a store that has not reached it yet, or a write of its own that the CPU has not seen yet. The CPU's stores may reach
// the device word by word in any order until publish(); what the device writes may reach the CPU so until settle().
// Draws come from the seed. Nothing here allocates: with no entry free, words are in order.
#ifndef RINGSIDE_WEAK_ORDER_H
#define RINGSIDE_WEAK_ORDER_H

#include <cstdint>
#include <cstring>

namespace ringside {

class WeakOrder {
  public:
    explicit WeakOrder(uint64_t seed) : state_(seed | 1) {}
    bool quiet() const { return count_ == 0; }

    // The CPU stores: it sees the bytes at once.
    void store(uint8_t* bytes, uint64_t index, const uint8_t* data, uint64_t length) {
        for_words(index, length, [&](uint64_t word, uint64_t from, uint64_t n) {
            Entry* e = find(word);
            if (e && e->load) settle_one(bytes, e), e = nullptr;
            if (!e && count_ < MAX) {
                e = &entries_[count_++];
                e->word = word, e->load = false;
                std::memcpy(e->device, bytes + word, 8);
            }
            std::memcpy(bytes + from, data + (from - index), n);
        });
    }

    // All stores so far are visible to the device.
    void publish() {
        for (uint32_t i = 0; i < count_;) {
            if (entries_[i].load) i++;
            else remove(i);
        }
    }

    // All that the device wrote so far is visible to the CPU. What the CPU stored there meanwhile stays.
    void settle(uint8_t* bytes) {
        for (uint32_t i = 0; i < count_;) {
            if (entries_[i].load) settle_one(bytes, &entries_[i]);
            else i++;
        }
    }

    // A device has read `length` bytes at `index` into `out`: what it sees of them.
    void read(uint64_t index, uint64_t length, uint8_t* out) {
        for (uint32_t i = 0; i < count_;) {
            Entry& e = entries_[i];
            if (e.word + 8 <= index || index + length <= e.word) {
                i++;
            } else if (!e.load && coin()) {
                remove(i);  // the store arrives
            } else {
                for (uint64_t b = 0; b < 8; b++) {
                    if (e.word + b >= index && e.word + b < index + length) out[e.word + b - index] = e.device[b];
                }
                i++;
            }
        }
    }

    // A device writes. `late`: the CPU may see some words later.
    void write(uint8_t* bytes, uint64_t index, const uint8_t* data, uint64_t length, bool late) {
        for_words(index, length, [&](uint64_t word, uint64_t from, uint64_t n) {
            Entry* e = find(word);
            if (e && e->load) settle_one(bytes, e), e = nullptr;
            const uint8_t* source = data + (from - index);
            if (e) {
                std::memcpy(e->device + (from - word), source, n);
            } else if (late && count_ < MAX && coin()) {
                e = &entries_[count_++];
                e->word = word, e->load = true;
                std::memcpy(e->cpu, bytes + word, 8);
                std::memcpy(e->device, bytes + word, 8);
                std::memcpy(e->device + (from - word), source, n);
                return;
            }
            std::memcpy(bytes + from, source, n);
        });
    }

  private:
    static constexpr uint32_t MAX = 64;
    struct Entry {
        uint64_t word;      // index of its first byte
        bool load;          // the device's write, not seen by the CPU; else the CPU's store, not seen by the device
        uint8_t cpu[8];     // of a load: what the CPU saw when the device wrote
        uint8_t device[8];  // what the device sees
    };

    template <typename F>
    static void for_words(uint64_t index, uint64_t length, F each) {
        for (uint64_t at = index, end = index + length; at < end;) {
            const uint64_t word = at & ~7ULL, next = word + 8 < end ? word + 8 : end;
            each(word, at, next - at);
            at = next;
        }
    }

    Entry* find(uint64_t word) {
        for (uint32_t i = 0; i < count_; i++) {
            if (entries_[i].word == word) return &entries_[i];
        }
        return nullptr;
    }

    void settle_one(uint8_t* bytes, Entry* e) {
        for (uint64_t b = 0; b < 8; b++) {
            if (bytes[e->word + b] == e->cpu[b]) bytes[e->word + b] = e->device[b];
        }
        remove(static_cast<uint32_t>(e - entries_));
    }

    void remove(uint32_t i) { entries_[i] = entries_[--count_]; }

    bool coin() {  // xorshift64
        state_ ^= state_ << 13, state_ ^= state_ >> 7, state_ ^= state_ << 17;
        return (state_ >> 32) & 1;
    }

    uint64_t state_;
    uint32_t count_ = 0;
    Entry entries_[MAX];
};

}  // namespace ringside

#endif
