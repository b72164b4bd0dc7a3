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
    bool strip = false, vlan_filter = false;              // as RX_CTRL
    std::vector<bool> vlans = std::vector<bool>(4096);    // as VLAN_FILTER
    unsigned queues = 1;

    unsigned queue_of(const Bytes& f) const { return table[hash(f).value & 127] < queues ? table[hash(f).value & 127] : 0; }

    // An outer tag of EtherType 0x8100, and its contents.
    static bool tagged(const Bytes& f) { return f.size() >= 18 && f[12] == 0x81 && f[13] == 0; }
    static unsigned tci(const Bytes& f) { return unsigned(f[14]) << 8 | f[15]; }
    bool vlan_passes(const Bytes& f) const { return !vlan_filter || !tagged(f) || vlans[tci(f) & 4095]; }
    bool taken(const Bytes& f) const { return strip && tagged(f); }
    // The hash of RX_HASH: of CRC-32, the upper byte; bit by bit, lowest bit of each byte first.
    static unsigned address_hash(uint64_t dest) {         // first byte on the wire most significant
        uint32_t crc = ~0u;
        for (int byte = 5; byte >= 0; byte--)
            for (int bit = 0; bit < 8; bit++) crc = (crc << 1) ^ ((crc >> 31 ^ (dest >> (8 * byte + bit) & 1)) & 1 ? 0x04C11DB7u : 0);
        return crc >> 24;
    }

    // What is where in a frame; places from its beginning.
    struct Parts {
        unsigned ip = 0, proto = 59;                      // 4, 6, or 0 for neither
        size_t l3 = 14, l4 = 14, seen = 0;
    };
    static Parts parts(const Bytes& f) {
        const auto type_at = [&](size_t at) { return unsigned(f[at]) << 8 | f[at + 1]; };
        const auto tag = [](unsigned type) { return type == 0x8100 || type == 0x88A8; };
        Parts x;
        unsigned type = type_at(12);
        for (int i = 0; i < 2 && tag(type) && f.size() >= x.l3 + 4; i++) x.l3 += 4, type = type_at(x.l3 - 2);
        x.seen = std::min<size_t>(f.size() - x.l3, 104);
        const uint8_t* p = f.data() + x.l3;
        if (type == 0x0800 && x.seen >= 20 && p[0] >> 4 == 4 && (p[0] & 15) >= 5 && x.seen >= size_t(p[0] & 15) * 4) {
            x.ip = 4, x.l4 = x.l3 + size_t(p[0] & 15) * 4;
            if (!(p[6] & 0x3F) && !p[7]) x.proto = p[9];
        } else if (type == 0x86DD && x.seen >= 40 && p[0] >> 4 == 6) {
            x.ip = 6, x.proto = p[6];
            size_t at = 40;
            for (int i = 0; i < 4 && (x.proto == 0 || x.proto == 43 || x.proto == 60 || x.proto == 44); i++) {
                if (x.proto == 44 || x.seen < at + 8 || at + 8 + 8u * p[at + 1] > 96 || (x.proto == 43 && p[at + 3])) {
                    x.proto = 59;
                    break;
                }
                x.proto = p[at];
                at += 8 + 8u * p[at + 1];
            }
            x.l4 = x.l3 + at;
        }
        return x;
    }

    Hash hash(const Bytes& f) const {
        const Parts x = parts(f);
        if (!x.ip) return {0, 0};
        const uint8_t* p = f.data() + x.l3;
        const unsigned first = x.ip == 4 ? 1 : 4;         // the type without ports
        const size_t half = x.ip == 4 ? 4 : 16;
        Bytes data = x.ip == 4 ? Bytes(p + 12, p + 20) : Bytes(p + 8, p + 40);
        unsigned kind = first;
        if (x.seen >= x.l4 - x.l3 + 4 && (x.proto == 6 || x.proto == 17) && types >> (first + (x.proto == 17)) & 1) {
            kind = first + 1 + (x.proto == 17);
            data.insert(data.end(), f.begin() + long(x.l4), f.begin() + long(x.l4) + 4);
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

    // The sum of the bytes from (inclusive) to (exclusive): words with the first byte in 7:0.
    static uint16_t sum(const Bytes& f, size_t from, size_t to, uint64_t start = 0) {
        uint64_t s = start;
        for (size_t i = from; i < to; i++) s += uint64_t(f[i]) << ((i - from) % 2 ? 8 : 0);
        while (s >> 16) s = (s & 0xFFFF) + (s >> 16);
        return uint16_t(s);
    }
    static size_t ip_len(const Bytes& f, const Parts& x) {
        const size_t at = x.l3 + (x.ip == 4 ? 2 : 4);
        return (size_t(f[at]) << 8 | f[at + 1]) + (x.ip == 4 ? 0 : 40);
    }
    static uint64_t pseudo(const Bytes& f, const Parts& x, size_t len) {
        const size_t at = x.l3 + (x.ip == 4 ? 12 : 8), n = x.ip == 4 ? 8 : 32;
        return uint64_t(sum(f, at, at + n)) + (uint64_t(x.proto) << 8) + ((len & 255) << 8 | len >> 8);
    }
    bool ip_ok(const Bytes& f) const {
        const Parts x = parts(f);
        return x.ip == 4 && sum(f, x.l3, x.l4) == 0xFFFF;
    }
    bool l4_ok(const Bytes& f) const {
        const Parts x = parts(f);
        if (!x.ip || (x.proto != 6 && x.proto != 17) || x.seen < x.l4 - x.l3 + 8 || (x.ip == 4 && !ip_ok(f))) return false;
        const size_t end = x.l3 + ip_len(f, x);
        if (end < x.l4 + (x.proto == 6 ? 20 : 8) || end > f.size()) return false;
        if (x.proto == 17 && ((size_t(f[x.l4 + 4]) << 8 | f[x.l4 + 5]) != end - x.l4 || !(f[x.l4 + 6] | f[x.l4 + 7]))) return false;
        return sum(f, x.l4, end, pseudo(f, x, end - x.l4)) == 0xFFFF;
    }
    // Make lengths and checksums right, with so many bytes of padding behind.
    static void seal(Bytes& f, size_t padding) {
        const Parts x = parts(f);
        if (!x.ip || f.size() < x.l4 + 8 + padding) return;
        const size_t end = f.size() - padding, len = end - x.l3 - (x.ip == 4 ? 0 : 40);
        const size_t at = x.l3 + (x.ip == 4 ? 2 : 4);
        f[at] = uint8_t(len >> 8), f[at + 1] = uint8_t(len);
        const auto put = [&](size_t where, uint16_t s) { f[where] = uint8_t(~s), f[where + 1] = uint8_t(~s >> 8); };
        if (x.ip == 4) {
            f[x.l3 + 10] = f[x.l3 + 11] = 0;
            put(x.l3 + 10, sum(f, x.l3, x.l4));
        }
        const size_t check = x.l4 + (x.proto == 6 ? 16 : 6);
        if ((x.proto != 6 && x.proto != 17) || check + 2 > end) return;
        if (x.proto == 17) f[x.l4 + 4] = uint8_t((end - x.l4) >> 8), f[x.l4 + 5] = uint8_t(end - x.l4);
        f[check] = f[check + 1] = 0;
        put(check, sum(f, x.l4, end, pseudo(f, x, end - x.l4)));
    }
};

}  // namespace bench
