// SPDX-License-Identifier: Apache-2.0
// Scenario reset: the device is reset (RESET, as a function level reset does) at any clock of full traffic, with errors
// of the bus before it or without. When it reads as over, nothing is left on any bus, every register is as after power-up, nothing
// happens until it is set up; and then everything works.
#pragma once
#include <algorithm>
#include <fstream>

#include "nic_bench.h"

namespace bench {

class Resets {
  public:
    // `registers`: a file with the offsets of all registers, in hexadecimal.
    Resets(Bench& b, const std::string& registers, uint64_t errors) : b_(b), errors_(errors) {
        std::ifstream in(registers);
        for (uint32_t at; in >> std::hex >> at;) fresh_.push_back({at, b.read(at)});
        if (fresh_.size() < 100) fail("no list of registers: " + registers);
    }

    void run(uint64_t rounds) {
        b_.lossy = true;
        for (auto& d : b_.drivers) d->set.lossy = true, d->set.errors = errors_ != 0;
        for (uint64_t round = 0; round < rounds; round++) {
            settings();
            b_.setup();
            spoil();
            // From some clock on, accesses are answered with errors, few, many or all: rings are halted, several at once.
            if (b_.rng.below(100) < errors_) {
                const uint64_t from = now + b_.rng.below(1500);
                const uint32_t percent[] = {1, 20, 100}, chance = percent[b_.rng.below(3)];
                b_.axi.set.error = [this, from, chance](uint64_t, bool) { return now >= from && b_.rng.chance(chance); };
            }
            wait(round);
            reset(round);
            b_.axi.set.error = nullptr;
        }
        std::printf("%llu resets, %llu in the middle of something; ", (unsigned long long)rounds, (unsigned long long)busy_);
        if (busy_ < rounds / 4) fail("the device was idle at most resets");
    }

  private:
    struct Register {
        uint32_t at, value;
    };
    Bench& b_;
    const uint64_t errors_;
    std::vector<Register> fresh_;
    std::vector<uint32_t> spoiled_;
    uint64_t busy_ = 0;

    // A memory and a wire of another kind each round, all of the traffic or a part of it.
    void settings() {
        Random& rng = b_.rng;
        auto& set = b_.axi.set;
        set.stall = rng.below(4) * 15;
        set.read_latency = rng.below(3) * 40, set.write_latency = rng.below(3) * 40, set.jitter = rng.below(2) * 60;
        b_.sink_stall = rng.below(4) * 25;
        b_.sender_on = rng.chance(80);
        b_.source_on = rng.chance(80) || !b_.sender_on;
        b_.thirsty = rng.chance(50) ? 0 : uint32_t(rng.next());
        b_.send_queues = rng.chance(50) ? ~0u : uint32_t(rng.next());
    }

    // Registers that change no frame get other values.
    void spoil() {
        spoiled_.clear();
        Random& rng = b_.rng;
        const uint32_t qp = Driver::QP + Driver::STRIDE * rng.below(Bench::QUEUES), word = 4 * rng.below(128);
        const uint32_t all[] = {0x2c, 0x18, 0x1c, 0x84, 0x88, 0x40c, 0x410, qp + 0x30, qp + 0xa0, qp + 0xa4,
                                0x300 + word % 128, 0x380 + word % 32, b_.model.vlan_filter ? 0x2c : 0x600 + word};
        for (const uint32_t at : all) {
            if (!known(at)) fail(text("there is no register 0x%x", at));
            if (rng.chance(60) || (at == 0x88 && errors_)) continue;   // a cause's message would be taken for a queue's
            b_.regs.write(at, uint32_t(rng.next()));
            spoiled_.push_back(at);
        }
    }
    bool known(uint32_t at) const {
        return std::any_of(fresh_.begin(), fresh_.end(), [at](const Register& r) { return r.at == at; });
    }

    // Until the clock of this round's reset: each clock after set-up in turn, any clock, or one in which something begins.
    void wait(uint64_t round) {
        auto& d = *b_.dut;
        const auto happens = [&](auto event) {
            const uint64_t end = now + 3000;
            while (now < end && !event()) b_.step();
            b_.run(b_.rng.below(8));
        };
        if (round % 3 == 0) return b_.run(round / 3);
        if (round % 3 == 1) return b_.run(b_.rng.below(3000));
        b_.run(b_.rng.below(1000));
        const uint32_t kind = b_.rng.below(4);
        switch (b_.rng.below(9)) {
            case 0: return happens([&] { return d.m_axi_arvalid && d.m_axi_arready && uint32_t(d.m_axi_arid) >> 4 == kind % 3; });
            case 1: return happens([&] { return d.m_axi_awvalid && d.m_axi_awready && uint32_t(d.m_axi_awid) >> 4 == kind; });
            case 2: return happens([&] { return d.m_axi_wvalid && d.m_axi_wready && !d.m_axi_wlast; });
            case 3: return happens([&] { return d.m_axi_rvalid && !d.m_axi_rlast && uint32_t(d.m_axi_rid) >> 4 == kind % 3; });
            case 4: return happens([&] { return d.m_axi_bvalid && uint32_t(d.m_axi_bid) >> 4 == kind; });
            case 5: return happens([&] { return d.m_axis_tvalid && !d.m_axis_tlast; });
            case 6: return happens([&] { return d.s_axis_tvalid && !d.s_axis_tlast; });
            case 7: return happens([&] { return d.m_axi_awvalid && !d.m_axi_awready; });
            default: return happens([&] { return d.m_axi_arvalid && !d.m_axi_arready; });
        }
    }

    void reset(uint64_t round) {
        if (b_.rng.chance(40)) {                        // what is under way comes to its end, or nearly
            b_.sender_on = b_.source_on = false;
            b_.run(b_.rng.below(b_.rng.chance(50) ? 100 : 1500));
        }
        const bool busy = !b_.axi.idle();
        busy_ += busy;
        b_.deaf = true;
        b_.sender_on = false;                           // a doorbell behind the reset would be seen in its register
        b_.regs.write(0x10, 1);
        if (b_.rng.chance(20)) {                        // once more, at any time while it is under way
            b_.run(b_.rng.below(60));
            b_.regs.write(0x10, 1);
        }
        if (busy && b_.rng.chance(20)) {                // it waits for all answers, and is not over before
            b_.axi.set.held_ids = ~0ull;
            b_.run(400);
            if (!b_.axi.idle() && !b_.dut->s_axil_rvalid) {
                // A read of RESET may itself wait for writes; if it is answered, then with 1.
                bool answered = false;
                b_.regs.read(0x10, [&answered](uint32_t v) {
                    answered = true;
                    if (!v) fail("the reset is over while accesses are under way");
                });
                b_.run(200);
                b_.axi.set.held_ids = 0;
                b_.until([&] { return answered; }, 5000, "a read of RESET");
            }
            b_.axi.set.held_ids = 0;
        }
        b_.until([&] { return b_.regs.idle(); }, 5000, "the reset register's write");
        b_.until([&] { return b_.read(0x10) == 0; }, 5000, "the end of the reset");
        quiet("the reset is over");
        for (auto& d : b_.drivers) d->ended_tx(), d->ended_rx();   // a late access is a fault from now on
        std::fill(b_.poll_at.begin(), b_.poll_at.end(), ~0ull);
        b_.deaf = false;
        const uint64_t reads = b_.axi.reads, writes = b_.axi.writes, frames = b_.wire_frames, irqs = b_.irqs;
        for (size_t i = 0; i < fresh_.size(); i++) {
            const bool was_spoiled = std::find(spoiled_.begin(), spoiled_.end(), fresh_[i].at) != spoiled_.end();
            if (round % 16 && i % 16 != round % 16 && !was_spoiled) continue;
            const uint32_t is = b_.read(fresh_[i].at);
            if (is != fresh_[i].value) fail(text("register 0x%x is 0x%x after a reset, 0x%x after power-up", fresh_[i].at, is, fresh_[i].value));
        }
        b_.run(b_.rng.below(300));
        quiet("nothing was set up");
        if (b_.axi.reads != reads || b_.axi.writes != writes || b_.wire_frames != frames || b_.irqs != irqs) fail("something happened after a reset");
    }
    void quiet(const char* why) {
        if (!b_.axi.idle()) fail(text("AXI transactions are outstanding, though %s", why));
        auto& d = *b_.dut;
        if (d.m_axi_arvalid || d.m_axi_awvalid || d.m_axi_wvalid || d.m_axis_tvalid || d.irq_o || b_.inside())
            fail(text("an output is active, though %s", why));
    }
};

}  // namespace bench
