// SPDX-License-Identifier: Apache-2.0
// The model and its clocks: what a simulation under Python (main.cpp) and a replay without it (replay_main.cpp) have in common.
#ifndef RINGSIDE_CLOCK_LOOP_H
#define RINGSIDE_CLOCK_LOOP_H

#include <exception>
#include <memory>
#include <string>

#include "Vtop.h"
#include "sim.h"
#include "verilated.h"

void Vtop___024root___eval(Vtop___024root* model);  // Verilator's own, in Vtop___024root.cpp

namespace ringside {

// Thrown out of the model's evaluation by $fatal, a failed assertion, or Verilator itself; the model must not be evaluated again.
struct Fatal : std::exception {
    std::string message;
};

class ClockLoop {
  public:
    static constexpr uint64_t RESET_CLOCKS = 16;   // of the slower clock
    static constexpr uint64_t SETTLE_CLOCKS = 4;  // until both domains have seen its end

    explicit ClockLoop(VerilatedContext* context) : context_(context), top_(new Vtop(context, "")) {
        sim.has_mac_clock = sim.mac_ps != 0;
        if (!sim.has_mac_clock) sim.mac_ps = sim.clk_ps;
        clk_next_ = sim.clk_ps;
        mac_next_ = sim.has_mac_clock ? sim.mac_ps : NEVER;
        const uint64_t slower = sim.clk_ps > sim.mac_ps ? sim.clk_ps : sim.mac_ps;
        clock_event_ = (RESET_CLOCKS * slower + sim.clk_ps - 1) / sim.clk_ps;
        sim.mmio_kick = &top_->mmio_kick_i;
        sim.source_kick = &top_->source_kick_i;
        sim.settings_kick = &top_->settings_i;
        context->assertOn(false);  // until the end of reset: before it has reached a register, that holds anything
        top_->clk_i = top_->mac_clk_i = top_->rst_ni = 0;
        top_->mmio_kick_i = top_->source_kick_i = top_->settings_i = 0;
    }

    Vtop* top() { return top_.get(); }
    // One evaluation. Around each, eval_step() locks and empties two queues that only a model of several threads or with objects of
    // classes fills: `whole` does so, and is asked for now and then; the others spare it.
    void evaluate(bool whole) {
#if VM_TRACE
        whole = true;  // and notes that something may have changed
#endif
        if (whole) {
            top_->eval_step();
        } else {
            Vtop___024root___eval(top_->rootp);
        }
    }
    uint64_t next_edge() const { return clk_next_ < mac_next_ ? clk_next_ : mac_next_; }
    void limit_clocks(uint64_t clocks) { limit_ = clocks; }

    // Move time to `time`, let due transactors act, and drive the edges that fall on it. Evaluation is the caller's.
    void advance(uint64_t time) {
        sim.now = time;
        context_->time(time);
        if (time >= sim.next_due) sim.run_due();
        if (time == clk_next_) {
            const uint8_t level = top_->clk_i ^ 1;
            top_->clk_i = level;
            clk_next_ += level ? sim.clk_ps / 2 : sim.clk_ps - sim.clk_ps / 2;
            if (level && ++sim.ctl.clocks == clock_event_) clock_event();
        }
        if (time == mac_next_) {
            const uint8_t level = top_->mac_clk_i ^ 1;
            top_->mac_clk_i = level;
            mac_next_ += level ? sim.mac_ps / 2 : sim.mac_ps - sim.mac_ps / 2;
            sim.ctl.mac_clocks += level;
        }
    }

  private:
    void clock_event() {
        if (!top_->rst_ni) {
            top_->rst_ni = 1;
            context_->assertOn(true);
            sim.reset_low = false;
            const uint64_t slower = sim.clk_ps > sim.mac_ps ? sim.clk_ps : sim.mac_ps;
            clock_event_ += (SETTLE_CLOCKS * slower + sim.clk_ps - 1) / sim.clk_ps;
        } else if (sim.in_reset) {
            sim.in_reset = false;
            sim.emit(EV_RESET_DONE, 0, 0, 0);
            sim.due_at(sim.now);
            clock_event_ = limit_;
        } else {
            sim.emit(EV_CLOCK_LIMIT, 0, sim.ctl.clocks, 0, true);
        }
    }

    VerilatedContext* context_;
    std::unique_ptr<Vtop> top_;
    uint64_t clk_next_, mac_next_;
    uint64_t clock_event_;
    uint64_t limit_ = NEVER;
};

// The value of the argument "+name=..." as a number.
inline uint64_t plusarg(VerilatedContext* context, const char* name, uint64_t otherwise) {
    const std::string prefix = std::string(name) + "=";
    const char* found = context->commandArgsPlusMatch(prefix.c_str());
    if (!found || !*found) return otherwise;
    return std::strtoull(found + 1 + prefix.size(), nullptr, 0);
}

}  // namespace ringside

#endif
