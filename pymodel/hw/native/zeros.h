// SPDX-License-Identifier: Apache-2.0
// Large arrays of zeros from the operating system: only the pages that a run touches cost memory.
#ifndef RINGSIDE_ZEROS_H
#define RINGSIDE_ZEROS_H

#include <sys/mman.h>

#include <cstdint>

namespace ringside {

// `count` values, or null.
template <class T>
T* zeros(uint64_t count) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* p = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE, flags, -1, 0);
    return p == MAP_FAILED ? nullptr : static_cast<T*>(p);
}

template <class T>
void give_back(T* values, uint64_t count) {
    if (values) munmap(values, count * sizeof(T));
}

}  // namespace ringside

#endif
