// SPDX-License-Identifier: Apache-2.0
// The order in which the outside world acts on the model: one input after the other, each when
// everything of its instant has happened, not before the wall clock has come to it (pacing.h).
//
// A session's SC_THREAD calls enter() before it touches the model; whoever drives the kernel
// (bridge_thread) lets those go on that have to wait. Whoever only waits for the end of the instant
// does so without leaving the kernel, which costs more than most accesses. What has entered acts at
// once; if its act takes simulated time, others enter meanwhile.
//
// Units: picoseconds. Threading: enter() from SC_THREADs, the rest from outside processes, all in
// the SystemC thread. Errors: none.
#pragma once

#include <cstdint>
#include <deque>
#include <systemc>

#include "tlm_bridge/kernel/pacing.h"

namespace ntb::bridge {

class input_gate {
public:
    /// One who brings input, with at most one at a time.
    class source {
        friend class input_gate;
        sc_core::sc_event released_;
        bool on_time_ = false;
    };

    /// The pacing outlives the gate.
    explicit input_gate(const pacing& p) : pacing_(p) {}

    /// Returns when the caller may act on the model.
    void enter(source& s);

    /// The next input of `s` was there when simulated time was brought to the wall clock last: it
    /// need not look at the clock again.
    static void on_time(source& s) { s.on_time_ = true; }
    /// Whoever drives the kernel must let go on each who has to wait, none goes on by itself.
    /// Elaboration only.
    void let_none_settle() { settles_ = false; }
    /// Whether somebody waits.
    [[nodiscard]] bool waiting() const { return !queue_.empty(); }
    /// The first who waits goes on at the kernel's next step. In a quiet instant.
    void release_first();

private:
    /// Requests that arrived together start one after the other without waiting for the clock, as
    /// events that are due so soon do.
    static constexpr std::uint64_t slack_ps = pacing::lookahead_ps;

    const pacing& pacing_;
    std::deque<source*> queue_{};
    bool settles_ = true;   ///< who is on time waits for the end of the instant by itself
    bool settling_ = false; ///< somebody does: one at a time, or each would wait for the other
};

} // namespace ntb::bridge
