// SPDX-License-Identifier: Apache-2.0
// The AXI4 slave of the datapath bench: answers in any order between IDs, beats of different IDs mixed, with random
// stalls and latencies; a write becomes visible at its B handshake. It checks what the device may not do: cross
// 4 KiB, touch a byte that it has no permission for, change what it offers, overtake with an interrupt message.
#pragma once
#include "bench.h"

namespace bench {

struct AxiSettings {
    uint32_t stall = 0;            // percent, on each channel
    uint32_t read_latency = 0, write_latency = 0, jitter = 0;   // clocks
    bool mix = true;               // beats of different IDs, and answers out of order
    bool lenient = false;          // leave breaches of the protocol to the RTL's own assertions
    uint64_t held_ids = 0;         // a bit each: nothing of them is answered
    uint64_t held_reads = 0, held_writes = 0;   // the same, reads or writes alone
    std::function<bool(uint64_t bus, bool write)> error;        // answer with SLVERR or DECERR
    std::function<uint32_t(uint32_t vector)> queues;            // whose rings a message may tell of, a bit each
};

class AxiSlave {
  public:
    static constexpr uint64_t MSI = 0x5A'FEE0'0000;       // 1 MiB of message addresses
    AxiSettings set;
    std::function<void(uint64_t addr, uint32_t data)> on_msi;
    uint64_t r_beats = 0, w_beats = 0, reads = 0, writes = 0;
    uint32_t error_resp = 0;       // the last error's response
    uint64_t touched[64] = {};     // last clock at which an ID was used
    uint64_t written[64] = {};     // bursts of an ID

    AxiSlave(Vdut_wrapper& dut, Memory& mem, unsigned width, uint64_t seed) : d_(dut), mem_(mem), bytes_(width / 8), rng_(seed) {}

    bool idle() const { return reads_.empty() && writes_.empty() && early_.empty(); }
    size_t reads_open() const { return reads_.size(); }

    // Before the clock edge: look at the handshakes of this clock.
    void sample() {
        if (!set.lenient) check_stable();
        if (d_.m_axi_arvalid && d_.m_axi_arready) take_ar();
        if (d_.m_axi_awvalid && d_.m_axi_awready) take_aw();
        if (d_.m_axi_wvalid && d_.m_axi_wready) take_w();
        b_ = d_.m_axi_bvalid && d_.m_axi_bready;
        r_ = d_.m_axi_rvalid && d_.m_axi_rready;
        if (b_) finish_b();
    }

    // After it: what is offered in the next clock.
    void drive() {
        if (r_) d_.m_axi_rvalid = 0;
        if (b_) d_.m_axi_bvalid = 0;
        d_.m_axi_arready = !rng_.chance(set.stall);
        d_.m_axi_awready = !rng_.chance(set.stall);
        d_.m_axi_wready = !rng_.chance(set.stall);
        if (!d_.m_axi_rvalid && !rng_.chance(set.stall)) offer_r();
        if (!d_.m_axi_bvalid && !rng_.chance(set.stall)) offer_b();
    }

  private:
    struct Burst {
        uint32_t id, len;
        uint64_t addr, ready;
        uint32_t beat = 0;
        bool error = false, complete = false;
        uint32_t resp = 0;
        std::vector<std::pair<uint64_t, uint8_t>> bytes;   // of a write
        uint32_t msi_data = 0;
    };
    Vdut_wrapper& d_;
    Memory& mem_;
    const unsigned bytes_;
    Random rng_;
    std::deque<Burst> reads_, writes_;
    std::deque<std::pair<Bytes, uint64_t>> early_;         // W before its AW: data with last, strobes
    int answering_ = -1;
    bool b_ = false, r_ = false;                           // handshakes of this clock
    struct Offer {
        bool valid = false;
        uint64_t a = 0, b = 0;
        Bytes data;
    } ar_was_, aw_was_, w_was_;

    void check(uint32_t id, uint64_t addr, uint32_t len, unsigned size, unsigned burst) {
        if ((1u << size) != bytes_ || burst != 1) fail("AXI: size or burst type");
        const uint64_t end = (addr & ~uint64_t(bytes_ - 1)) + uint64_t(len + 1) * bytes_ - 1;
        if (((addr ^ end) >> 12) && !set.lenient) fail(text("AXI: burst at 0x%llx, %u beats, crosses 4 KiB", (unsigned long long)addr, len + 1));
        touched[id] = now;
    }
    void judge(Burst& b, bool write) {
        b.error = set.error && set.error(b.addr, write);
        if (b.error) b.resp = error_resp = 2 + rng_.below(2);
    }
    uint64_t latency(uint32_t base) { return now + base + rng_.below(set.jitter + 1); }

    void take_ar() {
        check(d_.m_axi_arid, d_.m_axi_araddr, d_.m_axi_arlen, d_.m_axi_arsize, d_.m_axi_arburst);
        Burst b{d_.m_axi_arid, d_.m_axi_arlen, d_.m_axi_araddr, latency(set.read_latency)};
        judge(b, false);
        reads_.push_back(b);
        reads++;
    }
    void take_aw() {
        check(d_.m_axi_awid, d_.m_axi_awaddr, d_.m_axi_awlen, d_.m_axi_awsize, d_.m_axi_awburst);
        Burst b{d_.m_axi_awid, d_.m_axi_awlen, d_.m_axi_awaddr, 0};
        judge(b, true);
        writes_.push_back(b);
        writes++, written[b.id]++;
        while (!early_.empty()) {
            Burst* w = filling();
            if (!w) break;
            auto beat = early_.front();
            early_.pop_front();
            const bool last = beat.first.back();
            beat.first.pop_back();
            beat_into(*w, beat.first.data(), beat.second, last);
        }
    }
    Burst* filling() {
        for (auto& w : writes_)
            if (!w.complete) return &w;
        return nullptr;
    }
    void take_w() {
        const auto* data = reinterpret_cast<const uint8_t*>(&d_.m_axi_wdata);
        const uint64_t strb = uint64_t(d_.m_axi_wstrb);
        w_beats++;
        if (Burst* w = filling()) {
            beat_into(*w, data, strb, d_.m_axi_wlast);
        } else {
            Bytes copy(data, data + bytes_);
            copy.push_back(d_.m_axi_wlast);
            early_.push_back({copy, strb});
        }
    }
    void beat_into(Burst& w, const uint8_t* data, uint64_t strb, bool last) {
        const uint64_t base = (w.addr & ~uint64_t(bytes_ - 1)) + uint64_t(w.beat) * bytes_;
        if (last != (w.beat == w.len)) fail("AXI: wlast in the wrong place");
        const bool msi = (w.addr >> 20) == (MSI >> 20);
        for (unsigned i = 0; i < bytes_; i++) {
            if (!(strb >> i & 1)) continue;
            if (w.beat == 0 && base + i < w.addr) fail("AXI: strobe below the start address");
            if (!msi && !w.error && (!mem_.inside(base + i) || !(mem_.perm[base + i - Memory::BASE] & Memory::WRITE)))
                fail(text("DMA: ID %u may not write 0x%llx (burst 0x%llx, beat %u)", w.id, (unsigned long long)(base + i),
                          (unsigned long long)w.addr, w.beat));
            w.bytes.push_back({base + i, data[i]});
        }
        w.beat++;
        if (!last) return;
        w.complete = true;
        w.ready = latency(set.write_latency);
        if (!msi || w.error) return;
        if (w.len || w.bytes.size() != 4 || (w.addr & 3) || w.bytes[0].first != w.addr) fail("MSI-X: not one write of four bytes");
        for (int i = 3; i >= 0; i--) w.msi_data = w.msi_data << 8 | w.bytes[size_t(i)].second;
        // It may not overtake the records that it announces: it tells of some queue pair of which none is under way.
        uint32_t told = set.queues ? set.queues(w.id & 15) : 0;
        const bool asked = told;
        for (auto& o : writes_)
            if (o.id >> 4 == 1 || o.id >> 4 == 2) told &= ~(1u << (o.id & 15));
        if (asked && !told && !set.lenient) fail(text("IRQ3: MSI-X of vector %u before a record is answered", w.id & 15));
        on_msi(w.addr, w.msi_data);
    }
    template <class Q>
    int choose(Q& queue) {
        uint64_t seen = set.held_ids | (static_cast<const void*>(&queue) == &reads_ ? set.held_reads : set.held_writes);
        int chosen = -1;
        uint32_t n = 0;
        for (size_t i = 0; i < queue.size(); i++) {
            auto& b = queue[i];
            if (!(seen >> b.id & 1) && b.ready <= now && (&queue == &reads_ || b.complete)) {
                n++;
                if (chosen < 0 || (set.mix && rng_.below(n) == 0)) chosen = int(i);
                if (!set.mix) break;
            }
            seen |= 1ull << b.id;
        }
        return chosen;
    }
    int reading_ = -1;
    void offer_r() {
        if (reading_ < 0 || set.mix) reading_ = choose(reads_);
        if (reading_ < 0) return;
        Burst& b = reads_[size_t(reading_)];
        auto* data = reinterpret_cast<uint8_t*>(&d_.m_axi_rdata);
        const uint64_t base = (b.addr & ~uint64_t(bytes_ - 1)) + uint64_t(b.beat) * bytes_;
        bool any = false;
        for (unsigned i = 0; i < bytes_; i++) {
            const uint64_t a = base + i;
            const bool may = mem_.inside(a) && (mem_.perm[a - Memory::BASE] & Memory::READ) && a >= b.addr;
            data[i] = may ? mem_.data[a - Memory::BASE] : uint8_t(rng_.next());
            any |= may;
        }
        if (!any && !b.error) fail(text("DMA: ID %u may not read 0x%llx", b.id, (unsigned long long)base));
        d_.m_axi_rvalid = 1;
        d_.m_axi_rid = b.id;
        d_.m_axi_rresp = b.error && b.beat == b.len / 2 ? b.resp : 0;
        d_.m_axi_rlast = b.beat == b.len;
        r_beats++;
        touched[b.id] = now;
        if (b.beat++ == b.len) {
            reads_.erase(reads_.begin() + reading_);
            reading_ = -1;
        }
    }
    void offer_b() {
        answering_ = choose(writes_);
        if (answering_ < 0) return;
        Burst& b = writes_[size_t(answering_)];
        d_.m_axi_bvalid = 1;
        d_.m_axi_bid = b.id;
        d_.m_axi_bresp = b.resp;
    }
    void finish_b() {
        Burst& b = writes_[size_t(answering_)];
        touched[b.id] = now;
        if ((b.addr >> 20) != (MSI >> 20) && !b.error)
            for (auto& [a, v] : b.bytes) mem_.data[a - Memory::BASE] = v;
        writes_.erase(writes_.begin() + answering_);
        answering_ = -1;
    }
    static void stable(Offer& was, bool valid, bool taken, uint64_t a, uint64_t b, const uint8_t* data, size_t n, const char* name) {
        if (was.valid && (!valid || was.a != a || was.b != b || (n && std::memcmp(was.data.data(), data, n))))
            fail(text("AXI: %s changed before it was accepted", name));
        was.valid = valid && !taken;
        if (was.valid) was.a = a, was.b = b, was.data.assign(data, data + n);
    }
    void check_stable() {
        stable(ar_was_, d_.m_axi_arvalid, d_.m_axi_arready, d_.m_axi_araddr, d_.m_axi_arlen << 8 | d_.m_axi_arid, nullptr, 0, "AR");
        stable(aw_was_, d_.m_axi_awvalid, d_.m_axi_awready, d_.m_axi_awaddr, d_.m_axi_awlen << 8 | d_.m_axi_awid, nullptr, 0, "AW");
        stable(w_was_, d_.m_axi_wvalid, d_.m_axi_wready, uint64_t(d_.m_axi_wstrb), d_.m_axi_wlast,
               reinterpret_cast<const uint8_t*>(&d_.m_axi_wdata), bytes_, "W");
    }
};

}  // namespace bench
