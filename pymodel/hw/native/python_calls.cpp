// SPDX-License-Identifier: Apache-2.0
// What is called for every packet, as builtin functions of Python: through ctypes a call costs several times its work.
//
// Of Python only the stable ABI is used (docs.python.org/3/c-api/stable.html): declared here, and reached through
// addresses that Python hands over, so that neither its headers nor its library are needed to build a simulator.
#include "host_memory.h"

#include <cstring>

using ringside::HostMemory;

namespace {

struct Object;  // PyObject

// What pymodel/hw/memory.py hands over, in this order.
struct Python {
    unsigned long long (*as_unsigned)(Object*);          // PyLong_AsUnsignedLongLongMask
    void* (*as_pointer)(Object*);                        // PyLong_AsVoidPtr
    Object* (*from_signed)(long long);                   // PyLong_FromLongLong
    Object* (*new_bytes)(const char*, intptr_t);         // PyBytes_FromStringAndSize
    int (*bytes_of)(Object*, char**, intptr_t*);         // PyBytes_AsStringAndSize
    Object* (*error)();                                  // PyErr_Occurred
    int (*bad_argument)();                               // PyErr_BadArgument
    void (*raise)(Object*, const char*);                 // PyErr_SetString
    void (*drop)(Object*);                               // Py_DecRef
    Object* value_error;                                 // PyExc_ValueError
};

Python py;

struct Method {  // PyMethodDef
    const char* name;
    Object* (*call)(Object* self, Object* const* args, intptr_t given);
    int flags;
    const char* doc;
};

constexpr int FASTCALL = 0x80;  // METH_FASTCALL

HostMemory* memory_of(Object* self) { return static_cast<HostMemory*>(py.as_pointer(self)); }

// The first `count` arguments, of `given` = `count` + `more`: integers. False with Python's error set.
template <int count>
bool integers(Object* const* args, intptr_t given, uint64_t (&out)[count], int more = 0) {
    if (given != count + more) {
        py.bad_argument();
        return false;
    }
    for (int i = 0; i < count; i++) {
        out[i] = py.as_unsigned(args[i]);
        if (out[i] == ~0ULL && py.error()) return false;
    }
    return true;
}

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
