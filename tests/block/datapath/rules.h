// SPDX-License-Identifier: Apache-2.0
// Scenario rules: what the programming model says about frames that do not arrive, and about rings that halt, case by case.
#pragma once
#include "nic_bench.h"

namespace bench {

class Rules {
  public:
    explicit Rules(Bench& b) : b_(b) {}

    void run() {
        for (auto& d : b_.drivers) d->set = DriverSettings{};
        b_.setup();
        b_.run(300);
        filter();
        addresses();
        hash();
        vlans();
        lengths();
        disabled();
        queues();
        no_buffers();
        buffers_of_a_frame();
        full();
        bad_rx_buffer();
        bad_tail();
        completions();
        completed_in_time();
        frames_are_counted();
        check_sum();
    }

  private:
    enum { TX_FRAMES, TX_BYTES, RX_FRAMES, RX_BYTES, NODESC, FIFO, FILTER, OVERSIZE, ERROR, STREAM, RUNT, VLAN };
    static constexpr uint32_t RX_CTRL = 0x20, MAX_FRAME = 0x24, CTRL = 0x0c;
    Bench& b_;

    std::vector<uint64_t> counters() {
        std::vector<uint64_t> c;
        for (uint32_t at = 0x100; at <= 0x158; at += 8) c.push_back(b_.read(at));
        return c;
    }
    void set(uint32_t reg, uint32_t value) {
        b_.regs.write(reg, value);
        b_.until([&] { return b_.regs.idle(); }, 1000, "a register write");
    }
    Bytes frame(uint32_t n, uint64_t dest) {
        Bytes f = b_.random_frame(std::max(n, 14u));
        for (int i = 0; i < 6; i++) f[size_t(i)] = uint8_t(dest >> 8 * (5 - i));
        f.resize(n);
        return f;
    }
    void in(const Bytes& f, bool bad = false) {
        b_.push_frame(f, bad);
        b_.until([&] { return b_.source_empty(); }, 10000, "the frame is on the wire");
    }
    // One frame arrives, and this counter alone counts it.
    void frame_counts(const Bytes& f, int counter, const char* what, bool bad = false, bool on_stream = true) {
        if (getenv("V")) printf("%llu %s\n", (unsigned long long)now, what);
        const auto was = counters();
        Driver& d = *b_.drivers[f.size() < 14 ? 0 : b_.queue_of(f)];
        const uint64_t done = d.rx_done;
        if (counter == RX_FRAMES) d.rx_expect.push_back(f);
        in(f, bad);
        b_.run(300 + 2 * f.size() / Bench::BYTES);
        for (auto& driver : b_.drivers) driver->poll();
        const auto is = counters();
        for (int i = RX_FRAMES; i <= VLAN; i++) {
            const uint64_t want = i == RX_BYTES ? (counter == RX_FRAMES ? f.size() - 4 * b_.model.taken(f) : 0) : i == counter || (i == STREAM && on_stream);
            if (is[size_t(i)] - was[size_t(i)] != want) fail(text("%s: counter %d moved by %llu", what, i, (unsigned long long)(is[size_t(i)] - was[size_t(i)])));
        }
        if (d.rx_done - done != (counter == RX_FRAMES)) fail(text("%s: delivered or not", what));
    }

    void filter() {
        const uint64_t station = 0x02'11'22'33'44'55, other = 0x02'11'22'33'44'54, group = 0x01'00'5e'00'00'01, all = 0xFFFF'FFFF'FFFF;
        set(0x18, 0x33221102);
        set(0x1c, 0x5544);
        const struct {
            uint32_t ctrl;
            bool station, other, group, all;
        } cases[] = {{0, true, false, false, false}, {1, true, true, true, true}, {2, true, false, true, true}, {4, true, false, false, true}, {6, true, false, true, true}};
        for (const auto& c : cases) {
            set(RX_CTRL, c.ctrl);
            frame_counts(frame(64, station), c.station ? RX_FRAMES : FILTER, "filter, station");
            frame_counts(frame(64, other), c.other ? RX_FRAMES : FILTER, "filter, another station");
            frame_counts(frame(64, group), c.group ? RX_FRAMES : FILTER, "filter, group");
            frame_counts(frame(64, all), c.all ? RX_FRAMES : FILTER, "filter, broadcast");
        }
        set(RX_CTRL, 5);
    }
    void address(unsigned entry, uint64_t addr, bool valid) {
        const auto byte = [&](int i) { return uint32_t(addr >> 8 * (5 - i) & 255); };
        set(0x300 + 8 * entry, byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24);
        set(0x304 + 8 * entry, byte(4) | byte(5) << 8 | uint32_t(valid) << 31);
    }
    // Each entry lets its address through, alone, and only while it is valid; group addresses too.
    void addresses() {
        set(RX_CTRL, 0);
        std::vector<uint64_t> all;
        for (unsigned i = 0; i < 16; i++) {
            const uint64_t addr = (b_.rng.next() & 0xFEFF'FFFF'FFFF) | uint64_t(i % 2) << 40;
            frame_counts(frame(64, addr), FILTER, "an address that is in no entry");
            address(i, addr, true);
            frame_counts(frame(64, addr), RX_FRAMES, "an address in an entry");
            all.push_back(addr);
        }
        for (unsigned i = 0; i < 16; i++) {
            frame_counts(frame(64, all[i]), RX_FRAMES, "an address in an entry, all of them full");
            frame_counts(frame(64, all[i] ^ 1ull << b_.rng.below(48)), FILTER, "an address that differs in a bit");
            address(i, all[i], false);
            frame_counts(frame(64, all[i]), FILTER, "an entry that is not valid");
        }
    }
    // Each bit of the hash filter lets through what has this hash, and nothing else.
    void hash() {
        for (unsigned bit = 0; bit < 256; bit += 1 + b_.rng.below(12)) {
            uint64_t in, out;
            do in = b_.rng.next() & 0xFFFF'FFFF'FFFF;
            while (RxModel::address_hash(in) != bit);
            do out = b_.rng.next() & 0xFFFF'FFFF'FFFF;
            while (RxModel::address_hash(out) == bit);
            set(0x380 + 4 * (bit / 32), 1u << bit % 32);
            frame_counts(frame(64, in), RX_FRAMES, "an address whose hash is set");
            frame_counts(frame(64, out), FILTER, "an address whose hash is not set");
            set(0x380 + 4 * (bit / 32), 0);
        }
        set(RX_CTRL, 5);
    }
    Bytes tagged(uint32_t n, unsigned type, unsigned tci) {
        Bytes f = frame(n, 2);
        const uint8_t tag[] = {uint8_t(type >> 8), uint8_t(type), uint8_t(tci >> 8), uint8_t(tci)};
        std::copy(tag, tag + 4, f.begin() + 12);
        return f;
    }
    // The filter looks at the outer tag of EtherType 0x8100; promiscuous mode does not put it out of force.
    void vlans() {
        b_.model.vlan_filter = true;
        b_.write_rx_ctrl(5);
        const auto counts = [&](const Bytes& f, const char* what) { frame_counts(f, b_.model.vlan_passes(f) ? RX_FRAMES : VLAN, what); };
        for (unsigned i = 0; i < 40; i++) {
            const unsigned vid = i < 2 ? 4095 * i : b_.rng.below(4096);
            const auto let = [&](bool on) {
                b_.model.vlans[vid] = on;
                uint32_t word = 0;
                for (unsigned bit = 0; bit < 32; bit++) word |= uint32_t(b_.model.vlans[vid / 32 * 32 + bit]) << bit;
                set(0x600 + 4 * (vid / 32), word);
                if (b_.read(0x600 + 4 * (vid / 32)) != word) fail("VLAN_FILTER does not keep what is written");
            };
            b_.model.strip = i % 3 == 0;
            b_.write_rx_ctrl(5);
            const unsigned tci = vid | b_.rng.below(16) << 12;
            counts(tagged(60 + b_.rng.below(100), 0x8100, tci), "a VLAN, before");
            let(true);
            counts(tagged(18 + b_.rng.below(200), 0x8100, tci), "a VLAN that is let through");
            counts(tagged(64, 0x8100, tci ^ 1u << b_.rng.below(12)), "another VLAN");
            counts(tagged(64, 0x88A8, tci ^ 1), "an outer tag of another EtherType");
            Bytes part = tagged(64, 0x8100, tci ^ 1);
            part.resize(17);
            frame_counts(part, RX_FRAMES, "a tag that is cut short is none");
            if (i % 2) let(false);
            counts(tagged(64, 0x8100, tci), "a VLAN, afterwards");
        }
        b_.model.strip = b_.model.vlan_filter = false;
        b_.write_rx_ctrl(5);
        frame_counts(tagged(64, 0x8100, 1), RX_FRAMES, "no VLAN filter");
    }
    void lengths() {
        frame_counts(frame(13, 2), RUNT, "13 bytes");
        frame_counts(frame(1, 2), RUNT, "1 byte");
        frame_counts(frame(14, 2), RX_FRAMES, "14 bytes");
        set(MAX_FRAME, 100);
        frame_counts(frame(100, 2), RX_FRAMES, "as long as MAX_FRAME");
        frame_counts(frame(101, 2), OVERSIZE, "longer than MAX_FRAME");
        set(MAX_FRAME, 16383);
        frame_counts(frame(9018, 2), RX_FRAMES, "the longest frame");
        frame_counts(frame(9019, 2), OVERSIZE, "longer than the longest");
        frame_counts(frame(20000, 2), OVERSIZE, "longer than the buffer");
        frame_counts(frame(200, 2), ERROR, "marked bad", true);
        frame_counts(frame(10, 2), ERROR, "marked bad, and too short", true);
        frame_counts(frame(9019, 2), ERROR, "marked bad, and too long", true);
        frame_counts(frame(60, 2), RX_FRAMES, "after all that");
    }
    // Frames are ignored while the device is disabled: those that begin then, whole.
    void disabled() {
        set(CTRL, 0);
        frame_counts(frame(100, 2), -1, "device disabled", false, false);
        const auto was = counters();
        b_.push_frame(frame(9018, 2), false);
        b_.regs.write(CTRL, 1);
        b_.until([&] { return b_.source_empty(); }, 10000, "the frame is on the wire");
        b_.run(2000);
        if (counters() != was) fail("a frame whose beginning was ignored was not ignored as a whole");
        frame_counts(frame(100, 2), RX_FRAMES, "device enabled again");
        // And the other way round: the frame under way when the device is disabled ends in order.
        b_.push_frame(frame(9018, 2), false);
        b_.regs.write(CTRL, 0);
        b_.until([&] { return b_.source_empty() && b_.regs.idle(); }, 10000, "the frame is on the wire");
        b_.run(2000);
        if (counters()[STREAM] != was[STREAM] + 2) fail("the frame that was under way is not counted");
        set(CTRL, 1);
        for (auto& d : b_.drivers) d->poll();
        frame_counts(frame(100, 2), RX_FRAMES, "device enabled once more");
    }
    void queues() {
        if (Bench::QUEUES < 2) return;
        const auto table = b_.model.table;
        const uint8_t none = Bench::QUEUES < 16 ? uint8_t(Bench::QUEUES) : 0;      // a queue that is not there acts as 0
        for (size_t i = 0; i < 128; i++) b_.model.table[i] = i % 2 ? 0 : none;
        rss();
        for (int i = 0; i < 20; i++) {
            const Bytes f = frame(80, 2);
            b_.drivers[0]->rx_expect.push_back(f);
            in(f);
        }
        b_.run(500);
        b_.drivers[0]->poll();
        if (!b_.drivers[0]->rx_expect.empty()) fail("a table of zeros: not all frames came to queue 0");
        b_.model.table = table;
        for (const uint32_t types : {0u, 1u, 8u, 9u, 0x12u, 0x24u, 0x3Fu, 0x7Fu, 0x40u, 0x4Bu}) {
            b_.model.types = types;
            rss();
            for (int i = 0; i < 20; i++) frame_counts(frame(80, 2), RX_FRAMES, "fields of the hash");
        }
        b_.model.types = 0x3F;
        rss();
    }
    void rss() {
        b_.write_rss();
        b_.until([&] { return b_.regs.idle(); }, 1000, "RSS is set up");
    }
    Bytes frame_for(unsigned queue, uint32_t n) {
        for (;;) {
            const Bytes f = frame(n, 2);
            if (b_.queue_of(f) == queue) return f;
        }
    }
    void stop_rx(Driver& d) {
        set(d.reg(0x4c), 0);
        b_.until([&] { return !(b_.read(d.reg(0x58)) & 1); }, 2000, "the ring drains");
        d.poll();
        d.ended_rx();
    }
    void no_buffers() {
        const unsigned q = Bench::QUEUES - 1;
        Driver& d = *b_.drivers[q];
        stop_rx(d);
        const uint32_t drops = b_.read(d.reg(0x8c));
        frame_counts(frame_for(q, 100), NODESC, "ring disabled");
        d.set.rx_limit = 2;
        d.set.rx_min = d.set.rx_max = 128;
        d.start_rx();
        b_.run(200);
        frame_counts(frame_for(q, 300), NODESC, "buffers for less than the frame");
        frame_counts(frame_for(q, 256), RX_FRAMES, "buffers for just the frame");
        d.set.rx_limit = ~0u;
        d.poll();
        b_.run(200);
        frame_counts(frame_for(q, 300), RX_FRAMES, "buffers again");
        if (b_.read(d.reg(0x8c)) - drops != 2) fail("RX_DROPS of the queue");
    }
    void buffers_of_a_frame() {
        const unsigned q = 0;
        Driver& d = *b_.drivers[q];
        stop_rx(d);
        d.set.rx_min = d.set.rx_max = 64;
        d.start_rx();
        b_.run(300);
        frame_counts(frame_for(q, 24 * 64), RX_FRAMES, "a frame of as many buffers as may be");
        frame_counts(frame_for(q, 24 * 64 + 1), NODESC, "a frame of too many buffers");
        frame_counts(frame_for(q, 64), RX_FRAMES, "a frame of one buffer");
        stop_rx(d);
        d.set = DriverSettings{};
        d.start_rx();
    }
    // Descriptors that do not come fill the queue's part of the packet buffer.
    void full() {
        const unsigned q = 0;
        Driver& d = *b_.drivers[q];
        stop_rx(d);
        b_.axi.set.held_ids = 1ull << 16 | 1ull;       // reads of queue 0's RX descriptors (and writes of its data and records)
        d.start_rx();
        const auto was = counters();
        for (int i = 0; i < 24; i++) {
            const Bytes f = frame_for(q, 1000);
            if (i < 16384 / ((1000 + int(Bench::BYTES) - 1) / int(Bench::BYTES) * int(Bench::BYTES))) d.rx_expect.push_back(f);
            in(f);
        }
        b_.run(100);
        const uint64_t kept = d.rx_expect.size();
        if (counters()[FIFO] - was[FIFO] != 24 - kept) fail("full packet buffer: RX_DROP_FIFO");
        for (unsigned other = 1; other < Bench::QUEUES; other++) frame_counts(frame_for(other, 500), RX_FRAMES, "another queue's frame");
        b_.axi.set.held_ids = 0;
        b_.run(3000);
        d.poll();
        if (!d.rx_expect.empty()) fail("full packet buffer: what was kept did not arrive");
    }
    void halted(Driver& d, bool tx) {
        b_.run(400);
        const uint32_t status = b_.read(d.reg(tx ? 0x18 : 0x58));
        if ((status & 0xFF) != 0x33) fail(text("bad descriptor: status 0x%x", status));
        d.poll();
        if (!(tx ? d.tx_error : d.rx_error)) fail("bad descriptor: no record");
        if (d.msi_count == 0) fail("bad descriptor: no interrupt");
    }
    void bad_rx_buffer() {
        const unsigned q = Bench::QUEUES / 2;
        Driver& d = *b_.drivers[q];
        stop_rx(d);
        d.set.rx_min = d.set.rx_max = 63;
        d.set.errors = true;
        d.start_rx();
        d.arm();
        b_.run(300);
        frame_counts(frame_for(q, 60), NODESC, "a buffer that is too short");
        halted(d, false);
        frame_counts(frame_for(q, 60), NODESC, "a halted ring");
        stop_rx(d);
        d.set = DriverSettings{};
        d.start_rx();
        d.arm();
        b_.run(300);
        frame_counts(frame_for(q, 60), RX_FRAMES, "a ring that was halted");
    }
    void bad_tail() {
        Driver& d = *b_.drivers[0];
        d.set.errors = true;
        d.arm();
        set(0x50, 1);
        set(d.reg(0x10), 65);                          // of 64 entries
        halted(d, true);
        if (b_.read(0x50) != (1 | 1 << 2 | 5 << 4)) fail(text("a bad tail: ERR_LOG is 0x%x", b_.read(0x50)));
        set(d.reg(0x0c), 0);
        b_.until([&] { return !(b_.read(d.reg(0x18)) & 1); }, 2000, "the ring drains");
        d.ended_tx();
        d.set.errors = false;
        d.start_tx();
        const uint64_t frames = b_.wire_frames;
        d.send(frame(100, 2), 3);
        d.ring_tx();
        b_.until([&] { return b_.wire_frames > frames; }, 2000, "a frame after a ring was halted");
    }
    // All frames of a burst are reported without another, whatever its length, when the last is sent, and not one by one.
    void completions() {
        for (unsigned i = 0; i < 150; i++) {
            Driver& d = *b_.drivers[b_.rng.below(Bench::QUEUES)];
            const unsigned n = b_.rng.chance(50) ? 17 : 1 + b_.rng.below(40);     // 16 are reported while the last is sent
            const uint64_t records = d.records;
            for (unsigned k = 0; k < n; k++) d.send(frame(60, 2), 1);
            d.ring_tx();
            b_.until([&] { return d.tx_expect.empty(); }, 2000, "the frames of a burst are sent");
            const uint64_t sent = now;
            b_.until([&] { d.poll(); return !d.tx_used(); }, 2000, "the frames of a burst are reported");
            if (now > sent + 150) fail(text("a burst was reported %llu clocks after it was sent", (unsigned long long)(now - sent)));
            if (d.records - records > 3 + n / 8) fail(text("%u frames were reported by %u records", n, unsigned(d.records - records)));
            b_.run(b_.rng.below(30));
        }
    }
    // A frame is reported though its queue has more to send, which does not come.
    void completed_in_time() {
        for (unsigned i = 0; i < 12; i++) {
            const unsigned q = b_.rng.below(Bench::QUEUES);
            Driver& d = *b_.drivers[q];
            const uint64_t data = 1ull << (32 + q);
            d.set.tx_align = 0;                            // a read each
            b_.axi.set.held_reads = data;
            for (int k = 0; k < 2; k++) d.send(frame(60, 2), 1);
            d.ring_tx();
            b_.run(150 + b_.rng.below(50));
            b_.axi.set.held_reads = 0;
            b_.until([&] { return b_.axi.reads_open() < 2; }, 1000, "the first frame's data is read");
            b_.axi.set.held_reads = data;
            b_.until([&] { return d.tx_expect.size() < 2; }, 1000, "the first frame is sent");
            const uint64_t sent = now;
            b_.until([&] { d.poll(); return d.tx_used() < 2; }, 4000, "the first frame is reported");
            if (now > sent + 512 + 100) fail(text("a frame was reported %llu clocks after it was sent", (unsigned long long)(now - sent)));
            b_.axi.set.held_reads = 0;
            b_.until([&] { d.poll(); return !d.tx_used(); }, 4000, "the last frame is reported");
            d.set.tx_align = -1;
        }
    }
    // Moderation counts frames, not buffers.
    void frames_are_counted() {
        const unsigned q = Bench::QUEUES - 1;
        Driver& d = *b_.drivers[q];
        stop_rx(d);
        d.set.rx_min = d.set.rx_max = 64;
        d.start_rx();
        d.arm();
        set(d.reg(0xa4), 4 << 16);                         // IRQ_RX_MOD.frames, no usecs
        b_.run(300);
        for (unsigned i = 0; i < 3; i++) {
            const uint64_t told = d.msi_count;
            for (unsigned k = 0; k < 4; k++) {
                if (d.msi_count != told) fail(text("an interrupt tells of %u frames, of 4 that are to gather", k));
                const Bytes f = frame_for(q, 64 * (1 + b_.rng.below(4)) - b_.rng.below(4));
                d.rx_expect.push_back(f);
                in(f);
                b_.run(300);
            }
            if (d.msi_count != told + 1) fail("4 frames have gathered, and no interrupt tells of them");
            if (!d.rx_expect.empty()) fail("not all frames that were told of are there");
        }
        set(d.reg(0xa4), 0);
        stop_rx(d);
        d.set = DriverSettings{};
        d.start_rx();
        d.arm();
    }
    void check_sum() {
        b_.run(500);
        const auto c = counters();
        if (c[RX_FRAMES] + c[NODESC] + c[FIFO] + c[FILTER] + c[VLAN] + c[RUNT] + c[OVERSIZE] + c[ERROR] != c[STREAM]) fail("RX counters do not add up");
    }
};

}  // namespace bench
