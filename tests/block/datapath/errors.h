// SPDX-License-Identifier: Apache-2.0
// Scenario error: AXI errors of each kind of access, and bad descriptors of each kind.
#pragma once
#include <algorithm>
#include <iterator>

#include "nic_bench.h"

namespace bench {

void settings(Bench& b);
void finish(Bench& b);

// Errors on one queue alone; it is reset and used again each time. Everything of the others has to arrive.
inline void error(Bench& b) {
    settings(b);
    b.setup();
    const unsigned victim = b.rng.below(Bench::QUEUES);
    Driver& d = *b.drivers[victim];
    d.set.lossy = d.set.errors = true;
    d.set.tx_max = std::min(d.set.tx_max, 400u);            // it must have sent all before each error
    uint64_t seen = 0;
    unsigned shape = 0;                                      // of bad TX descriptors
    static constexpr unsigned order[] = {0, 3, 1, 3, 7, 2, 3, 3, 4, 3, 5, 8, 3, 6};
    for (uint64_t round = 0; round < arg("rounds", 24); round++) {
        b.rx_skip = 0;
        b.sender_on = b.source_on = true;
        b.run(500 + b.rng.below(2000));
        const unsigned kind = order[round % std::size(order)];
        if (arg("verbose", 0)) std::printf("clock %llu: kind %u\n", (unsigned long long)now, kind);
        bool tx = kind < 4 || kind == 7, done = false;
        uint32_t code = 1;
        const size_t bad = b.mem.alloc(128);
        uint64_t where = 0, records = 0;
        uint32_t good = 0;                               // TX descriptors in front of the bad one
        auto id_error = [&](uint32_t kind_id, bool write) {
            const uint32_t id = kind_id | victim;
            return [&, id, write](uint64_t addr, bool w) {
                const uint32_t is = w ? b.dut->m_axi_awid : b.dut->m_axi_arid;
                if (done || w != write || is != id) return false;
                where = addr;
                records = b.axi.written[id];
                return done = true;
            };
        };
        b.send_queues = ~(1u << victim);
        b.rx_skip = 1u << victim;
        // What is under way on the queue is done first: afterwards only the error's victims are missing.
        bool told = false, came = false;                 // what its driver and the wire had begun
        b.regs.read(0x14, [&](uint32_t) { told = true; });
        b.until([&] { came |= b.source_empty(); return told && came && d.tx_expect.empty() && !d.tx_used(); }, 5000, "the queue is quiet");
        // Before an error of a message neither ring has anything left to tell of: frames that wait for buffers are
        // delivered as it is polled.
        uint64_t seen_records = ~0ull;
        for (int quiet = 0; kind >= 7 && quiet < 4; quiet++) {
            b.run(2000);
            b.poll(victim);
            bool armed = false;
            b.regs.read(0x14, [&](uint32_t) { armed = true; });
            b.until([&] { return armed; }, 5000, "the queue is armed");
            if (d.records != seen_records) quiet = 0;
            seen_records = d.records;
        }
        switch (kind) {
            case 0: b.axi.set.error = id_error(0x00, false); break;                       // TX descriptor
            case 1: b.axi.set.error = id_error(0x20, false); break;                       // TX data
            case 2: b.axi.set.error = id_error(0x20, true); code = 2; break;              // TX completion
            case 3: code = 3; break;                                                      // bad TX descriptor
            case 4: b.axi.set.error = id_error(0x00, true); code = 2; break;              // RX data
            case 5: b.axi.set.error = id_error(0x10, true); code = 2; break;              // RX completion
            case 6: b.axi.set.error = id_error(0x10, false); break;                       // RX descriptor
            case 7: case 8: b.axi.set.error = id_error(0x30, true); code = 2; break;      // message: TX, RX asks for it
        }
        if (kind == 3) {
            b.mem.grant(bad, 128, Memory::READ);
            const uint32_t n = b.rng.below(3);
            for (uint32_t i = 0; i < n; i++) d.send(b.random_frame(100), 1);
            good = d.tx_tail();
            const uint32_t length = 0x10000 | b.rng.range(14, 128);
            const uint32_t headers = 14 | 34 << 8, sizes = 100 | 54 << 17;
            switch (shape++ % 15) {
                case 0: d.raw_tx_descriptor(bad, 0x10000); break;                         // no bytes
                case 1: d.raw_tx_descriptor(bad, 0x10000 | 9019); break;                  // too many
                case 2: d.raw_tx_descriptor(bad, 0x10000 | 13); break;                    // too few
                case 3: d.raw_tx_descriptor(bad, 0xF0010000 | 64); break;                 // reserved kind
                case 4: d.tx_offload(0, 0, 0, 0), d.tx_offload(0, 0, 0, 0); break;        // an offload without data
                case 5: d.raw_tx_descriptor(bad, 20), d.tx_offload(0, 0, 0, 0); break;    // inside a frame
                case 6: d.tx_offload(0, (length & 0xFFFF) - 1, 0, 1), d.raw_tx_descriptor(bad, length); break;   // a place beyond it
                case 7: d.tx_offload(0x3FFF, 0x3FFF, 0, 3), d.raw_tx_descriptor(bad, length); break;
                case 9: d.tso(0, 0, 0, 54 << 17, headers); break;                         // mss 0
                case 10: d.tso(0, 0, 0, 100 | 53 << 17, headers); break;                  // TCP header beyond all headers
                case 11: d.tso(0, 0, 0, sizes, 15 | 34 << 8); break;                      // IPv4 header beyond TCP's
                case 12: d.tso(0, 0, 0, 8965 | 54 << 17, headers); break;                 // frames too long
                case 13: d.tso(0, 0, 0, sizes, headers), d.raw_tx_descriptor(bad, 53); break;            // headers in two
                case 14: d.tso(0, 0, 0, sizes, headers), d.raw_tx_descriptor(bad, 0x10000 | 54); break;  // no payload
                case 8: d.tx_offload(0, 0, 0, 2), d.raw_tx_descriptor(bad, 0x10000 | 9015); break;               // too long with its tag
            }
            d.ring_tx();
        } else if (tx) {
            while (d.tx_free() <= d.set.tx_frags) b.step();
            for (int i = 0; i < 3; i++) d.send(b.random_frame(b.rng.range(14, 1514)), 1);
            d.ring_tx();
        } else {
            b.rx_skip = 0;
        }
        const uint32_t status = d.reg(tx ? 0x18 : 0x58);
        uint32_t value = 0;
        if (!tx) {
            // Keep frames coming until the error has hit.
            b.until([&] { return (value = b.read(status)) & 2; }, 30000, "an RX error");
            b.rx_skip = 1u << victim;
            b.until([&] { return b.source_empty(); }, 5000, "the wire is empty");
        } else {
            b.until([&] { return (value = b.read(status)) & 2; }, 5000, "a TX error");
        }
        if ((value >> 4 & 15) != code) fail(text("error code %u, expected %u (round kind %u)", value >> 4 & 15, code, kind));
        b.axi.set.error = nullptr;
        seen++;
        // ERR_LOG and IRQ_CAUSE tell of it: which queue pair, and where.
        b.run(Bench::QUEUES);                            // of a descriptor once its ring was looked at again
        const uint32_t access[] = {0, 1, 2, 4, 1, 2, 0, 3, 3};
        const uint32_t log = b.read(0x50), logged = 1 | uint32_t(tx) << 2 | access[kind] << 4 | (kind == 3 ? 0u : b.axi.error_resp) << 8 | victim << 12;
        const uint64_t at = b.read(0x54) | uint64_t(b.read(0x58)) << 32;
        if (log != logged) fail(text("ERR_LOG is %x, expected %x (round kind %u)", log, logged, kind));
        if (kind != 3 && at != where) fail(text("ERR_ADDR is %llx, expected %llx", (unsigned long long)at, (unsigned long long)where));
        if (kind == 3 && !d.in_tx_ring(at)) fail(text("ERR_ADDR is %llx, no TX descriptor", (unsigned long long)at));
        if (b.read(0x80) != 2) fail("IRQ_CAUSE does not tell of the error alone");
        if (b.read(d.reg(tx ? 0x58 : 0x18)) & 2) fail("the queue's other ring is halted");
        b.regs.write(0x50, 1);
        b.regs.write(0x80, 2);
        // A record reports it, unless records are what cannot be written; then only status does.
        const bool recorded = kind != 2 && kind != 5 && kind < 7;
        if (recorded)
            b.until([&] { d.poll(); return tx ? d.tx_error : d.rx_error; }, 5000, "the error's record");
        if (recorded && (tx ? d.tx_code : d.rx_code) != code)
            fail(text("the record tells of error %u, not %u (round kind %u)", tx ? d.tx_code : d.rx_code, code, kind));
        if (kind == 3 && d.tx_clean() != good) fail(text("head %u with a bad descriptor, not %u", d.tx_clean(), good));
        if (kind == 3 && d.tx_expect.size()) fail("frames before a bad descriptor were not sent");
        b.run(500);
        b.regs.write(d.reg(tx ? 0x0c : 0x4c), 0);
        b.until([&] { return !(b.read(status) & 1); }, 5000, "a halted ring drains");
        if ((kind == 2 || kind == 5) && b.axi.written[(tx ? 0x20 : 0x10) | victim] != records + 1) fail("records were written after one that could not be");
        tx ? d.ended_tx() : d.ended_rx();
        tx ? d.start_tx() : d.start_rx();
        d.arm();
        b.send_queues = ~0u;
    }
    b.rx_skip = 0;
    finish(b);
    std::printf("%llu errors, ", (unsigned long long)seen);
}

}  // namespace bench
