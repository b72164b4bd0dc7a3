// SPDX-License-Identifier: Apache-2.0
// What is called for every packet, as builtin functions of Python.
#include <cstring>

#include "host_memory.h"
#include "builtins.h"

using namespace ringside;

Python ringside::py;

namespace {

HostMemory* memory_of(Object* self) { return static_cast<HostMemory*>(py.as_pointer(self)); }

// Whether memory has these bytes; else with Python's error set.
bool has(HostMemory* memory, uint64_t index, uint64_t length) {
    if (index <= memory->size() && length <= memory->size() - index) return true;
    py.raise(py.value_error, "host memory ends before these bytes do");
    return false;
}

rs_fault last_fault;

Object* grant(Object* self, Object* const* args, intptr_t given) {
    uint64_t a[3];
    if (!integers(args, given, a)) return nullptr;
    return py.from_signed(memory_of(self)->grant(a[0], a[1], static_cast<uint32_t>(a[2])));
}

Object* revoke(Object* self, Object* const* args, intptr_t given) {
    uint64_t a[3];
    if (!integers(args, given, a)) return nullptr;
    return py.from_signed(memory_of(self)->revoke(a[0], a[1], static_cast<uint32_t>(a[2])));
}

Object* own(Object* self, Object* const* args, intptr_t given) {
    uint64_t a[3];
    if (!integers(args, given, a)) return nullptr;
    return py.from_signed(memory_of(self)->own(a[0], a[1], a[2] != 0));
}

// (bus, length) -> bytes, or the kind of the fault.
Object* dev_read(Object* self, Object* const* args, intptr_t given) {
    uint64_t a[2];
    if (!integers(args, given, a)) return nullptr;
    Object* result = py.new_bytes(nullptr, static_cast<intptr_t>(a[1]));
    char* to;
    intptr_t length;
    if (!result || py.bytes_of(result, &to, &length)) return nullptr;
    if (!rs_mem_dev_read(memory_of(self), a[0], a[1], to, &last_fault)) return result;
    py.drop(result);
    return py.from_signed(last_fault.kind);
}

// (bus, bytes) -> 0, or the kind of the fault.
Object* dev_write(Object* self, Object* const* args, intptr_t given) {
    uint64_t a[1];
    char* from;
    intptr_t length;
    if (!integers(args, given, a, 1) || py.bytes_of(args[1], &from, &length)) return nullptr;
    const bool bad = rs_mem_dev_write(memory_of(self), a[0], static_cast<uint64_t>(length), from, &last_fault);
    return py.from_signed(bad ? last_fault.kind : 0);
}

// (index, length) -> bytes, as the CPU sees them.
Object* peek(Object* self, Object* const* args, intptr_t given) {
    uint64_t a[2];
    if (!integers(args, given, a)) return nullptr;
    HostMemory* memory = memory_of(self);
    if (!has(memory, a[0], a[1])) return nullptr;
    return py.new_bytes(reinterpret_cast<char*>(memory->bytes() + a[0]), static_cast<intptr_t>(a[1]));
}

// (index, bytes) -> 0.
Object* poke(Object* self, Object* const* args, intptr_t given) {
    uint64_t a[1];
    char* from;
    intptr_t length;
    if (!integers(args, given, a, 1) || py.bytes_of(args[1], &from, &length)) return nullptr;
    HostMemory* memory = memory_of(self);
    if (!has(memory, a[0], static_cast<uint64_t>(length))) return nullptr;
    std::memcpy(memory->bytes() + a[0], from, static_cast<size_t>(length));
    return py.from_signed(0);
}

// The ones' complement sum of words of 16 bits, low byte first, an odd byte as if 0 followed. 0 only if all bytes are.
uint64_t sum16(const uint8_t* data, uint64_t length) {
    uint64_t sum = 0;
    uint32_t word = 0;
    for (; length >= sizeof word; data += sizeof word, length -= sizeof word) {
        std::memcpy(&word, data, sizeof word);
        sum += word;
    }
    word = 0;
    std::memcpy(&word, data, length);
    sum += word;
    while (sum >> 16) sum = (sum & 0xFFFF) + (sum >> 16);
    return sum;
}

// (index, length) -> the sum of these bytes, as the CPU sees them.
Object* csum(Object* self, Object* const* args, intptr_t given) {
    uint64_t a[2];
    if (!integers(args, given, a)) return nullptr;
    HostMemory* memory = memory_of(self);
    if (!has(memory, a[0], a[1])) return nullptr;
    return py.from_signed(static_cast<long long>(sum16(memory->bytes() + a[0], a[1])));
}

Method methods[] = {
    {"grant", grant, FASTCALL, nullptr},       {"revoke", revoke, FASTCALL, nullptr},
    {"own", own, FASTCALL, nullptr},           {"dev_read", dev_read, FASTCALL, nullptr},
    {"dev_write", dev_write, FASTCALL, nullptr}, {"peek", peek, FASTCALL, nullptr},
    {"poke", poke, FASTCALL, nullptr},         {"csum", csum, FASTCALL, nullptr},
};

}  // namespace

extern "C" {

// The functions of `api` (a Python) are used from now on. The result is an array of PyMethodDef: grant, revoke, own, dev_read,
// dev_write, peek, poke, csum, each to be bound to the handle of a memory as an integer.
void* rs_mem_python(const void* api) {
    py = *static_cast<const Python*>(api);
    return methods;
}

uint64_t rs_mem_method_size() { return sizeof(Method); }

uint64_t rs_mem_first_bad() { return last_fault.first_bad; }  // of the fault whose kind a call gave last
}
