// SPDX-License-Identifier: Apache-2.0
// Which callbacks cocotb has registered: whether the clock loop may skip VPI between events.
#ifndef RINGSIDE_VPI_HOOKS_H
#define RINGSIDE_VPI_HOOKS_H

namespace ringside {

struct VpiState {
    int foreign = 0;         // value-change callbacks on other signals than the event line
    bool next_step = false;  // somebody waits for the next time step
};
extern VpiState vpi;

}  // namespace ringside

#endif
