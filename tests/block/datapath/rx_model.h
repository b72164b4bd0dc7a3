// SPDX-License-Identifier: Apache-2.0
// What the device finds out of a received frame (rtl/README.md, "Receive headers", "RSS"), written a second time.
#pragma once
#include <algorithm>

#include "bench.h"

namespace bench {

struct RxModel {
    struct Hash {
        uint32_t value, type;
    };
    Bytes key = Bytes(40);
    std::vector<uint8_t> table = std::vector<uint8_t>(128);
    uint32_t types = 0;                                   // as RSS_CTRL
    unsigned queues = 1;

    unsigned queue_of(const Bytes& f) const { return table[hash(f).value & 127] < queues ? table[hash(f).value & 127] : 0; }

    Hash hash(const Bytes& f) const {
        const auto type_at = [&](size_t at) { return unsigned(f[at]) << 8 | f[at + 1]; };
        const auto tag = [](unsigned type) { return type == 0x8100 || type == 0x88A8; };
        size_t l3 = 14;
        unsigned type = type_at(12);
        for (int i = 0; i < 2 && tag(type) && f.size() >= l3 + 4; i++) l3 += 4, type = type_at(l3 - 2);
        const size_t seen = std::min<size_t>(f.size() - l3, 104);
        const uint8_t* p = f.data() + l3;
        Bytes data;
        size_t half = 0, l4 = 0;
        unsigned proto = 59, first = 0;                   // first: the type without ports
        if (type == 0x0800 && seen >= 20 && p[0] >> 4 == 4 && (p[0] & 15) >= 5 && seen >= size_t(p[0] & 15) * 4) {
            first = 1, half = 4;
            data.assign(p + 12, p + 20);
            l4 = size_t(p[0] & 15) * 4;
            if (!(p[6] & 0x3F) && !p[7]) proto = p[9];
        } else if (type == 0x86DD && seen >= 40 && p[0] >> 4 == 6) {
            first = 4, half = 16;
            data.assign(p + 8, p + 40);
            proto = p[6], l4 = 40;
            for (int i = 0; i < 4 && (proto == 0 || proto == 43 || proto == 60 || proto == 44); i++) {
                if (proto == 44 || seen < l4 + 8 || l4 + 8 + 8u * p[l4 + 1] > 96 || (proto == 43 && p[l4 + 3])) {
                    proto = 59;
                    break;
                }
                proto = p[l4];
                l4 += 8 + 8u * p[l4 + 1];
            }
        } else {
            return {0, 0};
        }
        unsigned kind = first;
        if (seen >= l4 + 4 && (proto == 6 || proto == 17) && types >> (first + (proto == 17)) & 1) {
            kind = first + 1 + (proto == 17);
            data.insert(data.end(), p + l4, p + l4 + 4);
        }
        if (!(types >> (kind - 1) & 1)) return {0, 0};
        if (types >> 6 & 1) {
            for (size_t i = 0; i < half; i++) data[i] = data[half + i] = uint8_t(data[i] ^ data[half + i]);
            for (size_t i = 2 * half; i + 2 < data.size() && i < 2 * half + 2; i++) data[i] = data[i + 2] = uint8_t(data[i] ^ data[i + 2]);
        }
        uint32_t value = 0;
        for (size_t bit = 0; bit < 8 * data.size(); bit++)
            if (data[bit / 8] >> (7 - bit % 8) & 1)
                for (size_t k = 0; k < 32; k++) value ^= uint32_t(key[(bit + k) / 8] >> (7 - (bit + k) % 8) & 1) << (31 - k);
        return {value, kind};
    }
};

}  // namespace bench
