// SPDX-License-Identifier: Apache-2.0
// What tb/rtl_platform.py calls through ctypes: the executable is linked with -rdynamic, so these are found in the process itself.
#include <cstring>

#include "builtins.h"
#include "recorder.h"
#include "sim.h"

using namespace ringside;

#define QUOTE(name) #name " "

namespace {

// (at, bad, frame) -> its tag: for each frame, and so a builtin function.
Object* wire_send(Object*, Object* const* args, intptr_t given) {
    uint64_t a[2];
    char* frame;
    intptr_t length;
    if (!integers(args, given, a, 1) || py.bytes_of(args[2], &frame, &length)) return nullptr;
    const auto* bytes = reinterpret_cast<const uint8_t*>(frame);
    return py.from_signed(static_cast<long long>(wire::send(bytes, static_cast<uint64_t>(length), a[0], a[1] != 0)));
}

Method wire_send_method{"wire_send", wire_send, FASTCALL, nullptr};

}  // namespace

extern "C" {

// Names of the 64-bit words of each shared struct, in order: Python indexes by name, and there is one list.
const char* rs_sim_layout(const char* which) {
    if (!std::strcmp(which, "control")) return RINGSIDE_CONTROL(QUOTE);
    if (!std::strcmp(which, "counters")) return RINGSIDE_COUNTERS(QUOTE);
    if (!std::strcmp(which, "settings")) return RINGSIDE_SETTINGS(QUOTE);
    return "";
}

void* rs_sim_control() { return &sim.ctl; }
void* rs_sim_counters() { return &sim.count; }
void* rs_sim_settings() { return &sim.settings; }
void* rs_sim_events(uint64_t* bytes) {
    *bytes = sim.events.size() * sizeof(Event);
    return sim.events.data();
}
void* rs_sim_arena(uint64_t* bytes) {
    *bytes = ARENA;
    return sim.arena.get();
}
void* rs_sim_commands(uint64_t* bytes) {
    *bytes = sim.commands.size() * sizeof(Command);
    return sim.commands.data();
}
uint64_t rs_sim_clk_ps() { return sim.clk_ps; }
uint64_t rs_sim_mac_ps() { return sim.mac_ps; }

void rs_sim_attach_memory(void* memory) { sim.memory = static_cast<HostMemory*>(memory); }
void rs_sim_ingest() { sim.ingest(); }
void rs_sim_settings_changed() {
    if (sim.recorder) sim.recorder->settings();
    sim.settings_changed();
}
void rs_sim_link(uint32_t pins) {
    sim.link = pins;
    if (sim.recorder) sim.recorder->link();
    sim.settings_changed();
}
void* rs_sim_wire_send() { return &wire_send_method; }
void rs_sim_announce(uint64_t addr, uint32_t data, uint64_t ids) { axi::announce(addr, data, ids); }
void rs_sim_fail(int write, uint64_t ids, uint64_t first, uint64_t last, uint64_t skip, uint64_t times, uint32_t resp) {
    axi::fail(write, ids, first, last, skip, times, resp);
}
void rs_sim_fail_no_more() { axi::fail_no_more(); }
uint64_t rs_sim_digest() { return sim.digest(); }
uint64_t rs_sim_wire_digest() { return wire::digest(); }
const char* rs_sim_fatal_message() { return sim.fatal_message.c_str(); }

// What is under way, one line each.
const char* rs_sim_describe() {
    static std::string text;
    text.clear();
    mmio::describe(text);
    axi::describe(text);
    wire::describe(text);
    return text.c_str();
}

// Record from here on into `path`; null, or why not.
const char* rs_sim_record(const char* path) {
    static std::string why;
    why.clear();
    if (!sim.memory) return "no memory is attached";
    sim.recorder = Recorder::open(path, &why);
    if (!sim.recorder) return why.c_str();
    sim.memory->set_listener(sim.recorder);
    return nullptr;
}
}
