// SPDX-License-Identifier: Apache-2.0
// The wire and the MAC's FIFOs, at a line rate, with preamble, FCS, padding and gap counted (docs/design.md, "The wire").
//
// Towards the device: a frame whose start finds no room in the receive FIFO is dropped whole; else its bytes become available to the
// stream as they arrive. From the device: bytes drain from the transmit FIFO at line rate; a frame is reported when its last bit,
// FCS included, has left. Called by tb/sv/wire_source.sv and wire_sink.sv. Times here are fs.
#include <cstring>
#include <deque>

#include "recorder.h"
#include "sim.h"

namespace ringside {
namespace {

constexpr uint64_t PREAMBLE = 8, FCS = 4, GAP = 12, MIN_FRAME = 60;
constexpr uint64_t FS = 1000;  // fs in a ps

uint64_t to_ps(uint64_t fs) { return (fs + FS - 1) / FS; }
uint64_t line_bytes(uint64_t length) { return length < MIN_FRAME ? MIN_FRAME : length; }

struct Frame {
    std::vector<uint8_t> bytes;
    uint64_t tag;
    uint64_t at;  // ps, not before
    bool bad;
    uint64_t start = 0;  // fs; when its preamble begins
};

struct Sent {  // a frame from the device whose last bit leaves at `end` fs
    uint64_t end;
    std::vector<uint8_t> bytes;
};

struct State {
    // towards the device
    std::deque<Frame> waiting;  // not yet on the wire
    std::deque<Frame> fifo;     // admitted: on the wire or in the FIFO
    uint64_t fifo_bytes = 0;
    uint64_t rx_free = 0;  // fs; when the wire can take the next preamble
    uint64_t offset = 0;   // of the next beat in fifo.front()
    uint64_t last_tag = 0;
    bool offering = false;      // a beat is on the stream
    bool offered_last = false;  // it ends its frame
    uint64_t offered_bytes = 0;
    std::vector<std::vector<uint8_t>> spare;  // buffers to use again
    // from the device
    std::vector<uint8_t> frame;  // being collected
    bool frame_bad = false;
    uint64_t tx_free = 0;  // fs; when all that was accepted has left
    std::deque<Sent> leaving;
    Digest rx, tx;
};
State s;

uint64_t fs_per_byte() { return sim.settings.wire_fs_per_byte; }

// When the first `bytes` of the front frame have arrived, in ps.
uint64_t arrival(const Frame& frame, uint64_t bytes) {
    const uint64_t extra = bytes == frame.bytes.size() ? line_bytes(bytes) - bytes + FCS : 0;
    return to_ps(frame.start + (PREAMBLE + bytes + extra) * fs_per_byte());
}

uint32_t stream_bytes = 8;

uint64_t next_beat_end(const Frame& frame) {
    const uint64_t end = s.offset + stream_bytes;
    return end < frame.bytes.size() ? end : frame.bytes.size();
}

// When the stream may have the next beat; NEVER while it still has one, or there is none.
uint64_t next_offer() {
    if (s.offering || s.fifo.empty()) return NEVER;
    return arrival(s.fifo.front(), next_beat_end(s.fifo.front()));
}

std::vector<uint8_t> buffer() {
    if (s.spare.empty()) return {};
    std::vector<uint8_t> bytes = std::move(s.spare.back());
    s.spare.pop_back();
    return bytes;
}

void recycle(std::vector<uint8_t>&& bytes) {
    if (s.spare.size() < 64) s.spare.push_back(std::move(bytes));
}

// Frames whose start on the wire has come enter the FIFO, or are dropped.
void admit(uint64_t now) {
    while (!s.waiting.empty()) {
        Frame& frame = s.waiting.front();
        const uint64_t start = frame.at * FS > s.rx_free ? frame.at * FS : s.rx_free;
        if (to_ps(start) > now) return;
        const uint64_t length = frame.bytes.size();
        const uint64_t busy = (PREAMBLE + line_bytes(length) + FCS + GAP) * fs_per_byte();
        s.rx_free = start + busy;
        sim.count.wire_rx_busy_ps += busy / FS;
        if (s.fifo_bytes + length > sim.settings.rx_fifo) {
            sim.count.wire_rx_dropped++;
            sim.count.wire_rx_queued--;
            s.rx.add(frame.tag);
            sim.emit(EV_WIRE_DROPPED, 0, frame.tag, 0);
            recycle(std::move(frame.bytes));
        } else {
            frame.start = start;
            s.fifo_bytes += length;
            s.fifo.push_back(std::move(frame));
        }
        s.waiting.pop_front();
    }
}

// Frames whose last bit has left are Python's.
void complete(uint64_t now) {
    while (!s.leaving.empty() && to_ps(s.leaving.front().end) <= now) {
        Sent& sent = s.leaving.front();
        const uint64_t length = sent.bytes.size();
        s.tx.add(to_ps(sent.end));
        s.tx.add(sent.bytes.data(), length);
        const uint64_t offset = sim.arena_add(sent.bytes.data(), length);
        sim.emit_at(to_ps(sent.end), EV_WIRE_FRAME, static_cast<uint32_t>(length), offset, 0);
        recycle(std::move(sent.bytes));
        s.leaving.pop_front();
    }
}

}  // namespace

namespace wire {

void reset() {
    s = State();
    s.frame.reserve(16384);
}

uint64_t send(const uint8_t* frame, uint64_t length, uint64_t at, bool bad) {
    if (sim.recorder) sim.recorder->wire_frame(frame, length, at, bad);
    s.waiting.emplace_back();
    Frame& f = s.waiting.back();
    f.bytes = buffer();
    f.bytes.assign(frame, frame + length);
    f.tag = ++s.last_tag;
    f.at = at > sim.now ? at : sim.now;
    f.bad = bad;
    sim.count.wire_rx_queued++;
    sim.due_at(f.at);
    return f.tag;
}

uint64_t run(uint64_t now) {
    if (!sim.in_reset) admit(now);
    complete(now);
    uint64_t next = NEVER;
    if (!s.waiting.empty()) {
        const uint64_t at = s.waiting.front().at, free = to_ps(s.rx_free);
        next = at > free ? at : free;
    }
    if (!s.leaving.empty() && to_ps(s.leaving.front().end) < next) next = to_ps(s.leaving.front().end);
    const uint64_t beat = next_offer();
    *sim.source_kick = beat <= now;  // until wire_source takes it
    if (beat > now && beat < next) next = beat;
    return next;
}

uint64_t digest() {
    Digest d;
    d.add(s.rx.value());
    d.add(s.tx.value());
    return d.value();
}

void describe(std::string& out) {
    char line[160];
    if (!s.fifo.empty() || !s.waiting.empty()) {
        snprintf(line, sizeof line, "wire: %zu frames wait for the wire to the device, %zu on it or in the MAC FIFO (%llu bytes)\n",
                 s.waiting.size(), s.fifo.size(), static_cast<unsigned long long>(s.fifo_bytes));
        out += line;
    }
    if (!s.frame.empty()) {
        snprintf(line, sizeof line, "wire: the device is %zu bytes into a frame\n", s.frame.size());
        out += line;
    }
}

}  // namespace wire
}  // namespace ringside

using namespace ringside;

extern "C" {

void rs_source_reset(unsigned int width) {
    stream_bytes = width / 8;
    while (!s.fifo.empty()) {
        sim.count.wire_rx_queued--;
        s.fifo.pop_front();
    }
    s.fifo_bytes = s.offset = 0;
    s.offering = false;
}

// `taken`: the offered beat has been accepted. `may`: the next one may be offered.
void rs_source(unsigned char taken, unsigned char may, unsigned char* valid, unsigned int* data, unsigned long long* keep,
               unsigned char* last, unsigned char* bad) {
    const Ticks ticks;
    *valid = 0;
    if (taken) {
        s.offering = false;
        sim.count.wire_rx_beats++;
        s.fifo_bytes -= s.offered_bytes;
        s.offered_bytes = 0;
        if (s.offered_last) {
            Frame& frame = s.fifo.front();
            s.offered_last = false;
            s.rx.add(frame.tag);
            s.rx.add(sim.now);
            s.rx.add(frame.bytes.data(), frame.bytes.size());
            sim.count.wire_rx_frames++;
            sim.count.wire_rx_bytes += frame.bytes.size();
            sim.count.wire_rx_queued--;
            sim.emit(EV_WIRE_TAKEN, 0, frame.tag, 0);
            recycle(std::move(frame.bytes));
            s.fifo.pop_front();
            s.offset = 0;
        }
    }
    const uint64_t arrives = next_offer();
    *sim.source_kick = arrives <= sim.now;
    if (!may || arrives > sim.now) {
        if (arrives > sim.now) sim.due_at(arrives);
        return;
    }
    const Frame& frame = s.fifo.front();
    const uint64_t end = next_beat_end(frame), n = end - s.offset;
    if (n < stream_bytes) std::memset(data, 0, stream_bytes);
    std::memcpy(data, frame.bytes.data() + s.offset, n);
    s.offering = true;
    *valid = 1;
    *keep = n >= 64 ? ~0ULL : (1ULL << n) - 1;
    *last = end == frame.bytes.size();
    *bad = *last && frame.bad;
    s.offered_last = *last;
    s.offered_bytes = n;
    s.offset = end;
}

void rs_sink_reset() { s.frame.clear(); }

// One beat from the device. Returns for how many clocks it must wait before the next: the FIFO's room.
unsigned int rs_sink(const unsigned int* data, unsigned long long keep, unsigned char last, unsigned char user) {
    const Ticks ticks;
    const uint64_t now = sim.now * FS, per_byte = fs_per_byte();
    const uint64_t n = static_cast<uint64_t>(__builtin_popcountll(keep));
    sim.count.wire_tx_beats++;
    const bool first = s.frame.empty();
    sim.count.wire_tx_open = !last;
    uint64_t free = s.tx_free > now ? s.tx_free : now;
    if (first) free += PREAMBLE * per_byte;
    const uint8_t* bytes = reinterpret_cast<const uint8_t*>(data);
    s.frame.insert(s.frame.end(), bytes, bytes + n);
    free += n * per_byte;
    if (user & 1) s.frame_bad = true;
    if (last) {
        const uint64_t length = s.frame.size();
        free += (line_bytes(length) - length + FCS) * per_byte;
        if (!s.frame_bad) {  // a frame that the device itself marks bad leaves with a wrong FCS: nobody receives it
            s.leaving.push_back(Sent{free, buffer()});
            s.leaving.back().bytes.swap(s.frame);
            sim.due_at(to_ps(free));
        }
        sim.count.wire_tx_frames++;
        sim.count.wire_tx_bytes += length;
        sim.count.wire_tx_busy_ps += (PREAMBLE + line_bytes(length) + FCS + GAP) * per_byte / FS;
        free += GAP * per_byte;
        s.frame.clear();  // the buffer that came in exchange, or the bad frame
        s.frame_bad = false;
    }
    s.tx_free = free;
    const uint64_t room_at = free - now;  // fs until all has left
    const uint64_t limit = (sim.settings.tx_fifo - stream_bytes) * per_byte;
    if (room_at <= limit) return 0;
    const uint64_t clock = sim.mac_ps * FS;
    return static_cast<unsigned int>((room_at - limit + clock - 1) / clock);
}
}
