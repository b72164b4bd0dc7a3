// SPDX-License-Identifier: Apache-2.0
// The host of the datapath bench: registers through AXI4-Lite, and a driver for one queue pair that posts frames and
// buffers, reads completion records and checks each against what it expects.
#pragma once
#include "bench.h"
#include "rx_model.h"

namespace bench {

// AXI4-Lite master: one access at a time, in order.
class Registers {
  public:
    explicit Registers(Vdut_wrapper& dut) : d_(dut) {}
    void write(uint32_t addr, uint32_t value, std::function<void(uint32_t)> then = {}) {
        todo_.push_back({true, addr, value, std::move(then)});
    }
    // Of writes to a doorbell that wait, only the last counts.
    void doorbell(uint32_t addr, uint32_t value) {
        for (size_t i = begun_; i < todo_.size(); i++)
            if (todo_[i].write && todo_[i].addr == addr) {
                todo_[i].value = value;
                return;
            }
        write(addr, value);
    }
    void read(uint32_t addr, std::function<void(uint32_t)> then) { todo_.push_back({false, addr, 0, then}); }
    bool idle() const { return todo_.empty(); }
    uint64_t accepted = 0;                                 // clock at which the last write was taken
    // Before the clock edge: which handshakes are there?
    void sample() {
        aw_ = d_.s_axil_awvalid && d_.s_axil_awready;
        w_ = d_.s_axil_wvalid && d_.s_axil_wready;
        if (w_) accepted = now;
        ar_ = d_.s_axil_arvalid && d_.s_axil_arready;
        answered_ = (d_.s_axil_bvalid && d_.s_axil_bready) || (d_.s_axil_rvalid && d_.s_axil_rready);
        if (answered_ && (todo_.front().write ? d_.s_axil_bresp : d_.s_axil_rresp))
            fail(text("AXI4-Lite: error response at 0x%x", todo_.front().addr));
        value_ = d_.s_axil_rdata;
    }
    // After it.
    void drive() {
        if (aw_) d_.s_axil_awvalid = 0;
        if (w_) d_.s_axil_wvalid = 0;
        if (ar_) d_.s_axil_arvalid = 0;
        if (answered_) {
            const Access a = todo_.front();
            todo_.pop_front();
            begun_ = false;
            if (a.then) a.then(value_);
        }
        if (begun_ || todo_.empty()) return;
        begun_ = true;
        const Access& a = todo_.front();
        if (a.write) {
            d_.s_axil_awvalid = d_.s_axil_wvalid = 1;
            d_.s_axil_awaddr = a.addr;
            d_.s_axil_wdata = a.value;
            d_.s_axil_wstrb = 15;
        } else {
            d_.s_axil_arvalid = 1;
            d_.s_axil_araddr = a.addr;
        }
        d_.s_axil_bready = d_.s_axil_rready = 1;
    }

  private:
    struct Access {
        bool write;
        uint32_t addr, value;
        std::function<void(uint32_t)> then;
    };
    Vdut_wrapper& d_;
    std::deque<Access> todo_;
    bool begun_ = false, aw_ = false, w_ = false, ar_ = false, answered_ = false;
    uint32_t value_ = 0;
};

// A circular piece of memory, given out and given back in order.
struct Arena {
    size_t base = 0, size = 0, pos = 0;
    uint64_t taken = 0;
    size_t take(size_t n) {
        if (pos + n > size) taken += size - pos, pos = 0;
        const size_t at = base + pos;
        pos += n;
        taken += n;
        return at;
    }
};

struct DriverSettings {
    uint32_t log2 = 6;
    uint32_t tx_min = 14, tx_max = 1514, tx_frags = 4;   // bytes of a frame, most fragments
    uint32_t tx_offloads = 0;                            // percent of the frames have an offload descriptor
    uint32_t rx_min = 1600, rx_max = 2048;               // bytes of a buffer
    int tx_align = -1, rx_align = -1;                    // offset in a 64-byte line; -1: random
    uint32_t rx_batch = 8;                               // buffers posted at a time
    uint32_t rx_limit = ~0u;                             // buffers posted at most
    bool lossy = false;                                  // frames may be missing
    bool errors = false;                                 // its rings may be halted
};

class Driver {
  public:
    static constexpr uint32_t QP = 0x1000, STRIDE = 0x100;
    DriverSettings set;
    uint32_t tx_tso = 0;                                  // percent of the frames that are TCP segments to be cut
    std::deque<Bytes> tx_expect;                          // on the wire, padded
    std::deque<Bytes> rx_expect;                          // in the rings
    uint64_t tx_done = 0, rx_done = 0, rx_missing = 0, msi_count = 0, records = 0;
    bool tx_error = false, rx_error = false;              // a record said so
    uint32_t tx_code = 0, rx_code = 0;                    // and why
    bool tx_on = false, rx_on = false;
    uint32_t queue;

    // across: what lies across Memory::EDGE: TX ring, its completion ring, its data, and the same of RX; 6 or more: nothing.
    Driver(uint32_t q, Memory& mem, Registers& regs, Random& rng, const RxModel& model, unsigned across)
        : queue(q), mem_(mem), regs_(regs), rng_(rng), model_(model) {
        for (Ring* r : {&tx_, &rx_}) {
            const size_t bytes = size_t(16) << std::max<uint64_t>(10, arg("log2", 0));
            r->base = mem.alloc(bytes, 64);
            r->cq = mem.alloc(bytes, 64);
            r->arena.size = 1u << 20;
            r->arena.base = mem.alloc(r->arena.size, 4096);
            mem_.alloc(64 * (1 + rng.below(8)), 64);      // so that rings lie differently in their 4 KiB
        }
        if (across >= 6) return;
        Ring& r = across < 3 ? tx_ : rx_;
        if (across % 3 == 2) r.arena.base = Memory::EDGE - r.arena.size / 2;
        else (across % 3 ? r.cq : r.base) = Memory::EDGE - 64;
    }
    uint32_t reg(uint32_t offset) const { return QP + queue * STRIDE + offset; }

    void start_tx() { start(tx_, 0x00); tx_on = true; tx_error = false; tx_expect.clear(); }
    void start_rx() {
        start(rx_, 0x40);
        rx_on = true;
        rx_error = false;
        space_.clear();
        mid_frame_ = false;
        refill();
    }
    // After status.active fell: everything is the driver's again, and the device may touch none of it.
    void ended_tx() { release(tx_); tx_expect.clear(); tx_on = false; }
    void ended_rx() { release(rx_); space_.clear(); rx_on = false; rx_life_++; }
    // Whether a bus address is that of a TX descriptor.
    bool in_tx_ring(uint64_t addr) const {
        const uint64_t at = addr - (Memory::BASE + tx_.base);
        return at < 16 * uint64_t(tx_.size()) && at % 16 == 0;
    }
    void arm() { regs_.write(reg(0x80), uint32_t(uint16_t(rx_.cq_next)) | uint32_t(uint16_t(tx_.cq_next)) << 16); }

    // Post one frame, if there is room. Returns the frame as it will be on the wire.
    bool send(const Bytes& f, uint32_t frags) {
        const uint32_t n = std::min<uint32_t>(frags, uint32_t(f.size()));
        const bool offload = rng_.chance(set.tx_offloads);
        if (!tx_on || tx_.free() < n + offload || tx_.arena.taken - tx_.given_back > tx_.arena.size - 40000) return false;
        Bytes frame = f;
        Bytes wire = offload ? offloaded(frame) : frame;
        size_t at = 0;
        for (uint32_t i = 0; i < n; i++) {
            const size_t left = frame.size() - at;
            size_t len = i == n - 1 ? left : 1 + rng_.below(uint32_t(std::min<size_t>(left - (n - 1 - i), 2 * left / (n - i))));
            len = std::min(len, left - (n - 1 - i));
            const size_t va = place(tx_.arena, len, set.tx_align);
            std::memcpy(&mem_.data[va], &frame[at], len);
            mem_.grant(va, len, Memory::READ);
            descriptor(tx_, va, uint32_t(len) | (i == n - 1 ? 1u << 16 : 0), len);
            at += len;
        }
        if (wire.size() < 60) wire.resize(60);
        tx_expect.push_back(wire);
        return true;
    }
    void raw_tx_descriptor(size_t va, uint32_t ctrl) { descriptor(tx_, va, ctrl, 0); }
    void tx_offload(uint32_t start, uint32_t offset, uint32_t tci, uint32_t flags) {
        const size_t at = tx_.base + 16 * (tx_.tail % tx_.size());
        descriptor(tx_, 0, 0x10000000 | flags, 0);
        mem_.put32(at, start | offset << 16);
        mem_.put32(at + 4, tci);
    }
    void ring_tx() { regs_.doorbell(reg(0x10), uint16_t(tx_.tail)); }
    uint32_t tx_free() const { return tx_.free(); }
    bool rx_empty() const { return rx_.free() == rx_.size(); }
    uint32_t tx_used() const { return tx_.size() - tx_.free(); }
    uint32_t tx_tail() const { return tx_.tail; }
    uint32_t tx_clean() const { return tx_.clean; }       // first descriptor not done

    void refill() {
        if (!rx_on) return;
        if (rx_.free() < std::min(set.rx_batch, rx_.size())) return;
        std::vector<uint32_t> posted;
        while (rx_.free() && rx_.size() - rx_.free() < set.rx_limit && rx_.arena.taken - rx_.given_back < rx_.arena.size - 60000) {
            const uint32_t len = rng_.range(set.rx_min, set.rx_max);
            const size_t va = place(rx_.arena, len, set.rx_align);
            mem_.grant(va, len, Memory::WRITE);
            descriptor(rx_, va, len, len);
            posted.push_back(len);
        }
        // Frames may count on the buffers once the device knows of them.
        regs_.write(reg(0x50), uint16_t(rx_.tail), [this, posted, life = rx_life_](uint32_t) {
            if (life == rx_life_) space_.insert(space_.end(), posted.begin(), posted.end());
        });
    }
    // May a frame of n bytes come? If so its buffers are counted as used.
    bool reserve(size_t n) {
        size_t room = 0, used = 0;
        while (room < n) {
            if (used == space_.size() || used == 24) return false;
            room += space_[used++];
        }
        space_.erase(space_.begin(), space_.begin() + long(used));
        return true;
    }

    // Read both completion rings.
    void poll() {
        while (tx_on && fresh(tx_)) {
            const size_t at = record(tx_);
            const uint16_t head = uint16_t(mem_.get32(at));
            const uint32_t code = mem_.get32(at + 8) & 15;
            if (code) tx_error = true, tx_code = code;
            if (code && !set.errors) fail(text("queue %u: the TX ring is halted with error %u at descriptor %u", queue, code, head));
            if (uint16_t(head - uint16_t(tx_.clean)) > uint16_t(tx_.tail - tx_.clean)) fail(text("queue %u: TX head %u is out of range", queue, head));
            if (!code && head == uint16_t(tx_.clean)) fail(text("queue %u: TX record without progress", queue));
            while (uint16_t(tx_.clean) != head) retire(tx_, true);
        }
        while (rx_on && fresh(rx_)) {
            const size_t at = record(rx_);
            const uint32_t word = mem_.get32(at), hash = mem_.get32(at + 4), status = mem_.get32(at + 8);
            if (word >> 16 != uint16_t(rx_.clean)) fail(text("queue %u: RX record of buffer %u, expected %u", queue, word >> 16, uint16_t(rx_.clean)));
            if ((status >> 8 & 15) != 0) {
                // The ring is halted: the frames that could not be written, or one record of no frame.
                rx_error = true, rx_code = status >> 8 & 15;
                if (!set.errors) fail(text("queue %u: the RX ring is halted with error %u", queue, rx_code));
                if (!(word & 0xFFFF) != (rx_code != 2)) fail(text("queue %u: RX error %u in a record of %u bytes", queue, rx_code, word & 0xFFFF));
                if (rx_code != 2 && !(status & 1)) fail(text("queue %u: the record of RX error %u ends no frame", queue, rx_code));
                if (word & 0xFFFF) retire(rx_, false);
                mid_frame_ = false;
                continue;
            }
            if (rx_error) fail(text("queue %u: a good RX record after an error", queue));
            const Slot slot = rx_.slots[rx_.clean % rx_.size()];
            const uint32_t len = word & 0xFFFF;
            if (len > slot.len || !len) fail(text("queue %u: RX record of %u bytes in a buffer of %zu", queue, len, slot.len));
            if (!(status & 1) && len != slot.len) fail(text("queue %u: buffer not filled, frame goes on", queue));
            partial_.insert(mid_frame_ ? partial_.end() : (partial_.clear(), partial_.end()), mem_.data.begin() + long(slot.va),
                            mem_.data.begin() + long(slot.va + len));
            // What records say of the frame is in all of them.
            if (mid_frame_ && (hash != said_[0] || (status ^ said_[1]) & ~1u || (mem_.get32(at + 12) & 0xFFFF) != said_[2]))
                fail(text("queue %u: records of one frame differ", queue));
            said_[0] = hash, said_[1] = status, said_[2] = mem_.get32(at + 12) & 0xFFFF;
            mid_frame_ = !(status & 1);
            retire(rx_, false);
            if (mid_frame_) continue;
            // The frame as it was on the wire: with the tag that was taken out.
            const uint32_t tci = mem_.get32(at + 12) & 0xFFFF;
            const uint16_t sum = RxModel::sum(partial_, 14, partial_.size());
            if (status & 2) {
                const uint8_t tag[] = {0x81, 0, uint8_t(tci >> 8), uint8_t(tci)};
                partial_.insert(partial_.begin() + 12, tag, tag + 4);
            } else if (tci) {
                fail(text("queue %u: a tag without a tag", queue));
            }
            if (bool(status & 2) != model_.taken(partial_)) fail(text("queue %u: a tag is taken out or not: status 0x%08x", queue, status));
            const RxModel::Hash want = model_.hash(partial_);
            if (hash != want.value || (status >> 5 & 7) != want.type)
                fail(text("queue %u: hash 0x%08x of type %u, expected 0x%08x of type %u", queue, hash, status >> 5 & 7, want.value, want.type));
            const uint32_t ok = (model_.ip_ok(partial_) ? 4 : 0) | (model_.l4_ok(partial_) ? 8 : 0);
            if (status >> 16 != sum || (status & 12) != ok) {
                std::string bytes;
                for (const uint8_t b : partial_) bytes += text("%02x", b);
                fail(text("queue %u: status 0x%08x, expected sum 0x%04x and verdict 0x%x: ", queue, status, sum, ok) + bytes);
            }
            while (set.lossy && !rx_expect.empty() && rx_expect.front() != partial_) rx_expect.pop_front(), rx_missing++;
            if (rx_expect.empty()) fail(text("queue %u: a frame of %zu bytes that nobody sent", queue, partial_.size()));
            if (rx_expect.front() != partial_) fail(text("queue %u: frame of %zu bytes differs (expected %zu bytes)", queue, partial_.size(), rx_expect.front().size()));
            rx_expect.pop_front();
            rx_done++;
        }
        refill();
    }

  private:
    struct Slot {
        size_t va = 0, len = 0;
        uint64_t taken = 0;
    };
    struct Ring {
        size_t base = 0, cq = 0;
        uint32_t log2 = 6;
        uint32_t tail = 0, clean = 0, cq_next = 0;
        std::vector<Slot> slots;
        Arena arena;
        uint64_t given_back = 0;
        uint32_t size() const { return 1u << log2; }
        uint32_t free() const { return size() - (tail - clean); }
    } tx_, rx_;
    Memory& mem_;
    Registers& regs_;
    Random& rng_;
    const RxModel& model_;
    std::deque<uint32_t> space_;
    Bytes partial_;
    bool mid_frame_ = false;
    uint32_t said_[3] = {};                               // hash, status and tag of the frame's last record
    uint32_t rx_life_ = 0;                                // of the RX ring: starts at each start anew

    // Post a TCP segment to be cut, in fragments, if there is room.
    static void put(Bytes& f, size_t at, uint32_t value, int n) {
        for (int i = 0; i < n; i++) f[at + size_t(i)] = uint8_t(value >> 8 * (n - 1 - i));
    }
    static uint32_t sum(const Bytes& f, size_t from, size_t to, uint32_t value) {
        for (size_t i = from; i < to; i++) value += (i - from) & 1 ? f[i] : uint32_t(f[i]) << 8;
        while (value >> 16) value = (value & 0xFFFF) + (value >> 16);
        return value;
    }
  public:
    bool send_tso(uint32_t frags, uint32_t most) {
        const bool v6 = rng_.chance(50), vlan = rng_.chance(50), fixed = rng_.chance(30);
        const uint32_t l3 = 14 + rng_.below(10), l4 = l3 + (v6 ? 40 : 20) + 4 * rng_.below(10) + rng_.below(2), hdr = l4 + 20 + 4 * rng_.below(11);
        const uint32_t mss = rng_.chance(30) ? rng_.range(1, 40) : rng_.range(1, rng_.chance(20) ? 9014 - hdr : 1500);
        const uint32_t payload = rng_.range(1, std::min({most, mss * 40, 65536u}));
        const uint32_t n = std::min(frags, payload);
        if (!tx_on || tx_.free() < n + 1 || tx_.arena.taken - tx_.given_back > tx_.arena.size - 200000) return false;
        Bytes f(hdr + payload);
        for (auto& b : f) b = uint8_t(rng_.next());
        const uint32_t tci = uint32_t(rng_.next()) & 0xFFFF, seq = uint32_t(f[l4 + 4]) << 24 | uint32_t(f[l4 + 5]) << 16 | uint32_t(f[l4 + 6]) << 8 | f[l4 + 7];
        const uint32_t id = uint32_t(f[l3 + 4]) << 8 | f[l3 + 5], flags = f[l4 + 13];
        if (v6) put(f, l3 + 4, 0, 2);
        else put(f, l3 + 2, 0, 2), put(f, l3 + 10, 0, 2);
        if (rng_.chance(5)) {                             // the first frame's checksum is 0, which is sent as 0xFFFF
            Bytes w(f.begin(), f.begin() + hdr + std::min(mss, payload));
            put(w, l4 + 13, flags & ~(payload <= mss ? 0 : 9u), 1);
            put(w, l4 + 16, 0, 2);
            put(f, l4 + 16, 0xFFFF - sum(w, l4, w.size(), uint32_t(w.size()) - l4), 2);
        }
        for (uint32_t at = 0; at < payload; at += mss) {
            Bytes w(f.begin(), f.begin() + hdr);
            w.insert(w.end(), f.begin() + hdr + at, f.begin() + std::min(hdr + at + mss, hdr + payload));
            const bool end = at + mss >= payload;
            if (v6) put(w, l3 + 4, uint32_t(w.size()) - l3 - 40, 2);
            else {
                put(w, l3 + 2, uint32_t(w.size()) - l3, 2);
                put(w, l3 + 4, fixed ? id : id + at / mss, 2);
                put(w, l3 + 10, 0xFFFF ^ sum(w, l3, l4, 0), 2);
            }
            put(w, l4 + 4, seq + at, 4);
            put(w, l4 + 13, flags & ~(at ? 0x80u : 0) & ~(end ? 0 : 9u), 1);
            const uint32_t check = 0xFFFF ^ sum(w, l4, w.size(), uint32_t(w.size()) - l4);
            put(w, l4 + 16, check ? check : 0xFFFF, 2);
            const uint8_t tag[] = {0x81, 0, uint8_t(tci >> 8), uint8_t(tci)};
            if (vlan) w.insert(w.begin() + 12, tag, tag + 4);
            if (w.size() < 60) w.resize(60);
            tx_expect.push_back(w);
        }
        tso(seq, v6 ? uint32_t(rng_.next()) & 0xFFFF : id, tci, mss | uint32_t(vlan) << 14 | uint32_t(v6) << 15 | uint32_t(fixed) << 16 | hdr << 17, l3 | l4 << 8 | flags << 16);
        size_t at = 0;
        for (uint32_t i = 0; i < n; i++) {
            const size_t left = f.size() - at, least = i ? 1 : hdr;
            const size_t spare = left - least - (n - 1 - i);
            size_t len = i == n - 1 ? left : least + (rng_.chance(30) ? 0 : rng_.below(uint32_t(std::min(spare, 2 * left / (n - i))) + 1));
            len = std::min(len, least + spare);
            const size_t va = place(tx_.arena, len, set.tx_align);
            std::memcpy(&mem_.data[va], &f[at], len);
            mem_.grant(va, len, Memory::READ);
            descriptor(tx_, va, uint32_t(len & 0xFFFF) | (i == n - 1 ? 1u << 16 : 0), len);
            at += len;
        }
        return true;
    }
    void tso(uint32_t seq, uint32_t id, uint32_t tci, uint32_t ctrl, uint32_t headers) {
        const size_t at = tx_.base + 16 * (tx_.tail % tx_.size());
        descriptor(tx_, 0, 0x20000000 | ctrl, 0);
        mem_.put32(at, seq);
        mem_.put32(at + 4, id | tci << 16);
        mem_.put32(at + 12, headers);
    }

  private:
    // Post an offload descriptor of random contents; returns what the device makes of the frame.
    Bytes offloaded(Bytes& data) {
        Bytes f = data;
        const uint32_t size = uint32_t(f.size());
        const bool csum = rng_.chance(70), vlan = rng_.chance(50) && size + 4 <= 9018;
        uint32_t start = rng_.below(rng_.chance(50) ? size - 1 : std::min(size - 1, 60u));
        uint32_t offset = rng_.below(std::min(rng_.chance(50) ? size : 20u, size - 1 - start));
        if (rng_.chance(10)) start = size - 2, offset = 0;
        const uint32_t tci = uint32_t(rng_.next()) & 0xFFFF;
        tx_offload(csum ? start : uint32_t(rng_.next()) & 0x3FFF, csum ? offset : uint32_t(rng_.next()) & 0x3FFF, tci, uint32_t(csum) | uint32_t(vlan) << 1);
        if (csum) {
            // At times what is in the checksum's place makes the checksum 0, which is sent as 0xFFFF.
            const uint32_t there = start + offset;
            if (rng_.chance(5)) {
                data[there] = data[there + 1] = 0;
                const uint32_t rest = 0xFFFF - sum(data, start, size, 0);
                data[there + (offset & 1)] = uint8_t(rest >> 8);
                data[there + !(offset & 1)] = uint8_t(rest);
                f = data;
            }
            uint32_t sum = Driver::sum(f, start, size, 0);
            if (sum != 0xFFFF) sum ^= 0xFFFF;
            f[start + offset] = uint8_t(sum >> 8);
            f[start + offset + 1] = uint8_t(sum);
        }
        const uint8_t tag[] = {0x81, 0, uint8_t(tci >> 8), uint8_t(tci)};
        if (vlan) f.insert(f.begin() + 12, tag, tag + 4);
        return f;
    }
    void start(Ring& r, uint32_t at) {
        r.log2 = set.log2;
        r.slots.assign(r.size(), {});
        r.tail = r.clean = r.cq_next = 0;
        r.given_back = r.arena.taken;
        const size_t bytes = r.size() * 16;
        std::memset(&mem_.data[r.cq], 0, bytes);
        mem_.grant(r.base, bytes, Memory::READ);
        mem_.grant(r.cq, bytes, Memory::WRITE);
        const uint64_t base = Memory::BASE + r.base, cq = Memory::BASE + r.cq;
        regs_.write(reg(at + 0x00), uint32_t(base));
        regs_.write(reg(at + 0x04), uint32_t(base >> 32));
        regs_.write(reg(at + 0x08), r.log2);
        regs_.write(reg(at + 0x20), uint32_t(cq));
        regs_.write(reg(at + 0x24), uint32_t(cq >> 32));
        regs_.write(reg(at + 0x10), 0);
        regs_.write(reg(at + 0x0c), 1);
    }
    void release(Ring& r) {
        mem_.grant(r.base, r.size() * 16, 0);
        mem_.grant(r.cq, r.size() * 16, 0);
        for (; r.clean != r.tail; r.clean++) mem_.grant(r.slots[r.clean % r.size()].va, r.slots[r.clean % r.size()].len, 0);
        r.given_back = r.arena.taken;
    }
    size_t place(Arena& a, size_t len, int align) {
        const size_t gap = align < 0 ? rng_.below(70) : (64 + size_t(align) - (a.pos & 63)) & 63;
        if (a.pos + gap + len > a.size) {
            a.take(a.size - a.pos);
            a.pos = 0;
            if (align > 0) a.take(size_t(align));
        } else {
            a.take(gap);
        }
        return a.take(len);
    }
    void descriptor(Ring& r, size_t va, uint32_t ctrl, size_t len) {
        const uint32_t i = r.tail % r.size();
        mem_.put64(r.base + 16 * i, Memory::BASE + va);
        mem_.put32(r.base + 16 * i + 8, ctrl);
        mem_.put32(r.base + 16 * i + 12, 0);
        r.slots[i] = {va, len, r.arena.taken};
        r.tail++;
    }
    void retire(Ring& r, bool tx) {
        Slot& s = r.slots[r.clean % r.size()];
        mem_.grant(s.va, s.len, 0);
        r.given_back = s.taken;
        r.clean++;
        if (tx) tx_done++;
    }
    bool fresh(const Ring& r) const {
        const bool phase = mem_.data[r.cq + 16 * (r.cq_next % r.size()) + 15] & 0x80;
        return phase == !(r.cq_next & r.size());
    }
    size_t record(Ring& r) {
        records++;
        return r.cq + 16 * (r.cq_next++ % r.size());
    }
};

}  // namespace bench
