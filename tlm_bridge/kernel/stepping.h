// SPDX-License-Identifier: Apache-2.0
// The SystemC kernel, run step by step from outside the simulation: who drives the model with what
// comes from outside decides between two steps.
//
// An instant is "quiet" when everything that happens at it has happened. Outside input acts in
// quiet instants only (input_gate.h), and whoever drives the model keeps nothing in the kernel's
// queue of timed events: which of two events of one instant comes first depends on everything that
// is in that queue. Together this makes what the model does depend on its input and the input's
// times alone, so that a capture can be replayed (docs/capture.md).
//
// Units: picoseconds of simulated time. Threading: the SystemC thread, outside processes except
// where said. Errors: none.
// Source: IEEE 1666-2011, 4.2 (scheduler), 4.3.4 (sc_start), 4.5.7 (pending activity).
#pragma once

#include <cstdint>
#include <limits>
#include <systemc>

namespace ntb::bridge::stepping {

inline constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

[[nodiscard]] inline std::uint64_t now_ps() {
    return sc_core::sc_time_stamp().value();
}

/// Whether all of this instant has happened, but for the process that asks. Also from processes.
[[nodiscard]] inline bool quiet() {
    if (sc_core::sc_pending_activity_at_current_time())
        return false;
    // Lets the kernel drop what was cancelled, now: it does so at the end of each instant, too,
    // and its queue must not depend on whether somebody has asked.
    (void)sc_core::sc_pending_activity_at_future_time();
    return true;
}

/// Initialises the model, at time 0. Once, first.
void initialise();

/// Finishes this instant.
void settle();

/// When the next event is due, `never` if none is. In quiet instants.
[[nodiscard]] std::uint64_t next_event_ps();

/// Lets everything happen up to and including `ps`, which becomes now. Earlier times: settle().
void run_to(std::uint64_t ps);

/// Lets everything happen up to `ps` at the latest, or until a process calls sc_pause(). Time stays
/// at what happened last.
void run_until_paused(std::uint64_t ps);

} // namespace ntb::bridge::stepping
