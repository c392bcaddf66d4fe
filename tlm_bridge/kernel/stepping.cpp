// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/kernel/stepping.h"

namespace ntb::bridge::stepping {

namespace {
[[nodiscard]] sc_core::sc_time until(std::uint64_t ps) {
    return sc_core::sc_time::from_value(ps - now_ps());
}
} // namespace

void initialise() {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    settle();
}

void settle() {
    while (!quiet())
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
}

std::uint64_t next_event_ps() {
    if (!sc_core::sc_pending_activity_at_future_time())
        return never;
    return now_ps() + sc_core::sc_time_to_pending_activity().value();
}

void run_to(std::uint64_t ps) {
    settle();
    while (now_ps() < ps) { // a process may pause
        sc_core::sc_start(until(ps));
        settle();
    }
}

void run_until_paused(std::uint64_t ps) {
    if (now_ps() < ps && (!quiet() || next_event_ps() <= ps))
        sc_core::sc_start(until(ps), sc_core::SC_EXIT_ON_STARVATION);
    settle(); // the kernel leaves what is due at the very end to the next start
}

} // namespace ntb::bridge::stepping
