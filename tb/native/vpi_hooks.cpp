// SPDX-License-Identifier: Apache-2.0
// Stands between cocotb and Verilator's VPI to see each callback registered. Verilator's own functions are compiled under other
// names (-Dvpi_register_cb=verilated_vpi_register_cb, likewise vpi_remove_cb); cocotb's library finds these.
#include "vpi_hooks.h"

#include <cstdio>
#include <cstring>
#include <unordered_set>

#include "verilated.h"
#include "verilated_vpi.h"
#include "vpi_user.h"

namespace ringside {

VpiState vpi;

namespace {

std::unordered_set<vpiHandle> foreign_callbacks;

bool is_event_line(vpiHandle object) {
    static const char NAME[] = ".event_line";
    const char* name = vpi_get_str(vpiFullName, object);
    const size_t length = name ? std::strlen(name) : 0;
    return length >= sizeof NAME - 1 && !std::strcmp(name + length - (sizeof NAME - 1), NAME);
}

void notice(vpiHandle object) {
    static bool given = false;
    if (given) return;
    given = true;
    std::fprintf(stderr,
                 "ringside: a callback waits for %s: while one does, Python's callbacks are served at every time step, which is "
                 "slow (docs/design.md, decision 1)\n",
                 vpi_get_str(vpiFullName, object));
}

}  // namespace
}  // namespace ringside

#undef vpi_register_cb
#undef vpi_remove_cb

extern "C" {

vpiHandle verilated_vpi_register_cb(p_cb_data data);
PLI_INT32 verilated_vpi_remove_cb(vpiHandle callback);

vpiHandle vpi_register_cb(p_cb_data data) {
    using namespace ringside;
    vpiHandle callback = verilated_vpi_register_cb(data);
    if (!callback || !data) return callback;
    if (data->reason == cbNextSimTime) {
        vpi.next_step = true;
    } else if (data->reason == cbValueChange && !is_event_line(data->obj)) {
        notice(data->obj);
        foreign_callbacks.insert(callback);
        vpi.foreign = static_cast<int>(foreign_callbacks.size());
    }
    return callback;
}

PLI_INT32 vpi_remove_cb(vpiHandle callback) {
    using namespace ringside;
    if (vpi.foreign && foreign_callbacks.erase(callback)) vpi.foreign = static_cast<int>(foreign_callbacks.size());
    return verilated_vpi_remove_cb(callback);
}
}
