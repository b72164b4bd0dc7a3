// SPDX-License-Identifier: Apache-2.0
// The simulator's main: runs the clocks in a tight loop and lets Python in when it is due, and only then (docs/design.md, decision 1).
//
// Python is due when a transactor has raised an event, when the deadline that Python set has come, or when cocotb has a timer. Then
// the event line changes and the VPI callbacks of the time step run, in the order of cocotb's own main. While a callback waits for
// another signal than the event line, or for the next time step, every time step is taken that way.
#include <sys/prctl.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "Vtop___024root.h"
#include "clock_loop.h"
#include "recorder.h"
#include "verilated_vpi.h"
#include "vpi_hooks.h"

#if VM_TRACE
#include "verilated_fst_c.h"
#endif

extern "C" void vlog_startup_routines_bootstrap(void);

namespace ringside {
namespace {

constexpr uint64_t GRACE_CLOCKS = 100000;  // for Python to end the run after the limit of clocks
constexpr int DEAD_STEPS = 10000;          // likewise after a fatal error, in time steps without evaluation

// --- Ctrl-C ---------------------------------------------------------------------------------------------------------

struct sigaction python_action;
volatile sig_atomic_t interrupts = 0;

// The first Ctrl-C becomes an event, so that Python can report what was going on even when it sleeps; the second kills.
void on_sigint(int number, siginfo_t* info, void* context) {
    interrupts = interrupts + 1;
    if (interrupts > 1) {
        std::signal(SIGINT, SIG_DFL);
        raise(SIGINT);
        return;
    }
    if (sim.ctl.in_python) {
        if (python_action.sa_flags & SA_SIGINFO) {
            python_action.sa_sigaction(number, info, context);
            return;
        }
        if (python_action.sa_handler != SIG_DFL && python_action.sa_handler != SIG_IGN) {
            python_action.sa_handler(number);
            return;
        }
    }
    sim.interrupted = true;
    sim.wake_at = 0;
}

// After Python has set its own handler, and again where something has replaced ours since.
void install_sigint() {
    struct sigaction action;
    sigaction(SIGINT, nullptr, &action);
    if ((action.sa_flags & SA_SIGINFO) && action.sa_sigaction == on_sigint) return;
    std::memset(&action, 0, sizeof action);
    action.sa_sigaction = on_sigint;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGINT, &action, &python_action);
}

// --- the run --------------------------------------------------------------------------------------------------------

class Run {
  public:
    Run(VerilatedContext* context, uint64_t max_clocks, const char* trace_file) : context_(context), loop_(context) {
        loop_.limit_clocks(max_clocks);
        max_clocks_ = max_clocks;
#if VM_TRACE
        if (trace_file) {
            context->traceEverOn(true);
            trace_.reset(new VerilatedFstC);
            loop_.top()->trace(trace_.get(), 99);
            trace_->open(trace_file);
        }
#else
        (void)trace_file;
#endif
    }

    int main_loop() {
        began_ = __rdtsc();
        vlog_startup_routines_bootstrap();
        install_sigint();
        python([] { VerilatedVpi::callCbs(cbStartOfSimulation); });
        install_sigint();
        finish_step(false);  // time 0: no edge, only what settles
        while (!context_->gotFinish() && !abandoned_) {
            const uint64_t timer = VerilatedVpi::cbNextDeadline();
            if (vpi.foreign || vpi.next_step || dead_) {
                full_step(timer < loop_.next_edge() ? timer : loop_.next_edge());
                if (dead_ && ++dead_steps_ > DEAD_STEPS) break;
            } else {
                run_fast(timer);
            }
            if (sim.ctl.clocks > max_clocks_ + GRACE_CLOCKS) {
                std::fprintf(stderr, "ringside: %llu clocks after the limit of %llu the run was not over\n",
                             static_cast<unsigned long long>(GRACE_CLOCKS), static_cast<unsigned long long>(max_clocks_));
                overrun_ = true;
                break;
            }
        }
        if (sim.recorder) sim.recorder->finish();
        if (!dead_) loop_.top()->final();
        python([] { VerilatedVpi::callCbs(cbEndOfSimulation); });
#if VM_TRACE
        if (trace_) trace_->close();
#endif
#if VM_COVERAGE
        context_->coveragep()->write();
#endif
        return dead_ || overrun_ || abandoned_ || context_->errorCount() ? 1 : 0;
    }

  private:
    // Clock edges until Python is due, or up to cocotb's next timer.
    void run_fast(uint64_t timer) {
        uint64_t next = loop_.next_edge();
        const uint64_t last = max_clocks_ + GRACE_CLOCKS;
        for (bool first = true; next < timer; first = false) {
            loop_.advance(next);
            evaluate(first);
            if (next >= sim.wake_at || context_->gotFinish()) {
                finish_step(true);
                return;
            }
            dump();
            next = loop_.next_edge();
            if (sim.ctl.clocks > last) return;
        }
        full_step(timer);
    }

    // A time step with all VPI callbacks, in the order of cocotb's own main.
    void full_step(uint64_t time) {
        sim.ctl.full_steps++;
        sim.now = time;
        context_->time(time);
        vpi.next_step = false;
        python([] {
            VerilatedVpi::callCbs(cbNextSimTime);
            settle_values();
            VerilatedVpi::callTimedCbs();
            settle_values();
        });
        loop_.advance(time);
        finish_step(false);
    }

    // The rest of a time step, whose edges have been driven; `evaluated`: nobody but Python may have changed anything since.
    void finish_step(bool evaluated) {
        if (!evaluated) settle();
        if (sim.now >= sim.wake_at) {
            wake_python();
            if (VerilatedVpi::evalNeeded()) settle();
        }
        for (;;) {
            python([] {
                VerilatedVpi::callCbs(cbReadWriteSynch);
                VerilatedVpi::doInertialPuts();
                settle_values();
            });
            if (!VerilatedVpi::evalNeeded()) break;
            settle();
        }
        loop_.top()->eval_end_step();
        python([] { VerilatedVpi::callCbs(cbReadOnlySynch); });
        dump();
        sim.ingest();
        if (sim.recorder) sim.recorder->end_of_crossing();
        sim.compute_wake();
    }

    void settle() {
        do {
            evaluate();
            python([] {
                VerilatedVpi::clearEvalNeeded();
                VerilatedVpi::doInertialPuts();
                settle_values();
            });
        } while (VerilatedVpi::evalNeeded());
    }

    void wake_python() {
        const bool interrupted = sim.interrupted;
        if (interrupted) {
            sim.interrupted = false;
            sim.emit(EV_INTERRUPT, 0, 0, 0, true);
        }
        sim.ctl.wakes++;
        sim.ctl.now = sim.now;
        sim.ctl.total_ticks = __rdtsc() - began_;
        loop_.top()->rootp->tb_top__DOT__event_line ^= 1;
        python([] { settle_values(); });
        if (interrupted && sim.ctl.events) {  // nobody listens to events: a run without the pump
            std::fprintf(stderr, "ringside: interrupted\n");
            abandoned_ = true;
        }
        sim.events_delivered();
    }

    void evaluate(bool whole = true) {
        if (dead_) return;
        try {
            loop_.evaluate(whole);
        } catch (const Fatal& fatal) {
            dead_ = true;
            context_->gotFinish(false);  // $fatal asks for the end at once; Python has its say first
            sim.fatal_message = fatal.message;
            sim.emit(EV_FATAL, 0, 0, 0, true);
        }
    }

    static void settle_values() {
        while (VerilatedVpi::callValueCbs()) {
        }
    }

    template <class Callbacks>
    void python(Callbacks callbacks) {
        sim.ctl.in_python = 1;
        const uint64_t began = __rdtsc();
        callbacks();
        sim.ctl.python_ticks += __rdtsc() - began;
        sim.ctl.in_python = 0;
    }

    void dump() {
#if VM_TRACE
        if (trace_) trace_->dump(sim.now);
#endif
    }

    VerilatedContext* context_;
    ClockLoop loop_;
#if VM_TRACE
    std::unique_ptr<VerilatedFstC> trace_;
#endif
    uint64_t began_ = 0;
    uint64_t max_clocks_ = NEVER;
    bool dead_ = false;
    bool overrun_ = false;
    bool abandoned_ = false;
    int dead_steps_ = 0;
};

}  // namespace
}  // namespace ringside

int main(int argc, char** argv) {
    using namespace ringside;
    const char* trace_file = nullptr;
    for (int i = 1; i < argc; i++) {
        if (!std::strcmp(argv[i], "--trace-file") && i + 1 < argc) trace_file = argv[++i];
    }
#if !VM_TRACE
    if (trace_file) {
        std::fprintf(stderr, "ringside: --trace-file needs a debug build (WAVES=1)\n");
        return 2;
    }
#endif
    if (std::getenv("RINGSIDE_DIE_WITH_PARENT")) prctl(PR_SET_PDEATHSIG, SIGKILL);  // no orphan, however the runner dies
    VerilatedContext* context = Verilated::threadContextp();
    context->commandArgs(argc, argv);
    context->fatalOnVpiError(false);  // as in cocotb's main: it asks for things that Verilator lacks
    sim.seed = plusarg(context, "ringside_seed", 1);
    sim.clk_ps = plusarg(context, "ringside_clk_ps", 4000);
    sim.mac_ps = plusarg(context, "ringside_mac_ps", 0);
    const uint64_t max_clocks = plusarg(context, "ringside_max_clocks", 1ULL << 62);
    Run run(context, max_clocks, trace_file);
    return run.main_loop();
}
