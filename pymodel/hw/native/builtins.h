// SPDX-License-Identifier: Apache-2.0
// For builtin functions of Python: through ctypes a call costs several times its work.
//
// Of Python only the stable ABI is used (docs.python.org/3/c-api/stable.html): declared here, and reached through
// addresses that Python hands over, so that neither its headers nor its library are needed to build a simulator.
#ifndef RINGSIDE_BUILTINS_H
#define RINGSIDE_BUILTINS_H

#include <cstdint>

namespace ringside {

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

extern Python py;  // python_calls.cpp; empty until Python has called rs_mem_python()

struct Method {  // PyMethodDef
    const char* name;
    Object* (*call)(Object* self, Object* const* args, intptr_t given);
    int flags;
    const char* doc;
};

constexpr int FASTCALL = 0x80;  // METH_FASTCALL

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

}  // namespace ringside

#endif
