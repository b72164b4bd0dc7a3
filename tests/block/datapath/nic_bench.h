// SPDX-License-Identifier: Apache-2.0
// The datapath bench: the device with its clock, the memory, the drivers, and the wire at both ends.
#pragma once
#include <map>
#include <memory>

#include "axi_slave.h"
#include "host.h"

namespace bench {


class Bench {
  public:
    static constexpr unsigned WIDTH = BENCH_WIDTH, QUEUES = BENCH_QUEUES, BYTES = WIDTH / 8;
    VerilatedContext context;
    std::unique_ptr<Vdut_wrapper> dut;
    Memory mem;
    Random rng;
    Registers regs;
    AxiSlave axi;
    std::vector<std::unique_ptr<Driver>> drivers;
    RxModel model;
    uint32_t sink_stall = 0, source_gap = 0;        // percent
    uint32_t rx_min = 14, rx_max = 1514;
    bool source_on = false, sender_on = false, lossy = false, loose = false;
    bool plain = false;                             // all frames are TCP over IPv4: evenly over the queues
    uint32_t send_queues = ~0u, rx_skip = 0;
    uint32_t thirsty = 0;                           // queues that have one frame at a time
    uint64_t wire_frames = 0, wire_bytes = 0, sent_in = 0, dropped_here = 0;
    uint64_t bad_frames = 0, filtered = 0, runts = 0, too_long = 0;
    uint64_t irqs = 0;
    std::vector<uint64_t> per_queue = std::vector<uint64_t>(QUEUES), offered = per_queue;   // frames sent; frames from the wire
    std::vector<uint64_t> queue_bytes = std::vector<uint64_t>(QUEUES);   // on the wire
    std::vector<uint64_t> poll_at = std::vector<uint64_t>(QUEUES, ~0ull);
    uint32_t poll_delay = 50;
    bool deaf = false;                              // no message makes the drivers poll
    uint32_t vectors = QUEUES;                      // that the queue pairs share
    uint64_t last_out = 0, last_in = 0;             // clock of the last beat of a frame

    explicit Bench(uint64_t seed)
        : dut((context.randReset(2), context.randSeed(int(seed) + 1), context.assertOn(true), new Vdut_wrapper(&context))), rng(seed), regs(*dut),
          axi(*dut, mem, WIDTH, seed ^ 0x5555) {
        const unsigned across = unsigned(seed % 6), whose = rng.below(QUEUES);
        for (unsigned q = 0; q < QUEUES; q++) drivers.push_back(std::make_unique<Driver>(q, mem, regs, rng, model, q == whose ? across : 6));
        axi.set.queues = [this](uint32_t v) {
            uint32_t mask = 0;
            for (unsigned q = 0; q < QUEUES; q++) mask |= uint32_t(vector_of(q) == v) << q;
            return mask;
        };
        axi.on_msi = [this](uint64_t addr, uint32_t data) {
            const auto v = unsigned((addr - AxiSlave::MSI) / 0x100);
            if (v >= std::min(QUEUES, vectors) || addr != msi_addr(v) || data != msi_data(v))
                fail(text("MSI-X: 0x%x was written to 0x%llx, which is no vector's", data, (unsigned long long)addr));
            irqs++;
            for (unsigned q = v; q < QUEUES; q += vectors) {
                drivers[q]->msi_count++;
                poll_at[q] = std::min(poll_at[q], now + 1 + rng.below(poll_delay));
            }
        };
        dut->mac_rst_ni = 1;
        dut->rst_ni = 0;
        dut->clk_i = 0;
        dut->s_axil_awvalid = dut->s_axil_wvalid = dut->s_axil_arvalid = 0;
        dut->m_axi_rvalid = dut->m_axi_bvalid = 0;
        dut->s_axis_tvalid = 0;
        dut->m_axis_tready = 0;
        dut->link_down_i = 0;
        dut->link_mbps_i = 0;
        for (int i = 0; i < 10; i++) edge(), dut->eval();
        dut->rst_ni = 1;
        dut->eval();
    }
    ~Bench() { dut->final(); }

    void edge() {
        dut->clk_i = 1;
        dut->eval();
        dut->clk_i = 0;
        now++, context.timeInc(1);
    }
    void step() {
        regs.sample();
        axi.sample();
        sink();
        source();
        edge();
        regs.drive();
        axi.drive();
        dut->m_axis_tready = !rng.chance(sink_stall);
        drive_source();
        dut->eval();
        for (unsigned q = 0; q < QUEUES; q++)
            if (poll_at[q] <= now && on_fail && !deaf) poll(q);
        if (sender_on) sender();
    }
    void run(uint64_t clocks) {
        for (const uint64_t end = now + clocks; now < end;) step();
    }
    // Step until it is so; nothing may stand still for `patience` clocks on the way.
    template <class F>
    void until(F done, uint64_t patience, const char* what) {
        const uint64_t end = now + 4'000'000;
        uint64_t beats = 0;
        for (uint64_t still = 0; !done(); step()) {
            const uint64_t moved = axi.r_beats + axi.w_beats + wire_frames;
            still = moved == beats ? still + 1 : 0;
            beats = moved;
            if (still > patience || now > end) fail(text("does not happen: %s", what));
        }
    }
    std::string where() {
        std::string s;
        for (auto& d : drivers)
            s += text("\n  queue %u: tx used %u, expect %zu on the wire; rx expect %zu, done %llu", d->queue, d->tx_used(), d->tx_expect.size(),
                      d->rx_expect.size(), (unsigned long long)d->rx_done);
        return s + (axi.idle() ? "\n  no AXI outstanding" : "\n  AXI outstanding");
    }
    uint32_t read(uint32_t addr) {
        uint32_t value = 0;
        bool done = false;
        regs.read(addr, [&](uint32_t v) { value = v, done = true; });
        until([&] { return done; }, 5000, "a register read");
        return value;
    }
    uint32_t vector_of(unsigned q) const { return q % vectors; }
    void poll(unsigned q) {
        poll_at[q] = ~0ull;
        drivers[q]->poll();
        drivers[q]->arm();
    }
    // Messages have addresses in every lane of the bus, and all bits of their data.
    static uint64_t msi_addr(unsigned v) { return AxiSlave::MSI + 0x100 * v + 4 * (5 * v % 16 ^ 3); }
    static uint32_t msi_data(unsigned v) { return 0x9E3779B9u * (v + 1); }
    void setup() {
        write_rx_ctrl(5);                               // promiscuous, broadcast
        for (uint32_t i = 0; i < 128 && model.vlan_filter; i++) {
            uint32_t word = 0;
            for (uint32_t bit = 0; bit < 32; bit++) word |= uint32_t(model.vlans[32 * i + bit]) << bit;
            regs.write(0x600 + 4 * i, word);
        }
        regs.write(0x24, 9018);
        model.queues = QUEUES;
        for (auto& b : model.key) b = uint8_t(rng.next());
        for (size_t i = 0; i < 128; i++) model.table[i] = uint8_t(i % QUEUES);
        model.types = 0x3F;
        write_rss();
        for (unsigned v = 0; v < QUEUES; v++) {
            regs.write(0x8000 + 16 * v, uint32_t(msi_addr(v)));
            regs.write(0x8004 + 16 * v, uint32_t(msi_addr(v) >> 32));
            regs.write(0x8008 + 16 * v, msi_data(v));
            regs.write(0x800c + 16 * v, 0);
            if (vectors != QUEUES) regs.write(drivers[v]->reg(0x94), 0x101 * vector_of(v));
        }
        regs.write(0x0c, 1);
        for (auto& d : drivers) d->start_tx(), d->start_rx(), d->arm();
        until([&] { return regs.idle(); }, 5000, "set-up");
    }
    void write_rx_ctrl(uint32_t classes) { regs.write(0x20, classes | uint32_t(model.strip) << 3 | uint32_t(model.vlan_filter) << 4); }
    void write_rss() {
        const auto word = [](const auto& bytes, size_t at) { return uint32_t(bytes[at]) | uint32_t(bytes[at + 1]) << 8 | uint32_t(bytes[at + 2]) << 16 | uint32_t(bytes[at + 3]) << 24; };
        for (uint32_t i = 0; i < 40; i += 4) regs.write(0x200 + i, word(model.key, i));
        for (uint32_t i = 0; i < 128; i += 4) regs.write(0x280 + i, word(model.table, i));
        regs.write(0x28, model.types);
    }
    bool inside() const { return inside_; }            // a frame to the wire is not at its end
    bool drained() {
        if (!regs.idle() || inside_ || beats_.size()) return false;
        for (auto& d : drivers) {
            if (d->tx_on && !d->tx_error && (d->tx_used() || !d->tx_expect.empty())) return false;
            if (d->rx_on && !d->rx_error && !d->set.lossy && !d->rx_expect.empty()) return false;
        }
        return true;
    }

  private:
    // ------------------------------------------------------------------ frames to the wire
    Bytes out_;
    bool inside_ = false;
    void sink() {
        if (inside_ && !dut->m_axis_tvalid && !loose) fail("stream: tvalid fell inside a frame");
        if (!dut->m_axis_tvalid || !dut->m_axis_tready) return;
        const uint64_t keep = uint64_t(dut->m_axis_tkeep);
        const auto* data = reinterpret_cast<const uint8_t*>(&dut->m_axis_tdata);
        unsigned n = 0;
        while (n < BYTES && (keep >> n & 1)) n++;
        if ((n < 64 && keep >> n) || !n || (!dut->m_axis_tlast && n != BYTES)) fail("stream: tkeep");
        out_.insert(out_.end(), data, data + n);
        inside_ = !dut->m_axis_tlast;
        if (inside_) return;
        wire_frames++;
        wire_bytes += out_.size();
        last_out = now;
        for (auto& d : drivers) {
            if (!d->tx_expect.empty() && d->tx_expect.front() == out_) {
                d->tx_expect.pop_front();
                per_queue[d->queue]++;
                queue_bytes[d->queue] += out_.size();
                out_.clear();
                return;
            }
        }
        fail(text("BYTES-tx: a frame of %zu bytes that is no queue's next", out_.size()) + nearest());
    }
    // Where the frame differs from the one that it was most likely meant to be.
    std::string nearest() const {
        size_t best = 0;
        std::string s;
        for (auto& d : drivers) {
            if (d->tx_expect.empty()) continue;
            const Bytes& want = d->tx_expect.front();
            size_t same = 0, first = ~size_t(0);
            for (size_t i = 0; i < std::min(want.size(), out_.size()); i++)
                if (want[i] == out_[i]) same++;
                else if (first == ~size_t(0)) first = i;
            if (same <= best) continue;
            best = same;
            if (want.size() != out_.size()) s = text("; queue %u's next has %zu", d->queue, want.size());
            else if (first != ~size_t(0)) s = text("; queue %u's next has %02x at %zu, this one %02x", d->queue, want[first], first, out_[first]);
        }
        return s;
    }

    // ------------------------------------------------------------------ frames from the wire
    struct Beat {
        Bytes data;
        bool last, bad;
    };
    std::deque<Beat> beats_;
    void source() {
        if (dut->s_axis_tvalid && !dut->s_axis_tready) fail("stream: the device did not take a beat");
    }
    void drive_source() {
        dut->s_axis_tvalid = 0;
        if (beats_.empty() && source_on && !rng.chance(source_gap)) new_frame();
        if (beats_.empty() || (source_gap && rng.chance(source_gap / 4))) return;
        const Beat& b = beats_.front();
        auto* data = reinterpret_cast<uint8_t*>(&dut->s_axis_tdata);
        std::memset(data, 0xEE, BYTES);
        std::memcpy(data, b.data.data(), b.data.size());
        dut->s_axis_tkeep = b.data.size() == 64 ? ~0ull : (1ull << b.data.size()) - 1;
        dut->s_axis_tlast = b.last;
        dut->s_axis_tuser = b.bad;
        dut->s_axis_tvalid = 1;
        if (b.last) last_in = now;
        beats_.pop_front();
    }

  public:
    Bytes random_frame(uint32_t n) {
        Bytes f(n);
        for (auto& b : f) b = uint8_t(rng.next());
        f[0] &= 0xFE;
        size_t l3 = 14;
        for (uint32_t tags = plain || rng.chance(70) ? 0 : 1 + rng.below(3); tags && n >= l3 + 4; tags--, l3 += 4)
            f[l3 - 2] = rng.chance(50) ? 0x81 : 0x88, f[l3 - 1] = f[l3 - 2] == 0x81 ? 0 : 0xA8;
        const auto put = [&](size_t at, uint32_t v) {
            if (l3 + at < n) f[l3 + at] = uint8_t(v);
        };
        const auto proto = [&] { return rng.chance(40) ? 6 : rng.chance(60) ? 17 : rng.below(256); };
        const uint32_t kind = plain ? 0 : rng.below(16);
        f[l3 - 2] = 8, f[l3 - 1] = uint8_t(kind == 15 ? 6 : 0);
        if (kind < 8) {                                  // IPv4: with options, fragments, bad headers
            put(0, kind == 7 ? uint32_t(rng.next()) : 0x45 + (!plain && rng.chance(30) ? rng.below(11) : 0));
            put(6, kind == 6 ? uint32_t(rng.next()) : 0x40), put(7, kind == 6 ? rng.below(2) : 0);
            put(9, proto());
        } else if (kind < 15) {                          // IPv6: with extension headers
            f[l3 - 2] = 0x86, f[l3 - 1] = 0xDD;
            put(0, rng.chance(95) ? 0x60 | rng.below(16) : uint32_t(rng.next()));
            static constexpr uint8_t EXT[] = {0, 43, 60, 44, 51, 6, 17};
            size_t next = 6, at = 40;
            for (uint32_t i = kind < 11 ? 0 : rng.below(7); i && l3 + at < n; i--) {
                const uint8_t ext = EXT[rng.chance(80) ? rng.below(3) : rng.below(7)];
                put(next, ext);
                put(at + 1, rng.chance(90) ? rng.below(3) : uint32_t(rng.next()));
                if (ext == 43 && rng.chance(80)) put(at + 3, 0);
                next = at, at += l3 + at + 1 < n ? 8 + 8u * f[l3 + at + 1] : 8;
            }
            put(next, proto());
        }
        if (rng.chance(75)) RxModel::seal(f, n > 60 && rng.chance(30) ? rng.below(20) : 0);
        if (rng.chance(10)) f[rng.range(12, n - 1)] ^= uint8_t(1 << rng.below(8));
        return f;
    }
    bool push_frame(const Bytes& f, bool bad) {
        for (size_t at = 0; at < f.size(); at += BYTES) {
            const size_t n = std::min<size_t>(BYTES, f.size() - at);
            beats_.push_back({Bytes(f.begin() + long(at), f.begin() + long(at + n)), at + n == f.size(), bad && at + n == f.size()});
        }
        sent_in++;
        return true;
    }
    bool source_empty() const { return beats_.empty(); }
    unsigned queue_of(const Bytes& f) const { return model.queue_of(f); }

  private:
    void new_frame() {
        uint32_t n = rng.range(rx_min, rx_max);
        if (rx_min != rx_max && rng.chance(30)) n = rng.range(rx_min, std::min(rx_max, std::max(rx_min, 100u)));
        if (rng.chance(3)) n = rng.chance(50) ? rx_min : rx_max;
        Bytes f = random_frame(n);
        const uint32_t spoil = rx_min == rx_max ? 99 : rng.below(60);
        if (spoil == 0) {
            bad_frames++;
            push_frame(f, true);
            return;
        }
        if (spoil == 1) {
            f.resize(rng.chance(50) ? rng.range(1, 13) : rng.range(9019, 9200));
            (f.size() < 14 ? runts : too_long)++;
            push_frame(f, false);
            return;
        }
        if (!model.vlan_passes(f)) {
            filtered++;
            push_frame(f, false);
            return;
        }
        Driver& d = *drivers[queue_of(f)];
        size_t waiting = 0;
        for (auto& e : d.rx_expect) waiting += (e.size() + BYTES - 1) / BYTES * BYTES;
        const bool room = d.set.lossy ? !(rx_skip >> d.queue & 1)
                                      : d.rx_on && waiting + n + BYTES < 16384 && d.rx_expect.size() < 200 && d.reserve(n);
        if (!room) {
            dropped_here++;
            return;
        }
        d.rx_expect.push_back(f);
        offered[d.queue]++;
        push_frame(f, false);
    }

    // ------------------------------------------------------------------ frames from the host
    void sender() {
        const unsigned q = rng.below(QUEUES);
        Driver& d = *drivers[q];
        if (!(send_queues >> q & 1) || !d.tx_on || d.tx_error) return;
        const uint32_t batch = thirsty >> q & 1 ? d.tx_expect.empty() : 1 + rng.below(8);
        uint32_t sent = 0;
        for (uint32_t i = 0; i < batch && d.tx_free() > d.set.tx_frags; i++) {
            if (rng.chance(d.tx_tso)) {
                sent += d.send_tso(1 + rng.below(d.set.tx_frags), d.set.tx_max * 4);
                continue;
            }
            uint32_t n = rng.range(d.set.tx_min, d.set.tx_max);
            if (d.set.tx_min != d.set.tx_max && rng.chance(30)) n = rng.range(d.set.tx_min, std::min(d.set.tx_max, std::max(d.set.tx_min, 100u)));
            if (rng.chance(3)) n = rng.chance(50) ? d.set.tx_min : d.set.tx_max;
            sent += d.send(random_frame(n), 1 + rng.below(d.set.tx_frags));
        }
        if (sent) d.ring_tx();
    }
};

}  // namespace bench
