// SPDX-License-Identifier: Apache-2.0
// Datapath bench: the whole NIC with a memory that reorders and stalls, drivers that check every byte, and random
// traffic both ways. Arguments are key=value; test_datapath.py says what is run. Exit code 0: all was right.
//
//   scenario=traffic   random frames on all queues, everything has to arrive; offloads=N: percent with offload
//                      descriptors, tso=N: percent that are TCP segments to be cut
//   scenario=stop      the same, with rings stopped and started, and the device reset, at random moments
//   scenario=reset     the device is reset at many clocks, in traffic; errors=N: percent of the resets that errors of the
//                      bus on all queues precede; registers=FILE: offsets of all registers
//   scenario=error     the same, with AXI errors and bad descriptors on one queue; the others must not notice
//   scenario=hold      the answers to one queue are withheld; the others must keep their rate
//   scenario=rules     frames that do not arrive, and rings that halt: case by case
//   scenario=hashes    prints frames that the device has delivered, each with the hash of its record
//   scenario=rate      no stalls, rings kept full; prints clocks a packet and clocks a CPU second
//   scenario=shares    rings kept full, queue q with weight wQ and frames of aQ to bQ bytes; prints each queue's bytes on
//                      the wire. quiet=MASK: queues that begin half-way; thirsty=MASK: that never have more than a frame
//   scenario=latency   a frame at a time: doorbell to wire, and wire to MSI-X
#include <ctime>

#include "errors.h"
#include "nic_bench.h"
#include "resets.h"
#include "rules.h"

namespace bench {
uint64_t now = 0;
std::function<void()> on_fail;

std::map<std::string, std::string> args;
uint64_t arg(const char* name, uint64_t otherwise) {
    const auto it = args.find(name);
    return it == args.end() ? otherwise : std::strtoull(it->second.c_str(), nullptr, 0);
}

std::vector<uint64_t> counters(Bench& b) {
    std::vector<uint64_t> c;
    for (uint32_t at = 0x100; at <= 0x158; at += 8) {
        const uint64_t lo = b.read(at);
        c.push_back(lo | uint64_t(b.read(at + 4)) << 32);
    }
    return c;
}

void check_counters(Bench& b, uint64_t delivered) {
    const auto c = counters(b);
    const char* names[] = {"TX_FRAMES", "TX_BYTES", "RX_FRAMES", "RX_BYTES", "NODESC", "FIFO", "FILTER", "OVERSIZE", "ERROR", "STREAM", "RUNT", "VLAN"};
    auto is = [&](int i, uint64_t want) {
        if (c[size_t(i)] != want) fail(text("counter %s is %llu, expected %llu", names[i], (unsigned long long)c[size_t(i)], (unsigned long long)want));
    };
    is(0, b.wire_frames);
    is(1, b.wire_bytes);
    is(2, delivered);
    is(6, 0);
    is(7, b.too_long);
    is(8, b.bad_frames);
    is(9, b.sent_in);
    is(10, b.runts);
    is(11, b.filtered);
    if (c[2] + c[4] + c[5] + c[6] + c[7] + c[8] + c[10] + c[11] != c[9]) fail("RX counters do not add up");
    if (!b.lossy && c[4] + c[5]) fail(text("%llu frames dropped", (unsigned long long)(c[4] + c[5])));
}

// The RMON counters from `at` on.
uint64_t rmon(Bench& b, uint32_t at, uint32_t count) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t lo = b.read(at + 8 * i);
        sum += lo | uint64_t(b.read(at + 8 * i + 4)) << 32;
    }
    return sum;
}

// Each frame is in one class, each of 60 bytes and more in one size bin.
void check_rmon(Bench& b) {
    const auto is = [&](const char* what, uint64_t got, uint64_t want) {
        if (got != want) fail(text("RMON: %s are %llu, not %llu", what, (unsigned long long)got, (unsigned long long)want));
    };
    is("frames sent", rmon(b, 0x580, 3), b.wire_frames);
    is("frames sent, by size", rmon(b, 0x5c0, 7), b.wire_frames);
    is("octets sent", rmon(b, 0x5a0, 1), b.wire_bytes - 14 * b.wire_frames);
    is("frames received", rmon(b, 0x500, 8), b.sent_in);
    is("frames received, by size", rmon(b, 0x540, 7), b.sent_in - rmon(b, 0x520, 1) - rmon(b, 0x530, 1));
}

void settings(Bench& b) {
    Random& rng = b.rng;
    const bool calm = arg("stalls", 1) == 0;
    b.axi.set.stall = uint32_t(arg("stall", calm ? 0 : rng.below(4) * 15));
    b.axi.set.read_latency = uint32_t(arg("read_latency", calm ? 0 : rng.below(3) * 40));
    b.axi.set.write_latency = uint32_t(arg("write_latency", calm ? 0 : rng.below(3) * 40));
    b.axi.set.jitter = uint32_t(arg("jitter", calm ? 0 : rng.below(2) * 60));
    b.axi.set.mix = !calm;
    b.axi.set.lenient = arg("lenient", 0);
    b.sink_stall = uint32_t(arg("sink_stall", calm ? 0 : rng.below(3) * 20));
    b.source_gap = uint32_t(arg("source_gap", calm ? 0 : rng.range(5, 60)));
    b.rx_min = uint32_t(arg("rx_min", 14));
    b.rx_max = uint32_t(arg("rx_max", rng.chance(30) ? 9018 : 1514));
    b.lossy = arg("lossy", 0);
    b.plain = arg("plain", 0);
    b.vectors = uint32_t(arg("vectors", Bench::QUEUES));
    b.model.strip = arg("strip", rng.chance(50));
    b.model.vlan_filter = arg("vlan_filter", rng.chance(30));
    for (size_t i = 0; i < 4096; i++) b.model.vlans[i] = rng.chance(50);
    for (auto& d : b.drivers) {
        d->set.log2 = uint32_t(arg("log2", 3 + rng.below(6)));
        d->set.tx_min = uint32_t(arg("tx_min", 14));
        d->set.tx_max = uint32_t(arg("tx_max", rng.chance(30) ? 9018 : 1514));
        d->set.tx_frags = uint32_t(arg("frags", rng.chance(20) && d->set.log2 > 5 ? 18 : 1 + rng.below(4)));
        d->set.tx_offloads = uint32_t(arg("offloads", calm ? 0 : 30 * rng.below(4)));
        d->tx_tso = uint32_t(arg("tso", calm ? 0 : 10 * rng.below(4)));
        d->set.rx_min = uint32_t(arg("buf_min", rng.chance(30) ? 400 : 1600));
        d->set.rx_max = uint32_t(arg("buf_max", d->set.rx_min + rng.below(1000)));
        d->set.tx_align = args.count("tx_align") ? int(arg("tx_align", 0)) : -1;
        d->set.rx_align = args.count("rx_align") ? int(arg("rx_align", 0)) : -1;
        d->set.rx_batch = uint32_t(arg("rx_batch", 1 + rng.below(8)));
        d->set.lossy = b.lossy;
    }
}

uint64_t delivered(Bench& b) {
    uint64_t n = 0;
    for (auto& d : b.drivers) n += d->rx_done;
    return n;
}

void finish(Bench& b) {
    b.sender_on = b.source_on = false;
    b.until([&] { return b.drained(); }, 5000, "everything is delivered");
    // Whatever is left (frames that may be lost) is written, too; then the device says that it is idle.
    b.until([&] { return b.read(0x14) & 2; }, 5000, "STATUS.idle");
    for (unsigned q = 0; q < Bench::QUEUES; q++) b.poll(q);
    b.until([&] { return b.regs.idle(); }, 5000, "the last interrupts are armed");
    b.run(500);
    if (!(b.read(0x14) & 2)) fail("STATUS.idle does not stay set");
}

void traffic(Bench& b) {
    settings(b);
    b.setup();
    b.sender_on = b.source_on = true;
    b.run(arg("clocks", 60000));
    b.sink_stall = std::min(b.sink_stall, 60u);
    finish(b);
    check_counters(b, delivered(b));
    check_rmon(b);
    if (b.lossy) {
        uint64_t missing = 0;
        for (auto& d : b.drivers) missing += d->rx_missing + d->rx_expect.size();
        const auto c = counters(b);
        if (missing != c[4] + c[5]) fail(text("%llu frames are missing, %llu were counted", (unsigned long long)missing, (unsigned long long)(c[4] + c[5])));
    }
    if (!b.wire_frames || !delivered(b)) fail("no traffic");
}

// Stop and start rings and reset the device, in traffic.
void stop(Bench& b) {
    settings(b);
    b.lossy = true;
    for (auto& d : b.drivers) d->set.lossy = true;
    b.setup();
    b.sender_on = b.source_on = true;
    uint64_t stops = 0, resets = 0;
    for (uint64_t round = 0; round < arg("rounds", 40); round++) {
        b.run(b.rng.below(3000));
        if (b.rng.chance(10)) {                      // the device
            b.loose = false;
            b.regs.write(0x10, 1);
            b.until([&] { return b.regs.idle(); }, 5000, "the reset register's write");
            for (auto& d : b.drivers) d->poll();
            b.until([&] { return b.read(0x10) == 0; }, 5000, "the end of the device's reset");
            if (!b.axi.idle()) fail("AXI transactions are outstanding after a reset");
            for (auto& d : b.drivers) d->ended_tx(), d->ended_rx();
            std::fill(b.poll_at.begin(), b.poll_at.end(), ~0ull);
            if (b.read(0x0c) || b.read(0x24) != 1518) fail("a register was not reset");
            b.run(b.rng.below(200));
            b.setup();
            resets++;
            continue;
        }
        const unsigned q = b.rng.below(Bench::QUEUES);
        Driver& d = *b.drivers[q];
        const bool tx = b.rng.chance(50);
        if (tx) b.send_queues &= ~(1u << q);
        b.regs.write(d.reg(tx ? 0x0c : 0x4c), 0);
        b.until([&] { return !(b.read(d.reg(tx ? 0x18 : 0x58)) & 1); }, 5000, "a stopped ring drains");
        d.poll();
        tx ? d.ended_tx() : d.ended_rx();            // a late access is a fault from now on
        stops++;
        b.run(b.rng.below(500));
        tx ? d.start_tx() : d.start_rx();
        b.send_queues |= 1u << q;
        d.arm();
    }
    finish(b);
    std::printf("%llu stops, %llu resets, ", (unsigned long long)stops, (unsigned long long)resets);
}

// Reset at any clock; afterwards the device is as new: nothing is lost, the counters agree.
void reset(Bench& b) {
    settings(b);
    const bool lossy = b.lossy;
    const auto memory = b.axi.set;
    const uint32_t sink_stall = b.sink_stall;
    Resets(b, args["registers"], arg("errors", 0)).run(arg("rounds", 200));
    b.source_on = b.sender_on = false;
    b.until([&] { return b.source_empty(); }, 5000, "the wire is empty");
    b.run(300);
    b.lossy = lossy;
    b.axi.set = memory;
    b.sink_stall = sink_stall;
    b.send_queues = ~0u;
    b.thirsty = 0;
    for (auto& d : b.drivers) {
        d->set.lossy = lossy;
        d->set.errors = false;
        d->rx_expect.clear();
        d->rx_done = 0;
    }
    b.wire_frames = b.wire_bytes = b.sent_in = b.bad_frames = b.filtered = b.runts = b.too_long = 0;
    b.setup();
    b.sender_on = b.source_on = true;
    b.run(10000);
    finish(b);
    check_counters(b, delivered(b));
    check_rmon(b);
}

// Queue 0 gets stuck: the other queues must go on at (nearly) the rate they had. how=0: the answers to its accesses of
// these kinds (a bit each: nic_dma_pkg) are withheld, reads=M and writes=M; 1: a bad descriptor halts its TX ring and an AXI error its
// RX ring; 2: it has no RX buffers. Registers are read meanwhile.
void hold(Bench& b) {
    args["stalls"] = "0";
    args["log2"] = "7";
    args.emplace("tx_max", "1514"), args.emplace("rx_max", "1514"), args.emplace("frags", "2");
    args.emplace("buf_min", "2048"), args.emplace("buf_max", "2048");
    settings(b);
    b.lossy = b.plain = true;
    for (auto& d : b.drivers) d->set.lossy = true;
    b.source_gap = 30;
    b.setup();
    b.sender_on = b.source_on = true;
    struct Rates {
        double tx = 0, rx = 0;      // bytes sent (frames have all lengths); of the frames offered, the part that arrived
    };
    auto measure = [&] {
        auto total = [](const std::vector<uint64_t>& v) {
            double n = 0;
            for (size_t q = 1; q < v.size(); q++) n += double(v[q]);
            return n;
        };
        auto arrived = [&] {
            double n = 0;
            for (size_t q = 1; q < Bench::QUEUES; q++) n += double(b.drivers[q]->rx_done);
            return n;
        };
        const double tx = total(b.queue_bytes), rx = arrived(), in = total(b.offered);
        b.run(40000);
        return Rates{total(b.queue_bytes) - tx, (arrived() - rx) / (total(b.offered) - in)};
    };
    b.run(5000);
    const Rates before = measure();
    Driver& stuck = *b.drivers[0];
    const uint64_t how = arg("how", 0);
    const auto ids = [](uint64_t kinds) {
        uint64_t of = 0;
        for (uint64_t kind = 0; kind < 4; kind++) of |= (kinds >> kind & 1) << 16 * kind;
        return of;
    };
    if (how == 0) {
        b.axi.set.held_reads = ids(arg("reads", 0));
        b.axi.set.held_writes = ids(arg("writes", 0));
    }
    if (how == 1) {
        stuck.set.errors = true;
        b.send_queues = ~1u;
        b.until([&] { return stuck.tx_free() && b.regs.idle(); }, 5000, "room for a descriptor");
        stuck.raw_tx_descriptor(b.mem.alloc(64), 0x10000);
        stuck.ring_tx();
        bool done = false;
        b.axi.set.error = [&b, done](uint64_t, bool write) mutable {
            const bool hit = !done && write && b.dut->m_axi_awid == 0;
            done |= hit;
            return hit;
        };
        b.until([&] { return (b.read(stuck.reg(0x18)) & 2) && (b.read(stuck.reg(0x58)) & 2); }, 30000, "both rings halt");
    }
    if (how == 2) {
        stuck.set.rx_limit = 0;
        b.until([&] { return stuck.rx_empty(); }, 5000, "queue 0 has no buffers");
    }
    b.run(5000);
    b.read(0x14);
    const Rates during = measure();
    b.read(0x14);
    std::printf("other queues: %.0f bytes out, %.3f of the frames in; while queue 0 is stuck: %.0f and %.3f; ", before.tx, before.rx, during.tx, during.rx);
    if (during.tx < 0.95 * before.tx || during.rx < 0.95 * before.rx) fail("a stuck queue slows the others");
    b.axi.set.held_reads = b.axi.set.held_writes = 0;
    b.axi.set.error = nullptr;
    finish(b);
}

void rate(Bench& b) {
    args["stalls"] = "0";
    const uint64_t size = arg("size", 1514);
    args["tx_min"] = args["tx_max"] = args["rx_min"] = args["rx_max"] = std::to_string(size);
    args.emplace("frags", "1"), args.emplace("log2", "8"), args.emplace("tx_align", "2"), args.emplace("rx_align", "0");
    args.emplace("buf_min", "2048"), args.emplace("buf_max", "2048"), args.emplace("rx_batch", "16");
    settings(b);
    b.lossy = true;
    for (auto& d : b.drivers) d->set.lossy = true;
    b.poll_delay = 20;
    b.setup();
    b.plain = true;
    const bool tx = arg("tx", 1), rx = arg("rx", 1);
    b.sender_on = tx;
    b.source_on = rx;
    b.source_gap = uint32_t(arg("gap", 0));
    b.run(5000);
    const uint64_t t0 = now, w0 = b.wire_frames;
    uint64_t r0 = delivered(b);
    const uint64_t rb0 = b.axi.r_beats, wb0 = b.axi.w_beats, rr0 = b.axi.reads, ww0 = b.axi.writes;
    b.run(arg("clocks", 100000));
    const uint64_t n = now - t0, w = b.wire_frames - w0, r = delivered(b) - r0;
    std::printf("size %llu: tx %.2f clocks a packet, rx %.2f; a clock: %.3f read beats, %.3f write beats, %.3f reads, %.3f writes; ",
                (unsigned long long)size, w ? double(n) / double(w) : 0, r ? double(n) / double(r) : 0, double(b.axi.r_beats - rb0) / double(n),
                double(b.axi.w_beats - wb0) / double(n), double(b.axi.reads - rr0) / double(n), double(b.axi.writes - ww0) / double(n));
}

void shares(Bench& b) {
    args["stalls"] = "0";
    args.emplace("frags", "1"), args.emplace("log2", "8"), args.emplace("sink_stall", "40");   // the wire limits
    settings(b);
    b.poll_delay = 20;
    b.setup();
    for (auto& d : b.drivers) {
        const std::string q = std::to_string(d->queue);
        if (args.count("w" + q)) b.regs.write(d->reg(0x30), uint32_t(arg(("w" + q).c_str(), 8)));
        d->set.tx_min = uint32_t(arg(("a" + q).c_str(), 1514));
        d->set.tx_max = uint32_t(arg(("b" + q).c_str(), d->set.tx_min));
    }
    b.until([&] { return b.regs.idle(); }, 1000, "the weights are written");
    const uint32_t quiet = uint32_t(arg("quiet", 0));
    b.send_queues = ~quiet;
    b.thirsty = uint32_t(arg("thirsty", 0));
    b.sender_on = true;
    const auto measure = [&] {
        b.run(5000);
        const auto before = b.queue_bytes;
        b.run(arg("clocks", 40000));
        std::printf("bytes");
        for (size_t q = 0; q < Bench::QUEUES; q++) std::printf(" %llu", (unsigned long long)(b.queue_bytes[q] - before[q]));
        std::printf("\n");
    };
    measure();
    if (quiet) {
        b.send_queues = ~0u;
        measure();
    }
    finish(b);
}

void latency(Bench& b) {
    args["stalls"] = "0";
    args.emplace("rx_batch", "1"), args.emplace("vlan_filter", "0");
    settings(b);
    b.setup();
    b.run(500);
    uint64_t out = 0, in = 0;
    for (int i = 0; i < 200; i++) {
        const unsigned q = unsigned(i) % Bench::QUEUES;
        Driver& d = *b.drivers[q];
        b.run(200 + b.rng.below(40));
        const uint64_t frames = b.wire_frames;
        d.send(b.random_frame(60), 1);
        d.ring_tx();
        b.until([&] { return b.wire_frames > frames; }, 2000, "the frame is sent");
        out = std::max(out, b.last_out - b.regs.accepted);
        b.run(200 + b.rng.below(40));
        const uint64_t irqs = b.irqs;
        Bytes f = b.random_frame(60);
        while (!b.model.vlan_passes(f)) f = b.random_frame(60);
        b.drivers[b.queue_of(f)]->rx_expect.push_back(f);
        b.push_frame(f, false);
        b.until([&] { return b.irqs > irqs; }, 2000, "the frame's interrupt");
        in = std::max(in, now - b.last_in);
    }
    std::printf("at most %llu clocks from doorbell to wire, %llu from wire to MSI-X; ", (unsigned long long)out, (unsigned long long)in);
    if (out > arg("most", 60) || in > arg("most", 60)) fail("too slow");
}

void hashes(Bench& b) {
    b.setup();
    for (const uint8_t byte : b.model.key) std::printf("%02x", byte);
    std::printf("\n");
    for (int i = 0; i < 1000; i++) {
        if (i % 250 == 0) {
            b.model.types = i == 0 ? 0x3F : uint32_t(b.rng.below(128));
            b.write_rss();
            b.until([&] { return b.regs.idle(); }, 1000, "RSS is set up");
        }
        const Bytes f = b.random_frame(b.rng.chance(25) ? b.rng.range(14, 180) : b.rng.range(90, 250));   // most with all their headers
        Driver& d = *b.drivers[b.queue_of(f)];
        const uint64_t done = d.rx_done;
        d.rx_expect.push_back(f);
        b.push_frame(f, false);
        b.until([&] { d.poll(); return d.rx_done > done; }, 2000, "the frame is delivered");   // poll compares hash and sums
        for (const uint8_t byte : f) std::printf("%02x", byte);
        const uint32_t verdict = uint32_t(RxModel::sum(f, 14, f.size())) << 16 | (b.model.ip_ok(f) ? 4 : 0) | (b.model.l4_ok(f) ? 8 : 0);
        std::printf(" %u %u %u %u\n", b.model.types, b.model.hash(f).value, b.model.hash(f).type, verdict);
    }
}

void rules(Bench& b) { Rules(b).run(); }

}  // namespace bench

int main(int argc, char** argv) {
    using namespace bench;
    for (int i = 1; i < argc; i++) {
        const std::string a = argv[i];
        const size_t eq = a.find('=');
        if (eq == std::string::npos) fail("arguments are key=value: " + a);
        args[a.substr(0, eq)] = a.substr(eq + 1);
    }
    Bench b(arg("seed", 1));
    const std::string scenario = args.count("scenario") ? args["scenario"] : "traffic";
    const std::map<std::string, void (*)(Bench&)> scenarios = {
        {"traffic", traffic}, {"stop", stop}, {"reset", reset}, {"error", error}, {"hold", hold}, {"rate", rate}, {"shares", shares}, {"latency", latency}, {"rules", rules}, {"hashes", hashes}};
    const auto it = scenarios.find(scenario);
    if (it == scenarios.end()) fail("no such scenario: " + scenario);
    on_fail = [&b] {
        on_fail = nullptr;
        std::fprintf(stderr, "%s\n  counters:", b.where().c_str());
        b.source_on = b.sender_on = false;
        std::fill(b.poll_at.begin(), b.poll_at.end(), ~0ull);
        for (const uint64_t c : counters(b)) std::fprintf(stderr, " %llu", (unsigned long long)c);
        std::fprintf(stderr, "\n");
    };
    const clock_t began = std::clock();
    it->second(b);
    const double seconds = double(std::clock() - began) / CLOCKS_PER_SEC;
    std::printf("%llu clocks, %llu frames out, %llu in, %llu interrupts, %.0f clocks a CPU second\n", (unsigned long long)now,
                (unsigned long long)b.wire_frames, (unsigned long long)delivered(b), (unsigned long long)b.irqs, double(now) / seconds);
    return 0;
}
